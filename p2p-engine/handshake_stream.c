/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/handshake_stream.c */
/*
 * Handshakes of streams: the same messages, but the static keys are here, so
 * that each step is taken at once and nothing waits for keyd.  Only members
 * can come this far: who does not know this boot's key makes no mac1, and
 * whoever opens must be the one that we agreed with on stream 0.
 */
#include <string.h>

#include "crypto.h"
#include "engine_int.h"
#include "handshake.h"
#include "handshake_int.h"
#include "wg.h"

/* What keyd does for the node's. */
static void
mix_here(const uint8_t key[32], const struct msg_mix_ask *ask,
    struct msg_mix_reply *r)
{
	uint8_t dh[32];

	memset(r, 0, sizeof(*r));
	/* a low-order point: what is made of it opens nothing */
	if (crypto_x25519(dh, key, ask->point) == -1)
		memset(dh, 0, sizeof(dh));
	crypto_kdf(r->out, ask->n, ask->ck, dh, sizeof(dh));
	crypto_wipe(dh, sizeof(dh));
}

/* Only ever compared with others of the same fresh key: any clock will do. */
static void
stream_stamp(uint8_t stamp[WG_STAMP], uint64_t now_ms)
{
	uint64_t s = (UINT64_C(1) << 62) + now_ms / 1000;
	uint64_t ns = now_ms % 1000 * 1000000;

	for (int i = 0; i < 8; i++)
		stamp[i] = (uint8_t)(s >> (56 - 8 * i));
	for (int i = 0; i < 4; i++)
		stamp[8 + i] = (uint8_t)(ns >> (24 - 8 * i));
}

void
hs_stream_dial(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	const struct lane *lane = p->lanes->lane[p->place];
	struct job j = {.peer = p->no};
	struct msg_mix_reply reply;
	struct msg_mix_ask ask;
	uint8_t eph[32], stamp[WG_STAMP];
	uint32_t index = index_take(e->index, &e->io.rnd, INDEX_DIAL, p->no);

	hs_fresh_key(e, eph);
	if (index != 0 &&
	    noise_init_start(&j.noise, lane->pub, p->conf.key, eph, index,
		j.msg, &ask) == 0) {
		mix_here(lane->key, &ask, &reply);
		stream_stamp(stamp, now_ms);
		noise_init_finish(&j.noise, &reply, stamp, j.msg);
		hs_dial_send(e, p, &j, now_ms);
	} else {
		index_drop(e->index, index);
	}
	crypto_wipe(eph, sizeof(eph));
	crypto_wipe(&ask, sizeof(ask));
	crypto_wipe(&reply, sizeof(reply));
	crypto_wipe(&j, sizeof(j));
}

/* For this boot's key of streams; the opener is who we agreed with, or no. */
enum counter
hs_stream_initiation(
    struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	struct job j = {.sock = d->sock, .from = *d->from};
	enum counter verdict = EI_BAD_HANDSHAKE;
	struct msg_mix_reply reply;
	struct msg_mix_ask ask;
	struct peer_slot *p;

	memcpy(j.msg, d->data, WG_INITIATION_LEN);
	noise_init_read(&j.noise, e->stream_pub, j.msg, &ask);
	mix_here(e->stream_key, &ask, &reply);
	if (noise_init_who(&j.noise, &reply, j.msg, &ask) == -1)
		goto out;
	verdict = EI_UNKNOWN_PEER;
	if ((p = streams_find_key(e, j.noise.remote_static)) == NULL)
		goto out;
	verdict = EI_RATE;
	if (hs_too_soon(p, now_ms))
		goto out;
	j.peer = p->no;
	mix_here(e->stream_key, &ask, &reply);
	verdict = hs_init_stamp(e, &j, now_ms, &reply);
out:
	crypto_wipe(&ask, sizeof(ask));
	crypto_wipe(&reply, sizeof(reply));
	crypto_wipe(&j, sizeof(j));
	return verdict;
}

enum counter
hs_stream_response(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	const struct lane *lane = p->lanes->lane[p->place];
	struct job j = {.sock = d->sock, .from = *d->from, .peer = p->no};
	enum counter verdict = EI_BAD_HANDSHAKE;
	struct cookie_checker checker;
	struct msg_mix_reply reply;
	struct msg_mix_ask ask;
	uint32_t index = wg_get32(d->data + WG_RESP_RECEIVER);

	cookie_checker_init(&checker, lane->pub);
	if (!cookie_mac1_ok(&checker, d->data, d->len))
		return EI_BAD_MAC1;
	if (hs_asked_by(e, now_ms, index) != p) {
		hs_learn_patience(e, now_ms, index);
		return EI_NO_SESSION;
	}
	memcpy(j.msg, d->data, WG_RESPONSE_LEN);
	j.noise = p->hs;
	if (noise_resp_read(&j.noise, j.msg, &ask) == 0) {
		mix_here(lane->key, &ask, &reply);
		verdict = hs_resp_finish(e, &j, now_ms, &reply);
		crypto_wipe(&reply, sizeof(reply));
		crypto_wipe(&ask, sizeof(ask));
	}
	crypto_wipe(&j, sizeof(j));
	return verdict;
}
