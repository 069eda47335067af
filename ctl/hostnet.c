/* SPDX-License-Identifier: ISC */
/* file: ctl/hostnet.c */
/*
 * Networks of this machine (see hostnet.h).  The kernel is only read; where
 * there is no /proc/net/route there are the addresses' own networks.
 */
#include <sys/socket.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostnet.h"

#define ROUTES "/proc/net/route"
#define ROUTE_LINE 256 /* the kernel pads them to 128 */
#define ROUTE_UP 1

static void
add(struct hostnet *h, const struct prefix *p, bool address)
{
	if (h->n == HOSTNET_MAX) {
		h->more = true;
		return;
	}
	h->row[h->n++] = (struct hostnet_row){.p = *p, .address = address};
}

/* ---- routes ---- */

/* The kernel prints the address as a number of its own byte order. */
static void
kernel_order(uint32_t v, uint8_t out[4])
{
	memcpy(out, &v, 4);
}

static uint8_t
mask_bits(uint32_t v)
{
	uint8_t b[4], n = 0;

	kernel_order(v, b);
	for (unsigned i = 0; i < 32; i++)
		n += (uint8_t)(b[i / 8] >> (7 - i % 8) & 1);
	return n;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask ...; 0 or -1 */
static int
route_line(const char *p, size_t len, uint32_t *dest, uint32_t *mask)
{
	const char *end = p + len;
	unsigned long v[8] = {0};
	char *stop;

	for (unsigned i = 0; i < 8; i++) {
		p += strspn(p, " \t");
		if (p >= end || *p == '\n')
			return -1;
		stop = NULL;
		if (i > 0)
			v[i] = strtoul(p, &stop, 16);
		p += strcspn(p, " \t\n");
		if (i > 0 && stop != p)
			return -1;
	}
	*dest = (uint32_t)v[1];
	*mask = (uint32_t)v[7];
	return (v[3] & ROUTE_UP) != 0 && *mask != 0 ? 0 : -1;
}

void
hostnet_routes(struct hostnet *h, const char *text)
{
	uint32_t dest, mask;
	struct prefix p;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (route_line(text, len, &dest, &mask) == 0) {
			p = (struct prefix){
			    .addr.family = 4, .len = mask_bits(mask)};
			kernel_order(dest, p.addr.b);
			add(h, &p, false);
		}
		text += len + (text[len] != '\0');
	}
}

/* ---- addresses ---- */

static void
add_address(struct hostnet *h, const struct ifaddrs *i)
{
	struct sockaddr_storage ss, mask;
	struct endpoint ep, m;
	struct prefix p;
	size_t len;

	if (i->ifa_addr == NULL || i->ifa_netmask == NULL ||
	    (i->ifa_flags & IFF_UP) == 0)
		return;
	len = i->ifa_addr->sa_family == AF_INET  ? sizeof(struct sockaddr_in)
	    : i->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						 : 0;
	memset(&ss, 0, sizeof(ss));
	memset(&mask, 0, sizeof(mask));
	memcpy(&ss, i->ifa_addr, len);
	memcpy(&mask, i->ifa_netmask, len);
	mask.ss_family = ss.ss_family;
	if (len == 0 || endpoint_from_sa(&ss, &ep) == -1 ||
	    endpoint_from_sa(&mask, &m) == -1)
		return;
	p = (struct prefix){.addr = ep.addr};
	for (unsigned b = 0; b < addr_bits(&ep.addr); b++)
		p.len += (uint8_t)(m.addr.b[b / 8] >> (7 - b % 8) & 1);
	add(h, &p, true);
}

int
hostnet_read(struct hostnet *h)
{
	struct ifaddrs *all;
	char line[ROUTE_LINE];
	FILE *f;

	h->n = 0;
	h->more = false;
	if (getifaddrs(&all) == -1)
		return -1;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
		add_address(h, i);
	freeifaddrs(all);
	f = fopen(ROUTES, "re");
	while (f != NULL && !h->more && fgets(line, sizeof(line), f) != NULL)
		hostnet_routes(h, line);
	if (f != NULL)
		(void)fclose(f);
	return 0;
}

/* ---- what follows ---- */

const struct hostnet_row *
hostnet_overlap(const struct hostnet *h, const struct prefix *p)
{
	for (unsigned i = 0; i < h->n; i++)
		if (prefix_overlaps(&h->row[i].p, p))
			return &h->row[i];
	return NULL;
}

int
hostnet_pick(const struct hostnet *h, unsigned start, struct prefix *out)
{
	for (unsigned i = 0; i < 256; i++) {
		*out = (struct prefix){.addr.family = 4, .len = 16};
		out->addr.b[0] = 10;
		out->addr.b[1] = (uint8_t)(start + i);
		if (hostnet_overlap(h, out) == NULL)
			return 0;
	}
	return -1;
}

/* The lower the better; public before private, IPv4 before IPv6. */
static unsigned
rank(const struct addr *a)
{
	static const char *const private[] = {
	    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"};
	struct prefix p;

	if (a->family == 6)
		return (a->b[0] & 0xfe) == 0xfc ? 3 : 1;
	for (unsigned i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if (prefix_parse(private[i], &p) == 0 && prefix_has(&p, a))
			return 2;
	return 0;
}
#define RANKS 4

static bool
inside(const struct prefix *p, unsigned n, const struct addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (prefix_has(&p[i], a))
			return true;
	return false;
}

unsigned
hostnet_contacts(const struct hostnet *h, const struct prefix * not,
    unsigned nnot, struct addr *out, unsigned max)
{
	unsigned n = 0;

	for (unsigned r = 0; r < RANKS; r++)
		for (unsigned i = 0; i < h->n && n < max; i++) {
			const struct addr *a = &h->row[i].p.addr;

			if (h->row[i].address && !addr_is_special(a) &&
			    rank(a) == r && !inside(not, nnot, a))
				out[n++] = *a;
		}
	return n;
}
