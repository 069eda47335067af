/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_flow.c */
/* The flow table, against a naive map and by hand. */
#include <errno.h>
#include <string.h>

#include "flow.h"
#include "unit.h"

#define OPERATIONS 100000
#define MAP_MAX 60
#define PEERS 61

static const uint8_t hash_key[16] = {1, 2, 3};

static struct flow_key
key(uint16_t n)
{
	struct flow_key k = {.proto = 6, .version = 4, .sport = n};

	return k;
}

static struct flow *
touch(struct flow_table *t, uint16_t n, uint32_t peer, uint64_t now)
{
	struct flow_key k = key(n);
	uint64_t evicted = 0;

	return flow_touch(t, &k, peer, now, &evicted);
}

static bool
has(struct flow_table *t, uint16_t n)
{
	struct flow_key k = key(n);

	return flow_find(t, &k) != NULL;
}

START_TEST(a_flow_is_made_once_and_found_again)
{
	struct flow_table *t = flow_new(8, hash_key);
	struct flow *f = touch(t, 1, 5, 100);

	ck_assert_uint_eq(f->peer, 5);
	ck_assert_uint_eq(f->last_ms, 100);
	ck_assert_uint_eq(f->packets + f->bytes + f->stream, 0);
	f->packets = 9;
	f = touch(t, 1, 5, 200);
	ck_assert_uint_eq(f->packets, 9);
	ck_assert_uint_eq(f->last_ms, 200);
	ck_assert_uint_eq(flow_count(t), 1);
	flow_free(t);
	flow_free(NULL);
}
END_TEST

START_TEST(a_full_table_forgets_the_least_recently_used)
{
	struct flow_table *t = flow_new(3, hash_key);
	struct flow_key k = key(4);
	uint64_t evicted = 0;

	for (uint16_t n = 1; n <= 3; n++)
		touch(t, n, 0, n * 1000);
	touch(t, 1, 0, 4000);
	touch(t, 2, 0, 2999); /* what happens within a second is one time */
	flow_touch(t, &k, 0, 5000, &evicted);
	ck_assert_uint_eq(evicted, 1);
	ck_assert(has(t, 1) && !has(t, 2) && has(t, 3) && has(t, 4));
	ck_assert_uint_eq(flow_count(t), 3);
	flow_free(t);
}
END_TEST

START_TEST(idle_flows_expire_and_no_others)
{
	struct flow_table *t = flow_new(8, hash_key);

	touch(t, 1, 0, 100);
	touch(t, 2, 0, 200);
	touch(t, 3, 0, 300);
	touch(t, 1, 0, 250);
	ck_assert_uint_eq(flow_expire(t, 499, 300), 0);
	ck_assert_uint_eq(flow_expire(t, 500, 300), 1);
	ck_assert(has(t, 1) && !has(t, 2) && has(t, 3));
	ck_assert_uint_eq(flow_expire(t, 550, 300), 1);
	ck_assert(!has(t, 1) && has(t, 3));
	ck_assert_uint_eq(flow_expire(t, 0, 300), 0);
	flow_free(t);
}
END_TEST

START_TEST(flows_are_counted_for_each_peer)
{
	struct flow_table *t = flow_new(8, hash_key);

	touch(t, 1, 10, 1);
	touch(t, 2, 10, 1);
	touch(t, 3, UINT32_MAX, 1);
	ck_assert_uint_eq(flow_count_peer(t, 10), 2);
	ck_assert_uint_eq(flow_count_peer(t, UINT32_MAX), 1);
	ck_assert_uint_eq(flow_count_peer(t, 0), 0);
	touch(t, 2, 11, 2); /* the route changed */
	ck_assert_uint_eq(flow_count_peer(t, 10), 1);
	ck_assert_uint_eq(flow_count_peer(t, 11), 1);
	flow_free(t);
}
END_TEST

START_TEST(a_peer_takes_its_flows_with_it)
{
	struct flow_table *t = flow_new(8, hash_key);

	for (uint16_t n = 0; n < 8; n++)
		touch(t, n, n % 2, n);
	flow_drop_peer(t, 1);
	ck_assert_uint_eq(flow_count(t), 4);
	ck_assert_uint_eq(flow_count_peer(t, 1), 0);
	ck_assert_uint_eq(flow_count_peer(t, 0), 4);
	ck_assert(has(t, 0) && !has(t, 1));
	flow_free(t);
}
END_TEST

START_TEST(a_table_of_one_works)
{
	struct flow_table *t = flow_new(1, hash_key);

	for (uint16_t n = 0; n < 1000; n++) {
		touch(t, n, n, n);
		ck_assert_uint_eq(flow_count(t), 1);
		ck_assert_uint_eq(flow_count_peer(t, n), 1);
	}
	flow_free(t);
}
END_TEST

START_TEST(a_size_out_of_range_is_refused)
{
	ck_assert_ptr_null(flow_new(0, hash_key));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(flow_new(FLOW_MAX + 1, hash_key));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(the_key_is_the_connection)
{
	static const uint8_t b[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0,
	    10, 77, 0, 1, 10, 77, 0, 2, 0, 53, 1, 0, 0, 8};
	struct flow_key k;
	struct pkt p;

	ck_assert_int_eq(pkt_parse(&p, b, sizeof(b)), 0);
	flow_key(&k, &p);
	ck_assert_uint_eq(k.proto, 17);
	ck_assert_uint_eq(k.version, 4);
	ck_assert_uint_eq(k.sport, 53);
	ck_assert_uint_eq(k.dport, 256);
	ck_assert_mem_eq(k.src, b + 12, 4);
	ck_assert_mem_eq(k.dst, b + 16, 4);
	ck_assert_uint_eq(k.dst[4], 0);
}
END_TEST

START_TEST(all_fragments_of_a_datagram_are_one_flow)
{
	uint8_t b[28] = {0x45, 0, 0, 28, 0, 0, 0x20, 0, 64, 17, 0, 0, 10, 77, 0,
	    1, 10, 77, 0, 2, 0, 53, 1, 0, 0, 8};
	struct flow_key first, later;
	struct pkt p;

	ck_assert_int_eq(pkt_parse(&p, b, sizeof(b)), 0);
	flow_key(&first, &p);
	b[6] = 0;
	b[7] = 1;
	ck_assert_int_eq(pkt_parse(&p, b, sizeof(b)), 0);
	flow_key(&later, &p);
	ck_assert_mem_eq(&first, &later, sizeof(first));
}
END_TEST

/* ---- against a map ---- */

/* Far apart, so that some of them collide in the table of counts. */
static uint32_t
peer_no(uint64_t i)
{
	return (uint32_t)(i * i * 40503);
}

struct map {
	struct flow f[MAP_MAX]; /* least recently used first, to the second */
	uint64_t listed[MAP_MAX];
	unsigned n, max;
};

static void
map_remove(struct map *m, unsigned i)
{
	memmove(&m->f[i], &m->f[i + 1], (m->n - i - 1) * sizeof(m->f[0]));
	memmove(&m->listed[i], &m->listed[i + 1],
	    (m->n - i - 1) * sizeof(m->listed[0]));
	m->n--;
}

static unsigned
map_at(const struct map *m, const struct flow_key *k)
{
	unsigned i;

	for (i = 0; i < m->n; i++)
		if (memcmp(&m->f[i].key, k, sizeof(*k)) == 0)
			break;
	return i;
}

static void
map_put(struct map *m, unsigned i, const struct flow *f, uint64_t now)
{
	if (i < m->n && now - m->listed[i] < 1000) {
		m->f[i] = *f;
		return;
	}
	if (i < m->n)
		map_remove(m, i);
	m->listed[m->n] = now;
	m->f[m->n++] = *f;
}

static bool
touch_both(struct flow_table *t, struct map *m, const struct flow_key *k,
    uint32_t peer, uint64_t now)
{
	unsigned i = map_at(m, k);
	struct flow f = {.key = *k}, *got;
	uint64_t evicted = 0, want = 0;

	if (i < m->n) {
		f = m->f[i];
	} else if (m->n == m->max) {
		map_remove(m, 0);
		i = m->n;
		want = 1;
	}
	f.idle_ms = f.packets == 0 || f.peer != peer
	    ? FLOW_NEW
	    : (uint32_t)(now - f.last_ms);
	f.peer = peer;
	f.last_ms = now;
	f.packets++;
	got = flow_touch(t, k, peer, now, &evicted);
	f.hash = got->hash;
	map_put(m, i, &f, now);
	got->packets++;
	return evicted == want && got->packets == f.packets &&
	    got->peer == peer && got->last_ms == now;
}

static bool
expire_both(struct flow_table *t, struct map *m, uint64_t now, uint64_t idle)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < m->n;) {
		if (now - m->f[i].last_ms < idle) {
			i++;
			continue;
		}
		map_remove(m, i);
		n++;
	}
	return flow_expire(t, now, idle) == n;
}

static void
drop_both(struct flow_table *t, struct map *m, uint32_t peer)
{
	flow_drop_peer(t, peer);
	for (unsigned i = 0; i < m->n;)
		if (m->f[i].peer == peer)
			map_remove(m, i);
		else
			i++;
}

static bool
same(struct flow_table *t, const struct map *m, const struct flow_key *k)
{
	uint32_t peers = 0;
	const struct flow *f = flow_find(t, k);
	unsigned i = map_at(m, k);

	if ((f == NULL) != (i == m->n) || flow_count(t) != m->n)
		return false;
	if (f != NULL && memcmp(f, &m->f[i], sizeof(*f)) != 0)
		return false;
	for (i = 0; i < PEERS; i++) {
		uint32_t n = 0;

		for (unsigned j = 0; j < m->n; j++)
			n += m->f[j].peer == peer_no(i);
		if (flow_count_peer(t, peer_no(i)) != n)
			return false;
		peers += n;
	}
	return peers == m->n;
}

static bool
one_operation(struct flow_table *t, struct map *m, uint64_t *r, uint64_t *now)
{
	struct flow_key k = key((uint16_t)(unit_random(r) % 90));
	uint32_t peer = peer_no(unit_random(r) % PEERS);
	bool ok = true;

	*now += unit_random(r) % 20;
	switch (unit_random(r) % 64) {
	case 0:
		ok = expire_both(t, m, *now, unit_random(r) % 3000);
		break;
	case 1:
		drop_both(t, m, peer);
		break;
	default:
		if (unit_random(r) % 3)
			ok = touch_both(t, m, &k, peer, *now);
		break;
	}
	return ok && same(t, m, &k);
}

START_TEST(a_map_agrees_after_every_operation)
{
	uint64_t r = unit_seed(), now = 0;

	for (unsigned max = 1; max <= MAP_MAX; max += 59) {
		struct flow_table *t = flow_new(max, hash_key);
		struct map m = {.max = max};

		for (int i = 0; i < OPERATIONS / 2; i++)
			ck_assert_msg(one_operation(t, &m, &r, &now),
			    "SEED=%llu operation %d",
			    (unsigned long long)unit_seed(), i);
		flow_free(t);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_flow_is_made_once_and_found_again,
	    a_full_table_forgets_the_least_recently_used,
	    idle_flows_expire_and_no_others,
	    flows_are_counted_for_each_peer,
	    a_peer_takes_its_flows_with_it,
	    a_table_of_one_works,
	    a_size_out_of_range_is_refused,
	    the_key_is_the_connection,
	    all_fragments_of_a_datagram_are_one_flow,
	    a_map_agrees_after_every_operation,
	};

	return UNIT_RUN("flow", tests);
}
