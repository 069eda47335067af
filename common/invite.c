/* SPDX-License-Identifier: ISC */
/* file: common/invite.c */
/*
 * An invitation's text and keys, and the request that goes with it (see
 * invite.h).
 *
 * People read tokens aloud, copy them from screens and lose their ends, so the
 * reader takes any case, the letters that look like digits, blanks and hyphens
 * anywhere, and says what is wrong rather than that something is.  It must not
 * take two texts of different meaning for one: the check covers every octet,
 * and bits that belong to nobody must be zero.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "invite.h"

#define VERSION 1
#define CHECK 4
#define GROUP 5    /* digits between two hyphens */
#define SCHEME 5   /* "mesh1", itself read as digits */
#define FIXED 22   /* version, secret, number of contacts */
#define CONTACT 37 /* without the address */

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char check_info[] = "mesh1 invite";

/* ---- octets ---- */

static void
check_of(uint8_t out[32], const uint8_t *octets, size_t len)
{
	crypto_sha256(out, check_info, sizeof(check_info) - 1, octets, len);
}

/* Could somebody be called there? */
static bool
contact_ok(const struct contact *c)
{
	return !addr_is_special(&c->ep.addr) && c->ep.port != 0;
}

static void
contact_put(struct wbuf *w, const struct contact *c)
{
	wbuf_bytes(w, c->key, sizeof(c->key));
	wbuf_u8(w, c->ep.addr.family);
	wbuf_bytes(w, c->ep.addr.b, addr_bits(&c->ep.addr) / 8);
	wbuf_u16(w, c->ep.port);
	wbuf_u16(w, c->dht_port);
	if (!contact_ok(c))
		w->bad = true;
}

static void
contact_get(struct rbuf *r, struct contact *c)
{
	rbuf_bytes(r, c->key, sizeof(c->key));
	c->ep.addr.family = rbuf_u8(r);
	if (c->ep.addr.family != 4 && c->ep.addr.family != 6)
		r->bad = true;
	else
		rbuf_bytes(r, c->ep.addr.b, addr_bits(&c->ep.addr) / 8);
	c->ep.port = rbuf_u16(r);
	c->dht_port = rbuf_u16(r);
	if (!contact_ok(c))
		r->bad = true;
}

static size_t
octets_put(uint8_t out[INVITE_OCTETS_MAX], const struct invite_token *t)
{
	uint8_t check[32];
	struct wbuf w;

	wbuf_init(&w, out, INVITE_OCTETS_MAX);
	wbuf_u8(&w, VERSION);
	wbuf_bytes(&w, t->secret, sizeof(t->secret));
	wbuf_u8(&w, t->n);
	if (t->n < 1 || t->n > INVITE_CONTACTS_MAX)
		return 0;
	for (unsigned i = 0; i < t->n; i++)
		contact_put(&w, &t->contact[i]);
	check_of(check, out, w.len);
	wbuf_bytes(&w, check, CHECK);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

static int
octets_get(const uint8_t *octets, size_t len, struct invite_token *t)
{
	struct rbuf r;

	memset(t, 0, sizeof(*t));
	rbuf_init(&r, octets, len - CHECK);
	(void)rbuf_u8(&r);
	rbuf_bytes(&r, t->secret, sizeof(t->secret));
	t->n = rbuf_u8(&r);
	if (t->n < 1 || t->n > INVITE_CONTACTS_MAX)
		return -1;
	for (unsigned i = 0; i < t->n; i++)
		contact_get(&r, &t->contact[i]);
	return rbuf_done(&r);
}

/*
 * The check does not fit: is that because something is missing?  Every contact
 * says how long it is, so a token knows its length.
 */
static const char *
why_no_check(const uint8_t *o, size_t len)
{
	size_t want = FIXED;

	for (unsigned i = 0; len > FIXED && i < o[FIXED - 1]; i++) {
		if (want + 32 >= len)
			return "its end is missing";
		want += CONTACT + (o[want + 32] == 4 ? 4 : 16);
	}
	if (len < want + CHECK)
		return "its end is missing";
	return "a character of it is wrong";
}

/* ---- text ---- */

int
invite_format(char out[INVITE_TEXT_MAX], const struct invite_token *t)
{
	uint8_t octets[INVITE_OCTETS_MAX];
	size_t len = octets_put(octets, t), n = 0;
	size_t digits = (len * 8 + 4) / 5;
	char *o = out;

	memcpy(o, "mesh1", SCHEME);
	o += SCHEME;
	for (; n < digits; n++) {
		unsigned v = 0;

		for (size_t bit = n * 5; bit < n * 5 + 5; bit++) {
			v <<= 1;
			if (bit < len * 8)
				v |= octets[bit / 8] >> (7 - bit % 8) & 1u;
		}
		if (n % GROUP == 0)
			*o++ = '-';
		*o++ = crockford[v];
	}
	*o = '\0';
	crypto_wipe(octets, sizeof(octets));
	if (len == 0)
		out[0] = '\0';
	return len == 0 ? -1 : 0;
}

/* 0..31, -1: no digit, -2: to be skipped */
static int
digit(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	switch (c) {
	case 'I':
	case 'L':
		return 1;
	case 'O':
		return 0;
	case 'U':
		return 27; /* V */
	case '-':
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return -2;
	default:
		at = c == '\0' ? NULL : strchr(crockford, c);
		return at == NULL ? -1 : (int)(at - crockford);
	}
}

/* "mesh1", in whatever way it was written; what is behind it, or NULL */
static const char *
skip_scheme(const char *s)
{
	static const char scheme[] = "MESH1";
	unsigned n = 0;

	for (; n < SCHEME; s++) {
		int v = digit(*s);

		if (v == -2)
			continue;
		if (v != digit(scheme[n]))
			return NULL;
		n++;
	}
	return s;
}

/* How many octets, 0: why. */
static size_t
digits_get(uint8_t out[INVITE_OCTETS_MAX], const char *s, const char **why)
{
	unsigned bits = 0, have = 0;
	size_t len = 0;
	int v;

	for (; *s != '\0'; s++) {
		v = digit(*s);
		if (v == -2)
			continue;
		*why = "it has a character that no invitation has";
		if (v == -1)
			return 0;
		bits = (bits << 5 | (unsigned)v) & 0xfff;
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		*why = "it is too long";
		if (len == INVITE_OCTETS_MAX)
			return 0;
		out[len++] = (uint8_t)(bits >> have);
	}
	*why = "its end is missing";
	if (len < FIXED + CHECK || have >= 5)
		return 0;
	*why = why_no_check(out, len);
	return (bits & ((1u << have) - 1)) == 0 ? len : 0;
}

int
invite_parse(const char *s, struct invite_token *t, const char **why)
{
	uint8_t octets[INVITE_OCTETS_MAX], check[32];
	int ret = -1;
	size_t len;

	memset(t, 0, sizeof(*t));
	*why = "it does not begin with mesh1-";
	s = skip_scheme(s);
	if (s == NULL)
		return -1;
	len = digits_get(octets, s, why);
	if (len == 0)
		goto out;
	check_of(check, octets, len - CHECK);
	if (memcmp(check, octets + len - CHECK, CHECK) != 0)
		goto out;
	*why = "it is of a version that this program does not know";
	if (octets[0] != VERSION)
		goto out;
	*why = "the addresses in it make no sense";
	ret = octets_get(octets, len, t);
out:
	if (ret == -1)
		crypto_wipe(t, sizeof(*t));
	crypto_wipe(octets, sizeof(octets));
	return ret;
}

/* ---- keys ---- */

static void
derive(uint8_t out[32], const uint8_t *secret, const char *info)
{
	crypto_hkdf256(out, secret, INVITE_SECRET, NULL, 0, info, strlen(info));
}

void
invite_derive(struct invite_keys *k, const uint8_t secret[INVITE_SECRET])
{
	uint8_t id[32];

	derive(id, secret, "id");
	memcpy(k->id, id, sizeof(k->id));
	derive(k->priv, secret, "key");
	/* RFC 7748, section 5: what every implementation makes of it anyway */
	k->priv[0] &= 248;
	k->priv[31] = (uint8_t)((k->priv[31] & 127) | 64);
	(void)crypto_x25519_pub(k->pub, k->priv);
	derive(k->psk, secret, "psk");
	derive(k->proof, secret, "proof");
}

/* ---- the request ---- */

#define CLAIM (INVITE_ID + 64) /* id and keys, which both marks cover */

static void
claim(uint8_t out[CLAIM], const struct join_request *q)
{
	memcpy(out, q->id, INVITE_ID);
	memcpy(out + INVITE_ID, q->node, 32);
	memcpy(out + INVITE_ID + 32, q->ed, 32);
}

static void
proof_of(uint8_t out[32], const struct join_request *q, const uint8_t key[32])
{
	static const char label[] = "mesh1 join";
	uint8_t c[CLAIM];

	claim(c, q);
	crypto_hmac256(out, key, 32, label, sizeof(label) - 1, c, sizeof(c));
}

/* What the signature is of: the label with its NUL, then the claim. */
#define SIGNED (11 + CLAIM)
static void
to_sign(uint8_t out[SIGNED], const struct join_request *q)
{
	memcpy(out, "mesh1 join", 11);
	claim(out + 11, q);
}

int
join_request_make(struct join_request *q, const struct invite_keys *k,
    const uint8_t node[32], const uint8_t ed_seed[32])
{
	uint8_t tbs[SIGNED];

	memset(q, 0, sizeof(*q));
	memcpy(q->node, node, sizeof(q->node));
	if (crypto_sign_pub(q->ed, ed_seed) == -1)
		return -1;
	if (k != NULL) {
		memcpy(q->id, k->id, sizeof(q->id));
		proof_of(q->proof, q, k->proof);
	}
	to_sign(tbs, q);
	return crypto_sign(q->sig, ed_seed, tbs, sizeof(tbs));
}

void
join_request_put(uint8_t out[JOIN_REQUEST], const struct join_request *q)
{
	claim(out, q);
	memcpy(out + CLAIM, q->proof, 32);
	memcpy(out + CLAIM + 32, q->sig, 64);
}

void
join_request_get(const uint8_t in[JOIN_REQUEST], struct join_request *q)
{
	memcpy(q->id, in, INVITE_ID);
	memcpy(q->node, in + INVITE_ID, 32);
	memcpy(q->ed, in + INVITE_ID + 32, 32);
	memcpy(q->proof, in + CLAIM, 32);
	memcpy(q->sig, in + CLAIM + 32, 64);
}

bool
join_request_signed(const struct join_request *q)
{
	uint8_t tbs[SIGNED];

	to_sign(tbs, q);
	return crypto_verify(q->sig, q->ed, tbs, sizeof(tbs));
}

bool
join_request_proved(const struct join_request *q, const uint8_t proof[32])
{
	uint8_t want[32];

	proof_of(want, q, proof);
	return crypto_equal(want, q->proof, sizeof(want));
}
