/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_tunwire.c */
/*
 * The engine's end of the packet channel, with the test at the other: once on
 * the socket alone, once with a ring beside it.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fds.h"
#include "log.h"
#include "ring_hand.h"
#include "tunwire.h"
#include "unit.h"
#include "wire_pair.h"

struct end {
	struct loop *loop;
	struct tunwire w;
	struct pkwire peer;
	int records, bursts, closings, dead, eof;
	size_t len;
	uint8_t first;
	uint8_t *room; /* what on_closing sends from */
	struct loop_timer *stop;
};

#define BOTH_FORMS(ring) for (int ring = 0; ring < 2; ring++)

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
on_burst(void *ctx)
{
	struct end *e = ctx;

	e->bursts++;
}

/* The open super-packet, which is being put together in the wire. */
static void
on_closing(void *ctx)
{
	struct end *e = ctx;

	e->closings++;
	if (e->room == NULL)
		return;
	memset(e->room, 0x45, 1000);
	(void)tunwire_send(&e->w, &plain, e->room, 1000);
	e->room = NULL;
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
new_tun(struct end *e, bool ring)
{
	struct wire_pair p = wire_pair(ring);
	int small = 1;

	/* the smallest buffer there is still takes one container */
	(void)setsockopt(p.fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	small = 2 * PK_CONTAINER;
	(void)setsockopt(p.fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	pkwire_set(&e->peer, PKWIRE_TUN, p.fd[1], p.mem[1]);
	tunwire_set(&e->w, p.fd[0], p.mem[0]);
}

static void
no_tun(struct end *e)
{
	pkwire_set(&e->peer, PKWIRE_TUN, -1, -1);
}

static void
begin(struct end *e, bool ring)
{
	*e = (struct end){.loop = loop_new()};
	log_set_level(LOG_L_ERROR);
	e->stop = loop_timer_new(e->loop, on_stop, e);
	ck_assert_int_eq(tunwire_init(&e->w, e->loop), 0);
	ck_assert_int_eq(pkwire_init(&e->peer, 1), 0);
	e->w.record = on_record;
	e->w.burst = on_burst;
	e->w.closing = on_closing;
	e->w.dead = on_dead;
	e->w.ctx = e;
	new_tun(e, ring);
}

static void
end(struct end *e)
{
	tunwire_clear(&e->w);
	loop_timer_free(e->stop);
	pkwire_clear(&e->peer);
	loop_free(e->loop);
}

/* n records of len octets from the other side. */
static void
say(struct end *e, int n, size_t len)
{
	uint8_t *at;

	while (n-- > 0) {
		at = pkwire_begin(&e->peer, len);
		ck_assert_ptr_nonnull(at);
		vnet_put(&plain, at);
		memcpy(at + PK_VNET, packet, len);
		pkwire_commit(&e->peer, len);
	}
	ck_assert_int_eq(pkwire_flush(&e->peer), 0);
}

/* How many records there are at the other side. */
static int
hear(struct end *e)
{
	uint8_t *vnet, *pkt;
	size_t len;
	int n = 0;

	while (pkwire_next(&e->peer, &vnet, &pkt, &len) == 1) {
		ck_assert_uint_eq(pkt[0], 0x45);
		n++;
	}
	ck_assert_int_eq(pkwire_done(&e->peer), 0);
	return n;
}

/* The same of one message on the socket, 0: nothing there. */
static int
hear_container(struct end *e)
{
	uint8_t *vnet, *pkt;
	struct pkin in;
	size_t len;
	int records = 0;
	ssize_t n =
	    recv(e->peer.fd, container, sizeof(container), MSG_DONTWAIT);

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

	begin(&e, false);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
	ck_assert_int_eq(hear_container(&e), 0);
	tunwire_flush(&e.w);
	ck_assert_int_eq(hear_container(&e), 5);
	ck_assert_int_eq(hear_container(&e), 0);
	end(&e);
}
END_TEST

START_TEST(records_of_a_turn_ring_one_bell)
{
	struct end e;

	begin(&e, true);
	ck_assert(pkwire_sleep(&e.peer));
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
	ck_assert(!fd_ready(e.peer.fd, POLLIN));
	tunwire_flush(&e.w);
	ck_assert_int_eq(pkwire_woken(&e.peer), 0);
	ck_assert(!fd_ready(e.peer.fd, POLLIN));
	ck_assert_int_eq(hear(&e), 5);
	end(&e);
}
END_TEST

START_TEST(what_is_said_is_handed_on_record_by_record)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		say(&e, 3, 60);
		turns(&e, 2);
		ck_assert_int_eq(e.records, 3);
		ck_assert_uint_eq(e.len, 60);
		ck_assert_uint_eq(e.first, 0x45);
		ck_assert_int_ge(e.bursts, 1);
		end(&e);
	}
}
END_TEST

START_TEST(who_sleeps_in_the_loop_is_woken)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		turns(&e, 3);
		for (int i = 1; i < 20; i++) {
			ck_assert(!fd_ready(e.w.wire.fd, POLLIN));
			say(&e, 1, 60);
			ck_assert(fd_ready(e.w.wire.fd, POLLIN));
			turns(&e, 3);
			ck_assert_int_eq(e.records, i);
		}
		end(&e);
	}
}
END_TEST

START_TEST(a_slow_reader_is_waited_for_and_then_the_newest_is_refused)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		int sent = 0, heard = 0;

		begin(&e, ring);
		while (tunwire_send(&e.w, &plain, packet, 60000) == 0)
			sent++;
		/* two to a container: what waits, and what the socket took */
		ck_assert_int_ge(sent, 2 * PKWIRE_CONTAINERS);
		ck_assert_int_le(
		    sent, ring ? PKR_DATA / 60000 : 2 * PKWIRE_CONTAINERS + 10);
		tunwire_flush(&e.w); /* the end of the turn */
		for (int i = 0; i < 100; i++) {
			heard += hear(&e);
			turns(&e, 1);
		}
		ck_assert_int_eq(heard, sent);
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 60000), 0);
		end(&e);
	}
}
END_TEST

START_TEST(a_record_may_be_put_together_where_it_is_sent_from)
{
	struct end e;
	uint8_t *at;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		for (int i = 0; i < 30; i++) {
			at = tunwire_room(&e.w);
			ck_assert_ptr_nonnull(at);
			memset(at, 0x45, 3000);
			/* what went before it leaves, and with it its place */
			if (i % 3 == 2)
				tunwire_flush(&e.w);
			ck_assert_int_eq(
			    tunwire_send(&e.w, &plain, at, 3000), 0);
		}
		tunwire_flush(&e.w);
		ck_assert_int_eq(hear(&e), 30);
		end(&e);
	}
}
END_TEST

START_TEST(the_closing_of_a_wire_is_told_while_its_memory_is_there)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		for (int i = 0; i < 3; i++) {
			e.room = tunwire_room(&e.w);
			ck_assert_ptr_nonnull(e.room);
			new_tun(&e, (ring + i) % 2 != 0);
			ck_assert_int_eq(e.closings, i + 1);
		}
		e.room = tunwire_room(&e.w);
		no_tun(&e);
		turns(&e, 4);
		ck_assert_int_eq(e.closings, 4);
		ck_assert_int_eq(e.dead, 1);
		tunwire_set(&e.w, -1, -1);
		ck_assert_int_eq(e.closings, 4);
		end(&e);
	}
}
END_TEST

START_TEST(paused_it_reads_nothing)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		say(&e, 1, 60);
		tunwire_pause(&e.w, true);
		turns(&e, 3);
		ck_assert_int_eq(e.records, 0);
		tunwire_pause(&e.w, false);
		turns(&e, 3);
		ck_assert_int_eq(e.records, 1);
		end(&e);
	}
}
END_TEST

START_TEST(a_bell_while_paused_is_not_forgotten)
{
	struct end e;

	begin(&e, true);
	turns(&e, 3); /* asleep */
	tunwire_pause(&e.w, true);
	say(&e, 1, 60);
	turns(&e, 3);
	ck_assert(!fd_ready(e.w.wire.fd, POLLIN)); /* heard */
	ck_assert_int_eq(e.records, 0);
	say(&e, 1, 60); /* no bell for this one */
	tunwire_pause(&e.w, false);
	turns(&e, 3);
	ck_assert_int_eq(e.records, 2);
	say(&e, 1, 60);
	turns(&e, 3);
	ck_assert_int_eq(e.records, 3);
	end(&e);
}
END_TEST

START_TEST(who_waits_for_room_is_told_when_the_pause_is_over)
{
	struct end e;

	begin(&e, true);
	tunwire_pause(&e.w, true);
	turns(&e, 2);
	while (pkwire_begin(&e.peer, PK_IP_MAX) != NULL)
		pkwire_commit(&e.peer, 60000);
	ck_assert(pkwire_wait_room(&e.peer, PK_IP_MAX));
	ck_assert_int_eq(pkwire_flush(&e.peer), 0);
	turns(&e, 3);
	ck_assert(!fd_ready(e.peer.fd, POLLIN));
	tunwire_pause(&e.w, false);
	turns(&e, 3);
	ck_assert(fd_ready(e.peer.fd, POLLIN));
	ck_assert_ptr_nonnull(pkwire_begin(&e.peer, PK_IP_MAX));
	end(&e);
}
END_TEST

START_TEST(a_busy_other_side_has_its_turn_and_no_more)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		turns(&e, 2);
		for (int i = 0; i < 100; i++)
			say(&e, 1, 60);
		loop_timer_in(e.stop, 0);
		loop_run(e.loop);
		ck_assert_int_le(e.records, TUNWIRE_BURST);
		turns(&e, 5);
		ck_assert_int_eq(e.records, 100);
		end(&e);
	}
}
END_TEST

START_TEST(the_other_side_going_is_told_once)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		no_tun(&e);
		turns(&e, 4);
		ck_assert_int_eq(e.dead, 1);
		ck_assert(e.eof);
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 60), -1);
		ck_assert_ptr_null(tunwire_room(&e.w));
		tunwire_flush(&e.w);
		turns(&e, 2);
		ck_assert_int_eq(e.dead, 1);
		end(&e);
	}
}
END_TEST

START_TEST(its_last_records_are_taken_and_then_its_end)
{
	struct end e;

	BOTH_FORMS(ring)
	{
		begin(&e, ring);
		turns(&e, 2);
		say(&e, 40, 60);
		no_tun(&e);
		turns(&e, 5);
		ck_assert_int_eq(e.records, 40);
		ck_assert_int_eq(e.dead, 1);
		ck_assert(e.eof);
		end(&e);
	}
}
END_TEST

START_TEST(its_end_is_noticed_while_paused)
{
	struct end e;

	begin(&e, true);
	tunwire_pause(&e.w, true);
	no_tun(&e);
	turns(&e, 5);
	ck_assert_int_eq(e.dead, 1);
	ck_assert(e.eof);
	end(&e);
}
END_TEST

START_TEST(lengths_that_lie_end_the_wire)
{
	struct end e;

	for (int lie = 0; lie < 4; lie++) {
		begin(&e, lie > 0);
		turns(&e, 2);
		if (lie > 0)
			say(&e, 1, 60);
		if (lie == 1)
			hand_put(&e.peer.rtx, HAND_TAIL, 24);
		else if (lie == 2)
			hand_len(&e.peer.rtx, 0, 3);
		else /* in a ring's place, and instead of a bell */
			ck_assert_int_eq(
			    send(e.peer.fd, "\377\377\377\377junk", 8, 0), 8);
		turns(&e, 4);
		ck_assert_int_eq(e.dead, 1);
		ck_assert(!e.eof);
		end(&e);
	}
}
END_TEST

START_TEST(a_head_that_lies_ends_the_wire)
{
	struct end e;

	begin(&e, true);
	turns(&e, 2);
	while (tunwire_send(&e.w, &plain, packet, 60000) == 0)
		;
	hand_put(&e.peer.rrx, HAND_HEAD, UINT64_MAX / 2);
	ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 60000), -1);
	ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 60000), -1);
	ck_assert_int_eq(send(e.peer.fd, "", 1, 0), 1);
	turns(&e, 4);
	ck_assert_int_eq(e.dead, 1);
	ck_assert(!e.eof);
	end(&e);
}
END_TEST

START_TEST(bells_without_end_are_a_turn_each)
{
	struct end e;

	begin(&e, true);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(send(e.peer.fd, "", 1, 0), 1);
	say(&e, 1, 60);
	turns(&e, 60);
	ck_assert_int_eq(e.records, 1);
	ck_assert_int_eq(e.dead, 0);
	ck_assert(!fd_ready(e.w.wire.fd, POLLIN));
	end(&e);
}
END_TEST

START_TEST(a_new_wire_starts_empty)
{
	struct end e;

	for (int forms = 0; forms < 4; forms++) {
		begin(&e, (forms & 1) != 0);
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
		new_tun(&e, (forms & 2) != 0);
		tunwire_flush(&e.w);
		ck_assert_int_eq(hear(&e), 0);
		ck_assert_int_eq(tunwire_send(&e.w, &plain, packet, 100), 0);
		tunwire_flush(&e.w);
		ck_assert_int_eq(hear(&e), 1);
		say(&e, 1, 60);
		turns(&e, 3);
		ck_assert_int_eq(e.records, 1);
		end(&e);
	}
}
END_TEST

START_TEST(wires_come_and_go_and_leave_nothing_behind)
{
	struct end e;
	unsigned before;
	int maps;

	begin(&e, true);
	before = fds_open();
	maps = maps_of_rings();
	for (int i = 0; i < 20; i++) {
		if (i % 2 == 0)
			tunwire_set(&e.w, -1, -1);
		new_tun(&e, i % 3 != 0);
		turns(&e, 1);
	}
	new_tun(&e, true);
	ck_assert_uint_eq(fds_open(), before);
	ck_assert_int_eq(maps_of_rings(), maps);
	end(&e);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    records_of_a_turn_leave_as_one_container,
	    records_of_a_turn_ring_one_bell,
	    what_is_said_is_handed_on_record_by_record,
	    who_sleeps_in_the_loop_is_woken,
	    a_slow_reader_is_waited_for_and_then_the_newest_is_refused,
	    a_record_may_be_put_together_where_it_is_sent_from,
	    the_closing_of_a_wire_is_told_while_its_memory_is_there,
	    paused_it_reads_nothing,
	    a_bell_while_paused_is_not_forgotten,
	    who_waits_for_room_is_told_when_the_pause_is_over,
	    a_busy_other_side_has_its_turn_and_no_more,
	    the_other_side_going_is_told_once,
	    its_last_records_are_taken_and_then_its_end,
	    its_end_is_noticed_while_paused,
	    lengths_that_lie_end_the_wire,
	    a_head_that_lies_ends_the_wire,
	    bells_without_end_are_a_turn_each,
	    a_new_wire_starts_empty,
	    wires_come_and_go_and_leave_nothing_behind,
	};

	return UNIT_RUN("tunwire", tests);
}
