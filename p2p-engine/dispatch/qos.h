/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/qos.h */
#ifndef QOS_H
#define QOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/*
 * What peers are sent a second, and in which order.  Pure; time is passed in;
 * no memory is taken per packet.
 *
 *	packet --class by its code point--> waits in a band of its peer
 *	       --weighted deficit round robin--> leaves, if the bucket lets it
 *
 * A peer has a bucket of octets that fills at its limit, and a band (a queue)
 * for each class.  While nothing waits and the bucket has enough, or there is
 * no limit, packets only pass and are counted.  Packets that wait lie in slots
 * shared by all peers.  A band holds at most what its class may, and never more
 * than as many as are still free: so k peers that fill whatever they get leave
 * 1/(k + 1) of the slots to everybody else.
 *
 * Octets are those of packets in the tunnel, headers included.
 */
#define QOS_BANDS CONF_CLASSES_MAX
#define QOS_SLOTS 8192
#define QOS_OCTETS (64u << 20) /* fewer slots, if they are large */
/* The bucket: what may leave at once after silence; at least two packets. */
#define QOS_BURST_MS 10
/* ... and what is made up for if we come late while packets wait. */
#define QOS_LATE_MS 50

struct qos_count {
	uint64_t tx_packets, tx_bytes;
	uint64_t dropped; /* packets: the band was full */
};

/* The classes, the slots, and what all peers together were sent. */
struct qos {
	unsigned nbands;
	struct qos_class {
		char name[CONF_NAME_MAX];
		uint8_t weight;
		uint16_t queue;
		uint32_t waiting; /* packets of all peers */
		struct qos_count all;
	} band[QOS_BANDS];
	uint8_t band_of[CONF_DSCPS];
	uint32_t mtu, stride, nslots;
	uint32_t used, fresh, free; /* fresh: never used from there on */
	uint8_t *slots;
};

/* One peer.  All zero is a peer without a limit. */
struct shaper {
	uint64_t rate;    /* octets a second, 0: no limit */
	uint64_t credit;  /* thousandths of octets */
	uint64_t at_ms;   /* when it was that much */
	uint64_t due_ms;  /* not before; 0: at once, or nothing waits */
	uint64_t lost_ms; /* the engine's: it can't be sent anything since */
	uint32_t waiting;
	unsigned turn;
	struct qos_band {
		uint32_t head, tail, n, deficit;
		struct qos_count count;
	} band[QOS_BANDS];
};

/* NULL: no memory.  mtu: no packet is longer. */
struct qos *qos_new(const struct conf_node *, uint32_t mtu);
void qos_free(struct qos *); /* NULL is fine; no peer has anything waiting */
/* Would one for this configuration be the same? */
bool qos_fits(const struct qos *, const struct conf_node *, uint32_t mtu);
/* Counts go on where another's classes of the same name were. */
void qos_inherit(struct qos *, const struct qos *);
/* The band of a type of service or traffic class. */
unsigned qos_band(const struct qos *, uint8_t tos);

void shaper_limit(struct shaper *, uint32_t kbit); /* or CONF_LIMIT_NONE */
/* So many packets may go on their way at once: counted as sent. */
bool shaper_pass(struct qos *, struct shaper *, uint64_t now_ms, unsigned band,
    uint32_t packets, uint64_t octets);
/*
 * Where one that has to wait because shaper_pass said so is to be put, of mtu
 * octets, until shaper_push says how long it was; NULL: there is no room.
 */
uint8_t *shaper_room(struct qos *, const struct shaper *, unsigned band);
void shaper_push(struct qos *, struct shaper *, unsigned band, uint32_t len);
void shaper_drop(struct qos *, struct shaper *, unsigned band, uint32_t n);
/* The one that leaves next, if it may leave now, else NULL: see due_ms. */
const uint8_t *shaper_next(
    struct qos *, struct shaper *, uint64_t now_ms, uint32_t *len);
void shaper_sent(struct qos *, struct shaper *); /* what shaper_next gave */
/* Without regard to the limit. */
const uint8_t *shaper_any(struct qos *, struct shaper *, uint32_t *len);
uint32_t shaper_clear(struct qos *, struct shaper *); /* how many waited */

#endif
