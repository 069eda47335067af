/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/gates_linux.c */
/*
 * One question to rtnetlink: how would a packet to an address of nobody go
 * (192.0.0.8, the dummy address of RFC 7600)?  The answer has the gateway and
 * our own address; a host with a million routes is not asked for them all.
 */
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "gates.h"

#define ANSWER_MAX 4096

struct way {
	uint32_t oif;
	struct addr gateway, source;
};

static int
attribute(const struct nlattr *a, void *data)
{
	struct way *w = data;
	uint16_t type = mnl_attr_get_type(a);

	if (mnl_attr_get_payload_len(a) != 4)
		return MNL_CB_OK;
	if (type == RTA_OIF) {
		w->oif = mnl_attr_get_u32(a);
	} else if (type == RTA_GATEWAY || type == RTA_PREFSRC) {
		struct addr *to =
		    type == RTA_GATEWAY ? &w->gateway : &w->source;

		to->family = 4;
		memcpy(to->b, mnl_attr_get_payload(a), 4);
	}
	return MNL_CB_OK;
}

void
gates_parse(const void *data, size_t len, uint32_t own, struct msg_gateways *m)
{
	const struct nlmsghdr *h = data;
	int left = (int)len;

	*m = (struct msg_gateways){0};
	/* libmnl compares with a sign: a length near 2^32 would never end */
	for (; mnl_nlmsg_ok(h, left) && h->nlmsg_len <= (uint32_t)left &&
	     MNL_ALIGN(h->nlmsg_len) <= (uint32_t)left && m->n < GATEWAYS_MAX;
	     h = mnl_nlmsg_next(h, &left)) {
		struct way w = {0};

		if (h->nlmsg_type != RTM_NEWROUTE ||
		    mnl_nlmsg_get_payload_len(h) < sizeof(struct rtmsg))
			continue;
		(void)mnl_attr_parse(h, sizeof(struct rtmsg), attribute, &w);
		if (w.gateway.family == 0 || w.source.family == 0 ||
		    w.oif == own)
			continue;
		m->at[m->n].gateway = w.gateway;
		m->at[m->n++].source = w.source;
	}
}

static void
ask(int fd, uint32_t own, struct msg_gateways *m)
{
	static const uint8_t nobody[4] = {192, 0, 0, 8};
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	struct iovec iov = {.iov_base = buf, .iov_len = sizeof(buf)};
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(struct rtmsg));
	ssize_t n;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	r->rtm_family = AF_INET;
	r->rtm_dst_len = 32;
	mnl_attr_put(h, RTA_DST, sizeof(nobody), nobody);
	if (sendto(fd, h, h->nlmsg_len, 0, (struct sockaddr *)&to,
		sizeof(to)) == -1)
		return;
	/* the kernel has answered before sendto came back; recvmsg is what the
	 * sandbox lets us have */
	n = recvmsg(fd, &(struct msghdr){.msg_iov = &iov, .msg_iovlen = 1},
	    MSG_DONTWAIT);
	if (n > 0)
		gates_parse(buf, (size_t)n, own, m);
}

void
gates_read(uint32_t own, struct msg_gateways *m)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	*m = (struct msg_gateways){0};
	if (fd == -1)
		return;
	ask(fd, own, m);
	close(fd);
}
