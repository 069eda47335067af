/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/turn.c */
/*
 * The allocation of turn.h: questions to the server, answers, time.
 *
 * Long-term credentials (RFC 8489, 9.2): the first question has none, the 401
 * to it names realm and nonce; from then on a success counts only with the
 * seal of who knows the password.  Errors come without, for who could not be
 * authenticated can't be answered so; they need the id of the question, which
 * nobody beside the path knows.
 *
 * The translator in between forgets and a server restarts: the allocation is
 * refreshed every TURN_KEEP_MS at least, and sooner if what is sent remains
 * without an echo.
 */

#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "turn_int.h"

#define MESSAGE_MAX 1024
#define UDP 17
#define LIFETIME_MIN_S 20
#define LIFETIME_MAX_S 86400

void
turn_init(struct turn *t, const struct turn_io *io)
{
	*t = (struct turn){.io = *io, .next_channel = 0x4000};
}

const char *
turn_why_name(enum turn_why w)
{
	static const char *const names[TURN_NWHY] = {"", "no_answer",
	    "wrong_credentials", "refused", "lost", "useless_answer",
	    "wrong_certificate"};

	return w < TURN_NWHY ? names[w] : "";
}

const char *
turn_state_name(enum turn_state s)
{
	static const char *const names[] = {"off", "asking", "up", "waiting"};

	return s <= TURN_WAIT ? names[s] : "off";
}

/* ---- questions ---- */

static void
message_of(const struct turn *t, const struct turn_ask *q, struct stun *m)
{
	static const uint16_t method[] = {[TURN_CLEAR] = STUN_REFRESH,
	    [TURN_ASK] = STUN_ALLOCATE,
	    [TURN_KEEP] = STUN_REFRESH,
	    [TURN_LET] = STUN_PERMIT,
	    [TURN_BOND] = STUN_BIND};

	*m = (struct stun){.kind = STUN_REQUEST, .method = method[q->verb]};
	memcpy(m->id, q->id, sizeof(m->id));
	switch (q->verb) {
	case TURN_CLEAR:
		m->has = STUN_LIFETIME; /* of 0 */
		break;
	case TURN_ASK:
		m->has = STUN_TRANSPORT;
		m->transport = UDP;
		break;
	case TURN_LET:
		m->has = STUN_PEER;
		m->peer.addr = t->permit[q->at].to;
		break;
	case TURN_BOND:
		m->has = STUN_PEER | STUN_CHANNEL;
		m->peer = t->channel[q->at].to;
		m->channel = t->channel[q->at].no;
		break;
	default:
		break;
	}
	if (!t->has_key)
		return;
	m->has |= STUN_USERNAME | STUN_REALM | STUN_NONCE;
	m->username = (struct stun_text){
	    (const uint8_t *)t->user, (uint16_t)strlen(t->user)};
	m->realm = (struct stun_text){
	    (const uint8_t *)t->realm, (uint16_t)strlen(t->realm)};
	m->nonce = (struct stun_text){t->nonce, t->nonce_len};
}

static void
transmit(struct turn *t, struct turn_ask *q)
{
	uint8_t out[MESSAGE_MAX];
	struct stun m;
	size_t n;

	message_of(t, q, &m);
	q->sealed = t->has_key;
	n = stun_print(&m, out, sizeof(out));
	if (n != 0 && t->has_key)
		n = stun_seal(out, n, sizeof(out), t->key, sizeof(t->key));
	if (n == 0)
		return;
	t->requests++;
	(void)t->io.send(t->io.ctx, out, n);
}

/* The same question with another id: what was not good about it has changed. */
static void
ask_anew(struct turn *t, uint64_t now_ms, struct turn_ask *q)
{
	t->io.rnd.fill(t->io.rnd.ctx, q->id, sizeof(q->id));
	/* once: what goes into a connection comes out of it */
	q->tries = t->stream ? TURN_TRIES : 1;
	q->next_ms = now_ms + (t->stream ? TURN_STREAM_MS : TURN_RTO_MS);
	transmit(t, q);
	t->news |= TURN_N_DUE;
}

bool
turn_ask_open(struct turn *t, uint64_t now_ms, enum turn_verb verb, unsigned at)
{
	struct turn_ask *q = NULL;

	for (unsigned i = 0; i < TURN_ASKS; i++) {
		if (t->ask[i].verb == verb && t->ask[i].at == at)
			return true;
		if (t->ask[i].verb == TURN_NONE && q == NULL)
			q = &t->ask[i];
	}
	if (q == NULL) {
		t->full++;
		return false;
	}
	*q = (struct turn_ask){.verb = verb, .at = (uint8_t)at};
	ask_anew(t, now_ms, q);
	return true;
}

/* ---- states ---- */

/* Nothing that the server has of us holds any more. */
static void
forget(struct turn *t)
{
	memset(t->ask, 0, sizeof(t->ask));
	memset(t->permit, 0, sizeof(t->permit));
	memset(t->channel, 0, sizeof(t->channel));
	t->relayed = t->mapped = (struct endpoint){0};
	t->silent_ms = 0;
}

static void
enter(struct turn *t, enum turn_state s)
{
	if (t->state != s)
		t->news |= TURN_N_STATE;
	t->state = s;
	t->news |= TURN_N_DUE;
}

static void
begin(struct turn *t, uint64_t now_ms)
{
	forget(t);
	t->has_key = false; /* the realm may be another one, too */
	enter(t, TURN_ASKING);
	(void)turn_ask_open(t, now_ms, TURN_ASK, 0);
}

/* Not now: later, and later each time, with a tenth of chance. */
static void
give_up(struct turn *t, uint64_t now_ms, enum turn_why why, uint16_t code)
{
	bool denied = why == TURN_DENIED;
	uint64_t ms = denied ? TURN_DENIED_MS : TURN_WAIT_MS;
	uint64_t most = denied ? TURN_DENIED_MAX_MS : TURN_WAIT_MAX_MS;

	for (unsigned i = 0; i < t->failures && ms < most; i++)
		ms *= 2;
	if (ms > most)
		ms = most;
	if (t->failures < UINT8_MAX)
		t->failures++;
	forget(t);
	t->has_key = false;
	t->failed++;
	t->why = why;
	t->code = code;
	t->again_ms = now_ms + ms + rnd_below(&t->io.rnd, (uint32_t)(ms / 10));
	t->news |= TURN_N_STATE; /* also if it waits for the second time */
	enter(t, TURN_WAIT);
}

void
turn_again(struct turn *t, uint64_t now_ms)
{
	if (t->state == TURN_OFF)
		return;
	t->failures = 0;
	t->cleared = false;
	begin(t, now_ms);
}

void
turn_configure(struct turn *t, uint64_t now_ms, const struct endpoint *server,
    const char *user, const char *password)
{
	static const struct endpoint none;

	if (server == NULL)
		server = &none;
	if (endpoint_eq(&t->server, server) && strcmp(t->user, user) == 0 &&
	    strcmp(t->password, password) == 0)
		return;
	turn_leave(t, now_ms);
	t->server = *server;
	snprintf(t->user, sizeof(t->user), "%s", user);
	crypto_wipe(t->password, sizeof(t->password));
	snprintf(t->password, sizeof(t->password), "%s", password);
	t->has_key = false;
	t->why = TURN_FINE;
	t->code = 0;
	if (server->addr.family == 0)
		return;
	t->state = TURN_ASKING;
	turn_again(t, now_ms);
	t->news |= TURN_N_STATE;
}

void
turn_connected(struct turn *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < TURN_ASKS; i++) {
		if (t->ask[i].verb == TURN_NONE)
			continue;
		transmit(t, &t->ask[i]);
		t->ask[i].next_ms = now_ms + TURN_STREAM_MS;
	}
	t->news |= TURN_N_DUE;
}

void
turn_lost(struct turn *t, uint64_t now_ms, enum turn_why why)
{
	if (t->state == TURN_UP && now_ms - t->up_ms >= TURN_BRIEF_MS) {
		t->why = TURN_LOST;
		begin(t, now_ms);
	} else if (t->state == TURN_UP || t->state == TURN_ASKING) {
		give_up(t, now_ms, why, 0);
	}
}

void
turn_leave(struct turn *t, uint64_t now_ms)
{
	if (t->state == TURN_UP)
		(void)turn_ask_open(t, now_ms, TURN_CLEAR, 0);
	forget(t);
	enter(t, TURN_OFF);
}

/* ---- answers ---- */

/* Realm and nonce of an error.  0 or -1: they are of no use. */
static int
take_nonce(struct turn *t, const struct stun *m)
{
	char line[3 * TURN_TEXT_MAX];
	int n;

	if ((m->has & (STUN_REALM | STUN_NONCE)) != (STUN_REALM | STUN_NONCE) ||
	    m->realm.len >= sizeof(t->realm) || m->nonce.len == 0 ||
	    m->nonce.len > sizeof(t->nonce) ||
	    (m->realm.len > 0 &&
		memchr(m->realm.p, '\0', m->realm.len) != NULL))
		return -1;
	if (m->realm.len > 0)
		memcpy(t->realm, m->realm.p, m->realm.len);
	t->realm[m->realm.len] = '\0';
	memcpy(t->nonce, m->nonce.p, m->nonce.len);
	t->nonce_len = m->nonce.len;
	n = snprintf(
	    line, sizeof(line), "%s:%s:%s", t->user, t->realm, t->password);
	if (n < 0 || (size_t)n >= sizeof(line) ||
	    crypto_md5(t->key, line, (size_t)n) == -1)
		n = -1;
	crypto_wipe(line, sizeof(line));
	t->has_key = n != -1;
	return t->has_key ? 0 : -1;
}

static uint32_t
lifetime_of(const struct stun *m)
{
	uint32_t s = (m->has & STUN_LIFETIME) != 0 ? m->lifetime : 600;

	return s < LIFETIME_MIN_S ? LIFETIME_MIN_S
	    : s > LIFETIME_MAX_S  ? LIFETIME_MAX_S
				  : s;
}

static void
refreshed(struct turn *t, uint64_t now_ms, uint32_t lifetime_s)
{
	uint64_t half_ms = lifetime_s * UINT64_C(500);

	t->lifetime_s = lifetime_s;
	t->refresh_ms =
	    now_ms + (half_ms < TURN_KEEP_MS ? half_ms : TURN_KEEP_MS);
	t->news |= TURN_N_DUE;
}

static void
allocated(struct turn *t, uint64_t now_ms, const struct stun *m)
{
	if ((m->has & STUN_RELAYED) == 0 || m->relayed.port == 0) {
		give_up(t, now_ms, TURN_USELESS, 0);
		return;
	}
	t->relayed = m->relayed;
	if ((m->has & STUN_XOR_MAPPED) != 0)
		t->mapped = m->xor_mapped;
	t->failures = 0;
	t->cleared = false;
	t->why = TURN_FINE;
	t->code = 0;
	t->allocations++;
	t->up_ms = now_ms;
	refreshed(t, now_ms, lifetime_of(m));
	enter(t, TURN_UP);
}

static void
succeeded(struct turn *t, uint64_t now_ms, const struct turn_ask *q,
    const struct stun *m)
{
	switch (q->verb) {
	case TURN_ASK:
		allocated(t, now_ms, m);
		break;
	case TURN_CLEAR:
		if (t->state == TURN_ASKING)
			(void)turn_ask_open(t, now_ms, TURN_ASK, 0);
		break;
	case TURN_KEEP:
		if ((m->has & STUN_LIFETIME) != 0 && m->lifetime == 0)
			begin(t, now_ms);
		else
			refreshed(t, now_ms, lifetime_of(m));
		break;
	default:
		turn_granted(t, now_ms, q);
		break;
	}
}

/*
 * The server has an allocation for our address and port, of a life before this
 * one: it is given back, once.
 */
static bool
clear_old(struct turn *t, uint64_t now_ms, uint16_t code)
{
	if (code != STUN_E_MISMATCH || t->cleared)
		return false;
	t->cleared = true;
	(void)turn_ask_open(t, now_ms, TURN_CLEAR, 0);
	return true;
}

static bool
is_denial(uint16_t code)
{
	return code == STUN_E_UNAUTHORIZED || code == 441;
}

static void
refused(
    struct turn *t, uint64_t now_ms, const struct turn_ask *q, uint16_t code)
{
	switch (q->verb) {
	case TURN_ASK:
		if (clear_old(t, now_ms, code))
			return;
		give_up(t, now_ms, is_denial(code) ? TURN_DENIED : TURN_REFUSED,
		    code);
		return;
	case TURN_CLEAR:
		if (is_denial(code) && q->sealed)
			give_up(t, now_ms, TURN_DENIED, code);
		else if (t->state == TURN_ASKING)
			(void)turn_ask_open(t, now_ms, TURN_ASK, 0);
		return;
	case TURN_KEEP:
		t->why = TURN_LOST;
		begin(t, now_ms);
		return;
	default:
		turn_denied(t, now_ms, q, code);
		return;
	}
}

/* An error.  What only lacks the right nonce is asked once more. */
static void
failed(
    struct turn *t, uint64_t now_ms, struct turn_ask *q, const struct stun *m)
{
	struct turn_ask was = *q;
	uint16_t code = (m->has & STUN_CODE) != 0 ? m->code : 0;
	bool again =
	    code == STUN_E_STALE || (code == STUN_E_UNAUTHORIZED && !q->sealed);

	if (again && q->stales < TURN_STALES && take_nonce(t, m) == 0) {
		q->stales++;
		ask_anew(t, now_ms, q);
		return;
	}
	t->errors++;
	q->verb = TURN_NONE;
	refused(t, now_ms, &was, code);
}

static struct turn_ask *
ask_of(struct turn *t, const uint8_t id[STUN_ID])
{
	for (unsigned i = 0; i < TURN_ASKS; i++)
		if (t->ask[i].verb != TURN_NONE &&
		    memcmp(t->ask[i].id, id, STUN_ID) == 0)
			return &t->ask[i];
	return NULL;
}

static bool
is_believed(const struct turn *t, const struct turn_ask *q, const uint8_t *msg,
    const struct stun *m)
{
	bool has_seal = (m->has & (STUN_SEAL | STUN_SEAL256)) != 0;

	if (has_seal && q->sealed)
		return stun_sealed(msg, m, t->key, sizeof(t->key));
	/* sealed with a key that we do not have yet, or not at all */
	return m->kind == STUN_ERROR;
}

enum turn_got
turn_answer(
    struct turn *t, uint64_t now_ms, const uint8_t *msg, const struct stun *m)
{
	struct turn_ask *q = ask_of(t, m->id), was;
	struct stun asked;

	if (q == NULL) {
		t->stray++;
		return TURN_G_STRAY;
	}
	message_of(t, q, &asked);
	if (asked.method != m->method || m->nalien != 0 ||
	    !is_believed(t, q, msg, m)) {
		t->unsealed++;
		return TURN_G_BAD;
	}
	t->silent_ms = 0;
	if (m->kind == STUN_ERROR) {
		failed(t, now_ms, q, m);
		return TURN_G_ANSWER;
	}
	was = *q;
	q->verb = TURN_NONE;
	succeeded(t, now_ms, &was, m);
	return TURN_G_ANSWER;
}

/* ---- time ---- */

/* No answer, however often it was asked. */
static void
timed_out(struct turn *t, uint64_t now_ms, struct turn_ask *q)
{
	struct turn_ask was = *q;

	q->verb = TURN_NONE;
	t->timeouts++;
	if (was.verb == TURN_LET || was.verb == TURN_BOND)
		turn_denied(t, now_ms, &was, 0);
	else
		give_up(t, now_ms, TURN_SILENT, 0);
}

static void
repeat(struct turn *t, uint64_t now_ms, struct turn_ask *q)
{
	bool first = q->verb == TURN_ASK || q->verb == TURN_CLEAR;
	unsigned most = first ? TURN_TRIES : TURN_TRIES_UP;

	if (q->tries >= most) {
		timed_out(t, now_ms, q);
		return;
	}
	t->repeats++;
	transmit(t, q);
	/* the last answer may take as long as it likes, almost */
	q->next_ms = now_ms +
	    (++q->tries == most ? 16 * TURN_RTO_MS
				: (uint64_t)TURN_RTO_MS << (q->tries - 1));
}

void
turn_tick(struct turn *t, uint64_t now_ms)
{
	if (t->state == TURN_OFF)
		return;
	if (t->state == TURN_WAIT && now_ms >= t->again_ms) {
		t->cleared = false;
		begin(t, now_ms);
	}
	for (unsigned i = 0; i < TURN_ASKS; i++)
		if (t->ask[i].verb != TURN_NONE && now_ms >= t->ask[i].next_ms)
			repeat(t, now_ms, &t->ask[i]);
	if (t->state != TURN_UP)
		return;
	if (t->silent_ms != 0 && now_ms - t->silent_ms >= TURN_SILENT_MS) {
		t->silent_ms = 0;
		t->refresh_ms = now_ms;
	}
	if (now_ms >= t->refresh_ms) {
		t->refresh_ms = now_ms + TURN_KEEP_MS;
		(void)turn_ask_open(t, now_ms, TURN_KEEP, 0);
	}
	turn_grants_tick(t, now_ms);
}

uint64_t
turn_due(const struct turn *t)
{
	uint64_t due = UINT64_MAX, grants;

	if (t->state == TURN_OFF)
		return due;
	if (t->state == TURN_WAIT)
		due = t->again_ms;
	for (unsigned i = 0; i < TURN_ASKS; i++)
		if (t->ask[i].verb != TURN_NONE && t->ask[i].next_ms < due)
			due = t->ask[i].next_ms;
	if (t->state != TURN_UP)
		return due;
	if (t->refresh_ms < due)
		due = t->refresh_ms;
	if (t->silent_ms != 0 && t->silent_ms + TURN_SILENT_MS < due)
		due = t->silent_ms + TURN_SILENT_MS;
	grants = turn_grants_due(t);
	return grants < due ? grants : due;
}
