/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_guard.c */
/*
 * The guard against its twin, both ways.  Input: one octet (bit 0: ports are
 * filtered), ten of offload fields, the packet.
 */
#include <stdlib.h>

#include "guard.h"
#include "pktgen.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conf_node c;
	struct guard *guard;
	struct vnet v;
	uint8_t *b; /* what it may look at, and no more */
	size_t head;

	if (len < 1 + PK_VNET)
		return 0;
	gen_node(&c, data[0] & 1);
	vnet_get(data + 1, &v);
	data += 1 + PK_VNET;
	len -= 1 + PK_VNET;
	guard = guard_new(&c);
	head = len < GUARD_HEAD ? len : GUARD_HEAD;
	b = malloc(head + (head == 0));
	if (guard != NULL && b != NULL) {
		memcpy(b, data, head);
		require(
		    guard_in(guard, &v, b, len) == twin_in(&c, &v, data, len));
		require(guard_out(guard, &v, b, len) ==
		    twin_out(&c, &v, data, len));
	}
	free(b);
	guard_free(guard);
	return 0;
}
