/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_ledger.c */
/*
 * The authority's files: every line comes back as it was written, in whatever
 * pieces it is read; what makes no sense costs a line and nothing else; and
 * what follows from them: free addresses, the list of revoked serials.
 */
#include "conf.h"
#include "ledger_help.h"

static struct ledger_issue
issued(uint64_t serial, const char *name, const char *address)
{
	struct ledger_issue v = {.serial = serial,
	    .not_before = NOW - 10 * DAY,
	    .not_after = NOW + 20 * DAY};

	memset(v.node, (int)serial, 32);
	memset(v.ed, (int)serial ^ 0x80, 32);
	snprintf(v.name, sizeof(v.name), "%s", name);
	if (address != NULL)
		ck_assert_int_eq(prefix_parse(address, &v.address), 0);
	return v;
}

static void
put_issue(struct office *o, const struct ledger_issue *v)
{
	char line[LEDGER_LINE_MAX];

	ck_assert_uint_ne(ledger_line_issue(line, v), 0);
	say(o, line);
}

/* ---- the authority ---- */

START_TEST(the_authority_comes_back)
{
	struct office o = office("10.77.0.0/16");
	char text[AUTHORITY_TEXT_MAX];
	struct authority got;
	size_t len = authority_print(text, sizeof(text), &o.a);

	ck_assert_uint_ne(len, 0);
	ck_assert_int_eq(authority_parse(text, len, &got), 0);
	ck_assert_mem_eq(&got, &o.a, sizeof(got));
}
END_TEST

START_TEST(an_authority_without_a_network_of_ipv4_is_one)
{
	struct office o = office(NULL);
	char text[AUTHORITY_TEXT_MAX];
	struct authority got;
	size_t len = authority_print(text, sizeof(text), &o.a);

	ck_assert_int_eq(authority_parse(text, len, &got), 0);
	ck_assert_uint_eq(got.prefix.addr.family, 0);
}
END_TEST

START_TEST(an_authority_with_something_missing_twice_or_strange_is_none)
{
	struct office o = office("10.77.0.0/16");
	char text[2 * AUTHORITY_TEXT_MAX];
	struct authority got;
	size_t len = authority_print(text, sizeof(text), &o.a);
	static const char *const more[] = {"prefix 10.78.0.0/16\n",
	    "secret AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "x\n",
	    "directory\n"};

	for (size_t cut = 0; cut < 50 + 55 + 51; cut++)
		ck_assert_int_eq(authority_parse(text, cut, &got), -1);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(text + len, sizeof(text) - len, "%s", more[i]);
		ck_assert_int_eq(authority_parse(text, strlen(text), &got), -1);
	}
	snprintf(text + len, sizeof(text) - len, "\n# a comment\n");
	ck_assert_int_eq(authority_parse(text, strlen(text), &got), 0);
}
END_TEST

/* ---- lines ---- */

START_TEST(an_invitation_comes_back)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	const struct ledger_invite *got;

	v.ngroups = 2;
	memcpy(v.group[0], "servers", 8);
	memcpy(v.group[1], "eu/west", 8);
	ck_assert_int_eq(prefix_parse("10.77.3.9", &v.address), 0);
	invite(&o, &v);
	got = ledger_invite(&o.l, keys_of(7).id);
	ck_assert_ptr_nonnull(got);
	memcpy(v.id, got->id, sizeof(v.id));
	ck_assert_mem_eq(got, &v, sizeof(v));
	ck_assert_uint_eq(o.l.skipped, 0);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_certificate_comes_back)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v = issued(9, "beta", "10.77.0.2/16");

	memset(v.id, 0x1f, sizeof(v.id));
	v.ngroups = 1;
	memcpy(v.group[0], "servers", 8);
	put_issue(&o, &v);
	ck_assert_uint_eq(o.l.nissues, 1);
	ck_assert_mem_eq(&o.l.issue[0], &v, sizeof(v));
	ck_assert_uint_eq(o.l.serial, 9);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(the_longest_lines_fit)
{
	struct ledger_issue v = issued(4000000000, "x", "10.255.255.255/16");
	char line[LEDGER_LINE_MAX];

	memset(v.name, 'n', CERT_NAME_MAX - 1);
	memset(v.id, 0x1f, sizeof(v.id));
	v.ngroups = CERT_GROUPS_MAX;
	for (unsigned i = 0; i < CERT_GROUPS_MAX; i++)
		memset(v.group[i], 'a' + (int)i, CERT_GROUP_MAX - 1);
	ck_assert_uint_ne(ledger_line_issue(line, &v), 0);
}
END_TEST

START_TEST(a_certificate_read_twice_is_there_once)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v = issued(9, "beta", "10.77.0.2/16");
	struct ledger_invite inv = invitation(7, "beta");

	invite(&o, &inv);
	memcpy(v.id, keys_of(7).id, sizeof(v.id));
	put_issue(&o, &v);
	put_issue(&o, &v);
	ck_assert_uint_eq(o.l.nissues, 1);
	ck_assert_uint_eq(ledger_invite(&o.l, v.id)->used, 1);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(lines_may_come_in_any_pieces)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v = issued(1, "alpha", "10.77.0.1/16");
	char text[4 * LEDGER_LINE_MAX], line[LEDGER_LINE_MAX];
	struct ledger_invite inv = invitation(7, "beta");
	size_t len = 0;

	len += ledger_line_invite(line, &inv);
	memcpy(text, line, len);
	memcpy(text + len, line, ledger_line_issue(line, &v));
	len += ledger_line_issue(line, &v);
	memcpy(text + len, line, ledger_line_revoke(line, 1, NOW));
	len += ledger_line_revoke(line, 1, NOW);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(ledger_read(&o.l, text + i, 1), 0);
	ck_assert_uint_eq(o.l.ninvites, 1);
	ck_assert_uint_eq(o.l.nissues, 1);
	ck_assert_uint_eq(o.l.issue[0].revoked, NOW);
	ck_assert_uint_eq(o.l.skipped, 0);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_line_without_its_end_is_not_there_yet)
{
	struct office o = office("10.77.0.0/16");

	say(&o, "crl 17 1763694000");
	ck_assert_uint_eq(o.l.crl, 0);
	say(&o, "\n");
	ck_assert_uint_eq(o.l.crl, 17);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_line_that_makes_no_sense_is_counted_and_costs_nothing_else)
{
	static const char *const bad[] = {"x", "issue", "issue 1", "revoke x 1",
	    "revoke 1 0", "crl 1", "crl 1 2 3", "cancel 12", "crl  1 2",
	    " crl 1 2", "crl 1 2 ", "cancel 0011223344556677 x",
	    "crl 18446744073709551616 1", "crl -1 2", "crl 0x1 2",
	    "invite AAAA beta 1 2 1 60 - -",
	    "invite AAAAAAAAAAAAAAAAAAAAAAAAAAA= b_ta 1 2 1 60 - -",
	    "invite AAAAAAAAAAAAAAAAAAAAAAAAAAA= beta 1 2 0 60 - -",
	    "invite AAAAAAAAAAAAAAAAAAAAAAAAAAA= beta 1 2 1 0 - -",
	    "invite AAAAAAAAAAAAAAAAAAAAAAAAAAA= beta 1 2 1 60 ::1 -",
	    "invite AAAAAAAAAAAAAAAAAAAAAAAAAAA= beta 1 2 1 60 - a,,b",
	    "invite AAAAAAAAAAAAAAAAAAAAAAAAAAA= beta 1 2 1 60 - - exit"};
	struct office o = office("10.77.0.0/16");
	unsigned n = sizeof(bad) / sizeof(bad[0]);

	for (unsigned i = 0; i < n; i++) {
		say(&o, bad[i]);
		say(&o, "\n");
		ck_assert_msg(o.l.skipped == i + 1, "%s", bad[i]);
	}
	say(&o, "\n# a comment\ncrl 3 4\n");
	ck_assert_uint_eq(o.l.skipped, n);
	ck_assert_uint_eq(o.l.crl, 3);
	ck_assert_uint_eq(o.l.ninvites + o.l.nissues, 0);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_line_that_is_too_long_or_holds_a_nul_is_one_line_lost)
{
	struct office o = office("10.77.0.0/16");
	char text[2 * LEDGER_LINE_MAX];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(ledger_read(&o.l, text, sizeof(text)), 0);
	say(&o, "\n");
	ck_assert_int_eq(ledger_read(&o.l, "crl 1 2\0\n", 9), 0);
	say(&o, "crl 3 4\n");
	ck_assert_uint_eq(o.l.skipped, 2);
	ck_assert_uint_eq(o.l.crl, 3);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(what_could_not_be_read_back_is_not_written)
{
	struct ledger_invite v = invitation(1, "beta");
	struct ledger_issue s = issued(1, "b ta", NULL);
	char line[LEDGER_LINE_MAX];

	v.ngroups = 1;
	memcpy(v.group[0], "a b", 4);
	ck_assert_uint_eq(ledger_line_invite(line, &v), 0);
	memcpy(v.group[0], "a\nb", 4);
	ck_assert_uint_eq(ledger_line_invite(line, &v), 0);
	memcpy(v.group[0], "-", 2);
	ck_assert_uint_eq(ledger_line_invite(line, &v), 0);
	v = invitation(1, "be/ta");
	ck_assert_uint_eq(ledger_line_invite(line, &v), 0);
	ck_assert_uint_eq(ledger_line_issue(line, &s), 0);
	v = invitation(1, "-");
	ck_assert_uint_ne(ledger_line_invite(line, &v), 0);
}
END_TEST

/* ---- what follows ---- */

START_TEST(the_newest_that_is_not_revoked_is_found)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v = issued(1, "beta", "10.77.0.2/16");

	put_issue(&o, &v);
	v.serial = 2;
	put_issue(&o, &v);
	ck_assert_uint_eq(ledger_by_name(&o.l, "BETA")->serial, 2);
	ck_assert_uint_eq(ledger_by_node(&o.l, v.node)->serial, 2);
	gone(&o, 2);
	ck_assert_uint_eq(ledger_by_name(&o.l, "beta")->serial, 1);
	gone(&o, 1);
	ck_assert_ptr_null(ledger_by_name(&o.l, "beta"));
	ck_assert_ptr_null(ledger_by_node(&o.l, v.node));
	ledger_clear(&o.l);
}
END_TEST

static void
assert_free(const struct office *o, const char *want)
{
	struct prefix p;
	char text[PREFIX_STRLEN];

	ck_assert_int_eq(
	    ledger_free_address(&o->l, &o->a.prefix, o->now, &p), 0);
	ck_assert_str_eq(prefix_format(&p, text), want);
}

START_TEST(the_lowest_free_address_is_given)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v = issued(1, "alpha", "10.77.0.1/16");
	struct ledger_invite inv = invitation(7, "beta");

	assert_free(&o, "10.77.0.1/16");
	put_issue(&o, &v);
	v = issued(2, "gamma", "10.77.0.3/16");
	put_issue(&o, &v);
	assert_free(&o, "10.77.0.2/16");
	ck_assert_int_eq(prefix_parse("10.77.0.2", &inv.address), 0);
	invite(&o, &inv); /* promised */
	assert_free(&o, "10.77.0.4/16");
	gone(&o, 1);
	assert_free(&o, "10.77.0.1/16");
	o.now = inv.expires; /* not any more */
	ledger_clear(&o.l);
}
END_TEST

START_TEST(an_address_stays_while_its_certificate_can_be_renewed)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v = issued(1, "alpha", "10.77.0.1/16");

	put_issue(&o, &v);
	o.now = v.not_after + LEDGER_GRACE_S;
	assert_free(&o, "10.77.0.2/16");
	o.now++;
	assert_free(&o, "10.77.0.1/16");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_small_network_ends_before_its_broadcast_address)
{
	struct office o = office("192.0.2.4/30");
	struct ledger_issue v = issued(1, "alpha", "192.0.2.5/30");
	struct prefix p;

	assert_free(&o, "192.0.2.5/30");
	put_issue(&o, &v);
	assert_free(&o, "192.0.2.6/30");
	v = issued(2, "beta", "192.0.2.6/30");
	put_issue(&o, &v);
	ck_assert_int_eq(ledger_free_address(&o.l, &o.a.prefix, o.now, &p), -1);
	ck_assert_int_eq(prefix_parse("192.0.2.4/31", &o.a.prefix), 0);
	ck_assert_int_eq(ledger_free_address(&o.l, &o.a.prefix, o.now, &p), -1);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(the_list_has_what_is_revoked_and_not_yet_expired)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v;
	struct crl c;

	for (uint64_t i = 1; i <= 5; i++) {
		v = issued(i, "beta", NULL);
		if (i == 4)
			v.not_after = NOW - CERT_SKEW_S - 1;
		put_issue(&o, &v);
		if (i != 3)
			gone(&o, i);
	}
	say(&o, "crl 6 1763690000\n");
	ledger_crl(&o.l, NOW, &c);
	ck_assert_uint_eq(c.number, 7);
	ck_assert_uint_eq(c.issued, NOW);
	ck_assert_uint_gt(c.next_update, NOW);
	ck_assert_uint_eq(c.n, 3);
	ck_assert_uint_eq(c.serial[0], 1);
	ck_assert_uint_eq(c.serial[1], 2);
	ck_assert_uint_eq(c.serial[2], 5);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_full_list_leaves_out_what_expires_first)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_issue v;
	struct crl c;

	for (uint64_t i = 1; i <= CRL_SERIALS_MAX + 3; i++) {
		v = issued(i, "beta", NULL);
		v.not_after += i % 10 == 0 && i <= 30 ? 0 : DAY;
		put_issue(&o, &v);
		gone(&o, i);
	}
	ledger_crl(&o.l, NOW, &c);
	ck_assert_uint_eq(c.n, CRL_SERIALS_MAX);
	for (unsigned i = 0; i < c.n; i++) {
		ck_assert_uint_ne(c.serial[i], 10);
		ck_assert_uint_ne(c.serial[i], 20);
		ck_assert_uint_ne(c.serial[i], 30);
		ck_assert(i == 0 || c.serial[i] > c.serial[i - 1]);
	}
	ledger_clear(&o.l);
}
END_TEST

START_TEST(invitations_are_bounded_and_those_that_are_over_go_first)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v;
	uint8_t second[INVITE_ID];

	for (unsigned i = 0; i <= LEDGER_INVITES_MAX; i++) {
		v = invitation(0, "-");
		v.secret[0] = (uint8_t)i;
		v.secret[1] = (uint8_t)(i >> 8);
		if (i == 1)
			v.expires = v.created - 1;
		invite(&o, &v);
		if (i == 1)
			memcpy(second, o.l.invite[1].id, sizeof(second));
	}
	ck_assert_uint_eq(o.l.ninvites, LEDGER_INVITES_MAX);
	ck_assert_uint_eq(o.l.invite[0].secret[0], 0);
	ck_assert_ptr_null(ledger_invite(&o.l, second));
	ledger_clear(&o.l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_authority_comes_back,
	    an_authority_without_a_network_of_ipv4_is_one,
	    an_authority_with_something_missing_twice_or_strange_is_none,
	    an_invitation_comes_back,
	    a_certificate_comes_back,
	    the_longest_lines_fit,
	    a_certificate_read_twice_is_there_once,
	    lines_may_come_in_any_pieces,
	    a_line_without_its_end_is_not_there_yet,
	    a_line_that_makes_no_sense_is_counted_and_costs_nothing_else,
	    a_line_that_is_too_long_or_holds_a_nul_is_one_line_lost,
	    what_could_not_be_read_back_is_not_written,
	    the_newest_that_is_not_revoked_is_found,
	    the_lowest_free_address_is_given,
	    an_address_stays_while_its_certificate_can_be_renewed,
	    a_small_network_ends_before_its_broadcast_address,
	    the_list_has_what_is_revoked_and_not_yet_expired,
	    a_full_list_leaves_out_what_expires_first,
	    invitations_are_bounded_and_those_that_are_over_go_first,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("ledger", tests);
}
