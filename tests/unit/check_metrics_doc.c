/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_metrics_doc.c */
/*
 * mesh-metrics(7) has every family that there is, with its type, labels and
 * help, and every reason of a drop, as the program writes them; the alerts that
 * are shipped use nothing else, and are all explained.
 *
 * UPDATE=1 writes the made part of the page anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert_help.h"
#include "figures_info.h"
#include "metrics.h"
#include "unit.h"

#define PAGE "man/mesh-metrics.7"
#define ALERTS "etc/prometheus/mesh.rules.yml"
#define BEGIN ".\\\" begin: made by check_metrics_doc\n"
#define END ".\\\" end\n"

static struct snapshot snap;

/* With the first value of its label that there is. */
static struct msg_figure_row
a_figure(unsigned id)
{
	struct msg_figure_row m = {.role = ROLE_KEY, .id = (uint16_t)id};
	char label[FIGURE_LABEL_MAX];

	while (figure_label(id, m.label, label) == -1)
		ck_assert_uint_lt(++m.label, 256);
	return m;
}

/* Everything that can be said at all. */
static char *
everything(void)
{
	struct cert cert = plain_cert();
	size_t len;
	char *text;
	FILE *f;

	snapshot_init(&snap);
	snap.has_node = snap.has_net = snap.has_dht = true;
	snap.took_us = 1;
	snap.nprocs = 1;
	snap.proc[0] = (struct msg_proc_row){.role = ROLE_KEY, .rss_kb = 1};
	for (unsigned r = ROLE_TUN; r <= ROLE_CTL; r++)
		snap.has_counters[r] = true;
	for (unsigned id = C_NONE + 1; id < C_NCOUNTERS; id++)
		snap.sent[ROLE_ENGINE][id] = true;
	for (unsigned i = 0; i < HIST_N; i++)
		snap.has_hist[i] = true;
	snap.npeers = snap.nstreams = snap.nrules = 1;
	snap.peer = calloc(1, sizeof(*snap.peer));
	snap.stream = calloc(1, sizeof(*snap.stream));
	snap.rule = calloc(1, sizeof(*snap.rule));
	ck_assert(snap.peer && snap.stream && snap.rule);
	snap.nfigures = FIG_N;
	snap.figure = calloc(FIG_N, sizeof(*snap.figure));
	ck_assert_ptr_nonnull(snap.figure);
	for (unsigned i = 0; i < FIG_N; i++)
		snap.figure[i] = a_figure(i);
	snap.peer->state = PV_UP;
	snap.peer->rtt_us = 1;
	snap.peer->nallowed = 1;
	snap.peer->allowed[0].addr.family = 4;
	ck_assert_int_eq(crypto_init(), 0);
	snap.net.certlen = (uint16_t)cert_sign(snap.net.cert, &cert, ca_seed);
	f = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(f);
	metrics_write(f, METRICS_OPENMETRICS, &snap, 1);
	fclose(f);
	snapshot_clear(&snap);
	return text;
}

/* ---- the made part ---- */

/* Names of the labels of its first sample, but `le`. */
static void
labels(FILE *out, const char *text, const char *name)
{
	char key[128];
	const char *at;
	bool any = false;

	for (at = text; (at = strstr(at, name)) != NULL; at++)
		if (at[-1] == '\n' && strchr("{_ ", at[strlen(name)]) != NULL)
			break;
	if (at == NULL)
		return;
	for (at = strpbrk(at, "{\n"); at != NULL && *at != '\n' && *at != '}';
	     at = strpbrk(at, ",}\n")) {
		size_t n = strcspn(++at, "=");

		snprintf(key, sizeof(key), "%.*s", (int)n, at);
		if (strcmp(key, "le") != 0)
			fprintf(out, "%s%s", any ? ", " : ".br\nLabels: ", key);
		any = any || strcmp(key, "le") != 0;
		/* past the value, which may have anything in it */
		for (at += n + 2; *at != '"'; at++)
			at += *at == '\\';
	}
	if (any)
		fprintf(out, ".\n");
}

/* A line of the page has 80 columns. */
static void
folded(FILE *out, const char *text)
{
	size_t col = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (col != 0 && col + 1 + n > 78) {
			fprintf(out, "\n");
			col = 0;
		}
		col += (size_t)fprintf(
		    out, "%s%.*s", col == 0 ? "" : " ", (int)n, text);
		text += n + (text[n] == ' ');
	}
	fprintf(out, "\n");
}

static void
family_item(FILE *out, const char *text, const char *line)
{
	static const struct {
		const char *type, *tail;
	} tails[] = {{"counter", "_total"}, {"info", "_info"}};
	char name[96], type[16], help[256] = "";
	const char *h, *tail = "";

	ck_assert_int_eq(sscanf(line, "# TYPE %95s %15s", name, type), 2);
	h = strstr(line, "# HELP ");
	ck_assert_ptr_nonnull(h);
	h += 7 + strlen(name) + 1;
	snprintf(help, sizeof(help), "%.*s", (int)strcspn(h, "\n"), h);
	for (size_t i = 0; i < 2; i++)
		if (strcmp(type, tails[i].type) == 0)
			tail = tails[i].tail;
	fprintf(out, ".It Ic %s%s Pq %s\n", name, tail, type);
	folded(out, help);
	labels(out, text, name);
}

static char *
made(void)
{
	char *text = everything(), *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	ck_assert_ptr_nonnull(f);
	fprintf(f, ".Ss Families\n.Bl -tag -width Ds\n");
	for (const char *p = text; (p = strstr(p, "# TYPE ")) != NULL; p++)
		family_item(f, text, p);
	fprintf(f, ".El\n.Ss Reasons of drops\n.Bl -tag -width Ds\n");
	for (unsigned id = 0; id < C_NCOUNTERS; id++) {
		const struct counter_info *i = counter_info((enum counter)id);

		if (i->kind != K_DROP)
			continue;
		fprintf(
		    f, ".It Cm %s Pq %s\n", i->name, border_name(i->border));
		folded(f, i->help);
	}
	fprintf(f, ".El\n");
	fclose(f);
	free(text);
	return out;
}

static char *
file(const char *path)
{
	char *text, part[4096];
	size_t len, n;
	FILE *f = fopen(path, "r"), *m = open_memstream(&text, &len);

	ck_assert_msg(f != NULL, "%s", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		fwrite(part, 1, n, m);
	fclose(m);
	fclose(f);
	return text;
}

START_TEST(the_page_has_what_the_program_writes)
{
	char *page = file(PAGE), *want = made();
	char *a = strstr(page, BEGIN), *b = strstr(page, END);

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	a += strlen(BEGIN);
	if (getenv("UPDATE") != NULL) {
		FILE *f = fopen(PAGE, "w");

		ck_assert_ptr_nonnull(f);
		fprintf(f, "%.*s%s%s", (int)(a - page), page, want, b);
		fclose(f);
	} else {
		ck_assert_msg((size_t)(b - a) == strlen(want) &&
			memcmp(a, want, strlen(want)) == 0,
		    PAGE " is not what is written: UPDATE=1 makes it anew");
	}
	free(page);
	free(want);
}
END_TEST

/* Every mesh_ word of an expression is a family's, with or without its tail. */
START_TEST(alerts_use_what_there_is)
{
	char *alerts = file(ALERTS), *text = everything();
	char word[96], line[128];
	unsigned n = 0;

	for (char *p = alerts; (p = strstr(p, "mesh_")) != NULL; p++) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		bool is = false;

		snprintf(word, sizeof(word), "%.*s", (int)len, p);
		for (int tail = 0; tail < 5; tail++) {
			static const char *const tails[] = {
			    "", "_total", "_info", "_bucket", "_count"};
			size_t w = strlen(word), t = strlen(tails[tail]);

			if (w <= t || strcmp(word + w - t, tails[tail]) != 0)
				continue;
			snprintf(line, sizeof(line), "# TYPE %.*s ",
			    (int)(w - t), word);
			is = is || strstr(text, line) != NULL;
		}
		ck_assert_msg(is, "%s: %s is no metric", ALERTS, word);
		p += len;
		n++;
	}
	ck_assert_uint_ge(n, 10);
	free(alerts);
	free(text);
}
END_TEST

START_TEST(every_alert_is_explained)
{
	char *alerts = file(ALERTS), *page = file(PAGE);
	char name[64], item[96];
	unsigned n = 0;

	for (char *p = alerts; (p = strstr(p, "- alert: ")) != NULL; p++) {
		ck_assert_int_eq(sscanf(p, "- alert: %63s", name), 1);
		snprintf(item, sizeof(item), "\n.It Ic %s\n", name);
		ck_assert_msg(strstr(page, item) != NULL, "%s", name);
		n++;
	}
	for (char *p = page; (p = strstr(p, "\n.It Ic Mesh")) != NULL; p++)
		n--;
	ck_assert_uint_eq(n, 0);
	free(alerts);
	free(page);
}
END_TEST

/* An alert that names a reason which is none would be silent for ever. */
START_TEST(reasons_that_alerts_leave_out_exist)
{
	char *alerts = file(ALERTS), reason[64];
	char *p = strstr(alerts, "reason!~\"");

	ck_assert_ptr_nonnull(p);
	for (p += 9; p[-1] != '"'; p += strlen(reason) + 1) {
		bool is = false;

		snprintf(
		    reason, sizeof(reason), "%.*s", (int)strcspn(p, "|\""), p);
		for (unsigned id = 0; id < C_NCOUNTERS; id++)
			is = is ||
			    strcmp(counter_info((enum counter)id)->name,
				reason) == 0;
		ck_assert_msg(is, "%s", reason);
	}
	free(alerts);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_page_has_what_the_program_writes,
	    alerts_use_what_there_is,
	    every_alert_is_explained,
	    reasons_that_alerts_leave_out_exist,
	};

	return UNIT_RUN("metrics_doc", tests);
}
