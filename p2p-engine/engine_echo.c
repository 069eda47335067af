/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_echo.c */
/*
 * meshctl ping: one probe (wire/probe.h) on the session with a member, and
 * how long its answer took.  Without a session one is asked for first, as a
 * packet would, and the probe follows if it comes in time; the peer's breaker
 * is not overruled.
 *
 * A configured peer may be any WireGuard and is never sent a probe: who asks
 * is told so, with what is known of it from its own packets.
 */
#include <stdio.h>
#include <string.h>

#include "engine_int.h"

static uint64_t
mono_us(const struct engine *e, uint64_t now_ms)
{
	return e->io.mono_us != NULL ? e->io.mono_us(e->io.ctx) : now_ms * 1000;
}

/* A time of ours as a date. */
static uint64_t
date(const struct engine *e, uint64_t now_ms, uint64_t at_ms)
{
	uint64_t unix_ms = e->io.unix_ms == NULL ? 0 : e->io.unix_ms(e->io.ctx);

	return at_ms == 0 || unix_ms < now_ms - at_ms
	    ? 0
	    : unix_ms - (now_ms - at_ms);
}

static void
tell(struct engine *e, uint64_t now_ms, uint32_t id, const struct peer_slot *p,
    enum echo_result result)
{
	struct msg_echo_row m = {.result = result,
	    .has_place = p->has_ep,
	    .place = p->ep,
	    .rtt_us = result == ECHO_DEAF ? p->rtt_us : 0,
	    .seen_unix_ms = date(e, now_ms, p->seen_ms),
	    .handshake_unix_ms = date(e, now_ms, p->handshake_ms)};

	if (!p->has_ep)
		m.place = (struct endpoint){0};
	e->io.tell_echo(e->io.ctx, id, &m);
}

static void
arm(struct engine *e, uint64_t due_ms)
{
	if (e->t_echo.pos == 0 || e->t_echo.due_ms > due_ms)
		timers_set(&e->timers, &e->t_echo, due_ms);
}

/* false: it is over, and has been told. */
static bool
go_on(struct engine *e, struct echo *x, struct peer_slot *p, uint64_t now_ms)
{
	if (p->member == NULL || !p->conf.admin_up) {
		tell(e, now_ms, x->id, p,
		    p->conf.admin_up ? ECHO_DEAF : ECHO_OFF);
		return false;
	}
	if (now_ms >= x->due_ms) {
		tell(e, now_ms, x->id, p,
		    x->probe != 0                     ? ECHO_LATE
			: session_up(&p->ses, now_ms) ? ECHO_DEAF
						      : ECHO_DOWN);
		return false;
	}
	if (x->probe != 0) {
		arm(e, x->due_ms);
		return true;
	}
	if (session_up(&p->ses, now_ms) && p->lanes != NULL) {
		x->sent_us = mono_us(e, now_ms);
		x->probe = probe_place(e, p, p->sock, &p->ep);
		arm(e, x->due_ms);
		return true;
	}
	slot_want(e, p, now_ms, BEV_WANT);
	arm(e, now_ms + ECHO_LOOK_MS);
	return true;
}

void
engine_echo(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_echo_ask *m)
{
	struct peer_slot *p = engine_find_name(e, m->name);
	struct echo *x = NULL;

	for (unsigned i = 0; i < ECHOES_MAX && x == NULL; i++)
		if (e->echo[i].id == 0)
			x = &e->echo[i];
	if (p == NULL) {
		e->io.tell_echo(e->io.ctx, id, NULL);
		return;
	}
	if (x == NULL ||
	    !bucket_take(&e->echoes, now_ms, ECHOES_PER_S, ECHOES_BURST)) {
		count(e, ECHOES_REFUSED);
		tell(e, now_ms, id, p, ECHO_BUSY);
		return;
	}
	count(e, ECHOES);
	*x = (struct echo){.id = id, .due_ms = now_ms + m->wait_ms};
	snprintf(x->name, sizeof(x->name), "%s", m->name);
	if (!go_on(e, x, p, now_ms))
		x->id = 0;
}

void
echo_tick(struct engine *e, uint64_t now_ms)
{
	for (unsigned i = 0; i < ECHOES_MAX; i++) {
		struct echo *x = &e->echo[i];
		struct peer_slot *p;

		if (x->id == 0)
			continue;
		p = engine_find_name(e, x->name);
		if (p == NULL)
			e->io.tell_echo(e->io.ctx, x->id, NULL);
		if (p == NULL || !go_on(e, x, p, now_ms))
			x->id = 0;
	}
}

bool
echo_answered(struct engine *e, const struct peer_slot *p, uint64_t now_ms,
    uint64_t probe, const struct datagram *d)
{
	struct msg_echo_row m = {.result = ECHO_ANSWERED,
	    .has_place = true,
	    .place = *d->from,
	    .seen_unix_ms = date(e, now_ms, now_ms),
	    .handshake_unix_ms = date(e, now_ms, p->handshake_ms)};

	for (unsigned i = 0; i < ECHOES_MAX; i++) {
		struct echo *x = &e->echo[i];

		if (x->id == 0 || x->probe != probe ||
		    strcmp(x->name, p->conf.name) != 0)
			continue;
		m.rtt_us = (uint32_t)(mono_us(e, now_ms) - x->sent_us);
		count(e, ECHOES_ANSWERED);
		e->io.tell_echo(e->io.ctx, x->id, &m);
		x->id = 0;
		return true;
	}
	return false;
}

/* Who asked is gone. */
void
engine_echo_lost(struct engine *e)
{
	memset(e->echo, 0, sizeof(e->echo));
}
