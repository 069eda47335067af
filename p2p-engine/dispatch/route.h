/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/route.h */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * Longest prefix -> value (a peer's slot number), both families: a
 * path-compressed binary trie.  route_find does not allocate.
 */
struct route_table;
#define ROUTE_NONE UINT32_MAX

struct route_table *route_new(void);
void route_free(struct route_table *);
/*
 * 0 (also when it is there with this value); -1 and errno: ENOMEM; EEXIST, the
 * same prefix has another value; EINVAL, no such family or length, or value
 * ROUTE_NONE.  Host bits are ignored, v4-mapped prefixes are IPv4.
 */
int route_add(struct route_table *, const struct prefix *, uint32_t value);
int route_del(struct route_table *, const struct prefix *); /* -1: not there */
uint32_t route_find(const struct route_table *, const struct addr *);
/* Of the longest prefix that holds all of this one (or is it). */
uint32_t route_cover(const struct route_table *, const struct prefix *);
size_t route_count(const struct route_table *);

#endif
