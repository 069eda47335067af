/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/crew.c */
/*
 * Jobs for several threads: see crew.h.
 *
 * Three numbers that only grow: `given` is written by the giver alone,
 * `claimed` by everybody with compare-exchange, `oldest` is the giver's own.
 * oldest <= claimed <= given <= oldest + CREW_SLOTS, and job x is in slot
 * x % CREW_SLOTS.  A claimer has read a `given` behind its job, so it sees what
 * was filled in; the giver has read `done`, so it sees what came out.
 *
 * Sleep: a flag is set, then the ring looked at once more; the other side
 * moves the ring, then looks at the flag.  These four are sequentially
 * consistent, so at least one of the two sees the other.  Whoever takes the
 * flag down owes or gets exactly one post.
 */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "keypair.h"
#include "log.h"

#define LINE 64                 /* octets that two cores fight for at once */
#define STACK_SIZE (256 * 1024) /* address space; a few pages are touched */
/*
 * How often the giver looks at a job that another hand has begun before it
 * sleeps: about as long as such a job takes.
 */
#define GIVER_SPINS 1000

/* Somebody who may sleep. */
struct rest {
	_Alignas(LINE) atomic_bool asleep;
	sem_t bell;
};

/* A thread, or (number 0) the giver. */
struct hand {
	_Alignas(LINE) struct crew *crew;
	unsigned no;
	pthread_t thread;
	struct keypair kp; /* only its two contexts are kept */
	struct rest rest;
};

struct slot {
	_Alignas(LINE) struct crew_job job;
	_Alignas(LINE) atomic_bool done;
};

struct crew {
	_Alignas(LINE) atomic_uint_fast64_t given;
	_Alignas(LINE) atomic_uint_fast64_t claimed;
	_Alignas(LINE) atomic_uint workers; /* hands 1 to this may claim */
	atomic_uint spins;
	atomic_bool quit;
	_Alignas(LINE) uint64_t oldest; /* from here the giver's own */
	unsigned threads;
	struct slot slot[CREW_SLOTS];
	struct hand hand[1 + CREW_THREADS_MAX];
};

static const uint8_t no_key[32];

/* ---- work ---- */

/*
 * Cut straight to where it is sealed: the only copy.  The counters were taken
 * by the giver; the pair is one of those n.
 */
static void
seal(struct hand *h, struct crew_job *job)
{
	struct keypair *kp = &h->kp;
	size_t used = 0, room, n, i;

	kp->remote_index = job->seal.index;
	kp->tx_counter = job->seal.counter;
	kp->limit = job->seal.counter + job->n;
	for (i = 0; i < job->n; i++) {
		uint8_t *out = job->seal.out + used;

		room = job->seal.room - used;
		if (room < WG_DATA_MIN + 15)
			break;
		n = split_next(
		    &job->seal.cut, out + WG_DATA_HDR, room - WG_DATA_MIN - 15);
		if (n == 0)
			break;
		used += keypair_seal(
		    kp, out, out + WG_DATA_HDR, n, job->seal.pad_max);
	}
	job->seal.len = i == job->n ? used : 0;
}

static bool
open_one(struct aead *aead, uint8_t *msg, size_t len, uint64_t limit)
{
	uint64_t counter;

	if (len < WG_DATA_MIN)
		return false;
	counter = wg_get64(msg + WG_DATA_COUNTER);
	return counter < limit &&
	    aead_open(aead, counter, msg + WG_DATA_HDR, msg + WG_DATA_HDR,
		len - WG_DATA_HDR) == 0;
}

static void
open_all(struct hand *h, struct crew_job *job)
{
	uint8_t *msg = job->open.buf;
	size_t left = job->open.len, len;

	job->open.good = 0;
	for (uint32_t i = 0; i < job->n && left > 0; i++) {
		len = left < job->open.seg ? left : job->open.seg;
		if (open_one(h->kp.recv, msg, len, job->open.limit))
			job->open.good |= UINT64_C(1) << i;
		msg += len;
		left -= len;
	}
}

static void
fail(struct crew_job *job)
{
	if (job->kind == CREW_SEAL)
		job->seal.len = 0;
	else
		job->open.good = 0;
}

/* A session may die while its last job's hand sleeps: no key is kept. */
static void
perform(struct hand *h, struct crew_job *job)
{
	struct aead *aead = job->kind == CREW_SEAL ? h->kp.send : h->kp.recv;

	if (aead_rekey(aead, job->key) == -1)
		fail(job);
	else if (job->kind == CREW_SEAL)
		seal(h, job);
	else
		open_all(h, job);
	crypto_wipe(job->key, sizeof(job->key));
	(void)aead_rekey(aead, no_key);
}

/* ---- the ring ---- */

static bool
is_free(const struct crew *c)
{
	return atomic_load(&c->claimed) == atomic_load(&c->given);
}

static bool
claim(struct crew *c, uint_fast64_t *no)
{
	*no = atomic_load(&c->claimed);
	do {
		if (*no == atomic_load(&c->given))
			return false;
	} while (!atomic_compare_exchange_weak(&c->claimed, no, *no + 1));
	return true;
}

/* ---- sleep ---- */

static void
wait_for(sem_t *bell)
{
	while (sem_wait(bell) == -1)
		continue; /* a signal: nobody handles one here, but still */
}

static void
wake(struct rest *r)
{
	if (atomic_load(&r->asleep) && atomic_exchange(&r->asleep, false))
		sem_post(&r->bell);
}

/* It has said that it is asleep and found a reason not to be. */
static void
stay_awake(struct rest *r)
{
	if (!atomic_exchange(&r->asleep, false))
		wait_for(&r->bell); /* it is being rung already */
}

/* ---- hands ---- */

static bool
do_one(struct hand *h)
{
	struct crew *c = h->crew;
	uint_fast64_t no;
	struct slot *s;

	if (!claim(c, &no))
		return false;
	s = &c->slot[no % CREW_SLOTS];
	perform(h, &s->job);
	atomic_store(&s->done, true);
	if (h->no != 0)
		wake(&c->hand[0].rest);
	return true;
}

static bool
may_work(struct hand *h)
{
	return h->no <= atomic_load(&h->crew->workers);
}

static bool
has_reason(struct hand *h)
{
	return atomic_load(&h->crew->quit) ||
	    (may_work(h) && !is_free(h->crew));
}

static void
sleep_well(struct hand *h)
{
	unsigned spins = may_work(h) ? atomic_load(&h->crew->spins) : 0;

	for (; spins > 0; spins--) {
		if (has_reason(h))
			return;
		crew_breathe();
	}
	atomic_store(&h->rest.asleep, true);
	if (has_reason(h))
		stay_awake(&h->rest);
	else
		wait_for(&h->rest.bell);
}

/*
 * Everything once, the refusal of a tag too: what libraries keep for a thread
 * they allocate at first use, and later it is too late for that.
 */
static void
rehearse(struct hand *h)
{
	uint8_t msg[WG_DATA_MIN + 16] = {0};

	aead_seal(h->kp.send, 0, msg, msg, 16);
	(void)aead_open(h->kp.recv, 0, msg, msg, 16 + WG_TAG);
	(void)aead_open(h->kp.recv, 0, msg, msg, 16 + WG_TAG);
	(void)aead_rekey(h->kp.send, no_key);
	(void)aead_rekey(h->kp.recv, no_key);
}

static void *
work(void *arg)
{
	struct hand *h = arg;
	struct crew *c = h->crew;

	rehearse(h);
	sem_post(&c->hand[0].rest.bell);
	while (!atomic_load(&c->quit))
		if (!may_work(h) || !do_one(h))
			sleep_well(h);
	return NULL;
}

/* ---- the giver ---- */

/* Somebody else has begun it: soon it will be done. */
static void
wait_done(struct crew *c, struct slot *s)
{
	struct rest *r = &c->hand[0].rest;

	for (int i = 0; i < GIVER_SPINS; i++) {
		if (atomic_load(&s->done))
			return;
		crew_breathe();
	}
	atomic_store(&r->asleep, true);
	if (atomic_load(&s->done))
		stay_awake(r);
	else
		wait_for(&r->bell);
}

struct crew_job *
crew_slot(struct crew *c)
{
	uint64_t next = atomic_load_explicit(&c->given, memory_order_relaxed);

	if (next - c->oldest == CREW_SLOTS)
		return NULL;
	return &c->slot[next % CREW_SLOTS].job;
}

/*
 * One job that waits is the giver's own: it will be here for it before
 * somebody who sleeps is awake.  From the second on help is called.
 */
void
crew_give(struct crew *c)
{
	unsigned workers = atomic_load(&c->workers);
	uint64_t next = atomic_load_explicit(&c->given, memory_order_relaxed);

	atomic_store_explicit(
	    &c->slot[next % CREW_SLOTS].done, false, memory_order_relaxed);
	atomic_store(&c->given, ++next);
	if (next - atomic_load(&c->claimed) < 2)
		return;
	for (unsigned i = 1; i <= workers; i++)
		if (atomic_load(&c->hand[i].rest.asleep)) {
			wake(&c->hand[i].rest);
			return;
		}
}

struct crew_job *
crew_oldest(struct crew *c, bool wait)
{
	struct slot *s = &c->slot[c->oldest % CREW_SLOTS];

	if (crew_pending(c) == 0)
		return NULL;
	while (!atomic_load(&s->done)) {
		if (!wait)
			return NULL;
		if (!do_one(&c->hand[0]))
			wait_done(c, s);
	}
	return &s->job;
}

void
crew_drop(struct crew *c)
{
	c->oldest++;
}

unsigned
crew_pending(const struct crew *c)
{
	return (
	    unsigned)(atomic_load_explicit(&c->given, memory_order_relaxed) -
	    c->oldest);
}

void
crew_use(struct crew *c, unsigned workers, unsigned spins)
{
	atomic_store(&c->spins, spins);
	atomic_store(&c->workers, workers < c->threads ? workers : c->threads);
}

unsigned
crew_workers(const struct crew *c)
{
	return atomic_load_explicit(&c->workers, memory_order_relaxed);
}

/* ---- life ---- */

static int
hand_init(struct crew *c, unsigned no)
{
	struct hand *h = &c->hand[no];

	h->no = no;
	h->kp.send = aead_new(no_key);
	h->kp.recv = aead_new(no_key);
	if (h->kp.send == NULL || h->kp.recv == NULL ||
	    sem_init(&h->rest.bell, 0, 0) == -1)
		return -1;
	h->crew = c;
	return 0;
}

/* Not interrupted by anything: signals are the first thread's business. */
static int
start_thread(struct hand *h)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	sigfillset(&all);
	error = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (error == 0)
		error = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (error == 0) {
		error = pthread_create(&h->thread, &attr, work, h);
		(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	pthread_attr_destroy(&attr);
	return error;
}

static int
start_threads(struct crew *c, unsigned threads)
{
	int error;

	if (threads > CREW_THREADS_MAX)
		threads = CREW_THREADS_MAX;
	if (threads > 0)
		crew_one_heap();
	for (unsigned i = 1; i <= threads; i++) {
		error =
		    hand_init(c, i) == -1 ? ENOMEM : start_thread(&c->hand[i]);
		if (error != 0) {
			log_errorx("thread %u: %s", i, strerror(error));
			return -1;
		}
		c->threads = i;
		wait_for(&c->hand[0].rest.bell);
	}
	return 0;
}

struct crew *
crew_new(unsigned threads)
{
	struct crew *c = aligned_alloc(LINE, sizeof(*c));

	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	if (hand_init(c, 0) == -1 || start_threads(c, threads) == -1) {
		crew_free(c);
		return NULL;
	}
	return c;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	atomic_store(&c->quit, true);
	for (unsigned i = 1; i <= c->threads; i++) {
		wake(&c->hand[i].rest);
		pthread_join(c->hand[i].thread, NULL);
	}
	for (unsigned i = 0; i <= CREW_THREADS_MAX; i++) {
		aead_free(c->hand[i].kp.send);
		aead_free(c->hand[i].kp.recv);
		if (c->hand[i].crew != NULL)
			sem_destroy(&c->hand[i].rest.bell);
	}
	crypto_wipe(c, sizeof(*c));
	free(c);
}
