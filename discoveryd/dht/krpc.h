/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/krpc.h */
#ifndef KRPC_H
#define KRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "bencode.h"
#include "dht.h"

/*
 * The messages of the DHT: BEP5, 32 (nodes6, want), 42 (ip), 43 (ro), 44 (get,
 * put), and of our own: a top-level key "n" (the tag of a private swarm) and
 * the query "mesh_news".
 *
 * One struct for both directions: krpc_parse fills it with pointers into the
 * datagram, krpc_build writes whatever is set, keys sorted, v = "MV\0\1".
 * Parsing what was built gives the same struct.  Pure, allocates nothing.
 *
 * Every length and type is checked here, so no caller has to: a pointer to
 * 8, 20, 32 or 64 octets that is not NULL has so many.  Two lengths are left
 * to krpc_item, because BEP44 has error codes for them: v and salt.
 */
#define KRPC_T_MAX 16
#define KRPC_TOKEN_MAX 64
#define KRPC_TAG 8
#define KRPC_NODE4 26 /* octets of an entry of nodes */
#define KRPC_NODE6 38 /* ... of nodes6 */
#define KRPC_MAX 1400 /* octets of a message we send */
#define KRPC_NO_CAS UINT64_MAX

enum krpc_kind { KRPC_QUERY, KRPC_RESPONSE, KRPC_ERROR };

enum krpc_method {
	KRPC_PING,
	KRPC_FIND_NODE,
	KRPC_GET_PEERS,
	KRPC_ANNOUNCE,
	KRPC_GET,
	KRPC_PUT,
	KRPC_NEWS,  /* ours: see dht_news.c */
	KRPC_OTHER, /* with a target: answer like find_node; without: 204 */
	KRPC_NMETHODS
};

/* Codes of error messages: BEP5, BEP44. */
enum krpc_code {
	KRPC_E_NONE = 0,
	KRPC_E_GENERIC = 201,
	KRPC_E_SERVER = 202,   /* we don't want to: a limit */
	KRPC_E_PROTOCOL = 203, /* malformed, missing, bad token */
	KRPC_E_METHOD = 204,
	KRPC_E_V = 205,
	KRPC_E_SIG = 206,
	KRPC_E_SALT = 207,
	KRPC_E_CAS = 301,
	KRPC_E_SEQ = 302
};

/*
 * Why a datagram is no message.  From KRPC_BAD_METHOD on kind and t are right,
 * so that a query may be answered KRPC_E_PROTOCOL.
 */
enum krpc_fault {
	KRPC_FINE,
	KRPC_BAD_BENCODE, /* or something behind it */
	KRPC_BAD_SHAPE,   /* not a dictionary */
	KRPC_BAD_T,       /* missing, empty or longer than KRPC_T_MAX */
	KRPC_BAD_KIND,    /* y */
	KRPC_BAD_METHOD,  /* q missing */
	KRPC_BAD_ARGS,    /* no a, r or e of the right type */
	KRPC_BAD_ID,      /* missing, or not 20 octets */
	KRPC_BAD_TYPE,    /* a known key with a value of another type */
	KRPC_BAD_LENGTH,  /* a known key with a value of another length */
	KRPC_BAD_RANGE,   /* an integer that can't be */
	KRPC_MISSING,     /* an argument that its method needs */
	KRPC_NFAULTS
};
const char *krpc_fault_name(enum krpc_fault); /* a short phrase */

struct krpc_msg {
	enum krpc_kind kind;
	enum krpc_method method; /* of a query; answers don't say */
	struct octets name;      /* q as it came; needed to build KRPC_OTHER */
	struct octets t;         /* 1..KRPC_T_MAX */
	const uint8_t *tag;      /* "n", KRPC_TAG octets, or NULL */
	bool read_only;          /* ro */
	struct endpoint ip;      /* how the other sees us; family 0: not said */

	/* "a" or "r" */
	const uint8_t *id;           /* 20; NULL only in errors */
	const uint8_t *target;       /* 20: target or info_hash */
	struct octets token;         /* p NULL: none */
	struct octets nodes, nodes6; /* whole entries */
	bool want4, want6;
	struct octets values; /* get_peers: a bencoded list, verbatim */
	uint32_t nvalues;     /* its peers (of 6 or 18 octets) */
	struct octets v;      /* BEP44, verbatim bencoded; any length */
	const uint8_t *k;     /* 32 */
	const uint8_t *sig;   /* 64 */
	struct octets salt;   /* any length; empty is like not there */
	bool has_seq;
	uint64_t seq;  /* 0..INT64_MAX */
	uint64_t cas;  /* ... or KRPC_NO_CAS: set that when you build a put */
	uint16_t port; /* announce; 0 only if implied */
	bool implied_port;

	/* "e" */
	uint32_t code;
	struct octets text; /* of a stranger: not for a terminal as it is */
};

/* *m is defined always, complete if KRPC_FINE. */
enum krpc_fault krpc_parse(struct krpc_msg *m, const uint8_t *data, size_t len);
/* The length, or 0: does not fit.  A NULL text is that of the code. */
size_t krpc_build(uint8_t *out, size_t cap, const struct krpc_msg *m);
const char *krpc_code_text(uint32_t code);

/* ---- entries of nodes and nodes6, values ---- */
/* How many entries; those of family 4 are in nodes, of 6 in nodes6. */
size_t krpc_nnodes(const struct krpc_msg *, uint8_t family);
/* The i-th of them; i < krpc_nnodes.  Port and address are as they came. */
void krpc_node(
    const struct krpc_msg *, uint8_t family, size_t i, struct dht_node *out);
/* Compact: id, address, port; 26 or 38 octets by the family of n->ep. */
void krpc_put_node(struct wbuf *, const struct dht_node *n);
/* A list for `values`: all of one family. */
void krpc_put_peers(struct wbuf *, const struct endpoint *, size_t n);

/* ---- items of BEP44 ---- */
/*
 * The item of a put, or of an answer to a get; not yet verified (dht_item_ok,
 * dht_target).  The salt of an answer is the asker's, so it is copied in from
 * m->salt only.  KRPC_E_NONE, _V or _SALT (too long), or _PROTOCOL: there is
 * no whole item in it.
 */
enum krpc_code krpc_item(struct dht_item *out, const struct krpc_msg *m);

#endif
