/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_links.c */
/*
 * rtnetlink messages as the supervisor reads them: an index of the tunnel's
 * interface, then a datagram.  What a datagram says is what its messages say
 * one by one, told apart here by their lengths alone; and more behind them
 * takes nothing back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "links.h"

#define HEADER 16 /* struct nlmsghdr; the length is first */

static int
parse(const uint8_t *data, size_t len, uint32_t own)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	int what;

	if (len > 0)
		memcpy(copy, data, len);
	what = links_parse(copy, len, own);
	free(copy);
	if ((what & ~(LINKS_CAME | LINKS_LOOK)) != 0)
		abort();
	return what;
}

static int
one_by_one(const uint8_t *data, size_t len, uint32_t own)
{
	int what = 0;
	uint32_t n;

	while (len >= HEADER) {
		memcpy(&n, data, sizeof(n));
		if (n < HEADER || n > len || (n + 3) / 4 * 4 > len)
			break;
		n = (n + 3) / 4 * 4;
		what |= parse(data, n, own);
		data += n;
		len -= n;
	}
	return what;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t own;
	int what;

	if (len < sizeof(own))
		return 0;
	memcpy(&own, data, sizeof(own));
	data += sizeof(own);
	len -= sizeof(own);
	what = parse(data, len, own);
	if (what != one_by_one(data, len, own))
		abort();
	if ((parse(data, len / 2, own) & ~what) != 0)
		abort();
	return 0;
}
