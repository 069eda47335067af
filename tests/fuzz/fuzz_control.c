/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_control.c */
/*
 * Control frames with a state behind them.  The node holds the network's
 * authority and has a session with each of four others, who speak in turn as
 * the input wants it:
 *
 *	a configured peer, a guest, a guest with an invitation, a member
 *
 *	input	u8 who (0-1), what (2-4) | u8 type | u16 length | octets, again
 *	what	the octets as a frame's body; over a good body of that type; as
 *		they are; 0.4 s; 6 s; a new session; keyd answers; the guest
 *		shows its certificate
 *
 * Whatever they say:
 *
 *  - a configured peer's frames change nothing and are answered by nothing
 *  - a guest makes nothing known, asked, told or sent to the host; one with an
 *    invitation makes keyd be asked
 *  - a member adds neither members, nor invitations, nor a revocation list, nor
 *    a certificate of our own, and leaves the configured peer what it has
 *  - tables stay within their bounds, and the books balance
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cookie.h"
#include "crypto.h"
#include "engine_int.h"
#include "join_int.h"
#include "keys.h"
#include "log.h"
#include "network.h"
#include "wg.h"

#define STEPS_MAX 64
#define PLAIN_MAX 1400
#define INDICES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum who { CONFIGURED, GUEST, INVITED, MEMBER, CALLERS };

struct caller {
	struct keys keys;
	struct keypair *kp;
	uint8_t psk[32];
	uint8_t cert[CERT_MAX];
	uint16_t certlen;
};

/* All that nobody may change who may not. */
struct known {
	uint32_t members, invites, crls, issues, told, frames, to_host, sent;
	uint64_t serial;
};

struct bench {
	struct engine *e;
	struct keys keys;
	struct caller c[CALLERS];
	uint64_t now, dice;
	struct msg_mix_ask mix;
	uint32_t mix_id; /* asked, not answered; 0: nothing */
	uint8_t last[2048];
	size_t last_len;
	struct known k;
	uint32_t issue_id;
	bool shown;
};

static const uint8_t seed[32] = {1}, psk[32] = {2}, nothing[32];

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

/* ---- effects ---- */

static enum udp_result
on_udp(void *ctx, uint16_t sock, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	struct bench *b = ctx;

	(void)sock, (void)to, (void)seg;
	expect(len <= sizeof(b->last));
	memcpy(b->last, data, len);
	b->last_len = len;
	b->k.sent++;
	return UDP_OK;
}

static int
on_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct bench *b = ctx;

	(void)v, (void)pkt, (void)len;
	b->k.to_host++;
	return 0;
}

static int
on_mix(void *ctx, uint32_t id, const struct msg_mix_ask *m)
{
	struct bench *b = ctx;

	b->mix = *m;
	b->mix_id = id;
	return 0;
}

static int
on_stamp(void *ctx, uint32_t id)
{
	(void)ctx, (void)id;
	return -1;
}

static int
on_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *m)
{
	(void)ctx, (void)id, (void)m;
	return -1;
}

static int
on_seen(void *ctx, const struct msg_peer_seen *m)
{
	(void)ctx, (void)m;
	return 0;
}

static int
on_blob(void *ctx, enum msg_type type, const uint8_t *data, size_t len)
{
	struct bench *b = ctx;

	(void)type, (void)data, (void)len;
	b->k.told++;
	return 0;
}

static int
on_frame(void *ctx, const struct msg_peer_frame *m)
{
	struct bench *b = ctx;

	expect(m->len <= FRAME_BODY_MAX);
	b->k.frames++;
	return 0;
}

static int
on_issue(void *ctx, uint32_t id, const struct msg_issue_ask *m)
{
	struct bench *b = ctx;

	(void)m;
	b->issue_id = id;
	b->k.issues++;
	return 0;
}

static int
on_invites(void *ctx, uint32_t id)
{
	(void)ctx, (void)id;
	return 0;
}

static uint64_t
on_unix(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static void
on_fill(void *ctx, void *out, size_t len)
{
	struct bench *b = ctx;
	uint8_t *p = out;

	while (len-- > 0) {
		b->dice = b->dice * 6364136223846793005u + 1442695040888963407u;
		*p++ = (uint8_t)(b->dice >> 56);
	}
}

/* ---- the node ---- */

static uint16_t
certify(uint8_t out[CERT_MAX], const uint8_t key[32], uint8_t host)
{
	struct cert c = {.serial = host,
	    .not_before = 1600000000,
	    .not_after = 1800000000,
	    .naddresses = 1};

	memcpy(c.node, key, 32);
	memset(c.ed, 1, 32);
	snprintf(c.name, sizeof(c.name), "n%u", host);
	c.address[0] = (struct prefix){.addr.family = 4, .len = 16};
	memcpy(c.address[0].addr.b, (uint8_t[]){10, 0, 0, host}, 4);
	return (uint16_t)cert_sign(out, &c, seed);
}

static void
configure(struct bench *b)
{
	static struct conf_net n;
	struct conf c;

	conf_defaults(&c, "fuzz", "/run/mesh");
	c.node.flows_max = 16;
	c.node.naddresses = 1;
	(void)prefix_parse("10.0.0.1/16", &c.node.address[0]);
	c.peer = calloc(1, sizeof(*c.peer));
	expect(c.peer != NULL);
	c.npeers = 1;
	snprintf(c.peer[0].name, sizeof(c.peer[0].name), "static");
	memcpy(c.peer[0].key, b->c[CONFIGURED].keys.pub, 32);
	c.peer[0].admin_up = true;
	c.peer[0].allowed = calloc(1, sizeof(*c.peer[0].allowed));
	expect(c.peer[0].allowed != NULL);
	c.peer[0].nallowed = 1;
	(void)prefix_parse("10.0.0.2/32", &c.peer[0].allowed[0]);
	n = (struct conf_net){.on = true};
	(void)crypto_sign_pub(n.bundle.authority, seed);
	(void)prefix_parse("10.0.0.0/16", &n.bundle.prefix);
	memcpy(n.bundle.holder, b->keys.pub, 32);
	n.bundle.certlen = certify(n.bundle.cert, b->keys.pub, 1);
	memcpy(n.keys.psk, psk, 32);
	engine_set_pub(b->e, b->now, b->keys.pub);
	engine_set_network(b->e, b->now, &n);
	expect(engine_configure(b->e, b->now, &c) == 0);
	conf_clear(&c);
}

static void
invite(struct bench *b)
{
	struct msg_invite_row m = {
	    .id = {1}, .expires = 1700001000, .state = INVITE_LIVE};

	memcpy(m.pub, b->c[INVITED].keys.pub, 32);
	memcpy(m.psk, b->c[INVITED].psk, 32);
	join_on_invite(b->e, b->now, &m);
}

/* ---- time ---- */

static void
check(struct bench *b)
{
	const struct counters *c = engine_counters(b->e);
	struct addr its;

	expect(counters_balance(c, B_ENG_OUT) == 0);
	expect(counters_balance(c, B_ENG_IN) == 0);
	b->k.members = engine_nmembers(b->e);
	b->k.invites = join_invites(b->e);
	b->k.crls = b->e->net.has_crl;
	b->k.serial = b->e->net.own.serial;
	expect(b->k.members <= 1u + b->shown);
	expect(b->k.invites == 1 && b->k.crls == 0 && b->k.serial == 1);
	expect(!b->e->join->renewal.active);
	expect(b->e->net.nguests <= 3);
	expect(index_count(b->e->index) <= INDICES_MAX);
	for (uint32_t i = 0; i < b->e->npeers; i++) {
		const struct peer_slot *p = b->e->slot[b->e->order[i]];

		expect(p->out.n <= FRAMES_QUEUED);
	}
	(void)addr_parse("10.0.0.2", &its);
	expect(route_find(b->e->routes, &its) == b->e->order[0]);
	expect(b->e->slot[b->e->order[0]]->member == NULL);
}

static void
answer(struct bench *b)
{
	while (b->mix_id != 0) {
		struct msg_mix_reply r;
		uint32_t id = b->mix_id;

		b->mix_id = 0;
		keys_mix(&b->keys, b->now, &b->mix, &r);
		engine_on_mix(b->e, b->now, id, &r);
	}
}

static void
turn(struct bench *b)
{
	for (int i = 0; i < 8 && engine_due(b->e) <= b->now; i++)
		engine_tick(b->e, b->now);
	engine_flush(b->e, b->now);
	answer(b);
	check(b);
}

/* ---- the callers ---- */

static void
give(struct bench *b, enum who who, const uint8_t *msg, size_t len)
{
	struct endpoint from = {
	    .addr = {.family = 4, .b = {192, 0, 2}}, .port = 9};
	uint8_t copy[2048];

	from.addr.b[3] = (uint8_t)(who + 2);
	memcpy(copy, msg, len);
	engine_from_udp(b->e, b->now, 0, &from, copy, len);
}

/* A new session: all of them know what they must for one. */
static void
call(struct bench *b, enum who who)
{
	struct caller *c = &b->c[who];
	uint8_t eph[32], msg[WG_INITIATION_LEN], stamp[WG_STAMP], stored[8];
	struct msg_mix_reply r;
	struct msg_mix_ask a;
	struct noise_keys keys;
	struct cookie_jar jar;
	struct noise hs;

	on_fill(b, eph, sizeof(eph));
	expect(noise_init_start(
		   &hs, c->keys.pub, b->keys.pub, eph, 7, msg, &a) == 0);
	keys_mix(&c->keys, b->now, &a, &r);
	keys_stamp(&c->keys, 1700000000 + b->now / 1000, 0, stamp, stored);
	noise_init_finish(&hs, &r, stamp, msg);
	cookie_jar_init(&jar, b->keys.pub);
	cookie_stamp(&jar, b->now, msg, sizeof(msg));
	b->last_len = 0;
	give(b, who, msg, sizeof(msg));
	answer(b);
	if (b->last_len != WG_RESPONSE_LEN) /* too many of them */
		return;
	expect(noise_resp_read(&hs, b->last, &a) == 0);
	keys_mix(&c->keys, b->now, &a, &r);
	/* it may have become a member meanwhile, or what it was again */
	if (noise_resp_finish(&hs, &r, c->psk, b->last, &keys) == -1)
		return;
	keypair_free(c->kp);
	c->kp =
	    keypair_new(&keys, 7, hs.remote_index, WG_REJECT_AFTER_MESSAGES);
	expect(c->kp != NULL);
}

static void
say(struct bench *b, enum who who, const uint8_t *plain, size_t len)
{
	uint8_t msg[PLAIN_MAX + 64];
	size_t n;

	n = keypair_seal(b->c[who].kp, msg, plain, len, len + FRAME_PAD);
	give(b, who, msg, n);
}

static size_t
hello_of(const struct caller *c, uint8_t body[FRAME_BODY_MAX])
{
	struct hello h = {.mtu = 1400, .certlen = c->certlen};

	memcpy(h.cert, c->cert, c->certlen);
	return hello_put(body, &h);
}

/* A body of this type that is understood. */
static size_t
good_body(const struct bench *b, enum who who, uint8_t type,
    uint8_t body[FRAME_BODY_MAX])
{
	struct join_ask ask = {.req = 1};
	struct join_reply reply = {.req = 1, .parts = 1, .len = 20};
	struct join_invite inv = {.id = {1}, .expires = UINT64_MAX};

	switch (type) {
	case FRAME_HELLO:
	case FRAME_HELLO_ACK:
		return hello_of(&b->c[MEMBER], body);
	case FRAME_BYE:
		return bye_put(body, BYE_SHUTDOWN);
	case FRAME_JOIN_ASK:
		ask.request[0] = who == INVITED;
		memcpy(ask.request + INVITE_ID, b->c[who].keys.pub, 32);
		return join_ask_put(body, &ask);
	case FRAME_JOIN_REPLY:
		return join_reply_put(body, &reply);
	case FRAME_INVITE:
		memcpy(inv.pub, b->c[GUEST].keys.pub, 32);
		return join_invite_put(body, &inv);
	default:
		memset(body, 0, FRAME_BODY_MAX);
		return 64;
	}
}

static void
show(struct bench *b, enum who who)
{
	uint8_t body[FRAME_BODY_MAX], frame[FRAME_MAX];
	size_t n = hello_of(&b->c[who], body);

	n = frame_put(frame, sizeof(frame), FRAME_HELLO, body, n);
	b->shown = b->shown || who == GUEST;
	say(b, who, frame, n);
}

static void
frame(struct bench *b, enum who who, uint8_t type, bool good,
    const uint8_t *data, size_t len)
{
	uint8_t body[FRAME_BODY_MAX], out[FRAME_MAX];
	size_t n = 0;

	if (good) {
		n = good_body(b, who, type, body);
		for (size_t i = 0; i < n && i < len; i++)
			body[i] ^= data[i];
	} else {
		n = len < sizeof(body) ? len : sizeof(body);
		memcpy(body, data, n);
	}
	n = frame_put(out, sizeof(out), type, body, n);
	say(b, who, out, n);
}

static void
keyd_says(struct bench *b, const uint8_t *data, size_t len)
{
	static struct msg_issue_reply r; /* large */

	r = (struct msg_issue_reply){
	    .status = len > 0 ? data[0] % JOIN_NSTATUS : JOIN_BUSY};
	r.len = r.status == JOIN_OK ? 2500 : 0;
	join_on_issue(b->e, b->now, b->issue_id, &r);
}

/* ---- a step ---- */

/* Who spoke, and what is not as it was before. */
static void
judge(const struct bench *b, enum who who, const struct known *was)
{
	const struct known *is = &b->k;

	if (who == CONFIGURED) /* its packets are another fuzzer's */
		expect(is->sent == was->sent && is->told == was->told);
	if (who == MEMBER || (who == GUEST && b->shown))
		return;
	expect(is->members == was->members && is->frames == was->frames);
	expect(who == CONFIGURED || is->to_host == was->to_host);
	expect(who == INVITED || is->issues == was->issues);
	expect(is->issues - was->issues <= 1 && is->sent - was->sent <= 2);
}

static void
step(struct bench *b, uint8_t op, uint8_t type, const uint8_t *data, size_t len)
{
	enum who who = (enum who)(op % CALLERS);
	struct known was;

	turn(b);
	was = b->k;
	switch (op >> 2 & 7) {
	case 0:
	case 1:
		frame(b, who, type, (op >> 2 & 1) != 0, data, len);
		break;
	case 2:
		say(b, who, data, len);
		break;
	case 3:
		b->now += 400;
		return;
	case 4:
		b->now += GUEST_MS + 1000;
		return;
	case 5:
		b->now += 400;
		turn(b);
		call(b, who);
		return;
	case 6:
		keyd_says(b, data, len);
		return;
	default:
		if (who != MEMBER)
			who = GUEST;
		show(b, who);
		break;
	}
	turn(b);
	judge(b, who, &was);
}

static void
play(struct bench *b, const uint8_t *data, size_t size)
{
	for (int i = 0; i < STEPS_MAX && size >= 4; i++) {
		uint8_t op = data[0], type = data[1], *copy;
		size_t len = (size_t)((data[2] & 7) << 8 | data[3]);

		data += 4;
		size -= 4;
		if (len > size)
			len = size;
		if (len > PLAIN_MAX)
			len = PLAIN_MAX;
		copy = malloc(len == 0 ? 1 : len);
		expect(copy != NULL);
		if (len > 0)
			memcpy(copy, data, len);
		step(b, op, type, copy, len);
		free(copy);
		data += len;
		size -= len;
	}
}

static void
begin(struct bench *b)
{
	uint8_t priv[32] = {8};

	expect(keys_load(&b->keys, priv, b->now) == 0);
	for (int i = 0; i < CALLERS; i++) {
		struct caller *c = &b->c[i];

		priv[0] = (uint8_t)(16 + 8 * i);
		expect(keys_load(&c->keys, priv, b->now) == 0);
		c->certlen = certify(c->cert, c->keys.pub, (uint8_t)(i + 2));
		memcpy(c->psk, i == CONFIGURED ? nothing : psk, 32);
	}
	memset(b->c[INVITED].psk, 3, 32);
	configure(b);
	invite(b);
	for (int i = 0; i < CALLERS; i++) {
		call(b, (enum who)i);
		expect(b->c[i].kp != NULL);
	}
	say(b, CONFIGURED, NULL, 0);
	show(b, MEMBER);
	turn(b);
	expect(b->k.members == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench b;
	struct engine_io io = {.ctx = &b,
	    .udp_send = on_udp,
	    .tun_send = on_tun,
	    .ask_mix = on_mix,
	    .ask_stamp = on_stamp,
	    .ask_lookup = on_lookup,
	    .tell_seen = on_seen,
	    .tell_blob = on_blob,
	    .tell_frame = on_frame,
	    .ask_issue = on_issue,
	    .ask_invites = on_invites,
	    .unix_ms = on_unix,
	    .rnd = {.fill = on_fill, .ctx = &b}};

	static bool ready;

	expect(ready || crypto_init() == 0);
	ready = true;
	b = (struct bench){.now = 1000000, .dice = 1};
	log_set_level(LOG_L_ERROR);
	b.e = engine_new(&io);
	expect(b.e != NULL);
	engine_socket_add(b.e, 0, 4);
	begin(&b);
	play(&b, data, size);
	turn(&b);
	for (int i = 0; i < CALLERS; i++)
		keypair_free(b.c[i].kp);
	engine_free(b.e);
	return 0;
}
