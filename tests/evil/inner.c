/* SPDX-License-Identifier: ISC */
/* file: tests/evil/inner.c */
/*
 * Packets for the inside of a tunnel that ordinary programs don't send:
 *
 *	inner gso TO PORT COUNT
 *		COUNT UDP datagrams of 1200 octets, forty in a call
 *	inner corrupt udp|tcp FROM TO PORT COUNT
 *		COUNT packets of one flow, of one length and one behind the
 *		other, as a merger likes them; every third has a wrong checksum
 *	inner raw DEVICE HEX
 *		these octets out of that interface, whatever they are
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"

#define DATAGRAM 1200
#define BATCH 40
#define PAYLOAD 1000
#define SEQ 1000000u
#define RIGHT 0x60 /* first octet of the payload, for who captures it */
#define WRONG 0xbd

static int
usage(void)
{
	fprintf(stderr,
	    "usage: inner gso TO PORT COUNT\n"
	    "       inner corrupt udp|tcp FROM TO PORT COUNT\n"
	    "       inner raw DEVICE HEX\n");
	return 2;
}

static int
send_gso(const struct endpoint *to, long count)
{
	static uint8_t data[BATCH * DATAGRAM];
	struct sockaddr_storage ss;
	socklen_t len = (socklen_t)endpoint_to_sa(to, &ss);
	int s = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int seg = DATAGRAM;

	if (s == -1 ||
	    setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg)) == -1) {
		perror("UDP_SEGMENT");
		return 1;
	}
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (long n; count > 0; count -= n) {
		n = count < BATCH ? count : BATCH;
		if (sendto(s, data, (size_t)n * DATAGRAM, 0,
			(struct sockaddr *)&ss, len) == -1) {
			perror("send");
			return 1;
		}
		usleep(2000); /* nobody's queue is meant to be full */
	}
	close(s);
	return 0;
}

/* ---- by hand ---- */

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t
add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static unsigned
fold(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* An IP header for so many octets behind it; its length. */
static size_t
put_ip(uint8_t *p, const struct addr *from, const struct addr *to,
    uint8_t proto, size_t len)
{
	if (from->family == 4) {
		memset(p, 0, 20);
		p[0] = 0x45;
		put16(p + 2, (unsigned)(20 + len));
		p[6] = 0x40;
		p[8] = 64;
		p[9] = proto;
		memcpy(p + 12, from->b, 4);
		memcpy(p + 16, to->b, 4);
		put16(p + 10, fold(add(0, p, 20)));
		return 20;
	}
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, (unsigned)len);
	p[6] = proto;
	p[7] = 64;
	memcpy(p + 8, from->b, 16);
	memcpy(p + 24, to->b, 16);
	return 40;
}

static size_t
build(uint8_t *out, const struct addr *from, const struct endpoint *to,
    bool tcp, long i)
{
	size_t head = tcp ? 20 : 8, len = head + PAYLOAD, ip;
	uint8_t proto = tcp ? IPPROTO_TCP : IPPROTO_UDP, *t, *sum;
	size_t alen = from->family == 4 ? 4 : 16;

	ip = put_ip(out, from, &to->addr, proto, len);
	t = out + ip;
	memset(t, 0, head);
	put16(t, 4242);
	put16(t + 2, to->port);
	if (tcp) {
		put32(t + 4, SEQ + (uint32_t)i * PAYLOAD);
		put32(t + 8, SEQ);
		t[12] = 5 << 4;
		t[13] = 0x10; /* ACK */
		put16(t + 14, 1024);
	} else
		put16(t + 4, (unsigned)len);
	for (size_t k = head; k < len; k++)
		t[k] = (uint8_t)(k * 3 + (size_t)i);
	t[head] = i % 3 == 2 ? WRONG : RIGHT;
	sum = t + (tcp ? 16 : 6);
	put16(sum,
	    fold(add(add(add(proto + (uint32_t)len, from->b, alen), to->addr.b,
			 alen),
		t, len)));
	if (i % 3 == 2)
		t[head + 100] ^= 0x10; /* the sum says so */
	return ip + len;
}

static int
send_corrupt(const struct addr *from, struct endpoint *to, bool tcp, long count)
{
	uint8_t pkt[40 + 20 + PAYLOAD];
	struct sockaddr_storage ss;
	struct endpoint raw = {.addr = to->addr}; /* no port: a raw socket */
	socklen_t len = (socklen_t)endpoint_to_sa(&raw, &ss);
	int s = socket(ss.ss_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (s == -1) {
		perror("raw socket");
		return 1;
	}
	for (long i = 0; i < count; i++) {
		size_t n = build(pkt, from, to, tcp, i);

		if (sendto(s, pkt, n, 0, (struct sockaddr *)&ss, len) == -1) {
			perror("send");
			return 1;
		}
		if (i % 60 == 59)
			usleep(2000);
	}
	close(s);
	return 0;
}

static int
send_raw(const char *device, const char *hex)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_IP),
	    .sll_ifindex = (int)if_nametoindex(device)};
	int s = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	uint8_t p[2048];
	char octet[3] = "";
	size_t n = 0;

	for (; hex[0] != '\0' && hex[1] != '\0' && n < sizeof(p); hex += 2) {
		memcpy(octet, hex, 2);
		p[n++] = (uint8_t)strtol(octet, NULL, 16);
	}
	if (s == -1 ||
	    sendto(s, p, n, 0, (struct sockaddr *)&to, sizeof(to)) == -1) {
		perror(device);
		return 1;
	}
	close(s);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct endpoint to = {0};
	struct addr from;

	if (argc == 5 && strcmp(argv[1], "gso") == 0 &&
	    addr_parse(argv[2], &to.addr) == 0) {
		to.port = (uint16_t)strtol(argv[3], NULL, 10);
		return send_gso(&to, strtol(argv[4], NULL, 10));
	}
	if (argc == 4 && strcmp(argv[1], "raw") == 0)
		return send_raw(argv[2], argv[3]);
	if (argc == 7 && strcmp(argv[1], "corrupt") == 0 &&
	    addr_parse(argv[3], &from) == 0 &&
	    addr_parse(argv[4], &to.addr) == 0 &&
	    from.family == to.addr.family) {
		to.port = (uint16_t)strtol(argv[5], NULL, 10);
		return send_corrupt(&from, &to, strcmp(argv[2], "tcp") == 0,
		    strtol(argv[6], NULL, 10));
	}
	return usage();
}
