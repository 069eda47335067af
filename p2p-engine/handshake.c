/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/handshake.c */
/*
 * Handshake messages and the jobs they become: see handshake.h.
 *
 * Two rules against strangers: a peer's state changes only when a message
 * authenticated to the end (a response is opened on a copy of the handshake,
 * the 20 ms gap and the newest stamp are noted last), and nobody outside can
 * make a table grow or keep our own dialing from its place.
 */
#include "handshake.h"

#include <string.h>

#include "crypto.h"
#include "engine_int.h"
#include "log.h"
#include "handshake_int.h"
#include "wg.h"

/* ---- jobs ---- */

/* The job is over, whatever the reason: give back what it held. */
static void
job_over(struct engine *e, struct job *j)
{
	struct peer_slot *p = slot_get(e, j->peer);

	if (j->kind == JOB_DIAL || j->kind == JOB_STAMP) {
		index_drop(e->index, j->noise.local_index);
		if (p != NULL)
			p->dial_job = 0;
	} else if (j->kind == JOB_SE && p != NULL) {
		p->responses--;
	}
	job_end(e->jobs, j);
}

/* The message it was about ends with this verdict. */
static void
job_verdict(struct engine *e, struct job *j, enum counter verdict)
{
	if (j->foreign && counter_info(verdict)->kind == K_DROP)
		drop_job(e, verdict, j);
	else if (j->foreign)
		count(e, verdict);
	job_over(e, j);
}

static struct job *
job_begin(struct engine *e, uint64_t now_ms, enum job_kind kind)
{
	struct job *j = job_start(e->jobs, now_ms, kind);

	if (j != NULL && e->t_jobs.pos == 0)
		timers_set(&e->timers, &e->t_jobs, j->due_ms);
	return j;
}

void
hs_tick(struct engine *e, uint64_t now_ms)
{
	struct job *j;

	while ((j = jobs_oldest(e->jobs)) != NULL && j->due_ms <= now_ms)
		job_verdict(e, j, EI_BUSY);
	if (j != NULL)
		timers_set(&e->timers, &e->t_jobs, j->due_ms);
}

void
hs_drop(struct engine *e, const struct peer_slot *p)
{
	struct job *j, *next;

	for (j = jobs_oldest(e->jobs); j != NULL; j = next) {
		next = j->newer;
		if (p == NULL)
			job_verdict(e, j, EI_BUSY);
		else if (j->peer == p->no)
			job_verdict(e, j, EI_UNKNOWN_PEER);
	}
}

void
hs_fresh_key(const struct engine *e, uint8_t key[32])
{
	e->io.rnd.fill(e->io.rnd.ctx, key, 32);
}

/* ---- our initiation ---- */

static void
drop_late(struct engine *e, struct peer_slot *p)
{
	for (int i = 0; i < HS_LATE; i++)
		index_drop(e->index, p->late[i].index);
	memset(p->late, 0, sizeof(p->late));
}

void
hs_close(struct engine *e, struct peer_slot *p)
{
	drop_late(e, p);
	if (!p->hs_open)
		return;
	index_drop(e->index, p->hs.local_index);
	noise_wipe(&p->hs);
	p->hs_open = false;
}

/*
 * Another initiation takes its place.  The peer forgets it when it sees the
 * new one, so its keys are worth nothing; but its response may still come, and
 * tell that the way is longer than we thought.
 */
static void
supersede(struct engine *e, struct peer_slot *p)
{
	if (!p->hs_open)
		return;
	index_drop(e->index, p->late[HS_LATE - 1].index);
	memmove(p->late + 1, p->late, (HS_LATE - 1) * sizeof(p->late[0]));
	p->late[0] = (struct late_init){p->hs.local_index, p->hs_sent_ms};
	noise_wipe(&p->hs);
	p->hs_open = false;
}

void
hs_dial(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct msg_mix_ask ask;
	struct endpoint to;
	uint8_t eph[32];
	uint32_t index;
	uint16_t sock;
	struct job *j;

	if (p->owner != NULL) {
		hs_stream_dial(e, p, now_ms);
		return;
	}
	if (!e->has_pub || p->dial_job != 0)
		return;
	if (!slot_target(e, p, now_ms, p->ses.attempts, &to, &sock)) {
		relay_dialed(e, p, now_ms);
		return;
	}
	if ((j = job_begin(e, now_ms, JOB_DIAL)) == NULL)
		return;
	j->peer = p->no;
	p->dial_job = j->id;
	index = index_take(e->index, &e->io.rnd, INDEX_DIAL, p->no);
	hs_fresh_key(e, eph);
	if (noise_init_start(&j->noise, e->pub, p->conf.key, eph, index, j->msg,
		&ask) == -1 ||
	    index == 0 || e->io.ask_mix(e->io.ctx, j->id, &ask) == -1)
		job_over(e, j);
	crypto_wipe(eph, sizeof(eph));
	crypto_wipe(&ask, sizeof(ask));
}

/* The initiation is complete: it replaces the one before it. */
void
hs_dial_send(
    struct engine *e, struct peer_slot *p, struct job *j, uint64_t now_ms)
{
	struct endpoint to;
	uint16_t sock;
	bool sent;

	cookie_stamp(&p->jar, now_ms, j->msg, WG_INITIATION_LEN);
	supersede(e, p);
	p->hs = j->noise;
	p->hs_open = true;
	memcpy(p->hs_msg, j->msg, sizeof(p->hs_msg));
	p->hs_sent_ms = now_ms;
	j->noise.local_index = 0; /* it is the handshake's now */
	if (slot_target(e, p, now_ms, p->ses.attempts, &to, &sock)) {
		sent = engine_send(
			   e, p, sock, &to, j->msg, WG_INITIATION_LEN) == 0;
		/* what the system has no way for has no answer either */
		slot_target_used(e, p, now_ms, &to);
		p->spoken_to = to.addr;
		slot_dial_others(e, p, now_ms, &to);
		e->c.v[HS_INIT_SENT] += sent;
		e->c.v[HS_INIT_RETRY] += sent && p->ses.attempts > 0;
	}
	session_init_sent(&p->ses, now_ms, &e->io.rnd);
	relay_dialed(e, p, now_ms);
	slot_dialed(p, now_ms);
	engine_turn_dial(e, p, now_ms);
	slot_arm(e, p);
}

/* Nothing but the stamp was missing.  The job is over. */
static void
dial_stamped(struct engine *e, struct job *j, uint64_t now_ms)
{
	struct peer_slot *p = slot_get(e, j->peer);

	if (p != NULL && session_dialing(&p->ses)) {
		noise_init_finish(&j->noise, &j->mix, e->stamp, j->msg);
		p->stamp_no = e->stamp_no;
		hs_dial_send(e, p, j, now_ms);
	}
	job_over(e, j);
}

/*
 * What a peer compares is stamps that it was sent itself.  So whoever was not
 * sent the last one yet may have it: keyd gives away less than sixty a second,
 * and after a restart a thousand peers are dialed at once.
 */
static bool
may_share(const struct engine *e, const struct job *j, uint64_t now_ms)
{
	const struct peer_slot *p = slot_get(e, j->peer);

	return p != NULL && e->stamp_no != 0 && p->stamp_no != e->stamp_no &&
	    now_ms - e->stamp_ms < STAMP_LIFE_MS;
}

static void
dial_mixed(struct engine *e, struct job *j, uint64_t now_ms,
    const struct msg_mix_reply *r)
{
	j->mix = *r;
	j->kind = JOB_STAMP;
	if (may_share(e, j, now_ms))
		dial_stamped(e, j, now_ms);
	else if (e->io.ask_stamp(e->io.ctx, j->id) == -1)
		job_over(e, j);
}

void
engine_on_stamp(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_stamp_reply *r)
{
	struct job *j = job_find(e->jobs, id);

	if (j == NULL || j->kind != JOB_STAMP) {
		count(e, ILLEGAL_EVENTS);
		return;
	}
	memcpy(e->stamp, r->stamp, sizeof(e->stamp));
	e->stamp_ms = now_ms;
	e->stamp_no++;
	dial_stamped(e, j, now_ms);
}

/* ---- their initiation ---- */

static struct job *
job_of_message(struct engine *e, uint64_t now_ms, enum job_kind kind,
    const struct datagram *d)
{
	struct job *j = job_begin(e, now_ms, kind);

	if (j == NULL)
		return NULL;
	j->from = *d->from;
	j->sock = d->sock;
	memcpy(j->msg, d->data, d->len); /* 148 or 92: wg_classify said so */
	return j;
}

enum counter
hs_initiation(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	bool stream;
	enum counter no = engine_admit(e, now_ms, d, &stream);
	struct msg_mix_ask ask;
	struct job *j;

	if (no != C_NONE)
		return no;
	if (stream)
		return hs_stream_initiation(e, now_ms, d);
	if ((j = job_of_message(e, now_ms, JOB_ES, d)) == NULL)
		return EI_BUSY;
	noise_init_read(&j->noise, e->pub, j->msg, &ask);
	if (e->io.ask_mix(e->io.ctx, j->id, &ask) == -1) {
		job_over(e, j);
		return EI_BUSY;
	}
	engine_admitted(e, now_ms, d);
	return EI_PENDING;
}

/* Initiations of one peer: not closer than this (whitepaper 5.1, flooding). */
bool
hs_too_soon(const struct peer_slot *p, uint64_t now_ms)
{
	return p->answered && now_ms - p->answered_ms < WG_INIT_GAP_MS;
}

/*
 * keyd opened the first box: we know who claims to call.  C_NONE: go on.  A
 * key that we don't know costs nothing yet: it is only claimed.
 */
static enum counter
init_who(struct engine *e, struct job *j, uint64_t now_ms,
    const struct msg_mix_reply *r)
{
	struct msg_mix_ask ask;
	struct peer_slot *p;

	if (noise_init_who(&j->noise, r, j->msg, &ask) == -1)
		return EI_BAD_HANDSHAKE;
	p = engine_find_key(e, j->noise.remote_static);
	if (p == NULL && guest_psk(e, now_ms, j->noise.remote_static) == NULL) {
		engine_stranger(e, now_ms, &j->from);
		return EI_UNKNOWN_PEER;
	}
	if (p != NULL && !p->conf.admin_up)
		return EI_UNKNOWN_PEER;
	if (p != NULL && hs_too_soon(p, now_ms))
		return EI_RATE;
	if (p != NULL)
		j->peer = p->no;
	j->kind = JOB_SS;
	if (e->io.ask_mix(e->io.ctx, j->id, &ask) == -1)
		return EI_BUSY;
	return C_NONE;
}

/* The initiation is the peer's and new: answer it. */
static enum counter
respond(struct engine *e, struct peer_slot *p, struct job *j, uint64_t now_ms)
{
	uint8_t msg[WG_RESPONSE_LEN], eph[32];
	struct noise_keys keys;
	uint32_t gone[SLOT_N], index;
	int n = -1, bad;

	index = index_take(e->index, &e->io.rnd, INDEX_KEYS, p->no);
	if (index == 0)
		return EI_BUSY;
	hs_fresh_key(e, eph);
	bad = noise_resp_make(&j->noise, p->conf.psk, eph, index, msg, &keys);
	if (bad == 0)
		n = session_established(&p->ses, now_ms, false, &keys, index,
		    j->noise.remote_index, gone);
	crypto_wipe(eph, sizeof(eph));
	crypto_wipe(&keys, sizeof(keys));
	if (n == -1) {
		index_drop(e->index, index);
		return bad == -1 ? EI_BAD_HANDSHAKE : EI_BUSY;
	}
	index_drop_all(e, gone, n);
	/*
	 * After a restart an old initiation can be played to us once: while
	 * a session is up, only its own messages move the endpoint.
	 */
	if (!session_up(&p->ses, now_ms))
		slot_roam(e, p, now_ms, j->sock, &j->from);
	cookie_stamp(&p->jar, now_ms, msg, sizeof(msg));
	p->spoken_to = j->from.addr;
	p->answered_to = (struct way){j->from, j->sock};
	if (engine_send(e, p, j->sock, &j->from, msg, sizeof(msg)) == 0)
		count(e, HS_RESP_SENT);
	return EI_HANDSHAKE;
}

/* Nobody's key when it began; it has shown that it is its own. */
static struct peer_slot *
caller(struct engine *e, struct job *j, uint64_t now_ms)
{
	struct peer_slot *p = engine_find_key(e, j->noise.remote_static);

	if (p == NULL)
		p = guest_new(e, now_ms, j->noise.remote_static);
	if (p == NULL || !p->conf.admin_up)
		return NULL;
	j->peer = p->no;
	return p;
}

/* keyd opened the second box: it is really that peer. */
enum counter
hs_init_stamp(struct engine *e, struct job *j, uint64_t now_ms,
    const struct msg_mix_reply *r)
{
	struct peer_slot *p = slot_get(e, j->peer);
	uint8_t stamp[WG_STAMP];
	enum counter verdict;

	if (p == NULL && j->peer != JOB_NOBODY)
		return EI_UNKNOWN_PEER;
	if (noise_init_stamp(&j->noise, r, j->msg, stamp) == -1)
		return EI_BAD_HANDSHAKE;
	if (p == NULL && (p = caller(e, j, now_ms)) == NULL)
		return EI_UNKNOWN_PEER;
	if (memcmp(stamp, p->newest_stamp, sizeof(stamp)) <= 0)
		return EI_OLD_STAMP;
	if (hs_too_soon(p, now_ms))
		return EI_RATE;
	memcpy(p->newest_stamp, stamp, sizeof(stamp));
	p->answered = true;
	p->answered_ms = now_ms;
	verdict = respond(e, p, j, now_ms);
	slot_heard(e, p, now_ms);
	return verdict;
}

/* ---- their response ---- */

/* The peer whose initiation, sent a moment ago, this answers; or NULL. */
struct peer_slot *
hs_asked_by(struct engine *e, uint64_t now_ms, uint32_t index)
{
	const struct index_entry *x = index_find(e->index, index);
	struct peer_slot *p = NULL;

	if (x != NULL && x->kind == INDEX_DIAL)
		p = slot_get(e, x->peer);
	if (p == NULL || !p->hs_open || p->hs.local_index != index)
		return NULL;
	return now_ms - p->hs_sent_ms < HS_LIFE_MS ? p : NULL;
}

/*
 * A response to an initiation that we have repeated since: the way there and
 * back takes longer than our patience, and repeating at that pace would make
 * every response late.  Wait for the newest one twice as long as this took.
 */
void
hs_learn_patience(struct engine *e, uint64_t now_ms, uint32_t index)
{
	const struct index_entry *x = index_find(e->index, index);
	struct peer_slot *p = x == NULL ? NULL : slot_get(e, x->peer);
	uint64_t wait_ms;

	for (int i = 0; p != NULL && i < HS_LATE; i++) {
		if (p->late[i].index != index)
			continue;
		wait_ms = 2 * (now_ms - p->late[i].sent_ms);
		if (wait_ms > HS_PATIENCE_MS)
			wait_ms = HS_PATIENCE_MS;
		session_be_patient(&p->ses, p->hs_sent_ms + wait_ms);
		return;
	}
}

/* The stream that an index is of, or NULL. */
static struct peer_slot *
stream_dialing(struct engine *e, uint32_t index)
{
	const struct index_entry *x = index_find(e->index, index);
	struct peer_slot *p = x == NULL ? NULL : slot_get(e, x->peer);

	return p == NULL || p->owner == NULL ? NULL : p;
}

enum counter
hs_response(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	uint32_t index = wg_get32(d->data + WG_RESP_RECEIVER);
	struct msg_mix_ask ask;
	struct peer_slot *p = stream_dialing(e, index);
	struct job *j;

	if (p != NULL)
		return hs_stream_response(e, p, now_ms, d);
	if (!e->has_pub)
		return EI_BUSY;
	if (!cookie_mac1_ok(&e->checker, d->data, d->len))
		return EI_BAD_MAC1;
	/* no mac2, no rate: it answers a number that only the peer knows */
	if ((p = hs_asked_by(e, now_ms, index)) == NULL) {
		hs_learn_patience(e, now_ms, index);
		return EI_NO_SESSION;
	}
	if (p->responses >= HS_RESPONSES)
		return EI_RATE;
	if ((j = job_of_message(e, now_ms, JOB_SE, d)) == NULL)
		return EI_BUSY;
	j->peer = p->no;
	p->responses++;
	j->noise = p->hs;
	if (noise_resp_read(&j->noise, j->msg, &ask) == -1) {
		job_over(e, j);
		return EI_BAD_HANDSHAKE;
	}
	if (e->io.ask_mix(e->io.ctx, j->id, &ask) == -1) {
		job_over(e, j);
		return EI_BUSY;
	}
	return EI_PENDING;
}

/* The response authenticated: its keys are the session's. */
static enum counter
dial_done(struct engine *e, struct peer_slot *p, struct job *j, uint64_t now_ms,
    const struct noise_keys *keys)
{
	uint32_t gone[SLOT_N];
	int n;

	e->c.v[REKEYS] += session_up(&p->ses, now_ms);
	n = session_established(&p->ses, now_ms, true, keys,
	    j->noise.local_index, j->noise.remote_index, gone);
	if (n == -1)
		return EI_BUSY;
	index_find(e->index, j->noise.local_index)->kind = INDEX_KEYS;
	noise_wipe(&p->hs);
	p->hs_open = false;
	drop_late(e, p);
	index_drop_all(e, gone, n);
	count(e, HS_DONE);
	measure(e, HIST_HANDSHAKE, p->hs_sent_ms, now_ms);
	p->handshakes++;
	p->handshake_ms = now_ms;
	p->seen_ms = now_ms;
	p->rtt_us = (uint32_t)(now_ms - p->hs_sent_ms) * 1000;
	slot_roam(e, p, now_ms, j->sock, &j->from);
	slot_proved(e, p, now_ms);
	/* before what was held: to the other side we may be a stranger */
	if (p->member != NULL)
		hello_send(e, p, now_ms);
	slot_answered(e, p, now_ms);
	slot_up(e, p, now_ms);
	return EI_HANDSHAKE;
}

enum counter
hs_resp_finish(struct engine *e, struct job *j, uint64_t now_ms,
    const struct msg_mix_reply *r)
{
	struct peer_slot *p = hs_asked_by(e, now_ms, j->noise.local_index);
	struct noise_keys keys;
	enum counter verdict;

	if (p == NULL || p->no != j->peer)
		return EI_NO_SESSION;
	if (noise_resp_finish(&j->noise, r, p->conf.psk, j->msg, &keys) == -1) {
		count(e, HS_MISMATCH);
		log_warnx("%s: answered with another key or another psk",
		    p->conf.name);
		ev_mismatch(e, p, &j->from, EVW_BAD_ANSWER);
		return EI_BAD_HANDSHAKE;
	}
	verdict = dial_done(e, p, j, now_ms, &keys);
	crypto_wipe(&keys, sizeof(keys));
	return verdict;
}

/* ---- answers and cookies ---- */

/* One step of a job; C_NONE: it waits for the next answer. */
static enum counter
mixed(struct engine *e, struct job *j, uint64_t now_ms,
    const struct msg_mix_reply *r)
{
	switch (j->kind) {
	case JOB_ES:
		return init_who(e, j, now_ms, r);
	case JOB_SS:
		return hs_init_stamp(e, j, now_ms, r);
	case JOB_SE:
		return hs_resp_finish(e, j, now_ms, r);
	default:
		return EI_BUSY;
	}
}

void
engine_on_mix(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_mix_reply *r)
{
	struct job *j = job_find(e->jobs, id);
	enum counter verdict;

	e->now_ms = now_ms;
	if (j == NULL || j->kind == JOB_STAMP) {
		count(e, ILLEGAL_EVENTS);
		return;
	}
	if (r->status != KEY_OK) {
		job_verdict(e, j,
		    r->status == KEY_BUSY_NOW ? EI_BUSY : EI_BAD_HANDSHAKE);
		return;
	}
	if (j->kind == JOB_DIAL) {
		dial_mixed(e, j, now_ms, r);
		return;
	}
	verdict = mixed(e, j, now_ms, r);
	if (verdict != C_NONE)
		job_verdict(e, j, verdict);
}

void
engine_key_lost(struct engine *e, uint64_t now_ms)
{
	e->now_ms = now_ms;
	hs_drop(e, NULL);
}
