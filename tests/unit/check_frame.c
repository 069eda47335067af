/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_frame.c */
/* Control frames: each body there and back, and everything that is not one. */
#include <string.h>

#include "frame_stream.h"
#include "msg.h"
#include "unit.h"

static uint8_t body[FRAME_BODY_MAX], whole[FRAME_MAX + FRAME_PAD];

static void
fill(void *p, size_t len, uint64_t *dice)
{
	for (uint8_t *b = p; len > 0; len--)
		*b++ = (uint8_t)unit_random(dice);
}

START_TEST(a_frame_of_any_length_is_read_as_it_was_written)
{
	struct frame f;

	for (size_t n = 0; n <= FRAME_BODY_MAX; n++) {
		size_t len = frame_put(whole, sizeof(whole), 9, body, n);

		ck_assert_uint_eq(len, FRAME_HEAD + n);
		ck_assert_int_eq(frame_get(whole, len, &f), 0);
		ck_assert_uint_eq(f.type, 9);
		ck_assert_uint_eq(f.len, n);
		ck_assert_ptr_eq(f.body, whole + FRAME_HEAD);
	}
	ck_assert_uint_eq(
	    frame_put(whole, sizeof(whole), 9, body, FRAME_BODY_MAX + 1), 0);
	ck_assert_uint_eq(frame_put(whole, 10, 9, body, 7), 0);
}
END_TEST

START_TEST(less_than_sixteen_zeroes_may_follow_and_nothing_else)
{
	struct frame f;
	size_t len;

	memset(whole, 0, sizeof(whole));
	len = frame_put(whole, sizeof(whole), 3, "ab", 2);
	for (size_t pad = 0; pad < 40; pad++)
		ck_assert_int_eq(
		    frame_get(whole, len + pad, &f), pad < 16 ? 0 : -1);
	whole[len + 4] = 1;
	ck_assert_int_eq(frame_get(whole, len + 4, &f), 0);
	ck_assert_int_eq(frame_get(whole, len + 5, &f), -1);
	for (size_t n = 0; n < len; n++)
		ck_assert_int_eq(frame_get(whole, n, &f), -1);
	whole[0] = 0x45;
	ck_assert_int_eq(frame_get(whole, len, &f), -1);
}
END_TEST

START_TEST(a_body_longer_than_any_is_no_frame)
{
	static uint8_t big[FRAME_MAX + 100];
	struct frame f;

	frame_put(big, sizeof(big), 3, body, FRAME_BODY_MAX);
	big[2] = (FRAME_BODY_MAX + 1) >> 8;
	big[3] = (FRAME_BODY_MAX + 1) & 0xff;
	ck_assert_int_eq(frame_get(big, FRAME_MAX + 1, &f), -1);
}
END_TEST

START_TEST(a_hello_says_the_same_there_and_back)
{
	uint64_t dice = 5;
	struct hello h = {0}, back;

	fill(&h, sizeof(h), &dice);
	for (uint16_t n = 0; n <= CERT_MAX; n += 30) {
		size_t len;

		h.certlen = n;
		len = hello_put(body, &h);
		ck_assert_uint_eq(len, HELLO_MIN + (size_t)n);
		ck_assert_int_eq(hello_get(body, len, &back), 0);
		ck_assert_uint_eq(back.boot, h.boot);
		ck_assert_uint_eq(back.crl, h.crl);
		ck_assert_uint_eq(back.mtu, h.mtu);
		ck_assert_uint_eq(back.flags, h.flags);
		ck_assert_uint_eq(back.certlen, n);
		ck_assert_mem_eq(back.cert, h.cert, n);
		ck_assert_mem_eq(back.stream_key, h.stream_key, 32);
		for (size_t cut = 0; cut < len; cut += 7)
			ck_assert_int_eq(hello_get(body, cut, &back), -1);
		ck_assert_int_eq(hello_get(body, len + 1, &back), -1);
	}
	h.certlen = CERT_MAX + 1;
	ck_assert_uint_eq(hello_put(body, &h), 0);
}
END_TEST

START_TEST(a_hello_of_another_version_is_not_understood)
{
	struct hello h = {.certlen = 3}, back;
	size_t len = hello_put(body, &h);

	body[1] = 2;
	ck_assert_int_eq(hello_get(body, len, &back), -1);
	body[1] = HELLO_VERSION;
	ck_assert_int_eq(hello_get(body, len, &back), 0);
	body[13] = 1; /* the octet that is zero */
	ck_assert_int_eq(hello_get(body, len, &back), -1);
}
END_TEST

START_TEST(a_goodbye_has_a_reason_and_an_unknown_one_is_policy)
{
	enum bye_reason why;

	for (int i = 0; i < BYE_NREASONS; i++) {
		ck_assert_uint_eq(bye_put(body, (enum bye_reason)i), 2);
		ck_assert_int_eq(bye_get(body, 2, &why), 0);
		ck_assert_int_eq(why, i);
	}
	body[0] = 1;
	ck_assert_int_eq(bye_get(body, 2, &why), 0);
	ck_assert_int_eq(why, BYE_POLICY);
	ck_assert_int_eq(bye_get(body, 1, &why), -1);
	ck_assert_int_eq(bye_get(body, 3, &why), -1);
}
END_TEST

START_TEST(joining_is_asked_and_answered_there_and_back)
{
	uint64_t dice = 6;
	struct join_ask a, a2;
	static struct join_reply r, r2;

	fill(&a, sizeof(a), &dice);
	ck_assert_uint_eq(join_ask_put(body, &a), 5 + JOIN_REQUEST);
	ck_assert_int_eq(join_ask_get(body, 5 + JOIN_REQUEST, &a2), 0);
	ck_assert_uint_eq(a2.req, a.req);
	ck_assert_uint_eq(a2.part, a.part);
	ck_assert_mem_eq(a2.request, a.request, JOIN_REQUEST);
	ck_assert_int_eq(join_ask_get(body, 4 + JOIN_REQUEST, &a2), -1);

	fill(&r, sizeof(r), &dice);
	r.status = JOIN_USED;
	r.len = JOIN_PART_MAX;
	ck_assert_uint_eq(join_reply_put(body, &r), 7 + JOIN_PART_MAX);
	ck_assert_int_eq(join_reply_get(body, 7 + JOIN_PART_MAX, &r2), 0);
	ck_assert_uint_eq(r2.len, r.len);
	ck_assert_uint_eq(r2.parts, r.parts);
	ck_assert_mem_eq(r2.data, r.data, r.len);
	ck_assert_int_eq(join_reply_get(body, 8 + JOIN_PART_MAX, &r2), -1);
	ck_assert_int_eq(join_reply_get(body, 7, &r2), 0);
	ck_assert_int_eq(join_reply_get(body, 6, &r2), -1);
	body[6] = JOIN_NSTATUS;
	ck_assert_int_eq(join_reply_get(body, 7, &r2), -1);
	r.status = JOIN_NSTATUS;
	ck_assert_uint_eq(join_reply_put(body, &r), 0);
}
END_TEST

START_TEST(an_invitation_is_told_there_and_back)
{
	uint64_t dice = 7;
	struct join_invite i, back;

	fill(&i, sizeof(i), &dice);
	i.state = INVITE_CANCELLED;
	ck_assert_uint_eq(join_invite_put(body, &i), 81);
	ck_assert_int_eq(join_invite_get(body, 81, &back), 0);
	ck_assert_mem_eq(back.id, i.id, sizeof(i.id));
	ck_assert_mem_eq(back.pub, i.pub, 32);
	ck_assert_mem_eq(back.psk, i.psk, 32);
	ck_assert_uint_eq(back.expires, i.expires);
	ck_assert_uint_eq(back.state, INVITE_CANCELLED);
	ck_assert_int_eq(join_invite_get(body, 80, &back), -1);
	body[80] = INVITE_CANCELLED + 1;
	ck_assert_int_eq(join_invite_get(body, 81, &back), -1);
}
END_TEST

START_TEST(frames_of_streams_are_read_as_they_were_written)
{
	struct stream_open o = {.req = 7, .id = 3, .flags = OPEN_OWN_SOCKET},
			   o2;
	struct stream_accept a = {.req = 7, .id = 3, .status = ACCEPT_LIMIT},
			     a2;
	struct stream_close c = {.id = 3, .mine = 1, .reason = 9}, c2;
	struct stream_stats t = {.tx = 1, .rx = 2, .rx_max = 3, .queue_us = 4},
			    t2;
	uint64_t token;

	memset(o.key, 1, sizeof(o.key));
	memset(o.psk, 2, sizeof(o.psk));
	ck_assert_int_eq(
	    stream_open_get(body, stream_open_put(body, &o), &o2), 0);
	ck_assert_mem_eq(o2.psk, o.psk, 32);
	ck_assert_uint_eq(o2.id, 3);
	ck_assert_int_eq(
	    stream_accept_get(body, stream_accept_put(body, &a), &a2), 0);
	ck_assert_uint_eq(a2.status, ACCEPT_LIMIT);
	ck_assert_int_eq(
	    stream_close_get(body, stream_close_put(body, &c), &c2), 0);
	ck_assert_uint_eq(c2.reason, 9);
	ck_assert_int_eq(
	    stream_stats_get(body, stream_stats_put(body, &t), &t2), 0);
	ck_assert_uint_eq(t2.rx_max, 3);
	ck_assert_int_eq(fence_get(body, fence_put(body, 99), &token), 0);
	ck_assert_uint_eq(token, 99);
}
END_TEST

START_TEST(frames_of_streams_that_are_cut_or_too_long_are_none)
{
	struct stream_open o = {.req = 7, .n = STREAM_CANDIDATES};
	struct stream_accept a;
	uint64_t token;
	size_t n = stream_open_put(body, &o);

	ck_assert_uint_eq(n, 72 + 4 * 24);
	memset(body + n, 0, 24);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(stream_open_get(body, i, &o), -1);
	ck_assert_int_eq(stream_open_get(body, n + 1, &o), -1);
	o.n = STREAM_CANDIDATES + 1;
	ck_assert_uint_eq(stream_open_put(body, &o), 0);
	body[7] = STREAM_CANDIDATES + 1;
	ck_assert_int_eq(stream_open_get(body, n + 24, &o), -1);
	body[6] = ACCEPT_NSTATUS;
	body[7] = 0;
	ck_assert_int_eq(stream_accept_get(body, 8, &a), -1);
	ck_assert_int_eq(fence_get(body, 7, &token), -1);
	ck_assert_int_eq(fence_get(body, 9, &token), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_frame_of_any_length_is_read_as_it_was_written,
	    less_than_sixteen_zeroes_may_follow_and_nothing_else,
	    a_body_longer_than_any_is_no_frame,
	    a_hello_says_the_same_there_and_back,
	    a_hello_of_another_version_is_not_understood,
	    a_goodbye_has_a_reason_and_an_unknown_one_is_policy,
	    joining_is_asked_and_answered_there_and_back,
	    an_invitation_is_told_there_and_back,
	    frames_of_streams_are_read_as_they_were_written,
	    frames_of_streams_that_are_cut_or_too_long_are_none,
	};

	return UNIT_RUN("frame", tests);
}
