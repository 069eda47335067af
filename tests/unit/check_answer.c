/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_answer.c */
/* The address book: whose is an address, and where is that peer? */
#include <string.h>

#include "answer.h"
#include "unit.h"

#define MANY 300

static struct book *b;

static struct endpoint
ep(const char *ip, uint16_t port)
{
	struct endpoint e = {.port = port};

	ck_assert_int_eq(addr_parse(ip, &e.addr), 0);
	return e;
}

/* A peer with one letter for a key, one prefix, and up to two places. */
static void
add(char key, const char *prefix, const char *place, const char *place2)
{
	struct prefix allowed;
	struct conf_peer p = {.nallowed = 1, .allowed = &allowed};

	memset(p.key, key, sizeof(p.key));
	ck_assert_int_eq(prefix_parse(prefix, &allowed), 0);
	if (place != NULL)
		p.endpoint[p.nendpoints++] = ep(place, 1);
	if (place2 != NULL)
		p.endpoint[p.nendpoints++] = ep(place2, 1);
	ck_assert_int_eq(book_add(b, &p), 0);
}

static void
start(void)
{
	b = book_new();
	ck_assert_ptr_nonnull(b);
	add('a', "10.0.0.0/8", "192.0.2.1", NULL);
	add('b', "10.1.0.0/16", "192.0.2.2", "192.0.2.3");
	add('c', "10.1.2.3", NULL, NULL);
	add('d', "fd00::/8", "2001:db8::1", NULL);
	ck_assert_int_eq(book_commit(b), 4);
}

/* The letter of the owner's key; '?' for nobody. */
static char
owner(const char *ip)
{
	struct msg_lookup_reply m;
	struct addr a;

	ck_assert_int_eq(addr_parse(ip, &a), 0);
	book_lookup(b, &a, &m);
	return m.status == LOOKUP_FOUND ? (char)m.key[31] : '?';
}

static struct msg_lookup_reply
lookup(const char *ip)
{
	struct msg_lookup_reply m;
	struct addr a;

	ck_assert_int_eq(addr_parse(ip, &a), 0);
	book_lookup(b, &a, &m);
	return m;
}

static bool
seen(char key, const char *ip, bool up)
{
	struct msg_peer_seen m = {.ep = ep(ip, 9), .up = up};

	memset(m.key, key, sizeof(m.key));
	return book_seen(b, &m);
}

START_TEST(the_longest_prefix_decides)
{
	start();
	ck_assert_int_eq(owner("10.9.9.9"), 'a');
	ck_assert_int_eq(owner("10.1.9.9"), 'b');
	ck_assert_int_eq(owner("10.1.2.3"), 'c');
	ck_assert_int_eq(owner("fd12::1"), 'd');
	book_free(b);
}
END_TEST

START_TEST(nobodys_address_is_unknown)
{
	struct msg_lookup_reply m;

	start();
	m = lookup("11.0.0.1");
	ck_assert_int_eq(m.status, LOOKUP_UNKNOWN);
	ck_assert_uint_eq(m.n, 0);
	ck_assert_uint_eq(m.key[0], 0);
	ck_assert_int_eq(owner("fe80::1"), '?');
	book_free(b);
}
END_TEST

START_TEST(an_address_of_no_family_is_unknown)
{
	struct msg_lookup_reply m;
	struct addr none = {0};

	start();
	book_lookup(b, &none, &m);
	ck_assert_int_eq(m.status, LOOKUP_UNKNOWN);
	book_free(b);
}
END_TEST

START_TEST(a_mapped_address_is_the_ipv4_one)
{
	start();
	ck_assert_int_eq(owner("::ffff:10.1.2.3"), 'c');
	book_free(b);
}
END_TEST

START_TEST(known_without_a_place_is_found_with_none)
{
	struct msg_lookup_reply m;

	start();
	m = lookup("10.1.2.3");
	ck_assert_int_eq(m.status, LOOKUP_FOUND);
	ck_assert_uint_eq(m.n, 0);
	book_free(b);
}
END_TEST

START_TEST(configured_places_keep_their_order)
{
	struct msg_lookup_reply m;
	struct endpoint first, second;

	start();
	m = lookup("10.1.0.1");
	first = ep("192.0.2.2", 1);
	second = ep("192.0.2.3", 1);
	ck_assert_uint_eq(m.n, 2);
	ck_assert(endpoint_eq(&m.c[0].ep, &first));
	ck_assert(endpoint_eq(&m.c[1].ep, &second));
	ck_assert_uint_eq(m.c[0].type, BOOK_PLACE_CONFIGURED);
	ck_assert_uint_gt(m.c[0].priority, m.c[1].priority);
	book_free(b);
}
END_TEST

START_TEST(where_it_was_seen_comes_first)
{
	struct msg_lookup_reply m;
	struct endpoint at = ep("198.51.100.7", 9);

	start();
	ck_assert(seen('b', "198.51.100.7", true));
	m = lookup("10.1.0.1");
	ck_assert_uint_eq(m.n, 3);
	ck_assert(endpoint_eq(&m.c[0].ep, &at));
	ck_assert_uint_eq(m.c[0].type, BOOK_PLACE_SEEN);
	book_free(b);
}
END_TEST

START_TEST(no_place_is_offered_twice)
{
	struct msg_peer_seen m = {.ep = ep("192.0.2.3", 1), .up = true};
	struct msg_lookup_reply r;

	start();
	memset(m.key, 'b', sizeof(m.key));
	ck_assert(book_seen(b, &m));
	r = lookup("10.1.0.1");
	ck_assert_uint_eq(r.n, 2);
	ck_assert(endpoint_eq(&r.c[0].ep, &m.ep));
	book_free(b);
}
END_TEST

START_TEST(a_key_that_is_not_configured_is_ignored)
{
	start();
	for (int i = 0; i < 1000; i++)
		ck_assert(!seen((char)(i % 90 + 5), "198.51.100.7", true));
	ck_assert_uint_eq(book_count(b), 4);
	book_free(b);
}
END_TEST

START_TEST(a_new_edition_replaces_the_old_at_once)
{
	start();
	add('z', "10.0.0.0/8", NULL, NULL);
	ck_assert_int_eq(owner("10.1.2.3"), 'c');
	ck_assert_int_eq(book_commit(b), 1);
	ck_assert_int_eq(owner("10.1.2.3"), 'z');
	ck_assert_int_eq(owner("fd12::1"), '?');
	book_free(b);
}
END_TEST

START_TEST(an_abandoned_edition_leaves_no_trace)
{
	start();
	add('z', "10.0.0.0/8", NULL, NULL);
	book_abandon(b);
	ck_assert_int_eq(owner("10.1.2.3"), 'c');
	ck_assert_int_eq(book_commit(b), 0);
	ck_assert_int_eq(owner("10.1.2.3"), '?');
	book_free(b);
}
END_TEST

START_TEST(what_was_seen_of_a_key_that_stays_is_kept)
{
	struct msg_lookup_reply m;
	size_t cursor = 0;

	start();
	seen('a', "198.51.100.7", true);
	seen('b', "198.51.100.8", true);
	add('b', "10.7.0.0/16", NULL, NULL);
	add('q', "10.8.0.0/16", NULL, NULL);
	ck_assert_int_eq(book_commit(b), 2);
	ck_assert_uint_eq(lookup("10.7.0.1").n, 1);
	ck_assert_uint_eq(lookup("10.8.0.1").n, 0);
	ck_assert(book_recent(b, &cursor, &m));
	ck_assert_int_eq(m.key[0], 'b');
	ck_assert(!book_recent(b, &cursor, &m));
	book_free(b);
}
END_TEST

START_TEST(recent_lists_those_that_were_up)
{
	struct msg_lookup_reply m;
	size_t cursor = 0;

	start();
	ck_assert(!book_recent(b, &cursor, &m));
	seen('d', "2001:db8::9", true);
	seen('a', "198.51.100.7", true);
	seen('a', "198.51.100.7", false);
	cursor = 0;
	ck_assert(book_recent(b, &cursor, &m));
	ck_assert_int_eq(m.key[0], 'd');
	ck_assert_uint_eq(m.n, 2);
	ck_assert(!book_recent(b, &cursor, &m));
	/* the session ended, but the place is still the best guess */
	ck_assert_uint_eq(lookup("10.9.9.9").n, 2);
	book_free(b);
}
END_TEST

START_TEST(seen_without_a_place_changes_only_whether_it_is_up)
{
	struct msg_peer_seen m = {.up = true};

	start();
	memset(m.key, 'c', sizeof(m.key));
	ck_assert(book_seen(b, &m));
	ck_assert_uint_eq(lookup("10.1.2.3").n, 0);
	book_free(b);
}
END_TEST

START_TEST(an_empty_book_knows_nobody)
{
	b = book_new();
	ck_assert_int_eq(owner("10.0.0.1"), '?');
	ck_assert(!seen('a', "192.0.2.1", true));
	ck_assert_int_eq(book_commit(b), 0);
	ck_assert_int_eq(owner("10.0.0.1"), '?');
	book_free(b);
}
END_TEST

START_TEST(more_peers_than_the_limit_are_refused)
{
	struct conf_peer p = {0};

	b = book_new();
	for (uint32_t i = 0; i < CONF_PEERS_MAX; i++) {
		memcpy(p.key, &i, sizeof(i));
		ck_assert_int_eq(book_add(b, &p), 0);
	}
	ck_assert_int_eq(book_add(b, &p), -1);
	ck_assert_int_eq(book_commit(b), CONF_PEERS_MAX);
	book_free(b);
}
END_TEST

/* The answer of a book without an index: look at every prefix. */
static int
slow_owner(const struct prefix *p, const struct addr *ip)
{
	int best = -1;

	for (int i = 0; i < MANY; i++)
		if (prefix_has(&p[i], ip) &&
		    (best == -1 || p[i].len > p[best].len))
			best = i;
	return best;
}

START_TEST(it_agrees_with_a_search_through_everything)
{
	uint64_t seed = unit_seed(), s = seed;
	struct prefix allowed[MANY];
	struct conf_peer p = {.nallowed = 1};

	b = book_new();
	for (uint32_t i = 0; i < MANY; i++) {
		allowed[i] = (struct prefix){
		    .addr = {.family = 4,
			.b = {10, (uint8_t)(unit_random(&s) % 4),
			    (uint8_t)(unit_random(&s) % 8),
			    (uint8_t)unit_random(&s)}},
		    .len = (uint8_t)(unit_random(&s) % 33)};
		prefix_mask(&allowed[i]);
		p.allowed = &allowed[i];
		memset(p.key, 0, sizeof(p.key));
		memcpy(p.key, &i, sizeof(i));
		p.key[31] = (uint8_t)unit_random(&s);
		ck_assert_int_eq(book_add(b, &p), 0);
	}
	ck_assert_int_eq(book_commit(b), MANY);
	for (int i = 0; i < 5000; i++) {
		struct addr ip = {.family = 4,
		    .b = {10, (uint8_t)(unit_random(&s) % 4),
			(uint8_t)(unit_random(&s) % 8),
			(uint8_t)unit_random(&s)}};
		struct msg_lookup_reply m;
		int want = slow_owner(allowed, &ip);
		uint32_t got;

		book_lookup(b, &ip, &m);
		memcpy(&got, m.key, sizeof(got));
		ck_assert_msg((want == -1) == (m.status == LOOKUP_UNKNOWN),
		    "SEED=%llu", (unsigned long long)seed);
		/* two with the same prefix: the first one of the file */
		ck_assert_msg(want == -1 || got == (uint32_t)want, "SEED=%llu",
		    (unsigned long long)seed);
	}
	book_free(b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_longest_prefix_decides,
	    nobodys_address_is_unknown,
	    an_address_of_no_family_is_unknown,
	    a_mapped_address_is_the_ipv4_one,
	    known_without_a_place_is_found_with_none,
	    configured_places_keep_their_order,
	    where_it_was_seen_comes_first,
	    no_place_is_offered_twice,
	    a_key_that_is_not_configured_is_ignored,
	    a_new_edition_replaces_the_old_at_once,
	    an_abandoned_edition_leaves_no_trace,
	    what_was_seen_of_a_key_that_stays_is_kept,
	    recent_lists_those_that_were_up,
	    seen_without_a_place_changes_only_whether_it_is_up,
	    an_empty_book_knows_nobody,
	    more_peers_than_the_limit_are_refused,
	    it_agrees_with_a_search_through_everything,
	};

	return UNIT_RUN("answer", tests);
}
