/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_pcp.c */
/*
 * The client of PCP and NAT-PMP, with state: steps of two octets, time or a
 * message of the gateway, of that many octets.  The nonce is always the same.
 * Oracles: what leaves has one of three lengths, a mapping has a port and an
 * end, and something is always due while one is wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "pcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define STEPS 200

static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 'n', len);
}

static int
send_to(void *ctx, const uint8_t *msg, size_t len)
{
	(void)ctx;
	if (msg[0] == 2 ? len != PCP_MAP_LEN : len != 2 && len != 12)
		abort();
	return 0;
}

static void
look(const struct pcp *p)
{
	if (p->state == PCP_UP &&
	    (p->external.port == 0 || p->end_ms < p->renew_ms))
		abort();
	if (p->state != PCP_OFF && pcp_due(p) == UINT64_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct addr gateway = {4, {10, 0, 0, 1}};
	static const struct addr source = {4, {10, 0, 0, 2}};
	struct pcp_io io = {.send = send_to, .rnd = {.fill = fill}};
	uint64_t now = 1000;
	struct pcp p;

	pcp_init(&p, &io);
	pcp_configure(&p, now, &gateway, &source, 51820);
	for (unsigned i = 0; i < STEPS && size >= 2; i++) {
		uint8_t how = data[0], arg = data[1], *msg;
		size_t n = arg < size - 2 ? arg : size - 2;

		data += 2;
		size -= 2;
		if (how < 0x80) {
			now += (uint64_t)arg << (how & 15);
			pcp_tick(&p, now);
			if (how >= 0x70)
				pcp_check(&p, now);
		} else {
			msg = malloc(n > 0 ? n : 1);
			memcpy(msg, data, n);
			(void)pcp_receive(&p, now, msg, n);
			free(msg);
			data += n;
			size -= n;
		}
		look(&p);
	}
	pcp_leave(&p);
	look(&p);
	return 0;
}
