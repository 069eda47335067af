/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/wg.c */
/*
 * Telling WireGuard's messages apart.  The type octet, three zero octets and
 * the length must agree; nothing else of the message is looked at here, and
 * what does not fit is for the next demultiplexer or for nobody.
 */
#include "wg.h"

enum wg_type
wg_classify(const uint8_t *msg, size_t len)
{
	if (len < 4 || msg[1] != 0 || msg[2] != 0 || msg[3] != 0)
		return WG_NONE;
	if (msg[0] == WG_DATA && len >= WG_DATA_MIN)
		return WG_DATA;
	if (msg[0] == WG_INITIATION && len == WG_INITIATION_LEN)
		return WG_INITIATION;
	if (msg[0] == WG_RESPONSE && len == WG_RESPONSE_LEN)
		return WG_RESPONSE;
	if (msg[0] == WG_COOKIE && len == WG_COOKIE_LEN)
		return WG_COOKIE;
	if (msg[0] == WG_PROBE && len >= WG_PROBE_MIN)
		return WG_PROBE;
	if (msg[0] == WG_RELAY && len >= WG_RELAY_MIN)
		return WG_RELAY;
	return WG_NONE;
}

bool
wg_relay_whole(const uint8_t *msg, size_t len)
{
	enum wg_type in;

	if (len < WG_RELAY_MIN)
		return false;
	in = wg_classify(msg + WG_RELAY_HDR, len - WG_RELAY_HDR);
	return in != WG_NONE && in != WG_RELAY;
}

uint32_t
wg_receiver(const uint8_t *msg)
{
	if (msg[0] == WG_INITIATION)
		return 0;
	if (msg[0] == WG_RESPONSE)
		return wg_get32(msg + WG_RESP_RECEIVER);
	return wg_get32(msg + WG_DATA_RECEIVER);
}

uint32_t
wg_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

uint64_t
wg_get64(const uint8_t *p)
{
	return wg_get32(p) | (uint64_t)wg_get32(p + 4) << 32;
}

void
wg_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void
wg_put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}
