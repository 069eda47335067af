/* SPDX-License-Identifier: ISC */
/* file: common/pkring.h */
#ifndef PKRING_H
#define PKRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Packets between the tun role and the engine through memory that both have
 * mapped: one writer, one reader, one direction.  Pure: what waiting and waking
 * is, pkwire.h knows.
 *
 *	head (the reader's)          tail (the writer's)
 *	  v                            v
 *	..[len|vnet|packet][len|vnet|packet]..............[skip to the start]
 *
 * Positions are octets since the beginning of time; a record lies at one modulo
 * PKR_DATA, in one piece, at a multiple of PKR_ALIGN: 4 octets of length (of
 * vnet_hdr and packet), 2 of nothing, so that the packet is aligned as well.
 * A length of PKR_SKIP means: go on at the start.
 *
 * The memory is written by a process that may be hostile.  So each side keeps
 * its own position in memory of its own and takes from the shared page only the
 * other side's, which must be within what is possible; a length is read once.
 * What is *in* a packet can change while it is looked at: whoever judges it
 * copies it first (the tun role), or keeps every offset that it uses in memory
 * of its own (the engine, whose partner is the one that it trusts with all its
 * packets anyway).
 */
#define PKR_DATA (4 * 1024 * 1024)
#define PKR_ALIGN 16
#define PKR_SKIP 0xffffffffu
/* both directions: a page of positions each, then the data of each; behind it
 * what a parser that was lied to may at most run over (IP header chains) */
#define PKR_PAGE 4096
#define PKR_SLACK 4096
#define PKR_MAP (2 * (PKR_PAGE + PKR_DATA) + PKR_SLACK)

struct pkring_shared;

struct pkring {
	struct pkring_shared *shared;
	uint8_t *data;
	uint64_t pos;   /* ours: what we wrote, or have read, so far */
	uint64_t given; /* reader: read, but not yet free for the writer */
	uint64_t other; /* the last of the other side's that made sense */
};

/* map: PKR_MAP octets of zeroes, page-aligned; direction 0 or 1. */
void pkring_init(struct pkring *, void *map, unsigned direction);

/* ---- writer ---- */
/*
 * Room for vnet_hdr + max octets of packet: where the vnet_hdr goes.  NULL: it
 * is full, or (*bad) the reader's position makes no sense.
 */
uint8_t *pkring_begin(struct pkring *, size_t max, bool *bad);
/* packet_len as with pkout_commit; the reader may have it at once. */
void pkring_commit(struct pkring *, size_t packet_len);
/* Does the reader sleep?  Asked after a commit; true only once per sleep. */
bool pkring_must_wake(struct pkring *);
/*
 * Ask to be woken when there is room; false: there is some now, or (begin will
 * say so) the reader's position makes no sense.
 */
bool pkring_wait_room(struct pkring *, size_t max);

/* ---- reader ---- */
/* 1: a record, 0: nothing, -1: position or length make no sense. */
int pkring_next(struct pkring *, uint8_t **vnet, uint8_t **pkt, size_t *len);
/* All that pkring_next gave is free again.  True: the writer waits for it. */
bool pkring_release(struct pkring *);
/* About to sleep: false if there is something now. */
bool pkring_sleep(struct pkring *);
void pkring_awake(struct pkring *);

#endif
