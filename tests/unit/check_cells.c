/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_cells.c */
/* Values and rows that a verb puts together: text, raw columns, JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "show.h"
#include "unit.h"

#define NOW 1763694000000u /* 2025-11-21T03:00:00Z */

static char *text; /* what was written last */
static size_t text_len;
static FILE *f;

static struct show *
begin(struct show *(*new)(FILE *), enum show_doc doc)
{
	const struct show_head h = {.doc = doc, .node = "alpha", .now_ms = NOW};
	struct show *s;

	free(text);
	text = NULL;
	f = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(f);
	s = new (f);
	s->ops->head(s, &h);
	return s;
}

static struct show *
plain(FILE *to)
{
	return show_text_new(to, false);
}

static void
finish(struct show *s)
{
	ck_assert_int_eq(s->ops->tail(s), 0);
	fclose(f);
}

static void
put_row(struct show *s, const char *name, uint64_t seen_ms)
{
	const struct show_cell cells[] = {
	    {.key = "name", .head = "NAME", .s = name},
	    {.key = "groups", .type = CELL_LIST, .s = "a, b"},
	    {.key = "seen_at", .head = "SEEN", .type = CELL_AGO, .n = seen_ms},
	    {.key = "is_up", .head = "UP", .type = CELL_YES, .n = 1},
	    {.key = "took_seconds",
		.head = "TOOK",
		.type = CELL_MILLIS,
		.n = 1500},
	};

	s->ops->row(s, "members", cells, 5);
}

static void
put_all(struct show *s)
{
	const struct show_cell serial = {
	    .key = "serial", .head = "serial", .type = CELL_COUNT, .n = 7};
	const struct show_cell hidden = {
	    .key = "hidden", .type = CELL_BYTES, .n = 2048};

	s->ops->cell(s, &serial);
	s->ops->cell(s, &hidden);
	put_row(s, "beta", NOW - 91000);
	put_row(s, "gamma\033", 0);
}

START_TEST(people_see_labels_and_a_table_of_what_has_a_head)
{
	struct show *s = begin(plain, SHOW_NETWORK);

	put_all(s);
	finish(s);
	ck_assert_str_eq(text,
	    "serial      7\n"
	    "\n"
	    "NAME        SEEN  UP   TOOK\n"
	    "beta       1m31s  yes    1s\n"
	    "gamma\\033      -  yes    1s\n");
}
END_TEST

START_TEST(raw_rows_say_their_kind_unless_there_is_but_one)
{
	struct show *s = begin(show_raw_new, SHOW_NETWORK);

	put_all(s);
	finish(s);
	ck_assert_str_eq(text,
	    "serial\t7\n"
	    "hidden\t2048\n"
	    "members\tbeta\ta, b\t91\tyes\t1.500\n"
	    "members\tgamma\\033\ta, b\t-\tyes\t1.500\n");
	s = begin(show_raw_new, SHOW_INVITES);
	put_row(s, "beta", 0);
	finish(s);
	ck_assert_str_eq(text, "beta\ta, b\t-\tyes\t1.500\n");
}
END_TEST

START_TEST(json_has_types_lists_and_nulls)
{
	struct show *s = begin(show_json_new, SHOW_NETWORK);
	json_t *doc, *m;

	put_all(s);
	finish(s);
	doc = json_loads(text, 0, NULL);
	ck_assert_int_eq(json_integer_value(json_object_get(doc, "serial")), 7);
	m = json_object_get(doc, "members");
	ck_assert_uint_eq(json_array_size(m), 2);
	m = json_array_get(m, 0);
	ck_assert_str_eq(json_string_value(json_object_get(m, "name")), "beta");
	ck_assert_uint_eq(json_array_size(json_object_get(m, "groups")), 2);
	ck_assert_str_eq(
	    json_string_value(json_array_get(json_object_get(m, "groups"), 1)),
	    "b");
	ck_assert_str_eq(json_string_value(json_object_get(m, "seen_at")),
	    "2025-11-21T02:58:29Z");
	ck_assert(json_is_true(json_object_get(m, "is_up")));
	ck_assert(json_real_value(json_object_get(m, "took_seconds")) == 1.5);
	m = json_array_get(json_object_get(doc, "members"), 1);
	ck_assert(json_is_null(json_object_get(m, "seen_at")));
	json_decref(doc);
}
END_TEST

START_TEST(an_empty_list_is_an_array_and_a_dash)
{
	const struct show_cell none = {
	    .key = "groups", .head = "groups", .type = CELL_LIST};
	struct show *s = begin(show_json_new, SHOW_NETWORK);
	json_t *doc;

	s->ops->cell(s, &none);
	finish(s);
	doc = json_loads(text, 0, NULL);
	ck_assert(json_is_array(json_object_get(doc, "groups")));
	ck_assert_uint_eq(json_array_size(json_object_get(doc, "groups")), 0);
	json_decref(doc);
	s = begin(plain, SHOW_NETWORK);
	s->ops->cell(s, &none);
	finish(s);
	ck_assert_str_eq(text, "groups      -\n");
}
END_TEST

START_TEST(a_second_array_is_a_second_table)
{
	const struct show_cell id = {.key = "id", .head = "ID", .s = "x"};
	struct show *s = begin(plain, SHOW_FIND);

	s->ops->row(s, "steps", &id, 1);
	s->ops->row(s, "places", &id, 1);
	finish(s);
	ck_assert_str_eq(text, "ID\nx\n\nID\nx\n");
}
END_TEST

START_TEST(spans_need_a_number_and_a_unit)
{
	static const char *const bad[] = {"", "5", "m", "0s", "-1s", "5x",
	    "5mm", "1h30m", " 5m", "5 m", "9999999999s"};
	uint64_t s = 77;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		    fmt_span_parse(bad[i], &s) == -1, "\"%s\"", bad[i]);
	ck_assert_uint_eq(s, 77);
	ck_assert_int_eq(fmt_span_parse("90s", &s), 0);
	ck_assert_uint_eq(s, 90);
	ck_assert_int_eq(fmt_span_parse("15m", &s), 0);
	ck_assert_uint_eq(s, 900);
	ck_assert_int_eq(fmt_span_parse("2w", &s), 0);
	ck_assert_uint_eq(s, 1209600);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    people_see_labels_and_a_table_of_what_has_a_head,
	    raw_rows_say_their_kind_unless_there_is_but_one,
	    json_has_types_lists_and_nulls,
	    an_empty_list_is_an_array_and_a_dash,
	    a_second_array_is_a_second_table,
	    spans_need_a_number_and_a_unit,
	};

	return UNIT_RUN("cells", tests);
}
