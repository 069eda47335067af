/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/sock.h */
#ifndef SOCK_H
#define SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"

/*
 * The sockets that other processes use but only priv may make: UDP for
 * the engine, TCP to listen on for tlsd, listening unix sockets for control.
 * All are close-on-exec and non-blocking; errors come as a sentence in err.
 */
#define SOCK_ERR 256

/*
 * Bound to `want` (an IPv6 socket takes IPv6 only); *local is what it was
 * bound to.  The descriptor, or -1.  Only the port of multicast may be had by
 * several nodes of one machine: each hears what is sent to the group.
 */
#define SOCK_SHARED_PORT 47786
int sock_bound(bool tcp, const struct endpoint *want, struct endpoint *local,
    char err[SOCK_ERR]);
/* By force, which only priv may; false: less was granted. */
bool sock_buffers(int fd, uint32_t receive, uint32_t send);
/*
 * A listening SEQPACKET socket of this name, mode and group in the directory,
 * which is ours and locked: so a socket that is there already is what a crash
 * left, and is removed; anything else in the way is an error.  It never exists
 * with more rights than mode says, links are not followed, and the length of
 * the directory's path does not matter.  At start-up only: it changes the
 * current directory, and what it opened when it fails stays open.
 */
int sock_listen(
    int dir, const char *name, mode_t mode, gid_t gid, char err[SOCK_ERR]);
/* Remove it, if it still is a socket. */
void sock_unlink(int dir, const char *name);

#endif
