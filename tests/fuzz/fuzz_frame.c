/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_frame.c */
/*
 * Control frames.  Oracle: a frame that was read and is written again is the
 * same octets but for its padding, and so is its body, whatever type its first
 * octet makes of it; unknown reasons of a BYE and candidates that must not be
 * sent to are the exceptions.
 */
#include <stdlib.h>
#include <string.h>

#include "frame_cand.h"
#include "frame_relay.h"
#include "frame_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

union any_body {
	struct hello hello;
	struct join_ask ask;
	struct join_reply reply;
	struct join_invite invite;
	struct stream_open open;
	struct stream_accept accept;
	struct stream_close close;
	struct stream_stats stats;
	struct cands cands;
	struct relay_open ropen;
	struct relay_opened ropened;
	struct relay_incoming rincoming;
	struct relay_close rclose;
	uint64_t token;
};

static uint8_t out[FRAME_BODY_MAX];

static size_t
relay_again(const struct frame *f)
{
	static union any_body b;

	switch (f->type) {
	case FRAME_RELAY_OPEN:
		return relay_open_get(f->body, f->len, &b.ropen) == -1
		    ? 0
		    : relay_open_put(out, &b.ropen);
	case FRAME_RELAY_OPENED:
		return relay_opened_get(f->body, f->len, &b.ropened) == -1
		    ? 0
		    : relay_opened_put(out, &b.ropened);
	case FRAME_RELAY_INCOMING:
		return relay_incoming_get(f->body, f->len, &b.rincoming) == -1
		    ? 0
		    : relay_incoming_put(out, &b.rincoming);
	case FRAME_RELAY_CLOSE:
		return relay_close_get(f->body, f->len, &b.rclose) == -1
		    ? 0
		    : relay_close_put(out, &b.rclose);
	default:
		return 0;
	}
}

static size_t
stream_again(const struct frame *f)
{
	static union any_body b;

	switch (f->type) {
	case FRAME_STREAM_OPEN:
		return stream_open_get(f->body, f->len, &b.open) == -1
		    ? 0
		    : stream_open_put(out, &b.open);
	case FRAME_STREAM_ACCEPT:
		return stream_accept_get(f->body, f->len, &b.accept) == -1
		    ? 0
		    : stream_accept_put(out, &b.accept);
	case FRAME_STREAM_CLOSE:
		return stream_close_get(f->body, f->len, &b.close) == -1
		    ? 0
		    : stream_close_put(out, &b.close);
	case FRAME_STREAM_STATS:
		return stream_stats_get(f->body, f->len, &b.stats) == -1
		    ? 0
		    : stream_stats_put(out, &b.stats);
	case FRAME_FENCE:
	case FRAME_FENCE_ACK:
		return fence_get(f->body, f->len, &b.token) == -1
		    ? 0
		    : fence_put(out, b.token);
	case FRAME_CANDIDATES:
		return cands_get(f->body, f->len, &b.cands) == -1 ||
			b.cands.dropped != 0
		    ? 0
		    : cands_put(out, &b.cands);
	default:
		return relay_again(f);
	}
}

/* The body understood and written again: its length, 0: not understood. */
static size_t
again(const struct frame *f)
{
	static union any_body b;
	enum bye_reason why;

	switch (f->type) {
	case FRAME_HELLO:
	case FRAME_HELLO_ACK:
		return hello_get(f->body, f->len, &b.hello) == -1
		    ? 0
		    : hello_put(out, &b.hello);
	case FRAME_BYE:
		if (bye_get(f->body, f->len, &why) == -1 || why == BYE_POLICY)
			return 0;
		return bye_put(out, why);
	case FRAME_JOIN_ASK:
		return join_ask_get(f->body, f->len, &b.ask) == -1
		    ? 0
		    : join_ask_put(out, &b.ask);
	case FRAME_JOIN_REPLY:
		return join_reply_get(f->body, f->len, &b.reply) == -1
		    ? 0
		    : join_reply_put(out, &b.reply);
	case FRAME_INVITE:
		return join_invite_get(f->body, f->len, &b.invite) == -1
		    ? 0
		    : join_invite_put(out, &b.invite);
	default:
		return stream_again(f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *box = malloc(size > 0 ? size : 1), whole[FRAME_MAX];
	struct frame f;
	size_t n;

	if (size > 0)
		memcpy(box, data, size);
	if (frame_get(box, size, &f) == 0) {
		n = frame_put(whole, sizeof(whole), f.type, f.body, f.len);
		if (n == 0 || n > size || memcmp(whole, box, n) != 0)
			abort();
		n = again(&f);
		if (n != 0 && (n != f.len || memcmp(out, f.body, n) != 0))
			abort();
	}
	free(box);
	return 0;
}
