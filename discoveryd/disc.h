/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc.h */
#ifndef DISC_H
#define DISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "cache.h"
#include "conf.h"
#include "counters.h"
#include "lookup.h"
#include "msg.h"
#include "rnd.h"

/*
 * discoveryd as a value: everything it decides, without a socket, a clock or
 * an event loop.  main.c gives it real effects, tests virtual ones.
 *
 *	engine, control --disc_ask--> lookup.c --> io->answer
 *	strangers --disc_from_udp--> dht/ | lan.c
 *	members --disc_peer_frame--> gossip.c
 *	keyd <-- publish.c --> dht/
 *	all that is known: members.c, kept in a file by cache.c
 *
 * What the DHT has to say is put in a queue and told when its call has
 * returned, so that nobody is called from inside his own question.  Without a
 * network there is only the address book.
 */
#define DISC_SAVE_MS 60000   /* between two images */
#define DISC_EVENTS_MAX 1024 /* of the DHT, in one turn */

struct disc_io {
	void *ctx;
	/* to NULL: the LAN group, on every link there is a place on */
	void (*udp_send)(void *ctx, enum disc_fd, const struct endpoint *to,
	    const uint8_t *, size_t len);
	int (*sign)(void *ctx, uint32_t id, const struct msg_sign_ask *);
	int (*to_peer)(void *ctx, const struct msg_peer_frame *);
	/* CRL or OWN_BUNDLE */
	int (*to_engine)(void *ctx, enum msg_type, const void *, size_t len);
	void (*answer)(
	    void *ctx, struct lookup_waiter, const struct lookup_answer *);
	/* Write this at the offset of the saved file. */
	void (*save)(void *ctx, size_t offset, const uint8_t *, size_t len);
	void (*say)(void *ctx, const char *); /* for the log */
	struct rnd_src rnd;
};

struct disc;

struct disc *disc_new(const struct disc_io *); /* NULL: no memory */
void disc_free(struct disc *);
/* The saved file; used when the configuration names a network. */
void disc_load(struct disc *, const uint8_t *file, size_t len);

/* ---- from the parent ---- */
struct book *disc_book(struct disc *); /* static peers: the caller fills it */
/* net NULL: none */
void disc_configure(struct disc *, uint64_t now_ms, uint64_t unix_s,
    const struct conf_node *, const struct conf_net *);
/* There is a socket (or not any more). */
void disc_socket(struct disc *, uint64_t now_ms, enum disc_fd, bool there);
void disc_places(struct disc *, uint64_t now_ms, const struct msg_places *);
/* Where others see the sessions of the engine. */
void disc_reflexive(
    struct disc *, uint64_t now_ms, const struct msg_reflexive *);
/* By whom others can reach us. */
void disc_own_relays(
    struct disc *, uint64_t now_ms, const struct msg_own_relays *);
/* What others keep for the engine. */
void disc_gained(struct disc *, uint64_t now_ms, const struct msg_gained *);
/* Whether it listens for TLS, and with which key. */
void disc_tls(struct disc *, uint64_t now_ms, const struct msg_tls_pin *);
void disc_stop(struct disc *, uint64_t now_ms); /* the last image */

/* ---- from the network ---- */
void disc_from_udp(struct disc *, uint64_t now_ms, uint64_t unix_s,
    enum disc_fd, const struct endpoint *from, const uint8_t *, size_t len);

/* ---- from the engine, keyd and control ---- */
void disc_ask(struct disc *, uint64_t now_ms, uint64_t unix_s,
    const struct msg_find_ask *, struct lookup_waiter);
void disc_engine_ready(struct disc *); /* a new engine is told what it lacks */
void disc_engine_lost(struct disc *);
void disc_control_lost(struct disc *);
void disc_seen(struct disc *, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_seen *);
/* As book_recent, members behind the peers of the book; *cursor 0 at first */
bool disc_recent(struct disc *, uint64_t now_ms, uint64_t unix_s,
    size_t *cursor, struct msg_lookup_reply *);
void disc_peer_frame(struct disc *, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_frame *);
/* Octets that somebody signed: MSG_MEMBER, MSG_CRL or MSG_OWN_BUNDLE. */
void disc_blob(struct disc *, uint64_t now_ms, uint64_t unix_s, enum msg_type,
    const void *, size_t len);
void disc_signed(struct disc *, uint64_t now_ms, uint64_t unix_s, uint32_t id,
    const struct msg_sign_reply *);
void disc_key_lost(struct disc *, uint64_t now_ms);

/* ---- time ---- */
void disc_tick(struct disc *, uint64_t now_ms, uint64_t unix_s);
uint64_t disc_due(const struct disc *); /* UINT64_MAX: nothing */

/* ---- looking ---- */
void disc_row(struct disc *, struct msg_dht_row *);
size_t disc_nodes(const struct disc *, struct dht_node *out, size_t max);
void disc_count(struct disc *, struct counters *); /* those of discoveryd */

#endif
