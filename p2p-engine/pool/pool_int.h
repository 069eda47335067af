/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/pool_int.h */
#ifndef POOL_INT_H
#define POOL_INT_H

#include "pool.h"

/* What the two files of the pool share. */

/* Streams that carry flows or are going to, stream 0 among them. */
unsigned pool_standing(const struct pool *);
/* A place for one more: not what just failed, if it can be helped; 0: none. */
unsigned pool_free_place(const struct pool *);

#endif
