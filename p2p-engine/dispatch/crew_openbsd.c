/* SPDX-License-Identifier: ISC */
/* What crew.c needs of OpenBSD. */
#include <unistd.h>

#include "crew.h"

unsigned
crew_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)n;
}

void
crew_one_heap(void)
{
	/* malloc's pools are few, and pledge lets them grow */
}

void
crew_breathe(void)
{
}
