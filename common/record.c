/* SPDX-License-Identifier: ISC */
/* file: common/record.c */
/*
 * Records: where they are, how they are sealed, signed and carried (see
 * record.h).
 *
 * Two layers, two kinds of reader.  Anybody who stores a record checks the
 * signature, which is over what he sees; only a member can open what is
 * sealed, and sealing is bound to place, number and signer, so that a content
 * can't be taken out of one record and put into another.
 *
 * Whoever seals must never use a (salt, seq) for a second content: the nonce is
 * always zero.  For place records keyd sees to that, as it does not sign twice
 * with the same seq; directory records are made once, when the certificate is.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "record.h"

#define SEQ_MAX ((uint64_t)INT64_MAX) /* BEP44 */
#define NAME_MAX_LEN 64

/* ---- where it is ---- */

static void
salt_of(uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const char *label,
    const void *value, size_t len)
{
	crypto_hmac256(salt, rdv, 32, label, strlen(label), value, len);
}

void
record_salt_address(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const struct addr *a)
{
	uint8_t v[17];
	const size_t n = addr_bits(a) / 8;

	v[0] = a->family;
	memcpy(v + 1, a->b, n);
	salt_of(salt, rdv, "ip", v, 1 + n);
}

void
record_salt_key(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const uint8_t node[32])
{
	salt_of(salt, rdv, "nk", node, 32);
}

void
record_salt_name(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const char *name)
{
	char lower[NAME_MAX_LEN];
	size_t n = strnlen(name, sizeof(lower));

	for (size_t i = 0; i < n; i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z'
			? name[i] - 'A' + 'a'
			: name[i]);
	salt_of(salt, rdv, "dn", lower, n);
}

void
record_salt_place(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const uint8_t node[32])
{
	salt_of(salt, rdv, "ep", node, 32);
}

void
record_salt_state(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], uint8_t page)
{
	salt_of(salt, rdv, "net", &page, 1);
}

/* ---- what it is ---- */

/* At most three digits, none of them a leading zero: there is one way. */
const uint8_t *
record_string(const void *v, size_t vlen, size_t *len)
{
	const uint8_t *p = v;
	size_t n = 0, i;

	for (i = 0; i < vlen && i < 3 && p[i] >= '0' && p[i] <= '9'; i++)
		n = n * 10 + (size_t)(p[i] - '0');
	if (i == 0 || i == vlen || p[i] != ':' || (p[0] == '0' && i > 1) ||
	    vlen - i - 1 != n)
		return NULL;
	*len = n;
	return p + i + 1;
}

static void
sealing_key(uint8_t key[32], const struct record *r, const uint8_t rec[32])
{
	uint8_t seq[8];
	struct wbuf w;

	wbuf_init(&w, seq, sizeof(seq));
	wbuf_u64(&w, r->seq);
	crypto_hkdf256(key, rec, 32, r->salt, RECORD_SALT, seq, sizeof(seq));
}

int
record_seal(
    struct record *r, const uint8_t rec[32], const void *content, size_t len)
{
	char head[8];
	uint8_t key[32];
	int n;

	if (len > RECORD_CONTENT_MAX || r->seq > SEQ_MAX)
		return -1;
	n = snprintf(head, sizeof(head), "%zu:", len + CRYPTO_TAG);
	memcpy(r->v, head, (size_t)n);
	sealing_key(key, r, rec);
	crypto_seal(r->v + n, key, 0, r->k, sizeof(r->k), content, len);
	crypto_wipe(key, sizeof(key));
	r->vlen = (uint16_t)((size_t)n + len + CRYPTO_TAG);
	return 0;
}

size_t
record_tbs(uint8_t out[RECORD_TBS_MAX], const uint8_t salt[RECORD_SALT],
    uint64_t seq, const void *v, size_t vlen)
{
	char number[24];
	struct wbuf w;
	int n;

	n = snprintf(number, sizeof(number), "%llu", (unsigned long long)seq);
	wbuf_init(&w, out, RECORD_TBS_MAX);
	wbuf_bytes(&w, "4:salt32:", 9);
	wbuf_bytes(&w, salt, RECORD_SALT);
	wbuf_bytes(&w, "3:seqi", 6);
	wbuf_bytes(&w, number, (size_t)n);
	wbuf_bytes(&w, "e1:v", 4);
	wbuf_bytes(&w, v, vlen);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

int
record_sign(struct record *r, const uint8_t seed[32])
{
	uint8_t tbs[RECORD_TBS_MAX];
	size_t len, n;

	if (r->seq > SEQ_MAX || r->vlen > RECORD_V_MAX ||
	    record_string(r->v, r->vlen, &n) == NULL)
		return -1;
	len = record_tbs(tbs, r->salt, r->seq, r->v, r->vlen);
	return len == 0 ? -1 : crypto_sign(r->sig, seed, tbs, len);
}

bool
record_verify(const struct record *r)
{
	uint8_t tbs[RECORD_TBS_MAX];
	size_t len;

	if (r->seq > SEQ_MAX || r->vlen > RECORD_V_MAX)
		return false;
	len = record_tbs(tbs, r->salt, r->seq, r->v, r->vlen);
	return len != 0 && crypto_verify(r->sig, r->k, tbs, len);
}

int
record_open(uint8_t out[RECORD_CONTENT_MAX], const struct record *r,
    const uint8_t rec[32])
{
	const uint8_t *sealed;
	uint8_t key[32];
	size_t n;
	int ok;

	if (r->vlen > RECORD_V_MAX)
		return -1;
	sealed = record_string(r->v, r->vlen, &n);
	if (sealed == NULL || n < CRYPTO_TAG || n > RECORD_SEALED_MAX)
		return -1;
	sealing_key(key, r, rec);
	ok = crypto_open(out, key, 0, r->k, sizeof(r->k), sealed, n);
	crypto_wipe(key, sizeof(key));
	return ok == -1 ? -1 : (int)(n - CRYPTO_TAG);
}

/* ---- as octets ---- */

void
record_put(struct wbuf *w, const struct record *r)
{
	if (r->vlen > RECORD_V_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, (uint8_t)r->kind);
	wbuf_bytes(w, r->k, sizeof(r->k));
	wbuf_u64(w, r->seq);
	wbuf_bytes(w, r->sig, sizeof(r->sig));
	wbuf_bytes(w, r->salt, sizeof(r->salt));
	wbuf_u16(w, r->vlen);
	wbuf_bytes(w, r->v, r->vlen);
}

void
record_get(struct rbuf *r, struct record *out)
{
	uint8_t kind;
	size_t n;

	memset(out, 0, sizeof(*out));
	kind = rbuf_u8(r);
	rbuf_bytes(r, out->k, sizeof(out->k));
	out->seq = rbuf_u64(r);
	rbuf_bytes(r, out->sig, sizeof(out->sig));
	rbuf_bytes(r, out->salt, sizeof(out->salt));
	out->vlen = rbuf_u16(r);
	if (kind < REC_ADDRESS || kind > REC_STATE || out->seq > SEQ_MAX ||
	    out->vlen > RECORD_V_MAX)
		r->bad = true;
	rbuf_bytes(r, out->v, r->bad ? 0 : out->vlen);
	if (r->bad || record_string(out->v, out->vlen, &n) == NULL ||
	    n < CRYPTO_TAG) {
		r->bad = true;
		memset(out, 0, sizeof(*out));
		kind = REC_ADDRESS;
	}
	out->kind = (enum record_kind)kind;
}
