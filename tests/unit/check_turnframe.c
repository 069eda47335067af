/* SPDX-License-Identifier: ISC */
/* A TURN server's messages in a stream, and those to it in the queue
 * (tlsd/turnframe.h, outq.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outq.h"
#include "turnframe.h"
#include "unit.h"

/* clang-format off */
#define COOKIE 0x21, 0x12, 0xa4, 0x42
#define ID 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define STUN(type, len) 0, type, 0, len, COOKIE, ID
/* clang-format on */

/* "40:9 01:20": the first octets of what comes out, and how long they are */
static const char *
got(const uint8_t *data, size_t len, size_t piece)
{
	static char text[256];
	size_t used = 0;
	struct turnframe f;

	turnframe_init(&f);
	text[0] = '\0';
	while (len > 0) {
		const uint8_t *p = data, *one;
		size_t left = piece < len ? piece : len, took = left, n;
		enum turnframe_got g;

		while ((g = turnframe_next(&f, &p, &left, &one, &n)) !=
		    TURNFRAME_MORE) {
			char *end = text + used;
			size_t room = sizeof(text) - used;

			if (g == TURNFRAME_MESSAGE)
				snprintf(end, room, "%02x:%zu ", one[0], n);
			else
				snprintf(end, room, "%s ",
				    g == TURNFRAME_BAD ? "bad" : "long");
			used += strlen(end);
			if (g == TURNFRAME_BAD)
				return text;
		}
		ck_assert_uint_eq(left, 0);
		data += took;
		len -= took;
	}
	return text;
}

START_TEST(both_kinds_come_out_whatever_the_pieces)
{
	static const uint8_t data[] = {STUN(1, 0), 0x40, 0, 0, 5, 'h', 'e', 'l',
	    'l', 'o', 0, 0, 0, 0x4f, 0xff, 0, 0, STUN(0x17, 4), 1, 2, 3, 4,
	    0x41, 0, 0, 4, 1, 2, 3, 4, STUN(3, 0)};

	for (size_t n = 1; n <= sizeof(data); n++)
		ck_assert_str_eq(got(data, sizeof(data), n),
		    "00:20 40:9 4f:4 00:24 41:8 00:20 ");
}
END_TEST

START_TEST(a_message_waits_for_its_padding)
{
	static const uint8_t data[] = {0x40, 0, 0, 1, 'x', 0, 0, 0};

	for (size_t n = 0; n < sizeof(data); n++)
		ck_assert_str_eq(got(data, n, 100), "");
	ck_assert_str_eq(got(data, sizeof(data), 100), "40:5 ");
}
END_TEST

START_TEST(what_is_neither_ends_it)
{
	static const uint8_t kind[] = {0x50, 0, 0, 0}, ssh[] = "SSH-2.0-other",
			     odd[] = {0, 1, 0, 3},
			     alien[] = {0, 1, 0, 0, 1, 2, 3, 4, ID};

	ck_assert_str_eq(got(kind, sizeof(kind), 1), "bad ");
	ck_assert_str_eq(got(ssh, sizeof(ssh), 9), "bad ");
	ck_assert_str_eq(got(odd, sizeof(odd), 9), "bad ");
	ck_assert_str_eq(got(alien, sizeof(alien), 9), "bad ");
}
END_TEST

START_TEST(one_that_is_too_long_is_passed_over)
{
	static const uint8_t next[] = {STUN(1, 0)};
	static uint8_t data[TURNFRAME_HEAD + 65535 + 1 + sizeof(next)];

	memcpy(data, "\x40\x00\xff\xff", TURNFRAME_HEAD);
	memcpy(data + TURNFRAME_HEAD + 65536, next, sizeof(next));
	for (size_t n = 1; n < 100000; n = n * 3 + 1)
		ck_assert_str_eq(got(data, sizeof(data), n), "long 00:20 ");
	/* the longest that is none */
	data[2] = (TLS_MESSAGE_MAX - TURNFRAME_HEAD) >> 8;
	data[3] = (TLS_MESSAGE_MAX - TURNFRAME_HEAD) & 0xff;
	ck_assert_str_eq(got(data, TLS_MESSAGE_MAX, 100), "40:2048 ");
	data[3]++;
	ck_assert_str_eq(got(data, TLS_MESSAGE_MAX, 100), "long ");
}
END_TEST

/* ---- the queue ---- */

static struct outq q;
static uint8_t msg[TLS_MESSAGE_MAX], out[OUTQ_OCTETS];

static void
begin(void)
{
	ck_assert_int_eq(outq_init(&q), 0);
	q.turn = true;
}

/* A datagram of that type in a channel. */
static bool
channel(uint8_t type, size_t len, uint64_t now_ms)
{
	memset(msg, 0xee, sizeof(msg));
	msg[0] = 0x40;
	msg[1] = 1;
	msg[2] = (uint8_t)(len >> 8);
	msg[3] = (uint8_t)len;
	msg[4] = type;
	return outq_put(&q, now_ms, msg, TURNFRAME_HEAD + len);
}

START_TEST(messages_go_as_they_are_and_padded)
{
	static const uint8_t ask[] = {STUN(3, 0)};

	begin();
	ck_assert(outq_put(&q, 0, ask, sizeof(ask)));
	ck_assert(channel(1, 149, 0));
	ck_assert(channel(4, 32, 0));
	outq_alive(&q, 0);
	ck_assert_uint_eq(
	    outq_get(&q, 0, out, sizeof(out)), 20 + 4 + 152 + 4 + 32);
	ck_assert_mem_eq(out, ask, sizeof(ask));
	ck_assert_mem_eq(out + 20, "\x40\x01\x00\x95\x01", 5);
	ck_assert_mem_eq(out + 20 + 4 + 149, "\0\0\0\x40\x01", 5);
	outq_alive(&q, 0);
	ck_assert_uint_eq(outq_get(&q, 0, out, sizeof(out)), 0);
	outq_clear(&q);
}
END_TEST

START_TEST(old_packets_are_dropped_and_what_is_asked_is_not)
{
	static const uint8_t ask[] = {STUN(3, 0)},
			     said[] = {STUN(0x16, 4), 0, 0x13, 0, 0};

	begin();
	ck_assert(channel(4, 32, 0));
	ck_assert(outq_put(&q, 0, ask, sizeof(ask)));
	ck_assert(outq_put(&q, 0, said, sizeof(said)));
	ck_assert(channel(1, 148, 0));
	ck_assert_uint_eq(
	    outq_get(&q, OUTQ_MS + 1, out, sizeof(out)), 20 + 152);
	ck_assert_uint_eq(q.dropped, 2);
	outq_clear(&q);
}
END_TEST

START_TEST(what_is_no_message_does_not_go)
{
	static const uint8_t ask[] = {STUN(3, 0)};

	begin();
	ck_assert(!outq_put(&q, 0, ask, sizeof(ask) - 1));
	ck_assert(!outq_put(&q, 0, (const uint8_t *)"\x04\0\0\0\0", 5));
	ck_assert(!outq_put(&q, 0, (const uint8_t *)"\x40\0\0\2x", 5));
	ck_assert_uint_eq(q.n, 0);
	ck_assert_uint_eq(q.dropped, 3);
	outq_clear(&q);
}
END_TEST

START_TEST(a_full_queue_drops_its_oldest_packets)
{
	begin();
	for (unsigned i = 0; i < 100; i++)
		ck_assert(channel(4, 1400 + i % 7, 0));
	ck_assert_uint_gt(q.dropped, 50);
	ck_assert_uint_le(q.used, OUTQ_OCTETS);
	ck_assert_uint_eq(q.dropped + q.n, 100);
	outq_clear(&q);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    both_kinds_come_out_whatever_the_pieces,
	    a_message_waits_for_its_padding,
	    what_is_neither_ends_it,
	    one_that_is_too_long_is_passed_over,
	    messages_go_as_they_are_and_padded,
	    old_packets_are_dropped_and_what_is_asked_is_not,
	    what_is_no_message_does_not_go,
	    a_full_queue_drops_its_oldest_packets,
	};

	return UNIT_RUN("turnframe", tests);
}
