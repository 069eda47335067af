/* SPDX-License-Identifier: ISC */
/* file: common/rnd.h */
#ifndef RND_H
#define RND_H

#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's random numbers.  Pure modules never include this header; they
 * are handed a `struct rnd_src`, so that the simulator can seed them.
 */
struct rnd_src {
	void (*fill)(void *ctx, void *out, size_t len);
	void *ctx;
};

void rnd_bytes(void *out, size_t len); /* getrandom(2); aborts if it can't */
struct rnd_src rnd_kernel(void);
uint32_t rnd_u32(const struct rnd_src *);
uint32_t rnd_below(const struct rnd_src *, uint32_t n); /* unbiased, n > 0 */

#endif
