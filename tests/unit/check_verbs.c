/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_verbs.c */
/*
 * The table of verbs, and that all that is made from it or written beside it
 * has every verb and every option: synopsis, help, completion, manual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "verbs.h"

#define TEXT_MAX 65536

static char text[TEXT_MAX];

static struct call
call_of(const char *verb)
{
	struct call c = {.rundir = "/nonexistent"};

	c.verbs = verbs_table(&c.nverbs);
	c.verb = verbs_find(&c, verb);
	ck_assert_ptr_nonnull(c.verb);
	return c;
}

/* What a verb prints with this operand, in `text`. */
static int
output(const char *verb, const char *operand)
{
	char path[] = "/tmp/verbs.XXXXXX", word[64], *argv[] = {word, NULL};
	struct call c = call_of(verb);
	int fd = mkstemp(path), code;
	size_t n;
	FILE *f;

	ck_assert_int_ne(fd, -1);
	snprintf(word, sizeof(word), "%s", operand);
	c.argc = 1;
	c.argv = argv;
	ck_assert_ptr_nonnull(freopen(path, "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	code = c.verb->run(&c);
	ck_assert_int_eq(fflush(stdout), 0);
	f = fdopen(fd, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, TEXT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
	(void)remove(path);
	return code;
}

/* The word, with nothing before or behind it that could belong to it. */
static bool
has(const char *where, const char *word)
{
	static const char part[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(word);

	for (const char *p = where; (p = strstr(p, word)) != NULL; p++)
		if ((p == where || strchr(part, p[-1]) == NULL) &&
		    (p[len] == '\0' || strchr(part, p[len]) == NULL))
			return true;
	return false;
}

static void
assert_narrow(const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\n"), tabs = 0;

		for (size_t i = 0; i < n; i++)
			tabs += s[i] == '\t';
		ck_assert_msg(n + 7 * tabs <= 80, "%.*s", (int)n, s);
		s += n + (s[n] != '\0');
	}
}

START_TEST(every_verb_has_help_that_fits_a_terminal)
{
	struct call c = call_of("help");

	for (size_t i = 0; i < c.nverbs; i++) {
		ck_assert_int_eq(output("help", c.verbs[i].name), EXIT_FINE);
		ck_assert(has(text, c.verbs[i].name));
		assert_narrow(text);
	}
	ck_assert_int_eq(output("help", "nonsense"), EXIT_USAGE);
}
END_TEST

START_TEST(every_option_of_a_row_is_known_and_in_its_synopsis)
{
	struct call c = call_of("help");
	const struct args_option *o;
	char word[32];

	for (size_t i = 0; i < c.nverbs; i++) {
		const struct verb *v = &c.verbs[i];
		const char *list = v->options;

		while ((o = args_next(&list)) != NULL) {
			snprintf(word, sizeof(word), "%s%s",
			    o->name[1] == '\0' ? "-" : "--", o->name);
			ck_assert_msg(has(v->operands, word), "%s lacks %s",
			    v->name, word);
		}
		ck_assert_msg(*list == '\0', "%s: unknown option in \"%s\"",
		    v->name, v->options);
	}
}
END_TEST

/* The option with its dashes, as a shell or a manual page has it. */
static const char *
as(char out[48], const char *letter, const char *word,
    const struct args_option *o)
{
	snprintf(out, 48, "%s%s", o->name[1] == '\0' ? letter : word, o->name);
	return out;
}

static void
assert_all(const char *what, const char *letter, const char *word)
{
	struct call c = call_of("help");
	const struct args_option *o;
	char w[48];
	size_t n;

	o = args_common(&n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(has(text, as(w, letter, word, &o[i])),
		    "%s lacks %s", what, w);
	for (size_t i = 0; i < c.nverbs; i++) {
		const char *list = c.verbs[i].options;

		ck_assert_msg(has(text, c.verbs[i].name), "%s lacks %s", what,
		    c.verbs[i].name);
		while ((o = args_next(&list)) != NULL)
			ck_assert_msg(has(text, as(w, letter, word, o)),
			    "%s lacks %s", what, w);
	}
}

START_TEST(completion_has_all_verbs_and_options)
{
	ck_assert_int_eq(output("completion", "bash"), EXIT_FINE);
	assert_all("bash", "-", "--");
	ck_assert_int_eq(output("completion", "zsh"), EXIT_FINE);
	assert_all("zsh", "-", "--");
	ck_assert_int_eq(output("completion", "fish"), EXIT_FINE);
	assert_all("fish", "-s ", "-l ");
	ck_assert_int_eq(output("completion", "csh"), EXIT_USAGE);
}
END_TEST

/* Fl and Ic as mdoc(7) writes them: "Fl -trace", "Fl a", "Op Fl jH". */
START_TEST(the_manual_has_all_verbs_and_options)
{
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s", __FILE__);
	ck_assert_ptr_nonnull(strstr(path, "tests/unit/"));
	snprintf(strstr(path, "tests/unit/"), 32, "man/meshctl.8");
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	n = fread(text, 1, TEXT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_all("meshctl.8", "Fl ", "Fl -");
}
END_TEST

START_TEST(verbs_are_found_by_name_and_nearly)
{
	struct call c = call_of("renew");

	ck_assert_ptr_null(verbs_find(&c, "rene"));
	ck_assert_str_eq(verbs_nearest(&c, "rene"), "renew");
	ck_assert_str_eq(verbs_nearest(&c, "lokup"), "lookup");
	ck_assert_ptr_null(verbs_nearest(&c, "xyzzyx"));
}
END_TEST

START_TEST(without_a_daemon_each_verb_says_so)
{
	static const char *const asks[] = {
	    "status", "peers", "renew", "dht", "network", "lookup", "reload"};
	char word[] = "beta", *argv[] = {word, NULL};

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		struct call c = call_of(asks[i]);

		c.argc = strcmp(asks[i], "lookup") == 0;
		c.argv = argv;
		ck_assert_msg(c.verb->run(&c) == EXIT_ABSENT, "%s", asks[i]);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_verb_has_help_that_fits_a_terminal,
	    every_option_of_a_row_is_known_and_in_its_synopsis,
	    completion_has_all_verbs_and_options,
	    the_manual_has_all_verbs_and_options,
	    verbs_are_found_by_name_and_nearly,
	    without_a_daemon_each_verb_says_so,
	};

	return UNIT_RUN("verbs", tests);
}
