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
#include <string.h>
#include <sys/uio.h>

#include "clock.h"
#include "pump.h"

int
pump_init(struct pump *p)
{
	*p = (struct pump){.tun = -1};
	drops_init(&p->drops, B_TUN_OUT, B_TUN_IN);
	p->heldrec = malloc(PK_VNET + PK_IP_MAX);
	if (pkwire_init(&p->wire, 1) == -1 || p->heldrec == NULL) {
		pump_clear(p);
		return -1;
	}
	return 0;
}

void
pump_clear(struct pump *p)
{
	if (p->wire.mem != NULL)
		pkwire_clear(&p->wire);
	free(p->heldrec);
	p->heldrec = NULL;
}

/* ---- what is dropped ---- */

static uint16_t
port(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/*
 * Who talked to whom, as far as the first header says: only for people, so a
 * refused packet is not taken apart a second time for it.  head is memory of
 * our own, have octets of it are the packet's.
 */
static void
describe(struct drop *d, const uint8_t *head, size_t have)
{
	size_t l4 = 40, n = 16;

	if (have >= 20 && head[0] >> 4 == 4) {
		d->proto = head[9];
		l4 = (size_t)(head[0] & 15) * 4;
		n = 4;
	} else if (have >= 40 && head[0] >> 4 == 6) {
		d->proto = head[6];
	} else {
		return;
	}
	d->src.family = d->dst.family = n == 4 ? 4 : 6;
	memcpy(d->src.b, head + (n == 4 ? 12 : 8), n);
	memcpy(d->dst.b, head + (n == 4 ? 16 : 24), n);
	if (l4 + 4 > have || (d->proto != 6 && d->proto != 17) ||
	    (n == 4 && (port(head + 6) & 0x1fff) != 0))
		return;
	d->sport = port(head + l4);
	d->dport = port(head + l4 + 2);
}

/* n octets of a record, of which the first PUMP_HEAD are in head. */
static void
drop(struct pump *p, enum counter why, const uint8_t *head, size_t n)
{
	struct drop d = {.why = (uint16_t)why, .peer = DROPS_NOBODY};

	p->counters.v[why]++;
	if (n > PUMP_HEAD)
		n = PUMP_HEAD;
	if (n > PK_VNET)
		describe(&d, head + PK_VNET, n - PK_VNET);
	drops_note(&p->drops, clock_mono_ms(), &d, 1);
}

/* ---- out ---- */

static enum pump_result
flush(struct pump *p)
{
	int r = pkwire_flush(&p->wire);

	p->counters.v[TO_HELD] = pkwire_waiting(&p->wire);
	p->counters.v[TO_SENT] = p->committed - p->counters.v[TO_HELD];
	if (!pkwire_shared(&p->wire)) /* a ring: until it wakes us */
		p->out_full = pkwire_wants_out(&p->wire);
	return r == -1 ? PUMP_GONE : PUMP_IDLE;
}

/*
 * The record of n octets that was read, and where the engine wants it: its head
 * is there already, or in memory of ours.
 */
static void
take(struct pump *p, uint8_t *to, const uint8_t *head, size_t n)
{
	enum counter verdict = TO_MALFORMED;
	size_t nhead = n < PUMP_HEAD ? n : PUMP_HEAD;
	struct vnet v;

	p->counters.v[TO_READ]++;
	p->counters.v[TUN_RX_BYTES] += n;
	if (n > PK_VNET) {
		vnet_get(head, &v);
		verdict = guard_out(p->guard, &v, head + PK_VNET, n - PK_VNET);
	}
	if (verdict != C_NONE) {
		drop(p, verdict, head, n);
		explicit_bzero(to + nhead, n - nhead);
		return;
	}
	if (to != head)
		memcpy(to, head, nhead);
	pkwire_commit(&p->wire, n - PK_VNET);
	p->committed++;
}

/*
 * One record.  PUMP_BUSY: there may be more; PUMP_IDLE: not now, or it can't
 * be handed on.
 */
static enum pump_result
out_one(struct pump *p)
{
	uint8_t *to = pkwire_begin(&p->wire, PK_IP_MAX), *head = to;
	struct iovec iov[2];
	ssize_t n;

	if (to == NULL) {
		p->out_full = pkwire_wait_room(&p->wire, PK_IP_MAX);
		return p->out_full ? PUMP_IDLE : PUMP_BUSY;
	}
	if (pkwire_shared(&p->wire))
		head = p->outhead;
	iov[0] = (struct iovec){head, PUMP_HEAD};
	iov[1] =
	    (struct iovec){to + PUMP_HEAD, PK_VNET + PK_IP_MAX - PUMP_HEAD};
	do
		n = readv(p->tun, iov, 2);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN ? PUMP_IDLE : PUMP_NO_TUN;
	take(p, to, head, (size_t)n);
	return PUMP_BUSY;
}

enum pump_result
pump_out(struct pump *p)
{
	enum pump_result r = PUMP_BUSY;

	if (flush(p) == PUMP_GONE)
		return PUMP_GONE;
	/* it may have made room while we were busy otherwise */
	if (p->out_full && pkwire_shared(&p->wire))
		p->out_full = pkwire_wait_room(&p->wire, PK_IP_MAX);
	for (int i = 0; i < PUMP_BATCH && r == PUMP_BUSY; i++) {
		if (!pump_wants_tun(p))
			return PUMP_IDLE;
		r = out_one(p);
	}
	if (r != PUMP_NO_TUN && flush(p) == PUMP_GONE)
		return PUMP_GONE;
	return r;
}

bool
pump_wants_tun(const struct pump *p)
{
	return p->tun != -1 && p->wire.fd != -1 && p->guard != NULL &&
	    !p->out_full;
}

/* ---- in ---- */

/*
 * Write a record whose head may lie apart.  true: it is dealt with, written or
 * not; false: the TUN takes no more now, and it is held.
 */
static bool
put(struct pump *p, uint8_t *head, uint8_t *record, size_t n)
{
	size_t nhead = n < PUMP_HEAD ? n : PUMP_HEAD;
	const struct iovec iov[] = {{head, nhead}, {record + nhead, n - nhead}};
	ssize_t w;

	do
		w = writev(p->tun, iov, n > nhead ? 2 : 1);
	while (w == -1 && errno == EINTR);
	p->in_full = w == -1 && errno == EAGAIN;
	p->counters.v[TI_HELD] = p->in_full ? 1 : 0;
	if (p->in_full) {
		if (p->held == NULL) {
			memcpy(p->heldrec, head, nhead);
			memcpy(p->heldrec + nhead, record + nhead, n - nhead);
			p->held = p->heldrec;
			p->held_len = n;
		}
		return false;
	}
	p->held = NULL;
	if (w == -1)
		drop(p, TI_WRITE, head, n);
	else
		p->counters.v[TI_WRITTEN]++;
	if (w > 0)
		p->counters.v[TUN_TX_BYTES] += (size_t)w;
	return true;
}

static bool
judge(struct pump *p, const uint8_t *head, size_t len)
{
	enum counter verdict;
	struct vnet v;

	p->counters.v[TI_RECV]++;
	vnet_get(head, &v);
	verdict = guard_in(p->guard, &v, head + PK_VNET, len);
	if (verdict != C_NONE)
		drop(p, verdict, head, PK_VNET + len);
	return verdict == C_NONE;
}

/* false: the TUN takes no more now. */
static bool
in_one(struct pump *p, uint8_t *record, size_t len)
{
	size_t n = PK_VNET + len;
	uint8_t *head = record;

	if (pkwire_shared(&p->wire)) {
		head = p->inhead;
		memcpy(head, record, n < PUMP_HEAD ? n : PUMP_HEAD);
	}
	return !judge(p, head, len) || put(p, head, record, n);
}

static enum pump_result
in_some(struct pump *p)
{
	uint8_t *vnet, *pkt;
	size_t len;

	for (int i = 0; i < PUMP_BATCH; i++) {
		switch (pkwire_next(&p->wire, &vnet, &pkt, &len)) {
		case 1:
			if (!in_one(p, vnet, len))
				return PUMP_IDLE;
			break;
		case 0:
			return PUMP_IDLE;
		case -1:
			return PUMP_GONE;
		default:
			return PUMP_OFFENCE;
		}
	}
	return PUMP_BUSY;
}

enum pump_result
pump_in(struct pump *p)
{
	enum pump_result r;

	if (p->held != NULL && !put(p, p->held, p->held, p->held_len))
		return PUMP_IDLE;
	if (!pump_wants_engine(p))
		return PUMP_IDLE;
	r = in_some(p);
	return pkwire_done(&p->wire) == -1 && r != PUMP_OFFENCE ? PUMP_GONE : r;
}

bool
pump_wants_engine(const struct pump *p)
{
	return p->wire.fd != -1 && p->tun != -1 && p->guard != NULL &&
	    !p->in_full;
}

/* ---- the wire ---- */

void
pump_set_engine(struct pump *p, int fd, int memfd)
{
	pkwire_set(&p->wire, PKWIRE_TUN, fd, memfd);
	p->out_full = false;
}

bool
pump_sleep(struct pump *p)
{
	if (p->wire.fd == -1 || !pump_wants_engine(p))
		return true;
	return pkwire_sleep(&p->wire);
}

enum pump_result
pump_woken(struct pump *p)
{
	int r = p->wire.fd == -1 ? 0 : pkwire_woken(&p->wire);

	if (pkwire_shared(&p->wire))
		p->out_full = false; /* it may be about room: look again */
	if (r == -1)
		return PUMP_GONE;
	return r == -2 ? PUMP_OFFENCE : PUMP_IDLE;
}
