/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_peer.c */
/* The peer machine, walked along its picture. */
#include "peer.h"
#include "unit.h"

/* A peer after these events; PEV_NEVENTS ends them. */
static struct peer
walk(enum peer_event a, enum peer_event b, enum peer_event c)
{
	enum peer_event ev[] = {a, b, c};
	struct peer p;

	peer_init(&p);
	for (int i = 0; i < 3 && ev[i] != PEV_NEVENTS; i++)
		peer_event(&p, ev[i]);
	ck_assert_uint_eq(p.illegal, 0);
	return p;
}

#define END PEV_NEVENTS
#define UP walk(PEV_WANTED, PEV_FOUND, PEV_OPEN)

START_TEST(a_wanted_peer_is_looked_up_dialed_and_served)
{
	struct peer p = walk(END, END, END);

	ck_assert_int_eq(p.state, PEER_IDLE);
	ck_assert_int_eq(peer_event(&p, PEV_WANTED), PACT_LOOKUP);
	ck_assert_int_eq(peer_event(&p, PEV_FOUND), PACT_DIAL);
	ck_assert_int_eq(peer_event(&p, PEV_OPEN), PACT_FLUSH);
	ck_assert_int_eq(p.state, PEER_UP);
}
END_TEST

START_TEST(wanting_more_does_not_ask_more)
{
	struct peer p = walk(PEV_WANTED, END, END);

	ck_assert_int_eq(peer_event(&p, PEV_WANTED), PACT_NONE);
	peer_event(&p, PEV_FOUND);
	ck_assert_int_eq(peer_event(&p, PEV_WANTED), PACT_NONE);
	ck_assert_int_eq(p.state, PEER_DIAL);
}
END_TEST

START_TEST(nobody_knows_it_so_it_is_lost)
{
	struct peer p = walk(PEV_WANTED, END, END);

	ck_assert_int_eq(peer_event(&p, PEV_UNKNOWN), PACT_LOST);
	ck_assert_int_eq(p.state, PEER_IDLE);
}
END_TEST

START_TEST(lost_while_up_drops_what_was_held)
{
	struct peer p = UP;

	ck_assert_int_eq(peer_event(&p, PEV_LOST), PACT_LOST);
	ck_assert_int_eq(p.state, PEER_IDLE);
}
END_TEST

START_TEST(a_key_too_old_to_send_with_is_dialed_without_a_lookup)
{
	struct peer p = UP;

	ck_assert_int_eq(peer_event(&p, PEV_WANTED), PACT_DIAL);
	ck_assert_int_eq(p.state, PEER_DIAL);
}
END_TEST

START_TEST(a_session_that_went_unused_is_no_failure)
{
	struct peer p = UP;

	ck_assert_int_eq(peer_event(&p, PEV_CLOSED), PACT_NONE);
	ck_assert_int_eq(p.state, PEER_IDLE);
}
END_TEST

START_TEST(who_calls_us_is_up_whatever_we_were_doing)
{
	for (int s = 0; s < PEER_NSTATES; s++) {
		struct peer p = UP;

		p.state = (enum peer_state)s;
		ck_assert_int_eq(peer_event(&p, PEV_OPEN), PACT_FLUSH);
		ck_assert_int_eq(p.state, PEER_UP);
	}
}
END_TEST

START_TEST(off_is_idle_from_everywhere)
{
	for (int s = 0; s < PEER_NSTATES; s++) {
		struct peer p = UP;

		p.state = (enum peer_state)s;
		ck_assert_int_eq(peer_event(&p, PEV_OFF), PACT_NONE);
		ck_assert_int_eq(p.state, PEER_IDLE);
		ck_assert_uint_eq(p.illegal, 0);
	}
}
END_TEST

START_TEST(what_makes_no_sense_is_counted_and_ignored)
{
	struct peer p = walk(END, END, END);

	ck_assert_int_eq(peer_event(&p, PEV_LOST), PACT_NONE);
	ck_assert_int_eq(peer_event(&p, PEV_FOUND), PACT_NONE);
	ck_assert_int_eq(p.state, PEER_IDLE);
	ck_assert_uint_eq(p.illegal, 2);
}
END_TEST

START_TEST(every_state_and_event_stays_inside_the_table)
{
	for (int s = 0; s < PEER_NSTATES; s++)
		for (int ev = 0; ev < PEV_NEVENTS; ev++) {
			struct peer p = UP;

			p.state = (enum peer_state)s;
			peer_event(&p, (enum peer_event)ev);
			ck_assert_int_lt(p.state, PEER_NSTATES);
			ck_assert_str_ne(peer_state_name(p.state), "?");
		}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_wanted_peer_is_looked_up_dialed_and_served,
	    wanting_more_does_not_ask_more,
	    nobody_knows_it_so_it_is_lost,
	    lost_while_up_drops_what_was_held,
	    a_key_too_old_to_send_with_is_dialed_without_a_lookup,
	    a_session_that_went_unused_is_no_failure,
	    who_calls_us_is_up_whatever_we_were_doing,
	    off_is_idle_from_everywhere,
	    what_makes_no_sense_is_counted_and_ignored,
	    every_state_and_event_stays_inside_the_table,
	};

	return UNIT_RUN("peer", tests);
}
