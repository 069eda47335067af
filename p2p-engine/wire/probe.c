/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/probe.c */
/*
 * Probes: see probe.h.  They are rare, so the keys are used one-shot and
 * nothing is allocated.  The window is asked after the tag, as with data.
 */
#include "probe.h"

#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "wg.h"

#define WORDS (PROBE_WINDOW / 64 + 1)

void
probe_keys_make(struct probe_keys *k, const uint8_t send_key[32],
    const uint8_t recv_key[32])
{
	if (k->made)
		return;
	crypto_hmac(k->send, send_key, PROBE_LABEL, sizeof(PROBE_LABEL) - 1);
	crypto_hmac(k->recv, recv_key, PROBE_LABEL, sizeof(PROBE_LABEL) - 1);
	k->made = true;
}

/* ---- the window: a ring of words, one more than it is wide (RFC 6479) ---- */

static void
advance(struct probe_keys *k, uint64_t counter)
{
	uint64_t from = k->next == 0 ? 0 : (k->next - 1) / 64 + 1;
	uint64_t to = counter / 64;

	if (to >= from && to - from >= WORDS)
		memset(k->seen, 0, sizeof(k->seen));
	else
		for (uint64_t w = from; w <= to; w++)
			k->seen[w % WORDS] = 0;
	k->next = counter + 1;
}

static bool
is_new(struct probe_keys *k, uint64_t counter)
{
	uint64_t bit = UINT64_C(1) << (counter % 64), *word;

	if (counter >= k->next)
		advance(k, counter);
	else if (k->next - 1 - counter >= PROBE_WINDOW)
		return false;
	word = &k->seen[counter / 64 % WORDS];
	if ((*word & bit) != 0)
		return false;
	*word |= bit;
	return true;
}

/* ---- the box ---- */

static bool
is_sane(const struct probe *p)
{
	uint8_t family = p->seen.addr.family;

	if (p->kind == PROBE_PING)
		return family == 0;
	return p->kind == PROBE_PONG &&
	    (family == 0 || family == 4 || family == 6);
}

static void
box_put(uint8_t box[PROBE_BOX], const struct probe *p)
{
	struct wbuf w;

	wbuf_init(&w, box, PROBE_BOX);
	wbuf_u8(&w, p->kind);
	wbuf_u8(&w, p->flags);
	wbuf_u16(&w, p->path);
	wbuf_u64(&w, p->id);
	wbuf_u8(&w, p->seen.addr.family);
	wbuf_u8(&w, 0);
	wbuf_u16(&w, p->seen.port);
	wbuf_bytes(&w, p->seen.addr.b, sizeof(p->seen.addr.b));
}

/* A v4 address is in the first four octets, and where nothing is are zeroes. */
static bool
is_tidy(const struct endpoint *ep)
{
	size_t used = ep->addr.family == 4 ? 4 : ep->addr.family == 6 ? 16 : 0;

	for (size_t i = used; i < sizeof(ep->addr.b); i++)
		if (ep->addr.b[i] != 0)
			return false;
	return used != 0 || ep->port == 0;
}

static int
box_get(const uint8_t *box, size_t len, struct probe *p)
{
	struct rbuf r;
	uint8_t zero;

	memset(p, 0, sizeof(*p));
	rbuf_init(&r, box, PROBE_BOX);
	p->kind = rbuf_u8(&r);
	p->flags = rbuf_u8(&r);
	p->path = rbuf_u16(&r);
	p->id = rbuf_u64(&r);
	p->seen.addr.family = rbuf_u8(&r);
	zero = rbuf_u8(&r);
	p->seen.port = rbuf_u16(&r);
	rbuf_bytes(&r, p->seen.addr.b, sizeof(p->seen.addr.b));
	for (size_t i = PROBE_BOX; i < len; i++)
		zero |= box[i];
	if (rbuf_done(&r) == -1 || zero != 0 || !is_sane(p) ||
	    !is_tidy(&p->seen))
		return -1;
	return p->kind == PROBE_PONG && len != PROBE_BOX ? -1 : 0;
}

/* ---- messages ---- */

size_t
probe_seal(struct probe_keys *k, uint32_t remote_index, const struct probe *p,
    size_t box, uint8_t *out)
{
	uint64_t counter = k->tx;

	if (!k->made || !is_sane(p) || box < PROBE_BOX || box > PROBE_BOX_MAX ||
	    (p->kind == PROBE_PONG && box != PROBE_BOX) ||
	    counter >= WG_REJECT_AFTER_MESSAGES)
		return 0;
	k->tx++;
	wg_put32(out, WG_PROBE);
	wg_put32(out + WG_DATA_RECEIVER, remote_index);
	wg_put64(out + WG_DATA_COUNTER, counter);
	out += WG_DATA_HDR;
	box_put(out, p);
	memset(out + PROBE_BOX, 0, box - PROBE_BOX);
	crypto_seal(out, k->send, counter, NULL, 0, out, box);
	return PROBE_LEN(box);
}

int
probe_open(
    struct probe_keys *k, const uint8_t *msg, size_t len, struct probe *p)
{
	uint64_t counter = wg_get64(msg + WG_DATA_COUNTER);
	uint8_t box[PROBE_BOX_MAX];
	size_t n = len - WG_DATA_HDR - WG_TAG;
	int r;

	if (!k->made || len < WG_PROBE_MIN || n > sizeof(box))
		return -1;
	if (counter >= WG_REJECT_AFTER_MESSAGES)
		return -2;
	if (crypto_open(box, k->recv, counter, NULL, 0, msg + WG_DATA_HDR,
		n + WG_TAG) == -1)
		return -1;
	if (!is_new(k, counter))
		return -2;
	r = box_get(box, n, p) == 0 ? 0 : -3;
	return r;
}
