/* SPDX-License-Identifier: ISC */
/* file: common/msg_upnp.h */
#ifndef MSG_UPNP_H
#define MSG_UPNP_H

/*
 * What the engine and upnpd say to each other; a part of msg.h, and included by
 * nobody else.
 */
/* To upnpd: a port of the gateway, for so long; 0: it is given back. */
struct msg_upnp_ask {
	struct addr gateway, source; /* of IPv4 */
	uint16_t port, external;     /* ours, and the one that is wished */
	uint32_t lifetime_s;
};
struct msg_upnp_reply {
	uint16_t code; /* 0: it is there; see upnpd/igd.h */
	struct endpoint external;
	uint32_t lifetime_s;
};

MSG_CODEC(upnp_ask)
MSG_CODEC(upnp_reply)

#endif
