/* SPDX-License-Identifier: ISC */
/* file: keyd/issue.h */
#ifndef ISSUE_H
#define ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "askrate.h"
#include "ledger.h"
#include "msg.h"

/*
 * The authority at work: who asks for a certificate, and with which keys a
 * newcomer may call.  Pure; what is done to the ledger's file comes in as
 * functions, so that tests and the simulator have a file in memory.
 *
 * The file is everybody's truth: meshctl appends to it too, so before each
 * decision what is new in it is read, under the lock, and nothing is handed out
 * before its line is on the disk.
 */
#define ISSUE_RATE 5
#define ISSUE_BURST 20
#define ISSUE_LIST_RATE 2 /* for the list of invitations */
#define ISSUE_LIST_BURST 8
#define ISSUE_ROWS_MAX 64
#define ISSUE_KEEP_S (7 * 86400) /* invitations are told for so long after */
#define ISSUE_FILE_MAX (16 << 20)

/* What can be done to the ledger's file.  0, or -1 (logged there). */
struct issue_io {
	void *ctx;
	int (*lock)(void *ctx); /* never waits for long */
	void (*unlock)(void *ctx);
	/* how many octets of those from there on, 0 at the end, or -1 */
	long (*read)(void *ctx, uint64_t from, void *, size_t len);
	/* at the end; 0: it is on the disk */
	int (*append)(void *ctx, const void *, size_t len);
};

struct issue {
	struct issue_io io;
	const struct authority *authority; /* NULL: there is none here */
	struct ledger ledger;
	uint64_t at; /* the file was read up to here */
	char last;   /* octet that was read; a newline before the first */
	struct askrate rate, list_rate;
};

/* The authority is not copied: it is where secrets are. */
void issue_init(struct issue *, const struct issue_io *,
    const struct authority *, uint64_t now_ms);
void issue_clear(struct issue *); /* frees and wipes what was read */
/*
 * What is new in the file.  A file that is shorter than it was is another one,
 * and is read from its start.  0, or -1: nothing is known then.
 */
int issue_read(struct issue *);
/*
 * The answer to a request; holder is our own public key.  A reply with JOIN_OK
 * holds the network's secret: wipe it when it is sent.
 */
void issue_answer(struct issue *, const uint8_t holder[32],
    const struct msg_issue_ask *, uint64_t now_ms, uint64_t unix_s,
    struct msg_issue_reply *);
/*
 * Invitations with the keys that belong to them: all that can be used, then the
 * others that are not over for long, newest first.  How many, or -1: not now.
 * Wipe them when they are sent.
 */
int issue_rows(struct issue *, uint64_t now_ms, uint64_t unix_s,
    struct msg_invite_row rows[ISSUE_ROWS_MAX]);

const char *issue_status_name(uint8_t join_status); /* a short phrase */

#endif
