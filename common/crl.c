/* SPDX-License-Identifier: ISC */
/* file: common/crl.c */
/*
 * The list of revoked serials (see cert.h): which certificates don't count
 * although nothing else is wrong with them.
 *
 * It goes from member to member and lies in the DHT, so it comes from anybody;
 * only an authority's signature makes it count.  Which of two lists is the
 * newer one its number says, and who compares them is the caller's business.
 */
#include <string.h>

#include "buf.h"
#include "cert.h"
#include "crypto.h"

#define VERSION 1
#define NUMBER_AT 3 /* "MR", version, then the number */

static const char domain[] = "mesh1 crl"; /* signed with its NUL */

/* Shape only; ascending, so that there is one way to write a list. */
static int
crl_read(const void *data, size_t len, struct crl *l)
{
	struct rbuf r;

	rbuf_init(&r, data, len);
	if (rbuf_u16(&r) != ('M' << 8 | 'R') || rbuf_u8(&r) != VERSION)
		return -1;
	*l = (struct crl){0};
	l->number = rbuf_u64(&r);
	l->issued = rbuf_u64(&r);
	l->next_update = rbuf_u64(&r);
	l->n = rbuf_u16(&r);
	if (l->n > CRL_SERIALS_MAX || l->next_update < l->issued)
		return -1;
	for (unsigned i = 0; i < l->n; i++) {
		l->serial[i] = rbuf_u64(&r);
		if (i > 0 && l->serial[i] <= l->serial[i - 1])
			return -1;
	}
	rbuf_skip(&r, CERT_SIG);
	return rbuf_done(&r);
}

int
crl_get(const void *data, size_t len, const uint8_t (*ca)[32], unsigned nca,
    struct crl *out)
{
	uint8_t signed_octets[sizeof(domain) + CRL_MAX];
	const uint8_t *sig;
	struct crl l;

	if (crl_read(data, len, &l) == -1)
		return -1;
	memcpy(signed_octets, domain, sizeof(domain));
	memcpy(signed_octets + sizeof(domain), data, len - CERT_SIG);
	sig = (const uint8_t *)data + len - CERT_SIG;
	for (unsigned i = 0; i < nca; i++)
		if (crypto_verify(sig, ca[i], signed_octets,
			sizeof(domain) + len - CERT_SIG)) {
			*out = l;
			return 0;
		}
	return -1;
}

size_t
crl_sign(uint8_t out[CRL_MAX], const struct crl *l, const uint8_t ca_seed[32])
{
	uint8_t signed_octets[sizeof(domain) + CRL_MAX];
	struct crl again;
	struct wbuf w;

	if (l->n > CRL_SERIALS_MAX)
		return 0;
	wbuf_init(&w, out, CRL_MAX - CERT_SIG);
	wbuf_bytes(&w, "MR", 2);
	wbuf_u8(&w, VERSION);
	wbuf_u64(&w, l->number);
	wbuf_u64(&w, l->issued);
	wbuf_u64(&w, l->next_update);
	wbuf_u16(&w, l->n);
	for (unsigned i = 0; i < l->n; i++)
		wbuf_u64(&w, l->serial[i]);
	if (wbuf_done(&w) == -1)
		return 0;
	memcpy(signed_octets, domain, sizeof(domain));
	memcpy(signed_octets + sizeof(domain), out, w.len);
	if (crypto_sign(out + w.len, ca_seed, signed_octets,
		sizeof(domain) + w.len) == -1 ||
	    crl_read(out, w.len + CERT_SIG, &again) == -1)
		return 0;
	return w.len + CERT_SIG;
}

uint64_t
crl_number(const void *data, size_t len)
{
	struct rbuf r;
	uint64_t n;

	rbuf_init(&r, data, len);
	rbuf_skip(&r, NUMBER_AT);
	n = rbuf_u64(&r);
	return r.bad ? 0 : n;
}

bool
crl_has(const struct crl *l, uint64_t serial)
{
	unsigned low = 0, high = l->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->serial[mid] == serial)
			return true;
		if (l->serial[mid] < serial)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
