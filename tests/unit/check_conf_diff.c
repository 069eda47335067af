/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_diff.c */
/* What a reload changes, and how far each change reaches. */
#include "conf_help.h"
#include "conf_int.h"

#define BASE                                                                   \
	"identity { name alpha, key file \"/k\" }\n"                           \
	"tunnel { address 10.77.0.1/16, subnet 10.77.0.0/16 }\n"
#define KEY1 "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
#define KEY2 "AgcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
#define BETA "peer beta { public key " KEY1 ", address 10.77.0.2"
#define GAMMA "peer gamma { public key " KEY2 ", address 10.77.0.3"

struct lines {
	unsigned n;
	struct conf_change c[64];
};

static struct conf_diags ds;

static void
take(void *ctx, const struct conf_change *c)
{
	struct lines *l = ctx;

	ck_assert_uint_lt(l->n, 64);
	l->c[l->n++] = *c;
}

static struct lines
diff(const char *old, const char *new)
{
	struct lines l = {0};
	struct conf a, b;

	ck_assert_int_eq(parse_text("m", old, strlen(old), NULL, &a, &ds), 0);
	ck_assert_int_eq(parse_text("m", new, strlen(new), NULL, &b, &ds), 0);
	ck_assert_uint_eq(conf_diff(&a, &b, take, &l), l.n);
	conf_clear(&a);
	conf_clear(&b);
	return l;
}

static void
assert_line(const struct conf_change *c, enum conf_class cls, const char *what,
    const char *from, const char *to)
{
	ck_assert_str_eq(c->what, what);
	ck_assert_str_eq(c->from, from);
	ck_assert_str_eq(c->to, to);
	ck_assert_int_eq(c->cls, cls);
}

START_TEST(nothing_changed_is_nothing_said)
{
	ck_assert_uint_eq(diff(BASE BETA " }\n", BASE BETA " }\n").n, 0);
	ck_assert_uint_eq(diff(BASE, BASE "log { level info }\n").n, 0);
}
END_TEST

START_TEST(a_number_that_changed_is_a_line)
{
	struct lines l = diff(BASE, BASE "tunnel { mtu 1380 }\n");

	ck_assert_uint_eq(l.n, 1);
	assert_line(&l.c[0], CONF_LIVE, "tunnel mtu", "1400", "1380");
}
END_TEST

START_TEST(a_list_that_changed_is_one_line)
{
	struct lines l = diff(BASE,
	    BASE "filter { unallowed ports { 22, 23 } }\n"
		 "transport { listen on 192.0.2.1 port 5 }\n");

	ck_assert_uint_eq(l.n, 2);
	assert_line(
	    &l.c[0], CONF_LIVE, "filter unallowed ports", "-", "22, 23");
	assert_line(&l.c[1], CONF_LIVE, "transport listen on", "* port 51820",
	    "192.0.2.1 port 5");
}
END_TEST

START_TEST(what_a_process_got_at_its_start_needs_a_restart)
{
	struct lines l = diff(BASE,
	    BASE "tunnel { device mesh1, offload no }\n"
		 "control { socket /s, status socket /t, owner group g }\n");

	ck_assert_uint_eq(l.n, 5);
	for (unsigned i = 0; i < l.n; i++)
		ck_assert_int_eq(l.c[i].cls, CONF_RESTART);
	assert_line(&l.c[2], CONF_RESTART, "control socket",
	    "\"/run/mesh/control.sock\"", "\"/s\"");
}
END_TEST

START_TEST(the_identitys_file_needs_a_restart_and_its_name_does_not)
{
	struct lines l = diff(BASE,
	    "identity { name omega, key file /other }\n"
	    "tunnel { address 10.77.0.1/16, subnet 10.77.0.0/16 }\n");

	ck_assert_uint_eq(l.n, 2);
	assert_line(&l.c[0], CONF_LIVE, "identity name", "alpha", "omega");
	assert_line(
	    &l.c[1], CONF_RESTART, "identity key file", "\"/k\"", "\"/other\"");
}
END_TEST

START_TEST(peers_come_and_go)
{
	struct lines l = diff(BASE BETA " }\n", BASE GAMMA " }\n");

	ck_assert_uint_eq(l.n, 2);
	assert_line(&l.c[0], CONF_LIVE, "peer beta", "-", "removed");
	assert_line(&l.c[1], CONF_LIVE, "peer gamma", "-", "added");
}
END_TEST

START_TEST(the_order_of_peers_means_nothing)
{
	ck_assert_uint_eq(
	    diff(BASE BETA " }\n" GAMMA " }\n", BASE GAMMA " }\n" BETA " }\n")
		.n,
	    0);
}
END_TEST

START_TEST(a_new_key_is_a_new_handshake_and_an_endpoint_is_not)
{
	struct lines l = diff(BASE BETA " }\n",
	    BASE "peer beta { public key " KEY2 ", address 10.77.0.2"
		 ", endpoint 192.0.2.1 port 9, keepalive interval 25s"
		 ", admin down }\n");

	ck_assert_uint_eq(l.n, 4);
	assert_line(&l.c[0], CONF_REHANDSHAKE, "peer beta public key",
	    "\"" KEY1 "\"", "\"" KEY2 "\"");
	assert_line(
	    &l.c[1], CONF_LIVE, "peer beta endpoint", "-", "192.0.2.1 port 9");
	assert_line(
	    &l.c[2], CONF_LIVE, "peer beta keepalive interval", "0s", "25s");
	assert_line(&l.c[3], CONF_LIVE, "peer beta admin", "up", "down");
}
END_TEST

START_TEST(a_secret_is_compared_and_never_shown)
{
	struct conf_peer a = {.name = "beta", .key = {1}, .has_psk = true};
	struct conf_peer b = a;
	struct conf old, new;
	struct lines l = {0};

	conf_defaults(&old, "alpha", "/run/mesh");
	conf_defaults(&new, "alpha", "/run/mesh");
	snprintf(a.psk_file, sizeof(a.psk_file), "/a");
	snprintf(b.psk_file, sizeof(b.psk_file), "/b");
	memset(a.psk, 1, sizeof(a.psk));
	memset(b.psk, 1, sizeof(b.psk));
	old.npeers = new.npeers = 1;
	old.peer = &a;
	new.peer = &b;
	ck_assert_uint_eq(conf_diff(&old, &new, take, &l), 1);
	assert_line(
	    &l.c[0], CONF_LIVE, "peer beta psk file", "\"/a\"", "\"/b\"");
	b.psk[31] = 2;
	l.n = 0;
	ck_assert_uint_eq(conf_diff(&old, &new, take, &l), 2);
	assert_line(&l.c[1], CONF_REHANDSHAKE, "peer beta psk", "a secret",
	    "another secret");
	b = a;
	b.has_psk = false;
	memset(b.psk, 0, sizeof(b.psk));
	memset(b.psk_file, 0, sizeof(b.psk_file));
	l.n = 0;
	ck_assert_uint_eq(conf_diff(&old, &new, take, &l), 2);
	assert_line(&l.c[0], CONF_LIVE, "peer beta psk file", "\"/a\"", "-");
	assert_line(
	    &l.c[1], CONF_REHANDSHAKE, "peer beta psk", "a secret", "-");
}
END_TEST

START_TEST(a_long_value_is_cut_but_its_end_is_compared)
{
	char a[1024], b[1024], x[201];
	struct lines l;

	memset(x, 'x', 200);
	x[200] = '\0';
	snprintf(a, sizeof(a), BASE "control { socket /c%.90s1 }\n", x);
	snprintf(b, sizeof(b), BASE "control { socket /c%.90s2 }\n", x);
	l = diff(a, b);
	ck_assert_uint_eq(l.n, 1);
	ck_assert_uint_lt(strlen(l.c[0].from), 96);
	ck_assert_str_eq(l.c[0].from + strlen(l.c[0].from) - 3, "...");
}
END_TEST

START_TEST(a_long_list_is_cut_between_its_elements)
{
	struct conf a, b;
	struct lines l = {0};

	conf_defaults(&a, "alpha", "/run/mesh");
	conf_defaults(&b, "alpha", "/run/mesh");
	for (; b.node.nports < CONF_PORTS_MAX; b.node.nports++)
		b.node.port[b.node.nports] = (uint16_t)(10000 + b.node.nports);
	ck_assert_uint_eq(conf_diff(&a, &b, take, &l), 1);
	ck_assert_str_eq(l.c[0].to,
	    "10000, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, "
	    "10009, 10010, 10011, 10012, ...");
}
END_TEST

START_TEST(every_single_option_that_changes_is_told_with_its_class)
{
	struct conf old, new, rnd;
	const struct conf_row *row;
	uint64_t seed = test_seed();
	struct lines l;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if (strcmp(row->block, "peer") == 0 || row->items != 0)
			continue;
		conf_defaults(&old, "alpha", "/run/mesh");
		new = old;
		/* Random values: sooner or later another than the default. */
		for (l.n = 0; l.n == 0; conf_clear(&rnd)) {
			test_conf(&seed, &rnd);
			/* what only a member of a network has */
			rnd.node.dht_tag = rnd.node.lan = true;
			rnd.node.cert_file[0] = rnd.node.secret_file[0] = 'f';
			rnd.node.turn_user[0] = rnd.node.turn_file[0] = 'f';
			memcpy((char *)&new.node + row->off,
			    (char *)&rnd.node + row->off, row->size);
			conf_diff(&old, &new, take, &l);
		}
		ck_assert_uint_eq(l.n, 1);
		ck_assert_int_eq(l.c[0].cls, row->cls);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_diff");

	tcase_add_test(tc, nothing_changed_is_nothing_said);
	tcase_add_test(tc, a_number_that_changed_is_a_line);
	tcase_add_test(tc, a_list_that_changed_is_one_line);
	tcase_add_test(tc, what_a_process_got_at_its_start_needs_a_restart);
	tcase_add_test(
	    tc, the_identitys_file_needs_a_restart_and_its_name_does_not);
	tcase_add_test(tc, peers_come_and_go);
	tcase_add_test(tc, the_order_of_peers_means_nothing);
	tcase_add_test(tc, a_new_key_is_a_new_handshake_and_an_endpoint_is_not);
	tcase_add_test(tc, a_secret_is_compared_and_never_shown);
	tcase_add_test(tc, a_long_value_is_cut_but_its_end_is_compared);
	tcase_add_test(tc, a_long_list_is_cut_between_its_elements);
	tcase_add_test(
	    tc, every_single_option_that_changes_is_told_with_its_class);
	return run_suite("conf_diff", tc);
}
