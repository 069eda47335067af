/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_log.c */
/* Lines, levels, the rate limit and what a stranger's octets become. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "unit.h"

/* ---- a clock that only moves when told (instead of common/clock.c) ---- */
static uint64_t now_ms;

uint64_t
clock_mono_ms(void)
{
	return now_ms;
}

uint64_t
clock_mono_us(void)
{
	return now_ms * 1000;
}

uint64_t
clock_unix_ms(void)
{
	return now_ms;
}

void
clock_unix(uint64_t *sec, uint32_t *nsec)
{
	*sec = now_ms / 1000;
	*nsec = 0;
}

/* ---- a sink that remembers ---- */
struct memory {
	unsigned lines;
	enum log_level level, level_before;
	char last[LOG_LINE_MAX], before[LOG_LINE_MAX];
};

static void
remember(void *ctx, enum log_level level, const char *line)
{
	struct memory *m = ctx;

	m->lines++;
	m->level_before = m->level;
	m->level = level;
	memcpy(m->before, m->last, sizeof(m->before));
	ck_assert_uint_lt(strlen(line), sizeof(m->last));
	snprintf(m->last, sizeof(m->last), "%s", line);
}

static struct memory mem;

static void
start(void)
{
	now_ms = 100000;
	mem = (struct memory){0};
	log_init("keyd", LOG_L_INFO);
	log_set_sink(remember, &mem);
}

START_TEST(a_line_has_the_name_and_the_text)
{
	start();
	log_warnx("peer %s is %d", "beta", 7);
	ck_assert_str_eq(mem.last, "keyd: peer beta is 7");
	ck_assert_str_eq(log_text(mem.last), "peer beta is 7");
	ck_assert_int_eq(mem.level, LOG_L_WARN);
}
END_TEST

START_TEST(warn_and_error_append_errno_and_keep_it)
{
	start();
	errno = ENOENT;
	log_warn("open %s", "/x");
	ck_assert_str_eq(mem.last, "keyd: open /x: No such file or directory");
	ck_assert_int_eq(errno, ENOENT);
	log_error("again");
	ck_assert_str_eq(mem.last, "keyd: again: No such file or directory");
	ck_assert_int_eq(mem.level, LOG_L_ERROR);
	log_errorx("plain");
	ck_assert_str_eq(mem.last, "keyd: plain");
}
END_TEST

START_TEST(what_is_above_the_level_is_silent)
{
	start();
	log_debug("no");
	ck_assert_uint_eq(mem.lines, 0);
	log_set_level(LOG_L_DEBUG);
	log_debug("yes");
	ck_assert_uint_eq(mem.lines, 1);
	log_set_level(LOG_L_ERROR);
	log_warnx("no");
	log_info("no");
	ck_assert_uint_eq(mem.lines, 1);
	ck_assert_int_eq(log_get_level(), LOG_L_ERROR);
}
END_TEST

START_TEST(strange_octets_become_octal)
{
	char out[64];

	log_vis(out, sizeof(out), "a\x1b[2Jb\n\x7f\xc3\xa9\\");
	ck_assert_str_eq(out, "a\\033[2Jb\\012\\177\\303\\251\\");
}
END_TEST

START_TEST(making_printable_twice_changes_nothing)
{
	char all[256], once[1100], twice[1100];

	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	log_vis(once, sizeof(once), all);
	log_vis(twice, sizeof(twice), once);
	ck_assert_str_eq(once, twice);
	for (const char *p = once; *p != '\0'; p++)
		ck_assert(*p >= 0x20 && *p < 0x7f);
}
END_TEST

START_TEST(an_escape_is_never_cut)
{
	char out[8];

	for (size_t cap = 1; cap <= sizeof(out); cap++) {
		memset(out, 'Z', sizeof(out));
		log_vis(out, cap, "ab\n\n");
		ck_assert_uint_lt(strlen(out), cap);
		ck_assert_str_eq(out,
		    cap == 1       ? ""
			: cap == 2 ? "a"
			: cap < 7  ? "ab"
				   : "ab\\012");
	}
}
END_TEST

START_TEST(a_name_from_outside_can_not_make_a_second_line)
{
	start();
	log_info("peer %s", "x\nkeyd: all is well");
	ck_assert_ptr_null(strchr(mem.last, '\n'));
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char longer[2 * LOG_LINE_MAX];

	start();
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_info("%s", longer);
	ck_assert_uint_eq(strlen(mem.last), LOG_LINE_MAX - 1);
	errno = EPERM;
	log_warn("%s", longer);
	ck_assert_uint_eq(strlen(mem.last), LOG_LINE_MAX - 1);
	log_pass("tun", LOG_L_INFO, longer);
	ck_assert_uint_eq(strlen(mem.last), LOG_LINE_MAX - 1);
}
END_TEST

static void
flood(unsigned n)
{
	while (n-- > 0)
		log_info("flood %u", n);
}

START_TEST(a_flood_is_held_back_and_counted)
{
	start();
	flood(1000);
	ck_assert_uint_eq(mem.lines, LOG_BURST);
	ck_assert_uint_eq(log_suppressed(), 1000 - LOG_BURST);
}
END_TEST

START_TEST(after_a_second_the_flood_is_summed_up)
{
	start();
	flood(LOG_BURST + 412);
	now_ms += 999;
	flood(1);
	ck_assert_uint_eq(mem.lines, LOG_BURST);
	now_ms += 1;
	log_warnx("something else");
	ck_assert_uint_eq(mem.lines, LOG_BURST + 2);
	flood(1);
	ck_assert_uint_eq(mem.lines, LOG_BURST + 3);
	ck_assert_str_eq(mem.last, "keyd: flood 0");
}
END_TEST

START_TEST(the_sum_names_the_format_and_its_level)
{
	start();
	flood(LOG_BURST + 412);
	now_ms += 1000;
	log_warnx("something else");
	ck_assert_str_eq(
	    mem.before, "keyd: ... 412 more like this: \"flood %u\"");
	ck_assert_int_eq(mem.level_before, LOG_L_INFO);
}
END_TEST

START_TEST(a_flood_of_one_kind_does_not_hide_another)
{
	start();
	flood(1000);
	log_info("another kind");
	ck_assert_str_eq(mem.last, "keyd: another kind");
}
END_TEST

START_TEST(the_burst_can_be_changed_and_switched_off)
{
	start();
	log_set_burst(3);
	flood(100);
	ck_assert_uint_eq(mem.lines, 3);
	log_set_burst(0);
	flood(100);
	ck_assert_uint_eq(mem.lines, 103);
}
END_TEST

START_TEST(a_childs_line_is_attributed_and_made_printable_again)
{
	start();
	log_pass("p2p-engine", LOG_L_WARN, "evil\r\nkeyd: fine");
	ck_assert_str_eq(mem.last, "p2p-engine: evil\\015\\012keyd: fine");
	ck_assert_str_eq(log_text(mem.last), "evil\\015\\012keyd: fine");
	ck_assert_int_eq(mem.level, LOG_L_WARN);
}
END_TEST

START_TEST(levels_have_names_that_parse_back)
{
	for (int i = LOG_L_ERROR; i <= LOG_L_DEBUG; i++) {
		enum log_level got = LOG_L_ERROR;

		ck_assert_int_eq(
		    log_level_parse(log_level_name((enum log_level)i), &got),
		    0);
		ck_assert_int_eq(got, i);
	}
	ck_assert_str_eq(log_level_name((enum log_level)4), "?");
}
END_TEST

START_TEST(other_words_are_no_level)
{
	enum log_level got = LOG_L_WARN;

	ck_assert_int_eq(log_level_parse("", &got), -1);
	ck_assert_int_eq(log_level_parse("INFO", &got), -1);
	ck_assert_int_eq(log_level_parse("infos", &got), -1);
	ck_assert_int_eq(got, LOG_L_WARN);
}
END_TEST

START_TEST(stderr_gets_one_line_with_name_level_and_text)
{
	char got[128] = {0};
	int p[2], kept = dup(STDERR_FILENO);

	ck_assert_int_eq(pipe(p), 0);
	dup2(p[1], STDERR_FILENO);
	log_init("tun", LOG_L_INFO);
	log_warnx("a: b");
	dup2(kept, STDERR_FILENO);
	ck_assert_int_gt(read(p[0], got, sizeof(got) - 1), 0);
	ck_assert_str_eq(got, "tun: warning: a: b\n");
	close(p[0]);
	close(p[1]);
	close(kept);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_line_has_the_name_and_the_text,
	    warn_and_error_append_errno_and_keep_it,
	    what_is_above_the_level_is_silent,
	    strange_octets_become_octal,
	    making_printable_twice_changes_nothing,
	    an_escape_is_never_cut,
	    a_name_from_outside_can_not_make_a_second_line,
	    a_long_line_is_cut,
	    a_flood_is_held_back_and_counted,
	    after_a_second_the_flood_is_summed_up,
	    the_sum_names_the_format_and_its_level,
	    a_flood_of_one_kind_does_not_hide_another,
	    the_burst_can_be_changed_and_switched_off,
	    a_childs_line_is_attributed_and_made_printable_again,
	    levels_have_names_that_parse_back,
	    other_words_are_no_level,
	    stderr_gets_one_line_with_name_level_and_text,
	};

	return UNIT_RUN("log", tests);
}
