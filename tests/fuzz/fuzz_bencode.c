/* SPDX-License-Identifier: ISC */
/*
 * Bencode.  Oracle: a slow recursive parser finds the same end and the same
 * members; taking apart what was never checked touches nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "bencode.h"
#include "slow_bencode.h"

#define LONGEST 16384

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* As if the octets had been checked. */
static void
take_apart(const uint8_t *data, size_t len)
{
	struct octets whole = {data, len}, key, value;
	struct ben_iter it;
	int64_t n;

	ben_find(&whole, "key", &value);
	ben_int(&whole, &n);
	ben_str(&whole, &value);
	if (!ben_open(&it, &whole))
		return;
	while (ben_next(&it, &key, &value))
		if (value.len == 0 || !ben_is_value(value.p, value.len) ||
		    value.p < data || value.p + value.len > data + len)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	if (len > LONGEST)
		return 0;
	copy = malloc(len == 0 ? 1 : len);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, len);
	if (!both_agree(copy, len))
		abort();
	take_apart(copy, len);
	free(copy);
	return 0;
}
