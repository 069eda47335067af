/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_pathset.c */
/*
 * The set of a peer's places, driven as the engine drives it over made-up links
 * in virtual time: a dead one is found by traffic and left, none is used
 * without an answer from there, nobody is pinged for nothing, and what was left
 * is used again when it works again.
 */
#include "pathset.h"
#include "unit.h"

#define LINKS 3
#define WAY_MAX 4096
#define SOCK 7

/* A link: pings and packets take delay_ms there and as long back. */
struct link {
	bool out, back;          /* open? */
	uint32_t delay_ms, loss; /* per thousand */
};

struct flight {
	uint64_t at_ms, id; /* id 0: a packet, answered if the host answers */
	unsigned link;
};

struct lab {
	struct pathset s;
	struct link link[LINKS];
	struct flight fly[WAY_MAX];
	unsigned nfly;
	uint64_t now, seed, next_id;
	uint32_t every_ms; /* a packet; 0: none */
	bool answers;      /* each by a packet */
	/* what came of it */
	uint64_t arrived_ms, gap_ms; /* at the peer's; the longest without */
	unsigned sent, copies, arrived, pings[LINKS], uses, whys[PATH_NWHYS];
	unsigned keeps;
};

static struct endpoint
place(unsigned i)
{
	return (struct endpoint){
	    .addr = {.family = 4, .b = {192, 0, 2, (uint8_t)(i + 1)}},
	    .port = 51820};
}

static void
fly(struct lab *l, unsigned link, uint64_t id)
{
	const struct link *k = &l->link[link];

	if (!k->out || unit_random(&l->seed) % 1000 < k->loss)
		return;
	ck_assert_uint_lt(l->nfly, WAY_MAX);
	l->fly[l->nfly++] = (struct flight){l->now + k->delay_ms, id, link};
}

/* It is there; its answer, if there is one, comes back after as long. */
static void
arrive(struct lab *l, const struct flight *f)
{
	const struct link *k = &l->link[f->link];
	struct endpoint ep = place(f->link);
	uint32_t rtt;

	if (f->id == 0) {
		l->arrived++;
		if (l->now - l->arrived_ms > l->gap_ms)
			l->gap_ms = l->now - l->arrived_ms;
		l->arrived_ms = l->now;
	}
	if (!k->back || unit_random(&l->seed) % 1000 < k->loss ||
	    (f->id == 0 && !l->answers))
		return;
	/* answers are not simulated on their way: they come at once, late */
	if (f->id != 0)
		(void)pathset_pong(&l->s, f->id, &ep, l->now, &rtt);
	else if (pathset_heard(&l->s, &ep, SOCK, l->now) == PATH_FOLLOW)
		pathset_use(&l->s, &ep, SOCK, l->now);
}

static void
carry_out(struct lab *l)
{
	struct path_step out[PATH_STEPS];
	unsigned n = pathset_tick(&l->s, l->now, out);

	for (unsigned i = 0; i < n; i++) {
		const struct path *p = &l->s.at[out[i].place];
		unsigned link = p->ep.addr.b[3] - 1u;

		l->keeps += out[i].act == PATH_KEEP;
		if (out[i].act != PATH_USE) {
			pathset_pinged(
			    &l->s, out[i].place, ++l->next_id, l->now);
			l->pings[link]++;
			fly(l, link, l->next_id);
			continue;
		}
		/* never a place that has not answered */
		ck_assert_uint_ne(p->proved_ms, 0);
		l->uses++;
		l->whys[out[i].why]++;
		pathset_use(&l->s, &p->ep, p->sock, l->now);
	}
}

static void
packet(struct lab *l)
{
	const struct path *copy = pathset_copy(&l->s);

	l->sent++;
	(void)pathset_sent(&l->s, l->now);
	fly(l, l->s.at[l->s.best].ep.addr.b[3] - 1u, 0);
	if (copy == NULL)
		return;
	l->copies++;
	fly(l, copy->ep.addr.b[3] - 1u, 0);
}

static void
run(struct lab *l, uint64_t ms)
{
	for (uint64_t end = l->now + ms; l->now < end; l->now++) {
		for (unsigned i = 0; i < l->nfly;) {
			struct flight f = l->fly[i];

			if (f.at_ms > l->now) {
				i++;
				continue;
			}
			l->fly[i] = l->fly[--l->nfly];
			arrive(l, &f);
		}
		if (l->every_ms != 0 && l->now % l->every_ms == 0)
			packet(l);
		/* it is looked at when it says so, and then only */
		if (pathset_due(&l->s) <= l->now)
			carry_out(l);
	}
}

/* Links that work, the first in use, and a packet each so often. */
static void
start(struct lab *l, uint32_t every_ms)
{
	struct endpoint ep = place(0);

	*l = (struct lab){
	    .now = 1000000, .seed = unit_seed(), .every_ms = every_ms};
	l->answers = true;
	l->arrived_ms = l->now;
	pathset_init(&l->s, true);
	for (unsigned i = 0; i < LINKS; i++)
		l->link[i] = (struct link){true, true, 10, 0};
	pathset_use(&l->s, &ep, SOCK, l->now);
	for (unsigned i = 1; i < LINKS; i++) {
		ep = place(i);
		ck_assert_uint_ne(
		    pathset_add(&l->s, &ep, SOCK, 0, l->now), PATH_NONE);
	}
}

static unsigned
used(const struct lab *l)
{
	return l->s.at[l->s.best].ep.addr.b[3] - 1u;
}

/* What is known to have gone is left at once, not after its silence. */
START_TEST(what_is_withdrawn_is_left_at_once)
{
	struct lab l;
	struct endpoint ep = place(0);

	start(&l, 10);
	run(&l, 5000);
	ck_assert_uint_eq(used(&l), 0);
	l.link[0].out = l.link[0].back = false;
	l.gap_ms = 0;
	pathset_drop(&l.s, &ep, SOCK, l.now);
	ck_assert_ptr_nonnull(pathset_copy(&l.s));
	run(&l, 1000);
	ck_assert_uint_ne(used(&l), 0);
	ck_assert_uint_lt(l.gap_ms, 60);
	/* one that is not used is simply gone */
	ep = place(1 + (used(&l) == 1));
	pathset_drop(&l.s, &ep, SOCK, l.now);
	ck_assert_uint_eq(pathset_find(&l.s, &ep, SOCK), PATH_NONE);
}
END_TEST

START_TEST(what_works_is_left_alone)
{
	struct lab l;

	start(&l, 10);
	run(&l, 60000);
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_uint_eq(l.uses, 0);
	ck_assert_uint_eq(l.copies, 0);
	ck_assert_uint_le(l.pings[0], 21); /* its health, now and then */
	ck_assert_uint_ge(l.pings[1], 3);
	ck_assert_uint_le(l.pings[1], 5);
	ck_assert_uint_eq(l.arrived + 1, l.sent); /* one is on its way */
}
END_TEST

START_TEST(a_dead_one_is_left_in_a_third_of_a_second)
{
	struct lab l;

	for (uint64_t ms = 0; ms < 100; ms += 7) {
		start(&l, 10);
		run(&l, 3000 + ms);
		l.link[0].out = l.link[0].back = false;
		l.gap_ms = 0;
		run(&l, 2000);
		ck_assert_uint_ne(used(&l), 0);
		ck_assert_uint_le(l.gap_ms, 220);
		ck_assert_uint_eq(l.s.failures, 1);
	}
}
END_TEST

START_TEST(one_direction_is_enough_to_be_dead)
{
	struct lab l;

	start(&l, 10);
	run(&l, 3000);
	l.link[0].out = false;
	l.gap_ms = 0;
	run(&l, 2000);
	ck_assert_uint_ne(used(&l), 0);
	ck_assert_uint_le(l.gap_ms, 220);
}
END_TEST

START_TEST(who_only_sends_is_told_by_pings)
{
	struct lab l;

	start(&l, 10);
	l.answers = false;
	run(&l, 10000);
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_uint_eq(l.uses, 0);
	ck_assert_uint_eq(l.copies, 0);
	ck_assert_uint_ge(l.pings[0], 60);
	ck_assert_uint_le(l.pings[0], 100);
	l.link[0].out = false;
	l.gap_ms = 0;
	run(&l, 2000);
	ck_assert_uint_ne(used(&l), 0);
	ck_assert_uint_le(l.gap_ms, 330);
}
END_TEST

START_TEST(nobody_is_pinged_when_nothing_is_sent)
{
	struct lab l;
	unsigned before;

	start(&l, 10);
	run(&l, 1000);
	l.every_ms = 0;
	run(&l, PATH_USED_MS + 1000);
	before = l.pings[0] + l.pings[1] + l.pings[2];
	ck_assert_uint_le(before, 14);
	run(&l, 600000);
	ck_assert_uint_eq(l.pings[0] + l.pings[1] + l.pings[2], before);
	/* not even about what got no answer */
	l.link[0].out = false;
	l.link[1].out = l.link[2].out = false;
	packet(&l);
	run(&l, PATH_QUIET_MS + PATH_USED_MS);
	before = l.pings[0];
	run(&l, 600000);
	ck_assert_uint_eq(l.pings[0], before);
}
END_TEST

/* Every so often, n times, and then nothing. */
static void
comes_n_times(struct lab *l, unsigned n, uint64_t every_ms)
{
	struct endpoint ep = place(0);

	for (unsigned i = 0; i < n; i++) {
		ck_assert_int_eq(
		    pathset_heard(&l->s, &ep, SOCK, l->now), PATH_STAY);
		run(l, every_ms);
	}
}

START_TEST(who_stops_in_the_middle_is_asked_if_it_is_there)
{
	struct lab l;

	/* its answer comes: once is enough */
	start(&l, 0);
	comes_n_times(&l, PATH_STEADY, 20);
	run(&l, PATH_LULL_MS - 30);
	ck_assert_uint_eq(l.keeps, 0);
	run(&l, 20);
	ck_assert_uint_eq(l.keeps, 1);
	run(&l, 600000);
	ck_assert_uint_eq(l.keeps, 1);
	/* none comes: twice, and no more */
	l.link[0].out = false;
	comes_n_times(&l, PATH_STEADY + 7, 20);
	run(&l, 600000);
	ck_assert_uint_eq(l.keeps, 3);
	l.link[0].out = true;
	/* few are no steady ones, nor are many that come seldom */
	comes_n_times(&l, PATH_STEADY - 1, 20);
	run(&l, 5000);
	comes_n_times(&l, 100, PATH_LULL_MS);
	run(&l, 600000);
	ck_assert_uint_eq(l.keeps, 3);
	ck_assert_uint_eq(l.uses, 0);
}
END_TEST

START_TEST(it_comes_back_when_the_first_works_again)
{
	struct lab l;

	start(&l, 10);
	run(&l, 3000);
	l.link[0].out = false;
	run(&l, 40000);
	ck_assert_uint_ne(used(&l), 0);
	l.link[0].out = true;
	l.gap_ms = 0;
	run(&l, 15000);
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_uint_eq(l.whys[PATH_BACK], 1);
	ck_assert_uint_eq(l.s.failures, 1);
	ck_assert_uint_le(l.gap_ms, 20);
}
END_TEST

START_TEST(one_that_comes_and_goes_is_not_trusted_soon)
{
	struct lab l;

	start(&l, 10);
	run(&l, 3000);
	for (int i = 0; i < 60; i++) {
		l.link[0].out = i % 2 != 0;
		run(&l, 1000);
	}
	ck_assert_uint_eq(l.s.failures, 1);
	ck_assert_uint_ne(used(&l), 0);
}
END_TEST

START_TEST(loss_is_no_death)
{
	struct lab l;
	unsigned seen = 0;

	start(&l, 10);
	for (unsigned i = 0; i < LINKS; i++)
		l.link[i].loss = 100;
	for (int i = 0; i < 60; i++) {
		run(&l, 1000);
		seen += used(&l) == 0;
	}
	/* answers are many; a ping in ten lost makes no change */
	ck_assert_uint_eq(l.uses, 0);
	ck_assert_uint_eq(seen, 60);
}
END_TEST

START_TEST(long_ways_have_their_time)
{
	struct lab l;

	start(&l, 10);
	for (unsigned i = 0; i < LINKS; i++)
		l.link[i].delay_ms = 600;
	run(&l, 30000);
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_uint_eq(l.uses, 0);
	l.link[0].out = false;
	run(&l, 6000);
	ck_assert_uint_ne(used(&l), 0);
	ck_assert_uint_eq(l.s.failures, 1);
}
END_TEST

START_TEST(a_quicker_one_is_used_once_it_is_proved)
{
	struct lab l;

	start(&l, 10);
	l.answers = false; /* so that the first one is measured */
	l.link[0].delay_ms = 120;
	l.link[1].delay_ms = 115;
	l.link[2].delay_ms = 20;
	run(&l, 180000);
	ck_assert_uint_eq(used(&l), 2);
	ck_assert_uint_eq(l.whys[PATH_BETTER], 1);
	ck_assert_uint_eq(l.uses, 1);
}
END_TEST

START_TEST(rank_is_the_administrators)
{
	struct lab l;
	struct endpoint ep = place(1);

	start(&l, 10);
	l.answers = false;
	l.link[1].delay_ms = 90;
	(void)pathset_add(&l.s, &ep, SOCK, 5, l.now);
	run(&l, 180000);
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_eq(l.uses, 1);
	/* the others are much quicker, and that changes nothing */
	run(&l, 180000);
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_eq(l.uses, 1);
}
END_TEST

/* Best is a relay, and all others are direct: place 0 is in use. */
static void
start_relayed(struct lab *l)
{
	struct endpoint ep;

	start(l, 10);
	for (unsigned i = 0; i < LINKS; i++) {
		ep = place(i);
		(void)pathset_add(&l->s, &ep, SOCK, i == 0 ? 96 : 128, l->now);
	}
	l->link[0].delay_ms = 30;
	for (unsigned i = 1; i < LINKS; i++)
		l->link[i].out = l->link[i].back = false;
}

START_TEST(a_better_kind_is_used_at_once)
{
	struct lab l;

	start_relayed(&l);
	l.link[1].out = l.link[1].back = true;
	run(&l, 400);
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_eq(l.whys[PATH_UPGRADE], 1);
	ck_assert_uint_eq(l.uses, 1);
	/* the relay stays known, and takes over */
	run(&l, 1000);
	ck_assert_uint_ne(l.s.at[0].proved_ms, 0);
	l.link[1].out = l.link[1].back = false;
	l.gap_ms = 0;
	run(&l, 2000);
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_uint_le(l.gap_ms, 300);
	/* and the direct one again, as soon as it is back */
	run(&l, 60000);
	l.link[1].out = l.link[1].back = true;
	l.gap_ms = 0;
	run(&l, 15000);
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_le(l.gap_ms, 80);
	ck_assert_uint_eq(l.whys[PATH_BACK], 1);
}
END_TEST

START_TEST(a_better_kind_is_tried_now_and_then)
{
	struct lab l;
	const unsigned want[] = {2, 2, 3, 4, 5, 7, 9};
	const uint64_t at[] = {3000, 6000, 8000, 18000, 28000, 48000, 68000};

	start_relayed(&l);
	for (unsigned i = 0; i < 7; i++) {
		run(&l, at[i] - (l.now - 1000000));
		ck_assert_msg(l.pings[1] == want[i], "%u pings after %u ms",
		    l.pings[1], (unsigned)at[i]);
	}
	/* the peer tries it: so do we, at once */
	pathset_tried(&l.s, 1, l.now);
	l.link[1].out = l.link[1].back = true;
	run(&l, 300);
	ck_assert_uint_eq(used(&l), 1);
}
END_TEST

START_TEST(what_fails_often_is_held_down_longer)
{
	struct lab l;
	uint64_t longest = 0, since = 0;

	start_relayed(&l);
	l.link[1].out = l.link[1].back = true;
	run(&l, 1000);
	/* five seconds there, five not, for five minutes */
	for (unsigned i = 0; i < 600; i++) {
		l.link[1].out = l.link[1].back = i / 10 % 2 != 0;
		run(&l, 500);
		if (used(&l) == 1)
			since = l.now;
		if (since != 0 && l.now - since > longest)
			longest = l.now - since;
	}
	ck_assert_uint_le(l.s.failures, 10);
	ck_assert_uint_ge(longest, 50000);
	/* it is forgiven, in the end */
	l.link[1].out = l.link[1].back = true;
	run(&l, 70000);
	ck_assert_uint_eq(used(&l), 1);
	run(&l, 70000);
	since = l.s.failures;
	l.link[1].out = l.link[1].back = false;
	run(&l, 2000);
	ck_assert_uint_eq(used(&l), 0);
	l.link[1].out = l.link[1].back = true;
	run(&l, 7000);
	ck_assert_uint_eq(used(&l), 1);
}
END_TEST

START_TEST(the_peer_does_not_talk_us_out_of_the_better_kind)
{
	struct endpoint relay = place(0);
	struct lab l;

	start_relayed(&l);
	l.link[1].out = l.link[1].back = true;
	run(&l, 2000);
	ck_assert_uint_eq(used(&l), 1);
	/* it sends by the relay, but ours works */
	l.answers = false;
	for (int i = 0; i < 500; i++) {
		ck_assert_int_ne(
		    pathset_heard(&l.s, &relay, SOCK, l.now), PATH_FOLLOW);
		run(&l, 10);
	}
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_eq(l.s.failures, 0);
	/* now it does not, which is why */
	l.link[1].out = l.link[1].back = false;
	for (int i = 0; i < 30 && used(&l) == 1; i++) {
		if (pathset_heard(&l.s, &relay, SOCK, l.now) == PATH_FOLLOW)
			pathset_use(&l.s, &relay, SOCK, l.now);
		run(&l, 10);
	}
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_uint_eq(l.s.failures, 1);
}
END_TEST

START_TEST(one_can_be_left_by_hand)
{
	struct endpoint ep = place(1);
	struct lab l;
	unsigned i;

	start_relayed(&l);
	/* nothing else answers */
	run(&l, 1000);
	ck_assert_uint_eq(pathset_force(&l.s, PATH_NONE, l.now), PATH_NONE);
	l.link[1].out = l.link[1].back = true;
	run(&l, 5000);
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_eq(pathset_force(&l.s, l.s.best, l.now), PATH_NONE);
	i = pathset_force(&l.s, PATH_NONE, l.now);
	ck_assert_uint_ne(i, PATH_NONE);
	pathset_use(&l.s, &l.s.at[i].ep, SOCK, l.now);
	ck_assert_uint_eq(used(&l), 0);
	ck_assert_int_eq(l.s.why, PATH_MANUAL);
	/* for a minute, whatever the peer does */
	for (int k = 0; k < 50; k++) {
		run(&l, 1000);
		ck_assert_int_eq(
		    pathset_heard(&l.s, &ep, SOCK, l.now), PATH_STAY);
		ck_assert_uint_eq(used(&l), 0);
	}
	run(&l, 20000);
	ck_assert_uint_eq(used(&l), 1);
}
END_TEST

/* no death, but a fifth is lost and it takes 200 ms more. */
START_TEST(a_place_that_got_bad_is_left_in_seconds)
{
	struct lab l;

	for (unsigned i = 0; i < 20; i++) {
		start(&l, 10);
		l.seed += i;
		run(&l, 40000);
		ck_assert_uint_eq(l.uses, 0);
		l.link[0].delay_ms += 200;
		l.link[0].loss = 200;
		run(&l, 5000);
		ck_assert_uint_ne(used(&l), 0);
		run(&l, 300000);
		ck_assert_uint_le(l.uses, 2);
	}
}
END_TEST

START_TEST(all_dead_is_waited_out)
{
	struct lab l;

	start(&l, 10);
	run(&l, 3000);
	for (unsigned i = 0; i < LINKS; i++)
		l.link[i].out = false;
	run(&l, 30000);
	ck_assert_uint_eq(l.uses, 0);
	ck_assert_uint_le(l.pings[0], 60);
	l.link[1].out = true;
	l.gap_ms = 0;
	l.arrived_ms = l.now;
	run(&l, 5000);
	ck_assert_uint_eq(used(&l), 1);
	ck_assert_uint_le(l.gap_ms, 1500);
}
END_TEST

START_TEST(strange_places_are_asked_first)
{
	struct endpoint ep = place(9), other = place(1);
	struct lab l;
	uint32_t rtt;

	start(&l, 0);
	ck_assert_int_eq(pathset_heard(&l.s, &ep, SOCK, l.now), PATH_ASK);
	ck_assert_int_eq(pathset_heard(&l.s, &other, SOCK, l.now), PATH_ASK);
	ck_assert_int_eq(
	    pathset_heard(&l.s, &other, SOCK + 1, l.now), PATH_ASK);
	/* a pong proves it: from the place that was asked, with its id */
	pathset_pinged(&l.s, 1, 77, l.now);
	ck_assert_uint_eq(
	    pathset_pong(&l.s, 77, &ep, l.now + 4, &rtt), PATH_NONE);
	ck_assert_uint_eq(
	    pathset_pong(&l.s, 78, &other, l.now + 4, &rtt), PATH_NONE);
	ck_assert_uint_eq(
	    pathset_pong(&l.s, 0, &other, l.now + 4, &rtt), PATH_NONE);
	ck_assert_uint_eq(pathset_pong(&l.s, 77, &other, l.now + 4, &rtt), 1);
	ck_assert_uint_eq(rtt, 4000);
	ck_assert_uint_eq(
	    pathset_pong(&l.s, 77, &other, l.now + 5, &rtt), PATH_NONE);
	/* best was heard a moment ago: this may be a copy; then it is not */
	ck_assert_int_eq(
	    pathset_heard(&l.s, &other, SOCK, l.now + 5), PATH_STAY);
	l.s.decided_ms = l.now;
	/* and who leads does not take back at once what it has decided */
	ck_assert_int_eq(
	    pathset_heard(&l.s, &other, SOCK, l.now + 200), PATH_STAY);
	ck_assert_int_eq(
	    pathset_heard(&l.s, &other, SOCK, l.now + 4000), PATH_FOLLOW);
}
END_TEST

/* It was killed and called again from elsewhere: its keys prove the place. */
START_TEST(what_a_handshake_proves_is_followed)
{
	struct endpoint ep = place(9);
	struct lab l;
	unsigned i;

	start(&l, 0);
	i = pathset_put(&l.s, &ep, SOCK, l.now);
	ck_assert_uint_ne(i, PATH_NONE);
	ck_assert_int_eq(pathset_heard(&l.s, &ep, SOCK, l.now), PATH_ASK);
	pathset_proved(&l.s, i, l.now);
	/* the old place was heard just now, then not any more */
	l.s.at[l.s.best].heard_ms = l.now;
	ck_assert_int_eq(pathset_heard(&l.s, &ep, SOCK, l.now + 20), PATH_STAY);
	ck_assert_int_eq(
	    pathset_heard(&l.s, &ep, SOCK, l.now + 200), PATH_FOLLOW);
}
END_TEST

START_TEST(there_is_room_for_few)
{
	struct lab l;
	struct endpoint ep;

	start(&l, 0);
	for (unsigned i = LINKS; i < 40; i++) {
		ep = place(i);
		ck_assert_uint_eq(
		    pathset_add(&l.s, &ep, SOCK, 0, l.now) == PATH_NONE,
		    i >= PATHS_MAX);
	}
	/* one that does not answer makes way, the one in use never */
	pathset_pinged(&l.s, 4, 1, l.now);
	pathset_pinged(&l.s, 4, 2, l.now);
	ck_assert_uint_eq(pathset_add(&l.s, &ep, SOCK, 0, l.now), 4);
	for (unsigned i = 100; i < 140; i++) {
		ep = place(i);
		pathset_use(&l.s, &ep, SOCK, l.now + i);
		ck_assert_uint_eq(l.s.best, pathset_find(&l.s, &ep, SOCK));
	}
}
END_TEST

/* A translator that forgets again and again: each of its ports worked once. */
START_TEST(what_worked_once_and_is_dead_makes_way)
{
	struct lab l;
	struct endpoint ep = place(200);

	start(&l, 0);
	for (unsigned i = 1; i < PATHS_MAX; i++) {
		struct endpoint was = place(i);

		(void)pathset_put(&l.s, &was, SOCK, l.now);
		pathset_proved(&l.s, i, l.now);
	}
	ck_assert_uint_eq(pathset_add(&l.s, &ep, SOCK, 0, l.now), PATH_NONE);
	/* one lost ping may be anything */
	for (unsigned n = 0; n < 3; n++) {
		pathset_pinged(&l.s, 3, n + 1, l.now);
		ck_assert_uint_eq(
		    pathset_add(&l.s, &ep, SOCK, 0, l.now), PATH_NONE);
	}
	pathset_pinged(&l.s, 3, 4, l.now);
	ck_assert_uint_eq(pathset_add(&l.s, &ep, SOCK, 0, l.now), 3);
}
END_TEST

START_TEST(another_network_asks_all_again)
{
	struct lab l;

	start(&l, 10);
	run(&l, 3000);
	ck_assert_uint_ge(l.s.at[1].proofs, 1);
	pathset_hint(&l.s, l.now);
	ck_assert_uint_eq(l.s.at[1].proofs, 0);
	run(&l, 100);
	ck_assert_uint_eq(l.s.at[1].proofs, 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {what_works_is_left_alone,
	    what_is_withdrawn_is_left_at_once,
	    a_dead_one_is_left_in_a_third_of_a_second,
	    one_direction_is_enough_to_be_dead, who_only_sends_is_told_by_pings,
	    nobody_is_pinged_when_nothing_is_sent,
	    who_stops_in_the_middle_is_asked_if_it_is_there,
	    it_comes_back_when_the_first_works_again,
	    one_that_comes_and_goes_is_not_trusted_soon, loss_is_no_death,
	    long_ways_have_their_time, a_quicker_one_is_used_once_it_is_proved,
	    rank_is_the_administrators, a_better_kind_is_used_at_once,
	    a_better_kind_is_tried_now_and_then,
	    what_fails_often_is_held_down_longer,
	    the_peer_does_not_talk_us_out_of_the_better_kind,
	    one_can_be_left_by_hand, a_place_that_got_bad_is_left_in_seconds,
	    all_dead_is_waited_out, strange_places_are_asked_first,
	    what_a_handshake_proves_is_followed, there_is_room_for_few,
	    what_worked_once_and_is_dead_makes_way,
	    another_network_asks_all_again};

	return UNIT_RUN("pathset", tests);
}
