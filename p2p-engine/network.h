/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/network.h */
#ifndef NETWORK_H
#define NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "msg.h"

/*
 * The part of engine.h for the members of a network: peers that nobody
 * configured, but who have a certificate of an authority that is ours, too.
 *
 *	unknown destination --LOOKUP_ASK--> discoveryd --certificate--> verified
 *	unknown initiator --> quarantine --HELLO: certificate--> verified
 *	verified certificate --> a peer like any other
 *
 * Every certificate and list is verified in here, whoever brought it.
 */
struct engine;

/*
 * The network that the node is a member of, or that it is not (!on).  Its
 * members are peers beside the configured ones, who win over them.  Comes
 * before the configuration it came with.
 */
void engine_set_network(
    struct engine *, uint64_t now_ms, const struct conf_net *);
/* ---- what comes in ---- */
/* A control frame for a peer, or for any: see msg.h. */
void engine_on_frame(
    struct engine *, uint64_t now_ms, const struct msg_peer_frame *);
/*
 * A revocation list.  NULL: it is in force (or was already), and peers hear of
 * it; else why not.  from: ROLE_CTL or ROLE_DISC.
 */
const char *engine_on_crl(struct engine *, uint64_t now_ms, enum role from,
    const uint8_t *, size_t len);
/* What discoveryd kept of our own certificate. */
void engine_on_bundle(
    struct engine *, uint64_t now_ms, const uint8_t *, size_t len);
/* A clean end: who is up hears of it and need not find out. */
void engine_leave(struct engine *, uint64_t now_ms);
/* keyd's signature of our own question for a certificate */
void join_signature(struct engine *, const uint8_t sig[64]);
/* engine_join.c: keyd's answers, and what the administrator asks for. */
void join_on_issue(struct engine *, uint64_t now_ms, uint32_t id,
    const struct msg_issue_reply *);
void join_on_invite(
    struct engine *, uint64_t now_ms, const struct msg_invite_row *);
void join_ledger(struct engine *, uint64_t now_ms); /* LEDGER_NEW */
/* RENEW_ASK: NULL, it is under way, or why not. */
const char *join_renew(struct engine *, uint64_t now_ms);

/* ---- looking ---- */
/* -1: not a member of a network */
int engine_net_row(
    const struct engine *, uint64_t now_ms, struct msg_net_row *);
uint32_t engine_nmembers(const struct engine *);
int engine_member_row(const struct engine *, uint32_t i, uint64_t now_ms,
    uint64_t unix_ms, struct msg_member_row *);

#endif
