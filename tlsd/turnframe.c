/* SPDX-License-Identifier: ISC */
/* file: tlsd/turnframe.c */
/* STUN and ChannelData in a stream of octets, see turnframe.h. */
#include <string.h>

#include "turnframe.h"

#define STUN_HEAD 20
#define COOKIE_AT 4
#define SEND_INDICATION 0x16
#define TYPE_DATA 4 /* of the protocol, in a channel */

static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

void
turnframe_init(struct turnframe *f)
{
	f->have = 0;
	f->skip = 0;
}

static bool
is_channel(const uint8_t *head)
{
	return head[0] >= 0x40 && head[0] <= 0x4f;
}

/* The octets of a message without its padding, by its head; 0: it is none. */
static size_t
length_of(const uint8_t head[TURNFRAME_HEAD])
{
	size_t n = (size_t)(head[2] << 8 | head[3]);

	if (is_channel(head))
		return TURNFRAME_HEAD + n;
	return head[0] < 0x40 && n % TURNFRAME_PAD == 0 ? STUN_HEAD + n : 0;
}

size_t
turnframe_pad(const uint8_t *msg, size_t len)
{
	return is_channel(msg) ? -len % TURNFRAME_PAD : 0;
}

bool
turnframe_fit(const uint8_t *msg, size_t len)
{
	return len >= TURNFRAME_HEAD && len <= TLS_MESSAGE_MAX &&
	    len == length_of(msg) &&
	    (is_channel(msg) ||
		memcmp(msg + COOKIE_AT, cookie, sizeof(cookie)) == 0);
}

bool
turnframe_is_data(const uint8_t *msg, size_t len)
{
	if (len <= TURNFRAME_HEAD)
		return false;
	return is_channel(msg) ? msg[TURNFRAME_HEAD] == TYPE_DATA
			       : msg[0] == 0 && msg[1] == SEND_INDICATION;
}

static void
take(struct turnframe *f, size_t want, const uint8_t **data, size_t *len)
{
	size_t n = want - f->have;

	if (n > *len)
		n = *len;
	memcpy(f->mem + f->have, *data, n);
	f->have += (uint32_t)n;
	*data += n;
	*len -= n;
}

static void
pass_over(struct turnframe *f, const uint8_t **data, size_t *len)
{
	size_t n = f->skip < *len ? f->skip : *len;

	f->skip -= (uint32_t)n;
	*data += n;
	*len -= n;
}

enum turnframe_got
turnframe_next(struct turnframe *f, const uint8_t **data, size_t *len,
    const uint8_t **msg, size_t *msglen)
{
	size_t n, want;

	pass_over(f, data, len);
	if (f->have < TURNFRAME_HEAD)
		take(f, TURNFRAME_HEAD, data, len);
	if (f->have < TURNFRAME_HEAD)
		return TURNFRAME_MORE;
	if ((n = length_of(f->mem)) == 0)
		return TURNFRAME_BAD;
	want = n + turnframe_pad(f->mem, n);
	if (n > TLS_MESSAGE_MAX) {
		f->skip = (uint32_t)(want - f->have);
		f->have = 0;
		return TURNFRAME_LONG;
	}
	take(f, want, data, len);
	if (f->have < want)
		return TURNFRAME_MORE;
	f->have = 0;
	*msg = f->mem;
	*msglen = n;
	return turnframe_fit(*msg, n) ? TURNFRAME_MESSAGE : TURNFRAME_BAD;
}
