/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/nat.h */
#ifndef NAT_H
#define NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"
#include "rnd.h"
#include "stun.h"

/*
 * How others see this node: the client of STUN (RFC 8489), for each socket,
 * and how the translator in between behaves (RFC 5780, sections 4.3 and 4.4).
 * Pure; time, randomness, datagrams and members come from the caller.
 *
 *	REST --due--> PLAIN: everybody is asked from where we are seen
 *	PLAIN --one of them has another address--> FILTER: who is let in, asked
 *	    before anything was sent there --> MAP: from where does that
 *	    address see us? --> REST
 *	PLAIN --all answered or silent--> REST, by comparing the answers
 *
 * A translator that lets in whoever was sent to must not have been: in a full
 * round the servers after the first are asked NAT_FIRST_MS later, and not
 * before the FILTER step is over.  It remembers, so that step is left out for
 * NAT_FORGET_MS after something was sent there, and what it found stays.
 *
 * Only a configured server may name another address: a member that did could
 * aim us at somebody.
 */
#define NAT_SOCKETS 16
#define NAT_SERVERS 8 /* asked by one socket */
#define NAT_MEMBERS 4 /* ... members among them */
#define NAT_PLACES 16 /* addresses of this host */
#define NAT_RTO_MS 500
#define NAT_TRIES 4 /* at 0, 0.5, 1.5 and 3.5 s; Rc of 6.2.1 */
#define NAT_WAIT_MS 5000
#define NAT_FILTER_TRIES                                                       \
	3 /* no answer is an answer: not waited for so long                    \
	   */
#define NAT_FILTER_MS 2500
#define NAT_FORGET_MS 200000
#define NAT_FIRST_MS 1000
#define NAT_SOON_MS 1000
#define NAT_CHECK_MS 10000 /* between two full rounds that people ask for */
#define NAT_REQUEST 52     /* octets: no answer that we want is longer */

struct nat_server {
	struct endpoint ep;
	bool member, heard;
	struct endpoint mapped, other; /* as whom it sees us; family 0: none */
	uint32_t rtt_ms;
};

struct nat_view { /* what is known of one socket */
	uint16_t sock;
	uint8_t family;
	struct endpoint local, seen; /* family 0: not known, nobody said */
	uint64_t seen_ms;            /* when it was said last */
	uint64_t judged_ms;          /* 0: never */
	enum nat_mapping mapping;
	enum nat_filtering filtering;
	uint8_t nservers, nheard;
};

enum nat_test { NAT_T_PLAIN, NAT_T_BOTH, NAT_T_PORT, NAT_T_IP, NAT_T_OTHER };

struct nat_ask {
	bool open;
	enum nat_test test;
	uint8_t server, sent, tries;
	uint8_t id[STUN_ID];
	struct endpoint to, from; /* where the answer has to come from */
	uint64_t first_ms, next_ms, end_ms;
};
#define NAT_ASKS (NAT_SERVERS + 2)

enum nat_stage { NAT_REST, NAT_PLAIN, NAT_FILTER, NAT_MAP };

struct nat_sock {
	bool used, full;
	enum nat_stage stage;
	struct endpoint bound; /* address any: every one of the host */
	struct nat_ask ask[NAT_ASKS];
	uint8_t nservers;
	struct nat_server server[NAT_SERVERS];
	int behaves; /* the server with another address; -1: none yet */
	bool in_both, in_port, filtered;     /* FILTER: what came in */
	struct endpoint from_ip, from_other; /* MAP: how they see us */
	uint64_t begun_ms, mapped_ms;        /* the round; the last MAP step */
	uint64_t before_ms;                  /* the round before, 0: none */
	struct nat_view view;
};

struct nat_io {
	void *ctx;
	int (*send)(void *ctx, uint16_t sock, const struct endpoint *to,
	    const uint8_t *, size_t len);
	/* Members that are up, of this family: at most max. */
	unsigned (*members)(
	    void *ctx, uint8_t family, struct endpoint *out, unsigned max);
	struct rnd_src rnd;
};

struct nat {
	struct nat_io io;
	bool on;
	uint32_t interval_ms;
	uint8_t nstun, nplaces;
	struct endpoint stun[NAT_SERVERS];
	struct endpoint place[NAT_PLACES];
	struct nat_sock sock[NAT_SOCKETS];
	uint64_t round_ms; /* when the next begins */
	bool full_next;
	uint64_t full_ms; /* when the last full one began, 0: never */
	bool news;        /* what is seen changed: the caller's to clear */
	uint64_t asked, silent, changes; /* counted */
};

void nat_init(struct nat *, const struct nat_io *);
void nat_configure(struct nat *, uint64_t now_ms, bool on, uint32_t interval_ms,
    const struct endpoint *stun, unsigned n);
/* A socket of the sessions, as bound; again: it is another one. */
void nat_socket_add(
    struct nat *, uint64_t now_ms, uint16_t sock, const struct endpoint *);
void nat_socket_del(struct nat *, uint16_t sock);
/* What addresses the host has, with the ports that lead to our sockets. */
void nat_places(
    struct nat *, uint64_t now_ms, const struct endpoint *, unsigned n);
/* A member came up: worth a round, if there are few who were asked. */
void nat_member_up(struct nat *, uint64_t now_ms, uint8_t family);
/* A full round now, if the last is long enough ago. */
void nat_check(struct nat *, uint64_t now_ms);
bool nat_busy(const struct nat *);
/* Cheap: the id of a question of ours? */
bool nat_expects(const struct nat *, uint16_t sock, const uint8_t id[STUN_ID]);
/* An answer; true: to a question of ours, from where it has to come. */
bool nat_answer(struct nat *, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, const struct stun *);
void nat_tick(struct nat *, uint64_t now_ms);
uint64_t nat_due(const struct nat *); /* UINT64_MAX: nothing */
/* Socket i, or NULL. */
const struct nat_sock *nat_sock(const struct nat *, unsigned i);
/* nat_judge.c: view of what a round found.  True: `seen` is another one. */
bool nat_judge(const struct nat *, struct nat_sock *, uint64_t now_ms);

#endif
