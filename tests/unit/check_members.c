/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_members.c */
/* What is known of members: who gets in, who wins, who goes. */
#include "disc_net.h"
#include "members.h"

static struct members *ms;
static struct conf_net net;
static bool fresh;

static void
start(void)
{
	ms = members_new();
	ck_assert_ptr_nonnull(ms);
	net_conf(&net, 0);
	members_configure(ms, T0, &net);
}

static void
stop(void)
{
	members_free(ms);
}

static struct member *
learn(unsigned i, uint64_t serial)
{
	struct bundle b;

	net_bundle(&b, i, serial);
	return members_cert(ms, T0, b.cert, b.certlen, &fresh);
}

START_TEST(a_certificate_is_found_by_address_key_and_name)
{
	struct member *m;
	struct addr ip = net_ip(3);

	start();
	m = learn(3, 7);
	ck_assert_ptr_nonnull(m);
	ck_assert(fresh);
	ck_assert_ptr_eq(members_by_ip(ms, T0, &ip), m);
	ck_assert_ptr_eq(members_by_ip(ms, T0, &m->ip6), m);
	ck_assert_ptr_eq(members_by_key(ms, T0, m->cert.node), m);
	ck_assert_ptr_eq(members_by_name(ms, T0, "N3"), m);
	ck_assert_ptr_null(members_by_name(ms, T0, "n4"));
	stop();
}
END_TEST

START_TEST(a_higher_serial_replaces_and_a_lower_one_does_not)
{
	start();
	learn(3, 7);
	ck_assert_uint_eq(learn(3, 9)->cert.serial, 9);
	ck_assert(fresh);
	ck_assert_uint_eq(learn(3, 8)->cert.serial, 9);
	ck_assert(!fresh);
	ck_assert_uint_eq(members_count(ms), 1);
	stop();
}
END_TEST

START_TEST(a_forged_certificate_is_nobody)
{
	struct bundle b;

	start();
	net_bundle(&b, 3, 7);
	b.cert[40] ^= 1;
	ck_assert_ptr_null(members_cert(ms, T0, b.cert, b.certlen, &fresh));
	ck_assert_uint_eq(members_count(ms), 0);
	stop();
}
END_TEST

START_TEST(records_carry_certificates_and_are_kept_for_others)
{
	struct member *m = NULL;
	struct bundle b;

	start();
	net_bundle(&b, 2, 7);
	for (unsigned i = 0; i < b.nrecords; i++)
		m = members_record(ms, T0, &b.record[i], &fresh);
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->nrecords, b.nrecords);
	stop();
}
END_TEST

START_TEST(a_record_in_anothers_place_is_refused)
{
	struct bundle b, other;
	uint8_t dir[32];

	start();
	net_bundle(&b, 2, 7);
	net_bundle(&other, 4, 8);
	/* the directory key itself would have to lie */
	net_seed(dir, "directory", 0);
	record_salt_name(b.record[0].salt, net.keys.rdv, "n4");
	b.record[0].kind = REC_NAME;
	ck_assert_int_eq(
	    record_seal(&b.record[0], net.keys.rec, b.cert, b.certlen), 0);
	record_sign(&b.record[0], dir);
	ck_assert_ptr_null(members_record(ms, T0, &b.record[0], &fresh));
	stop();
}
END_TEST

START_TEST(a_place_is_of_a_known_member_and_the_newer_wins)
{
	struct record r;
	struct member *m;

	start();
	net_place(&r, 3, 50, "192.0.2.3");
	ck_assert_ptr_null(members_record(ms, T0, &r, &fresh));
	m = learn(3, 7);
	ck_assert_ptr_eq(members_record(ms, T0, &r, &fresh), m);
	net_place(&r, 3, 49, "192.0.2.4");
	ck_assert_ptr_eq(members_record(ms, T0, &r, &fresh), m);
	ck_assert(!fresh);
	ck_assert_uint_eq(m->place_record->seq, 50);
	net_place(&r, 3, 51, "192.0.2.5");
	members_record(ms, T0, &r, &fresh);
	ck_assert(fresh);
	ck_assert_uint_eq(m->place.c[0].ep.addr.b[3], 5);
	stop();
}
END_TEST

START_TEST(a_place_signed_by_another_member_is_refused)
{
	struct record r;
	uint8_t seed[32];

	start();
	learn(3, 7);
	learn(4, 8);
	net_place(&r, 3, 50, "192.0.2.3");
	net_node_seed(seed, 4);
	crypto_sign_pub(r.k, seed);
	record_sign(&r, seed);
	ck_assert_ptr_null(members_record(ms, T0, &r, &fresh));
	stop();
}
END_TEST

START_TEST(who_is_revoked_is_forgotten_and_stays_out)
{
	uint8_t crl[CRL_MAX];
	size_t len = net_crl(crl, 5, 7);

	start();
	learn(3, 7);
	learn(4, 8);
	ck_assert_int_eq(members_crl(ms, T0, crl, len), 1);
	ck_assert_uint_eq(members_count(ms), 1);
	ck_assert_ptr_null(learn(3, 7));
	ck_assert_int_eq(members_crl(ms, T0, crl, len), 0);
	crl[20] ^= 1;
	ck_assert_int_eq(members_crl(ms, T0, crl, len), -1);
	stop();
}
END_TEST

START_TEST(another_network_forgets_everybody)
{
	start();
	learn(3, 7);
	net.bundle.authority[0] ^= 1;
	members_configure(ms, T0, &net);
	ck_assert_uint_eq(members_count(ms), 0);
	members_configure(ms, T0, NULL);
	ck_assert(!members_on(ms));
	ck_assert_ptr_null(learn(3, 7));
	stop();
}
END_TEST

START_TEST(seen_before_its_certificate_came)
{
	struct endpoint ep = net_ep("192.0.2.9", 7);
	uint8_t key[32];

	start();
	net_node_key(key, 3);
	ck_assert(!members_seen(ms, T0, key, &ep, true));
	ck_assert(learn(3, 7)->up);
	ck_assert(endpoint_eq(&members_by_key(ms, T0, key)->seen, &ep));
	stop();
}
END_TEST

START_TEST(the_least_used_makes_room_but_not_who_is_up)
{
	struct addr first = net_ip(0);
	struct endpoint ep = net_ep("192.0.2.9", 7);
	uint8_t key[32];

	start();
	learn(0, 1000);
	net_node_key(key, 1);
	learn(1, 1001);
	members_seen(ms, T0, key, &ep, true);
	for (unsigned i = 2; i < MEMBERS_MAX + 1; i++) {
		members_by_ip(ms, T0, &first);
		/* not 1000 + i: it would begin in the future */
		ck_assert_ptr_nonnull(learn(i % 250 + 2 + i / 250 * 256, 1000));
	}
	ck_assert_uint_eq(members_count(ms), MEMBERS_MAX);
	ck_assert_uint_eq(members_crowded(ms), 1);
	ck_assert_ptr_nonnull(members_by_ip(ms, T0, &first));
	ck_assert_ptr_nonnull(members_by_key(ms, T0, key));
	stop();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_certificate_is_found_by_address_key_and_name,
	    a_higher_serial_replaces_and_a_lower_one_does_not,
	    a_forged_certificate_is_nobody,
	    records_carry_certificates_and_are_kept_for_others,
	    a_record_in_anothers_place_is_refused,
	    a_place_is_of_a_known_member_and_the_newer_wins,
	    a_place_signed_by_another_member_is_refused,
	    who_is_revoked_is_forgotten_and_stays_out,
	    another_network_forgets_everybody,
	    seen_before_its_certificate_came,
	    the_least_used_makes_room_but_not_who_is_up,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("members", tests);
}
