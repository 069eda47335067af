/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_redeem.c */
/*
 * An invitation is redeemed at a contact that is made of the same handshake
 * code, over a network that may lose what it is told to.
 */
#include <string.h>

#include "crypto.h"
#include "frame.h"
#include "redeem.h"
#include "unit.h"

#define BUNDLE_LEN 2500
#define QUEUE 16

struct contact_side {
	uint8_t priv[32], pub[32];
	bool dead, deaf; /* answers nothing; answers only calls */
	struct keypair *keys;
	uint32_t asks, calls;
	uint8_t status; /* until `busy` asks have passed, JOIN_BUSY */
	uint32_t busy;
	uint8_t parts_said; /* 0: as it is */
};

struct packet {
	bool to_redeem;
	uint16_t port;
	size_t len;
	uint8_t data[2048];
};

static struct contact_side side[2];
static struct invite_token token;
static struct redeem r;
static struct packet queue[QUEUE];
static unsigned queued, sent, lose_every;
static uint64_t now_ms;
static uint8_t bundle[BUNDLE_LEN];

static void
mix(const uint8_t priv[32], const struct msg_mix_ask *q,
    struct msg_mix_reply *out)
{
	uint8_t dh[32];

	memset(out, 0, sizeof(*out));
	ck_assert_int_eq(crypto_x25519(dh, priv, q->point), 0);
	crypto_kdf(out->out, q->n, q->ck, dh, sizeof(dh));
}

static void
post(bool to_redeem, uint16_t port, const uint8_t *data, size_t len)
{
	struct packet *p = &queue[queued];

	if (lose_every != 0 && ++sent % lose_every == 0)
		return;
	ck_assert_uint_lt(queued, QUEUE);
	ck_assert_uint_le(len, sizeof(p->data));
	queued++;
	*p = (struct packet){.to_redeem = to_redeem, .port = port, .len = len};
	memcpy(p->data, data, len);
}

static void
from_redeem(
    void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	(void)ctx;
	post(false, to->port, data, len);
}

static void
stamp(void *ctx, uint8_t out[12])
{
	static uint8_t n;

	(void)ctx;
	memset(out, 0x40, 12);
	out[11] = n++;
}

static void
fill(void *ctx, void *out, size_t len)
{
	static uint32_t x = 1;

	(void)ctx;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)((x = x * 1664525 + 1) >> 24);
}

/* ---- the contact ---- */

static void
on_call(struct contact_side *s, uint16_t port, const uint8_t *msg)
{
	uint8_t out[WG_RESPONSE_LEN], eph[32], t[WG_STAMP];
	struct invite_keys inv;
	struct noise_keys keys;
	struct msg_mix_reply m;
	struct msg_mix_ask q;
	struct noise n;

	s->calls++;
	invite_derive(&inv, token.secret);
	noise_init_read(&n, s->pub, msg, &q);
	mix(s->priv, &q, &m);
	ck_assert_int_eq(noise_init_who(&n, &m, msg, &q), 0);
	ck_assert_mem_eq(n.remote_static, inv.pub, 32);
	mix(s->priv, &q, &m);
	ck_assert_int_eq(noise_init_stamp(&n, &m, msg, t), 0);
	fill(NULL, eph, sizeof(eph));
	ck_assert_int_eq(noise_resp_make(&n, inv.psk, eph, 77, out, &keys), 0);
	keypair_free(s->keys);
	s->keys = keypair_new(&keys, 77, n.remote_index, 1000);
	post(true, port, out, sizeof(out));
}

static void
on_ask(struct contact_side *s, uint16_t port, const struct join_ask *a)
{
	struct join_reply m = {.req = a->req, .part = a->part};
	uint8_t body[FRAME_BODY_MAX], frame[FRAME_MAX], msg[2048];
	size_t at = (size_t)a->part * JOIN_PART_MAX, n = 4;

	s->asks++;
	m.status = s->asks <= s->busy ? JOIN_BUSY : s->status;
	memcpy(m.data, "text", 4);
	if (m.status == JOIN_OK) {
		ck_assert_uint_lt(at, BUNDLE_LEN);
		m.parts = 3;
		n = BUNDLE_LEN - at < JOIN_PART_MAX ? BUNDLE_LEN - at
						    : JOIN_PART_MAX;
		memcpy(m.data, bundle + at, n);
		if (s->parts_said != 0)
			m.parts = s->parts_said;
	}
	m.len = (uint16_t)n;
	n = join_reply_put(body, &m);
	n = frame_put(frame, sizeof(frame), FRAME_JOIN_REPLY, body, n);
	n = keypair_seal(s->keys, msg, frame, n, n + 16);
	post(true, port, msg, n);
}

static void
to_contact(const struct packet *p)
{
	struct contact_side *s = &side[p->port - 1];
	uint8_t plain[2048];
	struct join_ask a;
	struct frame f;
	long n;

	if (s->dead)
		return;
	if (wg_classify(p->data, p->len) == WG_INITIATION) {
		on_call(s, p->port, p->data);
		return;
	}
	if (s->deaf || s->keys == NULL)
		return;
	n = keypair_open(s->keys, plain, p->data, p->len);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(frame_get(plain, (size_t)n, &f), 0);
	ck_assert_uint_eq(f.type, FRAME_JOIN_ASK);
	ck_assert_int_eq(join_ask_get(f.body, f.len, &a), 0);
	on_ask(s, p->port, &a);
}

/* ---- the world ---- */

static void
deliver(void)
{
	while (queued > 0) {
		struct packet p = queue[0];
		struct endpoint from = {.port = p.port};

		memmove(queue, queue + 1, --queued * sizeof(*queue));
		from.addr.family = 4;
		if (p.to_redeem)
			redeem_datagram(&r, now_ms, &from, p.data, p.len);
		else
			to_contact(&p);
	}
}

static void
begin(uint8_t contacts)
{
	static const struct redeem_io io = {
	    .send = from_redeem, .stamp = stamp, .rnd = {.fill = fill}};
	uint8_t request[JOIN_REQUEST] = {1};

	ck_assert_int_eq(crypto_init(), 0);
	for (int i = 0; i < 2; i++) {
		keypair_free(side[i].keys);
		side[i] = (struct contact_side){.status = JOIN_OK};
		fill(NULL, side[i].priv, 32);
		ck_assert_int_eq(
		    crypto_x25519_pub(side[i].pub, side[i].priv), 0);
		memcpy(token.contact[i].key, side[i].pub, 32);
		token.contact[i].ep.addr.family = 4;
		token.contact[i].ep.port = (uint16_t)(i + 1);
	}
	fill(NULL, token.secret, sizeof(token.secret));
	fill(NULL, bundle, sizeof(bundle));
	token.n = contacts;
	queued = sent = lose_every = 0;
	now_ms = 1000;
	redeem_start(&r, &io, &token, request, now_ms, now_ms + 20000);
}

static void
run(void)
{
	deliver();
	while (!r.over) {
		ck_assert_uint_gt(redeem_due(&r), now_ms);
		now_ms = redeem_due(&r);
		redeem_tick(&r, now_ms);
		deliver();
	}
}

static void
has_the_bundle(void)
{
	ck_assert_uint_eq(r.status, JOIN_OK);
	ck_assert_uint_eq(r.len, BUNDLE_LEN);
	ck_assert_mem_eq(r.bundle, bundle, BUNDLE_LEN);
	redeem_clear(&r);
}

START_TEST(a_bundle_comes_in_parts_and_whole)
{
	begin(1);
	run();
	ck_assert_uint_eq(side[0].calls, 1);
	ck_assert_uint_eq(side[0].asks, 3);
	has_the_bundle();
}
END_TEST

START_TEST(what_is_lost_is_sent_again)
{
	for (unsigned every = 3; every < 8; every += 2) {
		begin(1);
		queued = 0; /* the first call is lost */
		lose_every = every;
		run();
		has_the_bundle();
	}
}
END_TEST

START_TEST(a_dead_contact_costs_nothing_while_another_answers)
{
	begin(2);
	side[0].dead = true;
	run();
	ck_assert_uint_eq(now_ms, 1000);
	has_the_bundle();
}
END_TEST

START_TEST(busy_is_waited_for)
{
	begin(1);
	side[0].busy = 3;
	run();
	ck_assert_uint_ge(now_ms, 1000 + 3 * REDEEM_BUSY_MS);
	has_the_bundle();
}
END_TEST

START_TEST(who_cannot_reach_the_signer_makes_way)
{
	begin(2);
	side[0].status = JOIN_NO_AUTHORITY;
	run();
	has_the_bundle();
	ck_assert_uint_ge(side[0].asks, 1);
	ck_assert_uint_le(side[0].asks, 2);
	ck_assert_uint_lt(now_ms, 5000);
}
END_TEST

START_TEST(who_falls_silent_makes_way)
{
	begin(2);
	side[0].deaf = true;
	run();
	has_the_bundle();
	ck_assert_uint_lt(now_ms, 6000);
}
END_TEST

START_TEST(what_nobody_can_do_is_said_in_the_end)
{
	begin(2);
	side[0].status = side[1].status = JOIN_NO_AUTHORITY;
	run();
	ck_assert(r.over);
	ck_assert_uint_eq(r.status, JOIN_NO_AUTHORITY);
	ck_assert_uint_ge(side[0].asks, 3);
	ck_assert_uint_ge(side[1].asks, 3);
	/* two calls a second, and not as fast as the answers come */
	ck_assert_uint_le(side[0].calls + side[1].calls, 50);
	redeem_clear(&r);
}
END_TEST

START_TEST(a_refusal_is_final_and_says_why)
{
	begin(1);
	side[0].status = JOIN_USED;
	run();
	ck_assert_uint_eq(now_ms, 1000);
	ck_assert_uint_eq(r.status, JOIN_USED);
	ck_assert_str_eq(r.text, "text");
	ck_assert_uint_eq(r.len, 0);
	redeem_clear(&r);
}
END_TEST

START_TEST(nobody_answers_until_the_deadline)
{
	begin(2);
	side[0].dead = side[1].dead = true;
	run();
	ck_assert_uint_eq(now_ms, 21000);
	ck_assert_uint_eq(r.status, REDEEM_SILENT);
	redeem_clear(&r);
}
END_TEST

START_TEST(a_contact_that_stops_talking_is_not_waited_for_forever)
{
	begin(1);
	side[0].deaf = true;
	run();
	ck_assert_uint_eq(r.status, REDEEM_SILENT);
	redeem_clear(&r);
}
END_TEST

START_TEST(counts_of_parts_that_make_no_sense_are_ignored)
{
	begin(1);
	side[0].parts_said = REDEEM_PARTS_MAX + 1;
	run();
	ck_assert_uint_eq(r.status, REDEEM_SILENT);
	ck_assert_uint_eq(r.len, 0);
	redeem_clear(&r);
}
END_TEST

START_TEST(octets_of_strangers_change_nothing)
{
	struct endpoint from = {.port = 9};
	uint8_t junk[200];

	begin(1);
	from.addr.family = 4;
	for (int i = 0; i < 20000; i++) {
		fill(NULL, junk, sizeof(junk));
		memset(junk, 0, 4);
		junk[0] = (uint8_t)(1 + i % 4);
		/* half of them name our call */
		if (i % 2 == 0)
			wg_put32(
			    junk + (junk[0] == 2 ? 8 : 4), r.line[0].index);
		redeem_datagram(&r, now_ms, &from, junk,
		    i % 3 == 0 ? 92 : (i % 3 == 1 ? 64 : sizeof(junk)));
	}
	ck_assert(!r.over && r.asked == NULL);
	run();
	has_the_bundle();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_bundle_comes_in_parts_and_whole,
	    what_is_lost_is_sent_again,
	    a_dead_contact_costs_nothing_while_another_answers,
	    busy_is_waited_for,
	    who_cannot_reach_the_signer_makes_way,
	    who_falls_silent_makes_way,
	    what_nobody_can_do_is_said_in_the_end,
	    a_refusal_is_final_and_says_why,
	    nobody_answers_until_the_deadline,
	    a_contact_that_stops_talking_is_not_waited_for_forever,
	    counts_of_parts_that_make_no_sense_are_ignored,
	    octets_of_strangers_change_nothing,
	};

	return UNIT_RUN("redeem", tests);
}
