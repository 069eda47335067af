/* SPDX-License-Identifier: ISC */
/* file: discoveryd/host.h */
#ifndef HOST_H
#define HOST_H

#include "chan.h"
#include "counters.h"
#include "disc.h"
#include "event_out.h"
#include "excess.h"
#include "loop.h"

/*
 * discoveryd's real effects, around the value of disc.h.
 *
 *	main.c      start, the parent
 *	wires.c     channels to the engine, keyd and control
 *	sockets.c   UDP: the DHT's and the LAN's
 *	savefile.c  the saved file
 *	host_event.c  what is reported
 */
#define HOST_BODY_MAX 8192

struct host;

struct wire {
	struct host *host;
	enum role peer;
	struct chan *chan; /* NULL: away */
	struct loop_chan *lc;
	struct loop_timer *lost;
};

struct sock {
	int fd; /* -1: none */
	struct loop_io *io;
};

struct host {
	struct loop *loop;
	struct loop_timer *timer;
	struct disc *disc;
	struct counters counters;
	struct wire parent, engine, key, control;
	struct sock sock[DISC_LAN6 + 1];
	struct msg_places places;
	int save_fd; /* -1: nothing is saved */
	/* announced, takes effect at CONF_END */
	struct conf_node next;
	struct conf_net next_net;
	bool has_next, has_net, failed;
	struct event_out events;
	struct excess excess;
	uint64_t in_vain;            /* lookups in a row that found nobody */
	uint8_t body[HOST_BODY_MAX]; /* of the message being written */
};

uint64_t host_unix_s(void);
void host_reply(struct chan *, enum msg_type, uint32_t id, const struct wbuf *);

/* wires.c */
int wires_init(struct host *); /* 0, or -1: no memory */
/* A descriptor for one of the three; false: not of these. */
bool wires_set(struct host *, enum role, int fd, uint64_t gen);
int host_sign(void *host, uint32_t id, const struct msg_sign_ask *);
int host_to_peer(void *host, const struct msg_peer_frame *);
int host_to_engine(void *host, enum msg_type, const void *, size_t len);
void host_answer(
    void *host, struct lookup_waiter, const struct lookup_answer *);

/* sockets.c */
void sockets_init(struct host *);
void sockets_set(struct host *, enum disc_fd, int fd); /* takes the fd */
/* Those that this configuration does not want are closed: ports are free. */
void sockets_sift(struct host *, const struct conf_node *);
void host_udp_send(void *host, enum disc_fd, const struct endpoint *to,
    const uint8_t *, size_t len);

/* host_event.c */
void host_events_init(struct host *); /* the channel to the parent is there */
void host_event_lookup(struct host *, enum lookup_status);
chan_fn host_on_ping;

/* savefile.c */
void savefile_read(struct host *); /* before the sandbox is closed */
void host_save(void *host, size_t offset, const uint8_t *, size_t len);

#endif
