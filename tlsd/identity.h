/* SPDX-License-Identifier: ISC */
/* file: tlsd/identity.h */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#define PIN_OCTETS 32 /* SHA-256 of a SubjectPublicKeyInfo */
#define IDENTITY_FILE_MAX 512

/*
 * This node's TLS key (P-256) and what it is shown with: a certificate of its
 * own signing, made at every start.  The key is no other key of the node, and
 * proves nothing but that the place is the one that was meant; who the peer is
 * its handshake says, inside.
 */
struct identity {
	EVP_PKEY *key;
	X509 *cert;
	uint8_t pin[PIN_OCTETS];
};

/*
 * From a file's octets; if they are no key: a new one, and what to write into
 * the file in out.  The octets to write, 0: none, -1: no key can be had.
 */
int identity_load(struct identity *, const uint8_t *file, size_t len,
    uint8_t out[IDENTITY_FILE_MAX]);
void identity_clear(struct identity *);
/* Of somebody's certificate.  0 or -1. */
int identity_pin(X509 *, uint8_t pin[PIN_OCTETS]);

/* What connections are made of; NULL: no memory.  TLS 1.3, and nothing else. */
SSL_CTX *identity_server(const struct identity *);
/* Certificates are judged by check(ctx): 1 good, 0 not. */
SSL_CTX *identity_client(int (*check)(X509_STORE_CTX *, void *));

#endif
