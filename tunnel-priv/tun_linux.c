/* SPDX-License-Identifier: ISC */
/*
 * The tunnel interface on Linux (tun.h).
 *
 * IFF_VNET_HDR puts a virtio_net_hdr in front of each packet, so that the
 * kernel hands over TCP and UDP super-packets of up to 64 KiB and takes such
 * back.  IFF_TUN_EXCL turns "attach to whatever has this name" into an error.
 *
 * One queue, without IFF_MULTI_QUEUE: the flag makes the kernel keep 256
 * queues with a queueing discipline each, for which there is no second worker
 * yet.  The device is made anew at each start, so setting it later costs no
 * migration; MSG_TUN_FD numbers the queue already.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "packets.h"
#include "tun.h"

#ifndef TUN_F_USO4 /* Linux 6.2; headers may be older than the kernel */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#define BUSY_TRIES 10
#define BUSY_WAIT_MS 100
#define TSO (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define OFFLOAD_TSO (OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6)

/* Best first; a kernel that lacks one refuses the whole set. */
static const struct {
	unsigned long flags;
	uint8_t offload;
} ladder[] = {
    {TSO | TUN_F_USO4 | TUN_F_USO6, OFFLOAD_TSO | OFFLOAD_USO},
    {TSO, OFFLOAD_TSO},
    {TUN_F_CSUM, OFFLOAD_CSUM},
};

int
tun_open(struct tun *t, const char *device, uint8_t offload, char err[TUN_ERR])
{
	struct ifreq ifr = {.ifr_flags = (short)(IFF_TUN | IFF_NO_PI |
				IFF_VNET_HDR | IFF_TUN_EXCL)};
	int hdr = PK_VNET, tries = BUSY_TRIES, r;

	t->offload = 0;
	t->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd == -1) {
		snprintf(err, TUN_ERR, "/dev/net/tun: %s%s", strerror(errno),
		    errno == ENOENT ? " (is the tun module loaded?)" : "");
		return -1;
	}
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	/* perhaps of a predecessor that was killed, whose children just end */
	while ((r = ioctl(t->fd, TUNSETIFF, &ifr)) == -1 && errno == EBUSY &&
	    tries-- > 0)
		(void)poll(NULL, 0, BUSY_WAIT_MS);
	if (r == -1 || ioctl(t->fd, TUNSETVNETHDRSZ, &hdr) == -1 ||
	    (t->ifindex = if_nametoindex(device)) == 0) {
		snprintf(err, TUN_ERR, "device %s: %s", device,
		    errno == EBUSY ? "an interface of this name exists already"
				   : strerror(errno));
		close(t->fd);
		return -1;
	}
	for (size_t i = 0; i < sizeof(ladder) / sizeof(*ladder); i++)
		if ((ladder[i].offload & ~offload) == 0 &&
		    ioctl(t->fd, TUNSETOFFLOAD, ladder[i].flags) == 0) {
			t->offload = ladder[i].offload;
			break;
		}
	return 0;
}
