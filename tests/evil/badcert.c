/* SPDX-License-Identifier: ISC */
/* file: tests/evil/badcert.c */
/*
 * Somebody who has the network's secret, so that WireGuard's handshake goes
 * through, and shows a certificate that should not count:
 *
 *	badcert KIND AUTHORITY-FILE PEER-KEY ADDRESS PORT FROM TO
 *
 * It calls the node with that key at that address, says HELLO with a
 * certificate made with the authority's own key and spoilt in one place, then
 * sends three UDP packets FROM -> TO port 9 into the tunnel all the same.  A
 * line for each thing that comes back.  "good" spoils nothing: so a test can
 * see that the others are refused for what they are.  FROM is also the address
 * that the certificate claims.
 */
#include <sys/socket.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evil_keys.h"
#include "addr.h"
#include "cert.h"
#include "clock.h"
#include "conf.h"
#include "cookie.h"
#include "crypto.h"
#include "frame.h"
#include "keypair.h"
#include "ledger.h"
#include "netkey.h"
#include "noise.h"

#define LIFE_S 3600
#define TLVS_AT 102 /* of a certificate, with the length before it */
#define FILE_MAX 4096
#define DATAGRAM_MAX 2048
#define CALLS 4
#define INNER_PORT 9

struct caller {
	int fd;
	uint8_t priv[32], pub[32], ed_seed[32];
	uint8_t peer[32];
	struct authority authority;
	uint8_t psk[32];
	struct noise hs;
	struct cookie_jar jar;
	struct keypair *keys;
	uint8_t cert[CERT_MAX + 64];
	size_t certlen;
};

static void
die(const char *why)
{
	fprintf(stderr, "badcert: %s\n", why);
	exit(2);
}

/* ---- the certificate ---- */

static void
sign_again(struct caller *c, const uint8_t seed[32])
{
	static const char domain[] = "mesh1 cert";
	uint8_t tbs[sizeof(domain) + sizeof(c->cert)];
	size_t n = c->certlen - CERT_SIG;

	memcpy(tbs, domain, sizeof(domain));
	memcpy(tbs + sizeof(domain), c->cert, n);
	if (crypto_sign(c->cert + n, seed, tbs, sizeof(domain) + n) == -1)
		die("can't sign");
}

/* One more TLV behind all others, rightly signed. */
static void
append_tlv(struct caller *c, uint8_t type, const uint8_t *value, uint8_t len)
{
	uint8_t *end = c->cert + c->certlen - CERT_SIG;
	unsigned n =
	    (unsigned)(c->cert[TLVS_AT - 2] << 8 | c->cert[TLVS_AT - 1]) + 2 +
	    len;

	memmove(end + 2 + len, end, CERT_SIG);
	end[0] = type;
	end[1] = len;
	memcpy(end + 2, value, len);
	c->cert[TLVS_AT - 2] = (uint8_t)(n >> 8);
	c->cert[TLVS_AT - 1] = (uint8_t)n;
	c->certlen += 2u + len;
	sign_again(c, c->authority.ca_seed);
}

/* The first TLV behind the second. */
static void
swap_tlvs(struct caller *c)
{
	uint8_t *a = c->cert + TLVS_AT, first[64];
	size_t alen = 2u + a[1], blen = 2u + a[alen + 1];

	if (alen > sizeof(first))
		die("long name");
	memcpy(first, a, alen);
	memmove(a, a + alen, blen);
	memcpy(a + blen, first, alen);
	sign_again(c, c->authority.ca_seed);
}

/* What is wrong before it is signed. */
static void
spoil_fields(const char *kind, struct cert *t)
{
	uint64_t now = t->not_before;

	if (strcmp(kind, "early") == 0)
		t->not_before = now + 2 * CERT_SKEW_S;
	else if (strcmp(kind, "expired") == 0) {
		t->not_before = now - LIFE_S;
		t->not_after = now - 2 * CERT_SKEW_S;
	} else if (strcmp(kind, "address") == 0)
		addr_parse("198.18.5.5", &t->address[0].addr);
	else if (strcmp(kind, "address6") == 0) {
		t->naddresses = 2;
		prefix_parse("fd00:1:2:3::5/48", &t->address[1]);
	} else if (strcmp(kind, "key") == 0)
		t->node[5] ^= 1;
	else if (strcmp(kind, "twin") == 0)
		t->serial = 0; /* good, but older than who has the address */
}

/* What is wrong with the octets; false: no such kind. */
static bool
spoil_octets(struct caller *c, const char *kind)
{
	static const char *const done[] = {"good", "early", "expired",
	    "address", "address6", "key", "twin", "issuer", "stranger", "mute"};
	static const uint8_t v[1];
	uint8_t other[32];

	if (strcmp(kind, "order") == 0)
		swap_tlvs(c);
	else if (strcmp(kind, "double") == 0) {
		append_tlv(c, CERT_TLV_GROUP, (const uint8_t *)"aa", 2);
		append_tlv(c, CERT_TLV_GROUP, (const uint8_t *)"aa", 2);
	} else if (strcmp(kind, "critical") == 0)
		append_tlv(c, CERT_TLV_CRITICAL, v, 1);
	else if (strcmp(kind, "unknown") == 0) /* and harmless */
		append_tlv(c, CERT_TLV_CRITICAL - 1, v, 1);
	else if (strcmp(kind, "trailing") == 0)
		c->cert[c->certlen++] = 0;
	else if (strcmp(kind, "short") == 0)
		c->certlen--;
	else if (strcmp(kind, "none") == 0)
		c->certlen = 0;
	else if (strcmp(kind, "signature") == 0)
		c->cert[c->certlen - 1] ^= 1;
	else if (strcmp(kind, "changed") == 0)
		c->cert[TLVS_AT + 2] ^= 1; /* the name's first letter */
	else if (strcmp(kind, "impostor") == 0) {
		rnd_bytes(other, sizeof(other));
		sign_again(c, other);
	} else {
		for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++)
			if (strcmp(kind, done[i]) == 0)
				return true;
		return false;
	}
	return true;
}

static void
make_cert(struct caller *c, const char *kind, const struct addr *claim)
{
	struct cert t = {.naddresses = 1};
	uint8_t seed[32];
	uint32_t nsec;

	clock_unix(&t.not_before, &nsec);
	t.not_after = t.not_before + LIFE_S;
	t.serial = UINT64_C(1) << 40 | (uint16_t)getpid();
	snprintf(t.name, sizeof(t.name), "evil-%d", (int)getpid());
	memcpy(t.node, c->pub, sizeof(t.node));
	if (crypto_sign_pub(t.ed, c->ed_seed) == -1)
		die("can't make a key");
	t.address[0].addr = *claim;
	t.address[0].len = c->authority.prefix.len;
	spoil_fields(kind, &t);
	memcpy(seed, c->authority.ca_seed, sizeof(seed));
	if (strcmp(kind, "issuer") == 0)
		rnd_bytes(seed, sizeof(seed));
	if ((c->certlen = cert_sign(c->cert, &t, seed)) == 0)
		die("can't sign");
	if (!spoil_octets(c, kind))
		die("no such kind");
}

/* ---- the session ---- */

static void
call(struct caller *c)
{
	uint8_t msg[WG_INITIATION_LEN], eph[32], at[WG_STAMP];
	struct msg_mix_reply mixed;
	struct msg_mix_ask ask;

	rnd_bytes(eph, sizeof(eph));
	if (noise_init_start(&c->hs, c->pub, c->peer, eph, 77, msg, &ask) == -1)
		die("not a key");
	evil_mix(c->priv, &ask, &mixed);
	evil_stamp(at);
	noise_init_finish(&c->hs, &mixed, at, msg);
	cookie_stamp(&c->jar, clock_mono_ms(), msg, sizeof(msg));
	send(c->fd, msg, sizeof(msg), 0);
}

static void
take_response(struct caller *c, const uint8_t *msg)
{
	struct noise hs = c->hs;
	struct msg_mix_reply mixed;
	struct noise_keys keys;
	struct msg_mix_ask q;

	if (c->keys != NULL || noise_resp_read(&hs, msg, &q) == -1)
		return;
	evil_mix(c->priv, &q, &mixed);
	if (noise_resp_finish(&hs, &mixed, c->psk, msg, &keys) == -1) {
		printf("response does not open\n");
		return;
	}
	c->keys =
	    keypair_new(&keys, 77, hs.remote_index, WG_REJECT_AFTER_MESSAGES);
	printf("session\n");
}

static void
take_data(struct caller *c, uint8_t *msg, size_t len)
{
	enum bye_reason why;
	struct frame f;
	long n;

	if (c->keys == NULL ||
	    (n = keypair_open(c->keys, msg + WG_DATA_HDR, msg, len)) < 0)
		return;
	if (n == 0)
		printf("keepalive\n");
	else if (frame_get(msg + WG_DATA_HDR, (size_t)n, &f) == -1)
		printf("packet\n");
	else if (f.type == FRAME_BYE && bye_get(f.body, f.len, &why) == 0)
		printf("BYE %d\n", (int)why);
	else if (f.type == FRAME_HELLO_ACK)
		printf("HELLO_ACK\n");
	else
		printf("frame %u\n", f.type);
}

/* What comes within so many milliseconds; a session that stands ends it. */
static void
receive(struct caller *c, int ms, bool until_session)
{
	uint64_t end = clock_mono_ms() + (uint64_t)ms, now;
	uint8_t msg[DATAGRAM_MAX];

	while ((now = clock_mono_ms()) < end) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		ssize_t n;

		if (until_session && c->keys != NULL)
			return;
		if (poll(&p, 1, (int)(end - now)) != 1 ||
		    (n = recv(c->fd, msg, sizeof(msg), 0)) <= 0)
			continue;
		switch (wg_classify(msg, (size_t)n)) {
		case WG_RESPONSE:
			take_response(c, msg);
			break;
		case WG_COOKIE:
			(void)cookie_take(&c->jar, now, msg);
			break;
		case WG_DATA:
			take_data(c, msg, (size_t)n);
			break;
		default:
			break;
		}
	}
}

static void
say(struct caller *c, const uint8_t *plain, size_t len)
{
	uint8_t msg[DATAGRAM_MAX];
	size_t n = keypair_seal(c->keys, msg, plain, len, len + FRAME_PAD);

	send(c->fd, msg, n, 0);
}

static void
say_hello(struct caller *c)
{
	uint8_t body[FRAME_BODY_MAX], frame[FRAME_MAX];
	struct hello h = {.boot = 1, .mtu = 1400};
	size_t n;

	h.certlen = (uint16_t)c->certlen;
	memcpy(h.cert, c->cert, c->certlen);
	n = hello_put(body, &h);
	n = frame_put(frame, sizeof(frame), FRAME_HELLO, body, n);
	if (n == 0)
		die("HELLO does not fit");
	say(c, frame, n);
}

/* One small UDP packet, IPv4, without a checksum of its own. */
static void
say_packet(struct caller *c, const struct addr *from, const struct addr *to)
{
	uint8_t p[32] = {0x45, 0, 0, 32, 0, 0, 0x40, 0, 64, 17};
	uint32_t sum = 0;

	memcpy(p + 12, from->b, 4);
	memcpy(p + 16, to->b, 4);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
	p[21] = INNER_PORT;
	p[23] = INNER_PORT;
	p[25] = 12;
	say(c, p, sizeof(p));
}

/* ---- the start ---- */

static void
read_authority(struct caller *c, const char *path)
{
	static char text[FILE_MAX];
	FILE *f = fopen(path, "r");
	struct netkeys keys;
	size_t n;

	if (f == NULL)
		die("can't read the authority's file");
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (authority_parse(text, n, &c->authority) == -1)
		die("not an authority's file");
	netkeys_derive(&keys, c->authority.secret);
	memcpy(c->psk, keys.psk, sizeof(c->psk));
}

static void
dial(struct caller *c, const char *address, const char *port)
{
	struct sockaddr_storage ss;
	struct endpoint to;
	socklen_t len;

	if (addr_parse(address, &to.addr) == -1)
		die("not an address");
	to.port = (uint16_t)strtol(port, NULL, 10);
	len = (socklen_t)endpoint_to_sa(&to, &ss);
	c->fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->fd == -1 || connect(c->fd, (struct sockaddr *)&ss, len) == -1)
		die("can't dial");
}

int
main(int argc, char *argv[])
{
	static struct caller c;
	struct addr from, to;
	const char *kind;

	if (argc != 8 || addr_parse(argv[6], &from) == -1 ||
	    addr_parse(argv[7], &to) == -1 || from.family != 4) {
		fprintf(stderr,
		    "usage: badcert KIND AUTHORITY-FILE PEER-KEY "
		    "ADDRESS PORT FROM TO\n");
		return 2;
	}
	kind = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (crypto_init() == -1 || key_parse(argv[3], c.peer) == -1)
		die("not a key");
	read_authority(&c, argv[2]);
	rnd_bytes(c.priv, sizeof(c.priv));
	rnd_bytes(c.ed_seed, sizeof(c.ed_seed));
	crypto_x25519_pub(c.pub, c.priv);
	cookie_jar_init(&c.jar, c.peer);
	make_cert(&c, kind, &from);
	if (strcmp(kind, "stranger") == 0) /* knows no secret */
		memset(c.psk, 0, sizeof(c.psk));
	dial(&c, argv[4], argv[5]);
	for (int i = 0; i < CALLS && c.keys == NULL; i++) {
		call(&c);
		receive(&c, 500, true);
	}
	if (c.keys == NULL) {
		printf("no session\n");
		return 1;
	}
	if (strcmp(kind, "mute") != 0)
		say_hello(&c);
	receive(&c, 500, false);
	for (int i = 0; i < 3; i++)
		say_packet(&c, &from, &to);
	receive(&c, 300, false);
	keypair_free(c.keys);
	return 0;
}
