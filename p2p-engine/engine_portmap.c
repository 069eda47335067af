/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_portmap.c */
/*
 * Ports of the default gateway that lead to the sockets of the sessions:
 * reach/pcp.h decides, here are the sockets, the time, and what discoveryd is
 * told.
 *
 * Only the gateway of the host's default route is asked, as the parent knows
 * it, and only while our own address there is a private one: who has a public
 * address needs no translator's favour.  Questions leave by the very socket
 * that is to be reached, answers come back to it.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_turn.h"
#include "log.h"

static int
io_send(void *ctx, const uint8_t *data, size_t len)
{
	struct engine_map *m = ctx;
	const struct endpoint to = {m->pcp.gateway, PCP_PORT};

	return engine_send(m->e, NULL, m->sock, &to, data, len);
}

static int
io_upnp(void *ctx, uint32_t lifetime_s)
{
	struct engine_map *m = ctx;
	const struct pcp *p = &m->pcp;
	const struct msg_upnp_ask ask = {.gateway = p->gateway,
	    .source = p->source,
	    .port = p->port,
	    .external = p->external.port != 0 ? p->external.port : p->port,
	    .lifetime_s = lifetime_s};

	if (m->e->io.upnp_ask == NULL)
		return -1;
	m->asked += MAPS_MAX; /* whose it is stays in it */
	return m->e->io.upnp_ask(m->e->io.ctx, m->asked, &ask);
}

void
engine_map_init(struct engine *e)
{
	for (unsigned i = 0; i < MAPS_MAX; i++) {
		struct engine_map *m = &e->map[i];
		const struct pcp_io io = {.ctx = m,
		    .send = io_send,
		    .upnp = io_upnp,
		    .rnd = e->io.rnd};

		m->e = e;
		m->asked = i;
		pcp_init(&m->pcp, &io);
	}
}

static void
arm(struct engine *e)
{
	uint64_t due_ms = UINT64_MAX;

	for (unsigned i = 0; i < MAPS_MAX; i++)
		if (pcp_due(&e->map[i].pcp) < due_ms)
			due_ms = pcp_due(&e->map[i].pcp);
	if (due_ms == UINT64_MAX)
		timers_stop(&e->timers, &e->t_map);
	else
		timers_set(&e->timers, &e->t_map, due_ms);
}

/* ---- news ---- */

static void
tell_event(struct engine *e, enum event_kind kind, const struct pcp *p)
{
	char place[ENDPOINT_STRLEN];
	struct msg_event m;

	events_begin(&m, kind);
	events_text(&m, EVF_PLACE, endpoint_format(&p->external, place));
	events_text(&m, EVF_TEXT,
	    kind == EV_MAPPED         ? pcp_protocol_name(p->protocol)
		: p->state == PCP_UP  ? "the gateway had forgotten it"
		: p->state == PCP_OFF ? "it is not wanted any more"
		: p->silent           ? "the gateway does not answer"
				      : "the gateway refused it");
	if (e->io.tell_event != NULL)
		e->io.tell_event(e->io.ctx, &m);
}

static void
settle(struct engine *e)
{
	bool news = false;

	for (unsigned i = 0; i < MAPS_MAX; i++) {
		struct pcp *p = &e->map[i].pcp;

		if ((p->news & PCP_N_LOST) != 0)
			tell_event(e, EV_UNMAPPED, p);
		if ((p->news & PCP_N_STATE) != 0 && p->state == PCP_UP)
			tell_event(e, EV_MAPPED, p);
		news = news || p->news != 0;
		p->news = 0;
	}
	if (news)
		engine_gains_tell(e, false);
	arm(e);
}

void
engine_gains(const struct engine *e, struct msg_gained *m)
{
	const struct turn *t = &e->turn->t;

	*m = (struct msg_gained){0};
	for (unsigned i = 0; i < MAPS_MAX; i++) {
		const struct pcp *p = &e->map[i].pcp;

		if (p->state != PCP_UP || addr_is_private(&p->external.addr) ||
		    addr_is_any(&p->external.addr))
			continue;
		m->at[m->n].type = CANDIDATE_MAPPED;
		m->at[m->n++].ep = p->external;
	}
	if (t->state == TURN_UP) {
		m->at[m->n].type = CANDIDATE_TURN;
		m->at[m->n++].ep = t->relayed;
	}
}

void
engine_gains_tell(struct engine *e, bool again)
{
	struct msg_gained m;

	engine_gains(e, &m);
	if (again && m.n == 0)
		return; /* it knows of none */
	if (e->io.tell_gained != NULL)
		(void)e->io.tell_gained(e->io.ctx, &m);
	if (!again)
		punching_news(e, e->now_ms);
}

/* ---- what is wanted ---- */

static bool
is_wanted(const struct engine *e, const struct nat_sock *s)
{
	return e->configured && e->node.nat_enable && e->node.port_mapping &&
	    e->gateways.n > 0 && s != NULL && s->view.family == 4 &&
	    s->bound.port != 0 && addr_is_private(&e->gateways.at[0].source) &&
	    (addr_is_any(&s->bound.addr) ||
		addr_eq(&s->bound.addr, &e->gateways.at[0].source));
}

static void
configure(struct engine *e, uint64_t now_ms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NAT_SOCKETS && n < MAPS_MAX; i++) {
		const struct nat_sock *s = nat_sock(&e->nat, i);
		struct engine_map *m = &e->map[n];

		if (!is_wanted(e, s))
			continue;
		m->pcp.upnp = e->node.upnp;
		if (m->sock != s->view.sock)
			pcp_configure(&m->pcp, now_ms, NULL, NULL, 0);
		m->sock = s->view.sock;
		pcp_configure(&m->pcp, now_ms, &e->gateways.at[0].gateway,
		    &e->gateways.at[0].source, s->bound.port);
		n++;
	}
	for (; n < MAPS_MAX; n++)
		pcp_configure(&e->map[n].pcp, now_ms, NULL, NULL, 0);
	settle(e);
}

void
engine_map_conf(struct engine *e, uint64_t now_ms)
{
	configure(e, now_ms);
}

void
engine_gateways(struct engine *e, uint64_t now_ms, const struct msg_gateways *m)
{
	e->gateways = *m;
	configure(e, now_ms);
}

void
engine_map_check(struct engine *e, uint64_t now_ms)
{
	configure(e, now_ms);
	for (unsigned i = 0; i < MAPS_MAX; i++)
		pcp_check(&e->map[i].pcp, now_ms);
	settle(e);
}

void
engine_upnp(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_upnp_reply *m)
{
	struct engine_map *map = &e->map[id % MAPS_MAX];

	if (id != map->asked) /* of an older one */
		return;
	pcp_upnp(&map->pcp, now_ms, m->code, &m->external, m->lifetime_s);
	settle(e);
}

bool
engine_map_busy(const struct engine *e)
{
	for (unsigned i = 0; i < MAPS_MAX; i++)
		if (e->map[i].pcp.asking)
			return true;
	return false;
}

void
engine_map_tick(struct engine *e, uint64_t now_ms)
{
	for (unsigned i = 0; i < MAPS_MAX; i++)
		pcp_tick(&e->map[i].pcp, now_ms);
	settle(e);
}

void
engine_map_leave(struct engine *e, uint64_t now_ms)
{
	(void)now_ms;
	for (unsigned i = 0; i < MAPS_MAX; i++)
		pcp_leave(&e->map[i].pcp);
}

bool
engine_map_takes(struct engine *e, uint64_t now_ms, const struct datagram *d,
    enum counter *verdict)
{
	bool of_gateway = false;

	if (d->from->port != PCP_PORT)
		return false;
	*verdict = EI_MAP_STRAY;
	for (unsigned i = 0; i < MAPS_MAX; i++) {
		struct engine_map *m = &e->map[i];

		if (m->pcp.state == PCP_OFF || d->sock != m->sock ||
		    !addr_eq(&d->from->addr, &m->pcp.gateway))
			continue;
		of_gateway = true;
		if (pcp_receive(&m->pcp, now_ms, d->data, d->len))
			*verdict = EI_MAP_HEARD;
	}
	if (*verdict == EI_MAP_HEARD)
		settle(e);
	return of_gateway;
}

/* ---- for people ---- */

void
engine_map_gauges(struct engine *e)
{
	static const enum counter of[] = {
	    MAP_REQUESTS, MAP_MADE, MAP_FAILED, MAP_LOST, MAPPINGS};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		e->c.v[of[i]] = 0;
	for (unsigned i = 0; i < MAPS_MAX; i++) {
		const struct pcp *p = &e->map[i].pcp;

		e->c.v[MAP_REQUESTS] += p->requests;
		e->c.v[MAP_MADE] += p->made;
		e->c.v[MAP_FAILED] += p->failed;
		e->c.v[MAP_LOST] += p->lost;
		e->c.v[MAPPINGS] += p->state == PCP_UP;
	}
}

int
engine_map_row(const struct engine *e, uint32_t *cursor, uint64_t now_ms,
    struct msg_map_row *row)
{
	const struct engine_map *m;

	while (*cursor < MAPS_MAX && e->map[*cursor].pcp.state == PCP_OFF)
		++*cursor;
	if (*cursor >= MAPS_MAX)
		return -1;
	m = &e->map[(*cursor)++];
	*row = (struct msg_map_row){.socket = m->sock,
	    .protocol = (uint8_t)m->pcp.protocol,
	    .state = (uint8_t)m->pcp.state,
	    .gateway = m->pcp.gateway,
	    .silent = m->pcp.silent,
	    .code = m->pcp.code,
	    .left_s = pcp_left_s(&m->pcp, now_ms)};
	if (m->pcp.state == PCP_UP) {
		row->external = m->pcp.external;
		row->useless = addr_is_private(&m->pcp.external.addr);
	}
	return 0;
}
