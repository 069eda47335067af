/* SPDX-License-Identifier: ISC */
/* file: ctl/terms.h */
#ifndef TERMS_H
#define TERMS_H

#include "registry.h"

/*
 * What a new member is given: name, --address, --group, --life, --relay.
 * Checked
 * against the ledger, so that an administrator hears now what a newcomer would
 * hear later.  EXIT_FINE, or reported.
 */
#define TERMS_LIFE_S (30u * 86400)
#define TERMS_LIFE_MIN_S 60
#define TERMS_LIFE_MAX_S (3650u * 86400)

int terms_read(struct ledger_invite *, const struct call *,
    const struct registry *, const char *name, uint32_t life_s);

/*
 * The ledger and configuration of the node, for as long as run takes.  It may
 * close it earlier.
 */
int terms_with_registry(const struct call *,
    int (*run)(const struct call *, struct registry *, const struct paths *,
	const struct conf *));

#endif
