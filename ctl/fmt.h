/* SPDX-License-Identifier: ISC */
/* file: ctl/fmt.h */
#ifndef FMT_H
#define FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers and times for people: every one with its unit.  Pure, except that
 * fmt_local asks the C library for the time zone.  All write into out (FMT_LEN
 * octets) and return it.
 */
#define FMT_LEN 48

/* "0 B", "1023 B", "1.5 KiB", "512 MiB": IEC, one decimal below 100 */
const char *fmt_bytes(char out[FMT_LEN], uint64_t n);
/* "250 ms", "12s", "1m31s", "2h05m", "2d04h": the two largest units */
const char *fmt_span(char out[FMT_LEN], uint64_t ms);
/* how long ago: "-" for then_ms 0, "now" below a second */
const char *fmt_age(char out[FMT_LEN], uint64_t now_ms, uint64_t then_ms);
/* "0.4 ms", "48.2 ms", "1.20 s" */
const char *fmt_us(char out[FMT_LEN], uint32_t us);
/* "90s", "15m", "12h", "30d", "52w": 0 and seconds above 0, or -1 */
int fmt_span_parse(const char *, uint64_t *s);
const char *fmt_count(char out[FMT_LEN], uint64_t n);
/* "2026-11-21T03:12:53Z"; false for 0 and for times after the year 9999 */
bool fmt_utc(char out[FMT_LEN], uint64_t unix_ms);
/* "2026-11-21 04:12:53" in local time; "-" where fmt_utc is false */
const char *fmt_local(char out[FMT_LEN], uint64_t unix_ms);

#endif
