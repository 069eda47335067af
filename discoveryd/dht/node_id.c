/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/node_id.c */
/*
 * BEP42: the first 21 bits of an id are those of CRC32C over the address, of
 * which only some bits count (fewer towards the front, so that a whole network
 * has not many places), and three bits of the id's last octet.
 */
#include "node_id.h"

#include <string.h>

/* CRC32C (Castagnoli), RFC 3720 B.4; of 8 octets now and then: no table. */
static uint32_t
crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	while (len-- > 0) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static bool
exempt4(const uint8_t b[16])
{
	return b[0] == 10 || b[0] == 127 || (b[0] == 172 && b[1] >> 4 == 1) ||
	    (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254);
}

static bool
exempt6(const uint8_t b[16])
{
	static const uint8_t loopback[16] = {[15] = 1};

	return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && b[1] >> 6 == 2) ||
	    memcmp(b, loopback, sizeof(loopback)) == 0;
}

bool
node_id_exempt(const struct addr *a)
{
	if (a->family == 4)
		return exempt4(a->b);
	return a->family != 6 || exempt6(a->b);
}

/* What the address makes of the first 21 bits. */
static uint32_t
prefix(const struct addr *a, uint8_t seed)
{
	static const uint8_t mask4[4] = {0x03, 0x0f, 0x3f, 0xff};
	static const uint8_t mask6[8] = {
	    0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff};
	const uint8_t *mask = a->family == 4 ? mask4 : mask6;
	size_t n = a->family == 4 ? sizeof(mask4) : sizeof(mask6);
	uint8_t in[8];

	for (size_t i = 0; i < n; i++)
		in[i] = a->b[i] & mask[i];
	in[0] |= (uint8_t)((seed & 7) << 5);
	return crc32c(in, n) & 0xfffff800;
}

void
node_id_bind(uint8_t id[DHT_ID], const struct addr *a, uint8_t seed)
{
	uint32_t bits = prefix(a, seed);

	id[0] = (uint8_t)(bits >> 24);
	id[1] = (uint8_t)(bits >> 16);
	id[2] = (uint8_t)((id[2] & 7) | (bits >> 8 & 0xf8));
	id[DHT_ID - 1] = seed;
}

void
node_id_make(
    uint8_t id[DHT_ID], const struct addr *a, const struct rnd_src *rnd)
{
	rnd->fill(rnd->ctx, id, DHT_ID);
	if (!node_id_exempt(a))
		node_id_bind(id, a, id[DHT_ID - 1]);
}

bool
node_id_fits(const uint8_t id[DHT_ID], const struct addr *a)
{
	uint32_t bits;

	if (node_id_exempt(a))
		return true;
	bits = prefix(a, id[DHT_ID - 1]);
	return id[0] == (uint8_t)(bits >> 24) &&
	    id[1] == (uint8_t)(bits >> 16) &&
	    (id[2] & 0xf8) == (bits >> 8 & 0xf8);
}
