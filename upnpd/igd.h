/* SPDX-License-Identifier: ISC */
/* file: upnpd/igd.h */
#ifndef IGD_H
#define IGD_H

#include <stdint.h>

#include "addr.h"

/*
 * Talking with the gateway, by libminiupnpc: it blocks, so it has a thread of
 * its own, which takes jobs and gives results one after the other.
 *
 * The device is looked for by SSDP once, and again if it does not answer any
 * more; only one that says that it is at the gateway's own address counts.
 */
#define IGD_DISCOVER_MS 1500
#define IGD_DEVICES 4 /* that are asked what they are */
#define IGD_PORTS 3   /* that are tried, if others have them */

/* Results below are of UPnP, where they are 401 to 899. */
enum igd_code {
	IGD_DONE = 0,
	IGD_NONE = 1,  /* there is no such device */
	IGD_BUSY = 2,  /* too much is asked */
	IGD_SILENT = 3 /* it does not answer as it should */
};

struct igd_job {
	uint32_t id;
	struct addr gateway, source; /* of IPv4 */
	uint16_t port, external;     /* ours, and the one that is wished */
	uint32_t lifetime_s;         /* 0: it is given back */
};

struct igd_result {
	uint32_t id;
	struct igd_job job;
	uint16_t code; /* enum igd_code, or of UPnP */
	struct endpoint external;
	uint32_t lifetime_s;
};

struct igd; /* what is known of the device */

struct igd *igd_new(void); /* NULL: no memory */
void igd_do(struct igd *, const struct igd_job *, struct igd_result *);

#endif
