/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_claim.c */
/*
 * Whose an address, a name or a place in the list is when two claim it; and
 * the network as a whole, coming, going and looked at.
 */
#include "unit.h"

#include "duo_net.h"

#define A(d) ((d)->side[0].e)

/* a hears of a node with this key, which claims 10.0.0.`host`. */
static struct member *
hear(struct duo *d, uint8_t no, uint8_t host, uint64_t serial)
{
	uint8_t key[32] = {no, 3}, blob[CERT_MAX];
	struct cert c;
	struct member *m;
	size_t n;

	key[31] = 1;
	c = net_cert(d, key, host, serial);
	snprintf(c.name, sizeof(c.name), "n%u", no);
	n = net_sign(blob, &c, net_seed);
	ck_assert_int_eq(member_show(A(d), d->now, blob, n, NULL, &m), CERT_OK);
	duo_tick(d);
	return m;
}

/* The first octet of the key that 10.0.0.`host` goes to; 0: nobody. */
static uint8_t
owner(struct duo *d, uint8_t host)
{
	struct addr a = {.family = 4, .b = {10, 0, 0, host}};
	struct peer_slot *p = slot_get(A(d), route_find(A(d)->routes, &a));

	return p == NULL ? 0 : p->conf.key[0];
}

START_TEST(the_higher_serial_has_the_address_in_whatever_order_they_come)
{
	struct duo *d = net_new();

	hear(d, 5, 50, 10);
	ck_assert_uint_eq(owner(d, 50), 5);
	hear(d, 6, 50, 20);
	ck_assert_uint_eq(owner(d, 50), 6);
	hear(d, 7, 50, 15);
	ck_assert_uint_eq(owner(d, 50), 6);
	hear(d, 6, 50, 20);
	ck_assert_uint_eq(owner(d, 50), 6);
	ck_assert_uint_eq(duo_count(d, 0, MEMBER_CONFLICTS), 2);
	/* who lost keeps what the key gives */
	ck_assert_uint_eq(net_slot_at(d, 5)->conf.nallowed, 1);
	ck_assert_uint_eq(net_slot_at(d, 6)->conf.nallowed, 2);
	net_free(d);
}
END_TEST

START_TEST(an_older_certificate_of_a_node_does_not_replace_the_newer)
{
	struct duo *d = net_new();

	hear(d, 5, 50, 10);
	hear(d, 5, 51, 9);
	ck_assert_uint_eq(owner(d, 50), 5);
	ck_assert_uint_eq(owner(d, 51), 0);
	hear(d, 5, 51, 11);
	ck_assert_uint_eq(owner(d, 50), 0);
	ck_assert_uint_eq(owner(d, 51), 5);
	ck_assert_uint_eq(engine_nmembers(A(d)), 1);
	net_free(d);
}
END_TEST

START_TEST(what_is_configured_is_no_members)
{
	struct duo *d = net_new();
	struct conf_peer *p = &d->side[0].conf.peer[0];
	static struct msg_peer_row row;

	hear(d, 5, 2, 10);
	hear(d, 6, 60, 10);
	ck_assert_uint_eq(owner(d, 2), 5);
	/* b is configured, with 10.0.0.2, 10.0.9.0/24, and the name of n6 */
	snprintf(p->name, sizeof(p->name), "N6");
	d->side[0].conf.npeers = 1;
	duo_configure(d, 0);
	ck_assert_uint_eq(owner(d, 2), d->side[1].keys.pub[0]);
	ck_assert_uint_eq(owner(d, 60), 6);
	ck_assert_int_eq(engine_peer_row(A(d), 0, d->now, 0, &row), 0);
	ck_assert_str_eq(row.name, "N6");
	for (uint32_t i = 1; i < 3; i++) {
		ck_assert_int_eq(engine_peer_row(A(d), i, d->now, 0, &row), 0);
		ck_assert_str_ne(row.name, "n6");
	}
	/* a certificate of its key changes nothing */
	{
		struct cert c = net_cert(d, d->side[1].keys.pub, 9, 500);
		uint8_t blob[CERT_MAX];
		size_t n = net_sign(blob, &c, net_seed);
		struct member *m;

		ck_assert_int_eq(
		    member_show(A(d), d->now, blob, n, NULL, &m), CERT_OK);
		ck_assert_ptr_null(m);
	}
	ck_assert_uint_eq(owner(d, 9), 0);
	/* and when it is not configured any more, they have theirs again */
	d->side[0].conf.npeers = 0;
	duo_configure(d, 0);
	ck_assert_uint_eq(owner(d, 2), 5);
	d->side[0].conf.npeers = 1;
	net_free(d);
}
END_TEST

START_TEST(our_own_address_is_nobodys)
{
	struct duo *d = net_new();

	hear(d, 5, 1, 1000);
	ck_assert_uint_eq(owner(d, 1), 0);
	ck_assert_uint_eq(duo_count(d, 0, MEMBER_CONFLICTS), 1);
	net_free(d);
}
END_TEST

START_TEST(the_member_unused_for_longest_makes_way)
{
	struct duo *d = net_up();
	uint8_t key[32] = {0}, blob[CERT_MAX];
	struct member *m;

	key[31] = 1;
	for (uint32_t i = 0; i < MEMBERS_MAX + 10; i++) {
		struct cert c;
		size_t n;

		key[0] = (uint8_t)(1 + i / 256);
		key[1] = (uint8_t)i;
		c = net_cert(d, key, 9, 1000 + i);
		c.address[0].addr.b[2] = (uint8_t)(1 + i / 250);
		c.address[0].addr.b[3] = (uint8_t)(1 + i % 250);
		snprintf(c.name, sizeof(c.name), "m%u", i);
		n = net_sign(blob, &c, net_seed);
		d->now++;
		ck_assert_int_eq(
		    member_show(A(d), d->now, blob, n, NULL, &m), CERT_OK);
		ck_assert_ptr_nonnull(m);
		if (i % 100 == 0)
			duo_tick(d);
	}
	duo_tick(d);
	ck_assert_uint_eq(engine_nmembers(A(d)), MEMBERS_MAX);
	ck_assert_uint_eq(duo_count(d, 0, MEMBERS_GONE), 11);
	ck_assert_int_eq(net_slot(d, 0)->peer.state, PEER_UP);
	key[0] = 1;
	key[1] = 0;
	ck_assert_ptr_null(member_find(A(d), key)); /* the first that came */
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	net_free(d);
}
END_TEST

START_TEST(the_network_goes_and_so_do_its_members)
{
	struct duo *d = net_up();
	const struct conf_net off = {.on = false};
	struct conf_net n = net_conf(d, 0, 100);
	static struct msg_net_row row;

	ck_assert_int_eq(engine_net_row(A(d), d->now, &row), 0);
	ck_assert_uint_eq(row.members, 1);
	net_set(d, 0, &off);
	ck_assert_int_eq(engine_net_row(A(d), d->now, &row), -1);
	ck_assert_uint_eq(engine_npeers(A(d)), 0);
	ck_assert_uint_eq(engine_nmembers(A(d)), 0);
	ck_assert_uint_eq(index_count(A(d)->index), 0);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 1);
	duo_pump(d);
	net_set(d, 0, &n);
	duo_later(d, REFUSED_MS);
	net_call(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(the_same_network_again_touches_nobody)
{
	struct duo *d = net_up();
	struct conf_net n = net_conf(d, 0, 100);

	net_set(d, 0, &n);
	net_set(d, 0, &n);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 1);
	/* another secret: nobody can be talked to on the old one */
	n.keys.psk[0] ^= 1;
	net_set(d, 0, &n);
	ck_assert_uint_eq(engine_npeers(A(d)), 0);
	net_free(d);
}
END_TEST

START_TEST(rows_say_who_is_a_member_and_since_when_it_was_heard)
{
	struct duo *d = net_up();
	static struct msg_member_row m;
	static struct msg_net_row n;
	struct cert c;

	ck_assert_int_eq(engine_member_row(A(d), 0, d->now, 5000, &m), 0);
	ck_assert_int_eq(m.state, PV_UP);
	ck_assert_uint_eq(m.seen_unix_ms, 5000);
	ck_assert_int_eq(cert_get(m.cert, m.certlen, &c), CERT_OK);
	ck_assert_str_eq(c.name, "node2");
	ck_assert_int_eq(engine_member_row(A(d), 1, d->now, 5000, &m), -1);
	ck_assert_int_eq(engine_net_row(A(d), d->now, &n), 0);
	ck_assert_str_eq(n.note, "");
	ck_assert(!n.is_holder);
	ck_assert_int_eq(cert_get(n.cert, n.certlen, &c), CERT_OK);
	ck_assert_str_eq(c.name, "node1");
	net_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_higher_serial_has_the_address_in_whatever_order_they_come,
	    an_older_certificate_of_a_node_does_not_replace_the_newer,
	    what_is_configured_is_no_members,
	    our_own_address_is_nobodys,
	    the_member_unused_for_longest_makes_way,
	    the_network_goes_and_so_do_its_members,
	    the_same_network_again_touches_nobody,
	    rows_say_who_is_a_member_and_since_when_it_was_heard,
	};

	return UNIT_RUN("claim", tests);
}
