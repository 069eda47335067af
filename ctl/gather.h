/* SPDX-License-Identifier: ISC */
/* file: ctl/gather.h */
#ifndef GATHER_H
#define GATHER_H

#include "request.h"
#include "snapshot.h"

/*
 * Everything that metrics are made of, in one snapshot.  A process that is
 * away costs its own figures only (snapshot.peers_unknown and the like).
 */
/* Anything but REQUEST_OK: the conversation is over, close it. */
enum request_result gather(struct request *, struct snapshot *);

#endif
