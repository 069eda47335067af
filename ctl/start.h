/* SPDX-License-Identifier: ISC */
/* file: ctl/start.h */
#ifndef START_H
#define START_H

#include <stddef.h>
#include <stdint.h>

#include "paths.h"

/*
 * Other programs, as meshctl (root) starts them.
 */

/*
 * The service: by systemd if it runs this machine and all is where the unit
 * looks, else tunnel-priv itself, which goes into the background when it is
 * up.  Then until it answers.  EXIT_FINE and *how, or reported.
 */
int start_service(const struct call *, const struct paths *, const char **how);
/* What to type instead. */
void start_hint(
    const struct call *, const struct paths *, char *out, size_t cap);

/*
 * mesh-join, which looks at what comes from the network so that root need not:
 * under the engine's account, without an environment, with three descriptors
 * and those every child has (proc.h).  It gets the job and is waited for until
 * wait_ms are over.  How long its answer is, or -1 and it has been reported.
 */
long start_join(const struct call *, const struct paths *, const uint8_t *job,
    size_t len, uint8_t *answer, size_t cap, unsigned wait_ms);

#endif
