/* SPDX-License-Identifier: ISC */
/* file: discoveryd/lan.c */
/*
 * Beacons on the link (see lan.h): what is said, when, and what of the others
 * is kept.
 *
 * A beacon that was heard once can be sent again from elsewhere for as long as
 * its time is accepted.  So of one key only a later beacon changes the hint,
 * and all it can do is make the engine try another place as well.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "lan.h"
#include "record.h"

#define HEAD 36 /* before the sealed part */
#define HOUR 3600
#define EVERY_MS 30000
#define JITTER_MS 5000  /* either way */
#define CHANGE_MS 1000  /* after a change, and between two for any reason */
#define CERT_EVERY 8    /* of so many, the first of each family has it */
#define OPEN_BURST 64   /* datagrams opened in a row, */
#define OPEN_EVERY_MS 5 /* then one in so many ms */

static const uint8_t magic[4] = {'M', 'L', 'D', '1'};
static const uint32_t at_start_ms[] = {0, 1000, 3000};
#define STARTS (sizeof(at_start_ms) / sizeof(at_start_ms[0]))

struct lan {
	struct lan_io io;
	bool on;
	struct lan_conf conf;
	struct msg_places places;
	uint16_t certlen;
	uint8_t cert[CERT_MAX];
	uint64_t start_ms, last_ms, due_ms;
	unsigned started; /* beacons of at_start_ms that are out */
	bool whole;       /* the next one is to be */
	unsigned short_ones;
	uint64_t open_ms; /* token bucket: when its last token came */
	unsigned open_left;
	unsigned n;
	struct lan_hint hint[LAN_HINTS_MAX];
	struct lan_stats stats;
};

/* ---- the datagram ---- */

static void
tag_of(uint8_t out[12], const uint8_t key[32], uint64_t hour)
{
	uint8_t be[8], mac[32];
	struct wbuf w;

	wbuf_init(&w, be, sizeof(be));
	wbuf_u64(&w, hour);
	crypto_hmac256(mac, key, 32, be, sizeof(be), NULL, 0);
	memcpy(out, magic, sizeof(magic));
	memcpy(out + 4, mac, 8);
}

size_t
beacon_seal(uint8_t out[LAN_DATAGRAM_MAX], const uint8_t key[32],
    const uint8_t nonce[24], const struct beacon *b)
{
	uint8_t plain[LAN_DATAGRAM_MAX];
	struct wbuf w;

	if (b->n > LAN_PLACES_MAX || b->certlen > CERT_MAX)
		return 0;
	wbuf_init(&w, plain, LAN_DATAGRAM_MAX - HEAD - CRYPTO_TAG);
	wbuf_bytes(&w, b->node, sizeof(b->node));
	wbuf_u16(&w, b->port);
	wbuf_u16(&w, b->tls_port);
	wbuf_u64(&w, b->boot);
	wbuf_u64(&w, b->unix_s);
	wbuf_u8(&w, b->n);
	for (unsigned i = 0; i < b->n; i++)
		candidate_put(&w, &b->c[i]);
	wbuf_u16(&w, b->certlen);
	wbuf_bytes(&w, b->cert, b->certlen);
	if (wbuf_done(&w) == -1)
		return 0;
	tag_of(out, key, b->unix_s / HOUR);
	memcpy(out + 12, nonce, 24);
	crypto_xseal(out + HEAD, key, nonce, out, 12, plain, w.len);
	return HEAD + w.len + CRYPTO_TAG;
}

/* One of the hour before, this one, and the one after. */
static bool
tag_fits(const uint8_t *data, const uint8_t key[32], uint64_t unix_s)
{
	uint64_t hour = unix_s / HOUR;
	uint8_t want[12];

	if (memcmp(data, magic, sizeof(magic)) != 0)
		return false;
	for (uint64_t h = hour == 0 ? 0 : hour - 1; h <= hour + 1; h++) {
		tag_of(want, key, h);
		if (crypto_equal(want, data, sizeof(want)))
			return true;
	}
	return false;
}

/* What is no place for a datagram is left out. */
static void
get_candidates(struct rbuf *r, struct beacon *b)
{
	unsigned n = rbuf_u8(r);

	if (n > LAN_PLACES_MAX)
		r->bad = true;
	for (unsigned i = 0; !r->bad && i < n; i++)
		if (candidate_get(r, &b->c[b->n]))
			b->n++;
}

int
beacon_open(const void *data, size_t len, const uint8_t key[32],
    uint64_t unix_s, struct beacon *b)
{
	uint8_t plain[LAN_DATAGRAM_MAX];
	const uint8_t *p = data;
	struct rbuf r;

	if (len < HEAD + CRYPTO_TAG || len > LAN_DATAGRAM_MAX ||
	    !tag_fits(p, key, unix_s) ||
	    crypto_xopen(plain, key, p + 12, p, 12, p + HEAD, len - HEAD) == -1)
		return -1;
	*b = (struct beacon){0};
	rbuf_init(&r, plain, len - HEAD - CRYPTO_TAG);
	rbuf_bytes(&r, b->node, sizeof(b->node));
	b->port = rbuf_u16(&r);
	b->tls_port = rbuf_u16(&r);
	b->boot = rbuf_u64(&r);
	b->unix_s = rbuf_u64(&r);
	get_candidates(&r, b);
	b->certlen = rbuf_u16(&r);
	if (b->certlen > sizeof(b->cert))
		return -1;
	rbuf_bytes(&r, b->cert, b->certlen);
	if (rbuf_done(&r) == -1 || b->port == 0)
		return -1;
	if (b->unix_s > unix_s + LAN_HEARD_S ||
	    b->unix_s + LAN_HEARD_S < unix_s)
		return -1;
	return 0;
}

/* ---- saying ---- */

struct lan *
lan_new(const struct lan_io *io)
{
	struct lan *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->io = *io;
	l->due_ms = UINT64_MAX;
	return l;
}

void
lan_free(struct lan *l)
{
	if (l == NULL)
		return;
	crypto_wipe(&l->conf, sizeof(l->conf));
	free(l);
}

/* When the next beacon is due, if nothing changes. */
static void
arm(struct lan *l, uint64_t now_ms)
{
	if (l->started < STARTS)
		l->due_ms = l->start_ms + at_start_ms[l->started];
	else
		l->due_ms = now_ms + EVERY_MS - JITTER_MS +
		    rnd_below(&l->io.rnd, 2 * JITTER_MS + 1);
}

void
lan_configure(struct lan *l, uint64_t now_ms, const struct lan_conf *conf)
{
	if (conf == NULL) {
		l->on = false;
		l->n = 0;
		l->due_ms = UINT64_MAX;
		crypto_wipe(&l->conf, sizeof(l->conf));
		return;
	}
	if (l->on && memcmp(l->conf.key, conf->key, 32) == 0 &&
	    memcmp(l->conf.node, conf->node, 32) == 0)
		return;
	l->conf = *conf;
	l->on = true;
	l->n = 0;
	l->open_left = OPEN_BURST;
	l->open_ms = l->start_ms = now_ms;
	l->started = l->short_ones = 0;
	arm(l, now_ms);
}

void
lan_certificate(struct lan *l, const void *data, size_t len)
{
	if (len > sizeof(l->cert))
		len = 0;
	if (len != l->certlen || memcmp(l->cert, data, len) != 0)
		l->whole = true;
	l->certlen = (uint16_t)len;
	memcpy(l->cert, data, len);
}

static bool
same_places(const struct msg_places *a, const struct msg_places *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->at[i].ifindex != b->at[i].ifindex ||
		    !endpoint_eq(&a->at[i].ep, &b->at[i].ep))
			return false;
	return true;
}

/* A whole one at that time, but never a storm of them. */
static void
hurry(struct lan *l, uint64_t at_ms)
{
	l->whole = true;
	if (at_ms < l->last_ms + CHANGE_MS)
		at_ms = l->last_ms + CHANGE_MS;
	if (at_ms < l->due_ms)
		l->due_ms = at_ms;
}

void
lan_places(struct lan *l, uint64_t now_ms, const struct msg_places *m)
{
	if (same_places(&l->places, m))
		return;
	l->places = *m;
	if (l->on)
		hurry(l, now_ms);
}

static void
say(struct lan *l, uint64_t unix_s, unsigned families, bool with_cert)
{
	struct beacon b = {.boot = l->conf.boot, .unix_s = unix_s};
	uint8_t data[LAN_DATAGRAM_MAX], nonce[24];
	size_t len;

	memcpy(b.node, l->conf.node, sizeof(b.node));
	b.certlen = with_cert ? l->certlen : 0;
	memcpy(b.cert, l->cert, b.certlen);
	for (unsigned i = 0; i < l->places.n && b.n < LAN_PLACES_MAX; i++) {
		const struct endpoint *ep = &l->places.at[i].ep;

		if (b.port == 0)
			b.port = ep->port;
		if (ep->addr.family == 0 || addr_is_special(&ep->addr))
			continue;
		b.c[b.n] = (struct candidate){.type = 1,
		    .ep = *ep,
		    .priority = (uint32_t)(LAN_PLACES_MAX - b.n)};
		b.n++;
	}
	if (b.port == 0)
		return; /* nowhere to be called at yet */
	l->io.rnd.fill(l->io.rnd.ctx, nonce, sizeof(nonce));
	len = beacon_seal(data, l->conf.key, nonce, &b);
	l->io.send(l->io.ctx, families, data, len);
	l->stats.out++;
}

static void
say_short(struct lan *l, uint64_t unix_s)
{
	unsigned n = l->short_ones++ % CERT_EVERY;

	say(l, unix_s, n % 2 == 0 ? LAN_IP4 : LAN_IP6, n < 2);
}

void
lan_tick(struct lan *l, uint64_t now_ms, uint64_t unix_s)
{
	if (!l->on || now_ms < l->due_ms)
		return;
	if (l->started < STARTS &&
	    now_ms >= l->start_ms + at_start_ms[l->started]) {
		l->started++;
		l->whole = true;
	}
	if (l->whole)
		say(l, unix_s, LAN_IP4 | LAN_IP6, true);
	else
		say_short(l, unix_s);
	l->whole = false;
	l->last_ms = now_ms;
	arm(l, now_ms);
}

uint64_t
lan_due(const struct lan *l)
{
	return l->due_ms;
}

/* ---- hearing ---- */

static struct lan_hint *
find(struct lan *l, const uint8_t key[32])
{
	for (unsigned i = 0; i < l->n; i++)
		if (memcmp(l->hint[i].key, key, 32) == 0)
			return &l->hint[i];
	return NULL;
}

const struct lan_hint *
lan_find(const struct lan *l, uint64_t now_ms, const uint8_t key[32])
{
	for (unsigned i = 0; i < l->n; i++)
		if (memcmp(l->hint[i].key, key, 32) == 0)
			return now_ms - l->hint[i].heard_ms <=
				LAN_HEARD_S * 1000
			    ? &l->hint[i]
			    : NULL;
	return NULL;
}

/* A free row, or that of whom we have not heard for longest. */
static struct lan_hint *
row(struct lan *l)
{
	struct lan_hint *oldest = &l->hint[0];

	if (l->n < LAN_HINTS_MAX)
		return &l->hint[l->n++];
	for (unsigned i = 1; i < l->n; i++)
		if (l->hint[i].heard_ms < oldest->heard_ms)
			oldest = &l->hint[i];
	l->stats.crowded++;
	return oldest;
}

/* Where it came from is where it is; what it says of itself comes behind. */
static void
collect(struct lan_hint *h, const struct beacon *b, const struct endpoint *from)
{
	struct addr a = from->addr;

	h->n = 0;
	addr_canonical(&a);
	/* a link-local address is of no use without its link */
	if (!addr_is_special(&a))
		h->at[h->n++] = (struct endpoint){.addr = a, .port = b->port};
	for (unsigned i = 0; i < b->n; i++) {
		struct endpoint ep = b->c[i].ep;
		bool twice = false;

		addr_canonical(&ep.addr);
		if (ep.port == 0 || addr_is_special(&ep.addr))
			continue;
		for (unsigned j = 0; j < h->n; j++)
			twice = twice || endpoint_eq(&h->at[j], &ep);
		if (!twice)
			h->at[h->n++] = ep;
	}
}

static bool
may_open(struct lan *l, uint64_t now_ms)
{
	uint64_t came = (now_ms - l->open_ms) / OPEN_EVERY_MS;

	if (came > 0) {
		l->open_left = came >= OPEN_BURST - l->open_left
		    ? OPEN_BURST
		    : l->open_left + (unsigned)came;
		l->open_ms = now_ms;
	}
	if (l->open_left == 0)
		return false;
	l->open_left--;
	return true;
}

static void
note(struct lan *l, uint64_t now_ms, const struct beacon *b,
    const struct endpoint *from)
{
	struct lan_hint *h = find(l, b->node), new = {0};
	bool silent = h == NULL || now_ms - h->heard_ms > LAN_HEARD_S * 1000;

	if (h != NULL && !silent && b->unix_s < h->said_s)
		return; /* an old one, said again by somebody */
	memcpy(new.key, b->node, sizeof(new.key));
	new.heard_ms = now_ms;
	new.said_s = b->unix_s;
	new.boot = b->boot;
	collect(&new, b, from);
	if (h == NULL)
		h = row(l);
	*h = new;
	l->io.heard(l->io.ctx, now_ms, b->node, b->cert, b->certlen);
	if (silent) /* not all at the same moment */
		hurry(l, now_ms + rnd_below(&l->io.rnd, LAN_ANSWER_MS));
}

void
lan_from_udp(struct lan *l, uint64_t now_ms, uint64_t unix_s,
    const struct endpoint *from, const uint8_t *data, size_t len)
{
	struct beacon b;

	if (!l->on)
		return;
	/* noise is not counted against those that at least have the tag */
	if (len < HEAD || !tag_fits(data, l->conf.key, unix_s)) {
		l->stats.refused++;
		return;
	}
	if (!may_open(l, now_ms)) {
		l->stats.held++;
		return;
	}
	if (beacon_open(data, len, l->conf.key, unix_s, &b) == -1) {
		l->stats.refused++;
		return;
	}
	if (memcmp(b.node, l->conf.node, sizeof(b.node)) == 0)
		return; /* the group gives back what we say */
	l->stats.in++;
	note(l, now_ms, &b, from);
}

bool
lan_on(const struct lan *l)
{
	return l->on;
}

const struct lan_stats *
lan_stats(const struct lan *l)
{
	return &l->stats;
}
