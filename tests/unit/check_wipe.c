/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_wipe.c */
/*
 * No session key survives in memory that is given back.  The two files that
 * hold keys are compiled in here with a free() that looks into each block
 * first; libcrypto's blocks come by its own hook.  The library's copies of
 * these files are not linked then.
 */
#include <malloc.h>
#include <stdlib.h>

static void looking_free(void *);
#define free looking_free
#include "crypto_aead.c"
#include "keypair.c"
#undef free

#include "engine_int.h"
#include "session_help.h"
#include "unit.h"

#include "duo.h"

#define KEYS_MAX 64

/* What to look for, and what was seen. */
static struct {
	uint8_t key[KEYS_MAX][32];
	unsigned nkeys;
	uint64_t blocks, found;
} eye;

static bool
holds(const uint8_t *p, size_t len, const uint8_t key[32])
{
	return len >= 32 && memmem(p, len, key, 32) != NULL;
}

static void
look(const void *p)
{
	size_t len = p == NULL ? 0 : malloc_usable_size((void *)(uintptr_t)p);

	eye.blocks++;
	for (unsigned i = 0; i < eye.nkeys; i++)
		eye.found += holds(p, len, eye.key[i]);
}

static void
looking_free(void *p)
{
	look(p);
	free(p);
}

static void *
lib_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return malloc(n);
}

static void *
lib_realloc(void *p, size_t n, const char *file, int line)
{
	void *q = malloc(n);
	size_t old = p == NULL ? 0 : malloc_usable_size(p);

	(void)file, (void)line;
	if (q == NULL)
		return NULL;
	if (p != NULL)
		memcpy(q, p, old < n ? old : n);
	looking_free(p);
	return q;
}

static void
lib_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	looking_free(p);
}

/* ---- what is looked for ---- */

static void
seek_octets(const uint8_t key[32])
{
	ck_assert_uint_lt(eye.nkeys, KEYS_MAX);
	memcpy(eye.key[eye.nkeys++], key, 32);
}

static bool
is_sought(const uint8_t key[32])
{
	for (unsigned i = 0; i < eye.nkeys; i++)
		if (memcmp(eye.key[i], key, 32) == 0)
			return true;
	return false;
}

/* All keys that this session has now; true: there was a new one. */
static bool
seek_session(const struct session *s)
{
	bool news = false;

	for (int i = 0; i < SLOT_N; i++) {
		const struct keypair *kp = s->slot[i];

		if (kp == NULL || is_sought(kp->send_key))
			continue;
		seek_octets(kp->send_key);
		seek_octets(kp->recv_key);
		news = true;
	}
	return news;
}

static const struct noise_keys some = {
    .send = {1, 2, 3, 4, [31] = 5}, .recv = {6, 7, 8, 9, [31] = 10}};

/* ---- one pair of keys ---- */

START_TEST(a_key_that_is_not_wiped_would_be_seen)
{
	uint8_t *p = malloc(100);
	void *q;

	eye.blocks = 0;
	seek_octets(some.send);
	memcpy(p + 33, some.send, 32);
	looking_free(p);
	ck_assert_uint_eq(eye.found, 1);
	q = OPENSSL_malloc(100);
	memcpy(q, some.send, 32);
	OPENSSL_free(q);
	ck_assert_uint_eq(eye.found, 2);
	ck_assert_uint_eq(eye.blocks, 2);
}
END_TEST

static void
use_and_free(void)
{
	struct keypair *kp = keypair_new(&some, 1, 2, UINT64_MAX);
	uint8_t msg[WG_DATA_MIN + 1500] = {0};
	size_t n;

	ck_assert(holds((uint8_t *)kp, sizeof(*kp), some.send));
	ck_assert(holds((uint8_t *)kp, sizeof(*kp), some.recv));
	n = keypair_seal(kp, msg, msg + WG_DATA_HDR, 1420, 1420);
	ck_assert_int_eq(keypair_open(kp, msg + WG_DATA_HDR, msg, n), -1);
	eye.blocks = 0;
	keypair_free(kp);
	/* the pair, its two contexts, and what libcrypto has of them */
	ck_assert_uint_ge(eye.blocks, 5);
	ck_assert_uint_eq(eye.found, 0);
}

START_TEST(a_pair_is_wiped_wherever_it_is)
{
	seek_octets(some.send);
	seek_octets(some.recv);
	use_and_free();
	crypto_aead_prefer(false); /* the whole form keeps a key of its own */
	use_and_free();
	crypto_aead_prefer(true);
}
END_TEST

/* ---- a session ---- */

START_TEST(rotation_and_close_leave_nothing)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];
	uint64_t now = T0, was;

	for (uint32_t i = 1; i <= 10; i++) {
		bool initiator = i % 3 != 0;

		now += 60 * S;
		establish(&s, now, initiator, i, 100 + i, gone);
		ck_assert(seek_session(&s));
		if (!initiator)
			session_received(
			    &s, now, s.slot[SLOT_NEXT], true, gone);
		/* two of them at most: others were freed */
		if (i > 2)
			ck_assert_uint_gt(eye.blocks, 0);
		ck_assert_uint_eq(eye.found, 0);
	}
	ck_assert_uint_eq(eye.nkeys, 20);
	/* one that was never used makes way for the next */
	establish(&s, now, false, 50, 51, gone);
	seek_session(&s);
	ck_assert_int_eq(establish(&s, now, false, 52, 53, gone), 1);
	seek_session(&s);
	ck_assert_uint_eq(eye.found, 0);
	was = eye.blocks;
	session_clear(&s);
	ck_assert_uint_gt(eye.blocks, was);
	ck_assert_uint_eq(eye.found, 0);
}
END_TEST

START_TEST(keys_that_are_too_old_leave_nothing)
{
	struct session s = up(true, T0);

	seek_session(&s);
	ck_assert_uint_eq(tick(&s, T0 + LIVES) & SES_WIPED, SES_WIPED);
	for (int i = 0; i < SLOT_N; i++)
		ck_assert_ptr_null(s.slot[i]);
	ck_assert_uint_gt(eye.blocks, 0);
	ck_assert_uint_eq(eye.found, 0);
}
END_TEST

/* ---- whole engines ---- */

/* What the two engines have now is looked for. */
static unsigned
seek_duo(struct duo *d)
{
	unsigned news = 0;

	for (int i = 0; i < 2; i++) {
		struct engine *e = d->side[i].e;

		for (uint32_t k = 0; k < e->npeers; k++)
			news += seek_session(&e->slot[e->order[k]]->ses);
	}
	return news;
}

START_TEST(engines_that_rekey_and_lose_a_peer_leave_nothing)
{
	struct duo *d = duo_new();
	unsigned changes = 0;

	for (int i = 0; i < 2; i++) {
		d->side[i].conf.node.rekey_after_s = 10;
		d->side[i].conf.node.reject_after_s = 30;
		duo_configure(d, i);
	}
	for (int i = 0; i < 100; i++) {
		duo_a_to_b(d);
		duo_pump(d);
		changes += seek_duo(d);
		duo_later(d, 1000);
		ck_assert_uint_eq(eye.found, 0);
	}
	/* the other side's are the same ones */
	ck_assert_uint_ge(changes, 8);
	/* as if it were removed: the keys that are in use go, too */
	d->side[0].conf.npeers = 0;
	eye.blocks = 0;
	duo_configure(d, 0);
	ck_assert_uint_gt(eye.blocks, 0);
	d->side[0].conf.npeers = 1;
	ck_assert_uint_eq(eye.found, 0);
	/* switched off at the other side */
	d->side[1].conf.peer[0].admin_up = false;
	eye.blocks = 0;
	duo_configure(d, 1);
	ck_assert_uint_gt(eye.blocks, 0);
	duo_free(d);
	ck_assert_uint_eq(eye.found, 0);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	/* before libcrypto has allocated anything */
	if (CRYPTO_set_mem_functions(lib_malloc, lib_realloc, lib_free) != 1 ||
	    crypto_init() == -1)
		return 1;
	tcase_add_test(t, a_key_that_is_not_wiped_would_be_seen);
	tcase_add_test(t, a_pair_is_wiped_wherever_it_is);
	tcase_add_test(t, rotation_and_close_leave_nothing);
	tcase_add_test(t, keys_that_are_too_old_leave_nothing);
	tcase_add_test(t, engines_that_rekey_and_lose_a_peer_leave_nothing);
	return run_suite("wipe", t, NULL);
}
