/* SPDX-License-Identifier: ISC */
/* file: common/siphash.h */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 (Aumasson, Bernstein): the keyed hash of every hash table. */
uint64_t siphash(const uint8_t key[16], const void *data, size_t len);

#endif
