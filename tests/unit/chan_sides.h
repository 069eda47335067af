/* SPDX-License-Identifier: ISC */
/* file: tests/unit/chan_sides.h */
#ifndef CHAN_SIDES_H
#define CHAN_SIDES_H

/*
 * The fixture of the channel tests: the engine on one end, keyd or a forger,
 * who writes records by hand, on the other.
 */
#include <check.h>

#include "chan.h"
#include "fds.h"

#define GEN 7

struct side {
	struct chan *c;
	unsigned ready, seen[256], told;
	uint32_t last_id;
	size_t last_len;
	int got_fd;
	enum chan_verdict verdict;
	bool send_inside, read_inside;
};

static struct side engine, keyd;
static int forger; /* the other end when keyd is not real */

static inline void
on_ready(struct chan *c, void *ctx)
{
	struct side *s = ctx;

	(void)c;
	s->ready++;
}

static inline enum chan_verdict
on_any(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct side *s = ctx;

	ck_assert_ptr_eq(chan_ctx(c), ctx);
	s->seen[f->type]++;
	s->last_id = f->id;
	s->last_len = f->len;
	if (f->fd != -1)
		s->got_fd = f->fd;
	if (s->send_inside)
		chan_send(c, MSG_STAMP_REPLY, f->id, "123456789012", 12, -1);
	if (s->read_inside)
		ck_assert_int_eq(chan_in(c), 0);
	return s->verdict;
}

static const struct chan_handler engine_table[] = {
    {MSG_STAMP_REPLY, on_any},
    {MSG_PUB_REPLY, on_any},
    {MSG_WIRE, on_any},
    {MSG_PING, on_any},
};
static const struct chan_handler keyd_table[] = {
    {MSG_STAMP_ASK, on_any},
    {MSG_PUB_ASK, on_any},
};

static inline struct chan *
make(struct side *s, int fd, enum role self, enum role peer,
    const struct chan_handler *table, size_t n)
{
	struct chan_conf conf = {.self = self,
	    .peer = peer,
	    .gen = GEN,
	    .handlers = table,
	    .nhandlers = n,
	    .ctx = s,
	    .max_frames = 8,
	    .max_bytes = 8 * IPC_FRAME_MAX,
	    .ready = on_ready};

	*s = (struct side){.got_fd = -1};
	s->c = chan_new(fd, &conf);
	ck_assert_ptr_nonnull(s->c);
	return s->c;
}

/* Engine and keyd, both READY. */
static inline void
both(void)
{
	int sv[2];

	ck_assert_int_eq(ipc_pair(sv), 0);
	make(&engine, sv[0], ROLE_ENGINE, ROLE_KEY, engine_table, 4);
	make(&keyd, sv[1], ROLE_KEY, ROLE_ENGINE, keyd_table, 2);
	ck_assert_int_eq(chan_out(engine.c), 0);
	ck_assert_int_eq(chan_out(keyd.c), 0);
	ck_assert_int_eq(chan_in(engine.c), 0);
	ck_assert_int_eq(chan_in(keyd.c), 0);
	ck_assert_int_eq(chan_state(engine.c), CHAN_S_READY);
	ck_assert_int_eq(chan_state(keyd.c), CHAN_S_READY);
}

/* The engine alone; its other end is written by hand. */
static inline void
forge(enum role as)
{
	int sv[2];

	ck_assert_int_eq(ipc_pair(sv), 0);
	make(&engine, sv[0], ROLE_ENGINE, as, engine_table, 4);
	forger = sv[1];
}

static inline void
send_as(unsigned type, const void *body, size_t len, int fd, unsigned nfds)
{
	uint8_t rec[IPC_FRAME_MAX];
	size_t n =
	    ipc_build(rec, sizeof(rec), (uint16_t)type, 1, body, len, nfds > 0);

	fds_send(forger, rec, n, fd, nfds);
}

static inline void
hello(uint32_t version, unsigned role, uint64_t gen)
{
	uint8_t body[13];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	wbuf_u32(&w, version);
	wbuf_u8(&w, (uint8_t)role);
	wbuf_u64(&w, gen);
	send_as(MSG_HELLO, body, sizeof(body), -1, 0);
}

static inline void
dies(const char *why)
{
	ck_assert_int_eq(chan_in(engine.c), -1);
	ck_assert_int_eq(chan_state(engine.c), CHAN_S_DEAD);
	ck_assert_str_eq(chan_why(engine.c), why);
	ck_assert(!chan_eof(engine.c));
	ck_assert_uint_eq(chan_stats(engine.c)->refused, 1);
}

/* ... which has greeted as it should. */
static inline void
ready_forger(enum role as)
{
	forge(as);
	hello(MSG_VERSION, as, GEN);
	ck_assert_int_eq(chan_in(engine.c), 0);
}

#endif
