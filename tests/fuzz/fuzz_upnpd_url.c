/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_upnpd_url.c */
/*
 * URLs that devices on the link give: what is taken begins with the address in
 * exactly one spelling.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr at = {.family = 4};
	char begin[32], *url;
	size_t n;

	if (size < 4 || (url = malloc(size - 3)) == NULL)
		return 0;
	memcpy(at.b, data, 4);
	memcpy(url, data + 4, size - 4);
	url[size - 4] = '\0';
	n = (size_t)snprintf(begin, sizeof(begin), "http://%u.%u.%u.%u",
	    at.b[0], at.b[1], at.b[2], at.b[3]);
	if (url_is_at(url, &at) &&
	    (strncmp(url, begin, n) != 0 || strchr(":/", url[n]) == NULL))
		abort();
	free(url);
	return 0;
}
