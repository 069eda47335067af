/* SPDX-License-Identifier: ISC */
/* file: ctl/ring.c */
/*
 * A ring of log lines, addressed by their numbers (see ring.h).
 */
#include <stdlib.h>
#include <string.h>

#include "ring.h"

void
ring_init(struct ring *r)
{
	*r = (struct ring){.first = 1, .next = 1};
}

void
ring_clear(struct ring *r)
{
	for (uint64_t n = r->first; n < r->next; n++)
		free(r->line[n % r->cap].text);
	free(r->line);
	ring_init(r);
}

static void
forget_oldest(struct ring *r)
{
	free(r->line[r->first % r->cap].text);
	r->line[r->first % r->cap].text = NULL;
	r->first++;
}

int
ring_resize(struct ring *r, size_t lines)
{
	struct ring_line *line = NULL;

	if (lines > RING_LINES_MAX)
		lines = RING_LINES_MAX;
	if (lines == r->cap)
		return 0;
	if (lines > 0) {
		line = calloc(lines, sizeof(*line));
		if (line == NULL)
			return -1;
	}
	while (r->next - r->first > lines)
		forget_oldest(r);
	for (uint64_t n = r->first; lines > 0 && n < r->next; n++)
		line[n % lines] = r->line[n % r->cap];
	free(r->line);
	r->line = line;
	r->cap = lines;
	return 0;
}

int
ring_add(struct ring *r, uint64_t unix_ms, uint8_t level, const char *text)
{
	struct ring_line *l;
	char *copy;

	if (r->cap == 0)
		return 0;
	copy = strndup(text, RING_TEXT_MAX);
	if (copy == NULL)
		return -1;
	if (r->next - r->first == r->cap)
		forget_oldest(r);
	l = &r->line[r->next % r->cap];
	l->unix_ms = unix_ms;
	l->level = level;
	l->text = copy;
	r->next++;
	return 0;
}

const struct ring_line *
ring_get(const struct ring *r, uint64_t number)
{
	if (number < r->first || number >= r->next)
		return NULL;
	return &r->line[number % r->cap];
}

uint64_t
ring_tail(const struct ring *r, uint64_t n)
{
	if (n >= r->next - r->first)
		return r->first;
	return r->next - n;
}
