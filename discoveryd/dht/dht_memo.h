/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_memo.h */
#ifndef DHT_MEMO_H
#define DHT_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "dht.h"

/*
 * Which node answered from which endpoint, and who is not to be believed any
 * more.  Pure; all memory at memo_new.
 *
 * In a private swarm ids are free, so a liar is whatever node is closest to
 * what it is asked for.  But it can be that only once for each endpoint:
 * candidates are judged by the id that answered there last, and an endpoint
 * with too many ids in too little time is one of a liar (somebody who starts
 * anew has one more, not many).  A wrong signature is proof at once.
 */
#define MEMO_PLACES 1024
#define MEMO_WAYS 4
#define MEMO_LIFE_MS (30 * 60 * 1000)
#define MEMO_BAN_MS (60 * 60 * 1000)
#define MEMO_CHANGES 2      /* of the id within MEMO_LIFE_MS; the next bans */
#define MEMO_QUICK_MS 10000 /* nobody starts anew within */

struct memo;

struct memo *memo_new(uint32_t places, const uint8_t hash_key[16]); /* NULL */
void memo_free(struct memo *);
enum memo_verdict {
	MEMO_FIRST, /* this id answered there for the first time */
	MEMO_AGAIN,
	MEMO_BANNED
};
/* This id answered there. */
enum memo_verdict memo_answered(struct memo *, uint64_t now_ms,
    const struct endpoint *, const uint8_t id[DHT_ID]);
/* What answered there last, or NULL: not known. */
const uint8_t *memo_id(
    const struct memo *, uint64_t now_ms, const struct endpoint *);
void memo_ban(struct memo *, uint64_t now_ms, const struct endpoint *);
bool memo_is_banned(
    const struct memo *, uint64_t now_ms, const struct endpoint *);
uint32_t memo_banned(const struct memo *, uint64_t now_ms);

#endif
