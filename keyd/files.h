/* SPDX-License-Identifier: ISC */
/* file: keyd/files.h */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "issue.h"
#include "keys.h"
#include "ledger.h"

/*
 * What keyd reads and writes, all by descriptors it was born with, and the page
 * in which secrets are.  Everything that goes wrong is logged here.
 */
#define VAULT_TEXT (AUTHORITY_TEXT_MAX + 2)

/* The secrets, and everything on the way from the files to them. */
struct vault {
	struct keys keys;
	struct authority authority;
	bool has_authority;
	uint8_t priv[32];
	char text[VAULT_TEXT];
};
/*
 * Locked in memory, left out of dumps, empty in a fork (the latter two and the
 * first are logged if they can't be had).  NULL: no memory.
 */
struct vault *vault_new(void);
void vault_wipe(struct vault *);

/* fd stays the caller's.  What is not usable is not loaded. */
void vault_load_key(struct vault *, int fd, uint64_t now_ms);
void vault_load_authority(struct vault *, int fd);

/*
 * The stamp file: octets 0..7 are the stamp's reserve, 8..15 the number of the
 * last record signed (both of keys.h).  An older file has the first 8 only.
 */
struct stampfile {
	int fd; /* -1: there is none */
	uint8_t octets[16];
};
/* Takes the fd (-1: none) and tells the keys what is in it. */
void stampfile_load(struct stampfile *, int fd, struct keys *);
/* 0: it is on the disk */
int stampfile_save(const struct stampfile *);

/* The ledger's file for issue.h; *fd lives as long as it. */
void ledgerfile(struct issue_io *, const int *fd);

#endif
