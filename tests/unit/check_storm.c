/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_storm.c */
/*
 * Hundreds of peers are dialed at once, as after a restart: what waits for keyd
 * does not become more by being repeated.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "engine.h"
#include "log.h"

#define NPEERS 200
#define T0 1000000

struct storm {
	struct engine *e;
	uint32_t mix[4 * NPEERS], stamp[4 * NPEERS]; /* questions, by id */
	uint32_t nmix, nstamp, sent;
};

static int
on_mix(void *ctx, uint32_t id, const struct msg_mix_ask *m)
{
	struct storm *s = ctx;

	(void)m;
	ck_assert_uint_lt(s->nmix, 4 * NPEERS);
	s->mix[s->nmix++] = id;
	return 0;
}

static int
on_stamp(void *ctx, uint32_t id)
{
	struct storm *s = ctx;

	ck_assert_uint_lt(s->nstamp, 4 * NPEERS);
	s->stamp[s->nstamp++] = id;
	return 0;
}

static enum udp_result
on_udp(void *ctx, uint16_t sock, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	struct storm *s = ctx;

	(void)sock, (void)to, (void)data, (void)len, (void)seg;
	s->sent++;
	return UDP_OK;
}

static int
on_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	(void)ctx, (void)v, (void)pkt, (void)len;
	return 0;
}

static int
no_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *m)
{
	(void)ctx, (void)id, (void)m;
	return -1;
}

static int
no_seen(void *ctx, const struct msg_peer_seen *m)
{
	(void)ctx, (void)m;
	return 0;
}

static uint64_t
unix_ms(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static void
configure(struct storm *s)
{
	struct conf c;

	conf_defaults(&c, "storm", "/run/mesh");
	c.peer = calloc(NPEERS, sizeof(*c.peer));
	ck_assert_ptr_nonnull(c.peer);
	for (c.npeers = 0; c.npeers < NPEERS; c.npeers++) {
		struct conf_peer *p = &c.peer[c.npeers];

		snprintf(p->name, sizeof(p->name), "p%u", c.npeers);
		p->key[0] = 9;
		p->key[1] = (uint8_t)c.npeers;
		p->admin_up = true;
		p->keepalive_s = 1;
		p->nendpoints = 1;
		p->endpoint[0] = (struct endpoint){
		    .port = 9, .addr = {.family = 4, .b = {192, 0, 2, 9}}};
	}
	ck_assert_int_eq(engine_configure(s->e, T0, &c), 0);
	conf_clear(&c);
}

static void
tick(struct storm *s, uint64_t now_ms)
{
	for (int i = 0; i < 16; i++) /* a turn has a limit */
		engine_tick(s->e, now_ms);
}

static struct storm *
storm_new(void)
{
	static const uint8_t pub[32] = {9, 9, 9};
	struct storm *s = calloc(1, sizeof(*s));
	const struct engine_io io = {.ctx = s,
	    .udp_send = on_udp,
	    .tun_send = on_tun,
	    .ask_mix = on_mix,
	    .ask_stamp = on_stamp,
	    .ask_lookup = no_lookup,
	    .tell_seen = no_seen,
	    .unix_ms = unix_ms,
	    .rnd = rnd_kernel()};

	ck_assert_int_eq(crypto_init(), 0);
	log_set_level(LOG_L_ERROR);
	s->e = engine_new(&io);
	ck_assert_ptr_nonnull(s->e);
	engine_socket_add(s->e, 0, 4);
	engine_set_pub(s->e, T0, pub);
	configure(s);
	return s;
}

static void
storm_free(struct storm *s)
{
	engine_free(s->e);
	free(s);
}

/* keyd answers n of the questions for a mix, and so these are dialed. */
static void
keyd_answers(struct storm *s, uint64_t now_ms, uint32_t n)
{
	const struct msg_mix_reply mix = {.status = KEY_OK};
	const struct msg_stamp_reply stamp = {.stamp = {0x40}};

	for (uint32_t i = 0; i < n; i++)
		engine_on_mix(s->e, now_ms, s->mix[i], &mix);
	for (uint32_t i = 0; i < s->nstamp; i++)
		engine_on_stamp(s->e, now_ms, s->stamp[i], &stamp);
	s->nstamp = 0;
	s->nmix -= n;
	memmove(s->mix, s->mix + n, s->nmix * sizeof(s->mix[0]));
}

/* All of them are dialed; when that is. */
static uint64_t
dial_all(struct storm *s)
{
	uint64_t ms = T0;

	for (; s->nmix < NPEERS; ms++) {
		ck_assert_uint_le(ms, T0 + 5000);
		tick(s, ms);
	}
	return ms;
}

START_TEST(while_keyd_is_behind_nobody_is_dialed_again)
{
	struct storm *s = storm_new();
	uint64_t now_ms = dial_all(s);

	keyd_answers(s, now_ms, NPEERS / 2);
	ck_assert_uint_eq(s->sent, NPEERS / 2);
	/* their first repetition is due, and the others still wait */
	tick(s, now_ms + 400);
	ck_assert_uint_eq(s->nmix, NPEERS / 2);
	keyd_answers(s, now_ms + 410, NPEERS / 2);
	ck_assert_uint_eq(s->sent, NPEERS);
	/* now there is no queue: half of them are late, and some repeated */
	tick(s, now_ms + 660);
	ck_assert_uint_gt(s->nmix, 0);
	ck_assert_uint_lt(s->nmix, NPEERS / 2);
	storm_free(s);
}
END_TEST

/* keyd answers all questions, also those that follow; how many stamps. */
static uint32_t
all_answered(struct storm *s, uint64_t now_ms)
{
	const struct msg_mix_reply mix = {.status = KEY_OK};
	uint32_t stamps = 0;

	while (s->nmix + s->nstamp > 0) {
		if (s->nmix > 0) {
			engine_on_mix(s->e, now_ms, s->mix[--s->nmix], &mix);
		} else {
			const struct msg_stamp_reply r = {
			    .stamp = {0x40, [11] = (uint8_t)++stamps}};

			engine_on_stamp(
			    s->e, now_ms, s->stamp[--s->nstamp], &r);
		}
	}
	return stamps;
}

START_TEST(peers_share_a_stamp_and_none_is_sent_one_twice)
{
	struct storm *s = storm_new();
	uint64_t now_ms = dial_all(s);
	uint32_t sent;

	keyd_answers(s, now_ms, 1);
	ck_assert_uint_eq(s->sent, 1);
	/* the first peer's is good for all others */
	ck_assert_uint_eq(all_answered(s, now_ms), 0);
	ck_assert_uint_eq(s->sent, NPEERS);
	/* but not again for those that have it */
	sent = s->sent;
	for (int i = 0; i < NPEERS && s->nmix == 0; i++)
		tick(s, now_ms += 10);
	ck_assert_uint_ge(all_answered(s, now_ms), 1);
	ck_assert_uint_gt(s->sent, sent);
	storm_free(s);
}
END_TEST

START_TEST(an_old_stamp_is_nobodys)
{
	struct storm *s = storm_new();
	uint64_t now_ms = dial_all(s);

	keyd_answers(s, now_ms, 1);
	ck_assert_uint_ge(all_answered(s, now_ms + 1000), 1);
	ck_assert_uint_eq(s->sent, NPEERS);
	storm_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    while_keyd_is_behind_nobody_is_dialed_again,
	    peers_share_a_stamp_and_none_is_sent_one_twice,
	    an_old_stamp_is_nobodys,
	};

	return UNIT_RUN("storm", tests);
}
