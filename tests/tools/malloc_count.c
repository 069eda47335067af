/* SPDX-License-Identifier: ISC */
/* file: tests/tools/malloc_count.c */
/*
 * Counts every allocation of the program it is linked into, libraries
 * included: t_malloc links it into tunnel-priv and p2p-engine.
 *
 * An executable's own malloc takes the place of libc's for everybody (glibc
 * manual, "Replacing malloc"), which also works where LD_PRELOAD does not: the
 * daemons are started from a descriptor with an empty environment.  What is
 * asked for goes on to libc, under the names it has there.
 *
 * Read from outside, as root, from /proc/PID/mem: see tests/netns/t_malloc,
 * which knows the order of the counters.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	COUNT_MALLOC,
	COUNT_CALLOC,
	COUNT_REALLOC,
	COUNT_ALIGNED,
	COUNT_FREE,   /* of something */
	COUNT_OCTETS, /* asked for */
	COUNT_N
};

#define WHERE 64

/* The last WHERE callers, so that who allocated can be looked up. */
extern _Atomic uint64_t malloc_count[COUNT_N];
extern _Atomic uintptr_t malloc_where[WHERE];
_Atomic uint64_t malloc_count[COUNT_N];
_Atomic uintptr_t malloc_where[WHERE];

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void
count(unsigned what, size_t octets, const void *caller)
{
	uint64_t n = malloc_count[COUNT_MALLOC] + malloc_count[COUNT_CALLOC] +
	    malloc_count[COUNT_REALLOC] + malloc_count[COUNT_ALIGNED];

	malloc_where[n % WHERE] = (uintptr_t)caller;
	malloc_count[what]++;
	malloc_count[COUNT_OCTETS] += octets;
}

void *
malloc(size_t n)
{
	count(COUNT_MALLOC, n, __builtin_return_address(0));
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	count(COUNT_CALLOC, n * size, __builtin_return_address(0));
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	count(COUNT_REALLOC, n, __builtin_return_address(0));
	return __libc_realloc(p, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	count(COUNT_ALIGNED, n, __builtin_return_address(0));
	return __libc_memalign(align, n);
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	void *new;

	count(COUNT_ALIGNED, n, __builtin_return_address(0));
	if ((new = __libc_memalign(align, n)) == NULL)
		return ENOMEM;
	*p = new;
	return 0;
}

void
free(void *p)
{
	if (p != NULL)
		malloc_count[COUNT_FREE]++;
	__libc_free(p);
}
