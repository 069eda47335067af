/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_watch.c */
/*
 * The verbs that watch: check, once, for a monitoring program; top, every
 * second, for a person.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "fmt.h"
#include "gather.h"
#include "plugin.h"
#include "session.h"
#include "terminal.h"

#define WATCH_MS 1000
#define NAME_WIDTH 16

/* All there is; false: nobody answers. */
static bool
look(const struct call *c, struct snapshot *s)
{
	char path[512];
	struct request *r;
	bool ok;

	snapshot_init(s);
	snprintf(path, sizeof(path), "%s/status.sock", c->rundir);
	if (request_open(&r, c->socket != NULL ? c->socket : path) !=
	    REQUEST_OK)
		return false;
	ok = gather(r, s) == REQUEST_OK;
	request_close(r);
	snapshot_sort(s);
	return ok;
}

/* ---- check ---- */

int
verb_check(const struct call *c)
{
	const char *want = c->opt[OPT_REQUIRE];
	char line[PLUGIN_LINE_MAX], *end;
	enum plugin_code code;
	struct snapshot s;
	long n = 0;

	if (want != NULL) {
		n = strtol(want, &end, 10);
		if (*want == '\0' || *end != '\0' || n < 0 || n > 100000)
			return args_usage(c, "not a number of peers", want);
	}
	code = plugin_line(line, look(c, &s) ? &s : NULL, (unsigned)n);
	snapshot_clear(&s);
	printf("%s\n", line);
	return (int)code;
}

/* ---- top ---- */

struct rate { /* octets of one peer, one second ago */
	char name[64];
	uint64_t in, out;
};

struct top {
	const struct call *call;
	struct rate *was;
	size_t nwas;
	uint64_t was_ms; /* 0: nothing yet */
	bool bits;
};

static const struct rate *
rate_of(const struct top *t, const char *name)
{
	for (size_t i = 0; i < t->nwas; i++)
		if (strcmp(t->was[i].name, name) == 0)
			return &t->was[i];
	return NULL;
}

static const char *
per_second(const struct top *t, char out[FMT_LEN], uint64_t now, uint64_t was,
    uint64_t ms)
{
	uint64_t n = now < was || ms == 0 ? 0 : (now - was) * 1000 / ms;

	if (!t->bits)
		return fmt_bytes(out, n);
	n *= 8;
	if (n < 1000)
		snprintf(out, FMT_LEN, "%u b", (unsigned)n);
	else if (n < 1000000)
		snprintf(out, FMT_LEN, "%.1f Kb", (double)n / 1e3);
	else
		snprintf(out, FMT_LEN, "%.1f Mb", (double)n / 1e6);
	return out;
}

static void
remember(struct top *t, const struct snapshot *s, uint64_t now_ms)
{
	struct rate *r = calloc(s->npeers == 0 ? 1 : s->npeers, sizeof(*r));

	free(t->was);
	t->was = r;
	t->nwas = r == NULL ? 0 : s->npeers;
	t->was_ms = now_ms;
	for (size_t i = 0; i < t->nwas; i++) {
		memcpy(r[i].name, s->peer[i].name, sizeof(r[i].name));
		r[i].in = s->peer[i].rx_bytes;
		r[i].out = s->peer[i].tx_bytes;
	}
}

static void
show_peer(const struct top *t, const struct msg_peer_row *p, uint64_t ms)
{
	char in[FMT_LEN], out[FMT_LEN], rtt[FMT_LEN], seen[FMT_LEN], name[256];
	const struct rate *r = rate_of(t, p->name);

	show_vis(name, sizeof(name), p->name);
	printf("%-*.*s  %-9s  %10s  %8u  %10s/s  %10s/s  %s\033[K\n",
	    NAME_WIDTH, NAME_WIDTH, name, show_peer_state(p->state),
	    p->rtt_us == 0 ? "-" : fmt_us(rtt, p->rtt_us), p->flows,
	    per_second(t, in, p->rx_bytes, r == NULL ? p->rx_bytes : r->in, ms),
	    per_second(
		t, out, p->tx_bytes, r == NULL ? p->tx_bytes : r->out, ms),
	    fmt_age(seen, clock_unix_ms(), p->seen_unix_ms));
}

static void
draw(struct top *t, const struct snapshot *s, bool ok)
{
	size_t lines = terminal_lines(), room = lines < 8 ? 4 : lines - 4;
	uint64_t now = clock_mono_ms();
	uint64_t ms = t->was_ms == 0 ? 0 : now - t->was_ms;
	char line[PLUGIN_LINE_MAX], *bar;

	plugin_line(line, ok ? s : NULL, 0);
	bar = strstr(line, " | ");
	if (bar != NULL)
		*bar = '\0';
	printf("\033[H%s  %s\033[K\n\033[K\n", ok ? s->node.name : "-", line);
	printf("%-*s  %-9s  %10s  %8s  %12s  %12s  %s\033[K\n", NAME_WIDTH,
	    "PEER", "STATE", "RTT", "FLOWS", "IN", "OUT", "SEEN");
	for (size_t i = 0; i < s->npeers && i < room; i++)
		show_peer(t, &s->peer[i], ms);
	printf("\033[J");
	fflush(stdout);
	remember(t, s, now);
}

/* Wait for a key; false: the person has had enough. */
static bool
wait_for_key(struct top *t)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;

	if (poll(&p, 1, WATCH_MS) <= 0)
		return true;
	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 3)
		return false;
	if (key == 'b')
		t->bits = !t->bits;
	return true;
}

int
verb_top(const struct call *c)
{
	const struct complaint m = {.exit_status = EXIT_USAGE,
	    .code = "usage",
	    .hint = {"meshctl peers, or meshctl metrics"}};
	struct top t = {.call = c};
	struct termios was, raw;
	struct snapshot s;
	bool more = true;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &was) == -1)
		return report_error(c, &m, "top needs a terminal");
	raw = was;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	printf("\033[?1049h\033[?25l");
	while (more) {
		bool ok = look(c, &s);

		draw(&t, &s, ok);
		snapshot_clear(&s);
		more = wait_for_key(&t);
	}
	printf("\033[?25h\033[?1049l");
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &was);
	free(t.was);
	return EXIT_FINE;
}
