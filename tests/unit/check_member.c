/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_member.c */
/*
 * Members of a network that find each other: certificates taken and refused,
 * conflicts, renewal, revocation, goodbyes.
 */
#include "unit.h"

#include "duo_net.h"

START_TEST(two_strangers_of_one_network_find_each_other)
{
	struct duo *d = net_new();

	duo_a_to_b(d);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 1);
	net_found(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_uint_eq(engine_nmembers(d->side[0].e), 1);
	ck_assert_uint_eq(engine_nmembers(d->side[1].e), 1);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	/* and back, without asking anybody */
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, EI_DATA), 1);
	ck_assert_uint_eq(d->side[1].lookups, 0);
	ck_assert_uint_eq(duo_count(d, 0, ILLEGAL_EVENTS), 0);
	ck_assert_uint_eq(duo_count(d, 1, ILLEGAL_EVENTS), 0);
	duo_balanced(d);
	net_free(d);
}
END_TEST

/* ---- who is refused ---- */

/* a shows this to b, whom it knows. */
static struct duo *
show(const uint8_t *blob, size_t len)
{
	struct duo *d = net_new();
	struct conf_net n = net_conf(d, 0, 100);

	memcpy(n.bundle.cert, blob, len);
	n.bundle.certlen = (uint16_t)len;
	net_set(d, 0, &n);
	net_call(d);
	return d;
}

/* b refused it for this reason and no other, and its host got nothing. */
static void
refused(struct duo *d, enum counter why)
{
	for (int i = CERT_BAD_SHAPE; i <= CERT_BAD_KEY; i++)
		ck_assert_msg(
		    duo_count(d, 1, (enum counter)i) == (i == (int)why ? 1 : 0),
		    "%s: %llu, should be %s",
		    counter_info((enum counter)i)->name,
		    (unsigned long long)duo_count(d, 1, (enum counter)i),
		    counter_info(why)->name);
	ck_assert_uint_eq(d->side[1].records, 0);
	ck_assert_uint_eq(engine_nmembers(d->side[1].e), 0);
	ck_assert_uint_eq(engine_npeers(d->side[1].e), 0);
	ck_assert_uint_eq(d->side[1].e->net.nguests, 0);
	ck_assert_uint_eq(index_count(d->side[1].e->index), 0);
	/* a was told, and leaves it alone for a while */
	ck_assert_uint_eq(duo_count(d, 0, BYES), 1);
	ck_assert_int_eq(duo_state(d, 0), PV_WAIT);
	duo_balanced(d);
	net_free(d);
}

static struct cert
of_a(void)
{
	struct duo *d = net_new();
	struct cert c = net_cert(d, d->side[0].keys.pub, 1, 100);

	net_free(d);
	return c;
}

START_TEST(an_expired_certificate_is_refused)
{
	struct cert c = of_a();
	uint8_t b[CERT_MAX];

	c.not_after = c.not_before + 50;
	c.not_before -= 1000;
	c.not_after -= 1000;
	refused(show(b, net_sign(b, &c, net_seed)), CERT_BAD_EXPIRED);
}
END_TEST

START_TEST(one_that_is_not_valid_yet_is_refused)
{
	struct cert c = of_a();
	uint8_t b[CERT_MAX];

	c.not_before += 1000;
	refused(show(b, net_sign(b, &c, net_seed)), CERT_BAD_EARLY);
}
END_TEST

START_TEST(one_of_another_authority_is_refused)
{
	struct cert c = of_a();
	uint8_t b[CERT_MAX];

	refused(show(b, net_sign(b, &c, net_other_seed)), CERT_BAD_ISSUER);
}
END_TEST

START_TEST(one_with_a_bad_signature_is_refused)
{
	struct cert c = of_a();
	uint8_t b[CERT_MAX];
	size_t n = net_sign(b, &c, net_seed);

	b[n - 1] ^= 1;
	refused(show(b, n), CERT_BAD_SIGNATURE);
}
END_TEST

START_TEST(one_of_somebody_elses_key_is_refused)
{
	struct cert c = of_a();
	uint8_t b[CERT_MAX];

	c.node[0] ^= 1;
	refused(show(b, net_sign(b, &c, net_seed)), CERT_BAD_KEY);
}
END_TEST

START_TEST(one_with_an_address_that_is_not_the_networks_is_refused)
{
	struct cert c = of_a();
	uint8_t b[CERT_MAX];

	c.address[0].addr.b[0] = 11;
	refused(show(b, net_sign(b, &c, net_seed)), CERT_BAD_ADDRESS);
}
END_TEST

/* The TLVs of a good one replaced, everything signed anew. */
static struct duo *
show_tlvs(const uint8_t *tlvs, size_t len, size_t more)
{
	static const char domain[] = "mesh1 cert";
	struct cert c = of_a();
	uint8_t b[CERT_MAX], tbs[CERT_MAX + sizeof(domain)];

	net_sign(b, &c, net_seed);
	b[100] = (uint8_t)(len >> 8);
	b[101] = (uint8_t)len;
	memcpy(b + 102, tlvs, len);
	memcpy(tbs, domain, sizeof(domain));
	memcpy(tbs + sizeof(domain), b, 102 + len);
	ck_assert_int_eq(crypto_sign(b + 102 + len, net_seed, tbs,
			     sizeof(domain) + 102 + len),
	    0);
	b[102 + len + CERT_SIG] = 0;
	return show(b, 102 + len + CERT_SIG + more);
}

#define TLVS(...)                                                              \
	(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define NAME_A CERT_TLV_NAME, 1, 'a'
#define ADDR_A CERT_TLV_IPV4, 5, 10, 0, 0, 1, 16

START_TEST(fields_swapped_doubled_unknown_or_behind_the_end_are_refused)
{
	struct duo *d = show_tlvs(TLVS(NAME_A, ADDR_A), 0);

	/* first of all, that this is one */
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	net_free(d);
	refused(show_tlvs(TLVS(ADDR_A, NAME_A), 0), CERT_BAD_SHAPE);
	refused(show_tlvs(TLVS(NAME_A, NAME_A, ADDR_A), 0), CERT_BAD_SHAPE);
	refused(show_tlvs(TLVS(NAME_A, ADDR_A), 1), CERT_BAD_SHAPE);
	refused(show_tlvs(TLVS(NAME_A, ADDR_A, 0x90, 0), 0), CERT_BAD_CRITICAL);
	d = show_tlvs(TLVS(NAME_A, ADDR_A, 0x20, 1, 1), 0);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	net_free(d);
}
END_TEST

START_TEST(no_certificate_at_all_is_refused)
{
	refused(show((const uint8_t *)"", 0), CERT_BAD_SHAPE);
}
END_TEST

/* ---- revocation ---- */

static size_t
revoke(uint8_t out[CRL_MAX], const struct duo *d, uint64_t number,
    uint64_t serial, const uint8_t seed[32])
{
	struct crl l = {.number = number,
	    .issued = d->unix_s,
	    .next_update = d->unix_s + NET_DAY,
	    .n = 1,
	    .serial = {serial}};
	size_t n = crl_sign(out, &l, seed);

	ck_assert_uint_ne(n, 0);
	return n;
}

static const char *
crl_to(struct duo *d, int no, enum role from, const uint8_t *b, size_t n)
{
	const char *why = engine_on_crl(d->side[no].e, d->now, from, b, n);

	duo_pump(d);
	return why;
}

START_TEST(who_is_revoked_is_shut_out_at_once)
{
	struct duo *d = net_up();
	uint8_t b[CRL_MAX];
	size_t n = revoke(b, d, 1, 100, net_seed);

	ck_assert_ptr_null(engine_on_crl(d->side[1].e, d->now, ROLE_CTL, b, n));
	/* before anything else happens: no route, no key */
	ck_assert_uint_eq(engine_npeers(d->side[1].e), 0);
	ck_assert_uint_eq(engine_nmembers(d->side[1].e), 0);
	ck_assert_uint_eq(index_count(d->side[1].e->index), 0);
	ck_assert_uint_eq(d->nwire, 1);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, BYES), 1);
	ck_assert_uint_eq(d->side[1].blobs[MSG_CRL], 1);
	/* and its calls are refused */
	duo_later(d, REFUSED_MS + 100);
	net_call(d);
	ck_assert_uint_eq(duo_count(d, 1, CERT_BAD_REVOKED), 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(a_list_reaches_everybody_with_a_session_and_only_once)
{
	struct duo *d = net_up();
	uint8_t b[CRL_MAX];
	size_t n = revoke(b, d, 5, 999, net_seed);
	uint64_t sent;

	ck_assert_ptr_null(crl_to(d, 0, ROLE_DISC, b, n));
	ck_assert_uint_eq(d->side[0].blobs[MSG_CRL], 0); /* it knows */
	ck_assert_uint_eq(duo_count(d, 1, CRLS_TAKEN), 1);
	ck_assert_uint_eq(d->side[1].e->net.crl.number, 5);
	ck_assert_uint_eq(d->side[1].blobs[MSG_CRL], 1);
	sent = duo_count(d, 0, FRAMES_SENT) + duo_count(d, 1, FRAMES_SENT);
	ck_assert_ptr_null(crl_to(d, 0, ROLE_CTL, b, n)); /* the same again */
	ck_assert_uint_eq(
	    duo_count(d, 0, FRAMES_SENT) + duo_count(d, 1, FRAMES_SENT), sent);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	net_free(d);
}
END_TEST

START_TEST(who_comes_up_with_an_older_list_gets_the_newer_one)
{
	for (int who = 0; who < 2; who++) {
		struct duo *d = net_new();
		uint8_t b[CRL_MAX];
		size_t n = revoke(b, d, 5, 999, net_seed);

		ck_assert_ptr_null(crl_to(d, who, ROLE_CTL, b, n));
		n = revoke(b, d, 4, 998, net_seed);
		ck_assert_ptr_null(crl_to(d, !who, ROLE_CTL, b, n));
		net_call(d);
		duo_later(d, 10);
		ck_assert_uint_eq(d->side[0].e->net.crl.number, 5);
		ck_assert_uint_eq(d->side[1].e->net.crl.number, 5);
		net_free(d);
	}
}
END_TEST

START_TEST(a_list_that_is_older_or_not_the_authoritys_changes_nothing)
{
	struct duo *d = net_up();
	uint8_t b[CRL_MAX];
	size_t n = revoke(b, d, 5, 999, net_seed);

	ck_assert_ptr_null(crl_to(d, 0, ROLE_CTL, b, n));
	n = revoke(b, d, 4, 101, net_seed);
	ck_assert_str_eq(crl_to(d, 0, ROLE_CTL, b, n),
	    "a newer revocation list is in force");
	n = revoke(b, d, 5, 101, net_seed);
	ck_assert_ptr_nonnull(crl_to(d, 0, ROLE_CTL, b, n));
	n = revoke(b, d, 6, 101, net_other_seed);
	ck_assert_ptr_nonnull(crl_to(d, 0, ROLE_CTL, b, n));
	ck_assert_uint_eq(duo_count(d, 0, CRLS_REFUSED), 1);
	for (size_t cut = 0; cut < n; cut += 9)
		ck_assert_ptr_nonnull(crl_to(d, 0, ROLE_CTL, b, cut));
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	net_free(d);
}
END_TEST

START_TEST(without_a_network_a_list_is_refused)
{
	struct duo *d = duo_new();

	ck_assert_str_eq(engine_on_crl(d->side[0].e, d->now, ROLE_CTL,
			     (const uint8_t *)"MR", 2),
	    "not a member of a network");
	duo_free(d);
}
END_TEST

START_TEST(a_member_whose_certificate_expires_is_shut_out)
{
	struct duo *d = net_up();

	d->unix_s += 30 * NET_DAY + CERT_SKEW_S + 10;
	duo_later(d, NET_LOOK_MS + 1000);
	ck_assert_uint_eq(engine_npeers(d->side[0].e), 0);
	ck_assert_uint_eq(engine_npeers(d->side[1].e), 0);
	ck_assert_uint_ge(duo_count(d, 0, MEMBERS_GONE), 1);
	duo_balanced(d);
	net_free(d);
}
END_TEST

/* ---- renewal ---- */

static size_t
renewed(const struct duo *d, uint8_t out[BUNDLE_MAX], uint64_t later)
{
	struct conf_net n = net_conf(d, 0, 100);
	struct cert c = net_cert(d, d->side[0].keys.pub, 1, 200);

	c.not_before += later;
	n.bundle.certlen = net_sign(n.bundle.cert, &c, net_seed);
	return bundle_put(out, &n.bundle);
}

START_TEST(a_renewed_certificate_is_shown_to_everybody)
{
	struct duo *d = net_up();
	uint8_t b[BUNDLE_MAX];
	size_t n = renewed(d, b, 50);

	ck_assert_int_eq(engine_own_bundle(d->side[0].e, d->now, b, n), 0);
	duo_pump(d);
	ck_assert_uint_eq(net_slot(d, 1)->member->cert.serial, 200);
	ck_assert_uint_eq(d->side[0].blobs[MSG_OWN_BUNDLE], 1);
	ck_assert_uint_eq(d->side[1].blobs[MSG_MEMBER], 2);
	/* nobody noticed */
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 1);
	/* the same one again is nothing new; nor is the file of the start */
	ck_assert_int_eq(engine_own_bundle(d->side[0].e, d->now, b, n), -1);
	n = renewed(d, b, 0);
	ck_assert_int_eq(engine_own_bundle(d->side[0].e, d->now, b, n), -1);
	net_free(d);
}
END_TEST

START_TEST(what_discoveryd_kept_counts_if_it_is_ours_and_newer)
{
	struct duo *d = net_new();
	uint8_t b[BUNDLE_MAX];
	struct bundle other;
	size_t n = renewed(d, b, 50);

	engine_on_bundle(d->side[1].e, d->now, b, n); /* a's, not b's */
	ck_assert_uint_eq(d->side[1].e->net.own.serial, 101);
	ck_assert_int_eq(bundle_get(b, n, &other), 0);
	other.cert[10] ^= 1;
	n = bundle_put(b, &other);
	engine_on_bundle(d->side[0].e, d->now, b, n);
	ck_assert_uint_eq(d->side[0].e->net.own.serial, 100);
	n = renewed(d, b, 50);
	engine_on_bundle(d->side[0].e, d->now, b, n - 1);
	ck_assert_uint_eq(d->side[0].e->net.own.serial, 100);
	engine_on_bundle(d->side[0].e, d->now, b, n);
	ck_assert_uint_eq(d->side[0].e->net.own.serial, 200);
	duo_tick(d);
	ck_assert_uint_eq(d->side[0].blobs[MSG_OWN_BUNDLE], 0);
	/* a reload of the same file does not take it back */
	{
		struct conf_net c = net_conf(d, 0, 100);

		net_set(d, 0, &c);
	}
	ck_assert_uint_eq(d->side[0].e->net.own.serial, 200);
	net_free(d);
}
END_TEST

/* ---- goodbyes ---- */

START_TEST(a_clean_end_is_heard_and_the_next_packet_calls_again)
{
	struct duo *d = net_up();

	engine_leave(d->side[1].e, d->now);
	engine_free(d->side[1].e);
	duo_start(d, 1);
	d->side[1].conf.npeers = 0;
	{
		struct conf_net n = net_conf(d, 1, 101);

		net_set(d, 1, &n);
	}
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_IDLE);
	ck_assert_uint_eq(index_count(d->side[0].e->index), 0);
	duo_later(d, 100);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(a_hello_that_is_lost_is_said_again)
{
	struct duo *d = net_new();

	duo_a_to_b(d);
	net_found(d);
	duo_keyd(d);
	for (int i = 0; i < 2; i++) { /* initiation, response */
		struct duo_msg m = d->wire[0];

		d->nwire = 0;
		duo_deliver(d, &m);
		duo_keyd(d);
	}
	ck_assert_uint_eq(d->nwire, 2); /* HELLO, and the packet */
	d->nwire = 0;
	duo_a_to_b(d);
	duo_pump(d); /* too early: nobody knows whose it is */
	ck_assert_uint_eq(duo_count(d, 1, EI_QUARANTINE), 1);
	duo_later(d, HELLO_AGAIN_MS);
	duo_pump(d);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_uint_eq(net_slot(d, 0)->hello_due_ms, 0);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(a_hello_without_an_answer_is_said_five_times)
{
	struct duo *d = net_up();
	struct peer_slot *p = net_slot(d, 0);
	uint64_t before = duo_count(d, 0, FRAMES_SENT);

	hello_send(d->side[0].e, p, d->now);
	for (int i = 0; i < 20000; i++) {
		d->now++;
		duo_tick(d);
		d->nwire = 0;
	}
	ck_assert_uint_eq(duo_count(d, 0, FRAMES_SENT), before + HELLO_TRIES);
	net_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    two_strangers_of_one_network_find_each_other,
	    an_expired_certificate_is_refused,
	    one_that_is_not_valid_yet_is_refused,
	    one_of_another_authority_is_refused,
	    one_with_a_bad_signature_is_refused,
	    one_of_somebody_elses_key_is_refused,
	    one_with_an_address_that_is_not_the_networks_is_refused,
	    fields_swapped_doubled_unknown_or_behind_the_end_are_refused,
	    no_certificate_at_all_is_refused,
	    who_is_revoked_is_shut_out_at_once,
	    a_list_reaches_everybody_with_a_session_and_only_once,
	    who_comes_up_with_an_older_list_gets_the_newer_one,
	    a_list_that_is_older_or_not_the_authoritys_changes_nothing,
	    without_a_network_a_list_is_refused,
	    a_member_whose_certificate_expires_is_shut_out,
	    a_renewed_certificate_is_shown_to_everybody,
	    what_discoveryd_kept_counts_if_it_is_ours_and_newer,
	    a_clean_end_is_heard_and_the_next_packet_calls_again,
	    a_hello_that_is_lost_is_said_again,
	    a_hello_without_an_answer_is_said_five_times,
	};

	return UNIT_RUN("member", tests);
}
