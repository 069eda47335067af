/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_renew.c */
/*
 * renew: ask for a new certificate now, and say what came of it.
 *
 * The engine asks and says only that it does; that there is a new one is seen
 * in what the engine tells of the network, so that is looked at until its
 * serial is another one or RENEW_MS have passed.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cert.h"
#include "clock.h"
#include "session.h"

#define RENEW_MS 8000 /* then it is said that there is no answer yet */
#define LOOK_MS 200
#define YOUNG_S                                                                \
	3600 /* younger, or a tenth of its life: given again as it is          \
	      */

/* Our certificate as the engine has it; EXIT_FINE, or reported. */
static int
look(struct session *s, struct cert *own)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "no_network",
	    .hint = {"start one: sudo meshctl init",
		"join one: sudo meshctl join TOKEN"}};
	enum row_end end = END_OK;
	int code;

	snapshot_clear(&s->snap);
	code = session_ask(s, MSG_NET_ASK, NULL, &end);
	if (code == EXIT_FINE && end != END_OK && end != END_UNKNOWN)
		code = session_failed(s, end);
	if (code == EXIT_FINE &&
	    (!s->snap.has_net ||
		cert_get(s->snap.net.cert, s->snap.net.certlen, own) !=
		    CERT_OK))
		code = report_error(
		    s->call, &none, "this node is not a member of a network");
	return code;
}

static bool
is_young(const struct cert *c, uint64_t unix_s)
{
	uint64_t limit = (c->not_after - c->not_before) / 10;

	return unix_s < c->not_before + (limit < YOUNG_S ? limit : YOUNG_S);
}

/* Is the node that signs one we have a session with? */
static bool
holder_up(const struct snapshot *n)
{
	struct cert c;

	for (size_t i = 0; i < n->nmembers; i++)
		if (cert_get(n->member[i].cert, n->member[i].certlen, &c) ==
			CERT_OK &&
		    memcmp(c.node, n->net.holder, sizeof(c.node)) == 0)
			return n->member[i].state == PV_UP;
	return n->net.is_holder;
}

static int
no_answer(const struct session *s)
{
	struct complaint m = {.exit_status = EXIT_TIMEOUT,
	    .code = "timeout",
	    .hint = {"meshctl log says why, if it was refused",
		"the old certificate counts until its end, and this node "
		"asks again by itself"}};

	if (holder_up(&s->snap))
		return report_error(s->call, &m,
		    "no new certificate within %d s", RENEW_MS / 1000);
	m.code = "holder_away";
	m.hint[0] = "start mesh there: meshctl network says which node signs";
	return report_error(
	    s->call, &m, "the node that signs for the network is away");
}

static int
show(const struct call *c, const struct cert *own, const char *result,
    const char *message)
{
	const struct show_cell cells[] = {{.key = "serial",
					      .head = "serial",
					      .type = CELL_COUNT,
					      .n = own->serial},
	    {.key = "valid_until",
		.head = "valid until",
		.type = CELL_AT,
		.n = own->not_after * 1000}};
	struct show *o = report_begin(c, SHOW_RENEW, own->name);

	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, "result", NULL, result);
	if (c->form == FORM_TEXT)
		o->ops->field(o, "message", "", message);
	for (unsigned i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		o->ops->cell(o, &cells[i]);
	return report_end(c, o, EXIT_FINE);
}

static int
renew(struct session *s)
{
	uint64_t until = clock_mono_ms() + RENEW_MS;
	struct cert old, now;
	int code = look(s, &old);

	if (code != EXIT_FINE)
		return code;
	if (is_young(&old, clock_unix_ms() / 1000))
		return show(s->call, &old, "young",
		    "The certificate is new: it would be given again as it "
		    "is.");
	code = session_get(s, MSG_RENEW_ASK);
	while (code == EXIT_FINE) {
		code = look(s, &now);
		if (code == EXIT_FINE && now.serial != old.serial)
			return show(
			    s->call, &now, "ok", "There is a new certificate.");
		if (code == EXIT_FINE && clock_mono_ms() >= until)
			return no_answer(s);
		(void)poll(NULL, 0, LOOK_MS);
	}
	return code;
}

int
verb_renew(const struct call *c)
{
	struct session s;
	int code = session_open(&s, c, SESSION_ACT);

	if (code == EXIT_FINE)
		code = renew(&s);
	session_close(&s);
	return code;
}
