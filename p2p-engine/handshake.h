/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/handshake.h */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <stdint.h>

#include "counters.h"

struct datagram;
struct engine;
struct job;
struct peer_slot;

/*
 * WireGuard's messages 1 to 3 (whitepaper 5.4.2 to 5.4.7), both roles.
 *
 *	received  mac1 -> rates, with mac2 or a cookie (admit.c) -> job
 *	job       question to keyd -> engine_on_mix -> next step ... -> verdict
 *
 * Work is done in the order of its price: one hash, then a table, then keyd.
 * The static key is keyd's: every DH with it is a question, and what waits for
 * the answer is a job (jobs.h).  A message that waits counts as EI_PENDING and
 * ends as EI_HANDSHAKE or with a reason.
 */
#define HS_LIFE_MS 5000 /* a response to our initiation is late after this */
#define HS_PATIENCE_MS 5000 /* the longest a slow way delays a repetition */
#define HS_RESPONSES 2      /* of one handshake at keyd at a time */

/* Start our next initiation; nothing if one is being made already. */
void hs_dial(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Forget our initiations (their indices too). */
void hs_close(struct engine *, struct peer_slot *);
/* End all jobs of the peer, as EI_UNKNOWN_PEER; NULL: all jobs, as busy. */
void hs_drop(struct engine *, const struct peer_slot *);

/* EI_PENDING: a job has it; else the verdict. */
enum counter hs_initiation(
    struct engine *, uint64_t now_ms, const struct datagram *);
enum counter hs_response(
    struct engine *, uint64_t now_ms, const struct datagram *);
enum counter hs_cookie(
    struct engine *, uint64_t now_ms, const struct datagram *);

void hs_tick(struct engine *, uint64_t now_ms); /* jobs past their time */

#endif
