/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires_paths.c */
/* Failing over by hand, as control asks for it. */
#include "clock.h"
#include "glue.h"

enum chan_verdict
paths_on_failover(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_failover_ask m;
	struct msg_failover_row row;
	uint8_t body[2 * PATH_NAME_MAX + 64];
	struct rbuf r;
	struct wbuf w;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_failover_ask(&r, &m) == -1)
		return CHAN_BAD;
	if (engine_failover(wire->glue->engine, clock_mono_ms(), &m, &row) ==
	    -1) {
		wire_end(ch, f->id, END_UNKNOWN);
		return CHAN_OK;
	}
	wbuf_init(&w, body, sizeof(body));
	msg_put_failover_row(&w, &row);
	(void)wire_reply(ch, MSG_FAILOVER_ROW, f->id, &w);
	wire_end(ch, f->id, END_OK);
	return CHAN_OK;
}
