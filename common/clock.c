/* SPDX-License-Identifier: ISC */
/* file: common/clock.c */
/*
 * The clocks.  The monotonic one counts suspended time too: a key that
 * was valid before the lid closed must not be valid after a night.
 */
#include <stdlib.h>
#include <time.h>

#include "clock.h"

/* Both clocks exist on every system we run on; without one nothing holds. */
static struct timespec
now(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		abort();
	return ts;
}

uint64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

uint64_t
clock_mono_us(void)
{
	struct timespec ts = now(CLOCK_BOOTTIME);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_unix_ms(void)
{
	struct timespec ts = now(CLOCK_REALTIME);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
clock_cpu_us(void)
{
	struct timespec ts = now(CLOCK_PROCESS_CPUTIME_ID);

	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void
clock_unix(uint64_t *sec, uint32_t *nsec)
{
	struct timespec ts = now(CLOCK_REALTIME);

	*sec = (uint64_t)ts.tv_sec;
	*nsec = (uint32_t)ts.tv_nsec;
}
