/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_crl.c */
/*
 * Revocation.  The list with the highest number that the authority signed is
 * in force, wherever it came from: the administrator, discoveryd's cache or
 * the DHT, or a member.  Who is on it is shut out in the same turn; then
 * everybody hears of it from whom he has a session with.
 */
#include <string.h>

#include "engine_int.h"
#include "log.h"

static uint64_t
number(const struct engine *e)
{
	return e->net.has_crl ? e->net.crl.number : 0;
}

static bool
take(struct engine *e, const uint8_t *data, size_t len)
{
	struct network *n = &e->net;
	const struct cert_check *check = &n->check;
	struct crl crl;

	if (len > CRL_MAX ||
	    crl_get(data, len, check->ca, check->nca, &crl) == -1) {
		count(e, CRLS_REFUSED);
		return false;
	}
	n->crl = crl;
	n->has_crl = true;
	n->check.crl = &n->crl;
	n->crllen = (uint16_t)len;
	memcpy(n->crlblob, data, len);
	n->crl_news = true;
	count(e, CRLS_TAKEN);
	ev_crl(e);
	log_info("revocation list %llu, %u certificates",
	    (unsigned long long)crl.number, crl.n);
	if (crl_has(&n->crl, n->own.serial))
		log_errorx("this node's own certificate is revoked");
	network_soon(e);
	return true;
}

/* Who has an older one than we gets ours. */
void
crl_send(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->guest || p->its_crl >= number(e))
		return;
	if (engine_frame_send(
		e, p, now_ms, FRAME_CRL, e->net.crlblob, e->net.crllen) == 0)
		p->its_crl = number(e);
}

void
crl_flood(struct engine *e, uint64_t now_ms)
{
	if (!e->net.crl_news)
		return;
	e->net.crl_news = false;
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->member != NULL && session_up(&p->ses, now_ms))
			crl_send(e, p, now_ms);
	}
}

void
on_crl(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	uint64_t n = crl_number(f->body, f->len);

	if (n > number(e)) {
		if (!take(e, f->body, f->len))
			return;
		e->net.crl_tell = true;
		timers_set(&e->timers, &e->t_seen, 0);
		p->its_crl = n;
	} else if (n < number(e)) {
		p->its_crl = n;
		crl_send(e, p, now_ms);
	}
}

const char *
engine_on_crl(struct engine *e, uint64_t now_ms, enum role from,
    const uint8_t *data, size_t len)
{
	uint64_t n = crl_number(data, len);

	if (!e->net.on)
		return "not a member of a network";
	if (n < number(e))
		return "a newer revocation list is in force";
	if (n == number(e) && e->net.has_crl) {
		if (len == e->net.crllen &&
		    memcmp(data, e->net.crlblob, len) == 0)
			return NULL;
		return "another revocation list of this number is in force";
	}
	if (!take(e, data, len))
		return "not a revocation list of this network's authority";
	if (from != ROLE_DISC) {
		e->net.crl_tell = true;
		timers_set(&e->timers, &e->t_seen, 0);
	}
	engine_net_tick(e, now_ms);
	return NULL;
}
