/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/filter.c */
/*
 * The filter (filter.h): rules, and the table of connections before them.
 *
 * It reads in three parts: what the rules say of a packet (judge), what is
 * remembered (states), and both together (verdicts).  What a packet is has been
 * found out by filter_look.c.  Nothing here allocates once there is a table.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter_int.h"
#include "siphash.h"

struct state {
	struct key key; /* kind 0: free */
	bool pass, out, closed;
	uint8_t rule;
	uint32_t peer, generation, last_s;
};

struct filter {
	struct conf_rule rule[CONF_RULES_MAX];
	unsigned nrules;
	bool deny, has_ports;
	uint8_t port[65536 / 8]; /* bit set: not allowed */
	uint32_t idle_s;
	struct filter_hit hit[FILTER_NRULES];
	uint32_t generation;
	unsigned last;
	uint64_t last_bytes;
	bool last_new;
	uint64_t evicted;
	uint8_t hash_key[16];
	uint32_t mask;        /* number of sets - 1 */
	struct state *recent; /* found last */
	struct state *state;
};

/* ---- the configuration ---- */

bool
filter_wanted(const struct conf_node *n)
{
	return n->nrules != 0 || n->nports != 0 || n->filter_deny;
}

struct filter *
filter_new(uint32_t states, const uint8_t hash_key[16])
{
	struct filter *f = calloc(1, sizeof(*f));
	uint32_t n = FILTER_STATES_MIN;

	if (f == NULL)
		return NULL;
	/* half empty, so that few sets are full */
	while (n < states * 2 && n < FILTER_STATES_MAX)
		n *= 2;
	f->state = calloc(n, sizeof(*f->state));
	if (f->state == NULL) {
		free(f);
		return NULL;
	}
	f->mask = n / FILTER_WAYS - 1;
	f->recent = f->state;
	memcpy(f->hash_key, hash_key, sizeof(f->hash_key));
	return f;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	free(f->state);
	free(f);
}

static bool
same_rule(const struct conf_rule *a, const struct conf_rule *b)
{
	if (a->pass != b->pass || a->out != b->out || a->quick != b->quick ||
	    a->proto != b->proto || a->nports != b->nports ||
	    a->who != b->who || strcmp(a->name, b->name) != 0 ||
	    !prefix_eq(&a->far, &b->far) || !prefix_eq(&a->near, &b->near))
		return false;
	for (unsigned i = 0; i < a->nports; i++)
		if (a->port[i].lo != b->port[i].lo ||
		    a->port[i].hi != b->port[i].hi)
			return false;
	return true;
}

/* Each new rule takes over what one old one like it has counted. */
static void
keep_hits(struct filter *f, const struct conf_node *n)
{
	struct filter_hit hit[CONF_RULES_MAX] = {{0}};
	uint64_t used = 0;

	for (unsigned i = 0; i < n->nrules; i++)
		for (unsigned k = 0; k < f->nrules; k++) {
			if ((used >> k & 1) != 0 ||
			    !same_rule(&n->rule[i], &f->rule[k]))
				continue;
			hit[i] = f->hit[k];
			used |= UINT64_C(1) << k;
			break;
		}
	memcpy(f->hit, hit, sizeof(hit));
}

void
filter_set(struct filter *f, const struct conf_node *n)
{
	keep_hits(f, n);
	f->nrules = n->nrules;
	memcpy(f->rule, n->rule, n->nrules * sizeof(*f->rule));
	f->deny = n->filter_deny;
	f->idle_s = n->flows_idle_s;
	f->has_ports = n->nports != 0;
	memset(f->port, 0, sizeof(f->port));
	for (unsigned i = 0; i < n->nports; i++)
		f->port[n->port[i] / 8] |= (uint8_t)(1 << n->port[i] % 8);
	filter_renew(f);
}

void
filter_renew(struct filter *f)
{
	if (++f->generation == 0)
		f->generation = 1;
}

uint32_t
filter_generation(const struct filter *f)
{
	return f->generation;
}

uint64_t
filter_who(const struct filter *f, const char *name,
    const char (*group)[CERT_GROUP_MAX], unsigned ngroups)
{
	uint64_t who = 0;

	for (unsigned i = 0; i < f->nrules; i++) {
		const struct conf_rule *r = &f->rule[i];
		bool is = r->who == CONF_PEER && strcasecmp(r->name, name) == 0;

		for (unsigned k = 0; r->who == CONF_GROUP && k < ngroups; k++)
			is = is || strcmp(r->name, group[k]) == 0;
		if (is)
			who |= UINT64_C(1) << i;
	}
	return who;
}

/* ---- what the rules say ---- */

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

static bool
same_proto(const struct conf_rule *r, uint8_t proto)
{
	return r->proto == proto ||
	    (r->proto == CONF_PROTO_ICMP && proto == PROTO_ICMP6);
}

static bool
in_ports(const struct conf_rule *r, uint16_t port)
{
	for (unsigned i = 0; i < r->nports; i++)
		if (port >= r->port[i].lo && port <= r->port[i].hi)
			return true;
	return false;
}

static enum match
match_proto(const struct conf_rule *r, const struct subject *s)
{
	if (r->proto == 0 && r->nports == 0)
		return MATCH_YES;
	if (!s->knows_proto)
		return MATCH_MAYBE;
	if (r->proto != 0 && !same_proto(r, s->proto))
		return MATCH_NO;
	if (r->nports == 0)
		return MATCH_YES;
	if (!filter_has_ports(s->proto))
		return MATCH_NO;
	if (!s->knows_port)
		return MATCH_MAYBE;
	return in_ports(r, s->dport) ? MATCH_YES : MATCH_NO;
}

static enum match
match(const struct filter *f, unsigned i, const struct subject *s)
{
	const struct conf_rule *r = &f->rule[i];

	if (r->out != s->out)
		return MATCH_NO;
	if ((r->who == CONF_GROUP || r->who == CONF_PEER) &&
	    (s->who >> i & 1) == 0)
		return MATCH_NO;
	if (r->who == CONF_PREFIX && !prefix_has(&r->far, &s->far))
		return MATCH_NO;
	if (r->near.addr.family != 0 && !prefix_has(&r->near, &s->near))
		return MATCH_NO;
	return match_proto(r, s);
}

static bool
rule_passes(const struct filter *f, unsigned rule)
{
	if (rule == FILTER_DEFAULT)
		return !f->deny;
	return rule != FILTER_PORTS && f->rule[rule].pass;
}

/*
 * The rule that decides.  What may match and is not known blocks if the rule
 * blocks, and does not pass if it passes: then the verdict is "pass" only if
 * it is for all that the packet could be.
 */
static unsigned
judge(const struct filter *f, const struct subject *s)
{
	unsigned rule = FILTER_DEFAULT;
	enum match m;

	for (unsigned i = 0; i < f->nrules; i++) {
		m = match(f, i, s);
		if (m == MATCH_NO || (m == MATCH_MAYBE && f->rule[i].pass))
			continue;
		rule = i;
		if (f->rule[i].quick)
			break;
	}
	return rule;
}

static bool
port_unallowed(const struct filter *f, const struct subject *s)
{
	if (!f->has_ports || (s->knows_proto && !filter_has_ports(s->proto)))
		return false;
	return !s->knows_port ||
	    (f->port[s->dport / 8] >> s->dport % 8 & 1) != 0;
}

/* ---- what is remembered ---- */

static uint32_t
life_of(const struct filter *f, const struct state *s)
{
	if ((s->key.kind & KIND_PIECES) != 0)
		return FILTER_FRAGMENT_S;
	if (s->closed)
		return FILTER_CLOSED_S;
	return s->key.proto == PROTO_TCP && s->pass ? FILTER_TCP_S : f->idle_s;
}

static bool
is_dead(const struct filter *f, const struct state *s, uint32_t now_s)
{
	if (s->key.kind == 0 || now_s - s->last_s > life_of(f, s))
		return true;
	return s->generation != f->generation &&
	    (!s->pass || (s->key.kind & KIND_PIECES) != 0);
}

static struct state *
set_of(const struct filter *f, const struct key *k)
{
	_Static_assert(sizeof(*k) == 38, "no padding is hashed or compared");

	return &f->state[((uint32_t)siphash(f->hash_key, k, sizeof(*k)) &
			     f->mask) *
	    FILTER_WAYS];
}

/* The state with this key in the set, alive or not; or NULL. */
static struct state *
find(struct filter *f, struct state *set, const struct key *k)
{
	for (int i = 0; i < FILTER_WAYS; i++)
		if (memcmp(&set[i].key, k, sizeof(*k)) == 0)
			return f->recent = &set[i];
	return NULL;
}

static unsigned
share(const struct state *set, uint32_t peer)
{
	unsigned n = 0;

	for (int i = 0; i < FILTER_WAYS; i++)
		n += set[i].peer == peer;
	return n;
}

/* Who makes way in a full set for something of this peer that passes. */
static struct state *
victim(struct state *set, uint32_t newcomer)
{
	struct state *v = &set[0];
	unsigned most = 0, n;

	for (int i = 0; i < FILTER_WAYS; i++) {
		n = share(set, set[i].peer) + (set[i].peer == newcomer);
		if (n > most || (n == most && set[i].last_s < v->last_s))
			v = &set[i];
		if (n > most)
			most = n;
	}
	return v;
}

/* A place for something new; NULL: not for what is blocked. */
static struct state *
place(
    struct filter *f, struct state *set, bool pass, const struct filter_ask *a)
{
	uint32_t now_s = (uint32_t)(a->now_ms / 1000);
	struct state *blocked = NULL;

	for (int i = 0; i < FILTER_WAYS; i++) {
		if (is_dead(f, &set[i], now_s))
			return &set[i];
		if (!set[i].pass &&
		    (blocked == NULL || set[i].last_s < blocked->last_s))
			blocked = &set[i];
	}
	if (blocked != NULL || !pass)
		return blocked;
	f->evicted++;
	return victim(set, a->peer);
}

static void
remember(struct filter *f, const struct filter_ask *a, const struct key *k,
    unsigned rule)
{
	uint32_t now_s = (uint32_t)(a->now_ms / 1000);
	struct state *set = set_of(f, k), *s = find(f, set, k);
	bool pass = rule_passes(f, rule);

	if (s == NULL)
		s = place(f, set, pass, a);
	if (s == NULL)
		return;
	*s = (struct state){.key = *k,
	    .pass = pass,
	    .out = a->out,
	    .rule = (uint8_t)rule,
	    .peer = a->peer,
	    .generation = f->generation,
	    .last_s = now_s};
	f->recent = s;
}

/* The rules changed: would it be let through now, as it began? */
static void
judge_again(struct filter *f, struct state *s, const struct view *v)
{
	struct subject then = v->s;

	then.out = s->out;
	then.proto = s->key.proto;
	then.knows_proto = then.knows_port = true;
	then.dport = s->out ? s->key.far_port : s->key.near_port;
	/* an error may come from somebody else than who is quoted */
	memcpy(then.near.b, s->key.near, sizeof(then.near.b));
	memcpy(then.far.b, s->key.far, sizeof(then.far.b));
	s->rule = (uint8_t)judge(f, &then);
	s->pass = rule_passes(f, s->rule);
	s->generation = f->generation;
}

/* The state of this connection, with this peer, as it counts now; or NULL. */
static struct state *
known(struct filter *f, const struct filter_ask *a, const struct key *k,
    const struct view *v)
{
	uint32_t now_s = (uint32_t)(a->now_ms / 1000);
	struct state *s = f->recent;

	if (memcmp(&s->key, k, sizeof(*k)) != 0)
		s = find(f, set_of(f, k), k);
	if (s == NULL || s->peer != a->peer || is_dead(f, s, now_s))
		return NULL;
	if (s->generation != f->generation)
		judge_again(f, s, v);
	return s;
}

/* ---- verdicts ---- */

static bool
verdict(struct filter *f, const struct filter_ask *a, unsigned rule, bool new)
{
	struct filter_hit *h = &f->hit[rule];

	f->last = rule;
	f->last_new = new;
	f->last_bytes = a->p->ip_len;
	h->connections += new;
	h->packets++;
	h->bytes += a->p->ip_len;
	return rule_passes(f, rule);
}

static bool
pass_key(struct filter *f, const struct filter_ask *a, const struct view *v)
{
	struct state *s = known(f, a, &v->key, v);
	unsigned rule;

	if (s != NULL && s->out != a->out && (v->syn || !s->pass))
		s = NULL; /* not an answer, or to what was refused */
	if (s != NULL) {
		s->last_s = (uint32_t)(a->now_ms / 1000);
		s->closed = (s->closed || v->end) && !v->syn;
		return verdict(f, a, s->rule, false);
	}
	rule = judge(f, &v->s);
	/* what is refused does not end what runs the other way */
	if (rule_passes(f, rule) || known(f, a, &v->key, v) == NULL)
		remember(f, a, &v->key, rule);
	return verdict(f, a, rule, true);
}

static bool
pass_error(struct filter *f, const struct filter_ask *a, const struct view *v)
{
	const struct state *s = known(f, a, &v->key, v);
	const struct addr *to = a->out ? &v->s.far : &v->s.near;

	if (s != NULL && s->pass && addr_eq(&v->quoted, to))
		return verdict(f, a, s->rule, false);
	return verdict(f, a, judge(f, &v->s), true);
}

static bool
pass_piece(struct filter *f, const struct filter_ask *a, const struct view *v)
{
	const struct state *s;
	struct key k;

	filter_pieces(&k, v, a->p);
	s = known(f, a, &k, v);
	if (s != NULL && s->pass && s->out == a->out)
		return verdict(f, a, s->rule, false);
	if (port_unallowed(f, &v->s))
		return verdict(f, a, FILTER_PORTS, false);
	return verdict(f, a, judge(f, &v->s), false);
}

bool
filter_pass(struct filter *f, const struct filter_ask *a)
{
	struct view v;
	struct key k;
	bool pass;

	filter_look(&v, a);
	if (v.look == LOOK_PIECE)
		return pass_piece(f, a, &v);
	if (port_unallowed(f, &v.s))
		return verdict(f, a, FILTER_PORTS, true);
	if (v.look == LOOK_KEY)
		pass = pass_key(f, a, &v);
	else if (v.look == LOOK_ERROR)
		pass = pass_error(f, a, &v);
	else
		pass = verdict(f, a, judge(f, &v.s), true);
	if (pass && a->p->fragment) {
		filter_pieces(&k, &v, a->p);
		remember(f, a, &k, f->last);
	}
	return pass;
}

/* ---- questions ---- */

/* As pass_key looks, but that nothing is moved or judged again. */
static const struct state *
peek(const struct filter *f, const struct filter_would *w)
{
	uint32_t now_s = (uint32_t)(w->now_ms / 1000);
	struct key k = {.kind = w->near.family, .proto = w->proto};
	const struct state *s;

	memcpy(k.near, w->near.b, sizeof(k.near));
	memcpy(k.far, w->far.b, sizeof(k.far));
	k.near_port = w->near_port;
	k.far_port = w->far_port;
	s = set_of(f, &k);
	for (int i = 0; i < FILTER_WAYS; i++, s++) {
		if (memcmp(&s->key, &k, sizeof(k)) != 0)
			continue;
		if (s->peer != w->peer || is_dead(f, s, now_s) ||
		    s->generation != f->generation ||
		    (s->out != w->out && !s->pass))
			return NULL;
		return s;
	}
	return NULL;
}

unsigned
filter_would(const struct filter *f, const struct filter_would *w, bool *known)
{
	const struct subject s = {.out = w->out,
	    .knows_proto = true,
	    .knows_port = true,
	    .proto = w->proto,
	    .dport = w->out ? w->far_port : w->near_port,
	    .near = w->near,
	    .far = w->far,
	    .who = w->who};
	const struct state *is;

	*known = false;
	if (port_unallowed(f, &s))
		return FILTER_PORTS;
	if ((is = peek(f, w)) == NULL)
		return judge(f, &s);
	*known = true;
	return is->rule;
}

bool
filter_passes(const struct filter *f, unsigned rule)
{
	return rule_passes(f, rule);
}

void
filter_take_back(struct filter *f)
{
	struct filter_hit *h = &f->hit[f->last];

	h->packets--;
	h->bytes -= f->last_bytes;
}

unsigned
filter_last(const struct filter *f)
{
	return f->last;
}

const struct filter_hit *
filter_hit(const struct filter *f, unsigned rule)
{
	return &f->hit[rule];
}

uint64_t
filter_evicted(const struct filter *f)
{
	return f->evicted;
}
