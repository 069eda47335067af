/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc_look.c */
/* What discoveryd shows of itself: rows and counters. */
#include <string.h>

#include "disc_int.h"

static void
fill_dht(const struct disc *d, struct msg_dht_row *m)
{
	struct dht_stats s;

	if (d->dht == NULL)
		return;
	dht_stats(d->dht, &s);
	m->mode = d->conf.dht;
	memcpy(m->id4, dht_own_id(d->dht, 4), sizeof(m->id4));
	memcpy(m->id6, dht_own_id(d->dht, 6), sizeof(m->id6));
	m->own4 = d->own4;
	m->own6 = d->own6;
	m->nodes4 = s.nodes4;
	m->nodes6 = s.nodes6;
	m->good = s.good;
	m->items = s.items;
	m->item_octets = s.item_octets;
	m->searches = s.searches;
	m->rx = s.rx;
	m->rx_octets = s.rx_octets;
	m->tx = s.tx;
	m->tx_octets = s.tx_octets;
	m->malformed = s.malformed;
	m->untagged = s.untagged;
	m->rate_limited = s.rate_limited;
	m->unsolicited = s.unsolicited;
	m->bad_token = s.bad_token;
	m->bad_item = s.bad_item;
}

void
disc_row(struct disc *d, struct msg_dht_row *m)
{
	const struct publish_stats *p = publish_stats(d->publish);
	const struct lan_stats *l = lan_stats(d->lan);

	*m = (struct msg_dht_row){0};
	fill_dht(d, m);
	m->published = (uint32_t)p->puts;
	m->published_unix_ms = p->last_unix_s * 1000;
	m->cached = (uint32_t)members_count(d->members);
	m->beacons_in = (uint32_t)l->in;
	m->beacons_out = (uint32_t)l->out;
}

size_t
disc_nodes(const struct disc *d, struct dht_node *out, size_t max)
{
	return d->dht == NULL ? 0 : dht_nodes(d->dht, out, max);
}

static void
count_dht(const struct disc *d, uint64_t v[C_NCOUNTERS])
{
	struct dht_stats s = {0};

	if (d->dht != NULL)
		dht_stats(d->dht, &s);
	v[DHT_RX] = s.rx;
	v[DHT_RX_BYTES] = s.rx_octets;
	v[DHT_TX] = s.tx;
	v[DHT_TX_BYTES] = s.tx_octets;
	v[DHT_MALFORMED] = s.malformed;
	v[DHT_UNTAGGED] = s.untagged;
	v[DHT_LIMITED] = s.rate_limited;
	v[DHT_UNSOLICITED] = s.unsolicited;
	v[DHT_BAD_TOKEN] = s.bad_token;
	v[DHT_BAD_ITEM] = s.bad_item;
	v[DHT_NOT_ANSWERED] = s.not_answered;
	v[DHT_NOT_ASKED] = s.not_asked;
}

void
disc_count(struct disc *d, struct counters *c)
{
	const struct lookup_stats *f = lookup_stats(d->lookup);
	const struct gossip_stats *g = gossip_stats(d->gossip);
	const struct publish_stats *p = publish_stats(d->publish);
	const struct lan_stats *l = lan_stats(d->lan);
	uint64_t *v = c->v;

	v[DISC_UNKNOWN] = f->unknown;
	v[DISC_ASKED] = 0;
	for (int i = 0; i <= FIND_DHT; i++)
		v[DISC_ASKED] += f->hit[i];
	v[DISC_BY_CACHE] = f->hit[FIND_CACHE];
	v[DISC_BY_LAN] = f->hit[FIND_LAN];
	v[DISC_BY_PEERS] = f->hit[FIND_PEERS];
	v[DISC_BY_DHT] = f->hit[FIND_DHT];
	v[DISC_AGAIN] = f->refused_again;
	v[DISC_BUSY] = f->busy;
	v[DISC_OPEN] = f->open;
	v[DISC_KNOWN] = members_count(d->members);
	v[DISC_FRAMES_BAD] = g->malformed;
	v[DISC_FRAMES_LIMITED] = g->limited;
	v[DISC_RECORDS] = g->taken;
	v[DISC_RECORDS_REFUSED] = g->refused;
	v[DISC_SERVED] = g->answered;
	v[DISC_PUTS] = p->puts;
	v[DISC_COPIES] = p->stored;
	v[DISC_PUT_FAILED] = p->failed;
	v[DISC_SIGNED] = p->signatures;
	v[DISC_SAVED] = d->images;
	v[LAN_IN] = l->in;
	v[LAN_OUT] = l->out;
	v[LAN_REFUSED] = l->refused;
	v[LAN_LIMITED] = l->held;
	v[LAN_CROWDED] = l->crowded;
	v[DISC_QUEUE_FULL] = d->events_lost;
	v[DISC_CROWDED] = members_crowded(d->members);
	v[DISC_NOT_WANTED] = g->not_wanted;
	count_dht(d, v);
}
