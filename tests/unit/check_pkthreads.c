/* SPDX-License-Identifier: ISC */
/*
 * The packet channel (pkwire.h) as two processes use it: two threads, each
 * with its end, which sleep in poll until the other wakes them.  A wake-up
 * that is lost shows as a test that does not end; the limit is far above what
 * any machine needs.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "unit.h"
#include "wire_pair.h"

#define LARGE 1 /* a seed: sixteen to twenty records fill a ring */

struct side {
	struct pkwire w;
	pthread_t thread;
	uint64_t seed;
	unsigned todo; /* records to send, or to get */
	unsigned slept, wrong;
	const char *gone;
};

static void
give_up(struct side *s, const char *what)
{
	if (s->gone == NULL)
		s->gone = what;
}

/* Sleep until the other side has something to say. */
static void
wait_for(struct side *s)
{
	struct pollfd p = {.fd = s->w.fd, .events = POLLIN};

	if (pkwire_wants_out(&s->w))
		p.events |= POLLOUT;
	s->slept++;
	while (poll(&p, 1, -1) == -1)
		;
	if ((p.revents & POLLOUT) != 0 && pkwire_flush(&s->w) == -1)
		give_up(s, "flush");
	if ((p.revents & ~POLLOUT) != 0 && pkwire_woken(&s->w) < 0)
		give_up(s, "woken");
}

/* What record number n of a seed is: both sides can tell. */
static size_t
length_of(uint64_t seed, unsigned n)
{
	uint64_t state = seed + n, x = unit_random(&state);

	if (seed == LARGE)
		return 40000 + x % 25000;
	return x % 64 == 0 ? 1 + (x >> 8) % PK_IP_MAX : 8 + (x >> 8) % 400;
}

static void
send_one(struct side *s, unsigned n)
{
	size_t len = length_of(s->seed, n);
	uint8_t *at;

	while (s->gone == NULL && (at = pkwire_begin(&s->w, len)) == NULL) {
		if (pkwire_flush(&s->w) == -1)
			give_up(s, "flush");
		if (pkwire_wait_room(&s->w, len))
			wait_for(s);
	}
	if (s->gone != NULL)
		return;
	memset(at, (int)n, PK_VNET);
	at[PK_VNET + len - 1] = (uint8_t)(n >> 8);
	if (len >= 8)
		memcpy(at + PK_VNET, &n, sizeof(n));
	pkwire_commit(&s->w, len);
}

static void
check_one(struct side *s, unsigned n, const uint8_t *vnet, size_t len)
{
	unsigned got = n;

	if (len >= 8)
		memcpy(&got, vnet + PK_VNET, sizeof(got));
	if (got != n || len != length_of(s->seed, n) || vnet[0] != (uint8_t)n ||
	    vnet[PK_VNET - 1] != (uint8_t)n ||
	    (len > 8 && vnet[PK_VNET + len - 1] != (uint8_t)(n >> 8)))
		s->wrong++;
}

static void *
writer(void *arg)
{
	struct side *s = arg;
	uint64_t state = s->seed;
	unsigned n = 0;

	while (s->gone == NULL && n < s->todo) {
		for (uint64_t i = unit_random(&state) % 64;
		     i > 0 && n < s->todo; i--)
			send_one(s, n++);
		if (pkwire_flush(&s->w) == -1)
			give_up(s, "flush");
		if (unit_random(&state) % 16 == 0)
			sched_yield(); /* so that the other may fall asleep */
	}
	while (s->gone == NULL && pkwire_wants_out(&s->w))
		wait_for(s);
	return NULL;
}

/* The next record, asleep until there is one. */
static bool
get_one(struct side *s, unsigned n)
{
	uint8_t *vnet, *pkt;
	size_t len;
	int r;

	while (s->gone == NULL &&
	    (r = pkwire_next(&s->w, &vnet, &pkt, &len)) != 1) {
		if (r < 0)
			give_up(s, "next");
		if (pkwire_done(&s->w) == -1)
			give_up(s, "done");
		if (s->gone == NULL && pkwire_sleep(&s->w))
			wait_for(s);
	}
	if (s->gone != NULL)
		return false;
	check_one(s, n, vnet, len);
	return true;
}

static void *
reader(void *arg)
{
	struct side *s = arg;

	for (unsigned n = 0; n < s->todo && get_one(s, n); n++)
		if (n % 32 == 31 && pkwire_done(&s->w) == -1)
			give_up(s, "done");
	return NULL;
}

/* One there, one back: each round is two sleeps and two wake-ups. */
static void *
player(void *arg)
{
	struct side *s = arg;
	bool first = s->seed % 2 == 0;

	s->seed = 0;
	for (unsigned n = 0; n < s->todo && s->gone == NULL; n++) {
		if (first)
			send_one(s, n);
		if (pkwire_flush(&s->w) == -1)
			give_up(s, "flush");
		if (!get_one(s, n) || pkwire_done(&s->w) == -1)
			break;
		if (!first)
			send_one(s, n);
	}
	if (pkwire_flush(&s->w) == -1)
		give_up(s, "flush");
	return NULL;
}

/* Everything in both directions at once, as it is in the product. */
static void *
juggler(void *arg)
{
	struct side *s = arg;
	unsigned sent = 0, got = 0, was;
	uint8_t *vnet, *pkt;
	size_t len;
	bool full;
	int r;

	while (s->gone == NULL && (sent < s->todo || got < s->todo)) {
		was = got;
		full = false;
		for (int i = 0; i < 32 && sent < s->todo && !full; i++) {
			len = length_of(s->seed, sent);
			full = pkwire_begin(&s->w, len) == NULL;
			if (!full)
				send_one(s, sent++);
		}
		if (pkwire_flush(&s->w) == -1)
			give_up(s, "flush");
		while ((r = pkwire_next(&s->w, &vnet, &pkt, &len)) == 1)
			check_one(s, got++, vnet, len);
		if (r < 0 || pkwire_done(&s->w) == -1)
			give_up(s, "next");
		if (got == was &&
		    (full || (sent == s->todo && got < s->todo)) &&
		    (!full || pkwire_wait_room(&s->w, PK_IP_MAX)) &&
		    pkwire_sleep(&s->w))
			wait_for(s);
	}
	while (s->gone == NULL && pkwire_wants_out(&s->w))
		wait_for(s);
	return NULL;
}

/*
 * Both ends at one address: a thread sanitizer knows memory by its address.
 */
static void
one_mapping(struct pkwire *a, struct pkwire *b)
{
	ck_assert_int_eq(munmap(b->map, PKR_MAP), 0);
	b->map = a->map;
	pkring_init(&b->rtx, b->map, 1);
	pkring_init(&b->rrx, b->map, 0);
}

static void
run(bool ring, uint64_t seed, unsigned todo, void *(*a)(void *),
    void *(*b)(void *))
{
	static struct side s[2];
	struct wire_pair p = wire_pair(ring);

	for (int i = 0; i < 2; i++) {
		s[i] = (struct side){.todo = todo, .seed = seed};
		ck_assert_int_eq(pkwire_init(&s[i].w, 2), 0);
		pkwire_set(&s[i].w, i == 0 ? PKWIRE_TUN : PKWIRE_ENGINE,
		    p.fd[i], p.mem[i]);
		if (a == player)
			s[i].seed = (uint64_t)i;
	}
	if (ring)
		one_mapping(&s[0].w, &s[1].w);
	ck_assert_int_eq(pthread_create(&s[0].thread, NULL, a, &s[0]), 0);
	ck_assert_int_eq(pthread_create(&s[1].thread, NULL, b, &s[1]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(s[i].thread, NULL);
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(s[i].gone == NULL && s[i].wrong == 0,
		    "side %d: %s, %u wrong, SEED=%llu", i,
		    s[i].gone == NULL ? "alive" : s[i].gone, s[i].wrong,
		    (unsigned long long)unit_seed());
	}
	s[1].w.map = NULL;
	pkwire_clear(&s[0].w);
	pkwire_clear(&s[1].w);
}

START_TEST(a_million_records_go_through_the_ring)
{
	run(true, unit_seed(), 1000000, writer, reader);
}
END_TEST

START_TEST(and_the_other_way_round)
{
	run(true, unit_seed(), 200000, reader, writer);
}
END_TEST

START_TEST(many_go_through_the_socket)
{
	run(false, unit_seed(), 200000, writer, reader);
}
END_TEST

START_TEST(a_writer_that_is_always_waiting_for_room_is_always_told)
{
	run(true, LARGE, 100000, writer, reader);
	run(false, LARGE, 5000, writer, reader);
}
END_TEST

START_TEST(many_times_there_and_back)
{
	run(true, 0, 20000, player, player);
	run(false, 0, 2000, player, player);
}
END_TEST

START_TEST(both_directions_at_once)
{
	run(true, unit_seed(), 200000, juggler, juggler);
	run(false, unit_seed(), 50000, juggler, juggler);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_million_records_go_through_the_ring,
	    and_the_other_way_round,
	    many_go_through_the_socket,
	    a_writer_that_is_always_waiting_for_room_is_always_told,
	    many_times_there_and_back,
	    both_directions_at_once,
	};

	return UNIT_RUN("pkthreads", tests);
}
