/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_stream.c */
/*
 * streams and flows: what a peer's packets travel on, and which connection
 * takes which.  Everybody may see streams; connections say who talks to whom,
 * and are for those who may use the control socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static const char *
state_name(uint8_t state)
{
	/* enum stream_state of the engine */
	static const char *const names[] = {"free", "asked", "dialing", "live",
	    "moving", "lingering", "spreading", "faltering", "sick"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void
show_stream(struct show *o, const struct msg_stream_row *m)
{
	char ep[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "peer", .head = "PEER", .s = m->peer},
	    {.key = "stream",
		.head = "STREAM",
		.type = CELL_COUNT,
		.n = m->place},
	    {.key = "state", .head = "STATE", .s = state_name(m->state)},
	    {.key = "opener", .head = "BY", .s = m->mine ? "us" : "peer"},
	    {.key = "endpoint",
		.head = "ENDPOINT",
		.s = endpoint_format(&m->ep, ep)},
	    {.key = "socket", .type = CELL_COUNT, .n = m->socket},
	    {.key = "rtt_us",
		.head = "RTT us",
		.type = CELL_COUNT,
		.n = m->rtt_us},
	    {.key = "loss_per_mille", .type = CELL_COUNT, .n = m->loss_pm},
	    {.key = "held", .head = "HELD", .type = CELL_COUNT, .n = m->held},
	    {.key = "since",
		.head = "SINCE",
		.type = CELL_AGO,
		.n = m->since_unix_ms},
	    {.key = "receive_bytes",
		.head = "IN",
		.type = CELL_BYTES,
		.n = m->rx_bytes},
	    {.key = "transmit_bytes",
		.head = "OUT",
		.type = CELL_BYTES,
		.n = m->tx_bytes},
	    {.key = "receive_packets", .type = CELL_COUNT, .n = m->rx_packets},
	    {.key = "transmit_packets", .type = CELL_COUNT, .n = m->tx_packets},
	};

	o->ops->row(o, "streams", cells, sizeof(cells) / sizeof(cells[0]));
}

static void
show_flow(struct show *o, const struct msg_flow_row *m)
{
	char src[ENDPOINT_STRLEN], dst[ENDPOINT_STRLEN], proto[8];
	const struct endpoint from = {.addr = m->src, .port = m->sport};
	const struct endpoint to = {.addr = m->dst, .port = m->dport};
	const struct show_cell cells[] = {
	    {.key = "peer", .head = "PEER", .s = m->peer},
	    {.key = "stream",
		.head = "STREAM",
		.type = CELL_COUNT,
		.n = m->stream},
	    {.key = "protocol",
		.head = "PROTO",
		.s = m->proto == 6   ? "tcp"
		    : m->proto == 17 ? "udp"
		    : m->proto == 1  ? "icmp"
		    : m->proto == 58 ? "icmp6"
				     : proto},
	    {.key = "from", .head = "FROM", .s = endpoint_format(&from, src)},
	    {.key = "to", .head = "TO", .s = endpoint_format(&to, dst)},
	    {.key = "idle_seconds",
		.head = "IDLE",
		.type = CELL_MILLIS,
		.n = m->idle_ms},
	    {.key = "packets",
		.head = "PACKETS",
		.type = CELL_COUNT,
		.n = m->packets},
	    {.key = "bytes",
		.head = "BYTES",
		.type = CELL_BYTES,
		.n = m->bytes},
	};

	snprintf(proto, sizeof(proto), "%u", m->proto);
	o->ops->row(o, "flows", cells, sizeof(cells) / sizeof(cells[0]));
}

static int
by_peer_and_place(const void *a, const void *b)
{
	const struct msg_stream_row *x = a, *y = b;
	int r = strcmp(x->peer, y->peer);

	return r != 0 ? r : x->place - y->place;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct msg_flow_row *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* Ask, gather; EXIT_FINE or it has been reported. */
static int
get(struct session *s, const struct call *c, enum session_need need,
    enum msg_type ask)
{
	int code = session_open(s, c, need);

	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(s, MSG_STATUS_ASK);
	return code == EXIT_FINE ? session_get(s, ask) : code;
}

int
verb_streams(const struct call *c)
{
	struct session s;
	int code = get(&s, c, SESSION_LOOK, MSG_STREAMS_ASK);
	struct snapshot *n = &s.snap;
	struct show *o;

	if (code == EXIT_FINE) {
		o = report_begin(
		    c, SHOW_STREAMS, n->has_node ? n->node.name : NULL);
		if (n->nstreams > 1)
			qsort(n->stream, n->nstreams, sizeof(*n->stream),
			    by_peer_and_place);
		for (size_t i = 0; o != NULL && i < n->nstreams; i++)
			show_stream(o, &n->stream[i]);
		if (o != NULL && n->nstreams == 0 && c->form == FORM_TEXT)
			o->ops->field(o, "hint", "",
			    "No peer has a session that streams can be beside "
			    "of.");
		code = o == NULL ? EXIT_BAD : report_end(c, o, EXIT_FINE);
	}
	session_close(&s);
	return code;
}

int
verb_flows(const struct call *c)
{
	struct session s;
	int code = get(&s, c, SESSION_ACT, MSG_FLOWS_ASK);
	struct snapshot *n = &s.snap;
	struct show *o;

	if (code == EXIT_FINE) {
		o = report_begin(
		    c, SHOW_FLOWS, n->has_node ? n->node.name : NULL);
		if (n->nflows > 1)
			qsort(n->flow, n->nflows, sizeof(*n->flow), by_bytes);
		for (size_t i = 0; o != NULL && i < n->nflows; i++)
			show_flow(o, &n->flow[i]);
		if (o != NULL && n->nflows == 0 && c->form == FORM_TEXT)
			o->ops->field(o, "hint", "", "No connections.");
		code = o == NULL ? EXIT_BAD : report_end(c, o, EXIT_FINE);
	}
	session_close(&s);
	return code;
}
