/* SPDX-License-Identifier: ISC */
/* file: common/place.c */
/*
 * What a place record says: where its node can be reached (see record.h).
 *
 * The node signed it, but it may name any address at all, and whoever reads it
 * is going to send datagrams there.  What can't be a host's address beyond the
 * reader's link is left out here, in the one place, so that a member can't use
 * the others to reach what only they can reach.  What is left is a hint:
 * nothing but handshakes is sent to it.
 */
#include <string.h>

#include "buf.h"
#include "record.h"

#define VERSION 1

/* IPv4 as v4-mapped: the address is 16 octets whatever it is. */
static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

void
candidate_put(struct wbuf *w, const struct candidate *c)
{
	const struct addr *a = &c->ep.addr;

	wbuf_u8(w, c->type);
	wbuf_u8(w, a->family);
	wbuf_u16(w, c->ep.port);
	if (a->family == 4) {
		wbuf_bytes(w, mapped, sizeof(mapped));
		wbuf_bytes(w, a->b, 4);
	} else {
		wbuf_bytes(w, a->b, 16);
	}
	wbuf_u32(w, c->priority);
}

/* Types of msg.h and those of relays (5) and TLS (7); 6 is reserved. */
static bool
is_known(uint8_t type)
{
	return type >= 1 && type <= 7 && type != 6;
}

bool
candidate_get(struct rbuf *r, struct candidate *c)
{
	uint8_t b[16], family;

	*c = (struct candidate){0};
	c->type = rbuf_u8(r);
	family = rbuf_u8(r);
	c->ep.port = rbuf_u16(r);
	rbuf_bytes(r, b, sizeof(b));
	c->priority = rbuf_u32(r);
	c->ep.addr.family = family;
	if (family == 6)
		memcpy(c->ep.addr.b, b, 16);
	else if (family == 4 && memcmp(b, mapped, sizeof(mapped)) == 0)
		memcpy(c->ep.addr.b, b + 12, 4);
	else
		return false;
	return !r->bad && is_known(c->type) && c->ep.port != 0 &&
	    !addr_is_special(&c->ep.addr);
}

bool
place_nat_varies(uint8_t nat)
{
	return (nat & PLACE_NAT_MAPPING) > PLACE_NAT_SAME;
}

size_t
place_put(uint8_t out[PLACE_MAX], const struct place *p)
{
	struct wbuf w;

	if (p->n > CANDIDATES_MAX || p->nrelays > PLACE_RELAYS_MAX)
		return 0;
	wbuf_init(&w, out, PLACE_MAX);
	wbuf_u8(&w, VERSION);
	wbuf_u8(&w, p->nat);
	wbuf_u64(&w, p->boot);
	wbuf_u8(&w, p->n);
	for (unsigned i = 0; i < p->n; i++)
		candidate_put(&w, &p->c[i]);
	wbuf_u8(&w, p->nrelays);
	for (unsigned i = 0; i < p->nrelays; i++)
		wbuf_bytes(&w, p->relay[i], sizeof(p->relay[i]));
	wbuf_bool(&w, p->has_pin);
	if (p->has_pin)
		wbuf_bytes(&w, p->pin, sizeof(p->pin));
	return wbuf_done(&w) == 0 ? w.len : 0;
}

static void
get_candidates(struct rbuf *r, struct place *p, unsigned *dropped)
{
	unsigned n = rbuf_u8(r);

	if (n > CANDIDATES_MAX)
		r->bad = true;
	for (unsigned i = 0; i < n && !r->bad; i++) {
		if (candidate_get(r, &p->c[p->n]))
			p->n++;
		else if (!r->bad)
			++*dropped;
	}
}

static void
get_relays(struct rbuf *r, struct place *p)
{
	p->nrelays = rbuf_u8(r);
	if (p->nrelays > PLACE_RELAYS_MAX) {
		r->bad = true;
		p->nrelays = 0;
	}
	for (unsigned i = 0; i < p->nrelays; i++)
		rbuf_bytes(r, p->relay[i], sizeof(p->relay[i]));
}

int
place_get(const void *data, size_t len, struct place *p, unsigned *dropped)
{
	struct rbuf r;

	*p = (struct place){0};
	*dropped = 0;
	rbuf_init(&r, data, len);
	if (rbuf_u8(&r) != VERSION)
		return -1;
	p->nat = rbuf_u8(&r);
	p->boot = rbuf_u64(&r);
	get_candidates(&r, p, dropped);
	get_relays(&r, p);
	p->has_pin = rbuf_bool(&r);
	if (p->has_pin)
		rbuf_bytes(&r, p->pin, sizeof(p->pin));
	if (p->n < CANDIDATES_MAX)
		p->c[p->n] = (struct candidate){0}; /* of one left out */
	return rbuf_done(&r);
}
