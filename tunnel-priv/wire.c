/* SPDX-License-Identifier: ISC */
/*
 * Who is connected with whom (the table), and what a child is given when it
 * is up (parent.h).
 *
 * A wire exists while both its ends are up.  When one of them comes back a
 * fresh pair is made, with a number of its own, and both get their end at the
 * same moment; a process has no connection that is not in this table.  What is
 * handed out is a duplicate, so that the next one can have it as well.
 */
#include <unistd.h>

#include "log.h"
#include "memory.h"
#include "packets.h"
#include "parent.h"
#include "pkring.h"

#define PLACES_MS 2000 /* between two looks at the interfaces */

static const struct wire {
	enum role a, b;
	enum wire_kind kind;
} wires[] = {
    {ROLE_TUN, ROLE_ENGINE, WIRE_PACKETS},
    {ROLE_ENGINE, ROLE_KEY, WIRE_CHAN},
    {ROLE_ENGINE, ROLE_DISC, WIRE_CHAN},
    {ROLE_DISC, ROLE_KEY, WIRE_CHAN},
    {ROLE_CTL, ROLE_ENGINE, WIRE_CHAN},
    {ROLE_CTL, ROLE_DISC, WIRE_CHAN},
    {ROLE_ENGINE, ROLE_TLS, WIRE_CHAN},
    {ROLE_ENGINE, ROLE_UPNP, WIRE_CHAN},
};

/* Each answers for itself: who takes nothing is not its neighbour's fault. */
static void
send_end(struct child *k, struct msg_wire m, enum role peer, int fd)
{
	m.peer = peer;
	msg_put_wire(parent_out(k->parent), &m);
	if (parent_send(k, MSG_WIRE, 0, fd) == -1)
		child_kill(k, "could not be given a wire");
}

/* The memory comes before the socket that it belongs to. */
static void
send_ring(struct child *k, uint64_t gen, int memfd)
{
	const struct msg_ring m = {.gen = gen};

	msg_put_ring(parent_out(k->parent), &m);
	if (parent_send(k, MSG_RING, 0, memfd) == -1)
		child_kill(k, "could not be given a ring");
}

/* Where there is none, packets go through the socket. */
static void
share_memory(struct child *a, struct child *b, uint64_t gen)
{
	struct parent *p = a->parent;
	int fd;

	if (!p->conf->node.packet_ring)
		return;
	if ((fd = memory_shared(PKR_MAP)) == -1) {
		log_warn("packet ring");
		return;
	}
	send_ring(a, gen, fd);
	send_ring(b, gen, fd);
	close(fd);
}

static int
connect_pair(struct child *a, struct child *b, enum wire_kind kind)
{
	struct msg_wire m = {.kind = kind,
	    .gen = ++a->parent->gen,
	    .offload = a->parent->net.offload};
	int sv[2];

	if (ipc_pair(sv) == -1)
		return -1;
	/* several containers each way; what the system grants is enough */
	for (int i = 0; kind == WIRE_PACKETS && i < 2; i++)
		(void)ask_buffers(
		    a->parent->priv, sv[i], PK_SOCKBUF, PK_SOCKBUF);
	if (kind == WIRE_PACKETS)
		share_memory(a, b, m.gen);
	send_end(a, m, b->role, sv[0]);
	send_end(b, m, a->role, sv[1]);
	close(sv[0]);
	close(sv[1]);
	return 0;
}

static int
send_udp(struct child *k, bool all)
{
	for (unsigned i = 0; i < NET_ENGINE_MAX; i++) {
		const struct net_udp *u = &k->parent->net.udp[i];
		struct msg_udp_fd m = {.index = (uint16_t)i, .local = u->local};

		(void)parent_out(k->parent);
		if (u->fd != -1 && !u->kept) {
			wbuf_u16(&k->parent->out, m.index);
			if (parent_send(k, MSG_UDP_GONE, 0, -1) == -1)
				return -1;
		} else if (u->fd != -1 && (all || u->fresh)) {
			msg_put_udp_fd(&k->parent->out, &m);
			if (parent_send(k, MSG_UDP_FD, 0, u->fd) == -1)
				return -1;
		}
	}
	return 0;
}

/*
 * A socket takes the place of the one of its kind; what the configuration does
 * not want any more is left to discoveryd to close, and to tlsd.
 */
static int
send_disc(struct child *k, bool all)
{
	for (unsigned i = NET_ENGINE_MAX; i < NET_TLS_FIRST; i++) {
		const struct net_udp *u = &k->parent->net.udp[i];
		struct msg_disc_fd m = {.local = u->local};

		if (u->fd == -1 || !u->kept || !(all || u->fresh))
			continue;
		m.kind = (enum disc_fd)u->disc;
		msg_put_disc_fd(parent_out(k->parent), &m);
		if (parent_send(k, MSG_DISC_FD, 0, u->fd) == -1)
			return -1;
	}
	return 0;
}

static int
send_tls(struct child *k, bool all)
{
	for (unsigned i = NET_TLS_FIRST; i < NET_UDP_MAX; i++) {
		const struct net_udp *u = &k->parent->net.udp[i];
		struct msg_tls_fd m = {
		    .index = (uint8_t)(i - NET_TLS_FIRST), .local = u->local};

		if (u->fd == -1 || !u->kept || !(all || u->fresh))
			continue;
		msg_put_tls_fd(parent_out(k->parent), &m);
		if (parent_send(k, MSG_TLS_FD, 0, u->fd) == -1)
			return -1;
	}
	return 0;
}

static int
send_places(struct child *k)
{
	msg_put_places(parent_out(k->parent), &k->parent->places);
	return parent_send(k, MSG_PLACES, 0, -1);
}

static int
send_gates(struct child *k)
{
	msg_put_gateways(parent_out(k->parent), &k->parent->gates);
	return parent_send(k, MSG_GATEWAYS, 0, -1);
}

static void
look_at_gates(struct parent *p)
{
	struct child *k = parent_child(p, ROLE_ENGINE);
	struct msg_gateways now;

	gates_read(p->links.own, &now);
	if (gates_eq(&now, &p->gates))
		return;
	p->gates = now;
	if (k->state == PROC_UP && send_gates(k) == -1)
		child_kill(k, "could not be told of its gateway");
}

/* ---- what comes to this machine ---- */

static void
tell_links(void *ctx)
{
	struct parent *p = ctx;
	uint64_t now = clock_mono_ms();

	(void)parent_out(p);
	if (links_due(&p->links.pace, now))
		/* one that is starting finds everything as it is */
		(void)parent_send(
		    parent_child(p, ROLE_ENGINE), MSG_NEW_LINK, 0, -1);
	else if (p->links.pace.due_ms != 0)
		loop_timer_in(p->links.timer, p->links.pace.due_ms - now);
}

static void
note_links(struct parent *p)
{
	uint64_t now = clock_mono_ms();

	if (p->links.timer == NULL || p->links.pace.due_ms != 0)
		return;
	links_note(&p->links.pace, now);
	loop_timer_in(p->links.timer, p->links.pace.due_ms - now);
}

static void
on_links(int fd, int events, void *ctx)
{
	struct parent *p = ctx;
	int what = links_read(fd, p->links.own);

	(void)events;
	if (what == -1) {
		log_warn("news of links");
		loop_io_free(p->links.io);
		p->links.io = NULL;
		close(fd);
		return;
	}
	if ((what & LINKS_LOOK) != 0)
		wire_places(p, 0);
	if ((what & LINKS_CAME) != 0)
		note_links(p);
}

/* Without any of it there is the look at the addresses, now and then. */
void
wire_links(struct parent *p)
{
	int fd;

	p->links.timer = loop_timer_new(p->loop, tell_links, p);
	p->links.own = places_own(&p->net);
	if ((fd = links_open()) == -1)
		return;
	p->links.io = loop_io_new(p->loop, fd, LOOP_READ, on_links, p);
	if (p->links.io == NULL)
		close(fd);
}

void
wire_places(struct parent *p, uint64_t now_ms)
{
	static const enum role told[] = {ROLE_DISC, ROLE_ENGINE};
	struct msg_places was = p->places;

	if (now_ms != 0 && now_ms - p->looked_ms < PLACES_MS)
		return;
	p->looked_ms = now_ms;
	look_at_gates(p);
	places_join(&p->net);
	places_read(&p->net, &p->places);
	if (places_grew(&was, &p->places))
		note_links(p);
	if (places_eq(&was, &p->places))
		return;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct child *k = parent_child(p, told[i]);

		if (k->state == PROC_UP && send_places(k) == -1)
			child_kill(k, "could not be told where it is");
	}
}

/* A descriptor, and one octet that says which it is. */
static int
send_fd(struct child *k, enum msg_type type, unsigned which, int fd)
{
	wbuf_u8(parent_out(k->parent), (uint8_t)which);
	return parent_send(k, type, 0, fd);
}

static int
send_own(struct child *k)
{
	struct parent *p = k->parent;
	struct msg_tun_fd tun = {.queue = 0, .offload = p->net.offload};
	int r = 0;

	switch (k->role) {
	case ROLE_TUN:
		msg_put_tun_fd(parent_out(p), &tun);
		return parent_send(k, MSG_TUN_FD, 0, p->net.tun_fd);
	case ROLE_ENGINE:
		return send_udp(k, true) == -1 || send_places(k) == -1
		    ? -1
		    : send_gates(k);
	case ROLE_DISC:
		return send_disc(k, true) == -1 ? -1 : send_places(k);
	case ROLE_TLS:
		return send_tls(k, true);
	case ROLE_CTL:
		for (unsigned i = 0; r == 0 && i < 2; i++)
			r = send_fd(k, MSG_LISTEN_FD, i, p->listen_fd[i]);
		return r;
	default:
		return 0;
	}
}

/* After the configuration, whose level it overrides. */
void
wire_level(struct child *k)
{
	wbuf_u8(parent_out(k->parent), (uint8_t)k->parent->level);
	if (k->parent->level != -1)
		(void)parent_send(k, MSG_LOG_LEVEL, 0, -1);
}

void
wire_child(struct child *k)
{
	struct parent *p = k->parent;
	int r = 0;

	if (k->role != ROLE_KEY && k->role != ROLE_UPNP)
		r = confset_send(p->conf, k->chan, k->role);
	wire_level(k);
	if (r == 0)
		r = send_own(k);
	for (size_t i = 0; r == 0 && i < sizeof(wires) / sizeof(*wires); i++) {
		struct child *a = parent_child(p, wires[i].a);
		struct child *b = parent_child(p, wires[i].b);

		if ((k == a || k == b) && a->state == PROC_UP &&
		    b->state == PROC_UP)
			r = connect_pair(a, b, wires[i].kind);
	}
	if (r == -1)
		child_kill(k, "could not be given what it needs");
}

void
wire_reload(struct child *k)
{
	if (k->state != PROC_UP || k->role == ROLE_KEY || k->role == ROLE_UPNP)
		return;
	if (confset_send(k->parent->conf, k->chan, k->role) == -1 ||
	    (k->role == ROLE_ENGINE && send_udp(k, false) == -1) ||
	    (k->role == ROLE_DISC && send_disc(k, false) == -1) ||
	    (k->role == ROLE_TLS && send_tls(k, false) == -1))
		child_kill(k, "could not be given the configuration");
	wire_level(k);
}
