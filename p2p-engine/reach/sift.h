/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/sift.h */
#ifndef SIFT_H
#define SIFT_H

#include <stdint.h>

#include "sieve.h"

/*
 * The system throws datagrams away by rules (sieve.h) before they take room in
 * a socket's receive buffer.  What passes is every message of a type that there
 * is (1 to 6, the three octets after it zero), STUN by its magic cookie, and
 * what a TURN server frames (first octet 0x40 to 0x4f).
 */

/* family of the socket; no rules: all passes.  0, or -1 and errno. */
int sift_set(int fd, uint8_t family, const struct sieve_rules *);
/* How many it threw away, or had no room for, since the socket is there. */
uint32_t sift_lost(int fd);

#endif
