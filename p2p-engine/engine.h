/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine.h */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "counters.h"
#include "msg.h"
#include "network.h"
#include "packets.h"
#include "rnd.h"
#include "sieve.h"

/*
 * The engine as a value: everything p2p-engine decides, without a socket, a
 * clock or an event loop.  main.c gives it real effects, tests/sim/ virtual
 * ones, hundreds in one process.
 *
 *	tun record --engine_from_tun--> dispatch/path.c path_out
 *	            --> route -> peer -> flow -> session -> io->udp_send
 *	datagram   --engine_from_udp--> wire: handshake | path.c path_in
 *	            --> io->tun_send
 *	peer.c: one remote node: IDLE -> LOOKUP -> DIAL -> UP, WAIT on failure
 *
 * Questions go out with an id and come back by engine_on_*; an answer may be
 * late, wrong, or never come: every question has a deadline here.  keyd or
 * discoveryd being away costs established sessions nothing.  What concerns the
 * members of a network is in network.h.
 */
struct crew;
struct engine;

enum udp_result { UDP_OK, UDP_FULL, UDP_ERROR, UDP_TOO_LONG };
enum udp_how { UDP_WHOLE, UDP_PIECES }; /* never, always in fragments */

struct engine_io {
	void *ctx;
	/*
	 * One buffer of equal datagrams of seg octets (the last may be
	 * shorter) to one place from socket `sock`.
	 */
	enum udp_result (*udp_send)(void *ctx, uint16_t sock,
	    const struct endpoint *to, const uint8_t *data, size_t len,
	    size_t seg);
	/* As udp_send_as; NULL: as all the rest. */
	enum udp_result (*udp_send_as)(void *ctx, uint16_t sock,
	    const struct endpoint *to, const uint8_t *data, size_t len,
	    size_t seg, enum udp_how);
	/*
	 * Where the next record for the tun role may be put together, of
	 * PK_IP_MAX octets, until the next tun_send or engine_flush; NULL: the
	 * channel is full.  May be NULL itself: the engine has memory for it.
	 */
	uint8_t *(*tun_room)(void *ctx);
	/* One record for the tun role.  0, or -1: the channel is full. */
	int (*tun_send)(
	    void *ctx, const struct vnet *, const uint8_t *pkt, size_t len);
	/* Questions: 0 sent, or -1 (away or full: try again later). */
	int (*ask_mix)(void *ctx, uint32_t id, const struct msg_mix_ask *);
	int (*ask_stamp)(void *ctx, uint32_t id);
	int (*ask_lookup)(
	    void *ctx, uint32_t id, const struct msg_lookup_ask *);
	int (*tell_seen)(void *ctx, const struct msg_peer_seen *);
	/* For members of a network; NULL: there is nobody for it. */
	uint64_t (*unix_ms)(void *ctx); /* the time, for certificates */
	/* MEMBER, CRL or OWN_BUNDLE, for discoveryd: octets that are signed */
	int (*tell_blob)(
	    void *ctx, enum msg_type, const uint8_t *data, size_t len);
	int (*tell_frame)(void *ctx, const struct msg_peer_frame *);
	int (*ask_issue)(void *ctx, uint32_t id, const struct msg_issue_ask *);
	int (*ask_invites)(void *ctx, uint32_t id);
	/* What happened, for people; NULL: nobody listens. */
	void (*tell_event)(void *ctx, const struct msg_event *);
	/* The end of an echo; row NULL: there is no such peer. */
	void (*tell_echo)(
	    void *ctx, uint32_t id, const struct msg_echo_row *row);
	/* A row about a punch, or row NULL: its end. */
	void (*tell_punch)(void *ctx, uint32_t id,
	    const struct msg_punch_row *row, enum row_end);
	/* A clock as now_ms, but finer; NULL: none. */
	uint64_t (*mono_us)(void *ctx);
	/* Where others see us, for discoveryd; 0 or -1. */
	int (*tell_reflexive)(void *ctx, const struct msg_reflexive *);
	/* ... by which relays; 0 or -1 */
	int (*tell_relays)(void *ctx, const struct msg_own_relays *);
	/* ... and what others keep for us; NULL: nobody is told. */
	int (*tell_gained)(void *ctx, const struct msg_gained *);
	/* A port of the gateway by UPnP; 0 or -1: there is no upnpd. */
	int (*upnp_ask)(void *ctx, uint32_t id, const struct msg_upnp_ask *);
	/* What the interface should have, for the parent; 0 or -1. */
	int (*tell_mtu)(void *ctx, const struct msg_tun_mtu *);
	/* TLS connections, by their numbers; NULL: there is no tlsd. */
	int (*tls_connect)(
	    void *ctx, uint32_t id, const struct msg_tls_connect *);
	int (*turn_connect)(
	    void *ctx, uint32_t id, const struct msg_turn_connect *);
	int (*tls_close)(void *ctx, uint32_t id);
	int (*tls_send)(
	    void *ctx, uint32_t id, const uint8_t *data, size_t len);
	int (*tell_tls)(void *ctx, const struct msg_tls_pin *); /* discoveryd */
	/* The worst wait in a socket's queue since it was asked last; or NULL
	 */
	uint32_t (*udp_delay_us)(void *ctx, uint16_t sock);
	/* What the system is to throw away at the sockets; or NULL. */
	void (*sieve)(void *ctx, const struct sieve_rules *);
	struct rnd_src rnd;
	/* Who seals and opens beside us; NULL: nobody.  The caller's. */
	struct crew *crew;
};

struct engine *engine_new(const struct engine_io *);
void engine_free(struct engine *);

/* keyd's public key: nothing can be dialed or answered before it is known. */
void engine_set_pub(struct engine *, uint64_t now_ms, const uint8_t pub[32]);
/* What the TUN takes (OFFLOAD_*): others are not made. */
void engine_set_offload(struct engine *, uint8_t offload);
/*
 * Take a complete configuration: the difference to the present one is applied
 * without touching what did not change (peers are matched by public key).
 * Takes nothing over; copies.  0, or -1 ENOMEM (nothing changed).
 */
int engine_configure(struct engine *, uint64_t now_ms, const struct conf *);
/*
 * UDP sockets by the numbers the parent gave them; family 4 or 6.  Peers of a
 * socket that went or changed hear from us at once by another one.
 */
void engine_socket_add(struct engine *, uint16_t sock, uint8_t family);
/* Is there a stream that goes by it? */
bool engine_socket_used(const struct engine *, uint16_t sock);
void engine_socket_del(struct engine *, uint16_t sock);
/* Where it is bound; the address may be any. */
void engine_socket_bound(
    struct engine *, uint64_t now_ms, uint16_t sock, const struct endpoint *);
/* The host's addresses are these now. */
void engine_places(struct engine *, uint64_t now_ms, const struct msg_places *);

/* ---- packets ---- */
/*
 * What engine_from_tun was given is still read, and what engine_from_receive
 * said true of still written, until engine_collect.  It must come before the
 * engine hears of anything else but packets.
 */
void engine_from_tun(struct engine *, uint64_t now_ms, const struct vnet *,
    const uint8_t *pkt, size_t len);
/* data may be written to (opened in place) */
void engine_from_udp(struct engine *, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, uint8_t *data, size_t len);
/* One receive: datagrams of seg octets, the last may be shorter. */
bool engine_from_receive(struct engine *, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, uint8_t *data, size_t len, size_t seg);
/* Receives that are being opened: wait until there are at most n. */
void engine_collect_to(struct engine *, uint32_t n);
void engine_collect(struct engine *); /* everything */
/* End of a turn: pending GSO buffers and the open super-packet go out. */
void engine_flush(struct engine *, uint64_t now_ms);

/* ---- answers ---- */
void engine_on_mix(struct engine *, uint64_t now_ms, uint32_t id,
    const struct msg_mix_reply *);
void engine_on_stamp(struct engine *, uint64_t now_ms, uint32_t id,
    const struct msg_stamp_reply *);
void engine_on_lookup(struct engine *, uint64_t now_ms, uint32_t id,
    const struct msg_lookup_reply *);
/* A peer that was up before a restart: dial it at once. */
void engine_on_recent(
    struct engine *, uint64_t now_ms, const struct msg_lookup_reply *);
/* The channel is gone: every question on it fails now. */
void engine_key_lost(struct engine *, uint64_t now_ms);
void engine_disc_lost(struct engine *, uint64_t now_ms);
/* There is a (new) discoveryd: it is told who is up. */
void engine_disc_ready(struct engine *, uint64_t now_ms);

/*
 * A link, an address or a route came, and the packets of a moment ago may have
 * gone nowhere: who could not be reached is tried at once, if somebody wants
 * it, and sessions show where we are now.  The caller sees to it that this is
 * not told too often (a trial begins anew each time).
 */
void engine_link(struct engine *, uint64_t now_ms);

/* ---- TLS connections, see engine_tls.h ---- */
void engine_tls_there(struct engine *, uint64_t now_ms, bool there);
void engine_tls_pin(struct engine *, const struct msg_tls_pin *);
void engine_tls_up(
    struct engine *, uint64_t now_ms, uint32_t id, const struct msg_tls_up *);
void engine_tls_down(
    struct engine *, uint64_t now_ms, uint32_t id, enum tls_down);
void engine_tls_data(
    struct engine *, uint64_t now_ms, uint32_t id, uint8_t *data, size_t len);

void engine_upnp(struct engine *, uint64_t now_ms, uint32_t id,
    const struct msg_upnp_reply *);

/* ---- time ---- */
/* Some of what is due; engine_due says whether there is more at once. */
void engine_tick(struct engine *, uint64_t now_ms);
uint64_t engine_due(const struct engine *); /* UINT64_MAX: nothing */

/* Once a second: which limits were reached, how long we are good. */
void engine_watch(struct engine *, uint64_t now_ms);

/* ---- looking ---- */
/* One probe to a peer; tell_echo says what became of it. */
void engine_echo(
    struct engine *, uint64_t now_ms, uint32_t id, const struct msg_echo_ask *);
void engine_echo_lost(struct engine *); /* nobody waits for any */
const struct counters *engine_counters(struct engine *); /* gauges filled */
/* Also for who moves packets to add to. */
struct hist *engine_hist(struct engine *, enum hist_id);
uint32_t engine_npeers(const struct engine *);
/* Breaker i of all there may be: 1, 0: closed, no row, -1: no more. */
int engine_breaker_row(const struct engine *, uint32_t i, uint64_t now_ms,
    uint64_t unix_ms, struct msg_breaker_row *);
/* What was dropped last: one after the other, *cursor is 0 at first, or -1. */
int engine_drop_row(const struct engine *, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_drop_row *);
/* The peer's last one, without addresses.  0, or -1: there was none. */
int engine_last_drop(const struct engine *, const char *peer, uint64_t now_ms,
    uint64_t unix_ms, struct msg_drop_row *);
/* One after the other, *cursor is 0 at first.  0, or -1: no more. */
int engine_stream_row(const struct engine *, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_stream_row *);
/* Place after place: 1, 0: none here, of peer ("": all) only, -1: no more. */
int engine_path_row(const struct engine *, uint32_t *cursor, const char *peer,
    uint64_t now_ms, uint64_t unix_ms, struct msg_path_row *);
/* Use another place of a peer.  0, or -1: there is no such peer. */
int engine_failover(struct engine *, uint64_t now_ms,
    const struct msg_failover_ask *, struct msg_failover_row *);
int engine_flow_row(const struct engine *, uint32_t *cursor, uint64_t now_ms,
    struct msg_flow_row *);
/* Row i in configuration order; unix_ms - now_ms turns times into dates. */
int engine_peer_row(const struct engine *, uint32_t i, uint64_t now_ms,
    uint64_t unix_ms, struct msg_peer_row *);
/* Row i of the filter: unallowed ports, the rules, the default.  0 or -1. */
int engine_rule_row(const struct engine *, uint32_t i, struct msg_rule_row *);
/* What the filter would do with such a packet; nothing is counted. */
void engine_verdict(const struct engine *, uint64_t now_ms,
    const struct msg_verdict_ask *, struct msg_verdict_row *);
/*
 * Row i of the classes of a peer, "": of all together.  0, or -1: no more, and
 * none if nothing is shaped.
 */
int engine_qos_row(
    const struct engine *, const char *peer, uint32_t i, struct msg_qos_row *);
bool engine_has_peer(const struct engine *, const char *name);

/*
 * How others see this node.  A check takes up to seven seconds, one every ten
 * is made; rows are what is known at the moment, *cursor is 0 at first.
 */
/* A way of our own to that member, now: tell_punch says what came of it. */
void engine_punch(
    struct engine *, uint64_t now_ms, uint32_t id, const char *name);
void engine_punch_lost(struct engine *); /* nobody waits for any */
void engine_netcheck(struct engine *, uint64_t now_ms);
bool engine_netcheck_busy(const struct engine *);
int engine_nat_row(const struct engine *, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_nat_row *);
int engine_nat_seen_row(
    const struct engine *, uint32_t *cursor, struct msg_nat_seen_row *);
/* Ways by relays, as one end or as the relay; *cursor is 0 at first. */
int engine_relay_row(const struct engine *, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_relay_row *);
#endif
