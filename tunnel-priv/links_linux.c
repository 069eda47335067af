/* SPDX-License-Identifier: ISC */
/*
 * rtnetlink's groups (links.h).  Only types, numbers and flags are looked at;
 * messages are the kernel's own (others may not send to a group), and cut or
 * strange ones are passed over.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "links.h"

#define READ_MAX 16384
#define READS_MAX 64 /* in one turn */

int
links_open(void)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK,
	    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
		RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
	int fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A wireless device says what it heard of others: its link is as it was. */
static int
wireless(const struct nlattr *a, void *data)
{
	bool *is = data;

	if (mnl_attr_get_type(a) == IFLA_WIRELESS)
		*is = true;
	return MNL_CB_OK;
}

static int
of_link(const struct nlmsghdr *h, uint32_t own)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	bool is_wireless = false;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*i) ||
	    (uint32_t)i->ifi_index == own ||
	    (i->ifi_flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING))
		return 0;
	(void)mnl_attr_parse(h, sizeof(*i), wireless, &is_wireless);
	return is_wireless ? 0 : LINKS_CAME;
}

static int
of_address(const struct nlmsghdr *h, uint32_t own)
{
	const struct ifaddrmsg *i = mnl_nlmsg_get_payload(h);

	return mnl_nlmsg_get_payload_len(h) >= sizeof(*i) && i->ifa_index != own
	    ? LINKS_LOOK
	    : 0;
}

struct route_way {
	uint32_t own;
	bool is_own;
};

static int
way(const struct nlattr *a, void *data)
{
	struct route_way *w = data;

	if (mnl_attr_get_type(a) == RTA_OIF &&
	    mnl_attr_validate(a, MNL_TYPE_U32) == 0 &&
	    mnl_attr_get_u32(a) == w->own)
		w->is_own = true;
	return MNL_CB_OK;
}

static int
of_route(const struct nlmsghdr *h, uint32_t own)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct route_way w = {.own = own};

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*r) ||
	    r->rtm_type != RTN_UNICAST || r->rtm_table == RT_TABLE_LOCAL ||
	    (r->rtm_flags & RTM_F_CLONED) != 0)
		return 0;
	(void)mnl_attr_parse(h, sizeof(*r), way, &w);
	return w.is_own ? 0 : LINKS_CAME;
}

int
links_parse(const void *data, size_t len, uint32_t own)
{
	const struct nlmsghdr *h = data;
	int left = (int)len, what = 0;

	/*
	 * libmnl compares signed, so a length near 2^32 would never end; and
	 * it reads what pads the last attribute.
	 */
	for (; mnl_nlmsg_ok(h, left) && h->nlmsg_len <= (uint32_t)left &&
	     MNL_ALIGN(h->nlmsg_len) <= (uint32_t)left;
	     h = mnl_nlmsg_next(h, &left)) {
		switch (h->nlmsg_type) {
		case RTM_NEWLINK:
			what |= of_link(h, own);
			break;
		case RTM_NEWADDR:
		case RTM_DELADDR:
			what |= of_address(h, own);
			break;
		case RTM_NEWROUTE:
			what |= of_route(h, own);
			break;
		default:
			break;
		}
	}
	return what;
}

int
links_read(int fd, uint32_t own)
{
	_Alignas(struct nlmsghdr) char buf[READ_MAX];
	struct iovec iov = {.iov_base = buf, .iov_len = sizeof(buf)};
	struct sockaddr_nl from;
	int what = 0;

	for (int i = 0; i < READS_MAX; i++) {
		struct msghdr m = {.msg_name = &from,
		    .msg_namelen = sizeof(from),
		    .msg_iov = &iov,
		    .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &m, 0);

		if (n == -1 && errno == ENOBUFS)
			what |= LINKS_CAME | LINKS_LOOK; /* some were lost */
		else if (n == -1 && errno != EINTR)
			return errno == EAGAIN ? what : -1;
		else if (n > 0 && from.nl_pid == 0)
			what |= links_parse(buf, (size_t)n, own);
	}
	return what;
}
