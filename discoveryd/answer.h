/* SPDX-License-Identifier: ISC */
/* file: discoveryd/answer.h */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "msg.h"

/*
 * The address book: whose is an overlay address, and where is that peer?
 *
 *	configuration --book_add, book_commit--> peers, prefixes
 *	engine --book_seen--> the place where a peer last proved who it is
 *	engine <--book_lookup-- key and places, best first
 *
 * Pure but for malloc.  Only configured peers have an entry, so what the
 * engine reports can't make the book grow.  The engine checks the key of every
 * answer against its own routes: an error here costs a connection, never a
 * packet in the wrong hands.
 */
#define BOOK_PLACE_CONFIGURED 1 /* candidate types, as in msg.h */
#define BOOK_PLACE_SEEN 4

struct book;

struct book *book_new(void); /* empty; NULL: no memory */
void book_free(struct book *);

/*
 * A peer of the next configuration.  0, or -1: no memory, or more than
 * CONF_PEERS_MAX; then nothing of it is taken.
 */
int book_add(struct book *, const struct conf_peer *);
/*
 * The peers added since the last commit take the place of all others at once;
 * what was seen of a key that stays is kept.  How many there are now, or -1:
 * no memory, and the old ones stay.
 */
int book_commit(struct book *);
void book_abandon(struct book *); /* forget what was added */
size_t book_count(const struct book *);

/*
 * The peer with the longest prefix that holds the address: FOUND with its key
 * and at most CANDIDATES_MAX places (the one it was seen at first, then as
 * configured, none twice; none at all is possible), or UNKNOWN.
 */
void book_lookup(
    const struct book *, const struct addr *, struct msg_lookup_reply *);
void book_lookup_key(
    const struct book *, const uint8_t key[32], struct msg_lookup_reply *);
void book_lookup_name(
    const struct book *, const char *name, struct msg_lookup_reply *);
/* false: not a peer of ours, ignored */
bool book_seen(struct book *, const struct msg_peer_seen *);
/*
 * Peers that were up when last heard of, for an engine that starts anew:
 * fills *reply for the next one at or behind *cursor (0 at first).  False:
 * no more.
 */
bool book_recent(
    const struct book *, size_t *cursor, struct msg_lookup_reply *);

#endif
