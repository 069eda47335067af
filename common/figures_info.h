/* SPDX-License-Identifier: ISC */
/* file: common/figures_info.h */
#ifndef FIGURES_INFO_H
#define FIGURES_INFO_H

#include <stddef.h>
#include <stdint.h>

/*
 * Figures that counters.def can't have, because they have a label: the number
 * of the figure and that of the label's value are what travels (FIGURE_ROW),
 * the names are Prometheus's.  The labels are closed lists: levels of the log,
 * processes, messages, events.
 */
#include "figures.def"

enum figure {
#define F_ENUM(id, name, type, set, key, key2, value2, help) id,
	FIGURES(F_ENUM)
#undef F_ENUM
	    FIG_N
};

enum figure_type { FT_COUNTER, FT_COUNTER_US, FT_GAUGE };
enum figure_labels {
	FL_NONE,
	FL_LEVEL, /* enum log_level */
	FL_ROLE,  /* enum role */
	FL_PRIV,  /* enum msg_type, of questions to priv */
	FL_ASK,   /* enum msg_type, of questions to control */
	FL_EVENT  /* enum event_kind */
};

struct figure_info {
	const char *name;
	enum figure_type type;
	enum figure_labels labels;
	const char *key, *fixed_key, *fixed_value, *help;
};

const struct figure_info *figure_info(unsigned id); /* NULL: unknown */

/* The value of its label: "error", "keyd", "peers"; -1: there is none such. */
#define FIGURE_LABEL_MAX 32
int figure_label(unsigned id, unsigned label, char out[FIGURE_LABEL_MAX]);

#endif
