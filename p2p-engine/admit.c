/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/admit.c */
/*
 * Which initiations may cost a handshake.  Cheap questions first, and before
 * all else: does the source receive what is sent to it (mac2)?
 *
 *	not proved  load, its source's rate, the rate of all: no by any of
 *		    them is a cookie, never silence
 *	proved      its source's rate, the rate of all
 *
 * Whoever knows our public key can send initiations that seem to come from a
 * peer's address.  They empty the bucket of what only claims to come from
 * there, so the peer gets a cookie; with it, it repeats at once and finds a
 * bucket that nobody can empty who does not receive at that address.  A cookie
 * reply is less than half as long as what it answers.
 *
 * A cookie costs more than to refuse one, so there are only so many: first for
 * sources that had few.  Where most initiations come from that prove nothing is
 * told to the system, which lets few of them through (sieve.h).
 */
#include <string.h>

#include "engine_int.h"
#include "handshake.h"
#include "wg.h"

void
engine_sieve(struct engine *e, bool changed)
{
	struct sieve_rules r;

	if (!changed || e->io.sieve == NULL)
		return;
	sieve_rules(&e->sieve, &r);
	e->io.sieve(e->io.ctx, &r);
	if (r.garbage || r.nheavy != 0)
		count(e, FLOODS);
}

static bool
under_load(const struct engine *e, uint64_t now_ms)
{
	return load_high(&e->load, now_ms) ||
	    jobs_initiations(e->jobs) > JOBS_INITIATIONS / 2;
}

/* It only claims to come from there. */
static bool
take_claimed(struct engine *e, uint64_t now_ms, const struct addr *from)
{
	return !under_load(e, now_ms) &&
	    limiter_pass(e->claimed, now_ms, from) &&
	    bucket_spare(
		&e->inits, now_ms, INITS_PER_S, INITS_BURST, INITS_KEPT);
}

static enum counter
demand_cookie(struct engine *e, uint64_t now_ms, const struct datagram *d,
    struct cookie_checker *c)
{
	uint8_t cookie[WG_COOKIE_LEN];
	uint32_t keep = 0;

	engine_sieve(e, sieve_unproved(&e->sieve, now_ms, &d->from->addr));
	if (!limiter_pass(e->cookied, now_ms, &d->from->addr))
		keep = COOKIES_KEPT;
	if (!bucket_spare(
		&e->cookies, now_ms, COOKIES_PER_S, COOKIES_BURST, keep))
		return EI_RATE;
	cookie_reply(c, now_ms, &e->io.rnd, d->data, d->len, d->from, cookie);
	if (engine_send(e, NULL, d->sock, d->from, cookie, sizeof(cookie)) == 0)
		count(e, COOKIES_SENT);
	return EI_NEED_COOKIE;
}

#define MAC1_AT (WG_INITIATION_LEN - WG_MACS)

/*
 * A member's first initiation comes by all its ways; the first to come was
 * taken, and that is enough.  What is compared is over all of it but mac2; by
 * the same way again it is no copy but a replay.
 */
static bool
is_copy(const struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	const struct copies *c = &e->copies;

	for (unsigned i = 0; i < COPIES_MAX; i++)
		if (c->seen[i].at_ms != 0 &&
		    now_ms - c->seen[i].at_ms < COPY_MS &&
		    memcmp(c->seen[i].mac1, d->data + MAC1_AT, COPY_MAC) == 0)
			return c->seen[i].sock != d->sock ||
			    !endpoint_eq(&c->seen[i].from, d->from);
	return false;
}

void
engine_admitted(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	struct copies *c = &e->copies;

	memcpy(c->seen[c->next].mac1, d->data + MAC1_AT, COPY_MAC);
	c->seen[c->next].at_ms = now_ms;
	c->seen[c->next].sock = d->sock;
	c->seen[c->next].from = *d->from;
	c->next = (c->next + 1) % COPIES_MAX;
}

enum counter
engine_admit(
    struct engine *e, uint64_t now_ms, const struct datagram *d, bool *stream)
{
	struct cookie_checker *c = &e->checker;

	if (!e->has_pub)
		return EI_BUSY;
	*stream = !cookie_mac1_ok(c, d->data, d->len);
	if (*stream)
		c = &e->stream_checker;
	if (*stream &&
	    (e->nstreams == 0 || !cookie_mac1_ok(c, d->data, d->len)))
		return EI_BAD_MAC1;
	if (is_copy(e, now_ms, d))
		return EI_COPY;
	load_note(&e->load, now_ms);
	if (!cookie_mac2_ok(c, now_ms, &e->io.rnd, d->data, d->len, d->from))
		return take_claimed(e, now_ms, &d->from->addr)
		    ? C_NONE
		    : demand_cookie(e, now_ms, d, c);
	if (!limiter_pass(e->proved, now_ms, &d->from->addr))
		return EI_RATE;
	/* too many at once, as after a power cut: it repeats and gets in */
	if (!bucket_take(&e->inits, now_ms, INITS_PER_S, INITS_BURST))
		return EI_BUSY;
	return C_NONE;
}

/* The other way: what we are to show for our own. */
enum counter
hs_cookie(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	const struct index_entry *x =
	    index_find(e->index, wg_get32(d->data + WG_DATA_RECEIVER));
	struct peer_slot *p = x == NULL ? NULL : slot_get(e, x->peer);

	if (p == NULL)
		return EI_NO_SESSION;
	if (cookie_take(&p->jar, now_ms, d->data) == -1)
		return EI_BAD_HANDSHAKE;
	session_cookie_taken(&p->ses, now_ms);
	slot_arm(e, p);
	return EI_HANDSHAKE;
}
