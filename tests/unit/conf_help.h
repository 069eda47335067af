/* SPDX-License-Identifier: ISC */
/* file: tests/unit/conf_help.h */
#ifndef CONF_HELP_H
#define CONF_HELP_H

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "ipc.h"
#include "member.h"

/*
 * What the tests of the configuration share: files of the source tree, a
 * reader that knows no owners and modes, and configurations made by a seed.
 */
static inline const char *
src_path(char out[512], const char *name)
{
	const char *dir = getenv("MESH_SRC");

	snprintf(out, 512, "%s/%s", dir == NULL ? "." : dir, name);
	return out;
}

/* The whole file, with a NUL behind it; the caller frees.  NULL: no file. */
static inline char *
slurp(const char *path, size_t *len)
{
	size_t cap = 1 << 20;
	char *text;
	FILE *f = fopen(path, "r");

	*len = 0;
	if (f == NULL)
		return NULL;
	text = malloc(cap);
	ck_assert_ptr_nonnull(text);
	*len = fread(text, 1, cap - 1, f);
	text[*len] = '\0';
	fclose(f);
	return text;
}

/* ctx: the directory that the paths in the files begin at. */
static inline int
test_glob(void *ctx, const char *pattern,
    int (*add)(void *actx, const char *path, const char *text, size_t len),
    void *actx, char *err, size_t cap)
{
	const char *dir = ctx;
	char full[512], *text;
	size_t len = 0;
	glob_t g;
	int n;

	if (strstr(pattern, "unreadable") != NULL) {
		snprintf(err, cap, "%s: cannot open\nfiles must be below %s",
		    pattern, "here");
		return -1;
	}
	snprintf(full, sizeof(full), "%s/%s", dir, pattern);
	if (glob(full, 0, NULL, &g) != 0)
		return 0;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		text = slurp(g.gl_pathv[i], &len);
		ck_assert_ptr_nonnull(text);
		n = add(actx, g.gl_pathv[i] + strlen(dir) + 1, text, len);
		free(text);
		if (n == -1)
			break;
	}
	n = (int)g.gl_pathc;
	globfree(&g);
	return n;
}

static inline int
test_secret(void *ctx, const char *path, uint8_t out[32], char *err, size_t cap)
{
	char full[512], *text;
	size_t len;
	int ret;

	snprintf(full, sizeof(full), "%s/%s", (const char *)ctx, path);
	if ((text = slurp(full, &len)) == NULL) {
		snprintf(err, cap,
		    "%s: cannot open\nfiles must be below the test", path);
		return -1;
	}
	text[strcspn(text, "\n")] = '\0';
	ret = key_parse(text, out);
	free(text);
	if (ret == -1)
		snprintf(err, cap, "%s: not a key", path);
	return ret;
}

static inline int
test_certificate(void *ctx, const char *path, char *out, size_t outcap,
    size_t *len, char *err, size_t cap)
{
	char full[512], *text;

	ck_assert_int_eq(crypto_init(), 0);
	snprintf(full, sizeof(full), "%s/%s", (const char *)ctx, path);
	if ((text = slurp(full, len)) == NULL || *len >= outcap) {
		snprintf(err, cap, "%s: cannot open", path);
		free(text);
		return -1;
	}
	memcpy(out, text, *len);
	free(text);
	return 0;
}

/* Parses with the defaults of host "alpha" and /run/mesh, at MEMBER_NOW. */
static inline int
parse_text(const char *path, const char *text, size_t len, const char *dir,
    struct conf *c, struct conf_diags *ds)
{
	struct conf_reader r = {.open_glob = test_glob,
	    .secret = test_secret,
	    .certificate = test_certificate,
	    .unix_s = MEMBER_NOW,
	    .ctx = (void *)(uintptr_t)dir};

	conf_defaults(c, "alpha", "/run/mesh");
	return conf_parse(
	    path, text, len, dir == NULL ? NULL : &r, NULL, 0, c, ds);
}

/* The diagnostics as they are printed; the caller frees. */
static inline char *
diags_text(const struct conf_diags *ds)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	conf_diags_print(f, ds);
	fclose(f);
	return text;
}

static inline char *
conf_text(const struct conf *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_int_eq(conf_print(f, c), 0);
	fclose(f);
	return text;
}

/* ---- random configurations ---- */
static inline uint64_t
test_seed(void)
{
	const char *s = getenv("SEED");

	return s != NULL ? strtoull(s, NULL, 0) : 0x6d657368u;
}

/* splitmix64 */
static inline uint32_t
test_rnd(uint64_t *seed, uint32_t below)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

static inline uint32_t
test_between(uint64_t *seed, uint32_t lo, uint32_t hi)
{
	return lo + test_rnd(seed, hi - lo + 1);
}

/* A network nobody else has: 10.x.y.0/24, or fd00:x:y::/48. */
static inline struct prefix
test_net(uint64_t *seed, uint32_t unique)
{
	struct prefix p = {.addr = {.family = 4, .b = {10}}, .len = 24};

	if (test_rnd(seed, 3) == 0)
		p = (struct prefix){
		    .addr = {.family = 6, .b = {0xfd, 1}}, .len = 48};
	p.addr.b[p.addr.family == 4 ? 1 : 3] = (uint8_t)(unique >> 8);
	p.addr.b[p.addr.family == 4 ? 2 : 4] = (uint8_t)unique;
	return p;
}

static inline struct prefix
test_host(uint64_t *seed, uint32_t unique)
{
	struct prefix p = test_net(seed, unique);

	p.addr.b[p.addr.family == 4 ? 3 : 15] =
	    (uint8_t)test_between(seed, 1, 254);
	p.len = addr_bits(&p.addr);
	return p;
}

static inline struct endpoint
test_endpoint(uint64_t *seed, uint32_t unique)
{
	struct prefix p = test_host(seed, unique);
	struct endpoint e = {.addr = p.addr};

	e.port = (uint16_t)test_between(seed, 1, 65535);
	return e;
}

static inline void
test_nat(uint64_t *seed, struct conf_node *n)
{
	n->nat_enable = test_rnd(seed, 2) == 0;
	n->stun_serve = test_rnd(seed, 2) == 0;
	n->relay_serve = test_rnd(seed, 2) == 0;
	n->relay_use = test_rnd(seed, 2) == 0;
	n->relay_keep = test_rnd(seed, 2) == 0;
	n->relay_kbit = (uint32_t)test_between(seed, 64, 100000000);
	n->relay_labels = (uint16_t)test_between(seed, 1, 512);
	n->port_mapping = test_rnd(seed, 2) == 0;
	n->nturn_pins = (uint8_t)test_rnd(seed, CONF_TURN_PINS_MAX + 1);
	for (unsigned i = 0; i < n->nturn_pins; i++)
		memset(n->turn_pin[i],
		    (int)(i * 128 + test_between(seed, 1, 127)),
		    sizeof(n->turn_pin[i]));
	n->turn_transport = (uint8_t)test_rnd(
	    seed, n->nturn_pins == 0 ? CONF_TURN_TLS : CONF_TURN_AUTO + 1);
	n->upnp = test_rnd(seed, 2) == 0;
	n->nstun = (uint8_t)test_rnd(seed, CONF_STUN_MAX + 1);
	for (unsigned i = 0; i < n->nstun; i++)
		n->stun[i] = test_endpoint(seed, 57000 + i);
	n->nat_interval_s = test_between(seed, 10, 86400);
	n->nat_keepalive_s = (uint16_t)test_between(seed, 5, 3600);
}

static inline void
test_pins(uint64_t *seed, struct conf_node *n)
{
	n->npins = (uint8_t)test_rnd(seed, CONF_PINS_MAX + 1);
	for (unsigned i = 0; i < n->npins; i++) {
		struct conf_pin *p = &n->pin[i];

		snprintf(p->peer, sizeof(p->peer), "peer-%u", i);
		p->what = (enum conf_pin_what)test_rnd(seed, CONF_PIN_NWHATS);
		p->rank = (uint8_t)test_between(seed, 1, 255);
		if (p->what == CONF_PIN_TO)
			p->to = test_endpoint(seed, 58000 + i);
		if (p->what == CONF_PIN_VIA)
			snprintf(p->via, sizeof(p->via), "member-%u", i);
	}
}

static inline void
test_tls(uint64_t *seed, struct conf_node *n)
{
	n->tls_connect = (uint8_t)test_rnd(seed, 3);
	n->ntls_listen = (uint8_t)test_rnd(seed, CONF_TLS_LISTEN_MAX + 1);
	for (unsigned i = 0; i < n->ntls_listen; i++) {
		n->tls_listen[i] = test_endpoint(seed, 58000 + i);
		if (test_rnd(seed, 2) == 0)
			n->tls_listen[i].addr = (struct addr){0};
	}
	n->ntls_proxy = (uint8_t)test_rnd(seed, 2);
	if (n->ntls_proxy != 0)
		n->tls_proxy[0] = test_endpoint(seed, 58100);
}

/* Without a network there is neither a tag nor a lan. */
static inline void
test_discovery(uint64_t *seed, struct conf_node *n)
{
	test_nat(seed, n);
	test_pins(seed, n);
	test_tls(seed, n);
	n->dht = (uint8_t)test_rnd(seed, 3);
	n->dht_plain = test_rnd(seed, 2) == 0;
	n->dht_listen = test_endpoint(seed, 55000);
	n->dht_listen_any = test_rnd(seed, 2) == 0;
	if (n->dht_listen_any)
		n->dht_listen.addr = (struct addr){0};
	n->dht_listen.port = (uint16_t)test_between(seed, 1, 51000);
	n->nbootstrap = (uint8_t)test_rnd(seed, CONF_BOOTSTRAP_MAX + 1);
	for (unsigned i = 0; i < n->nbootstrap; i++)
		n->bootstrap[i] = test_endpoint(seed, 56000 + i);
	n->announce_s = test_between(seed, 10, 7200);
	n->lookup_timeout_ms = test_between(seed, 500, 7000);
}

static inline struct conf_rule
test_rule(uint64_t *seed, uint32_t unique)
{
	static const uint8_t protos[] = {0, 6, 17, 132, 1, 58, 47};
	static const char *const groups[] = {
	    "admins", "a b", "\"q\\,{", "#\xc3\xa9"};
	struct conf_rule r = {.pass = test_rnd(seed, 2) == 0,
	    .out = test_rnd(seed, 2) == 0,
	    .quick = test_rnd(seed, 2) == 0,
	    .proto = protos[test_rnd(seed, 7)],
	    .who = (enum conf_who)test_rnd(seed, CONF_NWHO)};

	if (r.proto == 0 || r.proto == 6 || r.proto == 17 || r.proto == 132)
		r.nports = (uint8_t)test_rnd(seed, CONF_RULE_PORTS + 1);
	for (unsigned i = 0; i < r.nports; i++) {
		r.port[i].lo = (uint16_t)test_between(seed, 1, 65535);
		r.port[i].hi = test_rnd(seed, 2) == 0
		    ? r.port[i].lo
		    : (uint16_t)test_between(seed, r.port[i].lo, 65535);
	}
	if (r.who == CONF_GROUP)
		snprintf(
		    r.name, sizeof(r.name), "%s", groups[test_rnd(seed, 4)]);
	else if (r.who == CONF_PEER)
		snprintf(r.name, sizeof(r.name), "Peer-%u", unique);
	else if (r.who == CONF_PREFIX)
		r.far = test_net(seed, unique);
	if (r.who != CONF_PREFIX && test_rnd(seed, 2) == 0)
		r.near = test_host(seed, unique);
	return r;
}

static inline uint32_t
test_limit(uint64_t *seed, uint32_t other)
{
	static const uint32_t units[] = {1, 1000, 1000000};

	if (test_rnd(seed, 3) == 0)
		return test_rnd(seed, 2) == 0 ? CONF_LIMIT_NONE : other;
	return test_between(seed, 64, 100) * units[test_rnd(seed, 3)];
}

/* Every code point has a class or none, at random. */
static inline void
test_qos(uint64_t *seed, struct conf_node *n)
{
	n->qos = test_rnd(seed, 2) == 0;
	n->qos_limit_kbit = test_limit(seed, 64);
	n->nclasses = (uint8_t)test_rnd(seed, CONF_CLASSES_MAX + 1);
	for (unsigned i = 0; i < n->nclasses; i++) {
		snprintf(n->class[i].name, sizeof(n->class[i].name), "c-%u", i);
		n->class[i].dscp = UINT64_C(1) << (2 - i);
		n->class[i].weight =
		    (uint8_t)test_between(seed, 1, CONF_WEIGHT_MAX);
		n->class[i].queue =
		    (uint16_t)test_between(seed, 1, CONF_QUEUE_MAX);
	}
	for (unsigned d = 3; d < CONF_DSCPS && n->nclasses > 0; d++)
		n->class[test_rnd(seed, n->nclasses)].dscp |=
		    (uint64_t)test_rnd(seed, 2) << d;
}

static inline void
test_mtu(uint64_t *seed, struct conf_node *n)
{
	n->mtu = (uint16_t)test_between(seed, 1280, 65000);
	if (test_rnd(seed, 4) == 0)
		n->mtu = CONF_AUTO;
	n->mtu_limit = (uint16_t)test_between(seed, 1280, 65000);
}

static inline void
test_node(uint64_t *seed, struct conf_node *n)
{
	static const char *const paths[] = {"/a b/\"c\"\\.key", "/etc/k", "/x"};
	static const uint8_t offloads[] = {0, 1, 7, 15};

	snprintf(n->name, sizeof(n->name), "n%u-x", test_rnd(seed, 1000));
	snprintf(
	    n->key_file, sizeof(n->key_file), "%s", paths[test_rnd(seed, 3)]);
	snprintf(n->device, sizeof(n->device), "tun%u", test_rnd(seed, 99));
	test_mtu(seed, n);
	n->offload = offloads[test_rnd(seed, 4)];
	n->packet_ring = test_rnd(seed, 2) == 0;
	n->naddresses = (uint8_t)test_between(seed, 1, CONF_ADDRESSES_MAX);
	for (unsigned i = 0; i < n->naddresses; i++) {
		n->address[i] = test_host(seed, 60000 + i);
		n->address[i].len -= (uint8_t)(8 * test_rnd(seed, 2));
	}
	n->nsubnets = (uint8_t)test_rnd(seed, CONF_PREFIXES_MAX + 1);
	for (unsigned i = 0; i < n->nsubnets; i++)
		n->subnet[i] = test_net(seed, 50000 + i);
	n->nroutes = (uint8_t)test_rnd(seed, CONF_PREFIXES_MAX + 1);
	for (unsigned i = 0; i < n->nroutes; i++)
		n->route[i] = test_net(seed, 51000 + i);
	n->nexports = (uint8_t)test_rnd(seed, CONF_PREFIXES_MAX + 1);
	for (unsigned i = 0; i < n->nexports; i++)
		n->export[i] = test_net(seed, 52000 + i);
	n->nports = (uint16_t)test_rnd(seed, CONF_PORTS_MAX + 1);
	for (unsigned i = 0; i < n->nports; i++)
		n->port[i] = (uint16_t)(1 + i * 1000 + test_rnd(seed, 999));
	n->filter_deny = test_rnd(seed, 2) == 0;
	n->nrules = (uint8_t)test_rnd(seed, CONF_RULES_MAX + 1);
	for (unsigned i = 0; i < n->nrules; i++)
		n->rule[i] = test_rule(seed, i);
	n->nlisten = (uint8_t)test_between(seed, 1, CONF_LISTEN_MAX);
	for (unsigned i = 0; i < n->nlisten; i++) {
		n->listen[i] = test_endpoint(seed, 53000 + i);
		n->listen_any[i] = test_rnd(seed, 4) == 0;
		if (n->listen_any[i])
			n->listen[i].addr = (struct addr){0};
		n->listen[i].port = (uint16_t)(51820 + i);
	}
	n->receive_buffer = test_between(seed, 65536, 67108864);
	n->send_buffer = 1024 * test_between(seed, 64, 65536);
	n->send_batches = test_rnd(seed, 2) == 0;
	n->receive_batches = test_rnd(seed, 2) == 0;
	n->handshake_timeout_s = test_between(seed, 1, 3600);
	n->workers = (uint8_t)test_rnd(seed, 5);
	if (test_rnd(seed, 4) == 0)
		n->workers = CONF_AUTO;
	n->rekey_after_s = test_between(seed, 2, 100);
	n->reject_after_s = test_between(seed, 101, 180);
	n->hold_packets = (uint16_t)test_rnd(seed, 1025);
	n->hold_bytes = test_between(seed, 2048, 16777216);
	n->hold_timeout_ms = test_between(seed, 100, 60000);
	n->flows_max = test_between(seed, 16, 1 << 20);
	n->flows_idle_s = test_between(seed, 1, 86400);
	n->flows_cleanup_s = test_between(seed, 1, 3600);
	n->streams_max = (uint8_t)test_between(seed, 8, CONF_STREAMS_MAX);
	n->streams_min = (uint8_t)test_between(seed, 1, 8);
	n->streams_idle_s = test_between(seed, 1, 86400);
	n->streams_cleanup_s = test_between(seed, 1, 3600);
	n->streams_buffer = (uint16_t)test_between(seed, 1, 1024);
	n->streams_sockets = test_rnd(seed, 2) == 0;
	n->sessions_max = test_between(seed, 1, 65536);
	n->sessions_idle_s = test_between(seed, 0, 86400);
	n->handshakes_per_source = test_between(seed, 1, 10000);
	n->handshakes_burst = test_between(seed, 1, 1000);
	n->breaker_failures = (uint8_t)test_between(seed, 1, 100);
	n->breaker_successes = (uint8_t)test_between(seed, 1, 10);
	n->breaker_reset_ms = test_between(seed, 1000, 3600000);
	n->retry_attempts = (uint8_t)test_rnd(seed, 21);
	n->retry_multiplier = (uint8_t)test_between(seed, 1, 10);
	n->retry_initial_ms = test_between(seed, 100, 60000);
	n->retry_max_ms = test_between(seed, 100, 3600000);
	test_discovery(seed, n);
	snprintf(n->socket, sizeof(n->socket), "/run/%u", test_rnd(seed, 99));
	snprintf(n->status_socket, sizeof(n->status_socket), "/s%u",
	    test_rnd(seed, 99));
	snprintf(n->group, sizeof(n->group), "_g%u", test_rnd(seed, 99));
	n->log_level = (uint8_t)test_rnd(seed, 4);
	n->log_ring = test_between(seed, 10, 20000);
	n->log_rate = test_between(seed, 1, 10000);
}

/* index makes its name, key and prefixes its own */
static inline void
test_peer(uint64_t *seed, uint32_t index, struct conf_peer *p)
{
	unsigned hosts, nets;

	*p = (struct conf_peer){.admin_up = test_rnd(seed, 2) == 0};
	snprintf(p->name, sizeof(p->name), "Peer-%u", index);
	for (unsigned i = 0; i < sizeof(p->key); i++)
		p->key[i] = (uint8_t)test_rnd(seed, 256);
	p->key[0] = (uint8_t)index;
	p->key[1] = 1;
	hosts = test_rnd(seed, 5);
	nets = test_rnd(seed, 5);
	p->allowed = calloc(16, sizeof(*p->allowed));
	ck_assert_ptr_nonnull(p->allowed);
	for (unsigned i = 0; i < hosts; i++)
		p->allowed[p->nallowed++] = test_host(seed, index * 16 + i);
	for (unsigned i = 0; i < nets; i++)
		p->allowed[p->nallowed++] = test_net(seed, index * 16 + 8 + i);
	p->nendpoints = (uint8_t)test_rnd(seed, CONF_ENDPOINTS_MAX + 1);
	for (unsigned i = 0; i < p->nendpoints; i++)
		p->endpoint[i] = test_endpoint(seed, 54000 + i);
	p->keepalive_s = (uint16_t)test_rnd(seed, 65536);
	p->limit_kbit = test_limit(seed, CONF_LIMIT_DEFAULT);
	p->ntls = (uint8_t)test_rnd(seed, CONF_TLS_ENDPOINTS_MAX + 1);
	for (unsigned i = 0; i < p->ntls; i++)
		p->tls[i] = test_endpoint(seed, 59000 + i);
	p->npins = (uint8_t)test_rnd(seed, CONF_TLS_PINS_MAX + 1);
	for (unsigned i = 0; i < p->npins; i++)
		memset(p->pin[i], (int)(1 + i), sizeof(p->pin[i]));
}

/* A whole one; the caller: conf_clear. */
static inline void
test_conf(uint64_t *seed, struct conf *c)
{
	conf_defaults(c, "alpha", "/run/mesh");
	test_node(seed, &c->node);
	c->node.mss_clamp = test_rnd(seed, 2) == 0;
	test_qos(seed, &c->node);
	c->npeers = test_rnd(seed, 20);
	c->peer = calloc(20, sizeof(*c->peer));
	ck_assert_ptr_nonnull(c->peer);
	for (uint32_t i = 0; i < c->npeers; i++)
		test_peer(seed, i, &c->peer[i]);
}

/* Equal octet for octet where it matters: as frames. */
static inline void
assert_conf_eq(const struct conf *a, const struct conf *b)
{
	static uint8_t mem[2][IPC_BODY_MAX];
	struct wbuf wa, wb;

	wbuf_init(&wa, mem[0], IPC_BODY_MAX);
	wbuf_init(&wb, mem[1], IPC_BODY_MAX);
	conf_node_put(&wa, &a->node);
	conf_node_put(&wb, &b->node);
	ck_assert_int_eq(wbuf_done(&wa), 0);
	ck_assert_uint_eq(wa.len, wb.len);
	ck_assert_mem_eq(mem[0], mem[1], wa.len);
	ck_assert_uint_eq(a->npeers, b->npeers);
	for (uint32_t i = 0; i < a->npeers; i++) {
		wbuf_init(&wa, mem[0], IPC_BODY_MAX);
		wbuf_init(&wb, mem[1], IPC_BODY_MAX);
		conf_peer_put(&wa, &a->peer[i]);
		conf_peer_put(&wb, &b->peer[i]);
		ck_assert_int_eq(wbuf_done(&wa), 0);
		ck_assert_uint_eq(wa.len, wb.len);
		ck_assert_mem_eq(mem[0], mem[1], wa.len);
	}
}

static inline int
run_suite(const char *name, TCase *tc)
{
	Suite *s = suite_create(name);
	SRunner *sr;
	int failed;

	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
