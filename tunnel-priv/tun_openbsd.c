/* SPDX-License-Identifier: ISC */
/*
 * The tunnel interface on OpenBSD (tun.h): tun(4).
 *
 * The device node names the interface, so `device` must be tunN; it is made by
 * the open and, unlike on Linux, stays when it is closed.  There are no
 * offloads here, so super-packets never appear.
 *
 * Not finished: tun(4) puts the address family (four octets) where Linux puts
 * the virtio_net_hdr, which pump.c would have to translate, and addresses and
 * routes want a netlink.h made of ifconfig's ioctls and route(4) messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tun.h"

int
tun_open(struct tun *t, const char *device, uint8_t offload, char err[TUN_ERR])
{
	char path[32];

	(void)offload;
	t->offload = 0;
	if (strncmp(device, "tun", 3) != 0 ||
	    strspn(device + 3, "0123456789") != strlen(device + 3)) {
		snprintf(err, TUN_ERR, "device %s: must be tun and a number",
		    device);
		return -1;
	}
	snprintf(path, sizeof(path), "/dev/%s", device);
	t->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd == -1 || (t->ifindex = if_nametoindex(device)) == 0) {
		snprintf(err, TUN_ERR, "%s: %s", path,
		    errno == EBUSY ? "in use by another program"
				   : strerror(errno));
		if (t->fd != -1)
			close(t->fd);
		return -1;
	}
	return 0;
}
