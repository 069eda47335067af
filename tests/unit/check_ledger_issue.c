/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_ledger_issue.c */
/*
 * Who gets a certificate: the first, the second and the same machine, with
 * invitations that are used, late, cancelled or forged; names and addresses
 * that are taken; renewals; machines that were thrown out.
 */
#include "ledger_help.h"

/* ---- joining ---- */

START_TEST(an_invitation_makes_a_member)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	uint8_t node[32];
	struct cert c;

	v.ngroups = 1;
	memcpy(v.group[0], "servers", 8);
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	assert_is(&o, "beta", "10.77.0.1/16");
	memset(node, 2, sizeof(node));
	ck_assert_ptr_null(bundle_verify(&o.b, node, o.now));
	ck_assert_mem_eq(o.b.secret, o.a.secret, 32);
	ck_assert_mem_eq(o.b.holder, o.holder, 32);
	c = paper(&o);
	ck_assert_uint_eq(c.serial, 1);
	ck_assert_uint_eq(c.not_before, NOW);
	ck_assert_uint_eq(c.not_after, NOW + 30 * DAY);
	ck_assert_str_eq(c.group[0], "servers");
	ck_assert_uint_eq(o.b.nrecords, 4); /* v6, v4, key, name */
	ck_assert_str_eq(o.who, "beta");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(nothing_changes_before_the_line_is_read)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	struct join_request q = request(2, 7);

	invite(&o, &v);
	ck_assert_int_eq(
	    ledger_issue(&o.l, &o.a, o.holder, &q, o.now, &o.b, o.line, &o.who),
	    JOIN_OK);
	ck_assert_uint_eq(o.l.nissues, 0);
	ck_assert_uint_eq(ledger_invite(&o.l, q.id)->used, 0);
	say(&o, o.line);
	ck_assert_uint_eq(o.l.nissues, 1);
	ck_assert_uint_eq(ledger_invite(&o.l, q.id)->used, 1);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_second_machine_is_told_who_was_first)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");

	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	o.now += 720;
	ck_assert_int_eq(comes(&o, 3, 7), JOIN_USED);
	ck_assert_str_eq(o.who, "12 min ago by beta (10.77.0.1)");
	ck_assert_str_eq(o.line, "");
	ck_assert_uint_eq(o.l.nissues, 1);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(the_same_machine_gets_the_same_again)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	struct bundle first;

	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	first = o.b;
	o.now = v.expires + DAY; /* also when others would be too late */
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	ck_assert_str_eq(o.line, "");
	ck_assert_mem_eq(&o.b, &first, sizeof(first));
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_reusable_invitation_counts_machines)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "kiosk");

	v.uses = 3;
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK);
	assert_is(&o, "kiosk", "10.77.0.1/16");
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	assert_is(&o, "kiosk-2", "10.77.0.2/16");
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK); /* again */
	ck_assert_int_eq(comes(&o, 3, 7), JOIN_OK);
	assert_is(&o, "kiosk-3", "10.77.0.3/16");
	ck_assert_int_eq(comes(&o, 4, 7), JOIN_USED);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(an_invitation_ends_in_the_second_it_says)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");

	invite(&o, &v);
	o.now = v.expires;
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_EXPIRED);
	o.now = v.expires + 300;
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_EXPIRED);
	ck_assert_str_eq(o.who, "5 min ago");
	o.now = v.expires - 1;
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_cancelled_invitation_is_unknown)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	char line[LEDGER_LINE_MAX];

	ck_assert_int_eq(comes(&o, 2, 7), JOIN_UNKNOWN); /* never made */
	invite(&o, &v);
	ledger_line_cancel(line, keys_of(7).id);
	say(&o, line);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_UNKNOWN);
	ledger_clear(&o.l);
}
END_TEST

/* ---- forgeries ---- */

START_TEST(a_wrong_proof_learns_nothing_of_the_invitation)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	struct invite_keys k = keys_of(7);
	struct join_request q;
	uint8_t node[32] = {1}, seed[32] = {2};

	invite(&o, &v);
	k.proof[31] ^= 1;
	ck_assert_int_eq(join_request_make(&q, &k, node, seed), 0);
	ck_assert_int_eq(asks(&o, &q), JOIN_FORGED);
	o.now = v.expires + 1;
	ck_assert_int_eq(asks(&o, &q), JOIN_FORGED);
	ck_assert_str_eq(o.who, "");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(no_octet_of_a_request_can_be_changed)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	struct join_request good = request(2, 7), q;
	uint8_t octets[JOIN_REQUEST];

	invite(&o, &v);
	for (size_t i = 0; i < JOIN_REQUEST; i++) {
		join_request_put(octets, &good);
		octets[i] ^= 1;
		join_request_get(octets, &q);
		ck_assert_int_eq(asks(&o, &q), JOIN_FORGED);
	}
	ck_assert_uint_eq(o.l.nissues, 0);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_members_key_is_not_certified_for_anybody_else)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	struct invite_keys k = keys_of(7);
	uint8_t node[32], seed[32];
	struct join_request q;

	v.uses = 5;
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	memset(node, 2, sizeof(node)); /* its key, my signature */
	memset(seed, 9, sizeof(seed));
	ck_assert_int_eq(join_request_make(&q, &k, node, seed), 0);
	ck_assert_int_eq(asks(&o, &q), JOIN_FORGED);
	memset(node, 9, sizeof(node)); /* and the other way round */
	memset(seed, 2 ^ 0x80, sizeof(seed));
	ck_assert_int_eq(join_request_make(&q, &k, node, seed), 0);
	ck_assert_int_eq(asks(&o, &q), JOIN_FORGED);
	ledger_clear(&o.l);
}
END_TEST

/* ---- names and addresses ---- */

START_TEST(a_name_in_use_gets_a_number)
{
	struct office o = office("10.77.0.0/16");

	for (uint8_t i = 1; i <= 3; i++) {
		struct ledger_invite v =
		    invitation(i, i == 2 ? "BETA" : "beta");

		invite(&o, &v);
	}
	ck_assert_int_eq(comes(&o, 1, 1), JOIN_OK);
	ck_assert_int_eq(comes(&o, 2, 2), JOIN_OK);
	assert_is(&o, "BETA-2", "10.77.0.2/16");
	gone(&o, 1); /* the name is free again */
	ck_assert_int_eq(comes(&o, 3, 3), JOIN_OK);
	assert_is(&o, "beta", "10.77.0.1/16");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(the_longest_name_gets_a_number_too)
{
	struct office o = office("10.77.0.0/16");
	char name[CERT_NAME_MAX], want[CERT_NAME_MAX];
	struct ledger_invite v;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	v = invitation(7, name);
	v.uses = 2;
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	snprintf(want, sizeof(want), "%.61s-2", name);
	assert_is(&o, want, "10.77.0.2/16");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(without_a_name_a_node_has_its_serial)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "-");

	say(&o,
	    "issue 41 - old AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 1 2 - -\n");
	ck_assert_uint_eq(o.l.nissues, 1);
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK);
	assert_is(&o, "node-42", "10.77.0.1/16");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_promised_address_is_kept_for_its_machine)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta"), w = invitation(8, "-");

	ck_assert_int_eq(prefix_parse("10.77.0.1", &v.address), 0);
	invite(&o, &v);
	invite(&o, &w);
	ck_assert_int_eq(comes(&o, 3, 8), JOIN_OK);
	assert_is(&o, "node-1", "10.77.0.2/16");
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	assert_is(&o, "beta", "10.77.0.1/16");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(an_address_that_is_taken_or_not_ours_is_not_given)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");

	v.uses = 2;
	ck_assert_int_eq(prefix_parse("10.77.0.9", &v.address), 0);
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_USED);
	ck_assert_str_eq(o.who, "its address 10.77.0.9 belongs to beta");
	v = invitation(8, "gamma");
	ck_assert_int_eq(prefix_parse("10.78.0.9", &v.address), 0);
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 3, 8), JOIN_USED);
	ck_assert_str_eq(o.who, "its address 10.78.0.9 is not the network's");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_full_network_says_so)
{
	struct office o = office("192.0.2.4/30");
	struct ledger_invite v = invitation(7, "-");

	v.uses = 9;
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	ck_assert_int_eq(comes(&o, 3, 7), JOIN_BUSY);
	ck_assert_str_eq(o.who, "the network has no free address");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_network_without_ipv4_gives_none)
{
	struct office o = office(NULL);
	struct ledger_invite v = invitation(7, "beta");
	uint8_t node[32];

	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	assert_is(&o, "beta", NULL);
	memset(node, 2, sizeof(node));
	ck_assert_ptr_null(bundle_verify(&o.b, node, o.now));
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_machine_that_comes_by_another_invitation_keeps_its_address)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "-"), w = invitation(8, "gamma");

	v.uses = 3;
	invite(&o, &v);
	invite(&o, &w);
	ck_assert_int_eq(comes(&o, 1, 7), JOIN_OK);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	gone(&o, 1);
	ck_assert_int_eq(comes(&o, 2, 8), JOIN_OK);
	assert_is(&o, "gamma", "10.77.0.2/16");
	ledger_clear(&o.l);
}
END_TEST

/* ---- renewal ---- */

static struct office
with_member(void)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");

	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	return o;
}

START_TEST(a_renewal_has_a_new_serial_and_the_same_rest)
{
	struct office o = with_member();
	struct cert old = paper(&o), c;

	o.now += 20 * DAY;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	c = paper(&o);
	assert_is(&o, "beta", "10.77.0.1/16");
	ck_assert_uint_eq(c.serial, old.serial + 1);
	ck_assert_uint_eq(c.not_before, o.now);
	ck_assert_uint_eq(c.not_after - c.not_before, 30 * DAY);
	ck_assert_uint_gt(o.b.record[0].seq, old.not_before);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_renewal_uses_no_invitation_up)
{
	struct office o = with_member();

	o.now += 20 * DAY;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	ck_assert_uint_eq(ledger_invite(&o.l, keys_of(7).id)->used, 1);
	ck_assert_ptr_nonnull(strstr(o.line, "issue 2 - beta "));
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_young_certificate_is_given_again)
{
	struct office o = with_member();

	o.now += 3599;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	ck_assert_str_eq(o.line, "");
	ck_assert_uint_eq(paper(&o).serial, 1);
	o.now++;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	ck_assert_uint_eq(paper(&o).serial, 2);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(who_was_invited_as_a_relay_stays_one)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(1, "alpha");

	v.caps = CERT_CAP_RELAY;
	invite(&o, &v);
	v = invitation(2, "beta");
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 1, 1), JOIN_OK);
	ck_assert_uint_eq(paper(&o).caps, CERT_CAP_RELAY);
	ck_assert_int_eq(comes(&o, 2, 2), JOIN_OK);
	ck_assert_uint_eq(paper(&o).caps, 0);
	o.now += 20 * DAY;
	ck_assert_int_eq(comes(&o, 1, 0), JOIN_OK);
	ck_assert_uint_eq(paper(&o).caps, CERT_CAP_RELAY);
	ck_assert_uint_eq(o.l.skipped, 0);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(who_was_away_for_a_week_after_the_end_can_still_renew)
{
	struct office o = with_member();

	o.now = NOW + 30 * DAY + LEDGER_GRACE_S + 1;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_EXPIRED);
	ck_assert_str_eq(o.who, "7 d ago");
	o.now--;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(the_old_invitation_renews_what_has_expired)
{
	struct office o = with_member();

	o.now = NOW + 31 * DAY;
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	ck_assert_uint_eq(paper(&o).serial, 2);
	ck_assert_uint_eq(ledger_invite(&o.l, keys_of(7).id)->used, 1);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(a_stranger_has_nothing_to_renew)
{
	struct office o = with_member();

	ck_assert_int_eq(comes(&o, 3, 0), JOIN_UNKNOWN);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(who_was_revoked_is_not_renewed)
{
	struct office o = with_member();

	gone(&o, 1);
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_REVOKED);
	ck_assert_str_eq(o.who, "beta");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(who_was_revoked_needs_an_invitation_made_after_that)
{
	struct office o = with_member();
	struct ledger_invite old = invitation(8, "beta");
	struct ledger_invite new = invitation(9, "beta");

	old.uses = 2; /* made before, still open */
	invite(&o, &old);
	gone(&o, 1);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_REVOKED);
	ck_assert_int_eq(comes(&o, 2, 8), JOIN_REVOKED);
	new.created = o.now + 1;
	invite(&o, &new);
	o.now += 5;
	ck_assert_int_eq(comes(&o, 2, 9), JOIN_OK);
	ck_assert_uint_eq(paper(&o).serial, 2);
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	ledger_clear(&o.l);
}
END_TEST

START_TEST(one_place_never_has_two_certificates_of_one_moment)
{
	struct office o = with_member();
	struct ledger_invite v = invitation(8, "beta");
	uint64_t first = paper(&o).not_before;

	gone(&o, 1);
	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 3, 8), JOIN_OK); /* in the same second */
	assert_is(&o, "beta", "10.77.0.1/16");
	ck_assert_uint_eq(paper(&o).not_before, first + 1);
	ledger_clear(&o.l);
}
END_TEST

/* ---- by root's word ---- */

START_TEST(root_admits_without_an_invitation)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite terms = invitation(0, "alpha");
	struct join_request q = request(1, 0);

	ck_assert_int_eq(prefix_parse("10.77.5.5", &terms.address), 0);
	terms.life_s = 365 * DAY;
	ck_assert_int_eq(ledger_admit(&o.l, &o.a, o.holder, &q, &terms, o.now,
			     &o.b, o.line, &o.who),
	    JOIN_OK);
	assert_is(&o, "alpha", "10.77.5.5/16");
	ck_assert_uint_eq(paper(&o).not_after, NOW + 365 * DAY);
	q.sig[0] ^= 1;
	ck_assert_int_eq(ledger_admit(&o.l, &o.a, o.holder, &q, &terms, o.now,
			     &o.b, o.line, &o.who),
	    JOIN_FORGED);
	ledger_clear(&o.l);
}
END_TEST

/*
 * Machines, invitations, renewals, revocations and time in any order: serials
 * only ever grow, and no two who count have one name or address.
 */
static void
assert_no_two_alike(const struct office *o)
{
	for (uint32_t i = 0; i < o->l.nissues; i++) {
		const struct ledger_issue *v = &o->l.issue[i];

		ck_assert(i == 0 || v->serial > v[-1].serial);
		if (v->revoked != 0 || o->now > v->not_after)
			continue;
		ck_assert_ptr_null(
		    ledger_name_of(&o->l, v->name, v->node, o->now));
		ck_assert_ptr_null(ledger_address_of(
		    &o->l, &v->address.addr, v->node, o->now));
	}
}

START_TEST(whatever_happens_no_two_members_are_alike)
{
	uint64_t seed = unit_seed();
	struct office o = office("10.77.0.0/27");
	uint8_t made = 0;

	for (unsigned i = 0; i < 600; i++) {
		uint8_t m = (uint8_t)(1 + unit_random(&seed) % 12);
		uint8_t n = (uint8_t)(made - unit_random(&seed) % 6);
		struct ledger_invite v = invitation(
		    (uint8_t)(made + 1), made % 3 == 0 ? "-" : "beta");

		v.created = o.now;
		v.expires = o.now + 2 * DAY;
		v.uses = 1 + made % 4;
		switch (unit_random(&seed) % 6) {
		case 0:
			if (made == UINT8_MAX)
				break;
			invite(&o, &v);
			made++;
			break;
		case 1:
			gone(&o, 1 + unit_random(&seed) % (o.l.serial + 1));
			break;
		case 2:
			(void)comes(&o, m, 0);
			break;
		default:
			(void)comes(&o, m, n);
		}
		o.now += unit_random(&seed) % (DAY / 4);
		if (i % 8 == 0)
			assert_no_two_alike(&o);
	}
	ck_assert_msg(o.l.nissues > 20 && o.l.skipped == 0,
	    "SEED=%llu: %u issued, %u skipped", (unsigned long long)unit_seed(),
	    o.l.nissues, o.l.skipped);
	ledger_clear(&o.l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    an_invitation_makes_a_member,
	    nothing_changes_before_the_line_is_read,
	    a_second_machine_is_told_who_was_first,
	    the_same_machine_gets_the_same_again,
	    a_reusable_invitation_counts_machines,
	    an_invitation_ends_in_the_second_it_says,
	    a_cancelled_invitation_is_unknown,
	    a_wrong_proof_learns_nothing_of_the_invitation,
	    no_octet_of_a_request_can_be_changed,
	    a_members_key_is_not_certified_for_anybody_else,
	    a_name_in_use_gets_a_number,
	    the_longest_name_gets_a_number_too,
	    without_a_name_a_node_has_its_serial,
	    a_promised_address_is_kept_for_its_machine,
	    an_address_that_is_taken_or_not_ours_is_not_given,
	    a_full_network_says_so,
	    a_network_without_ipv4_gives_none,
	    a_machine_that_comes_by_another_invitation_keeps_its_address,
	    a_renewal_has_a_new_serial_and_the_same_rest,
	    a_renewal_uses_no_invitation_up,
	    a_young_certificate_is_given_again,
	    who_was_invited_as_a_relay_stays_one,
	    who_was_away_for_a_week_after_the_end_can_still_renew,
	    the_old_invitation_renews_what_has_expired,
	    a_stranger_has_nothing_to_renew,
	    who_was_revoked_is_not_renewed,
	    who_was_revoked_needs_an_invitation_made_after_that,
	    one_place_never_has_two_certificates_of_one_moment,
	    root_admits_without_an_invitation,
	    whatever_happens_no_two_members_are_alike,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("ledger_issue", tests);
}
