/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires_tls.h */
#ifndef WIRES_TLS_H
#define WIRES_TLS_H

#include "chan.h"
#include "msg.h"

/* The channel to tlsd, for main.c and wires.c. */
void tls_wire_conf(struct chan_conf *); /* its handlers and bounds */
/* What the engine wants of it: 0, or -1: it is away, or its queue is full. */
int tls_connect(void *ctx, uint32_t id, const struct msg_tls_connect *);
int turn_connect(void *ctx, uint32_t id, const struct msg_turn_connect *);
int tls_close(void *ctx, uint32_t id);
int tls_send(void *ctx, uint32_t id, const uint8_t *data, size_t len);
int tell_tls(void *ctx, const struct msg_tls_pin *); /* discoveryd */

#endif
