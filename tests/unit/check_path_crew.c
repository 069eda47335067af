/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_path_crew.c */
/*
 * An engine with a crew and one without, given the same: they send the same
 * datagrams in the same order, hand the host the same records, and count the
 * same.
 */
#include "unit.h"

#include "crew.h"
#include "duo.h"
#include "engine_int.h"

#define RECORDS 30
#define SAID_MAX (8 * 1024 * 1024)

/* Two that never differ, because all their dice are the same. */
struct pair {
	struct duo *plain, *crewed;
	struct crew *crew[2];
	struct gen *gen;
};

static struct {
	uint8_t *text;
	size_t len;
} said[2]; /* what b gave its host: without, with crew */

static int
hear(size_t which, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	ck_assert_uint_le(said[which].len + len + PK_VNET, SAID_MAX);
	vnet_put(v, said[which].text + said[which].len);
	memcpy(said[which].text + said[which].len + PK_VNET, pkt, len);
	said[which].len += len + PK_VNET;
	return 0;
}

static int
hear_plain(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	(void)ctx;
	return hear(0, v, pkt, len);
}

static int
hear_crewed(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	(void)ctx;
	return hear(1, v, pkt, len);
}

static struct pair
pair_new(unsigned threads)
{
	struct pair p = {.plain = duo_up(), .crewed = duo_up()};

	for (int i = 0; i < 2; i++) {
		p.crew[i] = crew_new(threads);
		ck_assert_ptr_nonnull(p.crew[i]);
		crew_use(p.crew[i], threads, 0);
		p.crewed->side[i].e->io.crew = p.crew[i];
		free(said[i].text);
		said[i].text = malloc(SAID_MAX);
		said[i].len = 0;
	}
	p.plain->side[1].e->io.tun_send = hear_plain;
	p.crewed->side[1].e->io.tun_send = hear_crewed;
	p.gen = calloc(RECORDS, sizeof(*p.gen));
	return p;
}

static void
pair_free(struct pair *p)
{
	duo_free(p->plain);
	duo_free(p->crewed);
	for (int i = 0; i < 2; i++)
		crew_free(p->crew[i]);
	free(p->gen);
}

static void
any_record(struct gen *g, uint64_t *dice)
{
	static const uint16_t gso[] = {1360, 1000, 500};
	uint64_t d = unit_random(dice);
	size_t n = d % 5 == 0 ? 64000 : d % 5 == 1 ? d % 1300 : d % 20000;
	bool udp = (d >> 32 & 1) != 0;

	gen_ip(g, "10.0.0.1", "10.0.0.2", udp ? 17 : 6);
	if (udp)
		gen_udp(g, 443, n);
	else
		gen_tcp(g, 80, (uint32_t)d, 20, n);
	if (n > 1360 || (d >> 33 & 1) != 0)
		gen_gso(g, udp ? VNET_GSO_UDP_L4 : VNET_GSO_TCPV4,
		    gso[(d >> 40) % 3]);
}

static void
send_some(struct pair *p, uint64_t *dice)
{
	struct duo *const duo[] = {p->plain, p->crewed};
	unsigned n = (unsigned)(1 + unit_random(dice) % 6);

	for (unsigned i = 0; i < n; i++)
		any_record(&p->gen[i], dice);
	for (int k = 0; k < 2; k++) {
		duo[k]->nwire = 0;
		for (unsigned i = 0; i < n; i++)
			duo_gen(duo[k], 0, &p->gen[i]);
		engine_collect(duo[k]->side[0].e);
		engine_flush(duo[k]->side[0].e, duo[k]->now);
	}
}

static void
assert_same_wire(const struct pair *p)
{
	ck_assert_uint_gt(p->plain->nwire, 0);
	ck_assert_uint_eq(p->plain->nwire, p->crewed->nwire);
	for (uint32_t i = 0; i < p->plain->nwire; i++) {
		const struct duo_msg *a = &p->plain->wire[i];
		const struct duo_msg *b = &p->crewed->wire[i];

		ck_assert_uint_eq(a->len, b->len);
		ck_assert_mem_eq(a->data, b->data, a->len);
	}
}

START_TEST(what_is_sent_is_the_same_to_the_last_octet)
{
	struct pair p = pair_new((unsigned)_i);
	uint64_t dice = unit_seed();

	for (int round = 0; round < 60; round++) {
		send_some(&p, &dice);
		assert_same_wire(&p);
	}
	for (unsigned c = 0; c < C_NCOUNTERS; c++)
		ck_assert_uint_eq(duo_count(p.plain, 0, (enum counter)c),
		    duo_count(p.crewed, 0, (enum counter)c));
	duo_balanced(p.crewed);
	ck_assert(_i == 0 || p.crewed->side[0].e->given > 0);
	pair_free(&p);
}
END_TEST

/* Wire i and those behind it that a receive would have brought with it. */
static uint32_t
receive_of(const struct duo *d, uint32_t i, uint8_t *buf, size_t *len)
{
	size_t seg = d->wire[i].len;
	uint32_t n = 0;

	*len = 0;
	while (i + n < d->nwire && n < 60 && *len + seg <= 65000 &&
	    d->wire[i + n].len <= seg) {
		memcpy(buf + *len, d->wire[i + n].data, d->wire[i + n].len);
		*len += d->wire[i + n].len;
		if (d->wire[i + n++].len < seg)
			break;
	}
	return n;
}

#define BUFFERS (CREW_SLOTS + 4)

static void
deliver_all(struct duo *d)
{
	static uint8_t buf[BUFFERS][65536];
	struct engine *e = d->side[1].e;
	uint32_t n, at = 0;
	size_t len;

	for (uint32_t i = 0; i < d->nwire; i += n) {
		engine_collect_to(e, BUFFERS - 1);
		n = receive_of(d, i, buf[at], &len);
		if (engine_from_receive(e, d->now, d->wire[i].sock,
			&d->wire[i].from, buf[at], len, d->wire[i].len))
			at = (at + 1) % BUFFERS;
	}
	engine_collect(e);
	engine_flush(e, d->now);
}

/* Some are changed on the way, some come twice, a stranger's are between. */
static void
spoil(struct duo *d, uint64_t dice)
{
	uint32_t n = d->nwire;

	for (int i = 0; i < 4; i++) {
		struct duo_msg *m = &d->wire[unit_random(&dice) % n];

		m->data[unit_random(&dice) % m->len] ^= 0x40;
	}
	if (d->nwire < DUO_WIRE)
		d->wire[d->nwire++] = d->wire[unit_random(&dice) % n];
}

START_TEST(what_arrives_is_the_same_to_the_last_octet)
{
	struct pair p = pair_new((unsigned)_i);
	uint64_t dice = unit_seed();

	for (int round = 0; round < 60; round++) {
		send_some(&p, &dice);
		if (round % 2 == 1) {
			uint64_t d = unit_random(&dice);

			spoil(p.plain, d);
			spoil(p.crewed, d);
		}
		said[0].len = said[1].len = 0;
		deliver_all(p.plain);
		deliver_all(p.crewed);
		ck_assert(round % 2 == 1 || said[0].len > 0);
		ck_assert_uint_eq(said[0].len, said[1].len);
		ck_assert_mem_eq(said[0].text, said[1].text, said[0].len);
	}
	for (unsigned c = 0; c < C_NCOUNTERS; c++)
		ck_assert_uint_eq(duo_count(p.plain, 1, (enum counter)c),
		    duo_count(p.crewed, 1, (enum counter)c));
	ck_assert_uint_gt(duo_count(p.crewed, 1, EI_BAD_TAG), 0);
	ck_assert_uint_gt(duo_count(p.crewed, 1, EI_REPLAY), 0);
	duo_balanced(p.crewed);
	ck_assert(_i == 0 || p.crewed->side[1].e->given > 0);
	pair_free(&p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path_crew");
	TCase *tc = tcase_create("path_crew");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(
	    tc, what_is_sent_is_the_same_to_the_last_octet, 0, 3);
	tcase_add_loop_test(
	    tc, what_arrives_is_the_same_to_the_last_octet, 0, 3);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
