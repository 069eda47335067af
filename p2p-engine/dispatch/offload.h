/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/offload.h */
#ifndef OFFLOAD_H
#define OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packets.h"
#include "pkt.h"

/*
 * Super-packets: cutting what the TUN gives (TSO, USO, partial checksums) into
 * real packets, and merging segments of one flow into what the TUN takes.
 * Pure; no allocation.
 *
 * Cutting (RFC 9293, RFC 768; virtio 1.2 section 5.1.6): at gso_size; headers
 * are copied and fixed: IP length and id, TCP sequence, FIN and PSH only on
 * the last, CWR only on the first, UDP length; every checksum is made right.
 */
#define SPLIT_TCP_MIN 8   /* least gso_size: the least MSS, full options */
#define SPLIT_UDP_MAX 128 /* packets in one UDP super-packet */

struct split {
	const uint8_t *pkt;
	size_t len, off; /* off: next payload octet */
	struct vnet v;
	struct pkt p;
	size_t hdr; /* IP and transport header */
	uint32_t index;
	bool done;
};

/*
 * 0, or -1: offload fields and packet contradict each other, or it can't be
 * cut (fragment, AH, gso_size under SPLIT_TCP_MIN, over SPLIT_UDP_MAX
 * packets).  hdr_len of a super-packet may be longer than its headers (the
 * kernel says how much it has in one piece), never shorter.
 */
int split_init(
    struct split *, const struct vnet *, const uint8_t *pkt, size_t len);
/*
 * Cut it so that no packet is longer than max: a TCP super-packet at a smaller
 * size, or a plain TCP packet whose checksum is still to be made, so that its
 * octets are the host's own (RFC 9293 section 3.7: where a stream is cut is up
 * to whoever sends it).  Before the first packet is taken.  False: it can't be,
 * and nothing changed.
 */
bool split_shrink(struct split *, size_t max);
/* How many packets it will give, and the length of the longest. */
unsigned split_count(const struct split *);
size_t split_longest(const struct split *);
size_t split_last(const struct split *); /* and of the last one */
/* As if the next n had been taken: less than there are, of a super-packet. */
void split_skip(struct split *, unsigned n);
/*
 * The next packet into out (which must not overlap pkt); its length, 0: no
 * more (or cap too small, then nothing is lost).
 */
size_t split_next(struct split *, uint8_t *out, size_t cap);

/*
 * Merging: one open super-packet.  merge_add takes a packet if it continues
 * the open one: same flow, TOS, TTL, DF, same options, ack and window; the
 * expected sequence number; flags only ACK (PSH closes); payload not longer
 * than the first's (a shorter one closes); not over 65535 in all; UDP: same
 * 4-tuple and length, at most 64.  Its checksum is verified first.  IPv4
 * with options, fragments, IPv6 extension headers, UDP without a checksum
 * never merge.  A packet whose checksum is wrong goes alone and unmarked, so
 * that the host sees what arrived.
 */
#define MERGE_UDP_MAX 64 /* UDP_MAX_SEGMENTS of older kernels */

struct merge {
	uint8_t *buf; /* PK_IP_MAX octets, the caller's; may change if empty */
	size_t len;   /* 0: nothing open */
	struct pkt p; /* of the first packet, pointing into buf */
	size_t hdr, gso, count;
	uint32_t next_seq;
	uint8_t takes; /* OFFLOAD_* of the TUN; merge_init says all */
	bool closed;   /* takes no more */
	bool verified; /* the first packet's checksums are right */
};

void merge_init(struct merge *, uint8_t *buf);
/*
 * Open with this packet (copied; what is open is forgotten).  Only ip_len
 * octets count: padding behind them is left out.  Over PK_IP_MAX: nothing is
 * open then.
 */
void merge_open(struct merge *, const struct pkt *p);
/* true: taken.  false: finish what is open, then open with this one. */
bool merge_add(struct merge *, const struct pkt *p);
/*
 * Fix up headers and say what it is; the length in buf, 0: nothing was open;
 * then it is empty again.  More than one: NEEDS_CSUM with the pseudo-header's
 * sum in the checksum field; one: DATA_VALID if it was verified.
 */
size_t merge_finish(struct merge *, struct vnet *);

#endif
