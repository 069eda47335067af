/* SPDX-License-Identifier: ISC */
/* file: ctl/hostnet.h */
#ifndef HOSTNET_H
#define HOSTNET_H

#include <stdbool.h>

#include "addr.h"

/*
 * What this machine has of networks already: so that a new one does not hide
 * any of them, and so that others can be told where it is.
 */
#define HOSTNET_MAX 8192

struct hostnet {
	bool more; /* than fit: what is not here may still be there */
	unsigned n;
	struct hostnet_row {
		struct prefix p; /* an address with its length, or a route */
		bool address;    /* of this machine */
	} row[HOSTNET_MAX];
};

/* 0, or -1 with errno */
int hostnet_read(struct hostnet *);
/* Lines of /proc/net/route, as hostnet_read adds them; default routes don't. */
void hostnet_routes(struct hostnet *, const char *text);

/* The first that overlaps, or NULL. */
const struct hostnet_row *hostnet_overlap(
    const struct hostnet *, const struct prefix *);
/* 10.X.0.0/16 for the first of 256 X from `start` on that is free; 0 or -1 */
int hostnet_pick(const struct hostnet *, unsigned start, struct prefix *out);
/*
 * Addresses others may reach this machine at, the best first, none inside one
 * of the networks `not`: at most max, how many.
 */
unsigned hostnet_contacts(const struct hostnet *, const struct prefix * not,
    unsigned nnot, struct addr *out, unsigned max);

#endif
