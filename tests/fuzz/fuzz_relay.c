/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_relay.c */
/*
 * The table of ways by relays, with state: the input is a list of steps (ask,
 * end, message, close, time).  Whatever they are, a label belongs to one leg,
 * is found while its way is there and never after, counts only from its peer's
 * place, and nobody has more than he may.
 */
#include <stdlib.h>
#include <string.h>

#include "relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define PEERS 8
#define LABELS 5

static struct relay r;
static uint32_t dice;

static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	for (uint8_t *p = out; len > 0; len--) {
		dice = dice * 1664525 + 1013904223;
		*p++ = (uint8_t)(dice >> 24);
	}
}

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static bool
is_at(void *ctx, uint32_t peer, const struct relay_place *from)
{
	(void)ctx;
	return from->ep.port == peer;
}

static void
look(void)
{
	uint32_t at = 0, n = 0, labels[256] = {0};
	struct circuit *c;
	unsigned leg;

	while ((c = relay_next(&r, &at)) != NULL) {
		n++;
		expect(relay_find(&r, c->leg[0].label, &leg) == c && leg == 0);
		if (c->role != RELAY_TRANSIT)
			continue;
		expect(relay_find(&r, c->leg[1].label, &leg) == c && leg == 1);
		expect(++labels[c->leg[0].peer] <= LABELS);
		expect(r.payer[c->payer].peer == c->leg[0].peer);
	}
	expect(n == r.n[RELAY_ORIGIN] + r.n[RELAY_END] + r.n[RELAY_TRANSIT]);
}

/* One that is there, if a label is to be good. */
static uint32_t
label_of(uint8_t x)
{
	struct circuit *c;
	uint32_t at = x;

	if (x < 250 && (c = relay_next(&r, &at)) != NULL)
		return c->leg[x % 2].label;
	return x;
}

static void
message(const uint8_t *p, uint64_t now)
{
	const struct relay_who who = {.is_at = is_at};
	const struct relay_place from = {.ep = {.port = p[2] % PEERS}};
	uint32_t label = label_of(p[1]);
	struct circuit *c = NULL;
	unsigned leg, in;

	switch (
	    relay_take(&r, &who, now, label, &from, p[3] * 64u, 1, &c, &leg)) {
	case RELAY_ON:
		expect(c->role == RELAY_TRANSIT && c->leg[leg].label != label);
		expect(c->leg[1 - leg].peer == from.ep.port);
		break;
	case RELAY_HERE:
		expect(c->role != RELAY_TRANSIT);
		expect(c->leg[0].peer == from.ep.port);
		break;
	case RELAY_STRAY:
		expect(relay_find(&r, label, &in) == NULL);
		break;
	default:
		break;
	}
}

static void
step(const uint8_t *p, uint64_t *now)
{
	struct relay_open o = {.req = p[3], .hops = p[1] % 3, .n = p[2] % 3};
	uint8_t own[32] = {9}, asker[32] = {p[1] % PEERS};
	struct circuit *c;
	enum relay_why why;
	uint32_t at = 0;

	o.to[0] = p[2] % PEERS;
	o.origin[0] = p[1] % PEERS;
	o.onward[0][0] = p[3] % 16;
	o.onward[1][0] = p[3] / 16;
	switch (p[0] % 6) {
	case 0:
		if (relay_may_open(&r, &o, p[1] % PEERS, asker, own) ==
		    RELAY_OK)
			(void)relay_transit(&r, *now, &o, p[1] % PEERS,
			    p[2] % PEERS, p[3] < 128 ? 0 : p[3], 1);
		break;
	case 1:
		(void)relay_end(&r, *now, p[3] % 2 ? RELAY_END : RELAY_ORIGIN,
		    p[1] % PEERS, p[2], o.to, 1, p[3]);
		break;
	case 2:
		message(p, *now);
		break;
	case 3:
		at = p[1];
		if ((c = relay_next(&r, &at)) != NULL)
			relay_close(&r, c);
		break;
	case 4:
		*now += p[1] * 1000u;
		while ((c = relay_next(&r, &at)) != NULL)
			if (relay_is_over(c, *now, &why))
				relay_close(&r, c);
		break;
	default:
		if (p[1] % 2 == 0 && relay_ask_new(&r, *now, p[2]) == NULL)
			expect(r.nasks == RELAY_ASKS);
		at = p[2];
		if (p[1] % 2 != 0) {
			struct relay_ask *a = relay_ask_next(&r, &at);

			if (a != NULL)
				relay_ask_end(&r, a);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rnd_src rnd = {.fill = fill};
	uint64_t now = 1000;

	dice = 1;
	relay_init(&r, &rnd);
	relay_configure(&r, true, 64, LABELS);
	for (; size >= 4; data += 4, size -= 4) {
		step(data, &now);
		look();
	}
	return 0;
}
