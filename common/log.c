/* SPDX-License-Identifier: ISC */
/* file: common/log.c */
/*
 * Lines, levels, the rate limit and the sink (log.h).
 *
 * One of the two files that may hold state of the process: a log that needed
 * a handle would not be used where it matters.  The rate limit is a small
 * table indexed by the address of the format string; two formats that meet in
 * a slot take turns, which lets through more, never less.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define SLOTS 64
#define WINDOW_MS 1000
#define PROCNAME_MAX 32

struct slot {
	const char *fmt;
	uint64_t since_ms; /* start of the present window */
	unsigned shown, held;
	enum log_level level;
};

static struct {
	char procname[PROCNAME_MAX];
	enum log_level level;
	log_sink *sink;
	void *ctx;
	unsigned burst;
	unsigned long long suppressed;
	unsigned long long lines[LOG_L_DEBUG + 1];
	uint64_t swept_ms;
	struct slot slot[SLOTS];
} lg = {.procname = "mesh",
    .level = LOG_L_INFO,
    .sink = log_stderr,
    .burst = LOG_BURST};

static const char *const level_names[] = {
    [LOG_L_ERROR] = "error",
    [LOG_L_WARN] = "warning",
    [LOG_L_INFO] = "info",
    [LOG_L_DEBUG] = "debug",
};

void
log_init(const char *procname, enum log_level level)
{
	memset(&lg, 0, sizeof(lg));
	log_vis(lg.procname, sizeof(lg.procname), procname);
	lg.level = level;
	lg.sink = log_stderr;
	lg.burst = LOG_BURST;
}

void
log_set_sink(log_sink *sink, void *ctx)
{
	lg.sink = sink == NULL ? log_stderr : sink;
	lg.ctx = ctx;
}

void
log_set_level(enum log_level level)
{
	lg.level = level;
}

enum log_level
log_get_level(void)
{
	return lg.level;
}

void
log_set_burst(unsigned a_second)
{
	lg.burst = a_second;
}

unsigned long long
log_suppressed(void)
{
	return lg.suppressed;
}

unsigned long long
log_lines(enum log_level level)
{
	return (unsigned)level <= LOG_L_DEBUG ? lg.lines[level] : 0;
}

const char *
log_level_name(enum log_level level)
{
	return (unsigned)level <= LOG_L_DEBUG ? level_names[level] : "?";
}

int
log_level_parse(const char *s, enum log_level *out)
{
	for (unsigned i = 0; i <= LOG_L_DEBUG; i++)
		if (strcmp(s, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	return -1;
}

void
log_vis(char *dst, size_t cap, const char *src)
{
	size_t o = 0;
	unsigned c;

	for (; (c = (unsigned char)*src) != '\0'; src++) {
		if (c >= 0x20 && c < 0x7f) {
			if (o + 1 >= cap)
				break;
			dst[o++] = (char)c;
			continue;
		}
		if (o + 4 >= cap)
			break;
		dst[o++] = '\\';
		dst[o++] = (char)('0' + (c >> 6));
		dst[o++] = (char)('0' + (c >> 3 & 7));
		dst[o++] = (char)('0' + (c & 7));
	}
	dst[o] = '\0';
}

/* A procname holds no ": ", so the first one ends it. */
const char *
log_text(const char *line)
{
	const char *p = strstr(line, ": ");

	return p == NULL ? line : p + 2;
}

void
log_stderr(void *ctx, enum log_level level, const char *line)
{
	char out[LOG_LINE_MAX + 16];
	const char *text = log_text(line);
	ssize_t n;
	int len;

	(void)ctx;
	len = snprintf(out, sizeof(out) - 1, "%.*s%s: %s", (int)(text - line),
	    line, log_level_name(level), text);
	if (len < 0)
		return;
	if ((size_t)len > sizeof(out) - 2)
		len = (int)sizeof(out) - 2;
	out[len++] = '\n';
	/* one write is one line, also when several processes share the fd */
	do
		n = write(STDERR_FILENO, out, (size_t)len);
	while (n == -1 && errno == EINTR);
}

void
log_pass(const char *procname, enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX], name[PROCNAME_MAX];
	size_t n;

	log_vis(name, sizeof(name), procname);
	n = (size_t)snprintf(line, sizeof(line), "%s: ", name);
	log_vis(line + n, sizeof(line) - n, text);
	lg.sink(lg.ctx, level, line);
}

/* Say what a slot held back, and forget it. */
static void
slot_report(struct slot *s)
{
	char text[LOG_LINE_MAX];
	unsigned held = s->held;

	s->held = 0;
	if (held == 0)
		return;
	snprintf(
	    text, sizeof(text), "... %u more like this: \"%s\"", held, s->fmt);
	log_pass(lg.procname, s->level, text);
}

/* A flood that just stops is reported when anything else is logged. */
static void
sweep(uint64_t now)
{
	if (now - lg.swept_ms < WINDOW_MS)
		return;
	lg.swept_ms = now;
	for (unsigned i = 0; i < SLOTS; i++)
		if (now - lg.slot[i].since_ms >= WINDOW_MS)
			slot_report(&lg.slot[i]);
}

static bool
may_show(const char *fmt, enum log_level level)
{
	uint64_t now = clock_mono_ms();
	uint64_t mixed = (uint64_t)(uintptr_t)fmt * 0x9e3779b97f4a7c15;
	struct slot *s = &lg.slot[mixed >> 58];

	_Static_assert(SLOTS == 1 << (64 - 58), "the index is the top bits");
	if (lg.burst == 0)
		return true;
	sweep(now);
	if (s->fmt != fmt || now - s->since_ms >= WINDOW_MS) {
		slot_report(s);
		*s = (struct slot){.fmt = fmt, .since_ms = now, .level = level};
	}
	if (s->shown >= lg.burst) {
		s->held++;
		lg.suppressed++;
		return false;
	}
	s->shown++;
	return true;
}

__attribute__((format(printf, 3, 0))) static void
emit(enum log_level level, int err, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX];
	int n;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		snprintf(text, sizeof(text), "bad format: %s", fmt);
	else if (err != 0 && (size_t)n < sizeof(text))
		snprintf(
		    text + n, sizeof(text) - (size_t)n, ": %s", strerror(err));
	lg.lines[level]++;
	log_pass(lg.procname, level, text);
}

/* errno of the caller is kept, so that one may log first and return -1. */
__attribute__((format(printf, 3, 0))) static void
vlog(enum log_level level, bool with_errno, const char *fmt, va_list ap)
{
	int saved = errno;

	if (level <= lg.level && may_show(fmt, level))
		emit(level, with_errno ? saved : 0, fmt, ap);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_L_ERROR, true, fmt, ap);
	va_end(ap);
}

void
log_errorx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_L_ERROR, false, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_L_WARN, true, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_L_WARN, false, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_L_INFO, false, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_L_DEBUG, false, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_L_ERROR, err, fmt, ap);
	va_end(ap);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_L_ERROR, 0, fmt, ap);
	va_end(ap);
	exit(1);
}
