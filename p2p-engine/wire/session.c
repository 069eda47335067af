/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/session.c */
/*
 * Key slots and timers of one association.  Every timer is an absolute due
 * time that exactly these events move:
 *
 *	dead_due	armed by data sent (if off); off by anything received
 *	keepalive_due	armed by data received (if off) and keepalive_now; off
 *			by anything sent
 *	persistent_due	set anew by anything sent, and when it fires
 *	dial_due	set by want, init_sent, cookie_taken, retry_now,
 *be_patient wipe_due	set anew by every new key
 *
 * Rekeying never touches the current key: it goes on until the new one is in
 * its place, and stays as previous for what is still under way.
 */
#include <string.h>

#include "session.h"

#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS 750 /* 250, 500, 750, 750 ... */
#define LAST_CHANCE_MS (WG_KEEPALIVE_MS + WG_REKEY_TIMEOUT_MS)
#define WIPE_AFTER_LIVES 3

void
session_limits_default(struct session_limits *l)
{
	memset(l, 0, sizeof(*l));
	l->rekey_after_s = WG_REKEY_AFTER_S;
	l->reject_after_s = WG_REJECT_AFTER_S;
	l->attempt_s = WG_REKEY_ATTEMPT_S;
	l->rekey_after_messages = WG_REKEY_AFTER_MESSAGES;
	l->reject_after_messages = WG_REJECT_AFTER_MESSAGES;
	l->keepalive_ms = WG_KEEPALIVE_MS;
}

void
session_init(struct session *s, const struct session_limits *l)
{
	memset(s, 0, sizeof(*s));
	s->lim = *l;
}

void
session_clear(struct session *s)
{
	for (int i = 0; i < SLOT_N; i++)
		keypair_free(s->slot[i]);
	memset(s, 0, sizeof(*s));
}

/* ---- small questions ---- */

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool
is_due(uint64_t due_ms, uint64_t now_ms)
{
	return due_ms != 0 && now_ms >= due_ms;
}

static uint64_t
reject_ms(const struct session *s)
{
	return s->lim.reject_after_s * UINT64_C(1000);
}

static uint64_t
age_ms(const struct keypair *kp, uint64_t now_ms)
{
	return now_ms - kp->born_ms;
}

static bool
alive(const struct session *s, const struct keypair *kp, uint64_t now_ms)
{
	return kp != NULL && age_ms(kp, now_ms) < reject_ms(s);
}

static bool
tx_rekey_due(const struct session *s, const struct keypair *kp, uint64_t now_ms)
{
	if (kp->tx_counter >= s->lim.rekey_after_messages)
		return true;
	return kp->initiator &&
	    age_ms(kp, now_ms) >= s->lim.rekey_after_s * UINT64_C(1000);
}

/*
 * A side that only receives never asks session_tx; it still must have new
 * keys in time.  15 s are enough for a handshake over a bad line; a lab's
 * short-lived keys give a third of their life.
 */
static bool
rx_rekey_due(const struct session *s, const struct keypair *kp, uint64_t now_ms)
{
	uint64_t margin = earlier(LAST_CHANCE_MS, reject_ms(s) / 3);

	return kp != NULL && kp->initiator &&
	    age_ms(kp, now_ms) >= reject_ms(s) - margin;
}

static void
rekey_if(struct session *s, bool due)
{
	if (due && !s->dialing)
		s->rekey_wanted = true;
}

bool
session_up(const struct session *s, uint64_t now_ms)
{
	const struct keypair *kp = s->slot[SLOT_CURRENT];

	return alive(s, kp, now_ms) && kp->tx_counter < kp->limit;
}

/* ---- handshake ---- */

/* When the next initiation may go out at the earliest. */
static uint64_t
dial_floor(const struct session *s, uint64_t now_ms)
{
	const struct keypair *next = s->slot[SLOT_NEXT];
	uint64_t at = now_ms;

	if (s->ever_initiated)
		at = later(at, s->last_init_ms + WG_INIT_GAP_MS);
	/* the peer's own handshake is a message away from serving us too */
	if (next != NULL && !next->outranked)
		at = later(at, next->born_ms + RETRY_FIRST_MS);
	return at;
}

void
session_want(struct session *s, uint64_t now_ms)
{
	s->rekey_wanted = false;
	if (s->dialing)
		return;
	s->dialing = true;
	s->attempts = 0;
	s->dial_began_ms = now_ms;
	s->dial_due_ms = dial_floor(s, now_ms);
}

bool
session_dialing(const struct session *s)
{
	return s->dialing;
}

void
session_stop_dialing(struct session *s)
{
	s->dialing = false;
	s->rekey_wanted = false;
}

void
session_init_sent(struct session *s, uint64_t now_ms, const struct rnd_src *rnd)
{
	uint32_t delay = RETRY_MAX_MS;

	s->attempts++;
	if (s->attempts < RETRY_MAX_MS / RETRY_FIRST_MS)
		delay = s->attempts * RETRY_FIRST_MS;
	s->last_init_ms = now_ms;
	s->ever_initiated = true;
	s->dial_due_ms = now_ms + delay + rnd_below(rnd, delay / 3 + 1);
}

void
session_cookie_taken(struct session *s, uint64_t now_ms)
{
	if (s->dialing)
		s->dial_due_ms = earlier(s->dial_due_ms, dial_floor(s, now_ms));
}

void
session_retry_now(struct session *s, uint64_t now_ms)
{
	if (!s->dialing)
		return;
	s->attempts = 0; /* and the first intervals again */
	s->dial_began_ms = now_ms;
	s->dial_due_ms = dial_floor(s, now_ms);
}

void
session_be_patient(struct session *s, uint64_t due_ms)
{
	if (s->dialing)
		s->dial_due_ms = later(s->dial_due_ms, due_ms);
}

/* Empty a slot and note the index; returns the new count. */
static int
drop(struct session *s, enum session_slot i, uint32_t gone[SLOT_N], int n)
{
	if (s->slot[i] == NULL)
		return n;
	gone[n++] = s->slot[i]->local_index;
	keypair_free(s->slot[i]);
	s->slot[i] = NULL;
	return n;
}

static int
established_initiator(struct session *s, uint64_t now_ms, struct keypair *kp,
    uint32_t gone[SLOT_N])
{
	struct keypair *next = s->slot[SLOT_NEXT];
	int n;

	if (next != NULL && kp->local_index < next->remote_index)
		next->outranked = true;
	n = drop(s, SLOT_PREVIOUS, gone, 0);
	s->slot[SLOT_PREVIOUS] = s->slot[SLOT_CURRENT];
	s->slot[SLOT_CURRENT] = kp;
	session_stop_dialing(s);
	s->keepalive_due_ms = later(now_ms, 1);
	return n;
}

static int
established_responder(struct session *s, uint64_t now_ms, struct keypair *kp,
    uint32_t gone[SLOT_N])
{
	int n;

	n = drop(s, SLOT_NEXT, gone, 0);
	s->slot[SLOT_NEXT] = kp;
	if (s->dialing)
		s->dial_due_ms = later(s->dial_due_ms, dial_floor(s, now_ms));
	return n;
}

int
session_established(struct session *s, uint64_t now_ms, bool initiator,
    const struct noise_keys *keys, uint32_t local_index, uint32_t remote_index,
    uint32_t gone[SLOT_N])
{
	struct keypair *kp;

	kp = keypair_new(
	    keys, local_index, remote_index, s->lim.reject_after_messages);
	if (kp == NULL)
		return -1;
	kp->born_ms = now_ms;
	kp->initiator = initiator;
	s->dead_due_ms = 0;
	s->wipe_due_ms = now_ms + WIPE_AFTER_LIVES * reject_ms(s);
	if (initiator)
		return established_initiator(s, now_ms, kp, gone);
	return established_responder(s, now_ms, kp, gone);
}

/* ---- data ---- */

struct keypair *
session_tx(struct session *s, uint64_t now_ms)
{
	struct keypair *kp = s->slot[SLOT_CURRENT];

	if (!session_up(s, now_ms))
		return NULL;
	rekey_if(s, tx_rekey_due(s, kp, now_ms));
	return kp;
}

struct keypair *
session_rx(struct session *s, uint64_t now_ms, uint32_t local_index)
{
	for (int i = 0; i < SLOT_N; i++) {
		struct keypair *kp = s->slot[i];

		if (alive(s, kp, now_ms) && kp->local_index == local_index)
			return kp;
	}
	return NULL;
}

static int
promote(struct session *s, uint32_t gone[SLOT_N])
{
	int n;

	n = drop(s, SLOT_PREVIOUS, gone, 0);
	s->slot[SLOT_PREVIOUS] = s->slot[SLOT_CURRENT];
	s->slot[SLOT_CURRENT] = s->slot[SLOT_NEXT];
	s->slot[SLOT_NEXT] = NULL;
	session_stop_dialing(s);
	return n;
}

int
session_received(struct session *s, uint64_t now_ms, struct keypair *kp,
    bool data, uint32_t gone[SLOT_N])
{
	struct keypair *next = s->slot[SLOT_NEXT];
	int n = 0;

	s->dead_due_ms = 0;
	if (kp == next && !kp->outranked)
		n = promote(s, gone);
	else if (kp == s->slot[SLOT_CURRENT] && next != NULL &&
	    next->born_ms < kp->born_ms)
		next->outranked = true; /* the peer prefers the newer one */
	if (data && s->keepalive_due_ms == 0)
		s->keepalive_due_ms = now_ms + s->lim.keepalive_ms;
	rekey_if(s, rx_rekey_due(s, s->slot[SLOT_CURRENT], now_ms));
	return n;
}

void
session_sent(struct session *s, uint64_t now_ms, bool data)
{
	s->keepalive_due_ms = 0;
	if (s->persistent_s != 0)
		s->persistent_due_ms =
		    now_ms + s->persistent_s * UINT64_C(1000);
	if (data && s->dead_due_ms == 0)
		s->dead_due_ms =
		    now_ms + s->lim.keepalive_ms + WG_REKEY_TIMEOUT_MS;
}

void
session_keepalive_now(struct session *s)
{
	s->keepalive_due_ms = 1; /* long ago */
}

/* ---- time ---- */

static unsigned
tick_wipe(
    struct session *s, uint64_t now_ms, uint32_t gone[SLOT_N], unsigned *ngone)
{
	int n = 0;

	*ngone = 0;
	if (!is_due(s->wipe_due_ms, now_ms))
		return 0;
	for (int i = 0; i < SLOT_N; i++)
		n = drop(s, (enum session_slot)i, gone, n);
	s->wipe_due_ms = 0;
	s->dead_due_ms = 0;
	s->keepalive_due_ms = 0;
	*ngone = (unsigned)n;
	return SES_WIPED;
}

static unsigned
tick_keepalive(struct session *s, uint64_t now_ms)
{
	if (!is_due(s->keepalive_due_ms, now_ms))
		return 0;
	s->keepalive_due_ms = 0;
	return session_up(s, now_ms) ? SES_KEEPALIVE : 0;
}

static unsigned
tick_persistent(struct session *s, uint64_t now_ms)
{
	uint64_t due = now_ms + s->persistent_s * UINT64_C(1000);

	if (s->persistent_s == 0) {
		s->persistent_due_ms = 0;
		return 0;
	}
	/* just switched on, or made shorter */
	if (s->persistent_due_ms == 0 || s->persistent_due_ms > due) {
		s->persistent_due_ms = due;
		return 0;
	}
	if (now_ms < s->persistent_due_ms)
		return 0;
	s->persistent_due_ms = due;
	if (session_up(s, now_ms))
		return SES_KEEPALIVE;
	session_want(s, now_ms);
	return 0;
}

static uint64_t
dial_end(const struct session *s)
{
	return s->dial_began_ms + s->lim.attempt_s * UINT64_C(1000);
}

static unsigned
tick_dial(struct session *s, uint64_t now_ms)
{
	if (!s->dialing)
		return 0;
	if (now_ms >= dial_end(s)) {
		session_stop_dialing(s);
		return SES_GAVE_UP;
	}
	if (now_ms < s->dial_due_ms)
		return 0;
	s->dial_due_ms = now_ms + RETRY_FIRST_MS;
	return SES_INITIATE;
}

unsigned
session_tick(
    struct session *s, uint64_t now_ms, uint32_t gone[SLOT_N], unsigned *ngone)
{
	unsigned todo;

	todo = tick_wipe(s, now_ms, gone, ngone);
	todo |= tick_keepalive(s, now_ms);
	todo |= tick_persistent(s, now_ms);
	if (is_due(s->dead_due_ms, now_ms)) {
		s->dead_due_ms = 0;
		session_want(s, now_ms);
	}
	if (s->rekey_wanted)
		session_want(s, now_ms);
	return todo | tick_dial(s, now_ms);
}

static uint64_t
due_or_never(uint64_t due_ms)
{
	return due_ms == 0 ? UINT64_MAX : due_ms;
}

uint64_t
session_due(const struct session *s)
{
	uint64_t due;

	if (s->rekey_wanted)
		return 0;
	if (s->persistent_s != 0 && s->persistent_due_ms == 0)
		return 0;
	due = earlier(
	    due_or_never(s->dead_due_ms), due_or_never(s->keepalive_due_ms));
	due = earlier(due, due_or_never(s->persistent_due_ms));
	due = earlier(due, due_or_never(s->wipe_due_ms));
	if (s->dialing)
		due = earlier(due, earlier(s->dial_due_ms, dial_end(s)));
	return due;
}
