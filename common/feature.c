/* SPDX-License-Identifier: ISC */
/* file: common/feature.c */
/* The names of what makes the packet path fast: see feature.h. */
#include <stdio.h>

#include "feature.h"
#include "packets.h"

/* In the order of the bits.  Scripts read them: add, but never rename. */
static const char *const names[] = {"udp-gso", "udp-gro", "ring", "aead-split",
    "buffers", "tun-csum", "tun-tso", "tun-uso"};

#define NBITS (sizeof(names) / sizeof(names[0]))

const char *
feature_name(uint32_t bit)
{
	for (unsigned i = 0; i < NBITS; i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

const char *
feature_names(uint32_t mask, char out[FEATURE_STRLEN])
{
	size_t len = 0;

	snprintf(out, FEATURE_STRLEN, "-");
	for (unsigned i = 0; i < NBITS; i++)
		if ((mask & 1u << i) != 0)
			len += (size_t)snprintf(out + len, FEATURE_STRLEN - len,
			    "%s%s", len > 0 ? "," : "", names[i]);
	return out;
}

uint32_t
feature_offload(uint8_t offload)
{
	const uint8_t tso = OFFLOAD_TSO4 | OFFLOAD_TSO6;

	return ((offload & OFFLOAD_CSUM) != 0 ? FEATURE_TUN_CSUM : 0) |
	    ((offload & tso) == tso ? FEATURE_TUN_TSO : 0) |
	    ((offload & OFFLOAD_USO) != 0 ? FEATURE_TUN_USO : 0);
}
