/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_qos.c */
/*
 * Shaping and classes in virtual time: the limit, the shares, the bounds, and
 * that packets of a class keep their order.
 */
#include <string.h>

#include "qos.h"
#include "unit.h"

#define MTU 1400
#define T0 UINT64_C(1000000)
#define EF (46 << 2)
#define CS1 (8 << 2)

/* voice (ef), bulk (cs1), and the rest */
static struct conf_node
classes(void)
{
	struct conf_node n = {.nclasses = 2,
	    .class = {{.name = "voice",
			  .dscp = UINT64_C(1) << 46,
			  .weight = 30,
			  .queue = 64},
		{.name = "bulk",
		    .dscp = UINT64_C(1) << 8,
		    .weight = 5,
		    .queue = 1000}}};

	return n;
}

enum { VOICE, BULK, REST };

/* One packet that begins with its number.  false: there was no room. */
static bool
push(struct qos *q, struct shaper *s, unsigned band, uint32_t no, uint32_t len)
{
	uint8_t *at = shaper_room(q, s, band);

	if (at == NULL) {
		shaper_drop(q, s, band, 1);
		return false;
	}
	memcpy(at, &no, sizeof(no));
	shaper_push(q, s, band, len);
	return true;
}

/* Something came that is too much for the bucket, as full as it was by then. */
static void
limit(struct qos *q, struct shaper *s, uint32_t kbit)
{
	shaper_limit(s, kbit);
	ck_assert(!shaper_pass(q, s, T0, 0, 1, UINT32_MAX));
}

/* What may leave at this moment; octets. */
static uint64_t
drain(struct qos *q, struct shaper *s, uint64_t now_ms)
{
	uint64_t sum = 0;
	uint32_t len;

	while (shaper_next(q, s, now_ms, &len) != NULL) {
		sum += len;
		shaper_sent(q, s);
	}
	return sum;
}

static void
done(struct qos *q, struct shaper *s)
{
	if (s != NULL)
		shaper_clear(q, s);
	ck_assert_uint_eq(q->used, 0);
	for (unsigned i = 0; i < q->nbands; i++)
		ck_assert_uint_eq(q->band[i].waiting, 0);
	qos_free(q);
}

START_TEST(without_classes_there_is_one_band_for_all)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, MTU);

	ck_assert_uint_eq(q->nbands, 1);
	ck_assert_str_eq(q->band[0].name, "default");
	for (unsigned tos = 0; tos < 256; tos++)
		ck_assert_uint_eq(qos_band(q, (uint8_t)tos), 0);
	done(q, NULL);
}
END_TEST

START_TEST(code_points_of_no_class_are_where_0_is)
{
	struct conf_node n = classes();
	struct qos *q = qos_new(&n, MTU);

	ck_assert_uint_eq(q->nbands, 3);
	ck_assert_uint_eq(qos_band(q, EF), VOICE);
	ck_assert_uint_eq(qos_band(q, EF | 3), VOICE); /* ECN is no part */
	ck_assert_uint_eq(qos_band(q, CS1), BULK);
	ck_assert_uint_eq(qos_band(q, 0), REST);
	ck_assert_uint_eq(qos_band(q, 10 << 2), REST);
	done(q, NULL);
	n.class[1].dscp |= 1;
	q = qos_new(&n, MTU);
	ck_assert_uint_eq(q->nbands, 2);
	ck_assert_uint_eq(qos_band(q, 10 << 2), BULK);
	done(q, NULL);
}
END_TEST

START_TEST(three_classes_are_three_bands)
{
	struct conf_node n = classes();
	struct qos *q;

	n.nclasses = 3;
	n.class[2] = (struct conf_qos_class){
	    .name = "other", .dscp = 1, .weight = 1, .queue = 1};
	q = qos_new(&n, MTU);
	ck_assert_uint_eq(q->nbands, 3);
	ck_assert_uint_eq(qos_band(q, 63 << 2), 2);
	done(q, NULL);
	n.class[2].dscp = 2; /* a configuration can't say this */
	q = qos_new(&n, MTU);
	ck_assert_uint_eq(q->nbands, 3);
	ck_assert_uint_lt(qos_band(q, 0), 3);
	done(q, NULL);
}
END_TEST

START_TEST(without_a_limit_everything_passes_and_is_counted)
{
	struct conf_node n = classes();
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};

	shaper_limit(&s, CONF_LIMIT_NONE);
	for (int i = 0; i < 1000; i++)
		ck_assert(shaper_pass(q, &s, T0, BULK, 46, 64000));
	ck_assert_uint_eq(q->fresh, 0); /* no slot was touched */
	ck_assert_uint_eq(s.band[BULK].count.tx_packets, 46000);
	ck_assert_uint_eq(q->band[BULK].all.tx_bytes, 64000000);
	done(q, &s);
}
END_TEST

/* Always as much as is taken, for some seconds, looked at every step_ms. */
static double
rate_kept(uint32_t kbit, uint64_t step_ms, uint32_t len)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	uint64_t sum = 0, ms = 20000;
	double kept;

	limit(q, &s, kbit);
	for (uint64_t now = T0; now <= T0 + ms; now += step_ms) {
		while (push(q, &s, 0, 0, len))
			continue;
		sum += drain(q, &s, now);
		while (push(q, &s, 0, 0, len))
			continue;
		if (s.due_ms != 0)
			ck_assert_uint_gt(s.due_ms, now);
	}
	kept = (double)sum * 8 / (double)(ms * kbit);
	done(q, &s);
	return kept;
}

START_TEST(the_limit_is_held_to_one_in_a_hundred)
{
	static const uint32_t kbit[] = {
	    512, 1000, 10000, 20000, 100000, 200000};

	for (size_t i = 0; i < sizeof(kbit) / sizeof(kbit[0]); i++)
		for (uint64_t step = 1; step <= 13; step += 4) {
			double k = rate_kept(kbit[i], step, 1400);

			/* what a queue of 256 holds for a step */
			if (kbit[i] * step > 256 * 1400 * 8)
				continue;
			ck_assert_msg(k > 0.99 && k < 1.01,
			    "%u kbit/s, looked at every %u ms: %.4f", kbit[i],
			    (unsigned)step, k);
		}
}
END_TEST

START_TEST(small_packets_have_the_same_limit)
{
	double k = rate_kept(10000, 1, 90);

	ck_assert_msg(k > 0.99 && k < 1.01, "%.4f", k);
}
END_TEST

START_TEST(it_is_smooth)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	uint64_t most = 0, got;

	limit(q, &s, 10000);
	for (uint32_t i = 0; i < 200; i++)
		push(q, &s, 0, i, MTU);
	drain(q, &s, T0);
	for (uint64_t now = T0 + 1; s.waiting > 0; now++) {
		got = drain(q, &s, now);
		most = got > most ? got : most;
	}
	/* 1250 octets a millisecond: one packet, or two where they meet */
	ck_assert_uint_le(most, 2 * MTU);
	done(q, &s);
}
END_TEST

START_TEST(after_silence_no_more_than_the_bucket_leaves_at_once)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	uint64_t sum = 0;

	shaper_limit(&s, 20000);
	while (shaper_pass(q, &s, T0 + 3600 * 1000, 0, 1, 1000))
		sum += 1000;
	ck_assert_uint_eq(sum, 20000 / 8 * QOS_BURST_MS);
	done(q, &s);
}
END_TEST

START_TEST(who_comes_late_makes_up_for_it_within_bounds)
{
	struct conf_node n = classes();
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};

	limit(q, &s, 80000); /* 10,000 octets a millisecond */
	for (uint32_t i = 0; i < 1000; i++)
		push(q, &s, BULK, i, 1000);
	drain(q, &s, T0);
	ck_assert_uint_eq(drain(q, &s, T0 + 30), 300000);
	ck_assert_uint_eq(drain(q, &s, T0 + 1030), 10000 * QOS_LATE_MS);
	done(q, &s);
}
END_TEST

START_TEST(due_is_when_the_next_packet_may_leave)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	uint32_t len;

	limit(q, &s, 64); /* 8 octets a millisecond */
	push(q, &s, 0, 1, 800);
	push(q, &s, 0, 2, 800);
	push(q, &s, 0, 3, 1200);
	push(q, &s, 0, 4, 800);
	ck_assert_uint_eq(drain(q, &s, T0), 2800); /* two packets of MTU */
	ck_assert_uint_eq(s.due_ms, T0 + 100);
	ck_assert_ptr_null(shaper_next(q, &s, T0 + 99, &len));
	ck_assert_ptr_nonnull(shaper_next(q, &s, T0 + 100, &len));
	shaper_sent(q, &s);
	ck_assert_ptr_null(shaper_next(q, &s, T0 + 100, &len));
	ck_assert_uint_eq(s.due_ms, 0);
	done(q, &s);
}
END_TEST

/* All of these are kept full; octets that each was given of 20 s at 20M. */
static void
share(const struct conf_node *n, const uint32_t len[QOS_BANDS],
    uint64_t got[QOS_BANDS])
{
	struct qos *q = qos_new(n, MTU);
	struct shaper s = {0};

	limit(q, &s, 20000);
	for (uint64_t now = T0; now < T0 + 20000; now++) {
		for (unsigned b = 0; b < q->nbands; b++)
			while (len[b] != 0 && push(q, &s, b, 0, len[b]))
				continue;
		drain(q, &s, now);
	}
	for (unsigned b = 0; b < q->nbands; b++)
		got[b] = s.band[b].count.tx_bytes;
	done(q, &s);
}

START_TEST(shares_are_those_of_the_weights_whatever_the_lengths)
{
	static const uint32_t lens[][QOS_BANDS] = {
	    {1400, 1400, 1400}, {60, 1400, 700}, {1400, 60, 333}};
	struct conf_node n = classes();

	for (int i = 0; i < 3; i++) {
		uint64_t got[QOS_BANDS];
		double all;

		share(&n, lens[i], got);
		all = (double)(got[0] + got[1] + got[2]);
		ck_assert_double_eq_tol(
		    (double)got[VOICE] / all, 30.0 / 45, 0.01);
		ck_assert_double_eq_tol(
		    (double)got[BULK] / all, 5.0 / 45, 0.01);
		ck_assert_double_eq_tol(
		    (double)got[REST] / all, 10.0 / 45, 0.01);
		ck_assert_double_eq_tol(all, 20e6 / 8 * 20, 20e6 / 8 * 0.2);
	}
}
END_TEST

START_TEST(what_a_class_does_not_use_is_the_others)
{
	static const uint32_t len[QOS_BANDS] = {0, 1400, 1400};
	struct conf_node n = classes();
	uint64_t got[QOS_BANDS];

	share(&n, len, got);
	ck_assert_double_eq_tol(
	    (double)got[BULK] / (double)got[REST], 0.5, 0.01);
}
END_TEST

START_TEST(the_lightest_class_is_never_starved)
{
	static const uint32_t len[QOS_BANDS] = {1400, 1400, 0};
	struct conf_node n = classes();
	uint64_t got[QOS_BANDS];

	n.class[0].weight = 100;
	n.class[1].weight = 1;
	share(&n, len, got);
	ck_assert_double_eq_tol(
	    (double)got[BULK] * 100 / (double)got[VOICE], 1, 0.05);
}
END_TEST

START_TEST(a_rare_packet_waits_for_a_packet_or_two_of_the_others)
{
	struct conf_node n = classes();
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	uint64_t now = T0, worst = 0;

	limit(q, &s, 10000);
	for (int i = 0; i < 100; i++) {
		uint64_t was = s.band[VOICE].count.tx_packets, at;

		while (push(q, &s, BULK, 0, MTU))
			continue;
		while (push(q, &s, REST, 0, MTU))
			continue;
		for (int k = 0; k < 37; k++)
			drain(q, &s, ++now);
		at = now;
		ck_assert(push(q, &s, VOICE, 0, 100));
		while (s.band[VOICE].count.tx_packets == was)
			drain(q, &s, ++now);
		worst = now - at > worst ? now - at : worst;
	}
	/* 1.1 ms each; in one queue it would be 250 ms and more */
	ck_assert_uint_le(worst, 4);
	done(q, &s);
}
END_TEST

START_TEST(a_class_keeps_its_order)
{
	uint64_t r = unit_seed();
	struct conf_node n = classes();
	struct qos *q = qos_new(&n, MTU);
	uint32_t in[QOS_BANDS] = {0}, out[QOS_BANDS] = {0}, len;
	struct shaper s = {0};
	const uint8_t *pkt;

	limit(q, &s, 20000);
	for (uint64_t now = T0; now < T0 + 5000; now++) {
		for (int i = (int)(unit_random(&r) % 6); i > 0; i--) {
			unsigned b = (unsigned)(unit_random(&r) % QOS_BANDS);
			uint32_t no = in[b];

			if (push(q, &s, b, no,
				40 + (uint32_t)(unit_random(&r) % 1300)))
				in[b]++;
		}
		while ((pkt = shaper_next(q, &s, now, &len)) != NULL) {
			uint32_t no;

			memcpy(&no, pkt, sizeof(no));
			ck_assert_msg(no == out[s.turn],
			    "SEED=%llu class %u: %u, not %u",
			    (unsigned long long)unit_seed(), s.turn, no,
			    out[s.turn]);
			out[s.turn]++;
			shaper_sent(q, &s);
		}
	}
	for (int b = 0; b < QOS_BANDS; b++)
		ck_assert_uint_eq(in[b] - out[b], s.band[b].n);
	done(q, &s);
}
END_TEST

START_TEST(a_band_takes_what_its_class_may_and_no_more)
{
	struct conf_node n = classes();
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	unsigned in = 0;

	for (uint32_t i = 0; i < 100; i++)
		in += push(q, &s, VOICE, i, 100);
	ck_assert_uint_eq(in, 64);
	ck_assert_uint_eq(s.band[VOICE].count.dropped, 36);
	ck_assert_uint_eq(q->band[VOICE].all.dropped, 36);
	ck_assert_uint_eq(q->band[VOICE].waiting, 64);
	ck_assert(push(q, &s, BULK, 0, 100)); /* has room of its own */
	ck_assert_uint_eq(shaper_clear(q, &s), 65);
	ck_assert_uint_eq(s.waiting, 0);
	done(q, &s);
}
END_TEST

START_TEST(greedy_peers_leave_slots_to_the_others)
{
	struct conf_node n = {.nclasses = 1,
	    .class = {{.name = "all",
		.dscp = 1,
		.weight = 1,
		.queue = CONF_QUEUE_MAX}}};
	struct qos *q = qos_new(&n, MTU);
	struct shaper s[20] = {0};

	for (int r = 0; r < CONF_QUEUE_MAX; r++)
		for (int i = 0; i < 19; i++)
			(void)push(q, &s[i], 0, 0, 100);
	ck_assert_uint_ge(q->nslots - q->used, QOS_SLOTS / 21);
	ck_assert(push(q, &s[19], 0, 0, 100));
	for (int i = 0; i < 20; i++)
		shaper_clear(q, &s[i]);
	done(q, NULL);
}
END_TEST

START_TEST(large_packets_have_fewer_slots)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, 65000);

	ck_assert_uint_lt(q->nslots, 1100);
	ck_assert_uint_ge(q->nslots, 1000);
	done(q, NULL);
}
END_TEST

START_TEST(a_lower_limit_is_in_force_at_once)
{
	struct conf_node n = {0};
	struct qos *q = qos_new(&n, MTU);
	struct shaper s = {0};
	uint64_t sum = 0;

	limit(q, &s, 100000);
	for (uint32_t i = 0; i < 256; i++)
		push(q, &s, 0, i, 1000);
	drain(q, &s, T0);
	shaper_limit(&s, 8000); /* 1,000 octets a millisecond */
	for (uint64_t now = T0 + 1; now <= T0 + 50; now++)
		sum += drain(q, &s, now);
	ck_assert_uint_ge(sum, 49000);
	ck_assert_uint_le(sum, 51000);
	shaper_limit(&s, CONF_LIMIT_NONE);
	drain(q, &s, T0 + 51);
	ck_assert_uint_eq(s.waiting, 0);
	ck_assert_uint_eq(s.band[0].count.tx_packets, 256);
	done(q, &s);
}
END_TEST

START_TEST(a_change_is_seen_and_counts_go_on)
{
	struct conf_node n = classes(), m = n;
	struct qos *q = qos_new(&n, MTU), *r;
	struct shaper s = {0};

	ck_assert(qos_fits(q, &m, MTU));
	m.qos_limit_kbit = 77; /* is the peers' */
	ck_assert(qos_fits(q, &m, MTU));
	ck_assert(!qos_fits(q, &m, MTU + 1));
	m.class[0].queue++;
	ck_assert(!qos_fits(q, &m, MTU));
	m = n;
	m.class[1].weight++;
	ck_assert(!qos_fits(q, &m, MTU));
	m = n;
	m.class[1].dscp <<= 1;
	ck_assert(!qos_fits(q, &m, MTU));
	m = n;
	m.class[0].name[0] = 'V';
	ck_assert(!qos_fits(q, &m, MTU));
	(void)shaper_pass(q, &s, T0, VOICE, 1, 100);
	(void)shaper_pass(q, &s, T0, BULK, 1, 300);
	r = qos_new(&m, MTU);
	qos_inherit(r, q);
	ck_assert_uint_eq(r->band[VOICE].all.tx_bytes, 0);
	ck_assert_uint_eq(r->band[BULK].all.tx_bytes, 300);
	done(q, NULL);
	done(r, NULL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    without_classes_there_is_one_band_for_all,
	    code_points_of_no_class_are_where_0_is,
	    three_classes_are_three_bands,
	    without_a_limit_everything_passes_and_is_counted,
	    the_limit_is_held_to_one_in_a_hundred,
	    small_packets_have_the_same_limit,
	    it_is_smooth,
	    after_silence_no_more_than_the_bucket_leaves_at_once,
	    who_comes_late_makes_up_for_it_within_bounds,
	    due_is_when_the_next_packet_may_leave,
	    shares_are_those_of_the_weights_whatever_the_lengths,
	    what_a_class_does_not_use_is_the_others,
	    the_lightest_class_is_never_starved,
	    a_rare_packet_waits_for_a_packet_or_two_of_the_others,
	    a_class_keeps_its_order,
	    a_band_takes_what_its_class_may_and_no_more,
	    greedy_peers_leave_slots_to_the_others,
	    large_packets_have_fewer_slots,
	    a_lower_limit_is_in_force_at_once,
	    a_change_is_seen_and_counts_go_on,
	};

	return UNIT_RUN("qos", tests);
}
