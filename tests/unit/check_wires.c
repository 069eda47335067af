/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_wires.c */
/* The engine's channels, with control or discoveryd played by the test. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "engine_int.h"
#include "figures.h"
#include "glue.h"
#include "log.h"

#define GEN 5
#define NPEERS 1000

struct bench {
	struct glue g;
	struct loop_timer *stop;
	struct chan *far;
	uint32_t rows, recent_asks, nends, networks, members, frames, rules,
	    classes;
	uint32_t of[64]; /* rows by the question's number, below 64 */
	char text[128];
	uint32_t end_id[64];
	enum row_end end[64];
};

void
glue_lost(struct glue *g, enum role role)
{
	(void)g;
	ck_abort_msg("lost the wire to %s", role_name(role));
}

static enum udp_result
no_udp(void *ctx, uint16_t sock, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	(void)ctx, (void)sock, (void)to, (void)data, (void)len, (void)seg;
	return UDP_OK;
}

static int
no_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	(void)ctx, (void)v, (void)pkt, (void)len;
	return 0;
}

static uint64_t
unix_ms(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

/* ---- the other end ---- */

static enum chan_verdict
on_row(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct bench *b = ctx;

	(void)ch;
	b->rows++;
	if (f->id < 64)
		b->of[f->id]++;
	return CHAN_OK;
}

static enum chan_verdict
on_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct bench *b = ctx;
	struct msg_end m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	ck_assert_int_eq(msg_get_end(&r, &m), 0);
	ck_assert_uint_lt(b->nends, 64);
	b->end_id[b->nends] = f->id;
	b->end[b->nends++] = m.status;
	return CHAN_OK;
}

static enum chan_verdict
on_recent_ask(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct bench *b = ctx;

	(void)ch, (void)f;
	b->recent_asks++;
	return CHAN_OK;
}

static enum chan_verdict
on_count(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct bench *b = ctx;

	(void)ch;
	if (f->id < 64)
		b->of[f->id]++;
	b->networks += f->type == MSG_NET_ROW;
	b->rules += f->type == MSG_RULE_ROW;
	b->classes += f->type == MSG_QOS_ROW;
	b->members += f->type == MSG_MEMBER_ROW || f->type == MSG_MEMBER;
	b->frames += f->type == MSG_PEER_FRAME;
	return CHAN_OK;
}

static enum chan_verdict
on_text(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	static struct msg_text_row m;
	struct bench *b = ctx;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	ck_assert_int_eq(msg_get_text_row(&r, &m), 0);
	snprintf(b->text, sizeof(b->text), "%.120s", m.text);
	return CHAN_OK;
}

static enum chan_verdict
on_nothing(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	(void)ch, (void)ctx, (void)f;
	return CHAN_OK;
}

static const struct chan_handler far_handlers[] = {
    {MSG_PUB_ASK, on_nothing},
    {MSG_INVITES_ASK, on_nothing},
    {MSG_COUNTER_ROW, on_row},
    {MSG_HIST_ROW, on_row},
    {MSG_FIGURE_ROW, on_row},
    {MSG_BREAKER_ROW, on_row},
    {MSG_STREAM_ROW, on_row},
    {MSG_FLOW_ROW, on_row},
    {MSG_NET_ROW, on_count},
    {MSG_RULE_ROW, on_count},
    {MSG_QOS_ROW, on_count},
    {MSG_MEMBER_ROW, on_count},
    {MSG_MEMBER, on_count},
    {MSG_PEER_FRAME, on_count},
    {MSG_TEXT_ROW, on_text},
    {MSG_PEER_ROW, on_row},
    {MSG_END, on_end},
    {MSG_RECENT_ASK, on_recent_ask},
};

/* ---- a bench ---- */

static void
on_stop(void *ctx)
{
	struct bench *b = ctx;

	loop_stop(b->g.loop);
}

/* One turn of the engine's loop; the other end reads nothing. */
static void
turn(struct bench *b)
{
	loop_timer_in(b->stop, 0);
	ck_assert_int_eq(loop_run(b->g.loop), 0);
}

static void
read_all(struct bench *b)
{
	uint64_t was;

	do {
		was = chan_stats(b->far)->in;
		ck_assert_int_eq(chan_out(b->far), 0);
		ck_assert_int_eq(chan_in(b->far), 0);
	} while (chan_stats(b->far)->in != was);
}

static void
configure(struct bench *b)
{
	struct conf c;

	conf_defaults(&c, "wires", "/run/mesh");
	c.peer = calloc(NPEERS, sizeof(*c.peer));
	ck_assert_ptr_nonnull(c.peer);
	for (c.npeers = 0; c.npeers < NPEERS; c.npeers++) {
		struct conf_peer *p = &c.peer[c.npeers];
		uint32_t no = c.npeers + 1;

		snprintf(p->name, sizeof(p->name), "peer%u", no);
		memcpy(p->key, &no, sizeof(no));
		p->admin_up = true;
	}
	ck_assert_int_eq(engine_configure(b->g.engine, 1000, &c), 0);
	conf_clear(&c);
}

/* A wire to the engine; the other end. */
static struct chan *
plug(struct bench *b, enum role far)
{
	const struct chan_conf conf = {.self = far,
	    .peer = ROLE_ENGINE,
	    .gen = GEN,
	    .handlers = far_handlers,
	    .nhandlers = sizeof(far_handlers) / sizeof(far_handlers[0]),
	    .ctx = b};
	struct chan *end;
	int sv[2];

	ck_assert_int_eq(ipc_pair(sv), 0);
	ck_assert_int_eq(wires_set(&b->g, far, sv[0], GEN), 0);
	end = chan_new(sv[1], &conf);
	ck_assert_ptr_nonnull(end);
	for (int i = 0; i < 3; i++) {
		turn(b);
		ck_assert_int_eq(chan_out(end), 0);
		ck_assert_int_eq(chan_in(end), 0);
	}
	ck_assert_int_eq(chan_state(end), CHAN_S_READY);
	return end;
}

static struct bench *
bench_new(enum role far)
{
	struct bench *b = calloc(1, sizeof(*b));
	const struct engine_io io = {.ctx = &b->g,
	    .udp_send = no_udp,
	    .tun_send = no_tun,
	    .ask_mix = ask_mix,
	    .ask_stamp = ask_stamp,
	    .ask_lookup = ask_lookup,
	    .tell_seen = tell_seen,
	    .unix_ms = unix_ms,
	    .tell_blob = tell_blob,
	    .tell_frame = tell_frame,
	    .ask_issue = ask_issue,
	    .ask_invites = ask_invites,
	    .rnd = rnd_kernel()};

	ck_assert_int_eq(crypto_init(), 0);
	log_set_level(LOG_L_ERROR);
	b->g.loop = loop_new();
	b->g.engine = engine_new(&io);
	b->stop = loop_timer_new(b->g.loop, on_stop, b);
	configure(b);
	wires_init(&b->g);
	b->far = plug(b, far);
	read_all(b);
	return b;
}

static void
bench_free(struct bench *b)
{
	wires_clear(&b->g);
	chan_free(b->far);
	loop_timer_free(b->stop);
	engine_free(b->g.engine);
	loop_free(b->g.loop);
	free(b);
}

static void
ask_peers(struct bench *b, uint32_t id, const char *name)
{
	struct msg_peers_ask m = {0};
	uint8_t body[80];
	struct wbuf w;

	snprintf(m.name, sizeof(m.name), "%s", name);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peers_ask(&w, &m);
	ck_assert_int_eq(
	    chan_send(b->far, MSG_PEERS_ASK, id, w.base, w.len, -1), 0);
}

/* ---- questions for peers ---- */

START_TEST(many_peers_are_told_a_few_a_turn)
{
	struct bench *b = bench_new(ROLE_CTL);
	uint64_t out, was = chan_stats(b->g.control.chan)->out;
	int turns = 0;

	for (ask_peers(b, 7, ""); b->nends == 0; turns++) {
		turn(b);
		out = chan_stats(b->g.control.chan)->out;
		ck_assert_uint_le(out - was, ANSWER_ROWS + 1);
		was = out;
		read_all(b);
	}
	ck_assert_int_ge(turns, NPEERS / ANSWER_ROWS);
	ck_assert_uint_eq(b->rows, NPEERS);
	ck_assert_uint_eq(b->end_id[0], 7);
	ck_assert_int_eq(b->end[0], END_OK);
	bench_free(b);
}
END_TEST

START_TEST(figures_are_told_a_few_a_turn)
{
	struct bench *b = bench_new(ROLE_CTL);
	uint64_t out, was = chan_stats(b->g.control.chan)->out;
	unsigned turns = 0;

	ck_assert_int_eq(
	    chan_send(b->far, MSG_COUNTERS_ASK, 7, NULL, 0, -1), 0);
	for (; b->nends == 0; turns++) {
		turn(b);
		out = chan_stats(b->g.control.chan)->out;
		/* the rows of one wire go together */
		ck_assert_uint_le(
		    out - was, ANSWER_ROWS + FIGURE_WIRE_ROWS + 1);
		was = out;
		read_all(b);
	}
	ck_assert_uint_ge(b->rows, 150);
	ck_assert_uint_ge(turns, b->rows / (ANSWER_ROWS + FIGURE_WIRE_ROWS));
	ck_assert_int_eq(b->end[0], END_OK);
	bench_free(b);
}
END_TEST

START_TEST(one_peer_is_told_by_its_name_and_nobody_is_unknown)
{
	struct bench *b = bench_new(ROLE_CTL);

	ask_peers(b, 1, "peer1000");
	ask_peers(b, 2, "peer1001");
	while (b->nends < 2) {
		turn(b);
		read_all(b);
	}
	ck_assert_uint_eq(b->rows, 1);
	ck_assert_int_eq(b->end[0], END_OK);
	ck_assert_int_eq(b->end[1], END_UNKNOWN);
	bench_free(b);
}
END_TEST

START_TEST(further_questions_wait_and_too_many_fail)
{
	struct bench *b = bench_new(ROLE_CTL);

	for (uint32_t id = 1; id <= ANSWERS_MAX + 2; id++)
		ask_peers(b, id, "");
	while (b->nends < ANSWERS_MAX + 2) {
		turn(b);
		read_all(b);
	}
	ck_assert_uint_eq(b->rows, ANSWERS_MAX * NPEERS);
	for (uint32_t i = 0; i < 2; i++) { /* these had no place */
		ck_assert_uint_eq(b->end_id[i], ANSWERS_MAX + 1 + i);
		ck_assert_int_eq(b->end[i], END_FAILED);
	}
	for (uint32_t i = 2; i < b->nends; i++) {
		ck_assert_uint_eq(b->end_id[i], i - 1);
		ck_assert_int_eq(b->end[i], END_OK);
	}
	bench_free(b);
}
END_TEST

/* All of them failed, in two places each. */
static void
all_fail(struct bench *b)
{
	for (uint32_t i = 0; i < NPEERS; i++) {
		struct peer_slot *p = b->g.engine->slot[i];

		p->breaker.state = BREAKER_OPEN;
		p->spots.at[0].breaker.state = BREAKER_OPEN;
		p->spots.at[1].breaker.state = BREAKER_HALF;
	}
}

static void
ask_plain(struct bench *b, enum msg_type type, uint32_t id)
{
	ck_assert_int_eq(chan_send(b->far, type, id, NULL, 0, -1), 0);
}

START_TEST(a_thousand_dead_peers_are_told_a_few_a_turn_and_to_the_last_place)
{
	struct bench *b = bench_new(ROLE_CTL);
	uint64_t out, was = chan_stats(b->g.control.chan)->out;

	all_fail(b);
	ask_plain(b, MSG_BREAKERS_ASK, 7);
	while (b->nends == 0) {
		turn(b);
		out = chan_stats(b->g.control.chan)->out;
		ck_assert_uint_le(out - was, ANSWER_ROWS + 1);
		was = out;
		read_all(b);
	}
	ck_assert_int_eq(b->end[0], END_OK);
	ck_assert_uint_eq(b->rows, 3 * NPEERS);
	bench_free(b);
}
END_TEST

/* More than control takes from any engine: the engine says so itself. */
START_TEST(an_answer_with_too_many_rows_ends_in_failure_and_not_in_silence)
{
	struct bench *b = bench_new(ROLE_CTL);

	for (uint32_t i = 0; i < NPEERS; i++) {
		struct peer_slot *p = b->g.engine->slot[i];

		p->breaker.state = BREAKER_OPEN;
		for (int k = 0; k < SPOTS_MAX; k++)
			p->spots.at[k].breaker.state = BREAKER_OPEN;
	}
	ask_plain(b, MSG_BREAKERS_ASK, 7);
	while (b->nends == 0) {
		turn(b);
		read_all(b);
	}
	ck_assert_uint_eq(b->rows, MSG_ROWS_MAX);
	ck_assert_int_eq(b->end[0], END_FAILED);
	bench_free(b);
}
END_TEST

/* What is asked of the engine, and how many rows there are. */
static const struct {
	uint16_t type;
	uint32_t rows;
} asked[] = {{MSG_PEERS_ASK, NPEERS}, {MSG_BREAKERS_ASK, 3 * NPEERS},
    {MSG_STREAMS_ASK, 0}, {MSG_FLOWS_ASK, 0}, {MSG_RULES_ASK, 1}};
#define NASKED (sizeof(asked) / sizeof(asked[0]))

static void
ask_one(struct bench *b, size_t which, uint32_t id)
{
	if (asked[which].type == MSG_PEERS_ASK)
		ask_peers(b, id, "");
	else
		ask_plain(b, (enum msg_type)asked[which].type, id);
}

START_TEST(while_control_does_not_read_it_is_told_no_more_and_nothing_is_lost)
{
	struct bench *b = bench_new(ROLE_CTL);

	all_fail(b);
	for (uint32_t id = 1; id <= ANSWERS_MAX; id++)
		ask_one(b, id % NASKED, id);
	for (int i = 0; i < 100; i++)
		turn(b);
	ck_assert_uint_gt(b->g.answers.n, 0);
	ck_assert_uint_eq(chan_stats(b->g.control.chan)->overflow, 0);
	while (b->nends < ANSWERS_MAX) {
		turn(b);
		read_all(b);
	}
	for (uint32_t i = 0; i < ANSWERS_MAX; i++) {
		ck_assert_uint_eq(b->end_id[i], i + 1);
		ck_assert_int_eq(b->end[i], END_OK);
		ck_assert_uint_eq(b->of[i + 1], asked[(i + 1) % NASKED].rows);
	}
	ck_assert_uint_eq(chan_stats(b->g.control.chan)->overflow, 0);
	bench_free(b);
}
END_TEST

START_TEST(a_control_that_never_reads_is_answered_with_failure)
{
	struct bench *b = bench_new(ROLE_CTL);

	all_fail(b);
	b->g.answers.patience_ms = 0;
	for (uint32_t id = 1; id <= ANSWERS_MAX; id++)
		ask_one(b, id % NASKED, id);
	do
		turn(b);
	while (b->g.answers.n > 0);
	while (b->nends < ANSWERS_MAX) {
		turn(b);
		read_all(b);
	}
	ck_assert_int_eq(b->end[ANSWERS_MAX - 1], END_FAILED);
	/* what is said to be complete is */
	for (uint32_t i = 0; i < ANSWERS_MAX; i++)
		if (b->end[i] == END_OK)
			ck_assert_uint_eq(b->of[b->end_id[i]],
			    asked[b->end_id[i] % NASKED].rows);
	bench_free(b);
}
END_TEST

START_TEST(what_a_control_that_went_away_had_asked_is_forgotten)
{
	struct bench *b = bench_new(ROLE_CTL);

	ask_peers(b, 1, "");
	turn(b);
	ck_assert_uint_eq(b->g.answers.n, 1);
	chan_free(b->far);
	b->far = NULL;
	for (int i = 0; i < 20; i++)
		turn(b);
	ck_assert_ptr_null(b->g.control.chan);
	ck_assert_uint_eq(b->g.answers.n, 0);
	bench_free(b);
}
END_TEST

/* ---- who was up before ---- */

static void
recent_row(struct bench *b, uint32_t no)
{
	struct msg_lookup_reply m = {.status = LOOKUP_FOUND};
	uint8_t body[512];
	struct wbuf w;

	memcpy(m.key, &no, sizeof(no));
	if (no != 0) {
		m.n = 1;
		m.c[0].type = 4;
		ck_assert_int_eq(addr_parse("192.0.2.9", &m.c[0].ep.addr), 0);
		m.c[0].ep.port = 9;
	}
	wbuf_init(&w, body, sizeof(body));
	msg_put_lookup_reply(&w, &m);
	ck_assert_int_eq(
	    chan_send(b->far, MSG_RECENT_ROW, 1, w.base, w.len, -1), 0);
	turn(b);
}

static enum peer_view
view(struct bench *b, uint32_t no)
{
	static struct msg_peer_row row;

	ck_assert_int_eq(
	    engine_peer_row(b->g.engine, no - 1, 1000, 1000, &row), 0);
	return row.state;
}

START_TEST(recent_peers_are_taken_as_an_answer_only)
{
	struct bench *b = bench_new(ROLE_DISC);

	ck_assert_uint_eq(b->recent_asks, 1);
	recent_row(b, 1);
	ck_assert_int_ne(view(b, 1), PV_IDLE);
	recent_row(b, 0); /* the end */
	ck_assert(b->g.knows_recent);
	ck_assert_uint_eq(b->g.illegal, 0);
	recent_row(b, 2);
	ck_assert_int_eq(view(b, 2), PV_IDLE);
	ck_assert_uint_eq(b->g.illegal, 1);
	ck_assert_int_eq(chan_state(b->g.disc.chan), CHAN_S_READY);
	bench_free(b);
}
END_TEST

START_TEST(an_answer_without_an_end_has_no_more_rows_than_there_can_be_peers)
{
	struct bench *b = bench_new(ROLE_DISC);

	for (uint32_t i = 0; i < CONF_PEERS_MAX + 1; i++)
		recent_row(b, NPEERS + 1);
	ck_assert_uint_eq(b->g.illegal, 0);
	recent_row(b, 2);
	ck_assert_int_eq(view(b, 2), PV_IDLE);
	ck_assert_uint_eq(b->g.illegal, 1);
	bench_free(b);
}
END_TEST

/* ---- the network ---- */

static const uint8_t seed[32] = {1};

static uint16_t
certify(uint8_t out[CERT_MAX], uint8_t host)
{
	struct cert c = {.serial = host,
	    .not_before = 1600000000,
	    .not_after = 1800000000,
	    .naddresses = 1};

	memset(c.node, host, 32);
	memset(c.ed, 1, 32);
	snprintf(c.name, sizeof(c.name), "n%u", host);
	c.address[0] = (struct prefix){.addr.family = 4, .len = 16};
	memcpy(c.address[0].addr.b, (uint8_t[]){10, 0, 0, host}, 4);
	return (uint16_t)cert_sign(out, &c, seed);
}

static void
join_network(struct bench *b)
{
	static struct conf_net n;

	n = (struct conf_net){.on = true};
	ck_assert_int_eq(crypto_sign_pub(n.bundle.authority, seed), 0);
	ck_assert_int_eq(prefix_parse("10.0.0.0/16", &n.bundle.prefix), 0);
	n.bundle.certlen = certify(n.bundle.cert, 1);
	engine_set_network(b->g.engine, 1000, &n);
	engine_tick(b->g.engine, 1000);
}

/* Ask without a body, or with octets that somebody signed. */
static void
ask_end(struct bench *b, enum msg_type type, uint32_t id, const uint8_t *data,
    size_t len)
{
	uint8_t body[2048];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	if (data != NULL) {
		wbuf_u16(&w, (uint16_t)len);
		wbuf_bytes(&w, data, len);
	}
	b->nends = 0;
	ck_assert_int_eq(chan_send(b->far, type, id, w.base, w.len, -1), 0);
	while (b->nends == 0) {
		turn(b);
		read_all(b);
	}
	ck_assert_uint_eq(b->end_id[0], id);
}

START_TEST(without_a_network_there_is_nothing_to_tell)
{
	struct bench *b = bench_new(ROLE_CTL);

	ask_end(b, MSG_NET_ASK, 3, NULL, 0);
	ck_assert_int_eq(b->end[0], END_UNKNOWN);
	ask_end(b, MSG_CRL, 4, (const uint8_t *)"MR", 2);
	ck_assert_int_eq(b->end[0], END_FAILED);
	ck_assert_str_eq(b->text, "not a member of a network");
	ck_assert_uint_eq(b->networks, 0);
	bench_free(b);
}
END_TEST

START_TEST(the_network_is_told_with_its_members)
{
	struct bench *b = bench_new(ROLE_CTL);
	struct msg_lookup_reply r = {.status = LOOKUP_FOUND};

	join_network(b);
	for (uint8_t host = 2; host < 7; host++) {
		memset(r.key, host, 32);
		r.certlen = certify(r.cert, host);
		engine_on_recent(b->g.engine, 1000, &r);
	}
	engine_tick(b->g.engine, 1000);
	ask_end(b, MSG_NET_ASK, 3, NULL, 0);
	ck_assert_int_eq(b->end[0], END_OK);
	ck_assert_uint_eq(b->networks, 1);
	ck_assert_uint_eq(b->members, 5);
	bench_free(b);
}
END_TEST

START_TEST(the_filter_is_told_and_ends_with_the_default)
{
	struct bench *b = bench_new(ROLE_CTL);

	ask_end(b, MSG_RULES_ASK, 3, NULL, 0);
	ck_assert_int_eq(b->end[0], END_OK);
	ck_assert_uint_eq(b->rules, 1);
	bench_free(b);
}
END_TEST

START_TEST(classes_are_told_if_there_are_any_and_of_peers_there_are)
{
	static const uint8_t some[] = {'b', 'o', 'b'};
	struct bench *b = bench_new(ROLE_CTL);
	struct conf c;

	ask_end(b, MSG_QOS_ASK, 3, some, 0);
	ck_assert_int_eq(b->end[0], END_OK);
	ck_assert_uint_eq(b->classes, 0);
	conf_defaults(&c, "alpha", "/run/mesh");
	c.node.qos = true;
	ck_assert_int_eq(engine_configure(b->g.engine, 1000, &c), 0);
	ask_end(b, MSG_QOS_ASK, 4, some, 0);
	ck_assert_int_eq(b->end[0], END_OK);
	ck_assert_uint_eq(b->classes, 1);
	ask_end(b, MSG_QOS_ASK, 5, some, sizeof(some));
	ck_assert_int_eq(b->end[0], END_UNKNOWN);
	conf_clear(&c);
	bench_free(b);
}
END_TEST

START_TEST(a_revocation_list_of_control_is_answered)
{
	struct bench *b = bench_new(ROLE_CTL);
	struct crl l = {.number = 1, .n = 1, .serial = {99}};
	uint8_t blob[CRL_MAX];
	size_t n = crl_sign(blob, &l, seed);

	join_network(b);
	ask_end(b, MSG_CRL, 8, blob, n);
	ck_assert_int_eq(b->end[0], END_OK);
	blob[n - 1] ^= 1;
	blob[10] = 2; /* its number */
	ask_end(b, MSG_CRL, 9, blob, n);
	ck_assert_int_eq(b->end[0], END_FAILED);
	ck_assert_str_eq(
	    b->text, "not a revocation list of this network's authority");
	bench_free(b);
}
END_TEST

START_TEST(discoveryd_is_told_of_every_new_member_and_may_send_a_list)
{
	struct bench *b = bench_new(ROLE_DISC);
	struct msg_lookup_reply r = {.status = LOOKUP_FOUND};
	struct crl l = {.number = 1, .n = 1, .serial = {3}};
	uint8_t blob[CRL_MAX], body[CRL_MAX + 2];
	size_t n = crl_sign(blob, &l, seed);
	struct wbuf w;

	join_network(b);
	for (uint8_t host = 2; host < 7; host++) {
		memset(r.key, host, 32);
		r.certlen = certify(r.cert, host);
		engine_on_recent(b->g.engine, 1000, &r);
	}
	engine_tick(b->g.engine, 1000);
	turn(b);
	read_all(b);
	ck_assert_uint_eq(b->members, 5);
	wbuf_init(&w, body, sizeof(body));
	wbuf_u16(&w, (uint16_t)n);
	wbuf_bytes(&w, blob, n);
	ck_assert_int_eq(chan_send(b->far, MSG_CRL, 0, w.base, w.len, -1), 0);
	turn(b);
	ck_assert_uint_eq(engine_nmembers(b->g.engine), 4);
	ck_assert_int_eq(chan_state(b->g.disc.chan), CHAN_S_READY);
	bench_free(b);
}
END_TEST

/* ---- who breaks the protocol ---- */

static const enum role siblings[] = {ROLE_KEY, ROLE_DISC, ROLE_CTL};
#define NSIBLINGS 3

#define MAY_MAX 12
static const uint16_t may[NSIBLINGS][MAY_MAX] = {
    {MSG_MIX_REPLY, MSG_STAMP_REPLY, MSG_PUB_REPLY, MSG_ISSUE_REPLY,
	MSG_INVITE_ROW},
    {MSG_LOOKUP_REPLY, MSG_RECENT_ROW, MSG_PEER_FRAME, MSG_CRL, MSG_OWN_BUNDLE},
    {MSG_PEERS_ASK, MSG_COUNTERS_ASK, MSG_NET_ASK, MSG_CRL, MSG_LEDGER_NEW,
	MSG_RENEW_ASK, MSG_STREAMS_ASK, MSG_FLOWS_ASK, MSG_BREAKERS_ASK,
	MSG_RULES_ASK, MSG_QOS_ASK, MSG_DROPS_ASK},
};

/* The least that each can be. */
static const uint16_t least[NSIBLINGS][MAY_MAX] = {{65, 12, 128, 5, 81},
    {36, 36, 35, 2, 2}, {2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2}};

static bool
may_say(int s, uint16_t type)
{
	for (int i = 0; i < MAY_MAX; i++)
		if (may[s][i] == type)
			return true;
	return false;
}

static const struct wire *
wire_of(const struct bench *b, int s)
{
	return s == 0 ? &b->g.key : s == 1 ? &b->g.disc : &b->g.control;
}

/* All three are there; far[] are their ends. */
static struct bench *
family(struct chan *far[NSIBLINGS])
{
	struct bench *b = bench_new(ROLE_KEY);

	far[0] = b->far;
	for (int s = 1; s < NSIBLINGS; s++)
		far[s] = plug(b, siblings[s]);
	join_network(b);
	return b;
}

static void
family_free(struct bench *b, struct chan *far[NSIBLINGS])
{
	chan_free(far[1]);
	chan_free(far[2]);
	b->far = far[0];
	bench_free(b);
}

/* These octets, whatever the sibling's own rules are. */
static void
force(struct bench *b, struct chan *far, uint16_t type, const void *body,
    size_t len)
{
	static uint8_t rec[IPC_FRAME_MAX];
	size_t n = ipc_build(rec, sizeof(rec), type, 5, body, len, 0);

	ck_assert_uint_ne(n, 0);
	ck_assert_int_eq(ipc_send_record(chan_fd(far), rec, n, -1), 0);
	turn(b);
	turn(b);
}

/* The others' wires live, and what they say is heard; peers are as before. */
static void
nobody_else_suffers(struct bench *b, int offender)
{
	static struct msg_net_row row;

	for (int s = 0; s < NSIBLINGS; s++)
		if (s != offender) {
			ck_assert_ptr_nonnull(wire_of(b, s)->chan);
			ck_assert_int_eq(
			    chan_state(wire_of(b, s)->chan), CHAN_S_READY);
		}
	ck_assert_uint_eq(engine_npeers(b->g.engine), NPEERS);
	ck_assert_uint_eq(engine_nmembers(b->g.engine), 0);
	ck_assert_int_eq(engine_net_row(b->g.engine, 1000, &row), 0);
}

START_TEST(what_a_sibling_may_not_say_costs_it_its_wire_alone)
{
	static const uint8_t body[2048];
	struct chan *far[NSIBLINGS];
	struct bench *b = family(far);
	uint64_t refused = 0;

	for (int s = 0; s < NSIBLINGS; s++)
		for (uint16_t type = 0; type < 128; type++) {
			if (may_say(s, type))
				continue;
			force(b, far[s], type, body, type % 3 * 500u);
			ck_assert_msg(wire_of(b, s)->chan == NULL,
			    "type %u of %s", type, role_name(siblings[s]));
			ck_assert_uint_eq(b->g.refused, ++refused);
			nobody_else_suffers(b, s);
			chan_free(far[s]);
			far[s] = plug(b, siblings[s]);
		}
	family_free(b, far);
}
END_TEST

START_TEST(what_makes_no_sense_costs_its_sender_its_wire_at_most)
{
	uint64_t dice = unit_seed();
	static uint8_t body[1600];
	struct chan *far[NSIBLINGS];
	struct bench *b = family(far);
	uint32_t lost = 0, kept = 0;

	log_set_level(LOG_L_ERROR);
	for (int i = 0; i < 1500; i++) {
		int s = (int)(unit_random(&dice) % NSIBLINGS);
		size_t which = unit_random(&dice) % MAY_MAX;
		uint16_t type = may[s][which];
		size_t len = unit_random(&dice) % sizeof(body);

		if (i % 2 == 0) /* most are wrong, and only by their length */
			len = least[s][which];
		for (size_t k = 0; k < len; k++)
			body[k] = i % 3 == 0 ? (uint8_t)(k == 0)
					     : (uint8_t)unit_random(&dice);
		if (type == 0)
			continue;
		force(b, far[s], type, body, len);
		nobody_else_suffers(b, s);
		b->nends = 0;
		if (wire_of(b, s)->chan != NULL) {
			kept++;
			(void)chan_in(far[s]);
			continue;
		}
		ck_assert_uint_eq(b->g.refused, ++lost);
		chan_free(far[s]);
		far[s] = plug(b, siblings[s]);
	}
	ck_assert_msg(lost > 100 && kept > 100, "SEED=%llu: %u lost, %u kept",
	    (unsigned long long)unit_seed(), lost, kept);
	family_free(b, far);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    many_peers_are_told_a_few_a_turn,
	    figures_are_told_a_few_a_turn,
	    one_peer_is_told_by_its_name_and_nobody_is_unknown,
	    further_questions_wait_and_too_many_fail,
	    a_thousand_dead_peers_are_told_a_few_a_turn_and_to_the_last_place,
	    an_answer_with_too_many_rows_ends_in_failure_and_not_in_silence,
	    while_control_does_not_read_it_is_told_no_more_and_nothing_is_lost,
	    a_control_that_never_reads_is_answered_with_failure,
	    what_a_control_that_went_away_had_asked_is_forgotten,
	    recent_peers_are_taken_as_an_answer_only,
	    an_answer_without_an_end_has_no_more_rows_than_there_can_be_peers,
	    without_a_network_there_is_nothing_to_tell,
	    the_network_is_told_with_its_members,
	    the_filter_is_told_and_ends_with_the_default,
	    classes_are_told_if_there_are_any_and_of_peers_there_are,
	    a_revocation_list_of_control_is_answered,
	    discoveryd_is_told_of_every_new_member_and_may_send_a_list,
	    what_a_sibling_may_not_say_costs_it_its_wire_alone,
	    what_makes_no_sense_costs_its_sender_its_wire_at_most,
	};

	return UNIT_RUN("wires", tests);
}
