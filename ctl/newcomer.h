/* SPDX-License-Identifier: ISC */
/* file: ctl/newcomer.h */
#ifndef NEWCOMER_H
#define NEWCOMER_H

#include "bundle.h"
#include "paths.h"
#include "invite.h"

/*
 * This machine becomes a member: the files that init and join write, the start
 * of the service, and what is said about it.
 */
#define NEWCOMER_MADE_MAX 8

struct newcomer {
	const struct call *call;
	struct paths files;
	uint8_t identity[32], node[32], seed[32]; /* private, public, Ed25519 */
	struct bundle bundle;
	struct cert cert;        /* the bundle's */
	uint16_t port, dht_port; /* 0: as they are by themselves */
	uint8_t ncontacts;
	struct contact contact[INVITE_CONTACTS_MAX];
	/* what was written, to be taken away if something fails */
	const char *made[NEWCOMER_MADE_MAX];
	unsigned nmade;
};

/*
 * Nothing is in the way, the directories are there, the key is read or made.
 * EXIT_FINE, or reported.  End with newcomer_clear either way.
 */
int newcomer_begin(struct newcomer *, const struct call *);
/* What was written goes away again, unless all of it was. */
void newcomer_clear(struct newcomer *, bool keep);
/* A file of this member; EXIT_FINE, or reported. */
int newcomer_write(
    struct newcomer *, const char *path, mode_t, const char *text, size_t len);
/* The bundle is whole and ours, or reported. */
int newcomer_check(struct newcomer *);
/* secret, certificate and, as the last, the configuration */
int newcomer_write_all(struct newcomer *);
/* Starts it, unless --no-start, and says what was done. */
int newcomer_start(struct newcomer *, const char *network, const char *next);

/* A short name for a network: "net-" and 8 digits of its authority's key. */
#define NETWORK_NAME 16
const char *network_name(char out[NETWORK_NAME], const uint8_t authority[32]);
/* A:PORT, [A]:PORT or A; 0 or -1 */
int endpoint_parse(const char *, uint16_t port, struct endpoint *);
/* 1..65535; 0, or reported */
int port_parse(const struct call *, const char *what, const char *, uint16_t *);

#endif
