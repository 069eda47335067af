/* SPDX-License-Identifier: ISC */
/* file: tlsd/tlsd.h */
#ifndef TLSD_H
#define TLSD_H

#include "chan.h"
#include "conf.h"
#include "counters.h"
#include "identity.h"
#include "lengths.h"
#include "loop.h"
#include "outq.h"
#include "upgrade.h"

/*
 * tlsd: datagrams of the protocol in TLS connections, where UDP does not get
 * through; and the connection to a TURN server, by TLS or TCP.
 *
 *	main.c      start, the parent
 *	wire.c      the channel to the engine: connections by their numbers
 *	conns.c     connections come and go: limits, deadlines, listeners
 *	conn.c      one connection: TCP, proxy, TLS, HTTP, then datagrams
 *	octets.c    ... what it reads and writes by TLS, or without
 *	identity.c  the key; upgrade.c HTTP; lengths.c, outq.c datagrams;
 *	            turnframe.c those of a TURN server
 *
 * It knows neither keys nor peers: what is in a datagram is the engine's
 * business, and to it a connection is an address like another.
 */
#define CONNS_MAX 128      /* in all */
#define CONNS_DIALED 48    /* of these, for the engine's own */
#define CONNS_STRANGERS 48 /* accepted ones that are not up yet */
#define CONNS_SOURCE 8     /* accepted from one address, or IPv6 /64 */
#define CONN_SETUP_MS 5000
#define CONN_ALIVE_MS 20000  /* a length of zero is sent so often */
#define CONN_SILENT_MS 65000 /* nothing came: three of these were lost */
#define CONN_OUT 16384       /* octets of a record */

enum conn_state {
	CONN_TCP,   /* connecting */
	CONN_PROXY, /* asked to connect us */
	CONN_TLS,   /* its handshake */
	CONN_HTTP,  /* waits for a request, or for an answer */
	CONN_UP,
	CONN_BYE, /* says what it has to say, and ends */
	CONN_DEAD /* freed at the end of the turn */
};

struct tlsd;

struct conn {
	struct tlsd *tlsd;
	uint32_t id;
	bool accepted, blocked; /* blocked: TCP takes no more at the moment */
	bool told;              /* the engine knows it as up */
	bool turn, plain;       /* to the TURN server; without TLS */
	enum conn_state state;
	enum tls_down why;
	struct endpoint far;
	uint8_t pin[TLS_PINS][PIN_OCTETS];
	int fd;
	struct loop_io *io;
	int events;
	SSL *ssl;
	uint64_t since_ms, heard_ms, said_ms;
	struct lengths in;
	struct turnframe turn_in;
	struct outq out;
	/* what HTTP there is, in; then the record that is going out */
	uint32_t nhead;
	char head[UPGRADE_HEAD_MAX];
	uint32_t npend, pend_at;
	uint8_t pend[CONN_OUT];
};

struct wire {
	struct tlsd *tlsd;
	struct chan *chan; /* NULL: away */
	struct loop_chan *lc;
	struct loop_timer *lost;
};

struct listener {
	int fd; /* -1: none */
	struct endpoint local;
	struct loop_io *io;
};

struct tlsd {
	struct loop *loop;
	struct loop_timer *tick, *again;
	struct wire parent, engine;
	struct conf_node conf, next;
	bool has_conf, has_next, failed;
	struct identity identity;
	SSL_CTX *server, *client;
	struct listener listener[TLS_LISTEN_MAX];
	struct conn *conn[CONNS_MAX];
	uint32_t nconns, last_id;
	struct counters counters;
};

/* ---- conn.c ---- */
/* Goes as far as it gets; for its descriptor, and after it was made. */
void conn_run(struct conn *);
void conn_send(struct conn *, const uint8_t *msg, size_t len);
void conn_flush(struct conn *); /* what waits goes out, if it can */
/* It is over; who was told that it is up hears of it at the turn's end. */
void conn_end(struct conn *, enum tls_down why);
int conn_verify(X509_STORE_CTX *, void *);
int conn_start(void); /* once, at the start: 0 or -1 */

/* ---- octets.c ---- */
/* Octets; 0: later, which is waited for; -1: it is over. */
int octets_write(struct conn *, const uint8_t *, size_t);
int octets_read(struct conn *, uint8_t *, size_t cap);
void octets_wait(struct conn *, int events);
/* What SSL_x() said: true if it is only to be waited for. */
bool octets_waits(struct conn *, int r);

/* ---- conns.c ---- */
void conns_conf(struct tlsd *); /* listeners that are not wanted go */
void conns_listen(struct tlsd *, const struct msg_tls_fd *, int fd);
void conns_dial(struct tlsd *, uint32_t id, const struct msg_tls_connect *);
/* The server of the configuration, and no other. */
void conns_dial_turn(
    struct tlsd *, uint32_t id, const struct msg_turn_connect *);
struct conn *conns_find(const struct tlsd *, uint32_t id);
void conns_turn(void *tlsd);        /* the end of a turn */
void conns_tick(void *tlsd);        /* every second */
void conns_drop_all(struct tlsd *); /* there is no engine for them */

/* ---- wire.c ---- */
int wire_init(struct tlsd *);
void wire_set(struct tlsd *, int fd, uint64_t gen);
void wire_up(struct tlsd *, const struct conn *);
void wire_down(struct tlsd *, uint32_t id, enum tls_down);
void wire_data(struct tlsd *, uint32_t id, const uint8_t *, size_t);
void wire_pin(struct tlsd *); /* and whether it listens */

#endif
