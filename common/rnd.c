/* SPDX-License-Identifier: ISC */
/* file: common/rnd.c */
/*
 * Random numbers from the kernel, and the two shapes in which everybody wants
 * them.  getentropy(3) is getrandom(2) on Linux and a call of its own on
 * OpenBSD; it gives at most 256 octets at a time and never short.
 */
#include <stdlib.h>
#include <unistd.h>

#include "rnd.h"

#define CHUNK 256

void
rnd_bytes(void *out, size_t len)
{
	uint8_t *p = out;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < CHUNK ? len : CHUNK;
		/* a key made of anything else is worse than no process */
		if (getentropy(p, n) == -1)
			abort();
	}
}

static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	rnd_bytes(out, len);
}

struct rnd_src
rnd_kernel(void)
{
	return (struct rnd_src){.fill = fill, .ctx = NULL};
}

uint32_t
rnd_u32(const struct rnd_src *src)
{
	uint32_t v = 0;

	src->fill(src->ctx, &v, sizeof(v));
	return v;
}

/* The low 2^32 mod n values are rejected: what is left is a multiple of n. */
uint32_t
rnd_below(const struct rnd_src *src, uint32_t n)
{
	uint32_t min, v;

	if (n < 2)
		return 0;
	min = (UINT32_MAX - n + 1) % n;
	do
		v = rnd_u32(src);
	while (v < min);
	return v % n;
}
