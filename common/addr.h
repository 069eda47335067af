/* SPDX-License-Identifier: ISC */
/* file: common/addr.h */
#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr_storage;
struct rbuf;
struct wbuf;

/*
 * Addresses, prefixes and endpoints as values: one form in memory, one on the
 * wire, one in text.  family is 4 or 6 (0: none), never AF_*.  IPv4 uses the
 * first four octets of b, the rest are zero, so that memcmp compares.
 * A v4-mapped IPv6 address is turned into IPv4 by addr_canonical, which every
 * function that takes an address from outside calls before it compares.
 *
 * ADDR_LABEL is no address but a number in b[0..3], of a way through another
 * member: it stays in the engine.  Text and wire have it as "none".
 */
#define ADDR_LABEL 1

struct addr {
	uint8_t family;
	uint8_t b[16];
};

struct prefix {
	struct addr addr; /* host bits kept as given; prefix_mask clears them */
	uint8_t len;
};

struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

#define ADDR_STRLEN 48     /* "ffff:...:255.255.255.255" and NUL */
#define PREFIX_STRLEN 52   /* ... "/128" */
#define ENDPOINT_STRLEN 56 /* "[addr]:65535" */

/* numeric only, v4-mapped stays what it is; 0, or -1 and *a untouched */
int addr_parse(const char *, struct addr *a);
/* returns out; "-" for family 0 */
const char *addr_format(const struct addr *, char out[ADDR_STRLEN]);
void addr_canonical(struct addr *);
bool addr_eq(const struct addr *, const struct addr *);
bool addr_is_any(const struct addr *); /* 0.0.0.0, :: */
/*
 * Never a unicast address of a host beyond this link: 0/8, 127/8, 169.254/16,
 * 224/4, 255.255.255.255, ::, ::1, fe80::/10, ff00::/8, v4-mapped; and "none".
 */
bool addr_is_special(const struct addr *);
/* Of a private network: RFC 1918, RFC 6598, RFC 4193. */
bool addr_is_private(const struct addr *);
uint8_t addr_bits(const struct addr *); /* 32 or 128; 0: no family */

/* "a/len", or bare "a" for the host; 0, or -1 and *p untouched */
int prefix_parse(const char *, struct prefix *p);
const char *prefix_format(const struct prefix *, char out[PREFIX_STRLEN]);
void prefix_mask(struct prefix *);
bool prefix_has(const struct prefix *, const struct addr *);
bool prefix_overlaps(const struct prefix *, const struct prefix *);
bool prefix_eq(
    const struct prefix *, const struct prefix *); /* host bits too */

bool endpoint_eq(const struct endpoint *, const struct endpoint *);
const char *endpoint_format(const struct endpoint *, char[ENDPOINT_STRLEN]);
/* returns the sockaddr's length, 0 if the family is unknown */
size_t endpoint_to_sa(const struct endpoint *, struct sockaddr_storage *);
/* 0 (canonical), or -1: neither IPv4 nor IPv6 */
int endpoint_from_sa(const struct sockaddr_storage *, struct endpoint *);

/*
 * wire: u8 family, 16 octets (unused ones zero); prefix + u8 len; endpoint +
 * u16 port.  Family 0 is legal ("none"): whoever needs an address checks.
 */
void addr_put(struct wbuf *, const struct addr *);
void addr_get(struct rbuf *, struct addr *);
void prefix_put(struct wbuf *, const struct prefix *);
void prefix_get(struct rbuf *, struct prefix *);
void endpoint_put(struct wbuf *, const struct endpoint *);
void endpoint_get(struct rbuf *, struct endpoint *);

#endif
