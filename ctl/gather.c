/* SPDX-License-Identifier: ISC */
/* file: ctl/gather.c */
/*
 * The questions that metrics ask, one after the other (see gather.h).
 */
#include "clock.h"
#include "gather.h"
#include "metrics.h"

static int
take(void *ctx, const struct ipc_frame *f)
{
	return snapshot_take(ctx, f);
}

enum request_result
gather(struct request *r, struct snapshot *s)
{
	static const uint8_t everybody[2]; /* an empty name */
	static const struct {
		enum msg_type ask;
		size_t len;
	} list[] = {
	    {MSG_STATUS_ASK, 0},
	    {MSG_PEERS_ASK, sizeof(everybody)},
	    {MSG_COUNTERS_ASK, 0},
	    {MSG_NET_ASK, 0},
	    {MSG_DHT_ASK, 0},
	    {MSG_QOS_ASK, sizeof(everybody)},
	    {MSG_RULES_ASK, 0},
	    {MSG_BREAKERS_ASK, 0},
	    {MSG_STREAMS_ASK, 0},
	    {MSG_PATHS_ASK, sizeof(everybody)},
	};

	uint64_t began_us = clock_mono_us();

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct question q = {
		    .ask = list[i].ask,
		    .body = everybody,
		    .len = list[i].len,
		    .timeout_ms = REQUEST_LOOK_MS,
		    .row = take,
		    .ctx = s,
		};
		enum request_result result;
		enum row_end end;

		/* for each peer, so not of very many */
		if (list[i].ask == MSG_BREAKERS_ASK &&
		    s->npeers > METRICS_FULL_PEERS)
			break;

		result = request_ask(r, &q, &end);
		if (result != REQUEST_OK)
			return result;
		if (list[i].ask == MSG_PEERS_ASK && end != END_OK)
			s->peers_unknown = true;
	}
	s->took_us = clock_mono_us() - began_us;
	return REQUEST_OK;
}
