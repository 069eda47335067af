/* SPDX-License-Identifier: ISC */
/*
 * The packet channel (pkwire.h), both its ends in one thread: once with the
 * socket alone and once with a ring beside it.  With two threads and real
 * sleeping: check_pkthreads.c.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "fds.h"
#include "log.h"
#include "ring_hand.h"
#include "unit.h"
#include "wire_pair.h"

static struct pkwire t, e; /* tun role and engine */

static void
begin(bool ring)
{
	struct wire_pair p = wire_pair(ring);

	log_set_level(LOG_L_ERROR);
	ck_assert_int_eq(pkwire_init(&t, 1), 0);
	ck_assert_int_eq(pkwire_init(&e, PKWIRE_CONTAINERS), 0);
	pkwire_set(&t, PKWIRE_TUN, p.fd[0], p.mem[0]);
	pkwire_set(&e, PKWIRE_ENGINE, p.fd[1], p.mem[1]);
	ck_assert(pkwire_shared(&t) == ring);
}

static void
end(void)
{
	pkwire_clear(&t);
	pkwire_clear(&e);
}

#define BOTH_FORMS(ring) for (int ring = 0; ring < 2; ring++)

/* A record whose octets say which it is. */
static bool
put(struct pkwire *w, size_t len, unsigned mark)
{
	uint8_t *at = pkwire_begin(w, len);

	if (at == NULL)
		return false;
	memset(at, (int)mark, PK_VNET + len);
	pkwire_commit(w, len);
	return true;
}

static void
get(struct pkwire *w, size_t want, unsigned mark)
{
	uint8_t *vnet, *pkt;
	size_t len;

	ck_assert_int_eq(pkwire_next(w, &vnet, &pkt, &len), 1);
	ck_assert_uint_eq(len, want);
	ck_assert_ptr_eq(pkt, vnet + PK_VNET);
	for (size_t i = 0; i < PK_VNET + len; i++)
		ck_assert_uint_eq(vnet[i], (uint8_t)mark);
}

static int
next(struct pkwire *w)
{
	uint8_t *vnet, *pkt;
	size_t len;

	return pkwire_next(w, &vnet, &pkt, &len);
}

/* All that there is; how many. */
static unsigned
take_all(struct pkwire *w)
{
	unsigned n = 0;

	while (next(w) == 1)
		n++;
	ck_assert_int_eq(pkwire_done(w), 0);
	return n;
}

/* ---- packets ---- */

START_TEST(records_arrive_whole_and_in_order)
{
	BOTH_FORMS(ring)
	{
		begin(ring);
		for (unsigned i = 1; i < 200; i++)
			ck_assert(put(&t, i, i));
		for (unsigned i = 1; i < 200; i++)
			ck_assert(put(&e, i, i + 1));
		ck_assert_int_eq(pkwire_flush(&t), 0);
		ck_assert_int_eq(pkwire_flush(&e), 0);
		for (unsigned i = 1; i < 200; i++) {
			get(&e, i, i);
			get(&t, i, i + 1);
		}
		ck_assert_int_eq(next(&t), 0);
		ck_assert_int_eq(next(&e), 0);
		end();
	}
}
END_TEST

START_TEST(a_record_that_is_taken_back_is_not_sent)
{
	BOTH_FORMS(ring)
	{
		begin(ring);
		ck_assert_ptr_nonnull(pkwire_begin(&t, 100));
		pkwire_commit(&t, 0);
		ck_assert_int_eq(pkwire_flush(&t), 0);
		ck_assert_int_eq(next(&e), 0);
		ck_assert(!fd_ready(e.fd, POLLIN));
		end();
	}
}
END_TEST

START_TEST(the_place_of_a_record_stays_until_it_is_committed)
{
	BOTH_FORMS(ring)
	{
		begin(ring);
		for (int i = 0; i < 40; i++) {
			uint8_t *at = pkwire_begin(&e, PK_IP_MAX);

			if (at == NULL)
				break;
			ck_assert_ptr_eq(pkwire_begin(&e, 60000), at);
			ck_assert_ptr_eq(pkwire_begin(&e, 1), at);
			pkwire_commit(&e, 60000);
		}
		end();
	}
}
END_TEST

START_TEST(what_waits_is_counted)
{
	begin(false);
	ck_assert(put(&e, 100, 1));
	ck_assert(put(&e, 100, 1));
	ck_assert_uint_eq(pkwire_waiting(&e), 2);
	ck_assert_int_eq(pkwire_flush(&e), 0);
	ck_assert_uint_eq(pkwire_waiting(&e), 0);
	end();
	begin(true);
	ck_assert(put(&e, 100, 1));
	ck_assert_uint_eq(pkwire_waiting(&e), 0); /* they are there already */
	end();
}
END_TEST

/* More than the socket takes and than all containers hold. */
START_TEST(a_full_wire_refuses_and_loses_nothing)
{
	BOTH_FORMS(ring)
	{
		unsigned sent = 0, got = 0;

		begin(ring);
		while (put(&e, 60000, sent))
			sent++;
		ck_assert_uint_ge(sent, 2 * PKWIRE_CONTAINERS - 2);
		for (int turn = 0; turn < 100 && got < sent; turn++) {
			while (got < sent && next(&t) == 1)
				got++;
			ck_assert_int_eq(pkwire_done(&t), 0);
			ck_assert_int_eq(pkwire_flush(&e), 0);
		}
		ck_assert_uint_eq(got, sent);
		ck_assert_int_eq(next(&t), 0);
		ck_assert(put(&e, 60000, 0));
		end();
	}
}
END_TEST

START_TEST(who_waits_for_room_is_told_by_the_fd)
{
	BOTH_FORMS(ring)
	{
		short what = ring ? POLLIN : POLLOUT;

		begin(ring);
		while (put(&t, 60000, 1))
			;
		ck_assert(pkwire_wait_room(&t, 60000));
		ck_assert(pkwire_wants_out(&t) == !ring);
		ck_assert(!fd_ready(t.fd, what));
		(void)take_all(&e);
		ck_assert(fd_ready(t.fd, what));
		ck_assert_int_eq(pkwire_woken(&t), 0);
		ck_assert_int_eq(pkwire_flush(&t), 0);
		ck_assert(!pkwire_wants_out(&t));
		ck_assert(put(&t, 60000, 1));
		end();
	}
}
END_TEST

START_TEST(room_that_is_there_is_not_waited_for)
{
	begin(true);
	while (put(&t, 60000, 1))
		;
	(void)take_all(&e);
	ck_assert(!pkwire_wait_room(&t, 60000));
	ck_assert(put(&t, 60000, 1));
	(void)take_all(&e);
	ck_assert(!fd_ready(t.fd, POLLIN));
	end();
}
END_TEST

/* ---- sleeping ---- */

START_TEST(who_sleeps_is_woken_by_the_flush)
{
	BOTH_FORMS(ring)
	{
		begin(ring);
		ck_assert_int_eq(next(&e), 0);
		ck_assert(pkwire_sleep(&e));
		ck_assert(put(&t, 100, 1));
		ck_assert(!fd_ready(e.fd, POLLIN));
		ck_assert_int_eq(pkwire_flush(&t), 0);
		ck_assert(fd_ready(e.fd, POLLIN));
		ck_assert_int_eq(pkwire_woken(&e), 0);
		get(&e, 100, 1);
		ck_assert_int_eq(next(&e), 0);
		ck_assert(!fd_ready(e.fd, POLLIN));
		end();
	}
}
END_TEST

START_TEST(a_sleep_costs_one_bell)
{
	begin(true);
	ck_assert(pkwire_sleep(&e));
	for (int i = 0; i < 10; i++) {
		ck_assert(put(&t, 100, 1));
		ck_assert_int_eq(pkwire_flush(&t), 0);
	}
	ck_assert_int_eq(pkwire_woken(&e), 0);
	ck_assert(!fd_ready(e.fd, POLLIN));
	ck_assert_uint_eq(take_all(&e), 10);
	ck_assert(put(&t, 100, 1)); /* awake: no bell */
	ck_assert_int_eq(pkwire_flush(&t), 0);
	ck_assert(!fd_ready(e.fd, POLLIN));
	end();
}
END_TEST

START_TEST(nobody_sleeps_beside_a_record)
{
	begin(true);
	ck_assert(put(&t, 100, 1));
	ck_assert(!pkwire_sleep(&e));
	get(&e, 100, 1);
	ck_assert(pkwire_sleep(&e));
	ck_assert(!fd_ready(e.fd, POLLIN));
	end();
}
END_TEST

START_TEST(a_bell_for_nothing_does_no_harm)
{
	begin(true);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(send(e.fd, "x", 1, MSG_DONTWAIT), 1);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(pkwire_woken(&t), 0);
		ck_assert_int_eq(next(&t), 0);
	}
	ck_assert_int_eq(pkwire_woken(&t), 0);
	ck_assert(pkwire_sleep(&t));
	end();
}
END_TEST

START_TEST(bells_that_nobody_hears_do_not_end_the_wire)
{
	begin(true);
	for (int i = 0; i < 20000; i++) {
		hand_put(&t.rtx, HAND_WANTS_DATA, 1);
		ck_assert(put(&t, 10, 1));
		ck_assert_int_eq(pkwire_flush(&t), 0);
		(void)take_all(&e);
	}
	ck_assert(!fd_ready(t.fd, POLLOUT));
	ck_assert(!pkwire_wants_out(&t));
	ck_assert(fd_ready(e.fd, POLLIN));
	end();
}
END_TEST

/* ---- the end of the other side ---- */

START_TEST(the_last_records_come_before_the_end)
{
	BOTH_FORMS(ring)
	{
		begin(ring);
		ck_assert(put(&t, 100, 1)); /* which the engine never reads */
		ck_assert_int_eq(pkwire_flush(&t), 0);
		for (unsigned i = 0; i < 3; i++)
			ck_assert(put(&e, 100, i));
		ck_assert_int_eq(pkwire_flush(&e), 0);
		pkwire_set(&e, PKWIRE_ENGINE, -1, -1);
		ck_assert(fd_ready(t.fd, POLLIN));
		ck_assert_int_eq(pkwire_woken(&t), 0);
		for (unsigned i = 0; i < 3; i++)
			get(&t, 100, i);
		ck_assert_int_eq(next(&t), -1);
		ck_assert_int_eq(next(&t), -1);
		end();
	}
}
END_TEST

START_TEST(with_a_ring_the_end_is_seen_by_who_does_not_read)
{
	begin(true);
	pkwire_set(&e, PKWIRE_ENGINE, -1, -1);
	ck_assert_int_eq(pkwire_woken(&t), 0);
	ck_assert_ptr_null(pkwire_begin(&t, 10));
	ck_assert(pkwire_wait_room(&t, 10));
	ck_assert(!pkwire_sleep(&t));
	ck_assert_int_eq(pkwire_woken(&t), -1);
	end();
}
END_TEST

START_TEST(an_empty_message_is_an_end)
{
	begin(true);
	ck_assert_int_eq(send(e.fd, "", 0, 0), 0);
	ck_assert_int_eq(pkwire_woken(&t), 0);
	ck_assert_int_eq(next(&t), -1);
	end();
}
END_TEST

START_TEST(who_sends_learns_that_nobody_is_there)
{
	BOTH_FORMS(ring)
	{
		begin(ring);
		ck_assert(pkwire_sleep(&e));
		ck_assert(put(&t, 100, 1));
		pkwire_set(&e, PKWIRE_ENGINE, -1, -1);
		ck_assert_int_eq(pkwire_flush(&t), -1);
		ck_assert_uint_eq(pkwire_waiting(&t), ring ? 0 : 1);
		end();
	}
}
END_TEST

START_TEST(without_a_wire_there_is_nothing_to_do)
{
	ck_assert_int_eq(pkwire_init(&t, 1), 0);
	ck_assert_ptr_null(pkwire_begin(&t, 1));
	ck_assert_int_eq(pkwire_flush(&t), 0);
	ck_assert_int_eq(next(&t), 0);
	ck_assert_int_eq(pkwire_done(&t), 0);
	ck_assert(pkwire_sleep(&t));
	ck_assert(!pkwire_wants_out(&t));
	pkwire_clear(&t);
}
END_TEST

/* ---- lies ---- */

START_TEST(a_container_that_lies_is_believed_nothing_more)
{
	static const uint8_t lie[] = {255, 255, 0, 0, 1, 2, 3};

	begin(false);
	ck_assert_int_eq(write(e.fd, lie, sizeof(lie)), sizeof(lie));
	ck_assert(put(&e, 100, 1));
	ck_assert_int_eq(pkwire_flush(&e), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(next(&t), -2);
	ck_assert(!pkwire_sleep(&t));
	ck_assert_ptr_null(pkwire_begin(&t, 10));
	end();
}
END_TEST

START_TEST(a_container_that_is_too_long_is_a_lie)
{
	static uint8_t much[PK_CONTAINER + 1];

	begin(false);
	ck_assert_int_eq(
	    send(e.fd, much, sizeof(much), MSG_DONTWAIT), sizeof(much));
	ck_assert_int_eq(next(&t), -2);
	end();
}
END_TEST

START_TEST(a_bell_where_there_is_no_ring_is_a_lie)
{
	begin(false);
	ck_assert_int_eq(send(e.fd, "", 1, 0), 1);
	ck_assert_int_eq(pkwire_woken(&t), 0);
	ck_assert_int_eq(next(&t), -2);
	end();
}
END_TEST

START_TEST(a_container_where_there_is_a_ring_is_a_lie)
{
	begin(true);
	ck_assert_int_eq(send(e.fd, "ab", 2, 0), 2);
	ck_assert_int_eq(pkwire_woken(&t), -2);
	end();
}
END_TEST

START_TEST(a_descriptor_is_a_lie_and_does_not_stay)
{
	BOTH_FORMS(ring)
	{
		unsigned before;

		begin(ring);
		before = fds_open();
		fds_send(e.fd, "x", 1, e.fd, 3);
		ck_assert_int_eq(ring ? pkwire_woken(&t) : next(&t), -2);
		ck_assert_uint_eq(fds_open(), before);
		end();
	}
}
END_TEST

START_TEST(a_tail_that_jumps_is_believed_nothing_more)
{
	begin(true);
	ck_assert(put(&e, 100, 1));
	hand_put(&e.rtx, HAND_TAIL, 7 * (uint64_t)PKR_DATA);
	ck_assert_int_eq(next(&t), -2);
	hand_put(&e.rtx, HAND_TAIL, 128); /* the truth, too late */
	ck_assert_int_eq(next(&t), -2);
	ck_assert_ptr_null(pkwire_begin(&t, 10));
	ck_assert(!pkwire_sleep(&t));
	ck_assert_int_eq(pkwire_done(&t), 0);
	end();
}
END_TEST

START_TEST(a_head_that_jumps_is_seen_when_reading)
{
	begin(true);
	while (put(&t, 60000, 1))
		;
	hand_put(&e.rrx, HAND_HEAD, UINT64_MAX / 2);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_null(pkwire_begin(&t, 60000));
	/* not "try again now", which would be for ever */
	ck_assert(pkwire_wait_room(&t, 60000));
	ck_assert(!pkwire_sleep(&t));
	ck_assert_int_eq(next(&t), -2);
	end();
}
END_TEST

/* ---- another wire ---- */

static void
rewire(bool ring)
{
	struct wire_pair p = wire_pair(ring);

	pkwire_set(&t, PKWIRE_TUN, p.fd[0], p.mem[0]);
	pkwire_set(&e, PKWIRE_ENGINE, p.fd[1], p.mem[1]);
}

START_TEST(what_waited_goes_to_the_next_wire)
{
	BOTH_FORMS(ring)
	{
		begin(false);
		for (unsigned i = 0; i < 100; i++)
			ck_assert(put(&t, 1000, i));
		pkwire_set(&e, PKWIRE_ENGINE, -1, -1);
		ck_assert_int_eq(pkwire_flush(&t), -1);
		pkwire_set(&t, PKWIRE_TUN, -1, -1);
		ck_assert_uint_eq(pkwire_waiting(&t), 100);
		rewire(ring);
		ck_assert_int_eq(pkwire_flush(&t), 0);
		for (unsigned i = 0; i < 100; i++)
			get(&e, 1000, i);
		ck_assert_int_eq(next(&e), 0);
		ck_assert_uint_eq(pkwire_waiting(&t), 0);
		end();
	}
}
END_TEST

/* The smallest records grow most. */
START_TEST(a_container_always_fits_a_ring)
{
	unsigned n = 0;

	ck_assert_int_eq(pkwire_init(&t, 1), 0);
	ck_assert_int_eq(pkwire_init(&e, 1), 0);
	rewire(false);
	pkwire_set(&e, PKWIRE_ENGINE, -1, -1);
	while (put(&t, 1, n))
		n++;
	rewire(true);
	for (unsigned i = 0; i < n; i++)
		get(&e, 1, i);
	ck_assert_int_eq(next(&e), 0);
	end();
}
END_TEST

START_TEST(what_was_carried_over_rings_the_bell)
{
	struct wire_pair p = wire_pair(true);

	begin(false);
	ck_assert(put(&t, 100, 5));
	pkwire_set(&e, PKWIRE_ENGINE, p.fd[1], p.mem[1]);
	ck_assert(pkwire_sleep(&e));
	pkwire_set(&t, PKWIRE_TUN, p.fd[0], p.mem[0]);
	ck_assert_int_eq(pkwire_flush(&t), 0);
	ck_assert(fd_ready(e.fd, POLLIN));
	end();
}
END_TEST

START_TEST(what_is_forgotten_goes_nowhere)
{
	begin(false);
	ck_assert(put(&e, 100, 1));
	pkwire_forget(&e);
	rewire(true);
	ck_assert_int_eq(next(&t), 0);
	end();
}
END_TEST

START_TEST(a_new_wire_knows_nothing_of_the_old_one)
{
	BOTH_FORMS(ring)
	{
		begin(true);
		ck_assert(put(&e, 100, 1));
		ck_assert(pkwire_sleep(&e));
		hand_put(&e.rtx, HAND_TAIL, 8);
		ck_assert_int_eq(next(&t), -2);
		rewire(ring);
		ck_assert_int_eq(next(&t), 0);
		ck_assert_int_eq(next(&e), 0);
		ck_assert(put(&e, 100, 2));
		ck_assert(put(&t, 100, 3));
		ck_assert_int_eq(pkwire_flush(&e), 0);
		ck_assert_int_eq(pkwire_flush(&t), 0);
		get(&t, 100, 2);
		get(&e, 100, 3);
		end();
	}
}
END_TEST

START_TEST(memory_that_can_not_be_mapped_is_an_end)
{
	struct wire_pair p = wire_pair(false);

	begin(false);
	pkwire_set(&t, PKWIRE_TUN, p.fd[0], fds_some());
	ck_assert(!pkwire_shared(&t));
	ck_assert_ptr_null(pkwire_begin(&t, 10));
	ck_assert(pkwire_wait_room(&t, 10));
	ck_assert_int_eq(pkwire_flush(&t), -1);
	ck_assert(!pkwire_sleep(&t));
	ck_assert_int_eq(next(&t), -1);
	close(p.fd[1]);
	end();
}
END_TEST

START_TEST(no_descriptor_and_no_mapping_stays)
{
	unsigned before = fds_open();
	int maps = maps_of_rings();

	begin(true);
	ck_assert(maps_of_rings() == maps + 2 || maps_of_rings() == 0);
	for (int i = 0; i < 30; i++)
		rewire(i % 3 != 0);
	pkwire_set(&t, PKWIRE_TUN, -1, memory_shared(PKR_MAP));
	pkwire_set(&e, PKWIRE_ENGINE, -1, -1);
	ck_assert_uint_eq(fds_open(), before);
	ck_assert_int_eq(maps_of_rings(), maps);
	end();
}
END_TEST

START_TEST(a_wire_has_one_descriptor)
{
	unsigned before = fds_open();

	begin(true);
	ck_assert_uint_eq(fds_open(), before + 2);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    records_arrive_whole_and_in_order,
	    a_record_that_is_taken_back_is_not_sent,
	    the_place_of_a_record_stays_until_it_is_committed,
	    what_waits_is_counted,
	    a_full_wire_refuses_and_loses_nothing,
	    who_waits_for_room_is_told_by_the_fd,
	    room_that_is_there_is_not_waited_for,
	    who_sleeps_is_woken_by_the_flush,
	    a_sleep_costs_one_bell,
	    nobody_sleeps_beside_a_record,
	    a_bell_for_nothing_does_no_harm,
	    bells_that_nobody_hears_do_not_end_the_wire,
	    the_last_records_come_before_the_end,
	    with_a_ring_the_end_is_seen_by_who_does_not_read,
	    an_empty_message_is_an_end,
	    who_sends_learns_that_nobody_is_there,
	    without_a_wire_there_is_nothing_to_do,
	    a_container_that_lies_is_believed_nothing_more,
	    a_container_that_is_too_long_is_a_lie,
	    a_bell_where_there_is_no_ring_is_a_lie,
	    a_container_where_there_is_a_ring_is_a_lie,
	    a_descriptor_is_a_lie_and_does_not_stay,
	    a_tail_that_jumps_is_believed_nothing_more,
	    a_head_that_jumps_is_seen_when_reading,
	    what_waited_goes_to_the_next_wire,
	    a_container_always_fits_a_ring,
	    what_was_carried_over_rings_the_bell,
	    what_is_forgotten_goes_nowhere,
	    a_new_wire_knows_nothing_of_the_old_one,
	    memory_that_can_not_be_mapped_is_an_end,
	    no_descriptor_and_no_mapping_stays,
	    a_wire_has_one_descriptor,
	};

	return UNIT_RUN("pkwire", tests);
}
