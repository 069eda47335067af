/* SPDX-License-Identifier: ISC */
/* file: common/conf.h */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "bundle.h"
#include "netkey.h"

struct rbuf;
struct wbuf;

/*
 * The configuration as a value.
 *
 *	text --conf_parse--> struct conf + all errors      (pure)
 *	struct conf --conf_print--> canonical text         (parse o print = id)
 *	struct conf --conf_wire--> CONF_NODE, CONF_PEER frames --> struct conf
 *	old, new --conf_diff--> lines with the reload class of each change
 *
 * Structure (blocks, words, lists, macros, include) is conf_parse.c's; the
 * meaning of every option is one row of the table in conf_schema.c.  Times are
 * in the unit of the field's name.  An option exists only if code reads it.
 */
#define CONF_NAME_MAX 64
#define CONF_PATH_MAX 256
#define CONF_ADDRESSES_MAX 8
#define CONF_PREFIXES_MAX 64 /* subnet, route, export: each */
#define CONF_PORTS_MAX 64
#define CONF_LISTEN_MAX 8
#define CONF_ENDPOINTS_MAX 8
#define CONF_ALLOWED_MAX 256 /* of one peer */
#define CONF_ALLOWED_TOTAL_MAX 65536
#define CONF_PEERS_MAX 4096
#define CONF_BOOTSTRAP_MAX 16
#define CONF_STUN_MAX 8 /* servers */
#define CONF_TURN_MAX 1
#define CONF_TURN_PINS_MAX 2
#define CONF_TURN_TEXT 128 /* user and password, with the NUL */
#define CONF_TLS_LISTEN_MAX 4
#define CONF_TLS_ENDPOINTS_MAX 4 /* of one peer */
#define CONF_TLS_PINS_MAX 2
#define CONF_RULES_MAX 64    /* of the filter: bits of a uint64_t */
#define CONF_RULE_PORTS 8    /* ports and ranges of one rule */
#define CONF_RULE_STRLEN 360 /* its text, with the NUL */
#define CONF_AUTO UINT8_MAX  /* of a number: what suits the machine */
#define CONF_MTU_MIN 576
#define CONF_MTU_MAX 65000
#define CONF_MTU_AUTO_MIN 1280 /* which every path takes, for IPv6 needs it */
/* Of a bandwidth in kbit/s: there is none, and a peer's is that of `qos`. */
#define CONF_LIMIT_NONE UINT32_MAX
#define CONF_LIMIT_DEFAULT 0
#define CONF_CLASSES_MAX 3 /* of qos */
#define CONF_DSCPS 64
/*
 * Where meshctl puts what a member has of its network.  The process that reads
 * the configuration may read these two files wherever the main file is.
 */
#define CONF_STATE_DIR "/var/lib/mesh"
#define CONF_CERT_FILE CONF_STATE_DIR "/network.cert"
#define CONF_SECRET_FILE CONF_STATE_DIR "/network.secret"

/*
 * One rule of the filter.  The peer's end of a connection is its source if it
 * comes in, else its destination; the other end is this node's.
 */
enum conf_who { CONF_ANY, CONF_GROUP, CONF_PEER, CONF_PREFIX, CONF_NWHO };
struct conf_ports {
	uint16_t lo, hi; /* both are in it */
};
struct conf_rule {
	bool pass, out, quick; /* else block, in, the last match decides */
	uint8_t proto;         /* 0: any; 1: ICMP of both families */
	uint8_t nports;        /* 0: any */
	struct conf_ports port[CONF_RULE_PORTS]; /* the destination's */
	enum conf_who who;
	char name[CONF_NAME_MAX]; /* CONF_GROUP, CONF_PEER */
	struct prefix far;        /* CONF_PREFIX */
	struct prefix near;       /* of this node; family 0: any */
};
#define CONF_PROTO_ICMP 1

/*
 * Packets that share what there is with those of other classes by weight, told
 * by their code points (RFC 2474).  Code points of no class count as 0.
 */
struct conf_qos_class {
	char name[CONF_NAME_MAX];
	uint64_t dscp; /* a bit for each of CONF_DSCPS */
	uint8_t weight;
	uint16_t queue; /* packets of a peer */
};
#define CONF_CLASS_REST "default" /* code point 0, if no class has it */
#define CONF_WEIGHT 10
#define CONF_WEIGHT_MAX 100
#define CONF_QUEUE 256
#define CONF_QUEUE_MAX 4096

/*
 * The rank of places of a peer: of one address, of what a member relays, or of
 * a kind.  What is higher is used first; see mesh-nat(7).
 */
enum conf_pin_what {
	CONF_PIN_DIRECT,
	CONF_PIN_TO,
	CONF_PIN_RELAY,
	CONF_PIN_VIA,
	CONF_PIN_TURN,
	CONF_PIN_TLS,
	CONF_PIN_NWHATS
};
struct conf_pin {
	char peer[CONF_NAME_MAX];
	enum conf_pin_what what;
	struct endpoint to;      /* CONF_PIN_TO; port 0: any */
	char via[CONF_NAME_MAX]; /* CONF_PIN_VIA */
	uint8_t rank;
};
#define CONF_PINS_MAX 10
#define CONF_PIN_RANK 255 /* pinned */

struct conf_peer {
	char name[CONF_NAME_MAX];
	uint8_t key[32];
	bool has_psk;
	uint8_t psk[32];
	char psk_file[CONF_PATH_MAX];
	uint16_t nallowed;      /* host prefixes first, then networks */
	struct prefix *allowed; /* heap; host bits are zero */
	uint8_t nendpoints;
	struct endpoint endpoint[CONF_ENDPOINTS_MAX];
	uint16_t keepalive_s; /* 0: off */
	bool admin_up;
	uint32_t limit_kbit; /* or CONF_LIMIT_* */
	uint8_t ntls, npins; /* where its TLS is, and whose key that has */
	struct endpoint tls[CONF_TLS_ENDPOINTS_MAX];
	uint8_t pin[CONF_TLS_PINS_MAX][32];
};

#define CONF_STREAMS_MAX 16 /* to one peer */

struct conf_node {
	char name[CONF_NAME_MAX];
	char key_file[CONF_PATH_MAX];
	/* tunnel */
	char device[16];
	uint16_t mtu;       /* CONF_AUTO: as the paths take, at most */
	uint16_t mtu_limit; /* this */
	uint8_t offload;    /* wanted of the TUN: OFFLOAD_* of packets.h */
	bool packet_ring;
	bool mss_clamp;
	uint8_t naddresses, nsubnets, nroutes, nexports;
	struct prefix address[CONF_ADDRESSES_MAX];
	struct prefix subnet[CONF_PREFIXES_MAX]; /* the overlay */
	struct prefix route[CONF_PREFIXES_MAX];  /* behind peers */
	struct prefix export[CONF_PREFIXES_MAX]; /* behind this node */
	/* filter */
	uint16_t nports;
	uint16_t port[CONF_PORTS_MAX]; /* unallowed ports, sorted */
	bool filter_deny;              /* what no rule matches */
	uint8_t nrules;
	struct conf_rule rule[CONF_RULES_MAX];
	/* transport */
	uint8_t nlisten;
	struct endpoint listen[CONF_LISTEN_MAX];
	bool listen_any[CONF_LISTEN_MAX]; /* `*`: both, listen has no address */
	uint32_t receive_buffer, send_buffer; /* octets */
	bool send_batches, receive_batches;   /* UDP_SEGMENT, UDP_GRO */
	uint32_t handshake_timeout_s;         /* REKEY_ATTEMPT_TIME */
	/* engine */
	uint8_t workers; /* or CONF_AUTO */
	/* crypto */
	uint32_t rekey_after_s, reject_after_s;
	/* hold */
	uint16_t hold_packets; /* a peer */
	uint32_t hold_bytes;   /* a peer */
	uint32_t hold_timeout_ms;
	/* flows */
	uint32_t flows_max, flows_idle_s, flows_cleanup_s;
	/* streams: of one peer */
	uint8_t streams_max, streams_min;
	uint32_t streams_idle_s, streams_cleanup_s;
	uint16_t streams_buffer; /* packets of each */
	bool streams_sockets;    /* each its own UDP socket */
	/* sessions */
	uint32_t sessions_max, sessions_idle_s; /* idle 0: kept */
	/* limits */
	uint32_t handshakes_per_source, handshakes_burst; /* a second */
	/* breaker */
	uint8_t breaker_failures, breaker_successes;
	uint32_t breaker_reset_ms;
	/* retry: of a peer's handshakes and lookups */
	uint8_t retry_attempts, retry_multiplier;
	uint32_t retry_initial_ms, retry_max_ms;
	/* qos */
	bool qos;
	uint32_t qos_limit_kbit; /* of each peer, or CONF_LIMIT_NONE */
	uint8_t nclasses;
	struct conf_qos_class class[CONF_CLASSES_MAX];
	/* failover */
	uint8_t npins;
	struct conf_pin pin[CONF_PINS_MAX];
	/* nat: how others see this node */
	bool nat_enable, stun_serve;
	uint8_t nstun;
	struct endpoint stun[CONF_STUN_MAX];
	uint32_t nat_interval_s;
	uint16_t nat_keepalive_s; /* 0: none */
	/* relay: for others, and by others */
	bool relay_serve, relay_use, relay_keep;
	uint32_t relay_kbit; /* of each member that asks */
	uint16_t relay_labels;
	uint8_t nturn;
	struct endpoint turn[CONF_TURN_MAX];
	char turn_user[CONF_TURN_TEXT], turn_file[CONF_PATH_MAX];
	char turn_password[CONF_TURN_TEXT]; /* not in CONF_NODE */
	uint8_t turn_transport;             /* CONF_TURN_* */
	uint8_t nturn_pins;
	uint8_t turn_pin[CONF_TURN_PINS_MAX][32]; /* SHA-256 of its key */
	bool port_mapping;
	bool upnp; /* ... also by UPnP, if all else fails */
	/* tls */
	uint8_t ntls_listen, ntls_proxy;
	struct endpoint tls_listen[CONF_TLS_LISTEN_MAX]; /* family 0: any */
	struct endpoint tls_proxy[1];
	uint8_t tls_connect; /* CONF_TLS_* */
	/* network: where its files are; "": not a member of one */
	char cert_file[CONF_PATH_MAX], secret_file[CONF_PATH_MAX];
	uint8_t nauthorities; /* more than the certificate's own */
	uint8_t authority[CERT_CAS_MAX - 1][32];
	/* discovery */
	uint8_t dht;    /* CONF_DHT_* */
	bool dht_tag;   /* private: only with the network's tag */
	bool dht_plain; /* values to unverified addresses too, plain BEP44 */
	bool dht_listen_any; /* `*`: both families, dht_listen no address */
	struct endpoint dht_listen; /* means nothing if dht is NO */
	uint8_t nbootstrap;
	struct endpoint bootstrap[CONF_BOOTSTRAP_MAX];
	bool lan;
	uint32_t announce_s, lookup_timeout_ms;
	/* control */
	char socket[CONF_PATH_MAX], status_socket[CONF_PATH_MAX];
	char group[32];
	/* log */
	uint8_t log_level;
	uint32_t log_ring;
	uint32_t log_rate; /* lines a second of one kind */
};

enum { CONF_DHT_NO, CONF_DHT_PRIVATE, CONF_DHT_PUBLIC };
enum { CONF_TLS_NO, CONF_TLS_AUTO, CONF_TLS_YES };
enum { CONF_TURN_UDP, CONF_TURN_TCP, CONF_TURN_TLS, CONF_TURN_AUTO };

/* Is there anything to do for tlsd? */
/* ... and for upnpd? */
static inline bool
conf_wants_upnp(const struct conf_node *n)
{
	return n->nat_enable && n->port_mapping && n->upnp;
}

/* The longest packet of the tunnel, whatever the paths take. */
static inline uint16_t
conf_mtu(const struct conf_node *n)
{
	return n->mtu == CONF_AUTO ? n->mtu_limit : n->mtu;
}

static inline bool
conf_wants_tls(const struct conf_node *n)
{
	return n->ntls_listen != 0 || n->tls_connect != CONF_TLS_NO ||
	    (n->nturn != 0 && n->turn_transport != CONF_TURN_UDP);
}

/*
 * The network this node is a member of, from its files: see bundle.h.  As a
 * frame (CONF_NET) each role is sent the keys that it needs, others are zero;
 * the network's secret itself never travels.
 */
struct conf_net {
	bool on;
	struct bundle bundle; /* secret is zero */
	struct netkeys keys;
	uint8_t nmore; /* further authorities, while keys roll over */
	uint8_t more[CERT_CAS_MAX - 1][32];
};

struct conf {
	struct conf_node node;
	struct conf_net net;
	uint32_t npeers;
	struct conf_peer *peer; /* heap */
};

/*
 * Every option at its default.  The name is hostname up to its first dot, or
 * "node" if that is no name; sockets are in rundir.  No peers.
 */
void conf_defaults(struct conf *, const char *hostname, const char *rundir);
void conf_clear(struct conf *); /* frees, and wipes the psks */

/* ---- diagnostics ---- */
enum conf_severity { CONF_WARNING, CONF_ERROR };
struct conf_diag {
	enum conf_severity severity;
	char file[CONF_PATH_MAX];
	/*
	 * 1-based, as a terminal shows it: a tab goes to the next multiple of
	 * eight.  0: of the whole file.
	 */
	uint32_t line, column, length;
	char source[160]; /* the line, cut, printable, tabs expanded */
	char message[256];
	char hint[192]; /* "" or: did you mean "x"?, first used at f:l */
};
#define CONF_DIAGS_MAX 200 /* then: "too many errors" */
struct conf_diags {
	uint32_t n, errors, warnings; /* the latter count what was dropped */
	struct conf_diag d[CONF_DIAGS_MAX];
};
/* file:line:col: error: ..., the line, caret and hint */
void conf_diag_print(FILE *, const struct conf_diag *);
/* All of them, and a line "5 errors, 1 warning" if there are any. */
void conf_diags_print(FILE *, const struct conf_diags *);

/* ---- text in ---- */
/*
 * Where text comes from: conf_load.c reads files (the only part with I/O),
 * tests and fuzzers hand it strings.  open_glob calls add for every file that
 * matches, in sorted order, until add returns -1; it returns how many matched,
 * or -1 if one of them could not be read.  Patterns and paths arrive as seen
 * from the main file's own path.  err takes one line, and after a newline a
 * hint if there is one.
 */
struct conf_reader {
	int (*open_glob)(void *ctx, const char *pattern,
	    int (*add)(
		void *actx, const char *path, const char *text, size_t len),
	    void *actx, char *err, size_t errcap);
	/* A 32-octet secret in base64 from a 0400 file: 0, or -1 and err. */
	int (*secret)(void *ctx, const char *path, uint8_t out[32], char *err,
	    size_t errcap);
	void *ctx;
	/* The same of a certificate file; crypto_init was called before. */
	int (*certificate)(void *ctx, const char *path, char *out, size_t cap,
	    size_t *len, char *err, size_t errcap);
	uint64_t unix_s; /* what time it is, for certificates */
	/* The same of a file with a password: its first and only line. */
	int (*password)(void *ctx, const char *path, char *out, size_t cap,
	    char *err, size_t errcap);
};
struct conf_macro {
	const char *name, *value;
};

/*
 * Pure.  0 with *out filled (caller: conf_clear), or -1 and *out is empty, as
 * conf_clear leaves it; diags always filled, all errors of all files.  *out
 * must hold the defaults.  Macros given here win over the file's own.
 */
int conf_parse(const char *path, const char *text, size_t len,
    const struct conf_reader *, const struct conf_macro *, size_t nmacros,
    struct conf *out, struct conf_diags *);

/*
 * With the file system: reads path, includes, secrets.  Same result.  Files
 * must belong to root or the caller and be writable by nobody else, secrets
 * also readable by nobody else.  Includes must be below the directory of
 * path: the process that calls this may be confined to it and to the two files
 * in CONF_STATE_DIR.  Every path in *out is absolute.
 */
int conf_load(const char *path, const struct conf_macro *, size_t nmacros,
    struct conf *out, struct conf_diags *);

/* Canonical text; secrets are not printed, their files are.  0 or -1. */
int conf_print(FILE *, const struct conf *);

/* A rule as it stands in a file; returns out. */
const char *conf_rule_format(
    const struct conf_rule *, char out[CONF_RULE_STRLEN]);

/* ---- frames ---- */
/*
 * A reader accepts only what conf_parse could have produced: counts and values
 * in range, names without surprises; anything else is -1.
 */
void conf_node_put(struct wbuf *, const struct conf_node *);
int conf_node_get(struct rbuf *, struct conf_node *);
/* CONF_TURN: the password, for the engine alone */
void conf_turn_put(struct wbuf *, const struct conf_node *);
int conf_turn_get(struct rbuf *, struct conf_node *);
void conf_peer_put(struct wbuf *, const struct conf_peer *);
/* CONF_NET with the keys for that role (enum role of msg.h), zero for others */
void conf_net_put(struct wbuf *, const struct conf_net *, unsigned role);
int conf_net_get(struct rbuf *, struct conf_net *); /* on is set */
/* The same without the pre-shared key, for who has no use for it. */
void conf_peer_put_public(struct wbuf *, const struct conf_peer *);
/* 0 (p->allowed on the heap: conf_peer_clear), or -1 */
int conf_peer_get(struct rbuf *, struct conf_peer *);
void conf_peer_clear(struct conf_peer *);

/* ---- differences ---- */
enum conf_class { CONF_LIVE, CONF_REHANDSHAKE, CONF_RESTART };
struct conf_change {
	enum conf_class cls;
	char what[96], from[96], to[96]; /* "tunnel mtu", "1400", "1380" */
};
/*
 * Calls fn for every difference; returns how many.  Peers are matched by name:
 * one line for each that came ("peer x", "-", "added") or went ("removed").
 * Pre-shared keys are compared, never shown.
 */
unsigned conf_diff(const struct conf *old, const struct conf *new,
    void (*fn)(void *ctx, const struct conf_change *), void *ctx);

/* ---- the table, for manuals, completion and tests ---- */
/* A line each: block option type default range class help; tabs between. */
void conf_schema_print(FILE *);

/*
 * base64 of exactly 32 octets (44 characters, as WireGuard's tools); only the
 * canonical form is read.
 */
int key_parse(const char *, uint8_t out[32]); /* 0 or -1 */
const char *key_format(const uint8_t in[32], char out[45]);

#endif
