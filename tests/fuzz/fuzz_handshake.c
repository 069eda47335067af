/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_handshake.c */
/*
 * Two nodes, a hostile network between them, and a script: every octet pair
 * of the input is one thing that happens (a message is delivered, dropped,
 * doubled, overtaken or damaged; time passes; a node restarts, comes under
 * load, or has data to send).  Whatever happened, these hold:
 *
 *  - a packet is delivered at most once, and only if it was sent
 *  - initiations of one node are WG_INIT_GAP_MS apart
 *  - a counter is used once
 *  - once the network behaves again and both sides have something to say,
 *    every packet arrives, after at most the time the timers need, and both
 *    use the same keys
 *
 * The driver is the smallest engine that does what session.h asks for.
 */
#include <stdlib.h>
#include <string.h>

#include "cookie.h"
#include "crypto.h"
#include "keys.h"
#include "noise.h"
#include "session.h"
#include "wg.h"

#define QUEUE 16
#define MSG_MAX 160
#define SERIALS 8192
#define OPS_MAX 200
#define HEAL_MS 40000
#define HEALTHY_MS 4000
#define STEP_MS 500
#define DATA_LEN 8

struct packet {
	size_t len;
	uint8_t b[MSG_MAX];
};

struct node {
	struct node *peer;
	struct keys keys;
	struct session ses;
	struct cookie_checker checker;
	struct cookie_jar jar;
	struct noise hs; /* our initiation under way */
	bool hs_live, under_load, initiated;
	uint8_t last_stamp[WG_STAMP];
	uint64_t last_init_ms;
	struct endpoint addr;
	struct rnd_src rnd;
	uint64_t seed;
	struct packet out[QUEUE]; /* to the peer, oldest first */
	unsigned nout;
	uint32_t serial; /* the next packet's */
	uint8_t seen[SERIALS];
	unsigned delivered;
};

struct world {
	struct node n[2];
	uint64_t now_ms;
};

static const uint8_t psk[32] = {7};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
fill(void *ctx, void *out, size_t len)
{
	struct node *n = ctx;
	uint64_t z;

	for (size_t i = 0; i < len; i++) {
		z = n->seed += 0x9e3779b97f4a7c15ULL;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
		((uint8_t *)out)[i] = (uint8_t)(z ^ z >> 31);
	}
}

/* ---- a node ---- */

static void
node_start(struct node *n)
{
	struct session_limits l;

	session_limits_default(&l);
	l.rekey_after_s = 15;
	l.reject_after_s = 30;
	l.attempt_s = 20;
	session_init(&n->ses, &l);
	cookie_checker_init(&n->checker, n->keys.pub);
	cookie_jar_init(&n->jar, n->peer->keys.pub);
	memset(n->last_stamp, 0, sizeof(n->last_stamp));
	n->hs_live = false;
	n->initiated = false;
}

static void
node_stop(struct node *n)
{
	session_clear(&n->ses);
	noise_wipe(&n->hs);
}

static void
put(struct node *n, const uint8_t *msg, size_t len)
{
	if (n->nout == QUEUE)
		return;
	n->out[n->nout].len = len;
	memcpy(n->out[n->nout].b, msg, len);
	n->nout++;
}

static struct msg_mix_reply
mix(struct node *n, uint64_t now, const struct msg_mix_ask *ask)
{
	struct msg_mix_reply r;

	keys_mix(&n->keys, now, ask, &r);
	return r;
}

static void
initiate(struct node *n, uint64_t now)
{
	uint8_t msg[WG_INITIATION_LEN], eph[32], stamp[WG_STAMP], file[8];
	struct msg_mix_ask ask;
	struct msg_mix_reply r;
	uint32_t index;

	expect(!n->initiated || now - n->last_init_ms >= WG_INIT_GAP_MS);
	n->initiated = true;
	n->last_init_ms = now;
	fill(n, eph, sizeof(eph));
	fill(n, &index, sizeof(index));
	expect(noise_init_start(&n->hs, n->keys.pub, n->peer->keys.pub, eph,
		   index, msg, &ask) == 0);
	r = mix(n, now, &ask);
	expect(r.status == KEY_OK);
	keys_stamp(&n->keys, now / 1000, (uint32_t)(now % 1000) * 1000000,
	    stamp, file);
	noise_init_finish(&n->hs, &r, stamp, msg);
	cookie_stamp(&n->jar, now, msg, sizeof(msg));
	n->hs_live = true;
	session_init_sent(&n->ses, now, &n->rnd);
	put(n, msg, sizeof(msg));
}

static void
send_data(struct node *n, uint64_t now, bool empty)
{
	struct keypair *kp = session_tx(&n->ses, now);
	uint8_t msg[MSG_MAX], body[DATA_LEN] = {0};
	uint64_t counter;
	size_t len;

	if (kp == NULL) {
		session_want(&n->ses, now);
		return;
	}
	wg_put32(body, n->serial);
	wg_put32(body + 4, ~n->serial);
	counter = kp->tx_counter;
	len = keypair_seal(kp, msg, body, empty ? 0 : DATA_LEN, 1420);
	if (len == 0)
		return;
	expect(wg_get64(msg + WG_DATA_COUNTER) == counter);
	expect(kp->tx_counter == counter + 1);
	if (!empty && n->serial < SERIALS - 1)
		n->serial++;
	put(n, msg, len);
	session_sent(&n->ses, now, !empty);
}

static void
tick(struct node *n, uint64_t now)
{
	uint32_t gone[SLOT_N];
	unsigned todo, ngone;

	todo = session_tick(&n->ses, now, gone, &ngone);
	expect(ngone <= SLOT_N);
	if ((todo & SES_KEEPALIVE) != 0)
		send_data(n, now, true);
	if ((todo & SES_INITIATE) != 0)
		initiate(n, now);
	if ((todo & SES_GAVE_UP) != 0)
		n->hs_live = false;
	expect(session_due(&n->ses) > now || n->ses.rekey_wanted);
}

static void
on_initiation(struct node *n, uint64_t now, const uint8_t *msg)
{
	struct noise hs;
	struct noise_keys keys;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;
	uint8_t stamp[WG_STAMP], out[WG_RESPONSE_LEN], eph[32];
	uint32_t index, gone[SLOT_N];

	noise_init_read(&hs, n->keys.pub, msg, &ask);
	r = mix(n, now, &ask);
	if (r.status != KEY_OK || noise_init_who(&hs, &r, msg, &ask) == -1)
		return;
	expect(crypto_equal(hs.remote_static, n->peer->keys.pub, 32));
	r = mix(n, now, &ask);
	expect(r.status == KEY_OK);
	if (noise_init_stamp(&hs, &r, msg, stamp) == -1 ||
	    memcmp(stamp, n->last_stamp, WG_STAMP) <= 0)
		return;
	memcpy(n->last_stamp, stamp, WG_STAMP);
	fill(n, eph, sizeof(eph));
	fill(n, &index, sizeof(index));
	expect(noise_resp_make(&hs, psk, eph, index, out, &keys) == 0);
	cookie_stamp(&n->jar, now, out, sizeof(out));
	expect(session_established(&n->ses, now, false, &keys, index,
		   hs.remote_index, gone) <= SLOT_N);
	put(n, out, sizeof(out));
}

static void
on_response(struct node *n, uint64_t now, const uint8_t *msg)
{
	struct noise copy = n->hs;
	struct noise_keys keys;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;
	uint32_t gone[SLOT_N];

	if (!n->hs_live || noise_resp_read(&copy, msg, &ask) == -1)
		return;
	r = mix(n, now, &ask);
	if (r.status != KEY_OK ||
	    noise_resp_finish(&copy, &r, psk, msg, &keys) == -1)
		return;
	n->hs_live = false;
	expect(session_established(&n->ses, now, true, &keys, copy.local_index,
		   copy.remote_index, gone) <= SLOT_N);
}

static void
on_data(struct node *n, uint64_t now, uint8_t *msg, size_t len)
{
	struct keypair *kp = session_rx(&n->ses, now, wg_receiver(msg));
	uint8_t *body = msg + WG_DATA_HDR;
	uint32_t serial, gone[SLOT_N];
	long got;

	if (kp == NULL)
		return;
	got = keypair_open(kp, body, msg, len);
	if (got < 0)
		return;
	session_received(&n->ses, now, kp, got > 0, gone);
	if (got == 0)
		return;
	expect(got == 16);
	serial = wg_get32(body);
	expect(wg_get32(body + 4) == ~serial);
	expect(serial < n->peer->serial || serial == SERIALS - 1);
	expect(!n->seen[serial] || serial == SERIALS - 1);
	n->seen[serial] = 1;
	n->delivered++;
}

static bool
macs_ok(struct node *n, uint64_t now, const uint8_t *msg, size_t len)
{
	uint8_t reply[WG_COOKIE_LEN];

	if (!cookie_mac1_ok(&n->checker, msg, len))
		return false;
	if (!n->under_load ||
	    cookie_mac2_ok(&n->checker, now, &n->rnd, msg, len, &n->peer->addr))
		return true;
	cookie_reply(
	    &n->checker, now, &n->rnd, msg, len, &n->peer->addr, reply);
	put(n, reply, sizeof(reply));
	return false;
}

static void
receive(struct node *n, uint64_t now, const struct packet *p)
{
	/* an exact copy, so that reading beyond it is seen */
	uint8_t *msg = malloc(p->len);

	expect(msg != NULL);
	memcpy(msg, p->b, p->len);
	switch (wg_classify(msg, p->len)) {
	case WG_INITIATION:
		if (macs_ok(n, now, msg, p->len))
			on_initiation(n, now, msg);
		break;
	case WG_RESPONSE:
		if (macs_ok(n, now, msg, p->len))
			on_response(n, now, msg);
		break;
	case WG_COOKIE:
		if (n->hs_live && wg_receiver(msg) == n->hs.local_index &&
		    cookie_take(&n->jar, now, msg) == 0)
			session_cookie_taken(&n->ses, now);
		break;
	case WG_DATA:
		on_data(n, now, msg, p->len);
		break;
	case WG_PROBE:
	case WG_RELAY:
	case WG_NONE:
		break;
	}
	free(msg);
	tick(n, now);
}

/* ---- the network ---- */

static void
pop(struct node *from, unsigned i)
{
	from->nout--;
	memmove(&from->out[i], &from->out[i + 1],
	    (from->nout - i) * sizeof(from->out[0]));
}

static void
deliver(struct world *w, struct node *from, unsigned i)
{
	struct packet p;

	if (i >= from->nout)
		return;
	p = from->out[i];
	pop(from, i);
	receive(from->peer, w->now_ms, &p);
}

static void
step_time(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	for (int i = 0; i < 2; i++)
		tick(&w->n[i], w->now_ms);
}

static void
script(struct world *w, uint8_t op, uint8_t arg)
{
	struct node *n = &w->n[op & 1];

	switch (op >> 1 & 15) {
	case 0:
		deliver(w, n, 0);
		break;
	case 1:
		deliver(w, n, arg % QUEUE);
		break;
	case 2:
		if (n->nout > 0)
			pop(n, arg % n->nout);
		break;
	case 3:
		if (n->nout > 0)
			put(n, n->out[arg % n->nout].b,
			    n->out[arg % n->nout].len);
		break;
	case 4:
		if (n->nout > 0)
			n->out[0].b[arg % n->out[0].len] ^= (uint8_t)(arg | 1);
		break;
	case 5:
		step_time(w, arg);
		break;
	case 6:
		step_time(w, arg * 100);
		break;
	case 7:
		node_stop(n);
		node_start(n);
		break;
	case 8:
		n->under_load = (arg & 1) != 0;
		break;
	case 9:
		session_want(&n->ses, w->now_ms);
		tick(n, w->now_ms);
		break;
	case 10:
		n->ses.persistent_s = arg % 8;
		tick(n, w->now_ms);
		break;
	default:
		send_data(n, w->now_ms, false);
		tick(n, w->now_ms);
	}
}

static void
deliver_all(struct world *w)
{
	while (w->n[0].nout + w->n[1].nout > 0) {
		deliver(w, &w->n[0], 0);
		deliver(w, &w->n[1], 0);
	}
}

/* Both send on the same pair of keys, and exactly one of them made it. */
static bool
agreed(const struct node *a, const struct node *b)
{
	const struct keypair *ka = a->ses.slot[SLOT_CURRENT];
	const struct keypair *kb = b->ses.slot[SLOT_CURRENT];

	return ka != NULL && kb != NULL &&
	    ka->local_index == kb->remote_index &&
	    kb->local_index == ka->remote_index &&
	    ka->initiator != kb->initiator;
}

/* Both talk; the network is perfect.  In the end nothing may be missing. */
static void
heal(struct world *w)
{
	unsigned sent[2] = {0}, got[2] = {0};

	for (int i = 0; i < 2; i++) {
		w->n[i].nout = 0;
		w->n[i].under_load = false;
	}
	for (uint64_t t = 0; t < HEAL_MS + HEALTHY_MS; t += STEP_MS) {
		step_time(w, STEP_MS);
		for (int i = 0; i < 2; i++) {
			if (t == HEAL_MS)
				got[i] = w->n[i].delivered;
			if (t >= HEAL_MS)
				sent[i]++;
			send_data(&w->n[i], w->now_ms, false);
			tick(&w->n[i], w->now_ms);
		}
		deliver_all(w);
	}
	for (int i = 0; i < 2; i++)
		expect(w->n[i].delivered - got[i] == sent[1 - i]);
	expect(agreed(&w->n[0], &w->n[1]));
}

static struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t priv[32];

	expect(w != NULL);
	w->now_ms = 1000000;
	for (int i = 0; i < 2; i++) {
		struct node *n = &w->n[i];

		memset(priv, i + 1, sizeof(priv));
		expect(keys_load(&n->keys, priv, w->now_ms) == 0);
		n->peer = &w->n[1 - i];
		n->seed = (uint64_t)i << 32;
		n->rnd = (struct rnd_src){.fill = fill, .ctx = n};
		n->addr.addr.family = 4;
		n->addr.addr.b[0] = 10;
		n->addr.addr.b[3] = (uint8_t)(i + 1);
		n->addr.port = 51820;
	}
	for (int i = 0; i < 2; i++)
		node_start(&w->n[i]);
	return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world *w;

	if (crypto_init() == -1)
		abort();
	w = world_new();
	for (size_t i = 0; i + 1 < len && i / 2 < OPS_MAX; i += 2)
		script(w, data[i], data[i + 1]);
	heal(w);
	for (int i = 0; i < 2; i++)
		node_stop(&w->n[i]);
	free(w);
	return 0;
}
