/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/icmp.h */
#ifndef ICMP_H
#define ICMP_H

#include <stddef.h>
#include <stdint.h>

#include "pkt.h"

/*
 * Errors for the local host about packets that can't go: ICMP (RFC 792, 1191,
 * 1812) and ICMPv6 (RFC 4443).  The source is the destination of the packet
 * it is about (the guard lets overlay sources in).  Pure.  Never about ICMP
 * errors and redirects, fragments other than the first, special addresses
 * (multicast, broadcast, unspecified, ...); too big never about an IPv4 packet
 * that may be cut (DF clear).
 */
enum icmp_what {
	ICMP_NO_ROUTE,   /* 3/0, 1/0 */
	ICMP_HOST,       /* 3/1, 1/3 */
	ICMP_PROHIBITED, /* 3/13, 1/1 */
	ICMP_TOO_BIG     /* 3/4, 2/0 with mtu */
};
#define ICMP_MAX 1280

/*
 * Length written to out (room for ICMP_MAX octets; at most 576 for IPv4), 0:
 * none must be sent.  about must have been parsed; out must not overlap it.
 */
size_t icmp_make(
    uint8_t *out, enum icmp_what, uint16_t mtu, const struct pkt *about);

#endif
