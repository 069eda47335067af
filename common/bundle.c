/* SPDX-License-Identifier: ISC */
/* file: common/bundle.c */
/*
 * What a member has from its network, as octets and as text (see bundle.h).
 *
 * The octets come from strangers: bundle_get checks their shape, and nothing
 * in them counts before bundle_verify has said so.
 */
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "bundle.h"
#include "crypto.h"
#include "netkey.h"

#define VERSION 1
#define LINE_VALUE_MAX BASE64_LEN(RECORD_MAX)

/* ---- octets ---- */

size_t
bundle_put(uint8_t out[BUNDLE_MAX], const struct bundle *b)
{
	struct wbuf w;

	if (b->certlen > CERT_MAX || b->nrecords > BUNDLE_RECORDS_MAX)
		return 0;
	wbuf_init(&w, out, BUNDLE_MAX);
	wbuf_bytes(&w, "MB", 2);
	wbuf_u8(&w, VERSION);
	wbuf_bytes(&w, b->authority, sizeof(b->authority));
	wbuf_bytes(&w, b->directory, sizeof(b->directory));
	wbuf_bytes(&w, b->holder, sizeof(b->holder));
	wbuf_bytes(&w, b->secret, sizeof(b->secret));
	prefix_put(&w, &b->prefix);
	wbuf_u16(&w, b->certlen);
	wbuf_bytes(&w, b->cert, b->certlen);
	wbuf_u8(&w, b->nrecords);
	for (unsigned i = 0; i < b->nrecords; i++)
		record_put(&w, &b->record[i]);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

/* None, or an IPv4 network without host bits. */
static bool
prefix_ok(const struct prefix *p)
{
	struct prefix masked = *p;

	prefix_mask(&masked);
	return p->addr.family == 0
	    ? p->len == 0
	    : p->addr.family == 4 && prefix_eq(p, &masked);
}

int
bundle_get(const void *data, size_t len, struct bundle *b)
{
	uint8_t magic[3];
	struct rbuf r;

	memset(b, 0, sizeof(*b));
	rbuf_init(&r, data, len);
	rbuf_bytes(&r, magic, sizeof(magic));
	rbuf_bytes(&r, b->authority, sizeof(b->authority));
	rbuf_bytes(&r, b->directory, sizeof(b->directory));
	rbuf_bytes(&r, b->holder, sizeof(b->holder));
	rbuf_bytes(&r, b->secret, sizeof(b->secret));
	prefix_get(&r, &b->prefix);
	b->certlen = rbuf_u16(&r);
	if (b->certlen == 0 || b->certlen > CERT_MAX)
		goto bad;
	rbuf_bytes(&r, b->cert, b->certlen);
	b->nrecords = rbuf_u8(&r);
	if (b->nrecords > BUNDLE_RECORDS_MAX)
		goto bad;
	for (unsigned i = 0; i < b->nrecords; i++)
		record_get(&r, &b->record[i]);
	if (rbuf_done(&r) == 0 && memcmp(magic, "MB\1", 3) == 0 &&
	    prefix_ok(&b->prefix))
		return 0;
bad:
	crypto_wipe(b, sizeof(*b));
	return -1;
}

/* ---- is it good? ---- */

/* The places that are this node's: its addresses, its key, its name. */
static bool
own_place(const struct record *r, const struct cert *c,
    const struct netkeys *keys, const struct addr *six)
{
	uint8_t salt[RECORD_SALT];

	switch (r->kind) {
	case REC_ADDRESS:
		for (unsigned i = 0; i < c->naddresses; i++) {
			record_salt_address(
			    salt, keys->rdv, &c->address[i].addr);
			if (memcmp(salt, r->salt, sizeof(salt)) == 0)
				return true;
		}
		record_salt_address(salt, keys->rdv, six);
		break;
	case REC_KEY:
		record_salt_key(salt, keys->rdv, c->node);
		break;
	case REC_NAME:
		record_salt_name(salt, keys->rdv, c->name);
		break;
	default:
		return false;
	}
	return memcmp(salt, r->salt, sizeof(salt)) == 0;
}

static bool
holds_cert(
    const struct bundle *b, const struct record *r, const struct netkeys *keys)
{
	uint8_t content[RECORD_CONTENT_MAX];
	int len = record_open(content, r, keys->rec);

	return len == b->certlen && memcmp(content, b->cert, b->certlen) == 0;
}

/* The file's form has no secret: then who signed is all there is to know. */
static const char *
records_bad(const struct bundle *b, const struct cert *c)
{
	static const uint8_t none[32];
	bool open = !crypto_equal(b->secret, none, sizeof(none));
	const char *why = NULL;
	struct netkeys keys;
	struct addr six;

	netkeys_derive(&keys, b->secret);
	cert_address6(&six, b->authority, c->node);
	for (unsigned i = 0; i < b->nrecords && why == NULL; i++) {
		const struct record *r = &b->record[i];

		if (memcmp(r->k, b->directory, sizeof(r->k)) != 0 ||
		    !record_verify(r))
			why = "a record is not signed by the directory key";
		else if (open && !own_place(r, c, &keys, &six))
			why = "a record is not for this node's places";
		else if (open && !holds_cert(b, r, &keys))
			why = "a record does not hold the certificate";
	}
	crypto_wipe(&keys, sizeof(keys));
	return why;
}

const char *
bundle_verify(const struct bundle *b, const uint8_t node[32], uint64_t unix_s)
{
	struct cert_check check = {.nca = 1,
	    .has_prefix = b->prefix.addr.family != 0,
	    .prefix = b->prefix};
	enum cert_verdict v;
	struct cert c;

	memcpy(check.ca[0], b->authority, sizeof(check.ca[0]));
	v = cert_verify(b->cert, b->certlen, &check, unix_s, &c);
	if (v == CERT_OK && memcmp(c.node, node, sizeof(c.node)) != 0)
		v = CERT_KEY;
	return v != CERT_OK ? cert_verdict_name(v) : records_bad(b, &c);
}

/* ---- text ---- */

struct out {
	char *p;
	size_t len, cap;
	bool full;
};

static void
put_line(struct out *o, const char *word, const char *value)
{
	int n =
	    snprintf(o->p + o->len, o->cap - o->len, "%s %s\n", word, value);

	if (n < 0 || (size_t)n >= o->cap - o->len)
		o->full = true;
	else
		o->len += (size_t)n;
}

static void
put_octets(struct out *o, const char *word, const void *data, size_t len)
{
	char text[LINE_VALUE_MAX + 1];

	if (!o->full)
		put_line(o, word, base64_put(text, data, len));
}

size_t
bundle_print(char *out, size_t cap, const struct bundle *b)
{
	struct out o = {.p = out, .cap = cap, .full = cap == 0};
	uint8_t octets[RECORD_MAX];
	char prefix[PREFIX_STRLEN];
	struct wbuf w;

	if (b->certlen > CERT_MAX || b->nrecords > BUNDLE_RECORDS_MAX)
		return 0;
	put_octets(&o, "authority", b->authority, sizeof(b->authority));
	put_octets(&o, "directory", b->directory, sizeof(b->directory));
	put_octets(&o, "holder", b->holder, sizeof(b->holder));
	if (b->prefix.addr.family != 0 && !o.full)
		put_line(&o, "prefix", prefix_format(&b->prefix, prefix));
	put_octets(&o, "certificate", b->cert, b->certlen);
	for (unsigned i = 0; i < b->nrecords; i++) {
		wbuf_init(&w, octets, sizeof(octets));
		record_put(&w, &b->record[i]);
		if (wbuf_done(&w) == -1)
			return 0;
		put_octets(&o, "record", octets, w.len);
	}
	return o.full ? 0 : o.len;
}

/* What the file has said so far, a bit each. */
enum {
	GOT_AUTHORITY = 1,
	GOT_DIRECTORY = 2,
	GOT_HOLDER = 4,
	GOT_CERTIFICATE = 8,
	GOT_ALL = 15,
	GOT_PREFIX = 16
};

static const char *
take_key(uint8_t key[32], const char *value, size_t len)
{
	return base64_get(key, 32, value, len) == 32
	    ? NULL
	    : "this is not a key (44 characters of base64)";
}

static const char *
take_prefix(struct bundle *b, const char *value, size_t len)
{
	char text[PREFIX_STRLEN];

	if (len < sizeof(text)) {
		memcpy(text, value, len);
		text[len] = '\0';
		if (prefix_parse(text, &b->prefix) == 0 &&
		    b->prefix.addr.family == 4 && prefix_ok(&b->prefix))
			return NULL;
	}
	return "this is not an IPv4 network";
}

static const char *
take_cert(struct bundle *b, const char *value, size_t len)
{
	long n = base64_get(b->cert, sizeof(b->cert), value, len);

	if (n < 1)
		return "this is not base64, or too long for a certificate";
	b->certlen = (uint16_t)n;
	return NULL;
}

static const char *
take_record(struct bundle *b, const char *value, size_t len)
{
	uint8_t octets[RECORD_MAX];
	struct rbuf r;
	long n;

	if (b->nrecords == BUNDLE_RECORDS_MAX)
		return "too many records";
	n = base64_get(octets, sizeof(octets), value, len);
	if (n < 1)
		return "this is not base64, or too long for a record";
	rbuf_init(&r, octets, (size_t)n);
	record_get(&r, &b->record[b->nrecords]);
	if (rbuf_done(&r) == -1)
		return "this is not a record";
	b->nrecords++;
	return NULL;
}

static const char *
take(struct bundle *b, unsigned *got, const char *line, size_t len)
{
	/* clang-format off */
	static const struct {
		const char *word;
		unsigned bit; /* 0: may be repeated */
	} words[] = {
		{ "authority ", GOT_AUTHORITY }, { "directory ", GOT_DIRECTORY },
		{ "holder ", GOT_HOLDER }, { "certificate ", GOT_CERTIFICATE },
		{ "prefix ", GOT_PREFIX }, { "record ", 0 },
	};
	/* clang-format on */
	size_t i, n = 0;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i].word);
		if (len > n && memcmp(line, words[i].word, n) == 0)
			break;
	}
	if (i == sizeof(words) / sizeof(words[0]))
		return "no line of a certificate file begins like this";
	if ((*got & words[i].bit) != 0)
		return "this was said before";
	*got |= words[i].bit;
	line += n;
	len -= n;
	switch (words[i].bit) {
	case GOT_AUTHORITY:
		return take_key(b->authority, line, len);
	case GOT_DIRECTORY:
		return take_key(b->directory, line, len);
	case GOT_HOLDER:
		return take_key(b->holder, line, len);
	case GOT_CERTIFICATE:
		return take_cert(b, line, len);
	case GOT_PREFIX:
		return take_prefix(b, line, len);
	default:
		return take_record(b, line, len);
	}
}

int
bundle_parse(const char *text, size_t len, struct bundle *b, unsigned *line,
    const char **why)
{
	unsigned got = 0;

	memset(b, 0, sizeof(*b));
	*why = NULL;
	for (*line = 1; len > 0; ++*line) {
		const char *end = memchr(text, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - text);

		if (n > 0 && text[0] != '#')
			*why = take(b, &got, text, n);
		if (*why != NULL)
			goto bad;
		n += end != NULL;
		text += n;
		len -= n;
	}
	*why = "the file ends without an authority, directory, holder or "
	       "certificate";
	if ((got & GOT_ALL) == GOT_ALL)
		return 0;
bad:
	memset(b, 0, sizeof(*b));
	return -1;
}

/* ---- issue ---- */

static int
add_record(struct bundle *b, struct record *r, const struct netkeys *keys,
    const struct cert *c, const uint8_t dir_seed[32])
{
	if (b->nrecords == BUNDLE_RECORDS_MAX)
		return -1;
	memcpy(r->k, b->directory, sizeof(r->k));
	r->seq = c->not_before;
	if (record_seal(r, keys->rec, b->cert, b->certlen) == -1 ||
	    record_sign(r, dir_seed) == -1)
		return -1;
	b->nrecords++;
	return 0;
}

/* The record that is made next; its kind is set. */
static struct record *
next_record(struct bundle *b, enum record_kind kind)
{
	/* one too many is add_record's to refuse */
	unsigned i = b->nrecords < BUNDLE_RECORDS_MAX ? b->nrecords
						      : BUNDLE_RECORDS_MAX - 1;

	b->record[i].kind = kind;
	return &b->record[i];
}

static int
issue_records(struct bundle *b, const struct cert *c,
    const struct netkeys *keys, const uint8_t dir_seed[32])
{
	struct addr place[CERT_ADDRESSES_MAX + 1];
	unsigned n = 0;
	struct record *r;

	cert_address6(&place[n++], b->authority, c->node);
	for (unsigned i = 0; i < c->naddresses; i++)
		if (!addr_eq(&c->address[i].addr, &place[0]))
			place[n++] = c->address[i].addr;
	for (unsigned i = 0; i < n; i++) {
		r = next_record(b, REC_ADDRESS);
		record_salt_address(r->salt, keys->rdv, &place[i]);
		if (add_record(b, r, keys, c, dir_seed) == -1)
			return -1;
	}
	r = next_record(b, REC_KEY);
	record_salt_key(r->salt, keys->rdv, c->node);
	if (add_record(b, r, keys, c, dir_seed) == -1)
		return -1;
	r = next_record(b, REC_NAME);
	record_salt_name(r->salt, keys->rdv, c->name);
	return add_record(b, r, keys, c, dir_seed);
}

int
bundle_issue(struct bundle *b, struct cert *c, const uint8_t ca_seed[32],
    const uint8_t dir_seed[32])
{
	struct netkeys keys;
	int ret = -1;

	b->nrecords = 0;
	b->certlen = (uint16_t)cert_sign(b->cert, c, ca_seed);
	if (b->certlen == 0)
		return -1;
	netkeys_derive(&keys, b->secret);
	ret = issue_records(b, c, &keys, dir_seed);
	crypto_wipe(&keys, sizeof(keys));
	return ret;
}
