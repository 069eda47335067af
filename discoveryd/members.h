/* SPDX-License-Identifier: ISC */
/* file: discoveryd/members.h */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cert.h"
#include "conf.h"
#include "record.h"

/*
 * What this node knows of the other members of its network: certificates, the
 * records they came in, and places.
 *
 *	certificate or record --verified--> member
 *	address, name or key --> member, the one with the highest serial
 *
 * Pure but for malloc.  Nothing is kept whose signature is not right, so only
 * members can make the table grow, and they to MEMBERS_MAX: then the one that
 * was of use longest ago goes.  Times are unix seconds: a place keeps its age
 * over a restart.  The engine checks every certificate again.
 */
#define MEMBERS_MAX 1024
#define MEMBER_RECORDS 4 /* of one: two addresses, key, name */

struct member {
	struct cert cert;
	struct addr ip6; /* the address that comes from its key */
	uint16_t certlen;
	uint8_t certificate[CERT_MAX];
	uint8_t nrecords;
	struct record *record[MEMBER_RECORDS]; /* heap */
	struct record *place_record;           /* heap, or NULL */
	struct place place;                    /* of it */
	uint64_t place_s;                      /* when it came */
	struct endpoint seen; /* family 0: the engine has not reached it */
	uint64_t seen_s;
	bool up, own;
	uint64_t used;       /* tick of the last use */
	uint64_t renewed_ms; /* when its place was looked for last */
};

struct members;

struct members *members_new(void); /* knows no network; NULL: no memory */
void members_free(struct members *);
/*
 * The network, or NULL: none.  Who does not belong to it any more is
 * forgotten.
 */
void members_configure(
    struct members *, uint64_t unix_s, const struct conf_net *);
bool members_on(const struct members *);
const struct conf_net *members_net(const struct members *);
size_t members_count(const struct members *);
uint64_t members_crowded(const struct members *); /* forgotten for others */
/* Is it an address of the overlay?  Nothing of it is outside the tunnel. */
bool members_inside(const struct members *, const struct addr *);

/*
 * A revocation list: 1 new and kept, 0 not newer than the one there is, -1 not
 * by this network's authority.  Who is on it is forgotten.
 */
int members_crl(struct members *, uint64_t unix_s, const void *, size_t len);
const uint8_t *members_crl_octets(const struct members *, size_t *len);

/*
 * What somebody says.  The member it is about, with the certificate (or place)
 * that is now known of it, or NULL: it is not right, or of nobody known.
 * *fresh: something changed.  A certificate with a lower serial than the one
 * known of that key changes nothing.
 */
struct member *members_cert(
    struct members *, uint64_t unix_s, const void *, size_t len, bool *fresh);
struct member *members_record(
    struct members *, uint64_t unix_s, const struct record *, bool *fresh);
/* Which of them is this node; kept until another takes its place. */
void members_own(struct members *, struct member *);

/*
 * The engine authenticated this key there.  False: nothing is known of it yet;
 * it is remembered for when its certificate comes.
 */
bool members_seen(struct members *, uint64_t unix_s, const uint8_t key[32],
    const struct endpoint *, bool up);

/* Questions.  NULL: nobody known, or its time is over. */
struct member *members_by_key(
    struct members *, uint64_t unix_s, const uint8_t key[32]);
/* Its own address, else the longest route that it may announce. */
struct member *members_by_ip(
    struct members *, uint64_t unix_s, const struct addr *);
/* any case */
struct member *members_by_name(
    struct members *, uint64_t unix_s, const char *name);
/* Is this question about that member? */
bool member_is(const struct member *, const struct msg_find_ask *);
/* Any order; *cursor is 0 at first.  NULL: no more. */
struct member *members_next(struct members *, size_t *cursor);

#endif
