/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_net.c */
/*
 * The verbs that look at the network: network, lookup, dht.  Certificates in
 * the answers are shown as they are: who verified them is the engine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "crypto.h"
#include "newcomer.h"
#include "session.h"

#define WORDS_MAX 512
#define PLACES_MAX 4 /* of one find, for people */

/* "a, b" of what is appended one by one; too much is cut. */
static void
append(char *out, size_t cap, const char *word)
{
	size_t len = strlen(out);

	snprintf(out + len, cap - len, "%s%s", len == 0 ? "" : ", ", word);
}

static const char *
none_if_empty(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

/* ---- network ---- */

/* What a certificate says, as rows have it. */
struct paper {
	bool ok;
	struct cert c;
	char addresses[WORDS_MAX], groups[WORDS_MAX], routes[WORDS_MAX];
	char caps[WORDS_MAX];
};

static void
read_paper(struct paper *p, const uint8_t *cert, size_t len)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} caps[] = {{CERT_CAP_RELAY, "relay"}, {CERT_CAP_EXIT, "exit"},
	    {CERT_CAP_ROUTES, "routes"}};
	char text[PREFIX_STRLEN];

	memset(p, 0, sizeof(*p));
	p->ok = cert_get(cert, len, &p->c) == CERT_OK;
	if (!p->ok)
		return;
	for (unsigned i = 0; i < p->c.naddresses; i++)
		append(p->addresses, sizeof(p->addresses),
		    addr_format(&p->c.address[i].addr, text));
	for (unsigned i = 0; i < p->c.nroutes; i++)
		append(p->routes, sizeof(p->routes),
		    prefix_format(&p->c.route[i], text));
	for (unsigned i = 0; i < p->c.ngroups; i++)
		append(p->groups, sizeof(p->groups), p->c.group[i]);
	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if ((p->c.caps & caps[i].bit) != 0)
			append(p->caps, sizeof(p->caps), caps[i].name);
}

static void
cell(struct show *o, const char *key, const char *head, enum show_type type,
    uint64_t n)
{
	const struct show_cell c = {
	    .key = key, .head = head, .type = type, .n = n};

	o->ops->cell(o, &c);
}

static void
list(struct show *o, const char *key, const char *head, const char *words)
{
	const struct show_cell c = {.key = key,
	    .head = head,
	    .type = CELL_LIST,
	    .s = none_if_empty(words)};

	o->ops->cell(o, &c);
}

static void
show_own(struct show *o, const struct msg_net_row *n)
{
	struct paper p;

	read_paper(&p, n->cert, n->certlen);
	o->ops->field(o, "name", "node", p.ok ? p.c.name : NULL);
	list(o, "addresses", "address", p.addresses);
	list(o, "groups", "groups", p.groups);
	list(o, "capabilities", "may", p.caps);
	cell(o, "serial", "serial", CELL_COUNT, p.ok ? p.c.serial : 0);
	cell(o, "valid_from", NULL, CELL_AT, p.ok ? p.c.not_before * 1000 : 0);
	cell(o, "valid_until", "valid until", CELL_AT,
	    p.ok ? p.c.not_after * 1000 : 0);
}

/* The node that can sign, if we know it: this one or another member. */
static const char *
holder_name(const struct snapshot *s, struct cert *c)
{
	if (s->net.is_holder)
		return cert_get(s->net.cert, s->net.certlen, c) == CERT_OK
		    ? c->name
		    : NULL;
	for (size_t i = 0; i < s->nmembers; i++)
		if (cert_get(s->member[i].cert, s->member[i].certlen, c) ==
			CERT_OK &&
		    memcmp(c->node, s->net.holder, sizeof(c->node)) == 0)
			return c->name;
	return NULL;
}

static void
show_network(struct show *o, const struct snapshot *s)
{
	const struct msg_net_row *n = &s->net;
	struct cert holder;
	char name[NETWORK_NAME], key[45], four[PREFIX_STRLEN];
	char six[PREFIX_STRLEN], both[2 * PREFIX_STRLEN + 4] = "";

	if (n->prefix.addr.family != 0)
		append(both, sizeof(both), prefix_format(&n->prefix, four));
	append(both, sizeof(both), prefix_format(&n->prefix6, six));
	o->ops->field(
	    o, "network", "network", network_name(name, n->authority));
	list(o, "prefixes", "prefixes", both);
	o->ops->field(
	    o, "authority", "authority", key_format(n->authority, key));
	o->ops->field(o, "holder", "holder", key_format(n->holder, key));
	o->ops->field(o, "holder_name", "signs", holder_name(s, &holder));
	cell(o, "is_holder", NULL, CELL_YES, n->is_holder);
	show_own(o, n);
	cell(o, "revocation_list_number", "revocations", CELL_COUNT,
	    n->crl_number);
	cell(o, "revoked_serials", NULL, CELL_COUNT, n->crl_serials);
	cell(o, "revocation_list_issued_at", "list age", CELL_AGO,
	    n->crl_issued * 1000);
	cell(o, "revocation_list_next_at", NULL, CELL_AT, n->crl_next * 1000);
	cell(o, "members_total", NULL, CELL_COUNT, n->members);
	cell(o, "guests", "guests", CELL_COUNT, n->guests);
	cell(o, "invites", "invites", CELL_COUNT, n->invites);
}

static void
show_member(struct show *o, const struct msg_member_row *m)
{
	struct paper p;

	read_paper(&p, m->cert, m->certlen);
	if (!p.ok)
		return;
	const struct show_cell cells[] = {
	    {.key = "name", .head = "NAME", .s = p.c.name},
	    {.key = "addresses",
		.head = "ADDRESS",
		.type = CELL_LIST,
		.s = none_if_empty(p.addresses)},
	    {.key = "state", .head = "STATE", .s = show_peer_state(m->state)},
	    {.key = "last_seen_at",
		.head = "SEEN",
		.type = CELL_AGO,
		.n = m->seen_unix_ms},
	    {.key = "valid_until",
		.head = "VALID UNTIL",
		.type = CELL_AT,
		.n = p.c.not_after * 1000},
	    {.key = "serial",
		.head = "SERIAL",
		.type = CELL_COUNT,
		.n = p.c.serial},
	    {.key = "groups", .type = CELL_LIST, .s = none_if_empty(p.groups)},
	    {.key = "routes", .type = CELL_LIST, .s = none_if_empty(p.routes)},
	    {.key = "capabilities",
		.head = "MAY",
		.type = CELL_LIST,
		.s = none_if_empty(p.caps)},
	};

	o->ops->row(o, "members", cells, sizeof(cells) / sizeof(cells[0]));
}

static int
by_cert_name(const void *a, const void *b)
{
	const struct msg_member_row *x = a, *y = b;
	struct cert c, d;

	if (cert_get(x->cert, x->certlen, &c) != CERT_OK ||
	    cert_get(y->cert, y->certlen, &d) != CERT_OK)
		return 0;
	return strcmp(c.name, d.name);
}

static int
show_all(const struct call *c, struct snapshot *n)
{
	struct show_note note = {.severity = SHOW_WARNING, .code = "network"};
	struct paper p;
	struct show *o;

	read_paper(&p, n->net.cert, n->net.certlen);
	o = report_begin(c, SHOW_NETWORK, p.ok ? p.c.name : NULL);
	if (o == NULL)
		return EXIT_BAD;
	show_network(o, n);
	if (n->nmembers > 1)
		qsort(n->member, n->nmembers, sizeof(*n->member), by_cert_name);
	for (size_t i = 0; i < n->nmembers; i++)
		show_member(o, &n->member[i]);
	if (n->nmembers == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "",
		    "No other member is known yet: sudo meshctl invite NAME");
	if (n->net.note[0] != '\0') {
		snprintf(note.message, sizeof(note.message), "%s", n->net.note);
		o->ops->note(o, &note);
	}
	return report_end(c, o, EXIT_FINE);
}

int
verb_network(const struct call *c)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "no_network",
	    .hint = {"start one: sudo meshctl init",
		"join one: sudo meshctl join TOKEN"}};
	enum row_end end = END_OK;
	struct session s;
	int code;

	if (c->argc > 0 && strcmp(c->argv[0], "show") != 0)
		return args_usage(c, "network takes show, not ", c->argv[0]);
	(void)crypto_init(); /* the network's name is a hash */
	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_NET_ASK, NULL, &end);
	if (code == EXIT_FINE && end != END_OK && end != END_UNKNOWN)
		code = session_failed(&s, end);
	if (code == EXIT_FINE && !s.snap.has_net)
		code = report_error(
		    c, &none, "this node is not a member of a network");
	else if (code == EXIT_FINE)
		code = show_all(c, &s.snap);
	session_close(&s);
	return code;
}

/* ---- lookup ---- */

static const char *
source_name(enum find_source s)
{
	static const char *const names[] = {
	    [FIND_BOOK] = "configuration",
	    [FIND_CACHE] = "cache",
	    [FIND_LAN] = "lan",
	    [FIND_PEERS] = "peers",
	    [FIND_DHT] = "dht",
	};

	return names[s];
}

static const char *
result_name(enum find_result r)
{
	static const char *const names[] = {
	    [FIND_YES] = "found",
	    [FIND_NO] = "no",
	    [FIND_LATE] = "no answer",
	    [FIND_OFF] = "off",
	};

	return names[r];
}

static const char *
candidate_name(uint8_t type)
{
	static const char *const names[] = {
	    "?", "host", "reflexive", "mapped", "seen", "turn", "relay", "tls"};

	return names[type < sizeof(names) / sizeof(names[0]) ? type : 0];
}

static void
show_step(struct show *o, const struct msg_find_step *m)
{
	const struct show_cell cells[] = {
	    {.key = "source", .head = "LOOKED IN", .s = source_name(m->source)},
	    {.key = "result", .head = "RESULT", .s = result_name(m->result)},
	    {.key = "took_seconds",
		.head = "TOOK",
		.type = CELL_MILLIS,
		.n = m->took_ms},
	    {.key = "queries",
		.head = "ASKED",
		.type = CELL_COUNT,
		.n = m->queries},
	    {.key = "answers",
		.head = "ANSWERS",
		.type = CELL_COUNT,
		.n = m->answers},
	    {.key = "timeouts",
		.head = "SILENT",
		.type = CELL_COUNT,
		.n = m->timeouts},
	    {.key = "copies",
		.head = "COPIES",
		.type = CELL_COUNT,
		.n = m->copies},
	    {.key = "refused",
		.head = "BAD",
		.type = CELL_COUNT,
		.n = m->refused},
	    {.key = "rounds", .type = CELL_COUNT, .n = m->rounds},
	};

	o->ops->row(o, "steps", cells, sizeof(cells) / sizeof(cells[0]));
}

static void
show_places(struct show *o, const struct msg_find_row *m)
{
	char ep[ENDPOINT_STRLEN];

	for (unsigned i = 0; i < m->reply.n; i++) {
		const struct candidate *k = &m->reply.c[i];
		const struct show_cell cells[] = {
		    {.key = "endpoint",
			.head = "PLACE",
			.s = endpoint_format(&k->ep, ep)},
		    {.key = "type",
			.head = "TYPE",
			.s = candidate_name(k->type)},
		    {.key = "source",
			.head = "FROM",
			.s = source_name(m->source)},
		    {.key = "age_seconds",
			.head = "AGE",
			.type = CELL_SECONDS,
			.n = m->age_s},
		    {.key = "priority", .type = CELL_COUNT, .n = k->priority},
		};

		o->ops->row(
		    o, "places", cells, sizeof(cells) / sizeof(cells[0]));
	}
}

static const char *
status_name(enum lookup_status s)
{
	switch (s) {
	case LOOKUP_FOUND:
		return "found";
	case LOOKUP_BUSY:
		return "busy";
	default:
		return "unknown";
	}
}

static int
show_found(const struct call *c, const struct snapshot *s)
{
	const struct msg_find_row *m = &s->find[0];
	bool found = m->status == LOOKUP_FOUND;
	struct paper p;
	char key[45], hint[160];
	struct show *o = report_begin(c, SHOW_FIND, NULL);

	if (o == NULL)
		return EXIT_BAD;
	read_paper(&p, m->reply.cert, m->reply.certlen);
	o->ops->field(o, "query", NULL, c->argv[0]);
	o->ops->field(o, "result", "result", status_name(m->status));
	o->ops->field(o, "name", found ? "node" : NULL, p.ok ? p.c.name : NULL);
	list(o, "addresses", found ? "address" : NULL, p.addresses);
	o->ops->field(o, "public_key", found ? "key" : NULL,
	    found ? key_format(m->reply.key, key) : NULL);
	o->ops->field(o, "source", found ? "found in" : NULL,
	    found ? source_name(m->source) : NULL);
	cell(o, "valid_until", p.ok ? "valid until" : NULL, CELL_AT,
	    p.ok ? p.c.not_after * 1000 : 0);
	for (size_t i = 0; i < s->nfinds; i++)
		show_places(o, &s->find[i]);
	if (!found && c->form == FORM_TEXT) {
		snprintf(hint, sizeof(hint), "%s%s",
		    m->status == LOOKUP_BUSY
			? "Too many are looked for: try again in a few seconds."
			: "Nobody knows it; who is known: meshctl network",
		    c->opt[OPT_TRACE] != NULL
			? ""
			: "; where it was looked for: --trace");
		o->ops->field(o, "hint", "", hint);
	}
	if (c->opt[OPT_TRACE] != NULL || c->form == FORM_JSON)
		for (size_t i = 0; i < s->nsteps; i++)
			show_step(o, &s->step[i]);
	return report_end(c, o, found ? EXIT_FINE : EXIT_BAD);
}

/* An address, a key or a name, whatever it looks like. */
static int
make_ask(const struct call *c, struct msg_find_ask *m)
{
	const char *want = c->argv[0];

	memset(m, 0, sizeof(*m));
	if (addr_parse(want, &m->ip) == 0) {
		addr_canonical(&m->ip);
		m->what = FIND_IP;
	} else if (key_parse(want, m->key) == 0) {
		m->what = FIND_KEY;
	} else if (strlen(want) < sizeof(m->name)) {
		m->what = FIND_NAME;
		snprintf(m->name, sizeof(m->name), "%s", want);
	} else {
		return args_usage(
		    c, "neither an address, a name nor a key: ", want);
	}
	return EXIT_FINE;
}

int
verb_lookup(const struct call *c)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "unknown_peer",
	    .hint = {"meshctl lookup --trace", "meshctl dht"}};
	enum row_end end = END_OK;
	struct msg_find_ask m;
	uint8_t body[160];
	struct session s;
	struct wbuf w;
	int code = make_ask(c, &m);

	if (code != EXIT_FINE)
		return code;
	wbuf_init(&w, body, sizeof(body));
	msg_put_find_ask(&w, &m);
	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_FIND_ASK, &w, &end);
	if (code == EXIT_FINE && end != END_OK && end != END_UNKNOWN)
		code = session_failed(&s, end);
	if (code == EXIT_FINE && s.snap.nfinds == 0)
		code =
		    report_error(c, &none, "nobody knows \"%s\"", c->argv[0]);
	else if (code == EXIT_FINE)
		code = show_found(c, &s.snap);
	session_close(&s);
	return code;
}

/* ---- dht ---- */

#define ID_TEXT 41

static const char *
node_id(char out[ID_TEXT], const uint8_t id[20])
{
	for (unsigned i = 0; i < 20; i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
	return out;
}

static const char *
own_place(char out[ENDPOINT_STRLEN], const struct endpoint *ep)
{
	return ep->addr.family == 0 ? NULL : endpoint_format(ep, out);
}

static void
show_dht_traffic(struct show *o, const struct msg_dht_row *m)
{
	cell(o, "receive_datagrams_total", "received", CELL_COUNT, m->rx);
	cell(o, "receive_bytes_total", "octets in", CELL_BYTES, m->rx_octets);
	cell(o, "transmit_datagrams_total", "sent", CELL_COUNT, m->tx);
	cell(o, "transmit_bytes_total", "octets out", CELL_BYTES, m->tx_octets);
	cell(o, "malformed_total", "malformed", CELL_COUNT, m->malformed);
	cell(o, "untagged_total", "untagged", CELL_COUNT, m->untagged);
	cell(o, "rate_limited_total", "too often", CELL_COUNT, m->rate_limited);
	cell(o, "unsolicited_total", "unasked", CELL_COUNT, m->unsolicited);
	cell(o, "bad_token_total", "bad token", CELL_COUNT, m->bad_token);
	cell(o, "bad_item_total", "bad item", CELL_COUNT, m->bad_item);
	cell(o, "beacons_in_total", "lan in", CELL_COUNT, m->beacons_in);
	cell(o, "beacons_out_total", "lan out", CELL_COUNT, m->beacons_out);
}

static void
show_dht(const struct call *c, struct show *o, const struct snapshot *s)
{
	static const char *const modes[] = {"off", "private", "public"};
	const struct msg_dht_row *m = &s->dht;
	char id[ID_TEXT], ep[ENDPOINT_STRLEN];

	o->ops->field(o, "mode", "mode", modes[m->mode % 3]);
	o->ops->field(o, "id", "id", node_id(id, m->id4));
	o->ops->field(o, "id6", NULL, node_id(id, m->id6));
	o->ops->field(o, "own_endpoint", "seen as", own_place(ep, &m->own4));
	o->ops->field(o, "own_endpoint6", "seen as", own_place(ep, &m->own6));
	cell(o, "nodes", "nodes", CELL_COUNT, m->nodes4);
	cell(o, "nodes6", "nodes IPv6", CELL_COUNT, m->nodes6);
	cell(o, "good_nodes", "good", CELL_COUNT, m->good);
	cell(o, "items", "items kept", CELL_COUNT, m->items);
	cell(o, "item_bytes", "items size", CELL_BYTES, m->item_octets);
	cell(o, "searches", "searches", CELL_COUNT, m->searches);
	cell(o, "published", "published", CELL_COUNT, m->published);
	cell(o, "published_at", "last", CELL_AGO, m->published_unix_ms);
	cell(o, "cached", "cached", CELL_COUNT, m->cached);
	show_dht_traffic(o, m);
	for (size_t i = 0; i < s->ndht_nodes; i++) {
		const struct show_cell cells[] = {
		    {.key = "endpoint",
			.head = "NODE",
			.s = endpoint_format(&s->dht_node[i].ep, ep)},
		    {.key = "id",
			.head = "ID",
			.s = node_id(id, s->dht_node[i].id)}};

		if (c->all || c->form != FORM_TEXT)
			o->ops->row(o, "nodes_list", cells, 2);
	}
}

int
verb_dht(const struct call *c)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "no_dht",
	    .hint = {"discovery { dht private } in mesh.conf"}};
	enum row_end end = END_OK;
	struct session s;
	struct show *o;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_DHT_ASK, NULL, &end);
	if (code == EXIT_FINE && end != END_OK && end != END_UNKNOWN)
		code = session_failed(&s, end);
	if (code == EXIT_FINE && !s.snap.has_dht)
		code = report_error(c, &none, "this node has no DHT");
	else if (code == EXIT_FINE) {
		o = report_begin(c, SHOW_DHT, NULL);
		code = EXIT_BAD;
		if (o != NULL) {
			show_dht(c, o, &s.snap);
			code = report_end(c, o, EXIT_FINE);
		}
	}
	session_close(&s);
	return code;
}
