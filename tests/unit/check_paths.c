/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_paths.c */
/*
 * meshctl's command line and files: what a verb takes, where things lie, and
 * that nothing which exists is ever overwritten.
 */
#include <sys/stat.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "paths.h"
#include "unit.h"

static int
done(const struct call *c)
{
	(void)c;
	return EXIT_FINE;
}

static const struct verb verb = {.name = "invite",
    .operands = "NAME",
    .options = "o group contact no-start",
    .min = 1,
    .max = 2,
    .run = done};

/* Reads words as if they stood behind "meshctl"; the exit code. */
static int
line(struct call *c, const char *words)
{
	static char text[256];
	static char *argv[32];
	int argc = 1, code;
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", words);
	*c = (struct call){.verb = NULL, .rundir = "/run/mesh"};
	argv[0] = text;
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	optind = 0; /* getopt begins again */
	if (args_read(c, argc, argv, &code) == -1)
		return code;
	c->verb = &verb;
	c->argc--;
	c->argv++;
	return args_allowed(c);
}

/* Complaints go to the terminal: not now. */
static void
quiet(void)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(options_stand_before_and_behind_the_verb)
{
	struct call c;

	ck_assert_int_eq(line(&c,
			     "-R /r invite beta --group a --group=b -f x "
			     "--contact 1 --endpoint 2 -S /s"),
	    EXIT_FINE);
	ck_assert_str_eq(c.rundir, "/r");
	ck_assert_str_eq(c.conf, "x");
	ck_assert_str_eq(c.statedir, "/s");
	ck_assert_uint_eq(c.ngroups, 2);
	ck_assert_str_eq(c.group[1], "b");
	ck_assert_uint_eq(c.ncontacts, 2);
	ck_assert_str_eq(c.contact[1], "2");
	ck_assert_int_eq(c.argc, 1);
	ck_assert_str_eq(c.argv[0], "beta");
}
END_TEST

START_TEST(an_option_without_argument_is_there_or_not)
{
	struct call c;

	ck_assert_int_eq(line(&c, "invite beta"), EXIT_FINE);
	ck_assert_ptr_null(c.opt[OPT_NO_START]);
	ck_assert_int_eq(line(&c, "invite beta --no-start"), EXIT_FINE);
	ck_assert_ptr_nonnull(c.opt[OPT_NO_START]);
}
END_TEST

START_TEST(what_the_verb_does_not_take_is_refused)
{
	struct call c;

	quiet();
	ck_assert_int_eq(line(&c, "invite beta --yes"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite beta -a"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite beta -n 5"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite beta -o f"), EXIT_FINE);
	ck_assert_int_eq(line(&c, "invite"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite a b c"), EXIT_USAGE);
}
END_TEST

START_TEST(what_nobody_takes_is_refused)
{
	struct call c;

	quiet();
	ck_assert_int_eq(line(&c, "invite beta --nonsense"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite beta -z"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite beta --group"), EXIT_USAGE);
	ck_assert_int_eq(line(&c, "invite beta --no-start=1"), EXIT_USAGE);
	ck_assert_int_eq(line(&c,
			     "invite beta --group a --group a --group a "
			     "--group a --group a --group a --group a "
			     "--group a --group a"),
	    EXIT_USAGE);
}
END_TEST

/* ---- files ---- */

static char dir[64];

static const char *
in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_paths.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
remove_dir(void)
{
	static const char *const names[] = {"a", "b/c/d", "b/c", "b"};

	for (unsigned i = 0; i < 4; i++)
		(void)remove(in_dir(names[i]));
	ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left */
}

START_TEST(a_file_is_written_once)
{
	struct stat st;
	char back[16];

	ck_assert_int_eq(paths_write(in_dir("a"), 0400, "one", 3), 0);
	ck_assert_int_eq(paths_write(in_dir("a"), 0400, "two", 3), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(paths_read(in_dir("a"), back, sizeof(back)), 3);
	ck_assert_mem_eq(back, "one", 3);
	ck_assert_int_eq(stat(in_dir("a"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0400);
	ck_assert_uint_eq(st.st_nlink, 1);
}
END_TEST

START_TEST(a_link_that_leads_nowhere_is_in_the_way_too)
{
	char target[128];

	snprintf(target, sizeof(target), "%s", in_dir("elsewhere"));
	ck_assert_int_eq(symlink(target, in_dir("a")), 0);
	ck_assert(paths_exist(in_dir("a")));
	ck_assert_int_eq(paths_write(in_dir("a"), 0400, "x", 1), -1);
	ck_assert(!paths_exist(in_dir("elsewhere")));
}
END_TEST

START_TEST(a_file_that_is_too_large_is_not_cut)
{
	char back[3];

	ck_assert_int_eq(paths_write(in_dir("a"), 0600, "four", 4), 0);
	ck_assert_int_eq(paths_read(in_dir("a"), back, sizeof(back)), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert_int_eq(paths_read(in_dir("none"), back, sizeof(back)), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(directories_are_made_on_the_way)
{
	struct stat st;

	ck_assert_int_eq(paths_dir(in_dir("b/c/d"), 0700), 0);
	ck_assert_int_eq(paths_dir(in_dir("b/c/d"), 0700), 0); /* again */
	ck_assert_int_eq(stat(in_dir("b/c/d"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_key_is_made_once_and_read_again)
{
	struct call c = {.verb = &verb};
	uint8_t one[32], two[32];
	bool made;

	ck_assert_int_eq(
	    paths_key_make(&c, in_dir("a"), one, &made), EXIT_FINE);
	ck_assert(made);
	ck_assert_int_eq(
	    paths_key_make(&c, in_dir("a"), two, &made), EXIT_FINE);
	ck_assert(!made);
	ck_assert_mem_eq(one, two, sizeof(one));
}
END_TEST

START_TEST(the_usual_places_are_known_and_others_are_together)
{
	struct call c = {.verb = &verb};
	struct paths f;

	ck_assert_int_eq(paths_new(&f, &c), EXIT_FINE);
	ck_assert(f.usual);
	ck_assert_str_eq(f.key, "/var/lib/mesh/identity.key");
	ck_assert_str_eq(f.ledger, "/var/lib/mesh/identity.key.ledger");
	ck_assert_str_eq(f.cert, CONF_CERT_FILE);
	ck_assert_str_eq(f.secret, CONF_SECRET_FILE);
	c.conf = "/x/y/mesh.conf";
	c.statedir = "/z";
	ck_assert_int_eq(paths_new(&f, &c), EXIT_FINE);
	ck_assert(!f.usual);
	ck_assert_str_eq(f.key, "/z/identity.key");
	ck_assert_str_eq(f.cert, "/x/y/network.cert");
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
	struct call c = {.verb = &verb};
	char path[CONF_PATH_MAX] = "/";
	struct paths f;

	quiet();
	memset(path + 1, 'x', sizeof(path) - 2);
	c.conf = path;
	ck_assert_int_eq(paths_new(&f, &c), EXIT_BAD);
}
END_TEST

static int
run(void)
{
	const TTest *const pure[] = {
	    options_stand_before_and_behind_the_verb,
	    an_option_without_argument_is_there_or_not,
	    what_the_verb_does_not_take_is_refused,
	    what_nobody_takes_is_refused,
	    the_usual_places_are_known_and_others_are_together,
	    a_path_that_is_too_long_is_refused,
	};
	const TTest *const files[] = {
	    a_file_is_written_once,
	    a_link_that_leads_nowhere_is_in_the_way_too,
	    a_file_that_is_too_large_is_not_cut,
	    directories_are_made_on_the_way,
	    a_key_is_made_once_and_read_again,
	};
	Suite *suite = suite_create("paths");
	TCase *a = tcase_create("words"), *b = tcase_create("files");
	SRunner *runner;
	int failed;

	for (size_t i = 0; i < sizeof(pure) / sizeof(pure[0]); i++)
		tcase_add_test(a, pure[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		tcase_add_test(b, files[i]);
	tcase_add_checked_fixture(b, make_dir, remove_dir);
	suite_add_tcase(suite, a);
	suite_add_tcase(suite, b);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

int
main(void)
{
	return run();
}
