/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_frames.c */
/*
 * Bodies of WHO_HAS, RECORD and PEERS, chosen by the first octet.  What a
 * reader takes its writer must write again octet for octet.  Then the same
 * frame goes to a whole gossip module, which must not believe it.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "gossip.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
same(const uint8_t *body, size_t len, const uint8_t *out, size_t outlen)
{
	if (len != outlen || memcmp(body, out, len) != 0)
		abort();
}

static void
parse(unsigned type, const uint8_t *body, size_t len)
{
	uint8_t out[FRAME_BODY_MAX];
	struct peers_row row[PEERS_ROWS_MAX];
	struct who_has q;
	struct told t;
	int n;

	if (type == FRAME_WHO_HAS && who_has_get(body, len, &q) == 0)
		same(body, len, out, who_has_put(out, &q));
	if (type == FRAME_RECORD && told_get(body, len, &t) == 0)
		same(body, len, out, told_put(out, &t));
	if (type == FRAME_PEERS && (n = peers_get(body, len, row)) != -1)
		same(body, len, out, peers_put(out, row, (unsigned)n));
}

static int
on_send(void *ctx, const struct msg_peer_frame *m)
{
	(void)ctx;
	if (m->len > FRAME_BODY_MAX)
		abort();
	return 0;
}

static void
on_learned(void *ctx, uint64_t now_ms, const uint8_t key[32], uint32_t req)
{
	(void)ctx;
	(void)now_ms;
	(void)key;
	(void)req;
	abort(); /* nothing here is signed */
}

static void
on_refused(void *ctx, uint32_t req)
{
	(void)ctx;
	(void)req;
}

static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 4, len);
}

static void
receive(unsigned type, const uint8_t *body, size_t len)
{
	static const struct gossip_io io = {.send = on_send,
	    .learned = on_learned,
	    .refused = on_refused,
	    .rnd = {.fill = fill}};
	static const struct conf_net net = {
	    .on = true, .bundle = {.authority = {1}, .directory = {2}}};
	struct members *ms = members_new();
	struct gossip *g = gossip_new(&io, ms);
	struct msg_peer_frame m = {.type = (uint8_t)type};

	m.len = (uint16_t)len;
	memcpy(m.body, body, len);
	members_configure(ms, 1800000000, &net);
	gossip_frame(g, 1000, 1800000000, &m);
	gossip_tick(g, 100000, 1800000100);
	gossip_free(g);
	members_free(ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	unsigned type;
	uint8_t *copy;

	if (!ready && crypto_init() == -1)
		abort();
	ready = true;
	if (size < 1 || size - 1 > FRAME_BODY_MAX)
		return 0;
	type = FRAME_WHO_HAS + data[0] % 4;
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	copy = realloc(copy, size > 1 ? size - 1 : 1);
	parse(type, copy, size - 1);
	receive(type, copy, size - 1);
	free(copy);
	return 0;
}
