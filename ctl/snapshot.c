/* SPDX-License-Identifier: ISC */
/* file: ctl/snapshot.c */
/*
 * Collecting rows (see snapshot.h); what they mean together is in judge.c.
 */
#include <stdlib.h>
#include <string.h>

#include "figures_info.h"
#include "snapshot.h"

void
snapshot_init(struct snapshot *s)
{
	*s = (struct snapshot){0};
}

void
snapshot_clear(struct snapshot *s)
{
	for (size_t i = 0; i < s->ntexts; i++)
		free(s->text[i].text);
	for (size_t i = 0; i < s->nlines; i++)
		free(s->line[i].text);
	free(s->text);
	free(s->line);
	free(s->peer);
	free(s->figure);
	free(s->member);
	free(s->stream);
	free(s->flow);
	free(s->nat);
	free(s->nat_seen);
	free(s->breaker);
	free(s->dht_node);
	free(s->rule);
	free(s->drop);
	free(s->find);
	snapshot_init(s);
}

/* One more element behind n; NULL: no memory or max reached. */
static void *
one_more(void *array, size_t size, size_t n, size_t *room, size_t max)
{
	size_t want = *room == 0 ? 16 : *room * 2;
	void *p;

	if (n < *room)
		return array;
	if (n >= max)
		return NULL;
	p = reallocarray(array, want, size);
	if (p != NULL)
		*room = want;
	return p;
}

static int
take_node(struct snapshot *s, struct rbuf *r)
{
	if (s->has_node)
		return -1;
	s->has_node = msg_get_node_row(r, &s->node) == 0;
	return s->has_node ? 0 : -1;
}

static int
take_proc(struct snapshot *s, struct rbuf *r)
{
	struct msg_proc_row m;

	if (s->nprocs == ROLE_NROLES || msg_get_proc_row(r, &m) == -1)
		return -1;
	s->proc[s->nprocs++] = m;
	return 0;
}

static int
take_peer(struct snapshot *s, struct rbuf *r)
{
	struct msg_peer_row *p;

	p = one_more(
	    s->peer, sizeof(*p), s->npeers, &s->peers_room, SNAPSHOT_PEERS_MAX);
	if (p == NULL)
		return -1;
	s->peer = p;
	if (msg_get_peer_row(r, &p[s->npeers]) == -1)
		return -1;
	s->npeers++;
	return 0;
}

/* A number this program does not know is a newer daemon's: not shown. */
static int
take_counter(struct snapshot *s, struct rbuf *r)
{
	struct msg_counter_row m;

	if (msg_get_counter_row(r, &m) == -1)
		return -1;
	s->has_counters[m.role] = true;
	if (m.id < C_NCOUNTERS) {
		s->sent[m.role][m.id] = true;
		s->counters[m.role].v[m.id] = m.value;
	}
	return 0;
}

static int
take_hist(struct snapshot *s, struct rbuf *r)
{
	struct msg_hist_row m;

	if (msg_get_hist_row(r, &m) == -1)
		return -1;
	if (m.id < HIST_N && m.role == ROLE_ENGINE) {
		s->has_hist[m.id] = true;
		s->hist[m.id] = m.h;
	}
	return 0;
}

/* Said twice (by a process that was started anew): the later one counts. */
static struct msg_figure_row *
place_of(struct snapshot *s, const struct msg_figure_row *m)
{
	struct msg_figure_row *all;

	for (size_t i = 0; i < s->nfigures; i++)
		if (s->figure[i].role == m->role && s->figure[i].id == m->id &&
		    s->figure[i].label == m->label)
			return &s->figure[i];
	all = one_more(s->figure, sizeof(*all), s->nfigures, &s->figures_room,
	    SNAPSHOT_FIGURES_MAX);
	if (all == NULL)
		return NULL;
	s->figure = all;
	return &all[s->nfigures++];
}

static int
take_figure(struct snapshot *s, struct rbuf *r)
{
	struct msg_figure_row m, *at;
	char label[FIGURE_LABEL_MAX];

	if (msg_get_figure_row(r, &m) == -1)
		return -1;
	if (figure_label(m.id, m.label, label) == -1)
		return 0; /* newer than we are */
	if ((at = place_of(s, &m)) == NULL)
		return -1;
	*at = m;
	return 0;
}

static int
take_text(struct snapshot *s, struct rbuf *r)
{
	struct snapshot_text *t;
	struct msg_text_row m;

	t = one_more(
	    s->text, sizeof(*t), s->ntexts, &s->texts_room, SNAPSHOT_TEXTS_MAX);
	if (t == NULL)
		return -1;
	s->text = t;
	if (msg_get_text_row(r, &m) == -1)
		return -1;
	t[s->ntexts].kind = m.kind;
	t[s->ntexts].text = strdup(m.text);
	if (t[s->ntexts].text == NULL)
		return -1;
	s->ntexts++;
	return 0;
}

static int
take_line(struct snapshot *s, struct rbuf *r)
{
	struct snapshot_line *l;
	struct msg_log_row m;

	l = one_more(
	    s->line, sizeof(*l), s->nlines, &s->lines_room, SNAPSHOT_LINES_MAX);
	if (l == NULL)
		return -1;
	s->line = l;
	if (msg_get_log_row(r, &m) == -1)
		return -1;
	l[s->nlines].unix_ms = m.unix_ms;
	l[s->nlines].level = m.level;
	l[s->nlines].text = strdup(m.text);
	if (l[s->nlines].text == NULL)
		return -1;
	s->nlines++;
	return 0;
}

/* ---- of the network ---- */

static int
take_net(struct snapshot *s, struct rbuf *r)
{
	if (s->has_net)
		return -1;
	s->has_net = msg_get_net_row(r, &s->net) == 0;
	return s->has_net ? 0 : -1;
}

static int
take_dht(struct snapshot *s, struct rbuf *r)
{
	if (s->has_dht)
		return -1;
	s->has_dht = msg_get_dht_row(r, &s->dht) == 0;
	return s->has_dht ? 0 : -1;
}

static int
take_stream(struct snapshot *s, struct rbuf *r)
{
	struct msg_stream_row *m = one_more(s->stream, sizeof(*m), s->nstreams,
	    &s->streams_room, SNAPSHOT_STREAMS_MAX);

	if (m == NULL)
		return -1;
	s->stream = m;
	if (msg_get_stream_row(r, &m[s->nstreams]) == -1)
		return -1;
	s->nstreams++;
	return 0;
}

static int
take_flow(struct snapshot *s, struct rbuf *r)
{
	struct msg_flow_row *m = one_more(
	    s->flow, sizeof(*m), s->nflows, &s->flows_room, SNAPSHOT_FLOWS_MAX);

	if (m == NULL)
		return -1;
	s->flow = m;
	if (msg_get_flow_row(r, &m[s->nflows]) == -1)
		return -1;
	s->nflows++;
	return 0;
}

static int
take_nat(struct snapshot *s, struct rbuf *r)
{
	struct msg_nat_row *m = one_more(
	    s->nat, sizeof(*m), s->nnats, &s->nats_room, SNAPSHOT_NATS_MAX);

	if (m == NULL)
		return -1;
	s->nat = m;
	if (msg_get_nat_row(r, &m[s->nnats]) == -1)
		return -1;
	s->nnats++;
	return 0;
}

static int
take_nat_seen(struct snapshot *s, struct rbuf *r)
{
	struct msg_nat_seen_row *m = one_more(s->nat_seen, sizeof(*m),
	    s->nnat_seen, &s->nat_seen_room, SNAPSHOT_NATS_MAX);

	if (m == NULL)
		return -1;
	s->nat_seen = m;
	if (msg_get_nat_seen_row(r, &m[s->nnat_seen]) == -1)
		return -1;
	s->nnat_seen++;
	return 0;
}

static int
take_breaker(struct snapshot *s, struct rbuf *r)
{
	struct msg_breaker_row *m = one_more(s->breaker, sizeof(*m),
	    s->nbreakers, &s->breakers_room, SNAPSHOT_BREAKERS_MAX);

	if (m == NULL)
		return -1;
	s->breaker = m;
	if (msg_get_breaker_row(r, &m[s->nbreakers]) == -1)
		return -1;
	s->nbreakers++;
	return 0;
}

static int
take_member(struct snapshot *s, struct rbuf *r)
{
	struct msg_member_row *m = one_more(s->member, sizeof(*m), s->nmembers,
	    &s->members_room, SNAPSHOT_MEMBERS_MAX);

	if (m == NULL)
		return -1;
	s->member = m;
	if (msg_get_member_row(r, &m[s->nmembers]) == -1)
		return -1;
	s->nmembers++;
	return 0;
}

static int
take_dht_node(struct snapshot *s, struct rbuf *r)
{
	struct msg_dht_node *m = one_more(s->dht_node, sizeof(*m),
	    s->ndht_nodes, &s->dht_nodes_room, SNAPSHOT_NODES_MAX);

	if (m == NULL)
		return -1;
	s->dht_node = m;
	if (msg_get_dht_node(r, &m[s->ndht_nodes]) == -1)
		return -1;
	s->ndht_nodes++;
	return 0;
}

static int
take_find(struct snapshot *s, struct rbuf *r)
{
	struct msg_find_row *m = one_more(
	    s->find, sizeof(*m), s->nfinds, &s->finds_room, SNAPSHOT_FINDS_MAX);

	if (m == NULL)
		return -1;
	s->find = m;
	if (msg_get_find_row(r, &m[s->nfinds]) == -1)
		return -1;
	s->nfinds++;
	return 0;
}

static int
take_step(struct snapshot *s, struct rbuf *r)
{
	if (s->nsteps == SNAPSHOT_STEPS_MAX ||
	    msg_get_find_step(r, &s->step[s->nsteps]) == -1)
		return -1;
	s->nsteps++;
	return 0;
}

static int
take_rule(struct snapshot *s, struct rbuf *r)
{
	struct msg_rule_row *m = one_more(
	    s->rule, sizeof(*m), s->nrules, &s->rules_room, SNAPSHOT_RULES_MAX);

	if (m == NULL)
		return -1;
	s->rule = m;
	if (msg_get_rule_row(r, &m[s->nrules]) == -1)
		return -1;
	s->nrules++;
	return 0;
}

static int
take_qos(struct snapshot *s, struct rbuf *r)
{
	if (s->nqos == SNAPSHOT_CLASSES_MAX ||
	    msg_get_qos_row(r, &s->qos[s->nqos]) == -1)
		return -1;
	s->nqos++;
	return 0;
}

static int
take_drop(struct snapshot *s, struct rbuf *r)
{
	struct msg_drop_row *m = one_more(
	    s->drop, sizeof(*m), s->ndrops, &s->drops_room, SNAPSHOT_DROPS_MAX);

	if (m == NULL)
		return -1;
	s->drop = m;
	if (msg_get_drop_row(r, &m[s->ndrops]) == -1)
		return -1;
	s->ndrops++;
	return 0;
}

int
snapshot_take(struct snapshot *s, const struct ipc_frame *f)
{
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	switch (f->type) {
	case MSG_NODE_ROW:
		return take_node(s, &r);
	case MSG_PROC_ROW:
		return take_proc(s, &r);
	case MSG_PEER_ROW:
		return take_peer(s, &r);
	case MSG_COUNTER_ROW:
		return take_counter(s, &r);
	case MSG_HIST_ROW:
		return take_hist(s, &r);
	case MSG_VERDICT_ROW:
		s->has_verdict = true;
		return msg_get_verdict_row(&r, &s->verdict);
	case MSG_FIGURE_ROW:
		return take_figure(s, &r);
	case MSG_TEXT_ROW:
		return take_text(s, &r);
	case MSG_LOG_ROW:
		return take_line(s, &r);
	case MSG_NET_ROW:
		return take_net(s, &r);
	case MSG_MEMBER_ROW:
		return take_member(s, &r);
	case MSG_BREAKER_ROW:
		return take_breaker(s, &r);
	case MSG_DHT_ROW:
		return take_dht(s, &r);
	case MSG_DHT_NODE:
		return take_dht_node(s, &r);
	case MSG_FIND_ROW:
		return take_find(s, &r);
	case MSG_RULE_ROW:
		return take_rule(s, &r);
	case MSG_QOS_ROW:
		return take_qos(s, &r);
	case MSG_DROP_ROW:
		return take_drop(s, &r);
	case MSG_STREAM_ROW:
		return take_stream(s, &r);
	case MSG_FLOW_ROW:
		return take_flow(s, &r);
	case MSG_NAT_ROW:
		return take_nat(s, &r);
	case MSG_NAT_SEEN_ROW:
		return take_nat_seen(s, &r);
	case MSG_FIND_STEP:
		return take_step(s, &r);
	default:
		return -1;
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct msg_peer_row *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	return d != 0 ? d : memcmp(x->key, y->key, sizeof(x->key));
}

/* Of the same time, that with addresses says more. */
static int
newest_first(const void *a, const void *b)
{
	const struct msg_drop_row *x = a, *y = b;

	if (x->at_unix_ms != y->at_unix_ms)
		return x->at_unix_ms < y->at_unix_ms ? 1 : -1;
	return (x->src.family == 0) - (y->src.family == 0);
}

void
snapshot_sort(struct snapshot *s)
{
	if (s->ndrops > 1)
		qsort(s->drop, s->ndrops, sizeof(*s->drop), newest_first);
	if (s->npeers > 1)
		qsort(s->peer, s->npeers, sizeof(*s->peer), by_name);
}

const struct msg_peer_row *
snapshot_peer(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->npeers; i++)
		if (strcmp(s->peer[i].name, name) == 0)
			return &s->peer[i];
	return NULL;
}
