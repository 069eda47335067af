/* SPDX-License-Identifier: ISC */
/* file: common/feature.h */
#ifndef FEATURE_H
#define FEATURE_H

#include <stddef.h>
#include <stdint.h>

/*
 * What makes the packet path fast and may be missing.
 *
 * Each is looked for where it is used, when the program runs, and done without
 * by itself.  Whoever uses it tells the parent what it has and what it lacks
 * (FEATURES, proc_tell_features), again when that changes; PROC_ROW carries it
 * on to `meshctl status`.  What the configuration switches off is neither.
 */
#define FEATURE_UDP_GSO 0x01    /* many datagrams in one send */
#define FEATURE_UDP_GRO 0x02    /* many datagrams in one receive */
#define FEATURE_RING 0x04       /* memory shared by tun role and engine */
#define FEATURE_AEAD_SPLIT 0x08 /* the faster of two ways to the same AEAD */
#define FEATURE_BUFFERS 0x10    /* socket buffers as large as configured */
#define FEATURE_TUN_CSUM 0x20   /* partial checksums from and to the TUN */
#define FEATURE_TUN_TSO 0x40    /* TCP super-packets */
#define FEATURE_TUN_USO 0x80    /* UDP super-packets, Linux 6.2 */

/* "udp-gso" of one bit; NULL: no such bit. */
const char *feature_name(uint32_t bit);
/* "udp-gso,udp-gro" of the bits in a mask, "-" for none; returns out. */
#define FEATURE_STRLEN 96
const char *feature_names(uint32_t mask, char out[FEATURE_STRLEN]);
/* FEATURE_TUN_* of OFFLOAD_* (packets.h). */
uint32_t feature_offload(uint8_t offload);

#endif
