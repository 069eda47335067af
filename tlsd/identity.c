/* SPDX-License-Identifier: ISC */
/* file: tlsd/identity.c */
/* The key, the certificate and the contexts of TLS, see identity.h. */
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "identity.h"

#define MAGIC "mesh tls key 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define LIFE_S (3650L * 86400)
#define EARLIER_S (-86400L) /* the other one's clock may be late */

static const unsigned char alpn[] = "\x08http/1.1";

/* A P-256 key as the file has it: DER behind a first line. */
static EVP_PKEY *
key_of(const uint8_t *file, size_t len)
{
	const unsigned char *p = file + MAGIC_LEN;
	EVP_PKEY *key;

	if (len <= MAGIC_LEN || memcmp(file, MAGIC, MAGIC_LEN) != 0)
		return NULL;
	key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, (long)(len - MAGIC_LEN));
	if (key == NULL)
		return NULL;
	if (EVP_PKEY_get_bits(key) == 256)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static int
write_key(EVP_PKEY *key, uint8_t out[IDENTITY_FILE_MAX])
{
	int n = i2d_PrivateKey(key, NULL);
	unsigned char *p = out + MAGIC_LEN;

	if (n <= 0 || (size_t)n > IDENTITY_FILE_MAX - MAGIC_LEN)
		return -1;
	memcpy(out, MAGIC, MAGIC_LEN);
	return i2d_PrivateKey(key, &p) == n ? n + (int)MAGIC_LEN : -1;
}

/* Nothing in it says whose it is. */
static X509 *
make_cert(EVP_PKEY *key)
{
	X509 *c = X509_new();

	if (c == NULL)
		return NULL;
	if (X509_set_version(c, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(c), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(c), EARLIER_S) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(c), LIFE_S) != NULL &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN",
		MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
		0) == 1 &&
	    X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
	    X509_set_pubkey(c, key) == 1 &&
	    X509_sign(c, key, EVP_sha256()) != 0)
		return c;
	X509_free(c);
	return NULL;
}

int
identity_pin(X509 *cert, uint8_t pin[PIN_OCTETS])
{
	unsigned char *der = NULL;
	unsigned int n = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der), r;

	if (len <= 0)
		return -1;
	r = EVP_Digest(der, (size_t)len, pin, &n, EVP_sha256(), NULL);
	OPENSSL_free(der);
	return r == 1 && n == PIN_OCTETS ? 0 : -1;
}

int
identity_load(struct identity *id, const uint8_t *file, size_t len,
    uint8_t out[IDENTITY_FILE_MAX])
{
	int n = 0;

	memset(id, 0, sizeof(*id));
	id->key = key_of(file, len);
	if (id->key == NULL) {
		id->key = EVP_EC_gen("P-256");
		if (id->key == NULL || (n = write_key(id->key, out)) == -1)
			goto fail;
	}
	id->cert = make_cert(id->key);
	if (id->cert != NULL && identity_pin(id->cert, id->pin) == 0)
		return n;
fail:
	identity_clear(id);
	return -1;
}

void
identity_clear(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	memset(id, 0, sizeof(*id));
}

static SSL_CTX *
context(const SSL_METHOD *how)
{
	SSL_CTX *c = SSL_CTX_new(how);

	if (c == NULL)
		return NULL;
	SSL_CTX_set_mode(c,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_num_tickets(c, 0);
	if (SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1)
		return c;
	SSL_CTX_free(c);
	return NULL;
}

static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, outlen,
		alpn, sizeof(alpn) - 1, in, inlen) == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX *
identity_server(const struct identity *id)
{
	SSL_CTX *c = context(TLS_server_method());

	if (c == NULL)
		return NULL;
	SSL_CTX_set_alpn_select_cb(c, choose_alpn, NULL);
	if (SSL_CTX_use_certificate(c, id->cert) == 1 &&
	    SSL_CTX_use_PrivateKey(c, id->key) == 1)
		return c;
	SSL_CTX_free(c);
	return NULL;
}

SSL_CTX *
identity_client(int (*check)(X509_STORE_CTX *, void *))
{
	SSL_CTX *c = context(TLS_client_method());

	if (c == NULL)
		return NULL;
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(c, check, NULL);
	/* 0 is success, unlike everywhere else */
	if (SSL_CTX_set_alpn_protos(c, alpn, sizeof(alpn) - 1) == 0)
		return c;
	SSL_CTX_free(c);
	return NULL;
}
