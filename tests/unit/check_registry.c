/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_registry.c */
/*
 * The authority's files as meshctl opens them: all or nothing of a line, also
 * of one that somebody else could not finish.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger_help.h"
#include "registry.h"

static const struct verb verb = {.name = "invite"};
static const struct call call = {.verb = &verb, .rundir = "/nonexistent"};
static char dir[32];
static struct paths where;

static void
write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* A node that can sign, with a ledger of this text. */
static void
start(const char *ledger, size_t len)
{
	struct office o = office("10.77.0.0/16");
	char text[AUTHORITY_TEXT_MAX], key[46];
	uint8_t identity[32];

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	snprintf(dir, sizeof(dir), "/tmp/registry.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(where.key, sizeof(where.key), "%s/key", dir);
	snprintf(where.authority, sizeof(where.authority), "%s/a", dir);
	snprintf(where.ledger, sizeof(where.ledger), "%s/l", dir);
	memset(identity, 0x40, sizeof(identity));
	key_format(identity, key);
	write_file(where.key, key, 44);
	write_file(
	    where.authority, text, authority_print(text, sizeof(text), &o.a));
	write_file(where.ledger, ledger, len);
	ledger_clear(&o.l);
}

static void
finish(void)
{
	(void)unlink(where.key);
	(void)unlink(where.authority);
	(void)unlink(where.ledger);
	(void)rmdir(dir);
}

static size_t
file_of(char *out, size_t cap)
{
	ssize_t n = paths_read(where.ledger, out, cap);

	ck_assert_int_ge(n, 0);
	return (size_t)n;
}

/* The line by which machine 2 became a member, of two groups. */
static size_t
issue_line(char line[LEDGER_LINE_MAX])
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite terms = invitation(0, "beta");
	struct join_request q = request(2, 0);

	terms.ngroups = 2;
	snprintf(terms.group[0], CERT_GROUP_MAX, "ops");
	snprintf(terms.group[1], CERT_GROUP_MAX, "admin");
	ck_assert_int_eq(ledger_admit(&o.l, &o.a, o.holder, &q, &terms, o.now,
			     &o.b, line, &o.who),
	    JOIN_OK);
	ledger_clear(&o.l);
	return strlen(line);
}

START_TEST(a_line_cut_short_at_any_octet_costs_that_line_only)
{
	char line[LEDGER_LINE_MAX], again[LEDGER_LINE_MAX];
	char text[2 * LEDGER_LINE_MAX];
	size_t len = issue_line(line), got;
	struct registry b;
	struct ledger l;

	(void)ledger_line_crl(again, 7, NOW);
	for (size_t cut = 1; cut < len; cut++) { /* but for its end */
		start(line, cut);
		ck_assert_int_eq(registry_open(&b, &call, &where), EXIT_FINE);
		ck_assert_uint_eq(b.ledger.nissues, 0);
		ck_assert_uint_eq(b.ledger.skipped, 1);
		ck_assert_uint_eq(b.ledger.partlen, 0);
		ck_assert_int_eq(registry_append(&b, &call, again), EXIT_FINE);
		ck_assert_uint_eq(b.ledger.crl, 7);
		registry_close(&b);
		/* and this is what the next one reads */
		got = file_of(text, sizeof(text));
		ledger_init(&l);
		ck_assert_int_eq(ledger_read(&l, text, got), 0);
		ck_assert_uint_eq(l.nissues, 0);
		ck_assert_uint_eq(l.skipped, 1);
		ck_assert_uint_eq(l.crl, 7);
		ledger_clear(&l);
		finish();
	}
}
END_TEST

START_TEST(a_whole_ledger_is_read_and_not_written)
{
	char line[LEDGER_LINE_MAX], text[LEDGER_LINE_MAX];
	size_t len = issue_line(line);
	struct registry b;

	start(line, len);
	ck_assert_int_eq(registry_open(&b, &call, &where), EXIT_FINE);
	ck_assert_uint_eq(b.ledger.nissues, 1);
	ck_assert_uint_eq(b.ledger.skipped, 0);
	registry_close(&b);
	ck_assert_uint_eq(file_of(text, sizeof(text)), len);
	ck_assert_mem_eq(text, line, len);
	finish();
}
END_TEST

START_TEST(nobody_else_has_the_ledger_until_it_is_closed)
{
	struct registry b;
	int fd;

	start("", 0);
	ck_assert_int_eq(registry_open(&b, &call, &where), EXIT_FINE);
	fd = open(where.ledger, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
	registry_close(&b);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	finish();
}
END_TEST

START_TEST(without_an_authority_nothing_is_made)
{
	struct registry b;

	start("", 0);
	(void)unlink(where.authority);
	(void)unlink(where.ledger);
	ck_assert_int_eq(registry_open(&b, &call, &where), EXIT_BAD);
	registry_close(&b);
	ck_assert(!paths_exist(where.ledger));
	finish();
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	struct registry b;
	char other[64];

	start("", 0);
	snprintf(other, sizeof(other), "%s/other", dir);
	ck_assert_int_eq(rename(where.ledger, other), 0);
	ck_assert_int_eq(symlink(other, where.ledger), 0);
	ck_assert_int_eq(registry_open(&b, &call, &where), EXIT_BAD);
	registry_close(&b);
	(void)unlink(other);
	finish();
}
END_TEST

START_TEST(daemons_that_do_not_run_are_told_nothing)
{
	char why[160];

	ck_assert_int_eq(
	    registry_tell(&call, MSG_LEDGER_NEW, NULL, 0, why, sizeof(why)),
	    TOLD_ABSENT);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_line_cut_short_at_any_octet_costs_that_line_only,
	    a_whole_ledger_is_read_and_not_written,
	    nobody_else_has_the_ledger_until_it_is_closed,
	    without_an_authority_nothing_is_made,
	    a_link_is_not_followed,
	    daemons_that_do_not_run_are_told_nothing,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("registry", tests);
}
