/* SPDX-License-Identifier: ISC */
/* file: tests/unit/session_help.h */
#ifndef SESSION_HELP_H
#define SESSION_HELP_H

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto.h"
#include "session.h"
#include "wg.h"

/*
 * What the tests of session.h share.  Time is virtual and begins at T0;
 * handshakes are assumed (the same keys on both sides, chosen here), because
 * what they compute is check_noise's business.
 */
#define T0 UINT64_C(1000000)
#define S UINT64_C(1000)
#define LIVES (3 * 180 * S)

/* A multiple of all jitter ranges (84, 167, 251), so that each gives 0. */
static inline void
fill_even(void *ctx, void *out, size_t len)
{
	uint32_t v = 84 * 167 * 251;

	(void)ctx;
	memcpy(out, &v, len < sizeof(v) ? len : sizeof(v));
}

static inline struct rnd_src
no_jitter(void)
{
	return (struct rnd_src){.fill = fill_even};
}

static inline uint64_t
next_rnd(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline void
fill_rnd(void *ctx, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)next_rnd(ctx);
}

static inline uint64_t
seed_get(void)
{
	const char *s = getenv("SEED");

	return s != NULL ? strtoull(s, NULL, 0) : (uint64_t)time(NULL);
}

static inline struct session
fresh(void)
{
	struct session_limits l;
	struct session s;

	session_limits_default(&l);
	session_init(&s, &l);
	return s;
}

static inline unsigned
tick(struct session *s, uint64_t now)
{
	uint32_t gone[SLOT_N];
	unsigned n;

	return session_tick(s, now, gone, &n);
}

/* A handshake named by its two indices; both ends make the same keys. */
static inline int
establish(struct session *s, uint64_t now, bool initiator, uint32_t mine,
    uint32_t theirs, uint32_t gone[SLOT_N])
{
	uint32_t i = initiator ? mine : theirs, r = initiator ? theirs : mine;
	uint8_t *ir, *ri;
	struct noise_keys k;

	memset(&k, 0, sizeof(k));
	ir = initiator ? k.send : k.recv;
	ri = initiator ? k.recv : k.send;
	wg_put32(ir, i);
	wg_put32(ir + 4, r);
	wg_put32(ri + 8, i);
	wg_put32(ri + 12, r);
	return session_established(s, now, initiator, &k, mine, theirs, gone);
}

/* A session with one key in use, as either role. */
static inline struct session
up(bool initiator, uint64_t now)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	ck_assert_int_eq(establish(&s, now, initiator, 11, 22, gone), 0);
	if (!initiator)
		ck_assert_int_eq(
		    session_received(&s, now, s.slot[SLOT_NEXT], false, gone),
		    0);
	session_sent(&s, now, false);
	ck_assert(session_up(&s, now));
	ck_assert_uint_eq(tick(&s, now), 0);
	return s;
}

static inline void
receive(struct session *s, uint64_t now, bool data)
{
	uint32_t gone[SLOT_N];

	session_received(s, now, s->slot[SLOT_CURRENT], data, gone);
}

static inline void
init_sent(struct session *s, uint64_t now)
{
	struct rnd_src r = no_jitter();

	session_init_sent(s, now, &r);
}

static inline int
run_suite(const char *name, TCase *a, TCase *b)
{
	Suite *s = suite_create(name);
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, a);
	if (b != NULL)
		suite_add_tcase(s, b);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
