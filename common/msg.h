/* SPDX-License-Identifier: ISC */
/* file: common/msg.h */
#ifndef MSG_H
#define MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"

/*
 * Every message between two programs of the suite: one line of one list.
 *
 * From MESSAGES come the enum, the names, the refusal table, the fuzz target
 * and the tests.  Payloads are encoded field by field with buf.h (big-endian);
 * msg_put_x / msg_get_x are inverses, msg_get_x returns -1 for anything that
 * is not exactly one well-formed payload.  No struct or pointer ever travels.
 * Numbers are never reused.  MSG_VERSION changes when the meaning does.
 */
#define MSG_VERSION 1

enum role {
	ROLE_NONE,
	ROLE_PARENT, /* tunnel-priv, the supervisor */
	ROLE_TUN,    /* tunnel-priv, the packet pump */
	ROLE_KEY,    /* keyd */
	ROLE_ENGINE, /* p2p-engine */
	ROLE_DISC,   /* discoveryd */
	ROLE_CTL,    /* control */
	ROLE_CLIENT, /* meshctl, on the control or the status socket */
	ROLE_CONF,   /* tunnel-priv, the throw-away config parser */
	ROLE_PRIV,   /* tunnel-priv, the process with the privileges */
	ROLE_EXPORT, /* mesh-exporter; to control it is a ROLE_CLIENT */
	ROLE_TLS,    /* tlsd */
	ROLE_UPNP,   /* upnpd */
	ROLE_NROLES
};
#define R(r) (1u << (ROLE_##r))
#define R_KIDS                                                                 \
	(R(TUN) | R(KEY) | R(ENGINE) | R(DISC) | R(CTL) | R(TLS) | R(UPNP))
#define R_ANY (R(PARENT) | R_KIDS | R(CLIENT) | R(CONF) | R(PRIV))

const char *role_name(enum role); /* "tunnel-priv", "tun", "keyd", ... */

/* channel states in which a message is legal (bits) */
#define ST_NEW 1u
#define ST_READY 2u

#define FD_NONE 0
#define FD_ONE 1

#include "msg_table.h"

enum msg_type {
#define M_ENUM(name, no, min, max, fd, from, when) MSG_##name = no,
	MESSAGES(M_ENUM)
#undef M_ENUM
};

const char *msg_name(unsigned type); /* "LOOKUP_ASK", or "?" */

/* NULL if the message may be handled, else why not, for log and counter. */
const char *msg_refuse(
    unsigned type, size_t len, bool has_fd, enum role from, unsigned state);

struct msg_hello {
	uint32_t version;
	enum role role;
	uint64_t gen;
};

/* A channel (or, kind WIRE_PACKETS, a packet socketpair) to a neighbour. */
enum wire_kind { WIRE_CHAN, WIRE_PACKETS };
struct msg_wire {
	enum wire_kind kind;
	enum role peer;
	uint64_t gen;
	uint8_t offload; /* WIRE_PACKETS: what the TUN takes, OFFLOAD_* */
};

struct msg_tun_fd {
	uint8_t queue;
	uint8_t offload; /* what the kernel granted: OFFLOAD_* of packets.h */
};

#define UDP_STREAM_FIRST 32 /* from here on: of stream 1, IPv4 and 6, 2 ... */
static inline uint16_t
udp_stream_socket(unsigned stream, uint8_t family)
{
	return (uint16_t)(UDP_STREAM_FIRST + 2 * (stream - 1) + (family == 6));
}

struct msg_udp_fd {
	uint16_t index;        /* names the socket from now on */
	struct endpoint local; /* as bound */
};

struct msg_udp_gone {
	uint16_t index;
};

enum listen_kind { LISTEN_CONTROL, LISTEN_STATUS };
struct msg_listen_fd {
	enum listen_kind kind;
};

struct msg_conf_end {
	uint32_t npeers;
};

struct msg_conf_failed {
	uint32_t errors, warnings;
};

struct msg_ready {
	uint32_t sandbox; /* SANDBOX_* of sandbox.h: what is in force */
	uint32_t missing; /* ... and what is not */
};

struct msg_ring {     /* the memory of the wire that comes next: pkring.h */
	uint64_t gen; /* that wire's */
};

struct msg_features { /* FEATURE_* of feature.h */
	uint32_t have, lacking;
};

struct msg_log {
	uint8_t level;
	char text[513];
};

enum key_status { KEY_OK, KEY_BUSY_NOW, KEY_REFUSED_POINT };
struct msg_mix_ask {
	uint8_t ck[32], point[32];
	uint8_t n; /* how many 32-octet outputs: 1 or 2 */
};
struct msg_mix_reply {
	enum key_status status;
	uint8_t out[2][32]; /* out[1] is zero for n = 1 */
};
struct msg_stamp_reply {
	uint8_t stamp[12]; /* TAI64N, strictly increasing */
};
struct msg_pub_reply {
	uint8_t pub[32], ed[32]; /* X25519, Ed25519 */
	/* of the join_request of a renewal (invite.h): always the same */
	uint8_t renew[64];
};
/* keyd signs only this: a place record of the node, BEP44 (record.h). */
struct msg_sign_ask {
	uint8_t salt[32];
	uint64_t seq; /* above the last one signed */
	uint16_t vlen;
	uint8_t v[990];
};
struct msg_sign_reply {
	enum key_status status; /* KEY_REFUSED_POINT: seq is too low */
	uint8_t sig[64];
};
enum invite_state { INVITE_LIVE, INVITE_SPENT, INVITE_LATE, INVITE_CANCELLED };
struct msg_invite_row {                  /* an empty id ends the rows */
	uint8_t id[8], pub[32], psk[32]; /* with what the newcomer calls */
	uint64_t expires;                /* unix seconds */
	enum invite_state state;
};
struct msg_issue_ask {
	uint8_t request[168]; /* JOIN_REQUEST, invite.h */
};
struct msg_issue_reply {
	uint8_t status; /* enum join_status, invite.h */
	char who[128];  /* for a human: who used it, when */
	uint16_t len;
	uint8_t bundle[8000 - 2]; /* bundle.h */
};

#define MSG_CERT_MAX 900
#define CANDIDATES_MAX 16
enum candidate_type {
	CANDIDATE_HOST = 1,
	CANDIDATE_REFLEXIVE, /* as a server saw it */
	CANDIDATE_MAPPED,    /* asked of the translator */
	CANDIDATE_SEEN,      /* ... as a peer saw it */
	CANDIDATE_TURN,
	CANDIDATE_RELAY, /* its address in the network, port 0; IPC only */
	CANDIDATE_TLS
};
struct candidate { /* 24 octets on the wire */
	uint8_t type;
	struct endpoint ep;
	uint32_t priority;
};
enum lookup_status { LOOKUP_FOUND, LOOKUP_UNKNOWN, LOOKUP_BUSY };
struct msg_lookup_ask {
	struct addr ip;
};
struct msg_lookup_reply { /* also RECENT_ROW; an empty key ends the rows */
	enum lookup_status status;
	uint8_t key[32];
	uint8_t n;
	struct candidate c[CANDIDATES_MAX];
	bool has_pin; /* of its TLS: candidates of type 7 */
	uint8_t pin[32];
	uint16_t certlen; /* 0: a configured peer */
	uint8_t cert[MSG_CERT_MAX];
};
struct msg_peer_seen { /* the engine authenticated this peer at this place */
	uint8_t key[32];
	struct endpoint ep;
	bool up; /* false: the session ended, don't redial after a restart */
};

/* MEMBER, CRL, OWN_BUNDLE: octets that somebody signed. */
#define MSG_BLOB_MAX 8000
struct msg_blob {
	uint16_t len;
	uint8_t data[MSG_BLOB_MAX];
};
/*
 * A control frame WHO_HAS, RECORD or PEERS, passed on as it is: from a peer, or
 * to one; to an empty key: to up to three peers that are up.
 */
struct msg_peer_frame {
	uint8_t key[32], type;
	uint16_t len;
	uint8_t body[1200];
};
enum disc_fd { DISC_DHT4, DISC_DHT6, DISC_LAN4, DISC_LAN6 };
struct msg_disc_fd {
	enum disc_fd kind;
	struct endpoint local;
};
/* Where this node can be reached, as its interfaces have it. */
struct msg_places {
	uint8_t n;
	struct place_row {
		uint32_t ifindex;
		struct endpoint ep; /* with a WireGuard port */
	} at[CANDIDATES_MAX];
};

/* ---- about the network, for people ---- */
enum peer_view { PV_IDLE, PV_LOOKUP, PV_HANDSHAKE, PV_UP, PV_WAIT, PV_OFF };
enum find_what { FIND_IP, FIND_NAME, FIND_KEY };
struct msg_find_ask {
	enum find_what what;
	struct addr ip;
	uint8_t key[32];
	char name[64];
};
/* The order in which discoveryd looks. */
enum find_source { FIND_BOOK, FIND_CACHE, FIND_LAN, FIND_PEERS, FIND_DHT };
enum find_result { FIND_YES, FIND_NO, FIND_LATE, FIND_OFF };
struct msg_find_step {
	enum find_source source;
	enum find_result result;
	uint32_t took_ms, queries, answers, timeouts, copies, refused, rounds;
};
struct msg_find_row {
	enum lookup_status status;
	enum find_source source;
	uint64_t age_s; /* of the place, 0: none or now */
	struct msg_lookup_reply reply;
};
struct msg_dht_row {
	uint8_t id4[20], id6[20];
	struct endpoint own4, own6; /* as others see us; family 0: not known */
	uint8_t mode;               /* 0 off, 1 private, 2 public */
	uint32_t nodes4, nodes6, good, items, item_octets, searches, published,
	    cached;
	uint64_t rx, rx_octets, tx, tx_octets, malformed, untagged,
	    rate_limited, unsolicited, bad_token, bad_item;
	uint64_t published_unix_ms; /* last time, 0: never */
	uint32_t beacons_in, beacons_out;
};
struct msg_dht_node {
	uint8_t id[20];
	struct endpoint ep;
};
struct msg_net_row {
	uint8_t authority[32], holder[32];
	struct prefix prefix, prefix6;
	uint64_t crl_number, crl_issued, crl_next; /* 0: none */
	uint16_t crl_serials;
	uint32_t members, guests, invites;
	bool is_holder; /* this node can issue certificates */
	char note[32];  /* "": fine */
	uint16_t certlen;
	uint8_t cert[MSG_CERT_MAX]; /* this node's */
};
struct msg_member_row {
	enum peer_view state;
	uint64_t seen_unix_ms;
	uint16_t certlen;
	uint8_t cert[MSG_CERT_MAX];
};

struct msg_peers_ask { /* also DROPS_ASK, for the peer's last one besides */
	char name[64]; /* "": all; none */
};

#define MSG_ROWS_MAX 8192 /* of one answer, from one process */
enum row_end { END_OK, END_UNKNOWN, END_FAILED, END_DENIED, END_AWAY };

struct msg_node_row {
	char name[64];
	char version[32];
	char device[16];
	char conf_path[256];
	uint64_t started_unix_ms, loaded_unix_ms;
	uint32_t reloads, reload_failures;
	uint16_t mtu;
	uint8_t offload;
	uint8_t naddresses;
	struct prefix address[8];
	uint8_t nlisten;
	struct endpoint listen[8];
	uint16_t mtu_limit; /* mtu follows the paths up to it, 0: it does not */
	char mtu_peer[64];  /* ... and is what the path to this one takes */
};

enum proc_state { PROC_DOWN, PROC_STARTING, PROC_UP, PROC_WAITING };
struct msg_proc_row {
	enum role role;
	enum proc_state state;
	uint32_t pid, restarts;
	uint64_t started_unix_ms;
	uint32_t sandbox, missing;  /* as in READY */
	uint32_t rss_kb;            /* 0: not known */
	uint32_t features, lacking; /* as in FEATURES */
};

struct msg_peer_row {
	char name[64];
	uint8_t key[32];
	enum peer_view state;
	bool has_endpoint, has_psk;
	struct endpoint endpoint;
	uint64_t since_unix_ms;     /* of the state */
	uint64_t handshake_unix_ms; /* newest, 0: none */
	uint64_t seen_unix_ms;      /* newest authenticated packet, 0: none */
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets;
	uint32_t handshakes,
	    attempts; /* done in all; tries of the present one */
	uint32_t held, flows;
	uint16_t keepalive_s;
	uint32_t rtt_us;   /* of the last handshake, 0: none */
	uint32_t path_mtu; /* of links on the way, 0: not known */
	uint32_t mtu;      /* the longest packet of the tunnel to it */
	uint16_t nallowed;
	struct prefix allowed[256];
};

struct msg_counter_row {
	enum role role;
	uint16_t id; /* enum counter */
	uint64_t value;
};

struct msg_log_level {
	uint8_t level;
};

struct msg_end {
	enum row_end status;
};

struct msg_log_ask {
	uint32_t last; /* how many lines at most */
};

struct msg_log_row {
	uint64_t unix_ms;
	uint8_t level;
	char text[513]; /* "p2p-engine: ..." */
};

struct msg_text_row {
	uint8_t kind; /* 0 plain, 1 warning, 2 error */
	char text[2049];
};

/* What the supervisor asks of the process with the privileges. */
struct msg_p_tun {
	char device[16];
	uint8_t offload; /* at most this: OFFLOAD_* of packets.h */
};
struct msg_p_key {
	char path[256];
};
struct msg_p_listen {
	enum listen_kind kind;
	char path[256], group[32]; /* "": priv's own group */
};
struct msg_p_spawn { /* with the child's end of its channel */
	enum role role;
	uint64_t gen;
};
struct msg_p_kill {
	enum role role;
};
struct msg_p_udp {
	struct endpoint at;
	bool tcp; /* else UDP */
};
struct msg_p_buffers { /* with the socket */
	uint32_t receive, send;
};
struct msg_p_net {
	bool add, route; /* else remove, address */
	struct prefix prefix;
};
#define P_LINK_MTU_MIN 576
#define P_LINK_MTU_MAX 65000
struct msg_p_link {
	uint16_t mtu; /* within these, or it is not taken */
};
/* engine -> parent: what the interface should have, by the paths in use */
struct msg_tun_mtu {
	uint16_t mtu;
	char peer[64]; /* whose path is that narrow, "": nobody's */
};
struct msg_p_fd {
	uint8_t offload;       /* of a TUN: OFFLOAD_* of packets.h */
	struct endpoint local; /* of a UDP socket: as bound */
};
struct msg_p_done {
	uint32_t error, pid; /* an errno or 0; of a new child */
};
struct msg_p_failed {
	uint32_t error; /* errno */
	char text[256]; /* a sentence for the administrator */
};
struct msg_p_exited {
	enum role role;
	uint32_t pid, status; /* as wait(2) has it */
};

/*
 * CONF_NODE and CONF_PEER: the payloads are written by conf_wire.c
 * (conf_node_put/get, conf_peer_put/get), not here.
 */
#define MSG_CODEC(x)                                                           \
	void msg_put_##x(struct wbuf *, const struct msg_##x *);               \
	int msg_get_##x(struct rbuf *, struct msg_##x *);
MSG_CODEC(hello)
MSG_CODEC(wire)
MSG_CODEC(tun_fd)
MSG_CODEC(udp_fd)
MSG_CODEC(udp_gone)
MSG_CODEC(listen_fd)
MSG_CODEC(conf_end)
MSG_CODEC(conf_failed)
MSG_CODEC(ready)
MSG_CODEC(features)
MSG_CODEC(ring)
MSG_CODEC(log)
MSG_CODEC(mix_ask)
MSG_CODEC(mix_reply)
MSG_CODEC(stamp_reply)
MSG_CODEC(pub_reply)
MSG_CODEC(sign_ask)
MSG_CODEC(sign_reply)
MSG_CODEC(invite_row)
MSG_CODEC(issue_ask)
MSG_CODEC(issue_reply)
MSG_CODEC(lookup_ask)
MSG_CODEC(lookup_reply)
MSG_CODEC(peer_seen)
MSG_CODEC(blob)
MSG_CODEC(peer_frame)
MSG_CODEC(disc_fd)
MSG_CODEC(places)
MSG_CODEC(find_ask)
MSG_CODEC(find_step)
MSG_CODEC(find_row)
MSG_CODEC(dht_row)
MSG_CODEC(dht_node)
MSG_CODEC(net_row)
MSG_CODEC(member_row)
MSG_CODEC(peers_ask)
MSG_CODEC(node_row)
MSG_CODEC(tun_mtu)
MSG_CODEC(proc_row)
MSG_CODEC(peer_row)
MSG_CODEC(counter_row)
MSG_CODEC(log_level)
MSG_CODEC(log_ask)
MSG_CODEC(log_row)
MSG_CODEC(text_row)
MSG_CODEC(end)
MSG_CODEC(p_tun)
MSG_CODEC(p_key)
MSG_CODEC(p_listen)
MSG_CODEC(p_spawn)
MSG_CODEC(p_kill)
MSG_CODEC(p_udp)
MSG_CODEC(p_buffers)
MSG_CODEC(p_net)
MSG_CODEC(p_link)
MSG_CODEC(p_fd)
MSG_CODEC(p_done)
MSG_CODEC(p_failed)
MSG_CODEC(p_exited)

#include "msg_nat.h"
#include "msg_upnp.h"
#include "msg_path.h"
#include "msg_rows.h"
#include "msg_verdict.h"
#include "msg_tls.h"

#endif
