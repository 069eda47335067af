/* SPDX-License-Identifier: ISC */
/* file: tlsd/lengths.c */
/* Datagrams in a stream of octets, see lengths.h. */
#include <string.h>

#include "lengths.h"

void
lengths_init(struct lengths *l)
{
	l->have = 0;
}

bool
lengths_fit(const uint8_t *msg, size_t len)
{
	static const uint8_t zero[3];

	/* a type, and three octets that are reserved in all of them */
	return len >= 4 && len <= TLS_MESSAGE_MAX && msg[0] >= 1 &&
	    msg[0] <= 6 && memcmp(msg + 1, zero, sizeof(zero)) == 0;
}

static void
take(struct lengths *l, size_t want, const uint8_t **data, size_t *len)
{
	size_t n = want - l->have;

	if (n > *len)
		n = *len;
	memcpy(l->mem + l->have, *data, n);
	l->have = (uint16_t)(l->have + n);
	*data += n;
	*len -= n;
}

enum lengths_got
lengths_next(struct lengths *l, const uint8_t **data, size_t *len,
    const uint8_t **msg, size_t *msglen)
{
	size_t want;

	if (l->have < LENGTH_OCTETS) {
		take(l, LENGTH_OCTETS, data, len);
		if (l->have < LENGTH_OCTETS)
			return LENGTHS_MORE;
	}
	want = (size_t)(l->mem[0] << 8 | l->mem[1]);
	if (want == 0) {
		l->have = 0;
		return LENGTHS_ALIVE;
	}
	if (want > TLS_MESSAGE_MAX)
		return LENGTHS_BAD;
	take(l, LENGTH_OCTETS + want, data, len);
	if (l->have < LENGTH_OCTETS + want)
		return LENGTHS_MORE;
	l->have = 0;
	*msg = l->mem + LENGTH_OCTETS;
	*msglen = want;
	return lengths_fit(*msg, want) ? LENGTHS_MESSAGE : LENGTHS_BAD;
}
