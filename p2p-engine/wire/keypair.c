/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/keypair.c */
/*
 * Data messages.  The counter is taken before anything is sealed and only
 * ever grows, so a nonce can't repeat, whatever else fails.  The replay window
 * is asked after the tag: a forger must not be able to move it.
 */
#include <stdlib.h>
#include <string.h>

#include "keypair.h"

struct keypair *
keypair_new(const struct noise_keys *keys, uint32_t local_index,
    uint32_t remote_index, uint64_t limit)
{
	struct keypair *kp;

	kp = calloc(1, sizeof(*kp));
	if (kp == NULL)
		return NULL;
	kp->send = aead_new(keys->send);
	kp->recv = aead_new(keys->recv);
	if (kp->send == NULL || kp->recv == NULL) {
		keypair_free(kp);
		return NULL;
	}
	memcpy(kp->send_key, keys->send, sizeof(kp->send_key));
	memcpy(kp->recv_key, keys->recv, sizeof(kp->recv_key));
	kp->local_index = local_index;
	kp->remote_index = remote_index;
	kp->limit =
	    limit < WG_REJECT_AFTER_MESSAGES ? limit : WG_REJECT_AFTER_MESSAGES;
	replay_init(&kp->replay);
	return kp;
}

void
keypair_free(struct keypair *kp)
{
	if (kp == NULL)
		return;
	aead_free(kp->send);
	aead_free(kp->recv);
	crypto_wipe(kp, sizeof(*kp));
	free(kp);
}

static size_t
padded(size_t len, size_t pad_max)
{
	size_t n = (len + 15) & ~(size_t)15;

	if (n <= pad_max)
		return n;
	return len > pad_max ? len : pad_max;
}

size_t
keypair_sealed_len(size_t len, size_t pad_max)
{
	return WG_DATA_HDR + padded(len, pad_max) + WG_TAG;
}

uint64_t
keypair_take(struct keypair *kp, uint32_t n)
{
	uint64_t first = kp->tx_counter;

	kp->tx_counter += n;
	return first;
}

size_t
keypair_seal(struct keypair *kp, uint8_t *out, const uint8_t *in, size_t len,
    size_t pad_max)
{
	size_t n = padded(len, pad_max);
	uint8_t *body = out + WG_DATA_HDR;
	uint64_t counter;

	if (kp->tx_counter >= kp->limit)
		return 0;
	counter = kp->tx_counter++;
	wg_put32(out, WG_DATA);
	wg_put32(out + WG_DATA_RECEIVER, kp->remote_index);
	wg_put64(out + WG_DATA_COUNTER, counter);
	/* a full packet needs no padding and is not moved */
	if (n > len) {
		if (in != body && len > 0)
			memcpy(body, in, len);
		memset(body + len, 0, n - len);
		in = body;
	}
	aead_seal(kp->send, counter, body, in, n);
	return WG_DATA_HDR + n + WG_TAG;
}

long
keypair_open(struct keypair *kp, uint8_t *out, const uint8_t *msg, size_t len)
{
	uint64_t counter = wg_get64(msg + WG_DATA_COUNTER);

	if (counter >= kp->limit)
		return -2;
	return keypair_opened(kp, msg, len,
	    aead_open(kp->recv, counter, out, msg + WG_DATA_HDR,
		len - WG_DATA_HDR) == 0);
}

long
keypair_opened(struct keypair *kp, const uint8_t *msg, size_t len, bool good)
{
	uint64_t counter = wg_get64(msg + WG_DATA_COUNTER);

	if (counter >= kp->limit)
		return -2;
	if (!good)
		return -1;
	if (!replay_accept(&kp->replay, counter))
		return -2;
	kp->rx++;
	return (long)(len - WG_DATA_HDR - WG_TAG);
}
