/* SPDX-License-Identifier: ISC */
/*
 * Messages of the DHT.  Oracle: what was read and is written again reads the
 * same, and written once more is the same octets; everything that the struct
 * points to lies in the datagram.
 */
#include <stdlib.h>
#include <string.h>

#include "krpc.h"
#include "krpc_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint8_t *begin, *end;

static void
must(bool what)
{
	if (!what)
		abort();
}

static void
inside(const uint8_t *p, size_t len)
{
	must(p == NULL || (p >= begin && len <= (size_t)(end - p)));
}

static void
all_inside(const struct krpc_msg *m)
{
	inside(m->t.p, m->t.len);
	inside(m->name.p, m->name.len);
	inside(m->tag, KRPC_TAG);
	inside(m->id, DHT_ID);
	inside(m->target, DHT_ID);
	inside(m->token.p, m->token.len);
	inside(m->nodes.p, m->nodes.len);
	inside(m->nodes6.p, m->nodes6.len);
	inside(m->values.p, m->values.len);
	inside(m->v.p, m->v.len);
	inside(m->k, 32);
	inside(m->sig, 64);
	inside(m->salt.p, m->salt.len);
	inside(m->text.p, m->text.len);
	must(m->token.len <= KRPC_TOKEN_MAX && m->t.len <= KRPC_T_MAX);
	must(m->v.p == NULL || ben_is_value(m->v.p, m->v.len));
	must(m->seq <= INT64_MAX);
}

static void
use(const struct krpc_msg *m)
{
	struct dht_item item;
	struct dht_node n;

	for (uint8_t family = 4; family <= 6; family += 2)
		for (size_t i = 0; i < krpc_nnodes(m, family); i++) {
			krpc_node(m, family, i, &n);
			must(n.ep.addr.family == family);
		}
	if (krpc_item(&item, m) == KRPC_E_NONE)
		must(item.vlen <= DHT_V_MAX && item.saltlen <= DHT_SALT_MAX);
}

static void
round_trip(const struct krpc_msg *m, size_t len)
{
	size_t cap = len + 256, n, again;
	uint8_t *first = malloc(cap), *second = malloc(cap);
	struct krpc_msg want = *m, b;
	const char *text = krpc_code_text(m->code);

	must(first != NULL && second != NULL);
	/* an error without a text gets one */
	if (m->kind == KRPC_ERROR && m->text.p == NULL)
		want.text =
		    (struct octets){(const uint8_t *)text, strlen(text)};
	n = krpc_build(first, cap, m);
	must(n > 0);
	must(krpc_parse(&b, first, n) == KRPC_FINE);
	must(krpc_same(&want, &b));
	again = krpc_build(second, cap, &b);
	must(again == n && memcmp(first, second, n) == 0);
	free(first);
	free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	struct krpc_msg m;
	enum krpc_fault f;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, len);
	begin = copy;
	end = copy + len;
	f = krpc_parse(&m, copy, len);
	all_inside(&m);
	if (f >= KRPC_BAD_METHOD)
		must(m.t.len > 0);
	if (f == KRPC_FINE) {
		use(&m);
		round_trip(&m, len);
	}
	free(copy);
	return 0;
}
