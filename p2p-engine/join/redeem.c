/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/join/redeem.c */
/*
 * Redeeming an invitation: see redeem.h.
 *
 * What comes in is believed only behind an AEAD tag of a session whose other
 * end is the key in the token; what the bundle says is judged by the caller.
 */
#include "redeem.h"

#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "frame.h"
#include "wg.h"

#define DATAGRAM_MAX 2048

static void
finish(struct redeem *r, uint8_t status, const char *text, size_t len)
{
	if (len >= sizeof(r->text))
		len = sizeof(r->text) - 1;
	r->status = status;
	memcpy(r->text, text, len);
	r->text[len] = '\0';
	r->over = true;
}

/* What keyd does for a node's own key; this one is worth an invitation. */
static void
mix(const struct redeem *r, const struct msg_mix_ask *ask,
    struct msg_mix_reply *out)
{
	uint8_t dh[32] = {0};

	memset(out, 0, sizeof(*out));
	/* a point of low order gives zero: what follows does not open */
	(void)crypto_x25519(dh, r->inv.priv, ask->point);
	crypto_kdf(out->out, ask->n, ask->ck, dh, sizeof(dh));
	crypto_wipe(dh, sizeof(dh));
}

/* ---- the call ---- */

static uint32_t
new_index(struct redeem *r)
{
	uint32_t index = rnd_u32(&r->io.rnd);

	return index == 0 ? 1 : index;
}

static void
call(struct redeem *r, struct redeem_line *l, uint64_t now_ms)
{
	uint8_t msg[WG_INITIATION_LEN], eph[32], stamp[WG_STAMP];
	struct msg_mix_reply mixed;
	struct msg_mix_ask ask;

	l->due_ms = now_ms + REDEEM_AGAIN_MS;
	l->index = new_index(r);
	r->io.rnd.fill(r->io.rnd.ctx, eph, sizeof(eph));
	if (noise_init_start(&l->hs, r->inv.pub, l->at.key, eph, l->index, msg,
		&ask) == -1) {
		l->index = 0; /* no key at all: the others may have one */
		return;
	}
	mix(r, &ask, &mixed);
	r->io.stamp(r->io.ctx, stamp);
	noise_init_finish(&l->hs, &mixed, stamp, msg);
	cookie_stamp(&l->jar, now_ms, msg, sizeof(msg));
	r->io.send(r->io.ctx, &l->at.ep, msg, sizeof(msg));
	crypto_wipe(eph, sizeof(eph));
	crypto_wipe(&mixed, sizeof(mixed));
}

static void
ask(struct redeem *r, uint64_t now_ms)
{
	uint8_t body[FRAME_BODY_MAX], frame[FRAME_MAX], msg[DATAGRAM_MAX];
	struct join_ask q = {.req = r->req, .part = r->part};
	size_t n;

	memcpy(q.request, r->request, sizeof(q.request));
	n = join_ask_put(body, &q);
	n = frame_put(frame, sizeof(frame), FRAME_JOIN_ASK, body, n);
	n = keypair_seal(r->asked->keys, msg, frame, n, n + FRAME_PAD);
	if (n != 0)
		r->io.send(r->io.ctx, &r->asked->ep, msg, n);
	r->asks++;
	r->ask_due_ms = now_ms + REDEEM_AGAIN_MS;
}

/*
 * The one that was asked can't help: all are called anew, it after the others.
 * What there is of the bundle stays, it is the same from everybody.
 */
static void
ask_others(struct redeem *r, uint64_t now_ms)
{
	for (struct redeem_line *l = r->line; l < r->line + r->n; l++) {
		keypair_free(l->keys);
		l->keys = NULL;
		l->index = 0;
		l->due_ms = now_ms + REDEEM_AGAIN_MS;
		if (l == r->asked)
			l->due_ms += REDEEM_BUSY_MS;
	}
	r->asked = NULL;
}

static void
answered(struct redeem *r, struct redeem_line *l, uint64_t now_ms,
    const struct endpoint *from, const uint8_t *msg)
{
	struct noise hs = l->hs; /* a forged one must not spoil it */
	struct msg_mix_reply mixed;
	struct noise_keys keys;
	struct msg_mix_ask q;

	if (noise_resp_read(&hs, msg, &q) == -1)
		return;
	mix(r, &q, &mixed);
	if (noise_resp_finish(&hs, &mixed, r->inv.psk, msg, &keys) == 0) {
		l->keys = keypair_new(
		    &keys, l->index, hs.remote_index, WG_REJECT_AFTER_MESSAGES);
		l->ep = *from;
	}
	crypto_wipe(&keys, sizeof(keys));
	crypto_wipe(&mixed, sizeof(mixed));
	noise_wipe(&hs);
	if (l->keys == NULL || r->asked != NULL)
		return;
	r->asked = l;
	r->asks = 0;
	ask(r, now_ms);
}

/* ---- the answer ---- */

/* One part of the bundle: the next is asked for, or it is whole. */
static void
take_part(struct redeem *r, uint64_t now_ms, const struct join_reply *m)
{
	if (m->parts == 0 || m->parts > REDEEM_PARTS_MAX ||
	    m->part >= m->parts || m->len > sizeof(r->bundle) - r->len)
		return;
	memcpy(r->bundle + r->len, m->data, m->len);
	r->len += m->len;
	if (++r->part == m->parts) {
		finish(r, JOIN_OK, "", 0);
		return;
	}
	r->req++;
	r->asks = 0;
	ask(r, now_ms);
}

static void
reply(struct redeem *r, uint64_t now_ms, const struct join_reply *m)
{
	if (m->req != r->req || m->part != r->part)
		return;
	if (m->status == JOIN_OK) {
		take_part(r, now_ms, m);
		return;
	}
	finish(r, m->status, (const char *)m->data, m->len);
	if (m->status != JOIN_BUSY && m->status != JOIN_NO_AUTHORITY)
		return;
	r->over = false; /* it stays with that if nothing better comes */
	r->ask_due_ms = now_ms + REDEEM_BUSY_MS;
	r->asks = 0;
	if (r->n > 1)
		ask_others(r, now_ms);
}

static void
data(struct redeem *r, struct redeem_line *l, uint64_t now_ms, uint8_t *msg,
    size_t len)
{
	struct join_reply m;
	struct frame f;
	long n;

	if (l->keys == NULL || l != r->asked)
		return;
	n = keypair_open(l->keys, msg + WG_DATA_HDR, msg, len);
	if (n <= 0 || frame_get(msg + WG_DATA_HDR, (size_t)n, &f) == -1)
		return;
	if (f.type == FRAME_JOIN_REPLY &&
	    join_reply_get(f.body, f.len, &m) == 0)
		reply(r, now_ms, &m);
}

void
redeem_datagram(struct redeem *r, uint64_t now_ms, const struct endpoint *from,
    uint8_t *msg, size_t len)
{
	enum wg_type type = wg_classify(msg, len);
	struct redeem_line *l = r->line;

	if (r->over || type == WG_NONE || type == WG_INITIATION)
		return;
	while (l < r->line + r->n &&
	    (l->index == 0 || l->index != wg_receiver(msg)))
		l++;
	if (l == r->line + r->n)
		return;
	if (type == WG_DATA)
		data(r, l, now_ms, msg, len);
	else if (l->keys == NULL && type == WG_RESPONSE)
		answered(r, l, now_ms, from, msg);
	else if (l->keys == NULL && type == WG_COOKIE &&
	    cookie_take(&l->jar, now_ms, msg) == 0)
		call(r, l, now_ms);
}

/* ---- life ---- */

void
redeem_start(struct redeem *r, const struct redeem_io *io,
    const struct invite_token *t, const uint8_t request[JOIN_REQUEST],
    uint64_t now_ms, uint64_t end_ms)
{
	static const char silent[] = "nobody answered";

	memset(r, 0, sizeof(*r));
	r->io = *io;
	r->end_ms = end_ms;
	r->n = t->n;
	r->req = rnd_u32(&io->rnd);
	memcpy(r->request, request, sizeof(r->request));
	invite_derive(&r->inv, t->secret);
	finish(r, REDEEM_SILENT, silent, sizeof(silent) - 1);
	r->over = false;
	for (unsigned i = 0; i < r->n; i++) {
		r->line[i].at = t->contact[i];
		cookie_jar_init(&r->line[i].jar, t->contact[i].key);
		call(r, &r->line[i], now_ms);
	}
}

void
redeem_tick(struct redeem *r, uint64_t now_ms)
{
	if (r->over)
		return;
	if (now_ms >= r->end_ms) {
		r->over = true; /* with what was said last */
		return;
	}
	if (r->asked != NULL) {
		if (now_ms < r->ask_due_ms)
			return;
		if (r->asks < REDEEM_ASKS_MAX)
			ask(r, now_ms);
		else
			ask_others(r, now_ms);
		return;
	}
	for (unsigned i = 0; i < r->n; i++)
		if (now_ms >= r->line[i].due_ms)
			call(r, &r->line[i], now_ms);
}

uint64_t
redeem_due(const struct redeem *r)
{
	uint64_t due = r->end_ms;

	if (r->asked != NULL)
		return r->ask_due_ms < due ? r->ask_due_ms : due;
	for (unsigned i = 0; i < r->n; i++)
		if (r->line[i].due_ms < due)
			due = r->line[i].due_ms;
	return due;
}

void
redeem_clear(struct redeem *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		noise_wipe(&r->line[i].hs);
		keypair_free(r->line[i].keys);
	}
	crypto_wipe(r, sizeof(*r));
}
