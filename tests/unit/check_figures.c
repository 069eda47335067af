/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_figures.c */
/*
 * Figures with labels: the labels are closed lists with names that Prometheus
 * takes; those with one name stand together, and have the same labels.
 */
#include <ctype.h>
#include <string.h>

#include "events.h"
#include "figures.h"
#include "log.h"
#include "unit.h"

static void
is_word(const char *s)
{
	ck_assert_int_ne(s[0], '\0');
	for (; *s != '\0'; s++)
		ck_assert_msg(islower((unsigned char)*s) ||
			isdigit((unsigned char)*s) || strchr("_-", *s) != NULL,
		    "%s", s);
}

START_TEST(every_label_is_of_a_closed_list)
{
	char label[FIGURE_LABEL_MAX];

	for (unsigned id = 0; id < FIG_N; id++) {
		unsigned n = 0;

		for (unsigned v = 0; v <= UINT16_MAX; v++) {
			if (figure_label(id, v, label) == -1)
				continue;
			n++;
			if (figure_info(id)->labels == FL_NONE)
				ck_assert_str_eq(label, "");
			else
				is_word(label);
		}
		ck_assert_uint_ge(n, 1);
		ck_assert_uint_le(n, 200);
	}
	ck_assert_ptr_null(figure_info(FIG_N));
	ck_assert_int_eq(figure_label(FIG_N, 0, label), -1);
}
END_TEST

START_TEST(labels_are_what_they_are_called_elsewhere)
{
	char label[FIGURE_LABEL_MAX];

	ck_assert_int_eq(figure_label(FIG_LOG, LOG_L_WARN, label), 0);
	ck_assert_str_eq(label, "warning");
	ck_assert_int_eq(figure_label(FIG_IPC_IN, ROLE_KEY, label), 0);
	ck_assert_str_eq(label, "keyd");
	ck_assert_int_eq(figure_label(FIG_ASKED, MSG_PEERS_ASK, label), 0);
	ck_assert_str_eq(label, "peers");
	ck_assert_int_eq(figure_label(FIG_ASKED, MSG_CRL, label), 0);
	ck_assert_str_eq(label, "crl");
	ck_assert_int_eq(figure_label(FIG_PRIV_DONE, MSG_P_SPAWN, label), 0);
	ck_assert_str_eq(label, "spawn");
	ck_assert_int_eq(figure_label(FIG_EVENT, EV_PEER_UP, label), 0);
	ck_assert_str_eq(label, "peer_up");
}
END_TEST

START_TEST(those_of_one_name_stand_together)
{
	for (unsigned i = 0; i < FIG_N; i++)
		for (unsigned k = i + 1; k < FIG_N; k++) {
			const struct figure_info *a = figure_info(i),
						 *b = figure_info(k);

			if (strcmp(a->name, b->name) != 0)
				continue;
			ck_assert_str_eq(figure_info(k - 1)->name, b->name);
			ck_assert_str_eq(a->help, b->help);
			ck_assert_str_eq(a->key, b->key);
			ck_assert_str_eq(a->fixed_key, b->fixed_key);
			ck_assert_str_ne(a->fixed_value, b->fixed_value);
			ck_assert_int_eq(a->type, b->type);
		}
}
END_TEST

static void
nowhere(void *ctx, enum log_level level, const char *line)
{
	(void)ctx, (void)level, (void)line;
}

START_TEST(lines_of_the_log_are_counted_by_level)
{
	log_init("test", LOG_L_INFO);
	log_set_sink(nowhere, NULL);
	log_warnx("one");
	log_warnx("two");
	log_debug("not shown");
	log_pass("child", LOG_L_ERROR, "not ours");
	ck_assert_uint_eq(log_lines(LOG_L_WARN), 2);
	ck_assert_uint_eq(log_lines(LOG_L_DEBUG), 0);
	ck_assert_uint_eq(log_lines(LOG_L_ERROR), 0);
	ck_assert_uint_eq(log_lines((enum log_level)99), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_label_is_of_a_closed_list,
	    labels_are_what_they_are_called_elsewhere,
	    those_of_one_name_stand_together,
	    lines_of_the_log_are_counted_by_level,
	};

	return UNIT_RUN("figures", tests);
}
