/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/mss.h */
#ifndef MSS_H
#define MSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkt.h"

/*
 * Clamping: the maximum segment size that a TCP SYN asks for (RFC 9293 section
 * 3.7.1) is made no more than packets of mtu octets have room for, so that the
 * other end never sends what would not pass.  Pure.
 *
 * data is a packet of len octets as p says: what p points to is not looked at,
 * it may be memory that another process writes.  Its checksum must be right,
 * and stays so.  True: something changed.  What is no SYN, or has no such
 * option, or one that is cut off, is left alone.
 */
#define MSS_LEAST 88 /* never less: no host would take it seriously */

bool mss_clamp(uint8_t *data, size_t len, const struct pkt *p, uint16_t mtu);

#endif
