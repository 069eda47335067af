/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/mtu.c */
/*
 * The interface's MTU as the engine finds that the paths take (parent.h).
 *
 * The engine talks with strangers, so it only proposes: nothing happens unless
 * the configuration says `mtu auto`, a number outside of the limits is left
 * alone, and so is one that comes too soon after another.  It will come again.
 */
#include <stdio.h>
#include <string.h>

#include "parent.h"

#define GAP_MS 5000 /* between two changes; the engine waits for longer */

enum chan_verdict
mtu_on_wanted(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct parent *p = k->parent;
	const struct conf_node *n = &p->conf->node;
	uint64_t now = clock_mono_ms();
	struct msg_tun_mtu m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tun_mtu(&r, &m) == -1)
		return CHAN_BAD;
	/* of before a reload, perhaps */
	if (n->mtu != CONF_AUTO || m.mtu < CONF_MTU_AUTO_MIN ||
	    m.mtu > n->mtu_limit ||
	    (p->mtu_ms != 0 && now - p->mtu_ms < GAP_MS))
		return CHAN_OK;
	memcpy(p->mtu_peer, m.peer, sizeof(p->mtu_peer));
	if (m.mtu == p->net.mtu)
		return CHAN_OK;
	p->mtu_ms = now;
	log_info("%s: mtu %u -> %u", p->net.device, (unsigned)p->net.mtu,
	    (unsigned)m.mtu);
	if (net_mtu(&p->net, m.mtu) == -1)
		log_warn("%s: mtu %u", p->net.device, (unsigned)m.mtu);
	return CHAN_OK;
}

/* Whose path it was says nothing any more if nobody's decides. */
void
mtu_reloaded(struct parent *p)
{
	if (p->net.mtu == conf_mtu(&p->conf->node))
		p->mtu_peer[0] = '\0';
}
