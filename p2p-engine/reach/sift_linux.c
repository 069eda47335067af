/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/sift_linux.c */
/*
 * SO_ATTACH_FILTER (socket(7)): see sift.h.  A filter of a UDP socket sees the
 * datagram from its UDP header on, and the IP header at SKF_NET_OFF.  To load
 * what is not there drops.  Of datagrams that the system has put together it
 * sees the first: they are of one flow and one length.
 */
#include "sift.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "wg.h"

#define UDP_HEADER 8
#define ALL 0x40000u
#define MAGIC_COOKIE 0x2112a442u
#define TYPES 6
#define PROGRAM_MAX 64
#define IP4_SOURCE 12
#define IP6_SOURCE 8

struct program {
	struct sock_filter op[PROGRAM_MAX];
	uint16_t n;
};

/* Jumps are relative, over so many: yes if it holds. */
static void
put(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (p->n < PROGRAM_MAX)
		p->op[p->n++] = (struct sock_filter){code, yes, no, k};
}

static void
load(struct program *p, uint32_t at)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}
static void
equal(struct program *p, uint32_t k, uint8_t yes, uint8_t no)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, k, yes, no);
}
static void
verdict(struct program *p, uint32_t octets)
{
	put(p, BPF_RET | BPF_K, octets, 0, 0);
}

static uint32_t
word(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

/* Everything that is no message of ours is dropped here, or passes. */
static void
put_kinds(struct program *p, bool drop)
{
	load(p, UDP_HEADER);
	/* over the other types and what follows, to the initiations */
	equal(p, 1u << 24, TYPES - 1 + 7, 0);
	for (uint32_t t = 2; t <= TYPES; t++)
		equal(p, t << 24, (uint8_t)(TYPES - t + 6), 0);
	load(p, UDP_HEADER + 4);
	equal(p, MAGIC_COOKIE, 4, 0);
	put(p, BPF_LD | BPF_B | BPF_ABS, UDP_HEADER, 0, 0);
	put(p, BPF_ALU | BPF_AND | BPF_K, 0xf0, 0, 0);
	equal(p, 0x40, 1, 0);
	verdict(p, drop ? 0 : ALL);
	verdict(p, ALL);
}

/* From there, one in SIEVE_KEEP. */
static void
put_source(struct program *p, uint8_t family, const struct addr *a)
{
	uint32_t at = (uint32_t)SKF_NET_OFF;

	if (a->family != family)
		return;
	if (family == 4) {
		load(p, at + IP4_SOURCE);
		equal(p, word(a->b), 0, 4);
	} else {
		load(p, at + IP6_SOURCE);
		equal(p, word(a->b), 0, 6);
		load(p, at + IP6_SOURCE + 4);
		equal(p, word(a->b + 4), 0, 4);
	}
	load(p, (uint32_t)SKF_AD_OFF + SKF_AD_RANDOM);
	put(p, BPF_JMP | BPF_JGE | BPF_K, UINT32_MAX / SIEVE_KEEP, 0, 1);
	verdict(p, 0);
	verdict(p, ALL);
}

static void
put_initiations(struct program *p, uint8_t family, const struct sieve_rules *r)
{
	if (r->nheavy != 0)
		for (uint32_t i = 0; i < WG_MACS / 2; i += 4) {
			load(p,
			    UDP_HEADER + WG_INITIATION_LEN - WG_MACS / 2 + i);
			/* a mac2 */
			equal(p, 0, 1, 0);
			verdict(p, ALL);
		}
	for (uint8_t i = 0; i < r->nheavy; i++)
		put_source(p, family, &r->heavy[i]);
	verdict(p, ALL);
}

int
sift_set(int fd, uint8_t family, const struct sieve_rules *r)
{
	struct program p = {.n = 0};
	struct sock_fprog f;
	int none = 0;

	if (!r->garbage && r->nheavy == 0)
		return setsockopt(
		    fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
	put_kinds(&p, r->garbage);
	put_initiations(&p, family, r);
	f = (struct sock_fprog){.len = p.n, .filter = p.op};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof(f));
}

uint32_t
sift_lost(int fd)
{
	uint32_t mem[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(mem);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len) == -1)
		return 0;
	return mem[SK_MEMINFO_DROPS];
}
