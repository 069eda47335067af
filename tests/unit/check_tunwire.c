/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_tunwire.c */
/* The engine's end of the packet socketpair, with the test at the other. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"
#include "tunwire.h"
#include "unit.h"

struct end {
	struct loop *loop;
	struct tunwire w;
	int peer;
	int records, dead, eof;
	size_t len;
	uint8_t first;
	struct loop_timer *stop;
};

static const struct vnet plain;
static uint8_t packet[PK_IP_MAX] = {0x45, 1, 2, 3};
static uint8_t container[PK_CONTAINER];

static void
on_record(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct end *e = ctx;

	(void)v;
	e->records++;
	e->len = len;
	e->first = pkt[0];
}

static void
on_dead(void *ctx, bool eof)
{
	struct end *e = ctx;

	e->dead++;
	e->eof = eof;
}

static void
on_stop(void *ctx)
{
	struct end *e = ctx;

	loop_stop(e->loop);
}

/* All that is ready, and whatever it makes ready. */
static void
turns(struct end *e, int n)
{
	while (n-- > 0) {
		loop_timer_in(e->stop, 0);
		loop_run(e->loop);
	}
}

static void
begin(struct end *e)
{
	int sv[2], small = 1;

	*e = (struct end){.loop = loop_new()};
	log_set_level(LOG_L_ERROR);
	ck_assert_int_eq(ipc_pair(sv), 0);
	/* the smallest buffer there is still takes one container */
	(void)setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	small = 2 * PK_CONTAINER;
	(void)setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	e->stop = loop_timer_new(e->loop, on_stop, e);
	ck_assert_int_eq(tunwire_init(&e->w, e->loop), 0);
	e->w.record = on_record;
	e->w.dead = on_dead;
	e->w.ctx = e;
	tunwire_set(&e->w, sv[0]);
	e->peer = sv[1];
}

static void
end(struct end *e)
{
	tunwire_clear(&e->w);
	loop_timer_free(e->stop);
	if (e->peer != -1)
		close(e->peer);
	loop_free(e->loop);
}

/* One container with n records of len octets from the other side. */
static void
say(struct end *e, int n, size_t len)
{
	struct pkout out;
	uint8_t *at;

	pkout_init(&out, container);
	while (n-- > 0) {
		at = pkout_begin(&out, len);
		ck_assert_ptr_nonnull(at);
		vnet_put(&plain, at);
		memcpy(at + PK_VNET, packet, len);
		pkout_commit(&out, len);
	}
	ck_assert_int_eq(pkout_flush(&out, e->peer), 0);
}

/* How many records one read at the other side gives, 0: nothing there. */
static int
hear(struct end *e)
{
	uint8_t *vnet, *pkt;
	struct pkin in;
	size_t len;
	int records = 0;
	ssize_t n = recv(e->peer, container, sizeof(container), MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	pkin_init(&in, container, (size_t)n);
	while (pkin_next(&in, &vnet, &pkt, &len) == 1)
		records++;
	return records;
}

START_TEST(records_of_a_turn_leave_as_one_container)
{
	struct end e;

	begin(&e);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
	ck_assert_int_eq(hear(&e), 0);
	tunwire_flush(&e.w);
	ck_assert_int_eq(hear(&e), 5);
	ck_assert_int_eq(hear(&e), 0);
	end(&e);
}
END_TEST

START_TEST(a_container_is_handed_on_record_by_record)
{
	struct end e;

	begin(&e);
	say(&e, 3, 60);
	turns(&e, 2);
	ck_assert_int_eq(e.records, 3);
	ck_assert_uint_eq(e.len, 60);
	ck_assert_uint_eq(e.first, 0x45);
	end(&e);
}
END_TEST

START_TEST(a_slow_reader_is_waited_for_and_then_the_newest_is_refused)
{
	struct end e;
	int sent = 0, heard = 0, n;

	begin(&e);
	while (tunwire_send(&e.w, &plain, packet, 60000) == 0)
		sent++;
	/* two to a container: what waits, and what the socket took */
	ck_assert_int_ge(sent, 2 * TUNWIRE_CONTAINERS);
	ck_assert_int_le(sent, 2 * TUNWIRE_CONTAINERS + 10);
	tunwire_flush(&e.w); /* the end of the turn */
	for (int i = 0; i < 100; i++) {
		while ((n = hear(&e)) != 0)
			heard += n;
		turns(&e, 1);
	}
	ck_assert_int_eq(heard, sent);
	ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 60000), 0);
	end(&e);
}
END_TEST

START_TEST(paused_it_reads_nothing)
{
	struct end e;

	begin(&e);
	say(&e, 1, 60);
	tunwire_pause(&e.w, true);
	turns(&e, 3);
	ck_assert_int_eq(e.records, 0);
	tunwire_pause(&e.w, false);
	turns(&e, 2);
	ck_assert_int_eq(e.records, 1);
	end(&e);
}
END_TEST

START_TEST(a_busy_other_side_has_its_turn_and_no_more)
{
	struct end e;

	begin(&e);
	for (int i = 0; i < 40; i++)
		say(&e, 1, 60);
	loop_timer_in(e.stop, 0);
	loop_run(e.loop);
	ck_assert_int_le(e.records, TUNWIRE_BURST);
	turns(&e, 3);
	ck_assert_int_eq(e.records, 40);
	end(&e);
}
END_TEST

START_TEST(the_other_side_going_is_told_once)
{
	struct end e;

	begin(&e);
	close(e.peer);
	e.peer = -1;
	turns(&e, 2);
	ck_assert_int_eq(e.dead, 1);
	ck_assert(e.eof);
	ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 60), -1);
	tunwire_flush(&e.w);
	end(&e);
}
END_TEST

START_TEST(lengths_that_lie_end_the_wire)
{
	struct end e;

	begin(&e);
	ck_assert_int_eq(send(e.peer, "\377\377\377\377junk", 8, 0), 8);
	turns(&e, 2);
	ck_assert_int_eq(e.dead, 1);
	ck_assert(!e.eof);
	end(&e);
}
END_TEST

START_TEST(a_new_wire_starts_empty)
{
	struct end e;
	int sv[2];

	begin(&e);
	ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
	ck_assert_int_eq(ipc_pair(sv), 0);
	tunwire_set(&e.w, sv[0]);
	close(e.peer);
	e.peer = sv[1];
	tunwire_flush(&e.w);
	ck_assert_int_eq(hear(&e), 0);
	ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
	tunwire_flush(&e.w);
	ck_assert_int_eq(hear(&e), 1);
	end(&e);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    records_of_a_turn_leave_as_one_container,
	    a_container_is_handed_on_record_by_record,
	    a_slow_reader_is_waited_for_and_then_the_newest_is_refused,
	    paused_it_reads_nothing,
	    a_busy_other_side_has_its_turn_and_no_more,
	    the_other_side_going_is_told_once,
	    lengths_that_lie_end_the_wire,
	    a_new_wire_starts_empty,
	};

	return UNIT_RUN("tunwire", tests);
}
