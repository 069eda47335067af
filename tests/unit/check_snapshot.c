/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_snapshot.c */
/* Rows that came back, and what they mean together. */
#include <stdio.h>
#include <string.h>

#include "feature.h"
#include "snapshot.h"
#include "unit.h"

static struct snapshot snap;

static void
take_peer(const char *name, enum peer_view state)
{
	struct msg_peer_row m = {.state = state};
	uint8_t body[512];
	struct wbuf w;
	struct ipc_frame row = {.type = MSG_PEER_ROW, .body = body};

	snprintf(m.name, sizeof(m.name), "%s", name);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peer_row(&w, &m);
	row.len = w.len;
	ck_assert_int_eq(snapshot_take(&snap, &row), 0);
}

static void
take_counter(enum role role, enum counter id, uint64_t value)
{
	const struct msg_counter_row m = {
	    .role = role, .id = (uint16_t)id, .value = value};
	uint8_t body[16];
	struct wbuf w;
	struct ipc_frame row = {.type = MSG_COUNTER_ROW, .body = body};

	wbuf_init(&w, body, sizeof(body));
	msg_put_counter_row(&w, &m);
	row.len = w.len;
	ck_assert_int_eq(snapshot_take(&snap, &row), 0);
}

static void
take_proc(enum role role, enum proc_state state, uint32_t missing)
{
	const struct msg_proc_row m = {
	    .role = role, .state = state, .pid = 5, .missing = missing};
	uint8_t body[40];
	struct wbuf w;
	struct ipc_frame row = {.type = MSG_PROC_ROW, .body = body};

	wbuf_init(&w, body, sizeof(body));
	msg_put_proc_row(&w, &m);
	row.len = w.len;
	ck_assert_int_eq(snapshot_take(&snap, &row), 0);
}

static bool
degraded(size_t *n)
{
	struct show_note note[32];
	bool bad;

	*n = snapshot_notes(&snap, note, 32, &bad);
	snapshot_clear(&snap);
	return bad;
}

START_TEST(a_row_of_another_kind_or_length_is_refused)
{
	struct ipc_frame row = {.type = MSG_WIRE};

	snapshot_init(&snap);
	ck_assert_int_eq(snapshot_take(&snap, &row), -1);
	row.type = MSG_PEER_ROW;
	row.body = (const uint8_t *)"xyz";
	row.len = 3;
	ck_assert_int_eq(snapshot_take(&snap, &row), -1);
	ck_assert_uint_eq(snap.npeers, 0);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(peers_are_sorted_and_summed_up)
{
	struct show_summary m;

	snapshot_init(&snap);
	take_peer("zeta", PV_UP);
	take_peer("beta", PV_WAIT);
	take_peer("eta", PV_HANDSHAKE);
	take_peer("mu", PV_OFF);
	snapshot_sort(&snap);
	ck_assert_str_eq(snap.peer[0].name, "beta");
	ck_assert_ptr_nonnull(snapshot_peer(&snap, "zeta"));
	ck_assert_ptr_null(snapshot_peer(&snap, "zet"));
	snapshot_summary(&snap, &m);
	ck_assert_uint_eq(m.total, 4);
	ck_assert_uint_eq(m.up + m.down + m.connecting + m.off, 4);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(the_books_are_those_of_the_process_that_keeps_them)
{
	struct show_book k;

	snapshot_init(&snap);
	take_counter(ROLE_TUN, TO_READ, 10);
	take_counter(ROLE_TUN, TO_SENT, 7);
	take_counter(ROLE_TUN, TO_PORT, 2);
	take_counter(ROLE_ENGINE, TO_READ, 1000); /* a lie, not counted */
	ck_assert(snapshot_book(&snap, B_TUN_OUT, &k));
	ck_assert_uint_eq(k.in, 10);
	ck_assert_uint_eq(k.drops, 2);
	ck_assert_int_eq(k.unaccounted, 1);
	ck_assert(snapshot_book(&snap, B_ENG_IN, &k));
	snapshot_clear(&snap);
	ck_assert(!snapshot_book(&snap, B_ENG_IN, &k));
}
END_TEST

START_TEST(the_most_frequent_drop_comes_first)
{
	struct show_counter d[2];

	snapshot_init(&snap);
	take_counter(ROLE_ENGINE, EO_NO_ROUTE, 5);
	take_counter(ROLE_TUN, TO_PORT, 50);
	take_counter(ROLE_ENGINE, EI_REPLAY, 1);
	take_counter(ROLE_ENGINE, EO_RECV, 99);
	ck_assert_uint_eq(snapshot_drops(&snap, d, 2), 3);
	ck_assert_uint_eq(d[0].value, 50);
	ck_assert_str_eq(d[1].info->name, "no_route");
	snapshot_clear(&snap);
}
END_TEST

START_TEST(all_up_and_balanced_is_fine)
{
	size_t n;

	snapshot_init(&snap);
	take_proc(ROLE_ENGINE, PROC_UP, 0);
	take_counter(ROLE_TUN, TO_READ, 3);
	take_counter(ROLE_TUN, TO_SENT, 3);
	take_peer("beta", PV_UP);
	ck_assert(!degraded(&n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(a_process_that_is_not_up_degrades)
{
	size_t n;

	snapshot_init(&snap);
	take_proc(ROLE_KEY, PROC_WAITING, 0);
	ck_assert(degraded(&n));
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(a_lost_packet_degrades)
{
	size_t n;

	snapshot_init(&snap);
	take_counter(ROLE_TUN, TO_READ, 3);
	take_counter(ROLE_TUN, TO_SENT, 2);
	ck_assert(degraded(&n));
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(a_weaker_sandbox_or_a_lost_peer_is_a_warning)
{
	size_t n;

	snapshot_init(&snap);
	take_proc(ROLE_KEY, PROC_UP, 0x10);
	take_peer("beta", PV_WAIT);
	ck_assert(!degraded(&n));
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(each_missing_feature_is_a_warning_that_says_what_it_costs)
{
	struct msg_proc_row m = {.role = ROLE_ENGINE,
	    .state = PROC_UP,
	    .features = FEATURE_UDP_GRO,
	    .lacking = 0};
	struct show_note note[32];
	unsigned bits = 0;
	bool bad;

	while (feature_name(1u << bits) != NULL)
		bits++;
	m.lacking = ~0u; /* bits of a newer program too */
	snapshot_init(&snap);
	snap.proc[snap.nprocs++] = m;
	ck_assert_uint_eq(snapshot_notes(&snap, note, 32, &bad), bits);
	ck_assert(!bad);
	for (unsigned i = 0; i < bits; i++) {
		ck_assert_int_eq(note[i].severity, SHOW_WARNING);
		ck_assert_ptr_nonnull(
		    strstr(note[i].message, feature_name(1u << i)));
		ck_assert_str_ne(note[i].hint, "");
	}
	snapshot_clear(&snap);
}
END_TEST

START_TEST(a_certificate_that_is_not_good_is_a_warning)
{
	struct show_note note[32];
	bool bad;

	snapshot_init(&snap);
	snap.has_net = true;
	ck_assert_uint_eq(snapshot_notes(&snap, note, 32, &bad), 0);
	snprintf(snap.net.note, sizeof(snap.net.note), "expired");
	ck_assert_uint_eq(snapshot_notes(&snap, note, 32, &bad), 1);
	ck_assert_str_eq(note[0].message, "this node's certificate is expired");
	ck_assert(!bad);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(a_thousand_lost_peers_are_a_few_lines)
{
	char name[16];
	size_t n;

	snapshot_init(&snap);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		take_peer(name, PV_WAIT);
	}
	ck_assert(!degraded(&n));
	ck_assert_uint_lt(n, 6);
}
END_TEST

static int
take_step(uint8_t source)
{
	const struct msg_find_step m = {.source = (enum find_source)source};
	uint8_t body[64];
	struct wbuf w;
	struct ipc_frame row = {.type = MSG_FIND_STEP, .body = body};

	wbuf_init(&w, body, sizeof(body));
	msg_put_find_step(&w, &m);
	row.len = w.len;
	return snapshot_take(&snap, &row);
}

static int
take_member(const uint8_t *cert, uint16_t len)
{
	static struct msg_member_row m;
	static uint8_t body[1024];
	struct wbuf w;
	struct ipc_frame row = {.type = MSG_MEMBER_ROW, .body = body};

	m.state = PV_UP;
	m.certlen = len;
	memcpy(m.cert, cert, len);
	wbuf_init(&w, body, sizeof(body));
	msg_put_member_row(&w, &m);
	row.len = w.len;
	return snapshot_take(&snap, &row);
}

START_TEST(members_are_kept_as_they_came)
{
	snapshot_init(&snap);
	for (unsigned i = 0; i < 100; i++) {
		const uint8_t cert[2] = {'x', (uint8_t)i};

		ck_assert_int_eq(take_member(cert, sizeof(cert)), 0);
	}
	ck_assert_uint_eq(snap.nmembers, 100);
	ck_assert_uint_eq(snap.member[99].cert[1], 99);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(a_second_network_and_too_many_steps_are_refused)
{
	static struct msg_net_row m;
	static uint8_t body[1200];
	struct ipc_frame row = {.type = MSG_NET_ROW, .body = body};
	struct wbuf w;

	snapshot_init(&snap);
	wbuf_init(&w, body, sizeof(body));
	msg_put_net_row(&w, &m);
	row.len = w.len;
	ck_assert_int_eq(snapshot_take(&snap, &row), 0);
	ck_assert(snap.has_net);
	ck_assert_int_eq(snapshot_take(&snap, &row), -1);
	for (unsigned i = 0; i < SNAPSHOT_STEPS_MAX; i++)
		ck_assert_int_eq(take_step(FIND_DHT), 0);
	ck_assert_int_eq(take_step(FIND_DHT), -1);
	snapshot_clear(&snap);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    members_are_kept_as_they_came,
	    a_second_network_and_too_many_steps_are_refused,
	    a_row_of_another_kind_or_length_is_refused,
	    peers_are_sorted_and_summed_up,
	    the_books_are_those_of_the_process_that_keeps_them,
	    the_most_frequent_drop_comes_first,
	    all_up_and_balanced_is_fine,
	    a_process_that_is_not_up_degrades,
	    a_lost_packet_degrades,
	    a_weaker_sandbox_or_a_lost_peer_is_a_warning,
	    each_missing_feature_is_a_warning_that_says_what_it_costs,
	    a_certificate_that_is_not_good_is_a_warning,
	    a_thousand_lost_peers_are_a_few_lines,
	};

	return UNIT_RUN("snapshot", tests);
}
