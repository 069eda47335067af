/* SPDX-License-Identifier: ISC */
/* file: ctl/show_doc.h */
#ifndef SHOW_DOC_H
#define SHOW_DOC_H

#include <stdint.h>

/*
 * Which documents there are, and the values of those that have no rows of the
 * daemons; for show.h.
 */
enum show_doc {
	SHOW_STATUS,
	SHOW_PEERS,
	SHOW_PEER,
	SHOW_COUNTERS,
	SHOW_LOG,
	SHOW_LOG_LEVEL,
	SHOW_RELOAD,
	SHOW_CONFIG_CHECK,
	SHOW_KEY,
	SHOW_VERSION,
	SHOW_FIND,
	SHOW_DHT,
	SHOW_NETWORK,
	SHOW_INVITES,
	SHOW_INVITE,
	SHOW_JOIN, /* init and join: what was set up */
	SHOW_REVOKE,
	SHOW_RENEW,
	SHOW_BREAKERS,
	SHOW_STREAMS,
	SHOW_RELAYS,
	SHOW_WHY,
	SHOW_FLOWS,
	SHOW_RULES,
	SHOW_QOS,
	SHOW_DROPS,
	SHOW_EVENTS,
	SHOW_EVENT, /* one of them, on one line */
	SHOW_PING,
	SHOW_NETCHECK,
	SHOW_PATHS,
	SHOW_MTU,
	SHOW_FAILOVER,
	SHOW_PUNCH,
	SHOW_NDOCS
};

const char *show_schema(enum show_doc); /* "mesh.status/1" */
/* The arrays a document has, also when no row comes; the last is NULL. */
const char *const *show_arrays(enum show_doc);

/*
 * One value of a document that has no row of its own above.  head is the label
 * or column for people, NULL: not for them; key is JSON's.
 */
enum show_type {
	CELL_STRING, /* s; NULL: not known */
	CELL_LIST,   /* s: "a, b"; NULL: none; JSON: an array of strings */
	CELL_COUNT,
	CELL_BYTES,
	CELL_YES,     /* n: 0 or 1 */
	CELL_AT,      /* unix ms, 0: never; text: as a date */
	CELL_AGO,     /* the same; text: how long ago */
	CELL_SECONDS, /* a span; text: with units */
	CELL_MILLIS   /* the same, in ms; JSON has seconds */
};
struct show_cell {
	const char *key, *head;
	enum show_type type;
	const char *s;
	uint64_t n;
};

#endif
