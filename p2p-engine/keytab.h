/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/keytab.h */
#ifndef KEYTAB_H
#define KEYTAB_H

#include <stdint.h>

/*
 * Public key -> slot number: who sent this initiation, which peer does this
 * line of the configuration mean.  Pure.  Made once for a configuration and
 * never changed; keyed hash, because strangers choose the keys they show.
 */
#define KEYTAB_NONE UINT32_MAX

struct keytab;

struct keytab *keytab_new(uint32_t n, const uint8_t hash_key[16]);
void keytab_free(struct keytab *); /* NULL is fine */
/* The slot number that is there now: another one if the key was known. */
uint32_t keytab_put(struct keytab *, const uint8_t key[32], uint32_t slot);
/* KEYTAB_NONE: unknown; also of a NULL table */
uint32_t keytab_find(const struct keytab *, const uint8_t key[32]);

#endif
