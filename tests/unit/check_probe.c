/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_probe.c */
/* Probes: what is sealed is opened once, and nothing else is. */
#include <string.h>

#include "crypto.h"
#include "hex.h"
#include "probe.h"
#include "unit.h"
#include "wg.h"

static const uint8_t key_a[32] = {1, 2, 3}, key_b[32] = {4, 5, 6};

static void
two_ends(struct probe_keys *a, struct probe_keys *b)
{
	ck_assert_int_eq(crypto_init(), 0);
	*a = *b = (struct probe_keys){0};
	probe_keys_make(a, key_a, key_b);
	probe_keys_make(b, key_b, key_a);
}

static struct probe
ping(uint64_t id)
{
	return (struct probe){.kind = PROBE_PING, .path = 7, .id = id};
}

START_TEST(the_keys_are_hmac_blake2s_of_the_transport_keys)
{
	struct probe_keys a, b;
	uint8_t want[32];

	two_ends(&a, &b);
	crypto_hmac(want, key_a, "mesh1 probe", 11);
	ck_assert_mem_eq(a.send, want, 32);
	ck_assert_mem_eq(b.recv, want, 32);
	ck_assert_mem_ne(a.send, a.recv, 32);
}
END_TEST

START_TEST(hmac_blake2s_is_the_one_of_another_implementation)
{
	/* python3: hmac.new(bytes(range(32)), b"mesh1 probe", "blake2s") */
	static const char known[] =
	    "c5294ef1b0f7d4202ddbd2f3ac50f5aaa58d683a4592f4efade6a29ccb4a2122";
	uint8_t key[32], out[32], want[32];

	ck_assert_int_eq(crypto_init(), 0);
	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	crypto_hmac(out, key, "mesh1 probe", 11);
	unhex(want, 32, known);
	ck_assert_mem_eq(out, want, 32);
}
END_TEST

START_TEST(a_ping_is_opened_once)
{
	struct probe_keys a, b;
	struct probe p = ping(42), got;
	uint8_t msg[PROBE_LEN(PROBE_BOX)];

	two_ends(&a, &b);
	ck_assert_uint_eq(probe_seal(&a, 9, &p, PROBE_BOX, msg), sizeof(msg));
	ck_assert_int_eq(wg_classify(msg, sizeof(msg)), WG_PROBE);
	ck_assert_uint_eq(wg_get32(msg + WG_DATA_RECEIVER), 9);
	ck_assert_int_eq(probe_open(&b, msg, sizeof(msg), &got), 0);
	ck_assert_uint_eq(got.id, 42);
	ck_assert_uint_eq(got.path, 7);
	ck_assert_int_eq(probe_open(&b, msg, sizeof(msg), &got), -2);
}
END_TEST

START_TEST(a_pong_says_where_the_ping_came_from)
{
	struct probe_keys a, b;
	struct probe p = {.kind = PROBE_PONG, .id = 1}, got;
	uint8_t msg[PROBE_LEN(PROBE_BOX)];

	two_ends(&a, &b);
	p.seen.addr = (struct addr){.family = 4, .b = {192, 0, 2, 1}};
	p.seen.port = 51820;
	ck_assert_uint_ne(probe_seal(&a, 9, &p, PROBE_BOX, msg), 0);
	ck_assert_int_eq(probe_open(&b, msg, sizeof(msg), &got), 0);
	ck_assert(endpoint_eq(&got.seen, &p.seen));
}
END_TEST

START_TEST(a_pong_is_never_longer_than_a_ping)
{
	struct probe_keys a, b;
	struct probe p = {.kind = PROBE_PONG};
	uint8_t msg[PROBE_LEN(PROBE_BOX_MAX)];

	two_ends(&a, &b);
	ck_assert_uint_eq(probe_seal(&a, 9, &p, PROBE_BOX + 1, msg), 0);
	p = ping(1);
	ck_assert_uint_eq(probe_seal(&a, 9, &p, PROBE_BOX - 1, msg), 0);
	ck_assert_uint_eq(probe_seal(&a, 9, &p, PROBE_BOX_MAX + 1, msg), 0);
	ck_assert_uint_eq(
	    probe_seal(&a, 9, &p, PROBE_BOX_MAX, msg), sizeof(msg));
	ck_assert_int_eq(probe_open(&b, msg, sizeof(msg), &p), 0);
}
END_TEST

START_TEST(a_changed_octet_anywhere_is_no_probe)
{
	struct probe_keys a, b;
	struct probe p = ping(1), got;
	uint8_t msg[PROBE_LEN(PROBE_BOX)];

	two_ends(&a, &b);
	probe_seal(&a, 9, &p, PROBE_BOX, msg);
	for (size_t i = WG_DATA_COUNTER; i < sizeof(msg); i++) {
		msg[i] ^= 0x10;
		ck_assert_int_lt(probe_open(&b, msg, sizeof(msg), &got), 0);
		msg[i] ^= 0x10;
	}
	ck_assert_int_eq(probe_open(&b, msg, sizeof(msg), &got), 0);
}
END_TEST

START_TEST(our_own_probe_does_not_come_back_to_us)
{
	struct probe_keys a, b;
	struct probe p = ping(1), got;
	uint8_t msg[PROBE_LEN(PROBE_BOX)];

	two_ends(&a, &b);
	probe_seal(&a, 9, &p, PROBE_BOX, msg);
	ck_assert_int_eq(probe_open(&a, msg, sizeof(msg), &got), -1);
}
END_TEST

START_TEST(the_window_is_256_wide_whatever_the_order)
{
	static uint8_t msg[600][PROBE_LEN(PROBE_BOX)];
	struct probe_keys a, b;
	struct probe got;

	two_ends(&a, &b);
	for (unsigned i = 0; i < 600; i++) {
		struct probe p = ping(i);

		probe_seal(&a, 9, &p, PROBE_BOX, msg[i]);
	}
	ck_assert_int_eq(probe_open(&b, msg[599], sizeof(msg[0]), &got), 0);
	for (unsigned i = 0; i < 600; i++)
		ck_assert_int_eq(probe_open(&b, msg[i], sizeof(msg[0]), &got),
		    i + 256 <= 599 || i == 599 ? -2 : 0);
	for (unsigned i = 0; i < 600; i++)
		ck_assert_int_eq(
		    probe_open(&b, msg[i], sizeof(msg[0]), &got), -2);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_keys_are_hmac_blake2s_of_the_transport_keys,
	    hmac_blake2s_is_the_one_of_another_implementation,
	    a_ping_is_opened_once, a_pong_says_where_the_ping_came_from,
	    a_pong_is_never_longer_than_a_ping,
	    a_changed_octet_anywhere_is_no_probe,
	    our_own_probe_does_not_come_back_to_us,
	    the_window_is_256_wide_whatever_the_order};

	return UNIT_RUN("probe", tests);
}
