/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_turn_stream.c */
/* The way to the TURN server: UDP, a connection of tlsd's, or one after the
 * other (p2p-engine/engine_turn_stream.c). */
#include <stdlib.h>

#include "unit.h"

#include "duo.h"
#include "engine_int.h"
#include "engine_turn.h"

static struct {
	uint32_t id, calls, sent, closed;
	bool secure;
	struct endpoint to;
} tlsd;

static int
turn_call(void *ctx, uint32_t id, const struct msg_turn_connect *m)
{
	(void)ctx;
	tlsd.id = id;
	tlsd.to = m->to;
	tlsd.secure = m->secure;
	tlsd.calls++;
	return 0;
}

static int
peer_call(void *ctx, uint32_t id, const struct msg_tls_connect *m)
{
	(void)ctx;
	(void)id;
	(void)m;
	return -1;
}

static int
send_by(void *ctx, uint32_t id, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)data;
	ck_assert_uint_eq(id, tlsd.id);
	ck_assert_uint_ge(len, 20);
	tlsd.sent++;
	return 0;
}

static int
close_by(void *ctx, uint32_t id)
{
	(void)ctx;
	ck_assert_uint_eq(id, tlsd.id);
	tlsd.closed++;
	return 0;
}

/* Side a has a TURN server, which does not answer, and tlsd. */
static struct duo *
with_server(uint8_t transport, bool pin)
{
	struct duo *d = duo_new();
	struct conf_node *n = &d->side[0].conf.node;
	struct engine *e = d->side[0].e;

	memset(&tlsd, 0, sizeof(tlsd));
	e->io.turn_connect = turn_call;
	e->io.tls_connect = peer_call;
	e->io.tls_send = send_by;
	e->io.tls_close = close_by;
	n->nturn = 1;
	n->turn[0] = (struct endpoint){{4, {198, 51, 100, 7}}, 3478};
	n->nat_enable = true;
	n->turn_transport = transport;
	n->nturn_pins = pin;
	n->turn_pin[0][0] = pin;
	duo_configure(d, 0);
	engine_tls_there(e, d->now, true);
	return d;
}

static void
up(struct duo *d)
{
	const struct msg_tls_up m = {.far = tlsd.to};

	engine_tls_up(d->side[0].e, d->now, tlsd.id, &m);
}

static const struct turn *
turn_of(const struct duo *d)
{
	return &d->side[0].e->turn->t;
}

START_TEST(by_tcp_tlsd_is_asked_for_a_connection_and_gets_what_is_asked)
{
	struct duo *d = with_server(CONF_TURN_TCP, false);

	duo_later(d, TURN_CALL_MS + 10);
	ck_assert_uint_eq(tlsd.calls, 1);
	ck_assert(!tlsd.secure);
	ck_assert_uint_eq(tlsd.to.port, 3478);
	ck_assert_uint_eq(tlsd.sent, 0);
	up(d);
	ck_assert_uint_eq(tlsd.sent, 1);
	duo_later(d, 3000);
	ck_assert_uint_eq(tlsd.sent, 1);
	duo_free(d);
}
END_TEST

START_TEST(auto_begins_by_udp_and_goes_over)
{
	struct duo *d = with_server(CONF_TURN_AUTO, true);

	duo_later(d, TURN_UDP_MS - 100);
	ck_assert_uint_eq(tlsd.calls, 0);
	ck_assert_uint_ge(turn_of(d)->requests, 2);
	duo_later(d, 200);
	ck_assert_uint_eq(tlsd.calls, 1);
	ck_assert(tlsd.secure);
	/* in vain: it is UDP again, after a while */
	engine_tls_down(d->side[0].e, d->now, tlsd.id, TLS_NO_ANSWER);
	ck_assert_int_eq(turn_of(d)->state, TURN_WAIT);
	ck_assert(!turn_of(d)->stream);
	duo_free(d);
}
END_TEST

START_TEST(without_a_pin_auto_is_tcp)
{
	struct duo *d = with_server(CONF_TURN_AUTO, false);

	duo_later(d, TURN_UDP_MS + 100);
	ck_assert_uint_eq(tlsd.calls, 1);
	ck_assert(!tlsd.secure);
	duo_free(d);
}
END_TEST

START_TEST(another_key_is_told_and_not_asked_at_once)
{
	struct duo *d = with_server(CONF_TURN_TLS, true);
	struct msg_turn_row row;

	duo_later(d, TURN_CALL_MS + 10);
	ck_assert(tlsd.secure);
	engine_tls_down(d->side[0].e, d->now, tlsd.id, TLS_WRONG_PIN);
	ck_assert_int_eq(engine_turn_row(d->side[0].e, d->now, 0, &row), 0);
	ck_assert_str_eq(turn_row_why(row.why), "wrong_certificate");
	ck_assert_str_eq(turn_row_by(row.by), "tls");
	duo_later(d, 4000);
	ck_assert_uint_eq(tlsd.calls, 1);
	duo_later(d, 3000);
	ck_assert_uint_eq(tlsd.calls, 2);
	duo_free(d);
}
END_TEST

START_TEST(when_tlsd_goes_so_does_the_connection)
{
	struct duo *d = with_server(CONF_TURN_TCP, false);

	duo_later(d, TURN_CALL_MS + 10);
	up(d);
	engine_tls_there(d->side[0].e, d->now, false);
	ck_assert_int_eq(turn_of(d)->state, TURN_WAIT);
	duo_later(d, 6000);
	ck_assert_int_eq(turn_of(d)->state, TURN_ASKING);
	ck_assert_uint_eq(tlsd.calls, 1);
	engine_tls_there(d->side[0].e, d->now, true);
	ck_assert_uint_eq(tlsd.calls, 2);
	duo_free(d);
}
END_TEST

static unsigned told;
static bool told_listens;

static int
tell_pin(void *ctx, const struct msg_tls_pin *m)
{
	(void)ctx;
	told++;
	told_listens = m->listens;
	return 0;
}

/* It is started again in less than a second. */
START_TEST(where_we_listen_is_withdrawn_only_if_tlsd_stays_away)
{
	const struct msg_tls_pin pin = {.listens = true, .pin = {7}};
	struct duo *d = duo_new();
	struct engine *e = d->side[0].e;

	told = 0;
	e->io.tls_connect = peer_call;
	e->io.tell_tls = tell_pin;
	duo_configure(d, 0);
	engine_tls_there(e, d->now, true);
	engine_tls_pin(e, &pin);
	ck_assert_uint_eq(told, 1);
	engine_tls_there(e, d->now, false);
	duo_later(d, TLS_GONE_MS - 1000);
	ck_assert_uint_eq(told, 1);
	engine_tls_there(e, d->now, true);
	duo_later(d, TLS_GONE_MS);
	ck_assert_uint_eq(told, 1);
	engine_tls_there(e, d->now, false);
	duo_later(d, TLS_GONE_MS + 1000);
	ck_assert_uint_eq(told, 2);
	ck_assert(!told_listens);
	duo_free(d);
}
END_TEST

START_TEST(another_way_is_configured_and_the_old_connection_ends)
{
	struct duo *d = with_server(CONF_TURN_TCP, false);

	duo_later(d, TURN_CALL_MS + 10);
	up(d);
	d->side[0].conf.node.turn_transport = CONF_TURN_UDP;
	duo_configure(d, 0);
	ck_assert_uint_eq(tlsd.closed, 1);
	ck_assert_int_eq(turn_of(d)->state, TURN_ASKING);
	ck_assert(!turn_of(d)->stream);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    by_tcp_tlsd_is_asked_for_a_connection_and_gets_what_is_asked,
	    auto_begins_by_udp_and_goes_over,
	    without_a_pin_auto_is_tcp,
	    another_key_is_told_and_not_asked_at_once,
	    when_tlsd_goes_so_does_the_connection,
	    where_we_listen_is_withdrawn_only_if_tlsd_stays_away,
	    another_way_is_configured_and_the_old_connection_ends,
	};

	return UNIT_RUN("turn_stream", tests);
}
