/* SPDX-License-Identifier: ISC */
/* file: discoveryd/sockets.c */
/*
 * UDP sockets, as they come from the parent: datagrams in, so many a turn that
 * nobody waits for long; datagrams out, and what the system does not take is
 * lost, as datagrams are.
 */
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "clock.h"
#include "host.h"
#include "lan.h"
#include "log.h"

#define BATCH 64
#define DATAGRAM_MAX 2048 /* nothing longer makes sense here */
#define LAN_GROUP4 "239.192.77.86"
#define LAN_GROUP6 "ff02::4d56"

void
sockets_init(struct host *h)
{
	for (int i = 0; i <= DISC_LAN6; i++)
		h->sock[i].fd = -1;
}

/* ---- in ---- */

static bool
receive(struct host *h, enum disc_fd kind, uint64_t now_ms, uint64_t unix_s)
{
	struct sockaddr_storage ss = {0};
	uint8_t data[DATAGRAM_MAX];
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr m = {.msg_name = &ss,
	    .msg_namelen = sizeof(ss),
	    .msg_iov = &iov,
	    .msg_iovlen = 1};
	struct endpoint from;
	ssize_t n = recvmsg(h->sock[kind].fd, &m, MSG_DONTWAIT);

	if (n == -1)
		return false; /* nothing more, or an ICMP of an earlier one */
	if ((m.msg_flags & MSG_TRUNC) != 0 ||
	    endpoint_from_sa(&ss, &from) == -1)
		return true;
	disc_from_udp(h->disc, now_ms, unix_s, kind, &from, data, (size_t)n);
	return true;
}

static void
on_readable(int fd, int events, void *ctx)
{
	struct host *h = ctx;
	uint64_t now_ms = clock_mono_ms(), unix_s = host_unix_s();

	(void)events;
	for (int i = 0; i <= DISC_LAN6; i++) {
		if (h->sock[i].fd != fd)
			continue;
		for (int n = 0; n < BATCH; n++)
			if (!receive(h, (enum disc_fd)i, now_ms, unix_s))
				break;
	}
}

static void
sock_close(struct sock *s)
{
	if (s->fd == -1)
		return;
	loop_io_free(s->io);
	close(s->fd);
	*s = (struct sock){.fd = -1};
}

void
sockets_set(struct host *h, enum disc_fd kind, int fd)
{
	struct sock *s = &h->sock[kind];

	sock_close(s);
	s->fd = fd;
	s->io = loop_io_new(h->loop, fd, LOOP_READ, on_readable, h);
	if (s->io == NULL) {
		log_warn("socket");
		close(fd);
		s->fd = -1;
	}
	disc_socket(h->disc, clock_mono_ms(), kind, s->fd != -1);
}

/* As tunnel-priv decides which to open. */
static bool
is_wanted(const struct conf_node *c, enum disc_fd kind)
{
	uint8_t family = kind == DISC_DHT6 ? 6 : 4;

	if (kind == DISC_LAN4 || kind == DISC_LAN6)
		return c->lan;
	return c->dht != CONF_DHT_NO &&
	    (c->dht_listen_any || c->dht_listen.addr.family == family);
}

void
sockets_sift(struct host *h, const struct conf_node *c)
{
	for (int i = 0; i <= DISC_LAN6; i++)
		if (h->sock[i].fd != -1 && !is_wanted(c, (enum disc_fd)i)) {
			sock_close(&h->sock[i]);
			disc_socket(
			    h->disc, clock_mono_ms(), (enum disc_fd)i, false);
		}
}

/* ---- out ---- */

static void
say(struct host *h, int fd, const struct msghdr *m)
{
	if (sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		h->counters.v[DISC_UDP_LOST]++;
}

/* To the group (a whole sockaddr_storage) on that link; whichever route the
 * system has for it. */
static void
say_on_link(struct host *h, enum disc_fd kind, uint32_t ifindex,
    const struct msghdr *about)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = {0};
	struct in_pktinfo in4 = {.ipi_ifindex = (int)ifindex};
	struct in6_pktinfo in6 = {.ipi6_ifindex = ifindex};
	bool v4 = kind == DISC_LAN4;
	size_t len = v4 ? sizeof(in4) : sizeof(in6);
	struct msghdr m = *about; /* what is added does not outlive us */
	struct cmsghdr *c = &control.align;
	struct sockaddr_storage to;

	memcpy(&to, about->msg_name, sizeof(to));
	if (!v4)
		((struct sockaddr_in6 *)&to)->sin6_scope_id = ifindex;
	m.msg_name = &to;
	m.msg_control = &control;
	m.msg_controllen = CMSG_SPACE(len);
	c->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(len);
	if (v4)
		memcpy(CMSG_DATA(c), &in4, len);
	else
		memcpy(CMSG_DATA(c), &in6, len);
	say(h, h->sock[kind].fd, &m);
}

/* Once on every link that has a place of that family. */
static void
say_to_group(struct host *h, enum disc_fd kind, const struct msghdr *m)
{
	uint8_t family = kind == DISC_LAN4 ? 4 : 6;

	for (unsigned i = 0; i < h->places.n; i++) {
		const struct place_row *p = &h->places.at[i];
		bool again = p->ep.addr.family != family;

		for (unsigned j = 0; j < i; j++)
			again = again ||
			    (h->places.at[j].ep.addr.family == family &&
				h->places.at[j].ifindex == p->ifindex);
		if (!again)
			say_on_link(h, kind, p->ifindex, m);
	}
}

void
host_udp_send(void *ctx, enum disc_fd kind, const struct endpoint *to,
    const uint8_t *data, size_t len)
{
	struct endpoint group = {.port = LAN_PORT};
	struct host *h = ctx;
	struct sockaddr_storage ss = {0};
	struct iovec iov = {
	    .iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr m = {.msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1};

	if (h->sock[kind].fd == -1)
		return;
	if (to == NULL)
		(void)addr_parse(
		    kind == DISC_LAN4 ? LAN_GROUP4 : LAN_GROUP6, &group.addr);
	m.msg_namelen =
	    (socklen_t)endpoint_to_sa(to == NULL ? &group : to, &ss);
	if (m.msg_namelen == 0)
		return;
	if (to == NULL)
		say_to_group(h, kind, &m);
	else
		say(h, h->sock[kind].fd, &m);
}
