/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/handshake_int.h */
#ifndef HANDSHAKE_INT_H
#define HANDSHAKE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"

struct datagram;
struct engine;
struct job;
struct msg_mix_reply;
struct peer_slot;

/*
 * Between the two files of handshakes: steps that are the same whether keyd
 * was asked or not (a job that is in no table will do), and the ways into the
 * other file.
 */
void hs_fresh_key(const struct engine *, uint8_t key[32]);
void hs_dial_send(
    struct engine *, struct peer_slot *, struct job *, uint64_t now_ms);
bool hs_too_soon(const struct peer_slot *, uint64_t now_ms);
enum counter hs_init_stamp(struct engine *, struct job *, uint64_t now_ms,
    const struct msg_mix_reply *);
struct peer_slot *hs_asked_by(struct engine *, uint64_t now_ms, uint32_t index);
void hs_learn_patience(struct engine *, uint64_t now_ms, uint32_t index);
enum counter hs_resp_finish(struct engine *, struct job *, uint64_t now_ms,
    const struct msg_mix_reply *);

/* ---- handshake_stream.c ---- */
void hs_stream_dial(struct engine *, struct peer_slot *, uint64_t now_ms);
enum counter hs_stream_initiation(
    struct engine *, uint64_t now_ms, const struct datagram *);
enum counter hs_stream_response(struct engine *, struct peer_slot *,
    uint64_t now_ms, const struct datagram *);

#endif
