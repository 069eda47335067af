/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_badwire.c */
/*
 * The bad wire of the network tests, in virtual time: each figure does what it
 * says and nothing else, and the same seed makes the same decisions.
 */
#include <string.h>

#include "../wire/wire.h"
#include "../wire/wire_frame.h"
#include "unit.h"

#define MS UINT64_C(1000000)
#define N 20000

static const char *const ends[] = {"a", "b", "c"};

static struct wire *
two(void)
{
	return wire_new(unit_seed(), ends, 2, 1024);
}

static void
say_at(struct wire *w, uint64_t now, const char *line)
{
	const char *why;
	struct wire_cmd c;

	ck_assert_msg(wire_parse(line, ends, 3, &c, &why) == 0, "%s: %s", line,
	    why == NULL ? "" : why);
	ck_assert_int_eq(wire_do(w, now, &c), 0);
}

static void
say(struct wire *w, const char *line)
{
	say_at(w, 0, line);
}

/* An UDP packet over IPv4 with this number in it; MACs are those of ends. */
static size_t
make(uint8_t *f, unsigned from, unsigned to, uint16_t port, uint32_t no)
{
	size_t len = 14 + 20 + 8 + 64;

	memset(f, 0, len);
	f[5] = (uint8_t)(to + 1);
	f[11] = (uint8_t)(from + 1);
	f[12] = 8;
	f[14] = 0x45;
	f[14 + 9] = 17;
	memcpy(f + 14 + 12, (uint8_t[]){192, 0, 2, 1, 192, 0, 2, 2}, 8);
	f[34] = (uint8_t)(port >> 8);
	f[35] = (uint8_t)port;
	f[36] = 0xca;
	f[39] = 72;
	memcpy(f + 42, &no, sizeof(no));
	return len;
}

static void
send_from(
    struct wire *w, uint64_t now, unsigned end, uint16_t port, uint32_t no)
{
	uint32_t slot = wire_slot(w);

	if (slot == WIRE_NONE)
		return;
	wire_take(w, now, end, slot,
	    make(wire_frame(w, slot), end, 1 - end, port, no), true);
}

/* The number of the next one that is due, or UINT32_MAX. */
static uint32_t
next(struct wire *w, uint64_t now, unsigned *end)
{
	struct wire_out o;
	uint32_t no;

	if (wire_next(w, now, &o) == WIRE_NONE)
		return UINT32_MAX;
	memcpy(&no, wire_frame(w, o.slot) + 42, sizeof(no));
	if (end != NULL)
		*end = o.end;
	wire_drop(w, o.slot);
	return no;
}

static uint64_t
fate(struct wire *w, unsigned rule, enum wire_fate f)
{
	return wire_rule(w, 0, 1, rule)->n[f];
}

/* So many, one every 10 us; what came out of it, and in which order. */
struct result {
	uint32_t came, late, twice;
	uint64_t sum; /* of all numbers, in their order */
};

static struct result
pour(struct wire *w)
{
	struct result r = {0};
	uint32_t top = 0, last = UINT32_MAX, no;

	for (uint32_t i = 0; i < N + 1000; i++) {
		if (i < N)
			send_from(w, i * 10000u, 0, 1000, i);
		while ((no = next(w, i * 10000u, NULL)) != UINT32_MAX) {
			r.came++;
			r.late += no < top;
			r.twice += no == last;
			r.sum = r.sum * 31 + no;
			last = no;
			top = no > top ? no : top;
		}
	}
	return r;
}

/* A share of N, give or take five standard deviations of the worst case. */
static void
about(uint64_t n, double percent)
{
	double want = N * percent / 100, off = (double)n - want;

	ck_assert_msg(off < 360 && off > -360, "SEED=%llu: %llu, not %.0f",
	    (unsigned long long)unit_seed(), (unsigned long long)n, want);
}

START_TEST(a_good_wire_changes_nothing)
{
	struct wire *w = two();
	struct result r = pour(w);
	unsigned end;

	ck_assert_uint_eq(r.came, N);
	ck_assert_uint_eq(r.late + r.twice, 0);
	send_from(w, N * 10000u, 1, 1000, 7);
	ck_assert_uint_eq(next(w, N * 10000u, &end), 7);
	ck_assert_uint_eq(end, 0);
	ck_assert_uint_eq(wire_due(w), UINT64_MAX);
	wire_free(w);
}
END_TEST

START_TEST(shares_are_what_they_say)
{
	struct wire *w = two();
	struct result r;

	say(w, "a->b loss 10% dup 5% reorder 3% 1ms");
	r = pour(w);
	about(fate(w, 0, WIRE_LOST), 10);
	about(fate(w, 0, WIRE_DOUBLED), 4.5);
	about(fate(w, 0, WIRE_LATE), 2.7);
	ck_assert_uint_eq(r.came, fate(w, 0, WIRE_OUT));
	ck_assert_uint_eq(fate(w, 0, WIRE_OUT),
	    N - fate(w, 0, WIRE_LOST) + fate(w, 0, WIRE_DOUBLED));
	/* a late one that was doubled is late twice */
	ck_assert_uint_ge(r.late, fate(w, 0, WIRE_LATE) - 1);
	ck_assert_uint_le(r.late, fate(w, 0, WIRE_LATE) * 6 / 5);
	ck_assert_uint_eq(wire_rule(w, 1, 0, 0)->n[WIRE_IN], 0);
	wire_free(w);
}
END_TEST

START_TEST(the_same_seed_decides_the_same)
{
	struct wire *w[3] = {wire_new(5, ends, 2, 1024),
	    wire_new(5, ends, 2, 1024), wire_new(6, ends, 2, 1024)};
	struct result r[3];

	for (int i = 0; i < 3; i++) {
		say(w[i], "a->b loss 20% dup 5% reorder 3% 2ms jitter 1ms");
		r[i] = pour(w[i]);
		wire_free(w[i]);
	}
	ck_assert_uint_eq(r[0].sum, r[1].sum);
	ck_assert_uint_ne(r[0].sum, r[2].sum);
}
END_TEST

START_TEST(a_figure_leaves_the_dice_of_others_alone)
{
	struct wire *w[2] = {
	    wire_new(5, ends, 2, 1024), wire_new(5, ends, 2, 1024)};

	say(w[0], "a->b loss 20%");
	say(w[1], "a->b loss 20% jitter 1ms dup 0% corrupt 1%");
	ck_assert_uint_eq(pour(w[0]).came, pour(w[1]).came);
	wire_free(w[0]);
	wire_free(w[1]);
}
END_TEST

START_TEST(a_delay_is_exact_and_jitter_keeps_the_order)
{
	struct wire *w = two();

	say(w, "a->b delay 80ms");
	send_from(w, 5 * MS, 0, 1000, 1);
	ck_assert_uint_eq(wire_due(w), 85 * MS);
	ck_assert_uint_eq(next(w, 85 * MS - 1, NULL), UINT32_MAX);
	ck_assert_uint_eq(next(w, 85 * MS, NULL), 1);
	say(w, "a->b delay 1ms jitter 5ms");
	ck_assert_uint_eq(pour(w).late, 0);
	wire_free(w);
}
END_TEST

START_TEST(a_shorter_delay_does_not_overtake)
{
	struct wire *w = two();

	say(w, "a->b from 1000 delay 80ms");
	send_from(w, 0, 0, 1000, 1);
	say_at(w, 10 * MS, "a->b from 1000 pass");
	send_from(w, 10 * MS, 0, 1000, 2);
	send_from(w, 10 * MS, 0, 1001, 3);
	ck_assert_uint_eq(next(w, 10 * MS, NULL), 3);
	ck_assert_uint_eq(next(w, 80 * MS, NULL), 1);
	ck_assert_uint_eq(next(w, 80 * MS, NULL), 2);
	wire_free(w);
}
END_TEST

START_TEST(one_5_tuple_is_selected_and_both_ways)
{
	struct wire *w = two();
	struct wire_cmd c;
	const char *why;
	unsigned end;

	say(w, "a<->b from 192.0.2.1:1000 to 192.0.2.2:51712 delay 5ms");
	send_from(w, 0, 0, 1000, 1);
	send_from(w, 0, 0, 1001, 2);
	send_from(w, 0, 1, 1000, 3);
	ck_assert_uint_eq(next(w, 0, &end), 2);
	ck_assert_uint_eq(next(w, 0, &end), 3);
	ck_assert_uint_eq(end, 0);
	ck_assert_uint_eq(next(w, 0, NULL), UINT32_MAX);
	ck_assert_uint_eq(fate(w, 1, WIRE_IN), 1);
	/* on the way back it is the other way round */
	ck_assert_uint_eq(wire_rule(w, 1, 0, 1)->match.from.port, 51712);
	ck_assert_uint_eq(wire_rule(w, 1, 0, 1)->set.delay_ns, 5 * MS);
	ck_assert_int_eq(
	    wire_parse("a->b from [2001:db8::1]:7 drop", ends, 2, &c, &why), 0);
	ck_assert_uint_eq(c.match.from.port, 7);
	ck_assert_uint_eq(c.match.from.addr.family, 6);
	wire_free(w);
}
END_TEST

START_TEST(a_rate_has_a_bounded_queue)
{
	struct wire *w = two();
	uint32_t n = 0;

	/* 106 octets each: 1000 bit/ms, 10600 octets wait */
	say(w, "a->b rate 1Mbit queue 10600");
	for (uint32_t i = 0; i < 1000; i++)
		send_from(w, 0, 0, 1000, i);
	ck_assert_uint_eq(fate(w, 0, WIRE_OUT), 100);
	ck_assert_uint_eq(fate(w, 0, WIRE_FULL), 900);
	while (next(w, 42 * MS + MS / 2, NULL) != UINT32_MAX)
		n++;
	ck_assert_uint_eq(n, 50);
	wire_free(w);
}
END_TEST

START_TEST(a_large_packet_does_not_fit)
{
	struct wire *w = two();

	say(w, "a->b mtu 91");
	send_from(w, 0, 0, 1000, 1);
	ck_assert_uint_eq(fate(w, 0, WIRE_MTU), 1);
	say(w, "a->b mtu 92");
	send_from(w, 0, 0, 1000, 2);
	ck_assert_uint_eq(next(w, 0, NULL), 2);
	wire_free(w);
}
END_TEST

START_TEST(commands_wait_for_their_time_in_any_order)
{
	struct wire *w = two();
	enum wire_what what;

	say(w, "at 30ms quit");
	say(w, "at 20ms a->b pass");
	say(w, "at 10ms a->b drop");
	ck_assert_uint_eq(wire_due(w), 10 * MS);
	for (uint32_t i = 0; i < 30; i++)
		send_from(w, i * MS, 0, 1000, i);
	ck_assert_uint_eq(fate(w, 0, WIRE_LOST), 10);
	ck_assert_uint_eq(fate(w, 0, WIRE_OUT), 20);
	ck_assert(!wire_asked(w, 29 * MS, &what));
	ck_assert(wire_asked(w, 30 * MS, &what));
	ck_assert_int_eq(what, WIRE_DO_QUIT);
	wire_free(w);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
	struct wire *w = wire_new(1, ends, 2, 16);
	struct wire_cmd c = {.what = WIRE_DO_STATS, .after_ns = 1};

	say(w, "a->b delay 1s dup 100%");
	for (uint32_t i = 0; i < 100; i++)
		send_from(w, 0, 0, 1000, i);
	ck_assert_uint_eq(wire_waiting(w), 16);
	ck_assert_uint_eq(wire_slot(w), WIRE_NONE);
	while (next(w, 1000 * MS, NULL) != UINT32_MAX)
		;
	ck_assert_uint_ne(wire_slot(w), WIRE_NONE);
	for (int i = 0; i < WIRE_PLANNED; i++)
		ck_assert_int_eq(wire_do(w, 0, &c), 0);
	ck_assert_int_eq(wire_do(w, 0, &c), -1);
	c = (struct wire_cmd){.from = 1, .to = 2};
	for (int i = 1; i < WIRE_RULES; i++) {
		c.match.from.port = (uint16_t)i;
		ck_assert_int_eq(wire_do(w, 0, &c), 0);
	}
	c.match.from.port = 999;
	ck_assert_int_eq(wire_do(w, 0, &c), -1);
	wire_free(w);
}
END_TEST

static uint32_t
udp_sum(const uint8_t *f, size_t len)
{
	uint32_t s = 17 + (uint32_t)len - 34;

	for (size_t i = 26; i < len; i += 2)
		s += (uint32_t)f[i] << 8 | f[i + 1];
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

START_TEST(damage_is_one_bit_that_the_kernel_lets_through)
{
	uint8_t f[128], was[128];
	uint64_t dice = unit_seed();
	struct wire_look look;
	size_t len = make(f, 0, 1, 1000, 1);
	uint32_t s = ~udp_sum(f, len) & 0xffff;

	f[40] = (uint8_t)(s >> 8);
	f[41] = (uint8_t)s;
	ck_assert_uint_eq(udp_sum(f, len), 0xffff);
	for (int i = 0; i < 1000; i++) {
		unsigned bits = 0;

		memcpy(was, f, len);
		wire_look(f, len, &look);
		wire_flip(f, len, &look, unit_random(&dice), true);
		for (size_t k = 42; k < len; k++)
			bits += (unsigned)__builtin_popcount(f[k] ^ was[k]);
		ck_assert_uint_eq(bits, 1);
		ck_assert_mem_eq(f, was, 40);
		ck_assert_uint_eq(udp_sum(f, len), 0xffff);
	}
}
END_TEST

START_TEST(several_ends_are_a_switch)
{
	struct wire *w = wire_new(1, ends, 3, 16);
	unsigned end;
	uint32_t slot = wire_slot(w);
	size_t len = make(wire_frame(w, slot), 0, 1, 1000, 1);

	say(w, "*->c delay 1ms");
	wire_take(w, 0, 0, slot, len, true); /* nobody knows b yet */
	ck_assert_uint_eq(next(w, 0, &end), 1);
	ck_assert_uint_eq(end, 1);
	ck_assert_uint_eq(next(w, MS, &end), 1);
	ck_assert_uint_eq(end, 2);
	send_from(w, MS, 1, 1000, 2); /* b -> a is known */
	ck_assert_uint_eq(next(w, MS, &end), 2);
	ck_assert_uint_eq(end, 0);
	ck_assert_uint_eq(wire_waiting(w), 0);
	wire_free(w);
}
END_TEST

START_TEST(a_line_that_makes_no_sense_is_refused)
{
	static const char *const bad[] = {"a", "a->", "a->d drop", "a->b",
	    "a->b delay", "a->b delay 80", "a->b loss 101%", "a->b loss -1%",
	    "a->b from 0 drop", "a->b from 70000 drop", "a->b from x:1 drop",
	    "at soon quit", "quit now", "a->b rate 5", "a->b frobnicate",
	    "a->b delay nanms", "a->b reorder 5%", "a->b mtu 99999"};
	struct wire_cmd c;
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(
		    wire_parse(bad[i], ends, 3, &c, &why) == -1, "%s", bad[i]);
		ck_assert_ptr_nonnull(why);
	}
	ck_assert_int_eq(wire_parse("  # nothing", ends, 3, &c, &why), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_good_wire_changes_nothing,
	    shares_are_what_they_say,
	    the_same_seed_decides_the_same,
	    a_figure_leaves_the_dice_of_others_alone,
	    a_delay_is_exact_and_jitter_keeps_the_order,
	    a_shorter_delay_does_not_overtake,
	    one_5_tuple_is_selected_and_both_ways,
	    a_rate_has_a_bounded_queue,
	    a_large_packet_does_not_fit,
	    commands_wait_for_their_time_in_any_order,
	    what_waits_is_bounded,
	    damage_is_one_bit_that_the_kernel_lets_through,
	    several_ends_are_a_switch,
	    a_line_that_makes_no_sense_is_refused,
	};

	return UNIT_RUN("badwire", tests);
}
