/* SPDX-License-Identifier: ISC */
/*
 * The packet pump (tunnel-priv/pump.h) between two socket pairs: one stands for
 * the TUN, one leads to the engine.  The guard is the real one.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf.h"
#include "guard.h"
#include "ipc.h"
#include "pump.h"
#include "unit.h"

static struct pump pump;
static int tun = -1, engine = -1; /* the far ends */
static uint8_t box[PK_CONTAINER];

static struct guard *
guard_of_test(void)
{
	struct conf_node c = {.naddresses = 1, .nsubnets = 1};

	prefix_parse("10.77.0.1/16", &c.address[0]);
	prefix_parse("10.77.0.0/16", &c.subnet[0]);
	return guard_new(&c);
}

static void
new_engine(void)
{
	int sv[2], big = PK_SOCKBUF;

	ck_assert_int_eq(ipc_pair(sv), 0);
	setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	setsockopt(sv[1], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	if (pump.engine != -1)
		close(pump.engine);
	pump_set_engine(&pump, sv[0]);
	engine = sv[1];
}

static void
setup(void)
{
	int sv[2];

	ck_assert_int_eq(pump_init(&pump), 0);
	ck_assert_int_eq(ipc_pair(sv), 0);
	pump.tun = sv[0];
	tun = sv[1];
	new_engine();
	pump.guard = guard_of_test();
	ck_assert_ptr_nonnull(pump.guard);
}

static void
teardown(void)
{
	close(pump.tun);
	if (pump.engine != -1)
		close(pump.engine);
	close(tun);
	if (engine != -1)
		close(engine);
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
	struct pkout o;

	pkout_init(&o, box);
	for (unsigned i = 0; i < count; i++) {
		packet(pkout_begin(&o, 100), src, dst, 100);
		pkout_commit(&o, 100);
	}
	ck_assert_int_eq(pkout_flush(&o, engine), 0);
}

/* Records of the next container at the engine's end, -1: there is none. */
static int
engine_gets(void)
{
	ssize_t n = read(engine, box, sizeof(box));
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

static void
books_balance(void)
{
	ck_assert_int_eq(counters_balance(&pump.counters, B_TUN_OUT), 0);
	ck_assert_int_eq(counters_balance(&pump.counters, B_TUN_IN), 0);
}

START_TEST(packets_of_one_turn_travel_in_one_container)
{
	setup();
	for (int i = 0; i < 5; i++)
		host_sends(1, 2, 100);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(engine_gets(), 5);
	ck_assert_int_eq(engine_gets(), -1);
	ck_assert_uint_eq(pump.counters.v[TO_SENT], 5);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_record_reaches_the_engine_as_it_was)
{
	uint8_t want[PK_VNET + 100];
	size_t n = packet(want, 1, 2, 100);

	setup();
	ck_assert_int_eq(write(tun, want, n), (ssize_t)n);
	pump_out(&pump);
	ck_assert_int_eq(read(engine, box, sizeof(box)), (ssize_t)n + 4);
	ck_assert_mem_eq(box + 4, want, n);
	teardown();
}
END_TEST

START_TEST(what_the_guard_refuses_is_counted_and_not_sent)
{
	setup();
	host_sends(9, 2, 100);
	host_sends(1, 2, 100);
	ck_assert_int_eq(write(tun, "short", 5), 5);
	pump_out(&pump);
	ck_assert_int_eq(engine_gets(), 1);
	ck_assert_uint_eq(pump.counters.v[TO_SOURCE], 1);
	ck_assert_uint_eq(pump.counters.v[TO_MALFORMED], 1);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_turn_ends_after_a_batch)
{
	setup();
	for (int i = 0; i < PUMP_BATCH + 1; i++)
		host_sends(1, 2, 100);
	ck_assert_int_eq(pump_out(&pump), PUMP_BUSY);
	ck_assert_int_eq(engine_gets(), PUMP_BATCH);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(engine_gets(), 1);
	teardown();
}
END_TEST

START_TEST(the_largest_packets_go_one_to_a_container)
{
	int big = PK_SOCKBUF;

	setup();
	setsockopt(tun, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	host_sends(1, 2, PK_IP_MAX);
	host_sends(1, 2, PK_IP_MAX);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(engine_gets(), 1);
	ck_assert_int_eq(engine_gets(), 1);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_full_engine_stops_reading_and_loses_nothing)
{
	unsigned sent = 0, got = 0;
	int n;

	setup();
	while (!pump.out_full) {
		host_sends(1, 2, 1000);
		sent++;
		pump_out(&pump);
	}
	host_sends(1, 2, 1000);
	sent++;
	ck_assert(!pump_wants_tun(&pump));
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_uint_eq(pump.counters.v[TO_READ], sent - 1);
	ck_assert_uint_gt(pump.counters.v[TO_HELD], 0);
	books_balance();
	while ((n = engine_gets()) != -1) {
		got += (unsigned)n;
		pump_out(&pump);
	}
	ck_assert_uint_eq(got, sent);
	ck_assert_uint_eq(pump.counters.v[TO_HELD], 0);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_container_waits_for_the_next_engine)
{
	setup();
	close(engine);
	host_sends(1, 2, 100);
	ck_assert_int_eq(pump_out(&pump), PUMP_GONE);
	close(pump.engine);
	pump_set_engine(&pump, -1);
	ck_assert_uint_eq(pump.counters.v[TO_HELD], 1);
	host_sends(1, 2, 100);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_uint_eq(pump.counters.v[TO_READ], 1);
	books_balance();
	new_engine();
	pump_out(&pump);
	ck_assert_int_eq(engine_gets(), 1);
	ck_assert_int_eq(engine_gets(), 1);
	books_balance();
	teardown();
}
END_TEST

START_TEST(nothing_passes_without_a_guard)
{
	setup();
	guard_free(pump.guard);
	pump.guard = NULL;
	host_sends(1, 2, 100);
	engine_sends(2, 1, 1);
	ck_assert_int_eq(pump_out(&pump), PUMP_IDLE);
	ck_assert_int_eq(pump_in(&pump), PUMP_IDLE);
	ck_assert_uint_eq(pump.counters.v[TO_READ], 0);
	ck_assert_uint_eq(pump.counters.v[TI_RECV], 0);
	teardown();
}
END_TEST

START_TEST(every_record_of_a_container_is_written_by_itself)
{
	uint8_t want[PK_VNET + 100], got[PK_VNET + 200];
	size_t n = packet(want, 2, 1, 100);

	setup();
	engine_sends(2, 1, 3);
	while (pump_in(&pump) == PUMP_BUSY)
		;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(read(tun, got, sizeof(got)), (ssize_t)n);
		ck_assert_mem_eq(got, want, n);
	}
	ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], 3);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_foreign_source_from_the_engine_does_not_pass)
{
	setup();
	engine_sends(1, 1, 2);
	while (pump_in(&pump) == PUMP_BUSY)
		;
	ck_assert_int_eq(read(tun, box, sizeof(box)), -1);
	ck_assert_uint_eq(pump.counters.v[TI_OWN], 2);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_full_tun_holds_one_record_and_stops_receiving)
{
	unsigned sent = 0, got = 0;

	setup();
	while (!pump.in_full) {
		engine_sends(2, 1, 8);
		sent += 8;
		pump_in(&pump);
	}
	ck_assert_uint_eq(pump.counters.v[TI_HELD], 1);
	ck_assert(!pump_wants_engine(&pump));
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
END_TEST

START_TEST(a_record_held_for_the_tun_outlives_its_engine)
{
	unsigned written;

	setup();
	while (!pump.in_full) {
		engine_sends(2, 1, 1);
		pump_in(&pump);
	}
	close(engine);
	new_engine();
	written = (unsigned)pump.counters.v[TI_WRITTEN];
	while (read(tun, box, sizeof(box)) > 0)
		;
	ck_assert_int_eq(pump_in(&pump), PUMP_IDLE);
	ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], written + 1);
	books_balance();
	teardown();
}
END_TEST

START_TEST(a_lying_container_is_an_offence)
{
	static const uint8_t lie[] = {255, 255, 0, 0, 1, 2, 3};

	setup();
	ck_assert_int_eq(write(engine, lie, sizeof(lie)), sizeof(lie));
	ck_assert_int_eq(pump_in(&pump), PUMP_OFFENCE);
	books_balance();
	teardown();
}
END_TEST

START_TEST(the_end_of_the_engine_is_noticed_when_receiving)
{
	setup();
	engine_sends(2, 1, 1);
	close(engine);
	engine = -1;
	ck_assert_int_eq(pump_in(&pump), PUMP_GONE);
	ck_assert_uint_eq(pump.counters.v[TI_WRITTEN], 1);
	books_balance();
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    packets_of_one_turn_travel_in_one_container,
	    a_record_reaches_the_engine_as_it_was,
	    what_the_guard_refuses_is_counted_and_not_sent,
	    a_turn_ends_after_a_batch,
	    the_largest_packets_go_one_to_a_container,
	    a_full_engine_stops_reading_and_loses_nothing,
	    a_container_waits_for_the_next_engine,
	    nothing_passes_without_a_guard,
	    every_record_of_a_container_is_written_by_itself,
	    a_foreign_source_from_the_engine_does_not_pass,
	    a_full_tun_holds_one_record_and_stops_receiving,
	    a_record_held_for_the_tun_outlives_its_engine,
	    a_lying_container_is_an_offence,
	    the_end_of_the_engine_is_noticed_when_receiving,
	};

	return UNIT_RUN("pump", tests);
}
