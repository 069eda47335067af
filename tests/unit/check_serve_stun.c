/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_serve_stun.c */
/*
 * Binding requests to the engine: who is answered, with what, how often; and
 * its own, to members.
 */
#include "unit.h"

#include "duo_net.h"
#include "stun.h"

/* The engine sends to the last octet of an address: b's is 2. */
static struct endpoint
stranger(uint8_t host, uint16_t port)
{
	struct endpoint e = {.addr = {4, {198, 51, 100, host}}, .port = port};

	return e;
}

/* To a; what came back, which nobody takes. */
static size_t
ask(struct duo *d, const struct endpoint *from, const uint8_t *msg, size_t len,
    struct stun *got)
{
	uint8_t data[2048];

	memcpy(data, msg, len);
	d->nwire = 0;
	engine_from_udp(d->side[0].e, d->now, 3, from, data, len);
	duo_balanced(d);
	if (d->nwire == 0)
		return 0;
	ck_assert_uint_eq(d->nwire, 1);
	d->nwire = 0;
	ck_assert_int_eq(stun_parse(d->wire[0].data, d->wire[0].len, got), 0);
	ck_assert_uint_eq(d->wire[0].sock, 3);
	return d->wire[0].len;
}

static size_t
request(uint8_t *msg, const struct stun *extra)
{
	struct stun s = extra != NULL ? *extra : (struct stun){0};

	s.method = STUN_BINDING;
	memset(s.id, 0x5a, sizeof(s.id));
	return stun_print(&s, msg, 2048);
}

static const uint8_t spaces[100];
static const struct stun roomy = {
    .has = STUN_SOFTWARE, .software = {spaces, sizeof(spaces)}};

START_TEST(a_stranger_learns_from_where_it_is_seen)
{
	struct endpoint from = stranger(1, 4711);
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, &roomy);

	n = stun_mark(msg, n, sizeof(msg));
	ck_assert_uint_eq(ask(d, &from, msg, n, &got), 40);
	ck_assert_int_eq(got.kind, STUN_SUCCESS);
	ck_assert(endpoint_eq(&got.xor_mapped, &from));
	ck_assert_mem_eq(got.id, msg + 8, STUN_ID);
	ck_assert((got.has & STUN_MARK) != 0);
	ck_assert_uint_eq(duo_count(d, 0, EI_STUN_ASKED), 1);
	duo_free(d);
}
END_TEST

START_TEST(no_answer_is_longer_than_the_question)
{
	struct endpoint from = stranger(1, 4711);
	struct duo *d = duo_new();
	struct stun q = roomy, got;
	uint8_t msg[2048];
	size_t n, len;

	for (uint16_t room = 0; room < 60; room++) {
		q.software.len = room;
		for (int kind = 0; kind < 4; kind++) {
			q.has = STUN_SOFTWARE | (kind & 1 ? STUN_CHANGE : 0);
			q.change = STUN_CHANGE_PORT;
			n = request(msg, &q);
			if ((kind & 2) != 0)
				n = stun_mark(msg, n, sizeof(msg));
			d->now += 1000;
			len = ask(d, &from, msg, n, &got);
			ck_assert_uint_le(len, n);
			ck_assert(len != 0 || n < 40 + 12);
		}
	}
	/* a bare one has no room, and is not answered */
	n = request(msg, NULL);
	ck_assert_uint_eq(ask(d, &from, msg, n, &got), 0);
	ck_assert_uint_gt(duo_count(d, 0, EI_STUN_SHORT), 0);
	duo_free(d);
}
END_TEST

START_TEST(who_has_a_session_may_ask_shortly_from_any_port)
{
	struct duo *d = duo_up();
	struct endpoint from = d->side[1].ep;
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, NULL);

	from.port = 999;
	ck_assert_uint_eq(ask(d, &from, msg, n, &got), 32);
	ck_assert(endpoint_eq(&got.xor_mapped, &from));
	from.addr.b[3]++;
	ck_assert_uint_eq(ask(d, &from, msg, n, &got), 0);
	duo_free(d);
}
END_TEST

START_TEST(what_one_address_can_not_do_is_refused)
{
	const struct stun change = {.has = STUN_CHANGE | STUN_PADDING,
	    .change = STUN_CHANGE_IP,
	    .padding = 100};
	const struct stun reflect = {
	    .has = STUN_PORT | STUN_PADDING, .port = 53, .padding = 100};
	struct endpoint from = stranger(1, 4711);
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, &change);

	ck_assert_uint_gt(ask(d, &from, msg, n, &got), 0);
	ck_assert_int_eq(got.kind, STUN_ERROR);
	ck_assert_uint_eq(got.code, STUN_E_UNKNOWN);
	ck_assert_uint_eq(got.nunknown, 1);
	ck_assert_uint_eq(got.unknown[0], STUN_TYPE_CHANGE);
	n = request(msg, &reflect);
	ck_assert_uint_gt(ask(d, &from, msg, n, &got), 0);
	ck_assert_uint_eq(got.unknown[0], STUN_TYPE_PORT);
	duo_free(d);
}
END_TEST

START_TEST(an_attribute_that_has_to_be_known_is_named)
{
	struct endpoint from = stranger(1, 4711);
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, &roomy);

	memcpy(msg + n, "\x00\x7e\x00\x00", 4);
	n += 4;
	msg[3] = (uint8_t)(n - STUN_HDR);
	ck_assert_uint_gt(ask(d, &from, msg, n, &got), 0);
	ck_assert_uint_eq(got.code, STUN_E_UNKNOWN);
	ck_assert_uint_eq(got.unknown[0], 0x7e);
	duo_free(d);
}
END_TEST

START_TEST(what_is_no_binding_request_is_not_answered)
{
	static const struct stun none[] = {
	    {.kind = STUN_INDICATION, .method = STUN_BINDING},
	    {.kind = STUN_SUCCESS, .method = STUN_BINDING},
	    {.kind = STUN_ERROR, .method = STUN_BINDING},
	    {.kind = STUN_REQUEST, .method = 3}, /* TURN's Allocate */
	};
	struct endpoint from = stranger(1, 4711);
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;

	for (size_t i = 0; i < 4; i++) {
		struct stun s = none[i];
		size_t n;

		s.has = STUN_SOFTWARE;
		s.software = roomy.software;
		n = stun_print(&s, msg, sizeof(msg));
		ck_assert_uint_eq(ask(d, &from, msg, n, &got), 0);
	}
	ck_assert_uint_eq(duo_count(d, 0, EI_STUN_ASKED), 0);
	duo_free(d);
}
END_TEST

START_TEST(a_source_has_a_rate_and_so_have_all)
{
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, &roomy);
	struct endpoint from = stranger(1, 4711);

	for (int i = 0; i < 100; i++)
		(void)ask(d, &from, msg, n, &got);
	ck_assert_uint_eq(duo_count(d, 0, EI_STUN_ASKED), STUN_SOURCE_BURST);
	for (unsigned i = 0; i < 2000; i++) {
		from.addr.b[2] = (uint8_t)(i >> 8);
		from.addr.b[3] = (uint8_t)i;
		(void)ask(d, &from, msg, n, &got);
	}
	ck_assert_uint_le(duo_count(d, 0, EI_STUN_ASKED), STUN_BURST);
	ck_assert_uint_eq(
	    duo_count(d, 0, EI_STUN_ASKED) + duo_count(d, 0, EI_STUN_RATE),
	    2100);
	duo_free(d);
}
END_TEST

START_TEST(no_means_silence)
{
	struct endpoint from = stranger(1, 4711);
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, &roomy);

	d->side[0].conf.node.stun_serve = false;
	duo_configure(d, 0);
	ck_assert_uint_eq(ask(d, &from, msg, n, &got), 0);
	ck_assert_uint_eq(duo_count(d, 0, EI_STUN_OFF), 1);
	duo_free(d);
}
END_TEST

/* a's sockets are bound; what it knows of the first after a while. */
static struct msg_nat_row
checked(struct duo *d)
{
	const struct endpoint any = {.addr.family = 4, .port = 1};
	struct msg_nat_row row, none;
	uint32_t at = 0;

	engine_socket_bound(d->side[0].e, d->now, 3, &any);
	engine_socket_bound(d->side[0].e, d->now, UDP_STREAM_FIRST, &any);
	duo_later(d, 9000);
	ck_assert(!engine_netcheck_busy(d->side[0].e));
	ck_assert_int_eq(
	    engine_nat_row(d->side[0].e, &at, d->now, 1000000000, &row), 0);
	ck_assert_uint_eq(row.socket, 3);
	ck_assert_uint_ne(row.judged_unix_ms, 0);
	ck_assert_int_eq(
	    engine_nat_row(d->side[0].e, &at, d->now, 0, &none), -1);
	duo_balanced(d);
	return row;
}

START_TEST(a_member_that_is_up_is_asked_and_answers)
{
	struct duo *d = net_up();
	struct msg_places places = {.n = 1, .at[0].ep = d->side[0].ep};
	struct msg_nat_row row = checked(d);
	struct msg_nat_seen_row seen;
	uint32_t at = 0;

	ck_assert(endpoint_eq(&row.seen, &d->side[0].ep));
	ck_assert_int_eq(row.mapping, NAT_UNKNOWN); /* of one member's word */
	ck_assert_uint_eq(row.answered, 1);
	ck_assert_uint_eq(duo_count(d, 0, STUN_SENT), 1);
	ck_assert_uint_eq(duo_count(d, 0, EI_STUN_HEARD), 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_STUN_ASKED), 1);
	ck_assert_int_eq(engine_nat_seen_row(d->side[0].e, &at, &seen), 0);
	ck_assert_str_eq(seen.name, "node2");
	ck_assert_int_eq(engine_nat_seen_row(d->side[0].e, &at, &seen), -1);
	engine_places(d->side[0].e, d->now, &places);
	row = checked(d);
	ck_assert_int_eq(row.mapping, NAT_NONE);
	ck_assert(endpoint_eq(&row.local, &d->side[0].ep));
	net_free(d);
}
END_TEST

START_TEST(a_configured_peer_is_not_asked)
{
	struct duo *d = duo_up();
	struct msg_nat_row row = checked(d);

	ck_assert_uint_eq(row.asked, 0);
	ck_assert_uint_eq(duo_count(d, 0, STUN_SENT), 0);
	duo_free(d);
}
END_TEST

START_TEST(silent_servers_prove_nothing_while_a_peer_is_heard)
{
	struct duo *d = duo_up();
	struct msg_nat_row row;

	d->side[0].conf.node.nstun = 2;
	d->side[0].conf.node.stun[0] = stranger(201, 3478);
	d->side[0].conf.node.stun[1] = stranger(202, 3478);
	duo_configure(d, 0);
	row = checked(d);
	ck_assert_uint_eq(row.asked, 2);
	ck_assert_uint_eq(row.answered, 0);
	ck_assert_int_eq(row.mapping, NAT_UNKNOWN);
	duo_free(d);
	d = duo_new();
	d->side[0].conf.node.nstun = 2;
	d->side[0].conf.node.stun[0] = stranger(201, 3478);
	d->side[0].conf.node.stun[1] = stranger(202, 3478);
	duo_configure(d, 0);
	ck_assert_int_eq(checked(d).mapping, NAT_BLOCKED);
	duo_free(d);
}
END_TEST

START_TEST(an_answer_that_nobody_waits_for_is_counted)
{
	struct endpoint from = stranger(1, 3478);
	struct stun a = {
	    .kind = STUN_SUCCESS, .has = STUN_XOR_MAPPED, .xor_mapped = from};
	struct duo *d = duo_new();
	uint8_t msg[2048];
	struct stun got;
	size_t n = request(msg, &a);

	ck_assert_uint_eq(ask(d, &from, msg, n, &got), 0);
	ck_assert_uint_eq(duo_count(d, 0, EI_STUN_STRAY), 1);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_stranger_learns_from_where_it_is_seen,
	    no_answer_is_longer_than_the_question,
	    who_has_a_session_may_ask_shortly_from_any_port,
	    what_one_address_can_not_do_is_refused,
	    an_attribute_that_has_to_be_known_is_named,
	    what_is_no_binding_request_is_not_answered,
	    a_source_has_a_rate_and_so_have_all,
	    no_means_silence,
	    a_member_that_is_up_is_asked_and_answers,
	    a_configured_peer_is_not_asked,
	    silent_servers_prove_nothing_while_a_peer_is_heard,
	    an_answer_that_nobody_waits_for_is_counted,
	};

	return UNIT_RUN("serve_stun", tests);
}
