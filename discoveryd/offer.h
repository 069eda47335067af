/* SPDX-License-Identifier: ISC */
/* file: discoveryd/offer.h */
#ifndef OFFER_H
#define OFFER_H

#include "lookup.h"

/*
 * What is said of a member: its certificate, and the places where it may be,
 * in the order in which they should be tried.  Pure.
 *
 *	heard on this link; where the engine reached it last and where it says
 *	it is, the newer of the two first; none twice, none inside the overlay
 *
 * A node that has no private address itself is in no private network: what a
 * member claims there is left out.  It would leave for the Internet, and a
 * hostile member could aim us at what only our provider reaches.
 */
#define OFFER_OF_RECORD_MAX                                                    \
	8 /* places of one record; a record that names many must not aim us at \
	     many */
#define OFFER_RELAYS_MAX 2 /* if it has named fewer itself */

/* Fills the whole row; row->reply.n is 0 if no place is known. */
void offer_member(const struct lookup_world *, uint64_t now_ms, uint64_t unix_s,
    const struct member *, struct msg_find_row *row);
/*
 * Members that may relay, so that there are two of them: one may die, or it has
 * named none.  First those that are up, who may have told us of it and have a
 * session with it; then those whose places are known.
 */
void offer_relays(const struct lookup_world *, struct msg_lookup_reply *,
    const struct member *);
/* Is what we know of its place good enough not to look for a newer one? */
bool offer_is_fresh(const struct lookup_world *, uint64_t now_ms,
    uint64_t unix_s, const struct member *);

#endif
