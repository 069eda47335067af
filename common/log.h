/* SPDX-License-Identifier: ISC */
/* file: common/log.h */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stddef.h>

/*
 * One line per event.  Every process formats its own lines; where they go is
 * the sink's business: standard error (meshctl, tools, the parent with -d),
 * syslog (the parent without -d), or a LOG frame to the parent (children; set
 * up in proc.c).  A line is cut at LOG_LINE_MAX, control and non-ASCII octets
 * are shown as \ooo by log_vis, so a peer's name can never move a cursor.
 *
 * Rate: log_* of one call site that repeats more than LOG_BURST times in a
 * second is held back and counted (`... 412 more like this: "format"`): the
 * limit is by format string, so a flood of one kind does not hide another.
 */
enum log_level { LOG_L_ERROR, LOG_L_WARN, LOG_L_INFO, LOG_L_DEBUG };

#define LOG_LINE_MAX 512
#define LOG_BURST 10

/*
 * line is "procname: text" (of this process or, by log_pass, of a child),
 * printable, at most LOG_LINE_MAX - 1 octets, without a newline.
 */
typedef void log_sink(void *ctx, enum log_level, const char *line);

void log_init(const char *procname, enum log_level); /* sink: log_stderr */
void log_set_sink(log_sink *, void *ctx);            /* NULL: log_stderr */
log_sink log_stderr; /* one write of "procname: level: text\n" */
const char *log_text(const char *line); /* of a sink's line: only the text */
void log_set_burst(unsigned a_second);  /* 0: no limit; LOG_BURST at start */
void log_set_level(enum log_level);
enum log_level log_get_level(void);
const char *log_level_name(enum log_level);
int log_level_parse(const char *, enum log_level *); /* 0 or -1 */

/* the plain forms; log_warn and log_error append strerror(errno) */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_errorx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Pass a child's line to the sink, as "procname: text".  Not rate limited
 * (the child did), but made printable again: the child may be a liar.
 */
void log_pass(const char *procname, enum log_level, const char *text);
unsigned long long log_suppressed(void);      /* lines held back since start */
unsigned long long log_lines(enum log_level); /* own lines since start */

/*
 * src as printable ASCII into dst (capacity cap > 0, always NUL-terminated; an
 * escape is never cut).  A backslash stays as it is, so doing it twice is the
 * same as once.
 */
void log_vis(char *dst, size_t cap, const char *src);

/*
 * Only for start-up, before anything from outside was read: log (no limit)
 * and exit 1.
 */
void fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));
void fatalx(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
