/* SPDX-License-Identifier: ISC */
/* file: ctl/clients.c */
/*
 * The client table and its rules of admission (see clients.h).
 */
#include "clients.h"

#define STRANGERS_MAX (CLIENTS_MAX - CLIENTS_RESERVED)

void
clients_init(struct clients *t)
{
	*t = (struct clients){0};
}

unsigned
clients_count(const struct clients *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		n += t->c[i].used;
	return n;
}

/* ---- room ---- */

static bool
stranger(const struct client *c)
{
	return c->used && c->kind == LISTEN_STATUS && c->user != 0;
}

static unsigned
held_by(const struct clients *t, uint64_t user)
{
	unsigned n = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		n += t->c[i].used && t->c[i].user == user;
	return n;
}

static unsigned
strangers(const struct clients *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		n += stranger(&t->c[i]);
	return n;
}

/* A connection that is not in use, or was for too long. */
static bool
may_go(const struct client *c, uint64_t now_ms)
{
	if (!c->used)
		return false;
	return c->open == 0 ||
	    (stranger(c) && now_ms >= c->open_ms + CLIENT_OPEN_MS);
}

/* Who holds most, of those with one to give?  Of strangers only, or of all. */
static uint64_t
greediest(const struct clients *t, bool strangers_only, uint64_t now_ms)
{
	unsigned most = 0, n;
	uint64_t user = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (!may_go(&t->c[i], now_ms) ||
		    (strangers_only && !stranger(&t->c[i])))
			continue;
		n = held_by(t, t->c[i].user);
		if (n > most) {
			most = n;
			user = t->c[i].user;
		}
	}
	return user;
}

/* Is a rather to go than b?  Who waits for nothing, then by silence. */
static bool
rather(const struct client *a, const struct client *b)
{
	if ((a->open == 0) != (b->open == 0))
		return a->open == 0;
	return a->last_turn < b->last_turn;
}

/* The connection of this user that has been silent for longest, or -1. */
static int
most_silent(const struct clients *t, uint64_t user, bool strangers_only,
    uint64_t now_ms)
{
	int v = -1;

	for (int i = 0; i < CLIENTS_MAX; i++) {
		const struct client *c = &t->c[i];

		if (!may_go(c, now_ms) || c->user != user ||
		    (strangers_only && !stranger(c)))
			continue;
		if (v == -1 || rather(c, &t->c[v]))
			v = i;
	}
	return v;
}

static int
greediest_most_silent(
    const struct clients *t, bool strangers_only, uint64_t now_ms)
{
	return most_silent(
	    t, greediest(t, strangers_only, now_ms), strangers_only, now_ms);
}

int
clients_room(const struct clients *t, enum listen_kind kind, uint64_t user,
    uint64_t now_ms, int *victim)
{
	*victim = -1;
	if (user != 0 && held_by(t, user) >= CLIENTS_PER_USER) {
		*victim = most_silent(t, user, false, now_ms);
		return -1;
	}
	if (user != 0 && kind == LISTEN_STATUS &&
	    strangers(t) >= STRANGERS_MAX) {
		*victim = greediest_most_silent(t, true, now_ms);
		return -1;
	}
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (!t->c[i].used)
			return i;
	*victim = greediest_most_silent(t, false, now_ms);
	return -1;
}

void
clients_take(struct clients *t, unsigned place, enum listen_kind kind,
    uint64_t user, uint64_t now_ms)
{
	t->c[place] = (struct client){.used = true, .kind = kind, .user = user};
	clients_touch(t, place, now_ms);
}

void
clients_remove(struct clients *t, unsigned place)
{
	t->c[place] = (struct client){0};
}

void
clients_touch(struct clients *t, unsigned place, uint64_t now_ms)
{
	t->c[place].last_ms = now_ms;
	t->c[place].last_turn = ++t->turn;
}

/* ---- questions ---- */

/* The bucket of this user, made from a free or the longest unused one. */
static struct client_bucket *
bucket_of(struct client_bucket bucket[CLIENT_BUCKETS], uint64_t user)
{
	struct client_bucket *oldest = &bucket[0];

	for (size_t i = 0; i < CLIENT_BUCKETS; i++) {
		if (bucket[i].at_ms != 0 && bucket[i].user == user)
			return &bucket[i];
		if (bucket[i].at_ms < oldest->at_ms)
			oldest = &bucket[i];
	}
	*oldest = (struct client_bucket){.user = user};
	return oldest;
}

/* burst tokens at most, rate more a second; at_ms 0 is a full one. */
static bool
take_token(
    struct client_bucket *b, unsigned rate, unsigned burst, uint64_t now_ms)
{
	uint64_t full_m = (uint64_t)burst * 1000;
	uint64_t past = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

	if (b->at_ms == 0 || past >= full_m / rate ||
	    b->tokens_m + past * rate > full_m)
		b->tokens_m = full_m;
	else
		b->tokens_m += past * rate;
	b->at_ms = now_ms;
	if (b->tokens_m < 1000)
		return false;
	b->tokens_m -= 1000;
	return true;
}

bool
clients_may_ask(struct clients *t, unsigned place, uint64_t now_ms)
{
	const struct client *c = &t->c[place];

	if (c->user == 0)
		return true;
	return take_token(bucket_of(t->bucket, c->user), CLIENT_RATE,
		   CLIENT_BURST, now_ms) &&
	    (c->kind != LISTEN_STATUS ||
		take_token(
		    &t->strangers, STRANGERS_RATE, STRANGERS_RATE, now_ms));
}

bool
clients_may_echo(struct clients *t, unsigned place, uint64_t now_ms)
{
	const struct client *c = &t->c[place];

	if (c->user == 0)
		return true;
	return take_token(bucket_of(t->echo, c->user), ECHO_RATE, ECHO_BURST,
		   now_ms) &&
	    (c->kind != LISTEN_STATUS ||
		take_token(&t->stranger_echoes, STRANGERS_ECHOES,
		    STRANGERS_ECHOES, now_ms));
}

void
clients_asked(struct clients *t, unsigned place, uint64_t now_ms)
{
	if (t->c[place].open++ == 0)
		t->c[place].open_ms = now_ms;
}

/* ---- time ---- */

const char *
clients_overdue(struct client *c, bool unread, uint64_t out, uint64_t now_ms)
{
	uint64_t quiet = now_ms > c->last_ms ? now_ms - c->last_ms : 0;

	if (!c->greeted)
		return quiet >= CLIENT_HELLO_MS ? "did not greet" : NULL;
	if (!unread || c->follows) {
		c->stall_ms = 0;
	} else if (c->stall_ms == 0 || c->stall_out != out) {
		c->stall_ms = now_ms;
		c->stall_out = out;
	} else if (now_ms - c->stall_ms >= CLIENT_STALL_MS) {
		return "does not read";
	}
	if (c->open > 0 || unread)
		return NULL;
	return quiet >= CLIENT_IDLE_MS ? "idle" : NULL;
}
