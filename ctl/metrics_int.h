/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics_int.h */
#ifndef METRICS_INT_H
#define METRICS_INT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hist.h"
#include "metrics.h"

/*
 * What the files that write metrics share.  A family is begun, then come its
 * samples: metrics_sample, its labels, and its value.
 */
struct out {
	FILE *f;
	bool open; /* OpenMetrics */
	const char *name, *suffix;
	unsigned labels; /* of the sample that is being written */
};

enum type { GAUGE, COUNTER, INFO, STATESET, HISTOGRAM };

/* The name and the states must live as long as the family is written. */
void metrics_family(
    struct out *, const char *name, enum type, const char *help);
void metrics_sample(struct out *);
void metrics_label(struct out *, const char *key, const char *value);
void metrics_value(struct out *, uint64_t);
/* v/scale as a decimal, for scales of powers of ten */
void metrics_fraction(struct out *, uint64_t v, uint64_t scale);
void metrics_seconds(struct out *, uint64_t us);
void metrics_plain(struct out *, const char *name, enum type, const char *help,
    uint64_t v); /* one without labels */
/* A sample for each state, 1 at the one that it is. */
void metrics_state(struct out *, const char *const *states, unsigned n,
    unsigned is, const char *key, const char *who);
void metrics_hist(struct out *, enum hist_id, const struct hist *);

/* metrics_engine.c: histograms, streams, breakers, rules */
void metrics_engine(struct out *, const struct snapshot *);
/* metrics_figures.c: what has a label, and what is reckoned from others */
void metrics_figures(struct out *, const struct snapshot *);

#endif
