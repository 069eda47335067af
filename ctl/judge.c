/* SPDX-License-Identifier: ISC */
/* file: ctl/judge.c */
/*
 * What the rows mean together: sums, the books of each border, and what an
 * administrator should look at (see snapshot.h).
 *
 * Degraded is: a process that is not up or does not answer, or a packet that
 * nobody can account for.  A peer that is down or a weaker sandbox is a
 * warning: the node does what it was told.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "sandbox.h"
#include "snapshot.h"

#define DOWN_NAMED 3 /* peers that get a line of their own */

void
snapshot_summary(const struct snapshot *s, struct show_summary *m)
{
	*m = (struct show_summary){.total = (unsigned)s->npeers};
	for (size_t i = 0; i < s->npeers; i++) {
		switch (s->peer[i].state) {
		case PV_UP:
			m->up++;
			break;
		case PV_LOOKUP:
		case PV_HANDSHAKE:
			m->connecting++;
			break;
		case PV_WAIT:
			m->down++;
			break;
		case PV_IDLE:
			m->idle++;
			break;
		case PV_OFF:
			m->off++;
			break;
		}
	}
}

void
snapshot_traffic(const struct snapshot *s, struct show_traffic *t)
{
	const struct counters *tun = &s->counters[ROLE_TUN];
	const struct counters *engine = &s->counters[ROLE_ENGINE];

	*t = (struct show_traffic){
	    .has_tunnel = s->has_counters[ROLE_TUN],
	    .has_udp = s->has_counters[ROLE_ENGINE],
	    .in = tun->v[TUN_TX_BYTES],
	    .out = tun->v[TUN_RX_BYTES],
	    .udp_in = engine->v[UDP_RX_BYTES],
	    .udp_out = engine->v[UDP_TX_BYTES],
	};
}

static enum role
keeper(enum border b)
{
	return b == B_TUN_OUT || b == B_TUN_IN ? ROLE_TUN : ROLE_ENGINE;
}

bool
snapshot_book(const struct snapshot *s, enum border b, struct show_book *k)
{
	const struct counters *c = &s->counters[keeper(b)];

	*k = (struct show_book){.border = b};
	if (!s->has_counters[keeper(b)])
		return false;
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		const struct counter_info *info = counter_info((enum counter)i);

		if (info->border != b)
			continue;
		if (info->kind == K_IN)
			k->in += c->v[i];
		else if (info->kind == K_OUT)
			k->out += c->v[i];
		else if (info->kind == K_DROP)
			k->drops += c->v[i];
		else if (info->kind == K_HELD)
			k->held += c->v[i];
	}
	k->unaccounted = counters_balance(c, b);
	return true;
}

static int
most_first(const void *a, const void *b)
{
	const struct show_counter *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->info < y->info ? -1 : x->info > y->info;
}

size_t
snapshot_drops(const struct snapshot *s, struct show_counter *out, size_t max)
{
	struct show_counter all[ROLE_NROLES * C_NCOUNTERS];
	size_t n = 0;

	for (unsigned r = 0; r < ROLE_NROLES; r++)
		for (unsigned i = 0; i < C_NCOUNTERS; i++) {
			const struct counter_info *info =
			    counter_info((enum counter)i);

			if (info->kind != K_DROP || s->counters[r].v[i] == 0)
				continue;
			all[n++] = (struct show_counter){.role = (enum role)r,
			    .info = info,
			    .value = s->counters[r].v[i]};
		}
	if (n > 1)
		qsort(all, n, sizeof(all[0]), most_first);
	for (size_t i = 0; i < n && i < max; i++)
		out[i] = all[i];
	return n;
}

/* ---- what needs attention ---- */

struct notes {
	struct show_note *out;
	size_t n, max;
	bool degraded;
};

__attribute__((format(printf, 4, 5))) static struct show_note *
note(struct notes *l, enum show_severity severity, const char *code,
    const char *fmt, ...)
{
	struct show_note *m;
	va_list ap;

	if (severity == SHOW_ERROR)
		l->degraded = true;
	if (l->n == l->max)
		return NULL;
	m = &l->out[l->n++];
	*m = (struct show_note){.severity = severity};
	snprintf(m->code, sizeof(m->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(m->message, sizeof(m->message), fmt, ap);
	va_end(ap);
	return m;
}

static void
hint(struct show_note *m, const char *text)
{
	if (m != NULL)
		snprintf(m->hint, sizeof(m->hint), "%s", text);
}

/* Several questions of one verb may hear the same. */
static bool
said_before(const struct snapshot *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s->text[i].text, s->text[n].text) == 0)
			return true;
	return false;
}

static void
judge_texts(const struct snapshot *s, struct notes *l)
{
	for (size_t i = 0; i < s->ntexts; i++)
		if (s->text[i].kind != 0 && !said_before(s, i))
			hint(note(l, SHOW_ERROR, "process_away", "%.128s",
				 s->text[i].text),
			    "meshctl log");
}

static void
judge_processes(const struct snapshot *s, struct notes *l)
{
	for (unsigned i = 0; i < s->nprocs; i++) {
		const struct msg_proc_row *p = &s->proc[i];

		if (p->state == PROC_UP)
			continue;
		hint(note(l, SHOW_ERROR, "process_down",
			 "%s is %s, %" PRIu32 " restarts so far",
			 role_name(p->role), show_proc_state(p->state),
			 p->restarts),
		    "meshctl log");
	}
}

static void
judge_books(const struct snapshot *s, struct notes *l)
{
	struct show_book k;

	for (unsigned b = B_NONE + 1; b < B_NBORDERS; b++) {
		if (!snapshot_book(s, (enum border)b, &k) || k.unaccounted == 0)
			continue;
		note(l, SHOW_ERROR, "packets_unaccounted",
		    "%" PRId64 " packets unaccounted for at %s", k.unaccounted,
		    border_name((enum border)b));
	}
}

static void
judge_sandbox(const struct snapshot *s, struct notes *l)
{
	char names[128];

	for (unsigned i = 0; i < s->nprocs; i++) {
		const struct msg_proc_row *p = &s->proc[i];

		if (p->missing == 0)
			continue;
		sandbox_names(p->missing, names, sizeof(names));
		hint(note(l, SHOW_WARNING, "sandbox_weaker",
			 "the sandbox of %s lacks %s", role_name(p->role),
			 names),
		    "read mesh(7)");
	}
}

/* What it costs to do without, and what may help. */
static const struct {
	uint32_t bit;
	const char *cost, *hint;
} lacks[] = {
    {FEATURE_UDP_GSO, "sends datagrams one by one, up to half as fast",
	"ethtool -K DEVICE tx on; meshctl reload tries again"},
    {FEATURE_UDP_GRO, "receives datagrams one by one, up to half as fast",
	"Linux has it from 5.0 on"},
    {FEATURE_RING, "copies packets through a socket, some 10 % slower",
	"meshctl log"},
    {FEATURE_AEAD_SPLIT, "uses the slower way to encrypt", "meshctl log"},
    {FEATURE_BUFFERS,
	"has smaller socket buffers than configured and loses "
	"packets in bursts",
	"raise net.core.rmem_max and net.core.wmem_max"},
    {FEATURE_TUN_CSUM,
	"takes packets one by one from the kernel, up to half "
	"as fast",
	"a newer kernel"},
    {FEATURE_TUN_TSO,
	"takes TCP in single packets from the kernel, up to "
	"half as fast",
	"a newer kernel"},
    {FEATURE_TUN_USO, "takes UDP in single packets from the kernel",
	"Linux has it from 6.2 on"},
};

static void
judge_features(const struct snapshot *s, struct notes *l)
{
	for (unsigned i = 0; i < s->nprocs; i++) {
		const struct msg_proc_row *p = &s->proc[i];

		for (size_t k = 0; k < sizeof(lacks) / sizeof(lacks[0]); k++)
			if ((p->lacking & lacks[k].bit) != 0)
				hint(note(l, SHOW_WARNING, "feature_missing",
					 "%s has no %s: it %s",
					 role_name(p->role),
					 feature_name(lacks[k].bit),
					 lacks[k].cost),
				    lacks[k].hint);
	}
}

static void
judge_config(const struct snapshot *s, struct notes *l)
{
	if (s->has_node && s->node.reload_failures > 0)
		hint(note(l, SHOW_WARNING, "reload_failed",
			 "%" PRIu32 " reloads failed since the start",
			 s->node.reload_failures),
		    "meshctl configtest");
}

static void
judge_peers(const struct snapshot *s, struct notes *l)
{
	unsigned down = 0;

	for (size_t i = 0; i < s->npeers; i++) {
		const struct msg_peer_row *p = &s->peer[i];

		if (p->state != PV_WAIT)
			continue;
		if (++down > DOWN_NAMED)
			continue;
		hint(note(l, SHOW_WARNING, "peer_down", "%s is down%s", p->name,
			 p->has_endpoint ? ": its handshakes get no answer"
					 : ": nobody knows where it is"),
		    "meshctl peers");
	}
	if (down > DOWN_NAMED)
		hint(note(l, SHOW_WARNING, "peers_down",
			 "%u more peers are down", down - DOWN_NAMED),
		    "meshctl peers");
}

static void
judge_network(const struct snapshot *s, struct notes *l)
{
	if (s->has_net && s->net.note[0] != '\0')
		hint(note(l, SHOW_WARNING, "certificate",
			 "this node's certificate is %s", s->net.note),
		    "meshctl network");
}

size_t
snapshot_notes(
    const struct snapshot *s, struct show_note *out, size_t max, bool *degraded)
{
	struct notes l = {.out = out, .max = max};

	judge_texts(s, &l);
	judge_processes(s, &l);
	judge_books(s, &l);
	judge_sandbox(s, &l);
	judge_features(s, &l);
	judge_config(s, &l);
	judge_peers(s, &l);
	judge_network(s, &l);
	*degraded = l.degraded;
	return l.n;
}
