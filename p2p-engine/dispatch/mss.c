/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/mss.c */
/* The MSS option of TCP: see mss.h. */
#include "mss.h"

#define TCP_HDR 20
#define TCP_OFFSET 12
#define TCP_FLAGS 13
#define TCP_CSUM 16
#define TCP_SYN 0x02
#define OPT_END 0
#define OPT_NOP 1
#define OPT_MSS 2
#define OPT_MSS_LEN 4

/* Where its value is in a header of len octets, 0: nowhere. */
static size_t
find(const uint8_t *tcp, size_t len)
{
	size_t at = TCP_HDR;

	while (at < len && tcp[at] != OPT_END) {
		if (tcp[at] == OPT_NOP) {
			at++;
			continue;
		}
		if (at + 2 > len || tcp[at + 1] < 2 || at + tcp[at + 1] > len)
			return 0;
		if (tcp[at] == OPT_MSS)
			return tcp[at + 1] == OPT_MSS_LEN ? at + 2 : 0;
		at += tcp[at + 1];
	}
	return 0;
}

/* What a value at that offset adds to the sum. */
static uint16_t
share(size_t at, uint16_t value)
{
	return at % 2 == 0 ? value : (uint16_t)(value << 8 | value >> 8);
}

/* The sum after a value changed, RFC 1624 section 3. */
static uint16_t
mend(uint16_t sum, uint16_t was, uint16_t is)
{
	uint32_t s = (uint32_t)(uint16_t)~sum + (uint16_t)~was + is;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

bool
mss_clamp(uint8_t *data, size_t len, const struct pkt *p, uint16_t mtu)
{
	size_t ip = p->version == 4 ? 20 : 40, hdr, at;
	uint8_t *tcp = data + p->l4;
	uint16_t is, was;

	if (p->proto != PROTO_TCP || !p->first ||
	    len < (size_t)p->l4 + TCP_HDR || (tcp[TCP_FLAGS] & TCP_SYN) == 0)
		return false;
	hdr = (size_t)(tcp[TCP_OFFSET] >> 4) * 4;
	if (hdr < TCP_HDR || p->l4 + hdr > len)
		return false;
	if ((at = find(tcp, hdr)) == 0)
		return false;
	was = pkt_u16(tcp + at);
	is = mtu > ip + TCP_HDR + MSS_LEAST ? (uint16_t)(mtu - ip - TCP_HDR)
					    : MSS_LEAST;
	if (was <= is)
		return false;
	pkt_put16(tcp + at, is);
	pkt_put16(tcp + TCP_CSUM,
	    mend(pkt_u16(tcp + TCP_CSUM), share(at, was), share(at, is)));
	return true;
}
