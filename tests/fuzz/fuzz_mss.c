/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_mss.c */
/*
 * Clamping the MSS of any packet.  Input: two octets of MTU, and the packet.
 * Nothing but the option's value and the checksum may change, a second time
 * nothing at all, and the sum is as right as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "mss.h"
#include "twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

/* How far the transport checksum is from right. */
static uint32_t
error_of(const uint8_t *b, const struct pkt *p)
{
	size_t n = p->ip_len - p->l4;
	uint32_t sum = csum_pseudo(p, p->proto, (uint32_t)n);

	return csum_fold(csum_add(sum, b + p->l4, n)) % 0xffff;
}

static void
changed(const uint8_t *was, const uint8_t *is, const struct pkt *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->ip_len; i++)
		if (was[i] != is[i] && (i < p->l4 + 16u || i >= p->l4 + 18u)) {
			require(i >= p->l4 + 22u && i < p->l4 + 60u);
			n++;
		}
	require(n == 1 || n == 2);
	require(error_of(was, p) == error_of(is, p));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint16_t mtu;
	uint8_t *b, *was;
	struct pkt p;

	if (len < 3)
		return 0;
	mtu = pkt_u16(data);
	len -= 2;
	b = malloc(len);
	was = malloc(len);
	if (b != NULL && was != NULL) {
		memcpy(was, data + 2, len);
		memcpy(b, was, len);
		if (pkt_parse(&p, was, len) == 0) {
			if (mss_clamp(b, p.ip_len, &p, mtu))
				changed(was, b, &p);
			else
				require(memcmp(b, was, len) == 0);
			require(!mss_clamp(b, p.ip_len, &p, mtu));
		}
	}
	free(was);
	free(b);
	return 0;
}
