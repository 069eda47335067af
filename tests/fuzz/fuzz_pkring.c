/* SPDX-License-Identifier: ISC */
/*
 * The packet ring between two processes.  The input is a list of what its two
 * ends do, and (unless the first octet says that both keep to the rules) of
 * what somebody writes into the shared memory between two calls.
 *
 * Oracle: nothing outside the memory is touched, what the reader gives lies in
 * the ring, its own positions stay within a lap, between two releases it gives
 * no more than fits; and with two that keep to the rules what comes out is what
 * went in.
 */
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "pkring.h"
#include "ring_hand.h"

#define LEAST 32 /* octets of the shortest record */
#define PLACES (PKR_DATA / LEAST)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct input {
	const uint8_t *p;
	size_t left;
};

struct run {
	struct input in;
	bool honest;
	struct pkring w, r;
	uint32_t len[PLACES];
	uint8_t mark[PLACES];
	uint64_t put, got; /* records */
	uint64_t given;    /* since the last release */
};

static volatile uint8_t touched;

static void
must(bool what)
{
	if (!what)
		abort();
}

static uint64_t
take(struct input *in, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0 && in->left > 0) {
		v = v << 8 | *in->p++;
		in->left--;
	}
	return v;
}

static void
write_one(struct run *u)
{
	size_t max = (size_t)take(&u->in, 2), len = max;
	uint8_t mark = (uint8_t)take(&u->in, 1);
	bool bad;
	uint8_t *at = pkring_begin(&u->w, max, &bad);

	if (mark % 4 == 0)
		len /= 2; /* less than was asked for, perhaps nothing */
	must(!bad || (at == NULL && !u->honest));
	must(u->w.pos - u->w.other <= PKR_DATA);
	if (at == NULL || max == 0)
		return;
	must(hand_inside(&u->w, at, max));
	at[0] = at[PK_VNET + max - 1] = 0;
	if (len > 0)
		at[PK_VNET] = at[PK_VNET + len - 1] = mark;
	pkring_commit(&u->w, len);
	if (len == 0)
		return;
	u->len[u->put % PLACES] = (uint32_t)len;
	u->mark[u->put++ % PLACES] = mark;
}

static void
compare(struct run *u, const uint8_t *pkt, size_t len)
{
	must(u->got < u->put);
	must(u->len[u->got % PLACES] == len);
	must(pkt[0] == u->mark[u->got % PLACES]);
	must(pkt[len - 1] == u->mark[u->got++ % PLACES]);
}

static int
read_one(struct run *u)
{
	uint8_t *vnet, *pkt;
	size_t len;
	int n = pkring_next(&u->r, &vnet, &pkt, &len);

	must(n >= -1 && n <= 1);
	must(u->r.given - u->r.pos <= PKR_DATA && u->r.given % PKR_ALIGN == 0);
	if (n == 0 && u->honest)
		must(u->got == u->put);
	if (n != 1) {
		must(n == 0 || !u->honest);
		return n;
	}
	must(++u->given <= PLACES && pkt == vnet + PK_VNET);
	must(len <= PK_IP_MAX && hand_inside(&u->r, vnet, len));
	touched ^= vnet[0] ^ pkt[len - 1];
	if (u->honest)
		compare(u, pkt, len);
	return n;
}

static void
release(struct run *u)
{
	bool waits = hand_get(&u->w, HAND_WANTS_ROOM) != 0;
	bool told = pkring_release(&u->r);

	must(!told || waits);
	u->given = 0;
}

/* Both handshakes, as two that take turns do them. */
static void
handshake(struct run *u)
{
	bool sleeps = pkring_sleep(&u->r);

	if (u->honest)
		must(sleeps == (u->got == u->put));
	write_one(u);
	must(pkring_must_wake(&u->w) == sleeps);
	must(!pkring_must_wake(&u->w));
	if (pkring_wait_room(&u->w, PK_IP_MAX) && u->honest) {
		while (read_one(u) == 1)
			continue;
		must(pkring_release(&u->r));
		u->given = 0;
		must(!pkring_wait_room(&u->w, PK_IP_MAX));
	}
}

static void
corrupt(struct run *u)
{
	uint64_t where = take(&u->in, 1), what = take(&u->in, 8);

	if (u->honest)
		return;
	switch (where % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		hand_put(&u->w, (enum hand_word)(where % 4), what);
		break;
	case 4:
		hand_put(&u->w, HAND_TAIL, u->r.given + what % (2 * PKR_DATA));
		break;
	case 5:
		hand_put(&u->r, HAND_HEAD, u->w.pos - what % (2 * PKR_DATA));
		break;
	case 6:
		hand_len(&u->w, u->r.given, (uint32_t)what);
		break;
	default:
		hand_len(&u->w, what & ~(uint64_t)(PKR_ALIGN - 1), PKR_SKIP);
	}
}

static void
step(struct run *u)
{
	switch (take(&u->in, 1) % 8) {
	case 0:
	case 1:
		write_one(u);
		break;
	case 2:
		(void)read_one(u);
		break;
	case 3:
		while (read_one(u) == 1)
			continue;
		break;
	case 4:
		release(u);
		break;
	case 5:
		handshake(u);
		break;
	default:
		corrupt(u);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run u;
	static void *map;
	uint64_t start;

	if (size > 4096)
		return 0;
	if (map == NULL)
		map = hand_map();
	u.in = (struct input){data, size};
	u.honest = take(&u.in, 1) % 2 == 0;
	u.put = u.got = u.given = 0;
	pkring_init(&u.w, map, 1);
	pkring_init(&u.r, map, 1);
	memset(u.w.shared, 0, PKR_PAGE);
	memset(u.w.data, 0, PKR_DATA);
	start = (take(&u.in, 4) << 4) - PKR_DATA;
	hand_move(&u.w, &u.r, start);
	while (u.in.left > 0)
		step(&u);
	return 0;
}
