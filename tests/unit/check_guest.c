/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_guest.c */
/*
 * Quarantine: what somebody can do whose key is not known, which is little,
 * and who gets out of it.
 */
#include "unit.h"

#include "duo_net.h"

static const uint8_t net_psk[32] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};

#define B(d) ((d)->side[1].e)

/* A packet from 10.0.0.`host` to b. */
static void
packet(struct duo *d, struct caller *c, uint8_t host)
{
	char src[16];
	struct gen g;

	snprintf(src, sizeof(src), "10.0.0.%u", host);
	gen_ip(&g, src, "10.0.0.2", 17);
	gen_udp(&g, 53, 20);
	gen_sum(&g, 17);
	caller_data(d, c, g.b, g.len);
}

START_TEST(who_does_not_know_the_secret_gets_no_session)
{
	static const uint8_t none[32];
	struct duo *d = net_new();
	struct caller c;

	caller_init(d, &c, 9);
	caller_call(d, &c, none);
	ck_assert_ptr_null(c.kp);
	/* b waits for a message that never comes, and forgets */
	ck_assert_uint_eq(B(d)->net.nguests, 1);
	duo_later(d, GUEST_MS);
	ck_assert_uint_eq(B(d)->net.nguests, 0);
	ck_assert_uint_eq(index_count(B(d)->index), 0);
	duo_balanced(d);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(without_a_network_there_are_no_guests)
{
	struct duo *d = net_new();
	const struct conf_net off = {.on = false};
	struct caller c;

	net_set(d, 1, &off);
	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	ck_assert_ptr_null(c.kp);
	ck_assert_uint_eq(duo_count(d, 1, EI_UNKNOWN_PEER), 1);
	duo_balanced(d);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(a_guest_can_say_who_it_is_and_nothing_else)
{
	static const uint8_t others[] = {FRAME_WHO_HAS, FRAME_RECORD,
	    FRAME_PEERS, FRAME_CRL, FRAME_JOIN_ASK, FRAME_JOIN_REPLY,
	    FRAME_INVITE, 200};
	struct duo *d = net_new();
	struct caller c;

	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	ck_assert_ptr_nonnull(c.kp);
	packet(d, &c, 9);
	ck_assert_uint_eq(duo_count(d, 1, EI_QUARANTINE), 1);
	for (size_t i = 0; i < sizeof(others); i++)
		caller_say(d, &c, others[i], "abcd", 4);
	duo_keyd(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_QUARANTINE), 1 + sizeof(others));
	caller_data(d, &c, "\xf1\x01\xff", 3);
	ck_assert_uint_eq(duo_count(d, 1, EI_MALFORMED), 1);
	ck_assert_uint_eq(d->side[1].frames, 0);
	ck_assert_uint_eq(d->side[1].records, 0);
	ck_assert_uint_eq(engine_npeers(B(d)), 0);
	duo_send(d, 1, "10.0.0.2", "10.0.0.9", 9); /* no route either */
	ck_assert_uint_eq(d->side[1].lookups, 1);
	duo_balanced(d);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(a_good_certificate_makes_it_a_peer_at_once)
{
	struct duo *d = net_new();
	struct cert cert;
	struct caller c;

	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	cert = net_cert(d, c.keys.pub, 9, 300);
	caller_hello(d, &c, &cert);
	ck_assert_uint_eq(caller_heard(d, &c), FRAME_HELLO_ACK);
	ck_assert_uint_eq(B(d)->net.nguests, 0);
	ck_assert_uint_eq(engine_npeers(B(d)), 1);
	packet(d, &c, 9);
	packet(d, &c, 8); /* not its address */
	engine_flush(B(d), d->now);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_NOT_ALLOWED), 1);
	ck_assert_uint_eq(d->side[1].blobs[MSG_MEMBER], 1);
	duo_later(d, GUEST_MS + 1000);
	packet(d, &c, 9);
	engine_flush(B(d), d->now);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	duo_balanced(d);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(packets_right_behind_the_certificate_are_not_lost)
{
	struct duo *d = net_new();
	struct hello h = {.mtu = 1400};
	uint8_t body[FRAME_BODY_MAX];
	struct cert cert;
	struct caller c;

	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	cert = net_cert(d, c.keys.pub, 9, 300);
	h.certlen = net_sign(h.cert, &cert, net_seed);
	caller_say(d, &c, FRAME_HELLO, body, hello_put(body, &h));
	packet(d, &c, 9); /* in the same turn */
	packet(d, &c, 8);
	engine_flush(B(d), d->now);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_NOT_ALLOWED), 1);
	ck_assert_uint_eq(B(d)->net.nguests, 1);
	duo_tick(d);
	ck_assert_uint_eq(B(d)->net.nguests, 0);
	duo_balanced(d);
	caller_end(&c);
	net_free(d);
}
END_TEST

/*
 * A victim's address as the source of the message that confirms a key: only
 * who got our answer there has shown that it is there.
 */
START_TEST(a_place_is_proved_by_who_was_answered_there)
{
	struct duo *d = net_new();
	struct addr victim, home;
	struct cert cert;
	struct caller c;

	caller_init(d, &c, 9);
	home = c.ep.addr;
	victim = home;
	victim.b[0] = 198;
	caller_call(d, &c, net_psk);
	cert = net_cert(d, c.keys.pub, 9, 300);
	caller_hello(d, &c, &cert);
	for (int i = 0; i < 2 * TARGET_MAX; i++) {
		targets_note(B(d)->net.targets, d->now, &victim);
		targets_note(B(d)->net.targets, d->now, &home);
	}
	keypair_free(c.kp);
	c.kp = NULL;
	duo_later(d, 1000);
	caller_call(d, &c, net_psk);
	c.ep.addr = victim;
	packet(d, &c, 9);
	ck_assert(!targets_allow(B(d)->net.targets, d->now, &victim));
	ck_assert(!targets_allow(B(d)->net.targets, d->now, &home));
	c.ep.addr = home;
	keypair_free(c.kp);
	c.kp = NULL;
	duo_later(d, 1000);
	caller_call(d, &c, net_psk);
	packet(d, &c, 9);
	ck_assert(targets_allow(B(d)->net.targets, d->now, &home));
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(there_are_sixty_four_guests_and_the_least_proved_makes_way)
{
	enum { N = GUESTS_MAX + 20 };
	struct duo *d = net_new();
	static struct caller c[N], honest;
	struct cert cert;

	caller_init(d, &honest, 500);
	caller_call(d, &honest, net_psk);
	caller_data(d, &honest, "x", 1); /* it knows the secret */
	for (uint32_t i = 0; i < N; i++) {
		d->now += 50; /* not too many at a time */
		caller_init(d, &c[i], i);
		caller_knock(d, &c[i]);
		duo_keyd(d);
		ck_assert_uint_le(B(d)->net.nguests, GUESTS_MAX);
	}
	ck_assert_uint_eq(B(d)->net.nguests, GUESTS_MAX);
	ck_assert_uint_eq(duo_count(d, 1, GUESTS_EVICTED), N + 1 - GUESTS_MAX);
	cert = net_cert(d, honest.keys.pub, 9, 300);
	caller_hello(d, &honest, &cert);
	ck_assert_uint_eq(engine_npeers(B(d)), 1);
	duo_later(d, GUEST_MS);
	ck_assert_uint_eq(B(d)->net.nguests, 0);
	duo_balanced(d);
	caller_end(&honest);
	for (uint32_t i = 0; i < N; i++)
		caller_end(&c[i]);
	net_free(d);
}
END_TEST

START_TEST(guests_cost_nobody_a_session)
{
	struct duo *d = net_up();
	struct caller c;

	d->side[1].conf.node.sessions_max = 1;
	duo_configure(d, 1);
	for (uint32_t i = 0; i < 20; i++) {
		duo_later(d, 50);
		caller_init(d, &c, i);
		caller_call(d, &c, net_psk);
		ck_assert_ptr_nonnull(c.kp);
		packet(d, &c, 9);
		caller_end(&c);
	}
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(a_members_session_never_costs_a_configured_peers)
{
	struct duo *d = net_new();
	struct cert cert;
	struct caller c;

	/* b has a configured, and may have one session */
	d->side[1].conf.npeers = 1;
	d->side[0].conf.npeers = 1;
	d->side[1].conf.node.sessions_max = 1;
	duo_configure(d, 0);
	duo_configure(d, 1);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	cert = net_cert(d, c.keys.pub, 9, 300);
	caller_hello(d, &c, &cert);
	ck_assert_uint_eq(engine_npeers(B(d)), 2);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	ck_assert_uint_eq(B(d)->nkeys, 1);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(a_certificate_of_another_key_is_answered_by_goodbye)
{
	struct duo *d = net_new();
	struct cert cert;
	struct caller c;

	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	cert = net_cert(d, d->side[0].keys.pub, 1, 300);
	caller_hello(d, &c, &cert);
	ck_assert_uint_eq(caller_heard(d, &c), FRAME_BYE);
	ck_assert_uint_eq(duo_count(d, 1, CERT_BAD_KEY), 1);
	ck_assert_uint_eq(B(d)->net.nguests, 0);
	caller_data(d, &c, "x", 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_NO_SESSION), 1);
	ck_assert_uint_eq(engine_nmembers(B(d)), 0);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(frames_of_a_configured_peer_are_dropped_like_anything_strange)
{
	struct duo *d = duo_up();
	struct peer_slot *p = d->side[0].e->slot[d->side[0].e->order[0]];
	uint8_t frame[FRAME_MAX];
	size_t n = frame_put(frame, sizeof(frame), FRAME_BYE, "\0\0", 2);

	ck_assert_int_eq(
	    engine_frame_send(d->side[0].e, p, d->now, FRAME_BYE, "\0\0", 2),
	    -1);
	ck_assert_int_eq(path_frame(d->side[0].e, d->now, p, frame, n), 0);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_MALFORMED), 1);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(questions_of_peers_go_to_discoveryd_ten_a_second)
{
	struct duo *d = net_new();
	struct cert cert;
	struct caller c;

	caller_init(d, &c, 9);
	caller_call(d, &c, net_psk);
	cert = net_cert(d, c.keys.pub, 9, 300);
	caller_hello(d, &c, &cert);
	for (int i = 0; i < 50; i++)
		caller_say(d, &c, FRAME_WHO_HAS, "abcd", 4);
	ck_assert_uint_eq(d->side[1].frames, ASKS_BURST);
	ck_assert_uint_eq(duo_count(d, 1, FRAMES_LIMITED), 50 - ASKS_BURST);
	ck_assert_uint_eq(d->side[1].frame.type, FRAME_WHO_HAS);
	ck_assert_uint_eq(d->side[1].frame.len, 4);
	ck_assert_mem_eq(d->side[1].frame.key, c.keys.pub, 32);
	duo_balanced(d);
	caller_end(&c);
	net_free(d);
}
END_TEST

START_TEST(what_discoveryd_says_goes_to_whom_it_says_or_to_three)
{
	struct duo *d = net_new();
	struct msg_peer_frame m = {.type = FRAME_RECORD, .len = 3};
	static struct caller c[5];
	unsigned heard = 0;

	for (uint32_t i = 0; i < 5; i++) {
		struct cert cert;

		d->now += 50;
		caller_init(d, &c[i], i);
		caller_call(d, &c[i], net_psk);
		cert = net_cert(d, c[i].keys.pub, (uint8_t)(20 + i), 300 + i);
		caller_hello(d, &c[i], &cert);
		ck_assert_uint_eq(caller_heard(d, &c[i]), FRAME_HELLO_ACK);
	}
	memcpy(m.key, c[2].keys.pub, 32);
	engine_on_frame(B(d), d->now, &m);
	ck_assert_uint_eq(d->nwire, 1);
	ck_assert_uint_eq(caller_heard(d, &c[2]), FRAME_RECORD);
	memset(m.key, 0, 32);
	engine_on_frame(B(d), d->now, &m);
	ck_assert_uint_eq(d->nwire, FRAME_ANY_PEERS);
	for (uint32_t i = 0; i < d->nwire; i++)
		for (int k = 2; k < 5; k++) /* the last three */
			heard +=
			    endpoint_eq(&(struct endpoint){.addr = c[k].ep.addr,
					    .port = c[k].ep.port},
				&net_slot_of(d, c[k].keys.pub)->ep) &&
			    d->wire[i].to == c[k].ep.addr.b[3] - 1;
	ck_assert_uint_eq(heard, 3);
	d->nwire = 0;
	m.type = FRAME_BYE; /* not its to say */
	engine_on_frame(B(d), d->now, &m);
	ck_assert_uint_eq(d->nwire, 0);
	m.type = FRAME_PEERS;
	memset(m.key, 9, 32); /* nobody */
	engine_on_frame(B(d), d->now, &m);
	ck_assert_uint_eq(d->nwire, 0);
	for (uint32_t i = 0; i < 5; i++)
		caller_end(&c[i]);
	net_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    who_does_not_know_the_secret_gets_no_session,
	    without_a_network_there_are_no_guests,
	    a_guest_can_say_who_it_is_and_nothing_else,
	    a_good_certificate_makes_it_a_peer_at_once,
	    packets_right_behind_the_certificate_are_not_lost,
	    a_place_is_proved_by_who_was_answered_there,
	    there_are_sixty_four_guests_and_the_least_proved_makes_way,
	    guests_cost_nobody_a_session,
	    a_members_session_never_costs_a_configured_peers,
	    a_certificate_of_another_key_is_answered_by_goodbye,
	    frames_of_a_configured_peer_are_dropped_like_anything_strange,
	    questions_of_peers_go_to_discoveryd_ten_a_second,
	    what_discoveryd_says_goes_to_whom_it_says_or_to_three,
	};

	return UNIT_RUN("guest", tests);
}
