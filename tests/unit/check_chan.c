/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_chan.c */
/*
 * Channels: the engine on one end, keyd or a forger on the other.  A forger
 * writes records by hand, so that every offence can be committed.
 */
#include "chan.h"
#include "chan_sides.h"
#include "fds.h"
#include "unit.h"

/* ---- greeting ---- */

START_TEST(a_good_hello_makes_the_channel_ready_once)
{
	forge(ROLE_KEY);
	hello(MSG_VERSION, ROLE_KEY, GEN);
	ck_assert_int_eq(chan_in(engine.c), 0);
	ck_assert_int_eq(chan_state(engine.c), CHAN_S_READY);
	ck_assert_uint_eq(engine.ready, 1);
	hello(MSG_VERSION, ROLE_KEY, GEN);
	dies("HELLO: not now");
	ck_assert_uint_eq(engine.ready, 1);
}
END_TEST

START_TEST(our_hello_is_the_first_frame)
{
	struct ipc_frame f;
	struct msg_hello h;
	struct rbuf r;
	uint8_t buf[IPC_FRAME_MAX];

	forge(ROLE_KEY);
	ck_assert(chan_wants_out(engine.c));
	chan_send(engine.c, MSG_STAMP_ASK, 9, NULL, 0, -1);
	ck_assert(!chan_wants_out(engine.c));
	ck_assert_int_eq(ipc_recv(forger, buf, &f), IPC_OK);
	ck_assert_uint_eq(f.type, MSG_HELLO);
	rbuf_init(&r, f.body, f.len);
	ck_assert_int_eq(msg_get_hello(&r, &h), 0);
	ck_assert_uint_eq(h.version, MSG_VERSION);
	ck_assert_int_eq(h.role, ROLE_ENGINE);
	ck_assert_uint_eq(h.gen, GEN);
	ck_assert_int_eq(ipc_recv(forger, buf, &f), IPC_OK);
	ck_assert_uint_eq(f.type, MSG_STAMP_ASK);
}
END_TEST

START_TEST(another_version_is_refused)
{
	forge(ROLE_KEY);
	hello(MSG_VERSION + 1, ROLE_KEY, GEN);
	dies("HELLO: other version");
}
END_TEST

START_TEST(another_role_is_refused)
{
	forge(ROLE_KEY);
	hello(MSG_VERSION, ROLE_DISC, GEN);
	dies("HELLO: other role");
}
END_TEST

START_TEST(an_old_generation_is_refused)
{
	forge(ROLE_KEY);
	hello(MSG_VERSION, ROLE_KEY, GEN - 1);
	dies("HELLO: other generation");
}
END_TEST

START_TEST(a_hello_of_no_role_is_malformed)
{
	forge(ROLE_KEY);
	hello(MSG_VERSION, ROLE_NROLES, GEN);
	dies("HELLO: malformed");
}
END_TEST

START_TEST(everything_before_hello_is_an_offence)
{
	forge(ROLE_KEY);
	send_as(MSG_STAMP_REPLY, "123456789012", 12, -1, 0);
	dies("STAMP_REPLY: not now");
	ck_assert_uint_eq(engine.seen[MSG_STAMP_REPLY], 0);
}
END_TEST

/* ---- refusal ---- */

START_TEST(a_message_that_is_not_this_neighbours_is_an_offence)
{
	ready_forger(ROLE_KEY);
	send_as(MSG_PING, NULL, 0, -1, 0); /* the parent's */
	dies("PING: not from this peer");
}
END_TEST

START_TEST(a_message_without_a_handler_is_an_offence)
{
	ready_forger(ROLE_KEY);
	send_as(MSG_COUNTER_ROW, "12345678901", 11, -1, 0);
	dies("COUNTER_ROW: not expected here");
}
END_TEST

START_TEST(an_unknown_message_is_an_offence)
{
	ready_forger(ROLE_KEY);
	send_as(999, NULL, 0, -1, 0);
	dies("?: unknown type");
}
END_TEST

START_TEST(a_wrong_length_is_an_offence)
{
	ready_forger(ROLE_KEY);
	send_as(MSG_STAMP_REPLY, "1234567890123", 13, -1, 0);
	dies("STAMP_REPLY: bad length");
}
END_TEST

START_TEST(an_unwanted_descriptor_is_an_offence_and_closed)
{
	int fd = fds_some();
	unsigned before;

	ready_forger(ROLE_KEY);
	before = fds_open();
	send_as(MSG_STAMP_REPLY, "123456789012", 12, fd, 1);
	dies("STAMP_REPLY: fd missing or not wanted");
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

START_TEST(a_missing_descriptor_is_an_offence)
{
	ready_forger(ROLE_PARENT);
	send_as(MSG_WIRE, "\0\4\0\0\0\0\0\0\0\1\0", 11, -1, 0);
	dies("WIRE: fd missing or not wanted");
}
END_TEST

START_TEST(a_wanted_descriptor_goes_to_the_handler)
{
	int fd = fds_some();

	ready_forger(ROLE_PARENT);
	send_as(MSG_WIRE, "\0\4\0\0\0\0\0\0\0\1\0", 11, fd, 1);
	ck_assert_int_eq(chan_in(engine.c), 0);
	ck_assert_int_ne(engine.got_fd, -1);
	ck_assert_int_eq(fcntl(engine.got_fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(a_descriptor_before_hello_is_closed)
{
	int fd = fds_some();
	unsigned before;

	forge(ROLE_PARENT);
	before = fds_open();
	send_as(MSG_WIRE, "\0\4\0\0\0\0\0\0\0\1\0", 11, fd, 1);
	dies("WIRE: not now");
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

START_TEST(what_is_not_a_frame_is_an_offence)
{
	ready_forger(ROLE_KEY);
	fds_send(forger, "hello", 5, -1, 0);
	dies("not a frame");
}
END_TEST

START_TEST(the_first_reason_stays)
{
	ready_forger(ROLE_KEY);
	send_as(999, NULL, 0, -1, 0);
	send_as(MSG_PING, NULL, 0, -1, 0);
	dies("?: unknown type");
	ck_assert_int_eq(chan_in(engine.c), -1);
	ck_assert_int_eq(chan_out(engine.c), -1);
	ck_assert_str_eq(chan_why(engine.c), "?: unknown type");
}
END_TEST

/* ---- verdicts ---- */

START_TEST(a_handlers_bad_is_an_offence)
{
	ready_forger(ROLE_KEY);
	engine.verdict = CHAN_BAD;
	send_as(MSG_STAMP_REPLY, "123456789012", 12, -1, 0);
	dies("STAMP_REPLY: refused by its handler");
}
END_TEST

START_TEST(a_handlers_close_is_an_orderly_end)
{
	ready_forger(ROLE_KEY);
	engine.verdict = CHAN_CLOSE;
	send_as(MSG_STAMP_REPLY, "123456789012", 12, -1, 0);
	send_as(MSG_STAMP_REPLY, "123456789012", 12, -1, 0);
	ck_assert_int_eq(chan_in(engine.c), -1);
	ck_assert_str_eq(chan_why(engine.c), "closed");
	ck_assert_uint_eq(chan_stats(engine.c)->refused, 0);
	ck_assert_uint_eq(engine.seen[MSG_STAMP_REPLY], 1);
}
END_TEST

START_TEST(a_handler_may_answer_on_its_own_channel)
{
	both();
	keyd.send_inside = true;
	chan_send(engine.c, MSG_STAMP_ASK, 42, NULL, 0, -1);
	ck_assert_int_eq(chan_in(keyd.c), 0);
	ck_assert_int_eq(chan_in(engine.c), 0);
	ck_assert_uint_eq(engine.seen[MSG_STAMP_REPLY], 1);
	ck_assert_uint_eq(engine.last_id, 42);
}
END_TEST

START_TEST(a_handler_that_reads_its_own_channel_gets_nothing)
{
	both();
	keyd.read_inside = true;
	chan_send(engine.c, MSG_STAMP_ASK, 1, NULL, 0, -1);
	chan_send(engine.c, MSG_STAMP_ASK, 2, NULL, 0, -1);
	ck_assert_int_eq(chan_in(keyd.c), 0);
	ck_assert_uint_eq(keyd.seen[MSG_STAMP_ASK], 2);
}
END_TEST

START_TEST(at_most_a_batch_is_handled_at_once)
{
	ready_forger(ROLE_KEY);
	for (unsigned i = 0; i < CHAN_BATCH + 3; i++)
		send_as(MSG_STAMP_REPLY, "123456789012", 12, -1, 0);
	ck_assert_int_eq(chan_in(engine.c), 0);
	ck_assert_uint_eq(engine.seen[MSG_STAMP_REPLY], CHAN_BATCH);
	ck_assert_int_eq(chan_in(engine.c), 0);
	ck_assert_uint_eq(engine.seen[MSG_STAMP_REPLY], CHAN_BATCH + 3);
}
END_TEST

/* ---- the end ---- */

START_TEST(eof_is_not_an_offence)
{
	ready_forger(ROLE_KEY);
	close(forger);
	ck_assert_int_eq(chan_in(engine.c), -1);
	ck_assert(chan_eof(engine.c));
	ck_assert_uint_eq(chan_stats(engine.c)->refused, 0);
}
END_TEST

START_TEST(last_words_are_handled_before_the_end)
{
	both();
	chan_send(keyd.c, MSG_STAMP_REPLY, 5, "123456789012", 12, -1);
	chan_free(keyd.c);
	/* the send fails, but what was said before is still to be read */
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_STAMP_ASK, 6, NULL, 0, -1), -1);
	ck_assert_int_eq(chan_state(engine.c), CHAN_S_READY);
	ck_assert(!chan_wants_out(engine.c));
	ck_assert_int_eq(chan_in(engine.c), -1);
	ck_assert_uint_eq(engine.last_id, 5);
	ck_assert(chan_eof(engine.c));
}
END_TEST

START_TEST(a_dead_channel_takes_nothing_and_closes_the_descriptor)
{
	unsigned before;

	ready_forger(ROLE_KEY);
	close(forger);
	ck_assert_int_eq(chan_in(engine.c), -1);
	before = fds_open();
	ck_assert_int_eq(
	    chan_send(engine.c, MSG_WIRE, 0, "x", 1, fds_some()), -1);
	ck_assert_uint_eq(fds_open(), before);
	ck_assert_uint_eq(chan_stats(engine.c)->overflow, 1);
}
END_TEST

static void
on_notify(struct chan *c, void *ctx)
{
	(void)c;
	((struct side *)ctx)->told++;
}

START_TEST(the_owner_is_told_of_every_change)
{
	ready_forger(ROLE_KEY);
	chan_set_notify(engine.c, on_notify, &engine);
	chan_send(engine.c, MSG_STAMP_ASK, 0, NULL, 0, -1);
	ck_assert_uint_eq(engine.told, 1);
	send_as(999, NULL, 0, -1, 0);
	chan_in(engine.c);
	ck_assert_uint_eq(engine.told, 2);
}
END_TEST

/* ---- the pure part ---- */

START_TEST(judge_is_refuse_and_the_table_and_nothing_else)
{
	struct chan_conf conf = {.self = ROLE_ENGINE,
	    .peer = ROLE_PARENT,
	    .handlers = engine_table,
	    .nhandlers = 4};
	const struct chan_handler *h;

	for (unsigned type = 0; type < 300; type++) {
		struct ipc_frame f = {.type = (uint16_t)type, .fd = -1};
		const char *why = chan_judge(&conf, CHAN_S_READY, &f, &h);

		ck_assert_int_eq(why == NULL, type == MSG_PING);
		ck_assert_int_eq(h != NULL, type == MSG_PING);
		ck_assert_ptr_nonnull(chan_judge(&conf, CHAN_S_NEW, &f, &h));
		ck_assert_ptr_nonnull(chan_judge(&conf, CHAN_S_DEAD, &f, &h));
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_good_hello_makes_the_channel_ready_once,
	    our_hello_is_the_first_frame,
	    another_version_is_refused,
	    another_role_is_refused,
	    an_old_generation_is_refused,
	    a_hello_of_no_role_is_malformed,
	    everything_before_hello_is_an_offence,
	    a_message_that_is_not_this_neighbours_is_an_offence,
	    a_message_without_a_handler_is_an_offence,
	    an_unknown_message_is_an_offence,
	    a_wrong_length_is_an_offence,
	    an_unwanted_descriptor_is_an_offence_and_closed,
	    a_missing_descriptor_is_an_offence,
	    a_wanted_descriptor_goes_to_the_handler,
	    a_descriptor_before_hello_is_closed,
	    what_is_not_a_frame_is_an_offence,
	    the_first_reason_stays,
	    a_handlers_bad_is_an_offence,
	    a_handlers_close_is_an_orderly_end,
	    a_handler_may_answer_on_its_own_channel,
	    a_handler_that_reads_its_own_channel_gets_nothing,
	    at_most_a_batch_is_handled_at_once,
	    eof_is_not_an_offence,
	    last_words_are_handled_before_the_end,
	    a_dead_channel_takes_nothing_and_closes_the_descriptor,
	    the_owner_is_told_of_every_change,
	    judge_is_refuse_and_the_table_and_nothing_else,
	};

	return UNIT_RUN("chan", tests);
}
