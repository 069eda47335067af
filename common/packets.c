/* SPDX-License-Identifier: ISC */
/* file: common/packets.c */
/*
 * Containers of packets between the tun role and the engine (packets.h).
 *
 * The reader trusts nothing: the tun role must survive an engine that was
 * taken over.  Neither side looks into the packet itself; that is guard.c's
 * and pkt.c's business.  Records are not aligned, so lengths are copied.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "packets.h"

#define PK_LEN 4

static uint16_t
native16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

void
vnet_get(const uint8_t in[PK_VNET], struct vnet *v)
{
	v->flags = in[0];
	v->gso_type = in[1];
	v->hdr_len = native16(in + 2);
	v->gso_size = native16(in + 4);
	v->csum_start = native16(in + 6);
	v->csum_offset = native16(in + 8);
}

void
vnet_put(const struct vnet *v, uint8_t out[PK_VNET])
{
	out[0] = v->flags;
	out[1] = v->gso_type;
	memcpy(out + 2, &v->hdr_len, 2);
	memcpy(out + 4, &v->gso_size, 2);
	memcpy(out + 6, &v->csum_start, 2);
	memcpy(out + 8, &v->csum_offset, 2);
}

void
pkout_init(struct pkout *o, uint8_t *buf)
{
	o->buf = buf;
	o->len = 0;
	o->records = 0;
}

uint8_t *
pkout_begin(struct pkout *o, size_t max)
{
	if (max > PK_IP_MAX || max + PK_LEN + PK_VNET > PK_CONTAINER - o->len)
		return NULL;
	return o->buf + o->len + PK_LEN;
}

void
pkout_commit(struct pkout *o, size_t packet_len)
{
	uint32_t n = (uint32_t)(PK_VNET + packet_len);

	if (packet_len == 0 || pkout_begin(o, packet_len) == NULL)
		return;
	memcpy(o->buf + o->len, &n, PK_LEN);
	o->len += PK_LEN + n;
	o->records++;
}

int
pkout_flush(struct pkout *o, int sock)
{
	ssize_t n;

	if (o->len == 0)
		return 0;
	do
		n = send(sock, o->buf, o->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		/* memory is short for the moment: same cure, try later */
		if (errno == ENOBUFS)
			errno = EAGAIN;
		return -1;
	}
	pkout_init(o, o->buf);
	return 0;
}

void
pkin_init(struct pkin *in, uint8_t *container, size_t len)
{
	in->p = container;
	in->left = len;
}

int
pkin_next(struct pkin *in, uint8_t **vnet, uint8_t **pkt, size_t *len)
{
	uint32_t n;

	if (in->left == 0)
		return 0;
	if (in->left < PK_LEN)
		return -1;
	memcpy(&n, in->p, PK_LEN);
	if (n <= PK_VNET || n > PK_VNET + PK_IP_MAX || n > in->left - PK_LEN)
		return -1;
	*vnet = in->p + PK_LEN;
	*pkt = *vnet + PK_VNET;
	*len = n - PK_VNET;
	in->p += PK_LEN + n;
	in->left -= PK_LEN + n;
	return 1;
}
