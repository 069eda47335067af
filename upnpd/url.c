/* SPDX-License-Identifier: ISC */
/* file: upnpd/url.c */
/* Where a URL of a device leads to: see url.h. */
#include <stddef.h>
#include <string.h>

#include "url.h"

#define SCHEME "http://"

/* A decimal number up to max, without leading zeros; NULL: it is none. */
static const char *
number(const char *s, unsigned max, unsigned *out)
{
	unsigned v = 0, digits = 0;

	for (; *s >= '0' && *s <= '9'; s++, digits++) {
		if (digits > 0 && v == 0)
			return NULL;
		v = v * 10 + (unsigned)(*s - '0');
		if (v > max)
			return NULL;
	}
	*out = v;
	return digits == 0 ? NULL : s;
}

bool
url_is_at(const char *url, const struct addr *at)
{
	const char *s = url;
	unsigned v;

	if (at->family != 4 || strncmp(s, SCHEME, strlen(SCHEME)) != 0)
		return false;
	s += strlen(SCHEME);
	for (int i = 0; i < 4; i++) {
		if ((s = number(s, 255, &v)) == NULL || v != at->b[i])
			return false;
		if (i < 3 && *s++ != '.')
			return false;
	}
	if (*s == ':' &&
	    ((s = number(s + 1, UINT16_MAX, &v)) == NULL || v == 0))
		return false;
	return *s == '/' || *s == '\0';
}
