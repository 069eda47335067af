/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_files.c */
/*
 * Every file in tests/conf: a good one parses, says exactly what is in
 * NAME.expect (nothing, without one), and its canonical form is a fixed point;
 * a bad one fails with exactly the text in NAME.expect.  UPDATE=1 writes the
 * texts anew, to be read before they are believed.
 */
#include "conf_help.h"

#define GOOD_FILES_MIN 10
#define BAD_FILES_MIN 40

static struct conf_diags ds, ds2;

static char *
expect_path(char out[512], const char *conf)
{
	snprintf(out, 512, "%.*s.expect", (int)(strlen(conf) - 5), conf);
	return out;
}

static void
assert_diags(const char *conf)
{
	char path[512], *want, *got = diags_text(&ds);
	size_t len;
	FILE *f;

	expect_path(path, conf);
	if (getenv("UPDATE") != NULL) {
		unlink(path);
		if (ds.n > 0) {
			f = fopen(path, "w");
			ck_assert_ptr_nonnull(f);
			fputs(got, f);
			fclose(f);
		}
	}
	want = slurp(path, &len);
	if (strcmp(got, want == NULL ? "" : want) != 0)
		ck_abort_msg("%s\n--- expected\n%s--- got\n%s", conf,
		    want == NULL ? "" : want, got);
	free(want);
	free(got);
}

/* parse o print is the identity, on values and on text */
static void
assert_fixed_point(const char *conf, const struct conf *c, const char *dir)
{
	char *once = conf_text(c), *twice;
	struct conf again;

	if (parse_text("again.conf", once, strlen(once), dir, &again, &ds2) ==
	    -1) {
		twice = diags_text(&ds2);
		ck_abort_msg("%s printed:\n%s\n%s", conf, once, twice);
	}
	twice = conf_text(&again);
	ck_assert_str_eq(once, twice);
	assert_conf_eq(c, &again);
	conf_clear(&again);
	free(once);
	free(twice);
}

static void
each_file(const char *which, bool good, size_t at_least)
{
	char dir[512], pattern[600], *text;
	struct conf c;
	size_t len;
	glob_t g;
	int ret;

	src_path(dir, which);
	snprintf(pattern, sizeof(pattern), "%s/*.conf", dir);
	ck_assert_int_eq(glob(pattern, 0, NULL, &g), 0);
	ck_assert_uint_ge(g.gl_pathc, at_least);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		text = slurp(g.gl_pathv[i], &len);
		ret = parse_text(
		    strrchr(g.gl_pathv[i], '/') + 1, text, len, dir, &c, &ds);
		assert_diags(g.gl_pathv[i]);
		ck_assert_msg(ret == (good ? 0 : -1), "%s", g.gl_pathv[i]);
		if (good)
			assert_fixed_point(g.gl_pathv[i], &c, dir);
		conf_clear(&c);
		free(text);
	}
	globfree(&g);
}

START_TEST(every_good_file_parses_and_its_canonical_form_is_a_fixed_point)
{
	each_file("tests/conf/good", true, GOOD_FILES_MIN);
}
END_TEST

START_TEST(every_bad_file_says_exactly_what_is_wrong_and_where)
{
	each_file("tests/conf/bad", false, BAD_FILES_MIN);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_files");

	tcase_add_test(
	    tc, every_good_file_parses_and_its_canonical_form_is_a_fixed_point);
	tcase_add_test(tc, every_bad_file_says_exactly_what_is_wrong_and_where);
	return run_suite("conf_files", tc);
}
