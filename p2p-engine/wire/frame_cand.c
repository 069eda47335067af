/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame_cand.c */
/* The frame CANDIDATES, field by field: see frame_cand.h. */
#include "frame_cand.h"

#include "buf.h"
#include "record.h"

size_t
cands_put(uint8_t out[FRAME_BODY_MAX], const struct cands *m)
{
	struct wbuf w;

	if (m->n > CANDIDATES_MAX)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, m->generation);
	wbuf_u8(&w, m->n);
	wbuf_u8(&w, m->nat);
	wbuf_u16(&w, m->delay_ms);
	for (unsigned i = 0; i < m->n; i++)
		candidate_put(&w, &m->c[i]);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

int
cands_get(const uint8_t *in, size_t len, struct cands *m)
{
	struct rbuf r;
	unsigned n;

	*m = (struct cands){0};
	rbuf_init(&r, in, len);
	m->generation = rbuf_u32(&r);
	n = rbuf_u8(&r);
	m->nat = rbuf_u8(&r);
	m->delay_ms = rbuf_u16(&r);
	if (n > CANDIDATES_MAX)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (candidate_get(&r, &m->c[m->n]))
			m->n++;
		else
			m->dropped++;
	}
	return rbuf_done(&r);
}

uint8_t
cands_nat(enum nat_mapping m, enum nat_filtering f)
{
	static const uint8_t maps[NAT_NMAPPINGS] = {[NAT_UNKNOWN] = 0,
	    [NAT_NONE] = 1,
	    [NAT_INDEPENDENT] = 1,
	    [NAT_ADDRESS] = 2,
	    [NAT_SYMMETRIC] = 3,
	    [NAT_BLOCKED] = CANDS_BLOCKED};
	static const uint8_t lets[NAT_NFILTERINGS] = {[NAT_F_UNKNOWN] = 0,
	    [NAT_F_INDEPENDENT] = 1,
	    [NAT_F_ADDRESS] = 2,
	    [NAT_F_PORT] = 3};

	if (m >= NAT_NMAPPINGS || f >= NAT_NFILTERINGS)
		return 0;
	return (uint8_t)(maps[m] | lets[f] << CANDS_FILTER_SHIFT);
}

unsigned
cands_mapping(uint8_t nat)
{
	return nat & CANDS_MAPPING;
}

unsigned
cands_filtering(uint8_t nat)
{
	return nat >> CANDS_FILTER_SHIFT & CANDS_MAPPING;
}
