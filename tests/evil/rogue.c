/* SPDX-License-Identifier: ISC */
/* file: tests/evil/rogue.c */
/*
 * A peer that does what no honest one does:
 *
 *	rogue KEY-FILE|- PEER-KEY ADDRESS PORT ACTION ...
 *
 * It has the private key in that file, or (-) one that nobody knows, and does
 * one thing after the other to the node with that key at that address:
 *
 *	call		an initiation; the session that follows
 *	init[=N]	N fresh initiations at once, without waiting
 *	again		the last initiation once more
 *	junk[=N]	N initiations that are for this node, but random inside
 *	udp=FROM,TO,N	a UDP packet to port N, in the session
 *	lsrr=FROM,TO,N	the same with a source route among its IP options
 *	hex=...		these octets, in the session
 *	twice		the last message of the session once more
 *	forge		a message of the session whose tag is wrong
 *	wait=MS
 *
 * Only for test namespaces: refuses addresses outside 192.0.2.0/24.
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
#include "clock.h"
#include "conf.h"
#include "cookie.h"
#include "crypto.h"
#include "keypair.h"
#include "noise.h"
#include "rnd.h"

#define DATAGRAM_MAX 2048
#define PACKET_MAX 256
#define RESPONSE_MS 3000
#define INDEX 77

struct rogue {
	int fd;
	uint8_t priv[32], pub[32], peer[32];
	struct noise hs;
	struct cookie_jar jar;
	struct keypair *keys; /* NULL: no session */
	uint8_t init[WG_INITIATION_LEN];
	uint8_t last[DATAGRAM_MAX];
	size_t last_len;
};

static void
die(const char *why)
{
	fprintf(stderr, "rogue: %s\n", why);
	exit(2);
}

/* ---- handshakes ---- */

static void
initiate(struct rogue *c)
{
	uint8_t eph[32], at[WG_STAMP];
	struct msg_mix_reply mixed;
	struct msg_mix_ask ask;

	rnd_bytes(eph, sizeof(eph));
	if (noise_init_start(
		&c->hs, c->pub, c->peer, eph, INDEX, c->init, &ask) == -1)
		die("not a key");
	evil_mix(c->priv, &ask, &mixed);
	evil_stamp(at);
	noise_init_finish(&c->hs, &mixed, at, c->init);
	cookie_stamp(&c->jar, clock_mono_ms(), c->init, sizeof(c->init));
	send(c->fd, c->init, sizeof(c->init), 0);
}

static void
junk(struct rogue *c)
{
	uint8_t msg[WG_INITIATION_LEN];

	rnd_bytes(msg, sizeof(msg));
	wg_put32(msg, WG_INITIATION);
	cookie_stamp(&c->jar, clock_mono_ms(), msg, sizeof(msg));
	send(c->fd, msg, sizeof(msg), 0);
}

static void
take(struct rogue *c, const uint8_t *msg)
{
	static const uint8_t no_psk[32];
	struct noise hs = c->hs;
	struct msg_mix_reply mixed;
	struct noise_keys keys;
	struct msg_mix_ask ask;

	if (noise_resp_read(&hs, msg, &ask) == -1)
		return;
	evil_mix(c->priv, &ask, &mixed);
	if (noise_resp_finish(&hs, &mixed, no_psk, msg, &keys) == -1)
		return;
	keypair_free(c->keys);
	c->keys = keypair_new(
	    &keys, INDEX, hs.remote_index, WG_REJECT_AFTER_MESSAGES);
}

static void
call(struct rogue *c)
{
	uint64_t end = clock_mono_ms() + RESPONSE_MS, now;
	struct keypair *before = c->keys;
	uint8_t msg[DATAGRAM_MAX];

	initiate(c);
	while (c->keys == before && (now = clock_mono_ms()) < end) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, (int)(end - now)) == 1 &&
		    (n = recv(c->fd, msg, sizeof(msg), 0)) > 0 &&
		    wg_classify(msg, (size_t)n) == WG_RESPONSE)
			take(c, msg);
	}
	if (c->keys == before)
		die("no session");
	printf("session\n");
}

/* ---- in the session ---- */

static void
say(struct rogue *c, const uint8_t *plain, size_t len)
{
	if (c->keys == NULL)
		die("call first");
	c->last_len = keypair_seal(c->keys, c->last, plain, len, len + 16);
	send(c->fd, c->last, c->last_len, 0);
}

static void
forge(struct rogue *c)
{
	static const uint8_t nothing[16];
	uint8_t msg[DATAGRAM_MAX];
	size_t n;

	if (c->keys == NULL)
		die("call first");
	n = keypair_seal(
	    c->keys, msg, nothing, sizeof(nothing), sizeof(nothing) + 16);
	msg[n - 1] ^= 1;
	send(c->fd, msg, n, 0);
}

static void
sum_header(uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
}

/* FROM,TO,PORT; IPv4, without a checksum of its own */
static void
say_udp(struct rogue *c, const char *what, bool route)
{
	static const uint8_t lsrr[8] = {131, 7, 4, 192, 0, 2, 9, 0};
	uint8_t p[PACKET_MAX] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17};
	char text[128], *save = NULL, *word[3];
	struct addr from, to;
	size_t head = 20;

	snprintf(text, sizeof(text), "%s", what);
	word[0] = strtok_r(text, ",", &save);
	word[1] = strtok_r(NULL, ",", &save);
	word[2] = strtok_r(NULL, ",", &save);
	if (word[2] == NULL || addr_parse(word[0], &from) == -1 ||
	    addr_parse(word[1], &to) == -1 || from.family != 4)
		die("FROM,TO,PORT");
	memcpy(p + 12, from.b, 4);
	memcpy(p + 16, to.b, 4);
	if (route) {
		memcpy(p + 20, lsrr, sizeof(lsrr));
		head += sizeof(lsrr);
		p[0] = 0x47;
	}
	p[3] = (uint8_t)(head + 12);
	sum_header(p, head);
	p[head + 1] = 99;
	p[head + 2] = (uint8_t)(strtol(word[2], NULL, 10) >> 8);
	p[head + 3] = (uint8_t)strtol(word[2], NULL, 10);
	p[head + 5] = 12;
	say(c, p, head + 12);
}

static void
say_hex(struct rogue *c, const char *hex)
{
	uint8_t p[PACKET_MAX];
	char octet[3] = "";
	size_t n = 0;

	for (; hex[0] != '\0' && hex[1] != '\0' && n < sizeof(p); hex += 2) {
		memcpy(octet, hex, 2);
		p[n++] = (uint8_t)strtol(octet, NULL, 16);
	}
	say(c, p, n);
}

/* ---- the start ---- */

static void
act(struct rogue *c, const char *what)
{
	const char *arg = strchr(what, '=');
	size_t len = arg == NULL ? strlen(what) : (size_t)(arg - what);
	long n = arg == NULL ? 1 : strtol(arg + 1, NULL, 10);
#define IS(word) (len == strlen(word) && strncmp(what, word, len) == 0)

	if (IS("call"))
		call(c);
	else if (IS("init"))
		for (; n > 0; n--)
			initiate(c);
	else if (IS("junk"))
		for (; n > 0; n--)
			junk(c);
	else if (IS("again"))
		send(c->fd, c->init, sizeof(c->init), 0);
	else if (IS("udp") && arg != NULL)
		say_udp(c, arg + 1, false);
	else if (IS("lsrr") && arg != NULL)
		say_udp(c, arg + 1, true);
	else if (IS("hex") && arg != NULL)
		say_hex(c, arg + 1);
	else if (IS("twice"))
		send(c->fd, c->last, c->last_len, 0);
	else if (IS("forge"))
		forge(c);
	else if (IS("wait"))
		usleep((useconds_t)n * 1000);
	else
		die(what);
#undef IS
}

static void
read_key(struct rogue *c, const char *path)
{
	char text[128] = "";
	FILE *f;

	if (strcmp(path, "-") == 0) {
		rnd_bytes(c->priv, sizeof(c->priv));
	} else {
		if ((f = fopen(path, "r")) == NULL ||
		    fgets(text, sizeof(text), f) == NULL)
			die("can't read the key");
		fclose(f);
		text[strcspn(text, "\n")] = '\0';
		if (key_parse(text, c->priv) == -1)
			die("not a key");
	}
	if (crypto_x25519_pub(c->pub, c->priv) == -1)
		die("not a key");
}

int
main(int argc, char *argv[])
{
	static const uint8_t test_net[3] = {192, 0, 2};
	static struct rogue c;
	struct sockaddr_storage ss;
	struct endpoint to;
	socklen_t len;

	if (argc < 6 || addr_parse(argv[3], &to.addr) == -1 ||
	    memcmp(to.addr.b, test_net, sizeof(test_net)) != 0) {
		fprintf(stderr,
		    "usage: rogue KEY-FILE|- PEER-KEY ADDRESS PORT ACTION "
		    "...\n");
		return 2;
	}
	if (crypto_init() == -1 || key_parse(argv[2], c.peer) == -1)
		die("not a key");
	read_key(&c, argv[1]);
	cookie_jar_init(&c.jar, c.peer);
	to.port = (uint16_t)strtol(argv[4], NULL, 10);
	len = (socklen_t)endpoint_to_sa(&to, &ss);
	c.fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c.fd == -1 || connect(c.fd, (struct sockaddr *)&ss, len) == -1)
		die("can't dial");
	for (int i = 5; i < argc; i++)
		act(&c, argv[i]);
	keypair_free(c.keys);
	close(c.fd);
	return 0;
}
