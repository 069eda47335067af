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

static enum why_cause
ask(const char *target)
{
	why(&w, &snap, target, NOW);
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
	    every_cause_has_a_name_and_a_fix,
	};

	return UNIT_RUN("why", tests);
}
