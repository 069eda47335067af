/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_turn.c */
/*
 * The client of TURN against a server of this file, which does what the test
 * says: long-term credentials, errors, silence, wrong seals.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "msg.h"
#include "turn_int.h"

#define T0 1000000
#define QUEUE 64

struct server {
	struct turn turn;
	uint64_t now, dice;
	const char *password, *nonce;
	bool dead, unsealed, forged;
	uint16_t fail[16]; /* by method: the error for it, once */
	bool always;       /* ... each time */
	unsigned seen[16]; /* requests, by method */
	struct stun last;
	uint8_t out[QUEUE][2200];
	size_t len[QUEUE];
	unsigned n;
	uint8_t sent[2200]; /* what is no request */
	size_t nsent;
};

static const struct endpoint server = {{4, {198, 51, 100, 1}}, 3478};
static const struct endpoint relayed = {{4, {198, 51, 100, 1}}, 50000};
static const struct endpoint peer = {{4, {203, 0, 113, 9}}, 51820};

static void
fill(void *ctx, void *out, size_t len)
{
	struct server *s = ctx;

	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(&s->dice);
}

static void
key_of(const char *password, uint8_t key[16])
{
	char line[200];
	int n = snprintf(line, sizeof(line), "u:realm:%s", password);

	ck_assert_int_eq(crypto_md5(key, line, (size_t)n), 0);
}

static void
push(struct server *s, const struct stun *a, bool seal)
{
	uint8_t key[16];
	size_t n;

	ck_assert_uint_lt(s->n, QUEUE);
	n = stun_print(a, s->out[s->n], sizeof(s->out[0]));
	ck_assert_uint_ne(n, 0);
	key_of(s->forged ? "other" : s->password, key);
	if (seal && !s->unsealed)
		n = stun_seal(s->out[s->n], n, sizeof(s->out[0]), key, 16);
	s->len[s->n++] = n;
}

static void
refuse(struct server *s, struct stun *a, uint16_t code)
{
	a->kind = STUN_ERROR;
	a->has = STUN_CODE | STUN_REALM | STUN_NONCE;
	a->code = code;
	a->realm = (struct stun_text){(const uint8_t *)"realm", 5};
	a->nonce = (struct stun_text){
	    (const uint8_t *)s->nonce, (uint16_t)strlen(s->nonce)};
	push(s, a, code != 401 && code != 438);
}

static bool
is_stale(const struct server *s, const struct stun *q)
{
	return q->nonce.len != strlen(s->nonce) ||
	    memcmp(q->nonce.p, s->nonce, q->nonce.len) != 0;
}

static void
serve(struct server *s, const uint8_t *msg, const struct stun *q)
{
	struct stun a = {.kind = STUN_SUCCESS, .method = q->method};
	uint16_t code = s->fail[q->method];
	uint8_t key[16];

	memcpy(a.id, q->id, sizeof(a.id));
	key_of(s->password, key);
	if (!stun_sealed(msg, q, key, sizeof(key))) {
		refuse(s, &a, 401);
	} else if (is_stale(s, q)) {
		refuse(s, &a, 438);
	} else if (code != 0) {
		if (!s->always)
			s->fail[q->method] = 0;
		refuse(s, &a, code);
	} else {
		if (q->method == STUN_ALLOCATE) {
			a.has = STUN_RELAYED | STUN_XOR_MAPPED | STUN_LIFETIME;
			a.relayed = relayed;
			a.xor_mapped = peer;
			a.lifetime = 600;
		} else if (q->method == STUN_REFRESH) {
			a.has = STUN_LIFETIME;
			a.lifetime = (q->has & STUN_LIFETIME) != 0 ? 0 : 600;
		}
		push(s, &a, true);
	}
}

static int
send_to(void *ctx, const uint8_t *data, size_t len)
{
	struct server *s = ctx;
	struct stun q;

	if (stun_parse(data, len, &q) == -1)
		ck_abort_msg("a malformed question");
	ck_assert_int_eq(q.kind, STUN_REQUEST);
	s->seen[q.method & 15]++;
	s->last = q;
	if (!s->dead)
		serve(s, data, &q);
	return 0;
}

/* What the server sent arrives, until nothing is under way. */
static void
deliver(struct server *s)
{
	struct turn_data d;

	for (unsigned i = 0; i < s->n; i++)
		(void)turn_receive(
		    &s->turn, s->now, &server, s->out[i], s->len[i], &d);
	s->n = 0;
}

/* Time goes on to the end, by what is due. */
static void
run(struct server *s, uint64_t ms)
{
	uint64_t end = s->now + ms, due;

	deliver(s);
	while ((due = turn_due(&s->turn)) <= end) {
		s->now = due > s->now ? due : s->now;
		turn_tick(&s->turn, s->now);
		deliver(s);
	}
	s->now = end;
}

static struct server *
fresh(void)
{
	struct server *s = calloc(1, sizeof(*s));
	const struct turn_io io = {
	    .ctx = s, .send = send_to, .rnd = {.fill = fill, .ctx = s}};

	ck_assert_int_eq(crypto_init(), 0);
	s->now = T0;
	s->dice = 7;
	s->password = "p";
	s->nonce = "n1";
	turn_init(&s->turn, &io);
	return s;
}

static struct server *
started(void)
{
	struct server *s = fresh();

	turn_configure(&s->turn, s->now, &server, "u", "p");
	run(s, 100);
	return s;
}

static void
reach(struct server *s, const struct endpoint *to)
{
	(void)turn_want(&s->turn, s->now, &to->addr);
	run(s, 100);
	ck_assert(turn_reaches(&s->turn, to));
}

static enum turn_got
indicated(struct server *s, const struct endpoint *from, struct turn_data *d)
{
	static uint8_t msg[200];
	struct stun m = {.kind = STUN_INDICATION,
	    .method = STUN_DATA_IND,
	    .has = STUN_PEER | STUN_DATA,
	    .peer = *from,
	    .data = {(const uint8_t *)"hello", 5}};
	size_t n = stun_print(&m, msg, sizeof(msg));

	return turn_receive(&s->turn, s->now, &server, msg, n, d);
}

START_TEST(an_allocation_is_made_with_user_and_password)
{
	struct server *s = started();

	ck_assert_int_eq(s->turn.state, TURN_UP);
	ck_assert(endpoint_eq(&s->turn.relayed, &relayed));
	ck_assert_uint_eq(s->seen[STUN_ALLOCATE], 2); /* 401, then sealed */
	ck_assert_uint_eq(s->last.transport, 17);
	ck_assert_uint_eq(s->turn.allocations, 1);
	free(s);
}
END_TEST

START_TEST(a_wrong_password_is_told_and_not_hammered)
{
	struct server *s = fresh();

	s->password = "another";
	turn_configure(&s->turn, s->now, &server, "u", "p");
	run(s, 1000);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_int_eq(s->turn.why, TURN_DENIED);
	ck_assert_uint_eq(s->turn.code, 401);
	run(s, 50000);
	ck_assert_uint_eq(s->seen[STUN_ALLOCATE], 2);
	run(s, 3600000);
	ck_assert_uint_lt(s->seen[STUN_ALLOCATE], 16);
	/* as soon as the configuration has the right one it works */
	turn_configure(&s->turn, s->now, &server, "u", "another");
	run(s, 100);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	free(s);
}
END_TEST

START_TEST(a_silent_server_is_asked_seven_times_and_later_again)
{
	struct server *s = fresh();

	s->dead = true;
	turn_configure(&s->turn, s->now, &server, "u", "p");
	run(s, 39000);
	ck_assert_uint_eq(s->seen[STUN_ALLOCATE], 7);
	ck_assert_int_eq(s->turn.state, TURN_ASKING);
	run(s, 2000);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_int_eq(s->turn.why, TURN_SILENT);
	s->dead = false;
	run(s, 6000);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	ck_assert_int_eq(s->turn.why, TURN_FINE);
	free(s);
}
END_TEST

START_TEST(it_is_refreshed_and_a_stale_nonce_is_no_error)
{
	struct server *s = started();

	run(s, TURN_KEEP_MS + 100);
	ck_assert_uint_eq(s->seen[STUN_REFRESH], 1);
	s->nonce = "n2";
	run(s, TURN_KEEP_MS + 100);
	ck_assert_uint_eq(s->seen[STUN_REFRESH], 3);
	ck_assert_uint_eq(s->turn.errors, 0);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	free(s);
}
END_TEST

START_TEST(a_nonce_that_is_always_stale_ends)
{
	struct server *s = fresh();

	s->fail[STUN_ALLOCATE] = 438;
	s->always = true;
	turn_configure(&s->turn, s->now, &server, "u", "p");
	run(s, 1000);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_uint_le(s->seen[STUN_ALLOCATE], 2 + TURN_STALES);
	free(s);
}
END_TEST

START_TEST(an_old_allocation_is_given_back_first)
{
	struct server *s = fresh();

	s->fail[STUN_ALLOCATE] = 437;
	turn_configure(&s->turn, s->now, &server, "u", "p");
	run(s, 1000);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	ck_assert_uint_eq(s->seen[STUN_REFRESH], 1);
	free(s);
}
END_TEST

START_TEST(a_mismatch_that_stays_is_a_refusal)
{
	struct server *s = fresh();

	s->fail[STUN_ALLOCATE] = 437;
	s->always = true;
	turn_configure(&s->turn, s->now, &server, "u", "p");
	run(s, 1000);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_int_eq(s->turn.why, TURN_REFUSED);
	ck_assert_uint_eq(s->turn.code, 437);
	free(s);
}
END_TEST

START_TEST(each_error_of_the_allocation_is_waited_for)
{
	static const uint16_t codes[] = {
	    300, 400, 403, 420, 441, 442, 486, 500, 508, 699};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct server *s = fresh();

		s->fail[STUN_ALLOCATE] = codes[i];
		turn_configure(&s->turn, s->now, &server, "u", "p");
		run(s, 1000);
		ck_assert_int_eq(s->turn.state, TURN_WAIT);
		ck_assert_uint_eq(s->turn.code, codes[i]);
		ck_assert_int_eq(
		    s->turn.why, codes[i] == 441 ? TURN_DENIED : TURN_REFUSED);
		run(s, 70000);
		ck_assert_int_eq(s->turn.state, TURN_UP);
		free(s);
	}
}
END_TEST

START_TEST(an_allocation_that_the_server_lost_is_made_anew)
{
	struct server *s = started();

	s->turn.news = 0;
	s->fail[STUN_REFRESH] = 437;
	run(s, TURN_KEEP_MS + 100);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	ck_assert_uint_eq(s->turn.allocations, 2);
	ck_assert((s->turn.news & TURN_N_STATE) != 0);
	free(s);
}
END_TEST

START_TEST(a_success_without_the_right_seal_is_none)
{
	for (int forged = 0; forged < 2; forged++) {
		struct server *s = fresh();

		s->unsealed = !forged;
		s->forged = forged;
		turn_configure(&s->turn, s->now, &server, "u", "p");
		run(s, 1000);
		ck_assert_int_eq(s->turn.state, TURN_ASKING);
		ck_assert_uint_ge(s->turn.unsealed, 1);
		s->unsealed = s->forged = false;
		run(s, 4000);
		ck_assert_int_eq(s->turn.state, TURN_UP);
		free(s);
	}
}
END_TEST

START_TEST(a_strange_id_or_source_is_nothing)
{
	struct server *s = fresh();
	const struct endpoint other = {{4, {198, 51, 100, 1}}, 3479};
	struct turn_data d;

	turn_configure(&s->turn, s->now, &server, "u", "p");
	ck_assert_uint_eq(s->n, 1); /* the 401 */
	ck_assert_int_eq(
	    turn_receive(&s->turn, s->now, &other, s->out[0], s->len[0], &d),
	    TURN_G_STRAY);
	s->out[0][10] ^= 1;
	ck_assert_int_eq(
	    turn_receive(&s->turn, s->now, &server, s->out[0], s->len[0], &d),
	    TURN_G_STRAY);
	ck_assert_uint_eq(s->turn.stray, 2);
	s->out[0][10] ^= 1;
	run(s, 100);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	free(s);
}
END_TEST

START_TEST(who_is_wanted_may_send_and_is_sent_indications)
{
	struct server *s = started();
	uint8_t out[200];
	struct stun m;
	size_t n;

	ck_assert_uint_eq(
	    turn_wrap(&s->turn, s->now, &peer, out, 100, out, 200), 0);
	reach(s, &peer);
	n = turn_wrap(&s->turn, s->now, &peer, (const uint8_t *)"data", 4, out,
	    sizeof(out));
	ck_assert_int_eq(stun_parse(out, n, &m), 0);
	ck_assert_int_eq(m.kind, STUN_INDICATION);
	ck_assert_uint_eq(m.method, STUN_SEND);
	ck_assert(endpoint_eq(&m.peer, &peer));
	ck_assert_mem_eq(m.data.p, "data", 4);
	free(s);
}
END_TEST

START_TEST(who_is_heard_gets_a_channel)
{
	struct server *s = started();
	uint8_t out[200];
	struct turn_data d;

	reach(s, &peer);
	ck_assert_int_eq(indicated(s, &peer, &d), TURN_G_DATA);
	ck_assert(endpoint_eq(&d.from, &peer));
	ck_assert_uint_eq(d.len, 5);
	ck_assert_mem_eq(d.data, "hello", 5);
	run(s, 100);
	ck_assert_uint_eq(turn_wrap(&s->turn, s->now, &peer,
			      (const uint8_t *)"data!", 5, out, sizeof(out)),
	    9);
	ck_assert_mem_eq(out,
	    "\x40\x00\x00\x05"
	    "data!",
	    9);
	ck_assert_int_eq(
	    turn_receive(&s->turn, s->now, &server, out, 9, &d), TURN_G_DATA);
	ck_assert(endpoint_eq(&d.from, &peer));
	ck_assert_mem_eq(d.data, "data!", 5);
	/* longer than it is, and of a channel that nobody has */
	out[3] = 6;
	ck_assert_int_eq(
	    turn_receive(&s->turn, s->now, &server, out, 9, &d), TURN_G_BAD);
	out[1] = 9;
	out[3] = 5;
	ck_assert_int_eq(
	    turn_receive(&s->turn, s->now, &server, out, 9, &d), TURN_G_STRAY);
	free(s);
}
END_TEST

START_TEST(another_port_of_a_wanted_address_is_heard_too)
{
	struct endpoint moved = {peer.addr, 1234};
	struct server *s = started();
	struct turn_data d;

	reach(s, &peer);
	ck_assert_int_eq(indicated(s, &moved, &d), TURN_G_DATA);
	run(s, 100);
	ck_assert_uint_eq(s->last.method, STUN_BIND);
	ck_assert(endpoint_eq(&s->last.peer, &moved));
	free(s);
}
END_TEST

START_TEST(who_is_not_wanted_is_not_heard)
{
	struct server *s = started();
	struct turn_data d;

	ck_assert_int_eq(indicated(s, &peer, &d), TURN_G_STRAY);
	run(s, 100);
	ck_assert_uint_eq(s->seen[STUN_BIND], 0);
	free(s);
}
END_TEST

START_TEST(permissions_and_channels_are_renewed_while_used)
{
	struct server *s = started();
	struct turn_data d;
	uint8_t out[100];

	reach(s, &peer);
	(void)indicated(s, &peer, &d);
	run(s, 100);
	for (unsigned i = 0; i < 60; i++) {
		run(s, 10000);
		ck_assert_uint_eq(turn_wrap(&s->turn, s->now, &peer,
				      (const uint8_t *)"x", 1, out, 100),
		    5);
	}
	ck_assert_uint_ge(s->seen[STUN_PERMIT], 3);
	ck_assert_uint_ge(s->seen[STUN_BIND], 3);
	ck_assert_uint_le(s->seen[STUN_BIND], 4);
	run(s, 1000000); /* and not any more if not */
	ck_assert_uint_le(s->seen[STUN_BIND], 6);
	ck_assert(!turn_reaches(&s->turn, &peer));
	free(s);
}
END_TEST

START_TEST(a_permission_that_is_refused_is_left_for_a_minute)
{
	struct server *s = started();

	s->fail[STUN_PERMIT] = 403;
	for (unsigned i = 0; i < 50; i++) {
		(void)turn_want(&s->turn, s->now, &peer.addr);
		run(s, 1000);
	}
	ck_assert_uint_eq(s->seen[STUN_PERMIT], 1);
	ck_assert(!turn_reaches(&s->turn, &peer));
	run(s, 20000);
	reach(s, &peer);
	free(s);
}
END_TEST

START_TEST(a_channel_that_is_refused_leaves_indications)
{
	struct server *s = started();
	struct turn_data d;
	uint8_t out[200];

	reach(s, &peer);
	s->fail[STUN_BIND] = 400;
	(void)indicated(s, &peer, &d);
	run(s, 100);
	ck_assert_uint_gt(turn_wrap(&s->turn, s->now, &peer,
			      (const uint8_t *)"x", 1, out, sizeof(out)),
	    20);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	free(s);
}
END_TEST

START_TEST(more_than_there_is_room_for_is_refused_and_counted)
{
	struct server *s = started();
	struct addr a = peer.addr;

	for (unsigned i = 0; i < 3 * TURN_PERMITS; i++) {
		a.b[3] = (uint8_t)i;
		(void)turn_want(&s->turn, s->now, &a);
		run(s, 10);
	}
	ck_assert_uint_eq(s->turn.full, 2 * TURN_PERMITS);
	run(s, TURN_REFUSED_MS); /* the oldest makes way */
	a.b[3] = 200;
	(void)turn_want(&s->turn, s->now, &a);
	run(s, 100);
	ck_assert(turn_reaches(&s->turn, &(struct endpoint){a, 1}));
	free(s);
}
END_TEST

START_TEST(what_is_sent_without_an_echo_is_asked_about)
{
	struct server *s = started();
	uint8_t out[100];

	reach(s, &peer);
	s->dead = true;
	(void)turn_wrap(
	    &s->turn, s->now, &peer, (const uint8_t *)"x", 1, out, 100);
	run(s, TURN_SILENT_MS + 16500);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_int_eq(s->turn.why, TURN_SILENT);
	ck_assert(!turn_reaches(&s->turn, &peer));
	free(s);
}
END_TEST

START_TEST(the_end_is_told)
{
	struct server *s = started();

	turn_leave(&s->turn, s->now);
	ck_assert_uint_eq(s->last.method, STUN_REFRESH);
	ck_assert((s->last.has & STUN_LIFETIME) != 0);
	ck_assert_uint_eq(s->last.lifetime, 0);
	ck_assert_uint_eq(turn_due(&s->turn), UINT64_MAX);
	ck_assert_int_eq(s->turn.state, TURN_OFF);
	free(s);
}
END_TEST

/* ---- by a connection ---- */

/* One that is not there yet. */
static struct server *
by_connection(void)
{
	struct server *s = fresh();

	s->turn.stream = true;
	s->dead = true;
	turn_configure(&s->turn, s->now, &server, "u", "p");
	return s;
}

START_TEST(by_a_connection_nothing_is_repeated)
{
	struct server *s = by_connection();

	run(s, TURN_STREAM_MS - 1);
	ck_assert_uint_eq(s->turn.requests, 1);
	ck_assert_uint_eq(s->turn.repeats, 0);
	run(s, 1);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_int_eq(s->turn.why, TURN_SILENT);
	free(s);
}
END_TEST

START_TEST(what_was_asked_goes_as_soon_as_it_is_there)
{
	struct server *s = by_connection();

	run(s, 3000);
	s->dead = false;
	turn_connected(&s->turn, s->now);
	run(s, 10);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	free(s);
}
END_TEST

START_TEST(a_connection_that_is_lost_is_made_anew_and_a_brief_one_later)
{
	struct server *s = by_connection();

	s->dead = false;
	turn_connected(&s->turn, s->now);
	run(s, TURN_BRIEF_MS + 1);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	turn_lost(&s->turn, s->now, TURN_LOST);
	ck_assert_int_eq(s->turn.state, TURN_ASKING);
	run(s, 100);
	ck_assert_int_eq(s->turn.state, TURN_UP);
	turn_lost(&s->turn, s->now, TURN_LOST);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	turn_lost(&s->turn, s->now, TURN_SILENT);
	ck_assert_int_eq(s->turn.why, TURN_LOST);
	free(s);
}
END_TEST

START_TEST(a_certificate_that_is_wrong_is_the_reason)
{
	struct server *s = by_connection();

	turn_lost(&s->turn, s->now, TURN_UNTRUSTED);
	ck_assert_int_eq(s->turn.state, TURN_WAIT);
	ck_assert_str_eq(turn_why_name(s->turn.why), "wrong_certificate");
	ck_assert_str_eq(turn_row_why(s->turn.why), "wrong_certificate");
	free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    an_allocation_is_made_with_user_and_password,
	    a_wrong_password_is_told_and_not_hammered,
	    a_silent_server_is_asked_seven_times_and_later_again,
	    it_is_refreshed_and_a_stale_nonce_is_no_error,
	    a_nonce_that_is_always_stale_ends,
	    an_old_allocation_is_given_back_first,
	    a_mismatch_that_stays_is_a_refusal,
	    each_error_of_the_allocation_is_waited_for,
	    an_allocation_that_the_server_lost_is_made_anew,
	    a_success_without_the_right_seal_is_none,
	    a_strange_id_or_source_is_nothing,
	    who_is_wanted_may_send_and_is_sent_indications,
	    who_is_heard_gets_a_channel,
	    another_port_of_a_wanted_address_is_heard_too,
	    who_is_not_wanted_is_not_heard,
	    permissions_and_channels_are_renewed_while_used,
	    a_permission_that_is_refused_is_left_for_a_minute,
	    a_channel_that_is_refused_leaves_indications,
	    more_than_there_is_room_for_is_refused_and_counted,
	    what_is_sent_without_an_echo_is_asked_about,
	    the_end_is_told,
	    by_a_connection_nothing_is_repeated,
	    what_was_asked_goes_as_soon_as_it_is_there,
	    a_connection_that_is_lost_is_made_anew_and_a_brief_one_later,
	    a_certificate_that_is_wrong_is_the_reason,
	};

	return UNIT_RUN("turn", tests);
}
