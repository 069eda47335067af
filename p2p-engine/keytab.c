/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/keytab.c */
/* The table of keytab.h: at most half full, so that a search always ends. */
#include "keytab.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

struct place {
	uint8_t key[32];
	uint32_t slot; /* KEYTAB_NONE: free */
};

struct keytab {
	uint8_t hash_key[16];
	uint32_t mask, n;
	struct place place[];
};

struct keytab *
keytab_new(uint32_t n, const uint8_t hash_key[16])
{
	struct keytab *t;
	uint32_t places = 8;

	while (places < n * 2 && places < (1u << 30))
		places *= 2;
	t = calloc(1, sizeof(*t) + places * sizeof(struct place));
	if (t == NULL)
		return NULL;
	memcpy(t->hash_key, hash_key, sizeof(t->hash_key));
	t->mask = places - 1;
	for (uint32_t i = 0; i < places; i++)
		t->place[i].slot = KEYTAB_NONE;
	return t;
}

void
keytab_free(struct keytab *t)
{
	free(t);
}

/* The number of the key's place, or of the free one where it would go. */
static uint32_t
find_place(const struct keytab *t, const uint8_t key[32])
{
	uint32_t i = (uint32_t)siphash(t->hash_key, key, 32) & t->mask;

	while (t->place[i].slot != KEYTAB_NONE &&
	    memcmp(t->place[i].key, key, 32) != 0)
		i = (i + 1) & t->mask;
	return i;
}

uint32_t
keytab_put(struct keytab *t, const uint8_t key[32], uint32_t slot)
{
	struct place *p = &t->place[find_place(t, key)];

	if (p->slot != KEYTAB_NONE)
		return p->slot;
	if (t->n >= t->mask / 2 + 1)
		return KEYTAB_NONE; /* the caller asked for less room */
	memcpy(p->key, key, 32);
	p->slot = slot;
	t->n++;
	return slot;
}

uint32_t
keytab_find(const struct keytab *t, const uint8_t key[32])
{
	if (t == NULL)
		return KEYTAB_NONE;
	return t->place[find_place(t, key)].slot;
}
