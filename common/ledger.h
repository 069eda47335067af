/* SPDX-License-Identifier: ISC */
/* file: common/ledger.h */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority.h"
#include "cert.h"
#include "invite.h"

/*
 * The authority's ledger (identity.key.ledger, 0600), as a value: what was
 * decided, one line each, only ever appended to, by meshctl (root) and by keyd,
 * under flock.  Pure.
 *
 *	invite SECRET NAME CREATED EXPIRES USES LIFE_S PREFIX4 GROUPS [CAPS]
 *	cancel ID
 *	issue SERIAL ID NAME NODEKEY EDKEY FROM UNTIL PREFIX4 GROUPS [CAPS]
 *	revoke SERIAL WHEN
 *	crl NUMBER WHEN
 *
 * SECRET and keys are base64, ID is hexadecimal, times are unix seconds, groups
 * have commas between; ID, PREFIX4 and GROUPS may be "-": none.  CAPS is
 *"relay" if it is there.  NAME of an invite may be "-": who comes is called
 * node-SERIAL.  A line that makes no sense is skipped and counted, so that a
 * damaged file loses a line and no more.  A line without its newline at the end
 *of the file is not there yet: who has the lock and sees one writes " cut
 *short" and a newline behind it, so that it never makes sense, reads that too,
 *and decides only then.  # comments and empty lines are skipped.
 */
#define LEDGER_INVITES_MAX 256 /* then the oldest that is over goes */
#define LEDGER_ISSUED_MAX 65536
#define LEDGER_LINE_MAX 512
#define LEDGER_GRACE_S (7 * 86400) /* for renewals; so long names stay */
#define LEDGER_CRL_S (30 * 86400)  /* until a list's next update */
#define LEDGER_WHO_MAX 128

struct ledger_invite {
	uint8_t secret[INVITE_SECRET], id[INVITE_ID]; /* id from secret */
	char name[CERT_NAME_MAX];
	uint64_t created, expires;
	uint32_t uses, used; /* allowed, so far */
	uint32_t life_s;     /* of the certificates */
	bool cancelled;
	struct prefix address; /* family 0: the next free one */
	uint8_t ngroups;
	char group[CERT_GROUPS_MAX][CERT_GROUP_MAX];
	uint32_t caps; /* CERT_CAP_RELAY or 0 */
};
struct ledger_issue {
	uint64_t serial, not_before, not_after, revoked; /* revoked 0: no */
	uint8_t id[INVITE_ID]; /* zero: not by an invitation */
	uint8_t node[32], ed[32];
	char name[CERT_NAME_MAX];
	struct prefix address;
	uint8_t ngroups;
	char group[CERT_GROUPS_MAX][CERT_GROUP_MAX];
	uint32_t caps; /* CERT_CAP_RELAY or 0 */
};
struct ledger {
	struct ledger_invite *invite; /* oldest first */
	uint32_t ninvites;
	struct ledger_issue *issue; /* by serial; the last of a name counts */
	uint32_t nissues, room;
	uint64_t serial, crl; /* the highest so far */
	uint32_t skipped;
	char part[LEDGER_LINE_MAX]; /* of a line whose end has not come */
	size_t partlen;
	bool toolong; /* the line at hand is longer than any */
	char who[LEDGER_WHO_MAX];
};
void ledger_init(struct ledger *);
void ledger_clear(struct ledger *); /* frees and wipes */
/* More of the file, in any pieces.  0, or -1 ENOMEM. */
int ledger_read(struct ledger *, const char *text, size_t len);

/* Letters, digits and hyphens inside, 1..63: may a node be called so? */
bool ledger_name_ok(const char *);
/* 1..32 printable ASCII characters but blanks and commas; not "-" */
bool ledger_group_ok(const char *);
/* Lines to append, with the newline; their length, 0: does not fit. */
size_t ledger_line_invite(
    char out[LEDGER_LINE_MAX], const struct ledger_invite *);
size_t ledger_line_cancel(
    char out[LEDGER_LINE_MAX], const uint8_t id[INVITE_ID]);
size_t ledger_line_issue(
    char out[LEDGER_LINE_MAX], const struct ledger_issue *);
size_t ledger_line_revoke(
    char out[LEDGER_LINE_MAX], uint64_t serial, uint64_t when);
size_t ledger_line_crl(
    char out[LEDGER_LINE_MAX], uint64_t number, uint64_t when);

struct ledger_invite *ledger_invite(
    const struct ledger *, const uint8_t id[INVITE_ID]);
/* Could it be used now?  Not cancelled, expired or used up. */
bool ledger_invite_open(const struct ledger_invite *, uint64_t unix_s);
/* The newest certificate of this name or key that is not revoked; or NULL. */
struct ledger_issue *ledger_by_name(const struct ledger *, const char *name);
struct ledger_issue *ledger_by_node(
    const struct ledger *, const uint8_t node[32]);
/*
 * The lowest host address of the prefix that nobody has or was promised, with
 * the prefix's length.  0, or -1: none is left, or no memory.
 */
int ledger_free_address(const struct ledger *, const struct prefix *net,
    uint64_t unix_s, struct prefix *out);
/* Who has this address, name (of another node than `but`); NULL: nobody. */
const struct ledger_issue *ledger_address_of(const struct ledger *,
    const struct addr *, const uint8_t but[32], uint64_t unix_s);
const struct ledger_issue *ledger_name_of(const struct ledger *,
    const char *name, const uint8_t but[32], uint64_t unix_s);
/*
 * The list to sign: revoked and not yet expired, number one above the last.
 * If there are too many, those that expire first are left out.
 */
void ledger_crl(const struct ledger *, uint64_t unix_s, struct crl *out);

/*
 * Issue a certificate for this request: JOIN_OK with *b complete and line the
 * ledger's new line, or why not, and *who for a human (in the ledger, until the
 * next call; a clause: "12 min ago by beta (10.77.0.2)").
 *
 * The ledger itself is not changed: who asked appends the line to the file and
 * reads it, with ledger_read, when it is there.  (The same line twice does
 * nothing.)  Nothing is to be handed out before the line is on the disk.
 *
 * Renewal (id all zero): the request's keys must be those of a certificate
 * that counts or has expired for less than LEDGER_GRACE_S.  Same machine, same
 * invitation, again: JOIN_OK with what it has (nothing is used up); line is "".
 * The same for a renewal of a certificate that is younger than an hour and a
 * tenth of its life.  Whose certificate was revoked needs an invitation that
 * was made after that.  A name that another node has gets -2, -3, ... added.
 */
struct bundle;
enum join_status ledger_issue(struct ledger *, const struct authority *,
    const uint8_t holder[32], const struct join_request *, uint64_t unix_s,
    struct bundle *b, char line[LEDGER_LINE_MAX], const char **who);
/*
 * The same by root's own word: the request has an id of zero, the terms have
 * name, address, groups, capabilities and life_s.
 */
enum join_status ledger_admit(struct ledger *, const struct authority *,
    const uint8_t holder[32], const struct join_request *,
    const struct ledger_invite *terms, uint64_t unix_s, struct bundle *b,
    char line[LEDGER_LINE_MAX], const char **who);

#endif
