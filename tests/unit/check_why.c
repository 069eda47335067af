/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_why.c */
/*
 * The cause that `meshctl why` names: the first step of a packet's way that is
 * not as it should be.
 */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "why.h"

#define NOW UINT64_C(1700000000000)

static struct snapshot snap;
static struct why w;

static struct msg_peer_row *
begin(void)
{
	struct msg_peer_row *p;

	snapshot_init(&snap);
	snap.has_node = true;
	snap.node.naddresses = 1;
	ck_assert_int_eq(prefix_parse("10.9.0.1/16", &snap.node.address[0]), 0);
	snap.peer = p = calloc(2, sizeof(*p));
	ck_assert_ptr_nonnull(p);
	snap.npeers = 2;
	snprintf(p[0].name, sizeof(p[0].name), "beta");
	p[0].state = PV_UP;
	p[0].has_endpoint = true;
	p[0].nallowed = 1;
	ck_assert_int_eq(prefix_parse("10.9.0.0/24", &p[0].allowed[0]), 0);
	snprintf(p[1].name, sizeof(p[1].name), "gamma");
	p[1].state = PV_UP;
	p[1].nallowed = 1;
	ck_assert_int_eq(prefix_parse("10.9.0.7/32", &p[1].allowed[0]), 0);
	return p;
}

static struct why_target
target(const char *line)
{
	static char copy[128];
	char *words[8], *save = NULL;
	struct why_target t;
	unsigned n = 0, bad;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *p = strtok_r(copy, " ", &save); p != NULL && n < 8;
	     p = strtok_r(NULL, " ", &save))
		words[n++] = p;
	ck_assert_int_eq(why_target(&t, words, n, &bad), 0);
	return t;
}

static enum why_cause
ask(const char *line)
{
	struct why_target t = target(line);

	snapshot_sort(&snap);
	why(&w, &snap, &t, NOW);
	return w.cause;
}

static const struct why_step *
step(const char *name)
{
	for (unsigned i = 0; i < w.n; i++)
		if (strcmp(w.step[i].step, name) == 0)
			return &w.step[i];
	return NULL;
}

START_TEST(nothing_is_in_the_way)
{
	begin();
	ck_assert_int_eq(ask("beta"), WHY_FINE);
	ck_assert_str_eq(w.peer, "beta");
	ck_assert_int_eq(step("breaker")->verdict, WHY_OK);
	ck_assert_int_eq(step("peer")->verdict, WHY_OK);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(an_address_is_the_longest_prefixs)
{
	begin();
	ck_assert_int_eq(ask("10.9.0.7"), WHY_FINE);
	ck_assert_str_eq(w.peer, "gamma");
	ask("10.9.0.8");
	ck_assert_str_eq(w.peer, "beta");
	ck_assert_int_eq(ask("10.9.1.8"), WHY_KEY_UNKNOWN);
	ck_assert_str_eq(w.peer, "");
	ck_assert_int_eq(ask("10.9.0.1"), WHY_FINE);
	ck_assert_ptr_nonnull(strstr(step("route")->proof, "this node"));
	ck_assert_int_eq(ask("betta"), WHY_KEY_UNKNOWN);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(each_state_has_its_cause)
{
	static const struct {
		enum peer_view state;
		bool place;
		uint32_t attempts;
		enum why_cause cause;
	} list[] = {
	    {PV_UP, true, 0, WHY_FINE},
	    {PV_IDLE, true, 0, WHY_IDLE},
	    {PV_OFF, true, 0, WHY_ADMIN_DOWN},
	    {PV_LOOKUP, false, 0, WHY_NO_ENDPOINT},
	    {PV_LOOKUP, true, 0, WHY_WARMING_UP},
	    {PV_HANDSHAKE, true, 1, WHY_WARMING_UP},
	    {PV_HANDSHAKE, true, 9, WHY_PEER_OFF},
	    {PV_WAIT, true, 9, WHY_PEER_OFF},
	    {PV_WAIT, false, 0, WHY_NO_ENDPOINT},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct msg_peer_row *p = begin();

		p->state = list[i].state;
		p->has_endpoint = list[i].place;
		p->attempts = list[i].attempts;
		ck_assert_msg(ask("beta") == list[i].cause, "case %zu: %s", i,
		    why_cause_name(w.cause));
		snapshot_clear(&snap);
	}
}
END_TEST

START_TEST(an_open_breaker_comes_before_silence)
{
	struct msg_peer_row *p = begin();

	p->state = PV_WAIT;
	snap.breaker = calloc(2, sizeof(*snap.breaker));
	ck_assert_ptr_nonnull(snap.breaker);
	snap.nbreakers = 2;
	snprintf(snap.breaker[0].name, 64, "gamma");
	snap.breaker[0].state = BV_OPEN;
	snprintf(snap.breaker[1].name, 64, "beta");
	snap.breaker[1].state = BV_OPEN;
	snap.breaker[1].next_unix_ms = NOW + 5000;
	ck_assert_int_eq(ask("beta"), WHY_BREAKER_OPEN);
	ck_assert_uint_eq(w.next_unix_ms, NOW + 5000);
	/* of one of its places only: another may do */
	snap.breaker[1].is_place = true;
	ck_assert_int_eq(ask("beta"), WHY_PEER_OFF);
	ck_assert_int_eq(step("breaker")->verdict, WHY_NOTE);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(what_admins_said_comes_before_all)
{
	struct msg_peer_row *p = begin();

	p->state = PV_OFF;
	snap.breaker = calloc(1, sizeof(*snap.breaker));
	ck_assert_ptr_nonnull(snap.breaker);
	snap.nbreakers = 1;
	snprintf(snap.breaker[0].name, 64, "beta");
	snap.breaker[0].state = BV_OPEN;
	ck_assert_int_eq(ask("beta"), WHY_ADMIN_DOWN);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(without_an_engine_nobody_knows)
{
	begin();
	snap.peers_unknown = true;
	ck_assert_int_eq(ask("beta"), WHY_NOT_RUNNING);
	snapshot_clear(&snap);
}
END_TEST

START_TEST(a_target_is_a_name_an_address_or_a_packet)
{
	struct why_target t = target("beta");

	ck_assert_str_eq(t.name, "beta");
	t = target("10.9.0.7");
	ck_assert_ptr_null(t.name);
	ck_assert_uint_eq(t.dst.b[3], 7);
	ck_assert_uint_eq(t.src.family, 0);
	t = target("udp 10.9.0.7:53");
	ck_assert_uint_eq(t.proto, 17);
	ck_assert_uint_eq(t.dport, 53);
	t = target("tcp 10.9.0.1:5000 [fd00::7]:80");
	ck_assert_uint_eq(t.sport, 5000);
	ck_assert_uint_eq(t.dst.family, 6);
	ck_assert_uint_eq(t.dport, 80);
	ck_assert_str_eq(t.text, "tcp 10.9.0.1:5000 -> [fd00::7]:80");
	t = target("10.9.0.1 10.9.0.7");
	ck_assert_uint_eq(t.proto, 0);
	ck_assert_uint_eq(t.src.b[3], 1);
	t = target("fd00::7");
	ck_assert_uint_eq(t.dst.b[15], 7);
	ck_assert_uint_eq(t.dport, 0);
	t = target("47 10.9.0.7");
	ck_assert_uint_eq(t.proto, 47);
}
END_TEST

START_TEST(what_is_no_target_is_refused)
{
	static const struct {
		char *word[3];
		unsigned n, bad;
	} list[] = {
	    {{"beta", "gamma"}, 2, 0},
	    {{"tpc", "10.9.0.1", "10.9.0.2"}, 3, 0},
	    {{"tcp", "10.9.0.1", "beta"}, 3, 2},
	    {{"tcp", "beta"}, 2, 1},
	    {{"256", "10.9.0.2"}, 2, 0},
	    {{"tcp", "10.9.0.2:65536"}, 2, 1},
	    {{"tcp", "10.9.0.2:"}, 2, 1},
	    {{"10.9.0.1", "[10.9.0.2"}, 2, 1},
	};
	struct why_target t;
	unsigned bad;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		ck_assert_msg(
		    why_target(&t, list[i].word, list[i].n, &bad) == -1,
		    "case %zu", i);
		ck_assert_uint_eq(bad, list[i].bad);
	}
}
END_TEST

/* Drops of beta, of nobody, of the tun role's, and of the network below. */
static void
some_drops(void)
{
	static const struct msg_drop_row rows[] = {
	    {.role = ROLE_ENGINE,
		.why = EO_NO_ROUTE,
		.at_unix_ms = NOW - 1000,
		.count = 3,
		.proto = 17,
		.src = {4, {10, 9, 0, 1}},
		.dst = {4, {10, 9, 9, 9}},
		.dport = 53},
	    {.role = ROLE_ENGINE,
		.why = EO_UDP_FULL,
		.at_unix_ms = NOW - 5000,
		.count = 2,
		.peer = "beta"},
	    {.role = ROLE_ENGINE,
		.why = EO_UDP_FULL,
		.at_unix_ms = NOW - 5000,
		.count = 1,
		.peer = "beta",
		.outer = true,
		.src = {4, {192, 0, 2, 1}},
		.dst = {4, {192, 0, 2, 2}}},
	    {.role = ROLE_TUN,
		.why = TI_PORT,
		.at_unix_ms = NOW - 9000,
		.count = 1,
		.proto = 6,
		.src = {4, {10, 9, 0, 7}},
		.dst = {4, {10, 9, 0, 1}},
		.dport = 22},
	    {.role = ROLE_ENGINE,
		.why = 65535,
		.at_unix_ms = NOW - 60000,
		.count = 1,
		.peer = "gamma"},
	};

	snap.drop = calloc(5, sizeof(*snap.drop));
	ck_assert_ptr_nonnull(snap.drop);
	memcpy(snap.drop, rows, sizeof(rows));
	snap.ndrops = 5;
}

static const char *
last(const char *line)
{
	ask(line);
	return w.ndrops == 0 ? "-" : why_reason(w.drop[0]);
}

START_TEST(the_last_drop_is_of_what_was_asked_about)
{
	begin();
	some_drops();
	ck_assert_str_eq(last("beta"), "udp_full");
	ck_assert_uint_eq(w.ndrops, 1); /* once, with addresses */
	ck_assert_uint_eq(w.drop[0]->src.family, 4);
	ck_assert_int_eq(step("dropped")->verdict, WHY_NOTE);
	ck_assert_ptr_nonnull(strstr(step("dropped")->proof, "5s ago"));
	ck_assert_str_eq(last("192.0.2.2"), "udp_full");
	ck_assert_str_eq(last("10.9.9.9"), "no_route");
	ck_assert_str_eq(last("udp 10.9.9.9:53"), "no_route");
	ck_assert_str_eq(last("udp 10.9.0.1:7 10.9.9.9:53"), "no_route");
	ck_assert_str_eq(last("tcp 10.9.9.9:53"), "-");
	ck_assert_str_eq(last("udp 10.9.9.9:54"), "-");
	ck_assert_int_eq(step("dropped")->verdict, WHY_OK);
	ck_assert_str_eq(last("10.9.0.9 10.9.9.9"), "-");
	/* the tun role knows no names, but the address is gamma's */
	ck_assert_str_eq(last("gamma"), "in_unallowed_port");
	ck_assert_uint_eq(w.ndrops, 2);
	ck_assert_str_eq(why_reason(w.drop[1]), "unknown");
	/* an address that nothing is known of, of a peer */
	ck_assert_str_eq(last("10.9.0.8"), "udp_full");
	ck_assert_str_eq(last("10.9.200.200"), "-");
	snapshot_clear(&snap);
}
END_TEST

START_TEST(a_packet_to_us_is_its_sources)
{
	begin();
	some_drops();
	ck_assert_str_eq(
	    last("tcp 10.9.0.7:5000 10.9.0.1:22"), "in_unallowed_port");
	ck_assert_str_eq(w.peer, "gamma");
	snapshot_clear(&snap);
}
END_TEST

START_TEST(who_may_not_see_drops_is_told_so)
{
	begin();
	snap.drops_unknown = true;
	ck_assert_str_eq(last("beta"), "-");
	ck_assert_int_eq(w.cause, WHY_FINE);
	ck_assert_ptr_nonnull(strstr(step("dropped")->proof, "only root"));
	snapshot_clear(&snap);
}
END_TEST

START_TEST(a_packet_that_the_filter_blocks_is_not_idle)
{
	begin()->state = PV_IDLE;
	snap.has_verdict = true;
	snap.verdict = (struct msg_verdict_row){.out = true,
	    .filtered = true,
	    .no = 3,
	    .peer = "beta",
	    .text = "block out proto tcp"};
	ck_assert_int_eq(ask("tcp 10.9.0.2:80"), WHY_POLICY_DENIED);
	ck_assert_int_eq(step("filter")->verdict, WHY_BAD);
	ck_assert_str_eq(step("filter")->proof,
	    "out is blocked, by rule 3, block out proto tcp");
	snap.verdict.pass = snap.verdict.known = true;
	ck_assert_int_eq(ask("tcp 10.9.0.2:80"), WHY_IDLE);
	ck_assert_str_eq(step("filter")->proof,
	    "its connection out passes, by rule 3, block out proto tcp");
	snap.verdict.filtered = false;
	ask("tcp 10.9.0.2:80");
	ck_assert_str_eq(step("filter")->proof, "no rules");
	snapshot_clear(&snap);
}
END_TEST

START_TEST(every_cause_has_a_name_and_a_fix)
{
	for (unsigned i = 0; i < WHY_NCAUSES; i++) {
		ck_assert_ptr_nonnull(why_cause_name((enum why_cause)i));
		ck_assert_uint_gt(strlen(why_fix((enum why_cause)i)), 0);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    nothing_is_in_the_way,
	    an_address_is_the_longest_prefixs,
	    each_state_has_its_cause,
	    an_open_breaker_comes_before_silence,
	    what_admins_said_comes_before_all,
	    without_an_engine_nobody_knows,
	    a_target_is_a_name_an_address_or_a_packet,
	    what_is_no_target_is_refused,
	    the_last_drop_is_of_what_was_asked_about,
	    a_packet_to_us_is_its_sources,
	    who_may_not_see_drops_is_told_so,
	    a_packet_that_the_filter_blocks_is_not_idle,
	    every_cause_has_a_name_and_a_fix,
	};

	return UNIT_RUN("why", tests);
}
