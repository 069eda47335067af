/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame_relay.h */
#ifndef FRAME_RELAY_H
#define FRAME_RELAY_H

#include "frame.h"

/*
 * What members say to set up and end a way through another member, as bodies
 * of frames (frame.h): put: the length, 0: not possible; get: 0 or -1.
 *
 *	origin --RELAY_OPEN--> relay [--RELAY_OPEN--> relay] --RELAY_INCOMING-->
 *	    destination;  origin <--RELAY_OPENED-- relay
 */
#define RELAY_ONWARD_MAX 2 /* relays behind the first */

/*
 * RELAY_OPEN: u32 request number | u8 hops left | u8 n | u16 lifetime, s
 * | destination's key 32 | origin's key 32 | n relays' keys
 */
struct relay_open {
	uint32_t req;
	uint8_t hops, n;
	uint16_t life_s;
	uint8_t to[32], origin[32];
	uint8_t onward[RELAY_ONWARD_MAX][32];
};
size_t relay_open_put(uint8_t out[FRAME_BODY_MAX], const struct relay_open *);
int relay_open_get(const uint8_t *, size_t len, struct relay_open *);

/*
 * RELAY_OPENED: u32 request number | u8 status | u8 hops | u16 lifetime, s
 * | u32 label | u16 MTU | u16 0.  Without RELAY_OK the label means nothing.
 */
enum relay_status {
	RELAY_OK,
	RELAY_UNREACHABLE,
	RELAY_DENIED,
	RELAY_BUSY,
	RELAY_LOOP,
	RELAY_NSTATUS
};
struct relay_opened {
	uint32_t req, label;
	uint8_t status, hops;
	uint16_t life_s, mtu;
};
size_t relay_opened_put(
    uint8_t out[FRAME_BODY_MAX], const struct relay_opened *);
int relay_opened_get(const uint8_t *, size_t len, struct relay_opened *);

/* RELAY_INCOMING: u32 label | u8 hops | 3 zeroes | origin's key 32 */
struct relay_incoming {
	uint32_t label;
	uint8_t hops;
	uint8_t origin[32];
};
size_t relay_incoming_put(
    uint8_t out[FRAME_BODY_MAX], const struct relay_incoming *);
int relay_incoming_get(const uint8_t *, size_t len, struct relay_incoming *);

/* RELAY_CLOSE: u32 label | u16 reason | u16 0 */
enum relay_why {
	RELAY_W_IDLE,
	RELAY_W_OLD,
	RELAY_W_GONE,    /* the session with the other leg's peer */
	RELAY_W_REFUSED, /* by the destination */
	RELAY_W_OFF,     /* does not relay any more */
	RELAY_NWHYS
};
struct relay_close {
	uint32_t label;
	uint16_t why; /* any */
};
size_t relay_close_put(uint8_t out[FRAME_BODY_MAX], const struct relay_close *);
int relay_close_get(const uint8_t *, size_t len, struct relay_close *);

#endif
