/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_revoke.c */
/*
 * revoke: a node's certificates don't count any more.
 *
 *	ledger: revoke lines, and one for the list --> list, signed here
 *	--> control --> engine --> every member that is up --> the others
 *
 * keyd knows from the ledger not to renew them.  An invitation by which the
 * node came and that is still open goes too: it has the token.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base64.h"
#include "registry.h"
#include "buf.h"
#include "clock.h"
#include "nearest.h"
#include "terms.h"

#define LINES_MAX (64 * 1024)

struct verdict { /* one revocation on its way */
	const struct call *call;
	struct registry *registry;
	const struct ledger_issue *node; /* NULL: none, only the list again */
	char name[CERT_NAME_MAX];
	uint64_t now;
	char *lines; /* to be appended */
	size_t len;
	unsigned ncerts, ninvites;
	uint8_t crl[CRL_MAX];
	size_t crllen;
	struct crl list;
};

/* ---- who ---- */

static int
unknown(const struct call *c, const struct registry *b, const char *name)
{
	const struct complaint m = {.exit_status = EXIT_BAD,
	    .code = "unknown_peer",
	    .hint = {"meshctl network"}};
	const struct ledger *l = &b->ledger;
	struct nearest n;

	nearest_start(&n, name);
	for (uint32_t i = 0; i < l->nissues; i++)
		if (l->issue[i].revoked == 0)
			nearest_offer(&n, l->issue[i].name);
	if (n.best == NULL)
		return report_error(c, &m, "no node \"%s\"", name);
	return report_error(c, &m, "no node \"%s\"; nearest: %s", name, n.best);
}

static int
find_node(struct verdict *v, const char *name)
{
	const struct complaint own = {.exit_status = EXIT_BAD,
	    .code = "own_node",
	    .hint = {"stop the service here instead"}};

	v->node = ledger_by_name(&v->registry->ledger, name);
	if (v->node == NULL)
		return unknown(v->call, v->registry, name);
	if (memcmp(v->node->node, v->registry->holder, 32) == 0)
		return report_error(v->call, &own,
		    "%s is this node, which signs for the network", name);
	snprintf(v->name, sizeof(v->name), "%s", v->node->name);
	return EXIT_FINE;
}

/* By hand: type the name again. */
static int
confirm(const struct verdict *v)
{
	const struct complaint no = {
	    .exit_status = EXIT_BAD, .code = "not_confirmed"};
	const struct complaint how = {.exit_status = EXIT_USAGE,
	    .code = "usage",
	    .hint = {"meshctl revoke NAME --yes"}};
	char key[45], line[CERT_NAME_MAX + 2] = "";

	if (v->call->opt[OPT_YES] != NULL)
		return EXIT_FINE;
	if (!isatty(STDIN_FILENO))
		return report_error(
		    v->call, &how, "revoke asks on a terminal, or takes --yes");
	fprintf(stderr,
	    "%s loses access to this network.  Its key is %s.\n"
	    "Type its name to go on: ",
	    v->name, key_format(v->node->node, key));
	if (fgets(line, sizeof(line), stdin) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return strcasecmp(line, v->name) == 0
	    ? EXIT_FINE
	    : report_error(v->call, &no, "nothing was done");
}

/* ---- what ---- */

static int
add_line(struct verdict *v, const char *line)
{
	size_t n = strlen(line);

	if (n == 0 || v->len + n >= LINES_MAX)
		return -1;
	memcpy(v->lines + v->len, line, n + 1);
	v->len += n;
	return 0;
}

static bool
came_by(const struct verdict *v, const uint8_t id[INVITE_ID])
{
	const struct ledger *l = &v->registry->ledger;

	for (uint32_t i = 0; i < l->nissues; i++)
		if (memcmp(l->issue[i].node, v->node->node, 32) == 0 &&
		    memcmp(l->issue[i].id, id, INVITE_ID) == 0)
			return true;
	return false;
}

/* All certificates of this key that count or could be renewed. */
static int
add_revocations(struct verdict *v)
{
	const struct ledger *l = &v->registry->ledger;
	char line[LEDGER_LINE_MAX];

	for (uint32_t i = 0; i < l->nissues; i++) {
		const struct ledger_issue *s = &l->issue[i];

		if (s->revoked != 0 ||
		    memcmp(s->node, v->node->node, 32) != 0 ||
		    v->now > s->not_after + LEDGER_GRACE_S)
			continue;
		(void)ledger_line_revoke(line, s->serial, v->now);
		if (add_line(v, line) == -1)
			return -1;
		v->ncerts++;
	}
	for (uint32_t i = 0; i < l->ninvites; i++) {
		const struct ledger_invite *s = &l->invite[i];

		if (!ledger_invite_open(s, v->now) || !came_by(v, s->id))
			continue;
		(void)ledger_line_cancel(line, s->id);
		if (add_line(v, line) == -1)
			return -1;
		v->ninvites++;
	}
	return 0;
}

/* To the disk, then the list that follows from it. */
static int
decide(struct verdict *v)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "file"};
	char line[LEDGER_LINE_MAX];
	int code = EXIT_FINE;

	if (v->node != NULL) {
		if (add_revocations(v) == -1)
			return report_error(
			    v->call, &bad, "too much for one revocation");
		code = registry_append(v->registry, v->call, v->lines);
		v->node = NULL; /* may have moved */
	}
	if (code != EXIT_FINE)
		return code;
	ledger_crl(&v->registry->ledger, v->now, &v->list);
	v->crllen = crl_sign(v->crl, &v->list, v->registry->authority.ca_seed);
	if (v->crllen == 0)
		return report_error(v->call, &bad, "the list can't be signed");
	(void)ledger_line_crl(line, v->list.number, v->now);
	return registry_append(v->registry, v->call, line);
}

/* ---- tell ---- */

static int
write_list(const struct verdict *v)
{
	char text[BASE64_LEN(CRL_MAX) + 2];
	const char *path = v->call->opt[OPT_OUT];

	if (path == NULL)
		return EXIT_FINE;
	base64_put(text, v->crl, v->crllen);
	memcpy(text + strlen(text), "\n", 2);
	return paths_write(path, 0644, text, strlen(text)) == 0
	    ? EXIT_FINE
	    : paths_failed(v->call, path, "write");
}

static enum told
tell(const struct verdict *v, char *why, size_t cap)
{
	static struct msg_blob m;
	static uint8_t body[CRL_MAX + 2];
	struct wbuf w;

	m.len = (uint16_t)v->crllen;
	memcpy(m.data, v->crl, v->crllen);
	wbuf_init(&w, body, sizeof(body));
	msg_put_blob(&w, &m);
	return registry_tell(v->call, MSG_CRL, w.base, w.len, why, cap);
}

static void
note_untold(struct show *o, enum told told, const char *why)
{
	struct show_note note = {.severity = SHOW_ERROR,
	    .code = "not_told",
	    .hint = "then: sudo meshctl revoke"};

	if (told == TOLD_ABSENT)
		snprintf(note.message, sizeof(note.message),
		    "mesh is not running here: nobody has heard of it; "
		    "start it");
	else
		snprintf(note.message, sizeof(note.message),
		    "the daemons did not take the list: %.120s", why);
	o->ops->note(o, &note);
}

static int
show_verdict(const struct verdict *v, enum told told, const char *why)
{
	const struct call *c = v->call;
	struct show *o = report_begin(c, SHOW_REVOKE, NULL);
	char line[160];

	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, "name", NULL, v->name[0] == '\0' ? NULL : v->name);
	o->ops->number(o, "list_number", v->list.number);
	o->ops->number(o, "certificates", v->ncerts);
	o->ops->number(o, "invites_cancelled", v->ninvites);
	for (unsigned i = 0; i < v->list.n && c->form == FORM_JSON; i++) {
		const struct show_cell cell = {.key = "serial",
		    .type = CELL_COUNT,
		    .n = v->list.serial[i]};

		o->ops->row(o, "serials", &cell, 1);
	}
	o->ops->field(o, "told", NULL, told == TOLD ? "yes" : "no");
	if (c->form == FORM_TEXT && v->name[0] != '\0') {
		snprintf(line, sizeof(line),
		    "%s is revoked: %u certificate%s, %u invitation%s.",
		    v->name, v->ncerts, v->ncerts == 1 ? "" : "s", v->ninvites,
		    v->ninvites == 1 ? "" : "s");
		o->ops->field(o, "result", "", line);
	}
	if (c->form == FORM_TEXT && told == TOLD) {
		snprintf(line, sizeof(line),
		    "List %" PRIu64 " (%u) goes to all nodes that are up; a "
		    "node that is down gets it later.",
		    v->list.number, (unsigned)v->list.n);
		o->ops->field(o, "told", "", line);
	}
	if (told != TOLD)
		note_untold(o, told, why);
	return report_end(c, o, told == TOLD ? EXIT_FINE : EXIT_BAD);
}

static int
judge(const struct call *c, struct registry *b, const struct paths *f,
    const struct conf *conf)
{
	struct verdict v = {
	    .call = c, .registry = b, .now = clock_unix_ms() / 1000};
	char why[160] = "";
	enum told told;
	int code = EXIT_FINE;

	(void)f;
	(void)conf;
	v.lines = calloc(1, LINES_MAX);
	if (v.lines == NULL)
		return paths_failed(c, "revoke", "memory");
	if (c->argc > 0)
		code = find_node(&v, c->argv[0]);
	if (code == EXIT_FINE && v.node != NULL)
		code = confirm(&v);
	if (code == EXIT_FINE)
		code = decide(&v);
	free(v.lines);
	if (code != EXIT_FINE)
		return code;
	registry_close(b); /* keyd waits for the lock */
	code = write_list(&v);
	told = tell(&v, why, sizeof(why));
	return code != EXIT_FINE ? code : show_verdict(&v, told, why);
}

int
verb_revoke(const struct call *c)
{
	return terms_with_registry(c, judge);
}
