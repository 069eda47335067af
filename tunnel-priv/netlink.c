/* SPDX-License-Identifier: ISC */
/*
 * Requests to rtnetlink by libmnl (netlink.h).  One socket, opened before the
 * process lets go of root; one request at a time, acknowledged before the next.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

#include "netlink.h"

/* Largest request: a header and five attributes; also for the ack. */
#define REQUEST_MAX 1024
/*
 * While there is no engine the kernel keeps what would have been sent: as
 * long as the usual queue, so that a restart of the engine loses little.
 */
#define QUEUE_LEN 1000

struct netlink {
	struct mnl_socket *sock;
	unsigned ifindex;
	uint32_t seq;
	_Alignas(struct nlmsghdr) char buf[REQUEST_MAX + MNL_NLMSG_HDRLEN];
};

static struct nlmsghdr *
request(struct netlink *nl, int type, int flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(nl->buf);

	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++nl->seq;
	return h;
}

static struct nlmsghdr *
link_request(struct netlink *nl, unsigned flags)
{
	struct nlmsghdr *h = request(nl, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));

	ifi->ifi_index = (int)nl->ifindex;
	ifi->ifi_flags = ifi->ifi_change = flags;
	return h;
}

/*
 * Send it and wait for its acknowledgement, which the kernel gives before
 * sendto returns: 0, or -1 with the errno in it.
 */
static int
exchange(struct netlink *nl, struct nlmsghdr *h)
{
	ssize_t n;

	if (mnl_socket_sendto(nl->sock, h, h->nlmsg_len) == -1)
		return -1;
	do
		n = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1
		       : mnl_cb_run(nl->buf, (size_t)n, nl->seq,
			     mnl_socket_get_portid(nl->sock), NULL, NULL);
}

struct netlink *
netlink_open(unsigned ifindex)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	struct nlattr *spec, *inet6;
	struct nlmsghdr *h;

	if (nl == NULL)
		return NULL;
	nl->ifindex = ifindex;
	nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl->sock == NULL ||
	    mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) == -1) {
		free(nl);
		return NULL;
	}
	h = link_request(nl, 0);
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
	(void)exchange(nl, h); /* refused where there is no IPv6 */
	return nl;
}

int
netlink_link(struct netlink *nl, uint16_t mtu)
{
	struct nlmsghdr *h = link_request(nl, IFF_UP);

	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	mnl_attr_put_u32(h, IFLA_TXQLEN, QUEUE_LEN);
	return exchange(nl, h);
}

static void
put_address(struct nlmsghdr *h, const struct prefix *p, unsigned ifindex)
{
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(h, sizeof(*ifa));

	ifa->ifa_family = p->addr.family == 4 ? AF_INET : AF_INET6;
	ifa->ifa_prefixlen = p->len;
	ifa->ifa_flags = p->addr.family == 6 ? IFA_F_NODAD : 0;
	ifa->ifa_index = ifindex;
	mnl_attr_put(h, IFA_LOCAL, addr_bits(&p->addr) / 8u, p->addr.b);
	mnl_attr_put(h, IFA_ADDRESS, addr_bits(&p->addr) / 8u, p->addr.b);
}

static void
put_route(struct nlmsghdr *h, const struct prefix *p, unsigned ifindex)
{
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));

	rt->rtm_family = p->addr.family == 4 ? AF_INET : AF_INET6;
	rt->rtm_dst_len = p->len;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = RTPROT_STATIC;
	rt->rtm_scope = p->addr.family == 4 ? RT_SCOPE_LINK : 0;
	rt->rtm_type = RTN_UNICAST;
	mnl_attr_put(h, RTA_DST, addr_bits(&p->addr) / 8u, p->addr.b);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
}

int
netlink_put(struct netlink *nl, bool add, bool route, const struct prefix *p)
{
	int type = route ? (add ? RTM_NEWROUTE : RTM_DELROUTE)
			 : (add ? RTM_NEWADDR : RTM_DELADDR);
	struct nlmsghdr *h =
	    request(nl, type, add ? NLM_F_CREATE | NLM_F_EXCL : 0);

	if (route)
		put_route(h, p, nl->ifindex);
	else
		put_address(h, p, nl->ifindex);
	return exchange(nl, h);
}
