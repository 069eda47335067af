/* SPDX-License-Identifier: ISC */
/* file: common/pkring.c */
/*
 * A ring of packets in shared memory: see pkring.h.
 *
 * Two handshakes, each a store and a load on both sides with a full fence in
 * between, so that at least one of the two sees the other's store:
 *
 *	reader: wants_data = 1; fence; empty?       then sleep
 *	writer: tail = ...;     fence; wants_data?  then wake
 *
 * and the same with wants_room and head.  The flag is taken back by the waker,
 * so that a sleep costs one wake-up however many records follow.
 */
#include <stdatomic.h>
#include <string.h>

#include "packets.h"
#include "pkring.h"

#define HEADER 6 /* length and two octets of nothing */
#define LINE 64

/* On one page; what one side writes shares no cache line with the other's. */
struct pkring_shared {
	_Alignas(LINE) _Atomic uint64_t tail;
	_Alignas(LINE) _Atomic uint64_t head;
	_Alignas(LINE) _Atomic uint32_t wants_data;
	_Alignas(LINE) _Atomic uint32_t wants_room;
};

_Static_assert(sizeof(struct pkring_shared) <= PKR_PAGE, "one page");
_Static_assert((PKR_DATA & (PKR_DATA - 1)) == 0, "a power of two");
_Static_assert(HEADER + PK_VNET == PKR_ALIGN, "the packet is aligned");

void
pkring_init(struct pkring *r, void *map, unsigned direction)
{
	uint8_t *base = map;

	*r = (struct pkring){0};
	r->shared = (void *)(base + direction * (size_t)PKR_PAGE);
	r->data = base + 2 * (size_t)PKR_PAGE + direction * (size_t)PKR_DATA;
}

static size_t
whole(size_t packet_len)
{
	return (PKR_ALIGN + packet_len + PKR_ALIGN - 1) &
	    ~(size_t)(PKR_ALIGN - 1);
}

static size_t
to_end(uint64_t pos)
{
	return PKR_DATA - (size_t)(pos & (PKR_DATA - 1));
}

static uint8_t *
at(const struct pkring *r, uint64_t pos)
{
	return r->data + (pos & (PKR_DATA - 1));
}

static void
put_len(struct pkring *r, uint32_t len)
{
	memcpy(at(r, r->pos), &len, sizeof(len));
}

/* ---- writer ---- */

/*
 * Is there room for n octets behind our position?  A head that makes no sense
 * is not kept: the sums with the last good one stay small.
 */
static bool
room(struct pkring *r, size_t n, bool *bad)
{
	uint64_t head;

	if (r->pos - r->other + n <= PKR_DATA)
		return true;
	head = atomic_load_explicit(&r->shared->head, memory_order_acquire);
	*bad = r->pos - head > PKR_DATA;
	if (*bad)
		return false;
	r->other = head;
	return r->pos - head + n <= PKR_DATA;
}

/* What has to be free for a packet of max octets: maybe the end is skipped. */
static size_t
needed(const struct pkring *r, size_t max)
{
	size_t n = whole(max), end = to_end(r->pos);

	return n <= end ? n : end + n;
}

uint8_t *
pkring_begin(struct pkring *r, size_t max, bool *bad)
{
	size_t n = whole(max);

	*bad = false;
	if (max > PK_IP_MAX || !room(r, needed(r, max), bad))
		return NULL;
	if (n > to_end(r->pos)) {
		put_len(r, PKR_SKIP);
		r->pos += to_end(r->pos);
	}
	return at(r, r->pos) + HEADER;
}

void
pkring_commit(struct pkring *r, size_t packet_len)
{
	if (packet_len == 0)
		return;
	put_len(r, (uint32_t)(PK_VNET + packet_len));
	r->pos += whole(packet_len);
	atomic_store_explicit(&r->shared->tail, r->pos, memory_order_release);
}

bool
pkring_must_wake(struct pkring *r)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(
		&r->shared->wants_data, memory_order_relaxed) == 0)
		return false;
	return atomic_exchange(&r->shared->wants_data, 0) != 0;
}

bool
pkring_wait_room(struct pkring *r, size_t max)
{
	bool bad = false;

	atomic_store(&r->shared->wants_room, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (!room(r, needed(r, max), &bad) && !bad)
		return true;
	atomic_store(&r->shared->wants_room, 0);
	return false;
}

/* ---- reader ---- */

/* How far the writer is.  1: further than what we gave, 0: not, -1: it lies. */
static int
look(struct pkring *r)
{
	uint64_t tail;

	if (r->given != r->other)
		return 1;
	tail = atomic_load_explicit(&r->shared->tail, memory_order_acquire);
	if (tail == r->given)
		return 0;
	/* neither behind what we have given nor a lap ahead */
	if (tail - r->pos > PKR_DATA || tail - r->pos < r->given - r->pos ||
	    (tail & (PKR_ALIGN - 1)) != 0)
		return -1;
	r->other = tail;
	return 1;
}

/* The one place where a length is read: once. */
static uint32_t
get_len(const struct pkring *r, uint64_t pos)
{
	return *(volatile uint32_t *)(void *)at(r, pos);
}

int
pkring_next(struct pkring *r, uint8_t **vnet, uint8_t **pkt, size_t *len)
{
	uint64_t pos = r->given;
	uint32_t n;
	int more = look(r);

	if (more != 1)
		return more;
	n = get_len(r, pos);
	if (n == PKR_SKIP) {
		if (r->other - pos < to_end(pos) + PKR_ALIGN)
			return -1;
		pos += to_end(pos);
		n = get_len(r, pos);
	}
	if (n <= PK_VNET || n > PK_VNET + PK_IP_MAX)
		return -1;
	*len = n - PK_VNET;
	if (whole(*len) > r->other - pos || whole(*len) > to_end(pos))
		return -1;
	*vnet = at(r, pos) + HEADER;
	*pkt = *vnet + PK_VNET;
	r->given = pos + whole(*len);
	return 1;
}

bool
pkring_release(struct pkring *r)
{
	if (r->pos == r->given)
		return false;
	r->pos = r->given;
	atomic_store_explicit(&r->shared->head, r->pos, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(
		&r->shared->wants_room, memory_order_relaxed) == 0)
		return false;
	return atomic_exchange(&r->shared->wants_room, 0) != 0;
}

bool
pkring_sleep(struct pkring *r)
{
	atomic_store(&r->shared->wants_data, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&r->shared->tail) == r->given)
		return true;
	pkring_awake(r);
	return false;
}

void
pkring_awake(struct pkring *r)
{
	atomic_store_explicit(&r->shared->wants_data, 0, memory_order_relaxed);
}
