/* SPDX-License-Identifier: ISC */
/* file: keyd/askrate.h */
#ifndef ASKRATE_H
#define ASKRATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How often one kind of question is answered: a token bucket.  Pure; time comes
 * in, and time that goes back gives nothing.
 */
struct askrate {
	uint64_t tokens_milli, refilled_ms;
};

void askrate_fill(struct askrate *, uint64_t now_ms, uint64_t burst);
/* One token, if there is one.  rate: a second, at least 1. */
bool askrate_take(
    struct askrate *, uint64_t now_ms, uint64_t rate, uint64_t burst);

#endif
