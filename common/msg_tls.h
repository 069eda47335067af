/* SPDX-License-Identifier: ISC */
/* file: common/msg_tls.h */
#ifndef MSG_TLS_H
#define MSG_TLS_H

/*
 * What the engine and tlsd say to each other; a part of msg.h, and included by
 * nobody else.
 *
 * A connection has a number, which is the id of the frame: the engine chooses
 * it for those it wants (TLS_CONNECT), tlsd for those it accepts
 * (TLS_ACCEPTED_ID and above).  TLS_UP, then TLS_DATA both ways: one datagram
 * of the protocol each.  TLS_DOWN, from either side, is the end, and what of
 * that number comes behind it means nothing.
 */
#define TLS_ACCEPTED_ID UINT32_C(0x80000000)
#define TLS_MESSAGE_MAX 2048
#define TLS_PINS 2
#define TLS_LISTEN_MAX 16 /* sockets, old and new ones at the same time */

struct msg_tls_fd { /* a bound TCP socket to listen on */
	uint8_t index;
	struct endpoint local;
};
struct msg_tls_connect {
	struct endpoint to;
	uint8_t pin[TLS_PINS][32]; /* SHA-256 of the key; zero: none */
};
/*
 * To the TURN server of the configuration, and to no other: pins are those of
 * the configuration.  TLS_DATA then is one message each, as over UDP.
 */
struct msg_turn_connect {
	struct endpoint to;
	bool secure; /* by TLS */
};
struct msg_tls_up {
	struct endpoint far; /* the other end */
	bool accepted;
};
enum tls_down {
	TLS_CLOSED,    /* by the other side, or by the engine */
	TLS_NO_ANSWER, /* nobody there, or too late */
	TLS_REFUSED,   /* no node of ours there, or the proxy will not */
	TLS_WRONG_PIN, /* somebody else's certificate */
	TLS_BROKEN,    /* what came makes no sense */
	TLS_FULL,      /* there are too many */
	TLS_NDOWNS
};
struct msg_tls_down {
	enum tls_down why;
};
struct msg_tls_pin { /* SHA-256 of this node's key */
	bool listens;
	uint8_t pin[32];
};

/* "closed", "wrong_pin" ... */
const char *tls_down_name(enum tls_down);

MSG_CODEC(tls_fd)
MSG_CODEC(tls_connect)
MSG_CODEC(turn_connect)
MSG_CODEC(tls_up)
MSG_CODEC(tls_down)
MSG_CODEC(tls_pin)

#endif
