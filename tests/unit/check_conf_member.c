/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_member.c */
/* The network: what its files give, who is told what, what a change says. */
#include "conf_help.h"
#include "msg.h"

#define NET "network { certificate file n.cert, secret file n.secret }\n"

static struct conf_diags ds;
static char cert[BUNDLE_TEXT_MAX];
static size_t certlen;
static uint8_t secret[32];

static int
give_secret(void *ctx, const char *path, uint8_t out[32], char *err, size_t cap)
{
	(void)ctx;
	(void)err;
	(void)cap;
	ck_assert_str_eq(path, "n.secret");
	memcpy(out, secret, sizeof(secret));
	return 0;
}

static int
give_cert(void *ctx, const char *path, char *out, size_t outcap, size_t *len,
    char *err, size_t cap)
{
	(void)ctx;
	(void)err;
	(void)cap;
	ck_assert_str_eq(path, "n.cert");
	ck_assert_uint_le(certlen, outcap);
	memcpy(out, cert, certlen);
	*len = certlen;
	return 0;
}

static void
setup(void)
{
	certlen = member_text(cert);
	memset(secret, 0x5e, sizeof(secret));
}

static int
parse_at(const char *text, uint64_t unix_s, struct conf *c)
{
	struct conf_reader r = {
	    .secret = give_secret, .certificate = give_cert, .unix_s = unix_s};

	conf_defaults(c, "alpha", "/run/mesh");
	return conf_parse("m.conf", text, strlen(text), &r, NULL, 0, c, &ds);
}

static void
member(struct conf *c)
{
	if (parse_at(NET, MEMBER_NOW, c) == -1)
		ck_abort_msg("%s", diags_text(&ds));
	ck_assert_uint_eq(ds.n, 0);
}

static void
assert_prefix(const struct prefix *p, const char *want)
{
	char text[PREFIX_STRLEN];

	ck_assert_str_eq(prefix_format(p, text), want);
}

START_TEST(the_certificate_gives_name_addresses_and_networks)
{
	struct prefix six = {.len = 48};
	struct bundle b;
	struct conf c;

	member(&c);
	member_bundle(&b);
	ck_assert_str_eq(c.node.name, "mallow");
	ck_assert_uint_eq(c.node.naddresses, 2);
	assert_prefix(&c.node.address[0], "10.77.0.5/16");
	cert_address6(&six.addr, b.authority, (const uint8_t[32]){9, 'n'});
	ck_assert(prefix_eq(&c.node.address[1], &six));
	ck_assert_uint_eq(c.node.nsubnets, 2);
	assert_prefix(&c.node.subnet[0], "10.77.0.0/16");
	prefix_mask(&six);
	ck_assert(prefix_eq(&c.node.subnet[1], &six));
	ck_assert(c.net.on);
	ck_assert_uint_eq(c.net.bundle.nrecords, b.nrecords);
	conf_clear(&c);
}
END_TEST

START_TEST(what_is_set_wins_over_the_certificate)
{
	struct conf c;

	ck_assert_int_eq(
	    parse_at("tunnel { address 10.77.0.5/24, subnet 10.77.0.0/24 }\n"
		     "identity { name me }\n" NET,
		MEMBER_NOW, &c),
	    0);
	ck_assert_uint_eq(ds.n, 0);
	ck_assert_str_eq(c.node.name, "me");
	ck_assert_uint_eq(c.node.naddresses, 1);
	assert_prefix(&c.node.address[0], "10.77.0.5/24");
	ck_assert_uint_eq(c.node.nsubnets, 1);
	conf_clear(&c);
}
END_TEST

START_TEST(an_expired_certificate_is_a_warning)
{
	struct conf c;

	ck_assert_int_eq(parse_at(NET, MEMBER_NOW + 10 * MEMBER_DAY, &c), 0);
	ck_assert_uint_eq(ds.warnings, 1);
	ck_assert_str_eq(ds.d[0].file, "n.cert");
	ck_assert_str_eq(
	    ds.d[0].message, "the certificate of mallow has expired");
	ck_assert_uint_eq(c.node.naddresses, 2);
	conf_clear(&c);
}
END_TEST

START_TEST(a_certificate_of_the_future_is_a_warning_and_a_slow_clock_is_not)
{
	struct conf c;

	ck_assert_int_eq(parse_at(NET, MEMBER_NOW - 10 * MEMBER_DAY, &c), 0);
	ck_assert_uint_eq(ds.warnings, 1);
	conf_clear(&c);
	ck_assert_int_eq(
	    parse_at(NET, MEMBER_NOW - MEMBER_DAY - CERT_SKEW_S, &c), 0);
	ck_assert_uint_eq(ds.n, 0);
	conf_clear(&c);
}
END_TEST

START_TEST(the_networks_secret_is_in_nothing_that_is_kept)
{
	static uint8_t mem[IPC_BODY_MAX];
	struct conf c;
	struct wbuf w;
	char *text;

	member(&c);
	ck_assert_ptr_null(memmem(&c, sizeof(c), secret, sizeof(secret)));
	wbuf_init(&w, mem, sizeof(mem));
	conf_net_put(&w, &c.net, ROLE_DISC);
	ck_assert_ptr_null(memmem(mem, w.len, secret, sizeof(secret)));
	text = conf_text(&c);
	ck_assert_ptr_null(strstr(text, "Xl5e"));
	free(text);
	conf_clear(&c);
}
END_TEST

/* What that role's CONF_NET has. */
static void
frame(const struct conf_net *in, unsigned role, struct conf_net *out)
{
	static uint8_t mem[IPC_BODY_MAX];
	struct wbuf w;
	struct rbuf r;

	wbuf_init(&w, mem, sizeof(mem));
	conf_net_put(&w, in, role);
	ck_assert_int_eq(wbuf_done(&w), 0);
	rbuf_init(&r, mem, w.len);
	ck_assert_int_eq(conf_net_get(&r, out), 0);
}

START_TEST(each_role_is_told_its_own_keys_only)
{
	const struct netkeys none = {.rdv = {0}};
	struct netkeys all;
	struct conf_net n;
	struct conf c;

	member(&c);
	netkeys_derive(&all, secret);
	ck_assert_mem_eq(&c.net.keys, &all, sizeof(all));
	frame(&c.net, ROLE_ENGINE, &n);
	ck_assert_mem_eq(n.keys.psk, all.psk, 32);
	ck_assert_mem_eq(n.keys.rdv, none.rdv, 32);
	ck_assert_mem_eq(n.keys.rec, none.rec, 32);
	ck_assert_mem_eq(n.keys.lan, none.lan, 32);
	frame(&c.net, ROLE_DISC, &n);
	ck_assert_mem_eq(n.keys.psk, none.psk, 32);
	ck_assert_mem_eq(n.keys.rdv, all.rdv, 32);
	ck_assert_mem_eq(n.keys.rec, all.rec, 32);
	ck_assert_mem_eq(n.keys.lan, all.lan, 32);
	frame(&c.net, ROLE_CTL, &n);
	ck_assert_mem_eq(&n.keys, &none, sizeof(none));
	ck_assert_uint_eq(n.bundle.certlen, c.net.bundle.certlen);
	ck_assert_mem_eq(
	    n.bundle.cert, c.net.bundle.cert, c.net.bundle.certlen);
	conf_clear(&c);
}
END_TEST

START_TEST(further_authorities_travel_with_it)
{
	struct conf_net n;
	struct conf c;

	ck_assert_int_eq(
	    parse_at(NET "network { authority { "
			 "\"AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n"
			 "\"AgcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\" "
			 "} }\n",
		MEMBER_NOW, &c),
	    0);
	frame(&c.net, ROLE_ENGINE, &n);
	ck_assert_uint_eq(n.nmore, 2);
	ck_assert_uint_eq(n.more[0][0], 1);
	ck_assert_uint_eq(n.more[1][0], 2);
	ck_assert_int_eq(memcmp(n.more, c.node.authority, 64), 0);
	conf_clear(&c);
}
END_TEST

START_TEST(every_truncation_and_an_octet_too_many_are_refused)
{
	static uint8_t mem[IPC_BODY_MAX];
	struct conf_net n;
	struct conf c;
	struct wbuf w;
	struct rbuf r;

	member(&c);
	wbuf_init(&w, mem, sizeof(mem));
	conf_net_put(&w, &c.net, ROLE_ENGINE);
	for (size_t i = 0; i <= w.len + 1; i++) {
		uint8_t *copy = malloc(i == 0 ? 1 : i);

		memcpy(copy, mem, i);
		rbuf_init(&r, copy, i);
		ck_assert_int_eq(conf_net_get(&r, &n), i == w.len ? 0 : -1);
		ck_assert(n.on == (i == w.len));
		free(copy);
	}
	conf_clear(&c);
}
END_TEST

START_TEST(the_largest_network_fits_a_frame)
{
	static uint8_t mem[IPC_BODY_MAX];
	struct conf_net n = {.nmore = CERT_CAS_MAX - 1};
	struct wbuf w;

	n.bundle.certlen = CERT_MAX;
	n.bundle.nrecords = BUNDLE_RECORDS_MAX;
	for (unsigned i = 0; i < BUNDLE_RECORDS_MAX; i++) {
		n.bundle.record[i].kind = REC_KEY;
		n.bundle.record[i].vlen = RECORD_V_MAX;
	}
	wbuf_init(&w, mem, sizeof(mem));
	conf_net_put(&w, &n, ROLE_ENGINE);
	ck_assert_int_eq(wbuf_done(&w), 0);
}
END_TEST

START_TEST(a_network_makes_discovery_private_and_with_a_tag)
{
	struct conf c;

	member(&c);
	ck_assert_uint_eq(c.node.dht, CONF_DHT_PRIVATE);
	ck_assert(c.node.dht_tag);
	ck_assert(c.node.lan);
	ck_assert(c.node.dht_listen_any);
	ck_assert_uint_eq(c.node.dht_listen.port, 6881);
	conf_clear(&c);
	ck_assert_int_eq(
	    parse_at("tunnel { address 10.1.0.1/16, subnet 10.1.0.0/16 }\n",
		MEMBER_NOW, &c),
	    0);
	ck_assert_uint_eq(c.node.dht, CONF_DHT_NO);
	ck_assert(!c.node.dht_tag);
	ck_assert(!c.node.lan);
	ck_assert(!c.net.on);
	conf_clear(&c);
}
END_TEST

START_TEST(explicit_options_of_discovery_win)
{
	struct conf c;

	ck_assert_int_eq(parse_at(NET "discovery { dht public, lan no\n"
				      "bootstrap { 192.0.2.1 port 1, "
				      "192.0.2.2 port 2 } }\n",
			     MEMBER_NOW, &c),
	    0);
	ck_assert_uint_eq(c.node.dht, CONF_DHT_PUBLIC);
	ck_assert(!c.node.dht_tag);
	ck_assert(!c.node.lan);
	ck_assert_uint_eq(c.node.nbootstrap, 2);
	conf_clear(&c);
	ck_assert_int_eq(
	    parse_at(NET "discovery { tag no, lookup timeout 700ms, "
			 "announce interval 1m, plain answers yes }\n",
		MEMBER_NOW, &c),
	    0);
	ck_assert_uint_eq(c.node.dht, CONF_DHT_PRIVATE);
	ck_assert(!c.node.dht_tag);
	ck_assert_uint_eq(c.node.lookup_timeout_ms, 700);
	ck_assert_uint_eq(c.node.announce_s, 60);
	ck_assert(c.node.dht_plain);
	conf_clear(&c);
}
END_TEST

/* ---- what a reload says ---- */
struct lines {
	unsigned n;
	struct conf_change c[8];
};

static void
take(void *ctx, const struct conf_change *c)
{
	struct lines *l = ctx;

	ck_assert_uint_lt(l->n, 8);
	l->c[l->n++] = *c;
}

START_TEST(another_certificate_and_another_secret_are_told)
{
	struct lines l = {0};
	struct conf a, b;
	struct cert c;

	member(&a);
	member(&b);
	ck_assert_uint_eq(conf_diff(&a, &b, take, &l), 0);
	ck_assert_int_eq(
	    cert_get(b.net.bundle.cert, b.net.bundle.certlen, &c), CERT_OK);
	c.serial = 8;
	b.net.bundle.certlen =
	    (uint16_t)cert_sign(b.net.bundle.cert, &c, member_ca_seed);
	b.net.keys.psk[0] ^= 1;
	ck_assert_uint_eq(conf_diff(&a, &b, take, &l), 2);
	ck_assert_str_eq(l.c[0].what, "network certificate");
	ck_assert_str_eq(l.c[0].from, "serial 7");
	ck_assert_str_eq(l.c[0].to, "serial 8");
	ck_assert_str_eq(l.c[1].what, "network secret");
	ck_assert_str_eq(l.c[1].to, "another secret");
	conf_clear(&a);
	conf_clear(&b);
}
END_TEST

START_TEST(the_copy_in_force_without_its_other_keys_is_the_same)
{
	struct conf a, b;
	struct conf_net n;

	member(&a);
	member(&b);
	frame(&a.net, ROLE_ENGINE, &n);
	a.net = n;
	ck_assert_uint_eq(conf_diff(&a, &b, NULL, NULL), 0);
	conf_clear(&a);
	conf_clear(&b);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_member");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_certificate_gives_name_addresses_and_networks);
	tcase_add_test(tc, what_is_set_wins_over_the_certificate);
	tcase_add_test(tc, an_expired_certificate_is_a_warning);
	tcase_add_test(tc,
	    a_certificate_of_the_future_is_a_warning_and_a_slow_clock_is_not);
	tcase_add_test(tc, the_networks_secret_is_in_nothing_that_is_kept);
	tcase_add_test(tc, each_role_is_told_its_own_keys_only);
	tcase_add_test(tc, further_authorities_travel_with_it);
	tcase_add_test(tc, every_truncation_and_an_octet_too_many_are_refused);
	tcase_add_test(tc, the_largest_network_fits_a_frame);
	tcase_add_test(tc, a_network_makes_discovery_private_and_with_a_tag);
	tcase_add_test(tc, explicit_options_of_discovery_win);
	tcase_add_test(tc, another_certificate_and_another_secret_are_told);
	tcase_add_test(
	    tc, the_copy_in_force_without_its_other_keys_is_the_same);
	return run_suite("conf_member", tc);
}
