/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_rules.c */
/*
 * meshctl rules: what the filter of p2p-engine does, a rule a row, in the
 * order in which it reads them.
 */
#include <stdio.h>

#include "session.h"

static void
show_rules(struct show *o, const struct snapshot *s)
{
	for (size_t i = 0; i < s->nrules; i++) {
		const struct msg_rule_row *r = &s->rule[i];
		char no[8];

		snprintf(no, sizeof(no), "%u", (unsigned)r->no);
		const struct show_cell cells[] = {
		    {.key = "number",
			.head = "NO",
			.s = r->no == 0 ? NULL : no},
		    {.key = "judged_total",
			.head = "JUDGED",
			.type = CELL_COUNT,
			.n = r->judged},
		    {.key = "packets_total",
			.head = "PACKETS",
			.type = CELL_COUNT,
			.n = r->packets},
		    {.key = "bytes_total",
			.head = "BYTES",
			.type = CELL_BYTES,
			.n = r->bytes},
		    {.key = "rule", .head = "RULE", .s = r->text},
		};

		o->ops->row(
		    o, "rules", cells, sizeof(cells) / sizeof(cells[0]));
	}
}

int
verb_rules(const struct call *c)
{
	struct session s;
	struct show *o;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = session_get(&s, MSG_RULES_ASK);
	if (code == EXIT_FINE) {
		o = report_begin(c, SHOW_RULES, NULL);
		code = EXIT_BAD;
		if (o != NULL) {
			show_rules(o, &s.snap);
			code = report_end(c, o, EXIT_FINE);
		}
	}
	session_close(&s);
	return code;
}
