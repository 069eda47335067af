/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_chan_queue.c */
/* What a channel does with frames that the socket does not take at once. */
#include "chan.h"
#include "chan_sides.h"
#include "fds.h"
#include "unit.h"

/* Send until the socket is full and one frame waits in the queue. */
static void
stuff(struct side *s)
{
	static uint8_t body[IPC_BODY_MAX];

	ck_assert_int_eq(chan_out(s->c), 0);
	while (!chan_wants_out(s->c))
		ck_assert_int_eq(
		    chan_send(s->c, MSG_CONF_NODE, 0, body, sizeof(body), -1),
		    0);
}

START_TEST(the_queue_is_bounded_in_frames)
{
	unsigned n = 1;

	ready_forger(ROLE_KEY);
	stuff(&engine);
	while (chan_send(engine.c, MSG_PING, 0, NULL, 0, -1) == 0)
		n++;
	ck_assert_uint_eq(n, 8);
	ck_assert_uint_eq(chan_stats(engine.c)->overflow, 1);
	ck_assert_uint_eq(chan_stats(engine.c)->queued, 8);
	ck_assert_uint_eq(chan_stats(engine.c)->queued_max, 8);
	ck_assert_uint_gt(chan_stats(engine.c)->queued_bytes, IPC_BODY_MAX);
	ck_assert_int_eq(chan_state(engine.c), CHAN_S_READY);
}
END_TEST

START_TEST(the_queue_is_bounded_in_octets)
{
	struct chan_conf conf = {.self = ROLE_ENGINE,
	    .peer = ROLE_KEY,
	    .max_frames = 1000,
	    .max_bytes = 3 * IPC_FRAME_MAX};
	static uint8_t body[IPC_BODY_MAX];
	unsigned n = 1;
	int sv[2];

	ck_assert_int_eq(ipc_pair(sv), 0);
	engine = (struct side){0};
	engine.c = chan_new(sv[0], &conf);
	stuff(&engine);
	while (
	    chan_send(engine.c, MSG_CONF_NODE, 0, body, sizeof(body), -1) == 0)
		n++;
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(chan_send(engine.c, MSG_PING, 0, NULL, 0, -1), -1);
	ck_assert_uint_eq(chan_stats(engine.c)->overflow, 2);
}
END_TEST

START_TEST(what_overflows_has_its_descriptor_closed)
{
	unsigned before;

	ready_forger(ROLE_KEY);
	stuff(&engine);
	while (chan_send(engine.c, MSG_PING, 0, NULL, 0, -1) == 0)
		;
	before = fds_open();
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_WIRE, 0, "x", 1, fds_some()), -1);
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

START_TEST(queued_descriptors_are_closed_with_the_channel)
{
	unsigned before = fds_open();

	ready_forger(ROLE_KEY);
	stuff(&engine);
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_WIRE, 0, "x", 1, fds_some()), 0);
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_WIRE, 0, "x", 1, fds_some()), 0);
	chan_free(engine.c);
	close(forger);
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

START_TEST(queued_descriptors_are_closed_when_the_channel_dies)
{
	unsigned before;

	ready_forger(ROLE_KEY);
	before = fds_open();
	stuff(&engine);
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_WIRE, 0, "x", 1, fds_some()), 0);
	send_as(999, NULL, 0, -1, 0);
	dies("?: unknown type");
	ck_assert_uint_eq(fds_open(), before);
	ck_assert(!chan_wants_out(engine.c));
}
END_TEST

START_TEST(frames_keep_their_order_through_the_queue)
{
	struct ipc_frame f;
	uint8_t buf[IPC_FRAME_MAX];
	uint32_t id = 0, want = 0;

	ready_forger(ROLE_KEY);
	while (
	    chan_send(engine.c, MSG_CONF_NODE, id, buf, IPC_BODY_MAX, -1) == 0)
		id++;
	ck_assert_int_eq(ipc_recv(forger, buf, &f), IPC_OK);
	ck_assert_uint_eq(f.type, MSG_HELLO);
	while (want < id) {
		chan_out(engine.c);
		while (ipc_recv(forger, buf, &f) == IPC_OK)
			ck_assert_uint_eq(f.id, want++);
	}
	ck_assert(!chan_wants_out(engine.c));
	ck_assert_uint_eq(chan_stats(engine.c)->out, id + 1);
}
END_TEST

START_TEST(a_sent_descriptor_is_no_longer_ours)
{
	unsigned before;

	ready_forger(ROLE_KEY);
	before = fds_open();
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_WIRE, 0, "x", 1, fds_some()), 0);
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

START_TEST(a_body_too_long_for_a_frame_is_not_sent)
{
	static uint8_t body[IPC_BODY_MAX + 1];

	ready_forger(ROLE_KEY);
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_CONF_NODE, 0, body, sizeof(body), -1), -1);
	ck_assert_int_eq(chan_state(engine.c), CHAN_S_READY);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_queue_is_bounded_in_frames,
	    the_queue_is_bounded_in_octets,
	    what_overflows_has_its_descriptor_closed,
	    queued_descriptors_are_closed_with_the_channel,
	    queued_descriptors_are_closed_when_the_channel_dies,
	    frames_keep_their_order_through_the_queue,
	    a_sent_descriptor_is_no_longer_ours,
	    a_body_too_long_for_a_frame_is_not_sent,
	};

	return UNIT_RUN("chan_queue", tests);
}
