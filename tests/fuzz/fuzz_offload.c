/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_offload.c */
/*
 * Cutting and merging.  Input: ten octets of offload fields and a packet, as
 * they come from the TUN.  What can be cut gives pieces that are right in
 * themselves and carry the same octets; merging the pieces and cutting the
 * result gives the very same pieces again.
 */
#include <stdlib.h>
#include <string.h>

#include "offload.h"
#include "twin.h"

#define PIECES_MAX (65535 / SPLIT_TCP_MIN + 1)
#define LOG_MAX (2 * PK_IP_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Pieces in a row; what does not fit into b is only counted. */
struct log {
	uint8_t b[LOG_MAX];
	size_t len;
	unsigned n;
};

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
log_add(struct log *l, const uint8_t *p, size_t len)
{
	l->n++;
	if (l->len + len > sizeof(l->b))
		return;
	memcpy(l->b + l->len, p, len);
	l->len += len;
}

/* Cut into l; the pieces' buffer is exactly as long as it must be. */
static void
cut(struct split *s, struct log *l)
{
	size_t cap = split_longest(s), len;
	uint8_t *out = malloc(cap);

	require(out != NULL);
	while ((len = split_next(s, out, cap)) > 0)
		log_add(l, out, len);
	free(out);
}

static void
commit(struct merge *m, struct log *l)
{
	struct split s;
	struct vnet v;
	size_t len = merge_finish(m, &v);

	if (len == 0)
		return;
	require(split_init(&s, &v, m->buf, len) == 0);
	require(v.gso_type == VNET_GSO_NONE || split_count(&s) > 1);
	cut(&s, l);
}

/* Cut, with every piece looked at and merged again into `again`. */
static void
cut_and_merge(struct split *s, struct log *pieces, struct log *again)
{
	static uint8_t buf[PK_IP_MAX], out[PK_IP_MAX];
	size_t len, at = s->hdr, longest = 0;
	struct merge m;
	struct pkt p;

	merge_init(&m, buf);
	while ((len = split_next(s, out, sizeof(out))) > 0) {
		require(pkt_parse(&p, out, len) == 0 && p.ip_len == len);
		if (s->v.flags == VNET_F_NEEDS_CSUM &&
		    s->v.gso_type != VNET_GSO_NONE)
			require(twin_sums_right(out, len));
		if (s->v.gso_type != VNET_GSO_NONE) {
			require(memcmp(out + s->hdr, s->pkt + at,
				    len - s->hdr) == 0);
			at += len - s->hdr;
		}
		longest = len > longest ? len : longest;
		log_add(pieces, out, len);
		if (!merge_add(&m, &p)) {
			commit(&m, again);
			merge_open(&m, &p);
		}
	}
	commit(&m, again);
	require(s->v.gso_type == VNET_GSO_NONE || at == s->len);
	require(longest == split_longest(s) && pieces->n == split_count(s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct log pieces, again;
	struct split s;
	struct vnet v;
	uint8_t *b;

	if (len < PK_VNET)
		return 0;
	vnet_get(data, &v);
	len -= PK_VNET;
	b = malloc(len + (len == 0));
	if (b == NULL)
		return 0;
	memcpy(b, data + PK_VNET, len);
	if (split_init(&s, &v, b, len) == 0) {
		pieces.len = again.len = 0;
		pieces.n = again.n = 0;
		require(split_count(&s) <= PIECES_MAX);
		cut_and_merge(&s, &pieces, &again);
		require(pieces.n == again.n && pieces.len == again.len);
		require(memcmp(pieces.b, again.b, pieces.len) == 0);
	}
	free(b);
	return 0;
}
