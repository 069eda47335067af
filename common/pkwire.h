/* SPDX-License-Identifier: ISC */
/* file: common/pkwire.h */
#ifndef PKWIRE_H
#define PKWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packets.h"
#include "pkring.h"

/*
 * One end of the packet channel between the tun role and the engine.
 *
 * Always there is a SOCK_SEQPACKET socket.  Alone it carries containers of
 * records (packets.h).  Where the parent could make one, a piece of memory
 * comes with it: then records go through two rings in it (pkring.h), and over
 * the socket goes only one octet, to wake who sleeps.  Same calls, same
 * guarantees; pkwire_shared() tells who has to copy before he judges.
 *
 *	begin, commit, ..., flush     never block; begin says NULL when full
 *	next, ..., done               -1: the other end is gone, -2: it lies
 *	sleep, poll, woken            nothing is lost between two of them
 *
 * A writer that may wait (the tun role) asks to be told by pkwire_wait_room;
 * one that may not (the engine) drops and counts.
 */
#define PKWIRE_CONTAINERS 8 /* at most, that wait for a full socket */

enum pkwire_side { PKWIRE_TUN, PKWIRE_ENGINE };

struct pkwire {
	int fd; /* -1: no wire */
	uint8_t *mem, *rx;
	struct pkin in;
	/* a queue of containers; the last one grows */
	struct pkout out[PKWIRE_CONTAINERS];
	uint32_t max, head, n; /* n >= 1 */
	bool full;             /* the socket takes no more now */
	void *map;             /* NULL: the socket carries the packets */
	struct pkring rtx, rrx;
	bool fresh; /* in the ring since the other side was last woken */
	bool owed;  /* a wake-up for which the system had no memory */
	bool asleep;
	bool lied;  /* the other side: nothing of it is believed any more */
	bool ended; /* it is gone: what is in the ring is the last */
};

/* containers: how many may wait.  0, or -1 ENOMEM. */
int pkwire_init(struct pkwire *, uint32_t containers);
void pkwire_clear(struct pkwire *); /* closes */
/*
 * Take the descriptors over: a socket, and memory of PKR_MAP octets or -1.
 * What the old wire had not sent goes to the new one, if that is at all
 * possible (what waits in one container always is); what it had sent and nobody
 * looked at is void.  fd -1: none.  Memory that can't be mapped makes a wire
 * whose other end is gone: without it the two would not understand each other.
 */
void pkwire_set(struct pkwire *, enum pkwire_side, int fd, int memfd);
void pkwire_forget(struct pkwire *); /* what waits to be sent */
bool pkwire_shared(const struct pkwire *);

/* Room for vnet_hdr + max octets: where the vnet_hdr goes, or NULL: full. */
uint8_t *pkwire_begin(struct pkwire *, size_t max);
void pkwire_commit(struct pkwire *, size_t packet_len);
/* What was committed goes out, as far as it can.  0, or -1: gone. */
int pkwire_flush(struct pkwire *);
uint32_t pkwire_waiting(const struct pkwire *); /* records not yet sent */
/* begin(max) was NULL.  True: the fd will tell; false: try again now. */
bool pkwire_wait_room(struct pkwire *, size_t max);

/*
 * 1: a record, 0: nothing now, -1: the other end is gone (after its last
 * record), -2: it lies, and will for ever.
 */
int pkwire_next(struct pkwire *, uint8_t **vnet, uint8_t **pkt, size_t *len);
/* What next gave is not used any more.  0, or -1: gone. */
int pkwire_done(struct pkwire *);

/*
 * Before waiting: false, there is something to read now.  Afterwards, when
 * the fd is readable: 0 go on (call next), -1 gone, -2 the other side lies.
 * With a ring the end is told by next, behind the last record; who does not get
 * so far by the second call is told by that.
 */
bool pkwire_sleep(struct pkwire *);
int pkwire_woken(struct pkwire *);
/* Watch the fd for writing, and flush then? */
bool pkwire_wants_out(const struct pkwire *);

#endif
