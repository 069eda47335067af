/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/join_int.h */
#ifndef JOIN_INT_H
#define JOIN_INT_H

#include <string.h>

#include "bundle.h"
#include "engine_int.h"
#include "engine_net.h"
#include "frame.h"
#include "invite.h"

/*
 * What engine_join.c (newcomers) and engine_renew.c (our own certificate)
 * share and nobody else sees.
 */
#define INVITES_MAX 64
#define INVITES_OF_ONE 32   /* that one member may tell us of */
#define INVITE_KEPT_S 86400 /* after its end: to say why it is refused */
#define PASSED_MAX 32
#define PASSED_MS 5000
#define ANSWERS_MAX 8
#define ANSWER_MS 60000
#define ISSUE_MS 3000 /* keyd's answer is late after this */
#define INVITES_AGAIN_MS 60000
#define INVITES_LATE_MS 1000 /* keyd's list did not come to its end */
#define LOOK_FIRST_MS 5000   /* at our own certificate's age */

struct invitation {
	bool used;
	uint8_t holder[32]; /* the member that answers for it */
	struct join_invite is;
};

/* A question that went on to a holder. */
struct passed {
	uint32_t req; /* ours, 0: free */
	uint32_t theirs;
	uint8_t asker[32], holder[32];
	uint64_t due_ms;
};

/* A question that keyd has, or its answer while parts of it are asked for. */
struct answer {
	uint64_t due_ms; /* 0: free */
	bool pending;
	uint32_t id; /* keyd's question */
	uint8_t request[JOIN_REQUEST];
	uint8_t asker[32]; /* pending: who hears it first */
	uint32_t req;
	struct msg_issue_reply r;
};

struct renewal {
	bool active;
	uint32_t req;      /* 0: by our own keyd */
	uint8_t asked[32]; /* who was: nobody else answers */
	uint32_t turn;     /* among those who pass it on */
	uint8_t part;
	size_t len;
	uint64_t ask_due_ms, end_ms;
	uint8_t bundle[BUNDLE_MAX];
};

struct join {
	struct invitation inv[INVITES_MAX];
	struct passed passed[PASSED_MAX];
	struct answer answer[ANSWERS_MAX];
	struct renewal renewal;
	uint8_t signature[64]; /* of our own request, keyd's */
	uint32_t next_req, next_id;
	uint64_t invites_due_ms, look_due_ms;
};

static inline bool
same(const uint8_t a[32], const uint8_t b[32])
{
	return memcmp(a, b, 32) == 0;
}

/* Requests of ours, never 0. */
static inline uint32_t
join_req(struct join *j)
{
	if (++j->next_req == 0)
		j->next_req = 1;
	return j->next_req;
}

void join_arm(struct engine *);
/* keyd is asked to decide; the answer is for the asker.  -1: away or busy. */
int join_ask_keyd(struct engine *, uint64_t now_ms, const uint8_t asker[32],
    const uint8_t request[JOIN_REQUEST]);

/* ---- engine_renew.c ---- */
void renew_tick(struct engine *, uint64_t now_ms);
uint64_t renew_due(const struct engine *);
/* keyd's answer, when we are the holder ourselves */
void renew_issued(
    struct engine *, uint64_t now_ms, const struct msg_issue_reply *);
/* A JOIN_REPLY that is not an answer to what we passed on: ours? */
void renew_reply(struct engine *, const struct peer_slot *from, uint64_t now_ms,
    const struct join_reply *);

#endif
