/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_hostnet.c */
/*
 * What a new network must not hide, where others can call, and the texts that
 * are carried between a machine and the one that signs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostnet.h"
#include "ledger_help.h"
#include "signed.h"

static struct prefix
net(const char *text)
{
	struct prefix p;

	ck_assert_int_eq(prefix_parse(text, &p), 0);
	return p;
}

static struct hostnet *
host(const char *const address[])
{
	struct hostnet *h = calloc(1, sizeof(*h));

	ck_assert_ptr_nonnull(h);
	for (unsigned i = 0; address != NULL && address[i] != NULL; i++)
		h->row[h->n++] =
		    (struct hostnet_row){.p = net(address[i]), .address = true};
	return h;
}

/* What the kernel prints of 10.1.0.0/16 and so on, in its own octet order. */
static unsigned
kernel(const char *address)
{
	struct addr a;
	uint32_t v;

	ck_assert_int_eq(addr_parse(address, &a), 0);
	memcpy(&v, a.b, sizeof(v));
	return v;
}

START_TEST(routes_are_read_but_not_the_default_one)
{
	struct hostnet *h = host(NULL);
	char text[512], p[PREFIX_STRLEN];

	snprintf(text, sizeof(text),
	    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\t\n"
	    "eth0\t%08X\t%08X\t0003\t0\t0\t0\t%08X\t0\t0\t0\n"
	    "eth0\t%08X\t%08X\t0001\t0\t0\t0\t%08X\t0\t0\t0\n"
	    "eth1\t%08X\t%08X\t0000\t0\t0\t0\t%08X\t0\t0\t0\n"
	    "rubbish\n",
	    0u, kernel("192.0.2.254"), 0u, kernel("10.1.0.0"), 0u,
	    kernel("255.255.0.0"), kernel("10.2.0.0"), 0u,
	    kernel("255.255.0.0"));
	hostnet_routes(h, text);
	ck_assert_uint_eq(h->n, 1); /* neither default nor down */
	ck_assert_str_eq(prefix_format(&h->row[0].p, p), "10.1.0.0/16");
	ck_assert(!h->row[0].address);
	free(h);
}
END_TEST

START_TEST(more_routes_than_fit_are_not_forgotten_silently)
{
	struct hostnet *h = host(NULL);
	char text[128];

	for (unsigned i = 0; i <= HOSTNET_MAX; i++) {
		ck_assert(!h->more);
		snprintf(text, sizeof(text),
		    "eth0\t%08X\t0\t0001\t0\t0\t0\t%08X\t0\t0\t0\n",
		    kernel("10.1.0.0"), kernel("255.255.0.0"));
		hostnet_routes(h, text);
	}
	ck_assert_uint_eq(h->n, HOSTNET_MAX);
	ck_assert(h->more);
	free(h);
}
END_TEST

START_TEST(a_network_that_overlaps_is_found_in_both_directions)
{
	static const char *const have[] = {"10.1.2.3/24", NULL};
	struct hostnet *h = host(have);
	struct prefix p = net("10.1.0.0/16");

	ck_assert_ptr_nonnull(hostnet_overlap(h, &p));
	p = net("10.1.2.128/25");
	ck_assert_ptr_nonnull(hostnet_overlap(h, &p));
	p = net("10.2.0.0/16");
	ck_assert_ptr_null(hostnet_overlap(h, &p));
	free(h);
}
END_TEST

START_TEST(the_next_free_network_is_picked)
{
	static const char *const have[] = {
	    "10.255.0.1/24", "10.0.0.1/16", "10.1.9.9/32", NULL};
	static const char *const all[] = {"10.0.0.1/8", NULL};
	struct hostnet *h = host(have);
	struct prefix p;
	char text[PREFIX_STRLEN];

	ck_assert_int_eq(hostnet_pick(h, 255, &p), 0);
	ck_assert_str_eq(prefix_format(&p, text), "10.2.0.0/16");
	free(h);
	h = host(all);
	ck_assert_int_eq(hostnet_pick(h, 0, &p), -1);
	free(h);
}
END_TEST

START_TEST(the_best_addresses_come_first_and_ours_do_not)
{
	static const char *const have[] = {"127.0.0.1/8", "fe80::1/64",
	    "10.77.0.1/16", "192.168.1.2/24", "2001:db8::1/64",
	    "203.0.113.5/24", NULL};
	struct prefix own = net("10.77.0.0/16");
	struct hostnet *h = host(have);
	char text[ADDR_STRLEN];
	struct addr a[8];

	ck_assert_uint_eq(hostnet_contacts(h, &own, 1, a, 8), 3);
	ck_assert_str_eq(addr_format(&a[0], text), "203.0.113.5");
	ck_assert_str_eq(addr_format(&a[1], text), "2001:db8::1");
	ck_assert_str_eq(addr_format(&a[2], text), "192.168.1.2");
	ck_assert_uint_eq(hostnet_contacts(h, &own, 1, a, 1), 1);
	free(h);
}
END_TEST

START_TEST(this_machine_can_be_read)
{
	struct hostnet *h = host(NULL);

	ck_assert_int_eq(hostnet_read(h), 0);
	free(h);
}
END_TEST

START_TEST(an_endpoint_is_an_address_with_or_without_a_port)
{
	static const char *const bad[] = {"", "x",
	    "203.0.113.1:", "203.0.113.1:0", "203.0.113.1:65536",
	    "203.0.113.1:1x", "[2001:db8::1", "[2001:db8::1]x", "127.0.0.1:1",
	    "fe80::1", "host:51820", ":51820"};
	char text[ENDPOINT_STRLEN];
	struct endpoint ep;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		    endpoint_parse(bad[i], 7, &ep) == -1, "\"%s\"", bad[i]);
	ck_assert_int_eq(endpoint_parse("203.0.113.1", 7, &ep), 0);
	ck_assert_str_eq(endpoint_format(&ep, text), "203.0.113.1:7");
	ck_assert_int_eq(endpoint_parse("203.0.113.1:8", 7, &ep), 0);
	ck_assert_uint_eq(ep.port, 8);
	ck_assert_int_eq(endpoint_parse("2001:db8::1", 7, &ep), 0);
	ck_assert_str_eq(endpoint_format(&ep, text), "[2001:db8::1]:7");
	ck_assert_int_eq(endpoint_parse("[2001:db8::1]:9", 7, &ep), 0);
	ck_assert_uint_eq(ep.port, 9);
}
END_TEST

/* ---- carried by hand ---- */

START_TEST(a_request_survives_the_mail)
{
	struct join_request q = request(2, 0), got;
	char text[SIGNED_REQUEST_MAX], more[SIGNED_REQUEST_MAX + 8];

	signed_request_put(text, &q);
	ck_assert_uint_lt(strlen(text), SIGNED_REQUEST_MAX - 1);
	snprintf(more, sizeof(more), "\n %s\r\n", text);
	ck_assert_int_eq(signed_request_get(more, &got), 0);
	ck_assert_mem_eq(&q, &got, sizeof(q));
}
END_TEST

START_TEST(a_request_that_is_damaged_or_of_another_kind_is_refused)
{
	struct join_request q = request(2, 0), got;
	char text[SIGNED_REQUEST_MAX];
	size_t len;

	signed_request_put(text, &q);
	len = strlen(text);
	text[40] = text[40] == 'A' ? 'B' : 'A';
	ck_assert_int_eq(signed_request_get(text, &got), -1);
	signed_request_put(text, &q);
	text[len - 3] = '\0';
	ck_assert_int_eq(signed_request_get(text, &got), -1);
	ck_assert_int_eq(signed_request_get("", &got), -1);
	q = request(2, 7); /* one that belongs to an invitation */
	signed_request_put(text, &q);
	ck_assert_int_eq(signed_request_get(text, &got), -1);
}
END_TEST

/* What the machine that signs gives out for machine 2. */
static size_t
answer(char *text, struct bundle *b)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite terms = invitation(0, "beta");
	struct join_request q = request(2, 0);
	struct contact k = {.dht_port = 6881};
	size_t len;

	memset(k.key, 9, sizeof(k.key));
	ck_assert_int_eq(endpoint_parse("203.0.113.1:51820", 0, &k.ep), 0);
	ck_assert_int_eq(ledger_admit(&o.l, &o.a, o.holder, &q, &terms, o.now,
			     b, o.line, &o.who),
	    JOIN_OK);
	len = signed_put(text, b, &k, 1);
	ck_assert_uint_ne(len, 0);
	ledger_clear(&o.l);
	return len;
}

START_TEST(an_answer_comes_back_with_secret_and_contacts)
{
	char *text = malloc(SIGNED_MAX);
	struct contact k[INVITE_CONTACTS_MAX];
	struct bundle b, got;
	uint8_t node[32], n;
	const char *why;

	(void)answer(text, &b);
	ck_assert_int_eq(signed_get(text, &got, k, &n, &why), 0);
	ck_assert_mem_eq(&b, &got, sizeof(b));
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(k[0].ep.port, 51820);
	ck_assert_uint_eq(k[0].dht_port, 6881);
	memset(node, 2, sizeof(node));
	ck_assert_ptr_null(bundle_verify(&got, node, NOW));
	free(text);
}
END_TEST

START_TEST(an_answer_that_is_cut_has_no_secret_or_is_refused)
{
	char *text = malloc(SIGNED_MAX), *part = malloc(SIGNED_MAX);
	struct contact k[INVITE_CONTACTS_MAX];
	static const uint8_t none[32];
	struct bundle b, got;
	const char *why;
	uint8_t n;
	size_t len = answer(text, &b);

	for (size_t cut = 0; cut < len; cut++) {
		memcpy(part, text, cut);
		part[cut] = '\0';
		if (signed_get(part, &got, k, &n, &why) == -1)
			ck_assert_ptr_nonnull(why);
		else
			ck_assert(memcmp(got.secret, none, 32) == 0 ||
			    memcmp(got.secret, b.secret, 32) == 0);
	}
	free(text);
	free(part);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    routes_are_read_but_not_the_default_one,
	    more_routes_than_fit_are_not_forgotten_silently,
	    a_network_that_overlaps_is_found_in_both_directions,
	    the_next_free_network_is_picked,
	    the_best_addresses_come_first_and_ours_do_not,
	    this_machine_can_be_read,
	    an_endpoint_is_an_address_with_or_without_a_port,
	    a_request_survives_the_mail,
	    a_request_that_is_damaged_or_of_another_kind_is_refused,
	    an_answer_comes_back_with_secret_and_contacts,
	    an_answer_that_is_cut_has_no_secret_or_is_refused,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("hostnet", tests);
}
