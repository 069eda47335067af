/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/tun.h */
#ifndef TUN_H
#define TUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tunnel interface as a device.  The only ioctls of the suite are behind
 * this header (tun_linux.c, tun_openbsd.c), and only priv makes them, at
 * start-up.
 */
#define TUN_ERR 256

struct tun {
	int fd;           /* close-on-exec, non-blocking; the caller's */
	unsigned ifindex; /* of the interface */
	uint8_t offload;  /* what was granted: OFFLOAD_* of packets.h */
};

/*
 * Make the interface; it goes away with the last descriptor of it.  offload:
 * at most these (OFFLOAD_*), and what the system does not have is left out.
 * 0, or -1 with a sentence for the administrator in err.
 */
int tun_open(
    struct tun *, const char *device, uint8_t offload, char err[TUN_ERR]);

#endif
