/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pcp.c */
/*
 * The client of pcp.h.  The gateway is on our link and knows our address, so
 * questions are repeated as NAT-PMP says (250 ms, doubling) in both protocols.
 *
 * NAT-PMP asks two things, the port and the gateway's own address; the mapping
 * is there when both are known.  Nothing in its answers but the port says whose
 * they are: they count from the gateway only, while a question is open.
 */
#include "pcp.h"

#include <string.h>

#include "buf.h"

#define VERSION 2
#define OP_MAP 1
#define ANSWER 0x80
#define UDP 17
#define NATPMP_ADDRESS 0
#define NATPMP_UDP 1
#define E_VERSION 1
#define E_MISMATCH 12
#define LIFETIME_MIN_S 10
#define PCP_LAST_MS 20000
#define LIFETIME_MAX_S 86400

const char *
pcp_protocol_name(enum pcp_protocol p)
{
	static const char *const names[PCP_NPROTOCOLS] = {
	    "none", "pcp", "nat_pmp", "upnp"};

	return p < PCP_NPROTOCOLS ? names[p] : "none";
}

const char *
pcp_state_name(enum pcp_state s)
{
	static const char *const names[] = {"off", "asking", "up", "waiting"};

	return s <= PCP_WAIT ? names[s] : "off";
}

void
pcp_init(struct pcp *p, const struct pcp_io *io)
{
	*p = (struct pcp){.io = *io};
}

/* ---- questions ---- */

static void
put_address(struct wbuf *w, const struct addr *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (a->family == 6) {
		wbuf_bytes(w, a->b, 16);
		return;
	}
	wbuf_bytes(w, mapped, sizeof(mapped));
	wbuf_bytes(w, a->b, 4); /* zero, if there is none */
}

static void
ask_pcp(struct pcp *p, uint32_t lifetime_s)
{
	uint8_t out[PCP_MAP_LEN];
	struct wbuf w;

	wbuf_init(&w, out, sizeof(out));
	wbuf_u8(&w, VERSION);
	wbuf_u8(&w, OP_MAP);
	wbuf_u16(&w, 0);
	wbuf_u32(&w, lifetime_s);
	put_address(&w, &p->source);
	wbuf_bytes(&w, p->nonce, sizeof(p->nonce));
	wbuf_u32(&w, (uint32_t)UDP << 24);
	wbuf_u16(&w, p->port);
	/* what was had before, or for a deletion: nothing */
	wbuf_u16(&w, lifetime_s == 0 ? 0 : p->external.port);
	put_address(&w,
	    lifetime_s == 0 ? &(struct addr){.family = p->source.family}
			    : &p->external.addr);
	p->requests++;
	(void)p->io.send(p->io.ctx, out, w.len);
}

static void
ask_natpmp(struct pcp *p, uint32_t lifetime_s)
{
	static const uint8_t address[2] = {0, NATPMP_ADDRESS};
	uint8_t out[12];
	struct wbuf w;

	wbuf_init(&w, out, sizeof(out));
	wbuf_u8(&w, 0);
	wbuf_u8(&w, NATPMP_UDP);
	wbuf_u16(&w, 0);
	wbuf_u16(&w, p->port);
	wbuf_u16(&w,
	    lifetime_s == 0             ? 0
		: p->external.port != 0 ? p->external.port
					: p->port);
	wbuf_u32(&w, lifetime_s);
	p->requests++;
	if (!p->has_port || lifetime_s == 0)
		(void)p->io.send(p->io.ctx, out, w.len);
	else
		(void)p->io.send(p->io.ctx, address, sizeof(address));
}

static void
ask(struct pcp *p, uint32_t lifetime_s)
{
	if (p->protocol == PCP_UPNP) {
		p->requests++;
		if (p->io.upnp != NULL)
			(void)p->io.upnp(p->io.ctx, lifetime_s);
	} else if (p->protocol == PCP_PCP)
		ask_pcp(p, lifetime_s);
	else
		ask_natpmp(p, lifetime_s);
}

static void
question(struct pcp *p, uint64_t now_ms)
{
	p->asking = true;
	p->has_port = false;
	p->tries = 1;
	p->asked_ms = now_ms;
	p->next_ms =
	    now_ms + (p->protocol == PCP_UPNP ? PCP_UPNP_MS : PCP_RTO_MS);
	ask(p, PCP_LIFETIME_S);
}

static void
begin(struct pcp *p, uint64_t now_ms, enum pcp_protocol protocol)
{
	p->protocol = protocol;
	p->state = PCP_ASKING;
	p->io.rnd.fill(p->io.rnd.ctx, p->nonce, sizeof(p->nonce));
	question(p, now_ms);
}

/* least_s: the gateway says so. */
static void
give_up(struct pcp *p, uint64_t now_ms, uint16_t code, uint32_t least_s)
{
	uint64_t ms = PCP_WAIT_MS;

	for (unsigned i = 0; i < p->failures && ms < PCP_WAIT_MAX_MS; i++)
		ms *= 2;
	if (ms < least_s * UINT64_C(1000))
		ms = least_s * UINT64_C(1000);
	if (ms > PCP_WAIT_MAX_MS)
		ms = PCP_WAIT_MAX_MS;
	if (p->failures < UINT8_MAX)
		p->failures++;
	if (p->state == PCP_UP)
		p->news |= PCP_N_LOST;
	p->failed++;
	p->asking = false;
	p->state = PCP_WAIT;
	p->news |= PCP_N_STATE;
	p->code = code;
	p->silent = code == 0;
	p->next_ms = now_ms + ms;
	p->has_epoch = false;
}

void
pcp_configure(struct pcp *p, uint64_t now_ms, const struct addr *gateway,
    const struct addr *source, uint16_t port)
{
	static const struct addr none;

	if (gateway == NULL) {
		gateway = source = &none;
		port = 0;
	}
	if (addr_eq(&p->gateway, gateway) && addr_eq(&p->source, source) &&
	    p->port == port)
		return;
	pcp_leave(p);
	p->gateway = *gateway;
	p->source = *source;
	p->port = port;
	p->external = (struct endpoint){{source->family, {0}}, 0};
	p->failures = 0;
	p->code = 0;
	p->silent = p->has_epoch = false;
	if (gateway->family != 0)
		begin(p, now_ms, PCP_PCP);
}

void
pcp_leave(struct pcp *p)
{
	if (p->state == PCP_UP)
		ask(p, 0);
	if (p->state != PCP_OFF)
		p->news |= PCP_N_STATE;
	p->state = PCP_OFF;
	p->asking = false;
	p->gateway = p->source = (struct addr){0};
}

void
pcp_check(struct pcp *p, uint64_t now_ms)
{
	if (p->state == PCP_OFF || p->asking ||
	    now_ms - p->asked_ms < PCP_AGAIN_MS)
		return;
	if (p->state == PCP_UP)
		question(p, now_ms);
	else
		begin(p, now_ms, PCP_PCP);
}

/* ---- answers ---- */

/* RFC 6887, 8.5: is it as old as it has to be?  False: it has forgotten. */
static bool
take_epoch(struct pcp *p, uint64_t now_ms, uint32_t epoch)
{
	uint64_t client = (now_ms - p->epoch_ms) / 1000, server;
	bool good = true;

	if (p->has_epoch) {
		server = epoch - p->epoch;
		good = epoch + UINT64_C(1) >= p->epoch;
		if (epoch < p->epoch)
			server = 0;
		if (client + 2 < server - server / 16 ||
		    server + 2 < client - client / 16)
			good = false;
	}
	p->has_epoch = true;
	p->epoch = epoch;
	p->epoch_ms = now_ms;
	return good;
}

static void
made(struct pcp *p, uint64_t now_ms, const struct endpoint *external,
    uint32_t lifetime_s)
{
	bool was = p->state == PCP_UP;

	if (lifetime_s < LIFETIME_MIN_S)
		lifetime_s = LIFETIME_MIN_S;
	if (lifetime_s > LIFETIME_MAX_S)
		lifetime_s = LIFETIME_MAX_S;
	if (!was || !endpoint_eq(&p->external, external))
		p->news |= PCP_N_STATE;
	p->made += !was;
	p->external = *external;
	p->lifetime_s = lifetime_s;
	p->state = PCP_UP;
	p->asking = false;
	p->failures = 0;
	p->code = 0;
	p->silent = false;
	p->renew_ms = now_ms + lifetime_s * UINT64_C(500);
	if (p->renew_ms > now_ms + PCP_CHECK_MS)
		p->renew_ms = now_ms + PCP_CHECK_MS;
	p->end_ms = now_ms + lifetime_s * UINT64_C(1000);
}

/* It forgot us; what was asked for just now is there again, though. */
static void
note_lost(struct pcp *p)
{
	if (p->state != PCP_UP)
		return;
	p->lost++;
	p->news |= PCP_N_LOST | PCP_N_STATE;
}

static bool
pcp_answer(struct pcp *p, uint64_t now_ms, const uint8_t *msg, size_t len)
{
	struct endpoint ext = {{6, {0}}, 0};
	uint32_t lifetime_s, epoch;
	uint8_t code, nonce[12];
	struct rbuf r;
	uint16_t port;

	rbuf_init(&r, msg, len);
	rbuf_skip(&r, 3);
	code = rbuf_u8(&r);
	lifetime_s = rbuf_u32(&r);
	epoch = rbuf_u32(&r);
	rbuf_skip(&r, 12);
	rbuf_bytes(&r, nonce, sizeof(nonce));
	rbuf_skip(&r, 4);
	port = rbuf_u16(&r);
	ext.port = rbuf_u16(&r);
	rbuf_bytes(&r, ext.addr.b, 16);
	if (code == E_VERSION && p->state == PCP_ASKING) {
		begin(p, now_ms, PCP_NATPMP);
		return true;
	}
	if (r.bad || memcmp(nonce, p->nonce, sizeof(nonce)) != 0 ||
	    port != p->port || msg[36] != UDP)
		return false;
	if (!take_epoch(p, now_ms, epoch))
		note_lost(p);
	if (code != 0) {
		give_up(p, now_ms, code, lifetime_s);
		return true;
	}
	addr_canonical(&ext.addr);
	if (ext.port == 0 || lifetime_s == 0)
		return false;
	made(p, now_ms, &ext, lifetime_s);
	return true;
}

/* Of NAT-PMP: the port, then the address. */
static bool
natpmp_answer(struct pcp *p, uint64_t now_ms, const uint8_t *msg, size_t len)
{
	uint8_t op = msg[1] & (ANSWER - 1);
	struct endpoint ext = p->external;
	uint16_t code, port;
	struct rbuf r;

	rbuf_init(&r, msg, len);
	rbuf_skip(&r, 2);
	code = rbuf_u16(&r);
	if (r.bad || op != (p->has_port ? NATPMP_ADDRESS : NATPMP_UDP))
		return false;
	if (code != 0) {
		give_up(p, now_ms, code, 0);
		return true;
	}
	if (!take_epoch(p, now_ms, rbuf_u32(&r)))
		note_lost(p);
	if (op == NATPMP_UDP) {
		port = rbuf_u16(&r);
		p->external.port = rbuf_u16(&r);
		p->lifetime_s = rbuf_u32(&r);
		if (r.bad || port != p->port || p->external.port == 0) {
			p->external = ext;
			return false;
		}
		/* another port is news when the address is known again */
		if (p->external.port != ext.port)
			p->news |= PCP_N_STATE;
		p->has_port = true;
		p->tries = 1;
		p->next_ms = now_ms + PCP_RTO_MS;
		ask_natpmp(p, PCP_LIFETIME_S);
		return true;
	}
	ext.addr = (struct addr){.family = 4};
	rbuf_bytes(&r, ext.addr.b, 4);
	if (r.bad)
		return false;
	made(p, now_ms, &ext, p->lifetime_s);
	return true;
}

bool
pcp_receive(struct pcp *p, uint64_t now_ms, const uint8_t *msg, size_t len)
{
	if (!p->asking || p->protocol == PCP_UPNP || len < 4 ||
	    len > PCP_MESSAGE_MAX || (msg[1] & ANSWER) == 0)
		return false;
	if (p->protocol == PCP_NATPMP)
		return msg[0] == 0 && natpmp_answer(p, now_ms, msg, len);
	/* who knows NAT-PMP only says so in its own words */
	if (msg[0] == 0 && msg[2] == 0 && msg[3] == E_VERSION &&
	    p->state == PCP_ASKING) {
		begin(p, now_ms, PCP_NATPMP);
		return true;
	}
	return msg[0] == VERSION && msg[1] == (ANSWER | OP_MAP) && len >= 24 &&
	    pcp_answer(p, now_ms, msg, len);
}

void
pcp_upnp(struct pcp *p, uint64_t now_ms, uint16_t code,
    const struct endpoint *external, uint32_t lifetime_s)
{
	if (!p->asking || p->protocol != PCP_UPNP)
		return;
	if (code == 0 && external->addr.family == 4 && external->port != 0)
		made(p, now_ms, external, lifetime_s);
	else
		give_up(p, now_ms, code, 0);
}

/* ---- time ---- */

static void
repeat(struct pcp *p, uint64_t now_ms)
{
	if (p->tries < PCP_TRIES && p->protocol != PCP_UPNP) {
		p->next_ms = now_ms + ((uint64_t)PCP_RTO_MS << p->tries);
		p->tries++;
		ask(p, PCP_LIFETIME_S);
		return;
	}
	/* what was given still holds: again later, more often to the end */
	if (p->state == PCP_UP && now_ms + PCP_LAST_MS < p->end_ms) {
		p->asking = false;
		p->renew_ms = now_ms + (p->end_ms - now_ms) / 2;
		return;
	}
	/* there are gateways that don't even say that they don't know PCP */
	if (p->state == PCP_ASKING && p->protocol == PCP_PCP)
		begin(p, now_ms, PCP_NATPMP);
	else if (p->state == PCP_ASKING && p->protocol == PCP_NATPMP && p->upnp)
		begin(p, now_ms, PCP_UPNP);
	else
		give_up(p, now_ms, 0, 0);
}

void
pcp_tick(struct pcp *p, uint64_t now_ms)
{
	if (p->state == PCP_OFF)
		return;
	if (p->asking && now_ms >= p->next_ms)
		repeat(p, now_ms);
	else if (p->state == PCP_WAIT && now_ms >= p->next_ms)
		begin(p, now_ms, PCP_PCP);
	else if (p->state == PCP_UP && !p->asking && now_ms >= p->renew_ms)
		question(p, now_ms);
}

uint64_t
pcp_due(const struct pcp *p)
{
	if (p->state == PCP_OFF)
		return UINT64_MAX;
	return p->asking || p->state == PCP_WAIT ? p->next_ms : p->renew_ms;
}

uint32_t
pcp_left_s(const struct pcp *p, uint64_t now_ms)
{
	if (p->state != PCP_UP || now_ms >= p->end_ms)
		return 0;
	return (uint32_t)((p->end_ms - now_ms) / 1000);
}
