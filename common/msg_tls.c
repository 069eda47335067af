/* SPDX-License-Identifier: ISC */
/* file: common/msg_tls.c */
/* The payloads of TLS connections, see msg_tls.h.  TLS_DATA has no form. */
#include "msg.h"
#include "msg_enum.h"

const char *
tls_down_name(enum tls_down why)
{
	static const char *const names[TLS_NDOWNS] = {[TLS_CLOSED] = "closed",
	    [TLS_NO_ANSWER] = "no_answer",
	    [TLS_REFUSED] = "refused",
	    [TLS_WRONG_PIN] = "wrong_pin",
	    [TLS_BROKEN] = "broken",
	    [TLS_FULL] = "full"};

	return (unsigned)why < TLS_NDOWNS ? names[why] : "?";
}

void
msg_put_tls_fd(struct wbuf *w, const struct msg_tls_fd *m)
{
	wbuf_u8(w, m->index);
	endpoint_put(w, &m->local);
}

int
msg_get_tls_fd(struct rbuf *r, struct msg_tls_fd *m)
{
	m->index = msg_enum(r, 0, TLS_LISTEN_MAX);
	endpoint_get(r, &m->local);
	return rbuf_done(r);
}

void
msg_put_tls_connect(struct wbuf *w, const struct msg_tls_connect *m)
{
	endpoint_put(w, &m->to);
	wbuf_bytes(w, m->pin, sizeof(m->pin));
}

int
msg_get_tls_connect(struct rbuf *r, struct msg_tls_connect *m)
{
	endpoint_get(r, &m->to);
	rbuf_bytes(r, m->pin, sizeof(m->pin));
	return rbuf_done(r);
}

void
msg_put_turn_connect(struct wbuf *w, const struct msg_turn_connect *m)
{
	endpoint_put(w, &m->to);
	wbuf_bool(w, m->secure);
}

int
msg_get_turn_connect(struct rbuf *r, struct msg_turn_connect *m)
{
	endpoint_get(r, &m->to);
	m->secure = rbuf_bool(r);
	return rbuf_done(r);
}

void
msg_put_tls_up(struct wbuf *w, const struct msg_tls_up *m)
{
	endpoint_put(w, &m->far);
	wbuf_bool(w, m->accepted);
}

int
msg_get_tls_up(struct rbuf *r, struct msg_tls_up *m)
{
	endpoint_get(r, &m->far);
	m->accepted = rbuf_bool(r);
	return rbuf_done(r);
}

void
msg_put_tls_down(struct wbuf *w, const struct msg_tls_down *m)
{
	wbuf_u8(w, (uint8_t)m->why);
}

int
msg_get_tls_down(struct rbuf *r, struct msg_tls_down *m)
{
	m->why = (enum tls_down)msg_enum(r, 0, TLS_NDOWNS);
	return rbuf_done(r);
}

void
msg_put_tls_pin(struct wbuf *w, const struct msg_tls_pin *m)
{
	wbuf_bool(w, m->listens);
	wbuf_bytes(w, m->pin, sizeof(m->pin));
}

int
msg_get_tls_pin(struct rbuf *r, struct msg_tls_pin *m)
{
	m->listens = rbuf_bool(r);
	rbuf_bytes(r, m->pin, sizeof(m->pin));
	return rbuf_done(r);
}
