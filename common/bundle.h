/* SPDX-License-Identifier: ISC */
/* file: common/bundle.h */
#ifndef BUNDLE_H
#define BUNDLE_H

#include "cert.h"
#include "record.h"

/*
 * What a member has from its network: what it is told when it joins, and what
 * lies in its certificate file.  Pure.
 *
 * octets: "MB" | u8 version 1 | authority key 32 | directory key 32
 * | holder's node key 32 | secret 32 | IPv4 prefix (family 0: none)
 * | u16 length, certificate | u8 n <= BUNDLE_RECORDS_MAX | n records
 *
 * The certificate file is text, `word base64` a line, and has all of it but
 * the secret (which is a file of its own):
 *	authority, directory, holder: keys; prefix: as text;
 *	certificate; record (repeat).  Blank lines and # comments are skipped.
 */
#define BUNDLE_RECORDS_MAX 6
#define BUNDLE_MAX                                                             \
	(3 + 4 * 32 + 18 + 2 + CERT_MAX + 1 + BUNDLE_RECORDS_MAX * RECORD_MAX)
#define BUNDLE_TEXT_MAX (2 * BUNDLE_MAX)

struct bundle {
	uint8_t authority[32], directory[32], holder[32], secret[32];
	struct prefix prefix;
	uint16_t certlen;
	uint8_t cert[CERT_MAX];
	uint8_t nrecords;
	struct record record[BUNDLE_RECORDS_MAX];
};
size_t bundle_put(uint8_t out[BUNDLE_MAX], const struct bundle *);
int bundle_get(const void *, size_t len, struct bundle *); /* shape only */
/*
 * Is it good for this node now: certificate of this authority and key, records
 * signed by the directory key, in the network's places?  NULL or why not.
 */
const char *bundle_verify(
    const struct bundle *, const uint8_t node[32], uint64_t unix_s);
/* The certificate file without the secret; its length, 0: does not fit. */
size_t bundle_print(char *out, size_t cap, const struct bundle *);
/* 0, or -1 with the line's number and what is wrong.  Secret stays zero. */
int bundle_parse(const char *text, size_t len, struct bundle *, unsigned *line,
    const char **why);

/*
 * Issue: fills b->cert and b->record (address, key and name) for c.  b has the
 * network's keys, secret and prefix.  0 or -1.
 */
int bundle_issue(struct bundle *b, struct cert *c, const uint8_t ca_seed[32],
    const uint8_t dir_seed[32]);

#endif
