/* SPDX-License-Identifier: ISC */
/*
 * The configuration in the parent (parent.h): have it parsed by a child of its
 * own (confchild.h), apply it as a whole or not at all, pass it on.
 *
 * A configuration is kept as the frames it came in.  Only CONF_NODE is also
 * decoded, because the parent itself acts on it; the network and the peers,
 * with their secrets, are somebody else's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"

static void
confset_free(struct confset *s)
{
	if (s != NULL)
		explicit_bzero(s->mem, s->len); /* keys */
	free(s);
}

/* To the parser goes what the engine has: it must see every difference. */
int
confset_send(const struct confset *s, struct chan *c, enum role role)
{
	uint32_t whom = role == ROLE_CONF ? ROLE_ENGINE : role, peers = 0;
	struct rbuf r, at;
	uint8_t body[4];
	struct wbuf w;

	rbuf_init(&r, s == NULL ? NULL : s->mem, s == NULL ? 0 : s->len);
	while (r.left > 0) {
		enum msg_type type = (enum msg_type)rbuf_u16(&r);
		uint32_t len = (rbuf_skip(&r, 2), rbuf_u32(&r));

		/* the id of all but CONF_NODE is whom it is for */
		if (rbuf_u32(&r) == whom || type == MSG_CONF_NODE) {
			peers += type == MSG_CONF_PEER;
			if (chan_send(c, type, 0, r.p, len, -1) == -1)
				return -1;
		}
		at = r;
		rbuf_skip(&r, len);
		if (r.left == at.left)
			return -1;
	}
	wbuf_init(&w, body, sizeof(body));
	wbuf_u32(&w, peers);
	return chan_send(c, MSG_CONF_END, 0, body, w.len, -1);
}

/* ---- the end of it, good or bad ---- */

static void
failed(struct parent *p, const char *why)
{
	p->reload_failures++;
	news_reload(p, p->news.said[0] != '\0' ? p->news.said : why);
	p->loaded_good = false;
	serve_text(p, p->reload.id, 2, why);
	serve_text(p, p->reload.id, 2,
	    "not reloaded: the configuration in force stays");
	serve_done(p, p->reload.id, END_FAILED);
}

static void
change(struct parent *p, struct confset *next)
{
	struct confset *old = p->conf;
	char err[NET_ERR];

	if (net_change(&p->net, &old->node, &next->node, err) == -1) {
		failed(p, err);
		confset_free(next);
		return;
	}
	p->conf = next;
	mtu_reloaded(p);
	parent_log_level(p, -1);
	wire_places(p, 0);
	for (int i = 0; i < SETUP_NKIDS; i++) {
		wire_reload(&p->kid[i]);
		child_look(&p->kid[i]);
	}
	net_settle(&p->net);
	confset_free(old);
	p->reloads++;
	p->loaded_good = true;
	p->loaded_unix_ms = clock_unix_ms();
	log_info("configuration reloaded");
	news_reload(p, NULL);
	serve_done(p, p->reload.id, END_OK);
}

static void
over(struct chan *c, void *ctx)
{
	struct parent *p = ctx;
	struct reload *r = &p->reload;
	struct confset *set = r->set;
	bool complete = r->complete;

	(void)c;
	loop_chan_free(r->io);
	if (r->pid > 0)
		ask_kill(p->priv, ROLE_CONF);
	if (!complete) {
		confset_free(set);
		set = NULL;
	}
	r->io = NULL;
	r->chan = NULL;
	if (p->conf == NULL) {
		p->conf = set;
		p->loaded_unix_ms = clock_unix_ms();
		p->loaded_good = true;
		loop_stop(p->loop);
		return;
	}
	if (!complete)
		failed(p, "the configuration was not accepted");
	else
		change(p, set);
	if (p->announced)
		notify_say(p->notify_fd, "READY=1");
	if (r->again)
		reload_start(p, 0);
}

/* ---- what the parser says ---- */

static enum chan_verdict
on_text(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct parent *p = ctx;
	struct msg_text_row m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_text_row(&r, &m) == -1)
		return CHAN_BAD;
	/* at start-up the parser itself has told standard error */
	if (p->conf != NULL)
		serve_text(p, p->reload.id, m.kind, m.text);
	if (m.kind == 2 && p->news.said[0] == '\0')
		snprintf(p->news.said, sizeof(p->news.said), "%.*s",
		    (int)sizeof(p->news.said) - 1, m.text);
	return CHAN_OK;
}

/* CONF_NODE, then CONF_TURN, CONF_NET and CONF_PEER, then CONF_END or
 * CONF_FAILED. */
static enum chan_verdict
on_conf(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct reload *r = &((struct parent *)ctx)->reload;
	struct confset *s = r->set;
	struct rbuf body;
	size_t n;

	(void)c;
	if (f->type == MSG_CONF_FAILED)
		return CHAN_CLOSE;
	if ((f->type == MSG_CONF_NODE) != (s->frames == 0))
		return CHAN_BAD;
	r->complete = f->type == MSG_CONF_END;
	if (r->complete)
		return CHAN_CLOSE;
	rbuf_init(&body, f->body, f->len);
	if (f->type == MSG_CONF_NODE && conf_node_get(&body, &s->node) == -1)
		return CHAN_BAD;
	n = ipc_build(s->mem + s->len, sizeof(s->mem) - s->len, f->type, f->id,
	    f->body, f->len, 0);
	s->len += n;
	return n == 0 || ++s->frames > CONFSET_FRAMES_MAX ? CHAN_BAD : CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_TEXT_ROW, on_text},
    {MSG_CONF_NODE, on_conf},
    {MSG_CONF_NET, on_conf},
    {MSG_CONF_TURN, on_conf},
    {MSG_CONF_PEER, on_conf},
    {MSG_CONF_END, on_conf},
    {MSG_CONF_FAILED, on_conf},
};

/* ---- starting one ---- */

static int
begin(struct parent *p)
{
	struct reload *r = &p->reload;
	struct chan_conf conf = {.self = ROLE_PARENT,
	    .peer = ROLE_CONF,
	    .gen = ++p->gen,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = p,
	    .max_frames = CONFSET_FRAMES_MAX + 2,
	    .max_bytes = CONFSET_BYTES_MAX};
	int sv[2];

	if ((r->set = calloc(1, sizeof(*r->set))) == NULL || ipc_pair(sv) == -1)
		return -1;
	r->pid = ask_spawn(p->priv, ROLE_CONF, conf.gen, sv[1]);
	close(sv[1]);
	if ((r->chan = chan_new(sv[0], &conf)) != NULL &&
	    (r->io = loop_chan_new(p->loop, r->chan, over, p)) == NULL)
		chan_free(r->chan);
	if (r->pid == -1 || r->io == NULL)
		return -1;
	return confset_send(p->conf, r->chan, ROLE_CONF);
}

void
reload_start(struct parent *p, uint32_t id)
{
	struct reload *r = &p->reload;

	if (r->chan != NULL && id != 0) {
		serve_tell(p, id, 2, "a reload is running already");
		serve_done(p, id, END_FAILED);
	} else if (r->chan != NULL) {
		r->again = true; /* the file may have changed since */
	} else {
		*r = (struct reload){.id = id};
		p->news.said[0] = '\0';
		if (p->conf != NULL)
			notify_reloading(p->notify_fd);
		if (begin(p) == -1) {
			log_warn("configuration parser");
			over(NULL, p);
		}
	}
}
