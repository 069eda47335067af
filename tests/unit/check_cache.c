/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_cache.c */
/* The saved file: whole or not at all, the newer half, bounded. */
#include <stdlib.h>

#include "cache.h"
#include "disc_net.h"

static struct members *ms;
static uint8_t *file;

static void
start(unsigned n)
{
	struct conf_net net;
	struct bundle b;
	struct record r;
	bool fresh;

	net_conf(&net, 0);
	ms = members_new();
	members_configure(ms, T0, &net);
	for (unsigned i = 0; i < n; i++) {
		net_bundle(&b, i, 100 + i);
		members_cert(ms, T0, b.cert, b.certlen, &fresh);
		net_place(&r, i, T0 - i, "192.0.2.1");
		members_record(ms, T0, &r, &fresh);
	}
	file = calloc(2, CACHE_HALF);
}

static void
stop(void)
{
	members_free(ms);
	free(file);
}

static size_t
put(uint8_t *out, uint64_t number)
{
	struct cache c = {.number = number,
	    .place_seq = 77,
	    .nnodes = 2,
	    .crl = (const uint8_t *)"crl",
	    .crl_len = 3,
	    .bundle = (const uint8_t *)"bundle",
	    .bundle_len = 6};

	c.node[0] = (struct dht_node){{1}, net_ep("192.0.2.1", 6881)};
	c.node[1] = (struct dht_node){{2}, net_ep("2001:db8::1", 6881)};
	return cache_put(out, CACHE_HALF, &c, ms);
}

START_TEST(what_is_put_comes_back)
{
	struct cache c;
	struct cache_member m;
	unsigned n = 0;

	start(3);
	ck_assert_uint_gt(put(file, 5), 0);
	ck_assert_int_eq(cache_choose(file, 2 * CACHE_HALF, &c), 0);
	ck_assert_uint_eq(c.number, 5);
	ck_assert_uint_eq(c.place_seq, 77);
	ck_assert_uint_eq(c.nnodes, 2);
	ck_assert_uint_eq(c.node[1].ep.addr.family, 6);
	ck_assert_mem_eq(c.crl, "crl", 3);
	ck_assert_mem_eq(c.bundle, "bundle", 6);
	while (cache_next(&c, &m)) {
		ck_assert(m.has_place);
		ck_assert_uint_eq(m.place_s, T0);
		n++;
	}
	ck_assert_uint_eq(n, 3);
	stop();
}
END_TEST

START_TEST(the_member_of_use_last_stands_first)
{
	struct addr ip = net_ip(1);
	struct cache_member m;
	struct cache c;
	struct cert cert;

	start(3);
	members_by_ip(ms, T0, &ip);
	put(file, 5);
	cache_choose(file, CACHE_HALF, &c);
	ck_assert(cache_next(&c, &m));
	ck_assert_int_eq(cert_get(m.cert, m.certlen, &cert), CERT_OK);
	ck_assert_str_eq(cert.name, "n1");
	stop();
}
END_TEST

START_TEST(the_newer_half_counts_and_the_older_one_if_that_is_broken)
{
	struct cache c;

	start(1);
	put(file, 8);
	put(file + CACHE_HALF, 9);
	ck_assert_int_eq(cache_choose(file, 2 * CACHE_HALF, &c), 1);
	file[CACHE_HALF + 100] ^= 1; /* died while it was written */
	ck_assert_int_eq(cache_choose(file, 2 * CACHE_HALF, &c), 0);
	ck_assert_uint_eq(c.number, 8);
	file[100] ^= 1;
	ck_assert_int_eq(cache_choose(file, 2 * CACHE_HALF, &c), -1);
	stop();
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	struct cache c;
	size_t len;

	start(1);
	len = put(file, 5);
	for (size_t i = 0; i < len; i++) {
		uint8_t *cut = malloc(i + 1);

		memcpy(cut, file, i);
		ck_assert_int_eq(cache_get(cut, i, &c), -1);
		free(cut);
	}
	stop();
}
END_TEST

START_TEST(every_flipped_octet_is_noticed)
{
	struct cache c;
	size_t len;

	start(1);
	len = put(file, 5);
	for (size_t i = 0; i < len; i++) {
		file[i] ^= 0x10;
		ck_assert_int_eq(cache_get(file, len, &c), -1);
		file[i] ^= 0x10;
	}
	stop();
}
END_TEST

START_TEST(an_empty_file_is_none)
{
	struct cache c;

	start(0);
	ck_assert_int_eq(cache_choose(file, 0, &c), -1);
	ck_assert_int_eq(cache_choose(file, 2 * CACHE_HALF, &c), -1);
	stop();
}
END_TEST

START_TEST(members_are_left_out_when_there_is_no_room)
{
	struct cache_member m;
	struct cache c = {.number = 1};
	unsigned n = 0;
	size_t len;

	start(10);
	len = cache_put(file, 2000, &c, ms);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, 2000);
	ck_assert_int_eq(cache_get(file, len, &c), 0);
	while (cache_next(&c, &m))
		n++;
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, 10);
	stop();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_put_comes_back,
	    the_member_of_use_last_stands_first,
	    the_newer_half_counts_and_the_older_one_if_that_is_broken,
	    every_truncation_is_refused,
	    every_flipped_octet_is_noticed,
	    an_empty_file_is_none,
	    members_are_left_out_when_there_is_no_room,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("cache", tests);
}
