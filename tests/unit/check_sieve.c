/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_sieve.c */
/* What the system is told to throw away in a flood, and that it does. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sieve.h"
#include "sift.h"
#include "unit.h"
#include "wg.h"

#define T0 1000000

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

/* n of them in one window; how often the rules changed. */
static unsigned
initiations(struct sieve *s, uint64_t now_ms, const char *from, unsigned n)
{
	struct addr a = address(from);
	unsigned changes = 0;

	while (n-- > 0)
		changes += sieve_unproved(s, now_ms, &a);
	return changes;
}

static unsigned
garbage(struct sieve *s, uint64_t now_ms, unsigned n)
{
	unsigned changes = 0;

	while (n-- > 0)
		changes += sieve_garbage(s, now_ms);
	return changes;
}

static struct sieve_rules
rules(const struct sieve *s)
{
	struct sieve_rules r;

	sieve_rules(s, &r);
	return r;
}

/* ---- when ---- */

START_TEST(without_a_flood_nothing_is_sieved)
{
	struct sieve s = {0};

	for (uint64_t ms = 0; ms < 5000; ms += SIEVE_WINDOW_MS) {
		ck_assert_uint_eq(garbage(&s, T0 + ms, SIEVE_GARBAGE), 0);
		ck_assert_uint_eq(
		    initiations(&s, T0 + ms, "192.0.2.1", SIEVE_UNPROVED), 0);
	}
	ck_assert(!rules(&s).garbage);
	ck_assert_uint_eq(rules(&s).nheavy, 0);
}
END_TEST

START_TEST(much_garbage_is_told_once_and_for_as_long_as_it_lasts)
{
	struct sieve s = {0};

	ck_assert_uint_eq(garbage(&s, T0, SIEVE_GARBAGE * 3), 1);
	ck_assert(rules(&s).garbage);
	/* little of it is seen now, and shows that it goes on */
	ck_assert_uint_eq(garbage(&s, T0 + 4000, SIEVE_GARBAGE / 10), 0);
	ck_assert(!sieve_look(&s, T0 + 4000 + SIEVE_LASTS_MS - 1));
	ck_assert(sieve_look(&s, T0 + 4000 + SIEVE_LASTS_MS));
	ck_assert(!rules(&s).garbage);
	ck_assert(!sieve_look(&s, T0 + 4000 + SIEVE_LASTS_MS));
}
END_TEST

START_TEST(who_sends_most_is_found_among_thousands)
{
	struct sieve s = {0};
	struct addr other = address("198.18.0.0"), who = address("192.0.2.1");
	unsigned changes = 0;

	for (uint32_t i = 0; i < 4000; i++) {
		other.b[2] = (uint8_t)(i >> 8);
		other.b[3] = (uint8_t)i;
		if (i % 4 == 0)
			ck_assert(!sieve_unproved(&s, T0, &other));
		changes += sieve_unproved(&s, T0, &who);
	}
	ck_assert_uint_eq(changes, 1);
	ck_assert_uint_eq(rules(&s).nheavy, 1);
	ck_assert(addr_eq(&rules(&s).heavy[0], &who));
}
END_TEST

START_TEST(of_a_flood_from_everywhere_nobody_is_blamed)
{
	struct sieve s = {0};
	uint64_t seed = unit_seed();
	struct addr a = address("198.18.0.0");

	for (uint32_t i = 0; i < 85000; i++) {
		uint64_t r = unit_random(&seed);

		memcpy(a.b, &r, 4);
		ck_assert(!sieve_unproved(&s, T0 + i / 85, &a));
	}
}
END_TEST

START_TEST(an_ipv6_source_is_its_64)
{
	struct sieve s = {0};

	ck_assert_uint_eq(
	    initiations(&s, T0, "2001:db8::1", SIEVE_UNPROVED), 0);
	ck_assert_uint_eq(initiations(&s, T0, "2001:db8::2", 1), 1);
	ck_assert_uint_eq(initiations(&s, T0, "2001:db8::3", 500), 0);
}
END_TEST

START_TEST(one_that_is_let_through_now_and_then_stays_heavy)
{
	struct sieve s = {0};
	uint64_t ms = T0;

	ck_assert_uint_eq(initiations(&s, ms, "192.0.2.1", 300), 1);
	for (int i = 0; i < 100; i++) {
		ms += SIEVE_WINDOW_MS;
		ck_assert_uint_eq(initiations(&s, ms, "192.0.2.1", 10), 0);
		ck_assert(!sieve_look(&s, ms));
	}
	/* so many is no flood */
	for (int i = 0; i < 49; i++) {
		ms += SIEVE_WINDOW_MS;
		ck_assert_uint_eq(initiations(&s, ms, "192.0.2.1", 6), 0);
		ck_assert(!sieve_look(&s, ms));
	}
	ck_assert(sieve_look(&s, ms + SIEVE_WINDOW_MS));
	ck_assert_uint_eq(rules(&s).nheavy, 0);
}
END_TEST

START_TEST(there_are_only_so_many_heavy_ones)
{
	static const char *const from[] = {"192.0.2.1", "192.0.2.2",
	    "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"};
	struct sieve s = {0};

	for (int i = 0; i < 6; i++)
		ck_assert_uint_eq(initiations(&s, T0, from[i], 1000),
		    i < SIEVE_HEAVY ? 1 : 0);
	ck_assert_uint_eq(rules(&s).nheavy, SIEVE_HEAVY);
}
END_TEST

/* ---- what the system makes of it ---- */

struct pair {
	int in, out;
	struct sockaddr_in6 to; /* or a sockaddr_in */
	socklen_t len;
};

static void
open_pair(struct pair *p, uint8_t family, const struct sieve_rules *r)
{
	struct addr a = address(family == 4 ? "127.0.0.1" : "::1");
	const struct endpoint ep = {.addr = a};
	struct sockaddr_storage ss;
	socklen_t len = (socklen_t)endpoint_to_sa(&ep, &ss);

	p->in = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	p->out = socket(ss.ss_family, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(p->in, (struct sockaddr *)&ss, len), 0);
	p->len = sizeof(p->to);
	ck_assert_int_eq(
	    getsockname(p->in, (struct sockaddr *)&p->to, &p->len), 0);
	ck_assert_int_eq(sift_set(p->in, family, r), 0);
}

static void
close_pair(struct pair *p)
{
	close(p->in);
	close(p->out);
}

/* Of n that are sent, how many come. */
static unsigned
comes(const struct pair *p, const uint8_t *msg, size_t len, unsigned n)
{
	uint8_t buf[2048];
	unsigned got = 0;

	while (n-- > 0) {
		ck_assert_int_eq(sendto(p->out, msg, len, 0,
				     (const struct sockaddr *)&p->to, p->len),
		    (ssize_t)len);
		got += recv(p->in, buf, sizeof(buf), 0) == (ssize_t)len;
	}
	return got;
}

static unsigned
first(const struct pair *p, uint32_t octets, uint32_t next, size_t len)
{
	uint8_t msg[256] = {(uint8_t)(octets >> 24), (uint8_t)(octets >> 16),
	    (uint8_t)(octets >> 8), (uint8_t)octets, (uint8_t)(next >> 24),
	    (uint8_t)(next >> 16), (uint8_t)(next >> 8), (uint8_t)next};

	return comes(p, msg, len, 1);
}

START_TEST(garbage_is_thrown_away_and_counted_and_ours_is_not)
{
	const struct sieve_rules r = {.garbage = true};
	struct pair p;

	for (uint8_t family = 4; family <= 6; family += 2) {
		open_pair(&p, family, &r);
		for (uint32_t type = 1; type <= 6; type++)
			ck_assert_uint_eq(first(&p, type << 24, 7, 148), 1);
		ck_assert_uint_eq(first(&p, 0x00010000, 0x2112a442, 20), 1);
		ck_assert_uint_eq(first(&p, 0x40000004, 1, 12), 1);
		ck_assert_uint_eq(sift_lost(p.in), 0);
		ck_assert_uint_eq(first(&p, 0, 0, 148), 0);
		ck_assert_uint_eq(first(&p, 7 << 24, 0, 148), 0);
		ck_assert_uint_eq(first(&p, 0x01000001, 0, 148), 0);
		ck_assert_uint_eq(first(&p, 0xffffffff, 0, 148), 0);
		ck_assert_uint_eq(first(&p, 0x00010000, 0x2112a443, 20), 0);
		ck_assert_uint_eq(first(&p, 0, 0, 0), 0);
		ck_assert_uint_eq(first(&p, 0, 0, 3), 0);
		ck_assert_uint_eq(sift_lost(p.in), 7);
		close_pair(&p);
	}
}
END_TEST

START_TEST(of_a_heavy_source_few_initiations_come_and_all_else)
{
	uint8_t msg[WG_INITIATION_LEN] = {WG_INITIATION};
	struct sieve_rules r = {.nheavy = 2};
	struct pair p;

	for (uint8_t family = 4; family <= 6; family += 2) {
		r.heavy[0] = address(family == 4 ? "127.0.0.2" : "::1:0:0:0:1");
		r.heavy[1] = address(family == 4 ? "127.0.0.1" : "::1");
		open_pair(&p, family, &r);
		/* 128 of 4096, and 11 is what it strays by */
		ck_assert_uint_le(comes(&p, msg, sizeof(msg), 4096), 200);
		ck_assert_uint_ge(4096 - sift_lost(p.in), 60);
		for (size_t i = 1; i <= WG_MACS / 2; i++) {
			msg[sizeof(msg) - i] = 1;
			ck_assert_uint_eq(comes(&p, msg, sizeof(msg), 8), 8);
			msg[sizeof(msg) - i] = 0;
		}
		ck_assert_uint_eq(first(&p, 4 << 24, 0, 32), 1);
		ck_assert_uint_eq(first(&p, 0xffffffff, 0, 148), 1);
		close_pair(&p);
	}
}
END_TEST

START_TEST(others_than_heavy_sources_notice_nothing)
{
	uint8_t msg[WG_INITIATION_LEN] = {WG_INITIATION};
	struct sieve_rules r = {.nheavy = SIEVE_HEAVY};
	struct pair p;

	for (int i = 0; i < SIEVE_HEAVY; i++)
		r.heavy[i] = address(i % 2 ? "127.0.0.3" : "2001:db8::");
	for (uint8_t family = 4; family <= 6; family += 2) {
		open_pair(&p, family, &r);
		ck_assert_uint_eq(comes(&p, msg, sizeof(msg), 200), 200);
		close_pair(&p);
	}
}
END_TEST

START_TEST(rules_that_are_over_let_everything_through)
{
	const struct sieve_rules on = {.garbage = true}, off = {0};
	struct pair p;

	open_pair(&p, 4, &on);
	ck_assert_uint_eq(first(&p, 0, 0, 50), 0);
	ck_assert_int_eq(sift_set(p.in, 4, &off), 0);
	ck_assert_uint_eq(first(&p, 0, 0, 50), 1);
	close_pair(&p);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    without_a_flood_nothing_is_sieved,
	    much_garbage_is_told_once_and_for_as_long_as_it_lasts,
	    who_sends_most_is_found_among_thousands,
	    of_a_flood_from_everywhere_nobody_is_blamed,
	    an_ipv6_source_is_its_64,
	    one_that_is_let_through_now_and_then_stays_heavy,
	    there_are_only_so_many_heavy_ones,
	    garbage_is_thrown_away_and_counted_and_ours_is_not,
	    of_a_heavy_source_few_initiations_come_and_all_else,
	    others_than_heavy_sources_notice_nothing,
	    rules_that_are_over_let_everything_through,
	};

	return UNIT_RUN("sieve", tests);
}
