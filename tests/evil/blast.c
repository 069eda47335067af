/* SPDX-License-Identifier: ISC */
/* file: tests/evil/blast.c */
/*
 * blast ADDRESS PORT COUNT: a bounded number of UDP datagrams that no honest
 * peer sends: random octets, WireGuard types with wrong mac1, data for indices
 * that don't exist, truncated and oversized ones.  Only for test namespaces:
 * refuses addresses outside 192.0.2.0/24, 198.18.0.0/15 and loopback.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rnd.h"

#define BLAST_MAX 1000000

static size_t
make(uint8_t *out, unsigned kind)
{
	static const size_t right[] = {0, 148, 92, 64, 96};
	struct rnd_src r = rnd_kernel();
	unsigned type = kind % 8;

	rnd_bytes(out, 1500);
	if (type == 0 || type > 5)
		return rnd_below(&r, 1400);
	memset(out, 0, 4);
	out[0] = (uint8_t)type;
	if (type == 5)
		return 64;
	if (kind % 24 >= 16) /* a wrong length */
		return right[type] - 1 - rnd_below(&r, 60);
	return right[type];
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	uint8_t buf[1500];
	uint32_t a;
	long count;
	int s;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: blast ADDRESS PORT COUNT\n");
		return 2;
	}
	a = ntohl(to.sin_addr.s_addr);
	if (a >> 8 != 0xc00002 && a >> 17 != 0xc612 >> 1 && a >> 24 != 127) {
		fprintf(stderr, "blast: not a test address\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	count = strtol(argv[3], NULL, 10);
	if (count > BLAST_MAX)
		count = BLAST_MAX;
	if ((s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return 1;
	for (long i = 0; i < count; i++) {
		sendto(s, buf, make(buf, (unsigned)i), 0,
		    (struct sockaddr *)&to, sizeof(to));
		if (i % 100 == 99)
			usleep(1000);
	}
	close(s);
	return 0;
}
