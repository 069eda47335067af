/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_show.c */
/* What meshctl writes: text, raw columns, JSON documents. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "show.h"
#include "unit.h"

#define NOW 1763694000000u /* 2025-11-21T03:00:00Z */

static char *text; /* what was written last */
static size_t text_len;
static FILE *f;

static void
open_text(void)
{
	free(text);
	text = NULL;
	f = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(f);
}

static struct show *
begin(struct show *s, enum show_doc doc)
{
	const struct show_head h = {.doc = doc, .node = "alpha", .now_ms = NOW};

	ck_assert_ptr_nonnull(s);
	s->ops->head(s, &h);
	return s;
}

static void
finish(struct show *s)
{
	ck_assert_int_eq(s->ops->tail(s), 0);
	fclose(f);
}

/* Every line fits a terminal and has no blank at its end. */
static void
assert_tidy(void)
{
	for (char *p = text; *p != '\0';) {
		size_t len = strcspn(p, "\n");

		ck_assert_msg(len <= 80, "%zu columns: %.*s", len, (int)len, p);
		ck_assert_msg(
		    len == 0 || p[len - 1] != ' ', "%.*s|", (int)len, p);
		p += len + (p[len] == '\n');
	}
}

static struct msg_peer_row
peer(const char *name, enum peer_view state)
{
	struct msg_peer_row m = {.state = state,
	    .has_endpoint = true,
	    .since_unix_ms = NOW - 61000,
	    .handshake_unix_ms = NOW - 91000,
	    .seen_unix_ms = NOW - 500,
	    .rx_bytes = 1536,
	    .tx_bytes = 90000000000};

	snprintf(m.name, sizeof(m.name), "%s", name);
	m.endpoint.port = 51820;
	ck_assert_int_eq(addr_parse("198.51.100.200", &m.endpoint.addr), 0);
	return m;
}

/* ---- documents ---- */

START_TEST(peers_fit_a_terminal_whatever_they_are_called)
{
	struct msg_peer_row m = peer("beta", PV_UP);
	struct show *s;

	open_text();
	s = begin(show_text_new(f, false), SHOW_PEERS);
	s->ops->peer(s, &m);
	m = peer(
	    "a-name-as-long-as-a-name-may-be-and-then-some-more-of-it-here",
	    PV_HANDSHAKE);
	addr_parse("2001:db8:1111:2222:3333:4444:5555:6666", &m.endpoint.addr);
	s->ops->peer(s, &m);
	finish(s);
	assert_tidy();
	ck_assert_ptr_nonnull(strstr(text, "NAME"));
	ck_assert_ptr_nonnull(strstr(text, "1m31s  1.5 KiB  83.8 GiB   now"));
}
END_TEST

START_TEST(a_name_can_not_move_the_cursor)
{
	struct msg_peer_row m = peer("\033[2J\033]0;x\007\nbad\xc3\xa9", PV_UP);
	struct show *(*const writers[])(FILE *) = {show_raw_new, show_json_new};
	struct show *s;

	for (int i = 0; i < 3; i++) {
		open_text();
		s = begin(i == 2 ? show_text_new(f, true) : writers[i](f),
		    SHOW_PEERS);
		s->ops->detail(s, &m);
		finish(s);
		ck_assert_ptr_null(strstr(text, "\033[2J"));
		ck_assert_ptr_null(strchr(text, '\007'));
		ck_assert_ptr_null(strchr(text, '\xc3'));
		ck_assert_ptr_nonnull(strstr(text, "033[2J"));
	}
}
END_TEST

START_TEST(raw_rows_have_tabs_and_no_units)
{
	struct msg_peer_row m = peer("beta", PV_UP);
	struct show *s;

	open_text();
	s = begin(show_raw_new(f), SHOW_PEERS);
	s->ops->peer(s, &m);
	m.has_endpoint = false;
	m.handshake_unix_ms = m.seen_unix_ms = 0;
	s->ops->peer(s, &m);
	finish(s);
	ck_assert_str_eq(text,
	    "beta\tup\t198.51.100.200:51820\t91\t1536\t90000000000\t0\t"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	    "beta\tup\t-\t-\t1536\t90000000000\t-\t"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
}
END_TEST

START_TEST(an_empty_json_document_has_its_arrays)
{
	json_t *doc;

	for (int d = 0; d < SHOW_NDOCS; d++) {
		open_text();
		finish(begin(show_json_new(f), (enum show_doc)d));
		doc = json_loads(text, 0, NULL);
		ck_assert_ptr_nonnull(doc);
		ck_assert_str_eq(
		    json_string_value(json_object_get(doc, "schema")),
		    show_schema((enum show_doc)d));
		ck_assert_str_eq(
		    json_string_value(json_object_get(doc, "node")), "alpha");
		ck_assert_str_eq(
		    json_string_value(json_object_get(doc, "generated_at")),
		    "2025-11-21T03:00:00Z");
		if (d == SHOW_PEERS)
			ck_assert(json_is_array(json_object_get(doc, "peers")));
		json_decref(doc);
	}
}
END_TEST

START_TEST(json_says_null_for_what_is_not_known)
{
	struct msg_peer_row m = {.name = "beta", .rx_bytes = UINT64_MAX};
	json_t *doc, *p;
	struct show *s;

	open_text();
	s = begin(show_json_new(f), SHOW_PEER);
	s->ops->detail(s, &m);
	finish(s);
	doc = json_loads(text, 0, NULL);
	p = json_object_get(doc, "peer");
	ck_assert(json_is_null(json_object_get(p, "endpoint")));
	ck_assert(json_is_null(json_object_get(p, "last_seen_at")));
	ck_assert(json_is_null(json_object_get(p, "handshake_rtt_seconds")));
	ck_assert(json_is_array(json_object_get(p, "allowed_prefixes")));
	ck_assert_int_eq(
	    json_integer_value(json_object_get(p, "receive_bytes_total")),
	    INT64_MAX);
	json_decref(doc);
}
END_TEST

START_TEST(an_error_says_what_and_how_to_fix_it)
{
	const struct show_error e = {.code = "x",
	    .exit_status = 4,
	    .message = "not\033 permitted",
	    .hint = {"sudo it", "ask"}};
	json_t *doc, *o;

	open_text();
	show_text_error(f, &e);
	fclose(f);
	ck_assert_str_eq(text,
	    "meshctl: not\\033 permitted\n"
	    "  fix     sudo it\n"
	    "  or      ask\n");
	open_text();
	show_json_error(f, &e, NOW);
	fclose(f);
	doc = json_loads(text, 0, NULL);
	o = json_object_get(doc, "error");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(o, "exit_status")), 4);
	ck_assert(json_is_null(json_object_get(o, "detail")));
	json_decref(doc);
}
END_TEST

START_TEST(lines_of_a_diagnostic_stay_lines)
{
	const struct msg_text_row m = {.text = "f:1:1: error\n  \tx\033\n"};
	struct show *s;

	open_text();
	s = begin(show_text_new(f, false), SHOW_RELOAD);
	s->ops->text(s, &m);
	finish(s);
	ck_assert_str_eq(text, "f:1:1: error\n  \\011x\\033\n");
}
END_TEST

static struct show *
show_engine(struct show *s)
{
	const struct msg_proc_row proc[] = {
	    {.role = ROLE_ENGINE,
		.state = PROC_UP,
		.features = FEATURE_UDP_GRO | FEATURE_RING,
		.lacking = FEATURE_UDP_GSO},
	    {.role = ROLE_KEY, .state = PROC_UP}};

	s->ops->proc(s, &proc[0]);
	s->ops->proc(s, &proc[1]);
	return s;
}

START_TEST(features_are_a_table_below_the_processes)
{
	open_text();
	finish(show_engine(begin(show_text_new(f, false), SHOW_STATUS)));
	ck_assert_ptr_nonnull(strstr(text,
	    "\n\nFAST PATH   HAS           LACKS\n"
	    "p2p-engine  udp-gro,ring  udp-gso\n"));
	ck_assert_ptr_null(strstr(text, "keyd  -"));
}
END_TEST

START_TEST(features_are_the_last_columns_and_arrays)
{
	json_t *doc, *p;

	open_text();
	finish(show_engine(begin(show_raw_new(f), SHOW_STATUS)));
	ck_assert_ptr_nonnull(strstr(text, "\tfull\tudp-gro,ring\tudp-gso\n"));
	ck_assert_ptr_nonnull(strstr(text, "\tfull\t-\t-\n"));
	open_text();
	finish(show_engine(begin(show_json_new(f), SHOW_STATUS)));
	doc = json_loads(text, 0, NULL);
	p = json_array_get(json_object_get(doc, "processes"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(p, "features")), 2);
	ck_assert_str_eq(json_string_value(json_array_get(
			     json_object_get(p, "features_missing"), 0)),
	    "udp-gso");
	json_decref(doc);
}
END_TEST

START_TEST(status_is_tidy_even_with_much_to_say)
{
	struct msg_node_row node = {.name = "alpha",
	    .version = "0.1.0",
	    .device = "mesh0",
	    .conf_path = "/etc/mesh/mesh.conf",
	    .started_unix_ms = NOW - 100000,
	    .offload = 15,
	    .naddresses = 8,
	    .nlisten = 8};
	struct msg_proc_row proc = {.role = ROLE_PARENT,
	    .state = PROC_UP,
	    .pid = 4194304,
	    .restarts = 123456,
	    .started_unix_ms = 1,
	    .missing = 0xfff,
	    .features = ~0u,
	    .lacking = ~0u};
	const struct show_counter drop = {.role = ROLE_ENGINE,
	    .info = counter_info(TO_FRAGMENT),
	    .value = UINT64_MAX};
	struct show_note note = {.severity = SHOW_ERROR, .hint = "meshctl log"};
	struct show_book book = {.border = B_ENG_OUT, .in = 1, .out = 2};
	struct show *s;

	for (int i = 0; i < 8; i++) {
		prefix_parse("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff/64",
		    &node.address[i]);
		node.listen[i] = (struct endpoint){
		    .addr = node.address[i].addr, .port = 65535};
	}
	memset(note.message, 'w', sizeof(note.message) - 1);
	for (size_t i = 9; i < sizeof(note.message) - 1; i += 10)
		note.message[i] = ' ';
	open_text();
	s = begin(show_text_new(f, false), SHOW_STATUS);
	s->ops->node(s, &node);
	s->ops->state(s, true);
	s->ops->summary(s, NULL);
	s->ops->proc(s, &proc);
	s->ops->book(s, &book);
	s->ops->drop(s, &drop);
	s->ops->note(s, &note);
	finish(s);
	assert_tidy();
	ck_assert_ptr_nonnull(strstr(text, "state       degraded\n"));
	ck_assert_ptr_null(strstr(text, "MEMORY"));
	ck_assert_ptr_nonnull(strstr(text, "\ntunnel-priv  udp-gso,"));
	ck_assert_ptr_null(strstr(text, "packets are missing"));
	ck_assert_ptr_nonnull(strstr(text, "0 unaccounted\n"));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    peers_fit_a_terminal_whatever_they_are_called,
	    a_name_can_not_move_the_cursor,
	    raw_rows_have_tabs_and_no_units,
	    an_empty_json_document_has_its_arrays,
	    json_says_null_for_what_is_not_known,
	    an_error_says_what_and_how_to_fix_it,
	    lines_of_a_diagnostic_stay_lines,
	    features_are_a_table_below_the_processes,
	    features_are_the_last_columns_and_arrays,
	    status_is_tidy_even_with_much_to_say,
	};

	return UNIT_RUN("show", tests);
}
