/* SPDX-License-Identifier: ISC */
/* file: discoveryd/lan.h */
#ifndef LAN_H
#define LAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cert.h"
#include "msg.h"
#include "rnd.h"

/*
 * Members on the same link, by multicast.  Pure.
 *
 * datagram: "MLD1" | tag 8 = HMAC-SHA256(K_lan, BE64(unix hour))[0..8]
 * | nonce 24 | XChaCha20-Poly1305(K_lan; additional data: the 12 before it) of
 *   node key 32 | u16 WireGuard port | u16 TLS port (0) | u64 boot id
 *   | u64 unix time | u8 n <= 8 | n candidates of 24 | u16 length, certificate
 *
 * Without the network's key it is noise, changes with every datagram, and
 * costs one comparison.  What it says is only a hint where to try: a handshake
 * decides.
 *
 * A whole beacon has the certificate and goes out in both families: at the
 * start, after a change, and within LAN_ANSWER_MS for a key that was silent so
 * far, so that a newcomer need not wait.  It goes to the group even then: the
 * nodes of one machine share the port, and a datagram to it alone would reach
 * one of them.  Those in between are for who knows us already: short (length
 * of the certificate 0) and in one family by turns; now and then one of each
 * has the certificate, since two nodes that reach nobody else could find each
 * other, but not know who the other is.
 */
#define LAN_PORT 47786
#define LAN_HINTS_MAX 256
#define LAN_PLACES_MAX 8
#define LAN_ANSWER_MS 250
#define LAN_HEARD_S 120 /* a hint's life; and how far clocks may differ */
#define LAN_DATAGRAM_MAX                                                       \
	(4 + 8 + 24 + 53 + LAN_PLACES_MAX * 24 + 2 + CERT_MAX + 16)

struct lan;
#define LAN_IP4 1u
#define LAN_IP6 2u
struct lan_io {
	void *ctx;
	/* to the groups of these families, on every link of ours */
	void (*send)(void *ctx, unsigned families, const uint8_t *, size_t len);
	/* A beacon of a member; its certificate is as it came, unchecked. */
	void (*heard)(void *ctx, uint64_t now_ms, const uint8_t key[32],
	    const uint8_t *cert, size_t certlen);
	struct rnd_src rnd;
};
struct lan_conf {
	uint8_t key[32];  /* K_lan */
	uint8_t node[32]; /* this node */
	uint64_t boot;
};
struct lan_hint {
	uint8_t key[32];
	uint64_t heard_ms, said_s, boot; /* said_s: its own clock */
	uint8_t n;
	struct endpoint at[1 + LAN_PLACES_MAX]; /* where it came from first */
};
struct lan_stats {
	uint64_t in, out, refused, held, crowded;
};

struct lan *lan_new(const struct lan_io *); /* off; NULL: no memory */
void lan_free(struct lan *);
/* NULL: off, and everything is forgotten. */
void lan_configure(struct lan *, uint64_t now_ms, const struct lan_conf *);
/* This node's certificate, to be told; as octets. */
void lan_certificate(struct lan *, const void *, size_t len);
/* What this node can be reached at; something new is said at once. */
void lan_places(struct lan *, uint64_t now_ms, const struct msg_places *);
/* data is untrusted; any length */
void lan_from_udp(struct lan *, uint64_t now_ms, uint64_t unix_s,
    const struct endpoint *from, const uint8_t *data, size_t len);
void lan_tick(struct lan *, uint64_t now_ms, uint64_t unix_s);
uint64_t lan_due(const struct lan *); /* UINT64_MAX: nothing */
/* NULL: not heard of in the last LAN_HEARD_S */
const struct lan_hint *lan_find(
    const struct lan *, uint64_t now_ms, const uint8_t key[32]);
bool lan_on(const struct lan *);
const struct lan_stats *lan_stats(const struct lan *);

/* ---- the datagram ---- */
struct beacon {
	uint8_t node[32];
	uint16_t port, tls_port;
	uint64_t boot, unix_s;
	uint8_t n;
	struct candidate c[LAN_PLACES_MAX];
	uint16_t certlen;
	uint8_t cert[CERT_MAX];
};
size_t beacon_seal(uint8_t out[LAN_DATAGRAM_MAX], const uint8_t key[32],
    const uint8_t nonce[24], const struct beacon *);
/* 0, or -1: not of this network, not now, or makes no sense */
int beacon_open(const void *, size_t len, const uint8_t key[32],
    uint64_t unix_s, struct beacon *);

#endif
