/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/guard.h */
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "counters.h"
#include "packets.h"

struct conf_node;

/*
 * The guard: what may cross between the host's network stack and the engine,
 * judged packet by packet in the tun role.  Even a fully compromised engine
 * can only inject what passes here.
 *
 * Pure: bytes in, verdict out; no allocation, no state that packets change.
 * The verdict is C_NONE (pass) or the counter of the drop reason (TO_*, TI_*):
 * the first that applies of
 *
 *	out: MALFORMED, SOURCE, FRAGMENT, PORT
 *	in:  MALFORMED, SPECIAL, OWN, SOURCE, DEST, FRAGMENT, PORT
 *
 * It believes nothing.  Malformed is: version nibble, header length; a total
 * length that is not exactly the record's (jumbograms included); IPv4 source
 * routing or options that overrun; IPv6 routing headers of type 0 or with
 * segments left (the destination judged would not be the last); more than
 * GUARD_EXT_MAX headers before the transport's, hop-by-hop not first; a
 * fragment that ends behind octet 65535; a whole packet that ends before its
 * ports; offload fields that are not exactly those of these headers: gso type
 * against version and protocol, csum_start and csum_offset at the transport's
 * checksum, UDP's length, hdr_len from the end of the headers to the end of the
 *packet, a gso_size that is none or cuts too fine, unknown flags and types.
 *
 * out: source must be one of our addresses or, not special, inside an `export`.
 * in:  source and destination not special: loopback, multicast, link-local,
 *      v4-mapped, unspecified, broadcast (also of our own networks); source
 *      not ours, but inside a subnet or accepted route, and then not inside a
 *      longer `export` (OWN: that part of the overlay is behind us);
 *      destination one of ours or inside an `export`.
 * both: unallowed ports apply to the destination port of TCP, UDP, SCTP,
 *      DCCP, UDP-Lite (out and in), also behind AH; while the list is not
 *      empty, first fragments too short for the ports and non-first fragments
 *      are dropped: of any protocol in IPv6 (the receiver believes the first
 *      fragment's next header, not this one's), of these protocols and AH in
 *      IPv4 (where each fragment says its protocol).
 *
 * Of a host that runs IPsec or tunnels of its own over the mesh, what is
 * inside them (ESP, IP in IP, GRE) is not looked at: it is just a protocol.
 */
#define GUARD_EXT_MAX 8
/*
 * Not more than so many octets of a packet are looked at, so that many is what
 * has to be in memory that nobody else can write.  Headers that go on behind
 * them (20 octets of a transport's are in any case) are malformed.
 */
#define GUARD_HEAD 512
#define GUARD_TCP_MIN 8   /* least gso_size for TCP */
#define GUARD_UDP_MAX 128 /* packets in a UDP super-packet */

struct guard;

struct guard *guard_new(const struct conf_node *); /* NULL: no memory */
void guard_free(struct guard *);

/* pkt: the first GUARD_HEAD octets of the packet's len, or all of them. */
enum counter guard_out(
    const struct guard *, const struct vnet *, const uint8_t *pkt, size_t len);
enum counter guard_in(
    const struct guard *, const struct vnet *, const uint8_t *pkt, size_t len);

#endif
