/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_flood.c */
/*
 * Initiations of strangers: what a flood of them, from wherever it seems to
 * come, may cost, and that nobody who is honest is locked out by it.
 */
#include "unit.h"

#include "duo.h"
#include "engine_int.h"

#define ADDRESS_OF_A 0xc0000201 /* 192.0.2.1 */

/* Initiations that seem to come from where a lives, so many a second. */
static void
spoof(struct duo *d, uint64_t for_ms, uint32_t per_s)
{
	for (; for_ms > 0; for_ms--) {
		uint32_t n = per_s / 1000 +
		    (unit_random(&d->dice) % 1000 < per_s % 1000);

		while (n-- > 0) {
			struct duo_msg m = duo_stranger(d, ADDRESS_OF_A);

			/* a's own port at times */
			m.from.port = (uint16_t)(1 + unit_random(&d->dice) % 3);
			duo_deliver(d, &m);
		}
		d->now++;
		duo_pump(d);
	}
}

START_TEST(a_flood_from_a_peers_own_address_does_not_lock_it_out)
{
	static const uint32_t per_s[] = {30, 400, 450, 3000};
	uint64_t seed = unit_seed();

	for (size_t i = 0; i < sizeof(per_s) / sizeof(per_s[0]); i++) {
		struct duo *d = duo_new();

		d->dice = seed;
		for (int round = 0; round < 60; round++) {
			spoof(d, unit_random(&d->dice) % 500, per_s[i]);
			engine_free(d->side[0].e); /* and its cookie */
			duo_start(d, 0);
			duo_a_to_b(d);
			spoof(d, 500, per_s[i]);
			ck_assert_msg(duo_state(d, 0) == PV_UP,
			    "SEED=%llu: locked out in round %d at %u/s",
			    (unsigned long long)seed, round, per_s[i]);
		}
		duo_balanced(d);
		duo_free(d);
	}
}
END_TEST

/* The same from a source that was given a cookie. */
static struct duo_msg
proved(struct duo *d, uint32_t address)
{
	struct duo_msg m = duo_stranger(d, address);
	struct engine *b = d->side[1].e;
	uint8_t reply[WG_COOKIE_LEN];
	struct cookie_jar jar;

	cookie_jar_init(&jar, d->side[1].keys.pub);
	cookie_stamp(&jar, d->now, m.data, m.len);
	cookie_reply(
	    &b->checker, d->now, &b->io.rnd, m.data, m.len, &m.from, reply);
	ck_assert_int_eq(cookie_take(&jar, d->now, reply), 0);
	cookie_stamp(&jar, d->now, m.data, m.len);
	return m;
}

/* keyd answers all it was asked, with no; how much was it? */
static uint32_t
refuse_all(struct duo *d)
{
	struct msg_mix_reply no = {.status = KEY_REFUSED_POINT};
	uint32_t n = d->nasks;

	for (uint32_t i = 0; i < n; i++)
		engine_on_mix(d->side[1].e, d->now, d->ask[i].id, &no);
	d->nasks = 0;
	d->nwire = 0; /* cookies to nobody */
	return n;
}

START_TEST(a_proved_source_has_a_rate_too_and_is_asked_for_no_more_cookies)
{
	struct duo *d = duo_new();

	for (int i = 0; i < 10; i++) {
		struct duo_msg m = proved(d, 0xc6120001);

		duo_deliver(d, &m);
	}
	ck_assert_uint_eq(duo_count(d, 1, EI_PENDING), 5);
	ck_assert_uint_eq(duo_count(d, 1, EI_RATE), 5);
	ck_assert_uint_eq(duo_count(d, 1, COOKIES_SENT), 0);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(cookies_are_only_so_many_and_first_for_who_had_few)
{
	struct duo *d = duo_new();
	const uint64_t s = 3;
	uint64_t none = 0;

	/* 40,000 a second from one address, two a second from another */
	for (uint32_t ms = 0; ms < s * 1000; ms++) {
		for (uint32_t i = 0; i < 40; i++) {
			struct duo_msg m = duo_stranger(d, 0xc6120001);

			duo_deliver(d, &m);
			d->nwire = 0;
		}
		if (ms % 500 == 499) {
			struct duo_msg m = duo_stranger(d, 0xc6130001);
			uint64_t had = duo_count(d, 1, COOKIES_SENT);

			duo_deliver(d, &m);
			none += duo_count(d, 1, COOKIES_SENT) == had;
		}
		(void)refuse_all(d);
		d->now++;
	}
	ck_assert_uint_eq(none, 0);
	ck_assert_uint_le(
	    duo_count(d, 1, COOKIES_SENT), s * COOKIES_PER_S + COOKIES_BURST);
	ck_assert_uint_ge(duo_count(d, 1, COOKIES_SENT), s * COOKIES_PER_S / 2);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_cookie_reply_is_shorter_than_what_it_answers)
{
	ck_assert_uint_lt(2 * WG_COOKIE_LEN, WG_INITIATION_LEN);
}
END_TEST

START_TEST(initiations_leave_half_of_keyd_to_our_own_dialing)
{
	struct duo *d = duo_new();
	uint32_t asks = 0, s = 10;

	ck_assert_uint_le(2 * INITS_PER_S, KEYS_RATE / 2);
	ck_assert_uint_le(2 * INITS_BURST, KEYS_BURST / 2);
	/* 2000 a second, of a thousand sources that all have a cookie */
	for (uint32_t ms = 0; ms < s * 1000; ms++) {
		for (uint32_t i = 0; i < 2; i++) {
			struct duo_msg m =
			    proved(d, 0xc6120000 + (2 * ms + i) % 1000);

			duo_deliver(d, &m);
		}
		asks += refuse_all(d);
		d->now++;
	}
	ck_assert_uint_le(asks, s * INITS_PER_S + INITS_BURST);
	ck_assert_uint_ge(asks, s * INITS_PER_S);
	ck_assert_uint_eq(duo_count(d, 1, EI_BUSY), s * 2000 - asks);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_flood_without_cookies_leaves_room_for_those_with_one)
{
	struct duo *d = duo_new();
	uint32_t asks = 0;

	/* as many as there may be without being called load */
	for (uint32_t ms = 0; ms < 20000; ms++) {
		struct duo_msg m = duo_stranger(d, 0x14000000 + ms);

		if (ms % 2 == 0 || ms % 100 == 99)
			duo_deliver(d, &m);
		if (ms % 5 == 0) { /* 200 a second, of 40 sources */
			m = proved(d, 0xc6120000 + ms / 5 % 40);
			duo_deliver(d, &m);
		}
		asks += refuse_all(d);
		d->now++;
	}
	ck_assert_uint_eq(duo_count(d, 1, EI_BUSY), 0);
	ck_assert_uint_le(asks, 20 * INITS_PER_S + INITS_BURST);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(while_keyd_hangs_initiations_leave_places_for_responses)
{
	struct duo *d = duo_new();

	d->side[1].key_silent = true;
	for (uint32_t i = 0; i < JOBS_MAX; i++) {
		struct duo_msg m = proved(d, 0xc6120000 + i);

		duo_deliver(d, &m);
	}
	ck_assert_uint_eq(duo_count(d, 1, EI_PENDING), JOBS_INITIATIONS);
	d->nwire = 0;
	d->side[1].key_silent = false;
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_flood_from_a_peers_own_address_does_not_lock_it_out,
	    a_proved_source_has_a_rate_too_and_is_asked_for_no_more_cookies,
	    cookies_are_only_so_many_and_first_for_who_had_few,
	    a_cookie_reply_is_shorter_than_what_it_answers,
	    initiations_leave_half_of_keyd_to_our_own_dialing,
	    a_flood_without_cookies_leaves_room_for_those_with_one,
	    while_keyd_hangs_initiations_leave_places_for_responses,
	};

	return UNIT_RUN("flood", tests);
}
