/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/tunwire.c */
/* Packets to and from the tun role: see tunwire.h. */
#include "tunwire.h"

#include <string.h>

#include "log.h"

static void on_again(void *);

int
tunwire_init(struct tunwire *w, struct loop *l)
{
	*w = (struct tunwire){.loop = l};
	if (pkwire_init(&w->wire, PKWIRE_CONTAINERS) == -1)
		return -1;
	w->again = loop_timer_new(l, on_again, w);
	if (w->again == NULL) {
		pkwire_clear(&w->wire);
		return -1;
	}
	return 0;
}

void
tunwire_clear(struct tunwire *w)
{
	tunwire_set(w, -1, -1);
	loop_timer_free(w->again);
	pkwire_clear(&w->wire);
}

static void
watch(struct tunwire *w)
{
	int events = LOOP_READ;

	if (w->io == NULL)
		return;
	/* with a ring, reading is hearing the bell */
	if (w->paused && !pkwire_shared(&w->wire))
		events = 0;
	if (pkwire_wants_out(&w->wire))
		events |= LOOP_WRITE;
	loop_io_set(w->io, events);
}

static void
lost(struct tunwire *w, bool eof)
{
	tunwire_set(w, -1, -1);
	w->dead(w->ctx, eof);
}

/* ---- out ---- */

uint8_t *
tunwire_room(struct tunwire *w)
{
	uint8_t *at = pkwire_begin(&w->wire, PK_IP_MAX);

	return at == NULL ? NULL : at + PK_VNET;
}

int
tunwire_send(
    struct tunwire *w, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	uint8_t *at = pkwire_begin(&w->wire, len);

	if (at == NULL)
		return -1;
	/* a smaller record may fit where a larger one did not: then it moves */
	if (pkt != at + PK_VNET)
		memmove(at + PK_VNET, pkt, len);
	vnet_put(v, at);
	pkwire_commit(&w->wire, len);
	return 0;
}

void
tunwire_flush(struct tunwire *w)
{
	if (pkwire_flush(&w->wire) == -1) {
		log_debug("packet wire: the tun role takes nothing");
		lost(w, true);
		return;
	}
	watch(w);
}

/* ---- in ---- */

/* 1: the burst was full, 0: that was all, -1: the other end is gone, -2: bad */
static int
take(struct tunwire *w)
{
	uint8_t *vnet, *pkt;
	struct vnet v;
	size_t len;
	int r = 1;

	for (int i = 0; r == 1 && i < TUNWIRE_BURST; i++) {
		r = pkwire_next(&w->wire, &vnet, &pkt, &len);
		if (r != 1)
			break;
		vnet_get(vnet, &v);
		w->record(w->ctx, &v, pkt, len);
	}
	w->burst(w->ctx);
	if (r >= 0 && pkwire_done(&w->wire) == -1)
		r = -1;
	return r;
}

/* What there is; if that was not all, again after what else is to be done. */
static void
serve(struct tunwire *w)
{
	int r = w->paused ? 0 : take(w);

	if (r < 0)
		lost(w, r == -1);
	else if (w->paused || (r == 0 && pkwire_sleep(&w->wire)))
		watch(w);
	else
		loop_timer_in(w->again, 0);
}

static void
on_again(void *ctx)
{
	serve(ctx);
}

static void
on_io(int fd, int events, void *ctx)
{
	struct tunwire *w = ctx;
	int r = 0;

	(void)fd;
	if ((events & LOOP_WRITE) != 0 && pkwire_flush(&w->wire) == -1)
		r = -1;
	if (r == 0 && (events & LOOP_READ) != 0)
		r = pkwire_woken(&w->wire);
	if (r < 0)
		lost(w, r == -1);
	else if ((events & LOOP_READ) != 0)
		serve(w);
}

void
tunwire_set(struct tunwire *w, int fd, int memfd)
{
	if (w->wire.fd != -1)
		w->closing(w->ctx);
	loop_io_free(w->io);
	loop_timer_stop(w->again);
	w->io = NULL;
	/* half a container for a tun role that died is nobody's */
	pkwire_forget(&w->wire);
	pkwire_set(&w->wire, PKWIRE_ENGINE, fd, memfd);
	if (fd == -1)
		return;
	w->io = loop_io_new(w->loop, fd, LOOP_READ, on_io, w);
	if (w->io == NULL) {
		log_warn("packet wire");
		pkwire_set(&w->wire, PKWIRE_ENGINE, -1, -1);
		return;
	}
	loop_timer_in(w->again, 0); /* what is there already, then sleep */
	watch(w);
}

void
tunwire_pause(struct tunwire *w, bool on)
{
	bool was = w->paused;

	w->paused = on;
	if (was && !on && w->io != NULL)
		loop_timer_in(w->again, 0);
	watch(w);
}
