/* SPDX-License-Identifier: ISC */
/* file: common/conf_rule.c */
/*
 * One rule of the filter: from its words into a struct, and back to text.
 *
 *	rule    = ( "pass" | "block" ) ( "in" | "out" ) { clause }
 *	clause  = "quick" | "proto" PROTO | "port" ports
 *		| "from" who | "to" who
 *	ports   = PORT | LOW "-" HIGH | "{" { PORT | LOW "-" HIGH } "}"
 *	who     = "any" | "group" NAME | "peer" NAME | PREFIX
 *
 * The order of the clauses is free, each is given once.  Only the peer's end
 * can be a group or a peer: "from" of what comes in, "to" of what goes out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_SCTP 132

static const struct {
	const char *word;
	uint8_t proto;
} protos[] = {
    {"tcp", PROTO_TCP},
    {"udp", PROTO_UDP},
    {"icmp", CONF_PROTO_ICMP},
    {"icmp6", 58},
    {"sctp", PROTO_SCTP},
};
#define NPROTOS (sizeof(protos) / sizeof(protos[0]))
#define PROTO_HINT "tcp, udp, sctp, icmp, icmp6 or a number"

enum clause { C_QUICK, C_PROTO, C_PORT, C_FROM, C_TO, C_NCLAUSES };
static const char *const clauses[C_NCLAUSES] = {
    "quick", "proto", "port", "from", "to"};

/* The words of one rule while they are read. */
struct words {
	const struct conf_words *w;
	unsigned at; /* the next one */
	struct conf_bad *bad;
	bool seen[C_NCLAUSES];
	unsigned place[C_NCLAUSES]; /* of the word that began it */
	unsigned masked_at;         /* of a network with host bits, 0: none */
	struct prefix masked;
};

static const char *
word_at(const struct words *s)
{
	return s->at < s->w->n ? s->w->word[s->at] : NULL;
}

/* The present word is to blame; at the end of the line, the last one. */
static int
blame(struct words *s)
{
	s->bad->word = s->at < s->w->n ? s->at : s->w->n - 1;
	return -1;
}

static const char *
next_word(struct words *s, const char *what)
{
	const char *word = word_at(s);

	if (word == NULL) {
		conf_value_refuse(s->bad, "%s is missing behind \"%s\"", what,
		    s->w->word[s->w->n - 1]);
		blame(s);
		return NULL;
	}
	return word;
}

/* A decimal number up to max and what ends it; or NULL. */
static const char *
number(const char *s, unsigned long max, unsigned long *out)
{
	char *end;

	if (s[0] < '0' || s[0] > '9')
		return NULL;
	*out = strtoul(s, &end, 10);
	return *out > max || end - s > 5 ? NULL : end;
}

/* ---- clauses ---- */
static int
read_proto(struct words *s, struct conf_rule *r)
{
	const char *word = next_word(s, "a protocol"), *end;
	unsigned long n;

	if (word == NULL)
		return -1;
	for (size_t i = 0; i < NPROTOS; i++)
		if (strcmp(word, protos[i].word) == 0)
			r->proto = protos[i].proto;
	if (r->proto == 0) {
		end = number(word, 255, &n);
		if (end == NULL || *end != '\0' || n == 0) {
			conf_value_refuse(
			    s->bad, "\"%s\" is not a protocol", word);
			conf_value_hint(s->bad, PROTO_HINT);
			return blame(s);
		}
		r->proto = (uint8_t)n;
	}
	s->at++;
	return 0;
}

static int
read_range(struct words *s, struct conf_rule *r, const char *word)
{
	unsigned long lo, hi;
	const char *end = number(word, 65535, &lo);

	hi = lo;
	if (end != NULL && *end == '-')
		end = number(end + 1, 65535, &hi);
	if (end == NULL || *end != '\0' || lo == 0 || hi < lo) {
		conf_value_refuse(s->bad, "\"%s\" is not a port", word);
		conf_value_hint(s->bad, "22, 8000-8010 or { 22, 80 }");
		return blame(s);
	}
	if (r->nports == CONF_RULE_PORTS) {
		conf_value_refuse(
		    s->bad, "more than %d ports and ranges", CONF_RULE_PORTS);
		conf_value_hint(s->bad, "the others fit a second rule");
		return blame(s);
	}
	r->port[r->nports].lo = (uint16_t)lo;
	r->port[r->nports++].hi = (uint16_t)hi;
	s->at++;
	return 0;
}

static int
read_ports(struct words *s, struct conf_rule *r)
{
	const char *word = next_word(s, "a port");

	if (word == NULL)
		return -1;
	if (strcmp(word, "{") != 0)
		return read_range(s, r, word);
	for (s->at++; (word = next_word(s, "}")) != NULL;) {
		if (strcmp(word, "}") == 0) {
			s->at++;
			break;
		}
		if (read_range(s, r, word) == -1)
			return -1;
	}
	if (word != NULL && r->nports == 0) {
		conf_value_refuse(s->bad, "an empty list of ports");
		return blame(s);
	}
	return word == NULL ? -1 : 0;
}

/* As a certificate may have it, and as this file can. */
static bool
group_valid(const char *s)
{
	size_t len = strlen(s);
	struct conf_place at;

	if (len == 0 || len >= CERT_GROUP_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return conf_lex_check(s, len, 0, &at) == NULL;
}

static int
read_name(struct words *s, struct conf_rule *r, bool far)
{
	bool group = strcmp(word_at(s), "group") == 0;
	const char *name;

	if (!far) {
		conf_value_refuse(
		    s->bad, "this end of the connection is the node itself");
		conf_value_hint(s->bad, "%s %s stands behind \"%s\"",
		    group ? "a" : "the", group ? "group" : "peer",
		    r->out ? "to" : "from");
		return blame(s);
	}
	s->at++;
	name = next_word(s, group ? "a group" : "a peer");
	if (name == NULL)
		return -1;
	if (group ? !group_valid(name) : !conf_name_valid(name)) {
		conf_value_refuse(s->bad, "\"%s\" can't be the name of a %s",
		    name, group ? "group" : "peer");
		return blame(s);
	}
	r->who = group ? CONF_GROUP : CONF_PEER;
	memcpy(r->name, name, strlen(name) + 1);
	s->at++;
	return 0;
}

static int
read_prefix(struct words *s, struct prefix *out)
{
	struct prefix p, given;

	if (prefix_parse(word_at(s), &p) == -1) {
		conf_value_refuse(s->bad, "\"%s\" is nobody", word_at(s));
		conf_value_hint(
		    s->bad, "any, group NAME, peer NAME or a network");
		return blame(s);
	}
	addr_canonical(&p.addr);
	if (p.len > addr_bits(&p.addr)) {
		conf_value_refuse(
		    s->bad, "\"%s\" is an IPv4 network", word_at(s));
		return blame(s);
	}
	given = p;
	prefix_mask(&p);
	if (!addr_eq(&given.addr, &p.addr)) {
		s->masked = p;
		s->masked_at = s->at;
	}
	*out = p;
	s->at++;
	return 0;
}

static int
read_who(struct words *s, struct conf_rule *r, bool from)
{
	bool far = from != r->out;
	const char *word = next_word(s, "who");

	if (word == NULL)
		return -1;
	if (strcmp(word, "any") == 0) {
		s->at++;
		return 0;
	}
	if (strcmp(word, "group") == 0 || strcmp(word, "peer") == 0)
		return read_name(s, r, far);
	if (far)
		r->who = CONF_PREFIX;
	return read_prefix(s, far ? &r->far : &r->near);
}

static int
unknown_clause(struct words *s)
{
	const char *word = word_at(s), *meant = NULL;
	unsigned edits;

	for (int i = 0; i < C_NCLAUSES && meant == NULL; i++)
		if (conf_near(word, clauses[i], &edits))
			meant = clauses[i];
	conf_value_refuse(s->bad, "unexpected \"%s\" in a rule", word);
	if (meant != NULL)
		conf_value_hint(s->bad, "did you mean \"%s\"?", meant);
	else
		conf_value_hint(s->bad, "quick, proto, port, from or to");
	return blame(s);
}

static int
read_clause(struct words *s, struct conf_rule *r)
{
	const char *word = word_at(s);
	int c = 0;

	while (c < C_NCLAUSES && strcmp(word, clauses[c]) != 0)
		c++;
	if (c == C_NCLAUSES)
		return unknown_clause(s);
	if (s->seen[c]) {
		conf_value_refuse(s->bad, "\"%s\" twice in a rule", word);
		return blame(s);
	}
	s->seen[c] = true;
	s->place[c] = s->at++;
	switch ((enum clause)c) {
	case C_PROTO:
		return read_proto(s, r);
	case C_PORT:
		return read_ports(s, r);
	case C_FROM:
	case C_TO:
		return read_who(s, r, c == C_FROM);
	default:
		r->quick = true;
		return 0;
	}
}

static bool
has_ports(uint8_t proto)
{
	return proto == 0 || proto == PROTO_TCP || proto == PROTO_UDP ||
	    proto == PROTO_SCTP;
}

static int
read_rule(struct words *s, struct conf_rule *r)
{
	const char *word = word_at(s);

	if (word == NULL ||
	    (strcmp(word, "in") != 0 && strcmp(word, "out") != 0)) {
		conf_value_refuse(s->bad, "in or out is missing behind \"%s\"",
		    r->pass ? "pass" : "block");
		conf_value_hint(s->bad,
		    "in: what a peer begins; out: what "
		    "this node begins");
		return -1;
	}
	r->out = strcmp(word, "out") == 0;
	for (s->at = 1; s->at < s->w->n;)
		if (read_clause(s, r) == -1)
			return -1;
	if (r->nports != 0 && !has_ports(r->proto)) {
		conf_value_refuse(s->bad, "this protocol has no ports");
		s->bad->word = s->place[C_PORT];
		return -1;
	}
	if (s->seen[C_FROM] && s->seen[C_TO] && r->who == CONF_PREFIX &&
	    r->near.addr.family != 0 &&
	    r->near.addr.family != r->far.addr.family) {
		conf_value_refuse(s->bad, "IPv4 on one end, IPv6 on the other");
		s->bad->word = s->place[C_TO];
		return -1;
	}
	return 0;
}

enum conf_verdict
conf_rule_set(const struct conf_row *row, struct conf_node *node,
    const struct conf_words *w, struct conf_bad *bad)
{
	struct words s = {.w = w, .bad = bad};
	struct conf_rule r = {.pass = strcmp(row->name, "pass") == 0};
	char text[PREFIX_STRLEN];

	if (read_rule(&s, &r) == -1)
		return CV_BAD;
	if (node->nrules == CONF_RULES_MAX)
		return conf_value_refuse(
		    bad, "more than %d rules", CONF_RULES_MAX);
	node->rule[node->nrules++] = r;
	if (s.masked_at == 0)
		return CV_OK;
	bad->word = s.masked_at;
	conf_value_refuse(bad, "%s has host bits", w->word[s.masked_at]);
	conf_value_hint(bad, "%s is used", prefix_format(&s.masked, text));
	return CV_WARN;
}

/* All of them are the first row's, so that their order is kept. */
unsigned
conf_rule_count(const struct conf_row *row, const struct conf_node *node)
{
	return strcmp(row->name, "pass") == 0 ? node->nrules : 0;
}

/* ---- what came from elsewhere ---- */
static bool
prefix_valid(const struct prefix *p)
{
	struct prefix m = *p;
	struct addr a = p->addr;

	if ((a.family != 4 && a.family != 6) || p->len > addr_bits(&a))
		return false;
	addr_canonical(&a);
	prefix_mask(&m);
	return addr_eq(&a, &p->addr) && addr_eq(&m.addr, &p->addr);
}

static bool
is_none(const struct prefix *p)
{
	static const struct prefix none;

	return p->len == 0 &&
	    memcmp(&p->addr, &none.addr, sizeof(none.addr)) == 0;
}

static bool
who_valid(const struct conf_rule *r)
{
	switch (r->who) {
	case CONF_ANY:
		return true;
	case CONF_GROUP:
		return group_valid(r->name);
	case CONF_PEER:
		return conf_name_valid(r->name);
	case CONF_PREFIX:
		return prefix_valid(&r->far) &&
		    (is_none(&r->near) ||
			r->near.addr.family == r->far.addr.family);
	default:
		return false;
	}
}

static bool
rule_valid(const struct conf_rule *r)
{
	if (r->nports > CONF_RULE_PORTS ||
	    (r->nports != 0 && !has_ports(r->proto)))
		return false;
	for (unsigned i = 0; i < r->nports; i++)
		if (r->port[i].lo == 0 || r->port[i].hi < r->port[i].lo)
			return false;
	return who_valid(r) && (is_none(&r->near) || prefix_valid(&r->near));
}

bool
conf_rules_valid(const struct conf_node *n)
{
	for (unsigned i = 0; i < n->nrules; i++)
		if (!rule_valid(&n->rule[i]))
			return false;
	return true;
}

/* ---- back to text ---- */
struct text {
	char *out;
	size_t len;
};

/* Always fits: see the bounds of what rule_valid lets through. */
static void
add(struct text *t, const char *a, const char *b)
{
	int n =
	    snprintf(t->out + t->len, CONF_RULE_STRLEN - t->len, "%s%s", a, b);

	if (n > 0 && (size_t)n < CONF_RULE_STRLEN - t->len)
		t->len += (size_t)n;
}

/* In quotes, with \ before what would end them, if it is not a plain word. */
static void
add_name(struct text *t, const char *name)
{
	char one[3] = "";
	bool plain = true;

	for (const char *s = name; *s != '\0'; s++)
		plain = plain &&
		    ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			(*s >= '0' && *s <= '9') || *s == '-' || *s == '_');
	if (plain) {
		add(t, name, "");
		return;
	}
	add(t, "\"", "");
	for (; *name != '\0'; name++) {
		one[0] = *name == '"' || *name == '\\' ? '\\' : *name;
		one[1] = one[0] == *name && *name != '\\' ? '\0' : *name;
		add(t, one, "");
	}
	add(t, "\"", "");
}

static void
add_ports(struct text *t, const struct conf_rule *r)
{
	char range[16];

	add(t, " port ", r->nports == 1 ? "" : "{ ");
	for (unsigned i = 0; i < r->nports; i++) {
		const struct conf_ports *p = &r->port[i];

		if (p->lo == p->hi)
			snprintf(range, sizeof(range), "%u", (unsigned)p->lo);
		else
			snprintf(range, sizeof(range), "%u-%u", (unsigned)p->lo,
			    (unsigned)p->hi);
		add(t, i == 0 ? "" : ", ", range);
	}
	if (r->nports != 1)
		add(t, " }", "");
}

static void
add_far(struct text *t, const struct conf_rule *r)
{
	char prefix[PREFIX_STRLEN];

	if (r->who == CONF_ANY)
		return;
	add(t, r->out ? " to " : " from ", "");
	if (r->who == CONF_PREFIX) {
		add(t, prefix_format(&r->far, prefix), "");
		return;
	}
	add(t, r->who == CONF_GROUP ? "group " : "peer ", "");
	add_name(t, r->name);
}

static void
add_near(struct text *t, const struct conf_rule *r)
{
	char prefix[PREFIX_STRLEN];

	if (r->near.addr.family != 0)
		add(t, r->out ? " from " : " to ",
		    prefix_format(&r->near, prefix));
}

static void
add_proto(struct text *t, uint8_t proto)
{
	char number_text[8];

	for (size_t i = 0; i < NPROTOS; i++)
		if (protos[i].proto == proto) {
			add(t, " proto ", protos[i].word);
			return;
		}
	snprintf(number_text, sizeof(number_text), "%u", (unsigned)proto);
	add(t, " proto ", number_text);
}

const char *
conf_rule_format(const struct conf_rule *r, char out[CONF_RULE_STRLEN])
{
	struct text t = {.out = out};

	out[0] = '\0';
	add(&t, r->pass ? "pass" : "block", r->out ? " out" : " in");
	if (r->quick)
		add(&t, " quick", "");
	if (r->proto != 0)
		add_proto(&t, r->proto);
	if (r->nports != 0)
		add_ports(&t, r);
	if (r->out)
		add_near(&t, r);
	add_far(&t, r);
	if (!r->out)
		add_near(&t, r);
	return out;
}

void
conf_rule_show(const struct conf_node *n, unsigned i, char *out, size_t cap)
{
	char text[CONF_RULE_STRLEN];

	snprintf(out, cap, "%s", conf_rule_format(&n->rule[i], text));
}
