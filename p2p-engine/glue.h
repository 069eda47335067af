/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/glue.h */
#ifndef GLUE_H
#define GLUE_H

#include "answers.h"
#include "chan.h"
#include "conf.h"
#include "crew.h"
#include "engine.h"
#include "event_out.h"
#include "loop.h"
#include "tunwire.h"
#include "udp.h"

/*
 * The process around the engine: real sockets, channels, clock and loop.
 * main.c has the parent's messages and the effects, sockets.c the datagrams,
 * wires.c the channels to keyd, discoveryd and control, wires_net.c what goes
 * over them about the network, answers.c what control wants to know.
 */
#define UDP_SOCKETS 64
#define LEAVING_MAX 10 /* seconds that streams may keep their socket */
/* Receives that may be with the crew, and one that is being filled. */
#define RX_BUFFERS 8
/*
 * A wire that was closed and not replaced for so long: the other end hung up
 * on us for good, and a fresh start is the way to new wires.  Longer than the
 * parent ever waits before it starts a dead neighbour again, because sessions
 * live on while keyd is away.
 */
#define WIRE_LOST_MS 35000

struct glue;

/* Questions for a netcheck that wait for the one under way. */
#define NETCHECK_ASKS 16
#define NETCHECK_LOOK_MS 50
#define NETCHECK_MAX_MS 7000 /* then what is known is the answer */

struct netchecks {
	struct {
		uint32_t id;
		uint64_t since_ms;
	} ask[NETCHECK_ASKS]; /* the oldest first */
	uint32_t n;
	struct loop_timer *look;
};

struct wire {
	struct glue *glue;
	enum role peer;
	struct chan *chan; /* NULL: away */
	struct loop_chan *lc;
	struct loop_timer *lost;
};

struct glue {
	struct loop *loop;
	struct engine *engine;
	struct wire parent, key, disc, control, tls, upnp;
	struct tunwire tun;
	int memfd; /* of the packet wire that is to come, or -1 */
	uint64_t memfd_gen;
	struct loop_timer *tun_lost;
	struct loop_timer *nudge; /* of sockets that take no more */
	bool nudging;
	struct loop_timer *timer; /* engine_due */
	uint64_t due_ms;          /* what it is armed for, 0: not */
	struct loop_io *udp_io[UDP_SOCKETS];
	struct udp *udp[UDP_SOCKETS]; /* by the parent's number */
	uint8_t leaving[UDP_SOCKETS]; /* seconds since it was to go; 0: no */
	struct conf next;             /* announced, taken at CONF_END */
	bool has_next;
	uint32_t receive_buffer, send_buffer; /* wanted; 0: not yet known */
	bool send_batches, receive_batches;   /* wanted */
	uint32_t have, lacking;               /* FEATURE_*, as told */
	struct counters gone;     /* of UDP sockets that are no more */
	struct sieve_rules sieve; /* what all of them are told */
	struct answers answers;
	struct netchecks checks;
	bool knows_recent;       /* discoveryd's memory was read once */
	uint32_t recent_left;    /* rows it may still send; 0: not asked */
	uint64_t refused;        /* IPC_REFUSED */
	uint64_t illegal;        /* ILLEGAL_EVENTS, the engine's come on top */
	uint64_t now_ms;         /* when the present receives began */
	uint8_t *rx[RX_BUFFERS]; /* UDP_BUFFER each, used in turns */
	uint32_t rx_next;
	struct event_out events;
	struct crew *crew;
	unsigned cores;
	uint32_t turns;    /* with packets */
	uint64_t began_us; /* of a turn that is measured, 0: it is not */
	bool in_turn;
	bool failed;
};

/* One turn with packets in so many is measured. */
#define MEASURED_TURNS 1024
void glue_packets(struct glue *); /* there are some in this turn */

/* ---- sockets.c ---- */
void sockets_conf(struct glue *, const struct conf_node *);
void sockets_clear(struct glue *);
void sockets_sieve(void *ctx, const struct sieve_rules *); /* an effect */
/* End of a turn: are packets to be taken from the tun role? */
void sockets_pressure(struct glue *);
void sockets_on_nudge(void *glue);
/* what the engine wants of them: engine.h */
enum udp_result sockets_send(void *glue, uint16_t sock, const struct endpoint *,
    const uint8_t *, size_t len, size_t seg);
enum udp_result sockets_send_as(void *glue, uint16_t sock,
    const struct endpoint *, const uint8_t *, size_t len, size_t seg,
    enum udp_how);
uint32_t sockets_delay(void *glue, uint16_t sock);
/* of the parent */
chan_fn sockets_on_fd, sockets_on_gone, sockets_on_ping, sockets_on_places;

/* ---- wires.c ---- */
void wires_init(struct glue *); /* fatal without memory */
void wires_clear(struct glue *);
/* A new end for a neighbour; -1: there is no wire to that role. */
int wires_set(struct glue *, enum role, int fd, uint64_t gen);
/* 0, or -1: it did not fit, into the message or the queue. */
int wire_reply(struct chan *, enum msg_type, uint32_t id, const struct wbuf *);
void glue_lost(struct glue *, enum role); /* leave: a wire is lost */

/* 0, or -1: it is away, or its queue is full. */
int wire_send(
    const struct wire *, enum msg_type, uint32_t id, const struct wbuf *);
/* The end of an answer to control. */
void wire_end(struct chan *, uint32_t id, enum row_end);

/* ---- wires_net.c ---- */
chan_fn net_on_frame, net_on_disc_crl, net_on_bundle; /* of discoveryd */
chan_fn net_on_issue, net_on_invite;                  /* of keyd */
chan_fn net_on_echo, net_on_crl, net_on_ledger, net_on_renew; /* of control */
int tell_blob(void *ctx, enum msg_type, const uint8_t *, size_t len);
int tell_frame(void *ctx, const struct msg_peer_frame *);
int ask_issue(void *ctx, uint32_t id, const struct msg_issue_ask *);
int ask_invites(void *ctx, uint32_t id);
void tell_echo(void *ctx, uint32_t id, const struct msg_echo_row *);

int tell_reflexive(void *ctx, const struct msg_reflexive *);
int tell_relays(void *ctx, const struct msg_own_relays *);

/* ---- wires_nat.c ---- */
void netchecks_init(struct glue *); /* fatal without memory */
void netchecks_clear(struct glue *, bool end);
chan_fn paths_on_failover;             /* of control, wires_paths.c */
chan_fn nat_on_netcheck, nat_on_punch; /* of control */
void tell_punch(
    void *ctx, uint32_t id, const struct msg_punch_row *, enum row_end);
chan_fn nat_on_gateways; /* of the parent */
int tell_gained(void *ctx, const struct msg_gained *);
int upnp_ask(void *ctx, uint32_t id, const struct msg_upnp_ask *);
void upnp_wire_conf(struct chan_conf *);
int tell_mtu(void *ctx, const struct msg_tun_mtu *);

/* the engine's questions */
int ask_mix(void *ctx, uint32_t id, const struct msg_mix_ask *);
int ask_stamp(void *ctx, uint32_t id);
int ask_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *);
int tell_seen(void *ctx, const struct msg_peer_seen *);

#endif
