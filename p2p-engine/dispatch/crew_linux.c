/* SPDX-License-Identifier: ISC */
/* What crew.c needs of Linux and its libc. */
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include "crew.h"

/* Those that its cpuset leaves it, which may be fewer than there are. */
unsigned
crew_cores(void)
{
	cpu_set_t set;
	long n;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return (unsigned)CPU_COUNT(&set);
	n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : (unsigned)n;
}

/*
 * glibc gives a thread a heap of its own, which grows by mprotect and is 64
 * MiB of address space from the start: neither is left to a confined process.
 * The threads allocate at their start only, so there is nothing to win by it.
 */
void
crew_one_heap(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 1);
#endif
}

void
crew_breathe(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("yield");
#endif
}
