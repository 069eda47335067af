/* SPDX-License-Identifier: ISC */
/* file: common/msg_path.h */
#ifndef MSG_PATH_H
#define MSG_PATH_H

/*
 * By which places a peer is reached, and which of them is used: what the engine
 * says of it to people; a part of msg.h, and included by nobody else.
 */
enum path_kind { PK_DIRECT, PK_RELAY, PK_TURN, PK_TLS, PK_NKINDS };
enum path_state {
	PST_BEST,     /* in use */
	PST_SPARE,    /* would be used next */
	PST_PROVED,   /* answered lately */
	PST_HELD,     /* ... but failed before, or was left by hand */
	PST_UNPROVED, /* never answered */
	PST_DEAD,     /* does not answer any more */
	PST_NSTATES
};
enum path_reason {  /* why best is best */
	PR_NONE,    /* it is not */
	PR_FAILED,  /* the one before fell silent */
	PR_BACK,    /* it works again */
	PR_BETTER,  /* nearer than the one before */
	PR_UPGRADE, /* of a better kind */
	PR_FIRST,   /* here the session began, or the peer uses it */
	PR_BY_HAND,
	PR_ONLY, /* a peer that has one place, as WireGuard has */
	PR_NREASONS
};
/* "direct", "best", "better_kind" ... */
const char *path_kind_name(enum path_kind);
const char *path_state_name(enum path_state);
const char *path_reason_name(enum path_reason);

#define PATH_NAME_MAX 80
struct msg_path_row {
	char peer[64];
	char place[PATH_NAME_MAX]; /* address and port, or by whom */
	enum path_kind kind;
	enum path_state state;
	enum path_reason why;
	uint8_t rank, missed; /* pings without an answer, in a row */
	bool pinned;          /* its rank is the configuration's */
	uint16_t loss_pm;
	uint32_t rtt_us, var_us;                  /* 0: not known */
	uint64_t proved_unix_ms, changed_unix_ms; /* 0: never */
	uint32_t held_ms;                         /* for so long yet */
	uint32_t silent_ms; /* best: sent, and nothing heard since */
	/* whole packets on the way: the longest that passed, the shortest that
	 * did not; and the longest of the tunnel by it; each 0: not known */
	uint16_t takes, refuses, mtu;
};

/* Use another place, now. */
struct msg_failover_ask {
	char peer[64];
	char place[PATH_NAME_MAX]; /* "": the next best that is proved */
};
enum failover_result {
	FO_DONE,
	FO_DOWN,     /* there is no session */
	FO_ONE,      /* it has one place only */
	FO_NONE,     /* no other place answers */
	FO_UNKNOWN,  /* no such place */
	FO_UNPROVED, /* it does not answer */
	FO_USED,     /* it is used already */
	FO_NRESULTS
};
const char *failover_result_name(enum failover_result);
struct msg_failover_row {
	enum failover_result result;
	enum path_kind from_kind, to_kind;
	char from[PATH_NAME_MAX], to[PATH_NAME_MAX];
	uint32_t took_us, rtt_us; /* to change over; the new place's */
};

MSG_CODEC(path_row)
MSG_CODEC(failover_ask)
MSG_CODEC(failover_row)

#endif
