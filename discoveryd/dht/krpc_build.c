/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/krpc_build.c */
/*
 * Writing the messages of the DHT: the inverse of krpc.c, with the same table
 * of what belongs to which message.  Keys are written in their order.
 */
#include <string.h>

#include "krpc_int.h"

#define VERSION "MV\0\1" /* "v": mesh, 1 (BEP5) */

const char *
krpc_code_text(uint32_t code)
{
	switch (code) {
	case KRPC_E_GENERIC:
		return "error";
	case KRPC_E_SERVER:
		return "limit reached";
	case KRPC_E_PROTOCOL:
		return "protocol error";
	case KRPC_E_METHOD:
		return "method unknown";
	case KRPC_E_V:
		return "value too big";
	case KRPC_E_SIG:
		return "bad signature";
	case KRPC_E_SALT:
		return "salt too big";
	case KRPC_E_CAS:
		return "cas mismatch";
	case KRPC_E_SEQ:
		return "seq too low";
	default:
		return "";
	}
}

static void
put_fixed(struct wbuf *w, const char *key, const uint8_t *p, size_t len)
{
	if (p == NULL)
		return;
	ben_put_key(w, key);
	ben_put_str(w, p, len);
}

static void
put_octets(struct wbuf *w, const char *key, const struct octets *o)
{
	put_fixed(w, key, o->p, o->len);
}

static void
put_verbatim(struct wbuf *w, const char *key, const struct octets *value)
{
	if (value->p == NULL)
		return;
	ben_put_key(w, key);
	ben_put_verbatim(w, value);
}

static void
put_uint(struct wbuf *w, const char *key, bool is_set, uint64_t n)
{
	if (!is_set)
		return;
	ben_put_key(w, key);
	if (n > INT64_MAX)
		w->bad = true;
	ben_put_int(w, (int64_t)n);
}

static void
put_want(struct wbuf *w, const struct krpc_msg *m)
{
	if (!m->want4 && !m->want6)
		return;
	ben_put_key(w, "want");
	ben_put_list(w);
	if (m->want4)
		ben_put_str(w, "n4", 2);
	if (m->want6)
		ben_put_str(w, "n6", 2);
	ben_put_end(w);
}

static void
put_arg(struct wbuf *w, const struct krpc_msg *m, enum krpc_arg arg)
{
	const char *key = krpc_arg_rule[arg].key;

	switch (arg) {
	case ARG_CAS:
		put_uint(w, key, m->cas != KRPC_NO_CAS, m->cas);
		break;
	case ARG_ID:
		put_fixed(w, key, m->id, DHT_ID);
		break;
	case ARG_IMPLIED:
		put_uint(w, key, m->implied_port, 1);
		break;
	case ARG_INFO_HASH:
		/* a method that may have either gets a target */
		if (m->method != KRPC_OTHER)
			put_fixed(w, key, m->target, DHT_ID);
		break;
	case ARG_K:
		put_fixed(w, key, m->k, 32);
		break;
	case ARG_NODES:
		put_octets(w, key, &m->nodes);
		break;
	case ARG_NODES6:
		put_octets(w, key, &m->nodes6);
		break;
	case ARG_PORT:
		put_uint(w, key, true, m->port);
		break;
	case ARG_SALT:
		if (m->salt.len > 0)
			put_octets(w, key, &m->salt);
		break;
	case ARG_SEQ:
		put_uint(w, key, m->has_seq, m->seq);
		break;
	case ARG_SIG:
		put_fixed(w, key, m->sig, 64);
		break;
	case ARG_TARGET:
		put_fixed(w, key, m->target, DHT_ID);
		break;
	case ARG_TOKEN:
		put_octets(w, key, &m->token);
		break;
	case ARG_V:
		put_verbatim(w, key, &m->v);
		break;
	case ARG_VALUES:
		put_verbatim(w, key, &m->values);
		break;
	case ARG_WANT:
		put_want(w, m);
		break;
	default:
		break;
	}
}

static void
put_args(struct wbuf *w, const char *key, const struct krpc_msg *m)
{
	unsigned who = krpc_uses(m);

	ben_put_key(w, key);
	ben_put_dict(w);
	for (int i = 0; i < KRPC_NARGS; i++)
		if ((krpc_arg_rule[i].use & who) != 0)
			put_arg(w, m, (enum krpc_arg)i);
	ben_put_end(w);
}

static void
put_error(struct wbuf *w, const struct krpc_msg *m)
{
	ben_put_key(w, "e");
	ben_put_list(w);
	ben_put_int(w, m->code);
	if (m->text.p != NULL)
		ben_put_str(w, m->text.p, m->text.len);
	else
		ben_put_key(w, krpc_code_text(m->code));
	ben_put_end(w);
}

static void
put_compact(struct wbuf *w, const struct endpoint *e)
{
	wbuf_bytes(w, e->addr.b, e->addr.family == 4 ? 4 : 16);
	wbuf_u16(w, e->port);
}

static void
put_ip(struct wbuf *w, const struct endpoint *e)
{
	if (e->addr.family == 0)
		return;
	ben_put_key(w, "ip");
	wbuf_bytes(
	    w, e->addr.family == 4 ? "6:" : "18:", e->addr.family == 4 ? 2 : 3);
	put_compact(w, e);
}

static void
put_method(struct wbuf *w, const struct krpc_msg *m)
{
	if (m->method != KRPC_OTHER) {
		ben_put_key(w, "q");
		ben_put_key(w, krpc_method_name[m->method]);
	} else
		put_octets(w, "q", &m->name);
}

size_t
krpc_build(uint8_t *out, size_t cap, const struct krpc_msg *m)
{
	struct wbuf w;

	if (m->t.len == 0 || m->t.len > KRPC_T_MAX ||
	    (m->kind != KRPC_ERROR && m->id == NULL))
		return 0;
	wbuf_init(&w, out, cap);
	ben_put_dict(&w);
	if (m->kind == KRPC_QUERY)
		put_args(&w, "a", m);
	else if (m->kind == KRPC_ERROR)
		put_error(&w, m);
	put_ip(&w, &m->ip);
	put_fixed(&w, "n", m->tag, KRPC_TAG);
	if (m->kind == KRPC_QUERY)
		put_method(&w, m);
	else if (m->kind == KRPC_RESPONSE)
		put_args(&w, "r", m);
	put_uint(&w, "ro", m->read_only, 1);
	put_octets(&w, "t", &m->t);
	ben_put_key(&w, "v");
	ben_put_str(&w, VERSION, sizeof(VERSION) - 1);
	ben_put_key(&w, "y");
	ben_put_str(&w, &"qre"[m->kind], 1);
	ben_put_end(&w);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

void
krpc_put_node(struct wbuf *w, const struct dht_node *n)
{
	wbuf_bytes(w, n->id, DHT_ID);
	put_compact(w, &n->ep);
}

void
krpc_put_peers(struct wbuf *w, const struct endpoint *e, size_t n)
{
	ben_put_list(w);
	for (size_t i = 0; i < n; i++) {
		wbuf_bytes(w, e[i].addr.family == 4 ? "6:" : "18:",
		    e[i].addr.family == 4 ? 2 : 3);
		put_compact(w, &e[i]);
	}
	ben_put_end(w);
}
