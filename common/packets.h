/* SPDX-License-Identifier: ISC */
/* file: common/packets.h */
#ifndef PACKETS_H
#define PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The packet channel between the tun role and the engine: SOCK_SEQPACKET
 * messages ("containers") of one or more records,
 *
 *	u32 length (host order: both ends are this machine) |
 *	vnet_hdr 10 octets | IP packet, up to 65535 octets
 *
 * length counts vnet_hdr and packet, which has at least one octet.  A container
 *is at most PK_CONTAINER octets, is sent when the sender's turn ends and never
 *delayed.  A record that does not add up ends the channel (the other side is
 *hostile or mad).
 */
#define PK_VNET 10
#define PK_IP_MAX 65535
#define PK_RECORD_MAX (4 + PK_VNET + PK_IP_MAX)
#define PK_CONTAINER (128 * 1024)
#define PK_SOCKBUF (1024 * 1024)

/* what the TUN grants (MSG_TUN_FD, NODE_ROW) */
#define OFFLOAD_CSUM 1
#define OFFLOAD_TSO4 2
#define OFFLOAD_TSO6 4
#define OFFLOAD_USO 8
#define OFFLOAD_ALL 15

/* virtio_net_hdr, the ten octets in front of every packet of an IFF_VNET_HDR
 * TUN.  Decoded field by field (native order, as TUN does by default). */
#define VNET_F_NEEDS_CSUM 1
#define VNET_F_DATA_VALID 2
#define VNET_GSO_NONE 0
#define VNET_GSO_TCPV4 1
#define VNET_GSO_TCPV6 4
#define VNET_GSO_UDP_L4 5
#define VNET_GSO_ECN 0x80

struct vnet {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

void vnet_get(const uint8_t in[PK_VNET], struct vnet *);
void vnet_put(const struct vnet *, uint8_t out[PK_VNET]);

/*
 * Writer: records are appended in place, then the container goes out.  One
 * container is being filled at a time; pkout_begin returns NULL when there is
 * no room (flush first).
 */
struct pkout {
	uint8_t *buf; /* PK_CONTAINER octets, the caller's */
	size_t len;
	uint32_t records;
};

void pkout_init(struct pkout *, uint8_t *buf);
/* Room for vnet_hdr + max octets of packet: where the vnet_hdr goes. */
uint8_t *pkout_begin(struct pkout *, size_t max);
/* packet_len without vnet_hdr, at most `max`; 0 takes the record back. */
void pkout_commit(struct pkout *, size_t packet_len);
/*
 * Send the container, never blocking.  0 (now empty), or -1 with errno; the
 * container is kept.  EAGAIN: when the socket is writable again.
 */
int pkout_flush(struct pkout *, int sock);

/* Reader over one received container. */
struct pkin {
	uint8_t *p;
	size_t left;
};

void pkin_init(struct pkin *, uint8_t *container, size_t len);
/*
 * 1: *vnet points at the ten octets, *pkt and *len are the packet; 0: no more;
 * -1: lengths lie.
 */
int pkin_next(struct pkin *, uint8_t **vnet, uint8_t **pkt, size_t *len);

#endif
