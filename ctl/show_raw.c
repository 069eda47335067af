/* SPDX-License-Identifier: ISC */
/* file: ctl/show_raw.c */
/*
 * For scripts without a JSON parser (-H): one row a line, tabs between, no
 * head, no units but seconds and octets, "-" for nothing, nothing cut (see
 * show.h).  Columns are only ever added behind the others.
 *
 * In the status document, which has rows of several kinds, the first column
 * says which.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "feature.h"
#include "fmt.h"
#include "log.h"
#include "sandbox.h"
#include "show.h"

#define VIS_MAX 2400

struct raw {
	struct show base;
	uint64_t now_ms;
	enum show_doc doc;
};

/* Seconds since then, "-" for never. */
static const char *
seconds(char out[FMT_LEN], const struct raw *r, uint64_t then_ms)
{
	if (then_ms == 0)
		snprintf(out, FMT_LEN, "-");
	else
		fmt_count(out,
		    r->now_ms > then_ms ? (r->now_ms - then_ms) / 1000 : 0);
	return out;
}

static void
raw_head(struct show *s, const struct show_head *h)
{
	struct raw *r = (struct raw *)s;

	r->now_ms = h->now_ms;
	r->doc = h->doc;
}

static void
raw_node(struct show *s, const struct msg_node_row *m)
{
	const struct raw *r = (const struct raw *)s;
	char buf[VIS_MAX], up[FMT_LEN], p[PREFIX_STRLEN], ep[ENDPOINT_STRLEN];

	fprintf(s->f, "node\t%s\n", show_vis(buf, sizeof(buf), m->name));
	fprintf(s->f, "version\t%s\n", show_vis(buf, sizeof(buf), m->version));
	fprintf(
	    s->f, "uptime_seconds\t%s\n", seconds(up, r, m->started_unix_ms));
	fprintf(s->f, "device\t%s\n", show_vis(buf, sizeof(buf), m->device));
	fprintf(s->f, "mtu_bytes\t%u\n", (unsigned)m->mtu);
	if (m->mtu_limit != 0)
		fprintf(s->f, "mtu_limit_bytes\t%u\nmtu_peer\t%s\n",
		    (unsigned)m->mtu_limit,
		    show_vis(buf, sizeof(buf), m->mtu_peer));
	for (unsigned i = 0; i < m->naddresses; i++)
		fprintf(
		    s->f, "address\t%s\n", prefix_format(&m->address[i], p));
	for (unsigned i = 0; i < m->nlisten; i++)
		fprintf(
		    s->f, "listen\t%s\n", endpoint_format(&m->listen[i], ep));
	fprintf(s->f, "config\t%s\n", show_vis(buf, sizeof(buf), m->conf_path));
	fprintf(s->f, "reloads\t%" PRIu32 "\n", m->reloads);
	fprintf(s->f, "reload_failures\t%" PRIu32 "\n", m->reload_failures);
}

static void
raw_state(struct show *s, bool degraded)
{
	fprintf(s->f, "state\t%s\n", degraded ? "degraded" : "ok");
}

static void
raw_summary(struct show *s, const struct show_summary *m)
{
	if (m == NULL)
		return;
	fprintf(s->f,
	    "peers\ttotal\t%u\npeers\tup\t%u\npeers\tconnecting\t%u\n"
	    "peers\tdown\t%u\npeers\tidle\t%u\npeers\toff\t%u\n",
	    m->total, m->up, m->connecting, m->down, m->idle, m->off);
}

static void
raw_traffic(struct show *s, const struct show_traffic *m)
{
	if (m->has_tunnel)
		fprintf(s->f,
		    "receive_bytes\t%" PRIu64 "\ntransmit_bytes\t%" PRIu64 "\n",
		    m->in, m->out);
	if (m->has_udp)
		fprintf(s->f,
		    "udp_receive_bytes\t%" PRIu64
		    "\nudp_transmit_bytes\t%" PRIu64 "\n",
		    m->udp_in, m->udp_out);
}

static void
raw_proc(struct show *s, const struct msg_proc_row *m)
{
	const struct raw *r = (const struct raw *)s;
	char up[FMT_LEN], lacks[160], have[FEATURE_STRLEN];
	char lacking[FEATURE_STRLEN];

	sandbox_names(m->missing, lacks, sizeof(lacks));
	fprintf(s->f,
	    "process\t%s\t%s\t%" PRIu32 "\t%s\t%" PRIu32 "\t%" PRIu64
	    "\t%s\t%s\t%s\n",
	    role_name(m->role), show_proc_state(m->state), m->pid,
	    seconds(up, r, m->started_unix_ms), m->restarts,
	    (uint64_t)m->rss_kb * 1024, m->missing == 0 ? "full" : lacks,
	    feature_names(m->features, have),
	    feature_names(m->lacking, lacking));
}

static void
raw_book(struct show *s, const struct show_book *m)
{
	fprintf(s->f,
	    "packets\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	    "\t%" PRId64 "\n",
	    border_name(m->border), m->in, m->out, m->drops, m->held,
	    m->unaccounted);
}

static void
raw_drop(struct show *s, const struct show_counter *m)
{
	fprintf(s->f, "drop\t%s\t%s\t%" PRIu64 "\n", role_name(m->role),
	    m->info->name, m->value);
}

static void
raw_peer(struct show *s, const struct msg_peer_row *m)
{
	const struct raw *r = (const struct raw *)s;
	char name[VIS_MAX], ep[ENDPOINT_STRLEN] = "-", key[45];
	char shaken[FMT_LEN], seen[FMT_LEN];

	if (m->has_endpoint)
		endpoint_format(&m->endpoint, ep);
	fprintf(s->f, "%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\n",
	    show_vis(name, sizeof(name), m->name), show_peer_state(m->state),
	    ep, seconds(shaken, r, m->handshake_unix_ms), m->rx_bytes,
	    m->tx_bytes, seconds(seen, r, m->seen_unix_ms),
	    key_format(m->key, key));
}

static void
raw_detail(struct show *s, const struct msg_peer_row *m)
{
	const struct raw *r = (const struct raw *)s;
	char name[VIS_MAX], ep[ENDPOINT_STRLEN] = "-", key[45];
	char age[FMT_LEN], p[PREFIX_STRLEN];
	FILE *f = s->f;

	if (m->has_endpoint)
		endpoint_format(&m->endpoint, ep);
	fprintf(f, "name\t%s\n", show_vis(name, sizeof(name), m->name));
	fprintf(f, "state\t%s\n", show_peer_state(m->state));
	fprintf(f, "state_seconds\t%s\n", seconds(age, r, m->since_unix_ms));
	fprintf(f, "endpoint\t%s\n", ep);
	fprintf(f, "handshake_seconds\t%s\n",
	    seconds(age, r, m->handshake_unix_ms));
	fprintf(f, "handshakes\t%" PRIu32 "\n", m->handshakes);
	fprintf(f, "attempts\t%" PRIu32 "\n", m->attempts);
	fprintf(f, "rtt_microseconds\t%" PRIu32 "\n", m->rtt_us);
	fprintf(f, "mtu_bytes\t%" PRIu32 "\n", m->mtu);
	fprintf(f, "path_mtu_bytes\t%" PRIu32 "\n", m->path_mtu);
	fprintf(f, "seen_seconds\t%s\n", seconds(age, r, m->seen_unix_ms));
	fprintf(f, "receive_bytes\t%" PRIu64 "\n", m->rx_bytes);
	fprintf(f, "transmit_bytes\t%" PRIu64 "\n", m->tx_bytes);
	fprintf(f, "receive_packets\t%" PRIu64 "\n", m->rx_packets);
	fprintf(f, "transmit_packets\t%" PRIu64 "\n", m->tx_packets);
	fprintf(f, "held_packets\t%" PRIu32 "\n", m->held);
	fprintf(f, "flows\t%" PRIu32 "\n", m->flows);
	fprintf(f, "keepalive_seconds\t%u\n", (unsigned)m->keepalive_s);
	fprintf(f, "public_key\t%s\n", key_format(m->key, key));
	fprintf(f, "psk\t%s\n", m->has_psk ? "yes" : "no");
	for (unsigned i = 0; i < m->nallowed; i++)
		fprintf(f, "allowed\t%s\n", prefix_format(&m->allowed[i], p));
}

static void
raw_counter(struct show *s, const struct show_counter *m)
{
	fprintf(s->f, "%s\t%s\t%" PRIu64 "\n", role_name(m->role),
	    m->info->name, m->value);
}

static void
raw_log(struct show *s, const struct msg_log_row *m)
{
	char text[VIS_MAX];

	fprintf(s->f, "%" PRIu64 ".%03u\t%s\t%s\n", m->unix_ms / 1000,
	    (unsigned)(m->unix_ms % 1000),
	    log_level_name((enum log_level)m->level),
	    show_vis(text, sizeof(text), m->text));
}

static void
raw_text(struct show *s, const struct msg_text_row *m)
{
	char text[VIS_MAX * 4];

	fprintf(s->f, "%s\t%s\n",
	    show_severity_name((enum show_severity)m->kind),
	    show_vis(text, sizeof(text), m->text));
}

static void
raw_diag(struct show *s, const struct conf_diag *d)
{
	char file[VIS_MAX], message[VIS_MAX], hint[VIS_MAX];

	fprintf(s->f, "%s\t%u\t%u\t%s\t%s\t%s\n",
	    show_vis(file, sizeof(file), d->file), (unsigned)d->line,
	    (unsigned)d->column,
	    d->severity == CONF_ERROR ? "error" : "warning",
	    show_vis(message, sizeof(message), d->message),
	    show_vis(hint, sizeof(hint), d->hint));
}

static void
raw_field(
    struct show *s, const char *name, const char *label, const char *value)
{
	char text[VIS_MAX];

	(void)label;
	show_vis(text, sizeof(text), value == NULL ? "-" : value);
	fprintf(s->f, "%s\t%s\n", name, text);
}

static void
raw_number(struct show *s, const char *name, uint64_t n)
{
	fprintf(s->f, "%s\t%" PRIu64 "\n", name, n);
}

static void
raw_value(struct show *s, const struct show_cell *c)
{
	const struct raw *r = (const struct raw *)s;
	char text[VIS_MAX], n[FMT_LEN];

	switch (c->type) {
	case CELL_STRING:
	case CELL_LIST:
		fputs(show_vis(text, sizeof(text), c->s == NULL ? "-" : c->s),
		    s->f);
		break;
	case CELL_YES:
		fputs(c->n != 0 ? "yes" : "no", s->f);
		break;
	case CELL_AGO:
		fputs(seconds(n, r, c->n), s->f);
		break;
	case CELL_AT:
		fputs(c->n == 0 ? "-" : fmt_count(n, c->n / 1000), s->f);
		break;
	case CELL_MILLIS:
		fprintf(s->f, "%" PRIu64 ".%03u", c->n / 1000,
		    (unsigned)(c->n % 1000));
		break;
	case CELL_COUNT:
	case CELL_BYTES:
	case CELL_SECONDS:
		fputs(fmt_count(n, c->n), s->f);
		break;
	}
}

static void
raw_cell(struct show *s, const struct show_cell *c)
{
	fprintf(s->f, "%s\t", c->key);
	raw_value(s, c);
	fputc('\n', s->f);
}

/* A document with more than its rows has their kind in the first column. */
static void
raw_row(
    struct show *s, const char *array, const struct show_cell *c, unsigned n)
{
	const struct raw *r = (const struct raw *)s;

	if (r->doc != SHOW_INVITES)
		fprintf(s->f, "%s\t", array);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			fputc('\t', s->f);
		raw_value(s, &c[i]);
	}
	fputc('\n', s->f);
}

static void
raw_note(struct show *s, const struct show_note *m)
{
	const struct raw *r = (const struct raw *)s;
	char text[VIS_MAX];

	if (r->doc != SHOW_STATUS)
		return;
	fprintf(s->f, "note\t%s\t%s\t%s\n", show_severity_name(m->severity),
	    m->code, show_vis(text, sizeof(text), m->message));
}

static int
raw_tail(struct show *s)
{
	int r = fflush(s->f) == EOF || ferror(s->f) ? -1 : 0;

	free(s);
	return r;
}

static const struct show_ops ops = {
    .head = raw_head,
    .node = raw_node,
    .state = raw_state,
    .summary = raw_summary,
    .traffic = raw_traffic,
    .proc = raw_proc,
    .book = raw_book,
    .drop = raw_drop,
    .peer = raw_peer,
    .detail = raw_detail,
    .counter = raw_counter,
    .log = raw_log,
    .text = raw_text,
    .diag = raw_diag,
    .field = raw_field,
    .number = raw_number,
    .cell = raw_cell,
    .row = raw_row,
    .note = raw_note,
    .tail = raw_tail,
};

struct show *
show_raw_new(FILE *f)
{
	struct raw *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->base.ops = &ops;
	r->base.f = f;
	return &r->base;
}
