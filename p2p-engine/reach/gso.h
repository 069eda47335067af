/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/gso.h */
#ifndef GSO_H
#define GSO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msghdr;

/*
 * What a system knows about many datagrams in one call.  One file for each
 * system: gso_linux.c has UDP_SEGMENT and UDP_GRO (udp(7)), gso_openbsd.c says
 * that there is no such thing, and udp.c then sends them one by one.
 */
#define GSO_CONTROL 64 /* octets of control data that both need at most */

/* Does the system know batches?  It would send one as one if it did not. */
bool gso_able(int fd);
/* Make m (with control data of GSO_CONTROL octets) a batch of seg octets. */
void gso_mark(struct msghdr *m, uint16_t seg);
/* Batch refused, single datagrams may do; *never: all that socket's. */
bool gso_refused(int error, bool *never);

int gro_set(int fd, bool on); /* 0, or -1 with errno */
/*
 * What the system has yet to pass on of what was sent, and how much of that it
 * keeps before it takes no more; false: it does not say.
 */
bool gso_unsent(int fd, size_t *unsent, size_t *limit);
/*
 * What leaves while it is on is not to be fragmented, whatever the system knows
 * of the path; or is cut into fragments that pass everywhere (IPv6, where no
 * router does that).  0, or -1 with errno.
 */
int df_set(int fd, uint8_t family, bool on);
int pieces_set(int fd, uint8_t family, bool on);
/* Size of the datagrams in a received batch, 0: it is a single one. */
size_t gro_size(struct msghdr *m);

#endif
