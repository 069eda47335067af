/* SPDX-License-Identifier: ISC */
/* file: common/msg_priv.c */
/*
 * The payloads between the supervisor and the process with the privileges.
 * Same rules as msg.c: pure, strict, field by field.
 */
#include "msg.h"
#include "msg_enum.h"
#include "packets.h"

void
msg_put_p_tun(struct wbuf *w, const struct msg_p_tun *m)
{
	wbuf_str(w, m->device);
	wbuf_u8(w, m->offload);
}

int
msg_get_p_tun(struct rbuf *r, struct msg_p_tun *m)
{
	rbuf_str(r, m->device, sizeof(m->device));
	m->offload = msg_enum(r, 0, OFFLOAD_ALL + 1);
	return rbuf_done(r);
}

void
msg_put_p_key(struct wbuf *w, const struct msg_p_key *m)
{
	wbuf_str(w, m->path);
}

int
msg_get_p_key(struct rbuf *r, struct msg_p_key *m)
{
	rbuf_str(r, m->path, sizeof(m->path));
	return rbuf_done(r);
}

void
msg_put_p_listen(struct wbuf *w, const struct msg_p_listen *m)
{
	wbuf_u8(w, (uint8_t)m->kind);
	wbuf_str(w, m->path);
	wbuf_str(w, m->group);
}

int
msg_get_p_listen(struct rbuf *r, struct msg_p_listen *m)
{
	m->kind =
	    (enum listen_kind)msg_enum(r, LISTEN_CONTROL, LISTEN_STATUS + 1);
	rbuf_str(r, m->path, sizeof(m->path));
	rbuf_str(r, m->group, sizeof(m->group));
	return rbuf_done(r);
}

void
msg_put_p_spawn(struct wbuf *w, const struct msg_p_spawn *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u64(w, m->gen);
}

int
msg_get_p_spawn(struct rbuf *r, struct msg_p_spawn *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->gen = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_p_kill(struct wbuf *w, const struct msg_p_kill *m)
{
	wbuf_u8(w, (uint8_t)m->role);
}

int
msg_get_p_kill(struct rbuf *r, struct msg_p_kill *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	return rbuf_done(r);
}

void
msg_put_p_udp(struct wbuf *w, const struct msg_p_udp *m)
{
	endpoint_put(w, &m->at);
	wbuf_bool(w, m->tcp);
}

int
msg_get_p_udp(struct rbuf *r, struct msg_p_udp *m)
{
	endpoint_get(r, &m->at);
	m->tcp = rbuf_bool(r);
	return rbuf_done(r);
}

void
msg_put_p_buffers(struct wbuf *w, const struct msg_p_buffers *m)
{
	wbuf_u32(w, m->receive);
	wbuf_u32(w, m->send);
}

int
msg_get_p_buffers(struct rbuf *r, struct msg_p_buffers *m)
{
	m->receive = rbuf_u32(r);
	m->send = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_p_net(struct wbuf *w, const struct msg_p_net *m)
{
	wbuf_bool(w, m->add);
	wbuf_bool(w, m->route);
	prefix_put(w, &m->prefix);
}

int
msg_get_p_net(struct rbuf *r, struct msg_p_net *m)
{
	m->add = rbuf_bool(r);
	m->route = rbuf_bool(r);
	prefix_get(r, &m->prefix);
	return rbuf_done(r);
}

void
msg_put_p_link(struct wbuf *w, const struct msg_p_link *m)
{
	wbuf_u16(w, m->mtu);
}

int
msg_get_p_link(struct rbuf *r, struct msg_p_link *m)
{
	m->mtu = rbuf_u16(r);
	if (m->mtu < P_LINK_MTU_MIN || m->mtu > P_LINK_MTU_MAX)
		r->bad = true;
	return rbuf_done(r);
}

void
msg_put_tun_mtu(struct wbuf *w, const struct msg_tun_mtu *m)
{
	wbuf_u16(w, m->mtu);
	wbuf_str(w, m->peer);
}

int
msg_get_tun_mtu(struct rbuf *r, struct msg_tun_mtu *m)
{
	m->mtu = rbuf_u16(r);
	rbuf_str(r, m->peer, sizeof(m->peer));
	return rbuf_done(r);
}

void
msg_put_p_fd(struct wbuf *w, const struct msg_p_fd *m)
{
	wbuf_u8(w, m->offload);
	endpoint_put(w, &m->local);
}

int
msg_get_p_fd(struct rbuf *r, struct msg_p_fd *m)
{
	m->offload = msg_enum(r, 0, OFFLOAD_ALL + 1);
	endpoint_get(r, &m->local);
	return rbuf_done(r);
}

void
msg_put_p_done(struct wbuf *w, const struct msg_p_done *m)
{
	wbuf_u32(w, m->error);
	wbuf_u32(w, m->pid);
}

int
msg_get_p_done(struct rbuf *r, struct msg_p_done *m)
{
	m->error = rbuf_u32(r);
	m->pid = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_p_failed(struct wbuf *w, const struct msg_p_failed *m)
{
	wbuf_u32(w, m->error);
	wbuf_str(w, m->text);
}

int
msg_get_p_failed(struct rbuf *r, struct msg_p_failed *m)
{
	m->error = rbuf_u32(r);
	rbuf_str(r, m->text, sizeof(m->text));
	return rbuf_done(r);
}

void
msg_put_p_exited(struct wbuf *w, const struct msg_p_exited *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u32(w, m->pid);
	wbuf_u32(w, m->status);
}

int
msg_get_p_exited(struct rbuf *r, struct msg_p_exited *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->pid = rbuf_u32(r);
	m->status = rbuf_u32(r);
	return rbuf_done(r);
}
