/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_qos.c */
/*
 * qos: what the classes of packets were sent and what waits, of one peer or of
 * all together.  Everybody may ask.  `meshctl peer` shows the same of its peer.
 */
#include <stdio.h>

#include "session.h"

int
qos_ask(struct session *s, const char *peer, enum row_end *end)
{
	struct msg_qos_ask m = {0};
	uint8_t body[sizeof(m.peer) + 2];
	struct wbuf w;

	snprintf(m.peer, sizeof(m.peer), "%s", peer);
	wbuf_init(&w, body, sizeof(body));
	msg_put_qos_ask(&w, &m);
	return session_ask(s, MSG_QOS_ASK, &w, end);
}

/* As in the configuration, but without the finer points of it. */
static const char *
limit_text(uint32_t kbit, char out[24])
{
	if (kbit == CONF_LIMIT_NONE)
		return "none";
	if (kbit % 1000 == 0)
		snprintf(out, 24, "%u Mbit/s", kbit / 1000);
	else
		snprintf(out, 24, "%u Kbit/s", kbit);
	return out;
}

void
qos_rows(struct show *o, const struct snapshot *s)
{
	for (size_t i = 0; i < s->nqos; i++) {
		const struct msg_qos_row *m = &s->qos[i];
		char limit[24];
		const struct show_cell cells[] = {
		    {.key = "class", .head = "CLASS", .s = m->name},
		    {.key = "weight",
			.head = "WEIGHT",
			.type = CELL_COUNT,
			.n = m->weight},
		    {.key = "limit",
			.head = "LIMIT",
			.s = limit_text(m->limit_kbit, limit)},
		    {.key = "waiting_packets",
			.head = "WAITING",
			.type = CELL_COUNT,
			.n = m->waiting},
		    {.key = "queue",
			.head = "OF",
			.type = CELL_COUNT,
			.n = m->queue},
		    {.key = "tx_packets_total",
			.head = "PACKETS",
			.type = CELL_COUNT,
			.n = m->tx_packets},
		    {.key = "tx_bytes_total",
			.head = "BYTES",
			.type = CELL_BYTES,
			.n = m->tx_bytes},
		    {.key = "dropped_packets_total",
			.head = "DROPPED",
			.type = CELL_COUNT,
			.n = m->dropped},
		};

		o->ops->row(
		    o, "classes", cells, sizeof(cells) / sizeof(cells[0]));
	}
}

static int
show(const struct call *c, const struct snapshot *s)
{
	struct show *o =
	    report_begin(c, SHOW_QOS, s->has_node ? s->node.name : NULL);

	if (o == NULL)
		return EXIT_BAD;
	qos_rows(o, s);
	if (s->nqos == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "",
		    "Nothing is shaped: qos { enable yes } switches it on.");
	return report_end(c, o, EXIT_FINE);
}

int
verb_qos(const struct call *c)
{
	const char *peer = c->argc == 0 ? "" : c->argv[0];
	const struct complaint unknown = {.exit_status = EXIT_BAD,
	    .code = "unknown_peer",
	    .hint = {"meshctl peers"}};
	enum row_end end = END_OK;
	struct session s;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = qos_ask(&s, peer, &end);
	if (code == EXIT_FINE && end == END_UNKNOWN)
		code = report_error(c, &unknown, "no peer \"%s\"", peer);
	else if (code == EXIT_FINE && end != END_OK)
		code = session_failed(&s, end);
	if (code == EXIT_FINE)
		code = show(c, &s.snap);
	session_close(&s);
	return code;
}
