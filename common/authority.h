/* SPDX-License-Identifier: ISC */
/* file: common/authority.h */
#ifndef AUTHORITY_H
#define AUTHORITY_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * What makes a network: the keys that sign for it and what its members know.
 * Its file (identity.key.authority, 0400) is text, `word base64` a line:
 *	authority, directory: Ed25519 seeds; secret: the network's; prefix: text
 * Pure; in ledger.c.
 */
#define AUTHORITY_TEXT_MAX 256

struct authority {
	uint8_t ca_seed[32], dir_seed[32], secret[32];
	struct prefix prefix; /* IPv4; family 0: none */
};
/* 0, or -1: something is missing, twice or strange */
int authority_parse(const char *text, size_t len, struct authority *);
/* Its length, 0: does not fit. */
size_t authority_print(char *out, size_t cap, const struct authority *);

#endif
