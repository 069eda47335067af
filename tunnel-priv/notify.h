/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/notify.h */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>

/*
 * Telling a service manager how we are: the sd_notify(3) protocol, which is
 * one datagram of VAR=value lines to the unix socket in NOTIFY_SOCKET.
 *
 * The socket is opened and connected while the process is still root; later
 * only writes happen.  Nothing that goes wrong here matters to the tunnel.
 */

/* The connected socket, or -1: nobody wants to know (or the name is bad). */
int notify_open(const char *path);
/* state: "READY=1", "STOPPING=1", "WATCHDOG=1"; fd -1 is fine */
void notify_say(int fd, const char *state);
/* RELOADING=1 with the time the protocol wants; READY=1 ends it. */
void notify_reloading(int fd);

#endif
