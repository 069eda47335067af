/* SPDX-License-Identifier: ISC */
/* file: common/msg_rows.h */
#ifndef MSG_ROWS_H
#define MSG_ROWS_H

#include "events.h"
#include "hist.h"

/*
 * What the engine says of its streams, connections, breakers, rules and classes
 * of packets, and who drops packets of these, for people; a part of msg.h, and
 * included by nobody else.
 */
enum breaker_view { BV_CLOSED, BV_OPEN, BV_HALF };
struct msg_breaker_row { /* of a peer, or of one of its places */
	char name[64];   /* the peer's */
	bool is_place;
	struct endpoint place;
	enum breaker_view state;
	uint32_t failures, passes; /* in a row */
	uint32_t tries;            /* trials in vain since it opened */
	uint64_t since_unix_ms;
	uint64_t next_unix_ms; /* the next change by itself, 0: none */
	uint64_t trips, refused;
};

/* One stream of a peer; place 0 is the session of the node keys. */
struct msg_stream_row {
	char peer[64];
	uint8_t place, state; /* enum stream_state of the engine */
	bool mine;            /* opened here */
	uint16_t socket;      /* UDP_FD's number */
	struct endpoint ep;
	uint32_t rtt_us, loss_pm; /* 0: not known */
	uint32_t held;            /* packets behind its fence */
	uint64_t since_unix_ms, tx_packets, rx_packets, tx_bytes, rx_bytes;
};
struct msg_flow_row { /* a connection, and the stream that it takes */
	char peer[64];
	uint8_t proto;
	struct addr src, dst;
	uint16_t sport, dport, stream;
	uint32_t idle_ms;
	uint64_t packets, bytes;
};

/* What the filter does, in the order of its reading: what it counted. */
struct msg_rule_row {
	uint16_t no; /* 0: no rule of the list */
	uint64_t judged, packets, bytes;
	char text[512];
};

/* A class of one peer, or of all of them together: what it was sent. */
struct msg_qos_ask {
	char peer[64]; /* "": all of them */
};
struct msg_qos_row {
	char peer[64], name[64]; /* as asked; the class */
	uint32_t limit_kbit;     /* of (each) peer; UINT32_MAX: none */
	uint8_t weight;
	uint16_t queue;
	uint32_t waiting; /* packets */
	uint64_t tx_packets, tx_bytes, dropped;
};

/* Packets that were dropped alike: see drops.h. */
struct msg_drop_row {
	enum role role; /* who dropped them */
	uint16_t why;   /* enum counter; may be newer than this program */
	uint64_t at_unix_ms, count; /* of the newest; how many */
	char peer[64];              /* "": nobody's, or not known */
	bool outer;    /* the addresses are of a datagram on the network */
	uint8_t proto; /* 0: not known */
	struct addr src, dst;  /* family 0: not known */
	uint16_t sport, dport; /* sport: of the newest */
};

MSG_CODEC(drop_row)
/* Events from now on (follow), or those there are. */
struct msg_events_ask {
	uint32_t last;  /* of those there are, the last so many */
	uint64_t after; /* only what has a higher number */
	bool follow;
};

/* One probe to a peer, see meshctl ping. */
#define ECHO_WAIT_MAX_MS 10000
struct msg_echo_ask {
	uint32_t wait_ms; /* at most ECHO_WAIT_MAX_MS */
	char name[64];    /* the peer's */
};
enum echo_result {
	ECHO_ANSWERED, /* by the place, after rtt_us */
	ECHO_LATE,     /* no answer in time */
	ECHO_DOWN,     /* no session in time */
	ECHO_OFF,      /* the configuration says: down */
	ECHO_DEAF,     /* configured, or old: it knows no probes */
	ECHO_BUSY      /* too many at a time */
};
struct msg_echo_row {
	enum echo_result result;
	bool has_place;
	struct endpoint place;
	uint32_t rtt_us;            /* of the probe; DEAF: of its handshake */
	uint64_t seen_unix_ms;      /* its newest authenticated packet */
	uint64_t handshake_unix_ms; /* newest, 0: none */
};

MSG_CODEC(events_ask)
MSG_CODEC(echo_ask)
MSG_CODEC(echo_row)
struct msg_hist_row {
	enum role role;
	uint16_t id; /* enum hist_id; may be newer than who reads it */
	struct hist h;
};

/* A figure of a process beside its counters, see figures_info.h. */
struct msg_figure_row {
	enum role role;
	uint16_t id, label; /* either may be newer than who reads it */
	uint64_t value;
};

MSG_CODEC(figure_row)
MSG_CODEC(hist_row)
MSG_CODEC(stream_row)
MSG_CODEC(flow_row)
MSG_CODEC(breaker_row)
MSG_CODEC(rule_row)
MSG_CODEC(qos_ask)
MSG_CODEC(qos_row)

/* EVENT; the payload is of struct msg_event. */
void msg_put_event(struct wbuf *, const struct msg_event *);
int msg_get_event(struct rbuf *, struct msg_event *);

#endif
