/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_http.c */
/*
 * mesh-exporter's HTTP: what a stranger sends, in any pieces.  Oracle: more
 * octets never change an answer that was given, an answer comes before the
 * buffer is full, and it is one of those that there are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[HTTP_REQUEST_MAX];
	struct http_request a, b;
	int first = 0;
	size_t at = 0;

	if (len > sizeof(text))
		len = sizeof(text);
	memcpy(text, data, len);
	for (size_t n = 0; n <= len && first == 0; n++) {
		first = http_parse(text, n, &a);
		at = n;
	}
	if (first == 0) {
		if (len == sizeof(text))
			abort();
		return 0;
	}
	if (strcmp(http_reason((enum http_status)first), "?") == 0)
		abort();
	/* all at once, as a socket may give it */
	if (http_parse(text, len, &b) != first && at != len &&
	    first != HTTP_TOO_LONG)
		abort();
	if (first == HTTP_OK &&
	    (a.page != b.page || a.head != b.head ||
		a.openmetrics != b.openmetrics))
		abort();
	return 0;
}
