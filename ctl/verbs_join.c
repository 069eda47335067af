/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_join.c */
/*
 * join: this machine becomes a member, with a token or with a file from the
 * machine that signs.
 *
 *	token --> mesh-join asks the network --> bundle
 *	file ----------------------------------> bundle --> files --> service
 *
 * What comes back is a stranger's word until the bundle has been verified:
 * signed by its authority, for this node's key, in time.  That it is the right
 * authority follows from the token: only who has the contact's key and the
 * invitation's secret could answer.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "newcomer.h"
#include "signed.h"
#include "start.h"

#define WAIT_MS 20000      /* for the network */
#define WAIT_MORE_MS 10000 /* for mesh-join itself */
#define ANSWER_MAX (BUNDLE_MAX + 1024)
#define JOB_MAX 2048
#define SILENT 0xff
#define CANNOT_START 0xfe

struct answer {
	uint8_t status;
	char text[256];
	const uint8_t *bundle;
	uint32_t len;
};

/* ---- what went wrong ---- */

static void
list_contacts(const struct newcomer *m, char *out, size_t cap)
{
	char ep[ENDPOINT_STRLEN];
	size_t len = 0;

	len += (size_t)snprintf(out, cap, "asked ");
	for (unsigned i = 0; i < m->ncontacts && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s",
		    i == 0 ? "" : ", ", endpoint_format(&m->contact[i].ep, ep));
}

static int
nobody(const struct newcomer *m)
{
	char detail[256], hint[128], ep[ENDPOINT_STRLEN];
	const struct complaint is = {.exit_status = EXIT_TIMEOUT,
	    .code = "no_endpoint",
	    .detail = detail,
	    .hint = {hint,
		"is this token of that network, and its node "
		"running?  meshctl status there"}};

	list_contacts(m, detail, sizeof(detail));
	snprintf(hint, sizeof(hint),
	    "let UDP to %s through the firewalls on the way",
	    endpoint_format(&m->contact[0].ep, ep));
	return report_error(m->call, &is,
	    "nobody answered the invitation for %d s", WAIT_MS / 1000);
}

static int
refused(const struct newcomer *m, const struct answer *a)
{
	struct complaint is = {.exit_status = EXIT_BAD,
	    .code = "invite_refused",
	    .hint = {"where the network was started: "
		     "sudo meshctl invite NAME"}};
	bool when = a->text[0] >= '0' && a->text[0] <= '9';

	switch (a->status) {
	case JOIN_UNKNOWN:
		return report_error(m->call, &is,
		    "the network does not know this invitation (any more): "
		    "it may have been cancelled");
	case JOIN_USED:
		return report_error(m->call, &is, "the invitation %s%s",
		    when ? "was used " : "can't be used: ", a->text);
	case JOIN_EXPIRED:
		return report_error(
		    m->call, &is, "the invitation expired %s", a->text);
	case JOIN_REVOKED:
		return report_error(m->call, &is,
		    "this machine was thrown out of the network (as %s)",
		    a->text);
	case JOIN_FORGED:
		is.hint[0] = "copy the token again, all of it";
		is.hint[1] =
		    "or is this machine's key known under another one?";
		return report_error(
		    m->call, &is, "the network does not believe this request");
	case JOIN_NO_AUTHORITY:
		is.hint[0] = "try again when it is up; the token stays good "
			     "until it expires";
		return report_error(m->call, &is,
		    "the node that signs for the network is away");
	case JOIN_BUSY:
		is.hint[0] = "try again in a minute";
		return report_error(m->call, &is, "the network can't now%s%s",
		    a->text[0] == '\0' ? "" : ": ", a->text);
	case CANNOT_START:
		is.hint[0] = NULL;
		return report_error(
		    m->call, &is, "mesh-join could not start: %s", a->text);
	default:
		return nobody(m);
	}
}

/* ---- with a token ---- */

/* However many words the shell made of it. */
static int
read_token(
    struct newcomer *m, char text[INVITE_TEXT_MAX], struct invite_token *t)
{
	const struct complaint bad = {.exit_status = EXIT_USAGE,
	    .code = "invite_bad",
	    .hint = {"copy all of it, from mesh1- to its last character"}};
	const struct call *c = m->call;
	char all[2 * INVITE_TEXT_MAX] = "";
	size_t len = 0;
	const char *why;

	for (int i = 0; i < c->argc && len < sizeof(all); i++)
		len += (size_t)snprintf(
		    all + len, sizeof(all) - len, "%s ", c->argv[i]);
	if (len >= sizeof(all))
		return report_error(c, &bad, "the token is too long");
	if (invite_parse(all, t, &why) == -1)
		return report_error(
		    c, &bad, "the token can't be read: %s", why);
	m->ncontacts = t->n;
	memcpy(m->contact, t->contact, sizeof(m->contact));
	crypto_wipe(all, sizeof(all));
	return invite_format(text, t) == 0
	    ? EXIT_FINE
	    : report_error(c, &bad, "the token can't be read");
}

static size_t
make_job(const struct newcomer *m, const char *text,
    const struct invite_token *t, uint8_t job[JOB_MAX])
{
	uint8_t octets[JOIN_REQUEST];
	struct join_request q;
	struct invite_keys keys;
	struct wbuf w;
	int r;

	invite_derive(&keys, t->secret);
	r = join_request_make(&q, &keys, m->node, m->seed);
	crypto_wipe(&keys, sizeof(keys));
	if (r == -1)
		return 0;
	join_request_put(octets, &q);
	wbuf_init(&w, job, JOB_MAX);
	wbuf_u8(&w, 1);
	wbuf_str(&w, text);
	wbuf_bytes(&w, octets, sizeof(octets));
	wbuf_u32(&w, WAIT_MS);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

static int
parse_answer(struct answer *a, const uint8_t *data, size_t len)
{
	struct rbuf r;

	rbuf_init(&r, data, len);
	a->status = rbuf_u8(&r);
	rbuf_str(&r, a->text, sizeof(a->text));
	a->len = rbuf_u32(&r);
	a->bundle = r.p;
	rbuf_skip(&r, a->len);
	return rbuf_done(&r);
}

static int
judge(struct newcomer *m, const uint8_t *data, size_t len)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "protocol"};
	struct answer a = {0};

	if (parse_answer(&a, data, len) == -1)
		return report_error(
		    m->call, &bad, "mesh-join gave no answer that makes sense");
	if (a.status != JOIN_OK)
		return refused(m, &a);
	if (bundle_get(a.bundle, a.len, &m->bundle) == -1)
		return report_error(m->call, &bad,
		    "what the network sent is no certificate of this version");
	return EXIT_FINE;
}

static int
by_token(struct newcomer *m)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "key"};
	uint8_t job[JOB_MAX], *answer = malloc(ANSWER_MAX);
	char text[INVITE_TEXT_MAX];
	struct invite_token t;
	size_t len = 0;
	long got = -1;
	int code = read_token(m, text, &t);

	if (code == EXIT_FINE && answer != NULL)
		len = make_job(m, text, &t, job);
	if (code == EXIT_FINE && len == 0)
		code =
		    report_error(m->call, &bad, "this node's key can't sign");
	if (code == EXIT_FINE) {
		got = start_join(m->call, &m->files, job, len, answer,
		    ANSWER_MAX, WAIT_MS + WAIT_MORE_MS);
		code = got == -1 ? EXIT_BAD : judge(m, answer, (size_t)got);
	}
	crypto_wipe(job, sizeof(job));
	crypto_wipe(text, sizeof(text));
	crypto_wipe(&t, sizeof(t));
	free(answer);
	return code;
}

/* ---- the verb ---- */

static int
join(struct newcomer *m, const struct call *c, bool *keep)
{
	int code;

	if ((c->argc > 0) == (c->opt[OPT_FILE] != NULL))
		return args_usage(c, "join takes a token, or --file FILE", "");
	code = newcomer_begin(m, c);
	if (code == EXIT_FINE)
		code = c->opt[OPT_FILE] != NULL ? signed_read(m) : by_token(m);
	if (code == EXIT_FINE)
		code = newcomer_check(m);
	if (code == EXIT_FINE)
		code = newcomer_write_all(m);
	if (code != EXIT_FINE)
		return code;
	*keep = true;
	return newcomer_start(m, NULL, "Ready.  Look at it:  meshctl network");
}

int
verb_join(const struct call *c)
{
	const struct complaint oom = {
	    .exit_status = EXIT_BAD, .code = "system"};
	struct newcomer *m = calloc(1, sizeof(*m));
	bool keep = false;
	int code;

	if (m == NULL)
		return report_error(c, &oom, "no memory");
	code = join(m, c, &keep);
	newcomer_clear(m, keep);
	free(m);
	return code;
}
