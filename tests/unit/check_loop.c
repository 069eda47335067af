/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_loop.c */
/* The event loop: descriptors, timers, turns, signals, channels. */
#include <signal.h>

#include "chan.h"
#include "fds.h"
#include "loop.h"
#include "unit.h"

struct world {
	struct loop *l;
	struct loop_io *io;
	struct loop_timer *t, *t2;
	struct loop_chan *a, *b;
	struct chan *ca, *cb;
	unsigned reads, writes, fired, turns, signals, dead, handled;
	bool in_handler, dead_in_handler, stop_when_dead, break_other;
};

static struct world w;
static int sv[2];

static void
start(void)
{
	w = (struct world){0};
	w.l = loop_new();
	ck_assert_ptr_nonnull(w.l);
	ck_assert_int_eq(ipc_pair(sv), 0);
}

static void
on_io_stop(int fd, int events, void *ctx)
{
	char c;

	(void)ctx;
	if (events & LOOP_READ) {
		w.reads++;
		ck_assert_int_eq(read(fd, &c, 1), 1);
	}
	if (events & LOOP_WRITE)
		w.writes++;
	loop_stop(w.l);
}

static void
on_timer_stop(void *ctx)
{
	w.fired++;
	loop_stop(ctx);
}

START_TEST(a_readable_descriptor_calls_back)
{
	start();
	w.io = loop_io_new(w.l, sv[0], LOOP_READ, on_io_stop, NULL);
	ck_assert_int_eq(write(sv[1], "xy", 1), 1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.reads, 1);
	ck_assert_uint_eq(w.writes, 0);
	loop_io_free(w.io);
	loop_free(w.l);
}
END_TEST

START_TEST(level_triggered_means_called_until_read)
{
	start();
	w.io = loop_io_new(w.l, sv[0], LOOP_READ, on_io_stop, NULL);
	ck_assert_int_eq(write(sv[1], "x", 1), 1);
	ck_assert_int_eq(write(sv[1], "y", 1), 1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.reads, 2);
}
END_TEST

START_TEST(events_can_be_changed_and_paused)
{
	start();
	w.io = loop_io_new(w.l, sv[0], LOOP_READ, on_io_stop, NULL);
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
	ck_assert_int_eq(write(sv[1], "x", 1), 1);
	loop_io_set(w.io, 0);
	loop_timer_in(w.t, 1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.reads, 0);
	ck_assert_uint_eq(w.fired, 1);
	loop_io_set(w.io, LOOP_WRITE);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.writes, 1);
	ck_assert_uint_eq(w.reads, 0);
	loop_io_set(w.io, LOOP_READ | LOOP_WRITE);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.reads, 1);
}
END_TEST

static void
on_io_free(int fd, int events, void *ctx)
{
	(void)fd;
	(void)events;
	(void)ctx;
	w.reads++;
	loop_io_free(w.io);
	loop_timer_in(w.t, 1);
}

START_TEST(a_callback_may_free_its_own_descriptor)
{
	start();
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
	w.io = loop_io_new(w.l, sv[0], LOOP_READ, on_io_free, NULL);
	ck_assert_int_eq(write(sv[1], "x", 1), 1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.reads, 1);
}
END_TEST

START_TEST(timers_fire_in_order_and_once)
{
	start();
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
	w.t2 = loop_timer_new(w.l, on_timer_stop, w.l);
	loop_timer_in(w.t, 60000);
	loop_timer_in(w.t2, 1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.fired, 1);
	loop_timer_in(w.t, 0); /* armed again: earlier now */
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.fired, 2);
	/* nothing is armed any more */
	ck_assert_int_eq(loop_run(w.l), -1);
}
END_TEST

START_TEST(a_stopped_timer_does_not_fire)
{
	start();
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
	w.t2 = loop_timer_new(w.l, on_timer_stop, w.l);
	loop_timer_in(w.t, 0);
	loop_timer_stop(w.t);
	loop_timer_stop(w.t);
	loop_timer_in(w.t2, 1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.fired, 1);
	loop_timer_in(w.t, UINT64_MAX); /* far away, not wrapped to now */
	loop_timer_in(w.t2, 5);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.fired, 2);
	loop_timer_free(w.t);
	loop_timer_free(w.t2);
	loop_timer_free(NULL);
	loop_free(w.l);
}
END_TEST

START_TEST(nothing_to_wait_for_is_an_error_not_a_spin)
{
	start();
	ck_assert_int_eq(loop_run(w.l), -1);
}
END_TEST

START_TEST(a_stop_before_the_run_is_honoured)
{
	start();
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
	loop_timer_in(w.t, 60000);
	loop_stop(w.l);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.fired, 0);
}
END_TEST

static void
on_turn(void *ctx)
{
	ck_assert_ptr_eq(ctx, &w);
	w.turns++;
	if (w.turns == 1)
		ck_assert_uint_eq(w.fired, 2);
}

static void
on_turn_count(void *ctx)
{
	(void)ctx;
	w.turns++;
}

START_TEST(after_turn_is_called_once_for_all_callbacks_of_a_turn)
{
	start();
	loop_after_turn(w.l, on_turn, &w);
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
	w.t2 = loop_timer_new(w.l, on_timer_stop, w.l);
	loop_timer_in(w.t, 0);
	loop_timer_in(w.t2, 0);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.turns, 1);
}
END_TEST

static void
on_sig(int sig, void *ctx)
{
	ck_assert_int_eq(sig, SIGUSR1);
	w.signals++;
	loop_stop(ctx);
}

START_TEST(a_signal_arrives_in_the_loop)
{
	start();
	ck_assert_int_eq(loop_signal(w.l, SIGUSR1, on_sig, w.l), 0);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	ck_assert_uint_eq(w.signals, 0);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.signals, 1);
	loop_free(w.l);
}
END_TEST

/* ---- channels ---- */

static enum chan_verdict
on_frame(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	(void)ctx;
	(void)f;
	w.in_handler = true;
	w.handled++;
	if (c == w.cb)
		chan_send(c, MSG_STAMP_REPLY, 0, "123456789012", 12, -1);
	if (c == w.cb && w.break_other) {
		fds_send(sv[1], "garbage", 7, -1, 0);
		ck_assert_int_eq(chan_in(w.ca), -1);
	}
	w.in_handler = false;
	return CHAN_OK;
}

static void
on_dead(struct chan *c, void *ctx)
{
	struct loop_chan **slot = ctx;

	ck_assert_ptr_eq(c, slot == &w.a ? w.ca : w.cb);
	w.dead++;
	w.dead_in_handler |= w.in_handler;
	loop_chan_free(*slot);
	*slot = NULL;
	if (w.dead == 2 || w.stop_when_dead)
		loop_stop(w.l);
}

static const struct chan_handler engine_table[] = {{MSG_STAMP_REPLY, on_frame}};
static const struct chan_handler keyd_table[] = {{MSG_STAMP_ASK, on_frame}};

static void
channels(void)
{
	struct chan_conf a = {.self = ROLE_ENGINE,
	    .peer = ROLE_KEY,
	    .handlers = engine_table,
	    .nhandlers = 1};
	struct chan_conf b = {.self = ROLE_KEY,
	    .peer = ROLE_ENGINE,
	    .handlers = keyd_table,
	    .nhandlers = 1};

	start();
	w.ca = chan_new(sv[0], &a);
	w.cb = chan_new(sv[1], &b);
	w.a = loop_chan_new(w.l, w.ca, on_dead, &w.a);
	w.b = loop_chan_new(w.l, w.cb, on_dead, &w.b);
	w.t = loop_timer_new(w.l, on_timer_stop, w.l);
}

static void
run_for(uint64_t ms)
{
	loop_timer_in(w.t, ms);
	ck_assert_int_eq(loop_run(w.l), 0);
}

START_TEST(two_channels_greet_and_talk_in_one_loop)
{
	channels();
	chan_send(w.ca, MSG_STAMP_ASK, 0, NULL, 0, -1);
	run_for(20);
	ck_assert_int_eq(chan_state(w.ca), CHAN_S_READY);
	ck_assert_int_eq(chan_state(w.cb), CHAN_S_READY);
	ck_assert_uint_eq(w.handled, 2);
	ck_assert_uint_eq(w.dead, 0);
	loop_chan_free(w.a);
	loop_chan_free(w.b);
	loop_timer_free(w.t);
	loop_free(w.l);
}
END_TEST

START_TEST(the_loop_sleeps_when_nothing_waits_to_be_sent)
{
	channels();
	run_for(5);
	loop_after_turn(w.l, on_turn_count, NULL);
	run_for(50);
	ck_assert_uint_le(w.turns, 3); /* a spin would be thousands */
}
END_TEST

START_TEST(a_queue_longer_than_the_socket_is_written_by_and_by)
{
	unsigned sent = 0;

	channels();
	run_for(5);
	while (chan_send(w.ca, MSG_STAMP_ASK, 0, NULL, 0, -1) == 0)
		sent++;
	ck_assert(chan_wants_out(w.ca));
	run_for(50);
	ck_assert(!chan_wants_out(w.ca));
	ck_assert_uint_ge(w.handled, sent);
}
END_TEST

START_TEST(an_offence_is_reported_once_from_the_loop)
{
	channels();
	run_for(5);
	chan_send(w.ca, MSG_PING, 0, NULL, 0, -1); /* not the engine's */
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.dead, 2); /* keyd's end by offence, ours by EOF */
	ck_assert(!w.dead_in_handler);
	ck_assert_ptr_null(w.a);
	ck_assert_ptr_null(w.b);
}
END_TEST

START_TEST(a_death_inside_another_handler_is_reported_after_it)
{
	channels();
	run_for(5);
	w.break_other = true;
	chan_send(w.ca, MSG_STAMP_ASK, 0, NULL, 0, -1);
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.dead, 2);
	ck_assert(!w.dead_in_handler);
}
END_TEST

START_TEST(a_neighbour_that_is_gone_is_reported_once)
{
	channels();
	run_for(5);
	loop_chan_free(w.b);
	w.stop_when_dead = true;
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.dead, 1);
	run_for(5);
	ck_assert_uint_eq(w.dead, 1);
}
END_TEST

START_TEST(a_channel_freed_after_its_death_is_not_reported)
{
	channels();
	run_for(5);
	chan_send(w.ca, MSG_PING, 0, NULL, 0, -1);
	ck_assert_int_eq(chan_in(w.cb), -1); /* dies outside the loop */
	chan_send(w.cb, MSG_STAMP_REPLY, 0, "123456789012", 12, -1);
	loop_chan_free(w.b);
	w.stop_when_dead = true;
	ck_assert_int_eq(loop_run(w.l), 0);
	ck_assert_uint_eq(w.dead, 1); /* only a */
	ck_assert_ptr_null(w.a);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_readable_descriptor_calls_back,
	    level_triggered_means_called_until_read,
	    events_can_be_changed_and_paused,
	    a_callback_may_free_its_own_descriptor,
	    timers_fire_in_order_and_once,
	    a_stopped_timer_does_not_fire,
	    nothing_to_wait_for_is_an_error_not_a_spin,
	    a_stop_before_the_run_is_honoured,
	    after_turn_is_called_once_for_all_callbacks_of_a_turn,
	    a_signal_arrives_in_the_loop,
	    two_channels_greet_and_talk_in_one_loop,
	    the_loop_sleeps_when_nothing_waits_to_be_sent,
	    a_queue_longer_than_the_socket_is_written_by_and_by,
	    an_offence_is_reported_once_from_the_loop,
	    a_death_inside_another_handler_is_reported_after_it,
	    a_neighbour_that_is_gone_is_reported_once,
	    a_channel_freed_after_its_death_is_not_reported,
	};

	return UNIT_RUN("loop", tests);
}
