/* SPDX-License-Identifier: ISC */
/* file: discoveryd/host_event.c */
/*
 * What discoveryd reports (events.h): limits that were reached, and that
 * lookups fail, which one alone may do: an address that nobody has.
 */
#include "clock.h"
#include "host.h"
#include "proc.h"

#define IN_VAIN 5 /* in a row is worth a word */

void
host_events_init(struct host *h)
{
	static const enum counter list[] = {DHT_LIMITED, DISC_BUSY,
	    DISC_FRAMES_LIMITED, DISC_QUEUE_FULL, DISC_CROWDED, LAN_LIMITED,
	    LAN_CROWDED, C_NONE};

	event_out_init(&h->events, h->parent.chan);
	excess_init(&h->excess, list);
}

static void
say(struct host *h, enum event_kind kind, uint64_t count)
{
	struct msg_event m;

	events_begin(&m, kind);
	events_number(&m, EVF_COUNT, count);
	event_out_tell(&h->events, clock_mono_ms(), &m);
}

void
host_event_lookup(struct host *h, enum lookup_status status)
{
	if (status == LOOKUP_FOUND) {
		if (h->in_vain >= IN_VAIN)
			say(h, EV_LOOKUPS_WORK, h->in_vain);
		h->in_vain = 0;
	} else if (++h->in_vain == IN_VAIN)
		say(h, EV_LOOKUPS_FAIL, h->in_vain);
}

/* Once a second. */
enum chan_verdict
host_on_ping(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct host *h = parent->host;
	uint64_t now_ms = clock_mono_ms();
	struct msg_event m;

	disc_count(h->disc, &h->counters);
	while (excess_next(&h->excess, &h->counters, now_ms, &m))
		event_out_tell(&h->events, now_ms, &m);
	event_out_tick(&h->events, now_ms);
	return proc_on_ping(ch, ctx, f);
}
