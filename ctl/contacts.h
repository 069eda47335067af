/* SPDX-License-Identifier: ISC */
/* file: ctl/contacts.h */
#ifndef CONTACTS_H
#define CONTACTS_H

#include "paths.h"
#include "invite.h"
#include "snapshot.h"

/*
 * Where a newcomer can call: this node, which can sign, and behind it members
 * that pass the question on if this one can't be reached from there.
 */
struct contacts {
	uint8_t n;
	struct contact at[INVITE_CONTACTS_MAX];
	char name[INVITE_CONTACTS_MAX][CERT_NAME_MAX]; /* "": not known */
};

/*
 * This node, the first that is known of:
 *	what --contact says; what init was told; where it listens;
 *	the machine's own addresses, the best two.
 * EXIT_FINE with at least one, or reported.
 */
int contacts_find(const struct call *, const struct paths *,
    const struct conf *, const uint8_t node[32], struct contacts *);
/* Ask the daemons for others.  There may be none, or no daemons: no error. */
void contacts_more(
    const struct call *, const struct conf_node *, struct contacts *);
/*
 * The same by what they answered (peers, members, the DHT).  Members alone, not
 * peers of the configuration: those don't let anybody in.  First who has not an
 * address that is there already, who is in the DHT's table, who is up longest.
 */
void contacts_pick(
    const struct snapshot *, const struct conf_node *, struct contacts *);

#endif
