/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_news.c */
/*
 * News: one signed text, the newest of which all nodes of a private swarm are
 * to have at once (the host's: the list of revoked certificates).
 *
 *	query "mesh_news"	seq: our number; v: the text, if it is told
 *	answer			seq: its number; v: its text if we are behind,
 *				or a token to ask with again
 *
 * Who gets newer ones tells every good node of its tables, once: the tables
 * reach every node of a Kademlia in a few steps.  What was lost on the way is
 * made up for by asking: each node when it is new to us, so a swarm that was
 * parted or a node that was away is in step as soon as they see each other,
 * and somebody at random once a minute.
 *
 * Nothing is believed: the host says whether it is right and which number it
 * has.  What is not newer is not even shown to it.
 */
#include <string.h>

#include "dht_int.h"

#define NEWS_MS 60000
#define NEWS_TO_MAX 256 /* nodes of the tables */
#define NEWS_AGAIN 2    /* times, if no answer comes */

static bool
say(struct dht *d, uint64_t now_ms, struct ask *a, const struct octets *token)
{
	struct krpc_msg m = {.method = KRPC_NEWS,
	    .cas = KRPC_NO_CAS,
	    .has_seq = true,
	    .seq = d->news_number};

	a->why = ASK_NEWS;
	if (a->tells)
		m.v = (struct octets){d->news, d->news_len};
	if (token != NULL)
		m.token = *token;
	return ask_send(d, now_ms, a, &m);
}

void
news_ask(struct dht *d, uint64_t now_ms, const struct endpoint *to)
{
	struct ask a = {.to = *to};

	if (d->conf.has_tag && d->io.news != NULL)
		(void)say(d, now_ms, &a, NULL);
}

static void
tell(struct dht *d, uint64_t now_ms, const struct endpoint *to)
{
	struct ask a = {.to = *to, .tells = true};

	(void)say(d, now_ms, &a, NULL);
}

static size_t
list_nodes(struct dht *d, uint64_t now_ms, struct dht_node list[NEWS_TO_MAX])
{
	size_t n = 0;

	for (int i = 0; i < 2; i++)
		if (d->net[i].on)
			n += table_good(&d->net[i].table, now_ms, list + n,
			    (i == 0 ? NEWS_TO_MAX / 2 : NEWS_TO_MAX - n));
	return n;
}

void
dht_news(struct dht *d, uint64_t now_ms, uint64_t number, const uint8_t *text,
    size_t len)
{
	struct dht_node list[NEWS_TO_MAX];
	struct wbuf w;
	size_t n;

	if (number <= d->news_number || number > INT64_MAX ||
	    len > DHT_NEWS_MAX)
		return;
	wbuf_init(&w, d->news, sizeof(d->news));
	ben_put_str(&w, text, len);
	d->news_len = (uint16_t)w.len;
	d->news_number = number;
	if (!d->conf.has_tag)
		return;
	n = list_nodes(d, now_ms, list);
	for (size_t i = 0; i < n; i++)
		tell(d, now_ms, &list[i].ep);
}

void
news_came(struct dht *d, uint64_t now_ms, const struct krpc_msg *m)
{
	struct octets text;
	uint64_t number;

	if (d->io.news == NULL || m->v.p == NULL || !ben_str(&m->v, &text) ||
	    text.len > DHT_NEWS_MAX)
		return;
	number = d->io.news(d->io.ctx, now_ms, text.p, text.len);
	if (number == 0) {
		d->stats.bad_news++;
		return;
	}
	if (number <= d->news_number)
		return;
	d->stats.news++;
	dht_news(d, now_ms, number, text.p, text.len);
}

void
news_answered(struct dht *d, uint64_t now_ms, const struct ask *a,
    const struct krpc_msg *m)
{
	struct ask once_more = {.to = a->to, .again = NEWS_AGAIN};

	if (!m->has_seq)
		return;
	if (m->seq < d->news_number && !a->tells)
		tell(d, now_ms, &a->to);
	else if (m->seq > d->news_number && m->v.p != NULL)
		news_came(d, now_ms, m);
	else if (m->seq > d->news_number && m->token.p != NULL && a->again == 0)
		(void)say(d, now_ms, &once_more, &m->token);
}

void
news_missed(struct dht *d, uint64_t now_ms, const struct ask *a)
{
	struct ask b = {.to = a->to, .again = a->again, .tells = a->tells};

	if (b.again++ < NEWS_AGAIN)
		(void)say(d, now_ms, &b, NULL);
}

void
news_tick(struct dht *d, uint64_t now_ms)
{
	struct dht_node list[NEWS_TO_MAX];
	size_t n;

	if (!d->conf.has_tag || now_ms < d->news_ms)
		return;
	d->news_ms = now_ms + NEWS_MS;
	if ((n = list_nodes(d, now_ms, list)) > 0)
		news_ask(
		    d, now_ms, &list[rnd_below(&d->io.rnd, (uint32_t)n)].ep);
}
