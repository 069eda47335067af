/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics.h */
#ifndef METRICS_H
#define METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "snapshot.h"

/*
 * A snapshot for Prometheus.  Pure: what it writes depends on nothing but its
 * arguments.
 *
 * Every counter of counters.def is there: those of a border as records and
 * drops with their reason, all others under their own name.  Base units; the
 * labels are the closed lists of the headers and names of peers, made
 * printable and escaped, and the text of filter rules; never a key, nor an
 * address but a peer's in the overlay, in mesh_peer_info.
 */
enum metrics_form {
	METRICS_TEXT,       /* text format 0.0.4 */
	METRICS_OPENMETRICS /* OpenMetrics 1.0 */
};
const char *metrics_content_type(enum metrics_form);

/* With more peers than these, less is said of each. */
#define METRICS_FULL_PEERS 100
#define METRICS_BASIC_PEERS 500
/* Octets of a filter rule's text, in a label. */
#define METRICS_RULE_TEXT 100

/* Prometheus's name of a counter that is of no border, without _total. */
#define METRICS_NAME_MAX 64
const char *metrics_name(enum counter, char out[METRICS_NAME_MAX]);
/* Is it a level, which may fall?  Else it only grows. */
bool metrics_is_gauge(enum counter);

/*
 * The snapshot has what STATUS, PEERS and COUNTERS say; NET and DHT if there
 * is a network, QOS if there is shaping.  Errors are the stream's.
 */
void metrics_write(
    FILE *, enum metrics_form, const struct snapshot *, uint64_t now_unix_ms);

#endif
