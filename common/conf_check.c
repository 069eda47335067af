/* SPDX-License-Identifier: ISC */
/* file: common/conf_check.c */
/*
 * What one option says about another, and what belongs to one peer only.
 *
 * Names, keys and prefixes are noted with their places as they are read, in a
 * hash table that grows, so that the second use can quote the first and a file
 * of thousands of peers is read in linear time.  (The hash is no defence: the
 * file is root's.)  The rest is looked at when everything has been read; what
 * was refused before is not complained about again.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

#define IPV6_MTU 1280 /* RFC 8200, section 5 */

/* ---- what was seen where ---- */
static uint32_t
hash(enum conf_seen_kind kind, const uint8_t *key, size_t len)
{
	uint32_t h = 2166136261u ^ (uint32_t)kind; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ key[i]) * 16777619u;
	return h;
}

static int
seen_grow(struct conf_parser *p)
{
	uint32_t cap = p->seen_cap == 0 ? 64 : p->seen_cap * 2, *bucket;
	struct conf_seen *grown;

	if (p->nseen < p->seen_cap)
		return 0;
	if ((grown = realloc(p->seen, cap * sizeof(*grown))) == NULL)
		return -1;
	p->seen = grown;
	if ((bucket = calloc(cap, sizeof(*bucket))) == NULL)
		return -1;
	free(p->bucket);
	p->bucket = bucket;
	p->seen_cap = p->nbuckets = cap;
	for (uint32_t i = 0; i < p->nseen; i++) {
		grown[i].next = bucket[grown[i].hash % cap];
		bucket[grown[i].hash % cap] = i + 1;
	}
	return 0;
}

const struct conf_seen *
conf_seen_note(struct conf_parser *p, enum conf_seen_kind kind, const void *key,
    size_t len, const struct conf_seen *what)
{
	uint32_t h = hash(kind, key, len), i;
	struct conf_seen *s;

	if (seen_grow(p) == -1) {
		p->out_of_memory = true;
		return NULL;
	}
	for (i = p->bucket[h % p->nbuckets]; i != 0; i = s->next) {
		s = &p->seen[i - 1];
		if (s->hash == h && s->kind == kind &&
		    memcmp(s->key, key, len) == 0)
			return s;
	}
	s = &p->seen[p->nseen++];
	*s = *what;
	s->hash = h;
	s->kind = kind;
	memset(s->key, 0, sizeof(s->key));
	memcpy(s->key, key, len);
	s->next = p->bucket[h % p->nbuckets];
	p->bucket[h % p->nbuckets] = p->nseen;
	return NULL;
}

static struct prefix
seen_prefix(const struct conf_seen *s)
{
	struct prefix p = {.len = s->key[17]};

	p.addr.family = s->key[0];
	memcpy(p.addr.b, s->key + 1, 16);
	return p;
}

/* ---- one option and another ---- */
const struct conf_place *
conf_place_of(const struct conf_parser *p, const char *block, const char *name,
    struct conf_place *nowhere)
{
	size_t i = conf_row_index(conf_row_named(block, name));

	*nowhere = (struct conf_place){.file = p->main_file};
	return p->set[i].line != 0 ? &p->set[i] : nowhere;
}

bool
conf_was_refused(
    const struct conf_parser *p, const char *block, const char *name)
{
	return p->refused[conf_row_index(conf_row_named(block, name))];
}

static bool
in_any(const struct prefix *what, const struct prefix *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (prefix_overlaps(&list[i], what))
			return true;
	return false;
}

static void
check_addresses(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	struct conf_place at = {.file = p->main_file};
	struct conf_diag *d;
	bool v6 = false;

	if (n->naddresses == 0 && !p->unread &&
	    !conf_was_refused(p, "tunnel", "address")) {
		d = conf_complain(p, CONF_ERROR,
		    p->tunnel.line != 0 ? &p->tunnel : &at,
		    "this node has no address");
		conf_hint(d, "tunnel { address 10.77.0.1/16 }");
	}
	for (unsigned i = 0; i < n->naddresses; i++)
		v6 = v6 || n->address[i].addr.family == 6;
	if (v6 && conf_mtu(n) < IPV6_MTU &&
	    !conf_was_refused(p, "tunnel", "mtu"))
		conf_complain(p, CONF_ERROR,
		    conf_place_of(p, "tunnel", "mtu", &at),
		    "mtu %u is too small for IPv6, which needs %d", n->mtu,
		    IPV6_MTU);
}

/*
 * The guard drops what is neither of the mesh nor behind a peer, so addresses
 * out of every subnet and route are silence later.
 */
static void
check_subnets(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	char text[PREFIX_STRLEN];
	const struct conf_seen *s;
	struct conf_diag *d;
	struct prefix what;

	if (p->unread || conf_was_refused(p, "tunnel", "subnet") ||
	    conf_was_refused(p, "tunnel", "route"))
		return;
	for (uint32_t i = 0; i < p->nseen; i++) {
		s = &p->seen[i];
		if (s->kind != SEEN_PREFIX)
			continue;
		what = seen_prefix(s);
		if (in_any(&what, n->subnet, n->nsubnets))
			continue;
		if (s->owner == CONF_OWN) {
			conf_complain(p, CONF_WARNING, &s->at,
			    "address %s is in no subnet",
			    addr_format(&what.addr, text));
			continue;
		}
		/* Without any subnet the address has said it all. */
		if (n->nsubnets == 0 || in_any(&what, n->route, n->nroutes))
			continue;
		d = conf_complain(p, CONF_WARNING, &s->at,
		    "%s is in no subnet and no route",
		    prefix_format(&what, text));
		conf_hint(d, "its packets would be dropped");
	}
}

static void
check_crypto(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	const struct conf_place *at;
	struct conf_place nowhere;
	char a[CONF_NUMBER_STRLEN], b[CONF_NUMBER_STRLEN];

	if (n->reject_after_s > n->rekey_after_s ||
	    conf_was_refused(p, "crypto", "rekey after") ||
	    conf_was_refused(p, "crypto", "reject after"))
		return;
	/* Its default is longer than any rekey after: it was set. */
	at = conf_place_of(p, "crypto", "reject after", &nowhere);
	conf_complain(p, CONF_ERROR, at,
	    "reject after %s must be longer than rekey after %s",
	    conf_number_format(CT_SECONDS, n->reject_after_s, a),
	    conf_number_format(CT_SECONDS, n->rekey_after_s, b));
}

static void
check_streams(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	const struct conf_place *at;
	struct conf_place nowhere;

	if (n->streams_min <= n->streams_max ||
	    conf_was_refused(p, "streams", "min per peer") ||
	    conf_was_refused(p, "streams", "max per peer"))
		return;
	at = conf_place_of(p, "streams", "min per peer", &nowhere);
	if (at->line == 0)
		at = conf_place_of(p, "streams", "max per peer", &nowhere);
	conf_complain(p, CONF_ERROR, at,
	    "min per peer %u is more than max per peer %u",
	    (unsigned)n->streams_min, (unsigned)n->streams_max);
}

static void
check_sockets(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	const struct conf_place *at;
	struct conf_place nowhere;

	if (strcmp(n->socket, n->status_socket) != 0 ||
	    conf_was_refused(p, "control", "socket") ||
	    conf_was_refused(p, "control", "status socket"))
		return;
	at = conf_place_of(p, "control", "status socket", &nowhere);
	if (at->line == 0)
		at = conf_place_of(p, "control", "socket", &nowhere);
	conf_complain(
	    p, CONF_ERROR, at, "socket and status socket are the same");
}

/* Which of two programs of ours the port belongs to would be luck. */
static void
check_ports(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	const struct conf_place *at;
	struct conf_place nowhere;

	if (n->dht == CONF_DHT_NO ||
	    conf_was_refused(p, "discovery", "dht listen on"))
		return;
	at = conf_place_of(p, "discovery", "dht listen on", &nowhere);
	if (at->line == 0)
		at = conf_place_of(p, "transport", "listen on", &nowhere);
	for (unsigned i = 0; i < n->nlisten; i++)
		if (n->listen[i].port == n->dht_listen.port &&
		    (n->listen_any[i] || n->dht_listen_any ||
			addr_eq(&n->listen[i].addr, &n->dht_listen.addr)))
			conf_complain(p, CONF_ERROR, at,
			    "port %u can't be both transport's and the DHT's",
			    (unsigned)n->dht_listen.port);
}

static bool
same_name(const char *a, const char *b)
{
	size_t i;

	/* Letters, digits and hyphens only: one bit is the case. */
	for (i = 0; a[i] != '\0' && b[i] != '\0'; i++)
		if ((a[i] | 0x20) != (b[i] | 0x20))
			return false;
	return a[i] == b[i];
}

static void
check_names(struct conf_parser *p)
{
	const struct conf_seen *s;

	for (uint32_t i = 0; i < p->nseen; i++) {
		s = &p->seen[i];
		if (s->kind == SEEN_NAME &&
		    same_name((const char *)s->key, p->conf->node.name))
			conf_complain(p, CONF_WARNING, &s->at,
			    "this node is called \"%s\" as well",
			    p->conf->node.name);
	}
}

/* A name that nobody can have is a rule that never matches. */
static void
check_rules(struct conf_parser *p)
{
	const struct conf *c = p->conf;
	const struct conf_rule *r;
	uint32_t k;

	if (c->node.cert_file[0] != '\0' || p->unread)
		return; /* members have names and groups */
	for (unsigned i = 0; i < c->node.nrules; i++) {
		r = &c->node.rule[i];
		for (k = 0; k < c->npeers; k++)
			if (same_name(r->name, c->peer[k].name))
				break;
		if (r->who == CONF_PEER && k == c->npeers)
			conf_complain(p, CONF_WARNING, &p->rule[i],
			    "there is no peer \"%s\"", r->name);
		else if (r->who == CONF_GROUP)
			conf_complain(p, CONF_WARNING, &p->rule[i],
			    "groups are of members of a network");
	}
}

/* Defaults that the machine gave: a directory can be too long for a socket. */
static void
check_given(struct conf_parser *p)
{
	struct conf_place at = {.file = p->main_file};
	const struct conf_row *row;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if (strcmp(row->block, "peer") != 0 && p->set[i].line == 0 &&
		    !conf_value_valid(row, &p->conf->node))
			conf_complain(p, CONF_ERROR, &at,
			    "the default of %s %s can't be used", row->block,
			    row->name);
	}
}

void
conf_check_all(struct conf_parser *p)
{
	conf_member(p);
	check_ports(p);
	check_addresses(p);
	check_subnets(p);
	check_crypto(p);
	check_streams(p);
	check_sockets(p);
	check_names(p);
	check_rules(p);
	conf_check_qos(p);
	conf_check_turn(p);
	check_given(p);
}
