/* SPDX-License-Identifier: ISC */
/* file: upnpd/near.h */
#ifndef NEAR_H
#define NEAR_H

#include <stdint.h>

/*
 * From now on TCP connections of this program lead to this address only, in
 * network order.  A device's HTTP may redirect to anywhere, and libminiupnpc
 * goes there.
 */
void near_only(uint32_t address);

#endif
