/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/parent_event.c */
/*
 * Events of the parent and of its children (see parent_event.h).
 *
 * A child is not asked whether it tells the truth: what it says bears its
 * name.  What only the parent knows it can't say.
 */
#include <string.h>
#include <sys/wait.h>

#include "parent.h"

void
news_init(struct parent *p)
{
	event_gate_init(&p->news.own, EVENT_BURST);
	for (int i = 0; i < SETUP_NKIDS; i++)
		event_gate_init(&p->news.kid[i], 2 * EVENT_BURST);
}

static struct event_gate *
gate_of(struct child *k)
{
	return &k->parent->news.kid[k - k->parent->kid];
}

/* Somebody may be writing a message: for him it stays as it was. */
static int
send_one(struct parent *p, const struct msg_event *e)
{
	struct wbuf saved = p->out;
	uint8_t body[512];
	int r;

	wbuf_init(&p->out, body, sizeof(body));
	msg_put_event(&p->out, e);
	r = parent_send(parent_child(p, ROLE_CTL), MSG_EVENT, 0, -1);
	p->out = saved;
	return r;
}

static void
keep(struct news *n, const struct msg_event *e)
{
	if (n->nkept == NEWS_KEPT) {
		event_gate_lose(&n->own, n->kept[0].kind, 1, EVW_QUEUE);
		memmove(n->kept, n->kept + 1, --n->nkept * sizeof(n->kept[0]));
	}
	n->kept[n->nkept++] = *e;
}

static void
pass(struct parent *p, struct msg_event *e, enum role from)
{
	e->from = (uint8_t)from;
	e->unix_ms = clock_unix_ms();
	e->no = 0;
	if (p->news.nkept > 0 || send_one(p, e) == -1)
		keep(&p->news, e);
}

void
news_tell(struct parent *p, struct msg_event *e)
{
	if (event_gate_pass(&p->news.own, e->kind, clock_mono_ms()))
		pass(p, e, ROLE_PARENT);
}

enum chan_verdict
news_on_event(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct msg_event e;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_event(&r, &e) == -1 || e.kind <= EV_RELOAD_REFUSED)
		return CHAN_BAD;
	if (event_gate_pass(gate_of(k), e.kind, clock_mono_ms()))
		pass(k->parent, &e, k->role);
	return CHAN_OK;
}

void
news_deliver(struct parent *p)
{
	struct news *n = &p->news;

	while (n->nkept > 0 && send_one(p, &n->kept[0]) == 0)
		memmove(n->kept, n->kept + 1, --n->nkept * sizeof(n->kept[0]));
}

void
news_tick(struct parent *p, uint64_t now_ms)
{
	struct msg_event e;

	news_deliver(p);
	if (event_gate_report(&p->news.own, now_ms, &e))
		pass(p, &e, ROLE_PARENT);
	for (struct child *k = p->kid; k < p->kid + SETUP_NKIDS; k++)
		if (event_gate_report(gate_of(k), now_ms, &e))
			pass(p, &e, k->role);
}

/* ---- the parent's own ---- */

void
news_child_up(struct child *k)
{
	struct msg_event e;

	if (k->role == ROLE_CTL)
		news_deliver(k->parent);
	if (k->restarts == 0)
		return;
	events_begin(&e, EV_PROCESS_UP);
	events_number(&e, EVF_PROCESS, k->role);
	events_number(&e, EVF_PID, (uint64_t)k->pid);
	events_number(&e, EVF_COUNT, k->restarts);
	news_tell(k->parent, &e);
}

void
news_child_died(struct child *k, int pid, int status)
{
	bool by_signal = WIFSIGNALED(status);
	struct msg_event e;

	events_begin(&e, EV_PROCESS_DIED);
	events_number(&e, EVF_PROCESS, k->role);
	events_number(&e, EVF_PID, (uint64_t)pid);
	events_number(&e, EVF_CAUSE, by_signal ? EVW_SIGNAL : EVW_EXIT);
	events_number(&e, EVF_STATUS,
	    (uint64_t)(by_signal ? WTERMSIG(status) : WEXITSTATUS(status)));
	news_tell(k->parent, &e);
}

void
news_reload(struct parent *p, const char *why)
{
	struct msg_event e;

	events_begin(&e, why == NULL ? EV_RELOADED : EV_RELOAD_REFUSED);
	events_number(&e, EVF_COUNT, p->reloads);
	if (why != NULL)
		events_text(&e, EVF_TEXT, why);
	news_tell(p, &e);
}
