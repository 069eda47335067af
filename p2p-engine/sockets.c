/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/sockets.c */
/*
 * The UDP sockets on the event loop: they come from the parent by number, give
 * the engine what they receive, and stop the packets of the tun role while one
 * of them takes no more.  What the system does for them is told to the parent.
 */
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "feature.h"
#include "glue.h"
#include "log.h"
#include "proc.h"

/* While a socket's queue is not empty no packet is taken from the tun role. */
void
sockets_pressure(struct glue *g)
{
	bool any = false;

	for (int i = 0; i < UDP_SOCKETS; i++) {
		if (g->udp[i] == NULL)
			continue;
		loop_io_set(g->udp_io[i],
		    LOOP_READ | (udp_waiting(g->udp[i]) ? LOOP_WRITE : 0));
		any = any || udp_waiting(g->udp[i]);
	}
	if (any != g->tun.paused)
		tunwire_pause(&g->tun, any);
	if (any && !g->nudging)
		loop_timer_in(g->nudge, UDP_NUDGE_MS);
	g->nudging = any;
}

void
sockets_on_nudge(void *ctx)
{
	struct glue *g = ctx;

	g->nudging = false; /* the end of the turn arms it again */
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (g->udp[i] != NULL && udp_waiting(g->udp[i]))
			udp_writable(g->udp[i]);
}

static uint8_t *
rx_room(void *ctx)
{
	struct glue *g = ctx;

	engine_collect_to(g->engine, RX_BUFFERS - 1);
	return g->rx[g->rx_next];
}

static void
on_receive(void *ctx, uint16_t no, const struct endpoint *from, uint8_t *data,
    size_t len, size_t seg)
{
	struct glue *g = ctx;

	glue_packets(g);
	hist_add(engine_hist(g->engine, HIST_BATCH_IN), HIST_BATCH_IN,
	    len <= seg ? 1 : (len + seg - 1) / seg);
	if (engine_from_receive(g->engine, g->now_ms, no, from, data, len, seg))
		g->rx_next = (g->rx_next + 1) % RX_BUFFERS;
}

static void
on_udp(int fd, int events, void *ctx)
{
	struct glue *g = ctx;
	const struct udp_taker taker = {
	    .room = rx_room, .whole = on_receive, .ctx = g};

	g->now_ms = clock_mono_ms(); /* for all datagrams of this turn */
	for (int i = 0; i < UDP_SOCKETS; i++) {
		if (g->udp[i] == NULL || udp_fd(g->udp[i]) != fd)
			continue;
		if ((events & LOOP_WRITE) != 0)
			udp_writable(g->udp[i]);
		if ((events & LOOP_READ) != 0)
			(void)udp_receive_whole(g->udp[i], &taker);
	}
	engine_collect(g->engine);
}

void
sockets_sieve(void *ctx, const struct sieve_rules *r)
{
	struct glue *g = ctx;

	g->sieve = *r;
	log_debug("the system is told to sieve: %s, %u sources",
	    r->garbage ? "garbage" : "no garbage", r->nheavy);
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (g->udp[i] != NULL)
			udp_sieve(g->udp[i], r);
}

static void
udp_drop(struct glue *g, uint16_t no)
{
	g->leaving[no] = 0;
	if (g->udp[no] == NULL)
		return;
	engine_socket_del(g->engine, no);
	loop_io_free(g->udp_io[no]);
	udp_count(g->udp[no], &g->gone);
	udp_free(g->udp[no]);
	g->udp_io[no] = NULL;
	g->udp[no] = NULL;
}

static void
udp_add(struct glue *g, const struct msg_udp_fd *m, int fd)
{
	uint16_t no = m->index;

	udp_drop(g, no);
	g->udp[no] = udp_new(fd, no, m->local.addr.family);
	if (g->udp[no] == NULL)
		return;
	g->udp_io[no] = loop_io_new(g->loop, fd, LOOP_READ, on_udp, g);
	if (g->udp_io[no] == NULL) {
		log_warn("UDP socket %u", no);
		udp_free(g->udp[no]);
		g->udp[no] = NULL;
		return;
	}
	if (g->receive_buffer != 0) {
		udp_check_buffers(
		    g->udp[no], g->receive_buffer, g->send_buffer);
		udp_offload(g->udp[no], g->send_batches, g->receive_batches);
	}
	if (g->sieve.garbage || g->sieve.nheavy != 0)
		udp_sieve(g->udp[no], &g->sieve);
	engine_socket_add(g->engine, no, m->local.addr.family);
	engine_socket_bound(g->engine, clock_mono_ms(), no, &m->local);
}

enum chan_verdict
sockets_on_fd(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_udp_fd m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_udp_fd(&r, &m) == -1 || m.index >= UDP_SOCKETS) {
		close(f->fd);
		return CHAN_BAD;
	}
	udp_add(parent->glue, &m, f->fd);
	return CHAN_OK;
}

/*
 * The parent has closed it.  What streams still have under way by it would be
 * overtaken if the rest went by another one: it goes when they have gone.
 */
static void
leave(struct glue *g, uint16_t no)
{
	if (engine_socket_used(g->engine, no) && g->leaving[no] < LEAVING_MAX)
		g->leaving[no]++;
	else
		udp_drop(g, no);
}

enum chan_verdict
sockets_on_gone(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_udp_gone m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_udp_gone(&r, &m) == -1 || m.index >= UDP_SOCKETS)
		return CHAN_BAD;
	leave(parent->glue, m.index);
	return CHAN_OK;
}

enum chan_verdict
sockets_on_places(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_places m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_places(&r, &m) == -1)
		return CHAN_BAD;
	engine_places(parent->glue->engine, clock_mono_ms(), &m);
	return CHAN_OK;
}

void
sockets_conf(struct glue *g, const struct conf_node *n)
{
	g->receive_buffer = n->receive_buffer;
	g->send_buffer = n->send_buffer;
	g->send_batches = n->send_batches;
	g->receive_batches = n->receive_batches;
	for (int i = 0; i < UDP_SOCKETS; i++) {
		if (g->udp[i] == NULL)
			continue;
		udp_check_buffers(g->udp[i], n->receive_buffer, n->send_buffer);
		udp_offload(g->udp[i], n->send_batches, n->receive_batches);
	}
}

void
sockets_clear(struct glue *g)
{
	for (uint16_t i = 0; i < UDP_SOCKETS; i++)
		udp_drop(g, i);
}

/* ---- what the system does for us ---- */

/* The parent hears of it when it is not what it was. */
static void
tell_features(struct glue *g)
{
	uint32_t have = 0, lacking = 0;

	if (crypto_aead_is_split())
		have |= FEATURE_AEAD_SPLIT;
	else
		lacking |= FEATURE_AEAD_SPLIT;
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (g->udp[i] != NULL)
			udp_features(g->udp[i], &have, &lacking);
	have &= ~lacking; /* has is what all sockets have */
	if (have == g->have && lacking == g->lacking)
		return;
	g->have = have;
	g->lacking = lacking;
	proc_tell_features(g->parent.chan, have, lacking);
}

/* Once a second: what the system refuses meanwhile is seen soon enough. */
enum chan_verdict
sockets_on_ping(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	tell_features(parent->glue);
	for (uint16_t i = 0; i < UDP_SOCKETS; i++)
		if (parent->glue->leaving[i] != 0)
			leave(parent->glue, i);
	engine_watch(parent->glue->engine, clock_mono_ms());
	event_out_tick(&parent->glue->events, clock_mono_ms());
	return proc_on_ping(ch, ctx, f);
}

/* ---- what the engine wants of them ---- */

enum udp_result
sockets_send(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	struct glue *g = ctx;

	if (sock >= UDP_SOCKETS || g->udp[sock] == NULL)
		return UDP_ERROR;
	hist_add(engine_hist(g->engine, HIST_BATCH_OUT), HIST_BATCH_OUT,
	    len <= seg ? 1 : (len + seg - 1) / seg);
	return udp_send(g->udp[sock], to, data, len, seg);
}

enum udp_result
sockets_send_as(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg, enum udp_how how)
{
	struct glue *g = ctx;

	if (sock >= UDP_SOCKETS || g->udp[sock] == NULL)
		return UDP_ERROR;
	return udp_send_as(g->udp[sock], to, data, len, seg, how);
}

uint32_t
sockets_delay(void *ctx, uint16_t sock)
{
	struct glue *g = ctx;

	if (sock >= UDP_SOCKETS || g->udp[sock] == NULL)
		return 0;
	return udp_waited_ms(g->udp[sock]) * 1000;
}
