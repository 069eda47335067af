/* SPDX-License-Identifier: ISC */
/* file: tests/evil/initiate.c */
/*
 * initiate ADDRESS PORT KEY COUNT: so many handshake initiations that have a
 * right mac1 for the node with this public key, and rubbish behind: what
 * anybody can send who knows it.  Prints how many cookie replies came back.
 * Refuses addresses outside 192.0.2.0/24, 198.18.0.0/15 and loopback, as blast
 * does.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base64.h"
#include "cookie.h"
#include "crypto.h"
#include "rnd.h"

#define COUNT_MAX 100000
#define BURST 50

static unsigned
cookies(int s, int flags)
{
	uint8_t buf[256];
	unsigned n = 0;

	while (recv(s, buf, sizeof(buf), flags) == WG_COOKIE_LEN)
		n += wg_classify(buf, WG_COOKIE_LEN) == WG_COOKIE;
	return n;
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct cookie_jar jar;
	uint8_t msg[WG_INITIATION_LEN], key[32];
	unsigned back = 0;
	uint32_t a;
	long count;
	int s;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
	    base64_get(key, sizeof(key), argv[3], strlen(argv[3])) != 32) {
		fprintf(stderr, "usage: initiate ADDRESS PORT KEY COUNT\n");
		return 2;
	}
	a = ntohl(to.sin_addr.s_addr);
	if (a >> 8 != 0xc00002 && a >> 17 != 0xc612 >> 1 && a >> 24 != 127) {
		fprintf(stderr, "initiate: not a test address\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	count = strtol(argv[4], NULL, 10);
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	if ((s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(s, (struct sockaddr *)&to, sizeof(to)) == -1)
		return 1;
	if (crypto_init() == -1)
		return 1;
	cookie_jar_init(&jar, key);
	for (long i = 0; i < count; i++) {
		rnd_bytes(msg, sizeof(msg));
		msg[0] = WG_INITIATION;
		msg[1] = msg[2] = msg[3] = 0;
		cookie_stamp(&jar, 0, msg, sizeof(msg));
		(void)send(s, msg, sizeof(msg), 0);
		if (i % BURST == BURST - 1) {
			usleep(1000);
			back += cookies(s, MSG_DONTWAIT);
		}
	}
	usleep(200000);
	back += cookies(s, MSG_DONTWAIT);
	printf("sent=%ld cookies=%u\n", count, back);
	close(s);
	return 0;
}
