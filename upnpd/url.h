/* SPDX-License-Identifier: ISC */
/* file: upnpd/url.h */
#ifndef URL_H
#define URL_H

#include <stdbool.h>

#include "addr.h"

/*
 * Is it "http://", the address in digits, perhaps a port, then a path or the
 * end?  What a gateway says of itself must lead to itself.  Pure.
 */
bool url_is_at(const char *url, const struct addr *);

#endif
