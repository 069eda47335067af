/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_invite.c */
/*
 * invite, invites: who may join.  Both work on the ledger, on the machine that
 * has the authority; the daemons are told that there is something new.
 *
 * The token goes to standard output and nothing else does, so that it can be
 * passed on by a pipe; what to do with it is said on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry.h"
#include "clock.h"
#include "contacts.h"
#include "crypto.h"
#include "fmt.h"
#include "newcomer.h"
#include "rnd.h"
#include "terms.h"

#define EXPIRES_S 900
#define EXPIRES_MAX_S (365 * 86400)
#define USES_MAX 65536
#define ID_TEXT (2 * INVITE_ID + 1)

static const char *
id_text(char out[ID_TEXT], const uint8_t id[INVITE_ID])
{
	for (unsigned i = 0; i < INVITE_ID; i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
	return out;
}

/* ---- invite ---- */

static int
parse_expiry(const struct call *c, struct ledger_invite *v)
{
	const char *text = c->opt[OPT_EXPIRES];
	uint64_t s = EXPIRES_S;

	if (text != NULL &&
	    (fmt_span_parse(text, &s) == -1 || s > EXPIRES_MAX_S))
		return args_usage(c,
		    "--expires takes a time as 90s, 15m, 12h or 7d, not ",
		    text);
	v->created = clock_unix_ms() / 1000;
	v->expires = v->created + s;
	return EXIT_FINE;
}

static int
parse_uses(const struct call *c, struct ledger_invite *v)
{
	const char *text = c->opt[OPT_REUSABLE];
	unsigned long n = 1;
	char *end = NULL;

	if (text != NULL) {
		n = strtoul(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < 1 ||
		    n > USES_MAX)
			return args_usage(c,
			    "--reusable takes how many machines, not ", text);
	}
	v->uses = (uint32_t)n;
	return EXIT_FINE;
}

/* Too many that are open: keyd would forget the oldest. */
static int
has_room(const struct call *c, const struct registry *b, uint64_t now)
{
	const struct complaint full = {.exit_status = EXIT_BAD,
	    .code = "limit_reached",
	    .hint = {"meshctl invites", "meshctl invites --cancel ID"}};
	unsigned open = 0;

	for (uint32_t i = 0; i < b->ledger.ninvites; i++)
		open += ledger_invite_open(&b->ledger.invite[i], now);
	return open < LEDGER_INVITES_MAX
	    ? EXIT_FINE
	    : report_error(c, &full, "%u invitations are open already", open);
}

static int
write_invite(const struct call *c, struct registry *b, struct ledger_invite *v)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "invite"};
	struct invite_keys keys;
	char line[LEDGER_LINE_MAX];
	int code;

	rnd_bytes(v->secret, sizeof(v->secret));
	invite_derive(&keys, v->secret);
	memcpy(v->id, keys.id, sizeof(v->id));
	crypto_wipe(&keys, sizeof(keys));
	if (ledger_line_invite(line, v) == 0)
		return report_error(c, &bad, "the invitation is too long");
	code = registry_append(b, c, line);
	crypto_wipe(line, sizeof(line));
	return code;
}

/* What the daemons make of it. */
static void
tell(const struct call *c)
{
	char why[160];

	switch (registry_tell(c, MSG_LEDGER_NEW, NULL, 0, why, sizeof(why))) {
	case TOLD:
		return;
	case TOLD_ABSENT:
		fprintf(stderr,
		    "meshctl: mesh is not running here: nobody can join until "
		    "it is\n");
		return;
	case TOLD_FAILED:
		fprintf(
		    stderr, "meshctl: the daemons were not told: %s\n", why);
		return;
	}
}

static int
show_json_invite(const struct call *c, const struct ledger_invite *v,
    const struct contacts *at, const char *token)
{
	struct show *o = report_begin(c, SHOW_INVITE, NULL);
	char id[ID_TEXT], ep[ENDPOINT_STRLEN], key[45];
	struct show_cell until = {
	    .key = "expires_at", .type = CELL_AT, .n = v->expires * 1000};

	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, "id", NULL, id_text(id, v->id));
	o->ops->field(
	    o, "name", NULL, strcmp(v->name, "-") == 0 ? NULL : v->name);
	o->ops->field(o, "token", NULL, token);
	o->ops->cell(o, &until);
	o->ops->number(o, "uses", v->uses);
	for (unsigned i = 0; i < at->n; i++) {
		const struct contact *k = &at->at[i];
		const struct show_cell cells[] = {
		    {.key = "endpoint", .s = endpoint_format(&k->ep, ep)},
		    {.key = "public_key", .s = key_format(k->key, key)},
		    {.key = "dht_port", .type = CELL_COUNT, .n = k->dht_port},
		    {.key = "name",
			.s = at->name[i][0] == '\0' ? NULL : at->name[i]}};

		o->ops->row(o, "contacts", cells, 4);
	}
	return report_end(c, o, EXIT_FINE);
}

static void
say_what_it_is(const struct ledger_invite *v, const struct contacts *at)
{
	char span[FMT_LEN], ep[ENDPOINT_STRLEN];

	fprintf(stderr, "%s, valid for %s.  It calls\n",
	    v->uses == 1 ? "Good once" : "Good several times",
	    fmt_span(span, (v->expires - v->created) * 1000));
	for (unsigned i = 0; i < at->n; i++)
		fprintf(stderr, "  %s%s%s%s\n",
		    endpoint_format(&at->at[i].ep, ep),
		    at->name[i][0] == '\0' ? "" : " (", at->name[i],
		    at->name[i][0] == '\0' ? "" : ")");
	fprintf(stderr, "On the machine run:\n\n  sudo meshctl join TOKEN\n\n");
}

static int
show_invite(const struct call *c, const struct ledger_invite *v,
    const struct contacts *at)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "invite"};
	struct invite_token t = {.n = at->n};
	char token[INVITE_TEXT_MAX];
	int code = EXIT_FINE;

	memcpy(t.secret, v->secret, sizeof(t.secret));
	memcpy(t.contact, at->at, sizeof(t.contact));
	if (invite_format(token, &t) == -1) {
		code = report_error(c, &bad, "the token can't be made");
	} else if (c->form == FORM_JSON) {
		code = show_json_invite(c, v, at, token);
	} else {
		say_what_it_is(v, at);
		if (printf("%s\n", token) < 0 || fflush(stdout) == EOF)
			code = EXIT_BAD;
	}
	crypto_wipe(token, sizeof(token));
	crypto_wipe(&t, sizeof(t));
	return code;
}

/* What the ledger calls this node, beside each of its own places. */
static void
name_own(struct contacts *at, const struct registry *b)
{
	const struct ledger_issue *own = ledger_by_node(&b->ledger, b->holder);

	for (unsigned i = 0; i < at->n && own != NULL; i++)
		snprintf(at->name[i], sizeof(at->name[i]), "%s", own->name);
}

static int
invite(const struct call *c, struct registry *b, const struct paths *f,
    const struct conf *conf)
{
	struct ledger_invite v = {0};
	struct contacts at;
	int code;

	code = terms_read(&v, c, b, c->argv[0], TERMS_LIFE_S);
	if (code == EXIT_FINE)
		code = parse_expiry(c, &v);
	if (code == EXIT_FINE)
		code = parse_uses(c, &v);
	if (code == EXIT_FINE)
		code = contacts_find(c, f, conf, b->holder, &at);
	if (code == EXIT_FINE)
		code = has_room(c, b, v.created);
	if (code == EXIT_FINE)
		code = write_invite(c, b, &v);
	if (code != EXIT_FINE)
		return code;
	name_own(&at, b);
	/* keyd waits for the lock, and must not wait for who waits for it */
	registry_close(b);
	tell(c);
	contacts_more(c, &conf->node, &at);
	code = show_invite(c, &v, &at);
	crypto_wipe(&v, sizeof(v));
	return code;
}

/* ---- invites ---- */

static const char *
state_name(const struct ledger_invite *v, uint64_t now)
{
	if (v->cancelled)
		return "cancelled";
	if (v->used >= v->uses)
		return "used";
	return now >= v->expires ? "expired" : "open";
}

/* Who came by it, newest first, as many as fit. */
static void
came_by(
    const struct ledger *l, const uint8_t id[INVITE_ID], char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (uint32_t i = l->nissues; i-- > 0 && len < cap;)
		if (memcmp(l->issue[i].id, id, INVITE_ID) == 0)
			len += (size_t)snprintf(out + len, cap - len, "%s%s",
			    len == 0 ? "" : ", ", l->issue[i].name);
}

static void
show_row(struct show *o, const struct ledger *l, const struct ledger_invite *v,
    uint64_t now)
{
	char id[ID_TEXT], who[256], address[PREFIX_STRLEN], used[32];

	came_by(l, v->id, who, sizeof(who));
	snprintf(
	    used, sizeof(used), "%" PRIu32 " of %" PRIu32, v->used, v->uses);
	const struct show_cell cells[] = {
	    {.key = "id", .head = "ID", .s = id_text(id, v->id)},
	    {.key = "name",
		.head = "NAME",
		.s = strcmp(v->name, "-") == 0 ? NULL : v->name},
	    {.key = "state", .head = "STATE", .s = state_name(v, now)},
	    {.key = "used", .type = CELL_COUNT, .n = v->used},
	    {.key = "uses", .type = CELL_COUNT, .n = v->uses},
	    {.key = "used_of", .head = "USED", .s = used},
	    {.key = "created_at", .type = CELL_AT, .n = v->created * 1000},
	    {.key = "expires_at",
		.head = "EXPIRES",
		.type = CELL_AT,
		.n = v->expires * 1000},
	    {.key = "address",
		.s = v->address.addr.family == 0
		    ? NULL
		    : prefix_format(&v->address, address)},
	    {.key = "life_seconds", .type = CELL_SECONDS, .n = v->life_s},
	    {.key = "members",
		.head = "WHO CAME",
		.type = CELL_LIST,
		.s = who[0] == '\0' ? NULL : who},
	    {.key = "relay",
		.type = CELL_YES,
		.n = (v->caps & CERT_CAP_RELAY) != 0},
	};

	o->ops->row(o, "invites", cells, sizeof(cells) / sizeof(cells[0]));
}

static int
show_invites(const struct call *c, const struct registry *b)
{
	uint64_t now = clock_unix_ms() / 1000;
	struct show *o = report_begin(c, SHOW_INVITES, NULL);

	if (o == NULL)
		return EXIT_BAD;
	for (uint32_t i = 0; i < b->ledger.ninvites; i++)
		show_row(o, &b->ledger, &b->ledger.invite[i], now);
	if (b->ledger.ninvites == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "",
		    "No invitations yet: sudo meshctl invite NAME");
	return report_end(c, o, EXIT_FINE);
}

/* By its id, or as much of it as makes it clear, or by name. */
static struct ledger_invite *
find(const struct ledger *l, const char *want)
{
	struct ledger_invite *found = NULL;
	char id[ID_TEXT];

	for (uint32_t i = 0; i < l->ninvites; i++) {
		struct ledger_invite *v = &l->invite[i];

		if (v->cancelled ||
		    (strncmp(id_text(id, v->id), want, strlen(want)) != 0 &&
			strcmp(v->name, want) != 0))
			continue;
		if (found != NULL)
			return NULL;
		found = v;
	}
	return found;
}

static int
cancel(const struct call *c, struct registry *b)
{
	const char *want = c->opt[OPT_CANCEL];
	const struct complaint m = {.exit_status = EXIT_BAD,
	    .code = "unknown_invite",
	    .hint = {"meshctl invites"}};
	const struct ledger_invite *v =
	    want[0] == '\0' ? NULL : find(&b->ledger, want);
	char line[LEDGER_LINE_MAX];
	int code;

	if (v == NULL)
		return report_error(
		    c, &m, "not one invitation that is \"%s\"", want);
	(void)ledger_line_cancel(line, v->id);
	code = registry_append(b, c, line);
	return code == EXIT_FINE ? show_invites(c, b) : code;
}

/* ---- the verbs ---- */

static int
invites(const struct call *c, struct registry *b, const struct paths *f,
    const struct conf *conf)
{
	int code;

	(void)f;
	(void)conf;
	if (c->opt[OPT_CANCEL] == NULL)
		return show_invites(c, b);
	code = cancel(c, b);
	registry_close(b);
	if (code == EXIT_FINE)
		tell(c);
	return code;
}

int
verb_invite(const struct call *c)
{
	return terms_with_registry(c, invite);
}

int
verb_invites(const struct call *c)
{
	return terms_with_registry(c, invites);
}
