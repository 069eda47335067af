/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_msg.c */
/*
 * Every message of the list: the bounds in the list are what its encoder
 * makes at its smallest and largest, its decoder takes exactly what its
 * encoder makes, and msg_refuse keeps out what the list does not allow.
 */
#include <string.h>

#include "ipc.h"
#include "msg.h"
#include "msg_any.h"
#include "unit.h"

#define MUTATED_MAX 700 /* longer payloads are only cut, not mutated */

struct row {
	const char *name;
	unsigned type;
	size_t min, max;
	unsigned fd, from, when;
};

static const struct row rows[] = {
#define M_ROW(n, no, lo, hi, f, who, st) {#n, no, lo, hi, f, who, st},
    MESSAGES(M_ROW)
#undef M_ROW
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static union any_msg msg, back;
static uint8_t mem[IPC_BODY_MAX], mem2[IPC_BODY_MAX];

/* All zeroes, but for the enums that have no zero. */
static void
smallest(unsigned type, union any_msg *m)
{
	memset(m, 0, sizeof(*m));
	switch (type) {
	case MSG_HELLO:
		m->hello.role = ROLE_PARENT;
		break;
	case MSG_WIRE:
		m->wire.peer = ROLE_PARENT;
		break;
	case MSG_MIX_ASK:
		m->mix_ask.n = 1;
		break;
	case MSG_PROC_ROW:
		m->proc_row.role = ROLE_PARENT;
		break;
	case MSG_HIST_ROW:
		m->hist_row.role = ROLE_PARENT;
		break;
	case MSG_FIGURE_ROW:
		m->figure_row.role = ROLE_PARENT;
		break;
	case MSG_COUNTER_ROW:
		m->counter_row.role = ROLE_PARENT;
		break;
	case MSG_DROP_ROW:
		m->drop_row.role = ROLE_PARENT;
		break;
	case MSG_P_LINK:
		m->p_link.mtu = P_LINK_MTU_MIN;
		break;
	case MSG_P_SPAWN:
		m->p_spawn.role = ROLE_PARENT;
		break;
	case MSG_P_KILL:
		m->p_kill.role = ROLE_PARENT;
		break;
	case MSG_P_EXITED:
		m->p_exited.role = ROLE_PARENT;
		break;
	default:
		break;
	}
}

#define FILL(s) memset((s), 'x', sizeof(s) - 1)

static const struct addr full = {.family = 6, .b = {[0] = 0xfd, [15] = 0xff}};

static void
largest_lookup(struct msg_lookup_reply *m)
{
	m->status = LOOKUP_BUSY;
	m->n = CANDIDATES_MAX;
	for (unsigned i = 0; i < m->n; i++) {
		m->c[i].type = (uint8_t)(1 + i % 7);
		m->c[i].ep = (struct endpoint){full, (uint16_t)i};
		m->c[i].priority = ~i;
	}
	m->has_pin = true;
	m->certlen = MSG_CERT_MAX;
}

static void
largest_node(struct msg_node_row *m)
{
	FILL(m->name);
	FILL(m->version);
	FILL(m->device);
	FILL(m->conf_path);
	FILL(m->mtu_peer);
	m->offload = 15;
	m->naddresses = 8;
	m->nlisten = 8;
	for (unsigned i = 0; i < 8; i++) {
		m->address[i] = (struct prefix){full, 128};
		m->listen[i] = (struct endpoint){full, 65535};
	}
}

static void
largest_peer(struct msg_peer_row *m)
{
	FILL(m->name);
	m->state = PV_OFF;
	m->has_endpoint = m->has_psk = true;
	m->endpoint = (struct endpoint){full, 65535};
	m->nallowed = 256;
	for (unsigned i = 0; i < 256; i++)
		m->allowed[i] = (struct prefix){full, (uint8_t)(i / 2)};
}

/* One of each length: what the list says, less what is before the octets. */
static uint16_t
blob_max(unsigned type)
{
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].type == type)
			return (uint16_t)(rows[i].max - 2);
	return 0;
}

static void
largest_breaker(struct msg_breaker_row *m)
{
	FILL(m->name);
	m->is_place = true;
	m->place = (struct endpoint){full, 65535};
	m->state = BV_HALF;
}

static void
largest_net(unsigned type, union any_msg *m)
{
	switch (type) {
	case MSG_SIGN_ASK:
		m->sign_ask.vlen = sizeof(m->sign_ask.v);
		break;
	case MSG_SIGN_REPLY:
		m->sign_reply.status = KEY_REFUSED_POINT;
		break;
	case MSG_INVITE_ROW:
		m->invite_row.state = INVITE_CANCELLED;
		break;
	case MSG_ISSUE_REPLY:
		FILL(m->issue_reply.who);
		m->issue_reply.len = sizeof(m->issue_reply.bundle);
		break;
	case MSG_PEER_FRAME:
		m->peer_frame.len = sizeof(m->peer_frame.body);
		break;
	case MSG_MEMBER:
	case MSG_CRL:
	case MSG_OWN_BUNDLE:
		m->blob.len = blob_max(type);
		break;
	case MSG_DISC_FD:
		m->disc_fd = (struct msg_disc_fd){DISC_LAN6, {full, 65535}};
		break;
	case MSG_PLACES:
		m->places.n = CANDIDATES_MAX;
		for (unsigned i = 0; i < CANDIDATES_MAX; i++)
			m->places.at[i] = (struct place_row){i, {full, 1}};
		break;
	case MSG_FIND_ASK:
		m->find_ask.what = FIND_KEY;
		m->find_ask.ip = full;
		FILL(m->find_ask.name);
		break;
	case MSG_FIND_STEP:
		m->find_step.source = FIND_DHT;
		m->find_step.result = FIND_OFF;
		break;
	case MSG_FIND_ROW:
		m->find_row.source = FIND_DHT;
		largest_lookup(&m->find_row.reply);
		break;
	case MSG_DHT_ROW:
		m->dht_row.mode = 2;
		break;
	case MSG_NET_ROW:
		m->net_row.is_holder = true;
		FILL(m->net_row.note);
		m->net_row.certlen = MSG_CERT_MAX;
		break;
	case MSG_MEMBER_ROW:
		m->member_row.state = PV_OFF;
		m->member_row.certlen = MSG_CERT_MAX;
		break;
	default:
		break;
	}
}

static void
largest_reach_row(unsigned type, union any_msg *m)
{
	switch (type) {
	case MSG_PUNCH_ASK:
	case MSG_PATHS_ASK:
		FILL(m->peers_ask.name);
		break;
	case MSG_NAT_ROW:
		m->nat_row.family = 6;
		m->nat_row.mapping = NAT_NMAPPINGS - 1;
		m->nat_row.filtering = NAT_NFILTERINGS - 1;
		break;
	case MSG_NAT_SEEN_ROW:
		FILL(m->nat_seen_row.name);
		break;
	case MSG_TUN_MTU:
		FILL(m->tun_mtu.peer);
		break;
	case MSG_PATH_ROW:
		FILL(m->path_row.peer);
		FILL(m->path_row.place);
		m->path_row.kind = PK_NKINDS - 1;
		m->path_row.state = PST_NSTATES - 1;
		m->path_row.why = PR_NREASONS - 1;
		m->path_row.loss_pm = 1000;
		break;
	case MSG_FAILOVER_ASK:
		FILL(m->failover_ask.peer);
		FILL(m->failover_ask.place);
		break;
	case MSG_FAILOVER_ROW:
		FILL(m->failover_row.from);
		FILL(m->failover_row.to);
		m->failover_row.result = FO_NRESULTS - 1;
		break;
	case MSG_RELAY_ROW:
		m->relay_row.role = 3;
		FILL(m->relay_row.peer);
		FILL(m->relay_row.via);
		break;
	case MSG_OWN_RELAYS:
		m->own_relays.n = OWN_RELAYS_MAX;
		break;
	case MSG_REFLEXIVE:
		m->reflexive.n = REFLEXIVE_MAX;
		break;
	case MSG_GATEWAYS:
		m->gateways.n = GATEWAYS_MAX;
		for (unsigned i = 0; i < GATEWAYS_MAX; i++)
			m->gateways.at[i].gateway.family =
			    m->gateways.at[i].source.family = 4;
		break;
	case MSG_GAINED:
		m->gained.n = GAINED_MAX;
		for (unsigned i = 0; i < GAINED_MAX; i++)
			m->gained.at[i].type = CANDIDATE_TURN;
		break;
	case MSG_TURN_ROW:
		m->turn_row.state = TURN_STATES - 1;
		m->turn_row.why = TURN_WHYS - 1;
		m->turn_row.by = TURN_BYS - 1;
		break;
	case MSG_MAP_ROW:
		m->map_row.protocol = MAP_PROTOCOLS - 1;
		m->map_row.state = MAP_STATES - 1;
		break;
	case MSG_TLS_FD:
		m->tls_fd.index = TLS_LISTEN_MAX - 1;
		break;
	case MSG_TLS_UP:
		m->tls_up.accepted = true;
		break;
	case MSG_TLS_DOWN:
		m->tls_down.why = TLS_NDOWNS - 1;
		break;
	case MSG_TLS_PIN:
		m->tls_pin.listens = true;
		break;
	default:
		break;
	}
}

/* What is told to people. */
static void
largest_row(unsigned type, union any_msg *m)
{
	switch (type) {
	case MSG_FIGURE_ROW:
		m->figure_row.role = ROLE_NROLES - 1;
		m->figure_row.id = m->figure_row.label = 65535;
		m->figure_row.value = UINT64_MAX;
		break;
	case MSG_VERDICT_ASK:
		m->verdict_ask.src = m->verdict_ask.dst = full;
		break;
	case MSG_VERDICT_ROW:
		FILL(m->verdict_row.peer);
		FILL(m->verdict_row.text);
		break;
	case MSG_HIST_ROW:
		m->hist_row.role = ROLE_NROLES - 1;
		m->hist_row.id = 65535;
		memset(&m->hist_row.h, 0xff, sizeof(m->hist_row.h));
		break;
	case MSG_RULE_ROW:
		FILL(m->rule_row.text);
		break;
	case MSG_QOS_ASK:
		FILL(m->qos_ask.peer);
		break;
	case MSG_QOS_ROW:
		FILL(m->qos_row.peer);
		FILL(m->qos_row.name);
		break;
	case MSG_DROP_ROW:
		m->drop_row = (struct msg_drop_row){.role = ROLE_NROLES - 1,
		    .why = 65535,
		    .outer = true,
		    .src = full,
		    .dst = full};
		FILL(m->drop_row.peer);
		break;
	case MSG_STREAM_ROW:
		memset(m->stream_row.peer, 'x', sizeof(m->stream_row.peer) - 1);
		break;
	case MSG_FLOW_ROW:
		memset(m->flow_row.peer, 'x', sizeof(m->flow_row.peer) - 1);
		break;
	default:
		largest_reach_row(type, m);
		break;
	}
}

static void
largest_event(unsigned type, union any_msg *m)
{
	switch (type) {
	case MSG_EVENT:
		m->event.kind = EV_PEER_MOVED;
		m->event.from = ROLE_NROLES - 1;
		for (unsigned i = 0; i < 3; i++)
			FILL(m->event.v[i].s);
		break;
	case MSG_EVENTS_ASK:
		m->events_ask = (struct msg_events_ask){~0u, ~0ull, true};
		break;
	case MSG_ECHO_ASK:
		m->echo_ask.wait_ms = ECHO_WAIT_MAX_MS;
		FILL(m->echo_ask.name);
		break;
	case MSG_ECHO_ROW:
		m->echo_row = (struct msg_echo_row){
		    ECHO_BUSY, true, {full, 65535}, ~0u, ~0ull, ~0ull};
		break;
	default:
		largest_row(type, m);
		break;
	}
}

static void
largest_priv(unsigned type, union any_msg *m)
{
	switch (type) {
	case MSG_P_TUN:
		FILL(m->p_tun.device);
		m->p_tun.offload = 15;
		break;
	case MSG_P_KEY:
		FILL(m->p_key.path);
		break;
	case MSG_P_LISTEN:
		m->p_listen.kind = LISTEN_STATUS;
		FILL(m->p_listen.path);
		FILL(m->p_listen.group);
		break;
	case MSG_P_SPAWN:
		m->p_spawn = (struct msg_p_spawn){ROLE_NROLES - 1, ~0ull};
		break;
	case MSG_P_KILL:
		m->p_kill.role = ROLE_NROLES - 1;
		break;
	case MSG_P_UDP:
		m->p_udp = (struct msg_p_udp){{full, 65535}, true};
		break;
	case MSG_P_BUFFERS:
		m->p_buffers = (struct msg_p_buffers){~0u, ~0u};
		break;
	case MSG_P_NET:
		m->p_net = (struct msg_p_net){true, true, {full, 128}};
		break;
	case MSG_P_LINK:
		m->p_link.mtu = P_LINK_MTU_MAX;
		break;
	case MSG_P_FD:
		m->p_fd = (struct msg_p_fd){15, {full, 65535}};
		break;
	case MSG_P_DONE:
		m->p_done = (struct msg_p_done){~0u, ~0u};
		break;
	case MSG_P_FAILED:
		m->p_failed.error = ~0u;
		FILL(m->p_failed.text);
		break;
	case MSG_P_EXITED:
		m->p_exited = (struct msg_p_exited){ROLE_NROLES - 1, ~0u, ~0u};
		break;
	default:
		break;
	}
}

/* Every string and array full, every enum at its last value. */
static void
largest(unsigned type, union any_msg *m)
{
	memset(m, 0, sizeof(*m));
	switch (type) {
	case MSG_HELLO:
		m->hello = (struct msg_hello){~0u, ROLE_NROLES - 1, ~0ull};
		break;
	case MSG_WIRE:
		m->wire = (struct msg_wire){
		    WIRE_PACKETS, ROLE_NROLES - 1, ~0ull, 255};
		break;
	case MSG_TUN_FD:
		m->tun_fd = (struct msg_tun_fd){255, 15};
		break;
	case MSG_UDP_FD:
		m->udp_fd = (struct msg_udp_fd){65535, {full, 65535}};
		break;
	case MSG_LISTEN_FD:
		m->listen_fd.kind = LISTEN_STATUS;
		break;
	case MSG_LOG:
		m->log.level = 3;
		FILL(m->log.text);
		break;
	case MSG_MIX_ASK:
		m->mix_ask.n = 2;
		break;
	case MSG_MIX_REPLY:
		m->mix_reply.status = KEY_REFUSED_POINT;
		break;
	case MSG_LOOKUP_ASK:
		m->lookup_ask.ip = full;
		break;
	case MSG_LOOKUP_REPLY:
	case MSG_RECENT_ROW:
		largest_lookup(&m->lookup_reply);
		break;
	case MSG_PEER_SEEN:
		m->peer_seen.ep = (struct endpoint){full, 65535};
		m->peer_seen.up = true;
		break;
	case MSG_PEERS_ASK:
	case MSG_DROPS_ASK:
		FILL(m->peers_ask.name);
		break;
	case MSG_LOG_LEVEL:
		m->log_level.level = 3;
		break;
	case MSG_NODE_ROW:
		largest_node(&m->node_row);
		break;
	case MSG_PROC_ROW:
		m->proc_row.role = ROLE_NROLES - 1;
		m->proc_row.state = PROC_WAITING;
		break;
	case MSG_PEER_ROW:
		largest_peer(&m->peer_row);
		break;
	case MSG_BREAKER_ROW:
		largest_breaker(&m->breaker_row);
		break;
	case MSG_COUNTER_ROW:
		m->counter_row =
		    (struct msg_counter_row){ROLE_NROLES - 1, 65535, ~0ull};
		break;
	case MSG_LOG_ROW:
		m->log_row.level = 3;
		FILL(m->log_row.text);
		break;
	case MSG_TEXT_ROW:
		m->text_row.kind = 2;
		FILL(m->text_row.text);
		break;
	case MSG_END:
		m->end.status = END_AWAY;
		break;
	default:
		largest_net(type, m);
		largest_priv(type, m);
		largest_event(type, m);
		break;
	}
}

static size_t
encode(unsigned type, const union any_msg *m, uint8_t *out)
{
	struct wbuf w;

	wbuf_init(&w, out, IPC_BODY_MAX);
	any_put(type, &w, m);
	ck_assert_msg(wbuf_done(&w) == 0, "%s", msg_name(type));
	return w.len;
}

/* From an exact-size copy on the heap, so that a sanitizer sees an overrun. */
static int
decode(unsigned type, const uint8_t *in, size_t len, union any_msg *m)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct rbuf r;
	int rv;

	if (len > 0)
		memcpy(copy, in, len);
	rbuf_init(&r, copy, len);
	rv = any_get(type, &r, m);
	free(copy);
	return rv;
}

START_TEST(every_message_has_a_codec_or_no_body)
{
	for (size_t i = 0; i < NROWS; i++) {
		bool conf = rows[i].type == MSG_TLS_DATA || /* a datagram */
		    rows[i].type == MSG_CONF_NODE ||
		    rows[i].type == MSG_CONF_NET ||
		    rows[i].type == MSG_CONF_TURN ||
		    rows[i].type == MSG_CONF_PEER;

		ck_assert_msg(
		    any_has(rows[i].type) + (rows[i].max == 0) + conf == 1,
		    "%s", rows[i].name);
	}
}
END_TEST

START_TEST(the_bounds_are_what_the_encoders_make)
{
	for (size_t i = 0; i < NROWS; i++) {
		const struct row *r = &rows[i];

		if (!any_has(r->type))
			continue;
		smallest(r->type, &msg);
		ck_assert_msg(encode(r->type, &msg, mem) == r->min, "%s: %zu",
		    r->name, encode(r->type, &msg, mem));
		largest(r->type, &msg);
		ck_assert_msg(encode(r->type, &msg, mem) == r->max, "%s: %zu",
		    r->name, encode(r->type, &msg, mem));
	}
}
END_TEST

START_TEST(an_mtu_out_of_bounds_is_not_taken)
{
	static const uint16_t no[] = {
	    0, P_LINK_MTU_MIN - 1, P_LINK_MTU_MAX + 1, UINT16_MAX};
	struct msg_p_link m;
	uint8_t body[2];
	struct wbuf w;
	struct rbuf r;

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		m.mtu = no[i];
		wbuf_init(&w, body, sizeof(body));
		msg_put_p_link(&w, &m);
		rbuf_init(&r, body, w.len);
		ck_assert_int_eq(msg_get_p_link(&r, &m), -1);
	}
}
END_TEST

START_TEST(decode_and_encode_give_the_same_octets)
{
	for (size_t i = 0; i < NROWS; i++)
		for (int big = 0; big < 2; big++) {
			unsigned type = rows[i].type;
			size_t n;

			if (!any_has(type))
				continue;
			(big ? largest : smallest)(type, &msg);
			n = encode(type, &msg, mem);
			memset(&back, 0x5a, sizeof(back));
			ck_assert_msg(decode(type, mem, n, &back) == 0, "%s",
			    rows[i].name);
			ck_assert_uint_eq(encode(type, &back, mem2), n);
			ck_assert_mem_eq(mem, mem2, n);
		}
}
END_TEST

START_TEST(every_prefix_and_every_longer_payload_is_refused)
{
	for (size_t i = 0; i < NROWS; i++)
		for (int big = 0; big < 2; big++) {
			unsigned type = rows[i].type;
			size_t n;

			if (!any_has(type))
				continue;
			(big ? largest : smallest)(type, &msg);
			n = encode(type, &msg, mem);
			for (size_t cut = 0; cut < n; cut++)
				ck_assert_msg(
				    decode(type, mem, cut, &back) == -1,
				    "%s cut to %zu", rows[i].name, cut);
			for (int more = 0; more < 256; more++) {
				mem[n] = (uint8_t)more;
				ck_assert_msg(
				    decode(type, mem, n + 1, &back) == -1,
				    "%s and %d", rows[i].name, more);
			}
		}
}
END_TEST

/* One value, one encoding: whatever a decoder takes encodes to itself. */
static void
means_itself_or_is_refused(unsigned type, size_t n)
{
	if (decode(type, mem, n, &back) == -1)
		return;
	ck_assert_uint_eq(encode(type, &back, mem2), n);
	ck_assert_mem_eq(mem, mem2, n);
}

START_TEST(every_octet_changed_is_refused_or_means_itself)
{
	static const uint8_t values[] = {
	    0, 1, 2, 3, 4, 5, 6, 9, 16, 33, 127, 128, 129, 254, 255};

	for (size_t i = 0; i < NROWS; i++) {
		unsigned type = rows[i].type;
		size_t n;

		if (!any_has(type) || rows[i].max > MUTATED_MAX)
			continue;
		largest(type, &msg);
		n = encode(type, &msg, mem);
		for (size_t at = 0; at < n; at++) {
			uint8_t kept = mem[at];

			for (size_t v = 0; v < sizeof(values); v++) {
				mem[at] = values[v];
				means_itself_or_is_refused(type, n);
			}
			mem[at] = kept;
		}
	}
}
END_TEST

START_TEST(enums_outside_their_range_are_refused)
{
	static const struct {
		unsigned type;
		size_t at;
		int first, last;
	} enums[] = {
	    {MSG_HELLO, 4, 1, ROLE_NROLES - 1},
	    {MSG_WIRE, 0, 0, 1},
	    {MSG_WIRE, 1, 1, ROLE_NROLES - 1},
	    {MSG_TUN_FD, 1, 0, 15},
	    {MSG_LISTEN_FD, 0, 0, 1},
	    {MSG_LOG, 0, 0, 3},
	    {MSG_MIX_ASK, 64, 1, 2},
	    {MSG_MIX_REPLY, 0, 0, 2},
	    {MSG_LOOKUP_REPLY, 0, 0, 2},
	    {MSG_RECENT_ROW, 0, 0, 2},
	    {MSG_PEER_SEEN, 51, 0, 1},
	    {MSG_LOG_LEVEL, 0, 0, 3},
	    {MSG_NODE_ROW, 34, 0, 15},
	    {MSG_PROC_ROW, 0, 1, ROLE_NROLES - 1},
	    {MSG_PROC_ROW, 1, 0, 3},
	    {MSG_PEER_ROW, 34, 0, 5},
	    {MSG_PEER_ROW, 35, 0, 1},
	    {MSG_PEER_ROW, 36, 0, 1},
	    {MSG_COUNTER_ROW, 0, 1, ROLE_NROLES - 1},
	    {MSG_HIST_ROW, 0, 1, ROLE_NROLES - 1},
	    {MSG_FIGURE_ROW, 0, 1, ROLE_NROLES - 1},
	    {MSG_LOG_ROW, 8, 0, 3},
	    {MSG_TEXT_ROW, 0, 0, 2},
	    {MSG_END, 0, 0, 4},
	    {MSG_SIGN_REPLY, 0, 0, 2},
	    {MSG_INVITE_ROW, 80, 0, 3},
	    {MSG_DISC_FD, 0, 0, 3},
	    {MSG_FIND_ASK, 0, 0, 2},
	    {MSG_FIND_STEP, 0, 0, 4},
	    {MSG_FIND_STEP, 1, 0, 3},
	    {MSG_FIND_ROW, 0, 0, 2},
	    {MSG_FIND_ROW, 1, 0, 4},
	    {MSG_DHT_ROW, 78, 0, 2},
	    {MSG_MEMBER_ROW, 0, 0, 5},
	    {MSG_BREAKER_ROW, 2, 0, 1},
	    {MSG_BREAKER_ROW, 22, 0, 2},
	    {MSG_DROP_ROW, 0, 1, ROLE_NROLES - 1},
	    {MSG_DROP_ROW, 21, 0, 1},
	    {MSG_P_TUN, 2, 0, 15},
	    {MSG_P_LISTEN, 0, 0, 1},
	    {MSG_P_SPAWN, 0, 1, ROLE_NROLES - 1},
	    {MSG_P_KILL, 0, 1, ROLE_NROLES - 1},
	    {MSG_P_NET, 0, 0, 1},
	    {MSG_P_NET, 1, 0, 1},
	    {MSG_P_UDP, 19, 0, 1},
	    {MSG_TLS_FD, 0, 0, TLS_LISTEN_MAX - 1},
	    {MSG_TURN_CONNECT, 19, 0, 1},
	    {MSG_TLS_UP, 19, 0, 1},
	    {MSG_TLS_DOWN, 0, 0, TLS_NDOWNS - 1},
	    {MSG_TLS_PIN, 0, 0, 1},
	    {MSG_P_FD, 0, 0, 15},
	    {MSG_P_EXITED, 0, 1, ROLE_NROLES - 1},
	};

	for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++)
		for (int v = 0; v < 256; v++) {
			size_t n;

			smallest(enums[i].type, &msg);
			n = encode(enums[i].type, &msg, mem);
			mem[enums[i].at] = (uint8_t)v;
			ck_assert_msg(
			    (decode(enums[i].type, mem, n, &back) == 0) ==
				(v >= enums[i].first && v <= enums[i].last),
			    "%s: %d at %zu", msg_name(enums[i].type), v,
			    enums[i].at);
		}
}
END_TEST

START_TEST(a_candidate_has_one_of_seven_types)
{
	largest(MSG_LOOKUP_REPLY, &msg);
	for (unsigned v = 0; v < 256; v++) {
		size_t n;

		msg.lookup_reply.c[3].type = (uint8_t)v;
		n = encode(MSG_LOOKUP_REPLY, &msg, mem);
		ck_assert_int_eq(decode(MSG_LOOKUP_REPLY, mem, n, &back),
		    v >= 1 && v <= 7 ? 0 : -1);
	}
}
END_TEST

START_TEST(counts_beyond_their_arrays_are_refused_by_both_sides)
{
	struct wbuf w;

	smallest(MSG_LOOKUP_REPLY, &msg);
	msg.lookup_reply.n = CANDIDATES_MAX + 1;
	wbuf_init(&w, mem, sizeof(mem));
	any_put(MSG_LOOKUP_REPLY, &w, &msg);
	ck_assert_int_eq(wbuf_done(&w), -1);

	smallest(MSG_PEER_ROW, &msg);
	msg.peer_row.nallowed = 257;
	wbuf_init(&w, mem, sizeof(mem));
	any_put(MSG_PEER_ROW, &w, &msg);
	ck_assert_int_eq(wbuf_done(&w), -1);

	smallest(MSG_NODE_ROW, &msg);
	msg.node_row.nlisten = 9;
	wbuf_init(&w, mem, sizeof(mem));
	any_put(MSG_NODE_ROW, &w, &msg);
	ck_assert_int_eq(wbuf_done(&w), -1);

	smallest(MSG_PEER_ROW, &msg);
	encode(MSG_PEER_ROW, &msg, mem);
	mem[134] = 1;
	mem[135] = 1; /* 257 prefixes */
	memset(mem + 136, 0, (size_t)257 * 18);
	ck_assert_int_eq(
	    decode(MSG_PEER_ROW, mem, 144 + (size_t)257 * 18, &back), -1);
	ck_assert_uint_eq(back.peer_row.nallowed, 0);
}
END_TEST

START_TEST(a_text_with_a_nul_inside_is_refused)
{
	size_t n;

	largest(MSG_LOG, &msg);
	n = encode(MSG_LOG, &msg, mem);
	mem[10] = 0;
	ck_assert_int_eq(decode(MSG_LOG, mem, n, &back), -1);
}
END_TEST

START_TEST(refuse_knows_every_length_of_every_message)
{
	for (size_t i = 0; i < NROWS; i++)
		for (size_t n = 0; n <= IPC_BODY_MAX + 1; n++) {
			const struct row *r = &rows[i];
			enum role from = ROLE_PARENT;
			const char *why;

			while ((r->from & 1u << from) == 0)
				from++;
			why = msg_refuse(
			    r->type, n, r->fd == FD_ONE, from, r->when);
			ck_assert_msg(
			    (why == NULL) == (n >= r->min && n <= r->max),
			    "%s of %zu: %s", r->name, n, why);
		}
}
END_TEST

START_TEST(refuse_agrees_with_the_list_for_every_sender_state_and_fd)
{
	for (size_t i = 0; i < NROWS; i++)
		for (unsigned k = 0; k < (ROLE_NROLES + 2) * 8; k++) {
			const struct row *r = &rows[i];
			unsigned who = k / 8, state = k & 3;
			bool fd = k & 4;
			bool want = who < ROLE_NROLES &&
			    (r->from & 1u << who) != 0 &&
			    (r->when & state) != 0 && (r->fd == FD_ONE) == fd;
			const char *why = msg_refuse(
			    r->type, r->min, fd, (enum role)who, state);

			ck_assert_msg(
			    (why == NULL) == want, "%s: %s", r->name, why);
		}
}
END_TEST

START_TEST(numbers_that_are_not_in_the_list_are_unknown)
{
	bool known[512] = {false};

	for (size_t i = 0; i < NROWS; i++)
		known[rows[i].type] = true;
	for (unsigned type = 0; type < 512; type++) {
		if (known[type])
			continue;
		ck_assert_str_eq(msg_name(type), "?");
		ck_assert_str_eq(
		    msg_refuse(type, 0, false, ROLE_PARENT, ST_NEW | ST_READY),
		    "unknown type");
	}
	ck_assert_str_eq(msg_name(~0u), "?");
}
END_TEST

START_TEST(nobody_may_send_without_a_role)
{
	for (size_t i = 0; i < NROWS; i++)
		ck_assert_uint_eq(rows[i].from & R(NONE), 0);
}
END_TEST

START_TEST(only_parent_and_priv_send_descriptors)
{
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].fd == FD_ONE)
			ck_assert_uint_eq(rows[i].from,
			    rows[i].type == MSG_P_FD ? R(PRIV) : R(PARENT));
}
END_TEST

START_TEST(hello_alone_is_legal_before_ready_and_never_after)
{
	for (size_t i = 0; i < NROWS; i++)
		ck_assert_uint_eq(rows[i].when,
		    rows[i].type == MSG_HELLO ? ST_NEW : ST_READY);
}
END_TEST

START_TEST(every_message_fits_into_a_frame)
{
	for (size_t i = 0; i < NROWS; i++)
		ck_assert_uint_le(rows[i].max, IPC_BODY_MAX);
}
END_TEST

START_TEST(names_come_from_the_list)
{
	ck_assert_str_eq(msg_name(MSG_LOOKUP_ASK), "LOOKUP_ASK");
	ck_assert_str_eq(role_name(ROLE_PARENT), "tunnel-priv");
	ck_assert_str_eq(role_name(ROLE_TUN), "tun");
	ck_assert_str_eq(role_name(ROLE_KEY), "keyd");
	ck_assert_str_eq(role_name(ROLE_ENGINE), "p2p-engine");
	ck_assert_str_eq(role_name(ROLE_DISC), "discoveryd");
	ck_assert_str_eq(role_name(ROLE_CTL), "control");
	ck_assert_str_eq(role_name(ROLE_CLIENT), "meshctl");
	ck_assert_str_eq(role_name(ROLE_CONF), "conf");
	ck_assert_str_eq(role_name(ROLE_PRIV), "priv");
	ck_assert_str_eq(role_name(ROLE_NROLES), "?");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_message_has_a_codec_or_no_body,
	    the_bounds_are_what_the_encoders_make,
	    an_mtu_out_of_bounds_is_not_taken,
	    decode_and_encode_give_the_same_octets,
	    every_prefix_and_every_longer_payload_is_refused,
	    every_octet_changed_is_refused_or_means_itself,
	    enums_outside_their_range_are_refused,
	    a_candidate_has_one_of_seven_types,
	    counts_beyond_their_arrays_are_refused_by_both_sides,
	    a_text_with_a_nul_inside_is_refused,
	    refuse_knows_every_length_of_every_message,
	    refuse_agrees_with_the_list_for_every_sender_state_and_fd,
	    numbers_that_are_not_in_the_list_are_unknown,
	    nobody_may_send_without_a_role,
	    only_parent_and_priv_send_descriptors,
	    hello_alone_is_legal_before_ready_and_never_after,
	    every_message_fits_into_a_frame,
	    names_come_from_the_list,
	};

	return UNIT_RUN("msg", tests);
}
