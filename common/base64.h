/* SPDX-License-Identifier: ISC */
/* file: common/base64.h */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>
#include <stdint.h>

/*
 * Base64 (RFC 4648, section 4) of any length, for what lies in files: seeds,
 * certificates, records.  Pure.  Only the canonical form is read: padded, no
 * blanks, no bits left over; so one value has one text.  Secrets pass through:
 * no table is indexed by them.  A key of 32 octets: key_parse of conf.h.
 */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4) /* characters, without a NUL */

/* BASE64_LEN(len) characters and a NUL into out, which has room for them. */
char *base64_put(char *out, const void *data, size_t len);
/*
 * How many octets they were, or -1: not canonical, or more than cap.  Of no
 * characters: 0.
 */
long base64_get(void *out, size_t cap, const char *text, size_t len);

#endif
