/* SPDX-License-Identifier: ISC */
/* file: ctl/ring.h */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

/*
 * The last log lines of all processes, for `meshctl log`.
 *
 * Pure but for malloc: no clock, no socket.  Lines are numbered from 1 on and
 * never renumbered, so that a slow reader keeps a cursor (a number) and not a
 * pointer; what was overwritten meanwhile is skipped.  Each line costs its own
 * length, at most RING_TEXT_MAX octets.
 */
#define RING_LINES_MAX 65536
#define RING_TEXT_MAX 512

struct ring_line {
	uint64_t unix_ms;
	uint8_t level; /* enum log_level */
	char *text;
};

struct ring {
	struct ring_line *line; /* cap of them; line n lives at n % cap */
	size_t cap;             /* 0: lines are forgotten at once */
	uint64_t first, next;   /* kept: first <= number < next */
};

void ring_init(struct ring *); /* capacity 0 */
void ring_clear(struct ring *);
/*
 * Change the capacity (cut to RING_LINES_MAX); the newest lines stay, with
 * their numbers.  0, or -1 without memory and nothing changed.
 */
int ring_resize(struct ring *, size_t lines);
/* Longer text is cut.  0, or -1 without memory: the line is lost. */
int ring_add(struct ring *, uint64_t unix_ms, uint8_t level, const char *text);
/* NULL: overwritten, or not there yet. */
const struct ring_line *ring_get(const struct ring *, uint64_t number);
/* Where a reader of the last n lines starts. */
uint64_t ring_tail(const struct ring *, uint64_t n);

#endif
