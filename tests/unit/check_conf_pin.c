/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_pin.c */
/* Ranks of places in the configuration: what is taken, printed and refused. */
#include "conf_help.h"
#include "conf_int.h"
#include "unit.h"

static const struct conf_row *
row(void)
{
	for (size_t i = 0; i < conf_nrows(); i++)
		if (conf_row(i)->type == CT_PIN)
			return conf_row(i);
	return NULL;
}

/* Words that are separated by blanks. */
static enum conf_verdict
set(struct conf_node *n, const char *text, struct conf_bad *bad)
{
	static char copy[256];
	struct conf_words w = {0};
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) != NULL)
		w.word[w.n++] = word;
	return conf_value_set(row(), n, &w, bad);
}

START_TEST(what_is_good_is_taken_and_printed)
{
	static const char *const good[][2] = {
	    {"beta direct priority 200", "beta direct priority 200"},
	    {"beta relay", "beta relay pinned"},
	    {"beta to 192.0.2.7", "beta to 192.0.2.7 pinned"},
	    {"beta to 2001:db8::1 port 51820 priority 1",
		"beta to 2001:db8::1 port 51820 priority 1"},
	    {"beta via gamma pinned", "beta via gamma pinned"},
	    {"beta tls", "beta tls pinned"},
	    {"gamma turn priority 254", "gamma turn priority 254"},
	};
	struct conf_node n = {0};
	struct conf_bad bad;
	char text[256];

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(set(&n, good[i][0], &bad) == CV_OK, "%s: %s",
		    good[i][0], bad.message);
		conf_value_format(row(), &n, i, text, sizeof(text));
		ck_assert_str_eq(text, good[i][1]);
		ck_assert_int_eq(set(&n, text, &bad), CV_DUP);
		ck_assert(conf_value_valid(row(), &n));
	}
}
END_TEST

START_TEST(what_is_bad_is_refused_and_named)
{
	static const struct {
		const char *text;
		unsigned word;
	} bad[] = {{"beta", 0}, {"-- direct", 0}, {"beta sideways", 1},
	    {"beta to", 1}, {"beta to gamma", 2}, {"beta to 192.0.2.1 port", 3},
	    {"beta to 192.0.2.1 port 0", 4}, {"beta via", 1},
	    {"beta direct priority", 2}, {"beta direct priority 255", 3},
	    {"beta direct priority 0", 3}, {"beta direct often", 2},
	    {"beta direct pinned too", 3}};
	struct conf_node n = {0};
	struct conf_bad b;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(
		    set(&n, bad[i].text, &b) == CV_BAD, "%s", bad[i].text);
		ck_assert_msg(
		    b.word == bad[i].word, "%s: %u", bad[i].text, b.word);
		ck_assert_str_ne(b.message, "");
	}
	ck_assert_uint_eq(n.npins, 0);
}
END_TEST

START_TEST(there_are_few)
{
	struct conf_node n = {0};
	struct conf_bad b;
	char text[64];

	for (unsigned i = 0; i <= CONF_PINS_MAX; i++) {
		snprintf(text, sizeof(text), "p%u direct", i);
		ck_assert_int_eq(set(&n, text, &b) == CV_OK, i < CONF_PINS_MAX);
	}
	ck_assert_uint_eq(n.npins, CONF_PINS_MAX);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {what_is_good_is_taken_and_printed,
	    what_is_bad_is_refused_and_named, there_are_few};

	return UNIT_RUN("conf_pin", tests);
}
