/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/join/redeem.h */
#ifndef REDEEM_H
#define REDEEM_H

#include <stdbool.h>
#include <stdint.h>

#include "bundle.h"
#include "cookie.h"
#include "invite.h"
#include "keypair.h"
#include "noise.h"
#include "rnd.h"

/*
 * A newcomer redeems its invitation: the smallest WireGuard initiator there
 * is.  Pure: datagrams and time in, datagrams and one result out.
 *
 *	token --> call every contact with the invitation's own key and psk
 *	      --> the first that answers is asked: JOIN_ASK part 0, 1, ...
 *	      --> all parts of the bundle, or the reason why not
 *
 * A contact may pass the question on to the node that can sign.  Who can't
 * reach that one, has no time, or falls silent makes way for the others, who
 * are called again; every other refusal is final.
 */
#define REDEEM_AGAIN_MS 500 /* a question or call that was not answered */
#define REDEEM_BUSY_MS 1000 /* after "not now" */
#define REDEEM_ASKS_MAX 4   /* in vain, then the others are called */
#define REDEEM_PARTS_MAX 8  /* of a bundle */
#define REDEEM_SILENT 0xff  /* status: nobody answered */
#define REDEEM_TEXT_MAX 256

struct redeem_io {
	void *ctx;
	void (*send)(
	    void *ctx, const struct endpoint *to, const uint8_t *, size_t len);
	void (*stamp)(void *ctx, uint8_t stamp[12]); /* TAI64N, increasing */
	struct rnd_src rnd;
};

struct redeem_line { /* a contact */
	struct contact at;
	struct endpoint ep; /* where it answers from */
	struct noise hs;
	struct cookie_jar jar;
	struct keypair *keys; /* NULL: it did not answer yet */
	uint32_t index;       /* of the call under way, 0: none */
	uint64_t due_ms;
};

struct redeem {
	struct redeem_io io;
	struct invite_keys inv;
	uint8_t request[JOIN_REQUEST];
	uint8_t n;
	struct redeem_line line[INVITE_CONTACTS_MAX];
	struct redeem_line *asked; /* the first that answered */
	uint32_t req;
	uint8_t part, asks; /* asks: of this part, in a row */
	uint64_t ask_due_ms, end_ms;
	/* the result */
	bool over;
	uint8_t status; /* enum join_status, or REDEEM_SILENT */
	char text[REDEEM_TEXT_MAX];
	size_t len;
	uint8_t bundle[BUNDLE_MAX];
};

void redeem_start(struct redeem *, const struct redeem_io *,
    const struct invite_token *, const uint8_t request[JOIN_REQUEST],
    uint64_t now_ms, uint64_t end_ms);
/* data may be written to */
void redeem_datagram(struct redeem *, uint64_t now_ms,
    const struct endpoint *from, uint8_t *data, size_t len);
void redeem_tick(struct redeem *, uint64_t now_ms);
uint64_t redeem_due(const struct redeem *);
void redeem_clear(struct redeem *); /* wipes */

#endif
