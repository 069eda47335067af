/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_nat.c */
/*
 * The client of STUN against a network of this file: servers with one address
 * or two (RFC 5780), members, and a translator in between whose behaviour is
 * the test's.  Nothing takes time here but the silence of who does not answer.
 */
#include "unit.h"

#include <string.h>

#include "nat.h"

#define T0 1000000
#define SOCK 3
#define QUEUE 64

enum maps { M_NONE, M_SAME, M_BY_ADDRESS, M_BY_BOTH };
enum lets { L_ALL, L_ADDRESS, L_PORT, L_NOBODY };

struct answer {
	uint64_t id;
	struct endpoint from;
	struct stun m;
};

struct net {
	struct nat nat;
	uint64_t now, dice;
	enum maps maps;
	enum lets lets;
	bool two;     /* the server has another address */
	bool dead[4]; /* server, its other address, members */
	bool deaf;    /* the server says 420 to CHANGE-REQUEST */
	unsigned nmembers;
	bool lan;                    /* members are on our side */
	uint16_t shift;              /* the translator's ports */
	struct endpoint sent[QUEUE]; /* to whom, what a translator remembers */
	unsigned nsent, requests;
	struct answer queue[QUEUE];
	unsigned n;
};

static const struct endpoint host = {{4, {10, 0, 0, 5}}, 51820};

static struct endpoint
server(unsigned i) /* 0 and 1: addresses of the one, 2: another server */
{
	return (struct endpoint){{4, {198, 51, 100, (uint8_t)(1 + i)}}, 3478};
}

static struct endpoint
member(unsigned i)
{
	return (struct endpoint){{4, {203, 0, 113, (uint8_t)(1 + i)}}, 51820};
}

static void
fill(void *ctx, void *out, size_t len)
{
	struct net *t = ctx;

	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(&t->dice);
}

static unsigned
members(void *ctx, uint8_t family, struct endpoint *out, unsigned max)
{
	const struct net *t = ctx;
	unsigned n = 0;

	for (; family == 4 && n < t->nmembers && n < max; n++)
		out[n] = member(n);
	return n;
}

/* As whom the host is seen by this destination. */
static struct endpoint
seen_by(const struct net *t, const struct endpoint *to)
{
	struct endpoint e = {{4, {192, 0, 2, 7}}, (uint16_t)(4000 + t->shift)};

	if (t->maps == M_NONE || (t->lan && to->addr.b[0] == 203))
		return host;
	if (t->maps != M_SAME)
		e.port = (uint16_t)(e.port + to->addr.b[3]);
	if (t->maps == M_BY_BOTH)
		e.port = (uint16_t)(e.port + to->port);
	return e;
}

static bool
comes_in(const struct net *t, const struct endpoint *from)
{
	for (unsigned i = 0; i < t->nsent; i++)
		if (addr_eq(&t->sent[i].addr, &from->addr) &&
		    (t->lets == L_ADDRESS || t->sent[i].port == from->port))
			return t->lets != L_NOBODY;
	return t->lets == L_ALL;
}

static void
push(struct net *t, const struct endpoint *from, const struct stun *m)
{
	if (t->n < QUEUE && comes_in(t, from))
		t->queue[t->n++] = (struct answer){0, *from, *m};
}

/* The server at `to` gets this from a place that it sees as `seen`. */
static void
serve(struct net *t, const struct endpoint *to, const struct stun *q)
{
	unsigned who =
	    to->addr.b[0] == 198 ? to->addr.b[3] - 1u : 1u + to->addr.b[3];
	struct endpoint from = *to;
	struct stun a = {.kind = STUN_SUCCESS,
	    .method = STUN_BINDING,
	    .has = STUN_XOR_MAPPED,
	    .xor_mapped = seen_by(t, to)};

	memcpy(a.id, q->id, sizeof(a.id));
	if (t->dead[who])
		return;
	if (who < 2 && t->two) {
		a.has |= STUN_OTHER;
		a.other = server(!who);
		a.other.port = to->port == 3478 ? 3479 : 3478;
		if ((q->change & STUN_CHANGE_IP) != 0)
			from.addr = a.other.addr;
		if ((q->change & STUN_CHANGE_PORT) != 0)
			from.port = a.other.port;
		if (t->deaf && (q->has & STUN_CHANGE) != 0) {
			a.kind = STUN_ERROR;
			from = *to;
		}
	}
	push(t, &from, &a);
}

static int
send_it(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len)
{
	struct net *t = ctx;
	struct stun q;

	ck_assert_uint_eq(sock, SOCK);
	ck_assert_uint_le(len, NAT_REQUEST + 8);
	ck_assert_int_eq(stun_parse(data, len, &q), 0);
	ck_assert_uint_ge(len, STUN_HDR + STUN_MAPPED6_LEN + STUN_MARK_LEN);
	t->requests++;
	if (t->nsent < QUEUE)
		t->sent[t->nsent++] = *to;
	serve(t, to, &q);
	return 0;
}

static struct net *
net_new(enum maps maps, enum lets lets)
{
	struct net *t = calloc(1, sizeof(*t));
	const struct nat_io io = {
	    .ctx = t, .send = send_it, .members = members, .rnd = {fill, t}};

	t->now = T0;
	t->dice = unit_seed();
	t->maps = maps;
	t->lets = lets;
	nat_init(&t->nat, &io);
	nat_places(&t->nat, t->now, &host, 1);
	nat_socket_add(
	    &t->nat, t->now, SOCK, &(struct endpoint){{.family = 4}, 51820});
	return t;
}

static void
configure(struct net *t, unsigned nservers)
{
	struct endpoint stun[3] = {server(0), server(1), server(2)};

	nat_configure(&t->nat, t->now, true, 300000, stun, nservers);
}

/* Until so much time is over. */
static void
run(struct net *t, uint64_t ms)
{
	uint64_t end = t->now + ms;

	for (;;) {
		uint64_t due;

		while (t->n > 0) {
			struct answer a = t->queue[0];

			memmove(t->queue, t->queue + 1,
			    --t->n * sizeof(t->queue[0]));
			(void)nat_answer(&t->nat, t->now, SOCK, &a.from, &a.m);
		}
		due = nat_due(&t->nat);
		if (due > end)
			break;
		t->now = due > t->now ? due : t->now;
		nat_tick(&t->nat, t->now);
	}
	t->now = end;
}

static const struct nat_view *
view(const struct net *t)
{
	return &nat_sock(&t->nat, 0)->view;
}

/* What a first round with a server of two addresses finds. */
static void
found(enum maps maps, enum lets lets, enum nat_mapping mapping,
    enum nat_filtering filtering)
{
	struct net *t = net_new(maps, lets);
	struct endpoint first = server(0), seen = seen_by(t, &first);

	t->two = true;
	configure(t, 1);
	run(t, 10000);
	ck_assert(!nat_busy(&t->nat));
	ck_assert_int_eq(view(t)->mapping, mapping);
	ck_assert_int_eq(view(t)->filtering, filtering);
	ck_assert(endpoint_eq(&view(t)->seen, &seen));
	ck_assert(endpoint_eq(&view(t)->local, &host));
	free(t);
}

START_TEST(a_server_with_two_addresses_tells_all_kinds_apart)
{
	found(M_NONE, L_ALL, NAT_NONE, NAT_F_INDEPENDENT);
	found(M_NONE, L_PORT, NAT_NONE, NAT_F_PORT);
	found(M_SAME, L_ALL, NAT_INDEPENDENT, NAT_F_INDEPENDENT);
	found(M_SAME, L_ADDRESS, NAT_INDEPENDENT, NAT_F_ADDRESS);
	found(M_SAME, L_PORT, NAT_INDEPENDENT, NAT_F_PORT);
	found(M_BY_ADDRESS, L_ADDRESS, NAT_ADDRESS, NAT_F_ADDRESS);
	found(M_BY_ADDRESS, L_PORT, NAT_ADDRESS, NAT_F_PORT);
	found(M_BY_BOTH, L_PORT, NAT_SYMMETRIC, NAT_F_PORT);
}
END_TEST

START_TEST(its_other_address_as_a_second_server_does_not_spoil_that)
{
	struct net *t = net_new(M_SAME, L_PORT);

	t->two = true;
	configure(t, 2);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_INDEPENDENT);
	ck_assert_int_eq(view(t)->filtering, NAT_F_PORT);
	free(t);
}
END_TEST

START_TEST(what_the_translator_remembers_is_no_finding)
{
	struct net *t = net_new(M_SAME, L_PORT);

	t->two = true;
	configure(t, 2);
	run(t, 10000);
	/* everything was sent to now, and would be let in */
	for (int i = 0; i < 6; i++) {
		nat_check(&t->nat, t->now);
		run(t, 20000);
		ck_assert_int_eq(view(t)->filtering, NAT_F_PORT);
	}
	/* forgotten on both sides: asked again, and it is another one now */
	t->nsent = 0;
	t->lets = L_ALL;
	run(t, 1000);
	t->nat.sock[0].before_ms = t->nat.sock[0].mapped_ms = 0;
	t->nat.sock[0].begun_ms = 0;
	nat_check(&t->nat, t->now);
	run(t, 20000);
	ck_assert_int_eq(view(t)->filtering, NAT_F_INDEPENDENT);
	free(t);
}
END_TEST

START_TEST(two_members_tell_whether_the_port_changes)
{
	static const struct {
		enum maps maps;
		enum nat_mapping want;
	} cases[] = {{M_NONE, NAT_NONE}, {M_SAME, NAT_INDEPENDENT},
	    {M_BY_ADDRESS, NAT_SYMMETRIC}, {M_BY_BOTH, NAT_SYMMETRIC}};

	for (size_t i = 0; i < 4; i++) {
		struct net *t = net_new(cases[i].maps, L_PORT);

		t->nmembers = 2;
		configure(t, 0);
		run(t, 10000);
		ck_assert_int_eq(view(t)->mapping, cases[i].want);
		ck_assert_int_eq(view(t)->filtering, NAT_F_UNKNOWN);
		ck_assert_uint_eq(view(t)->nheard, 2);
		free(t);
	}
}
END_TEST

START_TEST(one_alone_says_where_but_not_how)
{
	struct net *t = net_new(M_SAME, L_PORT);

	t->nmembers = 1;
	configure(t, 0);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_UNKNOWN);
	ck_assert_uint_ne(view(t)->seen.addr.family, 0);
	t->nmembers = 2;
	nat_member_up(&t->nat, t->now, 4);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_INDEPENDENT);
	free(t);
}
END_TEST

START_TEST(a_member_on_our_side_does_not_know)
{
	struct net *t = net_new(M_SAME, L_PORT);
	struct endpoint first = server(2), seen = seen_by(t, &first);

	t->nmembers = 2;
	t->lan = true;
	configure(t, 0);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_NONE);
	nat_configure(&t->nat, t->now, true, 300000, &first, 1);
	run(t, 10000);
	ck_assert(endpoint_eq(&view(t)->seen, &seen));
	ck_assert_int_eq(view(t)->mapping, NAT_UNKNOWN);
	free(t);
}
END_TEST

START_TEST(silence_of_two_is_udp_blocked_and_of_one_nothing)
{
	struct net *t = net_new(M_SAME, L_NOBODY);

	configure(t, 1);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_UNKNOWN);
	ck_assert_uint_eq(t->requests, NAT_TRIES);
	configure(t, 2);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_BLOCKED);
	ck_assert_uint_eq(view(t)->seen.addr.family, 0);
	ck_assert_uint_eq(t->nat.silent, 3);
	free(t);
}
END_TEST

START_TEST(a_server_that_goes_is_not_waited_for_longer_than_it_takes)
{
	struct net *t = net_new(M_SAME, L_ALL);

	t->two = true;
	t->dead[1] = true; /* and so what would come from there does not */
	configure(t, 3);
	run(t, NAT_SOON_MS + 7000);
	ck_assert(!nat_busy(&t->nat));
	ck_assert_int_eq(view(t)->mapping, NAT_INDEPENDENT);
	ck_assert_uint_eq(view(t)->nheard, 2);
	free(t);
}
END_TEST

START_TEST(a_server_that_refuses_to_change_says_nothing_of_filtering)
{
	struct net *t = net_new(M_SAME, L_PORT);

	t->two = t->deaf = true;
	configure(t, 1);
	run(t, 10000);
	ck_assert_int_eq(view(t)->mapping, NAT_INDEPENDENT);
	ck_assert_int_eq(view(t)->filtering, NAT_F_UNKNOWN);
	free(t);
}
END_TEST

START_TEST(a_new_address_is_noticed_and_looked_at_closely)
{
	struct net *t = net_new(M_SAME, L_PORT);
	struct endpoint first = server(0), seen;

	configure(t, 1);
	run(t, 10000);
	ck_assert(t->nat.news);
	t->nat.news = false;
	run(t, 300000);
	ck_assert(!t->nat.news);
	ck_assert_uint_eq(t->nat.changes, 1);
	t->shift = 11;
	run(t, 300000);
	seen = seen_by(t, &first);
	ck_assert(endpoint_eq(&view(t)->seen, &seen));
	ck_assert(t->nat.news);
	ck_assert_uint_eq(t->nat.changes, 2);
	free(t);
}
END_TEST

/* An answer to the open question, and what is wrong with it. */
START_TEST(an_answer_has_to_come_from_who_was_asked_with_the_id)
{
	struct net *t = net_new(M_SAME, L_NOBODY);
	struct endpoint from = server(0), wrong = server(2);
	struct stun a = {.kind = STUN_SUCCESS,
	    .method = STUN_BINDING,
	    .has = STUN_XOR_MAPPED,
	    .xor_mapped = {{4, {6, 6, 6, 6}}, 666}};

	configure(t, 1);
	run(t, NAT_SOON_MS + 100);
	memcpy(a.id, t->nat.sock[0].ask[0].id, sizeof(a.id));
	ck_assert(nat_expects(&t->nat, SOCK, a.id));
	ck_assert(!nat_expects(&t->nat, SOCK + 1, a.id));
	ck_assert(!nat_answer(&t->nat, t->now, SOCK, &wrong, &a));
	wrong = from;
	wrong.port++;
	ck_assert(!nat_answer(&t->nat, t->now, SOCK, &wrong, &a));
	ck_assert(!nat_answer(&t->nat, t->now, SOCK + 1, &from, &a));
	a.id[0] ^= 1;
	ck_assert(!nat_expects(&t->nat, SOCK, a.id));
	ck_assert(!nat_answer(&t->nat, t->now, SOCK, &from, &a));
	a.id[0] ^= 1;
	a.nalien = 1;
	ck_assert(!nat_answer(&t->nat, t->now, SOCK, &from, &a));
	a.nalien = 0;
	a.xor_mapped.addr.family = 6;
	ck_assert(!nat_answer(&t->nat, t->now, SOCK, &from, &a));
	a.xor_mapped.addr.family = 4;
	ck_assert(nat_answer(&t->nat, t->now, SOCK, &from, &a));
	ck_assert(!nat_answer(&t->nat, t->now, SOCK, &from, &a));
	free(t);
}
END_TEST

START_TEST(a_member_can_not_name_another_address)
{
	struct net *t = net_new(M_SAME, L_ALL);

	t->nmembers = 1;
	configure(t, 0);
	t->nat.io.members = members;
	run(t, NAT_SOON_MS);
	t->nat.sock[0].server[0].other = server(1);
	run(t, 10000);
	for (unsigned i = 0; i < t->nsent; i++)
		ck_assert_uint_eq(t->sent[i].addr.b[0], 203);
	free(t);
}
END_TEST

START_TEST(most_members_are_believed_and_a_server_before_them)
{
	struct net *t = net_new(M_SAME, L_ALL);
	struct nat_sock *s = &t->nat.sock[0];
	struct endpoint good = {{4, {192, 0, 2, 7}}, 4000};

	s->nservers = 3;
	for (unsigned i = 0; i < 3; i++)
		s->server[i] = (struct nat_server){.ep = member(i),
		    .member = true,
		    .heard = true,
		    .mapped = good};
	s->server[0].mapped.port = 1;
	s->full = true;
	ck_assert(nat_judge(&t->nat, s, t->now));
	ck_assert(endpoint_eq(&s->view.seen, &good));
	s->server[0].member = false;
	(void)nat_judge(&t->nat, s, t->now);
	ck_assert_uint_eq(s->view.seen.port, 1);
	free(t);
}
END_TEST

START_TEST(nothing_is_asked_when_it_is_off_or_too_often)
{
	struct net *t = net_new(M_SAME, L_ALL);
	struct endpoint first = server(0);

	nat_configure(&t->nat, t->now, false, 300000, &first, 1);
	nat_check(&t->nat, t->now);
	ck_assert_uint_eq(nat_due(&t->nat), UINT64_MAX);
	nat_tick(&t->nat, t->now + 100000);
	ck_assert_uint_eq(t->requests, 0);
	configure(t, 1);
	run(t, 5000);
	ck_assert_uint_eq(t->requests, 1);
	for (int i = 0; i < 1000; i++) {
		nat_check(&t->nat, t->now);
		run(t, 50);
	}
	ck_assert_uint_le(t->requests, 1 + 50000 / NAT_CHECK_MS + 1);
	free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_server_with_two_addresses_tells_all_kinds_apart,
	    its_other_address_as_a_second_server_does_not_spoil_that,
	    what_the_translator_remembers_is_no_finding,
	    two_members_tell_whether_the_port_changes,
	    one_alone_says_where_but_not_how,
	    a_member_on_our_side_does_not_know,
	    silence_of_two_is_udp_blocked_and_of_one_nothing,
	    a_server_that_goes_is_not_waited_for_longer_than_it_takes,
	    a_server_that_refuses_to_change_says_nothing_of_filtering,
	    a_new_address_is_noticed_and_looked_at_closely,
	    an_answer_has_to_come_from_who_was_asked_with_the_id,
	    a_member_can_not_name_another_address,
	    most_members_are_believed_and_a_server_before_them,
	    nothing_is_asked_when_it_is_off_or_too_often,
	};

	return UNIT_RUN("nat", tests);
}
