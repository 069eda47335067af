/* SPDX-License-Identifier: ISC */
/* file: tests/wire/wire_frame.c */
/* What is read and damaged in frames: see wire_frame.h. */
#include <string.h>

#include "wire_frame.h"

#define UDP 17
#define UDP_HEAD 8

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Where the UDP header is; 0: there is none. */
static size_t
find_udp(const uint8_t *f, size_t len, struct wire_look *l)
{
	const uint8_t *ip = f + WIRE_ETHER;
	size_t head;

	if (len < WIRE_ETHER + 20)
		return 0;
	if (get16(f + 12) == 0x0800 && ip[0] >> 4 == 4) {
		head = (size_t)(ip[0] & 15) * 4;
		l->v4 = true;
		l->from.addr.family = l->to.addr.family = 4;
		memcpy(l->from.addr.b, ip + 12, 4);
		memcpy(l->to.addr.b, ip + 16, 4);
		/* of a fragment, only the first has ports: treat all alike */
		if (ip[9] != UDP || (get16(ip + 6) & 0x3fff) != 0 || head < 20)
			return 0;
		return WIRE_ETHER + head;
	}
	if (get16(f + 12) == 0x86dd && len >= WIRE_ETHER + 40) {
		l->from.addr.family = l->to.addr.family = 6;
		memcpy(l->from.addr.b, ip + 8, 16);
		memcpy(l->to.addr.b, ip + 24, 16);
		return ip[6] == UDP ? WIRE_ETHER + 40 : 0;
	}
	return 0;
}

void
wire_look(const uint8_t *frame, size_t len, struct wire_look *l)
{
	size_t udp;

	*l = (struct wire_look){0};
	udp = find_udp(frame, len, l);
	if (udp == 0 || len < udp + UDP_HEAD)
		return;
	l->udp = udp;
	l->from.port = get16(frame + udp);
	l->to.port = get16(frame + udp + 2);
	if (len > udp + UDP_HEAD)
		l->payload = udp + UDP_HEAD;
}

/* The 16 bits around an octet, as the sum sees them. */
static uint32_t
word_at(const uint8_t *f, size_t len, size_t at, size_t start)
{
	size_t even = at - (at - start) % 2;

	return (uint32_t)f[even] << 8 | (even + 1 < len ? f[even + 1] : 0u);
}

/* RFC 1624: the sum of what was changed, without the rest */
static void
mend(uint8_t *sum, uint32_t was, uint32_t is)
{
	uint32_t s = (uint32_t)(~get16(sum) & 0xffff) + (~was & 0xffff) + is;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = ~s & 0xffff;
	if (s == 0)
		s = 0xffff; /* 0 is: no sum */
	sum[0] = (uint8_t)(s >> 8);
	sum[1] = (uint8_t)s;
}

void
wire_flip(uint8_t *f, size_t len, const struct wire_look *l, uint64_t dice,
    bool summed)
{
	size_t from = l->payload != 0 ? l->payload : WIRE_ETHER, at;
	size_t end = len;
	uint8_t *sum = f + l->udp + 6;
	uint32_t was;

	/* short frames are padded, and the padding means nothing */
	if (l->payload != 0 && l->udp + get16(f + l->udp + 4) < len)
		end = l->udp + get16(f + l->udp + 4);
	if (end <= from)
		return;
	at = from + (size_t)((dice >> 3) % (end - from));
	was = l->udp != 0 ? word_at(f, end, at, l->udp) : 0;
	f[at] ^= (uint8_t)(1 << dice % 8);
	if (l->payload != 0 && summed && get16(sum) != 0)
		mend(sum, was, word_at(f, end, at, l->udp));
}
