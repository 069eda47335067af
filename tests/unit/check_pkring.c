/* SPDX-License-Identifier: ISC */
/*
 * The ring of packets (pkring.h), in memory that ends where the ring ends.
 * Two ends of it in one thread; with two threads: check_pkthreads.c.
 */
#include <string.h>

#include "packets.h"
#include "pkring.h"
#include "ring_hand.h"
#include "unit.h"

#define LARGEST 65552 /* octets that a record of PK_IP_MAX takes */
#define QUARTER 65536 /* octets of a record with 65520 of packet */

static struct pkring w, r; /* writer and reader */
static void *map;

static void
begin(void)
{
	map = hand_map();
	pkring_init(&w, map, 1);
	pkring_init(&r, map, 1);
}

static void
end(void)
{
	free(map);
}

/* First and last octet say which it is. */
static bool
put(size_t len, uint8_t mark)
{
	bool bad;
	uint8_t *at = pkring_begin(&w, len, &bad);

	ck_assert(!bad);
	if (at == NULL)
		return false;
	memset(at, mark, PK_VNET);
	at[PK_VNET] = mark;
	at[PK_VNET + len - 1] = mark;
	pkring_commit(&w, len);
	return true;
}

static void
get(size_t want, uint8_t mark)
{
	uint8_t *vnet, *pkt;
	size_t len;

	ck_assert_int_eq(pkring_next(&r, &vnet, &pkt, &len), 1);
	ck_assert_uint_eq(len, want);
	ck_assert(hand_inside(&r, vnet, len));
	ck_assert_ptr_eq(pkt, vnet + PK_VNET);
	ck_assert_uint_eq(vnet[0], mark);
	ck_assert_uint_eq(pkt[0], mark);
	ck_assert_uint_eq(pkt[len - 1], mark);
}

static int
next(void)
{
	uint8_t *vnet, *pkt;
	size_t len;
	int n = pkring_next(&r, &vnet, &pkt, &len);

	ck_assert(n != 1 || hand_inside(&r, vnet, len));
	return n;
}

/* ---- two that keep to the rules ---- */

START_TEST(records_come_out_in_the_order_they_went_in)
{
	begin();
	ck_assert_int_eq(next(), 0);
	for (uint8_t i = 1; i < 100; i++)
		ck_assert(put(i, i));
	for (uint8_t i = 1; i < 100; i++)
		get(i, i);
	ck_assert_int_eq(next(), 0);
	end();
}
END_TEST

START_TEST(a_packet_is_aligned)
{
	uint8_t *vnet, *pkt;
	size_t len;

	begin();
	for (size_t n = 1; n < 40; n++) {
		ck_assert(put(n, 7));
		ck_assert_int_eq(pkring_next(&r, &vnet, &pkt, &len), 1);
		ck_assert_uint_eq((uintptr_t)pkt % PKR_ALIGN, 0);
	}
	end();
}
END_TEST

START_TEST(what_is_not_committed_is_not_there)
{
	bool bad;

	begin();
	ck_assert_ptr_nonnull(pkring_begin(&w, 100, &bad));
	ck_assert_int_eq(next(), 0);
	pkring_commit(&w, 0);
	ck_assert_int_eq(next(), 0);
	ck_assert(put(50, 3));
	get(50, 3);
	end();
}
END_TEST

START_TEST(a_skipped_end_is_not_there_before_the_record_behind_it)
{
	bool bad;

	begin();
	hand_move(&w, &r, PKR_DATA - 1600);
	ck_assert_ptr_nonnull(pkring_begin(&w, PK_IP_MAX, &bad));
	ck_assert_int_eq(next(), 0);
	ck_assert(put(10, 9)); /* would have fitted in front of the end */
	get(10, 9);
	ck_assert_uint_eq(r.given, PKR_DATA + 32);
	end();
}
END_TEST

START_TEST(the_end_is_passed_from_everywhere)
{
	static const size_t more[] = {0, 1, 16, 17};
	size_t room;

	begin();
	for (size_t left = 32; left <= LARGEST; left += 16)
		for (unsigned i = 0; i < 4; i++) {
			/* packets that just fit, and that just do not */
			room = left - PKR_ALIGN + more[i];
			if (room > PK_IP_MAX)
				continue;
			hand_move(&w, &r, 3 * PKR_DATA - left);
			ck_assert(put(room, (uint8_t)i));
			ck_assert(put(1, 77));
			get(room, (uint8_t)i);
			get(1, 77);
			ck_assert_int_eq(next(), 0);
		}
	end();
}
END_TEST

START_TEST(positions_may_run_over)
{
	begin();
	hand_move(&w, &r, UINT64_MAX - 4 * (uint64_t)PKR_DATA + 1);
	for (int i = 0; i < 1000; i++) {
		ck_assert(put(60000, (uint8_t)i));
		get(60000, (uint8_t)i);
		pkring_release(&r);
	}
	ck_assert_uint_lt(w.pos, 2000 * (uint64_t)65536);
	end();
}
END_TEST

START_TEST(it_can_be_filled_to_the_last_octet)
{
	begin();
	for (uint8_t i = 0; i < PKR_DATA / QUARTER; i++)
		ck_assert(put(QUARTER - PKR_ALIGN, i));
	ck_assert(!put(1, 0));
	for (uint8_t i = 0; i < PKR_DATA / QUARTER; i++)
		get(QUARTER - PKR_ALIGN, i);
	ck_assert(!put(1, 0));
	pkring_release(&r);
	for (uint8_t i = 0; i < PKR_DATA / QUARTER; i++)
		ck_assert(put(QUARTER - PKR_ALIGN, i));
	end();
}
END_TEST

START_TEST(room_is_what_was_released_and_not_more)
{
	begin();
	for (uint8_t i = 0; i < PKR_DATA / QUARTER; i++)
		ck_assert(put(QUARTER - PKR_ALIGN, i));
	get(QUARTER - PKR_ALIGN, 0);
	pkring_release(&r);
	ck_assert(!put(QUARTER - PKR_ALIGN + 1, 99));
	ck_assert(put(QUARTER - PKR_ALIGN, 99));
	ck_assert(!put(1, 99));
	end();
}
END_TEST

START_TEST(the_largest_fits_an_empty_ring_wherever_it_is)
{
	begin();
	for (uint64_t at = 0; at < PKR_DATA; at += 16 * 61) {
		hand_move(&w, &r, at & ~(uint64_t)15);
		ck_assert(put(PK_IP_MAX, 5));
		get(PK_IP_MAX, 5);
	}
	ck_assert(!put(PK_IP_MAX + 1, 5));
	end();
}
END_TEST

/* ---- waking ---- */

START_TEST(who_sleeps_is_woken_once)
{
	begin();
	ck_assert(pkring_sleep(&r));
	ck_assert(put(10, 1));
	ck_assert(pkring_must_wake(&w));
	ck_assert(put(10, 1));
	ck_assert(!pkring_must_wake(&w));
	end();
}
END_TEST

START_TEST(who_does_not_sleep_is_not_woken)
{
	begin();
	ck_assert(put(10, 1));
	ck_assert(!pkring_must_wake(&w));
	ck_assert(!pkring_sleep(&r));
	ck_assert(!pkring_must_wake(&w));
	get(10, 1);
	ck_assert(pkring_sleep(&r));
	pkring_awake(&r);
	ck_assert(put(10, 2));
	ck_assert(!pkring_must_wake(&w));
	end();
}
END_TEST

START_TEST(what_came_before_the_first_sleep_is_seen)
{
	begin();
	ck_assert(put(10, 1));
	(void)pkring_must_wake(&w);
	ck_assert(!pkring_sleep(&r));
	get(10, 1);
	ck_assert(pkring_sleep(&r)); /* nothing new, released or not */
	end();
}
END_TEST

START_TEST(who_waits_for_room_is_told_once)
{
	begin();
	while (put(60000, 1))
		;
	ck_assert(pkring_wait_room(&w, 60000));
	ck_assert(!pkring_release(&r)); /* nothing was read */
	get(60000, 1);
	ck_assert(pkring_release(&r));
	get(60000, 1);
	ck_assert(!pkring_release(&r));
	end();
}
END_TEST

START_TEST(who_finds_room_after_all_is_not_told)
{
	begin();
	while (put(60000, 1))
		;
	get(60000, 1);
	ck_assert(!pkring_release(&r));
	ck_assert(!pkring_wait_room(&w, 60000));
	get(60000, 1);
	ck_assert(!pkring_release(&r));
	end();
}
END_TEST

/* ---- a writer that lies ---- */

START_TEST(a_tail_that_is_not_possible_is_seen_each_time)
{
	static const uint64_t lies[] = {1, 8, 15, PKR_DATA + 16, UINT64_MAX,
	    UINT64_MAX - 15, (uint64_t)1 << 63, (uint64_t)1 << 32,
	    0x7fffffffffffffff};

	begin();
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		hand_move(&w, &r, 0);
		hand_len(&w, 0, 100);
		hand_put(&w, HAND_TAIL, lies[i]);
		for (int again = 0; again < 3; again++) {
			ck_assert(!pkring_sleep(&r));
			ck_assert_int_eq(next(), -1);
		}
		hand_put(&w, HAND_TAIL, 0);
		ck_assert_int_eq(next(), 0);
	}
	end();
}
END_TEST

START_TEST(a_tail_does_not_go_back)
{
	begin();
	ck_assert(put(100, 1));
	ck_assert(put(100, 2));
	get(100, 1);
	get(100, 2);
	hand_put(&w, HAND_TAIL, 128); /* behind given, not behind pos */
	ck_assert_int_eq(next(), -1);
	pkring_release(&r);
	ck_assert_int_eq(next(), -1);
	end();
}
END_TEST

/* A record of this length at `left` octets from the end, tail `ahead` of it. */
static int
length_says(uint32_t len, size_t left, size_t ahead)
{
	hand_move(&w, &r, 2 * PKR_DATA - left);
	hand_len(&w, w.pos, len);
	hand_put(&w, HAND_TAIL, w.pos + ahead);
	return next();
}

START_TEST(a_length_that_is_not_possible_is_refused)
{
	static const uint32_t lies[] = {0, 1, PK_VNET, PK_VNET + PK_IP_MAX + 1,
	    0x1000b, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffe};

	begin();
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		ck_assert_int_eq(length_says(lies[i], PKR_DATA, PKR_DATA), -1);
	ck_assert_int_eq(
	    length_says(PK_VNET + PK_IP_MAX, PKR_DATA, PKR_DATA), 1);
	end();
}
END_TEST

START_TEST(a_record_ends_before_the_tail_and_before_the_end)
{
	begin();
	ck_assert_int_eq(length_says(PK_VNET + 100, PKR_DATA, 128), 1);
	ck_assert_int_eq(length_says(PK_VNET + 100, PKR_DATA, 112), -1);
	ck_assert_int_eq(length_says(PK_VNET + 100, 128, PKR_DATA), 1);
	ck_assert_int_eq(length_says(PK_VNET + 100, 112, PKR_DATA), -1);
	ck_assert_int_eq(length_says(PK_VNET + 1, 16, PKR_DATA), -1);
	end();
}
END_TEST

START_TEST(a_skip_needs_a_record_behind_it)
{
	begin();
	hand_len(&w, 0, PKR_SKIP); /* two in a row go on for ever */
	ck_assert_int_eq(length_says(PKR_SKIP, 160, PKR_DATA), -1);
	hand_len(&w, 0, PK_VNET + 100);
	ck_assert_int_eq(length_says(PKR_SKIP, 160, 160), -1);
	ck_assert_int_eq(length_says(PKR_SKIP, 160, 160 + 112), -1);
	ck_assert_int_eq(length_says(PKR_SKIP, 160, 160 + 128), 1);
	ck_assert_int_eq(length_says(PKR_SKIP, PKR_DATA, PKR_DATA), -1);
	end();
}
END_TEST

START_TEST(a_length_that_changes_later_changes_nothing)
{
	uint8_t *vnet, *pkt;
	size_t len;

	begin();
	ck_assert(put(100, 1));
	ck_assert(put(100, 2));
	ck_assert_int_eq(pkring_next(&r, &vnet, &pkt, &len), 1);
	hand_len(&w, 0, 0xffff);
	get(100, 2);
	pkring_release(&r);
	ck_assert_uint_eq(hand_get(&w, HAND_HEAD), 256);
	end();
}
END_TEST

/* ---- a reader that lies ---- */

START_TEST(a_head_that_is_not_possible_is_seen_each_time)
{
	static const uint64_t lies[] = {
	    1, 16, 65536, PKR_DATA, (uint64_t)1 << 63, -(uint64_t)PKR_DATA - 1};
	bool bad;

	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		begin();
		while (put(60000, 1))
			;
		hand_put(&r, HAND_HEAD, w.pos + lies[i]);
		for (int again = 0; again < 3; again++) {
			ck_assert_ptr_null(pkring_begin(&w, 60000, &bad));
			ck_assert(bad);
			ck_assert(!pkring_wait_room(&w, 60000));
		}
		end();
	}
}
END_TEST

START_TEST(a_head_that_goes_back_only_takes_room)
{
	bool bad;

	begin();
	while (put(60000, 1))
		;
	for (int i = 0; i < 5; i++)
		get(60000, 1);
	hand_put(&r, HAND_HEAD, w.pos - PKR_DATA);
	ck_assert_ptr_null(pkring_begin(&w, 60000, &bad));
	ck_assert(!bad);
	pkring_release(&r);
	ck_assert(put(60000, 1));
	hand_put(&r, HAND_HEAD, w.pos - PKR_DATA);
	ck_assert(put(60000, 1)); /* what was once free stays so */
	end();
}
END_TEST

/* ---- anything goes ---- */

struct model {
	size_t len[PKR_DATA / 32 + 1];
	uint8_t mark[PKR_DATA / 32 + 1];
	uint64_t in, out;
};

static void
model_put(struct model *m, uint64_t *state)
{
	size_t n = sizeof(m->len) / sizeof(m->len[0]);
	size_t len = 1 + unit_random(state) % PK_IP_MAX;
	uint8_t mark = (uint8_t)unit_random(state);

	if (unit_random(state) % 4 != 0)
		len = 1 + len % 1500;
	if (!put(len, mark))
		return;
	m->len[m->in % n] = len;
	m->mark[m->in++ % n] = mark;
}

static void
model_get(struct model *m)
{
	size_t n = sizeof(m->len) / sizeof(m->len[0]);

	if (m->in == m->out) {
		ck_assert_int_eq(next(), 0);
		return;
	}
	get(m->len[m->out % n], m->mark[m->out % n]);
	m->out++;
}

START_TEST(whatever_is_done_nothing_is_lost_or_changed)
{
	static struct model m;
	uint64_t state = unit_seed();

	m = (struct model){0};
	begin();
	for (int i = 0; i < 100000; i++) {
		/* now the one is faster, now the other */
		if (unit_random(&state) % 100 < (i / 5000 % 2 == 0 ? 60U : 40U))
			model_put(&m, &state);
		else
			model_get(&m);
		if (unit_random(&state) % 8 == 0)
			pkring_release(&r);
	}
	while (m.out < m.in)
		model_get(&m);
	ck_assert_msg(
	    next() == 0, "SEED=%llu", (unsigned long long)unit_seed());
	ck_assert_uint_gt(m.in, 10000);
	end();
}
END_TEST

/* A number that is nearly right, or not at all. */
static uint64_t
lie(uint64_t *state, uint64_t truth)
{
	uint64_t x = unit_random(state);

	switch (x % 6) {
	case 0:
		return x;
	case 1:
		return truth + (x >> 32) % PKR_DATA * 16;
	case 2:
		return truth - (x >> 32) % 4096;
	case 3:
		return truth + (x >> 32) % 4096;
	case 4:
		return (uint64_t)1 << (x >> 32) % 64;
	default:
		return truth + ((x >> 32) % 4096) * 16;
	}
}

static void
corrupt(uint64_t *state)
{
	uint64_t x = unit_random(state);

	switch (x % 5) {
	case 0:
		hand_put(&w, HAND_TAIL, lie(state, w.pos));
		break;
	case 1:
		hand_put(&r, HAND_HEAD, lie(state, r.pos));
		break;
	case 2:
		hand_len(&w, r.given, (uint32_t)lie(state, 100));
		break;
	case 3:
		hand_len(&w, r.given, PKR_SKIP);
		break;
	default:
		hand_len(&w, (x >> 8) & ~(uint64_t)15, (uint32_t)x);
	}
}

START_TEST(whatever_is_written_into_it_nobody_leaves_the_ring)
{
	uint64_t state = unit_seed();
	uint8_t *at;
	bool bad;
	int n;

	begin();
	for (int i = 0; i < 100000; i++) {
		corrupt(&state);
		at = pkring_begin(
		    &w, unit_random(&state) % (PK_IP_MAX + 1), &bad);
		if (at != NULL && !bad)
			pkring_commit(&w, unit_random(&state) % 2000);
		for (n = 0; next() == 1; n++)
			ck_assert_int_le(n, PKR_DATA / PKR_ALIGN);
		ck_assert_msg(r.given - r.pos <= PKR_DATA &&
			w.pos - w.other <= PKR_DATA && r.given % 16 == 0,
		    "SEED=%llu", (unsigned long long)unit_seed());
		(void)pkring_must_wake(&w);
		(void)pkring_wait_room(&w, PK_IP_MAX);
		if (i % 3 == 0)
			pkring_release(&r);
		if (i % 7 == 0)
			hand_move(&w, &r,
			    unit_random(&state) & ~(uint64_t)(PKR_ALIGN - 1));
	}
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    records_come_out_in_the_order_they_went_in,
	    a_packet_is_aligned,
	    what_is_not_committed_is_not_there,
	    a_skipped_end_is_not_there_before_the_record_behind_it,
	    the_end_is_passed_from_everywhere,
	    positions_may_run_over,
	    it_can_be_filled_to_the_last_octet,
	    room_is_what_was_released_and_not_more,
	    the_largest_fits_an_empty_ring_wherever_it_is,
	    who_sleeps_is_woken_once,
	    who_does_not_sleep_is_not_woken,
	    what_came_before_the_first_sleep_is_seen,
	    who_waits_for_room_is_told_once,
	    who_finds_room_after_all_is_not_told,
	    a_tail_that_is_not_possible_is_seen_each_time,
	    a_tail_does_not_go_back,
	    a_length_that_is_not_possible_is_refused,
	    a_record_ends_before_the_tail_and_before_the_end,
	    a_skip_needs_a_record_behind_it,
	    a_length_that_changes_later_changes_nothing,
	    a_head_that_is_not_possible_is_seen_each_time,
	    a_head_that_goes_back_only_takes_room,
	    whatever_is_done_nothing_is_lost_or_changed,
	    whatever_is_written_into_it_nobody_leaves_the_ring,
	};

	return UNIT_RUN("pkring", tests);
}
