/* SPDX-License-Identifier: ISC */
/* file: ctl/control_int.h */
#ifndef CONTROL_INT_H
#define CONTROL_INT_H

#include "control.h"

/*
 * What the files of struct control share: control.c has questions and their
 * answers, control_events.c those about events.
 */

/* One frame; -1: it does not fit, or the client was cut off. */
int control_tell(struct control *, unsigned place, enum msg_type, uint32_t id,
    const struct wbuf *);
void control_end(struct control *, unsigned place, uint32_t id, enum row_end);
void control_refuse(struct control *, unsigned place, uint32_t id,
    const char *text, enum row_end);
/* One of its questions is over. */
void control_answered(struct control *, unsigned place, uint64_t now_ms);

/* ---- control_events.c ---- */
enum chan_verdict control_events_ask(struct control *, unsigned place,
    const struct ipc_frame *, uint64_t now_ms);
/* More for a client that has asked; is there more to do at once? */
bool control_events_pump(struct control *, unsigned place, uint64_t now_ms);

/* control_figures.c: what control says of itself */
void control_figures(struct control *, unsigned place, uint32_t id);

#endif
