/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_net.h */
#ifndef ENGINE_NET_H
#define ENGINE_NET_H

#include "bundle.h"
#include "cert.h"
#include "conf.h"
#include "frame.h"
#include "hold.h"
#include "limiter.h"
#include "netkey.h"
#include "targets.h"
#include "timers.h"
#include "tunmtu.h"

/*
 * The network that the node is a member of, as the engine keeps it.
 *
 *	engine_net.c     life of all this, the turn's end, what people see
 *	engine_member.c  certificates that were verified; who makes way
 *	engine_conf.c    makes peers of them, beside the configured ones
 *	engine_guest.c   who calls and is not known: quarantine
 *	engine_frame.c   control frames out and in
 *	engine_hello.c   HELLO, HELLO_ACK, BYE
 *	engine_seek.c    packets for a destination that nobody has yet
 *	engine_crl.c     revocation
 *
 * discoveryd brings certificates and is believed in nothing: every one is
 * verified here, by the authority's key.  What a packet or a frame changes of
 * who is a member takes effect at the end of the turn (engine_net_tick), never
 * while packets are under way.
 */
struct engine;
struct peer_slot;

#define MEMBERS_MAX 1024
#define MEMBERS_ROOM (MEMBERS_MAX + 128) /* with those that go */
#define GUESTS_MAX 64
#define GUEST_MS 5000 /* of life; a JOIN_ASK gives so much again */
#define SEEKS_MAX 256
#define SEEK_MS 6000         /* discoveryd's answer is late after this */
#define SEEK_PACKETS 32      /* held for one destination */
#define SEEK_BYTES (4 << 20) /* ... for all of them */
#define SEEK_UNKNOWN_MS 2000 /* not asked again for so long, then twice */
#define SEEK_UNKNOWN_MAX_MS 300000
#define SEEK_AGAIN_MS 1000 /* discoveryd was away or busy */
#define MEMBER_RELAYS 2
#define MEMBER_TLS 2
#define MEMBER_CANDIDATES 8 /* used of one answer */
#define NET_LOOK_MS 60000   /* the clock may have been set */
#define NET_AGAIN_MS 1000   /* no memory for the members */
#define HELLO_AGAIN_MS 250  /* 250, 500, 1000, 2000 */
#define HELLO_TRIES 5       /* in all, without an answer */
#define REFUSED_MS 30000    /* not dialed: it does not want us */
#define FRAMES_PER_S 10     /* of one peer, for us */
#define FRAMES_BURST 20
#define ASKS_PER_S 10 /* of one peer, for discoveryd */
#define ASKS_BURST 10
#define JOINS_PER_S 1 /* of one peer, to keyd or passed on to the holder */
#define JOINS_BURST 8
#define FRAMES_QUEUED 16         /* of one peer, until the end of the turn */
#define FRAMES_BYTES (16 * 1024) /* ... in octets */
#define FRAME_ANY_PEERS 3        /* a frame for no peer in particular */

/* Addresses, the one that the key gives, routes. */
#define MEMBER_PREFIXES (CERT_ADDRESSES_MAX + 1 + CERT_ROUTES_MAX)

/* Somebody whose certificate was verified. */
struct member {
	struct cert cert;
	uint16_t certlen;
	uint8_t blob[CERT_MAX];
	/* the peer that was made of it; SLOT_NONE: none, or not yet */
	uint32_t no;
	uint32_t disputed; /* of its name and prefixes somebody else has */
	bool wanted;       /* dial it as soon as it is a peer */
	bool gone;         /* expired or revoked: at the end of the turn */
	bool tell;         /* discoveryd has not been told */
	uint64_t used_ms;
	/* where discoveryd says it is, until it is a peer */
	uint8_t ncand;
	struct endpoint cand[MEMBER_CANDIDATES];
	/* ... and by whom it can be reached */
	uint8_t nrelays;
	struct addr relay[MEMBER_RELAYS];
	/* where it listens for TLS, with which key */
	uint8_t ntls;
	struct endpoint tls[MEMBER_TLS];
	uint8_t tls_pin[32];
};

/* A destination that no peer has. */
enum seek_state { SEEK_FREE, SEEK_ASKED, SEEK_FOUND, SEEK_UNKNOWN };
struct seek {
	enum seek_state state;
	struct addr dst;
	bool wanted;        /* without a packet: engine_want_key */
	uint32_t lookup_id; /* SEEK_ASKED */
	uint64_t due_ms;    /* the answer is late; UNKNOWN: it is asked again */
	uint32_t unknown_ms; /* length of the last UNKNOWN, 0: none */
	uint64_t used_ms;
	struct hold hold;
};

struct network {
	struct tunmtu tunmtu; /* of the interface */
	bool on, dirty; /* dirty: peers are to be made anew of the members */
	struct bundle bundle; /* the newest that is ours */
	uint8_t psk[32];
	struct cert own; /* of the bundle */
	struct cert_check check;
	struct prefix prefix6;
	uint64_t boot;
	/* by serial, the highest first: it wins conflicts */
	struct member *member[MEMBERS_ROOM];
	uint32_t nmembers;
	uint32_t guest[GUESTS_MAX], nguests; /* slot numbers, oldest first */
	struct seek *seek;                   /* SEEKS_MAX, NULL: no network */
	size_t seek_bytes;
	struct targets *targets;
	/* revocation */
	bool has_crl, crl_news, crl_tell; /* news: for peers; for discoveryd */
	struct crl crl;
	uint16_t crllen;
	uint8_t crlblob[CRL_MAX];
	bool renewed;     /* the bundle is not the configured one */
	bool bundle_tell; /* discoveryd has not been told */
};

/* ---- engine_net.c ---- */
void network_clear(struct engine *); /* frees */
/* Something is to be done at the end of this turn. */
void network_soon(struct engine *);
void engine_net_tick(struct engine *, uint64_t now_ms);
uint64_t engine_unix_s(const struct engine *, uint64_t now_ms);
/*
 * A certificate file's content of ours: later than the present one, of our
 * network and key, good now?  Then it is ours from now on.  0 or -1.
 */
int engine_own_bundle(
    struct engine *, uint64_t now_ms, const uint8_t *, size_t len);
/* What discoveryd was not told yet. */
bool engine_tell_net(struct engine *);    /* false: not all of it */
void network_disc_ready(struct engine *); /* a new one: tell it all */

/* ---- engine_member.c ---- */
struct member *member_find(const struct engine *, const uint8_t key[32]);
/*
 * A certificate from anywhere.  Verified, counted and taken: a new member, or
 * a newer certificate of one, or nothing new.  key: of who showed it, or NULL.
 */
enum cert_verdict member_show(struct engine *, uint64_t now_ms,
    const uint8_t *blob, size_t len, const uint8_t *key, struct member **);
void member_candidates(struct member *, const struct msg_lookup_reply *);
/* Is this address its own, by its certificate? */
bool member_covers(
    const struct engine *, const struct member *, const struct addr *);
/* All of its prefixes, those that hold a host first; how many. */
unsigned member_prefixes(const struct engine *, const struct member *,
    struct prefix out[MEMBER_PREFIXES]);
/* Who expired or was revoked is shut out. */
void members_look(struct engine *, uint64_t now_ms);
/* ... and who does not fit the network as it is now */
void members_verify(struct engine *, uint64_t now_ms);
void members_dismiss(struct engine *, uint64_t now_ms); /* all */
void members_free_gone(struct engine *); /* who is no peer any more */
uint64_t members_due(const struct engine *, uint64_t now_ms);
bool members_tell(struct engine *); /* false: not all could be told */
void members_clear(struct engine *);

/* ---- engine_guest.c ---- */
struct peer_slot *guest_find(const struct engine *, const uint8_t key[32]);
/* May somebody with this key call, and with which psk?  NULL: no. */
const uint8_t *guest_psk(
    struct engine *, uint64_t now_ms, const uint8_t key[32]);
/* A slot for it, the oldest guest's if need be; NULL: no. */
struct peer_slot *guest_new(
    struct engine *, uint64_t now_ms, const uint8_t key[32]);
void guest_drop(
    struct engine *, struct peer_slot *, uint64_t now_ms); /* frees */
/* It is a peer now: it leaves the list, its session stays. */
void guest_promote(struct engine *, struct peer_slot *, uint64_t now_ms);
void guests_clear(struct engine *, uint64_t now_ms);

/* ---- engine_frame.c ---- */
/*
 * A frame to a member or guest: at once, or at the end of the turn if packets
 * are under way.  0, or -1: no key to seal it with, or not its kind of peer.
 */
int engine_frame_send(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint8_t type, const void *body, size_t len);
/* The plaintext of a data message: taken (EI_CONTROL), or why not. */
enum counter engine_frame(struct engine *, struct peer_slot *, uint64_t now_ms,
    const uint8_t *, size_t len);
void slot_frames_flush(struct engine *, struct peer_slot *, uint64_t now_ms);

/* ---- engine_hello.c ---- */
/* Our certificate, until it is answered. */
void hello_send(struct engine *, struct peer_slot *, uint64_t now_ms);
void hello_again(struct engine *, struct peer_slot *, uint64_t now_ms);
void hello_all(struct engine *, uint64_t now_ms); /* ours is new */
void on_hello(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct frame *);
void on_bye(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct frame *);
/* Goodbye, keys wiped, a guest freed: at the end of the turn. */
void slot_part(struct engine *, struct peer_slot *, enum bye_reason);
/* What slot_part or a peer's goodbye left to do; true: the slot is freed. */
bool slot_parted(struct engine *, struct peer_slot *, uint64_t now_ms);
void bye_send(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum bye_reason);

/* ---- engine_seek.c ---- */
int seeks_init(struct engine *);
void seeks_clear(struct engine *); /* frees */
struct outgoing;
/* No peer has its destination.  True: it waits or was dropped, counted. */
bool engine_seek(struct engine *, uint64_t now_ms, const struct outgoing *);
/* The answer to one of our ids? */
bool seek_is(uint32_t lookup_id);
void seek_answer(struct engine *, uint64_t now_ms, uint32_t id,
    const struct msg_lookup_reply *);
void seeks_disc_lost(struct engine *, uint64_t now_ms);
void seeks_flush(struct engine *, uint64_t now_ms); /* there are new peers */
void seeks_tick(struct engine *, uint64_t now_ms);
void seeks_drop(struct engine *, uint64_t now_ms, enum counter why); /* all */
uint64_t seeks_held(const struct engine *);
/* A session with this member, whoever it is and wherever: join_up says so. */
void engine_want_key(struct engine *, const uint8_t key[32], uint64_t now_ms);
/* ... with who has this address, whom no peer is */
void engine_want_addr(struct engine *, const struct addr *, uint64_t now_ms);

/* ---- engine_crl.c ---- */
void on_crl(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct frame *);
void crl_send(struct engine *, struct peer_slot *, uint64_t now_ms);
void crl_flood(struct engine *, uint64_t now_ms);

/* ---- engine_join.c ---- */
struct join;
int join_init(struct engine *); /* e->join; 0 or -1 */
void join_clear(struct engine *);
/* The psk of the invitation that calls with this key, or NULL. */
const uint8_t *join_psk(
    struct engine *, uint64_t now_ms, const uint8_t key[32]);
/* FRAME_JOIN_ASK, JOIN_REPLY and INVITE, of a member or a join guest. */
void join_frame(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint8_t type, const uint8_t *body, size_t len);
void join_up(struct engine *, struct peer_slot *, uint64_t now_ms);
void join_tick(struct engine *, uint64_t now_ms); /* t_join fired */
void join_conf(struct engine *, uint64_t now_ms); /* the network changed */
uint32_t join_invites(const struct engine *);     /* that are live */
/* Is it the node that can sign, by our own certificate file? */
bool join_is_holder(const struct engine *, const struct peer_slot *);

#endif
