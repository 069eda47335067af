/* SPDX-License-Identifier: ISC */
/* file: ctl/peercred.h */
#ifndef PEERCRED_H
#define PEERCRED_H

#include <stdint.h>

/*
 * Who is at the other end of a connected unix socket: the effective uid and
 * the process at the time of connect(2), as the kernel says.  0, or -1 with
 * errno.  One file a system.
 */
int peercred(int sock, uint32_t *uid, uint32_t *pid);

#endif
