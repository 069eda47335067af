/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_join.c */
/*
 * Newcomers and renewals between two members and a machine that has a token:
 * a holds the authority, b is a member like any other, c calls from outside.
 */
#include "unit.h"

#include "duo_net.h"
#include "join_int.h"
#include "redeem.h"

#define BUNDLE_LEN 2500

static struct duo *d;
static struct redeem c;
static struct endpoint c_at;
static struct invite_token token;
static struct invite_keys inv;
/* a's keyd */
static uint32_t issues, answered, issue_id, invite_asks;
static struct msg_issue_ask issue;
static struct msg_issue_reply verdict;
static bool keyd_away;

static int
ask_issue(void *ctx, uint32_t id, const struct msg_issue_ask *m)
{
	(void)ctx;
	if (keyd_away)
		return -1;
	issues++;
	issue_id = id;
	issue = *m;
	return 0;
}

static int
ask_invites(void *ctx, uint32_t id)
{
	(void)ctx;
	(void)id;
	invite_asks++;
	return 0;
}

/* ---- c ---- */

static void
c_sends(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct duo_msg *m = &d->wire[d->nwire++];

	(void)ctx;
	ck_assert_uint_lt(d->nwire, DUO_WIRE);
	m->to = to->addr.b[3] - 1;
	m->from = c_at;
	m->sock = 3;
	m->len = len;
	memcpy(m->data, data, len);
}

static void
c_stamp(void *ctx, uint8_t out[12])
{
	struct wbuf w;

	(void)ctx;
	wbuf_init(&w, out, 12);
	wbuf_u64(&w, UINT64_C(0x4000000000000000) + d->now);
	wbuf_u32(&w, 0);
}

static void
c_fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	duo_fill(&d->side[0], out, len);
}

static void
pump(void)
{
	duo_keyd(d);
	while (d->nwire > 0) {
		struct duo_msg m = d->wire[0];

		memmove(d->wire, d->wire + 1, --d->nwire * sizeof(m));
		if (m.to == 2)
			redeem_datagram(&c, d->now,
			    &d->side[m.from.addr.b[3] - 1].ep, m.data, m.len);
		else
			duo_deliver(d, &m);
		duo_keyd(d);
	}
}

/* c calls this contact. */
static void
call(int no)
{
	static const struct redeem_io io = {
	    .send = c_sends, .stamp = c_stamp, .rnd = {.fill = c_fill}};
	struct join_request q;
	uint8_t request[JOIN_REQUEST], node[32] = {33}, seed[32] = {34};

	redeem_clear(&c); /* of a call before */
	token.n = 1;
	memcpy(token.contact[0].key, d->side[no].keys.pub, 32);
	token.contact[0].ep = d->side[no].ep;
	ck_assert_int_eq(join_request_make(&q, &inv, node, seed), 0);
	join_request_put(request, &q);
	redeem_start(&c, &io, &token, request, d->now, d->now + 20000);
	pump();
}

/* Time for c and for whoever answers it; keyd says its word when asked. */
static void
wait_for_c(void)
{
	while (!c.over) {
		if (issues != answered) {
			answered = issues;
			join_on_issue(d->side[0].e, d->now, issue_id, &verdict);
			pump();
			continue;
		}
		d->now = redeem_due(&c);
		redeem_tick(&c, d->now);
		pump();
	}
}

/* ---- the world ---- */

static struct msg_invite_row
row(void)
{
	struct msg_invite_row m = {.expires = d->unix_s + 900};

	memcpy(m.id, inv.id, sizeof(m.id));
	memcpy(m.pub, inv.pub, sizeof(m.pub));
	memcpy(m.psk, inv.psk, sizeof(m.psk));
	return m;
}

static void
begin(bool up)
{
	d = net_new();
	for (int i = 0; i < 2; i++) {
		struct conf_net n = net_conf(d, i, 100 + (uint64_t)i);

		memcpy(n.bundle.holder, d->side[0].keys.pub, 32);
		net_set(d, i, &n);
	}
	d->side[0].e->io.ask_issue = ask_issue;
	d->side[0].e->io.ask_invites = ask_invites;
	issues = answered = invite_asks = 0;
	keyd_away = false;
	verdict =
	    (struct msg_issue_reply){.status = JOIN_OK, .len = BUNDLE_LEN};
	duo_fill(&d->side[0], verdict.bundle, BUNDLE_LEN);
	memset(token.secret, 9, sizeof(token.secret));
	invite_derive(&inv, token.secret);
	c_at = d->side[1].ep;
	c_at.addr.b[3] = 3;
	if (up)
		net_call(d);
	duo_later(d, 1000);
}

static void
invite(void)
{
	struct msg_invite_row m = row();

	join_on_invite(d->side[0].e, d->now, &m);
	pump();
}

static void
end(void)
{
	redeem_clear(&c);
	net_free(d);
}

START_TEST(the_holder_asks_keyd_for_its_invitations)
{
	begin(false);
	ck_assert_uint_ge(invite_asks, 1);
	join_ledger(d->side[0].e, d->now);
	duo_tick(d);
	ck_assert_uint_ge(invite_asks, 2);
	end();
}
END_TEST

START_TEST(a_newcomer_gets_what_keyd_says_from_the_holder)
{
	begin(false);
	invite();
	call(0);
	wait_for_c();
	ck_assert_uint_eq(c.status, JOIN_OK);
	ck_assert_uint_eq(c.len, BUNDLE_LEN);
	ck_assert_mem_eq(c.bundle, verdict.bundle, BUNDLE_LEN);
	ck_assert_uint_eq(issues, 1);
	ck_assert_mem_eq(issue.request, c.request, JOIN_REQUEST);
	end();
}
END_TEST

START_TEST(nobody_calls_without_an_invitation)
{
	begin(false);
	call(0);
	wait_for_c();
	ck_assert_uint_eq(c.status, REDEEM_SILENT);
	ck_assert_ptr_null(c.asked);
	ck_assert_uint_eq(issues, 0);
	end();
}
END_TEST

START_TEST(another_member_lets_it_in_and_passes_the_question_on)
{
	begin(true);
	invite();
	call(1);
	wait_for_c();
	ck_assert_uint_eq(c.status, JOIN_OK);
	ck_assert_mem_eq(c.bundle, verdict.bundle, BUNDLE_LEN);
	ck_assert_uint_eq(issues, 1);
	end();
}
END_TEST

START_TEST(a_member_hears_of_invitations_when_its_session_comes_up)
{
	begin(false);
	invite();
	net_call(d);
	pump();
	ck_assert_uint_eq(join_invites(d->side[1].e), 1);
	end();
}
END_TEST

START_TEST(a_holder_that_is_away_is_said_to_be)
{
	begin(true);
	invite();
	engine_leave(d->side[0].e, d->now);
	pump();
	d->side[0].udp = UDP_ERROR; /* and is never heard of again */
	call(1);
	wait_for_c();
	ck_assert_uint_eq(c.status, JOIN_NO_AUTHORITY);
	ck_assert_ptr_nonnull(strstr(c.text, "can't be reached"));
	end();
}
END_TEST

START_TEST(a_refusal_comes_with_its_reason_and_is_not_kept)
{
	begin(false);
	invite();
	verdict = (struct msg_issue_reply){
	    .status = JOIN_USED, .who = "used by beta"};
	call(0);
	wait_for_c();
	ck_assert_uint_eq(c.status, JOIN_USED);
	ck_assert_str_eq(c.text, "used by beta");
	call(0);
	wait_for_c();
	ck_assert_uint_eq(issues, 2);
	end();
}
END_TEST

START_TEST(keyd_that_is_away_is_waited_for)
{
	begin(false);
	invite();
	keyd_away = true;
	call(0);
	ck_assert_uint_eq(c.status, JOIN_BUSY);
	ck_assert(!c.over);
	keyd_away = false;
	wait_for_c();
	ck_assert_uint_eq(c.status, JOIN_OK);
	end();
}
END_TEST

/* An INVITE frame of b's. */
static void
b_says(const struct join_invite *m)
{
	uint8_t body[FRAME_BODY_MAX];

	ck_assert_int_eq(engine_frame_send(d->side[1].e, net_slot(d, 1), d->now,
			     FRAME_INVITE, body, join_invite_put(body, m)),
	    0);
	pump();
	duo_later(d, 150); /* as many frames as it may */
}

START_TEST(only_the_holder_tells_of_invitations)
{
	struct join_invite m = {.state = INVITE_LIVE, .expires = UINT64_MAX};

	begin(true);
	invite();
	m.id[0] = 1;
	memset(m.pub, 77, sizeof(m.pub)); /* the key of some other member */
	b_says(&m);
	ck_assert_ptr_null(join_psk(d->side[0].e, d->now, m.pub));
	ck_assert_uint_eq(join_invites(d->side[0].e), 1);
	end();
}
END_TEST

START_TEST(nobody_changes_an_invitation_that_is_not_its_own)
{
	struct join_invite m = {.expires = UINT64_MAX};

	begin(true);
	invite();
	memcpy(m.id, inv.id, sizeof(m.id));
	memset(m.pub, 66, sizeof(m.pub));
	b_says(&m);
	ck_assert_ptr_null(join_psk(d->side[0].e, d->now, m.pub));
	ck_assert_ptr_nonnull(join_psk(d->side[0].e, d->now, inv.pub));
	end();
}
END_TEST

/* keyd of a has so many invitations. */
static void
invite_many(unsigned n)
{
	struct msg_invite_row m = row();

	for (unsigned i = 1; i <= n; i++) {
		m.id[0] = m.pub[0] = (uint8_t)i;
		m.expires = d->unix_s + 1000 + i;
		join_on_invite(d->side[0].e, d->now, &m);
	}
	pump();
}

START_TEST(all_invitations_are_heard_of_however_many)
{
	begin(false);
	invite_many(INVITES_OF_ONE);
	net_call(d);
	pump();
	ck_assert_uint_eq(join_invites(d->side[1].e), INVITES_OF_ONE);
	end();
}
END_TEST

START_TEST(invitations_are_bounded_and_the_first_to_end_makes_way)
{
	begin(true);
	invite_many(2 * INVITES_MAX);
	for (int i = 0; i < 2; i++) {
		const struct join *j = d->side[i].e->join;

		ck_assert_uint_eq(join_invites(d->side[i].e), INVITES_OF_ONE);
		for (unsigned k = 0; k < INVITES_MAX; k++)
			ck_assert(!j->inv[k].used ||
			    j->inv[k].is.id[0] >
				2 * INVITES_MAX - INVITES_OF_ONE);
	}
	end();
}
END_TEST

START_TEST(an_invitation_opens_nothing_a_day_after_its_end)
{
	begin(false);
	invite();
	d->unix_s += 900 + INVITE_KEPT_S - 10;
	ck_assert_ptr_nonnull(join_psk(d->side[0].e, d->now, inv.pub));
	d->unix_s += 20;
	ck_assert_ptr_null(join_psk(d->side[0].e, d->now, inv.pub));
	end();
}
END_TEST

/* ---- renewal ---- */

/* keyd's answer: the same node again, for longer. */
static void
grant(int no)
{
	struct conf_net n;

	d->unix_s += 10;
	n = net_conf(d, no, 200);
	memcpy(n.bundle.holder, d->side[0].keys.pub, 32);
	verdict.len = (uint16_t)bundle_put(verdict.bundle, &n.bundle);
	ck_assert_uint_gt(verdict.len, 0);
	join_on_issue(d->side[0].e, d->now, issue_id, &verdict);
	pump();
}

START_TEST(a_member_renews_at_the_holder)
{
	static const uint8_t none[INVITE_ID];
	uint8_t sig[64];

	begin(true);
	memset(sig, 55, sizeof(sig));
	join_signature(d->side[1].e, sig);
	ck_assert_ptr_null(join_renew(d->side[1].e, d->now));
	pump();
	ck_assert_uint_eq(issues, 1);
	ck_assert_mem_eq(issue.request, none, sizeof(none));
	ck_assert_mem_eq(issue.request + 8, d->side[1].keys.pub, 32);
	ck_assert_mem_eq(issue.request + JOIN_REQUEST - 64, sig, 64);
	grant(1);
	ck_assert_uint_eq(d->side[1].e->net.own.serial, 200);
	ck_assert_uint_eq(d->side[1].blobs[MSG_OWN_BUNDLE], 1);
	end();
}
END_TEST

/* b's slot at a, or the other way round, without its frames' limit. */
static struct peer_slot *
unlimited(int no)
{
	struct peer_slot *p = net_slot(d, no);

	bucket_fill(&p->frames, d->now, FRAMES_BURST);
	return p;
}

/* A JOIN_REPLY of `no`'s to the other. */
static void
says_reply(int no, const struct join_reply *m)
{
	uint8_t body[FRAME_BODY_MAX];

	(void)unlimited(!no);
	ck_assert_int_eq(
	    engine_frame_send(d->side[no].e, net_slot(d, no), d->now,
		FRAME_JOIN_REPLY, body, join_reply_put(body, m)),
	    0);
	pump();
}

START_TEST(nobody_answers_a_question_but_who_was_asked)
{
	struct join_reply lie = {.status = JOIN_USED, .parts = 1};

	/* b passes c's question on to a, who is not the one that answers */
	begin(true);
	invite();
	call(1);
	ck_assert_uint_eq(issues, 1);
	ck_assert(!c.over);
	for (unsigned i = 0; i < PASSED_MAX; i++)
		memset(d->side[1].e->join->passed[i].holder, 99, 32);
	for (lie.req = 1; lie.req < 5; lie.req++)
		says_reply(0, &lie);
	ck_assert(!c.over);
	end();
}
END_TEST

START_TEST(nobody_ends_a_renewal_but_who_was_asked)
{
	struct join_reply lie = {.status = JOIN_REVOKED, .parts = 1};
	struct renewal *n;

	begin(true);
	ck_assert_ptr_null(join_renew(d->side[1].e, d->now));
	pump();
	n = &d->side[1].e->join->renewal;
	ck_assert(n->active);
	memset(n->asked, 99, sizeof(n->asked));
	lie.req = n->req;
	says_reply(0, &lie);
	ck_assert(n->active);
	memcpy(n->asked, d->side[0].keys.pub, sizeof(n->asked));
	says_reply(0, &lie);
	ck_assert(!n->active);
	end();
}
END_TEST

START_TEST(who_only_passes_on_can_not_end_a_renewal)
{
	struct join_reply lie = {.status = JOIN_REVOKED, .parts = 1};
	struct renewal *n;

	/* to b, a is a member like any other; the holder is away */
	begin(true);
	memset(d->side[1].e->net.bundle.holder, 99, 32);
	ck_assert_ptr_null(join_renew(d->side[1].e, d->now));
	n = &d->side[1].e->join->renewal;
	ck_assert_mem_eq(n->asked, d->side[0].keys.pub, 32);
	d->nwire = 0; /* a does not get it */
	lie.req = n->req;
	says_reply(0, &lie);
	ck_assert(n->active);
	lie.status = JOIN_OK; /* of octets that are no bundle */
	lie.len = 100;
	says_reply(0, &lie);
	ck_assert(n->active);
	ck_assert_uint_eq(n->part, 0);
	ck_assert_uint_eq(n->len, 0);
	ck_assert_uint_eq(d->side[1].e->net.own.serial, 101);
	end();
}
END_TEST

/* A JOIN_ASK of b's to a. */
static void
b_asks(const uint8_t id[INVITE_ID], uint8_t node)
{
	struct join_ask q = {.req = 9};
	uint8_t body[FRAME_BODY_MAX];

	memcpy(q.request, id, INVITE_ID);
	memset(q.request + INVITE_ID, node, 32);
	(void)unlimited(0);
	ck_assert_int_eq(engine_frame_send(d->side[1].e, net_slot(d, 1), d->now,
			     FRAME_JOIN_ASK, body, join_ask_put(body, &q)),
	    0);
	pump();
}

START_TEST(nothing_is_passed_on_that_was_passed_on)
{
	static const uint8_t renewal[INVITE_ID];

	begin(true);
	invite();
	/* the holder is somebody whom a could ask, but only for b itself */
	memset(d->side[0].e->net.bundle.holder, 99, 32);
	b_asks(renewal, 55);
	ck_assert_uint_eq(d->side[0].lookups, 1); /* b's, when it was called */
	for (unsigned i = 0; i < INVITES_MAX; i++)
		memset(d->side[0].e->join->inv[i].holder, 99, 32);
	b_asks(inv.id, 55);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	b_asks(renewal, 0);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	end();
}
END_TEST

START_TEST(one_member_does_not_use_up_keyd)
{
	static const uint8_t renewal[INVITE_ID];

	begin(true);
	for (unsigned i = 1; i <= 100; i++)
		b_asks(renewal, (uint8_t)i);
	ck_assert_uint_le(issues, JOINS_BURST);
	duo_later(d, 2000);
	b_asks(renewal, 200);
	ck_assert_uint_gt(issues, JOINS_BURST - 1);
	end();
}
END_TEST

START_TEST(the_holder_renews_at_its_own_keyd)
{
	begin(false);
	ck_assert_ptr_null(join_renew(d->side[0].e, d->now));
	ck_assert_uint_eq(issues, 1);
	grant(0);
	ck_assert_uint_eq(d->side[0].e->net.own.serial, 200);
	end();
}
END_TEST

START_TEST(two_thirds_of_a_life_are_enough)
{
	begin(false);
	duo_later(d, LOOK_FIRST_MS);
	ck_assert_uint_eq(issues, 0);
	d->unix_s += 21 * NET_DAY;
	duo_later(d, 600000);
	ck_assert_uint_ge(issues, 1);
	end();
}
END_TEST

START_TEST(a_guest_can_not_renew_for_anybody)
{
	begin(false);
	invite();
	call(0);
	memset(c.request, 0, INVITE_ID);
	wait_for_c();
	ck_assert_uint_eq(c.status, JOIN_UNKNOWN);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_holder_asks_keyd_for_its_invitations,
	    a_newcomer_gets_what_keyd_says_from_the_holder,
	    nobody_calls_without_an_invitation,
	    another_member_lets_it_in_and_passes_the_question_on,
	    a_member_hears_of_invitations_when_its_session_comes_up,
	    a_holder_that_is_away_is_said_to_be,
	    a_refusal_comes_with_its_reason_and_is_not_kept,
	    keyd_that_is_away_is_waited_for,
	    only_the_holder_tells_of_invitations,
	    nobody_changes_an_invitation_that_is_not_its_own,
	    all_invitations_are_heard_of_however_many,
	    invitations_are_bounded_and_the_first_to_end_makes_way,
	    an_invitation_opens_nothing_a_day_after_its_end,
	    a_member_renews_at_the_holder,
	    nobody_answers_a_question_but_who_was_asked,
	    nobody_ends_a_renewal_but_who_was_asked,
	    who_only_passes_on_can_not_end_a_renewal,
	    nothing_is_passed_on_that_was_passed_on,
	    one_member_does_not_use_up_keyd,
	    the_holder_renews_at_its_own_keyd,
	    two_thirds_of_a_life_are_enough,
	    a_guest_can_not_renew_for_anybody,
	};

	return UNIT_RUN("join", tests);
}
