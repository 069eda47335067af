/* SPDX-License-Identifier: ISC */
/* file: tests/evil/evil_keys.h */
#ifndef EVIL_KEYS_H
#define EVIL_KEYS_H

#include <string.h>

#include "buf.h"
#include "clock.h"
#include "crypto.h"
#include "msg.h"
#include "wg.h"

/* What keyd does for an honest node, without its limits. */
static inline void
evil_mix(const uint8_t priv[32], const struct msg_mix_ask *ask,
    struct msg_mix_reply *out)
{
	uint8_t dh[32] = {0};

	memset(out, 0, sizeof(*out));
	(void)crypto_x25519(dh, priv, ask->point);
	crypto_kdf(out->out, ask->n, ask->ck, dh, sizeof(dh));
}

static inline void
evil_stamp(uint8_t out[WG_STAMP])
{
	uint64_t sec;
	uint32_t nsec;
	struct wbuf w;

	clock_unix(&sec, &nsec);
	wbuf_init(&w, out, WG_STAMP);
	wbuf_u64(&w, UINT64_C(0x400000000000000a) + sec);
	wbuf_u32(&w, nsec);
}

#endif
