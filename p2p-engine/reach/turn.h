/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/turn.h */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rnd.h"
#include "stun.h"

/*
 * The client of a TURN server (RFC 8656): one allocation, an address of the
 * server that is ours.  Pure: time is passed in, messages for the server leave
 * by io.send, as datagrams or by a connection (stream), which loses nothing.
 *
 *	OFF -> ASKING --allocated--> UP --lost--> ASKING
 *	          |                   |
 *	          +--refused, silent--+--> WAIT: longer each time -> ASKING
 *
 * Who may send to the allocation is an address with a permission (turn_want).
 * What is for a peer goes as a Send indication until something came from it;
 * then it gets a channel, which costs 4 octets a datagram instead of 36.
 * Indications can't be authenticated: no more is believed of them than of a
 * datagram from anywhere, and only addresses that were wanted get a channel.
 */
#define TURN_PERMITS 32
#define TURN_CHANNELS 32
#define TURN_ASKS 16      /* questions on their way */
#define TURN_TEXT_MAX 128 /* user, password, realm */
#define TURN_NONCE_MAX 256
#define TURN_HEAD 4            /* octets before a datagram in a channel */
#define TURN_HEAD_MAX 64       /* ... and of an indication, all together */
#define TURN_DATAGRAM_MAX 2048 /* that can be sent to a peer */
enum turn_state { TURN_OFF, TURN_ASKING, TURN_UP, TURN_WAIT };
enum turn_why { /* ... there is no allocation */
	TURN_FINE,
	TURN_SILENT,    /* the server does not answer */
	TURN_DENIED,    /* user or password are wrong */
	TURN_REFUSED,   /* it said no: code */
	TURN_LOST,      /* it knows nothing of the allocation any more */
	TURN_USELESS,   /* what it says is of no use */
	TURN_UNTRUSTED, /* its certificate is not the right one */
	TURN_NWHY
};
enum turn_news { TURN_N_STATE = 1, TURN_N_PERMIT = 2, TURN_N_DUE = 4 };

enum turn_grant { GRANT_FREE, GRANT_ASKED, GRANT_UP, GRANT_REFUSED };
struct turn_permit {
	enum turn_grant state;
	struct addr to;
	uint64_t made_ms, used_ms; /* made: asked, or granted last */
};
struct turn_channel {
	enum turn_grant state;
	bool lives; /* it was bound, and is while it is asked for again */
	uint16_t no;
	struct endpoint to;
	uint64_t made_ms, used_ms;
};

enum turn_verb {
	TURN_NONE,
	TURN_CLEAR,
	TURN_ASK,
	TURN_KEEP,
	TURN_LET,
	TURN_BOND
};
struct turn_ask {
	enum turn_verb verb; /* TURN_NONE: free */
	uint8_t at;          /* the permission or channel */
	uint8_t tries, stales;
	bool sealed; /* with user and password */
	uint8_t id[STUN_ID];
	uint64_t next_ms;
};

struct turn_io {
	void *ctx;
	int (*send)(void *ctx, const uint8_t *, size_t len); /* to the server */
	struct rnd_src rnd;
};

struct turn {
	struct turn_io io;
	struct endpoint server; /* family 0: none */
	char user[TURN_TEXT_MAX], password[TURN_TEXT_MAX];
	char realm[TURN_TEXT_MAX];
	uint8_t nonce[TURN_NONCE_MAX], key[16];
	uint16_t nonce_len;
	bool has_key, stream; /* stream, the caller's: by a connection */
	enum turn_state state;
	enum turn_why why;
	uint16_t code;    /* the last error of the server, 0: none */
	bool cleared;     /* an old allocation was, for this one */
	uint8_t failures; /* in a row */
	unsigned news;    /* enum turn_news: the caller's to clear */
	uint16_t next_channel;
	struct endpoint relayed, mapped; /* while UP */
	uint32_t lifetime_s;
	uint64_t refresh_ms, again_ms, up_ms;
	uint64_t silent_ms, noted_ms; /* sent, nothing heard since; 0: none */
	struct turn_ask ask[TURN_ASKS];
	struct turn_permit permit[TURN_PERMITS];
	struct turn_channel channel[TURN_CHANNELS];
	/* counted */
	uint64_t allocations, failed, requests, repeats, timeouts, errors;
	uint64_t unsealed, stray, full, sent, received, indications;
};

void turn_init(struct turn *, const struct turn_io *);
/* Another server or user; server NULL: none.  The same one changes nothing. */
void turn_configure(struct turn *, uint64_t now_ms,
    const struct endpoint *server, const char *user, const char *password);
/* The socket is another one: nothing of the old one holds. */
void turn_again(struct turn *, uint64_t now_ms);
/* The connection is there; it has gone, or could not be had. */
void turn_connected(struct turn *, uint64_t now_ms);
void turn_lost(struct turn *, uint64_t now_ms, enum turn_why);
/* The end: the server is told once. */
void turn_leave(struct turn *, uint64_t now_ms);
void turn_tick(struct turn *, uint64_t now_ms);
uint64_t turn_due(const struct turn *); /* UINT64_MAX: nothing */

/* This address may send to us, soon; for five minutes from the last call. */
bool turn_want(struct turn *, uint64_t now_ms, const struct addr *);
bool turn_reaches(const struct turn *, const struct endpoint *);
/* What makes a datagram one for the server: octets, 0: it can't be sent. */
size_t turn_wrap(struct turn *, uint64_t now_ms, const struct endpoint *to,
    const uint8_t *data, size_t len, uint8_t *out, size_t cap);

enum turn_got { TURN_G_BAD, TURN_G_STRAY, TURN_G_ANSWER, TURN_G_DATA };
struct turn_data { /* in the datagram that was received */
	struct endpoint from;
	uint8_t *data;
	size_t len;
};
/* Cheap: from the server, and of its protocol? */
bool turn_is(const struct turn *, const struct endpoint *from, const uint8_t *,
    size_t len);
enum turn_got turn_receive(struct turn *, uint64_t now_ms,
    const struct endpoint *from, uint8_t *, size_t len, struct turn_data *);

const char *turn_why_name(enum turn_why);
const char *turn_state_name(enum turn_state);

#endif
