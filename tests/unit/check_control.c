/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_control.c */
/* The routing of questions and answers, without a socket. */
#include <stdio.h>
#include <string.h>

#include "cert.h"
#include "control.h"
#include "question.h"
#include "unit.h"

#define SENT_MAX 256

struct sent {
	int place; /* to a client, or -1 */
	enum role to;
	enum msg_type type;
	uint32_t id;
	uint8_t body[600];
	size_t len;
};

static struct control c;
static struct sent sent[SENT_MAX];
static unsigned nsent;
static int cut_place, evicted;
static bool client_full, client_unread;
static uint64_t now;

static int
record(int place, enum role to, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	struct sent *s = &sent[nsent++];

	ck_assert_uint_lt(nsent, SENT_MAX);
	*s = (struct sent){
	    .place = place, .to = to, .type = type, .id = id, .len = len};
	if (len > 0 && len <= sizeof(s->body))
		memcpy(s->body, body, len);
	return 0;
}

static int
to_client(void *ctx, unsigned place, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	(void)ctx;
	if (client_full)
		return -1;
	return record((int)place, ROLE_NONE, type, id, body, len);
}

static int
to_upstream(void *ctx, enum role to, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	(void)ctx;
	return record(-1, to, type, id, body, len);
}

static bool
unread(void *ctx, unsigned place, uint64_t *out)
{
	(void)ctx;
	(void)place;
	*out = 0;
	return client_unread;
}

static void
cut(void *ctx, unsigned place, const char *why)
{
	(void)ctx;
	(void)why;
	cut_place = (int)place;
}

static void
evict(void *ctx, unsigned place)
{
	(void)ctx;
	evicted = (int)place;
	control_client_gone(&c, place);
}

static uint64_t
suppressed(void *ctx)
{
	(void)ctx;
	return 12;
}

static const struct control_ops fake = {
    .to_client = to_client,
    .to_upstream = to_upstream,
    .unread = unread,
    .cut = cut,
    .evict = evict,
    .suppressed = suppressed,
};

static void
start(void)
{
	control_init(&c, &fake);
	nsent = 0;
	cut_place = evicted = -1;
	client_full = client_unread = false;
	now = 1000;
	control_upstream(&c, ROLE_PARENT, true, now);
	control_upstream(&c, ROLE_ENGINE, true, now);
	control_upstream(&c, ROLE_DISC, true, now);
}

static unsigned
client(enum listen_kind kind)
{
	int place = control_client_new(&c, kind, 0, now);

	ck_assert_int_ne(place, -1);
	control_client_greeted(&c, (unsigned)place, now);
	return (unsigned)place;
}

static enum chan_verdict
ask(unsigned place, enum msg_type type, uint32_t id, const void *body,
    size_t len)
{
	const struct ipc_frame f = {.type = (uint16_t)type,
	    .id = id,
	    .body = body,
	    .len = len,
	    .fd = -1};

	return control_question(&c, place, &f, now);
}

static enum chan_verdict
answer(enum role from, enum msg_type type, uint32_t id, const void *body,
    size_t len)
{
	const struct ipc_frame f = {.type = (uint16_t)type,
	    .id = id,
	    .body = body,
	    .len = len,
	    .fd = -1};

	return control_answer(&c, from, &f, now);
}

static enum chan_verdict
end(enum role from, uint32_t id, enum row_end status)
{
	uint8_t body = (uint8_t)status;

	return answer(from, MSG_END, id, &body, 1);
}

static enum chan_verdict
counter(enum role from, enum role named, uint32_t id)
{
	const struct msg_counter_row m = {
	    .role = named, .id = DISC_ASKED, .value = 5};
	uint8_t body[16];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_counter_row(&w, &m);
	return answer(from, MSG_COUNTER_ROW, id, body, w.len);
}

/* How many frames of this type went to that client? */
static unsigned
got(unsigned place, enum msg_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nsent; i++)
		n += sent[i].place == (int)place && sent[i].type == type;
	return n;
}

/* The last frame to that client must be an END: how did it end? */
static enum row_end
ended(unsigned place, uint32_t id)
{
	for (unsigned i = nsent; i-- > 0;)
		if (sent[i].place == (int)place) {
			ck_assert_int_eq(sent[i].type, MSG_END);
			ck_assert_uint_eq(sent[i].id, id);
			return (enum row_end)sent[i].body[0];
		}
	ck_abort_msg("no answer");
	return END_FAILED;
}

/* The id under which a question was passed on. */
static uint32_t
passed_on(enum role to)
{
	for (unsigned i = nsent; i-- > 0;)
		if (sent[i].place == -1 && sent[i].to == to)
			return sent[i].id;
	ck_abort_msg("not passed on to %s", role_name(to));
	return 0;
}

START_TEST(the_status_socket_only_looks)
{
	const uint16_t looks[] = {MSG_STATUS_ASK, MSG_PEERS_ASK,
	    MSG_COUNTERS_ASK, MSG_LOG_ASK, MSG_FIND_ASK, MSG_DHT_ASK,
	    MSG_NET_ASK, MSG_STREAMS_ASK, MSG_BREAKERS_ASK, MSG_RULES_ASK,
	    MSG_QOS_ASK, MSG_EVENTS_ASK, MSG_ECHO_ASK, MSG_NETCHECK_ASK};
	const uint16_t acts[] = {MSG_RELOAD_ASK, MSG_LOG_LEVEL, MSG_CRL,
	    MSG_LEDGER_NEW, MSG_RENEW_ASK, MSG_FLOWS_ASK, MSG_DROPS_ASK,
	    MSG_VERDICT_ASK};

	for (unsigned type = 0; type < 200; type++) {
		bool look = false, act = false;

		for (unsigned i = 0; i < sizeof(looks) / sizeof(*looks); i++)
			look |= looks[i] == type;
		for (unsigned i = 0; i < sizeof(acts) / sizeof(*acts); i++)
			act |= acts[i] == type;
		ck_assert_int_eq(
		    question_allowed((uint16_t)type, LISTEN_STATUS), look);
		ck_assert_int_eq(
		    question_allowed((uint16_t)type, LISTEN_CONTROL),
		    look || act);
	}
}
END_TEST

START_TEST(an_act_on_the_status_socket_is_denied)
{
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ck_assert_int_eq(ask(p, MSG_RELOAD_ASK, 9, NULL, 0), CHAN_OK);
	ck_assert_int_eq(ended(p, 9), END_DENIED);
	ck_assert_uint_eq(got(p, MSG_TEXT_ROW), 1);
	control_clear(&c);
}
END_TEST

START_TEST(a_question_goes_on_under_our_id_and_comes_back_under_theirs)
{
	uint32_t id;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask(p, MSG_PEERS_ASK, 4711, "\0\0", 2);
	id = passed_on(ROLE_ENGINE);
	ck_assert_uint_ne(id, 4711);
	ck_assert_int_eq(end(ROLE_ENGINE, id, END_UNKNOWN), CHAN_OK);
	ck_assert_int_eq(ended(p, 4711), END_UNKNOWN);
	control_clear(&c);
}
END_TEST

/* One row, which only that process may send as an answer to that question. */
static void
row_from(enum role who, enum msg_type ask_type, const struct wbuf *question,
    enum msg_type row, const struct wbuf *w)
{
	enum role other = who == ROLE_DISC ? ROLE_ENGINE : ROLE_DISC;
	uint32_t id;
	unsigned p;

	ck_assert_int_eq(wbuf_done(w), 0);
	start();
	p = client(LISTEN_CONTROL);
	ask(p, ask_type, 77, question->base, question->len);
	id = passed_on(who);
	/* late, as far as the other one is concerned: it was not asked */
	ck_assert_int_eq(answer(other, row, id, w->base, w->len), CHAN_OK);
	ck_assert_uint_eq(got(p, row), 0);
	ck_assert_int_eq(answer(who, row, id, w->base, w->len), CHAN_OK);
	ck_assert_uint_eq(got(p, row), 1);
	ck_assert_int_eq(answer(who, row, id, w->base, w->len - 1), CHAN_BAD);
	ck_assert_int_eq(counter(who, who, id), CHAN_BAD);
	ck_assert_int_eq(end(who, id, END_OK), CHAN_OK);
	ck_assert_int_eq(ended(p, 77), END_OK);
	control_clear(&c);
}

static struct wbuf *
fresh(struct wbuf *w)
{
	static uint8_t mem[2][2048];
	static unsigned turn;

	wbuf_init(w, mem[turn++ % 2], sizeof(mem[0]));
	return w;
}

START_TEST(discoveryd_is_asked_where_somebody_is)
{
	const struct msg_find_ask find = {.what = FIND_NAME, .name = "beta"};
	const struct msg_find_step step = {.source = FIND_DHT};
	const struct msg_find_row found = {.status = LOOKUP_UNKNOWN};
	const struct msg_dht_row dht = {.mode = 1};
	const struct msg_dht_node node = {.ep = {{4, {192, 0, 2, 1}}, 6881}};
	struct wbuf q, w;

	msg_put_find_ask(fresh(&q), &find);
	msg_put_find_step(fresh(&w), &step);
	row_from(ROLE_DISC, MSG_FIND_ASK, &q, MSG_FIND_STEP, &w);
	msg_put_find_ask(fresh(&q), &find);
	msg_put_find_row(fresh(&w), &found);
	row_from(ROLE_DISC, MSG_FIND_ASK, &q, MSG_FIND_ROW, &w);
	fresh(&q);
	msg_put_dht_row(fresh(&w), &dht);
	row_from(ROLE_DISC, MSG_DHT_ASK, &q, MSG_DHT_ROW, &w);
	msg_put_dht_node(fresh(&w), &node);
	row_from(ROLE_DISC, MSG_DHT_ASK, &q, MSG_DHT_NODE, &w);
}
END_TEST

START_TEST(the_engine_is_asked_about_the_network)
{
	const struct msg_net_row net = {
	    .prefix = {{4, {10}}, 8}, .prefix6 = {{6, {0xfd}}, 48}};
	const struct msg_member_row member = {.state = PV_UP};
	const struct msg_breaker_row breaker = {.name = "beta"};
	const struct msg_text_row text = {.text = "done"};
	struct wbuf q, w;

	fresh(&q);
	msg_put_net_row(fresh(&w), &net);
	row_from(ROLE_ENGINE, MSG_NET_ASK, &q, MSG_NET_ROW, &w);
	msg_put_member_row(fresh(&w), &member);
	row_from(ROLE_ENGINE, MSG_NET_ASK, &q, MSG_MEMBER_ROW, &w);
	msg_put_breaker_row(fresh(&w), &breaker);
	row_from(ROLE_ENGINE, MSG_BREAKERS_ASK, &q, MSG_BREAKER_ROW, &w);
	msg_put_text_row(fresh(&w), &text);
	row_from(ROLE_ENGINE, MSG_LEDGER_NEW, &q, MSG_TEXT_ROW, &w);
	row_from(ROLE_ENGINE, MSG_RENEW_ASK, &q, MSG_TEXT_ROW, &w);
}
END_TEST

START_TEST(the_longest_revocation_list_is_passed_on)
{
	static const struct msg_blob crl = {.len = CRL_MAX};
	uint8_t mem[CRL_MAX + 2];
	struct wbuf w;
	unsigned p;

	start();
	p = client(LISTEN_CONTROL);
	wbuf_init(&w, mem, sizeof(mem));
	msg_put_blob(&w, &crl);
	ck_assert_int_eq(wbuf_done(&w), 0);
	ck_assert_int_eq(ask(p, MSG_CRL, 5, mem, w.len), CHAN_OK);
	ck_assert_uint_ne(passed_on(ROLE_ENGINE), 0);
	ck_assert_uint_eq(sent[nsent - 1].len, sizeof(mem));
	ck_assert_int_eq(ask(p, MSG_CRL, 6, mem, w.len - 1), CHAN_BAD);
	control_clear(&c);
}
END_TEST

START_TEST(a_search_may_take_longer_than_a_look)
{
	const struct msg_find_ask find = {.what = FIND_NAME, .name = "beta"};
	struct wbuf q;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	msg_put_find_ask(fresh(&q), &find);
	ask(p, MSG_FIND_ASK, 1, q.base, q.len);
	control_tick(&c, now + CONTROL_FIND_MS - 1);
	ck_assert_uint_eq(got(p, MSG_END), 0);
	control_tick(&c, now + CONTROL_FIND_MS);
	ck_assert_int_eq(ended(p, 1), END_AWAY);
	control_clear(&c);
}
END_TEST

START_TEST(counters_come_from_all_and_end_once)
{
	uint32_t id;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask(p, MSG_COUNTERS_ASK, 1, NULL, 0);
	id = passed_on(ROLE_DISC);
	counter(ROLE_DISC, ROLE_DISC, id);
	end(ROLE_DISC, id, END_OK);
	end(ROLE_ENGINE, id, END_OK);
	ck_assert_uint_eq(got(p, MSG_END), 0);
	end(ROLE_PARENT, id, END_OK);
	ck_assert_int_eq(ended(p, 1), END_OK);
	ck_assert_uint_eq(got(p, MSG_END), 1);
	ck_assert_uint_eq(got(p, MSG_COUNTER_ROW), 7 + 1);
	control_clear(&c);
}
END_TEST

START_TEST(who_is_not_there_is_named)
{
	unsigned p;

	start();
	control_upstream(&c, ROLE_ENGINE, false, now);
	p = client(LISTEN_STATUS);
	ask(p, MSG_PEERS_ASK, 1, "\0\0", 2);
	ck_assert_int_eq(ended(p, 1), END_AWAY);
	ck_assert_str_eq(
	    (const char *)sent[0].body + 3, "p2p-engine is not running");
	control_clear(&c);
}
END_TEST

START_TEST(who_goes_away_while_asked_is_named)
{
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask(p, MSG_PEERS_ASK, 1, "\0\0", 2);
	control_upstream(&c, ROLE_ENGINE, false, now);
	ck_assert_int_eq(ended(p, 1), END_AWAY);
	ck_assert_uint_eq(got(p, MSG_TEXT_ROW), 1);
	control_clear(&c);
}
END_TEST

START_TEST(who_does_not_answer_in_time_is_away)
{
	uint32_t id;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask(p, MSG_PEERS_ASK, 1, "\0\0", 2);
	id = passed_on(ROLE_ENGINE);
	now += CONTROL_LOOK_MS - 1;
	control_tick(&c, now);
	ck_assert_uint_eq(got(p, MSG_END), 0);
	control_tick(&c, ++now);
	ck_assert_int_eq(ended(p, 1), END_AWAY);
	/* late: not an offence, and not passed on */
	ck_assert_int_eq(end(ROLE_ENGINE, id, END_OK), CHAN_OK);
	ck_assert_uint_eq(got(p, MSG_END), 1);
	control_clear(&c);
}
END_TEST

START_TEST(a_row_that_does_not_belong_to_the_question_is_an_offence)
{
	uint32_t id;

	start();
	ask(client(LISTEN_STATUS), MSG_PEERS_ASK, 1, "\0\0", 2);
	id = passed_on(ROLE_ENGINE);
	ck_assert_int_eq(counter(ROLE_ENGINE, ROLE_ENGINE, id), CHAN_BAD);
	control_clear(&c);
}
END_TEST

START_TEST(a_row_in_anothers_name_is_an_offence)
{
	uint32_t id;

	start();
	ask(client(LISTEN_STATUS), MSG_COUNTERS_ASK, 1, NULL, 0);
	id = passed_on(ROLE_ENGINE);
	ck_assert_int_eq(counter(ROLE_ENGINE, ROLE_TUN, id), CHAN_BAD);
	ck_assert_int_eq(counter(ROLE_DISC, ROLE_ENGINE, id), CHAN_BAD);
	ck_assert_int_eq(counter(ROLE_PARENT, ROLE_CTL, id), CHAN_BAD);
	ck_assert_int_eq(counter(ROLE_PARENT, ROLE_KEY, id), CHAN_OK);
	control_clear(&c);
}
END_TEST

START_TEST(a_malformed_row_is_an_offence_also_when_late)
{
	start();
	ck_assert_int_eq(
	    answer(ROLE_ENGINE, MSG_PEER_ROW, 99, "rubbish", 7), CHAN_BAD);
	control_clear(&c);
}
END_TEST

START_TEST(rows_without_end_are_an_offence)
{
	enum chan_verdict v = CHAN_OK;
	uint32_t id;

	start();
	ask(client(LISTEN_STATUS), MSG_COUNTERS_ASK, 1, NULL, 0);
	id = passed_on(ROLE_ENGINE);
	for (unsigned i = 0; i <= PENDING_ROWS_MAX && v == CHAN_OK; i++) {
		nsent = 0;
		v = counter(ROLE_ENGINE, ROLE_ENGINE, id);
	}
	ck_assert_int_eq(v, CHAN_BAD);
	control_clear(&c);
}
END_TEST

START_TEST(a_malformed_question_ends_the_client)
{
	unsigned p;

	start();
	p = client(LISTEN_CONTROL);
	ck_assert_int_eq(ask(p, MSG_PEERS_ASK, 1, "\0\5ab", 4), CHAN_BAD);
	ck_assert_int_eq(ask(p, MSG_LOG_LEVEL, 1, "\x77", 1), CHAN_BAD);
	ck_assert_int_eq(ask(p, MSG_WIRE, 1, NULL, 0), CHAN_BAD);
	ck_assert_uint_eq(nsent, 0);
	control_clear(&c);
}
END_TEST

START_TEST(too_many_open_questions_are_refused_politely)
{
	unsigned p;

	start();
	p = client(LISTEN_CONTROL);
	for (unsigned i = 0; i < PENDING_PER_CLIENT; i++)
		ask(p, MSG_STATUS_ASK, i, NULL, 0);
	ck_assert_uint_eq(got(p, MSG_END), 0);
	ask(p, MSG_STATUS_ASK, 50, NULL, 0);
	ck_assert_int_eq(ended(p, 50), END_FAILED);
	control_clear(&c);
}
END_TEST

START_TEST(the_rows_of_a_client_that_left_go_nowhere)
{
	uint32_t id;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask(p, MSG_COUNTERS_ASK, 1, NULL, 0);
	id = passed_on(ROLE_ENGINE);
	control_client_gone(&c, p);
	ck_assert_uint_eq(client(LISTEN_STATUS), p); /* the next one there */
	nsent = 0;
	ck_assert_int_eq(counter(ROLE_ENGINE, ROLE_ENGINE, id), CHAN_OK);
	ck_assert_int_eq(end(ROLE_ENGINE, id, END_OK), CHAN_OK);
	ck_assert_uint_eq(nsent, 0);
	control_clear(&c);
}
END_TEST

START_TEST(the_engine_answers_one_list_of_peers_at_a_time)
{
	unsigned a, b;
	uint32_t first;

	start();
	a = client(LISTEN_STATUS);
	b = client(LISTEN_STATUS);
	ask(a, MSG_PEERS_ASK, 1, "\0\0", 2);
	first = passed_on(ROLE_ENGINE);
	ask(b, MSG_PEERS_ASK, 2, "\0\1x", 3);
	ck_assert_uint_eq(passed_on(ROLE_ENGINE), first);
	control_client_gone(&c, a); /* the answer is still on its way */
	ck_assert_uint_eq(passed_on(ROLE_ENGINE), first);
	end(ROLE_ENGINE, first, END_OK);
	ck_assert_uint_ne(passed_on(ROLE_ENGINE), first);
	ck_assert_uint_eq(sent[nsent - 1].len, 3);
	ck_assert_int_eq(sent[nsent - 1].body[2], 'x');
	end(ROLE_ENGINE, passed_on(ROLE_ENGINE), END_OK);
	ck_assert_int_eq(ended(b, 2), END_OK);
	control_clear(&c);
}
END_TEST

START_TEST(a_client_that_does_not_take_its_rows_is_cut)
{
	uint32_t id;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask(p, MSG_COUNTERS_ASK, 1, NULL, 0);
	id = passed_on(ROLE_ENGINE);
	client_full = true;
	ck_assert_int_eq(counter(ROLE_ENGINE, ROLE_ENGINE, id), CHAN_OK);
	ck_assert_int_eq(cut_place, (int)p);
	control_clear(&c);
}
END_TEST

static void
ask_log(unsigned place, uint32_t last)
{
	const uint8_t body[4] = {0, 0, 0, (uint8_t)last};

	ck_assert_int_eq(ask(place, MSG_LOG_ASK, 3, body, 4), CHAN_OK);
}

static void
fill_ring(unsigned lines)
{
	ck_assert_int_eq(ring_resize(&c.ring, 100), 0);
	while (lines-- > 0)
		ring_add(&c.ring, 1, 2, "control: x");
}

START_TEST(the_log_is_told_to_its_end)
{
	unsigned p;

	start();
	fill_ring(20);
	p = client(LISTEN_STATUS);
	ask_log(p, 7);
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(got(p, MSG_LOG_ROW), 7);
	ck_assert_int_eq(ended(p, 3), END_OK);
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(got(p, MSG_END), 1);
	control_clear(&c);
}
END_TEST

START_TEST(the_log_waits_for_who_reads_slowly)
{
	unsigned p;

	start();
	fill_ring(20);
	p = client(LISTEN_STATUS);
	ask_log(p, 20);
	client_unread = true;
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(nsent, 0);
	/* what is overwritten meanwhile is skipped */
	fill_ring(90);
	client_unread = false;
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(got(p, MSG_LOG_ROW), 10);
	ck_assert_int_eq(ended(p, 3), END_OK);
	control_clear(&c);
}
END_TEST

START_TEST(a_long_log_is_told_in_batches)
{
	unsigned p;

	start();
	fill_ring(100);
	p = client(LISTEN_STATUS);
	ask_log(p, 100);
	ck_assert(control_pump(&c, now));
	ck_assert_uint_lt(got(p, MSG_LOG_ROW), 100);
	while (control_pump(&c, now))
		continue;
	ck_assert_uint_eq(got(p, MSG_LOG_ROW), 100);
	control_clear(&c);
}
END_TEST

START_TEST(a_newcomer_takes_the_place_of_a_silent_one)
{
	start();
	for (int i = 0; i < CLIENTS_MAX; i++)
		client(LISTEN_CONTROL);
	ck_assert_int_eq(evicted, -1);
	client(LISTEN_CONTROL);
	ck_assert_int_eq(evicted, 0);
	ck_assert_uint_eq(c.counters.v[CTL_CLIENTS], CLIENTS_MAX + 1);
	ck_assert_uint_eq(c.counters.v[CTL_REFUSED], 1);
	control_clear(&c);
}
END_TEST

START_TEST(without_a_silent_one_the_newcomer_is_refused)
{
	start();
	for (int i = 0; i < CLIENTS_MAX; i++)
		ask(client(LISTEN_CONTROL), MSG_STATUS_ASK, 1, NULL, 0);
	ck_assert_int_eq(control_client_new(&c, LISTEN_CONTROL, 0, now), -1);
	ck_assert_uint_eq(c.counters.v[CTL_REFUSED], 1);
	control_clear(&c);
}
END_TEST

START_TEST(an_idle_client_is_cut_and_a_waiting_one_is_not)
{
	unsigned waiting;

	start();
	waiting = client(LISTEN_CONTROL);
	ask(waiting, MSG_RELOAD_ASK, 1, NULL, 0);
	c.pending.p[PENDING_MAX - 1].deadline_ms = UINT64_MAX;
	control_tick(&c, now + CLIENT_IDLE_MS);
	ck_assert_int_eq(cut_place, -1);
	client(LISTEN_CONTROL);
	control_tick(&c, now + CLIENT_IDLE_MS);
	ck_assert_int_eq(cut_place, 1);
	control_clear(&c);
}
END_TEST

/* ---- events ---- */

static enum chan_verdict
happen(unsigned n)
{
	enum chan_verdict v = CHAN_OK;
	struct msg_event e;
	uint8_t body[512];
	struct wbuf w;

	events_begin(&e, EV_NODE_UP);
	e.unix_ms = now;
	while (n-- > 0 && v == CHAN_OK) {
		wbuf_init(&w, body, sizeof(body));
		msg_put_event(&w, &e);
		v = control_event(&c,
		    &(struct ipc_frame){.type = MSG_EVENT,
			.body = body,
			.len = w.len,
			.fd = -1});
	}
	return v;
}

static enum chan_verdict
ask_events(unsigned place, uint32_t last, uint64_t after, bool follow)
{
	const struct msg_events_ask m = {last, after, follow};
	uint8_t body[16];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_events_ask(&w, &m);
	return ask(place, MSG_EVENTS_ASK, 3, body, w.len);
}

static struct msg_event
event_sent(unsigned i)
{
	struct msg_event e;
	struct rbuf r;

	rbuf_init(&r, sent[i].body, sent[i].len);
	ck_assert_uint_eq(sent[i].type, MSG_EVENT);
	ck_assert_int_eq(msg_get_event(&r, &e), 0);
	return e;
}

START_TEST(the_last_events_are_told_to_their_end)
{
	unsigned p;

	start();
	ck_assert_int_eq(happen(20), CHAN_OK);
	p = client(LISTEN_STATUS);
	ask_events(p, 5, 0, false);
	control_pump(&c, now);
	ck_assert_uint_eq(got(p, MSG_EVENT), 5);
	ck_assert_int_eq(ended(p, 3), END_OK);
	ck_assert_uint_eq(c.clients.c[p].open, 0);
	ck_assert_uint_eq(c.counters.v[EVENTS], 20);
	control_clear(&c);
}
END_TEST

START_TEST(who_follows_hears_of_each_as_it_happens_and_has_no_end)
{
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask_events(p, 0, 0, true);
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(nsent, 0);
	happen(1);
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(got(p, MSG_EVENT), 1);
	happen(2);
	control_pump(&c, now);
	ck_assert_uint_eq(got(p, MSG_EVENT), 3);
	ck_assert_uint_eq(got(p, MSG_END), 0);
	ck_assert_uint_eq(event_sent(1).no, event_sent(0).no + 1);
	control_tick(&c, now + 10 * CLIENT_IDLE_MS);
	ck_assert_int_eq(cut_place, -1);
	control_clear(&c);
}
END_TEST

START_TEST(who_follows_and_does_not_read_is_told_what_he_lost)
{
	struct msg_event e;
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask_events(p, 0, 0, true);
	happen(1);
	control_pump(&c, now);
	ck_assert_uint_eq(nsent, 1);
	client_unread = true;
	happen(EVENTLOG_MAX + 7);
	ck_assert(!control_pump(&c, now));
	ck_assert_uint_eq(nsent, 1);
	/* not cut off for it, however long */
	for (unsigned i = 0; i < 100; i++)
		control_tick(&c, now + i * CLIENT_STALL_MS);
	ck_assert_int_eq(cut_place, -1);
	client_unread = false;
	ck_assert(control_pump(&c, now));
	e = event_sent(1);
	ck_assert_int_eq(e.kind, EV_LOST);
	ck_assert_uint_eq(events_value(&e, EVF_COUNT)->n, 7);
	ck_assert_uint_eq(events_value(&e, EVF_CAUSE)->n, EVW_READER);
	ck_assert_uint_eq(e.no, 0);
	ck_assert_uint_eq(event_sent(2).no, event_sent(0).no + 8);
	control_clear(&c);
}
END_TEST

START_TEST(who_comes_back_hears_only_what_is_new)
{
	unsigned p;

	start();
	happen(10);
	p = client(LISTEN_STATUS);
	ask_events(p, UINT32_MAX, c.events.next - 3, true);
	control_pump(&c, now);
	ck_assert_uint_eq(got(p, MSG_EVENT), 2);
	ck_assert_uint_eq(event_sent(1).no, c.events.next - 1);
	control_clear(&c);
}
END_TEST

START_TEST(one_question_about_events_at_a_time)
{
	unsigned p;

	start();
	p = client(LISTEN_STATUS);
	ask_events(p, 0, 0, true);
	ck_assert_int_eq(ask_events(p, 0, 0, true), CHAN_OK);
	ck_assert_int_eq(ended(p, 3), END_FAILED);
	ck_assert_int_eq(ask(p, MSG_EVENTS_ASK, 4, "x", 1), CHAN_BAD);
	control_clear(&c);
}
END_TEST

START_TEST(rubbish_for_an_event_is_an_offence_and_losses_are_counted)
{
	uint8_t body[512];
	struct msg_event e;
	struct wbuf w;

	start();
	ck_assert_int_eq(
	    control_event(&c,
		&(struct ipc_frame){
		    .type = MSG_EVENT, .body = body, .len = 3, .fd = -1}),
	    CHAN_BAD);
	events_begin(&e, EV_LOST);
	events_number(&e, EVF_COUNT, 412);
	wbuf_init(&w, body, sizeof(body));
	msg_put_event(&w, &e);
	ck_assert_int_eq(
	    control_event(&c,
		&(struct ipc_frame){
		    .type = MSG_EVENT, .body = body, .len = w.len, .fd = -1}),
	    CHAN_OK);
	ck_assert_uint_eq(c.counters.v[EVENTS_LOST], 412);
	control_clear(&c);
}
END_TEST

/* ---- echoes ---- */

static enum chan_verdict
ask_echo(unsigned place, uint32_t id)
{
	const struct msg_echo_ask m = {.wait_ms = 1000, .name = "beta"};
	uint8_t body[80];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_echo_ask(&w, &m);
	return ask(place, MSG_ECHO_ASK, id, body, w.len);
}

START_TEST(many_may_ask_at_a_time_whether_a_peer_is_there)
{
	start();
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(
		    ask_echo(client(LISTEN_STATUS), i + 1), CHAN_OK);
	ck_assert_uint_eq(nsent, 3);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(sent[i].to, ROLE_ENGINE);
		ck_assert_uint_eq(sent[i].type, MSG_ECHO_ASK);
	}
	control_clear(&c);
}
END_TEST

START_TEST(a_user_may_not_as_often_as_he_likes)
{
	int place;

	start();
	place = control_client_new(&c, LISTEN_STATUS, 1000, now);
	control_client_greeted(&c, (unsigned)place, now);
	for (unsigned i = 0; i < 3 * ECHO_BURST / 2; i++) {
		unsigned before = nsent;

		ck_assert_int_eq(ask_echo((unsigned)place, i + 1), CHAN_OK);
		if (sent[before].place == -1) /* the engine answers at once */
			end(ROLE_ENGINE, sent[before].id, END_OK);
	}
	ck_assert_uint_eq(got((unsigned)place, MSG_TEXT_ROW), ECHO_BURST / 2);
	control_clear(&c);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_status_socket_only_looks,
	    an_act_on_the_status_socket_is_denied,
	    a_question_goes_on_under_our_id_and_comes_back_under_theirs,
	    discoveryd_is_asked_where_somebody_is,
	    the_engine_is_asked_about_the_network,
	    the_longest_revocation_list_is_passed_on,
	    a_search_may_take_longer_than_a_look,
	    counters_come_from_all_and_end_once,
	    who_is_not_there_is_named,
	    who_goes_away_while_asked_is_named,
	    who_does_not_answer_in_time_is_away,
	    a_row_that_does_not_belong_to_the_question_is_an_offence,
	    a_row_in_anothers_name_is_an_offence,
	    a_malformed_row_is_an_offence_also_when_late,
	    rows_without_end_are_an_offence,
	    a_malformed_question_ends_the_client,
	    too_many_open_questions_are_refused_politely,
	    the_rows_of_a_client_that_left_go_nowhere,
	    the_engine_answers_one_list_of_peers_at_a_time,
	    a_client_that_does_not_take_its_rows_is_cut,
	    the_log_is_told_to_its_end,
	    the_log_waits_for_who_reads_slowly,
	    a_long_log_is_told_in_batches,
	    a_newcomer_takes_the_place_of_a_silent_one,
	    without_a_silent_one_the_newcomer_is_refused,
	    an_idle_client_is_cut_and_a_waiting_one_is_not,
	    the_last_events_are_told_to_their_end,
	    who_follows_hears_of_each_as_it_happens_and_has_no_end,
	    who_follows_and_does_not_read_is_told_what_he_lost,
	    who_comes_back_hears_only_what_is_new,
	    one_question_about_events_at_a_time,
	    rubbish_for_an_event_is_an_offence_and_losses_are_counted,
	    many_may_ask_at_a_time_whether_a_peer_is_there,
	    a_user_may_not_as_often_as_he_likes,
	};

	return UNIT_RUN("control", tests);
}
