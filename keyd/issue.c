/* SPDX-License-Identifier: ISC */
/* file: keyd/issue.c */
/*
 * One request for a certificate from the lock to the line on the disk (see
 * issue.h).  Who gets what is decided in ledger_issue.c; this file sees to it
 * that the decision is made on what the file says now, that nobody else decides
 * at the same time, and that a certificate exists only if its line does.
 *
 * If the line can't be written there is no certificate.  If the process dies
 * after it was written, the newcomer asks again and gets what the line says.
 */
#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "crypto.h"
#include "issue.h"

#define PIECE 4096

_Static_assert(BUNDLE_MAX <= sizeof(((struct msg_issue_reply *)0)->bundle),
    "every bundle fits a reply");

void
issue_init(struct issue *s, const struct issue_io *io,
    const struct authority *a, uint64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->io = *io;
	s->authority = a;
	s->last = '\n';
	ledger_init(&s->ledger);
	askrate_fill(&s->rate, now_ms, ISSUE_BURST);
	askrate_fill(&s->list_rate, now_ms, ISSUE_LIST_BURST);
}

static void
forget(struct issue *s)
{
	ledger_clear(&s->ledger);
	ledger_init(&s->ledger);
	s->at = 0;
	s->last = '\n';
}

void
issue_clear(struct issue *s)
{
	ledger_clear(&s->ledger);
	crypto_wipe(s, sizeof(*s));
}

/* ---- the file ---- */

/* One piece: 1, 0 at the end, -1. */
static int
read_piece(struct issue *s)
{
	char piece[PIECE];
	int ret = 1;
	long n;

	n = s->io.read(s->io.ctx, s->at, piece, sizeof(piece));
	if (n < 0 || (size_t)n > sizeof(piece) || s->at > ISSUE_FILE_MAX)
		return -1;
	if (n == 0)
		return 0;
	if (ledger_read(&s->ledger, piece, (size_t)n) == -1)
		ret = -1;
	s->at += (uint64_t)n;
	s->last = piece[n - 1];
	crypto_wipe(piece, sizeof(piece));
	return ret;
}

/* Is the octet that was read last still there?  1, 0, -1. */
static int
is_the_same(struct issue *s)
{
	char last;
	long n;

	if (s->at == 0)
		return 1;
	n = s->io.read(s->io.ctx, s->at - 1, &last, 1);
	if (n < 0)
		return -1;
	return n == 1 && last == s->last;
}

int
issue_read(struct issue *s)
{
	int more = is_the_same(s);

	if (more == 0)
		forget(s);
	if (more != -1)
		do
			more = read_piece(s);
		while (more == 1);
	if (more == -1)
		forget(s);
	return more;
}

/* NULL, or why it is not there. */
static const char *
write_line(struct issue *s, const char *line)
{
	size_t len = strlen(line);

	if (s->at + len > ISSUE_FILE_MAX)
		return "the ledger is full";
	if (s->io.append(s->io.ctx, line, len) == -1)
		return "the ledger can't be written";
	/* if this fails, the next question begins with all of the file */
	(void)issue_read(s);
	return NULL;
}

/*
 * What begins a line and has no end, while we have the lock, is of somebody who
 * was cut off: nothing came of it.  A newline alone could make sense of it, of
 * a group whose name is half there for example, so more is written.
 */
static const char *
end_line(struct issue *s)
{
	return s->last == '\n' ? NULL : write_line(s, " cut short\n");
}

/* ---- a certificate ---- */

static enum join_status
later(const char **who, const char *why)
{
	*who = why;
	return JOIN_BUSY;
}

/* With the lock. */
static enum join_status
decide(struct issue *s, const uint8_t holder[32], const struct join_request *q,
    uint64_t unix_s, struct bundle *b, const char **who)
{
	char line[LEDGER_LINE_MAX];
	enum join_status status;
	const char *why;

	if (issue_read(s) == -1)
		return later(who, "the ledger can't be read");
	why = end_line(s);
	if (why != NULL)
		return later(who, why);
	status = ledger_issue(
	    &s->ledger, s->authority, holder, q, unix_s, b, line, who);
	if (status != JOIN_OK || line[0] == '\0')
		return status;
	why = write_line(s, line);
	return why == NULL ? JOIN_OK : later(who, why);
}

static enum join_status
judge(struct issue *s, const uint8_t holder[32], const struct join_request *q,
    uint64_t unix_s, struct msg_issue_reply *reply)
{
	struct bundle b = {0};
	enum join_status status;
	const char *who = "";

	if (s->io.lock(s->io.ctx) == -1) {
		status = later(&who, "somebody else has the ledger");
	} else {
		status = decide(s, holder, q, unix_s, &b, &who);
		s->io.unlock(s->io.ctx);
	}
	if (status == JOIN_OK)
		reply->len = (uint16_t)bundle_put(reply->bundle, &b);
	if (status == JOIN_OK && reply->len == 0)
		status = later(&who, "the bundle does not fit");
	snprintf(reply->who, sizeof(reply->who), "%s", who);
	crypto_wipe(&b, sizeof(b));
	return status;
}

void
issue_answer(struct issue *s, const uint8_t holder[32],
    const struct msg_issue_ask *ask, uint64_t now_ms, uint64_t unix_s,
    struct msg_issue_reply *reply)
{
	struct join_request q;

	memset(reply, 0, sizeof(*reply));
	if (s->authority == NULL) {
		reply->status = JOIN_NO_AUTHORITY;
		return;
	}
	if (!askrate_take(&s->rate, now_ms, ISSUE_RATE, ISSUE_BURST)) {
		reply->status = JOIN_BUSY;
		snprintf(reply->who, sizeof(reply->who), "too many ask");
		return;
	}
	join_request_get(ask->request, &q);
	reply->status = (uint8_t)judge(s, holder, &q, unix_s, reply);
}

/* ---- invitations ---- */

static enum invite_state
state_of(const struct ledger_invite *v, uint64_t unix_s)
{
	if (v->cancelled)
		return INVITE_CANCELLED;
	if (v->used >= v->uses)
		return INVITE_SPENT;
	return unix_s >= v->expires ? INVITE_LATE : INVITE_LIVE;
}

static void
row_of(struct msg_invite_row *row, const struct ledger_invite *v,
    enum invite_state state)
{
	struct invite_keys k;

	invite_derive(&k, v->secret);
	memset(row, 0, sizeof(*row));
	memcpy(row->id, k.id, sizeof(row->id));
	memcpy(row->pub, k.pub, sizeof(row->pub));
	memcpy(row->psk, k.psk, sizeof(row->psk));
	row->expires = v->expires;
	row->state = state;
	crypto_wipe(&k, sizeof(k));
}

/*
 * Who comes too late is let in, too, to be told so; but never in the place of
 * one that may come.
 */
int
issue_rows(struct issue *s, uint64_t now_ms, uint64_t unix_s,
    struct msg_invite_row rows[ISSUE_ROWS_MAX])
{
	int n = 0;

	if (s->authority == NULL)
		return 0;
	if (!askrate_take(
		&s->list_rate, now_ms, ISSUE_LIST_RATE, ISSUE_LIST_BURST) ||
	    issue_read(s) == -1)
		return -1;
	for (int live = 1; live >= 0; live--)
		for (uint32_t i = s->ledger.ninvites; i-- > 0;) {
			const struct ledger_invite *v = &s->ledger.invite[i];
			enum invite_state state = state_of(v, unix_s);

			if ((state == INVITE_LIVE) != (live == 1) ||
			    (unix_s > v->expires &&
				unix_s - v->expires > ISSUE_KEEP_S))
				continue;
			if (n == ISSUE_ROWS_MAX)
				return n;
			row_of(&rows[n++], v, state);
		}
	return n;
}

/* ---- for people ---- */

const char *
issue_status_name(uint8_t status)
{
	static const char *const names[JOIN_NSTATUS] = {
	    [JOIN_OK] = "issued",
	    [JOIN_UNKNOWN] = "no such invitation",
	    [JOIN_USED] = "already used",
	    [JOIN_EXPIRED] = "expired",
	    [JOIN_FORGED] = "proof or signature is wrong",
	    [JOIN_NO_AUTHORITY] = "no authority here",
	    [JOIN_REVOKED] = "revoked",
	    [JOIN_BUSY] = "try again",
	};

	return status < JOIN_NSTATUS ? names[status] : "?";
}
