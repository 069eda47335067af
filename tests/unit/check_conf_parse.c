/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_parse.c */
/* conf_parse by value: defaults, macros of the command line, random files. */
#include "conf_help.h"
#include "conf_int.h"

#define TUNNEL "tunnel { address 10.77.0.1/16, subnet 10.77.0.0/16 }\n"
#define KEY1 "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
#define KEY2 "AgcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

static struct conf_diags ds;

static int
parse(const char *text, struct conf *c)
{
	return parse_text("mesh.conf", text, strlen(text), NULL, c, &ds);
}

static int
parse_with(
    const char *text, const char *name, const char *value, struct conf *c)
{
	struct conf_macro m = {name, value};

	conf_defaults(c, "alpha", "/run/mesh");
	return conf_parse("mesh.conf", text, strlen(text), NULL, &m, 1, c, &ds);
}

START_TEST(the_smallest_file_leaves_every_default)
{
	struct conf c, d;

	ck_assert_int_eq(parse(TUNNEL, &c), 0);
	conf_defaults(&d, "alpha.example.net", "/run/mesh");
	ck_assert_str_eq(d.node.name, "alpha");
	ck_assert_str_eq(d.node.socket, "/run/mesh/control.sock");
	ck_assert_str_eq(d.node.key_file, "/var/lib/mesh/identity.key");
	ck_assert_uint_eq(d.node.rekey_after_s, 120);
	ck_assert_uint_eq(d.node.hold_timeout_ms, 5000);
	ck_assert_uint_eq(d.node.receive_buffer, 1310720);
	ck_assert_uint_eq(d.node.nlisten, 1);
	ck_assert(d.node.listen_any[0]);
	ck_assert_uint_eq(d.node.listen[0].port, 51820);
	c.node.naddresses = c.node.nsubnets = 0;
	assert_conf_eq(&c, &d);
	conf_clear(&c);
}
END_TEST

START_TEST(every_default_in_the_table_is_a_value_of_its_option)
{
	struct conf c;
	char text[CONF_VALUE_STRLEN];
	const struct conf_row *row;

	conf_defaults(&c, "alpha", "/run/mesh");
	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if (strcmp(row->block, "peer") == 0)
			continue;
		ck_assert_msg(conf_value_valid(row, &c.node), "%s %s",
		    row->block, row->name);
		if (row->def == NULL || row->type == CT_PATH)
			continue;
		conf_value_format(row, &c.node, 0, text, sizeof(text));
		ck_assert_str_eq(text, row->def);
	}
}
END_TEST

START_TEST(a_host_name_that_is_no_name_becomes_node)
{
	struct conf c;

	conf_defaults(&c, "", "/run/mesh");
	ck_assert_str_eq(c.node.name, "node");
	conf_defaults(&c, "my_host.example", "/run/mesh");
	ck_assert_str_eq(c.node.name, "node");
}
END_TEST

START_TEST(a_default_socket_too_long_for_the_kernel_is_an_error)
{
	char rundir[200];
	struct conf c;

	memset(rundir, 'x', sizeof(rundir) - 1);
	rundir[0] = '/';
	rundir[sizeof(rundir) - 1] = '\0';
	conf_defaults(&c, "alpha", rundir);
	ck_assert_int_eq(conf_parse("mesh.conf", TUNNEL, strlen(TUNNEL), NULL,
			     NULL, 0, &c, &ds),
	    -1);
	ck_assert_str_eq(
	    ds.d[0].message, "the default of control socket can't be used");
}
END_TEST

START_TEST(a_first_listen_takes_the_place_of_the_default)
{
	struct conf c;

	ck_assert_int_eq(
	    parse(TUNNEL "transport { listen on 192.0.2.1 port 1 }\n", &c), 0);
	ck_assert_uint_eq(c.node.nlisten, 1);
	ck_assert(!c.node.listen_any[0]);
	ck_assert_uint_eq(c.node.listen[0].port, 1);
	conf_clear(&c);
}
END_TEST

START_TEST(ports_are_sorted_and_listed_once)
{
	struct conf c;

	ck_assert_int_eq(
	    parse(TUNNEL "filter { unallowed ports { 99, 5, 7, 5 } }\n", &c),
	    0);
	ck_assert_uint_eq(c.node.nports, 3);
	ck_assert_uint_eq(c.node.port[0], 5);
	ck_assert_uint_eq(c.node.port[1], 7);
	ck_assert_uint_eq(c.node.port[2], 99);
	ck_assert_uint_eq(ds.warnings, 1);
	conf_clear(&c);
}
END_TEST

START_TEST(a_peers_hosts_come_before_its_networks)
{
	const struct conf_peer *p;
	struct conf c;

	ck_assert_int_eq(parse(TUNNEL "tunnel { route 192.168.0.0/16 }\n"
				      "peer beta {\n\tpublic key " KEY1 "\n"
				      "\tallowed prefixes 192.168.1.0/24\n"
				      "\taddress 10.77.0.2\n"
				      "\tallowed prefixes 10.77.0.3/32\n}\n",
			     &c),
	    0);
	p = &c.peer[0];
	ck_assert_uint_eq(p->nallowed, 3);
	ck_assert_uint_eq(p->allowed[0].addr.b[3], 2);
	ck_assert_uint_eq(p->allowed[1].addr.b[3], 3);
	ck_assert_uint_eq(p->allowed[2].len, 24);
	ck_assert(p->admin_up);
	ck_assert_uint_eq(p->keepalive_s, 0);
	conf_clear(&c);
}
END_TEST

START_TEST(a_macro_of_the_command_line_wins)
{
	struct conf c;

	ck_assert_int_eq(
	    parse_with("p = 1\n" TUNNEL "transport { listen on * port $p }\n",
		"p", "2", &c),
	    0);
	ck_assert_uint_eq(c.node.listen[0].port, 2);
	conf_clear(&c);
}
END_TEST

START_TEST(a_macro_of_the_command_line_may_be_a_list)
{
	struct conf c;

	ck_assert_int_eq(
	    parse_with(TUNNEL "filter { unallowed ports { $p } }\n", "p",
		"22, 23", &c),
	    0);
	ck_assert_uint_eq(c.node.nports, 2);
	conf_clear(&c);
}
END_TEST

START_TEST(a_bad_macro_of_the_command_line_is_an_error)
{
	static const char *const bad[][2] = {{"9", "x"}, {"", "x"},
	    {"a b", "x"}, {"p", ""}, {"p", "\033[2J"}, {"p", "a\nb"},
	    {"p", "{ 22 }"}, {"p", "\"open"}, {"p", "a\nlog { level info }"}};
	struct conf c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		    parse_with(TUNNEL, bad[i][0], bad[i][1], &c) == -1, "%s=%s",
		    bad[i][0], bad[i][1]);
}
END_TEST

START_TEST(a_macro_is_not_expanded_inside_quotes)
{
	struct conf c;

	ck_assert_int_eq(
	    parse("x = y\n" TUNNEL "identity { key file \"/$x\" }\n", &c), 0);
	ck_assert_str_eq(c.node.key_file, "/$x");
	conf_clear(&c);
}
END_TEST

START_TEST(paths_begin_where_their_file_is)
{
	const char *text = TUNNEL "identity { key file alpha.key }\n";
	struct conf c;

	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(conf_parse("/etc/mesh/mesh.conf", text, strlen(text),
			     NULL, NULL, 0, &c, &ds),
	    0);
	ck_assert_str_eq(c.node.key_file, "/etc/mesh/alpha.key");
	conf_clear(&c);
}
END_TEST

START_TEST(after_an_error_nothing_is_left)
{
	struct conf c;

	ck_assert_int_eq(parse(TUNNEL "peer beta { public key " KEY1
				      ", address 10.77.0.2 }\nx\n",
			     &c),
	    -1);
	ck_assert_uint_eq(c.npeers, 0);
	ck_assert_ptr_null(c.peer);
	conf_clear(&c);
}
END_TEST

START_TEST(no_message_moves_a_cursor)
{
	struct conf c;

	ck_assert_int_eq(
	    parse(TUNNEL "peer \"\xc2\x9b[2J\" { weight \"\xe2\x80\xae\" }\n",
		&c),
	    -1);
	for (uint32_t i = 0; i < ds.n; i++)
		for (const char *s = ds.d[i].message; *s != '\0'; s++)
			ck_assert(*s >= ' ' && *s <= '~');
}
END_TEST

static void
peers_file(FILE *f, uint32_t n)
{
	uint8_t key[32] = {1};
	char text[45];

	fputs("tunnel { address 10.0.0.1/8, subnet 10.0.0.0/8 }\n", f);
	for (uint32_t i = 0; i < n; i++) {
		key[1] = (uint8_t)(i >> 8);
		key[2] = (uint8_t)i;
		fprintf(f,
		    "peer p%u { public key %s, address 10.1.%u.%u,"
		    " endpoint 192.0.2.1 port 9 }\n",
		    i, key_format(key, text), i >> 8, i & 255);
	}
}

START_TEST(as_many_peers_as_may_be_and_not_one_more)
{
	struct conf c;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	peers_file(f, CONF_PEERS_MAX);
	fflush(f);
	ck_assert_int_eq(parse_text("m", text, len, NULL, &c, &ds), 0);
	ck_assert_uint_eq(c.npeers, CONF_PEERS_MAX);
	conf_clear(&c);
	fprintf(f, "peer over { public key " KEY2 " }\n");
	fclose(f);
	ck_assert_int_eq(parse_text("m", text, len, NULL, &c, &ds), -1);
	ck_assert_str_eq(ds.d[0].message, "more than 4096 peers");
	free(text);
}
END_TEST

START_TEST(all_peers_together_have_a_bound_too)
{
	uint8_t key[32] = {1};
	char *text, k[45];
	struct conf c;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("tunnel { address 10.0.0.1/8, subnet 10.0.0.0/8 }\n", f);
	for (unsigned i = 0; i <= CONF_ALLOWED_TOTAL_MAX / 256; i++) {
		key[1] = (uint8_t)(i + 1);
		key[2] = (uint8_t)(i >> 8);
		fprintf(f, "peer p%u {\npublic key %s\nallowed prefixes {\n", i,
		    key_format(key, k));
		for (unsigned j = 0; j < 256; j++)
			fprintf(
			    f, "10.%u.%u.%u/32\n", 1 + (i >> 8), i & 255, j);
		fprintf(f, "}\n}\n");
	}
	fclose(f);
	ck_assert_int_eq(parse_text("m", text, len, NULL, &c, &ds), -1);
	ck_assert_uint_eq(ds.errors, 1);
	free(text);
}
END_TEST

/* As many files as the pattern says, of as many octets each. */
static int
endless(void *ctx, const char *pattern,
    int (*add)(void *actx, const char *path, const char *text, size_t len),
    void *actx, char *err, size_t cap)
{
	size_t len = strstr(pattern, "large") != NULL ? 1 << 20 : 1;
	char *text = malloc(len), path[32];
	int n = 0;

	(void)ctx;
	(void)err;
	(void)cap;
	memset(text, '\n', len);
	do
		snprintf(path, sizeof(path), "f%d", n);
	while (add(actx, path, text, len) == 0 && ++n < 100000);
	free(text);
	return n;
}

START_TEST(files_and_their_octets_are_bounded)
{
	struct conf_reader r = {.open_glob = endless};
	const char *many = TUNNEL "include many\n";
	const char *large = TUNNEL "include large\n";
	struct conf c;

	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(
	    conf_parse("m", many, strlen(many), &r, NULL, 0, &c, &ds), -1);
	ck_assert_str_eq(ds.d[0].message, "more than 8192 files");
	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(
	    conf_parse("m", large, strlen(large), &r, NULL, 0, &c, &ds), -1);
	ck_assert_str_eq(ds.d[0].message,
	    "all files together are larger than 16777216 octets");
}
END_TEST

START_TEST(random_configurations_come_back_from_their_text)
{
	uint64_t seed = test_seed(), now;
	char *text, *again;
	struct conf c, d;

	for (int i = 0; i < 300; i++) {
		now = seed;
		test_conf(&seed, &c);
		text = conf_text(&c);
		if (parse(text, &d) == -1)
			ck_abort_msg("SEED=%llu %s\n%s",
			    (unsigned long long)now, text, diags_text(&ds));
		again = conf_text(&d);
		ck_assert_msg(strcmp(text, again) == 0, "SEED=%llu",
		    (unsigned long long)now);
		assert_conf_eq(&c, &d);
		conf_clear(&c);
		conf_clear(&d);
		free(text);
		free(again);
	}
}
END_TEST

/* A good file with some octets changed, lost or doubled. */
START_TEST(damaged_files_are_refused_or_read_but_never_both)
{
	uint64_t seed = test_seed();
	struct conf c;
	char *text, *got;
	size_t len, at;
	int ret;

	for (int i = 0; i < 2000; i++) {
		test_conf(&seed, &c);
		text = conf_text(&c);
		conf_clear(&c);
		len = strlen(text);
		for (uint32_t n = test_rnd(&seed, 4); n > 0 && len > 2; n--) {
			at = test_rnd(&seed, (uint32_t)len - 1);
			if (test_rnd(&seed, 2) == 0)
				text[at] =
				    "{}\n,=\"\\# $x1"[test_rnd(&seed, 12)];
			else
				memmove(text + at, text + at + 1, --len - at);
		}
		ret = parse_text("m", text, len, NULL, &c, &ds);
		ck_assert_int_eq(ret, ds.errors == 0 ? 0 : -1);
		got = diags_text(&ds);
		free(got);
		conf_clear(&c);
		free(text);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_parse");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_smallest_file_leaves_every_default);
	tcase_add_test(tc, every_default_in_the_table_is_a_value_of_its_option);
	tcase_add_test(tc, a_host_name_that_is_no_name_becomes_node);
	tcase_add_test(
	    tc, a_default_socket_too_long_for_the_kernel_is_an_error);
	tcase_add_test(tc, a_first_listen_takes_the_place_of_the_default);
	tcase_add_test(tc, ports_are_sorted_and_listed_once);
	tcase_add_test(tc, a_peers_hosts_come_before_its_networks);
	tcase_add_test(tc, a_macro_of_the_command_line_wins);
	tcase_add_test(tc, a_macro_of_the_command_line_may_be_a_list);
	tcase_add_test(tc, a_bad_macro_of_the_command_line_is_an_error);
	tcase_add_test(tc, a_macro_is_not_expanded_inside_quotes);
	tcase_add_test(tc, paths_begin_where_their_file_is);
	tcase_add_test(tc, after_an_error_nothing_is_left);
	tcase_add_test(tc, no_message_moves_a_cursor);
	tcase_add_test(tc, as_many_peers_as_may_be_and_not_one_more);
	tcase_add_test(tc, all_peers_together_have_a_bound_too);
	tcase_add_test(tc, files_and_their_octets_are_bounded);
	tcase_add_test(tc, random_configurations_come_back_from_their_text);
	tcase_add_test(tc, damaged_files_are_refused_or_read_but_never_both);
	return run_suite("conf_parse", tc);
}
