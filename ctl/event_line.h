/* SPDX-License-Identifier: ISC */
/* file: ctl/event_line.h */
#ifndef EVENT_LINE_H
#define EVENT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "show_doc.h"

/*
 * An event as meshctl shows it, and which of them it shows.  Pure.  All text
 * in an event may be a stranger's word; lines are printable.
 */
#define EVENT_LINE_MAX 4096
#define EVENT_CELLS (6 + EVENT_FIELDS_MAX)

struct event_filter {     /* all of it must hold */
	const char *peer; /* NULL: of any, or of none */
	uint64_t kinds;   /* bits 1 << event_kind; 0: any */
	enum event_severity least;
	uint64_t since_unix_ms;
};
_Static_assert(EVENT_NKINDS <= 64, "kinds are bits");

/* "peer_up,peer_down"; 0, or -1 and *bad is what there is none of. */
int event_filter_kinds(struct event_filter *, const char *names, char bad[64]);
/* What was lost is always shown. */
bool event_filter_takes(const struct event_filter *, const struct msg_event *);

/* "name=value name=value", for people; raw: tabs between. */
const char *event_line_fields(
    char out[EVENT_LINE_MAX], const struct msg_event *, bool raw);
/*
 * For JSON: number, at, unix_ms, event, severity, source, and the fields.
 * Text is that of the event.  How many.
 */
unsigned event_line_cells(
    struct show_cell out[EVENT_CELLS], const struct msg_event *);

#endif
