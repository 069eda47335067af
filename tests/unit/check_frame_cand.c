/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_frame_cand.c */
/* The frame CANDIDATES: there and back, and nothing that must not be pinged. */
#include "unit.h"

#include <string.h>

#include "frame_cand.h"

static uint8_t body[FRAME_BODY_MAX];

static struct candidate
cand(uint8_t type, const char *addr, uint16_t port)
{
	struct candidate c = {.type = type, .ep.port = port, .priority = port};

	ck_assert_int_eq(addr_parse(addr, &c.ep.addr), 0);
	return c;
}

START_TEST(a_list_comes_back)
{
	struct cands m = {.generation = 7,
	    .n = 3,
	    .nat = cands_nat(NAT_INDEPENDENT, NAT_F_PORT),
	    .delay_ms = 40,
	    .c = {cand(1, "10.1.0.2", 51820), cand(2, "192.0.2.9", 4000),
		cand(1, "2001:db8::5", 51820)}};
	struct cands got;
	size_t len = cands_put(body, &m);

	ck_assert_uint_eq(len, CANDS_HEAD + 3 * 24);
	ck_assert_int_eq(cands_get(body, len, &got), 0);
	ck_assert_uint_eq(got.generation, 7);
	ck_assert_uint_eq(got.n, 3);
	ck_assert_uint_eq(got.dropped, 0);
	ck_assert_uint_eq(got.delay_ms, 40);
	ck_assert_uint_eq(cands_mapping(got.nat), 1);
	ck_assert_uint_eq(cands_filtering(got.nat), 3);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(got.c[i].type, m.c[i].type);
		ck_assert_uint_eq(got.c[i].priority, m.c[i].priority);
		ck_assert(endpoint_eq(&got.c[i].ep, &m.c[i].ep));
	}
	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_eq(cands_get(body, cut, &got), -1);
	ck_assert_int_eq(cands_get(body, len + 1, &got), -1);
}
END_TEST

START_TEST(places_that_nobody_may_be_aimed_at_are_left_out)
{
	struct cands m = {.n = 4,
	    .c = {cand(1, "127.0.0.1", 51820), cand(1, "239.1.1.1", 51820),
		cand(2, "192.0.2.9", 4000), cand(1, "fe80::1", 51820)}};
	struct cands got;
	size_t len = cands_put(body, &m);

	ck_assert_int_eq(cands_get(body, len, &got), 0);
	ck_assert_uint_eq(got.n, 1);
	ck_assert_uint_eq(got.dropped, 3);
	ck_assert(endpoint_eq(&got.c[0].ep, &m.c[2].ep));
}
END_TEST

START_TEST(more_than_there_is_room_for_is_no_list)
{
	struct cands m = {.n = CANDIDATES_MAX}, got;
	size_t len;

	for (unsigned i = 0; i < CANDIDATES_MAX; i++)
		m.c[i] = cand(2, "192.0.2.9", (uint16_t)(1000 + i));
	len = cands_put(body, &m);
	ck_assert_int_eq(cands_get(body, len, &got), 0);
	body[4]++;
	memset(body + len, 0, 24);
	ck_assert_int_eq(cands_get(body, len + 24, &got), -1);
	m.n++;
	ck_assert_uint_eq(cands_put(body, &m), 0);
}
END_TEST

START_TEST(behaviour_has_its_bits)
{
	ck_assert_uint_eq(cands_nat(NAT_UNKNOWN, NAT_F_UNKNOWN), 0);
	ck_assert_uint_eq(cands_nat(NAT_NONE, NAT_F_INDEPENDENT), 5);
	ck_assert_uint_eq(cands_nat(NAT_ADDRESS, NAT_F_ADDRESS), 10);
	ck_assert_uint_eq(cands_nat(NAT_SYMMETRIC, NAT_F_PORT), 15);
	ck_assert_uint_eq(cands_nat(NAT_BLOCKED, NAT_F_UNKNOWN), CANDS_BLOCKED);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_list_comes_back,
	    places_that_nobody_may_be_aimed_at_are_left_out,
	    more_than_there_is_room_for_is_no_list,
	    behaviour_has_its_bits,
	};

	return UNIT_RUN("frame_cand", tests);
}
