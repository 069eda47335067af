/* SPDX-License-Identifier: ISC */
/* file: common/cert.c */
/*
 * Certificates: reading, writing, judging (see cert.h).
 *
 * A signature is over octets, so there must be one way only to write a given
 * certificate: whatever two readers could understand differently is refused
 * here, before the signature is looked at.  That is order, repetition, lengths,
 * host bits of a route, an IPv4 address dressed up as IPv6, a zero where
 * absence says the same, and text that a terminal would take for a command.
 *
 * Judging goes from cheap to dear and from what says least to a stranger:
 * shape, issuer, signature, time, revocation, addresses.  No clock here; the
 * list of revoked serials is crl.c's.
 */
#include <string.h>

#include "buf.h"
#include "cert.h"
#include "crypto.h"

#define VERSION 1
#define TLVS_MAX (2 + CERT_ADDRESSES_MAX + CERT_ROUTES_MAX + CERT_GROUPS_MAX)

static const char domain[] = "mesh1 cert"; /* signed with its NUL */

/* ---- what a value may be ---- */

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static bool
is_name(const uint8_t *s, size_t len)
{
	if (len < 1 || len >= CERT_NAME_MAX || s[0] == '-' || s[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

/* Octets of the code point that s begins with (RFC 3629, 3); 0: none. */
static size_t
utf8_len(const uint8_t *s, size_t left)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = s[0];
	size_t n;

	if (c < 0x80)
		return c < 0x20 || c == 0x7f ? 0 : 1;
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc0 || c >= 0xf8 || n > left)
		return 0;
	c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < lowest[n] || c < 0xa0 || c > 0x10ffff || c >> 11 == 0x1b)
		return 0; /* overlong, control, too large, surrogate */
	return n;
}

static bool
is_group(const uint8_t *s, size_t len)
{
	size_t n;

	if (len < 1 || len >= CERT_GROUP_MAX)
		return false;
	for (size_t i = 0; i < len; i += n) {
		n = utf8_len(s + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* ---- reading ---- */

/* An address and a length, filling the value exactly. */
static bool
read_prefix(const uint8_t *v, size_t len, uint8_t family, struct prefix *out)
{
	const size_t n = family == 4 ? 4 : 16;
	struct addr plain;

	if (len != n + 1 || v[n] > n * 8)
		return false;
	*out = (struct prefix){.addr.family = family, .len = v[n]};
	memcpy(out->addr.b, v, n);
	plain = out->addr;
	addr_canonical(&plain);
	return addr_eq(&plain, &out->addr);
}

/* The order has equal addresses side by side. */
static bool
read_address(struct cert *c, const uint8_t *v, size_t len, uint8_t family)
{
	const struct prefix *last;

	if (c->naddresses == CERT_ADDRESSES_MAX ||
	    !read_prefix(v, len, family, &c->address[c->naddresses]))
		return false;
	last = &c->address[c->naddresses];
	c->naddresses++;
	return c->naddresses == 1 || !addr_eq(&last[-1].addr, &last->addr);
}

static bool
read_route(struct cert *c, const uint8_t *v, size_t len, uint8_t family)
{
	struct prefix masked;

	if (c->nroutes == CERT_ROUTES_MAX ||
	    !read_prefix(v, len, family, &c->route[c->nroutes]))
		return false;
	masked = c->route[c->nroutes];
	prefix_mask(&masked);
	return prefix_eq(&masked, &c->route[c->nroutes++]);
}

static bool
read_name(struct cert *c, const uint8_t *v, size_t len)
{
	if (c->name[0] != '\0' || !is_name(v, len))
		return false;
	memcpy(c->name, v, len);
	return true;
}

static bool
read_group(struct cert *c, const uint8_t *v, size_t len)
{
	if (c->ngroups == CERT_GROUPS_MAX || !is_group(v, len))
		return false;
	memcpy(c->group[c->ngroups++], v, len);
	return true;
}

/* No capabilities at all are none written. */
static bool
read_caps(struct cert *c, const uint8_t *v, size_t len)
{
	struct rbuf r;

	rbuf_init(&r, v, len);
	if (c->caps != 0)
		return false;
	c->caps = rbuf_u32(&r);
	return rbuf_done(&r) == 0 && c->caps != 0;
}

static bool
read_tlv(struct cert *c, uint8_t type, const uint8_t *v, size_t len)
{
	switch (type) {
	case CERT_TLV_NAME:
		return read_name(c, v, len);
	case CERT_TLV_IPV4:
		return read_address(c, v, len, 4);
	case CERT_TLV_IPV6:
		return read_address(c, v, len, 6);
	case CERT_TLV_ROUTE4:
		return read_route(c, v, len, 4);
	case CERT_TLV_ROUTE6:
		return read_route(c, v, len, 6);
	case CERT_TLV_GROUP:
		return read_group(c, v, len);
	case CERT_TLV_CAPS:
		return read_caps(c, v, len);
	default:
		return true;
	}
}

/* One TLV as the order sees it. */
struct tlv {
	uint8_t type, len;
	const uint8_t *value;
};

/* By (type, value); of two values one of which begins the other, that one. */
static int
tlv_compare(const struct tlv *a, const struct tlv *b)
{
	int d;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	d = a->len == 0 || b->len == 0
	    ? 0
	    : memcmp(a->value, b->value, a->len < b->len ? a->len : b->len);
	return d != 0 ? d : (int)a->len - (int)b->len;
}

static enum cert_verdict
read_tlvs(struct cert *c, struct rbuf *r)
{
	struct tlv last = {0}, t;
	bool critical = false;

	for (bool first = true; r->left > 0; first = false) {
		t.type = rbuf_u8(r);
		t.len = rbuf_u8(r);
		t.value = r->p;
		rbuf_skip(r, t.len);
		if (r->bad || (!first && tlv_compare(&last, &t) >= 0) ||
		    !read_tlv(c, t.type, t.value, t.len))
			return CERT_MALFORMED;
		critical = critical || t.type >= CERT_TLV_CRITICAL;
		last = t;
	}
	if (c->name[0] == '\0')
		return CERT_MALFORMED;
	return critical ? CERT_CRITICAL : CERT_OK;
}

enum cert_verdict
cert_get(const void *data, size_t len, struct cert *out)
{
	enum cert_verdict verdict;
	struct cert c = {0};
	struct rbuf r, tlvs;
	uint16_t n;

	if (len > CERT_MAX)
		return CERT_MALFORMED;
	rbuf_init(&r, data, len);
	if (rbuf_u16(&r) != ('M' << 8 | 'C') || rbuf_u8(&r) != VERSION ||
	    rbuf_u8(&r) != 0)
		return CERT_MALFORMED;
	c.serial = rbuf_u64(&r);
	c.not_before = rbuf_u64(&r);
	c.not_after = rbuf_u64(&r);
	rbuf_bytes(&r, c.node, sizeof(c.node));
	rbuf_bytes(&r, c.ed, sizeof(c.ed));
	rbuf_bytes(&r, c.issuer, sizeof(c.issuer));
	n = rbuf_u16(&r);
	rbuf_init(&tlvs, r.p, n);
	rbuf_skip(&r, n);
	rbuf_skip(&r, CERT_SIG);
	if (rbuf_done(&r) == -1 || c.not_after < c.not_before ||
	    is_zero(c.node, sizeof(c.node)) || is_zero(c.ed, sizeof(c.ed)))
		return CERT_MALFORMED;
	verdict = read_tlvs(&c, &tlvs);
	if (verdict == CERT_OK)
		*out = c;
	return verdict;
}

/* ---- writing ---- */

struct tlv_list {
	unsigned n;
	struct tlv at[TLVS_MAX];
	uint8_t text[CERT_MAX]; /* of the values */
	struct wbuf w;
};

static void
list_add(struct tlv_list *l, uint8_t type, const void *value, size_t len)
{
	struct tlv *t;

	if (l->n == TLVS_MAX || len > UINT8_MAX) {
		l->w.bad = true;
		return;
	}
	t = &l->at[l->n++];
	t->type = type;
	t->len = (uint8_t)len;
	t->value = l->w.base + l->w.len;
	wbuf_bytes(&l->w, value, len);
}

static void
list_prefix(
    struct tlv_list *l, const struct prefix *p, uint8_t type4, uint8_t type6)
{
	const size_t n = addr_bits(&p->addr) / 8;
	uint8_t v[17];

	if (n == 0) {
		l->w.bad = true;
		return;
	}
	memcpy(v, p->addr.b, n);
	v[n] = p->len;
	list_add(l, n == 4 ? type4 : type6, v, n + 1);
}

/* By insertion: there are few, and mostly they are in order. */
static void
list_sort(struct tlv_list *l)
{
	struct tlv t;
	unsigned j;

	for (unsigned i = 1; i < l->n; i++) {
		t = l->at[i];
		for (j = i; j > 0 && tlv_compare(&t, &l->at[j - 1]) < 0; j--)
			l->at[j] = l->at[j - 1];
		l->at[j] = t;
	}
}

static void
list_fill(struct tlv_list *l, const struct cert *c)
{
	uint8_t caps[4];
	struct wbuf w;

	list_add(l, CERT_TLV_NAME, c->name, strnlen(c->name, sizeof(c->name)));
	for (unsigned i = 0; i < c->naddresses; i++)
		list_prefix(l, &c->address[i], CERT_TLV_IPV4, CERT_TLV_IPV6);
	for (unsigned i = 0; i < c->nroutes; i++)
		list_prefix(l, &c->route[i], CERT_TLV_ROUTE4, CERT_TLV_ROUTE6);
	for (unsigned i = 0; i < c->ngroups; i++)
		list_add(l, CERT_TLV_GROUP, c->group[i],
		    strnlen(c->group[i], sizeof(c->group[i])));
	if (c->caps != 0) {
		wbuf_init(&w, caps, sizeof(caps));
		wbuf_u32(&w, c->caps);
		list_add(l, CERT_TLV_CAPS, caps, sizeof(caps));
	}
	list_sort(l);
}

static void
issuer_of(uint8_t issuer[8], const uint8_t ca[32])
{
	uint8_t h[32];

	crypto_sha256(h, ca, 32, NULL, 0);
	memcpy(issuer, h, 8);
}

static void
write_body(struct wbuf *w, const struct cert *c, const struct tlv_list *l)
{
	size_t n = 2 * (size_t)l->n + l->w.len;

	wbuf_bytes(w, "MC", 2);
	wbuf_u8(w, VERSION);
	wbuf_u8(w, 0);
	wbuf_u64(w, c->serial);
	wbuf_u64(w, c->not_before);
	wbuf_u64(w, c->not_after);
	wbuf_bytes(w, c->node, sizeof(c->node));
	wbuf_bytes(w, c->ed, sizeof(c->ed));
	wbuf_bytes(w, c->issuer, sizeof(c->issuer));
	wbuf_u16(w, (uint16_t)n);
	for (unsigned i = 0; i < l->n; i++) {
		wbuf_u8(w, l->at[i].type);
		wbuf_u8(w, l->at[i].len);
		wbuf_bytes(w, l->at[i].value, l->at[i].len);
	}
}

size_t
cert_sign(uint8_t out[CERT_MAX], struct cert *c, const uint8_t ca_seed[32])
{
	uint8_t signed_octets[sizeof(domain) + CERT_MAX], ca[32];
	struct tlv_list l = {0};
	struct cert again;
	struct wbuf w;

	if (c->naddresses > CERT_ADDRESSES_MAX ||
	    c->nroutes > CERT_ROUTES_MAX || c->ngroups > CERT_GROUPS_MAX ||
	    crypto_sign_pub(ca, ca_seed) == -1)
		return 0;
	issuer_of(c->issuer, ca);
	wbuf_init(&l.w, l.text, sizeof(l.text));
	list_fill(&l, c);
	wbuf_init(&w, out, CERT_MAX - CERT_SIG);
	write_body(&w, c, &l);
	if (wbuf_done(&l.w) == -1 || wbuf_done(&w) == -1)
		return 0;
	memcpy(signed_octets, domain, sizeof(domain));
	memcpy(signed_octets + sizeof(domain), out, w.len);
	if (crypto_sign(out + w.len, ca_seed, signed_octets,
		sizeof(domain) + w.len) == -1 ||
	    cert_get(out, w.len + CERT_SIG, &again) != CERT_OK)
		return 0;
	return w.len + CERT_SIG;
}

/* ---- judging ---- */

const char *
cert_verdict_name(enum cert_verdict v)
{
	static const char *const names[CERT_NVERDICTS] = {
	    [CERT_OK] = "good",
	    [CERT_MALFORMED] = "malformed",
	    [CERT_CRITICAL] = "has a critical part that is not known here",
	    [CERT_ISSUER] = "of another network",
	    [CERT_SIGNATURE] = "not signed by the authority",
	    [CERT_EARLY] = "not valid yet",
	    [CERT_EXPIRED] = "expired",
	    [CERT_REVOKED] = "revoked",
	    [CERT_ADDRESS] = "has an address that is not its to have",
	    [CERT_KEY] = "of another key",
	};

	return v < CERT_NVERDICTS ? names[v] : "?";
}

void
cert_prefix6(struct prefix *p, const uint8_t ca[32])
{
	static const char what[] = "mesh1 net";
	uint8_t h[32];

	*p = (struct prefix){.addr.family = 6, .addr.b[0] = 0xfd, .len = 48};
	crypto_sha256(h, what, sizeof(what) - 1, ca, 32);
	memcpy(p->addr.b + 1, h, 5);
}

void
cert_address6(struct addr *a, const uint8_t ca[32], const uint8_t node[32])
{
	static const char what[] = "mesh1 addr";
	struct prefix net;
	uint8_t h[32];

	cert_prefix6(&net, ca);
	*a = net.addr;
	crypto_sha256(h, what, sizeof(what) - 1, node, 32);
	memcpy(a->b + 6, h, 10);
}

static unsigned
authorities(const struct cert_check *k)
{
	return k->nca < CERT_CAS_MAX ? k->nca : CERT_CAS_MAX;
}

/* During a roll-over there are several; an issuer's 8 octets name it. */
static enum cert_verdict
judge_signature(const struct cert *c, const uint8_t *data, size_t len,
    const struct cert_check *k)
{
	uint8_t signed_octets[sizeof(domain) + CERT_MAX], issuer[8];
	const size_t body = len - CERT_SIG;
	bool ours = false;

	memcpy(signed_octets, domain, sizeof(domain));
	memcpy(signed_octets + sizeof(domain), data, body);
	for (unsigned i = 0; i < authorities(k); i++) {
		issuer_of(issuer, k->ca[i]);
		if (memcmp(issuer, c->issuer, sizeof(issuer)) != 0)
			continue;
		ours = true;
		if (crypto_verify(data + body, k->ca[i], signed_octets,
			sizeof(domain) + body))
			return CERT_OK;
	}
	return ours ? CERT_SIGNATURE : CERT_ISSUER;
}

static enum cert_verdict
judge_time(const struct cert *c, uint64_t now)
{
	if (c->not_before > CERT_SKEW_S && c->not_before - CERT_SKEW_S > now)
		return CERT_EARLY;
	if (now > CERT_SKEW_S && now - CERT_SKEW_S > c->not_after)
		return CERT_EXPIRED;
	return CERT_OK;
}

/*
 * A length says how much of the network the node may take to be behind its
 * device: never more than all of it.
 */
static bool
is_its_own(
    const struct prefix *p, const struct addr *own6, const struct cert_check *k)
{
	if (p->addr.family == 6)
		return addr_eq(&p->addr, own6) && p->len >= 48;
	if (addr_is_special(&p->addr))
		return false;
	return !k->has_prefix ||
	    (prefix_has(&k->prefix, &p->addr) && p->len >= k->prefix.len);
}

static enum cert_verdict
judge_addresses(const struct cert *c, const struct cert_check *k)
{
	struct addr own6;

	cert_address6(&own6, k->ca[0], c->node);
	for (unsigned i = 0; i < c->naddresses; i++)
		if (!is_its_own(&c->address[i], &own6, k))
			return CERT_ADDRESS;
	return CERT_OK;
}

enum cert_verdict
cert_verify(const void *data, size_t len, const struct cert_check *k,
    uint64_t unix_s, struct cert *out)
{
	enum cert_verdict v;

	v = cert_get(data, len, out);
	if (v == CERT_OK)
		v = judge_signature(out, data, len, k);
	if (v == CERT_OK)
		v = judge_time(out, unix_s);
	if (v == CERT_OK && k->crl != NULL && crl_has(k->crl, out->serial))
		v = CERT_REVOKED;
	if (v == CERT_OK)
		v = judge_addresses(out, k);
	return v;
}
