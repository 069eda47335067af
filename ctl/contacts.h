/* SPDX-License-Identifier: ISC */
/* file: ctl/contacts.h */
#ifndef CONTACTS_H
#define CONTACTS_H

#include "paths.h"
#include "invite.h"

/*
 * Where a newcomer can call this node, the first that is known of:
 *	what --contact says; what init was told; where it listens;
 *	the machine's own addresses, the best two.
 * EXIT_FINE with 1..INVITE_CONTACTS_MAX of them, or reported.
 */
int contacts_find(const struct call *, const struct paths *,
    const struct conf *, const uint8_t node[32], struct contact *out,
    uint8_t *n);

#endif
