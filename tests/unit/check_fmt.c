/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_fmt.c */
/* Numbers and times for people, tables, and "did you mean". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "grid.h"
#include "nearest.h"
#include "unit.h"

#define NOW 1763694000000u /* 2025-11-21T03:00:00Z */

static char *text; /* what was written last */
static size_t text_len;
static FILE *f;

static void
open_text(void)
{
	free(text);
	text = NULL;
	f = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(f);
}

/* ---- numbers and times ---- */

START_TEST(bytes_have_iec_units)
{
	char o[FMT_LEN];

	ck_assert_str_eq(fmt_bytes(o, 0), "0 B");
	ck_assert_str_eq(fmt_bytes(o, 1023), "1023 B");
	ck_assert_str_eq(fmt_bytes(o, 1024), "1.0 KiB");
	ck_assert_str_eq(fmt_bytes(o, 1536), "1.5 KiB");
	ck_assert_str_eq(fmt_bytes(o, 100 * 1024), "100 KiB");
	ck_assert_str_eq(fmt_bytes(o, 1024 * 1024 - 1), "1023 KiB");
	ck_assert_str_eq(fmt_bytes(o, 90301690000), "84.1 GiB");
	ck_assert_str_eq(fmt_bytes(o, UINT64_MAX), "15.9 EiB");
}
END_TEST

START_TEST(spans_have_their_two_largest_units)
{
	char o[FMT_LEN];

	ck_assert_str_eq(fmt_span(o, 250), "250 ms");
	ck_assert_str_eq(fmt_span(o, 59999), "59s");
	ck_assert_str_eq(fmt_span(o, 91000), "1m31s");
	ck_assert_str_eq(fmt_span(o, 7500000), "2h05m");
	ck_assert_str_eq(fmt_span(o, 187200000), "2d04h");
	ck_assert_uint_lt(strlen(fmt_span(o, UINT64_MAX)), FMT_LEN);
}
END_TEST

START_TEST(an_age_is_never_negative)
{
	char o[FMT_LEN];

	ck_assert_str_eq(fmt_age(o, NOW, 0), "-");
	ck_assert_str_eq(fmt_age(o, NOW, NOW - 999), "now");
	ck_assert_str_eq(fmt_age(o, NOW, NOW + 5000), "now");
	ck_assert_str_eq(fmt_age(o, NOW, NOW - 2000), "2s");
}
END_TEST

START_TEST(utc_is_written_for_the_years_people_use)
{
	char o[FMT_LEN];

	ck_assert(fmt_utc(o, NOW));
	ck_assert_str_eq(o, "2025-11-21T03:00:00Z");
	ck_assert(!fmt_utc(o, 0));
	ck_assert(!fmt_utc(o, UINT64_MAX));
	ck_assert_str_eq(fmt_local(o, UINT64_MAX), "-");
}
END_TEST

START_TEST(microseconds_become_milliseconds_or_seconds)
{
	char o[FMT_LEN];

	ck_assert_str_eq(fmt_us(o, 450), "0.4 ms");
	ck_assert_str_eq(fmt_us(o, 48210), "48.2 ms");
	ck_assert_str_eq(fmt_us(o, 1200000), "1.20 s");
}
END_TEST

/* ---- nearest ---- */

static const char *
nearest(const char *typed)
{
	struct nearest n;

	nearest_start(&n, typed);
	nearest_offer(&n, "status");
	nearest_offer(&n, "peers");
	nearest_offer(&n, "peer");
	nearest_offer(&n, "reload");
	return n.best;
}

START_TEST(a_slip_of_the_finger_is_recognized)
{
	ck_assert_str_eq(nearest("peeers"), "peers");
	ck_assert_str_eq(nearest("epers"), "peers");
	ck_assert_str_eq(nearest("statsu"), "status");
	ck_assert_str_eq(nearest("relod"), "reload");
	ck_assert_str_eq(nearest("peer"), "peer");
}
END_TEST

START_TEST(another_word_is_not_taken_for_a_slip)
{
	char longer[300];

	ck_assert_ptr_null(nearest("banana"));
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(nearest(longer));
}
END_TEST

/* ---- tables ---- */

static const struct grid_col cols[] = {
    {"A", false, 4, false},
    {"LONG", true, 0, false},
    {"FADES", false, 0, true},
    {"LAST", false, 0, false},
};

START_TEST(columns_are_as_wide_as_their_cells)
{
	const char *one[] = {"x", "1", "-", "end"};
	const char *two[] = {"yyy", "12345", "-", ""};
	struct grid *g = grid_new(cols, 4);

	open_text();
	ck_assert_int_eq(grid_add(g, one, PAINT_NONE), 0);
	ck_assert_int_eq(grid_add(g, two, PAINT_NONE), 0);
	grid_print(g, f, 80, false);
	fclose(f);
	grid_free(g);
	ck_assert_str_eq(text,
	    "A     LONG  LAST\n"
	    "x        1  end\n"
	    "yyy  12345\n");
}
END_TEST

START_TEST(a_cell_is_cut_only_where_it_may_be)
{
	const char *row[] = {"abcdefghij", "12345", "no", "end"};
	struct grid *g = grid_new(cols, 4);

	open_text();
	ck_assert_int_eq(grid_add(g, row, PAINT_NONE), 0);
	grid_print(g, f, 10, false);
	fclose(f);
	grid_free(g);
	ck_assert_str_eq(text,
	    "A      LONG  FADES  LAST\n"
	    "abc~  12345  no     end\n");
}
END_TEST

START_TEST(colour_is_only_where_it_was_asked_for)
{
	const char *row[] = {"a", "up", "-", "z"};
	struct grid *g = grid_new(cols, 4);

	open_text();
	grid_add(g, row, PAINT_GOOD);
	grid_print(g, f, 80, false);
	fflush(f);
	ck_assert_ptr_null(strchr(text, '\033'));
	grid_print(g, f, 80, true);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "\033[32mup\033[0m"));
	grid_free(g);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    bytes_have_iec_units,
	    spans_have_their_two_largest_units,
	    an_age_is_never_negative,
	    utc_is_written_for_the_years_people_use,
	    microseconds_become_milliseconds_or_seconds,
	    a_slip_of_the_finger_is_recognized,
	    another_word_is_not_taken_for_a_slip,
	    columns_are_as_wide_as_their_cells,
	    a_cell_is_cut_only_where_it_may_be,
	    colour_is_only_where_it_was_asked_for,
	};

	return UNIT_RUN("fmt", tests);
}
