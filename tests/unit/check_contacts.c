/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_contacts.c */
/*
 * Whom a newcomer can call besides the node that signs: members that are up,
 * at the places where they are, chosen from what the daemons answer.
 */
#include <stdio.h>
#include <string.h>

#include "contacts.h"
#include "ledger_help.h"
#include "newcomer.h"

static struct office desk;
static struct snapshot snap;
static struct conf_node node;
static struct contacts got;

static struct endpoint
at(const char *text)
{
	struct endpoint ep;

	ck_assert_int_eq(endpoint_parse(text, 51820, &ep), 0);
	return ep;
}

static void
start(void)
{
	struct prefix overlay;

	desk = office("10.77.0.0/16");
	snapshot_init(&snap);
	node = (struct conf_node){.nsubnets = 1};
	ck_assert_int_eq(prefix_parse("10.77.0.0/16", &overlay), 0);
	node.subnet[0] = overlay;
	got = (struct contacts){.n = 1};
	memset(got.at[0].key, 0x40, 32);
	got.at[0].ep = at("203.0.113.1");
}

static void
end(void)
{
	snapshot_clear(&snap);
	ledger_clear(&desk.l);
}

/* A row of the kind that is written into body; it is taken. */
static void
take(uint16_t type, const uint8_t *body, const struct wbuf *w)
{
	const struct ipc_frame row = {
	    .type = type, .body = body, .len = w->len};

	ck_assert_int_eq(wbuf_done(w), 0);
	ck_assert_int_eq(snapshot_take(&snap, &row), 0);
}

/* Machine m is known, in this state, since so many seconds of the epoch. */
static void
peer(uint8_t m, const char *place, enum peer_view state, uint64_t since)
{
	static struct msg_peer_row p;
	static uint8_t body[1024];
	struct wbuf w;

	p = (struct msg_peer_row){.state = state,
	    .has_endpoint = place != NULL,
	    .since_unix_ms = since * 1000};
	memset(p.key, m, sizeof(p.key));
	snprintf(p.name, sizeof(p.name), "m%u", m);
	if (place != NULL)
		p.endpoint = at(place);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peer_row(&w, &p);
	take(MSG_PEER_ROW, body, &w);
}

/* ... and has a certificate. */
static void
member(uint8_t m)
{
	static struct msg_member_row row;
	static uint8_t body[1024];
	struct ledger_invite terms = invitation(0, "-");
	struct join_request q = request(m, 0);
	struct wbuf w;

	ck_assert_int_eq(ledger_admit(&desk.l, &desk.a, desk.holder, &q, &terms,
			     desk.now, &desk.b, desk.line, &desk.who),
	    JOIN_OK);
	say(&desk, desk.line);
	row =
	    (struct msg_member_row){.state = PV_UP, .certlen = desk.b.certlen};
	memcpy(row.cert, desk.b.cert, desk.b.certlen);
	wbuf_init(&w, body, sizeof(body));
	msg_put_member_row(&w, &row);
	take(MSG_MEMBER_ROW, body, &w);
}

static void
up(uint8_t m, const char *place, uint64_t since)
{
	peer(m, place, PV_UP, since);
	member(m);
}

static void
dht_node(const char *place)
{
	struct msg_dht_node n = {.ep = at(place)};
	uint8_t body[64];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_dht_node(&w, &n);
	take(MSG_DHT_NODE, body, &w);
}

static void
assert_others(const char *first, const char *second)
{
	const char *const want[] = {"", first, second};
	char text[ENDPOINT_STRLEN];

	contacts_pick(&snap, &node, &got);
	ck_assert_uint_eq(got.n, 1 + (first != NULL) + (second != NULL));
	for (unsigned i = 1; i < got.n; i++)
		ck_assert_str_eq(endpoint_format(&got.at[i].ep, text), want[i]);
	end();
}

START_TEST(members_that_are_up_stand_behind_the_holder)
{
	start();
	up(2, "192.0.2.2:51820", 100);
	up(3, "[2001:db8::3]:7777", 200);
	contacts_pick(&snap, &node, &got);
	ck_assert_uint_eq(got.n, 3);
	ck_assert_uint_eq(got.at[0].key[0], 0x40);
	ck_assert_uint_eq(got.at[1].key[0], 2);
	ck_assert_uint_eq(got.at[2].key[31], 3);
	ck_assert_str_eq(got.name[1], "m2");
	ck_assert_uint_eq(got.at[2].ep.port, 7777);
	end();
}
END_TEST

START_TEST(who_is_down_or_nowhere_is_left_out)
{
	start();
	peer(2, "192.0.2.2", PV_WAIT, 100);
	member(2);
	peer(3, "192.0.2.3", PV_HANDSHAKE, 100);
	member(3);
	peer(4, NULL, PV_UP, 100);
	member(4);
	up(5, "192.0.2.5", 100);
	assert_others("192.0.2.5:51820", NULL);
}
END_TEST

START_TEST(a_peer_of_the_configuration_lets_nobody_in)
{
	start();
	peer(2, "192.0.2.2", PV_UP, 100); /* it has no certificate */
	up(3, "192.0.2.3", 200);
	assert_others("192.0.2.3:51820", NULL);
}
END_TEST

START_TEST(a_place_inside_the_tunnel_is_none_for_a_newcomer)
{
	start();
	up(2, "10.77.0.9", 100);
	assert_others(NULL, NULL);
}
END_TEST

START_TEST(nobody_is_there_twice)
{
	start();
	up(0x40, "192.0.2.9", 100); /* the holder's own key */
	up(2, "192.0.2.2", 100);
	peer(2, "192.0.2.22", PV_UP, 100);
	assert_others("192.0.2.2:51820", NULL);
}
END_TEST

START_TEST(another_address_comes_before_one_that_is_there)
{
	start();
	up(2, "203.0.113.1:40000", 100); /* behind the holder's own NAT */
	up(3, "192.0.2.3", 200);
	assert_others("192.0.2.3:51820", "203.0.113.1:40000");
}
END_TEST

START_TEST(who_is_in_the_table_comes_first_and_brings_its_port)
{
	start();
	up(2, "192.0.2.2", 100);
	up(3, "192.0.2.3", 200);
	up(4, "192.0.2.4", 50);
	dht_node("192.0.2.3:6999");
	contacts_pick(&snap, &node, &got);
	ck_assert_uint_eq(got.at[1].key[0], 3);
	ck_assert_uint_eq(got.at[1].dht_port, 6999);
	ck_assert_uint_eq(got.at[2].key[0], 4); /* for longest */
	ck_assert_uint_eq(got.at[2].dht_port, 0);
	end();
}
END_TEST

START_TEST(of_two_table_entries_at_one_address_neither_is_believed)
{
	start();
	up(2, "192.0.2.2", 100);
	dht_node("192.0.2.2:6881");
	dht_node("192.0.2.2:6882");
	contacts_pick(&snap, &node, &got);
	ck_assert_uint_eq(got.n, 2);
	ck_assert_uint_eq(got.at[1].dht_port, 0);
	end();
}
END_TEST

START_TEST(what_an_administrator_said_three_times_stays)
{
	start();
	up(2, "192.0.2.2", 100);
	got.n = INVITE_CONTACTS_MAX;
	for (unsigned i = 1; i < got.n; i++)
		got.at[i] = got.at[0];
	contacts_pick(&snap, &node, &got);
	for (unsigned i = 0; i < got.n; i++)
		ck_assert_uint_eq(got.at[i].key[0], 0x40);
	end();
}
END_TEST

START_TEST(three_contacts_of_the_longest_kind_fit_a_token)
{
	struct invite_token t = {.n = INVITE_CONTACTS_MAX}, back;
	char text[INVITE_TEXT_MAX];
	const char *why;

	for (unsigned i = 0; i < t.n; i++) {
		memset(t.contact[i].key, 0xff, 32);
		t.contact[i].ep =
		    at("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
		t.contact[i].dht_port = UINT16_MAX;
	}
	ck_assert_int_eq(invite_format(text, &t), 0);
	ck_assert_int_eq(invite_parse(text, &back, &why), 0);
	ck_assert_uint_eq(back.n, t.n);
	ck_assert_mem_eq(back.secret, t.secret, sizeof(t.secret));
	for (unsigned i = 0; i < t.n; i++) {
		ck_assert_mem_eq(back.contact[i].key, t.contact[i].key, 32);
		ck_assert(endpoint_eq(&back.contact[i].ep, &t.contact[i].ep));
		ck_assert_uint_eq(
		    back.contact[i].dht_port, t.contact[i].dht_port);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    members_that_are_up_stand_behind_the_holder,
	    who_is_down_or_nowhere_is_left_out,
	    a_peer_of_the_configuration_lets_nobody_in,
	    a_place_inside_the_tunnel_is_none_for_a_newcomer,
	    nobody_is_there_twice,
	    another_address_comes_before_one_that_is_there,
	    who_is_in_the_table_comes_first_and_brings_its_port,
	    of_two_table_entries_at_one_address_neither_is_believed,
	    what_an_administrator_said_three_times_stays,
	    three_contacts_of_the_longest_kind_fit_a_token,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("contacts", tests);
}
