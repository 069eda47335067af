/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_int.h */
#ifndef ENGINE_INT_H
#define ENGINE_INT_H

#include "batch.h"
#include "breaker.h"
#include "cookie.h"
#include "crew.h"
#include "drops.h"
#include "engine.h"
#include "engine_carry.h"
#include "engine_drop.h"
#include "engine_event.h"
#include "engine_net.h"
#include "engine_punch.h"
#include "engine_relay.h"
#include "engine_turn.h"
#include "engine_tls.h"
#include "filter.h"
#include "flow.h"
#include "hold.h"
#include "icmp.h"
#include "index.h"
#include "jobs.h"
#include "keytab.h"
#include "limiter.h"
#include "sieve.h"
#include "nat.h"
#include "offload.h"
#include "path.h"
#include "peer.h"
#include "pkt.h"
#include "qos.h"
#include "spots.h"
#include "route.h"
#include "session.h"
#include "streams.h"
#include "timers.h"

/*
 * What the files of the engine share and nobody else sees.
 *
 *	engine.c       life, packets and answers in, time
 *	engine_peer.c  carries out what peer.c and session.c ask for
 *	engine_paths.h which of a member's places is used
 *	engine_carry.h the ways to a peer, and what is no socket
 *	engine_pmtu.h  how long packets to a peer may be
 *	engine_wait.c  when a peer that failed is tried again: its breaker
 *	engine_find.c  lookups, candidates, what discoveryd is told
 *	engine_conf.c  the difference between two configurations
 *	engine_drop.c  where packets end, and which did last
 *	engine_nat.c   how others see this node
 *	engine_turn.h  the TURN server, and ports of the gateway
 *	engine_tls.h   peers that are reached by TLS connections
 *	engine_stun.c  from where others are seen, for whoever asks
 *	engine_relay.h ways by other members, and for others
 *	engine_filter.c  who a peer is to the filter, its rows
 *	engine_qos.c   what waits for a peer's limit
 *	engine_event.h what people hear of it
 *	admit.c        which initiations may cost something
 *	engine_net.h   the files for members of a network
 *	streams.h      streams beside the session of the node keys
 *	handshake.c    messages 1 to 3, both roles
 *	dispatch/path.c  the straight line
 */
#define SOCKETS_MAX 64
#define TICK_BATCH 64        /* timers a turn: each may cost a DH or two */
#define DIALS_CALM 64        /* handshakes at keyd: more are a queue */
#define STAMP_LIFE_MS 1000   /* for so long one is given to several peers */
#define BATCHES 16           /* peers with datagrams pending at one time */
#define JOB_DATAGRAMS 8      /* fewer are done sooner than given away */
#define LOOKUP_MS 2000       /* an answer of discoveryd is late after this */
#define LOOKUP_AGAIN_MS 2500 /* before a breaker opens for want of answers */
#define WANTED_MS 5000      /* the host still wants it so long after a packet */
#define STOOD_STILL_MS 6000 /* a look is taken each second */
#define NEWS_MS 60000       /* one peer's return is news for all, so often */
#define TALKS_MS 90000      /* on a new link: who had traffic so long ago */
#define STRANGERS_PER_S                                                        \
	10                  /* searches for whose place a stranger calls from  \
			     */
#define STRAY_PER_S 20      /* searches for who uses a session we lost */
#define STRAY_TRIES 3       /* initiations on such a hint alone */
#define SEEN_AGAIN_MS 200   /* PEER_SEEN that could not be sent */
#define SEEN_BATCH 64       /* of them at a time */
#define INITS_PER_WINDOW 50 /* more initiations in 100 ms are load */
#define LIMITER_PLACES 4096
/*
 * Initiations of all sources that are taken, each two of keyd's 2000 answers a
 * second: the other half is for our own dialing.  Sources that did not prove
 * that they are where they say leave INITS_KEPT tokens to those that did.
 */
#define INITS_PER_S 500
#define INITS_BURST 1000
#define INITS_KEPT (INITS_BURST / 2)
/*
 * Cookies, each of which costs as much as a dozen datagrams that are looked at:
 * of a source, and of all.  Who had more than its part shares one half with all
 * others that had; nobody can keep it from the rest.
 */
#define COOKIES_PER_SOURCE 1
#define COOKIES_SOURCE_BURST 4
#define COOKIES_PLACES 32768
#define COOKIES_PER_S 4000
#define COOKIES_BURST 2000
#define COOKIES_KEPT (COOKIES_BURST / 2)
#define ICMP_PER_S 100
#define ICMP_BURST 50
/* initiations that were repeated since: 0.75 s each, all of HS_LIFE_MS */
#define HS_LATE 6
#define STUN_PER_SOURCE 10 /* binding requests */
#define STUN_SOURCE_BURST 20
#define STUN_BURST 500 /* of all */
/* indices: keys, ours and theirs to be, what was repeated */
#define KEYS_PER_PEER (SLOT_N + 3 + HS_LATE)
/*
 * A lookup's id: the slot number below, a growing number above.  The last
 * SEEKS_MAX numbers are of no slot, but of destinations that nobody has.
 */
#define SLOT_BITS 14
#define SLOTS_MAX (1u << SLOT_BITS)
#define SLOTS_USED_MAX (SLOTS_MAX - SEEKS_MAX)
#define SLOT_NONE UINT32_MAX
#define DIAL_PLACES 8 /* of a member that hear its first initiation */
#define CARRIED_MAX 6 /* ways to a peer that carriers offer */
#define PLACES_ALL (1 + CONF_ENDPOINTS_MAX + CANDIDATES_MAX + CARRIED_MAX)

enum {
	TIMER_JOBS = SLOTS_MAX,
	TIMER_FLOWS,
	TIMER_SEEN,
	TIMER_NET,
	TIMER_SEEK,
	TIMER_JOIN,
	TIMER_STREAMS,
	TIMER_ECHO,
	TIMER_NAT,
	TIMER_PUNCH,
	TIMER_RELAY,
	TIMER_TURN,
	TIMER_MAP,
	TIMER_TLS,
	TIMERS_EXTRA = 14
};

/*
 * One peer: configured, or a member of the network, or a guest that called and
 * has not yet shown who it is.  Its number stays as long as it.
 */
struct peer_slot {
	uint32_t no;
	struct conf_peer conf;
	struct member *member;   /* NULL: configured, or a guest */
	bool guest;              /* neither routes to it nor packets from it */
	bool joins;              /* a guest with an invitation's key */
	bool vouched;            /* a guest that is a peer when the turn ends */
	struct said said;        /* of streams, in its HELLO */
	struct lanes *lanes;     /* NULL: one stream; a stream: its owner's */
	struct peer_slot *owner; /* NULL: a peer or guest; else: a stream's */
	uint8_t place;           /* among the lanes */
	struct peer peer;
	struct breaker breaker;
	struct spots spots; /* that failed */
	bool unanswered;    /* our last initiation, sent to tried */
	bool looks_again;   /* the last lookup failed */
	struct endpoint tried;
	uint32_t turn;      /* places tried in earlier rounds */
	uint64_t eager_ms;  /* before it a packet is no reason for a trial */
	uint64_t began_ms;  /* when it was wanted, while there is no session */
	uint64_t wanted_ms; /* when a packet wanted it last */
	struct session ses;
	struct cookie_jar jar;
	struct hold hold;
	struct shaper *shaper; /* NULL: no qos, or a stream or guest */
	struct timer timer;    /* the earliest of everything below and in ses */
	struct batch *batch;   /* NULL: nothing pending */
	/* where it is: authenticated last, and what discoveryd said */
	bool has_ep;
	struct endpoint ep;
	uint16_t sock;
	struct addr spoken_to; /* where our last handshake message went */
	uint8_t ncand;
	struct endpoint cand[CANDIDATES_MAX];
	uint64_t tls_ms;     /* not called by TLS before, see engine_tls.c */
	uint8_t tls_failed;  /* calls in a row */
	uint8_t tls_asked;   /* how often for its TLS place */
	uint64_t tls_ask_ms; /* not again before */
	uint8_t ncarried;
	struct way carried[CARRIED_MAX]; /* as offered: engine_carry.h */
	struct relayed relayed;
	uint32_t lookup_id; /* the question under way, 0: none */
	uint64_t lookup_due_ms, asked_ms, looked_ms;
	bool seen_due, seen_up; /* discoveryd is to be told */
	bool hinted;  /* dialed for a stray message only: see engine_stray */
	bool told_up; /* people know that it is up */
	uint8_t down_why; /* enum event_word + 1, or 0 */
	/* control frames; nothing of it for configured peers */
	bool parting; /* to be closed at the end of the turn */
	bool refused; /* ... because it does not want us */
	bool bye;     /* ... with a goodbye */
	enum bye_reason why;
	uint8_t hellos;        /* sent without an answer */
	uint64_t hello_due_ms; /* 0: answered, or given up */
	uint64_t guest_due_ms; /* end of its life */
	uint64_t its_crl;      /* the newest list that it has, as we know */
	struct bucket frames, asks, joinings;
	struct hold out; /* frames for the end of the turn */
	/* our initiation that waits for its response */
	bool hs_open;
	struct noise hs;
	uint8_t hs_msg[WG_INITIATION_LEN];
	uint64_t hs_sent_ms;
	struct late_init {
		uint32_t index; /* 0: none */
		uint64_t sent_ms;
	} late[HS_LATE];    /* newest first */
	uint32_t dial_job;  /* the one before it was sent, 0: none */
	uint32_t responses; /* at keyd now */
	uint64_t stamp_no;  /* the last that it was sent */
	uint8_t newest_stamp[WG_STAMP]; /* theirs */
	bool answered;
	uint64_t answered_ms;
	struct way answered_to;
	/* which rules of the filter name it or its groups, and since when */
	uint64_t filter_who;
	uint32_t filter_generation; /* 0: it was not asked yet */
	/* for humans, and for who makes way */
	bool has_keys;
	uint64_t since_ms, handshake_ms, seen_ms, used_ms;
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets;
	uint32_t handshakes, rtt_us;
	struct last_drop dropped;
};

/* The last initiations that were taken: copies come by other ways. */
#define COPIES_MAX 16
#define COPY_MS 3000
#define COPY_MAC 16
struct copies {
	struct {
		uint8_t mac1[COPY_MAC];
		uint64_t at_ms;
		uint16_t sock;
		struct endpoint from;
	} seen[COPIES_MAX];
	unsigned next;
};

struct engine_sock {
	uint16_t no;
	uint8_t family;
	struct endpoint bound; /* family 0: not told */
	uint16_t port;         /* of those for streams; 0: not known */
};

/* A receive whose datagrams are with the crew. */
struct opening {
	uint16_t sock;
	struct endpoint from;
	uint64_t now_ms;
	uint8_t *data;
	size_t len, seg;
};

struct engine {
	struct engine_io io;
	struct conf_node node; /* the present configuration's */
	bool configured, has_pub;
	uint8_t pub[32];
	uint8_t hash_key[16];
	struct cookie_checker checker;
	/* peers: slot[no], NULL: free; order[i]: number of peer i of conf */
	struct peer_slot **slot;
	uint32_t nslots, npeers, nkeys; /* nkeys: peers that have keys */
	uint32_t *order;
	struct keytab *by_key;
	struct route_table *routes;
	struct flow_table *flows;
	struct filter *filter;   /* NULL: everything passes */
	struct qos *qos;         /* NULL: nothing is shaped */
	uint64_t evicted_before; /* by those that are no more */
	struct index_table *index;
	struct jobs *jobs;
	uint8_t stamp[WG_STAMP];     /* keyd's last, */
	uint64_t stamp_no, stamp_ms; /* its number, 0: none, and its time */
	struct limiter *claimed, *proved; /* sources: see admit.c */
	struct limiter *cookied;
	struct sieve sieve;
	struct limiter *stun_from;
	struct load load;
	struct copies copies;
	struct bucket icmp, stray, strangers, inits, cookies, stun_all,
	    stun_look;
	struct breaker_conf breaker; /* of peers and of their places */
	uint64_t news_ms;            /* when all were last told to try */
	struct timers timers;
	struct timer t_jobs, t_flows, t_seen, t_net, t_seek, t_join, t_streams,
	    t_echo, t_nat, t_punch, t_relay, t_turn, t_map, t_tls;
	struct nat nat;
	struct punching punching;
	struct relays *relay;
	struct engine_turn *turn;
	struct engine_map map[MAPS_MAX];
	struct msg_gateways gateways;
	struct tls tls;
	/* streams of all peers, by number - STREAM_NUMBERS */
	struct peer_slot *stream[STREAMS_ALL];
	uint32_t nstreams, streams_room; /* there are, there may be */
	uint32_t stream_reqs;
	uint8_t streams_said; /* how many a peer may have, in our HELLO */
	uint8_t stream_key[32], stream_pub[32]; /* of this boot */
	struct cookie_checker stream_checker;
	uint32_t lookups; /* questions so far: the upper part of their ids */
	struct engine_sock sock[SOCKETS_MAX];
	uint32_t nsocks;
	struct batch batch[BATCHES];
	uint32_t batch_next;
	/* full batches, in the order in which they leave, some not sealed */
	struct batch *due[BATCHES];
	uint32_t due_first, due_n;
	/* jobs of the crew so far; the receives that are among them */
	uint64_t given, collected;
	struct opening opening[CREW_SLOTS];
	uint32_t openings;
	struct merge merge;
	uint32_t merged;    /* datagrams in it */
	uint8_t *merge_buf; /* PK_IP_MAX octets */
	struct network net;
	struct join *join; /* engine_join.c's */
	struct excess excess;
	uint64_t watched_ms; /* engine_watch, last */
	uint8_t told_end;    /* of our certificate: 1 it is near, 2 it was */
	struct echo echo[ECHOES_MAX];
	struct bucket echoes;
	bool moving; /* packets are under way: frames wait */
	struct counters c;
	struct drops drops;
	uint64_t now_ms; /* of what is being dealt with, for who is not told */
	struct hist hist[HIST_N];
};

/* A received datagram on its way in. */
enum opened { NOT_OPENED, OPENED, FORGED };
struct datagram {
	enum opened opened; /* by the crew, in place */
	uint16_t sock;
	const struct endpoint *from;
	uint8_t *data;
	size_t len;
	struct peer_slot *by; /* who sent it, once authenticated; else NULL */
};

static inline void
count(struct engine *e, enum counter id)
{
	e->c.v[id]++;
}

/* It took from then until now. */
static inline void
measure(struct engine *e, enum hist_id id, uint64_t from_ms, uint64_t now_ms)
{
	hist_add(&e->hist[id], id, (now_ms - from_ms) * 1000);
}

/* ---- engine_peer.c ---- */
struct peer_slot *slot_get(const struct engine *, uint32_t no); /* or NULL */
void slot_event(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum peer_event);
void slot_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
/* At the end of its tick: when the next is due, not at once. */
void slot_rearm(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Arm its timer if something is due before what it is armed for. */
void slot_arm(struct engine *, struct peer_slot *);
/* Something authenticated came. */
void slot_heard(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Keys were made, or proved: is it up now? */
void slot_up(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Wipe its keys and handshakes; the machine hears of ev. */
void slot_close(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum peer_event);
/* No key to seal it with: keep it, and see that there will be one. */
void slot_hold(struct engine *, uint64_t now_ms, const struct outgoing *);
void slot_drop_held(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum counter why);
/* Keys came or went: count them, and let the longest unused make way. */
void slot_keys(struct engine *, struct peer_slot *, uint64_t now_ms);
void slots_make_way(
    struct engine *, struct peer_slot *not_this, uint64_t now_ms);
void index_drop_all(struct engine *, const uint32_t *gone, int n);
/* An ICMP error for the host, if it may have one now. */
void engine_complain(
    struct engine *, uint64_t now_ms, enum icmp_what, const struct pkt *about);

/* The last try is over, without an answer: what follows from it. */
void slot_lost(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Somebody still wants it: the host, or the administrator at all times. */
bool slot_is_wanted(const struct peer_slot *);

/* ---- engine_wait.c ---- */
void breaker_conf_of(const struct conf_node *, struct breaker_conf *);
/* The breaker hears of ev; counted, logged, armed. */
enum breaker_action slot_breaker(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum breaker_event);
/* Dial it if its breaker lets us; BEV_WANT or BEV_PACKET. */
void slot_want(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum breaker_event);
/* Its breaker is due. */
void slot_breaker_due(struct engine *, struct peer_slot *, uint64_t now_ms);
/*
 * A packet that the breaker stops.  EO_HELD: it is the one that waits for the
 * trial; else why it is dropped.
 */
enum counter slot_stop(
    struct engine *, uint64_t now_ms, const struct outgoing *);
/* An initiation was sent. */
void slot_dialed(struct peer_slot *, uint64_t now_ms);
/* An initiation had no answer; true: that was one too many, it is lost. */
bool slot_missed(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Our handshake was answered. */
void slot_answered(struct engine *, struct peer_slot *, uint64_t now_ms);
/* It sent us something of its own account. */
void slot_called(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Something changed, it may work now. */
void slot_hint(struct engine *, struct peer_slot *, uint64_t now_ms);
void engine_hint(struct engine *); /* the same for all, soon */
/* Once a second: if it was not, everything is asked anew. */
void engine_woke(struct engine *, uint64_t now_ms);

/* ---- engine_carry.c ---- */
/* Where it may be; where it was last comes first. */
unsigned slot_places(const struct peer_slot *, struct way out[PLACES_ALL]);
/* The socket to reach it by: its own, or one of the family. */
bool engine_sock_for(
    const struct engine *, const struct endpoint *, uint16_t *sock);
/* ... for one of its places; false: none, or its carrier has gone. */
bool slot_sock_for(const struct engine *, const struct peer_slot *,
    const struct way *, uint16_t *sock);

/* ---- engine_find.c ---- */
/* A stranger called: from where one of our peers lives? */
void engine_stranger(
    struct engine *, uint64_t now_ms, const struct endpoint *from);
/*
 * Where attempt i goes: false, there is no address, no socket for one, or it
 * was tried too often for now.
 */
bool slot_target(struct engine *, const struct peer_slot *, uint64_t now_ms,
    uint32_t attempt, struct endpoint *, uint16_t *sock);
/* One more initiation goes there. */
void slot_target_used(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct endpoint *);
/* The first time all its other places hear it, too. */
void slot_dial_others(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct endpoint *first);
/* What discoveryd said of it before it was a peer. */
void slot_member_places(struct peer_slot *, struct member *, uint64_t now_ms);
/* A new question's id, for a slot's number or one behind them. */
uint32_t lookup_id(struct engine *, uint32_t no);
/* 0 asked, or asked already; -1 discoveryd is away */
int slot_lookup(struct engine *, struct peer_slot *, uint64_t now_ms);
void slot_lookup_late(struct engine *, struct peer_slot *, uint64_t now_ms);
/*
 * Data for a session that we do not have, from where an idle peer lives: we
 * were started anew and it does not know.  Call it, instead of letting it
 * talk to the wall for the 15 s after which it would call us.
 */
void engine_stray(
    struct engine *, uint64_t now_ms, const struct endpoint *from);
/* It was authenticated at this place. */
void slot_roam(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint16_t sock, const struct endpoint *);
/*
 * It has a new key.  If it is where our half of that went, its place is no
 * hearsay; where its own messages seem to come from is what it likes.
 */
void slot_proved(struct engine *, const struct peer_slot *, uint64_t now_ms);
void slot_seen(struct engine *, struct peer_slot *, bool up);
void engine_tell_seen(struct engine *, uint64_t now_ms);

/* ---- admit.c ---- */
/* What sieve.h says has changed: the system is told. */
void engine_sieve(struct engine *, bool changed);
/*
 * May this initiation cost us a handshake?  C_NONE: yes; else the verdict.
 * *stream: it is for the key of streams, not for the node's.
 */
enum counter engine_admit(
    struct engine *, uint64_t now_ms, const struct datagram *, bool *stream);
/* It is being answered: the same again is a copy. */
void engine_admitted(struct engine *, uint64_t now_ms, const struct datagram *);

/* ---- engine_probe.c ---- */
/* How far, and is it there?  By the way that its data goes. */
void probe_ping(struct engine *, struct peer_slot *, uint64_t now_ms);
/* One to any of its places; its id.  Its session is up. */
uint64_t probe_place(struct engine *, struct peer_slot *, uint16_t sock,
    const struct endpoint *);
/* One of so many octets to its place, never in fragments; its session is up. */
enum udp_result probe_sized(
    struct engine *, struct peer_slot *, size_t size, uint64_t *id);
/* Authenticated data: does ours go there from now on? */
void slot_heard_from(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct datagram *);
enum counter engine_probe(
    struct engine *, uint64_t now_ms, const struct datagram *);

/* ---- engine_nat.c ---- */
void engine_nat_init(struct engine *);
void engine_reach_conf(struct engine *, uint64_t now_ms); /* node is new */
void engine_nat_tick(struct engine *, uint64_t now_ms);   /* t_nat fired */
void engine_nat_disc_ready(struct engine *);
/* Where we can be reached changed, not by what others see. */
void engine_nat_news(struct engine *, uint64_t now_ms);
/* Ask for the place of one that is for streams. */
void engine_nat_socket(struct engine *, uint64_t now_ms, uint16_t sock,
    const struct endpoint *bound);
/* A member said hello: soon it can be asked. */
void engine_nat_up(struct engine *, const struct peer_slot *, uint64_t now_ms);
/* A STUN message that is no request. */
enum counter engine_nat_answer(
    struct engine *, uint64_t now_ms, const struct datagram *);

/* ---- engine_stun.c ---- */
/* A datagram that stun_is. */
enum counter engine_stun(
    struct engine *, uint64_t now_ms, const struct datagram *);

/* ---- engine_filter.c ---- */
struct filter;
/* held: it will be asked for again, and is not counted. */
bool engine_filter_out(
    struct engine *, uint64_t now_ms, const struct outgoing *, bool held);
bool engine_filter_in(
    struct engine *, uint64_t now_ms, struct peer_slot *, const struct pkt *);
/* One for this configuration if there is none that fits: 0 or -1 ENOMEM. */
int engine_filter_stage(
    const struct engine *, const struct conf_node *, struct filter **);
/*
 * node is the engine's from now on, before *fresh is taken; peers may have
 * changed.  What is not needed any more is left in *fresh.
 */
void engine_filter_commit(
    struct engine *, const struct conf_node *, struct filter **fresh);

/* ---- engine_qos.c ---- */
/* It waits now, or was dropped: true.  False: it goes on its way. */
bool qos_takes(struct engine *, uint64_t now_ms, const struct outgoing *,
    const struct split *);
/* What may leave by now. */
void qos_release(struct engine *, struct peer_slot *, uint64_t now_ms);
uint64_t qos_due(const struct peer_slot *); /* UINT64_MAX: nothing waits */
uint32_t qos_waiting(const struct peer_slot *);
/* All that waits, counted. */
void qos_drop(struct engine *, struct peer_slot *, enum counter why);
/* As with the filter: slots, and a peer's part.  0 or -1 ENOMEM. */
int qos_stage(const struct engine *, const struct conf_node *, struct qos **);
int qos_stage_peer(const struct conf_node *, struct peer_slot *);
/*
 * Before the configuration is the engine's; what waits goes on its way if the
 * classes are others.  What is not needed any more is left in *fresh.
 */
void qos_commit(struct engine *, const struct conf_node *, uint64_t now_ms,
    struct qos **fresh);
void qos_apply(const struct engine *, struct peer_slot *); /* its limit */

/* ---- engine_conf.c ---- */
void slot_free(struct peer_slot *); /* wipes; the tables are not touched */
/* A slot's parts as the configuration and its conf want them. */
void slot_init(struct engine *, struct peer_slot *, uint32_t no,
    uint64_t now_ms, struct conf_peer *);
/* Peers anew of the configuration there is and the members.  0 or -1 ENOMEM */
int engine_remake(struct engine *, uint64_t now_ms);
/* The peer or guest with this key, or NULL. */
struct peer_slot *engine_find_key(const struct engine *, const uint8_t key[32]);

/* The configured peer or member of this name, or NULL. */
struct peer_slot *engine_find_name(const struct engine *, const char *);

/* May it be sent control frames, and understands them? */
static inline bool
slot_is_member(const struct peer_slot *p)
{
	return p->member != NULL;
}

static inline bool
slot_is_guest(const struct peer_slot *p)
{
	return p->guest;
}

/* ---- engine.c ---- */
/* One datagram, counted; the caller tells slot_heard of d->by. */
void engine_take(struct engine *, uint64_t now_ms, struct datagram *);
/* Send one datagram that is not data; counts it for slot p (may be NULL). */
int engine_send(struct engine *, struct peer_slot *p, uint16_t sock,
    const struct endpoint *, const uint8_t *, size_t);

#endif
