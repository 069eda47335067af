/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/turn_int.h */
#ifndef TURN_INT_H
#define TURN_INT_H

#include "turn.h"

/*
 * What turn.c, turn_data.c and their tests share: times, and the calls that
 * nobody else makes.
 */
#define TURN_RTO_MS 500
#define TURN_TRIES 7 /* Rc; of what comes after the allocation */
#define TURN_TRIES_UP 5
#define TURN_STREAM_MS 8000 /* for a connection and an answer by it */
#define TURN_BRIEF_MS 5000  /* who loses it sooner waits */
#define TURN_STALES 3       /* new nonces for one question */
#define TURN_KEEP_MS 25000
#define TURN_SILENT_MS 5000
#define TURN_RENEW_MS 240000 /* a permission lives 300 s, a channel 600 s */
#define TURN_PERMIT_MS 300000
#define TURN_CHANNEL_MS 600000
#define TURN_REFUSED_MS 60000 /* what was refused is not asked for again */
#define TURN_WAIT_MS 5000     /* before the next allocation; doubles */
#define TURN_WAIT_MAX_MS 300000
#define TURN_DENIED_MS 60000 /* the password is wrong: so is the next try */
#define TURN_DENIED_MAX_MS 3600000

bool turn_ask_open(struct turn *, uint64_t now_ms, enum turn_verb, unsigned at);
/* Something came from there: it gets a channel. */
void turn_bond(struct turn *, uint64_t now_ms, const struct endpoint *);
void turn_granted(struct turn *, uint64_t now_ms, const struct turn_ask *);
enum turn_got turn_answer(
    struct turn *, uint64_t now_ms, const uint8_t *msg, const struct stun *);
/* code 0: no answer */
void turn_denied(
    struct turn *, uint64_t now_ms, const struct turn_ask *, uint16_t code);
void turn_grants_tick(struct turn *, uint64_t now_ms);
uint64_t turn_grants_due(const struct turn *);

#endif
