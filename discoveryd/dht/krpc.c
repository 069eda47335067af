/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/krpc.c */
/*
 * Messages of the DHT as structs: see krpc.h.  This file reads; krpc_build.c
 * writes.  A dictionary is walked once and the values of known keys are laid
 * out in an array; then each is checked against what its message wants.  What
 * a method has no use for is not even looked at, so nobody's extension makes
 * a message malformed.
 */
#include "krpc.h"

#include <string.h>

#include "krpc_int.h"

/* clang-format off */
const struct krpc_arg_rule krpc_arg_rule[KRPC_NARGS] = {
	[ARG_CAS]       = { "cas",          OF(PUT),                  0 },
	[ARG_ID]        = { "id",           OF_ALL | OF_RESPONSE,     OF_ALL | OF_RESPONSE },
	[ARG_IMPLIED]   = { "implied_port", OF(ANNOUNCE),             0 },
	[ARG_INFO_HASH] = { "info_hash",    OF_HASH | OF(OTHER),      OF_HASH },
	[ARG_K]         = { "k",            OF(PUT) | OF_RESPONSE,    0 },
	[ARG_NODES]     = { "nodes",        OF_RESPONSE,              0 },
	[ARG_NODES6]    = { "nodes6",       OF_RESPONSE,              0 },
	[ARG_PORT]      = { "port",         OF(ANNOUNCE),             0 },
	[ARG_SALT]      = { "salt",         OF(PUT),                  0 },
	[ARG_SEQ]       = { "seq",          OF(GET) | OF(PUT) | OF(NEWS) |
	                                    OF_RESPONSE, OF(NEWS) },
	[ARG_SIG]       = { "sig",          OF(PUT) | OF_RESPONSE,    0 },
	[ARG_TARGET]    = { "target",       OF_TARGET | OF(OTHER),    OF_TARGET },
	/* in a get it says: whom you sent this to is who is asking */
	[ARG_TOKEN]     = { "token",        OF(GET) | OF(ANNOUNCE) | OF(PUT) |
	                                    OF(NEWS) | OF_RESPONSE,
	                                    OF(ANNOUNCE) | OF(PUT) },
	[ARG_V]         = { "v",            OF(PUT) | OF(NEWS) | OF_RESPONSE, OF(PUT) },
	[ARG_VALUES]    = { "values",       OF_RESPONSE,              0 },
	[ARG_WANT]      = { "want",         OF_TARGET | OF(GET_PEERS) | OF(OTHER), 0 },
};

const char *const krpc_method_name[KRPC_NMETHODS] = {
	[KRPC_PING]      = "ping",
	[KRPC_FIND_NODE] = "find_node",
	[KRPC_GET_PEERS] = "get_peers",
	[KRPC_ANNOUNCE]  = "announce_peer",
	[KRPC_GET]       = "get",
	[KRPC_PUT]       = "put",
	[KRPC_NEWS]      = "mesh_news",
};

static const char *const fault_name[KRPC_NFAULTS] = {
	[KRPC_FINE]       = "well-formed",
	[KRPC_BAD_BENCODE] = "not bencoded",
	[KRPC_BAD_SHAPE]  = "not a dictionary",
	[KRPC_BAD_T]      = "no transaction id",
	[KRPC_BAD_KIND]   = "neither query, response nor error",
	[KRPC_BAD_METHOD] = "no method",
	[KRPC_BAD_ARGS]   = "no arguments",
	[KRPC_BAD_ID]     = "no node id",
	[KRPC_BAD_TYPE]   = "a value of the wrong type",
	[KRPC_BAD_LENGTH] = "a value of the wrong length",
	[KRPC_BAD_RANGE]  = "a number out of range",
	[KRPC_MISSING]    = "an argument is missing",
};

enum top { TOP_A, TOP_E, TOP_IP, TOP_N, TOP_Q, TOP_R, TOP_RO, TOP_T, TOP_Y,
	NTOP };
static const char *const top_key[NTOP] = {
	"a", "e", "ip", "n", "q", "r", "ro", "t", "y" };
/* clang-format on */

const char *
krpc_fault_name(enum krpc_fault f)
{
	return f < KRPC_NFAULTS ? fault_name[f] : "unknown";
}

unsigned
krpc_uses(const struct krpc_msg *m)
{
	return m->kind == KRPC_QUERY ? 1u << m->method : OF_RESPONSE;
}

/* ---- values of one type ---- */

static enum krpc_fault
get_fixed(const struct octets *value, size_t len, const uint8_t **out)
{
	struct octets s;

	if (!ben_str(value, &s))
		return KRPC_BAD_TYPE;
	if (s.len != len)
		return KRPC_BAD_LENGTH;
	*out = s.p;
	return KRPC_FINE;
}

static enum krpc_fault
get_octets(
    const struct octets *value, size_t max, size_t unit, struct octets *out)
{
	struct octets s;

	if (!ben_str(value, &s))
		return KRPC_BAD_TYPE;
	if (s.len > max || s.len % unit != 0)
		return KRPC_BAD_LENGTH;
	*out = s;
	return KRPC_FINE;
}

static enum krpc_fault
get_uint(const struct octets *value, uint64_t max, uint64_t *out)
{
	int64_t n;

	if (ben_type(value) != BEN_INT)
		return KRPC_BAD_TYPE;
	if (!ben_int(value, &n) || n < 0 || (uint64_t)n > max)
		return KRPC_BAD_RANGE;
	*out = (uint64_t)n;
	return KRPC_FINE;
}

/* Any number but 0; some clients are generous with the size. */
static enum krpc_fault
get_flag(const struct octets *value, bool *out)
{
	int64_t n;

	if (ben_type(value) != BEN_INT)
		return KRPC_BAD_TYPE;
	*out = !ben_int(value, &n) || n != 0;
	return KRPC_FINE;
}

static enum krpc_fault
get_want(struct krpc_msg *m, const struct octets *value)
{
	struct ben_iter it;
	struct octets v, s;

	if (ben_type(value) != BEN_LIST || !ben_open(&it, value))
		return KRPC_BAD_TYPE;
	while (ben_next(&it, NULL, &v)) {
		if (!ben_str(&v, &s))
			return KRPC_BAD_TYPE;
		m->want4 |= octets_eq(&s, "n4", 2);
		m->want6 |= octets_eq(&s, "n6", 2);
	}
	return KRPC_FINE;
}

static enum krpc_fault
get_values(struct krpc_msg *m, const struct octets *value)
{
	struct ben_iter it;
	struct octets v, s;

	if (ben_type(value) != BEN_LIST || !ben_open(&it, value))
		return KRPC_BAD_TYPE;
	m->values = *value;
	while (ben_next(&it, NULL, &v))
		if (ben_str(&v, &s) && (s.len == 6 || s.len == 18))
			m->nvalues++;
	return KRPC_FINE;
}

/* Address and port, network order; len is 4, 6, 16 or 18. */
static void
get_compact(const uint8_t *p, size_t len, struct endpoint *out)
{
	size_t alen = len < 16 ? 4 : 16;

	*out = (struct endpoint){.addr.family = alen == 4 ? 4 : 6};
	memcpy(out->addr.b, p, alen);
	if (len > alen)
		out->port = (uint16_t)(p[alen] << 8 | p[alen + 1]);
}

/* ---- one argument ---- */

static enum krpc_fault
get_port(struct krpc_msg *m, const struct octets *value)
{
	uint64_t port;
	enum krpc_fault f = get_uint(value, UINT16_MAX, &port);

	if (f == KRPC_FINE)
		m->port = (uint16_t)port;
	return f;
}

static enum krpc_fault
get_seq(struct krpc_msg *m, const struct octets *value)
{
	enum krpc_fault f = get_uint(value, INT64_MAX, &m->seq);

	m->has_seq = f == KRPC_FINE;
	return f;
}

/* An empty one is like none (BEP44). */
static enum krpc_fault
get_salt(struct krpc_msg *m, const struct octets *value)
{
	enum krpc_fault f = get_octets(value, SIZE_MAX, 1, &m->salt);

	if (m->salt.len == 0)
		m->salt.p = NULL;
	return f;
}

static enum krpc_fault
get_arg(struct krpc_msg *m, enum krpc_arg arg, const struct octets *value)
{
	switch (arg) {
	case ARG_CAS:
		return get_uint(value, INT64_MAX, &m->cas);
	case ARG_ID:
		return get_fixed(value, DHT_ID, &m->id) == KRPC_FINE
		    ? KRPC_FINE
		    : KRPC_BAD_ID;
	case ARG_IMPLIED:
		return get_flag(value, &m->implied_port);
	case ARG_INFO_HASH:
	case ARG_TARGET:
		return get_fixed(value, DHT_ID, &m->target);
	case ARG_K:
		return get_fixed(value, 32, &m->k);
	case ARG_NODES:
		return get_octets(value, SIZE_MAX, KRPC_NODE4, &m->nodes);
	case ARG_NODES6:
		return get_octets(value, SIZE_MAX, KRPC_NODE6, &m->nodes6);
	case ARG_PORT:
		return get_port(m, value);
	case ARG_SALT:
		return get_salt(m, value);
	case ARG_SEQ:
		return get_seq(m, value);
	case ARG_SIG:
		return get_fixed(value, 64, &m->sig);
	case ARG_TOKEN:
		return get_octets(value, KRPC_TOKEN_MAX, 1, &m->token);
	case ARG_V:
		m->v = *value;
		return KRPC_FINE;
	case ARG_VALUES:
		return get_values(m, value);
	case ARG_WANT:
		return get_want(m, value);
	default:
		return KRPC_FINE;
	}
}

/* What an argument needs beside it. */
static enum krpc_fault
together(const struct krpc_msg *m, bool has_port)
{
	if (m->kind != KRPC_QUERY)
		return KRPC_FINE;
	if (m->method == KRPC_ANNOUNCE && !m->implied_port) {
		if (!has_port)
			return KRPC_MISSING;
		return m->port == 0 ? KRPC_BAD_RANGE : KRPC_FINE;
	}
	if (m->method == KRPC_PUT) {
		if ((m->k == NULL) != (m->sig == NULL))
			return KRPC_MISSING;
		if (m->k != NULL && !m->has_seq)
			return KRPC_MISSING;
	}
	return KRPC_FINE;
}

/* The values of those keys, the first of each; the others stay {NULL, 0}. */
static void
collect(const struct octets *dict, const char *(*key)(size_t), size_t n,
    struct octets *out)
{
	struct ben_iter it;
	struct octets k, v;

	memset(out, 0, n * sizeof(*out));
	ben_open(&it, dict);
	while (ben_next(&it, &k, &v))
		for (size_t i = 0; i < n; i++)
			if (out[i].p == NULL &&
			    octets_eq(&k, key(i), strlen(key(i)))) {
				out[i] = v;
				break;
			}
}

static const char *
arg_key(size_t i)
{
	return krpc_arg_rule[i].key;
}

static const char *
top_key_of(size_t i)
{
	return top_key[i];
}

static enum krpc_fault
get_args(struct krpc_msg *m, const struct octets *dict)
{
	struct octets value[KRPC_NARGS];
	unsigned who = krpc_uses(m);

	if (dict->p == NULL || ben_type(dict) != BEN_DICT)
		return KRPC_BAD_ARGS;
	collect(dict, arg_key, KRPC_NARGS, value);
	if (value[ARG_ID].p == NULL)
		return KRPC_BAD_ID;
	for (size_t i = 0; i < KRPC_NARGS; i++) {
		enum krpc_fault f;

		if (value[i].p == NULL) {
			if ((krpc_arg_rule[i].need & who) != 0)
				return KRPC_MISSING;
			continue;
		}
		if ((krpc_arg_rule[i].use & who) == 0)
			continue;
		f = get_arg(m, (enum krpc_arg)i, &value[i]);
		if (f != KRPC_FINE)
			return f;
	}
	return together(m, value[ARG_PORT].p != NULL);
}

static enum krpc_fault
get_error(struct krpc_msg *m, const struct octets *list)
{
	struct ben_iter it;
	struct octets v;
	uint64_t code;
	enum krpc_fault f;

	if (list->p == NULL || ben_type(list) != BEN_LIST ||
	    !ben_open(&it, list) || !ben_next(&it, NULL, &v))
		return KRPC_BAD_ARGS;
	f = get_uint(&v, UINT32_MAX, &code);
	if (f != KRPC_FINE)
		return f;
	m->code = (uint32_t)code;
	if (!ben_next(&it, NULL, &v))
		return KRPC_FINE;
	return ben_str(&v, &m->text) ? KRPC_FINE : KRPC_BAD_TYPE;
}

/* ---- the whole ---- */

static enum krpc_fault
get_t(struct krpc_msg *m, const struct octets *value)
{
	struct octets t;

	if (value->p == NULL || !ben_str(value, &t) || t.len == 0 ||
	    t.len > KRPC_T_MAX)
		return KRPC_BAD_T;
	m->t = t;
	return KRPC_FINE;
}

static enum krpc_fault
get_kind(struct krpc_msg *m, const struct octets *value)
{
	struct octets y;

	if (value->p == NULL || !ben_str(value, &y) || y.len != 1)
		return KRPC_BAD_KIND;
	if (y.p[0] == 'q')
		m->kind = KRPC_QUERY;
	else if (y.p[0] == 'r')
		m->kind = KRPC_RESPONSE;
	else if (y.p[0] == 'e')
		m->kind = KRPC_ERROR;
	else
		return KRPC_BAD_KIND;
	return KRPC_FINE;
}

/*
 * Keys beside the message.  "n" is ours, so another's use of it is not wrong,
 * only no tag; "ip" came without a port in the first clients that had it.
 */
static enum krpc_fault
get_beside(struct krpc_msg *m, const struct octets top[NTOP])
{
	struct octets s;

	if (top[TOP_N].p != NULL && ben_str(&top[TOP_N], &s) &&
	    s.len == KRPC_TAG)
		m->tag = s.p;
	if (top[TOP_RO].p != NULL && get_flag(&top[TOP_RO], &m->read_only))
		return KRPC_BAD_TYPE;
	if (top[TOP_IP].p == NULL)
		return KRPC_FINE;
	if (!ben_str(&top[TOP_IP], &s))
		return KRPC_BAD_TYPE;
	if (s.len != 4 && s.len != 6 && s.len != 16 && s.len != 18)
		return KRPC_BAD_LENGTH;
	get_compact(s.p, s.len, &m->ip);
	return KRPC_FINE;
}

static enum krpc_fault
get_method(struct krpc_msg *m, const struct octets *value)
{
	if (value->p == NULL || !ben_str(value, &m->name))
		return KRPC_BAD_METHOD;
	m->method = KRPC_OTHER;
	for (int i = 0; i < KRPC_OTHER; i++) {
		const char *name = krpc_method_name[i];

		if (octets_eq(&m->name, name, strlen(name)))
			m->method = (enum krpc_method)i;
	}
	return KRPC_FINE;
}

enum krpc_fault
krpc_parse(struct krpc_msg *m, const uint8_t *data, size_t len)
{
	struct octets whole = {data, len}, top[NTOP];
	enum krpc_fault f;

	*m = (struct krpc_msg){.cas = KRPC_NO_CAS};
	if (!ben_is_value(data, len))
		return KRPC_BAD_BENCODE;
	if (ben_type(&whole) != BEN_DICT)
		return KRPC_BAD_SHAPE;
	collect(&whole, top_key_of, NTOP, top);
	if ((f = get_t(m, &top[TOP_T])) != KRPC_FINE)
		return f;
	if ((f = get_kind(m, &top[TOP_Y])) != KRPC_FINE)
		return f;
	if ((f = get_beside(m, top)) != KRPC_FINE)
		return f;
	switch (m->kind) {
	case KRPC_QUERY:
		f = get_method(m, &top[TOP_Q]);
		return f != KRPC_FINE ? f : get_args(m, &top[TOP_A]);
	case KRPC_RESPONSE:
		return get_args(m, &top[TOP_R]);
	default:
		return get_error(m, &top[TOP_E]);
	}
}

size_t
krpc_nnodes(const struct krpc_msg *m, uint8_t family)
{
	return family == 4 ? m->nodes.len / KRPC_NODE4
			   : m->nodes6.len / KRPC_NODE6;
}

void
krpc_node(
    const struct krpc_msg *m, uint8_t family, size_t i, struct dht_node *out)
{
	size_t len = family == 4 ? KRPC_NODE4 : KRPC_NODE6;
	const uint8_t *p = (family == 4 ? m->nodes.p : m->nodes6.p) + i * len;

	memcpy(out->id, p, DHT_ID);
	get_compact(p + DHT_ID, len - DHT_ID, &out->ep);
}

enum krpc_code
krpc_item(struct dht_item *out, const struct krpc_msg *m)
{
	*out = (struct dht_item){.is_mutable = m->k != NULL};
	if (m->v.p == NULL || (m->k == NULL) != (m->sig == NULL) ||
	    (m->k != NULL && !m->has_seq))
		return KRPC_E_PROTOCOL;
	if (m->v.len > DHT_V_MAX)
		return KRPC_E_V;
	if (m->salt.len > DHT_SALT_MAX)
		return KRPC_E_SALT;
	memcpy(out->v, m->v.p, m->v.len);
	out->vlen = (uint16_t)m->v.len;
	if (m->k == NULL)
		return KRPC_E_NONE;
	memcpy(out->k, m->k, sizeof(out->k));
	memcpy(out->sig, m->sig, sizeof(out->sig));
	out->seq = m->seq;
	if (m->salt.len > 0)
		memcpy(out->salt, m->salt.p, m->salt.len);
	out->saltlen = (uint8_t)m->salt.len;
	return KRPC_E_NONE;
}
