/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_load.c */
/* Files: whose they may be, where they may be, what is said if they are not. */
#include <limits.h>
#include <sys/stat.h>

#include "conf_help.h"

#define TUNNEL "tunnel { address 10.77.0.1/16, subnet 10.77.0.0/16 }\n"
#define KEY1 "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
#define BETA "peer beta { public key " KEY1 ", address 10.77.0.2"

static struct conf_diags ds;
static char dir[64];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_conf_load.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	static const char *const names[] = {
	    "m.conf", "d/1.conf", "d/2.conf", "psk", "fifo", "d", "cert"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
put(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static int
load(struct conf *c)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/m.conf", dir);
	conf_defaults(c, "alpha", "/run/mesh");
	return conf_load(path, NULL, 0, c, &ds);
}

/* The first complaint, with the temporary directory shown as DIR. */
static void
assert_first(const char *message, const char *hint)
{
	const char *parts[2] = {ds.d[0].message, ds.d[0].hint};
	const char *want[2] = {message, hint}, *at;
	char got[512];

	for (int i = 0; i < 2; i++) {
		at = strstr(parts[i], dir);
		if (at == NULL)
			snprintf(got, sizeof(got), "%s", parts[i]);
		else
			snprintf(got, sizeof(got), "%.*sDIR%s",
			    (int)(at - parts[i]), parts[i], at + strlen(dir));
		ck_assert_str_eq(got, want[i]);
	}
}

START_TEST(a_file_with_includes_and_a_secret_is_read)
{
	struct conf c;
	char path[128];

	put("m.conf", TUNNEL "include \"d/*.conf\"\n", 0644);
	snprintf(path, sizeof(path), "%s/d", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put("d/1.conf", BETA ", psk file ../psk }\n", 0644);
	put("d/2.conf", "log { level debug }\n", 0600);
	put("psk", KEY1 "\n", 0400);
	ck_assert_int_eq(load(&c), 0);
	ck_assert_uint_eq(ds.n, 0);
	ck_assert_uint_eq(c.npeers, 1);
	ck_assert(c.peer[0].has_psk);
	ck_assert_uint_eq(c.peer[0].psk[0], 1);
	ck_assert_uint_eq(c.node.log_level, 3);
	conf_clear(&c);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told_with_its_name)
{
	struct conf c;

	ck_assert_int_eq(load(&c), -1);
	assert_first("cannot open: No such file or directory", "");
	ck_assert_uint_eq(ds.d[0].line, 0);
	ck_assert_ptr_nonnull(strstr(ds.d[0].file, "/m.conf"));
}
END_TEST

START_TEST(a_file_that_others_can_write_is_refused)
{
	struct conf c;

	put("m.conf", TUNNEL, 0646);
	ck_assert_int_eq(load(&c), -1);
	assert_first("writable by everyone (mode 0646), expected 0644", "");
	put("m.conf", TUNNEL, 0664);
	ck_assert_int_eq(load(&c), -1);
	assert_first("writable by its group (mode 0664), expected 0644", "");
	put("m.conf", TUNNEL, 0600);
	ck_assert_int_eq(load(&c), 0);
	conf_clear(&c);
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused)
{
	char path[128];
	struct conf c;

	if (geteuid() != 0)
		return; /* only root can give a file away */
	put("m.conf", TUNNEL, 0644);
	snprintf(path, sizeof(path), "%s/m.conf", dir);
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	ck_assert_int_eq(load(&c), -1);
	assert_first("owned by uid 65534, expected root", "");
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_at_once)
{
	char path[128];
	struct conf c;

	put("m.conf", TUNNEL "include fifo\n", 0644);
	snprintf(path, sizeof(path), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(load(&c), -1);
	assert_first("DIR/fifo: not a regular file", "");
	put("m.conf", TUNNEL "include \"../*\"\n", 0644);
	ck_assert_int_eq(load(&c), -1);
}
END_TEST

START_TEST(an_include_outside_of_the_directory_is_refused)
{
	struct conf c;

	put("m.conf", TUNNEL "include /etc/passwd\n", 0644);
	ck_assert_int_eq(load(&c), -1);
	assert_first("/etc/passwd is outside of the configuration's directory",
	    "files must be below DIR/");
	put("m.conf", TUNNEL "include ../m.conf\n", 0644);
	ck_assert_int_eq(load(&c), -1);
	assert_first(
	    "DIR/../m.conf is outside of the configuration's directory",
	    "files must be below DIR/");
}
END_TEST

START_TEST(one_bad_include_does_not_hide_the_others)
{
	struct conf c;
	char path[128];

	put("m.conf", TUNNEL "include \"d/*.conf\"\n", 0644);
	snprintf(path, sizeof(path), "%s/d", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put("d/1.conf", "log { level info }\n", 0666);
	put("d/2.conf", "log { level loud }\n", 0644);
	ck_assert_int_eq(load(&c), -1);
	ck_assert_uint_eq(ds.errors, 2);
	ck_assert_str_eq(ds.d[0].message, "level can't be \"loud\"");
	ck_assert_ptr_nonnull(strstr(ds.d[1].message,
	    "d/1.conf: writable by everyone (mode 0666), expected 0644"));
}
END_TEST

START_TEST(a_secret_that_others_can_read_is_refused)
{
	struct conf c;

	put("m.conf", TUNNEL BETA ", psk file psk }\n", 0644);
	put("psk", KEY1, 0644);
	ck_assert_int_eq(load(&c), -1);
	assert_first(
	    "DIR/psk: readable by everyone (mode 0644), expected 0400", "");
	put("psk", KEY1, 0440);
	ck_assert_int_eq(load(&c), -1);
	assert_first(
	    "DIR/psk: readable by its group (mode 0440), expected 0400", "");
	put("psk", KEY1, 0600);
	ck_assert_int_eq(load(&c), 0);
	conf_clear(&c);
}
END_TEST

START_TEST(a_secret_elsewhere_that_is_not_there_says_where_it_must_be)
{
	struct conf c;

	put("m.conf", TUNNEL BETA ", psk file /nonexistent/psk }\n", 0644);
	ck_assert_int_eq(load(&c), -1);
	assert_first("/nonexistent/psk: cannot open: No such file or directory",
	    "files must be below DIR/");
}
END_TEST

START_TEST(a_secret_is_one_key_and_nothing_else)
{
	static const char *const bad[] = {"", "\n", "short", KEY1 "x",
	    KEY1 " " KEY1, KEY1 KEY1 KEY1,
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
	struct conf c;

	put("m.conf", TUNNEL BETA ", psk file psk }\n", 0644);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("psk", bad[i], 0600);
		ck_assert_int_eq(load(&c), -1);
		assert_first(
		    "DIR/psk: not a key of 44 characters in base64", "");
	}
	put("psk", KEY1 "\r\n", 0600);
	ck_assert_int_eq(load(&c), 0);
	conf_clear(&c);
}
END_TEST

/* The network's secret in base64, as member.h has it. */
#define SECRET "Xl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl4="
#define NET "network { certificate file cert, secret file psk }\n"

static void
put_member(mode_t cert_mode, mode_t secret_mode)
{
	static char text[BUNDLE_TEXT_MAX + 1];

	text[member_text(text)] = '\0';
	put("m.conf", NET, 0644);
	put("cert", text, cert_mode);
	put("psk", SECRET "\n", secret_mode);
}

START_TEST(a_member_is_read_from_its_two_files)
{
	struct conf c;

	put_member(0644, 0400);
	ck_assert_int_eq(load(&c), 0);
	ck_assert(c.net.on);
	ck_assert_str_eq(c.node.name, "mallow");
	ck_assert_int_eq(strncmp(c.node.cert_file, dir, strlen(dir)), 0);
	conf_clear(&c);
}
END_TEST

START_TEST(a_certificate_may_be_read_by_all_and_written_by_nobody)
{
	struct conf c;

	put_member(0664, 0400);
	ck_assert_int_eq(load(&c), -1);
	assert_first(
	    "DIR/cert: writable by its group (mode 0664), expected 0644", "");
	put_member(0644, 0440);
	ck_assert_int_eq(load(&c), -1);
	ck_assert_str_eq(ds.d[ds.n - 1].hint, "");
	ck_assert_uint_eq(ds.errors, 1);
}
END_TEST

START_TEST(a_certificate_that_is_too_large_is_not_read)
{
	static char text[BUNDLE_TEXT_MAX + 2];
	struct conf c;

	put_member(0644, 0400);
	memset(text, '#', sizeof(text) - 1);
	put("cert", text, 0644);
	ck_assert_int_eq(load(&c), -1);
	assert_first("DIR/cert: cannot read: File too large", "");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_not_read)
{
	char path[128];
	struct conf c;

	put("m.conf", TUNNEL, 0644);
	snprintf(path, sizeof(path), "%s/m.conf", dir);
	ck_assert_int_eq(truncate(path, 5 << 20), 0);
	ck_assert_int_eq(load(&c), -1);
	assert_first("cannot read: File too large", "");
}
END_TEST

START_TEST(a_pattern_may_match_nothing_and_a_name_may_not)
{
	struct conf c;

	put("m.conf", TUNNEL "include \"no.d/*.conf\"\n", 0644);
	ck_assert_int_eq(load(&c), 0);
	ck_assert_uint_eq(ds.warnings, 1);
	conf_clear(&c);
	put("m.conf", TUNNEL "include \"no.conf\"\n", 0644);
	ck_assert_int_eq(load(&c), -1);
	assert_first("no file matches \"no.conf\"", "");
}
END_TEST

START_TEST(a_path_longer_than_any_is_refused)
{
	char path[400];
	struct conf c;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(conf_load(path, NULL, 0, &c, &ds), -1);
	ck_assert_str_eq(ds.d[0].message, "File name too long");
}
END_TEST

START_TEST(a_relative_path_becomes_absolute)
{
	char here[PATH_MAX];
	struct conf c;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	put("m.conf", TUNNEL "identity { key file k }\n", 0644);
	ck_assert_int_eq(chdir(dir), 0);
	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(conf_load("m.conf", NULL, 0, &c, &ds), 0);
	ck_assert_str_eq(c.node.key_file + strlen(dir), "/k");
	ck_assert_int_eq(strncmp(c.node.key_file, dir, strlen(dir)), 0);
	conf_clear(&c);
	ck_assert_int_eq(chdir(here), 0);
}
END_TEST

START_TEST(macros_reach_the_parser)
{
	struct conf_macro m = {"level", "debug"};
	char path[128];
	struct conf c;

	put("m.conf", TUNNEL "log { level $level }\n", 0644);
	snprintf(path, sizeof(path), "%s/m.conf", dir);
	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(conf_load(path, &m, 1, &c, &ds), 0);
	ck_assert_uint_eq(c.node.log_level, 3);
	conf_clear(&c);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_load");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_with_includes_and_a_secret_is_read);
	tcase_add_test(tc, a_file_that_is_not_there_is_told_with_its_name);
	tcase_add_test(tc, a_file_that_others_can_write_is_refused);
	tcase_add_test(tc, a_file_of_somebody_else_is_refused);
	tcase_add_test(tc, what_is_no_regular_file_is_refused_at_once);
	tcase_add_test(tc, an_include_outside_of_the_directory_is_refused);
	tcase_add_test(tc, one_bad_include_does_not_hide_the_others);
	tcase_add_test(tc, a_secret_that_others_can_read_is_refused);
	tcase_add_test(
	    tc, a_secret_elsewhere_that_is_not_there_says_where_it_must_be);
	tcase_add_test(tc, a_secret_is_one_key_and_nothing_else);
	tcase_add_test(tc, a_member_is_read_from_its_two_files);
	tcase_add_test(
	    tc, a_certificate_may_be_read_by_all_and_written_by_nobody);
	tcase_add_test(tc, a_certificate_that_is_too_large_is_not_read);
	tcase_add_test(tc, a_file_that_is_too_large_is_not_read);
	tcase_add_test(tc, a_pattern_may_match_nothing_and_a_name_may_not);
	tcase_add_test(tc, a_path_longer_than_any_is_refused);
	tcase_add_test(tc, a_relative_path_becomes_absolute);
	tcase_add_test(tc, macros_reach_the_parser);
	return run_suite("conf_load", tc);
}
