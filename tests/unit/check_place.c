/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_place.c */
/*
 * What a place record says, and which of the addresses in it are not taken:
 * those to which one member could make the others send what they should not.
 */
#include "hex.h"
#include "record.h"
#include "unit.h"

static struct candidate
at(const char *addr, uint16_t port)
{
	struct candidate c = {.type = 1, .ep.port = port, .priority = 7};

	ck_assert_int_eq(addr_parse(addr, &c.ep.addr), 0);
	return c;
}

static struct place
plain_place(void)
{
	struct place p = {.nat = 5,
	    .boot = 0x0102030405060708,
	    .n = 2,
	    .nrelays = 1,
	    .has_pin = true};

	p.c[0] = at("198.51.100.7", 51820);
	p.c[1] = at("2001:db8::7", 51821);
	memset(p.relay[0], 0x55, 32);
	memset(p.pin, 0x66, 32);
	return p;
}

START_TEST(a_place_comes_back_as_it_was)
{
	struct place p = plain_place(), back;
	uint8_t b[PLACE_MAX];
	unsigned dropped = 99;
	size_t len = place_put(b, &p);

	ck_assert_uint_eq(len, 11 + 2 * 24 + 1 + 32 + 33);
	ck_assert_int_eq(place_get(b, len, &back, &dropped), 0);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(back.nat, 5);
	ck_assert_uint_eq(back.boot, p.boot);
	ck_assert_uint_eq(back.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(back.c[i].type, 1);
		ck_assert(endpoint_eq(&back.c[i].ep, &p.c[i].ep));
		ck_assert_uint_eq(back.c[i].priority, 7);
	}
	ck_assert_uint_eq(back.nrelays, 1);
	ck_assert_mem_eq(back.relay[0], p.relay[0], 32);
	ck_assert(back.has_pin);
	ck_assert_mem_eq(back.pin, p.pin, 32);
}
END_TEST

START_TEST(the_octets_of_a_place_are_these)
{
	struct place p = {.boot = 1, .n = 1};
	uint8_t b[PLACE_MAX];

	p.c[0] = at("198.51.100.7", 51820);
	ck_assert_uint_eq(place_put(b, &p), 11 + 24 + 2);
	assert_hex(b,
	    "0100000000000000000101"
	    "0104ca6c00000000000000000000ffffc633640700000007"
	    "0000");
}
END_TEST

START_TEST(a_full_place_fits_and_more_does_not)
{
	struct place p = plain_place(), back;
	uint8_t b[PLACE_MAX];
	unsigned dropped;

	p.n = CANDIDATES_MAX;
	for (unsigned i = 0; i < CANDIDATES_MAX; i++)
		p.c[i] = at("198.51.100.7", (uint16_t)(i + 1));
	p.nrelays = PLACE_RELAYS_MAX;
	ck_assert_uint_eq(place_put(b, &p), PLACE_MAX);
	ck_assert_uint_le(PLACE_MAX, RECORD_CONTENT_MAX);
	ck_assert_int_eq(place_get(b, PLACE_MAX, &back, &dropped), 0);
	ck_assert_uint_eq(back.n, CANDIDATES_MAX);
	p.n++;
	ck_assert_uint_eq(place_put(b, &p), 0);
	p.n--;
	p.nrelays++;
	ck_assert_uint_eq(place_put(b, &p), 0);
}
END_TEST

static unsigned
dropped_of(struct candidate c)
{
	struct place p = {.n = 3}, back;
	uint8_t b[PLACE_MAX];
	unsigned dropped;

	p.c[0] = at("198.51.100.7", 1);
	p.c[1] = c;
	p.c[2] = at("198.51.100.8", 2);
	ck_assert_int_eq(place_get(b, place_put(b, &p), &back, &dropped), 0);
	ck_assert_uint_eq(back.n, 3 - dropped);
	ck_assert(endpoint_eq(&back.c[0].ep, &p.c[0].ep));
	ck_assert(endpoint_eq(&back.c[back.n - 1].ep, &p.c[2].ep));
	return dropped;
}

START_TEST(nothing_is_sent_where_no_host_can_be)
{
	static const char *const bad[] = {"224.0.0.1", "239.192.77.86",
	    "255.255.255.255", "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3",
	    "169.254.1.1", "ff02::1", "ff0e::1", "::", "::1", "fe80::1",
	    "::ffff:10.0.0.1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_uint_eq(dropped_of(at(bad[i], 5)), 1);
	ck_assert_uint_eq(dropped_of(at("10.0.0.1", 0)), 1);
	ck_assert_uint_eq(dropped_of(at("10.0.0.1", 1)), 0);
	ck_assert_uint_eq(dropped_of(at("fd00::1", 65535)), 0);
}
END_TEST

START_TEST(a_candidate_of_a_kind_not_known_is_left_out)
{
	struct candidate c = at("10.0.0.1", 5);

	for (unsigned type = 0; type < 256; type++) {
		c.type = (uint8_t)type;
		ck_assert_uint_eq(
		    dropped_of(c), type == 0 || type == 6 || type > 7);
	}
	c = at("10.0.0.1", 5);
	c.ep.addr.family = 0;
	ck_assert_uint_eq(dropped_of(c), 1);
	c.ep.addr.family = 5;
	ck_assert_uint_eq(dropped_of(c), 1);
}
END_TEST

/* Octets 11..: type, family, port, address */
START_TEST(an_ipv4_address_has_one_spelling)
{
	struct place p = {.n = 1}, back;
	uint8_t b[PLACE_MAX];
	unsigned dropped;
	size_t len;

	p.c[0] = at("198.51.100.7", 1);
	len = place_put(b, &p);
	b[11 + 4 + 3] = 1; /* not v4-mapped */
	ck_assert_int_eq(place_get(b, len, &back, &dropped), 0);
	ck_assert_uint_eq(back.n, 0);
	ck_assert_uint_eq(dropped, 1);
	b[11 + 4 + 3] = 0;
	b[11 + 1] = 6; /* v4-mapped, as IPv6 */
	ck_assert_int_eq(place_get(b, len, &back, &dropped), 0);
	ck_assert_uint_eq(dropped, 1);
}
END_TEST

START_TEST(cut_prolonged_or_of_another_version_it_is_no_place)
{
	struct place p = plain_place(), back;
	uint8_t b[PLACE_MAX + 1] = {0};
	unsigned dropped;
	size_t len = place_put(b, &p);

	for (size_t n = 0; n <= len + 1; n++)
		ck_assert_int_eq(
		    place_get(b, n, &back, &dropped) == 0, n == len);
	b[0] = 2;
	ck_assert_int_eq(place_get(b, len, &back, &dropped), -1);
	b[0] = 1;
	b[10] = CANDIDATES_MAX + 1;
	ck_assert_int_eq(place_get(b, len, &back, &dropped), -1);
	b[10] = 2;
	b[11 + 48] = PLACE_RELAYS_MAX + 1;
	ck_assert_int_eq(place_get(b, len, &back, &dropped), -1);
	b[11 + 48] = 1;
	b[11 + 48 + 1 + 32] = 2; /* pin */
	ck_assert_int_eq(place_get(b, len, &back, &dropped), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_place_comes_back_as_it_was,
	    the_octets_of_a_place_are_these,
	    a_full_place_fits_and_more_does_not,
	    nothing_is_sent_where_no_host_can_be,
	    a_candidate_of_a_kind_not_known_is_left_out,
	    an_ipv4_address_has_one_spelling,
	    cut_prolonged_or_of_another_version_it_is_no_place,
	};

	return UNIT_RUN("place", tests);
}
