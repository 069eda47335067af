/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_crew.c */
/*
 * The crew against one thread (split_next and keypair_seal): the same octets,
 * the same order, whatever the number of hands; and that it can be stopped.
 */
#include "crew.h"
#include "crypto.h"
#include "keypair.h"
#include "pktgen.h"
#include "unit.h"

#define MTU 1400
#define OUT_MAX (80 * 1024)
#define VARIANTS 8
#define STRESS_JOBS 100000

static const unsigned sizes[] = {0, 1, 2, 4};
#define NSIZES (sizeof(sizes) / sizeof(sizes[0]))

static const struct noise_keys ours = {.send = {7, 1}, .recv = {2}};

/* What one thread makes of a super-packet. */
struct model {
	struct gen g;
	struct split cut;
	uint64_t counter;
	uint8_t out[OUT_MAX];
	size_t len, seg;
	unsigned n;
};

static struct crew *
crew_of(unsigned threads)
{
	struct crew *c;

	ck_assert_int_eq(crypto_init(), 0);
	c = crew_new(threads);
	ck_assert_ptr_nonnull(c);
	crew_use(c, threads, 10);
	ck_assert_uint_eq(crew_workers(c), threads);
	return c;
}

static void
model_seal(struct model *m)
{
	struct keypair *kp = keypair_new(&ours, 1, 0x12345678, UINT64_MAX);
	uint8_t scratch[PK_IP_MAX];
	struct split s;
	size_t n, len;

	ck_assert_int_eq(split_init(&m->cut, &m->g.v, m->g.b, m->g.len), 0);
	s = m->cut;
	kp->tx_counter = m->counter;
	while ((n = split_next(&s, scratch, sizeof(scratch))) != 0) {
		ck_assert_uint_le(m->len + n + 47, OUT_MAX);
		len = keypair_seal(kp, m->out + m->len, scratch, n, MTU);
		m->seg = m->n++ == 0 ? len : m->seg;
		m->len += len;
	}
	keypair_free(kp);
}

/* TCP and UDP, IPv4 and IPv6, many segments, few, one. */
static struct model *
model_new(unsigned variant)
{
	static const size_t octets[] = {48000, 20001, 1348, 3000};
	struct model *m = calloc(1, sizeof(*m));
	bool six = (variant & 1) != 0, udp = (variant & 2) != 0;
	uint16_t gso = (uint16_t)(variant < 4 ? 1348 : 777 + variant);
	size_t n = octets[(variant >> 1) & 3];

	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(crypto_init(), 0);
	m->counter = (uint64_t)variant << 33;
	gen_ip(&m->g, six ? "fd77::1" : "10.77.0.1",
	    six ? "fd77::2" : "10.77.0.2", udp ? 17 : 6);
	if (udp)
		gen_udp(&m->g, 443, n);
	else
		gen_tcp(&m->g, 80, 0xfffffff0, 32, n);
	gso = (uint16_t)(gso - (six ? 20 : 0));
	gen_gso(&m->g,
	    udp       ? VNET_GSO_UDP_L4
		: six ? VNET_GSO_TCPV6
		      : VNET_GSO_TCPV4,
	    gso);
	model_seal(m);
	return m;
}

static void
give_seal(struct crew *c, const struct model *m, uint8_t *out, void *owner)
{
	struct crew_job *job = crew_slot(c);

	ck_assert_ptr_nonnull(job);
	*job = (struct crew_job){
	    .kind = CREW_SEAL,
	    .n = m->n,
	    .owner = owner,
	    .seal = {.cut = m->cut,
		.index = 0x12345678,
		.counter = m->counter,
		.pad_max = MTU,
		.out = out,
		.room = m->len + 15},
	};
	memcpy(job->key, ours.send, sizeof(job->key));
	crew_give(c);
}

static void
give_open(struct crew *c, const struct model *m, uint8_t *buf, void *owner)
{
	struct crew_job *job = crew_slot(c);

	ck_assert_ptr_nonnull(job);
	*job = (struct crew_job){
	    .kind = CREW_OPEN,
	    .n = m->n,
	    .owner = owner,
	    .open = {.buf = buf,
		.len = m->len,
		.seg = m->seg,
		.limit = UINT64_MAX},
	};
	memcpy(job->key, ours.send, sizeof(job->key));
	crew_give(c);
}

static uint64_t
lowest(unsigned n)
{
	return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

START_TEST(sealing_gives_the_octets_of_one_thread)
{
	uint8_t *out = malloc(OUT_MAX);

	for (size_t i = 0; i < NSIZES; i++) {
		struct crew *c = crew_of(sizes[i]);

		for (unsigned v = 0; v < VARIANTS; v++) {
			struct model *m = model_new(v);
			struct crew_job *job;

			memset(out, 0xee, OUT_MAX);
			give_seal(c, m, out, m);
			job = crew_oldest(c, true);
			ck_assert_ptr_eq(job->owner, m);
			ck_assert_uint_eq(job->seal.len, m->len);
			ck_assert_mem_eq(out, m->out, m->len);
			crew_drop(c);
			free(m);
		}
		crew_free(c);
	}
	free(out);
}
END_TEST

START_TEST(a_super_packet_may_be_cut_by_two_jobs)
{
	struct model *m = model_new(0);
	uint8_t *out = malloc(OUT_MAX), *scratch = malloc(PK_IP_MAX);
	struct crew *c = crew_of(2);
	struct model part = *m;
	size_t len = 0;

	part.n = 10;
	part.len = 10 * m->seg;
	give_seal(c, &part, out, NULL);
	for (int i = 0; i < 10; i++)
		ck_assert_uint_ne(split_next(&part.cut, scratch, PK_IP_MAX), 0);
	part.n = m->n - 10;
	part.len = m->len - 10 * m->seg;
	part.counter += 10;
	give_seal(c, &part, out + 10 * m->seg, NULL);
	for (int i = 0; i < 2; i++) {
		len += crew_oldest(c, true)->seal.len;
		crew_drop(c);
	}
	ck_assert_uint_eq(len, m->len);
	ck_assert_mem_eq(out, m->out, len);
	crew_free(c);
	free(scratch);
	free(out);
	free(m);
}
END_TEST

START_TEST(opening_gives_the_packets_back_in_place)
{
	uint8_t scratch[PK_IP_MAX];

	for (size_t i = 0; i < NSIZES; i++) {
		struct crew *c = crew_of(sizes[i]);
		struct model *m = model_new((unsigned)i);
		uint8_t *p = m->out + WG_DATA_HDR;
		struct split s = m->cut;
		size_t n;

		give_open(c, m, m->out, NULL);
		ck_assert_uint_eq(
		    crew_oldest(c, true)->open.good, lowest(m->n));
		crew_drop(c);
		for (; (n = split_next(&s, scratch, sizeof(scratch))) != 0;
		     p += m->seg)
			ck_assert_mem_eq(p, scratch, n);
		crew_free(c);
		free(m);
	}
}
END_TEST

START_TEST(every_wrong_tag_is_told_and_no_right_one)
{
	struct crew *c = crew_of(2);
	struct model *m = model_new(0);
	uint64_t bad = 0;

	for (unsigned i = 0; i < m->n; i += 1 + i % 5) {
		m->out[i * m->seg + WG_DATA_HDR + i] ^= 1;
		bad |= UINT64_C(1) << i;
	}
	give_open(c, m, m->out, NULL);
	ck_assert_uint_eq(crew_oldest(c, true)->open.good, lowest(m->n) & ~bad);
	crew_free(c);
	free(m);
}
END_TEST

START_TEST(counters_at_the_limit_and_short_datagrams_are_not_opened)
{
	struct crew *c = crew_of(0);
	struct model *m = model_new(0);
	struct crew_job *job = crew_slot(c);

	give_open(c, m, m->out, NULL);
	job->open.limit = m->counter + 3;
	job->n = 4;
	ck_assert_uint_eq(crew_oldest(c, true)->open.good, lowest(3));
	crew_drop(c);
	job = crew_slot(c);
	give_open(c, m, m->out, NULL);
	job->open.len = WG_DATA_MIN - 1;
	ck_assert_uint_eq(crew_oldest(c, true)->open.good, 0);
	crew_free(c);
	free(m);
}
END_TEST

START_TEST(without_room_nothing_is_sealed_and_nothing_overrun)
{
	struct crew *c = crew_of(0);
	struct model *m = model_new(1);
	uint8_t *out = malloc(m->len);
	struct crew_job *job = crew_slot(c);

	memset(out, 0xee, m->len);
	give_seal(c, m, out, NULL);
	job->seal.room = m->len / 2;
	ck_assert_uint_eq(crew_oldest(c, true)->seal.len, 0);
	for (size_t i = m->len / 2; i < m->len; i++)
		ck_assert_uint_eq(out[i], 0xee);
	crew_drop(c);
	job = crew_slot(c);
	give_seal(c, m, out, NULL);
	job->seal.room = 0;
	ck_assert_uint_eq(crew_oldest(c, true)->seal.len, 0);
	crew_free(c);
	free(out);
	free(m);
}
END_TEST

START_TEST(jobs_come_back_in_the_order_they_were_given)
{
	static uint8_t out[CREW_SLOTS][OUT_MAX];

	for (size_t i = 0; i < NSIZES; i++) {
		struct crew *c = crew_of(sizes[i]);
		struct model *m[VARIANTS];

		for (unsigned v = 0; v < VARIANTS; v++)
			m[v] = model_new(v);
		/* long and short ones, so that they would overtake */
		for (int k = 0; k < CREW_SLOTS; k++)
			give_seal(c, m[k % VARIANTS], out[k], out[k]);
		ck_assert_ptr_null(crew_slot(c));
		for (int k = 0; k < CREW_SLOTS; k++) {
			struct crew_job *job = crew_oldest(c, true);

			ck_assert_ptr_eq(job->owner, out[k]);
			ck_assert_mem_eq(
			    out[k], m[k % VARIANTS]->out, m[k % VARIANTS]->len);
			ck_assert_uint_eq(crew_pending(c), CREW_SLOTS - k);
			crew_drop(c);
		}
		ck_assert_ptr_null(crew_oldest(c, true));
		crew_free(c);
		for (unsigned v = 0; v < VARIANTS; v++)
			free(m[v]);
	}
}
END_TEST

START_TEST(who_does_not_wait_does_not_work)
{
	struct crew *c = crew_of(0);
	struct model *m = model_new(0);
	uint8_t *out = malloc(OUT_MAX);

	ck_assert_ptr_null(crew_oldest(c, false));
	give_seal(c, m, out, NULL);
	ck_assert_ptr_null(crew_oldest(c, false));
	ck_assert_uint_eq(crew_pending(c), 1);
	ck_assert_ptr_nonnull(crew_oldest(c, true));
	ck_assert_ptr_nonnull(crew_oldest(c, false));
	crew_free(c);
	free(out);
	free(m);
}
END_TEST

START_TEST(a_key_is_gone_when_its_job_is_done)
{
	static const uint8_t none[32];
	struct model *m = model_new(0);
	uint8_t *out = malloc(OUT_MAX);

	for (size_t i = 0; i < NSIZES; i++) {
		struct crew *c = crew_of(sizes[i]);

		give_seal(c, m, out, NULL);
		ck_assert_mem_eq(crew_oldest(c, true)->key, none, 32);
		crew_drop(c);
		give_open(c, m, out, NULL);
		ck_assert_mem_eq(crew_oldest(c, true)->key, none, 32);
		crew_free(c);
	}
	free(out);
	free(m);
}
END_TEST

START_TEST(it_stops_while_jobs_are_pending)
{
	static uint8_t out[CREW_SLOTS][OUT_MAX];
	struct model *m = model_new(0);

	for (int round = 0; round < 50; round++) {
		struct crew *c = crew_of(sizes[round % NSIZES]);

		for (int k = 0; k < round % (CREW_SLOTS + 1); k++)
			give_seal(c, m, out[k], NULL);
		crew_free(c);
	}
	crew_free(NULL);
	free(m);
}
END_TEST

START_TEST(threads_that_may_not_work_do_not)
{
	struct crew *c = crew_of(2);
	struct model *m = model_new(7);
	uint8_t *out = malloc(OUT_MAX);

	crew_use(c, 99, 0);
	ck_assert_uint_eq(crew_workers(c), 2);
	crew_use(c, 0, 0);
	for (int i = 0; i < 1000; i++) {
		give_seal(c, m, out, NULL);
		give_seal(c, m, out, NULL);
		ck_assert_ptr_null(crew_oldest(c, false));
		for (int k = 0; k < 2; k++) {
			ck_assert_ptr_nonnull(crew_oldest(c, true));
			crew_drop(c);
		}
	}
	crew_free(c);
	free(out);
	free(m);
}
END_TEST

/* ---- everything at once ---- */

struct work {
	const struct model *m;
	bool open;
	uint8_t buf[OUT_MAX];
};

static void
stress_give(
    struct crew *c, struct work *w, uint64_t *dice, struct model *const *m)
{
	w->m = m[unit_random(dice) % VARIANTS];
	w->open = (unit_random(dice) & 1) != 0;
	if (w->open) {
		memcpy(w->buf, w->m->out, w->m->len);
		give_open(c, w->m, w->buf, w);
	} else
		give_seal(c, w->m, w->buf, w);
}

static void
stress_take(struct crew *c, const struct crew_job *job, struct work *expected)
{
	struct work *w = job->owner;

	ck_assert_ptr_eq(w, expected);
	if (w->open)
		ck_assert_uint_eq(job->open.good, lowest(w->m->n));
	else
		ck_assert(job->seal.len == w->m->len &&
		    memcmp(w->buf, w->m->out, w->m->len) == 0);
	crew_drop(c);
}

/* Gives and takes by dice, and changes the number of hands as it goes. */
static void
stress(unsigned threads, unsigned jobs)
{
	static struct work work[CREW_SLOTS];
	uint64_t dice = unit_seed();
	struct crew *c = crew_of(threads);
	struct model *m[VARIANTS];
	struct crew_job *job;
	unsigned given = 0, taken = 0;

	/* small ones: it is the ring that is tested */
	for (unsigned v = 0; v < VARIANTS; v++)
		m[v] = model_new(v | 4);
	while (taken < jobs) {
		uint64_t d = unit_random(&dice);

		if ((d & 1) != 0 && given < jobs && crew_slot(c) != NULL)
			stress_give(c, &work[given++ % CREW_SLOTS], &dice, m);
		else if ((job = crew_oldest(c, (d & 6) == 0)) != NULL)
			stress_take(c, job, &work[taken++ % CREW_SLOTS]);
		if ((d >> 8) % 1000 == 0)
			crew_use(c, (unsigned)(d >> 32) % 5, (d >> 40) & 31);
	}
	ck_assert_uint_eq(crew_pending(c), 0);
	crew_free(c);
	for (unsigned v = 0; v < VARIANTS; v++)
		free(m[v]);
}

START_TEST(a_hundred_thousand_jobs_with_one_thread)
{
	stress(1, STRESS_JOBS);
}
END_TEST

START_TEST(a_hundred_thousand_jobs_with_more_threads_than_cores)
{
	stress(4, STRESS_JOBS);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    sealing_gives_the_octets_of_one_thread,
	    a_super_packet_may_be_cut_by_two_jobs,
	    opening_gives_the_packets_back_in_place,
	    every_wrong_tag_is_told_and_no_right_one,
	    counters_at_the_limit_and_short_datagrams_are_not_opened,
	    without_room_nothing_is_sealed_and_nothing_overrun,
	    jobs_come_back_in_the_order_they_were_given,
	    who_does_not_wait_does_not_work,
	    a_key_is_gone_when_its_job_is_done,
	    it_stops_while_jobs_are_pending,
	    threads_that_may_not_work_do_not,
	    a_hundred_thousand_jobs_with_one_thread,
	    a_hundred_thousand_jobs_with_more_threads_than_cores,
	};

	return UNIT_RUN("crew", tests);
}
