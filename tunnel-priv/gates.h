/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/gates.h */
#ifndef GATES_H
#define GATES_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * Where the host's default route leads: the gateway that may be asked for a
 * port, and the address that this host has on the link to it.  A route into
 * the tunnel itself, own, is none.
 */
bool gates_eq(const struct msg_gateways *, const struct msg_gateways *);

/* ---- one file a system ---- */
/* n is 0 if there is none, or the system can't say. */
void gates_read(uint32_t own, struct msg_gateways *);
/* The same of the kernel's answer; for tests. */
void gates_parse(const void *, size_t len, uint32_t own, struct msg_gateways *);

#endif
