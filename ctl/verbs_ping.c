/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_ping.c */
/*
 * ping: is a peer there, and how far?  One question to the engine for each
 * probe; the engine's answer says what became of it.
 *
 * The probe goes by the session, beside the tunnel: neither routes, nor the
 * filter, nor the other host have a say.  A peer of the configuration may be
 * any WireGuard, which answers no probes; then what is known of it without
 * one is shown, and that it is no ping.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "fmt.h"
#include "request.h"
#include "session.h"
#include "pingsum.h"

#define PINGS 4
#define INTERVAL_MS 1000
#define INTERVAL_LEAST_MS 100
#define INTERVAL_MOST_MS 3600000
#define WAIT_MS 1000
#define WAIT_LEAST_MS 10
#define WAIT_MORE_MS 5000 /* for control to say that nothing came */

struct ping {
	const struct call *call;
	struct session s;
	const char *name;
	uint32_t count, interval_ms, wait_ms;
	struct pingsum sum;
	struct show *json; /* what came so far; NULL: nothing, or lines */
	struct msg_echo_row row;
	bool has_row;
};

/* ---- Ctrl-C: it only ends the waiting, and what came is summed up ---- */

static void
on_interrupt(int sig)
{
	(void)sig;
}

static void
interrupts_wait(sigset_t *was)
{
	struct sigaction sa = {.sa_handler = on_interrupt};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, was);
	(void)sigaction(SIGINT, &sa, NULL);
}

static bool
is_interrupted(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, SIGINT) == 1;
}

/* false: that was it. */
static bool
pause_until(uint64_t due_ms, const sigset_t *open)
{
	uint64_t now = clock_mono_ms(), ms = due_ms > now ? due_ms - now : 0;
	const struct timespec ts = {.tv_sec = (time_t)(ms / 1000),
	    .tv_nsec = (long)(ms % 1000) * 1000000};

	return ppoll(NULL, 0, &ts, open) == 0;
}

/* ---- one question ---- */

static int
take(void *ctx, const struct ipc_frame *f)
{
	struct ping *p = ctx;
	struct rbuf r;

	if (f->type != MSG_ECHO_ROW)
		return snapshot_take(&p->s.snap, f);
	rbuf_init(&r, f->body, f->len);
	p->has_row = msg_get_echo_row(&r, &p->row) == 0;
	return p->has_row ? 0 : -1;
}

static enum request_result
ask(struct ping *p, enum row_end *end)
{
	struct msg_echo_ask m = {.wait_ms = p->wait_ms};
	uint8_t body[80];
	struct question q = {.ask = MSG_ECHO_ASK,
	    .body = body,
	    .timeout_ms = p->wait_ms + WAIT_MORE_MS,
	    .row = take,
	    .ctx = p};
	struct wbuf w;

	snprintf(m.name, sizeof(m.name), "%s", p->name);
	wbuf_init(&w, body, sizeof(body));
	msg_put_echo_ask(&w, &m);
	q.len = w.len;
	p->has_row = false;
	return request_ask(p->s.request, &q, end);
}

/* ---- what came of it ---- */

static const char *
result_name(enum echo_result r)
{
	static const char *const names[] = {
	    [ECHO_ANSWERED] = "answered",
	    [ECHO_LATE] = "no_answer",
	    [ECHO_DOWN] = "no_session",
	    [ECHO_OFF] = "off",
	    [ECHO_DEAF] = "not_measurable",
	    [ECHO_BUSY] = "busy",
	};

	return names[r];
}

static void
say_json(struct ping *p, uint32_t seq)
{
	const struct msg_echo_row *m = &p->row;
	char place[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "seq", .type = CELL_COUNT, .n = seq},
	    {.key = "result", .s = result_name(m->result)},
	    {.key = "place",
		.s = m->has_place ? endpoint_format(&m->place, place) : NULL},
	    {.key = "rtt_us",
		.type = CELL_COUNT,
		.n = m->result == ECHO_ANSWERED ? m->rtt_us : 0},
	};

	if (p->json == NULL)
		p->json = report_begin(p->call, SHOW_PING,
		    p->s.snap.has_node ? p->s.snap.node.name : NULL);
	if (p->json == NULL)
		return;
	p->json->ops->row(
	    p->json, "replies", cells, sizeof(cells) / sizeof(cells[0]));
}

static void
say(struct ping *p, uint32_t seq)
{
	const struct msg_echo_row *m = &p->row;
	char place[ENDPOINT_STRLEN] = "-", name[256];

	if (p->call->form == FORM_JSON) {
		say_json(p, seq);
		return;
	}
	if (m->has_place)
		endpoint_format(&m->place, place);
	show_vis(name, sizeof(name), p->name);
	if (p->call->form == FORM_RAW)
		printf("%" PRIu32 "\t%s\t%s\t%.6f\n", seq,
		    result_name(m->result), place, m->rtt_us / 1e6);
	else if (m->result == ECHO_ANSWERED)
		printf("reply from %s %s: seq=%" PRIu32 " time=%.3f ms\n", name,
		    place, seq, m->rtt_us / 1e3);
	else if (m->result == ECHO_LATE)
		printf("no answer from %s %s: seq=%" PRIu32 "\n", name, place,
		    seq);
	else if (m->result == ECHO_DOWN)
		printf("no session with %s: seq=%" PRIu32 "; meshctl why %s\n",
		    name, seq, name);
	else
		printf("too many pings at a time: seq=%" PRIu32 "\n", seq);
	fflush(stdout);
}

/* ---- who can't be pinged ---- */

static const char *
age(char out[FMT_LEN], uint64_t then_ms)
{
	return then_ms == 0 ? "never" : fmt_age(out, clock_unix_ms(), then_ms);
}

/* Its address inside, for ping(8); "" if there is none. */
static void
inner_address(struct ping *p, char out[ADDR_STRLEN])
{
	uint8_t body[66];
	enum row_end end;
	struct wbuf w;

	out[0] = '\0';
	wbuf_init(&w, body, sizeof(body));
	wbuf_str(&w, p->name);
	if (session_ask(&p->s, MSG_PEERS_ASK, &w, &end) == EXIT_FINE &&
	    p->s.snap.npeers > 0 && p->s.snap.peer[0].nallowed > 0)
		addr_format(&p->s.snap.peer[0].allowed[0].addr, out);
}

static void
say_deaf(struct ping *p)
{
	const struct msg_echo_row *m = &p->row;
	char seen[FMT_LEN], hs[FMT_LEN], rtt[FMT_LEN], at[ADDR_STRLEN];

	if (p->call->form != FORM_TEXT) {
		say(p, 1);
		return;
	}
	printf("%s is a peer of the configuration, or does not know probes: "
	       "it can't be pinged\nhere, and nothing was sent.\n",
	    p->name);
	printf("  last heard      %s\n", age(seen, m->seen_unix_ms));
	printf("  last handshake  %s", age(hs, m->handshake_unix_ms));
	if (m->rtt_us != 0)
		printf(", answered in %s", fmt_us(rtt, m->rtt_us));
	inner_address(p, at);
	printf("\n  instead         ping %s (through the tunnel)\n",
	    at[0] == '\0' ? "ADDRESS" : at);
}

/* ---- the sum ---- */

static void
sum_cells(const struct ping *p)
{
	const struct pingsum *t = &p->sum;
	const struct msg_echo_row *m = &p->row;
	const struct show_cell cells[] = {
	    {.key = "peer", .s = p->name},
	    {.key = "sent", .type = CELL_COUNT, .n = t->sent},
	    {.key = "received", .type = CELL_COUNT, .n = t->received},
	    {.key = "lost_per_mille",
		.type = CELL_COUNT,
		.n = pingsum_lost_pm(t)},
	    {.key = "min_us", .type = CELL_COUNT, .n = t->min_us},
	    {.key = "avg_us", .type = CELL_COUNT, .n = pingsum_avg_us(t)},
	    {.key = "max_us", .type = CELL_COUNT, .n = t->max_us},
	    {.key = "last_seen_at", .type = CELL_AT, .n = m->seen_unix_ms},
	    {.key = "last_handshake_at",
		.type = CELL_AT,
		.n = m->handshake_unix_ms},
	};

	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		p->json->ops->cell(p->json, &cells[i]);
}

static int
sum_up(struct ping *p)
{
	const struct pingsum *t = &p->sum;
	int code = t->received > 0 ? EXIT_FINE : EXIT_BAD;

	if (p->json != NULL) {
		sum_cells(p);
		return report_end(p->call, p->json, code);
	}
	if (p->call->form == FORM_RAW || t->sent == 0)
		return code;
	printf("%" PRIu32 " sent, %" PRIu32 " received, %" PRIu32 "%% lost",
	    t->sent, t->received, pingsum_lost_pm(t) / 10);
	if (t->received > 0)
		printf(", min/avg/max %.3f/%.3f/%.3f ms", t->min_us / 1e3,
		    pingsum_avg_us(t) / 1e3, t->max_us / 1e3);
	printf("\n");
	return code;
}

/* ---- the verb ---- */

/* One of them; false: there is no sense in another. */
static bool
ping_once(struct ping *p, uint32_t seq, int *code)
{
	const struct complaint broken = {.exit_status = EXIT_BAD,
	    .code = "protocol",
	    .hint = {"try again, then: meshctl log"}};
	const struct complaint off = {.exit_status = EXIT_BAD, .code = "off"};
	enum row_end end = END_OK;

	if (ask(p, &end) != REQUEST_OK)
		*code = report_error(p->call, &broken,
		    "the conversation with control broke off");
	else if (end == END_UNKNOWN)
		*code = verbs_no_peer(p->call, &p->s, p->name);
	else if (end != END_OK || !p->has_row)
		*code = session_failed(&p->s, end);
	else if (p->row.result == ECHO_OFF)
		*code = report_error(p->call, &off,
		    "%s is switched off in the configuration", p->name);
	if (*code != EXIT_FINE)
		return false;
	if (p->row.result == ECHO_DEAF) {
		say_deaf(p);
		return false;
	}
	if (p->row.result == ECHO_ANSWERED)
		pingsum_answer(&p->sum, p->row.rtt_us);
	else if (p->row.result != ECHO_BUSY)
		pingsum_lost(&p->sum);
	say(p, seq);
	return true;
}

static int
ping_all(struct ping *p)
{
	uint64_t due = clock_mono_ms();
	int code = EXIT_FINE;
	sigset_t open;

	interrupts_wait(&open);
	for (uint32_t seq = 1; ping_once(p, seq, &code); seq++) {
		due += p->interval_ms;
		if (seq == p->count || is_interrupted() ||
		    !pause_until(due, &open))
			break;
	}
	return code == EXIT_FINE || p->json != NULL ? sum_up(p) : code;
}

static int
read_options(struct ping *p)
{
	const struct call *c = p->call;

	if (c->interval != NULL &&
	    pingsum_seconds(c->interval, INTERVAL_LEAST_MS, INTERVAL_MOST_MS,
		&p->interval_ms) == -1)
		return args_usage(
		    c, "-i needs seconds from 0.1 on, not ", c->interval);
	if (c->wait != NULL &&
	    pingsum_seconds(
		c->wait, WAIT_LEAST_MS, ECHO_WAIT_MAX_MS, &p->wait_ms) == -1)
		return args_usage(
		    c, "-W needs seconds from 0.01 to 10, not ", c->wait);
	if (strlen(p->name) >= sizeof(((struct msg_echo_ask *)NULL)->name))
		return args_usage(c, "not a peer's name: ", p->name);
	return EXIT_FINE;
}

int
verb_ping(const struct call *c)
{
	struct ping p = {.call = c,
	    .name = c->argv[0],
	    .count = c->count == 0 ? PINGS : c->count,
	    .interval_ms = INTERVAL_MS,
	    .wait_ms = WAIT_MS};
	int code = read_options(&p);

	if (code != EXIT_FINE)
		return code;
	code = session_open(&p.s, c, SESSION_LOOK);
	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&p.s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = ping_all(&p);
	session_close(&p.s);
	return code;
}
