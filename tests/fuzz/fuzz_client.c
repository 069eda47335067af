/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_client.c */
/*
 * Local clients and untrue neighbours against control's routing, without a
 * socket.
 *
 * The input is a list of steps: one octet of what, one of who, one of length,
 * that many octets.  Oracle, after every step: each question a client was not
 * cut off for has exactly one END or is still open, nothing goes to a place
 * where nobody sits, no process has two questions of a kind to answer, the
 * admission rules hold; at the end, when all deadlines
 * are over, nothing is open any more.
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum what { COME, GREET, ASK, ROW, UPSTREAM, LEAVE, WAIT, LOG, NWHATS };

struct seat {
	bool here, cut;
	unsigned asked, ended;
};

static struct control c;
static struct seat seat[CLIENTS_MAX];
static uint32_t last_id[ROLE_NROLES]; /* of the last question passed on */
static uint64_t now;
static volatile unsigned sum; /* so that every octet is looked at */
static uint8_t pressure;      /* every now and then a queue is full */

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static int
to_client(void *ctx, unsigned place, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	(void)ctx;
	(void)id;
	require(place < CLIENTS_MAX && seat[place].here);
	require(msg_refuse(type, len, false, ROLE_CTL, ST_READY) == NULL);
	for (size_t i = 0; i < len; i++)
		sum += ((const uint8_t *)body)[i];
	if (seat[place].cut || (pressure & 7) == 7)
		return -1;
	seat[place].ended += type == MSG_END;
	return 0;
}

static int
to_upstream(void *ctx, enum role to, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	(void)ctx;
	(void)body;
	require((c.up & 1u << to) != 0 && id != 0);
	require(msg_refuse(type, len, false, ROLE_CTL, ST_READY) == NULL);
	last_id[to] = id;
	return (pressure & 0x18) == 0x18 ? -1 : 0;
}

static bool
unread(void *ctx, unsigned place, uint64_t *out)
{
	(void)ctx;
	*out = pressure & 0x40;
	return seat[place].here && !seat[place].cut && (pressure & 0x80) != 0;
}

static void
cut(void *ctx, unsigned place, const char *why)
{
	(void)ctx;
	require(seat[place].here && why != NULL);
	seat[place].cut = true;
}

static void
leave(unsigned place)
{
	control_client_gone(&c, place);
	seat[place] = (struct seat){0};
}

static void
evict(void *ctx, unsigned place)
{
	(void)ctx;
	/* who follows events has no end to wait for */
	require(seat[place].here &&
	    (seat[place].asked == seat[place].ended ||
		c.clients.c[place].follows));
	leave(place);
}

static uint64_t
suppressed(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct control_ops ops = {
    to_client, to_upstream, unread, cut, evict, suppressed, NULL, NULL};

/* What main.c does when a turn ends. */
static void
end_turn(void)
{
	(void)control_pump(&c, now);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (seat[i].cut)
			leave(i);
}

static unsigned
at_a_time(uint16_t ask)
{
	if (ask == MSG_ECHO_ASK)
		return PENDING_ECHOES;
	return ask == MSG_FIND_ASK ? PENDING_FINDS : 1;
}

/* No process has more questions of a kind to answer than it may. */
static void
check_out(void)
{
	static uint8_t n[ROLE_NROLES][256];

	memset(n, 0, sizeof(n));
	for (unsigned i = 0; i < PENDING_MAX; i++) {
		const struct pending *p = &c.pending.p[i];

		require(p->id == 0 || p->ask < 256);
		for (unsigned r = 0; p->id != 0 && r < ROLE_NROLES; r++) {
			if ((p->owing & p->asked & 1u << r) == 0)
				continue;
			require(n[r][p->ask]++ < at_a_time(p->ask));
		}
	}
}

static void
check(void)
{
	unsigned strangers = 0;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		const struct client *cl = &c.clients.c[i];

		require(cl->used == seat[i].here);
		require(seat[i].asked == seat[i].ended + cl->open);
		strangers +=
		    cl->used && cl->user != 0 && cl->kind == LISTEN_STATUS;
	}
	require(strangers <= CLIENTS_MAX - CLIENTS_RESERVED);
	check_out();
}

static void
come(uint8_t who)
{
	enum listen_kind kind = who & 1 ? LISTEN_STATUS : LISTEN_CONTROL;
	int place = control_client_new(&c, kind, who >> 1 & 7, now);

	if (place == -1)
		return;
	require(place < CLIENTS_MAX && !seat[place].here);
	seat[place].here = true;
}

/* As the channel would let it through: legal by its type and length. */
static void
ask(unsigned place, const uint8_t *p, size_t len)
{
	struct ipc_frame f = {.fd = -1};

	if (len < 2 || !c.clients.c[place].greeted || seat[place].cut)
		return;
	f.type = p[0];
	f.id = p[1];
	f.len = len - 2;
	if (msg_refuse(f.type, f.len, false, ROLE_CLIENT, ST_READY) != NULL)
		return;
	f.body = malloc(f.len == 0 ? 1 : f.len);
	require(f.body != NULL);
	memcpy((void *)(uintptr_t)f.body, p + 2, f.len);
	seat[place].asked++;
	if (control_question(&c, place, &f, now) != CHAN_OK)
		leave(place);
	free((void *)(uintptr_t)f.body);
}

static void
row(uint8_t who, const uint8_t *p, size_t len)
{
	static const enum role from[] = {ROLE_PARENT, ROLE_ENGINE, ROLE_DISC};
	enum role role = from[who % 3];
	struct ipc_frame f = {.fd = -1};

	if (len < 1)
		return;
	f.type = p[0];
	f.id = who & 0x80 ? who : last_id[role];
	f.len = len - 1;
	if (f.type < MSG_NODE_ROW ||
	    msg_refuse(f.type, f.len, false, role, ST_READY) != NULL)
		return;
	f.body = malloc(f.len == 0 ? 1 : f.len);
	require(f.body != NULL);
	memcpy((void *)(uintptr_t)f.body, p + 1, f.len);
	if (f.type == MSG_EVENT && role == ROLE_PARENT)
		(void)control_event(&c, &f);
	else if (control_answer(&c, role, &f, now) != CHAN_OK &&
	    role != ROLE_PARENT)
		control_upstream(&c, role, false, now);
	free((void *)(uintptr_t)f.body);
}

static void
step(enum what what, uint8_t who, const uint8_t *p, size_t len)
{
	unsigned place = who % CLIENTS_MAX;
	char line[256];

	switch (what) {
	case COME:
		come(who);
		break;
	case GREET:
		if (seat[place].here)
			control_client_greeted(&c, place, now);
		break;
	case ASK:
		if (seat[place].here)
			ask(place, p, len);
		break;
	case ROW:
		row(who, p, len);
		break;
	case UPSTREAM:
		control_upstream(
		    &c, who & 2 ? ROLE_ENGINE : ROLE_DISC, who & 1, now);
		break;
	case LEAVE:
		if (seat[place].here)
			leave(place);
		break;
	case WAIT:
		now += (uint64_t)who * who;
		control_tick(&c, now);
		break;
	case LOG:
		memcpy(line, p, len);
		line[len] = '\0';
		(void)ring_resize(&c.ring, who % 9);
		(void)ring_add(&c.ring, now, who % 4, line);
		break;
	case NWHATS:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	control_init(&c, &ops);
	memset(seat, 0, sizeof(seat));
	memset(last_id, 0, sizeof(last_id));
	now = 1000;
	control_upstream(&c, ROLE_PARENT, true, now);
	control_upstream(&c, ROLE_ENGINE, true, now);
	control_upstream(&c, ROLE_DISC, true, now);
	while (size >= 4) {
		size_t len = data[3] < size - 4 ? data[3] : size - 4;

		pressure = data[2];
		step(data[0] % NWHATS, data[1], data + 4, len);
		end_turn();
		check();
		data += 4 + len;
		size -= 4 + len;
	}
	pressure = 0;
	now += CONTROL_RELOAD_MS;
	control_tick(&c, now);
	for (unsigned i = 0; i < 10; i++)
		end_turn();
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		require(
		    seat[i].asked == seat[i].ended + c.clients.c[i].follows);
	control_clear(&c);
	return 0;
}
