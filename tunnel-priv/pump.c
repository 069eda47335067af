/* SPDX-License-Identifier: ISC */
/*
 * Moving packets between TUN and engine (pump.h).  No allocation, no log, no
 * lock after pump_init; every way out of a record is a counter.
 *
 * Neither direction ever waits in a system call: if the engine is busy sending
 * to us while we wait to send to it, nobody moves.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "guard.h"
#include "pump.h"

int
pump_init(struct pump *p)
{
	*p = (struct pump){.tun = -1, .engine = -1};
	p->outbuf = malloc(PK_CONTAINER);
	p->inbuf = malloc(PK_CONTAINER);
	if (p->outbuf == NULL || p->inbuf == NULL) {
		pump_clear(p);
		return -1;
	}
	pkout_init(&p->out, p->outbuf);
	pkin_init(&p->in, p->inbuf, 0);
	return 0;
}

void
pump_clear(struct pump *p)
{
	free(p->outbuf);
	free(p->inbuf);
	p->outbuf = p->inbuf = NULL;
}

/* ---- out ---- */

static enum pump_result
flush(struct pump *p)
{
	uint32_t records = p->out.records;
	int r = p->engine == -1 ? 0 : pkout_flush(&p->out, p->engine);

	p->out_full = false;
	if (r == 0 && p->engine != -1)
		p->counters.v[TO_SENT] += records;
	p->counters.v[TO_HELD] = p->out.records;
	if (r == 0)
		return PUMP_IDLE;
	if (errno != EAGAIN)
		return PUMP_GONE;
	p->out_full = true;
	return PUMP_IDLE;
}

/* One record of n octets that was read to where the container goes on. */
static void
take(struct pump *p, const uint8_t *record, size_t n)
{
	enum counter verdict = TO_MALFORMED;
	struct vnet v;

	p->counters.v[TO_READ]++;
	p->counters.v[TUN_RX_BYTES] += n;
	if (n > PK_VNET) {
		vnet_get(record, &v);
		verdict =
		    guard_out(p->guard, &v, record + PK_VNET, n - PK_VNET);
	}
	if (verdict == C_NONE)
		pkout_commit(&p->out, n - PK_VNET);
	else
		p->counters.v[verdict]++;
}

enum pump_result
pump_out(struct pump *p)
{
	enum pump_result r = flush(p);
	uint8_t *to;
	ssize_t n;

	for (int i = 0; r == PUMP_IDLE && pump_wants_tun(p); i++) {
		if (i == PUMP_BATCH) {
			r = flush(p);
			return r == PUMP_IDLE ? PUMP_BUSY : r;
		}
		if ((to = pkout_begin(&p->out, PK_IP_MAX)) == NULL) {
			r = flush(p);
			continue;
		}
		n = read(p->tun, to, PK_VNET + PK_IP_MAX);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			if (errno != EAGAIN)
				return PUMP_NO_TUN;
			return flush(p);
		}
		take(p, to, (size_t)n);
	}
	return r;
}

bool
pump_wants_tun(const struct pump *p)
{
	return p->tun != -1 && p->engine != -1 && p->guard != NULL &&
	    !p->out_full;
}

/* ---- in ---- */

/* true: the record is dealt with, written or not. */
static bool
put(struct pump *p, uint8_t *record, size_t n)
{
	ssize_t w;

	do
		w = write(p->tun, record, n);
	while (w == -1 && errno == EINTR);
	if (w == -1 && errno == EAGAIN) {
		p->held = record;
		p->held_len = n;
		p->in_full = true;
		p->counters.v[TI_HELD] = 1;
		return false;
	}
	p->held = NULL;
	p->in_full = false;
	p->counters.v[TI_HELD] = 0;
	p->counters.v[w == -1 ? TI_WRITE : TI_WRITTEN]++;
	if (w > 0)
		p->counters.v[TUN_TX_BYTES] += (size_t)w;
	return true;
}

static bool
judge(struct pump *p, const uint8_t *vnet, const uint8_t *pkt, size_t len)
{
	enum counter verdict;
	struct vnet v;

	p->counters.v[TI_RECV]++;
	vnet_get(vnet, &v);
	verdict = guard_in(p->guard, &v, pkt, len);
	if (verdict != C_NONE)
		p->counters.v[verdict]++;
	return verdict == C_NONE;
}

/* The next container.  A larger one is cut by read, and then does not add up.
 */
static enum pump_result
refill(struct pump *p)
{
	ssize_t n;

	do
		n = read(p->engine, p->inbuf, PK_CONTAINER);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		pkin_init(&p->in, p->inbuf, (size_t)n);
		return PUMP_BUSY;
	}
	return n == -1 && errno == EAGAIN ? PUMP_IDLE : PUMP_GONE;
}

enum pump_result
pump_in(struct pump *p)
{
	uint8_t *vnet, *pkt;
	enum pump_result r;
	size_t len;

	if (p->held != NULL && !put(p, p->held, p->held_len))
		return PUMP_IDLE;
	for (int i = 0; pump_wants_engine(p) && i < PUMP_BATCH; i++) {
		switch (pkin_next(&p->in, &vnet, &pkt, &len)) {
		case 1:
			if (judge(p, vnet, pkt, len) &&
			    !put(p, vnet, PK_VNET + len))
				return PUMP_IDLE;
			break;
		case 0:
			if ((r = refill(p)) != PUMP_BUSY)
				return r;
			break;
		default:
			return PUMP_OFFENCE;
		}
	}
	return pump_wants_engine(p) ? PUMP_BUSY : PUMP_IDLE;
}

bool
pump_wants_engine(const struct pump *p)
{
	return p->engine != -1 && p->tun != -1 && p->guard != NULL &&
	    !p->in_full;
}

void
pump_set_engine(struct pump *p, int fd)
{
	p->engine = fd;
	p->out_full = false;
	/* what the old one had said and we had not looked at is void */
	pkin_init(&p->in, p->inbuf, 0);
}
