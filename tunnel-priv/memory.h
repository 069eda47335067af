/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/memory.h */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/*
 * Memory for two processes: a descriptor that can be mapped, of exactly len
 * octets of zeroes, whose length neither of them can change (else the other
 * could be killed by a page that is not there any more).  -1: this system does
 * not have it.
 */
int memory_shared(size_t len);

#endif
