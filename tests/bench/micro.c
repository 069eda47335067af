/* SPDX-License-Identifier: ISC */
/* file: tests/bench/micro.c */
/*
 * micro [--quick] [--json] [word]: what the steps of a packet's way cost, each
 * alone, in a loop, with everything in the cache: nanoseconds per operation,
 * median of the rounds with the least and the greatest, and where octets are
 * worked on the throughput.  With a word only what has it in its name.
 *
 * The clock is read around rounds of at least 1 ms, never inside; how many
 * operations that takes is found out first, which also warms up.  The modules
 * are in archives, compiled for themselves, so the compiler can't see through
 * a call; results go to a volatile sum nevertheless.
 *
 * Figures of different machines or runs are not to be compared, nor added up
 * to a prediction: in the daemons nothing is ever this warm.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto.h"
#include "flow.h"
#include "guard.h"
#include "keypair.h"
#include "offload.h"
#include "packets.h"
#include "pkt.h"
#include "pool.h"
#include "replay.h"
#include "route.h"
#include "../unit/pktgen.h"

#define ROUNDS_MAX 31
#define MTU 1420
#define MSGS 64     /* sealed messages that are opened one after the other */
#define SEGMENTS 40 /* of the super-packet that is merged */
#define MSS 1348
#define ROUTE_ASKED 1024 /* addresses that are looked up in turn */
#define FLOWS 65536

static volatile uint64_t sink;

/* n operations, perhaps some more: returns how many. */
typedef uint64_t run_fn(void *ctx, uint64_t n);

struct micro {
	bool json;
	const char *word; /* NULL: everything */
	unsigned rounds;
	uint64_t round_ns;
	unsigned printed;
};

/* ---- measuring ---- */

static uint64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Operations that take round_ns; asks until it has been that long. */
static uint64_t
calibrate(const struct micro *m, run_fn *run, void *ctx)
{
	uint64_t n = 64, t0, t;

	for (;;) {
		t0 = now_ns();
		(void)run(ctx, n);
		t = now_ns() - t0;
		if (t >= m->round_ns)
			return n;
		n = t < m->round_ns / 16 ? n * 8 : n * 2;
	}
}

static void
print(struct micro *m, const char *name, size_t octets, const double *ns)
{
	double median = ns[m->rounds / 2], most = ns[m->rounds - 1];

	if (m->json) {
		printf("%s\n  {\"name\": \"%s\", \"ns\": %.2f, \"min\": %.2f, "
		       "\"max\": %.2f",
		    m->printed == 0 ? "[" : ",", name, median, ns[0], most);
		if (octets != 0)
			printf(", \"octets\": %zu, \"gbit_s\": %.2f", octets,
			    (double)octets * 8 / median);
		printf("}");
	} else {
		printf(
		    "%-38s %9.1f ns  [%.1f-%.1f]", name, median, ns[0], most);
		if (octets != 0)
			printf("  %.1f Gbit/s", (double)octets * 8 / median);
		printf("\n");
	}
	fflush(stdout);
	m->printed++;
}

/* octets: worked on by one operation, 0: not a matter of octets */
static void
measure(
    struct micro *m, const char *name, size_t octets, run_fn *run, void *ctx)
{
	double ns[ROUNDS_MAX];
	uint64_t n, t0;

	if (m->word != NULL && strstr(name, m->word) == NULL)
		return;
	n = calibrate(m, run, ctx);
	for (unsigned i = 0; i < m->rounds; i++) {
		uint64_t done;

		t0 = now_ns();
		done = run(ctx, n);
		ns[i] = (double)(now_ns() - t0) / (double)done;
	}
	qsort(ns, m->rounds, sizeof(*ns), by_size);
	print(m, name, octets, ns);
}

static void *
need(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "micro: set-up failed\n");
		exit(1);
	}
	return p;
}

static void
expect(bool right, const char *what)
{
	if (!right) {
		fprintf(stderr, "micro: %s: not what it should be\n", what);
		exit(1);
	}
}

/* ---- data messages ---- */

struct sealed {
	struct keypair *kp;
	size_t len, msg_len;
	uint8_t plain[MTU], out[MTU + WG_DATA_MIN + 16];
	uint8_t msg[MSGS][MTU + WG_DATA_MIN + 16];
};

static uint64_t
run_seal(void *ctx, uint64_t n)
{
	struct sealed *s = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += keypair_seal(s->kp, s->out, s->plain, s->len, MTU);
	return n;
}

static uint64_t
run_open(void *ctx, uint64_t n)
{
	struct sealed *s = ctx;
	uint64_t done = 0;

	do {
		replay_init(&s->kp->replay); /* to hear the same ones again */
		for (int i = 0; i < MSGS; i++)
			sink += (uint64_t)keypair_open(
			    s->kp, s->out, s->msg[i], s->msg_len);
		done += MSGS;
	} while (done < n);
	return done;
}

static void
bench_keypair(struct micro *m)
{
	static const size_t lens[] = {64, 128, 512, MTU};
	struct noise_keys keys = {.send = {1, 2, 3}, .recv = {1, 2, 3}};
	struct sealed *s = need(calloc(1, sizeof(*s)));
	char name[64];

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		s->len = lens[i];
		s->kp = need(keypair_new(&keys, 1, 2, UINT64_MAX));
		for (int k = 0; k < MSGS; k++)
			s->msg_len = keypair_seal(
			    s->kp, s->msg[k], s->plain, s->len, MTU);
		expect(keypair_open(s->kp, s->out, s->msg[0], s->msg_len) >=
			(long)s->len,
		    "open");
		snprintf(name, sizeof(name), "seal %zu", s->len);
		measure(m, name, s->len, run_seal, s);
		snprintf(name, sizeof(name), "open %zu", s->len);
		measure(m, name, s->len, run_open, s);
		keypair_free(s->kp);
	}
	free(s);
}

/* ---- routes ---- */

struct asked {
	struct route_table *t;
	struct addr addr[ROUTE_ASKED];
};

static uint64_t
run_route(void *ctx, uint64_t n)
{
	struct asked *a = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += route_find(a->t, &a->addr[i % ROUTE_ASKED]);
	return n;
}

/* Peer i: a host of each family, every fourth a network behind it, too. */
static void
peer_address(uint32_t i, uint8_t family, struct addr *a)
{
	char text[64];

	if (family == 4)
		snprintf(
		    text, sizeof(text), "10.77.%u.%u", i / 250, i % 250 + 1);
	else
		snprintf(text, sizeof(text), "fd77::%x", i + 1);
	expect(addr_parse(text, a) == 0, text);
}

static void
add_peer(struct route_table *t, uint32_t i)
{
	struct prefix p;

	peer_address(i, 4, &p.addr);
	p.len = 32;
	expect(route_add(t, &p, i) == 0, "route");
	peer_address(i, 6, &p.addr);
	p.len = 128;
	expect(route_add(t, &p, i) == 0, "route");
	if (i % 4 != 0)
		return;
	p = (struct prefix){.len = 24};
	p.addr.family = 4;
	memcpy(p.addr.b, (uint8_t[]){172, (uint8_t)(16 + i / 256)}, 2);
	p.addr.b[2] = (uint8_t)i;
	expect(route_add(t, &p, i) == 0, "route");
}

static void
bench_route(struct micro *m)
{
	static const uint32_t peers[] = {1, 64, 128, 1000};
	static const char *const mixes[] = {"IPv4", "IPv6", "mixed"};
	struct asked *a = need(calloc(1, sizeof(*a)));
	uint64_t dice = 4711;
	char name[64];

	for (size_t i = 0; i < sizeof(peers) / sizeof(*peers); i++) {
		a->t = need(route_new());
		for (uint32_t k = 0; k < peers[i]; k++)
			add_peer(a->t, k);
		for (int mix = 0; mix < 3; mix++) {
			for (uint32_t k = 0; k < ROUTE_ASKED; k++) {
				bool six = mix == 1 || (mix == 2 && k % 2 != 0);
				uint32_t who = gen_dice(&dice, peers[i]);

				peer_address(who, six ? 6 : 4, &a->addr[k]);
				expect(route_find(a->t, &a->addr[k]) == who,
				    "route");
			}
			snprintf(name, sizeof(name), "route, %u peers, %s",
			    peers[i], mixes[mix]);
			measure(m, name, 0, run_route, a);
		}
		route_free(a->t);
	}
	free(a);
}

/* ---- flows ---- */

#define A_MS 1000 /* packets: a million a second */

struct flows {
	struct flow_table *t;
	uint32_t n;
	uint64_t fresh, evicted;
	struct flow_key key[FLOWS];
};

static uint64_t
run_flow_hit(void *ctx, uint64_t n)
{
	struct flows *f = ctx;
	uint32_t k = 0;

	for (uint64_t i = 0; i < n; i++) {
		sink += flow_touch(f->t, &f->key[k], 1, i / A_MS, &f->evicted)
			    ->peer;
		if (++k == f->n)
			k = 0;
	}
	return n;
}

static uint64_t
run_flow_miss(void *ctx, uint64_t n)
{
	struct flows *f = ctx;
	struct flow_key key = f->key[0];

	key.proto = PROTO_TCP; /* those in the table are UDP */
	for (uint64_t i = 0; i < n; i++) {
		memcpy(key.src + 8, &i, sizeof(i));
		sink += flow_find(f->t, &key) == NULL;
	}
	return n;
}

static uint64_t
run_flow_insert(void *ctx, uint64_t n)
{
	struct flows *f = ctx;
	struct flow_key key = f->key[0];

	key.proto = PROTO_SCTP;
	for (uint64_t i = 0; i < n; i++) {
		f->fresh++;
		memcpy(key.src + 8, &f->fresh, sizeof(f->fresh));
		sink += flow_touch(f->t, &key, 1, i / A_MS, &f->evicted)->peer;
	}
	return n;
}

/* The first n flows, in random order: neighbours in time are none in memory */
static void
fill_flows(struct flows *f, uint32_t n)
{
	static const uint8_t hash_key[16] = "sixteen octets.";
	uint64_t dice = 4711;

	f->t = need(flow_new(FLOWS, hash_key));
	f->n = n;
	for (uint32_t i = 0; i < n; i++) {
		struct flow_key *k = &f->key[i];

		*k = (struct flow_key){.proto = PROTO_UDP, .version = 4};
		k->sport = (uint16_t)i;
		k->dport = 53;
		memcpy(k->src, (uint8_t[]){10, 77, 0, 1}, 4);
		memcpy(k->dst, (uint8_t[]){10, 77, 0, 2}, 4);
		(void)flow_touch(f->t, k, 1, 0, &f->evicted);
	}
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t j = gen_dice(&dice, i + 1);
		struct flow_key k = f->key[i];

		f->key[i] = f->key[j];
		f->key[j] = k;
	}
	expect(flow_count(f->t) == n, "flows");
}

static void
bench_flow(struct micro *m)
{
	static const uint32_t counts[] = {1, 1000, FLOWS};
	struct flows *f = need(calloc(1, sizeof(*f)));
	char name[64];

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		fill_flows(f, counts[i]);
		snprintf(name, sizeof(name), "flow, hit in %u", counts[i]);
		measure(m, name, 0, run_flow_hit, f);
		snprintf(name, sizeof(name), "flow, miss in %u", counts[i]);
		measure(m, name, 0, run_flow_miss, f);
		if (counts[i] == FLOWS)
			measure(m, "flow, insert and evict in 65536", 0,
			    run_flow_insert, f);
		flow_free(f->t);
	}
	free(f);
}

/* ---- guard ---- */

struct judged {
	struct guard *guard;
	struct gen out, in;
};

static uint64_t
run_guard_out(void *ctx, uint64_t n)
{
	struct judged *j = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += guard_out(j->guard, &j->out.v, j->out.b, j->out.len);
	return n;
}

static uint64_t
run_guard_in(void *ctx, uint64_t n)
{
	struct judged *j = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += guard_in(j->guard, &j->in.v, j->in.b, j->in.len);
	return n;
}

static uint64_t
run_parse(void *ctx, uint64_t n)
{
	struct judged *j = ctx;
	struct pkt p;

	for (uint64_t i = 0; i < n; i++) {
		sink += (uint64_t)pkt_parse(&p, j->out.b, j->out.len);
		sink += p.l4;
	}
	return n;
}

static void
tcp_super(struct gen *g, const char *src, const char *dst, size_t payload)
{
	gen_ip(g, src, dst, PROTO_TCP);
	gen_tcp(g, 5001, 1, 32, payload);
	gen_gso(g, VNET_GSO_TCPV4, MSS);
}

static void
small_udp(struct gen *g, const char *src, const char *dst)
{
	gen_ip(g, src, dst, PROTO_UDP);
	gen_udp(g, 5001, 64);
}

static void
ext_headers(struct gen *g, const char *src, const char *dst)
{
	gen_ip(g, src, dst, PROTO_UDP);
	gen_ext(g, 0, 8);
	gen_ext(g, 60, 8);
	gen_ext(g, 60, 16);
	gen_udp(g, 5001, 64);
}

static void
guard_and_parse(struct micro *m, struct judged *j, const char *what)
{
	char name[64];

	expect(guard_out(j->guard, &j->out.v, j->out.b, j->out.len) == C_NONE,
	    what);
	expect(
	    guard_in(j->guard, &j->in.v, j->in.b, j->in.len) == C_NONE, what);
	snprintf(name, sizeof(name), "guard out, %s", what);
	measure(m, name, 0, run_guard_out, j);
	snprintf(name, sizeof(name), "guard in, %s", what);
	measure(m, name, 0, run_guard_in, j);
	snprintf(name, sizeof(name), "pkt_parse, %s", what);
	measure(m, name, 0, run_parse, j);
}

static void
bench_guard(struct micro *m)
{
	static const char ours[] = "10.77.0.1", theirs[] = "10.77.0.2";
	static const char ours6[] = "fd77::1", theirs6[] = "fd77::2";
	struct judged *j = need(calloc(1, sizeof(*j)));
	struct conf_node *c = need(calloc(1, sizeof(*c)));

	gen_node(c, true); /* with a port filter */
	j->guard = need(guard_new(c));
	tcp_super(&j->out, ours, theirs, 48 * MSS);
	tcp_super(&j->in, theirs, ours, 48 * MSS);
	guard_and_parse(m, j, "TCP super-packet");
	small_udp(&j->out, ours, theirs);
	small_udp(&j->in, theirs, ours);
	guard_and_parse(m, j, "small UDP");
	ext_headers(&j->out, ours6, theirs6);
	ext_headers(&j->in, theirs6, ours6);
	guard_and_parse(m, j, "IPv6, 3 extensions");
	guard_free(j->guard);
	free(c);
	free(j);
}

/* ---- replay window ---- */

struct heard {
	struct replay r;
	uint64_t next, step;
};

static uint64_t
run_replay_new(void *ctx, uint64_t n)
{
	struct heard *h = ctx;

	for (uint64_t i = 0; i < n; i++) {
		h->next += h->step;
		sink += replay_accept(&h->r, h->next);
	}
	return n;
}

/* step below the greatest: seen, or too old */
static uint64_t
run_replay_old(void *ctx, uint64_t n)
{
	struct heard *h = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += replay_accept(&h->r, h->next - h->step - i % 64);
	return n;
}

static void
bench_replay(struct micro *m)
{
	static const struct {
		const char *name;
		uint64_t step;
		bool old;
	} rows[] = {{"replay, in order", 1, false},
	    {"replay, jumps of 100", 100, false},
	    {"replay, jumps of 100000", 100000, false},
	    {"replay, seen before", 0, true},
	    {"replay, too old", 2 * REPLAY_WINDOW, true}};
	struct heard h;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		h = (struct heard){.next = 4 * REPLAY_WINDOW, .step = 1};
		replay_init(&h.r);
		if (rows[i].old)
			run_replay_new(&h, 2 * REPLAY_WINDOW);
		h.step = rows[i].step;
		measure(m, rows[i].name, 0,
		    rows[i].old ? run_replay_old : run_replay_new, &h);
	}
}

/* ---- cutting and merging ---- */

struct super {
	struct gen g;
	struct merge merge;
	uint8_t merged[PK_IP_MAX], one[2048];
	uint8_t seg[SEGMENTS][2048];
	struct pkt pkt[SEGMENTS];
};

static uint64_t
run_split(void *ctx, uint64_t n)
{
	struct super *s = ctx;
	struct split split;
	uint64_t done = 0;
	size_t len;

	do {
		if (split_init(&split, &s->g.v, s->g.b, s->g.len) == -1)
			return 1;
		while ((len = split_next(&split, s->one, MTU)) != 0)
			done++;
	} while (done < n);
	return done;
}

/* The one place that knows how merging is called. */
static size_t
merge_all(struct super *s, struct vnet *v)
{
	merge_open(&s->merge, &s->pkt[0]);
	for (int i = 1; i < SEGMENTS; i++)
		(void)merge_add(&s->merge, &s->pkt[i]);
	return merge_finish(&s->merge, v);
}

static uint64_t
run_merge(void *ctx, uint64_t n)
{
	struct super *s = ctx;
	uint64_t done = 0;
	struct vnet v;

	do {
		sink += merge_all(s, &v);
		done += SEGMENTS;
	} while (done < n);
	return done;
}

static void
bench_offload(struct micro *m)
{
	struct super *s = need(calloc(1, sizeof(*s)));
	struct split split;
	struct vnet v;

	tcp_super(&s->g, "10.77.0.1", "10.77.0.2", 48 * MSS);
	measure(m, "split, TCP, per segment", 52 + MSS, run_split, s);
	gen_ip(&s->g, "10.77.0.1", "10.77.0.2", PROTO_UDP);
	gen_udp(&s->g, 5001, (size_t)1372 * 47);
	gen_gso(&s->g, VNET_GSO_UDP_L4, 1372);
	measure(m, "split, UDP, per segment", 28 + 1372, run_split, s);

	tcp_super(&s->g, "10.77.0.1", "10.77.0.2", SEGMENTS * MSS);
	expect(split_init(&split, &s->g.v, s->g.b, s->g.len) == 0, "split");
	for (int i = 0; i < SEGMENTS; i++) {
		size_t n = split_next(&split, s->seg[i], sizeof(s->seg[i]));

		expect(pkt_parse(&s->pkt[i], s->seg[i], n) == 0, "segment");
	}
	merge_init(&s->merge, s->merged);
	expect(merge_all(s, &v) == s->g.len, "merge");
	measure(
	    m, "merge, TCP, 40 segments, per segment", 52 + MSS, run_merge, s);
	free(s);
}

/* ---- streams ---- */

static uint64_t
run_pick(void *ctx, uint64_t n)
{
	struct pool *p = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += pool_pick(p, (uint32_t)(i * 2654435761u));
	return n;
}

static uint64_t
run_stay(void *ctx, uint64_t n)
{
	struct pool *p = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += pool_way(p, i % 8, (uint32_t)i, 0, 3);
	return n;
}

static void
bench_pool(struct micro *m)
{
	static const unsigned counts[] = {2, 8, POOL_MAX};
	const struct pool_limits lim = {.min = 1, .max = POOL_MAX};
	struct pool p;
	char name[64];

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		pool_init(&p, &lim, 1);
		for (unsigned k = 1; k < counts[i]; k++) {
			(void)pool_event(&p, k, 1, SEV_OPEN);
			(void)pool_event(&p, k, 1, SEV_ACCEPTED);
			(void)pool_event(&p, k, 1, SEV_UP);
		}
		snprintf(
		    name, sizeof(name), "stream, new flow of %u", counts[i]);
		measure(m, name, 0, run_pick, &p);
	}
	measure(m, "stream, known flow", 0, run_stay, &p);
}

/* ---- checksum ---- */

struct summed {
	size_t len;
	uint8_t data[65536];
};

static uint64_t
run_csum(void *ctx, uint64_t n)
{
	struct summed *s = ctx;

	for (uint64_t i = 0; i < n; i++)
		sink += csum_add((uint32_t)i, s->data, s->len);
	return n;
}

static void
bench_csum(struct micro *m)
{
	static const size_t lens[] = {64, 1420, 65535};
	struct summed *s = need(calloc(1, sizeof(*s)));
	char name[64];

	for (size_t i = 0; i < sizeof(s->data); i++)
		s->data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		s->len = lens[i];
		snprintf(name, sizeof(name), "csum_add %zu", s->len);
		measure(m, name, s->len, run_csum, s);
	}
	free(s);
}

/* ---- packet containers ---- */

struct boxed {
	size_t len;
	uint8_t pkt[PK_IP_MAX], box[PK_CONTAINER];
};

/* Write a container full of records and read it: both ends, no socket. */
static uint64_t
run_container(void *ctx, uint64_t n)
{
	struct boxed *b = ctx;
	struct vnet v = {.gso_size = 1};
	uint64_t done = 0;
	struct pkout out;
	struct pkin in;
	uint8_t *at, *vnet, *pkt;
	size_t len;

	do {
		pkout_init(&out, b->box);
		while ((at = pkout_begin(&out, b->len)) != NULL) {
			vnet_put(&v, at);
			memcpy(at + PK_VNET, b->pkt, b->len);
			pkout_commit(&out, b->len);
		}
		pkin_init(&in, b->box, out.len);
		while (pkin_next(&in, &vnet, &pkt, &len) == 1) {
			vnet_get(vnet, &v);
			sink += len + pkt[0];
			done++;
		}
	} while (done < n);
	return done;
}

static void
bench_container(struct micro *m)
{
	static const size_t lens[] = {64, MTU, 60000};
	struct boxed *b = need(calloc(1, sizeof(*b)));
	char name[64];

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		b->len = lens[i];
		snprintf(
		    name, sizeof(name), "container, record of %zu", b->len);
		measure(m, name, b->len, run_container, b);
	}
	free(b);
}

int
main(int argc, char *argv[])
{
	struct micro m = {.rounds = ROUNDS_MAX, .round_ns = 4000000};

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--quick") == 0) {
			m.rounds = 7;
			m.round_ns = 1000000;
		} else if (strcmp(argv[i], "--json") == 0) {
			m.json = true;
		} else if (argv[i][0] != '-' && m.word == NULL) {
			m.word = argv[i];
		} else {
			fprintf(
			    stderr, "usage: micro [--quick] [--json] [word]\n");
			return 2;
		}
	expect(crypto_init() == 0, "cryptography");
	bench_keypair(&m);
	bench_csum(&m);
	bench_offload(&m);
	bench_guard(&m);
	bench_route(&m);
	bench_flow(&m);
	bench_pool(&m);
	bench_replay(&m);
	bench_container(&m);
	if (m.json)
		printf("%s\n", m.printed == 0 ? "[]" : "\n]");
	return m.printed == 0 ? 1 : 0;
}
