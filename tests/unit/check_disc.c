/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_disc.c */
/*
 * Several discoveryds in virtual time: UDP with 20 ms of delay, an engine that
 * passes frames between those that are up, a keyd that signs.
 */
#include <stdlib.h>

#include "dht.h"
#include "disc.h"
#include "disc_net.h"
#include "lan.h"

#define NODES 8
#define DELAY_MS 20

struct packet {
	struct packet *next;
	uint64_t at_ms;
	unsigned to;
	enum disc_fd kind;
	struct endpoint from;
	size_t len;
	uint8_t data[1600];
};

struct node {
	struct disc *disc;
	unsigned no;
	bool on, keyd;
	bool up[NODES]; /* sessions of its engine */
	struct msg_sign_ask ask;
	uint32_t ask_id;
	bool has_ask, answered;
	struct find_answer_box {
		struct lookup_answer a;
		uint64_t at_ms;
	} box;
	uint64_t out_octets, frames, crls, bundles, saves;
	uint8_t file[2 * CACHE_HALF];
};

static struct node *node;
static struct packet *queue;
static uint64_t now_ms, seed;
static bool lan_works;

static uint64_t
unix_s(void)
{
	return T0 + now_ms / 1000;
}

static struct endpoint
at(unsigned no, uint16_t port)
{
	struct endpoint e = {
	    .addr = {.family = 4, .b = {198, 51, 100, (uint8_t)(no + 1)}},
	    .port = port};

	return e;
}

/* ---- effects ---- */

static void
post(unsigned to, enum disc_fd kind, const struct endpoint *from,
    const uint8_t *data, size_t len)
{
	struct packet *p = calloc(1, sizeof(*p)), **end = &queue;

	ck_assert_uint_le(len, sizeof(p->data));
	p->at_ms = now_ms + DELAY_MS;
	p->to = to;
	p->kind = kind;
	p->from = *from;
	p->len = len;
	memcpy(p->data, data, len);
	while (*end != NULL)
		end = &(*end)->next;
	*end = p;
}

static void
udp_send(void *ctx, enum disc_fd kind, const struct endpoint *to,
    const uint8_t *data, size_t len)
{
	struct node *n = ctx;
	struct endpoint from = at(n->no, kind == DISC_LAN4 ? LAN_PORT : 6881);

	n->out_octets += len + 28;
	for (unsigned i = 0; i < NODES; i++) {
		struct endpoint here = at(i, from.port);

		if (i == n->no && to != NULL)
			continue;
		if (to == NULL ? lan_works : endpoint_eq(to, &here))
			post(i, kind, &from, data, len);
	}
}

static int
sign(void *ctx, uint32_t id, const struct msg_sign_ask *m)
{
	struct node *n = ctx;

	if (!n->keyd)
		return -1;
	n->ask = *m;
	n->ask_id = id;
	n->has_ask = true;
	return 0;
}

static int
to_peer(void *ctx, const struct msg_peer_frame *m)
{
	static const uint8_t any[32];
	struct node *n = ctx;
	unsigned sent = 0;
	uint8_t key[32];

	for (unsigned i = 0; i < NODES && sent < 3; i++) {
		struct msg_peer_frame f = *m;

		net_node_key(key, i);
		if (!n->up[i] ||
		    (memcmp(m->key, any, 32) != 0 &&
			memcmp(m->key, key, 32) != 0))
			continue;
		net_node_key(f.key, n->no);
		n->frames++;
		sent++;
		disc_peer_frame(node[i].disc, now_ms, unix_s(), &f);
	}
	return 0;
}

static int
to_engine(void *ctx, enum msg_type type, const void *data, size_t len)
{
	struct node *n = ctx;

	(void)data;
	ck_assert_uint_gt(len, 0);
	n->crls += type == MSG_CRL;
	n->bundles += type == MSG_OWN_BUNDLE;
	return 0;
}

static void
answer(void *ctx, struct lookup_waiter w, const struct lookup_answer *a)
{
	struct node *n = ctx;

	(void)w;
	n->answered = true;
	n->box.a = *a;
	n->box.at_ms = now_ms;
}

static void
save(void *ctx, size_t offset, const uint8_t *data, size_t len)
{
	struct node *n = ctx;

	ck_assert_uint_le(offset + len, sizeof(n->file));
	memcpy(n->file + offset, data, len);
	n->saves++;
}

static void
say(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

/* ---- the world ---- */

static void
conf_of(struct conf_node *c, bool dht, bool lan)
{
	memset(c, 0, sizeof(*c));
	c->dht = dht ? CONF_DHT_PRIVATE : CONF_DHT_NO;
	c->dht_tag = true;
	c->lan = lan;
	c->announce_s = 2700;
	c->lookup_timeout_ms = 5000;
	c->nbootstrap = 1;
	c->bootstrap[0] = at(0, 6881);
}

static void
boot(unsigned i, bool dht, bool lan)
{
	struct node *n = &node[i];
	const struct disc_io io = {.ctx = n,
	    .udp_send = udp_send,
	    .sign = sign,
	    .to_peer = to_peer,
	    .to_engine = to_engine,
	    .answer = answer,
	    .save = save,
	    .say = say,
	    .rnd = {.fill = net_fill, .ctx = &seed}};
	struct msg_places places = {
	    .n = 1, .at = {{.ifindex = 2, .ep = at(i, 51820)}}};
	struct conf_node c;
	struct conf_net net;

	n->no = i;
	n->on = n->keyd = true;
	n->disc = disc_new(&io);
	ck_assert_ptr_nonnull(n->disc);
	disc_load(n->disc, n->file, sizeof(n->file));
	conf_of(&c, dht, lan);
	net_conf(&net, i);
	disc_configure(n->disc, now_ms, unix_s(), &c, &net);
	disc_socket(n->disc, now_ms, DISC_LAN4, true);
	if (dht)
		disc_socket(n->disc, now_ms, DISC_DHT4, true);
	disc_places(n->disc, now_ms, &places);
}

static void
halt(unsigned i)
{
	disc_stop(node[i].disc, now_ms);
	disc_free(node[i].disc);
	node[i].disc = NULL;
	node[i].on = false;
	memset(node[i].up, 0, sizeof(node[i].up));
}

static void
world(unsigned n, bool dht, bool lan)
{
	seed = unit_seed();
	now_ms = 1000000;
	lan_works = lan;
	node = calloc(NODES, sizeof(*node));
	for (unsigned i = 0; i < n; i++)
		boot(i, dht, lan);
}

static void
world_end(void)
{
	struct packet *p;

	while ((p = queue) != NULL) {
		queue = p->next;
		free(p);
	}
	for (unsigned i = 0; i < NODES; i++)
		if (node[i].on)
			halt(i);
	free(node);
}

static void
deliver(void)
{
	struct packet *p = queue;

	queue = p->next;
	if (node[p->to].on)
		disc_from_udp(node[p->to].disc, now_ms, unix_s(), p->kind,
		    &p->from, p->data, p->len);
	free(p);
}

static void
sign_all(void)
{
	for (unsigned i = 0; i < NODES; i++) {
		struct node *n = &node[i];
		uint8_t tbs[RECORD_TBS_MAX], key[32];
		struct msg_sign_reply m = {.status = KEY_OK};
		size_t len;

		if (!n->on || !n->has_ask)
			continue;
		n->has_ask = false;
		net_node_seed(key, i);
		len = record_tbs(
		    tbs, n->ask.salt, n->ask.seq, n->ask.v, n->ask.vlen);
		crypto_sign(m.sig, key, tbs, len);
		disc_signed(n->disc, now_ms, unix_s(), n->ask_id, &m);
	}
}

/* The world goes on for so long; never more than so many events. */
static void
run(uint64_t ms)
{
	uint64_t end = now_ms + ms, due;
	unsigned long turns = 0;

	while (now_ms <= end) {
		due = queue != NULL ? queue->at_ms : UINT64_MAX;
		for (unsigned i = 0; i < NODES; i++)
			if (node[i].on && disc_due(node[i].disc) < due)
				due = disc_due(node[i].disc);
		if (due > end)
			break;
		if (due > now_ms)
			now_ms = due;
		ck_assert_uint_lt(turns++, 3000000);
		while (queue != NULL && queue->at_ms <= now_ms)
			deliver();
		for (unsigned i = 0; i < NODES; i++)
			if (node[i].on && disc_due(node[i].disc) <= now_ms)
				disc_tick(node[i].disc, now_ms, unix_s());
		sign_all();
	}
	now_ms = end;
}

static void
meet(unsigned a, unsigned b, bool hello)
{
	struct msg_peer_seen m = {.ep = at(b, 51820), .up = true};
	struct bundle bundle;

	node[a].up[b] = true;
	net_node_key(m.key, b);
	disc_seen(node[a].disc, now_ms, unix_s(), &m);
	if (!hello)
		return;
	net_bundle(&bundle, b, 100 + b);
	disc_blob(node[a].disc, now_ms, unix_s(), MSG_MEMBER, bundle.cert,
	    bundle.certlen);
}

static void
both(unsigned a, unsigned b)
{
	meet(a, b, true);
	meet(b, a, true);
}

static const struct lookup_answer *
ask_ip(unsigned who, unsigned about, bool person)
{
	struct msg_find_ask q = {.what = FIND_IP, .ip = net_ip(about)};
	struct lookup_waiter w = {.id = 1, .person = person};
	uint64_t began = now_ms;

	node[who].answered = false;
	disc_ask(node[who].disc, now_ms, unix_s(), &q, w);
	while (!node[who].answered && now_ms < began + 20000)
		run(10);
	ck_assert(node[who].answered);
	return &node[who].box.a;
}

static bool
found(unsigned who, unsigned about)
{
	const struct lookup_answer *a = ask_ip(who, about, false);
	struct endpoint ep = at(about, 51820);
	uint8_t key[32];

	net_node_key(key, about);
	if (a->row.status != LOOKUP_FOUND)
		return false;
	ck_assert_mem_eq(a->row.reply.key, key, 32);
	ck_assert_uint_gt(a->row.reply.certlen, 0);
	for (unsigned i = 0; i < a->row.reply.n; i++)
		if (endpoint_eq(&a->row.reply.c[i].ep, &ep))
			return true;
	return false;
}

/* ---- tests ---- */

START_TEST(nodes_that_share_a_bootstrap_find_each_other_by_the_dht)
{
	uint64_t t;

	world(4, true, false);
	run(30000);
	t = now_ms;
	ck_assert(found(2, 3));
	ck_assert_uint_lt(node[2].box.at_ms - t, 2000);
	ck_assert_int_eq(node[2].box.a.row.source, FIND_DHT);
	ck_assert(found(3, 1));
	ck_assert(found(1, 0));
}
END_TEST

START_TEST(a_lookup_from_the_first_second_on_waits_for_the_dht)
{
	world(3, true, false);
	run(30000);
	boot(3, true, false);
	run(10);
	ck_assert(found(3, 2));
}
END_TEST

START_TEST(nobody_has_that_address)
{
	uint64_t t;

	world(3, true, false);
	run(30000);
	t = now_ms;
	ck_assert_int_eq(ask_ip(1, 7, false)->row.status, LOOKUP_UNKNOWN);
	ck_assert_uint_lt(node[1].box.at_ms - t, 5001);
	/* and again: at once */
	t = now_ms;
	ask_ip(1, 7, false);
	ck_assert_uint_eq(node[1].box.at_ms, t);
	/* somebody has it now, and a person is not told an old refusal */
	boot(7, true, false);
	run(30000);
	ck_assert_int_eq(ask_ip(1, 7, true)->row.status, LOOKUP_FOUND);
}
END_TEST

START_TEST(the_steps_say_who_was_asked)
{
	const struct lookup_answer *a;

	world(3, true, false);
	run(30000);
	a = ask_ip(1, 2, true);
	ck_assert_int_eq(a->row.status, LOOKUP_FOUND);
	ck_assert_uint_eq(a->nsteps, 5);
	ck_assert_int_eq(a->step[0].source, FIND_BOOK);
	ck_assert_int_eq(a->step[4].source, FIND_DHT);
	ck_assert_int_eq(a->step[4].result, FIND_YES);
	ck_assert_uint_gt(a->step[4].queries, 0);
	ck_assert_uint_gt(a->step[4].copies, 0);
}
END_TEST

START_TEST(a_common_peer_knows_both_without_a_dht)
{
	world(3, false, false);
	both(0, 1);
	both(0, 2);
	run(100);
	ck_assert(found(1, 2));
	ck_assert_int_eq(node[1].box.a.row.source, FIND_PEERS);
}
END_TEST

START_TEST(who_is_up_is_told_on_and_known_before_it_is_needed)
{
	uint64_t t;

	world(4, false, false);
	both(0, 1);
	both(0, 2);
	both(0, 3);
	run(60000);
	t = now_ms;
	ck_assert(found(1, 2));
	ck_assert(found(3, 1));
	ck_assert_uint_eq(now_ms, t);
	ck_assert_uint_lt(node[0].frames, 40);
}
END_TEST

START_TEST(two_on_a_link_need_nobody_else)
{
	world(2, false, true);
	run(5000);
	ck_assert(found(0, 1));
	ck_assert_int_eq(node[0].box.a.row.source, FIND_LAN);
	ck_assert(found(1, 0));
}
END_TEST

START_TEST(a_beacon_of_who_is_revoked_is_not_believed)
{
	uint8_t crl[CRL_MAX];
	size_t len = net_crl(crl, 3, 101);

	world(2, false, true);
	disc_blob(node[0].disc, now_ms, unix_s(), MSG_CRL, crl, len);
	run(5000);
	ck_assert_int_eq(ask_ip(0, 1, false)->row.status, LOOKUP_UNKNOWN);
}
END_TEST

START_TEST(what_was_known_survives_a_restart)
{
	world(3, true, false);
	run(30000);
	ck_assert(found(1, 2));
	run(5000);
	halt(1);
	run(10000);
	halt(0); /* the bootstrap node is gone for good */
	boot(1, true, false);
	run(3000);
	ck_assert(found(1, 2));
	ck_assert_int_eq(node[1].box.a.row.source, FIND_CACHE);
}
END_TEST

START_TEST(saved_nodes_replace_a_dead_bootstrap)
{
	struct msg_dht_row m;

	world(5, true, false);
	run(30000);
	for (unsigned i = 0; i < 3; i++)
		halt(i);
	run(1000);
	boot(1, true, false);
	run(5000); /* at most 5 s */
	disc_row(node[1].disc, &m);
	ck_assert_uint_ge(m.good, 2);
	ck_assert(found(1, 4));
}
END_TEST

START_TEST(a_revocation_list_is_saved_at_once_and_given_to_the_engine)
{
	uint8_t crl[CRL_MAX];
	size_t len = net_crl(crl, 3, 102);
	uint64_t saves;

	world(3, true, false);
	run(30000);
	ck_assert(found(1, 2));
	saves = node[1].saves;
	disc_blob(node[1].disc, now_ms, unix_s(), MSG_CRL, crl, len);
	run(10);
	ck_assert_uint_eq(node[1].saves, saves + 1);
	ck_assert_int_eq(ask_ip(1, 2, false)->row.status, LOOKUP_UNKNOWN);
	disc_free(node[1].disc); /* not even told to stop */
	boot(1, true, false);
	disc_engine_ready(node[1].disc);
	ck_assert_uint_ge(node[1].crls, 1);
}
END_TEST

START_TEST(a_revocation_list_is_everywhere_within_two_seconds)
{
	uint8_t crl[CRL_MAX];
	size_t len = net_crl(crl, 3, 102);

	world(NODES, true, false);
	run(30000);
	disc_blob(node[1].disc, now_ms, unix_s(), MSG_CRL, crl, len);
	run(2000);
	ck_assert_uint_eq(node[1].crls, 0); /* it is from its engine */
	for (unsigned i = 0; i < NODES; i++)
		ck_assert_uint_eq(node[i].crls, i != 1);
}
END_TEST

START_TEST(who_was_away_has_the_revocation_list_when_it_is_back)
{
	uint8_t crl[CRL_MAX];
	size_t len = net_crl(crl, 3, 102);

	world(4, true, false);
	run(30000);
	halt(2);
	disc_blob(node[1].disc, now_ms, unix_s(), MSG_CRL, crl, len);
	run(30000);
	halt(1); /* nor is it there who told the others */
	boot(2, true, false);
	run(2000);
	ck_assert_uint_eq(node[2].crls, 1);
	halt(2);
	boot(2, true, false);
	disc_engine_ready(node[2].disc);
	ck_assert_uint_ge(node[2].crls, 1);
}
END_TEST

START_TEST(a_renewed_certificate_is_saved_and_published)
{
	uint8_t octets[BUNDLE_MAX];
	const struct lookup_answer *a;
	struct bundle b;
	struct cert c;

	world(3, true, false);
	run(30000);
	net_bundle(&b, 2, 500);
	memset(b.secret, 0, sizeof(b.secret));
	disc_blob(node[2].disc, now_ms, unix_s(), MSG_OWN_BUNDLE, octets,
	    bundle_put(octets, &b));
	run(30000);
	a = ask_ip(1, 2, false);
	ck_assert_int_eq(
	    cert_get(a->row.reply.cert, a->row.reply.certlen, &c), CERT_OK);
	ck_assert_uint_eq(c.serial, 500);
	disc_free(node[2].disc);
	boot(2, true, false);
	disc_engine_ready(node[2].disc);
	ck_assert_uint_ge(node[2].bundles, 1);
}
END_TEST

START_TEST(who_moves_is_found_where_it_is_now)
{
	struct msg_places m = {.n = 1, .at = {{.ifindex = 2}}};
	struct endpoint now = net_ep("203.0.113.5", 51820);
	bool there = false;

	world(4, true, false);
	run(60000);
	ck_assert(found(1, 2));
	m.at[0].ep = now;
	disc_places(node[2].disc, now_ms, &m);
	run(120000);
	ask_ip(1, 2, false); /* the old place at once, the new one behind */
	run(3000);
	ask_ip(1, 2, false);
	for (unsigned i = 0; i < node[1].box.a.row.reply.n; i++)
		there = there ||
		    endpoint_eq(&node[1].box.a.row.reply.c[i].ep, &now);
	ck_assert(there);
}
END_TEST

/* on all addresses, on all of a family, on another than it has */
START_TEST(where_it_listens_for_tls_is_told)
{
	static const char *const on[] = {"", "0.0.0.0", "192.0.2.77"};
	struct msg_tls_pin pin = {.listens = true, .pin = {7}};
	struct endpoint want = at(2, 443);

	for (unsigned i = 0; i < 3; i++) {
		struct conf_node c;
		struct conf_net net;
		bool there = false;

		world(4, true, false);
		conf_of(&c, true, false);
		net_conf(&net, 2);
		c.ntls_listen = 1;
		if (i > 0)
			c.tls_listen[0] = net_ep(on[i], 443);
		c.tls_listen[0].port = 443;
		disc_configure(node[2].disc, now_ms, unix_s(), &c, &net);
		disc_tls(node[2].disc, now_ms, &pin);
		run(60000);
		ck_assert(found(1, 2));
		for (unsigned k = 0; k < node[1].box.a.row.reply.n; k++)
			there = there ||
			    endpoint_eq(
				&node[1].box.a.row.reply.c[k].ep, &want);
		ck_assert_int_eq(there, i < 2);
		world_end();
	}
}
END_TEST

START_TEST(without_keyd_everything_else_goes_on)
{
	world(3, true, false);
	node[2].keyd = false;
	run(30000);
	/* who it is, but not where */
	ck_assert_int_eq(ask_ip(1, 2, false)->row.status, LOOKUP_FOUND);
	ck_assert_uint_eq(node[1].box.a.row.reply.n, 0);
	node[2].keyd = true;
	run(120000);
	ck_assert(found(1, 2));
}
END_TEST

START_TEST(a_network_that_goes_away_leaves_the_address_book)
{
	struct conf_node c;

	world(2, true, false);
	run(10000);
	conf_of(&c, false, false);
	disc_configure(node[1].disc, now_ms, unix_s(), &c, NULL);
	run(10000);
	ck_assert_int_eq(ask_ip(1, 0, false)->row.status, LOOKUP_UNKNOWN);
}
END_TEST

START_TEST(an_idle_network_of_eight_is_quiet)
{
	uint64_t before[NODES], most = 0;

	world(NODES, true, true);
	run(600000);
	for (unsigned i = 0; i < NODES; i++)
		before[i] = node[i].out_octets;
	run(3600000);
	for (unsigned i = 0; i < NODES; i++)
		if (node[i].out_octets - before[i] > most)
			most = node[i].out_octets - before[i];
	/* in and out together, about equal: at most 1 MB an hour */
	ck_assert_uint_lt(most, 500000);
	if (getenv("VERBOSE") != NULL)
		printf("idle: %lu octets/h out\n", (unsigned long)most);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    nodes_that_share_a_bootstrap_find_each_other_by_the_dht,
	    a_lookup_from_the_first_second_on_waits_for_the_dht,
	    nobody_has_that_address,
	    the_steps_say_who_was_asked,
	    a_common_peer_knows_both_without_a_dht,
	    who_is_up_is_told_on_and_known_before_it_is_needed,
	    two_on_a_link_need_nobody_else,
	    a_beacon_of_who_is_revoked_is_not_believed,
	    what_was_known_survives_a_restart,
	    saved_nodes_replace_a_dead_bootstrap,
	    a_revocation_list_is_saved_at_once_and_given_to_the_engine,
	    a_revocation_list_is_everywhere_within_two_seconds,
	    who_was_away_has_the_revocation_list_when_it_is_back,
	    a_renewed_certificate_is_saved_and_published,
	    who_moves_is_found_where_it_is_now,
	    where_it_listens_for_tls_is_told,
	    without_keyd_everything_else_goes_on,
	    a_network_that_goes_away_leaves_the_address_book,
	    an_idle_network_of_eight_is_quiet,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("disc", tests);
}
