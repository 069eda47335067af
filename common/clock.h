/* SPDX-License-Identifier: ISC */
/* file: common/clock.h */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/*
 * The only clocks.  Pure modules never include this header: they get
 * `now_ms` (or now_us) as an argument.
 */
uint64_t clock_mono_ms(void); /* CLOCK_BOOTTIME: goes on during suspend */
uint64_t clock_mono_us(void);
uint64_t clock_unix_ms(void); /* CLOCK_REALTIME */
uint64_t clock_cpu_us(void);  /* that this process has computed */
void clock_unix(uint64_t *sec, uint32_t *nsec);

#endif
