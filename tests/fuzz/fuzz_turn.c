/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_turn.c */
/*
 * The client of TURN, with state: the input is a row of steps, each an octet
 * that says what happens (time, a wish, something to send, a message of the
 * server), and of messages the octets.  What looks like an answer is given the
 * id of a question that is open, and a seal if the step says so: else nothing
 * behind the first checks would ever be read.
 * Oracles: what leaves is well-formed, tables hold what they say, what is
 * given out lies within the message.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "turn_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define STEPS 200
static const struct endpoint server = {{4, {198, 51, 100, 1}}, 3478};

static void
fill(void *ctx, void *out, size_t len)
{
	uint64_t *dice = ctx;

	for (uint8_t *p = out; len > 0; len--) {
		*dice = *dice * 6364136223846793005u + 1442695040888963407u;
		*p++ = (uint8_t)(*dice >> 33);
	}
}

static int
send_to(void *ctx, const uint8_t *msg, size_t len)
{
	struct stun m;

	(void)ctx;
	if (stun_parse(msg, len, &m) == -1 || m.kind != STUN_REQUEST)
		abort();
	return 0;
}

static void
message(
    struct turn *t, uint64_t now, uint8_t how, const uint8_t *data, size_t len)
{
	size_t room = len + 64, n = len & ~(size_t)3;
	uint8_t *msg = malloc(room), *exact;
	struct turn_data d;

	memcpy(msg, data, len);
	if ((how & 0x10) != 0 && n >= STUN_HDR) {
		msg[0] &= 0x3f;
		msg[2] = (uint8_t)((n - STUN_HDR) >> 8);
		msg[3] = (uint8_t)(n - STUN_HDR);
		memcpy(msg + 4, "\x21\x12\xa4\x42", 4);
		memcpy(msg + 8, t->ask[how & 3].id, STUN_ID);
		len = n;
		if ((how & 0x20) != 0)
			len = stun_seal(msg, n, room, t->key, 16);
	}
	exact = malloc(len > 0 ? len : 1);
	if (len > 0)
		memcpy(exact, msg, len);
	if (turn_receive(t, now, &server, exact, len, &d) == TURN_G_DATA &&
	    (d.data < exact || d.len > len || d.data + d.len > exact + len))
		abort();
	free(exact);
	free(msg);
}

static void
look(const struct turn *t)
{
	if (t->state != TURN_UP && t->relayed.addr.family != 0)
		abort();
	for (unsigned i = 0; i < TURN_CHANNELS; i++)
		if (t->channel[i].state != GRANT_FREE &&
		    (t->channel[i].no < 0x4000 || t->channel[i].no > 0x4fff))
			abort();
	for (unsigned i = 0; i < TURN_ASKS; i++)
		if (t->ask[i].verb != TURN_NONE &&
		    (t->state == TURN_OFF || t->state == TURN_WAIT))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t dice = 1, now = 1000;
	struct turn_io io = {.send = send_to, .rnd = {fill, &dice}};
	struct turn t;

	if (crypto_init() == -1)
		abort();
	turn_init(&t, &io);
	turn_configure(&t, now, &server, "u", "p");
	for (unsigned i = 0; i < STEPS && size >= 2; i++) {
		uint8_t how = data[0], arg = data[1], out[256] = {0};
		struct endpoint to = {{4, {203, 0, 113, arg}}, 1};
		size_t n = arg < size - 2 ? arg : size - 2;

		data += 2;
		size -= 2;
		switch (how >> 6) {
		case 0:
			now += (uint64_t)arg << (how & 15);
			turn_tick(&t, now);
			break;
		case 1:
			(void)turn_want(&t, now, &to.addr);
			break;
		case 2:
			(void)turn_wrap(
			    &t, now, &to, out, arg % 64, out + 64, 128);
			break;
		default:
			message(&t, now, how, data, n);
			data += n;
			size -= n;
			break;
		}
		look(&t);
	}
	turn_leave(&t, now);
	look(&t);
	return 0;
}
