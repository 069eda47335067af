/* SPDX-License-Identifier: ISC */
/* file: common/conf_net.c */
/*
 * The values that are addresses: this node's, networks, peers', endpoints.
 *
 * The guard of the tunnel and the routes of the kernel are made from these, so
 * a form that could mean two things is refused: a network needs its length, an
 * endpoint its port, a name is not looked up (an answer from the network must
 * not decide where packets go).  Host bits of a network are cleared with a
 * warning that shows what is used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

static bool
is_multicast(const struct addr *a)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (a->family == 6)
		return a->b[0] == 0xff;
	return (a->b[0] & 0xf0) == 0xe0 || memcmp(a->b, broadcast, 4) == 0;
}

static bool
is_link_local6(const struct addr *a)
{
	return a->family == 6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static bool
is_masked(const struct prefix *p)
{
	struct prefix m = *p;

	prefix_mask(&m);
	return addr_eq(&m.addr, &p->addr);
}

/* What the host part alone says: 0 the network, -1 the broadcast, 1 a host. */
static int
host_part(const struct prefix *p)
{
	unsigned bits = addr_bits(&p->addr), set = 0;

	if (bits - p->len < 2)
		return 1; /* point to point: both addresses are hosts */
	for (unsigned i = p->len; i < bits; i++)
		set += p->addr.b[i / 8] >> (7 - i % 8) & 1;
	if (set == 0)
		return 0;
	return p->addr.family == 4 && set == bits - p->len ? -1 : 1;
}

/* The length that the trailing zero octets suggest. */
static unsigned
likely_length(const struct addr *a)
{
	unsigned n = addr_bits(a), step = a->family == 4 ? 8 : 16;

	while (n > step && a->b[n / 8 - 1] == 0 &&
	    (step == 8 || a->b[n / 8 - 2] == 0))
		n -= step;
	return n;
}

/* Parses "address/length"; what is wrong with it is said for all types. */
static int
parse_prefix(const struct conf_row *row, const char *word, struct prefix *p,
    struct conf_bad *bad)
{
	char text[ADDR_STRLEN];

	if (prefix_parse(word, p) == -1) {
		if (strchr(word, '/') != NULL)
			conf_value_hint(bad,
			    "an address, / and the number of "
			    "bits, as in 10.77.0.0/16");
		else
			conf_value_hint(bad, "a numeric address");
		conf_value_refuse(
		    bad, "%s \"%s\" is not an address", row->name, word);
		return -1;
	}
	if (row->type != CT_PEERADDR && strchr(word, '/') == NULL) {
		addr_format(&p->addr, text);
		if (row->type == CT_HOST)
			conf_value_hint(bad,
			    "the length of its network, "
			    "as in %s/%d",
			    text, p->addr.family == 4 ? 24 : 64);
		else
			conf_value_hint(bad, "did you mean %s/%u?", text,
			    likely_length(&p->addr));
		conf_value_refuse(bad, "%s %s needs a length", row->name, word);
		return -1;
	}
	return 0;
}

/* NULL if a network may be used in the mesh, else why not. */
static const char *
net_problem(const struct prefix *p)
{
	struct prefix m = *p;

	if (p->len == 0)
		return "is every address";
	prefix_mask(&m);
	if (addr_is_special(&m.addr))
		return "is not for hosts of a mesh";
	return NULL;
}

static const char *
host_problem(const struct prefix *p)
{
	if (addr_is_special(&p->addr) || p->len == 0)
		return "is not for hosts of a mesh";
	if (host_part(p) == 0)
		return "is the network, not a host in it";
	return host_part(p) == -1 ? "is the broadcast address" : NULL;
}

static enum conf_verdict
append_prefix(const struct conf_row *row, void *base, const struct prefix *p,
    struct conf_bad *bad)
{
	struct prefix *list =
	    (struct prefix *)(void *)((char *)base + row->off);
	unsigned n = conf_value_count(row, base);

	for (unsigned i = 0; i < n; i++)
		if (prefix_eq(&list[i], p))
			return CV_DUP;
	if (n == row->items)
		return conf_value_refuse(
		    bad, "%s: more than %u", row->name, row->items);
	list[n] = *p;
	conf_count_set(row, base, n + 1);
	return CV_OK;
}

int
conf_peer_allow(struct conf_peer *p, const struct prefix *add)
{
	struct prefix *grown;
	size_t cap = p->nallowed;

	if (p->nallowed == CONF_ALLOWED_MAX)
		return -1;
	/* Room for a power of two. */
	if ((cap & (cap - 1)) == 0) {
		cap = cap == 0 ? 1 : cap * 2;
		grown = realloc(p->allowed, cap * sizeof(*grown));
		if (grown == NULL)
			return -1;
		p->allowed = grown;
	}
	p->allowed[p->nallowed++] = *add;
	return 0;
}

static enum conf_verdict
append_allowed(const struct conf_row *row, struct conf_peer *peer,
    const struct prefix *p, struct conf_bad *bad)
{
	for (unsigned i = 0; i < peer->nallowed; i++)
		if (prefix_eq(&peer->allowed[i], p))
			return CV_DUP;
	if (conf_peer_allow(peer, p) == 0)
		return CV_OK;
	if (peer->nallowed < CONF_ALLOWED_MAX)
		return conf_value_refuse(bad, "out of memory");
	return conf_value_refuse(
	    bad, "%s: more than %u", row->name, CONF_ALLOWED_MAX);
}

static enum conf_verdict
set_host(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	const char *why;
	struct prefix p;

	if (parse_prefix(row, word, &p, bad) == -1)
		return CV_BAD;
	if ((why = host_problem(&p)) != NULL)
		return conf_value_refuse(bad, "%s %s %s", row->name, word, why);
	return append_prefix(row, base, &p, bad);
}

static enum conf_verdict
set_peeraddr(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	char text[ADDR_STRLEN];
	struct prefix p;

	if (parse_prefix(row, word, &p, bad) == -1)
		return CV_BAD;
	if (p.len != addr_bits(&p.addr)) {
		conf_value_hint(
		    bad, "did you mean %s?", addr_format(&p.addr, text));
		return conf_value_refuse(bad,
		    "%s %s of a peer is one host, without a length", row->name,
		    word);
	}
	if (addr_is_special(&p.addr))
		return conf_value_refuse(
		    bad, "%s %s is not for hosts of a mesh", row->name, word);
	return append_allowed(row, base, &p, bad);
}

static enum conf_verdict
set_net(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	char text[PREFIX_STRLEN];
	enum conf_verdict v;
	const char *why;
	struct prefix p;
	bool exact;

	if (parse_prefix(row, word, &p, bad) == -1)
		return CV_BAD;
	if ((why = net_problem(&p)) != NULL) {
		if (p.len == 0)
			conf_value_hint(bad, "exit nodes are not supported");
		return conf_value_refuse(bad, "%s %s %s", row->name, word, why);
	}
	exact = is_masked(&p);
	prefix_mask(&p);
	if (row->type == CT_ALLOWED)
		v = append_allowed(row, base, &p, bad);
	else
		v = append_prefix(row, base, &p, bad);
	if (v != CV_OK || exact)
		return v;
	conf_value_hint(bad, "taken as %s", prefix_format(&p, text));
	conf_value_refuse(bad, "%s %s has host bits set", row->name, word);
	return CV_WARN;
}

/* ---- address port N ---- */
/* The address of an endpoint, also in brackets.  0 or -1. */
static int
parse_host(const char *word, struct addr *a)
{
	char text[ADDR_STRLEN];
	size_t len = strlen(word);

	if (word[0] == '[' && word[len - 1] == ']') {
		if (len - 2 >= sizeof(text))
			return -1;
		memcpy(text, word + 1, len - 2);
		text[len - 2] = '\0';
		if (addr_parse(text, a) == -1 || a->family != 6)
			return -1;
	} else if (addr_parse(word, a) == -1)
		return -1;
	addr_canonical(a);
	return 0;
}

/* "address:port" in one word is what other programs want. */
static void
hint_endpoint(const char *word, struct conf_bad *bad)
{
	const char *colon = strrchr(word, ':');
	char host[ADDR_STRLEN];
	struct addr a;
	size_t n;

	if (colon != NULL && (n = colon - word) < sizeof(host) && n > 0) {
		memcpy(host, word, n);
		host[n] = '\0';
		if (parse_host(host, &a) == 0 && a.family != 0) {
			conf_value_hint(
			    bad, "did you mean %s port %s?", host, colon + 1);
			return;
		}
	}
	conf_value_hint(
	    bad, "host names are not resolved; use a numeric address");
}

static enum conf_verdict
check_host(const struct conf_row *row, const struct addr *a, const char *word,
    struct conf_bad *bad)
{
	if (is_link_local6(a)) {
		conf_value_hint(bad, "link-local addresses are not supported");
		return conf_value_refuse(
		    bad, "%s %s needs an interface", row->name, word);
	}
	if (is_multicast(a) || (row->type == CT_ENDPOINT && addr_is_any(a)))
		return conf_value_refuse(
		    bad, "%s %s is not the address of a host", row->name, word);
	return CV_OK;
}

/* Of ours, where `*` stands for every address. */
static bool
is_local(const struct conf_row *row)
{
	return row->type == CT_LISTEN || row->type == CT_BIND ||
	    row->type == CT_SERVE;
}

static enum conf_verdict
parse_endpoint(const struct conf_row *row, const struct conf_words *w,
    struct endpoint *ep, struct conf_bad *bad)
{
	struct conf_row port = {
	    .name = "port", .type = CT_PORT, .min = row->min, .max = row->max};
	uint32_t v;

	*ep = (struct endpoint){0};
	if (!is_local(row) || strcmp(w->word[0], "*") != 0) {
		if (parse_host(w->word[0], &ep->addr) == -1) {
			hint_endpoint(w->word[0], bad);
			return conf_value_refuse(bad,
			    "%s \"%s\" is not an address", row->name,
			    w->word[0]);
		}
		if (check_host(row, &ep->addr, w->word[0], bad) != CV_OK)
			return CV_BAD;
	}
	if (w->n > 1 && strcmp(w->word[1], "port") != 0) {
		bad->word = 1;
		return conf_value_refuse(
		    bad, "expected port, not \"%s\"", w->word[1]);
	}
	if (w->n < 3) {
		conf_value_hint(bad, "did you mean %s port %d?", w->word[0],
		    strncmp(row->name, "tls", 3) == 0          ? 443
			: strcmp(row->block, "discovery") == 0 ? 6881
			: strcmp(row->block, "tls") == 0       ? 443
							       : 51820);
		return conf_value_refuse(
		    bad, "%s %s needs a port", row->name, w->word[0]);
	}
	bad->word = 2;
	if (conf_number_parse(&port, w->word[2], &v, bad) == -1)
		return CV_BAD;
	bad->word = 0;
	ep->port = (uint16_t)v;
	return CV_OK;
}

static enum conf_verdict
set_endpoint(const struct conf_row *row, void *base, const struct conf_words *w,
    struct conf_bad *bad)
{
	struct endpoint *list, ep;
	unsigned n = conf_value_count(row, base);

	if (parse_endpoint(row, w, &ep, bad) != CV_OK)
		return CV_BAD;
	list = (struct endpoint *)(void *)((char *)base + row->off);
	for (unsigned i = 0; i < n; i++)
		if (endpoint_eq(&list[i], &ep))
			return CV_DUP;
	if (n == row->items)
		return conf_value_refuse(
		    bad, "%s: more than %u", row->name, row->items);
	list[n] = ep;
	if (row->type == CT_LISTEN)
		((struct conf_node *)base)->listen_any[n] = ep.addr.family == 0;
	conf_count_set(row, base, n + 1);
	return CV_OK;
}

static enum conf_verdict
set_bind(const struct conf_row *row, struct conf_node *node,
    const struct conf_words *w, struct conf_bad *bad)
{
	struct endpoint ep;

	if (parse_endpoint(row, w, &ep, bad) != CV_OK)
		return CV_BAD;
	node->dht_listen = ep;
	node->dht_listen_any = ep.addr.family == 0;
	return CV_OK;
}

enum conf_verdict
conf_net_set(const struct conf_row *row, void *base, const struct conf_words *w,
    struct conf_bad *bad)
{
	switch (row->type) {
	case CT_HOST:
		return set_host(row, base, w->word[0], bad);
	case CT_PEERADDR:
		return set_peeraddr(row, base, w->word[0], bad);
	case CT_LISTEN:
	case CT_SERVE:
	case CT_ENDPOINT:
		return set_endpoint(row, base, w, bad);
	case CT_BIND:
		return set_bind(row, base, w, bad);
	default:
		return set_net(row, base, w->word[0], bad);
	}
}

/* ---- back to text ---- */
static bool
is_single(const struct prefix *p)
{
	return p->len == addr_bits(&p->addr);
}

/* `address` and `allowed prefixes` are two views of one list. */
unsigned
conf_net_count(const struct conf_row *row, const void *base)
{
	const struct conf_peer *peer = base;
	unsigned n = 0;

	for (unsigned i = 0; i < peer->nallowed; i++)
		n += is_single(&peer->allowed[i]) == (row->type == CT_PEERADDR);
	return n;
}

static void
format_allowed(const struct conf_row *row, const struct conf_peer *peer,
    unsigned i, char *out, size_t cap)
{
	char text[PREFIX_STRLEN];
	const struct prefix *p = peer->allowed;

	for (;; p++) {
		if (is_single(p) != (row->type == CT_PEERADDR))
			continue;
		if (i-- == 0)
			break;
	}
	if (row->type == CT_PEERADDR)
		addr_format(&p->addr, text);
	else
		prefix_format(p, text);
	snprintf(out, cap, "%s", text);
}

void
conf_net_format(const struct conf_row *row, const void *base, unsigned i,
    char *out, size_t cap)
{
	const void *list = (const char *)base + row->off;
	const struct endpoint *ep = list;
	const struct prefix *p = list;
	char text[PREFIX_STRLEN];

	switch (row->type) {
	case CT_PIN:
		conf_pin_show(base, i, out, cap);
		break;
	case CT_PEERADDR:
	case CT_ALLOWED:
		format_allowed(row, base, i, out, cap);
		break;
	case CT_LISTEN:
	case CT_BIND:
	case CT_SERVE:
	case CT_ENDPOINT:
		snprintf(out, cap, "%s port %u",
		    ep[i].addr.family == 0 ? "*"
					   : addr_format(&ep[i].addr, text),
		    (unsigned)ep[i].port);
		break;
	default:
		snprintf(out, cap, "%s", prefix_format(&p[i], text));
		break;
	}
}

/* ---- from a wire ---- */
static bool
endpoint_valid(const struct conf_row *row, const struct endpoint *ep, bool any)
{
	struct addr a = ep->addr;
	struct conf_bad bad;

	if (ep->port == 0)
		return false;
	if (any)
		return a.family == 0;
	addr_canonical(&a);
	return a.family != 0 && addr_eq(&a, &ep->addr) &&
	    check_host(row, &a, "", &bad) == CV_OK;
}

bool
conf_net_valid(const struct conf_row *row, const void *base)
{
	const void *list = (const char *)base + row->off;
	const struct conf_node *node = base;
	const struct endpoint *ep = list;
	const struct prefix *p = list;
	unsigned n = conf_value_count(row, base);
	bool ok = true;

	switch (row->type) {
	case CT_PIN:
		return conf_pins_valid(node);
	case CT_BIND:
		return endpoint_valid(row, ep, node->dht_listen_any);
	case CT_LISTEN:
		for (unsigned i = 0; i < n && ok; i++)
			ok = endpoint_valid(row, &ep[i], node->listen_any[i]);
		return ok && n > 0;
	case CT_SERVE:
		for (unsigned i = 0; i < n && ok; i++)
			ok =
			    endpoint_valid(row, &ep[i], ep[i].addr.family == 0);
		return ok;
	case CT_ENDPOINT:
		for (unsigned i = 0; i < n && ok; i++)
			ok = endpoint_valid(row, &ep[i], false);
		return ok;
	case CT_HOST:
		for (unsigned i = 0; i < n && ok; i++)
			ok = host_problem(&p[i]) == NULL;
		return ok;
	case CT_PEERADDR:
		return true; /* seen by CT_ALLOWED */
	case CT_ALLOWED:
		p = ((const struct conf_peer *)base)->allowed;
		n = ((const struct conf_peer *)base)->nallowed;
		/* FALLTHROUGH */
	default:
		for (unsigned i = 0; i < n && ok; i++)
			ok = net_problem(&p[i]) == NULL && is_masked(&p[i]);
		return ok;
	}
}
