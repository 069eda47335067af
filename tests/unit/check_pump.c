/* SPDX-License-Identifier: ISC */
/*
 * The packet pump (tunnel-priv/pump.h) between two socket pairs: one stands for
 * the TUN, one leads to the engine, with a ring beside it or without.  The
 * guard is the real one.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf.h"
#include "fds.h"
#include "guard.h"
#include "log.h"
#include "pump.h"
#include "ring_hand.h"
#include "unit.h"
#include "wire_pair.h"

static struct pump pump;
static struct pkwire engine; /* the far ends */
static int tun = -1;
static uint8_t box[PK_CONTAINER];

#define BOTH_FORMS(ring) for (int ring = 0; ring < 2; ring++)

static struct guard *
guard_of_test(void)
{
	struct conf_node c = {.naddresses = 1, .nsubnets = 1};

	prefix_parse("10.77.0.1/16", &c.address[0]);
	prefix_parse("10.77.0.0/16", &c.subnet[0]);
	return guard_new(&c);
}

static void
new_engine(bool ring)
{
	struct wire_pair p = wire_pair(ring);

	pump_set_engine(&pump, p.fd[0], p.mem[0]);
	pkwire_set(&engine, PKWIRE_ENGINE, p.fd[1], p.mem[1]);
}

static void
no_engine(void)
{
	pkwire_set(&engine, PKWIRE_ENGINE, -1, -1);
}

static void
setup(bool ring)
{
	int sv[2];

	log_set_level(LOG_L_ERROR);
	ck_assert_int_eq(pump_init(&pump), 0);
	ck_assert_int_eq(pkwire_init(&engine, PKWIRE_CONTAINERS), 0);
	ck_assert_int_eq(ipc_pair(sv), 0);
	pump.tun = sv[0];
	tun = sv[1];
	new_engine(ring);
	pump.guard = guard_of_test();
	ck_assert_ptr_nonnull(pump.guard);
}

static void
teardown(void)
{
	close(pump.tun);
	close(tun);
	pkwire_clear(&engine);
	guard_free(pump.guard);
	pump_clear(&pump);
}

/* vnet_hdr and an IPv4 packet of `len` octets from 10.77.0.src to .dst */
static size_t
packet(uint8_t *out, uint8_t src, uint8_t dst, size_t len)
{
	uint8_t *ip = out + PK_VNET;

	memset(out, 0, PK_VNET + len);
	ip[0] = 0x45;
	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	ip[8] = 64;
	ip[9] = 1;
	ip[12] = ip[16] = 10;
	ip[13] = ip[17] = 77;
	ip[15] = src;
	ip[19] = dst;
	return PK_VNET + len;
}

static void
host_sends(uint8_t src, uint8_t dst, size_t len)
{
	static uint8_t rec[PK_VNET + PK_IP_MAX];
	size_t n = packet(rec, src, dst, len);

	ck_assert_int_eq(write(tun, rec, n), (ssize_t)n);
}

static void
engine_sends(uint8_t src, uint8_t dst, unsigned count)
{
	uint8_t *at;

	for (unsigned i = 0; i < count; i++) {
		at = pkwire_begin(&engine, 100);
		ck_assert_ptr_nonnull(at);
		packet(at, src, dst, 100);
		pkwire_commit(&engine, 100);
	}
	ck_assert_int_eq(pkwire_flush(&engine), 0);
}

/* How many records there are at the engine's end. */
static unsigned
engine_gets(void)
{
	uint8_t *vnet, *pkt;
	unsigned n = 0;
	size_t len;

	while (pkwire_next(&engine, &vnet, &pkt, &len) == 1)
		n++;
	ck_assert_int_eq(pkwire_done(&engine), 0);
	return n;
}

/* Records of the next container on the socket, -1: there is none. */
static int
next_container(void)
{
	ssize_t n = read(engine.fd, box, sizeof(box));
	uint8_t *vnet, *pkt;
	struct pkin in;
	size_t len;
	int records = 0;

	if (n <= 0)
		return -1;
	pkin_init(&in, box, (size_t)n);
	while (pkin_next(&in, &vnet, &pkt, &len) == 1)
		records++;
	return records;
}

/* As pumprole.c does it: what the socket says, then the packets. */
static enum pump_result
all_in(void)
{
	enum pump_result r = PUMP_IDLE;

	if (fd_ready(pump.wire.fd, POLLIN))
		r = pump_woken(&pump);
	for (int i = 0; r == PUMP_IDLE && i < 1000; i++)
		if ((r = pump_in(&pump)) == PUMP_BUSY)
			r = PUMP_IDLE;
		else
			return r;
	return r;
}

static void
books_balance(void)
{
	ck_assert_int_eq(counters_balance(&pump.counters, B_TUN_OUT), 0);
	ck_assert_int_eq(counters_balance(&pump.counters, B_TUN_IN), 0);
}

/* ---- out ---- */

START_TEST(packets_of_one_turn_travel_in_one_container)
{
	setup(false);
	for (int i = 0; i < 5; i++)
		host_sends(1, 2, 100);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(next_container(), 5);
	ck_assert_int_eq(next_container(), -1);
	ck_assert_uint_eq(pump.counters.v[TO_SENT], 5);
	books_balance();
	teardown();
}
END_TEST

START_TEST(packets_of_one_turn_ring_one_bell)
{
	setup(true);
	ck_assert(pkwire_sleep(&engine));
	for (int i = 0; i < 5; i++)
		host_sends(1, 2, 100);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(pkwire_woken(&engine), 0);
	ck_assert(!fd_ready(engine.fd, POLLIN));
	ck_assert_uint_eq(engine_gets(), 5);
	ck_assert_uint_eq(pump.counters.v[TO_SENT], 5);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_record_reaches_the_engine_as_it_was)
{
	uint8_t want[PK_VNET + 100], *vnet, *pkt;
	size_t n = packet(want, 1, 2, 100), len;

	BOTH_FORMS(ring)
	{
		setup(ring);
		ck_assert_int_eq(write(tun, want, n), (ssize_t)n);
		pump_out(&pump);
		ck_assert_int_eq(pkwire_next(&engine, &vnet, &pkt, &len), 1);
		ck_assert_uint_eq(len, 100);
		ck_assert_mem_eq(vnet, want, n);
		teardown();
	}
}
END_TEST

START_TEST(what_the_guard_refuses_is_counted_and_not_sent)
{
	BOTH_FORMS(ring)
	{
		setup(ring);
		host_sends(9, 2, 100);
		host_sends(1, 2, 100);
		ck_assert_int_eq(write(tun, "short", 5), 5);
		pump_out(&pump);
		ck_assert_uint_eq(engine_gets(), 1);
		ck_assert_uint_eq(pump.counters.v[TO_SOURCE], 1);
		ck_assert_uint_eq(pump.counters.v[TO_MALFORMED], 1);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(what_the_guard_refuses_is_never_in_the_ring)
{
	setup(true);
	host_sends(9, 2, 100);
	pump_out(&pump);
	for (size_t i = 0; i < 4096; i++)
		ck_assert_uint_eq(pump.wire.rtx.data[i], 0);
	teardown();
}
END_TEST

/* Judged is the head; the rest is where the engine could see it. */
START_TEST(what_is_long_and_refused_does_not_stay_in_the_ring)
{
	uint8_t rec[PK_VNET + 3000];
	size_t n = packet(rec, 9, 2, 3000);

	setup(true);
	memset(rec + PK_VNET + 20, 0xaa, 3000 - 20);
	ck_assert_int_eq(write(tun, rec, n), (ssize_t)n);
	pump_out(&pump);
	ck_assert_uint_eq(pump.counters.v[TO_SOURCE], 1);
	for (size_t i = 0; i < 8192; i++)
		ck_assert_uint_eq(pump.wire.rtx.data[i], 0);
	teardown();
}
END_TEST

START_TEST(packets_of_every_length_pass_whole_both_ways)
{
	static uint8_t rec[PK_VNET + PK_IP_MAX], got[sizeof(rec)];
	static const size_t lens[] = {
	    20, 21, 501, 502, 503, 511, 512, 513, 522, 523, 1500, 60000};
	int big = PK_SOCKBUF;

	BOTH_FORMS(ring)
	{
		setup(ring);
		setsockopt(tun, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
		setsockopt(pump.tun, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
		for (unsigned i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
			size_t n = packet(rec, 1, 2, lens[i]), len;
			uint8_t *vnet, *pkt;

			for (size_t k = PK_VNET + 20; k < n; k++)
				rec[k] = (uint8_t)(k * 7 + i);
			ck_assert_int_eq(write(tun, rec, n), (ssize_t)n);
			pump_out(&pump);
			ck_assert_int_eq(
			    pkwire_next(&engine, &vnet, &pkt, &len), 1);
			ck_assert_uint_eq(len, lens[i]);
			ck_assert_mem_eq(vnet, rec, n);
			ck_assert_int_eq(pkwire_done(&engine), 0);
			/* and back */
			rec[PK_VNET + 15] = 2;
			rec[PK_VNET + 19] = 1;
			vnet = pkwire_begin(&engine, lens[i]);
			memcpy(vnet, rec, n);
			pkwire_commit(&engine, lens[i]);
			ck_assert_int_eq(pkwire_flush(&engine), 0);
			ck_assert_int_eq(all_in(), PUMP_IDLE);
			ck_assert_int_eq(
			    read(tun, got, sizeof(got)), (ssize_t)n);
			ck_assert_mem_eq(got, rec, n);
		}
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(a_turn_ends_after_a_batch)
{
	BOTH_FORMS(ring)
	{
		setup(ring);
		for (int i = 0; i < PUMP_BATCH + 1; i++)
			host_sends(1, 2, 100);
		ck_assert_int_eq(pump_out(&pump), PUMP_BUSY);
		ck_assert_uint_eq(engine_gets(), PUMP_BATCH);
		ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
		ck_assert_uint_eq(engine_gets(), 1);
		teardown();
	}
}
END_TEST

START_TEST(the_largest_packets_go_one_to_a_container)
{
	int big = PK_SOCKBUF;

	setup(false);
	setsockopt(tun, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	host_sends(1, 2, PK_IP_MAX);
	host_sends(1, 2, PK_IP_MAX);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(next_container(), 1);
	ck_assert_int_eq(next_container(), 1);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_full_engine_stops_reading_and_loses_nothing)
{
	BOTH_FORMS(ring)
	{
		unsigned sent = 0, got = 0;

		setup(ring);
		for (int i = 0; i < 20000 && !pump.out_full; i++) {
			host_sends(1, 2, 1000);
			sent++;
			pump_out(&pump);
		}
		ck_assert(pump.out_full);
		host_sends(1, 2, 1000);
		sent++;
		/* until the engine says something, not until the next call */
		for (int i = 0; i < 3; i++) {
			ck_assert(!pump_wants_tun(&pump));
			ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
		}
		ck_assert_uint_lt(pump.counters.v[TO_READ], sent);
		ck_assert(ring || pump.counters.v[TO_HELD] > 0);
		books_balance();
		for (int i = 0; i < 20000 && got < sent; i++) {
			got += engine_gets();
			if (fd_ready(pump.wire.fd, POLLIN))
				ck_assert_int_eq(pump_woken(&pump), PUMP_IDLE);
			pump_out(&pump);
		}
		ck_assert_uint_eq(got, sent);
		ck_assert_uint_eq(pump.counters.v[TO_HELD], 0);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(a_full_ring_is_not_waited_for_by_writing)
{
	setup(true);
	for (int i = 0; i < 20000 && !pump.out_full; i++) {
		host_sends(1, 2, 1000);
		pump_out(&pump);
	}
	/* the socket is writable all the time: that would be no sleep */
	ck_assert(pump.out_full);
	ck_assert(!pkwire_wants_out(&pump.wire));
	ck_assert(!fd_ready(pump.wire.fd, POLLIN));
	(void)engine_gets();
	ck_assert(fd_ready(pump.wire.fd, POLLIN));
	ck_assert_int_eq(pump_woken(&pump), PUMP_IDLE);
	ck_assert(pump_wants_tun(&pump));
	teardown();
}
END_TEST

START_TEST(a_container_waits_for_the_next_engine)
{
	BOTH_FORMS(ring)
	{
		setup(false);
		no_engine();
		host_sends(1, 2, 100);
		ck_assert_int_eq(pump_out(&pump), PUMP_GONE);
		pump_set_engine(&pump, -1, -1);
		ck_assert_uint_eq(pump.counters.v[TO_HELD], 1);
		host_sends(1, 2, 100);
		ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
		ck_assert_uint_eq(pump.counters.v[TO_READ], 1);
		books_balance();
		new_engine(ring);
		books_balance();
		pump_out(&pump);
		ck_assert_uint_eq(engine_gets(), 2);
		ck_assert_uint_eq(pump.counters.v[TO_HELD], 0);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(nothing_passes_without_a_guard)
{
	BOTH_FORMS(ring)
	{
		setup(ring);
		guard_free(pump.guard);
		pump.guard = NULL;
		host_sends(1, 2, 100);
		engine_sends(2, 1, 1);
		ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
		ck_assert_int_eq(pump_in(&pump), PUMP_IDLE);
		ck_assert_uint_eq(pump.counters.v[TO_READ], 0);
		ck_assert_uint_eq(pump.counters.v[TI_RECV], 0);
		ck_assert(pump_sleep(&pump)); /* it need not be busy about it */
		pump.guard = guard_of_test();
		ck_assert_int_eq(all_in(), PUMP_IDLE);
		ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], 1);
		teardown();
	}
}
END_TEST

/* ---- in ---- */

START_TEST(every_record_is_written_by_itself)
{
	uint8_t want[PK_VNET + 100], got[PK_VNET + 200];
	size_t n = packet(want, 2, 1, 100);

	BOTH_FORMS(ring)
	{
		setup(ring);
		engine_sends(2, 1, 3);
		ck_assert_int_eq(all_in(), PUMP_IDLE);
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(
			    read(tun, got, sizeof(got)), (ssize_t)n);
			ck_assert_mem_eq(got, want, n);
		}
		ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], 3);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(a_sleeping_pump_is_woken_by_a_record)
{
	BOTH_FORMS(ring)
	{
		setup(ring);
		ck_assert_int_eq(all_in(), PUMP_IDLE);
		ck_assert(pump_sleep(&pump));
		engine_sends(2, 1, 1);
		ck_assert(fd_ready(pump.wire.fd, POLLIN));
		ck_assert_int_eq(all_in(), PUMP_IDLE);
		ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], 1);
		engine_sends(2, 1, 1);
		/* not asleep: no bell, but it does not fall asleep either */
		ck_assert(!ring || !pump_sleep(&pump));
		teardown();
	}
}
END_TEST

START_TEST(a_foreign_source_from_the_engine_does_not_pass)
{
	BOTH_FORMS(ring)
	{
		setup(ring);
		engine_sends(1, 1, 2);
		ck_assert_int_eq(all_in(), PUMP_IDLE);
		ck_assert_int_eq(read(tun, box, sizeof(box)), -1);
		ck_assert_uint_eq(pump.counters.v[TI_OWN], 2);
		books_balance();
		teardown();
	}
}
END_TEST

static void
fill_tun(unsigned at_once, unsigned *sent)
{
	for (*sent = 0; !pump.in_full; *sent += at_once) {
		engine_sends(2, 1, at_once);
		(void)pump_in(&pump);
		ck_assert_uint_lt(*sent, 20000);
	}
}

START_TEST(a_full_tun_holds_one_record_and_stops_receiving)
{
	BOTH_FORMS(ring)
	{
		unsigned sent, got = 0;

		setup(ring);
		fill_tun(8, &sent);
		ck_assert_uint_eq(pump.counters.v[TI_HELD], 1);
		ck_assert(!pump_wants_engine(&pump));
		ck_assert(pump_sleep(&pump)); /* although there is more */
		books_balance();
		while (got < sent) {
			while (read(tun, box, sizeof(box)) > 0)
				got++;
			pump_in(&pump);
		}
		ck_assert_uint_eq(got, sent);
		ck_assert_uint_eq(pump.counters.v[TI_HELD], 0);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(a_record_held_for_the_tun_outlives_its_engine)
{
	unsigned written, sent;

	for (int forms = 0; forms < 4; forms++) {
		setup((forms & 1) != 0);
		fill_tun(1, &sent);
		no_engine();
		new_engine((forms & 2) != 0);
		written = (unsigned)pump.counters.v[TI_WRITTEN];
		while (read(tun, box, sizeof(box)) > 0)
			;
		ck_assert_int_eq(pump_in(&pump), PUMP_IDLE);
		ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], written + 1);
		ck_assert_int_eq(read(tun, box, sizeof(box)), PK_VNET + 100);
		ck_assert_uint_eq(box[PK_VNET + 15], 2);
		books_balance();
		teardown();
	}
}
END_TEST

/* ---- an engine that was taken over ---- */

START_TEST(what_was_judged_is_what_is_written)
{
	unsigned sent;

	setup(true);
	fill_tun(1, &sent);
	/* judged, not yet written: now the engine writes another source */
	for (size_t i = 0; i < PKR_DATA; i += 4)
		memcpy(pump.wire.rrx.data + i, "\012\115\000\001", 4);
	for (int i = 0; i < 2; i++) {
		while (read(tun, box, sizeof(box)) > 0)
			ck_assert_uint_eq(box[PK_VNET + 15], 2);
		(void)pump_in(&pump);
	}
	ck_assert_uint_eq(pump.counters.v[TI_HELD], 0);
	ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], sent);
	teardown();
}
END_TEST

START_TEST(a_lying_container_is_an_offence)
{
	static const uint8_t lie[] = {255, 255, 0, 0, 1, 2, 3};

	setup(false);
	ck_assert_int_eq(write(engine.fd, lie, sizeof(lie)), sizeof(lie));
	ck_assert_int_eq(pump_in(&pump), PUMP_OFFENCE);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_lying_ring_is_an_offence)
{
	for (int lie = 0; lie < 4; lie++) {
		setup(true);
		engine_sends(2, 1, 1);
		if (lie == 0)
			hand_put(&engine.rtx, HAND_TAIL, UINT64_MAX);
		else if (lie == 1)
			hand_len(&engine.rtx, 0, 0xffffff);
		else if (lie == 2)
			hand_len(&engine.rtx, 0, PKR_SKIP);
		else
			ck_assert_int_eq(send(engine.fd, box, 99, 0), 99);
		ck_assert_int_eq(all_in(), PUMP_OFFENCE);
		ck_assert_uint_eq(pump.counters.v[TI_RECV], 0);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(a_lying_head_does_not_keep_the_pump_busy)
{
	setup(true);
	for (int i = 0; i < 20000 && !pump.out_full; i++) {
		host_sends(1, 2, 1000);
		pump_out(&pump);
	}
	hand_put(&engine.rrx, HAND_HEAD, UINT64_MAX / 2);
	pump.out_full = false;
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(pump_in(&pump), PUMP_OFFENCE);
	books_balance();
	teardown();
}
END_TEST

START_TEST(the_end_of_the_engine_is_noticed_behind_its_last_record)
{
	BOTH_FORMS(ring)
	{
		setup(ring);
		host_sends(1, 2, 100);
		pump_out(&pump); /* which it does not read any more */
		engine_sends(2, 1, 40);
		no_engine();
		ck_assert_int_eq(all_in(), PUMP_GONE);
		ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], 40);
		books_balance();
		teardown();
	}
}
END_TEST

START_TEST(engines_come_and_go_and_leave_nothing_behind)
{
	unsigned before;
	int maps;

	setup(true);
	before = fds_open();
	maps = maps_of_rings();
	for (int i = 0; i < 20; i++) {
		host_sends(1, 2, 100);
		pump_out(&pump);
		engine_sends(2, 1, 1);
		if (i % 2 == 0)
			pump_set_engine(&pump, -1, -1);
		new_engine(i % 3 != 0);
	}
	new_engine(true);
	ck_assert_uint_eq(fds_open(), before);
	ck_assert_int_eq(maps_of_rings(), maps);
	books_balance();
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    packets_of_one_turn_travel_in_one_container,
	    packets_of_one_turn_ring_one_bell,
	    a_record_reaches_the_engine_as_it_was,
	    what_the_guard_refuses_is_counted_and_not_sent,
	    what_the_guard_refuses_is_never_in_the_ring,
	    what_is_long_and_refused_does_not_stay_in_the_ring,
	    packets_of_every_length_pass_whole_both_ways,
	    a_turn_ends_after_a_batch,
	    the_largest_packets_go_one_to_a_container,
	    a_full_engine_stops_reading_and_loses_nothing,
	    a_full_ring_is_not_waited_for_by_writing,
	    a_container_waits_for_the_next_engine,
	    nothing_passes_without_a_guard,
	    every_record_is_written_by_itself,
	    a_sleeping_pump_is_woken_by_a_record,
	    a_foreign_source_from_the_engine_does_not_pass,
	    a_full_tun_holds_one_record_and_stops_receiving,
	    a_record_held_for_the_tun_outlives_its_engine,
	    what_was_judged_is_what_is_written,
	    a_lying_container_is_an_offence,
	    a_lying_ring_is_an_offence,
	    a_lying_head_does_not_keep_the_pump_busy,
	    the_end_of_the_engine_is_noticed_behind_its_last_record,
	    engines_come_and_go_and_leave_nothing_behind,
	};

	return UNIT_RUN("pump", tests);
}
