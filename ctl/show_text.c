/* SPDX-License-Identifier: ISC */
/* file: ctl/show_text.c */
/*
 * For people: 80 columns, a unit at every number, colour only on request (see
 * show.h).  Rows of one kind become a table when a row of another kind, or the
 * tail, comes; tables are set apart by an empty line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "fmt.h"
#include "grid.h"
#include "log.h"
#include "sandbox.h"
#include "show.h"
#include "show_text.h"

/* clang-format off */
#define LEFT(head) { head, false, 0, false }
#define CUT(head, to) { head, false, to, false }
#define RIGHT(head) { head, true, 0, false }
static const struct grid_col proc_cols[] = {
	LEFT("PROCESS"), LEFT("STATE"), RIGHT("PID"), RIGHT("UP"),
	RIGHT("RESTARTS"), { "MEMORY", true, 0, true }, CUT("SANDBOX", 7),
};
static const struct grid_col fast_cols[] = {
	LEFT("FAST PATH"), CUT("HAS", 20), CUT("LACKS", 10),
};
static const struct grid_col book_cols[] = {
	LEFT("PACKETS"), RIGHT("IN"), RIGHT("OUT"), RIGHT("DROPPED"),
	RIGHT("HELD"), RIGHT("UNACCOUNTED"),
};
static const struct grid_col drop_cols[] = {
	RIGHT("DROPPED"), LEFT("REASON"), CUT("MEANING", 20),
};
static const struct grid_col peer_cols[] = {
	CUT("NAME", 8), LEFT("STATE"), CUT("ENDPOINT", 12),
	RIGHT("HANDSHAKE"), RIGHT("IN"), RIGHT("OUT"), RIGHT("SEEN"),
};
static const struct grid_col counter_cols[] = {
	LEFT("PROCESS"), LEFT("COUNTER"), RIGHT("VALUE"), CUT("MEANING", 16),
};
/* clang-format on */

/* ---- tables ---- */

/* Under the books: what they come to. */
static void
say_balance(struct text *t)
{
	enum paint p = t->lost ? PAINT_BAD : PAINT_GOOD;

	fprintf(t->base.f, "%s%s%s\n", paint_on(p, t->colour),
	    t->lost ? "packets are missing" : "0 unaccounted",
	    paint_off(p, t->colour));
}

void
show_text_flush(struct text *t)
{
	if (t->grid == NULL)
		return;
	if (t->begun)
		fputc('\n', t->base.f);
	grid_print(t->grid, t->base.f, LINE_MAX_COLS, t->colour);
	if (t->cols == book_cols)
		say_balance(t);
	grid_free(t->grid);
	t->grid = NULL;
	t->cols = NULL;
	t->begun = true;
	if (t->fast != NULL) {
		t->grid = t->fast;
		t->fast = NULL;
		show_text_flush(t);
	}
}

void
show_text_add(struct text *t, const struct grid_col *cols, size_t ncols,
    const char *const cells[], enum paint paint)
{
	if (t->cols != cols) {
		show_text_flush(t);
		t->grid = grid_new(cols, ncols);
		t->cols = cols;
	}
	if (t->grid != NULL)
		(void)grid_add(t->grid, cells, paint);
}
#define ADD_ROW(t, cols, cells, paint)                                         \
	show_text_add(t, cols, sizeof(cols) / sizeof(cols[0]), cells, paint)

/* ---- lines ---- */

FILE *
show_text_line(struct text *t, const char *label)
{
	show_text_flush(t);
	t->begun = true;
	fprintf(t->base.f, "%-*s", LABEL_WIDTH, label);
	return t->base.f;
}

/* Words behind one label, wrapped before column 80. */
struct words {
	FILE *f;
	unsigned indent, col;
	bool first;
};

static void
words_begin(struct words *w, FILE *f, unsigned col)
{
	*w = (struct words){.f = f, .indent = col, .col = col, .first = true};
}

static void
words_add(struct words *w, const char *word, size_t len, const char *gap)
{
	size_t more = len + (w->first ? 0 : strlen(gap));

	if (!w->first && w->col + more > LINE_MAX_COLS - 1) {
		/* the comma stays, the blank goes */
		fprintf(w->f, "%.*s\n%*s", (int)strcspn(gap, " "), gap,
		    (int)w->indent, "");
		w->col = w->indent;
		more = len;
	} else if (!w->first) {
		fputs(gap, w->f);
	}
	fprintf(w->f, "%.*s", (int)len, word);
	w->col += (unsigned)more;
	w->first = false;
}

static void
words_text(struct words *w, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (len > 0)
			words_add(w, text, len, " ");
		text += len;
		text += strspn(text, " ");
	}
}

static void
prefixes(struct text *t, const char *label, const struct prefix *p, unsigned n)
{
	char buf[PREFIX_STRLEN];
	struct words w;

	words_begin(&w, show_text_line(t, label), LABEL_WIDTH);
	if (n == 0)
		words_add(&w, "-", 1, "");
	for (unsigned i = 0; i < n; i++) {
		prefix_format(&p[i], buf);
		words_add(&w, buf, strlen(buf), ", ");
	}
	fputc('\n', w.f);
}

/* ---- the node ---- */

static void
text_head(struct show *s, const struct show_head *h)
{
	struct text *t = (struct text *)s;

	t->now_ms = h->now_ms;
}

static void
text_offload(struct text *t, const struct msg_node_row *m)
{
	FILE *f = t->base.f;
	char peer[VIS_MAX];

	fprintf(f, ", mtu %u B", (unsigned)m->mtu);
	if (m->mtu_limit != 0)
		fprintf(f, " (%s%s, at most %u)",
		    m->mtu_peer[0] == '\0' ? "auto" : "as the path to ",
		    show_vis(peer, sizeof(peer), m->mtu_peer),
		    (unsigned)m->mtu_limit);
	fprintf(f, ", offload");
	if (m->offload == 0)
		fprintf(f, " none");
	for (unsigned bit = 1; show_offload_name(bit) != NULL; bit <<= 1)
		if (m->offload & bit)
			fprintf(f, " %s", show_offload_name(bit));
	fputc('\n', f);
}

static void
text_node(struct show *s, const struct msg_node_row *m)
{
	struct text *t = (struct text *)s;
	char name[VIS_MAX], buf[VIS_MAX], up[FMT_LEN], at[FMT_LEN];
	char ep[ENDPOINT_STRLEN];
	struct words w;

	show_text_flush(t);
	t->begun = true;
	fprintf(s->f, "%s   up %s   mesh %s\n",
	    show_vis(name, sizeof(name), m->name),
	    fmt_age(up, t->now_ms, m->started_unix_ms),
	    show_vis(buf, sizeof(buf), m->version));
	prefixes(t, "addresses", m->address, m->naddresses);
	fprintf(show_text_line(t, "device"), "%s",
	    show_vis(buf, sizeof(buf), m->device));
	text_offload(t, m);
	words_begin(&w, show_text_line(t, "listen"), LABEL_WIDTH);
	if (m->nlisten == 0)
		words_add(&w, "-", 1, "");
	for (unsigned i = 0; i < m->nlisten; i++) {
		endpoint_format(&m->listen[i], ep);
		words_add(&w, ep, strlen(ep), ", ");
	}
	fputc('\n', s->f);
	fprintf(show_text_line(t, "config"), "%s\n",
	    show_vis(buf, sizeof(buf), m->conf_path));
	fprintf(show_text_line(t, "loaded"),
	    "%s, %" PRIu32 " reloads, %" PRIu32 " failed\n",
	    fmt_local(at, m->loaded_unix_ms), m->reloads, m->reload_failures);
}

static void
text_state(struct show *s, bool degraded)
{
	struct text *t = (struct text *)s;
	enum paint p = degraded ? PAINT_BAD : PAINT_GOOD;

	fprintf(show_text_line(t, "state"), "%s%s%s\n", paint_on(p, t->colour),
	    degraded ? "degraded" : "ok", paint_off(p, t->colour));
}

static void
text_summary(struct show *s, const struct show_summary *m)
{
	FILE *f = show_text_line((struct text *)s, "peers");

	if (m == NULL) {
		fprintf(f, "not known\n");
		return;
	}
	fprintf(f, "%u up, %u down, %u idle", m->up, m->down, m->idle);
	if (m->connecting > 0)
		fprintf(f, ", %u connecting", m->connecting);
	if (m->off > 0)
		fprintf(f, ", %u off", m->off);
	fputc('\n', f);
}

static void
text_traffic(struct show *s, const struct show_traffic *m)
{
	char in[FMT_LEN], out[FMT_LEN];

	if (m->has_tunnel)
		fprintf(show_text_line((struct text *)s, "traffic"),
		    "in %s, out %s\n", fmt_bytes(in, m->in),
		    fmt_bytes(out, m->out));
	if (m->has_udp)
		fprintf(show_text_line((struct text *)s, "network"),
		    "in %s, out %s\n", fmt_bytes(in, m->udp_in),
		    fmt_bytes(out, m->udp_out));
}

static void
text_fast(struct text *t, const struct msg_proc_row *m)
{
	char has[FEATURE_STRLEN], lacks[FEATURE_STRLEN];
	const char *cells[] = {role_name(m->role),
	    feature_names(m->features, has), feature_names(m->lacking, lacks)};

	if (t->fast == NULL)
		t->fast = grid_new(
		    fast_cols, sizeof(fast_cols) / sizeof(fast_cols[0]));
	if (t->fast != NULL)
		(void)grid_add(t->fast, cells, PAINT_NONE);
}

static void
text_proc(struct show *s, const struct msg_proc_row *m)
{
	struct text *t = (struct text *)s;
	char pid[FMT_LEN], up[FMT_LEN], restarts[FMT_LEN], mem[FMT_LEN];
	char lacks[160] = "no ";
	const char *cells[] = {role_name(m->role), show_proc_state(m->state),
	    fmt_count(pid, m->pid), up, fmt_count(restarts, m->restarts), mem,
	    lacks};
	bool alive = m->state == PROC_UP;

	snprintf(mem, sizeof(mem), "-");
	snprintf(up, sizeof(up), "-");
	if (m->rss_kb != 0)
		fmt_bytes(mem, (uint64_t)m->rss_kb * 1024);
	if (alive)
		fmt_age(up, t->now_ms, m->started_unix_ms);
	if (m->pid == 0)
		snprintf(pid, sizeof(pid), "-");
	if (!alive)
		snprintf(lacks, sizeof(lacks), "-");
	else if (m->missing == 0)
		snprintf(lacks, sizeof(lacks), "full");
	else
		sandbox_names(m->missing, lacks + 3, sizeof(lacks) - 3);
	ADD_ROW(t, proc_cols, cells, alive ? PAINT_GOOD : PAINT_BAD);
	if ((m->features | m->lacking) != 0)
		text_fast(t, m);
}

static void
text_book(struct show *s, const struct show_book *m)
{
	struct text *t = (struct text *)s;
	char in[FMT_LEN], out[FMT_LEN], drops[FMT_LEN], held[FMT_LEN];
	char rest[FMT_LEN];
	const char *cells[] = {border_name(m->border), fmt_count(in, m->in),
	    fmt_count(out, m->out), fmt_count(drops, m->drops),
	    fmt_count(held, m->held), rest};

	snprintf(rest, sizeof(rest), "%" PRId64, m->unaccounted);
	ADD_ROW(t, book_cols, cells, PAINT_NONE);
	if (m->unaccounted != 0)
		t->lost = true;
}

static void
text_drop(struct show *s, const struct show_counter *m)
{
	char n[FMT_LEN];
	const char *cells[] = {
	    fmt_count(n, m->value), m->info->name, m->info->help};

	ADD_ROW((struct text *)s, drop_cols, cells, PAINT_NONE);
}

/* ---- peers ---- */

static enum paint
peer_paint(enum peer_view v)
{
	switch (v) {
	case PV_UP:
		return PAINT_GOOD;
	case PV_LOOKUP:
	case PV_HANDSHAKE:
		return PAINT_WARN;
	case PV_WAIT:
		return PAINT_BAD;
	case PV_IDLE:
	case PV_OFF:
		break;
	}
	return PAINT_NONE;
}

static void
text_peer(struct show *s, const struct msg_peer_row *m)
{
	struct text *t = (struct text *)s;
	char name[VIS_MAX], ep[ENDPOINT_STRLEN] = "-";
	char shaken[FMT_LEN], in[FMT_LEN], out[FMT_LEN], seen[FMT_LEN];
	const char *cells[] = {show_vis(name, sizeof(name), m->name),
	    show_peer_state(m->state), ep,
	    fmt_age(shaken, t->now_ms, m->handshake_unix_ms),
	    fmt_bytes(in, m->rx_bytes), fmt_bytes(out, m->tx_bytes),
	    fmt_age(seen, t->now_ms, m->seen_unix_ms)};

	if (m->has_endpoint)
		endpoint_format(&m->endpoint, ep);
	ADD_ROW(t, peer_cols, cells, peer_paint(m->state));
}

static void
detail_times(struct text *t, const struct msg_peer_row *m)
{
	char a[FMT_LEN], rtt[FMT_LEN];
	FILE *f;

	f = show_text_line(t, "handshake");
	if (m->handshake_unix_ms == 0)
		fprintf(f, "none yet");
	else
		fprintf(f, "%s ago, %" PRIu32 " so far",
		    fmt_age(a, t->now_ms, m->handshake_unix_ms), m->handshakes);
	if (m->rtt_us != 0)
		fprintf(f, ", round trip %s", fmt_us(rtt, m->rtt_us));
	if (m->attempts != 0)
		fprintf(f, ", try %" PRIu32 " of the next", m->attempts);
	fprintf(f, "\n");
	f = show_text_line(t, "seen");
	if (m->seen_unix_ms == 0)
		fprintf(f, "never\n");
	else
		fprintf(f, "%s ago\n", fmt_age(a, t->now_ms, m->seen_unix_ms));
}

static void
text_detail(struct show *s, const struct msg_peer_row *m)
{
	struct text *t = (struct text *)s;
	char name[VIS_MAX], ep[ENDPOINT_STRLEN] = "-", key[45];
	char a[FMT_LEN], b[FMT_LEN];
	enum paint p = peer_paint(m->state);
	FILE *f;

	if (m->has_endpoint)
		endpoint_format(&m->endpoint, ep);
	fprintf(s->f, "%s\n", show_vis(name, sizeof(name), m->name));
	fprintf(show_text_line(t, "state"), "%s%s%s for %s\n",
	    paint_on(p, t->colour), show_peer_state(m->state),
	    paint_off(p, t->colour), fmt_age(a, t->now_ms, m->since_unix_ms));
	fprintf(show_text_line(t, "endpoint"), "%s\n", ep);
	detail_times(t, m);
	fprintf(show_text_line(t, "traffic"), "in %s, out %s\n",
	    fmt_bytes(a, m->rx_bytes), fmt_bytes(b, m->tx_bytes));
	fprintf(show_text_line(t, "packets"),
	    "in %" PRIu64 ", out %" PRIu64 ", %" PRIu32 " waiting, %" PRIu32
	    " flows\n",
	    m->rx_packets, m->tx_packets, m->held, m->flows);
	f = show_text_line(t, "mtu");
	fprintf(f, "%" PRIu32, m->mtu);
	if (m->path_mtu != 0)
		fprintf(f, ", the path takes %" PRIu32, m->path_mtu);
	fprintf(f, "\n");
	if (m->keepalive_s == 0)
		fprintf(show_text_line(t, "keepalive"), "off\n");
	else
		fprintf(show_text_line(t, "keepalive"), "every %u s\n",
		    (unsigned)m->keepalive_s);
	fprintf(show_text_line(t, "key"), "%s\n", key_format(m->key, key));
	fprintf(show_text_line(t, "psk"), "%s\n", m->has_psk ? "yes" : "no");
	prefixes(t, "allowed", m->allowed, m->nallowed);
}

/* ---- the other documents ---- */

static void
text_counter(struct show *s, const struct show_counter *m)
{
	char n[FMT_LEN];
	const char *cells[] = {role_name(m->role), m->info->name,
	    fmt_count(n, m->value), m->info->help};

	ADD_ROW((struct text *)s, counter_cols, cells, PAINT_NONE);
}

static void
text_log(struct show *s, const struct msg_log_row *m)
{
	char at[FMT_LEN], text[VIS_MAX];

	fprintf(s->f, "%s %-7s %s\n", fmt_local(at, m->unix_ms),
	    log_level_name((enum log_level)m->level),
	    show_vis(text, sizeof(text), m->text));
}

/* A diagnostic has several lines; only they may begin one. */
static void
text_text(struct show *s, const struct msg_text_row *m)
{
	char one[sizeof(m->text)], text[VIS_MAX * 4];
	const char *p = m->text;

	for (;;) {
		size_t len = strcspn(p, "\n");

		memcpy(one, p, len);
		one[len] = '\0';
		fprintf(s->f, "%s\n", show_vis(text, sizeof(text), one));
		if (p[len] == '\0' || p[len + 1] == '\0')
			return;
		p += len + 1;
	}
}

static void
text_diag(struct show *s, const struct conf_diag *d)
{
	conf_diag_print(s->f, d);
}

static void
text_field(
    struct show *s, const char *name, const char *label, const char *value)
{
	char text[VIS_MAX];

	(void)name;
	if (label == NULL)
		return;
	if (value == NULL)
		value = "-";
	show_vis(text, sizeof(text), value);
	if (label[0] == '\0')
		fprintf(s->f, "%s\n", text);
	else
		fprintf(show_text_line((struct text *)s, label), "%s\n", text);
}

static void
text_number(struct show *s, const char *name, uint64_t n)
{
	(void)s;
	(void)name;
	(void)n;
}

static void
text_note(struct show *s, const struct show_note *m)
{
	struct text *t = (struct text *)s;
	enum paint p = m->severity == SHOW_ERROR ? PAINT_BAD : PAINT_WARN;
	char text[VIS_MAX];
	struct words w;

	if (t->grid != NULL) { /* the first note */
		show_text_flush(t);
		fputc('\n', s->f);
	}
	fprintf(
	    s->f, "%s!%s ", paint_on(p, t->colour), paint_off(p, t->colour));
	words_begin(&w, s->f, 2);
	words_text(&w, show_vis(text, sizeof(text), m->message));
	if (m->hint[0] != '\0')
		words_add(&w, m->hint, strlen(m->hint), ".  ");
	fputc('\n', s->f);
}

static int
text_tail(struct show *s)
{
	struct text *t = (struct text *)s;
	int r;

	show_text_flush(t);
	r = fflush(s->f) == EOF || ferror(s->f) ? -1 : 0;
	free(t);
	return r;
}

static const struct show_ops ops = {
    .head = text_head,
    .node = text_node,
    .state = text_state,
    .summary = text_summary,
    .traffic = text_traffic,
    .proc = text_proc,
    .book = text_book,
    .drop = text_drop,
    .peer = text_peer,
    .detail = text_detail,
    .counter = text_counter,
    .log = text_log,
    .text = text_text,
    .diag = text_diag,
    .field = text_field,
    .number = text_number,
    .cell = show_text_cell,
    .row = show_text_row,
    .note = text_note,
    .tail = text_tail,
};

struct show *
show_text_new(FILE *f, bool colour)
{
	struct text *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->base.ops = &ops;
	t->base.f = f;
	t->colour = colour;
	return &t->base;
}

void
show_text_error(FILE *f, const struct show_error *e)
{
	static const char *const label[] = {"fix", "or"};
	char text[VIS_MAX];

	fprintf(f, "meshctl: %s\n", show_vis(text, sizeof(text), e->message));
	if (e->detail[0] != '\0')
		fprintf(f, "  %-7s %s\n", "detail",
		    show_vis(text, sizeof(text), e->detail));
	for (int i = 0; i < 2; i++)
		if (e->hint[i][0] != '\0')
			fprintf(f, "  %-7s %s\n", label[i], e->hint[i]);
}
