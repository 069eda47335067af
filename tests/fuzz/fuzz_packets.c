/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_packets.c */
/*
 * The reader of packet containers.  Oracle: the records it gave, written
 * again by pkout, are the octets it consumed; and it never gives a packet
 * outside the container.  Every octet of a packet is touched, so that a
 * sanitizer sees a length that lies.
 */
#include <stdlib.h>
#include <string.h>

#include "packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile uint8_t touched;

static void
again(struct pkout *o, const uint8_t *vnet, const uint8_t *pkt, size_t len)
{
	uint8_t *at = pkout_begin(o, len);
	struct vnet v;

	if (at == NULL)
		abort();
	vnet_get(vnet, &v);
	vnet_put(&v, at);
	memcpy(at + PK_VNET, pkt, len);
	for (size_t i = 0; i < len; i++)
		touched ^= pkt[i];
	pkout_commit(o, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[PK_CONTAINER];
	uint8_t *box, *vnet, *pkt;
	struct pkout o;
	struct pkin in;
	size_t len;
	int rv;

	if (size > PK_CONTAINER)
		return 0;
	box = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(box, data, size);
	pkout_init(&o, out);
	pkin_init(&in, box, size);
	while ((rv = pkin_next(&in, &vnet, &pkt, &len)) == 1)
		again(&o, vnet, pkt, len);
	if (o.len != size - in.left || memcmp(out, box, o.len) != 0)
		abort();
	if ((rv == 0) != (in.left == 0))
		abort();
	free(box);
	return 0;
}
