/* SPDX-License-Identifier: ISC */
/* file: ctl/fmt.c */
/*
 * Numbers and times for people (see fmt.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "fmt.h"

#define YEAR_10000_MS 253402300800000u

const char *
fmt_bytes(char out[FMT_LEN], uint64_t n)
{
	static const char units[][4] = {
	    "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned shift = 10, u = 0;
	uint64_t whole, tenth;

	if (n < 1024) {
		snprintf(out, FMT_LEN, "%" PRIu64 " B", n);
		return out;
	}
	while (u < 5 && (n >> shift) >= 1024) {
		shift += 10;
		u++;
	}
	whole = n >> shift;
	tenth = (n & ((UINT64_C(1) << shift) - 1)) * 10 >> shift;
	if (whole < 100)
		snprintf(out, FMT_LEN, "%" PRIu64 ".%" PRIu64 " %s", whole,
		    tenth, units[u]);
	else
		snprintf(out, FMT_LEN, "%" PRIu64 " %s", whole, units[u]);
	return out;
}

const char *
fmt_span(char out[FMT_LEN], uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s == 0)
		snprintf(out, FMT_LEN, "%" PRIu64 " ms", ms);
	else if (s < 60)
		snprintf(out, FMT_LEN, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(
		    out, FMT_LEN, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, FMT_LEN, "%" PRIu64 "h%02" PRIu64 "m", s / 3600,
		    s / 60 % 60);
	else
		snprintf(out, FMT_LEN, "%" PRIu64 "d%02" PRIu64 "h", s / 86400,
		    s / 3600 % 24);
	return out;
}

int
fmt_span_parse(const char *text, uint64_t *s)
{
	static const struct {
		char unit;
		uint64_t s;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	uint64_t n = 0;
	size_t i = 0;

	for (; text[i] >= '0' && text[i] <= '9'; i++) {
		if (i == 9)
			return -1;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (n == 0 || text[i] == '\0' || text[i + 1] != '\0')
		return -1;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		if (units[u].unit == text[i]) {
			*s = n * units[u].s;
			return 0;
		}
	return -1;
}

const char *
fmt_age(char out[FMT_LEN], uint64_t now_ms, uint64_t then_ms)
{
	if (then_ms == 0)
		snprintf(out, FMT_LEN, "-");
	else if (now_ms < then_ms + 1000)
		snprintf(out, FMT_LEN, "now");
	else
		fmt_span(out, now_ms - then_ms);
	return out;
}

const char *
fmt_us(char out[FMT_LEN], uint32_t us)
{
	if (us < 1000000)
		snprintf(out, FMT_LEN, "%u.%u ms", us / 1000, us / 100 % 10);
	else
		snprintf(
		    out, FMT_LEN, "%u.%02u s", us / 1000000, us / 10000 % 100);
	return out;
}

const char *
fmt_count(char out[FMT_LEN], uint64_t n)
{
	snprintf(out, FMT_LEN, "%" PRIu64, n);
	return out;
}

bool
fmt_utc(char out[FMT_LEN], uint64_t unix_ms)
{
	time_t t = (time_t)(unix_ms / 1000);
	struct tm tm;

	return unix_ms != 0 && unix_ms < YEAR_10000_MS &&
	    gmtime_r(&t, &tm) != NULL &&
	    strftime(out, FMT_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm) != 0;
}

const char *
fmt_local(char out[FMT_LEN], uint64_t unix_ms)
{
	time_t t = (time_t)(unix_ms / 1000);
	struct tm tm;

	if (unix_ms == 0 || unix_ms >= YEAR_10000_MS ||
	    localtime_r(&t, &tm) == NULL ||
	    strftime(out, FMT_LEN, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, FMT_LEN, "-");
	return out;
}
