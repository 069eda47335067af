/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_msg.c */
/*
 * Every decoder of msg.h: the first octet is the type's number, the rest a
 * payload.  Oracle: a payload that is taken encodes to the same octets, keeps
 * its strings ended, and has a length that the list of messages allows.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "msg.h"
#include "msg_any.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct bounds {
	unsigned type;
	size_t min, max;
} bounds[] = {
#define M_BOUNDS(n, no, lo, hi, f, who, st) {no, lo, hi},
    MESSAGES(M_BOUNDS)
#undef M_BOUNDS
};

static int
in_bounds(unsigned type, size_t len)
{
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (bounds[i].type == type)
			return len >= bounds[i].min && len <= bounds[i].max;
	return 0;
}

static void
round_trip(unsigned type, const uint8_t *in, size_t len)
{
	static union any_msg m;
	static uint8_t out[IPC_BODY_MAX];
	struct rbuf r;
	struct wbuf w;

	memset(&m, 0x5a, sizeof(m));
	rbuf_init(&r, in, len);
	if (any_get(type, &r, &m) == -1)
		return;
	if (!in_bounds(type, len))
		abort();
	wbuf_init(&w, out, sizeof(out));
	any_put(type, &w, &m);
	if (wbuf_done(&w) == -1 || w.len != len || memcmp(out, in, len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size == 0 || !any_has(data[0]))
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	round_trip(copy[0], copy + 1, size - 1);
	free(copy);
	return 0;
}
