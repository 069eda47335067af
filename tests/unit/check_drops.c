/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_drops.c */
/*
 * What is remembered of dropped packets, and that `meshctl why` names each
 * reason.  Those that real nodes can't give in reasonable time are provoked
 * here in the real engine and the real pump; the others by the scripts that
 * every_reason_is_provoked_somewhere reads.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine_turn.h"
#include "unit.h"

#include "duo_net.h"
#include "engine_int.h"
#include "guard.h"
#include "pump.h"
#include "reason.h"
#include "stun.h"
#include "why.h"
#include "wire_pair.h"

#define TEXT_MAX 65536

/* ---- the table ---- */

static struct drops table;

static void
note(enum counter why, uint32_t peer, uint8_t last, uint64_t at_ms)
{
	struct drop d = {.why = (uint16_t)why,
	    .peer = peer,
	    .proto = 17,
	    .dst = {4, {10, 0, 0, last}},
	    .sport = (uint16_t)at_ms};

	drops_note(&table, at_ms, &d, 1);
}

/* How many entries of a reason; *n: packets. */
static unsigned
entries(enum counter why, uint64_t *n)
{
	const struct drop *d;
	uint32_t at = 0;
	unsigned rows = 0;

	*n = 0;
	while ((d = drops_next(&table, &at)) != NULL)
		if (d->why == why) {
			rows++;
			*n += d->count;
		}
	return rows;
}

START_TEST(what_is_alike_is_one_entry_that_counts)
{
	uint64_t n;

	drops_init(&table, B_ENG_OUT, B_ENG_IN);
	for (unsigned i = 1; i <= 100; i++)
		note(EO_NO_ROUTE, DROPS_NOBODY, 9, i);
	ck_assert_uint_eq(entries(EO_NO_ROUTE, &n), 1);
	ck_assert_uint_eq(n, 100);
	note(EO_NO_ROUTE, DROPS_NOBODY, 8, 101);
	note(EO_NO_ROUTE, 3, 9, 101);
	ck_assert_uint_eq(entries(EO_NO_ROUTE, &n), 3);
}
END_TEST

START_TEST(a_flood_of_one_reason_leaves_the_others_alone)
{
	uint64_t n;

	drops_init(&table, B_ENG_OUT, B_ENG_IN);
	note(EO_NO_ROUTE, DROPS_NOBODY, 1, 5);
	for (unsigned i = 0; i < 10000; i++)
		note(EI_BAD_MAC1, DROPS_NOBODY, (uint8_t)i, 10 + i);
	ck_assert_uint_eq(entries(EO_NO_ROUTE, &n), 1);
	ck_assert_uint_eq(entries(EI_BAD_MAC1, &n), DROPS_EACH);
}
END_TEST

START_TEST(of_one_reason_the_oldest_makes_way)
{
	const struct drop *d;
	uint32_t at = 0;

	drops_init(&table, B_ENG_OUT, B_ENG_IN);
	for (uint8_t i = 1; i <= DROPS_EACH + 2; i++)
		note(EO_NO_ROUTE, DROPS_NOBODY, i, i);
	while ((d = drops_next(&table, &at)) != NULL)
		ck_assert_uint_gt(d->dst.b[3], 2);
}
END_TEST

START_TEST(there_is_a_place_for_every_reason_of_a_role)
{
	static const enum border pairs[2][2] = {
	    {B_TUN_OUT, B_TUN_IN}, {B_ENG_OUT, B_ENG_IN}};
	uint64_t n;

	for (int k = 0; k < 2; k++) {
		drops_init(&table, pairs[k][0], pairs[k][1]);
		for (unsigned i = 0; i < C_NCOUNTERS; i++) {
			const struct counter_info *c =
			    counter_info((enum counter)i);

			note((enum counter)i, 1, 1, i + 1);
			ck_assert_uint_eq(entries((enum counter)i, &n),
			    c->kind == K_DROP &&
				(c->border == pairs[k][0] ||
				    c->border == pairs[k][1]));
		}
	}
}
END_TEST

/* ---- what people are told ---- */

static struct snapshot snap;

static void
take(struct snapshot *s, enum msg_type type, const struct wbuf *w)
{
	struct ipc_frame f = {
	    .type = (uint16_t)type, .body = w->base, .len = w->len};

	ck_assert_int_eq(wbuf_done(w), 0);
	ck_assert_int_eq(snapshot_take(s, &f), 0);
}

static void
take_drop(const struct msg_drop_row *m)
{
	uint8_t body[256];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_drop_row(&w, m);
	take(&snap, MSG_DROP_ROW, &w);
}

static void
take_peers(const struct engine *e, uint64_t now)
{
	static struct msg_peer_row row;
	static uint8_t body[8192];
	struct wbuf w;

	for (uint32_t i = 0; engine_peer_row(e, i, now, now, &row) == 0; i++) {
		wbuf_init(&w, body, sizeof(body));
		msg_put_peer_row(&w, &row);
		take(&snap, MSG_PEER_ROW, &w);
	}
}

/* It is what why says first, with words and an advice. */
static void
said(enum counter id, const char *word, uint64_t now)
{
	char copy[64], *words[1] = {copy};
	struct why_target t;
	unsigned bad;
	struct why w;

	snprintf(copy, sizeof(copy), "%s", word);
	ck_assert_int_eq(why_target(&t, words, 1, &bad), 0);
	snapshot_sort(&snap);
	why(&w, &snap, &t, now);
	ck_assert_msg(
	    w.ndrops > 0, "%s: nothing about %s", counter_info(id)->name, word);
	ck_assert_str_eq(why_reason(w.drop[0]), counter_info(id)->name);
	ck_assert_str_eq(w.step[w.n - 1].step, "dropped");
	ck_assert_ptr_nonnull(
	    strstr(w.step[w.n - 1].proof, counter_info(id)->name));
	ck_assert_ptr_nonnull(reason_fix(id));
	snapshot_clear(&snap);
}

/* Side no has dropped for this reason, and says so who asks about `word`. */
static void
names(struct duo *d, int no, enum counter id, const char *word)
{
	struct engine *e = d->side[no].e;
	struct msg_drop_row m;
	uint32_t at = 0;

	ck_assert_uint_ge(duo_count(d, no, id), 1);
	duo_balanced(d);
	snapshot_init(&snap);
	take_peers(e, d->now);
	while (engine_drop_row(e, &at, d->now, d->now, &m) == 0)
		take_drop(&m);
	said(id, word, d->now);
}

START_TEST(what_leaves_the_tun_role_and_makes_no_sense)
{
	static const uint8_t junk[40] = {0x99};
	static const struct vnet v;
	struct duo *d = duo_up();
	struct gen g;

	engine_from_tun(d->side[0].e, d->now, &v, junk, sizeof(junk));
	ck_assert_uint_eq(duo_count(d, 0, EO_MALFORMED), 1);
	/* what can be read of it is told */
	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	gen_udp(&g, 53, 100);
	g.v.gso_type = VNET_GSO_TCPV4;
	g.v.gso_size = 50;
	d->now++;
	duo_gen(d, 0, &g);
	names(d, 0, EO_MALFORMED, "b");
	names(d, 0, EO_MALFORMED, "10.0.0.2");
	duo_free(d);
}
END_TEST

START_TEST(a_source_that_is_not_ours)
{
	struct duo *d = duo_up();

	duo_send(d, 0, "10.0.0.3", "10.0.0.2", 10);
	names(d, 0, EO_SPOOFED, "10.0.0.3");
	names(d, 0, EO_SPOOFED, "10.0.0.2");
	duo_free(d);
}
END_TEST

START_TEST(a_key_at_its_end)
{
	struct duo *d = duo_up();
	struct peer_slot *p = d->side[0].e->slot[0];
	struct gen g;

	p->ses.slot[SLOT_CURRENT]->tx_counter =
	    p->ses.slot[SLOT_CURRENT]->limit - 2;
	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	gen_udp(&g, 53, 300);
	gen_gso(&g, VNET_GSO_UDP_L4, 100);
	duo_gen(d, 0, &g);
	names(d, 0, EO_EXHAUSTED, "b");
	duo_free(d);
}
END_TEST

START_TEST(a_socket_that_is_full)
{
	struct duo *d = duo_up();

	d->side[0].udp = UDP_FULL;
	duo_a_to_b(d);
	duo_pump(d);
	names(d, 0, EO_UDP_FULL, "b");
	names(d, 0, EO_UDP_FULL, "192.0.2.2");
	duo_free(d);
}
END_TEST

START_TEST(a_connection_that_changes_its_stream)
{
	struct duo *d = net_up();
	struct peer_slot *p = net_slot(d, 0);

	ck_assert_ptr_nonnull(p->lanes);
	duo_a_to_b(d);
	p->lanes->pool.s[0].state = STREAM_FALTER; /* as if it were sick */
	for (uint32_t i = 0; i <= p->lanes->lane0.held.max_n; i++)
		duo_a_to_b(d);
	names(d, 0, EO_STREAM_FULL, "10.0.0.2");
	p->lanes->pool.s[0].state = STREAM_LIVE;
	net_free(d);
}
END_TEST

/* From 198.51.100.1 to a: a Binding request or answer with so much room. */
static void
stun_comes(struct duo *d, enum stun_kind kind, uint16_t room)
{
	static const uint8_t spaces[100];
	struct endpoint from = {.addr = {4, {198, 51, 100, 1}}, .port = 4711};
	struct stun s = {.kind = kind,
	    .method = STUN_BINDING,
	    .has = room == 0 ? 0 : STUN_SOFTWARE,
	    .software = {spaces, room}};
	uint8_t msg[256];
	size_t n = stun_print(&s, msg, sizeof(msg));

	ck_assert_uint_ne(n, 0);
	d->now++;
	engine_from_udp(d->side[0].e, d->now, 3, &from, msg, n);
	d->nwire = 0;
}

/* In the name of the TURN server or the gateway. */
static void
comes_from(struct duo *d, uint8_t last, uint16_t port, const char *octets)
{
	struct endpoint from = {
	    .addr = {4, {198, 51, 100, last}}, .port = port};
	uint8_t msg[8];

	memcpy(msg, octets, sizeof(msg));
	d->now++;
	engine_from_udp(d->side[0].e, d->now, 3, &from, msg, sizeof(msg));
	d->nwire = 0;
}

START_TEST(what_comes_in_the_name_of_a_relay_or_the_gateway)
{
	struct duo *d = duo_new();
	struct msg_gateways m = {.n = 1};
	struct conf_node *n = &d->side[0].conf.node;
	const struct endpoint any = {.addr = {.family = 4}, .port = 51820};

	n->nturn = 1;
	n->turn[0] = (struct endpoint){{4, {198, 51, 100, 7}}, 3478};
	n->nat_enable = n->port_mapping = true;
	duo_configure(d, 0);
	comes_from(d, 7, 3478, "\x40\x00\x00\x09-+-");
	names(d, 0, EI_TURN_BAD, "198.51.100.7");
	comes_from(d, 7, 3478, "\x40\x00\x00\x03-+-");
	names(d, 0, EI_TURN_STRAY, "198.51.100.7");
	m.at[0].gateway = (struct addr){4, {198, 51, 100, 8}};
	m.at[0].source = (struct addr){4, {10, 0, 0, 2}};
	engine_socket_bound(d->side[0].e, d->now, 3, &any);
	engine_gateways(d->side[0].e, d->now, &m);
	comes_from(d, 8, 5351, "\x00\x85\x00\x00-+-");
	names(d, 0, EI_MAP_STRAY, "198.51.100.8");
	duo_free(d);
}
END_TEST

START_TEST(what_strangers_ask_by_stun)
{
	struct duo *d = duo_new();

	stun_comes(d, STUN_REQUEST, 0);
	names(d, 0, EI_STUN_SHORT, "198.51.100.1");
	stun_comes(d, STUN_INDICATION, 100);
	names(d, 0, EI_STUN_BAD, "198.51.100.1");
	stun_comes(d, STUN_SUCCESS, 100);
	names(d, 0, EI_STUN_STRAY, "198.51.100.1");
	d->side[0].udp = UDP_FULL;
	stun_comes(d, STUN_REQUEST, 100);
	d->side[0].udp = UDP_OK;
	names(d, 0, EI_STUN_LOST, "198.51.100.1");
	for (int i = 0; i < 100; i++)
		stun_comes(d, STUN_REQUEST, 100);
	names(d, 0, EI_STUN_RATE, "198.51.100.1");
	d->side[0].conf.node.stun_serve = false;
	duo_configure(d, 0);
	d->now += 10000;
	stun_comes(d, STUN_REQUEST, 100);
	names(d, 0, EI_STUN_OFF, "198.51.100.1");
	duo_free(d);
}
END_TEST

static void
relayed_comes(struct duo *d, uint32_t label, uint8_t in, bool elsewhere)
{
	struct endpoint from = d->side[1].ep;
	uint8_t msg[WG_RELAY_MIN] = {WG_RELAY, [WG_RELAY_HDR] = in};

	if (elsewhere)
		from = (struct endpoint){
		    .addr = {4, {198, 51, 100, 1}}, .port = 4711};
	wg_put32(msg + WG_RELAY_LABEL, label);
	d->now++;
	engine_from_udp(d->side[0].e, d->now, d->side[0].e->slot[0]->sock,
	    &from, msg, sizeof(msg));
	d->nwire = 0;
}

/* Of a way between b and somebody who has gone. */
START_TEST(what_is_relayed_and_goes_nowhere)
{
	struct duo *d = duo_up();
	struct relay *t = &d->side[0].e->relay->t;
	static struct member member;
	struct peer_slot *b = d->side[0].e->slot[0];
	struct relay_open o = {.req = 1};
	struct circuit *c;

	relayed_comes(d, 7, WG_DATA, true);
	names(d, 0, EI_RELAY_STRAY, "198.51.100.1");
	relayed_comes(d, 7, WG_RELAY, true);
	names(d, 0, EI_RELAY_BAD, "198.51.100.1");
	relay_configure(t, true, 0, 1);
	c = relay_transit(t, d->now, &o, b->no, 77, 0, 1);
	ck_assert_ptr_nonnull(c);
	relayed_comes(d, c->leg[0].label, WG_DATA, true);
	names(d, 0, EI_RELAY_SPOOF, "198.51.100.1");
	b->member = &member;
	relayed_comes(d, c->leg[0].label, WG_DATA, false);
	b->member = NULL;
	names(d, 0, EI_RELAY_LOST, "192.0.2.2");
	b->member = &member;
	t->payer[c->payer].octets = 0;
	relayed_comes(d, c->leg[0].label, WG_DATA, false);
	ck_assert_uint_eq(c->drops, 1);
	b->member = NULL;
	names(d, 0, EI_RELAY_QUOTA, "192.0.2.2");
	relay_close(t, c);
	duo_free(d);
}
END_TEST

START_TEST(what_falls_out_of_a_queue_is_the_oldest)
{
	struct duo *d = duo_new();
	struct msg_drop_row m;
	uint32_t at = 0;

	d->side[0].conf.node.hold_packets = 2;
	duo_configure(d, 0);
	duo_send(d, 0, "10.0.0.1", "10.0.9.3", 10);
	duo_a_to_b(d);
	duo_a_to_b(d);
	ck_assert_int_eq(
	    engine_drop_row(d->side[0].e, &at, d->now, d->now, &m), 0);
	ck_assert_uint_eq(m.why, EO_HOLD_FULL);
	ck_assert_str_eq(m.peer, "b");
	ck_assert_uint_eq(m.dst.b[2], 9);
	duo_free(d);
}
END_TEST

START_TEST(what_is_known_of_a_peer_outlives_the_table)
{
	struct duo *d = duo_up();
	struct msg_drop_row m;
	char to[16];

	ck_assert_int_eq(
	    engine_last_drop(d->side[0].e, "b", d->now, d->now, &m), -1);
	d->side[0].udp = UDP_FULL;
	duo_a_to_b(d);
	duo_pump(d);
	for (int i = 0; i < 100; i++) {
		snprintf(to, sizeof(to), "10.0.8.%d", i);
		duo_send(d, 0, "10.0.0.1", to, 10);
	}
	ck_assert_int_eq(
	    engine_last_drop(d->side[0].e, "b", d->now, d->now, &m), 0);
	ck_assert_uint_eq(m.why, EO_UDP_FULL);
	ck_assert_uint_eq(m.count, 1);
	ck_assert_int_eq(
	    engine_last_drop(d->side[0].e, "nobody", d->now, d->now, &m), -1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(who_has_a_removed_peers_number_is_not_named_for_it)
{
	struct duo *d = duo_up();
	struct msg_drop_row m;
	uint32_t at = 0;

	d->side[0].udp = UDP_FULL;
	duo_a_to_b(d);
	duo_pump(d);
	d->side[0].conf.peer[0].key[7] ^= 1;
	d->side[0].conf.peer[0].key[0] ^= 1;
	duo_configure(d, 0);
	ck_assert_int_eq(
	    engine_drop_row(d->side[0].e, &at, d->now, d->now, &m), 0);
	ck_assert_str_eq(m.peer, "");
	duo_free(d);
}
END_TEST

/* ---- the tun role ---- */

/* What the engine sends is refused for this reason. */
static void
tun_names(enum counter id, const struct gen *g, const char *word)
{
	struct conf_node c = {
	    .naddresses = 1, .nsubnets = 1, .nports = 1, .port = {2222}};
	static struct pump pump;
	struct wire_pair p = wire_pair(false);
	struct pkwire engine;
	struct msg_drop_row m;
	const struct drop *d;
	uint32_t at = 0;
	uint8_t *to;
	int sv[2];

	duo_prefix("10.0.0.1/16", &c.address[0]);
	duo_prefix("10.0.0.0/16", &c.subnet[0]);
	ck_assert_int_eq(pump_init(&pump), 0);
	ck_assert_int_eq(pkwire_init(&engine, PKWIRE_CONTAINERS), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv), 0);
	pump.tun = sv[0];
	pump.guard = guard_new(&c);
	pump_set_engine(&pump, p.fd[0], p.mem[0]);
	pkwire_set(&engine, PKWIRE_ENGINE, p.fd[1], p.mem[1]);
	to = pkwire_begin(&engine, g->len);
	ck_assert_ptr_nonnull(to);
	vnet_put(&g->v, to);
	memcpy(to + PK_VNET, g->b, g->len);
	pkwire_commit(&engine, g->len);
	ck_assert_int_eq(pkwire_flush(&engine), 0);
	ck_assert_int_eq(pump_in(&pump), PUMP_IDLE);
	ck_assert_uint_eq(pump.counters.v[id], 1);
	ck_assert_int_eq(counters_balance(&pump.counters, B_TUN_IN), 0);
	snapshot_init(&snap);
	while ((d = drops_next(&pump.drops, &at)) != NULL) {
		drops_row(&m, d, ROLE_TUN, d->at_ms, DUO_T0);
		take_drop(&m);
	}
	said(id, word, DUO_T0);
	guard_free(pump.guard);
	pump_set_engine(&pump, -1, -1);
	pkwire_clear(&engine);
	pump_clear(&pump);
	close(sv[0]);
	close(sv[1]);
}

START_TEST(a_port_that_the_engine_let_through)
{
	struct gen g;

	gen_ip(&g, "10.0.0.2", "10.0.0.1", 17);
	gen_udp(&g, 2222, 20);
	tun_names(TI_PORT, &g, "10.0.0.2");
}
END_TEST

START_TEST(a_fragment_that_the_engine_let_through)
{
	struct gen g;

	gen_ip(&g, "10.0.0.2", "10.0.0.1", 17);
	gen_udp(&g, 80, 20);
	gen_16(g.b + 6, 100); /* its offset */
	tun_names(TI_FRAGMENT, &g, "10.0.0.2");
}
END_TEST

/* ---- all of them ---- */

static const struct {
	const char *id;
	enum counter no;
} reasons[] = {
#define REASON(id, border, kind, name, help) {#id, id},
    COUNTERS(REASON)
#undef REASON
};
#define NREASONS (sizeof(reasons) / sizeof(reasons[0]))

static char text[TEXT_MAX];

/* A file of this tree, in `text`. */
static char *
slurp(const char *name)
{
	char path[512];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s", __FILE__);
	ck_assert_ptr_nonnull(strstr(path, "tests/unit/"));
	snprintf(strstr(path, "tests/unit/"), 64, "%s", name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	n = fread(text, 1, TEXT_MAX - 1, f);
	ck_assert_uint_lt(n, TEXT_MAX - 1);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
mark(bool done[C_NCOUNTERS], const char *word, bool by_id)
{
	for (size_t i = 0; i < NREASONS; i++)
		if (strcmp(word,
			by_id ? reasons[i].id
			      : counter_info(reasons[i].no)->name) == 0)
			done[reasons[i].no] = true;
}

/* "named alpha no_route ..." at the beginning of a line. */
static void
script_has(bool done[C_NCOUNTERS], const char *name)
{
	char *save = NULL, node[32], word[64];

	for (char *l = strtok_r(slurp(name), "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "named %31s %63s", node, word) == 2)
			mark(done, word, false);
}

/* "names(d, 0, EO_SPOOFED, ..." and "tun_names(TI_PORT, ...". */
static void
this_has(bool done[C_NCOUNTERS])
{
	char *save = NULL, word[64];
	int no;

	for (char *l = strtok_r(slurp("tests/unit/check_drops.c"), "\n", &save);
	     l != NULL; l = strtok_r(NULL, "\n", &save)) {
		while (isspace((unsigned char)*l))
			l++;
		if (sscanf(l, "names(d, %d, %63[A-Z0-9_]", &no, word) == 2 ||
		    sscanf(l, "tun_names(%63[A-Z0-9_]", word) == 1)
			mark(done, word, true);
	}
}

START_TEST(every_reason_is_provoked_somewhere)
{
	static bool done[C_NCOUNTERS];

	script_has(done, "tests/netns/t_why_out");
	script_has(done, "tests/netns/t_why_in");
	script_has(done, "tests/netns/t_qos");
	this_has(done);
	for (unsigned i = 0; i < C_NCOUNTERS; i++)
		ck_assert_msg(
		    counter_info((enum counter)i)->kind != K_DROP || done[i],
		    "%s: provoke it in t_why_out, t_why_in or here",
		    counter_info((enum counter)i)->name);
}
END_TEST

START_TEST(every_reason_has_an_advice_and_nothing_else_has)
{
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		const struct counter_info *c = counter_info((enum counter)i);
		const char *fix = reason_fix((enum counter)i);

		ck_assert_msg(
		    (fix != NULL) == (c->kind == K_DROP), "%s", c->name);
		if (fix != NULL)
			ck_assert_uint_le(strlen(fix), 66); /* a line */
	}
	ck_assert_ptr_null(reason_fix(C_NCOUNTERS));
}
END_TEST

/* ".Ss tun-out: ..." has an item for each reason of that border, with text. */
START_TEST(the_manual_has_every_reason_and_no_other)
{
	bool done[C_NCOUNTERS] = {false};
	char *save = NULL, word[64], border[32] = "";
	const char *open = NULL; /* an item without text */
	unsigned items = 0, all = 0;

	for (char *l = strtok_r(slurp("man/mesh-drops.7"), "\n", &save);
	     l != NULL; l = strtok_r(NULL, "\n", &save)) {
		(void)sscanf(l, ".Ss %31[^:]", border);
		if (sscanf(l, ".It Cm %63s", word) != 1) {
			open = NULL;
			continue;
		}
		ck_assert_msg(open == NULL, "%s has no text", open);
		open = l;
		items++;
		for (size_t i = 0; i < NREASONS; i++) {
			const struct counter_info *c =
			    counter_info(reasons[i].no);

			if (strcmp(c->name, word) != 0)
				continue;
			ck_assert_str_eq(border_name(c->border), border);
			ck_assert_int_eq(c->kind, K_DROP);
			done[reasons[i].no] = true;
		}
	}
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		const struct counter_info *c = counter_info((enum counter)i);

		all += c->kind == K_DROP;
		ck_assert_msg(c->kind != K_DROP || done[i],
		    "%s is not in mesh-drops(7)", c->name);
	}
	ck_assert_uint_eq(items, all);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_alike_is_one_entry_that_counts,
	    a_flood_of_one_reason_leaves_the_others_alone,
	    of_one_reason_the_oldest_makes_way,
	    there_is_a_place_for_every_reason_of_a_role,
	    what_leaves_the_tun_role_and_makes_no_sense,
	    a_source_that_is_not_ours,
	    a_key_at_its_end,
	    a_socket_that_is_full,
	    a_connection_that_changes_its_stream,
	    what_strangers_ask_by_stun,
	    what_is_relayed_and_goes_nowhere,
	    what_comes_in_the_name_of_a_relay_or_the_gateway,
	    what_falls_out_of_a_queue_is_the_oldest,
	    what_is_known_of_a_peer_outlives_the_table,
	    who_has_a_removed_peers_number_is_not_named_for_it,
	    a_port_that_the_engine_let_through,
	    a_fragment_that_the_engine_let_through,
	    every_reason_is_provoked_somewhere,
	    every_reason_has_an_advice_and_nothing_else_has,
	    the_manual_has_every_reason_and_no_other,
	};

	return UNIT_RUN("drops", tests);
}
