/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_pkt.c */
/*
 * The engine's packet parser against its twin.  Input: one packet.  What it
 * accepts is also asked for its transport header and for an ICMP error.
 */
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "icmp.h"
#include "pkt.h"
#include "twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
compare(const struct twin *t, const struct pkt *p)
{
	bool piece = t->more || t->offset > 0;

	require(p->version == t->version && p->proto == t->proto);
	require(p->ttl == t->ttl && p->tos == t->tos && p->df == t->df);
	require((long)p->ip_len == t->total && p->l4 == t->l4);
	require(p->first == (t->offset == 0) && p->fragment == piece);
	require(p->fixed == (t->atomic_header || t->ah));
	require(memcmp(p->src.b, t->src, 16) == 0);
	require(memcmp(p->dst.b, t->dst, 16) == 0);
	if (piece || t->dport == -1)
		require(p->sport == 0 && p->dport == 0);
	else
		require(p->sport == t->sport && p->dport == t->dport);
}

/* An error about it is itself a packet, with right sums, and ends a chain. */
static void
complain(const struct pkt *p)
{
	uint8_t out[ICMP_MAX], again[ICMP_MAX];
	struct pkt q;
	size_t len;
	uint16_t sum = 0;

	for (unsigned what = ICMP_NO_ROUTE; what <= ICMP_TOO_BIG; what++) {
		len = icmp_make(out, (enum icmp_what)what, 1400, p);
		require(len <= ICMP_MAX);
		if (len == 0)
			continue;
		require(pkt_parse(&q, out, len) == 0 && q.ip_len == len);
		if (q.version == 6)
			sum = twin_pseudo(out, q.proto, len - q.l4);
		require(twin_sum(sum, out + q.l4, len - q.l4) == 0xffff);
		require(icmp_make(again, ICMP_HOST, 0, &q) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct flow_key k;
	struct twin t;
	struct pkt p;
	uint8_t *b;
	long l4;

	b = malloc(len + (len == 0));
	if (b == NULL)
		return 0;
	if (len > 0)
		memcpy(b, data, len);
	twin_parse(&t, b, len, TWIN_PKT);
	require((pkt_parse(&p, b, len) == 0) == t.sane);
	if (t.sane) {
		compare(&t, &p);
		l4 = twin_l4(&t, b);
		require(pkt_l4_hdr(&p) == (l4 == -1 ? 0 : (size_t)l4));
		flow_key(&k, &p);
		complain(&p);
	}
	free(b);
	return 0;
}
