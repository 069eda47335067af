/* SPDX-License-Identifier: ISC */
/* file: ctl/registry.h */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "paths.h"
#include "ledger.h"

/*
 * The authority's files, open for writing: nobody else writes into the ledger
 * until they are closed.  keyd does the same for as long as it takes to issue
 * one certificate.
 */
struct registry {
	int fd;
	const char *path;
	struct ledger ledger;
	struct authority authority;
	uint8_t identity[32], holder[32]; /* this node's keys */
};

/*
 * EXIT_FINE, or reported: this node can't sign, not root, ...  Close either
 * way.  A last line that was cut short is ended, see ledger.h.
 */
int registry_open(struct registry *, const struct call *, const struct paths *);
void registry_close(struct registry *);
/*
 * Lines, each with its newline: to the disk, then into the ledger in memory.
 * EXIT_FINE, or reported.
 */
int registry_append(struct registry *, const struct call *, const char *lines);

/* What became of telling the daemons. */
enum told { TOLD, TOLD_ABSENT, TOLD_FAILED };
/* why: at least 160 octets */
enum told registry_tell(const struct call *, enum msg_type, const void *body,
    size_t len, char *why, size_t cap);

#endif
