/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_issue.c */
/*
 * Certificates and their lines: one is never there without the other, whatever
 * meshctl, the disk and the newcomers do in between.
 */
#include "issue.h"
#include "ledger_help.h"
#include "memfile.h"

struct desk {
	struct authority a;
	struct memfile f;
	struct issue s;
	struct msg_issue_reply r;
	struct bundle b; /* of the last good reply */
	uint64_t ms, now;
	uint8_t holder[32];
};

static struct desk *
desk(void)
{
	static struct desk d; /* each test is a process */
	struct issue_io io = memfile_io(&d.f);

	d.a = office("10.77.0.0/16").a;
	d.now = NOW;
	d.ms = 1000;
	d.f.room = SIZE_MAX;
	memset(d.holder, 0x40, sizeof(d.holder));
	issue_init(&d.s, &io, &d.a, d.ms);
	return &d;
}

static void
invited(struct desk *d, uint8_t number, const char *name)
{
	struct ledger_invite v = invitation(number, name);
	char line[LEDGER_LINE_MAX];

	ck_assert_uint_ne(ledger_line_invite(line, &v), 0);
	mem_say(&d->f, line);
}

/* Machine m comes with an invitation, or (0) for a renewal. */
static enum join_status
visit(struct desk *d, uint8_t m, uint8_t number)
{
	struct join_request q = request(m, number);
	struct msg_issue_ask ask;

	join_request_put(ask.request, &q);
	issue_answer(&d->s, d->holder, &ask, d->ms, d->now, &d->r);
	d->ms += 1000;
	ck_assert(!d->f.locked);
	ck_assert_uint_eq(d->f.offences, 0);
	if (d->r.status == JOIN_OK) {
		ck_assert_int_eq(bundle_get(d->r.bundle, d->r.len, &d->b), 0);
		ck_assert_ptr_null(bundle_verify(&d->b, q.node, d->now));
	} else {
		ck_assert_uint_eq(d->r.len, 0);
	}
	return (enum join_status)d->r.status;
}

static uint64_t
serial(const struct desk *d)
{
	struct cert c;

	ck_assert_int_eq(cert_get(d->b.cert, d->b.certlen, &c), CERT_OK);
	return c.serial;
}

static unsigned
count(const struct desk *d, const char *word)
{
	char text[MEMFILE_MAX + 1];
	unsigned n = 0;

	memcpy(text, d->f.text, d->f.len);
	text[d->f.len] = '\0';
	for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
		n++;
	return n;
}

/* ---- certificates ---- */

START_TEST(a_newcomer_gets_a_certificate_and_the_file_a_line)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	ck_assert_str_eq(d->r.who, "beta");
	ck_assert_uint_eq(serial(d), 1);
	ck_assert_mem_eq(d->b.holder, d->holder, 32);
	ck_assert_uint_eq(count(d, "issue 1 "), 1);
	ck_assert_int_eq(d->f.text[d->f.len - 1], '\n');
	ck_assert_uint_eq(d->s.ledger.nissues, 1);
	ck_assert_uint_eq(d->s.ledger.skipped, 0);
}
END_TEST

START_TEST(the_same_machine_again_gets_the_same_and_no_line)
{
	struct desk *d = desk();
	uint8_t first[CERT_MAX];

	invited(d, 1, "beta");
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	memcpy(first, d->b.cert, d->b.certlen);
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	ck_assert_mem_eq(d->b.cert, first, d->b.certlen);
	ck_assert_uint_eq(d->f.writes, 1);
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_USED);
	ck_assert_uint_eq(d->f.writes, 1);
}
END_TEST

START_TEST(what_meshctl_appends_counts_at_the_next_question)
{
	struct desk *d = desk();
	char line[LEDGER_LINE_MAX];

	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_UNKNOWN);
	invited(d, 1, "-");
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	ck_assert_uint_ne(ledger_line_revoke(line, 1, d->now), 0);
	mem_say(&d->f, line);
	ck_assert_int_eq(visit(d, 0x22, 0), JOIN_REVOKED);
}
END_TEST

/* With the lock ours, nobody is going to write the rest of it. */
START_TEST(a_line_without_its_end_never_counts)
{
	struct desk *d = desk();
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	struct ledger_invite v = invitation(1, "beta");
	char line[LEDGER_LINE_MAX];
	size_t n = ledger_line_invite(line, &v);

	line[n - 1] = '\0';
	mem_say(&d->f, line);
	ck_assert_int_eq(issue_rows(&d->s, d->ms, d->now, rows), 0);
	ck_assert_uint_eq(d->s.ledger.skipped, 0);
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_UNKNOWN);
	ck_assert_uint_eq(d->s.ledger.skipped, 1);
	invited(d, 1, "beta");
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
}
END_TEST

START_TEST(a_renewal_is_a_new_line)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	d->now += 20 * DAY;
	ck_assert_int_eq(visit(d, 0x22, 0), JOIN_OK);
	ck_assert_uint_eq(serial(d), 2);
	ck_assert_int_eq(visit(d, 0x44, 0), JOIN_UNKNOWN);
}
END_TEST

START_TEST(a_file_that_got_shorter_is_read_from_its_start)
{
	struct desk *d = desk();
	size_t before;

	invited(d, 1, "beta");
	before = d->f.len;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	d->f.len = before; /* restored from a copy */
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_OK);
	ck_assert_uint_eq(serial(d), 1);
	d->f.len = 0;
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_UNKNOWN);
	ck_assert_uint_eq(d->s.ledger.ninvites, 0);
}
END_TEST

START_TEST(a_long_file_is_read_in_pieces_and_only_once)
{
	struct desk *d = desk();
	unsigned reads;

	for (unsigned i = 0; i < 200; i++)
		invited(d, (uint8_t)(i + 1), "-");
	ck_assert_uint_gt(d->f.len, 3 * 4096);
	ck_assert_int_eq(visit(d, 0x22, 200), JOIN_OK);
	ck_assert_uint_eq(d->s.ledger.ninvites, 200);
	reads = d->f.reads;
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_OK);
	/* is it the same? the end; its own line, and the same again */
	ck_assert_uint_eq(d->f.reads, reads + 5);
}
END_TEST

/* ---- when something is in the way ---- */

START_TEST(without_an_authority_nothing_is_issued_or_read)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	d->s.authority = NULL;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_NO_AUTHORITY);
	ck_assert_uint_eq(d->f.reads, 0);
}
END_TEST

START_TEST(without_the_lock_it_is_told_to_come_again)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	d->f.no_lock = true;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_BUSY);
	ck_assert_str_ne(d->r.who, "");
	d->f.no_lock = false;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_guessed)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	d->f.no_read = true;
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_BUSY);
	d->f.no_read = false;
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_USED);
	ck_assert_uint_eq(d->s.ledger.nissues, 1);
}
END_TEST

START_TEST(no_line_no_certificate)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	d->f.room = 0;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_BUSY);
	ck_assert_uint_eq(count(d, "issue"), 0);
	d->f.room = SIZE_MAX;
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_OK);
	ck_assert_uint_eq(serial(d), 1);
}
END_TEST

/* The line may be on the disk; then it counts, and the newcomer asks again. */
START_TEST(a_disk_that_does_not_answer_gives_nothing_twice)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	d->f.no_disk = true;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_BUSY);
	d->f.no_disk = false;
	ck_assert_int_eq(visit(d, 0x33, 1), JOIN_USED);
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	ck_assert_uint_eq(serial(d), 1);
	ck_assert_uint_eq(count(d, "issue "), 1);
}
END_TEST

START_TEST(a_line_cut_short_at_any_octet_costs_that_line_only)
{
	struct desk *d = desk();
	size_t len;

	invited(d, 1, "beta");
	len = d->f.len;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
	len = d->f.len - len;
	for (size_t cut = 1; cut < len; cut++) {
		issue_clear(&d->s);
		d = desk();

		d->f.len = 0;
		invited(d, 1, "beta");
		invited(d, 2, "gamma");
		d->f.room = cut;
		ck_assert_int_eq(visit(d, 0x22, 1), JOIN_BUSY);
		d->f.room = SIZE_MAX;
		ck_assert_int_eq(visit(d, 0x33, 2), JOIN_OK);
		ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
		ck_assert_uint_eq(serial(d), 2);
		ck_assert_uint_eq(d->s.ledger.skipped, 1);
		ck_assert_uint_eq(d->s.ledger.nissues, 2);
	}
}
END_TEST

START_TEST(a_full_ledger_takes_no_more)
{
	struct desk *d = desk();

	invited(d, 1, "beta");
	ck_assert_int_eq(issue_read(&d->s), 0);
	d->f.pretend = ISSUE_FILE_MAX - d->f.len - 10;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_BUSY);
	ck_assert_str_eq(d->r.who, "the ledger is full");
	ck_assert_uint_eq(d->f.writes, 0);
}
END_TEST

START_TEST(a_crowd_is_told_to_come_again)
{
	struct desk *d = desk();
	unsigned busy = 0;

	invited(d, 1, "beta");
	for (unsigned i = 0; i < ISSUE_BURST + 10; i++) {
		d->ms = 5000;
		busy += visit(d, 0x22, 1) == JOIN_BUSY;
	}
	ck_assert_uint_eq(busy, 10);
	d->ms = 5200;
	ck_assert_int_eq(visit(d, 0x22, 1), JOIN_OK);
}
END_TEST

/* ---- invitations ---- */

static int
rows_of(struct desk *d, struct msg_invite_row rows[ISSUE_ROWS_MAX])
{
	d->ms += 1000;
	return issue_rows(&d->s, d->ms, d->now, rows);
}

START_TEST(a_row_has_the_keys_with_which_the_newcomer_calls)
{
	struct desk *d = desk();
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	struct invite_keys k = keys_of(1);

	invited(d, 1, "beta");
	ck_assert_int_eq(rows_of(d, rows), 1);
	ck_assert_mem_eq(rows[0].id, k.id, 8);
	ck_assert_mem_eq(rows[0].pub, k.pub, 32);
	ck_assert_mem_eq(rows[0].psk, k.psk, 32);
	ck_assert_uint_eq(rows[0].expires, NOW + 900);
	ck_assert_int_eq(rows[0].state, INVITE_LIVE);
}
END_TEST

START_TEST(what_became_of_an_invitation_is_told_for_a_week)
{
	struct desk *d = desk();
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	struct invite_keys k = keys_of(3);
	char line[LEDGER_LINE_MAX];

	for (uint8_t i = 1; i <= 4; i++)
		invited(d, i, "-");
	ck_assert_int_eq(visit(d, 0x22, 2), JOIN_OK);
	ck_assert_uint_ne(ledger_line_cancel(line, k.id), 0);
	mem_say(&d->f, line);
	ck_assert_int_eq(rows_of(d, rows), 4);
	ck_assert_int_eq(rows[0].state, INVITE_LIVE);
	ck_assert_int_eq(rows[1].state, INVITE_LIVE);
	ck_assert_int_eq(rows[2].state, INVITE_CANCELLED);
	ck_assert_int_eq(rows[3].state, INVITE_SPENT);
	ck_assert_mem_eq(rows[0].id, keys_of(4).id, 8); /* newest first */
	ck_assert_mem_eq(rows[1].id, keys_of(1).id, 8);
	d->now = NOW + 900;
	ck_assert_int_eq(rows_of(d, rows), 4);
	ck_assert_int_eq(rows[0].state, INVITE_LATE);
	d->now += ISSUE_KEEP_S;
	ck_assert_int_eq(rows_of(d, rows), 4);
	d->now++;
	ck_assert_int_eq(rows_of(d, rows), 0);
}
END_TEST

START_TEST(one_that_can_be_used_is_never_left_out_for_one_that_cannot)
{
	struct desk *d = desk();
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	char line[LEDGER_LINE_MAX];

	for (unsigned i = 1; i <= 150; i++) {
		struct invite_keys k = keys_of((uint8_t)i);

		invited(d, (uint8_t)i, "-");
		ck_assert_uint_ne(ledger_line_cancel(line, k.id), 0);
		if (i > 10)
			mem_say(&d->f, line);
	}
	ck_assert_int_eq(rows_of(d, rows), ISSUE_ROWS_MAX);
	for (unsigned i = 0; i < ISSUE_ROWS_MAX; i++)
		ck_assert_int_eq(
		    rows[i].state, i < 10 ? INVITE_LIVE : INVITE_CANCELLED);
	ck_assert_mem_eq(rows[10].id, keys_of(150).id, 8);
}
END_TEST

START_TEST(a_list_that_cannot_be_had_is_not_an_empty_one)
{
	struct desk *d = desk();
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	unsigned n = 0;

	invited(d, 1, "-");
	d->f.no_read = true;
	ck_assert_int_eq(rows_of(d, rows), -1);
	d->f.no_read = false;
	ck_assert_int_eq(rows_of(d, rows), 1);
	for (unsigned i = 0; i < 100; i++)
		n += issue_rows(&d->s, d->ms, d->now, rows) == 1;
	ck_assert_uint_lt(n, ISSUE_LIST_BURST);
	d->s.authority = NULL;
	ck_assert_int_eq(rows_of(d, rows), 0);
}
END_TEST

START_TEST(every_status_has_a_name)
{
	for (unsigned i = 0; i < 256; i++)
		ck_assert_uint_ge(strlen(issue_status_name((uint8_t)i)), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_newcomer_gets_a_certificate_and_the_file_a_line,
	    the_same_machine_again_gets_the_same_and_no_line,
	    what_meshctl_appends_counts_at_the_next_question,
	    a_line_without_its_end_never_counts,
	    a_renewal_is_a_new_line,
	    a_file_that_got_shorter_is_read_from_its_start,
	    a_long_file_is_read_in_pieces_and_only_once,
	    without_an_authority_nothing_is_issued_or_read,
	    without_the_lock_it_is_told_to_come_again,
	    what_cannot_be_read_is_not_guessed,
	    no_line_no_certificate,
	    a_disk_that_does_not_answer_gives_nothing_twice,
	    a_line_cut_short_at_any_octet_costs_that_line_only,
	    a_full_ledger_takes_no_more,
	    a_crowd_is_told_to_come_again,
	    a_row_has_the_keys_with_which_the_newcomer_calls,
	    what_became_of_an_invitation_is_told_for_a_week,
	    one_that_can_be_used_is_never_left_out_for_one_that_cannot,
	    a_list_that_cannot_be_had_is_not_an_empty_one,
	    every_status_has_a_name,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("issue", tests);
}
