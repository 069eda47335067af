/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/search_int.h */
#ifndef SEARCH_INT_H
#define SEARCH_INT_H

/*
 * What the two halves of a lookup's choice share.
 *
 *	search.c      the candidates: whom to ask, what became of it
 *	search_end.c  is it enough, what can't be true, where an item goes
 */
#include "search.h"

#define BIT 16 /* score: one bit of closeness */
#define ALL_BITS (DHT_ID * 8 + 1)
#define CROWD_BITS 2 /* two bits beyond the depth 2 nodes are expected */

bool search_in_crowd(const struct search *, const struct cand *);
/* More of them than there can be have been asked already? */
bool search_crowd_is_full(const struct search *);
/* ... of those with at least `from` and less than `to` bits? */
bool search_is_crowded(const struct search *, unsigned from, unsigned to);
/* 0: never; 1: when there is nobody else; 2: a candidate like any other */
int search_rank(const struct search *, const struct cand *, bool full);
/* Asking again is for lost datagrams, and has a bound of its own. */
unsigned search_most(const struct search *);
/* What the least used line of a candidate has had. */
uint32_t search_least_spent(const uint32_t spent[SEARCH_LINES], uint32_t lines);
void search_charge(uint32_t spent[SEARCH_LINES], uint32_t lines);

#endif
