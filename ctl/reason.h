/* SPDX-License-Identifier: ISC */
/* file: ctl/reason.h */
#ifndef REASON_H
#define REASON_H

#include "counters.h"

/*
 * What an administrator can do about a packet that was dropped for this reason:
 * a sentence for every K_DROP; NULL for what is none.  mesh-drops(7) says more.
 */
const char *reason_fix(enum counter);

#endif
