/* SPDX-License-Identifier: ISC */
/* tlsd's HTTP, its framing and its queue (tlsd/upgrade.h, lengths.h, outq.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "lengths.h"
#include "outq.h"
#include "unit.h"
#include "upgrade.h"

#define ASK                                                                    \
	"GET /.well-known/mesh HTTP/1.1\r\nHost: a\r\n"                        \
	"Connection: keep-alive, Upgrade\r\nupgrade: MESH1\r\n\r\n"

static int
request(const char *text)
{
	size_t used;

	return upgrade_request_read(text, strlen(text), &used);
}

static int
response(const char *text)
{
	size_t used;

	return upgrade_answer_read(text, strlen(text), &used);
}

START_TEST(the_one_page_with_an_upgrade_is_granted)
{
	char out[UPGRADE_OUT_MAX];
	struct endpoint to = {.port = 443};
	size_t used, n;

	ck_assert_int_eq(addr_parse("2001:db8::1", &to.addr), 0);
	n = upgrade_request(out, &to);
	ck_assert_int_eq(upgrade_request_read(out, n, &used), 101);
	ck_assert_uint_eq(used, n);
	ck_assert_int_eq(request(ASK), 101);
	ck_assert_int_eq(
	    upgrade_request_read(ASK "xy", sizeof(ASK) + 1, &used), 101);
	ck_assert_uint_eq(used, sizeof(ASK) - 1);
}
END_TEST

START_TEST(a_head_without_its_end_is_waited_for)
{
	size_t used;

	for (size_t n = 0; n < sizeof(ASK) - 1; n++)
		ck_assert_int_eq(
		    upgrade_request_read(ASK, n, &used), UPGRADE_MORE);
}
END_TEST

START_TEST(strangers_hear_of_no_such_page)
{
	ck_assert_int_eq(request("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	ck_assert_int_eq(request("GET / HTTP/1.0\n\n"), 404);
	ck_assert_int_eq(
	    request("GET /.well-known/mesh HTTP/1.1\r\n\r\n"), 404);
	ck_assert_int_eq(request("GET /.well-known/mesh HTTP/1.1\r\n"
				 "Upgrade: mesh1\r\n\r\n"),
	    404);
	ck_assert_int_eq(request("GET /.well-known/mesh HTTP/1.1\r\n"
				 "Connection: Upgrade\r\n"
				 "Upgrade: mesh10\r\n\r\n"),
	    404);
	ck_assert_int_eq(request("POST /.well-known/mesh HTTP/1.1\r\n"
				 "Connection: Upgrade\r\n"
				 "Upgrade: mesh1\r\n\r\n"),
	    404);
}
END_TEST

START_TEST(what_is_no_http_is_a_bad_request)
{
	char much[UPGRADE_HEAD_MAX];
	size_t used;

	ck_assert_int_eq(request("\r\n\r\n"), 400);
	ck_assert_int_eq(request("hello\r\n\r\n"), 400);
	ck_assert_int_eq(request("get / HTTP/1.1\r\n\r\n"), 400);
	ck_assert_int_eq(request("GET / HTTP/2.0\r\n\r\n"), 400);
	ck_assert_int_eq(request("GET  HTTP/1.1\r\n\r\n"), 400);
	memset(much, 'x', sizeof(much));
	ck_assert_int_eq(
	    upgrade_request_read(much, sizeof(much) - 1, &used), UPGRADE_MORE);
	ck_assert_int_eq(upgrade_request_read(much, sizeof(much), &used), 400);
	ck_assert_int_eq(
	    upgrade_answer_read(much, sizeof(much), &used), UPGRADE_BAD);
}
END_TEST

START_TEST(an_answer_has_a_status)
{
	static const int all[] = {101, 404, 400};
	char out[UPGRADE_OUT_MAX];
	size_t used, n;

	for (size_t i = 0; i < 3; i++) {
		n = upgrade_answer(out, all[i]);
		ck_assert_uint_gt(n, 0);
		ck_assert_int_eq(upgrade_answer_read(out, n, &used), all[i]);
	}
	ck_assert_int_eq(response("HTTP/1.0 200 OK\r\n\r\n"), 200);
	ck_assert_int_eq(response("HTTP/1.1 200\r\n\r\n"), 200);
	ck_assert_int_eq(response("HTTP/1.1 200 OK\r\n"), UPGRADE_MORE);
	ck_assert_int_eq(response("HTTP/1.1 2000 OK\r\n\r\n"), UPGRADE_BAD);
	ck_assert_int_eq(response("HTTP/1.1 099 OK\r\n\r\n"), UPGRADE_BAD);
	ck_assert_int_eq(response("ICY 200 OK\r\n\r\n"), UPGRADE_BAD);
}
END_TEST

/* ---- framing ---- */

/* "m4 a m1": what comes out of these octets, in pieces of n */
static const char *
got(const uint8_t *data, size_t len, size_t n)
{
	static char text[256];
	size_t used = 0;
	struct lengths l;

	lengths_init(&l);
	text[0] = '\0';
	while (len > 0) {
		const uint8_t *p = data, *one;
		size_t left = n < len ? n : len, took = left, msglen;
		enum lengths_got g;

		while ((g = lengths_next(&l, &p, &left, &one, &msglen)) !=
		    LENGTHS_MORE) {
			char *end = text + used;
			size_t room = sizeof(text) - used;

			if (g == LENGTHS_MESSAGE)
				snprintf(end, room, "%u:%zu ", one[0], msglen);
			else
				snprintf(end, room, "%s ",
				    g == LENGTHS_BAD ? "bad" : "a");
			used += strlen(end);
			if (g == LENGTHS_BAD)
				return text;
		}
		data += took;
		len -= took;
	}
	return text;
}

START_TEST(messages_come_out_whatever_the_pieces)
{
	static const uint8_t data[] = {0, 4, 4, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0,
	    9, 0, 0, 0, 6, 6, 0, 0, 0, 1, 2};

	for (size_t n = 1; n <= sizeof(data); n++)
		ck_assert_str_eq(
		    got(data, sizeof(data), n), "4:4 a 1:5 a 6:6 ");
}
END_TEST

START_TEST(what_is_no_message_ends_it)
{
	static const uint8_t long_one[] = {8, 1, 4},
			     type7[] = {0, 4, 7, 0, 0, 0},
			     type0[] = {0, 4, 0, 0, 0, 0},
			     reserved[] = {0, 4, 4, 0, 1, 0},
			     small[] = {0, 3, 4, 0, 0};

	ck_assert_str_eq(got(long_one, sizeof(long_one), 1), "bad ");
	ck_assert_str_eq(got(type7, sizeof(type7), 9), "bad ");
	ck_assert_str_eq(got(type0, sizeof(type0), 9), "bad ");
	ck_assert_str_eq(got(reserved, sizeof(reserved), 9), "bad ");
	ck_assert_str_eq(got(small, sizeof(small), 9), "bad ");
}
END_TEST

/* ---- the queue ---- */

static struct outq q;
static uint8_t msg[TLS_MESSAGE_MAX], out[OUTQ_OCTETS];

static bool
put(uint8_t type, size_t len, uint64_t now_ms)
{
	memset(msg, 0, len);
	msg[0] = type;
	return outq_put(&q, now_ms, msg, len);
}

START_TEST(what_goes_in_comes_out_with_its_length_in_order)
{
	ck_assert_int_eq(outq_init(&q), 0);
	ck_assert(put(4, 40, 0));
	ck_assert(put(1, 148, 0));
	outq_alive(&q, 0); /* there is something anyway */
	ck_assert_uint_eq(outq_get(&q, 10, out, sizeof(out)), 42 + 150);
	ck_assert_uint_eq(out[1], 40);
	ck_assert_uint_eq(out[2], 4);
	ck_assert_uint_eq(out[42 + 1], 148);
	outq_alive(&q, 0);
	ck_assert_uint_eq(outq_get(&q, 10, out, sizeof(out)), 2);
	ck_assert(out[0] == 0 && out[1] == 0);
	outq_clear(&q);
}
END_TEST

START_TEST(old_data_is_dropped_and_nothing_else)
{
	ck_assert_int_eq(outq_init(&q), 0);
	ck_assert(put(4, 100, 0));
	ck_assert(put(1, 148, 0));
	ck_assert(put(4, 200, 50));
	ck_assert_uint_eq(
	    outq_get(&q, OUTQ_MS + 1, out, sizeof(out)), 150 + 202);
	ck_assert_uint_eq(q.dropped, 1);
	outq_clear(&q);
}
END_TEST

START_TEST(a_full_queue_drops_its_oldest_data)
{
	size_t n = 0, len;

	ck_assert_int_eq(outq_init(&q), 0);
	ck_assert(put(1, 148, 0));
	for (unsigned i = 0; i < 100; i++)
		ck_assert(put(4, 1400 + i % 7, 0));
	ck_assert(put(5, 64, 0));
	ck_assert_uint_gt(q.dropped, 50);
	ck_assert_uint_le(q.used, OUTQ_OCTETS);
	ck_assert_uint_eq(q.dropped + q.n, 102);
	len = outq_get(&q, 0, out, sizeof(out));
	ck_assert_uint_eq(out[2], 1); /* the handshake is the first still */
	for (size_t at = 0; at < len; n++) {
		size_t m = (size_t)(out[at] << 8 | out[at + 1]);

		ck_assert(lengths_fit(out + at + 2, m));
		at += 2 + m;
	}
	ck_assert_uint_eq(n + q.dropped, 102);
	outq_clear(&q);
}
END_TEST

START_TEST(without_data_a_full_queue_takes_no_more)
{
	unsigned n = 0;

	ck_assert_int_eq(outq_init(&q), 0);
	while (put(1, 148, 0))
		ck_assert_uint_lt(n++, 1000);
	ck_assert_uint_eq(q.dropped, 1);
	ck_assert(!put(7, 40, 0));
	outq_clear(&q);
}
END_TEST

START_TEST(only_whole_messages_are_given)
{
	ck_assert_int_eq(outq_init(&q), 0);
	for (unsigned round = 0; round < 200; round++) {
		ck_assert(put(4, 900, 0));
		ck_assert(put(4, 900, 0));
		ck_assert_uint_eq(outq_get(&q, 0, out, 1500), 902);
		ck_assert_uint_eq(outq_get(&q, 0, out, 901), 0);
		ck_assert_uint_eq(outq_get(&q, 0, out, 902), 902);
		ck_assert_uint_eq(out[2], 4);
	}
	outq_clear(&q);
}
END_TEST

START_TEST(a_key_that_was_kept_has_the_same_pin)
{
	struct identity a, b;
	uint8_t file[IDENTITY_FILE_MAX], none[IDENTITY_FILE_MAX];
	int n = identity_load(&a, NULL, 0, file);

	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(identity_load(&b, file, (size_t)n, none), 0);
	ck_assert_mem_eq(a.pin, b.pin, PIN_OCTETS);
	identity_clear(&b);
	/* what is no key is replaced */
	file[20] ^= 1;
	ck_assert_int_gt(identity_load(&b, file, (size_t)n / 2, none), 0);
	ck_assert_mem_ne(a.pin, b.pin, PIN_OCTETS);
	identity_clear(&b);
	identity_clear(&a);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_one_page_with_an_upgrade_is_granted,
	    a_head_without_its_end_is_waited_for,
	    strangers_hear_of_no_such_page,
	    what_is_no_http_is_a_bad_request,
	    an_answer_has_a_status,
	    messages_come_out_whatever_the_pieces,
	    what_is_no_message_ends_it,
	    what_goes_in_comes_out_with_its_length_in_order,
	    old_data_is_dropped_and_nothing_else,
	    a_full_queue_drops_its_oldest_data,
	    without_data_a_full_queue_takes_no_more,
	    only_whole_messages_are_given,
	    a_key_that_was_kept_has_the_same_pin,
	};

	return UNIT_RUN("tlsd", tests);
}
