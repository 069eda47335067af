/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_turn_frame.c */
/*
 * A TURN server's messages in a stream, and the queue that writes them.  The
 * first octet is the size of the pieces.  Oracle: pieces do not matter; what is
 * a message goes through the queue and is the same message behind it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "outq.h"
#include "turnframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct sum {
	uint64_t hash;
	unsigned messages, passed;
	bool bad;
};

static void
note(struct sum *s, const uint8_t *p, size_t len)
{
	if (!turnframe_fit(p, len) || len > TLS_MESSAGE_MAX)
		abort();
	for (size_t i = 0; i < len; i++)
		s->hash = s->hash * 1099511628211u + p[i];
	s->hash = s->hash * 31 + len;
	s->messages++;
}

static void
feed(const uint8_t *data, size_t len, size_t piece, struct outq *q,
    struct sum *s)
{
	struct turnframe f;

	turnframe_init(&f);
	while (len > 0 && !s->bad) {
		size_t n = piece < len ? piece : len, left = n, m;
		uint8_t *copy = malloc(n);
		const uint8_t *p = copy, *msg;
		enum turnframe_got g;

		if (copy == NULL)
			return;
		memcpy(copy, data, n);
		while ((g = turnframe_next(&f, &p, &left, &msg, &m)) ==
			TURNFRAME_MESSAGE ||
		    g == TURNFRAME_LONG) {
			s->passed += g == TURNFRAME_LONG;
			if (g == TURNFRAME_LONG)
				continue;
			note(s, msg, m);
			if (q != NULL && !outq_put(q, 0, msg, m))
				abort();
		}
		s->bad = g == TURNFRAME_BAD;
		if (!s->bad && left != 0)
			abort();
		free(copy);
		data += n;
		len -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t out[OUTQ_OCTETS];
	struct sum a = {0}, b = {0}, c = {0};
	struct outq q;
	size_t n;

	/* so that everything finds room in the queue */
	if (len < 2 || len > 20000 || outq_init(&q) == -1)
		return 0;
	q.turn = true;
	feed(data + 1, len - 1, len, NULL, &a);
	if (a.messages > OUTQ_N) {
		outq_clear(&q);
		return 0;
	}
	feed(data + 1, len - 1, data[0] == 0 ? 1 : data[0], &q, &b);
	if (a.hash != b.hash || a.messages != b.messages || a.bad != b.bad ||
	    a.passed != b.passed || q.dropped != 0)
		abort();
	n = outq_get(&q, 0, out, sizeof(out));
	feed(out, n, 1000, NULL, &c);
	if (c.hash != a.hash || c.messages != a.messages || c.bad ||
	    c.passed != 0 || q.n != 0)
		abort();
	outq_clear(&q);
	return 0;
}
