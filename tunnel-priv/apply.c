/* SPDX-License-Identifier: ISC */
/*
 * Carrying out a configuration (apply.h).
 *
 * The order is the design: sockets, link, addresses, routes are added first,
 * and the first refusal undoes what was added; only then are things removed,
 * which can't fail in a way that matters.  Removing an address makes Linux
 * remove others of its network and all routes through it, so whatever should
 * exist is asked for once more at the end.
 *
 * What to do is decided here, without any privilege; priv does it.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "log.h"

_Static_assert(CONF_MTU_MIN == P_LINK_MTU_MIN, "what is taken as MTU");
_Static_assert(CONF_MTU_MAX == P_LINK_MTU_MAX, "what is taken as MTU");

int
net_open(struct net *n, struct ask *ask, const struct conf_node *c,
    char err[NET_ERR])
{
	for (unsigned i = 0; i < NET_UDP_MAX; i++)
		n->udp[i].fd = -1;
	snprintf(n->device, sizeof(n->device), "%s", c->device);
	n->ask = ask;
	n->tun_fd = ask_tun(ask, n->device, c->offload, &n->offload, err);
	return n->tun_fd == -1 ? -1 : 0;
}

int
net_mtu(struct net *n, uint16_t mtu)
{
	if (ask_link(n->ask, mtu) == -1)
		return -1;
	n->mtu = mtu;
	return 0;
}

bool
net_alive(struct net *n)
{
	return net_mtu(n, n->mtu) == 0 || errno != ENODEV;
}

/* If it follows the paths it stays as narrow as they are. */
static uint16_t
mtu_after(const struct net *n, const struct conf_node *new)
{
	if (new->mtu == CONF_AUTO && n->mtu != 0 && n->mtu < new->mtu_limit &&
	    n->mtu >= CONF_MTU_AUTO_MIN)
		return n->mtu;
	return conf_mtu(new);
}

/* ---- sockets ---- */

/* What is left afterwards is in use, whichever way the change went. */
static void
udp_close(struct net *n, bool undo)
{
	for (struct net_udp *u = n->udp; u < n->udp + NET_UDP_MAX; u++) {
		if (u->fd != -1 && (undo ? u->fresh : !u->kept)) {
			close(u->fd);
			u->fd = -1;
		}
		u->fresh = false;
		u->kept = true;
	}
}

void
net_settle(struct net *n)
{
	udp_close(n, false);
}

/* The socket that is there already, or a free place for it. */
static struct net_udp *
udp_place(struct net *n, const struct plan_socket *s)
{
	unsigned from = s->disc == -1 ? 0
	    : s->disc == PLAN_TLS     ? NET_TLS_FIRST
				      : NET_ENGINE_MAX;
	unsigned to = s->disc == -1 ? NET_LISTEN_MAX
	    : s->disc == PLAN_TLS   ? NET_UDP_MAX
				    : NET_TLS_FIRST;
	struct net_udp *unused = NULL;

	if (s->stream != 0)
		return &n->udp[udp_stream_socket(s->stream, s->at.addr.family)];
	for (struct net_udp *u = n->udp + from; u < n->udp + to; u++)
		if (u->fd == -1)
			unused = u;
		else if (u->disc == s->disc && endpoint_eq(&u->want, &s->at))
			return u;
	/* there is one: the table has twice the room */
	return unused;
}

/* 0, also if it can be done without; or -1. */
static int
udp_open(struct net *n, const struct plan_socket *s, char err[NET_ERR])
{
	struct net_udp *u = udp_place(n, s);

	if (u->fd == -1) {
		u->disc = s->disc;
		u->want = s->at;
		u->fd = ask_socket(
		    n->ask, s->disc == PLAN_TLS, &u->want, &u->local, err);
		u->fresh = u->fd != -1;
	}
	u->kept = u->fd != -1;
	if (u->kept || (errno == EAFNOSUPPORT && s->need != PLAN_MUST))
		return 0;
	if (s->need != PLAN_MAY)
		return -1;
	log_warnx("%s: %s", s->stream != 0 ? "streams" : "lan", err);
	return 0;
}

static int
udp_open_all(struct net *n, const struct conf_node *c, char err[NET_ERR])
{
	struct plan_socket s;

	for (struct net_udp *u = n->udp; u < n->udp + NET_UDP_MAX; u++)
		u->fresh = u->kept = false;
	for (unsigned i = 0; plan_socket(c, &i, &s);)
		if (udp_open(n, &s, err) == -1)
			return -1;
	return 0;
}

static void
udp_buffers(struct net *n, const struct conf_node *c)
{
	for (struct net_udp *u = n->udp; u < n->udp + NET_ENGINE_MAX; u++)
		if (u->fd != -1 &&
		    !ask_buffers(
			n->ask, u->fd, c->receive_buffer, c->send_buffer))
			log_warnx("socket buffers are smaller than configured: "
				  "the system granted less");
}

/* ---- addresses and routes ---- */

/* Has another interface this address?  Its name. */
static bool
taken(const struct net *n, const struct addr *a, char name[IF_NAMESIZE])
{
	struct ifaddrs *all, *i;
	struct endpoint e;

	if (getifaddrs(&all) == -1)
		return false;
	for (i = all; i != NULL; i = i->ifa_next) {
		struct sockaddr_storage ss = {0};

		if (i->ifa_addr == NULL || strcmp(i->ifa_name, n->device) == 0)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			memcpy(&ss, i->ifa_addr, sizeof(struct sockaddr_in));
		else if (i->ifa_addr->sa_family == AF_INET6)
			memcpy(&ss, i->ifa_addr, sizeof(struct sockaddr_in6));
		if (endpoint_from_sa(&ss, &e) == 0 && addr_eq(&e.addr, a))
			break;
	}
	if (i != NULL)
		snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	freeifaddrs(all);
	return i != NULL;
}

static int
add(struct net *n, const struct conf_node *old, const struct plan_item *it,
    char err[NET_ERR])
{
	char text[PREFIX_STRLEN], other[IF_NAMESIZE];

	prefix_format(&it->prefix, text);
	if (!it->route && taken(n, &it->prefix.addr, other)) {
		snprintf(err, NET_ERR, "address %s: interface %s has it", text,
		    other);
		return -1;
	}
	/* the same on our interface; or the route of an old address of ours */
	if (ask_net(n->ask, true, it->route, &it->prefix) == 0 ||
	    (errno == EEXIST &&
		(!it->route || plan_connected(old, &it->prefix))))
		return 0;
	snprintf(err, NET_ERR, "%s %s: %s", it->route ? "route" : "address",
	    text,
	    errno == EEXIST ? "there is another route for it"
			    : strerror(errno));
	return -1;
}

static void
tidy(struct net *n, const struct conf_node *old, const struct conf_node *new)
{
	char text[PREFIX_STRLEN];
	struct plan_item it;

	for (unsigned i = 0; plan_next(new, old, &i, &it);)
		if (ask_net(n->ask, false, it.route, &it.prefix) == -1 &&
		    errno != ESRCH && errno != EADDRNOTAVAIL)
			log_warn("remove %s", prefix_format(&it.prefix, text));
	for (unsigned i = 0; plan_next(NULL, new, &i, &it);)
		if (ask_net(n->ask, true, it.route, &it.prefix) == -1 &&
		    errno != EEXIST)
			log_warn("restore %s", prefix_format(&it.prefix, text));
}

int
net_change(struct net *n, const struct conf_node *old,
    const struct conf_node *new, char err[NET_ERR])
{
	uint16_t mtu = mtu_after(n, new), was = n->mtu;
	struct plan_item it;
	unsigned i = 0;

	if (udp_open_all(n, new, err) == -1)
		goto undo;
	if (net_mtu(n, mtu) == -1) {
		snprintf(err, NET_ERR, "mtu %u: %s", mtu, strerror(errno));
		goto undo;
	}
	while (plan_next(old, new, &i, &it))
		if (add(n, old, &it, err) == -1)
			goto undo;
	if (old != NULL)
		tidy(n, old, new);
	udp_buffers(n, new);
	return 0;
undo:
	for (unsigned j = 0; plan_next(old, new, &j, &it) && j < i;)
		(void)ask_net(n->ask, false, it.route, &it.prefix);
	if (old != NULL)
		(void)net_mtu(n, was);
	udp_close(n, true);
	return -1;
}
