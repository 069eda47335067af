/* SPDX-License-Identifier: ISC */
/* file: ctl/question.c */
/*
 * The table is the policy (see question.h): what is not in it can't be asked,
 * and what is not in a row of it can't be answered.
 */
#include "control.h"
#include "question.h"

#define ON(kind) (1u << (LISTEN_##kind))
#define ON_BOTH (ON(CONTROL) | ON(STATUS))

/* clang-format off */
static const struct question questions[] = {
	{ MSG_STATUS_ASK,   ON_BOTH,     R(PARENT),
	    { MSG_NODE_ROW, MSG_PROC_ROW }, CONTROL_LOOK_MS },
	{ MSG_PEERS_ASK,    ON_BOTH,     R(ENGINE),
	    { MSG_PEER_ROW },               CONTROL_LOOK_MS },
	{ MSG_COUNTERS_ASK, ON_BOTH,     R(PARENT) | R(ENGINE) | R(DISC),
	    { MSG_COUNTER_ROW, MSG_HIST_ROW, MSG_FIGURE_ROW }, CONTROL_LOOK_MS },
	{ MSG_LOG_ASK,      ON_BOTH,     0, { 0 }, 0 },
	{ MSG_EVENTS_ASK,   ON_BOTH,     0, { 0 }, 0 },
	{ MSG_FIND_ASK,     ON_BOTH,     R(DISC),
	    { MSG_FIND_STEP, MSG_FIND_ROW }, CONTROL_FIND_MS },
	{ MSG_DHT_ASK,      ON_BOTH,     R(DISC),
	    { MSG_DHT_ROW, MSG_DHT_NODE },  CONTROL_LOOK_MS },
	{ MSG_NET_ASK,      ON_BOTH,     R(ENGINE),
	    { MSG_NET_ROW, MSG_MEMBER_ROW }, CONTROL_LOOK_MS },
	{ MSG_BREAKERS_ASK, ON_BOTH,     R(ENGINE),
	    { MSG_BREAKER_ROW },            CONTROL_LOOK_MS },
	{ MSG_STREAMS_ASK,  ON_BOTH,     R(ENGINE),
	    { MSG_STREAM_ROW },             CONTROL_LOOK_MS },
	{ MSG_FLOWS_ASK,    ON(CONTROL), R(ENGINE),
	    { MSG_FLOW_ROW },               CONTROL_LOOK_MS },
	{ MSG_RULES_ASK,    ON_BOTH,     R(ENGINE),
	    { MSG_RULE_ROW },               CONTROL_LOOK_MS },
	{ MSG_QOS_ASK,      ON_BOTH,     R(ENGINE),
	    { MSG_QOS_ROW },                CONTROL_LOOK_MS },
	{ MSG_DROPS_ASK,    ON(CONTROL), R(PARENT) | R(ENGINE),
	    { MSG_DROP_ROW },               CONTROL_LOOK_MS },
	{ MSG_VERDICT_ASK,  ON(CONTROL), R(ENGINE),
	    { MSG_VERDICT_ROW },            CONTROL_LOOK_MS },
	{ MSG_ECHO_ASK,     ON_BOTH,     R(ENGINE),
	    { MSG_ECHO_ROW },               CONTROL_ECHO_MS },
	{ MSG_NETCHECK_ASK, ON_BOTH,     R(ENGINE),
	    { MSG_NAT_ROW, MSG_NAT_SEEN_ROW }, CONTROL_FIND_MS },
	{ MSG_RELOAD_ASK,   ON(CONTROL), R(PARENT),
	    { MSG_TEXT_ROW },               CONTROL_RELOAD_MS },
	{ MSG_LOG_LEVEL,    ON(CONTROL), R(PARENT),
	    { MSG_TEXT_ROW },               CONTROL_LOOK_MS },
	{ MSG_CRL,          ON(CONTROL), R(ENGINE),
	    { MSG_TEXT_ROW },               CONTROL_LOOK_MS },
	{ MSG_LEDGER_NEW,   ON(CONTROL), R(ENGINE),
	    { MSG_TEXT_ROW },               CONTROL_LOOK_MS },
	{ MSG_RENEW_ASK,    ON(CONTROL), R(ENGINE),
	    { MSG_TEXT_ROW },               CONTROL_RENEW_MS },
};
/* clang-format on */

/* In whose name may an upstream send counters and drops? */
static const uint32_t speaks_for[ROLE_NROLES] = {
    [ROLE_PARENT] = R(PARENT) | R(TUN) | R(KEY),
    [ROLE_ENGINE] = R(ENGINE),
    [ROLE_DISC] = R(DISC),
};

const struct question *
question_of(uint16_t ask)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (questions[i].ask == ask)
			return &questions[i];
	return NULL;
}

uint16_t
question_at(unsigned i)
{
	return i < sizeof(questions) / sizeof(questions[0]) ? questions[i].ask
							    : 0;
}

unsigned
question_place(const struct question *q)
{
	_Static_assert(
	    sizeof(questions) / sizeof(questions[0]) <= QUESTIONS_MAX,
	    "each has a place");
	return (unsigned)(q - questions);
}

bool
question_allowed(uint16_t ask, enum listen_kind kind)
{
	const struct question *r = question_of(ask);

	return r != NULL && (r->where & (1u << kind)) != 0;
}

bool
question_has_row(const struct question *r, uint16_t type)
{
	for (size_t i = 0; i < QUESTION_ROWS; i++)
		if (r->row[i] == type)
			return true;
	return false;
}

bool
question_good(const struct ipc_frame *f)
{
	union {
		struct msg_peers_ask peers;
		struct msg_log_level level;
		struct msg_find_ask find;
		struct msg_qos_ask qos;
		struct msg_blob blob;
		struct msg_echo_ask echo;
		struct msg_verdict_ask verdict;
	} m;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	switch (f->type) {
	case MSG_PEERS_ASK:
	case MSG_DROPS_ASK:
		return msg_get_peers_ask(&r, &m.peers) == 0;
	case MSG_LOG_LEVEL:
		return msg_get_log_level(&r, &m.level) == 0;
	case MSG_QOS_ASK:
		return msg_get_qos_ask(&r, &m.qos) == 0;
	case MSG_FIND_ASK:
		return msg_get_find_ask(&r, &m.find) == 0;
	case MSG_ECHO_ASK:
		return msg_get_echo_ask(&r, &m.echo) == 0;
	case MSG_VERDICT_ASK:
		return msg_get_verdict_ask(&r, &m.verdict) == 0;
	case MSG_CRL:
		return msg_get_blob(&r, &m.blob) == 0;
	default:
		return f->len == 0;
	}
}

static bool
counter_speaks_for(struct rbuf *r, enum role from)
{
	struct msg_counter_row m;

	return msg_get_counter_row(r, &m) == 0 &&
	    (speaks_for[from] & (1u << m.role)) != 0;
}

static bool
drop_speaks_for(struct rbuf *r, enum role from)
{
	struct msg_drop_row m;

	return msg_get_drop_row(r, &m) == 0 &&
	    (speaks_for[from] & (1u << m.role)) != 0;
}

static bool
hist_speaks_for(struct rbuf *r, enum role from)
{
	struct msg_hist_row m;

	return msg_get_hist_row(r, &m) == 0 &&
	    (speaks_for[from] & (1u << m.role)) != 0;
}

static bool
figure_speaks_for(struct rbuf *r, enum role from)
{
	struct msg_figure_row m;

	return msg_get_figure_row(r, &m) == 0 &&
	    (speaks_for[from] & (1u << m.role)) != 0;
}

/*
 * The text forms are canonical, so a row that decodes may be passed on as it
 * is.  What it says is still a stranger's word: meshctl shows it as such.
 */
bool
question_row_good(const struct ipc_frame *f, enum role from)
{
	union {
		struct msg_node_row node;
		struct msg_proc_row proc;
		struct msg_peer_row peer;
		struct msg_text_row text;
		struct msg_find_step step;
		struct msg_find_row find;
		struct msg_dht_row dht;
		struct msg_dht_node other;
		struct msg_net_row net;
		struct msg_member_row member;
		struct msg_breaker_row breaker;
		struct msg_stream_row stream;
		struct msg_flow_row flow;
		struct msg_rule_row rule;
		struct msg_qos_row qos;
		struct msg_echo_row echo;
		struct msg_nat_row nat;
		struct msg_nat_seen_row nat_seen;
		struct msg_verdict_row verdict;
	} m;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	switch (f->type) {
	case MSG_NODE_ROW:
		return msg_get_node_row(&r, &m.node) == 0;
	case MSG_PROC_ROW:
		return msg_get_proc_row(&r, &m.proc) == 0;
	case MSG_PEER_ROW:
		return msg_get_peer_row(&r, &m.peer) == 0;
	case MSG_COUNTER_ROW:
		return counter_speaks_for(&r, from);
	case MSG_DROP_ROW:
		return drop_speaks_for(&r, from);
	case MSG_HIST_ROW:
		return hist_speaks_for(&r, from);
	case MSG_FIGURE_ROW:
		return figure_speaks_for(&r, from);
	case MSG_TEXT_ROW:
		return msg_get_text_row(&r, &m.text) == 0;
	case MSG_FIND_STEP:
		return msg_get_find_step(&r, &m.step) == 0;
	case MSG_FIND_ROW:
		return msg_get_find_row(&r, &m.find) == 0;
	case MSG_DHT_ROW:
		return msg_get_dht_row(&r, &m.dht) == 0;
	case MSG_DHT_NODE:
		return msg_get_dht_node(&r, &m.other) == 0;
	case MSG_NET_ROW:
		return msg_get_net_row(&r, &m.net) == 0;
	case MSG_RULE_ROW:
		return msg_get_rule_row(&r, &m.rule) == 0;
	case MSG_QOS_ROW:
		return msg_get_qos_row(&r, &m.qos) == 0;
	case MSG_MEMBER_ROW:
		return msg_get_member_row(&r, &m.member) == 0;
	case MSG_BREAKER_ROW:
		return msg_get_breaker_row(&r, &m.breaker) == 0;
	case MSG_STREAM_ROW:
		return msg_get_stream_row(&r, &m.stream) == 0;
	case MSG_FLOW_ROW:
		return msg_get_flow_row(&r, &m.flow) == 0;
	case MSG_ECHO_ROW:
		return msg_get_echo_row(&r, &m.echo) == 0;
	case MSG_NAT_ROW:
		return msg_get_nat_row(&r, &m.nat) == 0;
	case MSG_NAT_SEEN_ROW:
		return msg_get_nat_seen_row(&r, &m.nat_seen) == 0;
	case MSG_VERDICT_ROW:
		return msg_get_verdict_row(&r, &m.verdict) == 0;
	default:
		return false;
	}
}
