/* SPDX-License-Identifier: ISC */
/* file: ctl/eventlog.c */
/*
 * A ring of events, addressed by their numbers (see eventlog.h).
 */
#include <stdlib.h>
#include <string.h>

#include "eventlog.h"
#include "msg.h"

#define BODY_MAX 512

void
eventlog_init(struct eventlog *l)
{
	*l = (struct eventlog){0};
}

void
eventlog_clear(struct eventlog *l)
{
	for (size_t i = 0; i < EVENTLOG_MAX; i++)
		free(l->row[i].body);
	eventlog_init(l);
}

int
eventlog_add(struct eventlog *l, struct msg_event *e)
{
	struct eventlog_row *row;
	uint8_t body[BODY_MAX], *copy;
	struct wbuf w;

	if (l->next == 0)
		l->base = l->first = l->next = 1 + e->unix_ms * 1000;
	e->no = l->next;
	wbuf_init(&w, body, sizeof(body));
	msg_put_event(&w, e);
	if (wbuf_done(&w) == -1 || (copy = malloc(w.len)) == NULL)
		return -1;
	memcpy(copy, body, w.len);
	row = &l->row[l->next++ % EVENTLOG_MAX];
	free(row->body);
	*row = (struct eventlog_row){.len = (uint16_t)w.len, .body = copy};
	if (l->next - l->first > EVENTLOG_MAX)
		l->first++;
	return 0;
}

int
eventlog_get(const struct eventlog *l, uint64_t number, struct msg_event *e)
{
	const struct eventlog_row *row = &l->row[number % EVENTLOG_MAX];
	struct rbuf r;

	if (number < l->first || number >= l->next)
		return -1;
	rbuf_init(&r, row->body, row->len);
	return msg_get_event(&r, e);
}

uint64_t
eventlog_from(const struct eventlog *l, uint64_t last, uint64_t after)
{
	uint64_t from = last >= l->next - l->first ? l->first : l->next - last;

	/* what was before our time is not missed */
	if (l->next != 0 && after >= l->base && after < l->next &&
	    (after + 1 > from || after + 1 < l->first))
		from = after + 1;
	return from;
}
