/* SPDX-License-Identifier: ISC */
/* file: common/figures.h */
#ifndef FIGURES_H
#define FIGURES_H

#include "chan.h"
#include "figures_info.h"

/*
 * What every process says of itself beside its counters, in the same answer.
 * A row is one figure with one value of its label.
 */
/* One row to whoever asked; -1: it did not fit. */
int figure_send(struct chan *, uint32_t id, const struct msg_figure_row *);

/* Of this process: its time, and its lines of the log. */
void figures_process(struct chan *, uint32_t id, enum role self);
/* Of one wire of it; NULL is fine: it is away. */
void figures_wire(
    struct chan *, uint32_t id, enum role self, const struct chan *wire);
/* How many rows figures_process and n wires make at most. */
#define FIGURE_WIRE_ROWS 8
#define FIGURES_MAX(wires) (1 + 4 + (wires)*FIGURE_WIRE_ROWS)

#endif
