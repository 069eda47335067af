/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/pkt.h */
#ifndef PKT_H
#define PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * What one IP packet says of itself (RFC 791, RFC 8200), checked against its
 * real length.  Pure; points into the packet; no copy.
 *
 * Refused beside what is truncated or lies: an IPv6 payload length of 0
 * (jumbogram, RFC 2675), more than PKT_EXT_MAX extension headers or
 * hop-by-hop options anywhere but first (RFC 8200 section 4.1), a routing
 * header of type 0 (RFC 5095) or with segments left (the destination is not
 * the last one then), a v4-mapped source or destination (RFC 4291 2.5.5.2:
 * such an address names an IPv4 node, so it is never on a wire; src and dst
 * are canonical therefore), a whole packet that ends before its ports.
 */
#define PKT_EXT_MAX 8 /* IPv6 extension headers */

struct pkt {
	const uint8_t *data;
	size_t len;       /* as received; total length of the header is <= it */
	size_t ip_len;    /* as the header says: what counts */
	uint8_t version;  /* 4 or 6 */
	uint8_t proto;    /* true transport header after IPv6 extensions */
	uint8_t ttl, tos; /* hop limit, traffic class */
	bool fragment;    /* offset != 0 or more fragments */
	bool first;       /* not a fragment, or its first */
	bool df;          /* IPv4 don't fragment; always for IPv6 */
	bool fixed;       /* AH or fragment header: can't be cut again */
	uint16_t l4;      /* offset of the transport header (or its part) */
	uint16_t sport, dport; /* 0 unless TCP/UDP/SCTP, unfragmented */
	struct addr src, dst;
};

#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58
#define PROTO_SCTP 132

/* 0, or -1: truncated, lengths lie, wrong version, bad extension headers. */
int pkt_parse(struct pkt *, const uint8_t *data, size_t len);

/*
 * Length of the TCP or UDP header, TCP options included; 0: another protocol,
 * a fragment, cut off, or a data offset that lies.
 */
size_t pkt_l4_hdr(const struct pkt *);
/* Where the checksum is in a TCP or UDP header; 0: another protocol. */
uint16_t pkt_csum_at(uint8_t proto);

/* Big-endian fields of a packet, at any alignment. */
uint16_t pkt_u16(const uint8_t *);
uint32_t pkt_u32(const uint8_t *);
void pkt_put16(uint8_t *, size_t); /* the low 16 bits */
void pkt_put32(uint8_t *, uint32_t);

/*
 * Ones-complement sum helpers (RFC 1071), also for icmp.c, split.c, merge.c.
 * A sum is of big-endian 16-bit words as host integers, any number of carries
 * still in it.  Only the last piece that is added may have an odd length.
 */
uint32_t csum_add(uint32_t sum, const void *data, size_t len);
uint16_t csum_fold(uint32_t sum); /* folded and complemented */
/* pseudo-header of p for l4len octets of proto (RFC 9293, RFC 8200 8.1) */
uint32_t csum_pseudo(const struct pkt *p, uint8_t proto, uint32_t l4len);

#endif
