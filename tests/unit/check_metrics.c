/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_metrics.c */
/*
 * A snapshot for Prometheus: every counter once, nothing that a name of a
 * stranger's could break, both forms.
 */
#include <stdio.h>
#include <string.h>

#include "metrics.h"
#include "unit.h"

static struct snapshot snap;
static char *text;

static void
begin(void)
{
	snapshot_init(&snap);
	snap.has_node = true;
	snprintf(snap.node.name, sizeof(snap.node.name), "alpha");
	snap.node.loaded_unix_ms = 1700000000123;
}

static struct msg_peer_row *
add_peers(size_t n)
{
	snap.peer = calloc(n, sizeof(*snap.peer));
	ck_assert_ptr_nonnull(snap.peer);
	snap.npeers = n;
	for (size_t i = 0; i < n; i++) {
		snprintf(
		    snap.peer[i].name, sizeof(snap.peer[i].name), "p%zu", i);
		snap.peer[i].state = PV_UP;
	}
	return snap.peer;
}

static const char *
written(enum metrics_form form)
{
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	metrics_write(f, form, &snap, 1700000001000);
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

static void
end(void)
{
	free(text);
	snapshot_clear(&snap);
}

static bool
has_line(const char *t, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = t; (p = strstr(p, line)) != NULL; p += n)
		if ((p == t || p[-1] == '\n') && p[n] == '\n')
			return true;
	return false;
}

static void
send_counter(enum role role, enum counter id, uint64_t v)
{
	snap.has_counters[role] = true;
	snap.sent[role][id] = true;
	snap.counters[role].v[id] = v;
}

START_TEST(a_number_for_each_thing)
{
	const char *t;

	begin();
	snap.nprocs = 1;
	snap.proc[0] = (struct msg_proc_row){
	    .role = ROLE_KEY, .state = PROC_UP, .restarts = 3, .rss_kb = 2};
	add_peers(1)[0].rtt_us = 1500;
	send_counter(ROLE_ENGINE, EO_NO_ROUTE, 7);
	send_counter(ROLE_ENGINE, HS_DONE, 9);
	t = written(METRICS_TEXT);
	ck_assert(has_line(t, "mesh_up 1"));
	ck_assert(has_line(t, "mesh_daemon_up{daemon=\"keyd\"} 1"));
	ck_assert(has_line(t, "mesh_daemon_restarts_total{daemon=\"keyd\"} 3"));
	ck_assert(has_line(
	    t, "mesh_daemon_resident_memory_bytes{daemon=\"keyd\"} 2048"));
	ck_assert(has_line(t, "mesh_peers{state=\"up\"} 1"));
	ck_assert(has_line(t, "mesh_peer_rtt_seconds{peer=\"p0\"} 0.001500"));
	ck_assert(has_line(t,
	    "mesh_dropped_packets_total{border=\"engine-out\","
	    "reason=\"no_route\"} 7"));
	ck_assert(
	    has_line(t, "mesh_handshakes_done_total{daemon=\"p2p-engine\"} 9"));
	ck_assert(has_line(t,
	    "mesh_config_last_reload_success_timestamp_seconds "
	    "1700000000.123"));
	end();
}
END_TEST

START_TEST(classes_are_there_if_something_is_shaped)
{
	const char *t;

	begin();
	t = written(METRICS_TEXT);
	ck_assert_ptr_null(strstr(t, "mesh_qos_"));
	end();
	begin();
	snap.nqos = 2;
	snap.qos[0] = (struct msg_qos_row){
	    .name = "voice", .waiting = 3, .tx_bytes = 400, .dropped = 5};
	snap.qos[1] = (struct msg_qos_row){.name = "default", .tx_packets = 6};
	t = written(METRICS_TEXT);
	ck_assert(has_line(t, "mesh_qos_queued_packets{class=\"voice\"} 3"));
	ck_assert(has_line(t, "# TYPE mesh_qos_queued_packets gauge"));
	ck_assert(
	    has_line(t, "mesh_qos_transmit_bytes_total{class=\"voice\"} 400"));
	ck_assert(
	    has_line(t, "mesh_qos_dropped_packets_total{class=\"voice\"} 5"));
	ck_assert(has_line(
	    t, "mesh_qos_transmit_packets_total{class=\"default\"} 6"));
	end();
}
END_TEST

START_TEST(a_histogram_is_its_sums_and_ends_in_all)
{
	const char *t;

	begin();
	snap.has_hist[HIST_HANDSHAKE] = snap.has_hist[HIST_BATCH_IN] = true;
	hist_add(&snap.hist[HIST_HANDSHAKE], HIST_HANDSHAKE, 20000);
	hist_add(&snap.hist[HIST_HANDSHAKE], HIST_HANDSHAKE, 70000000);
	hist_add(&snap.hist[HIST_BATCH_IN], HIST_BATCH_IN, 3);
	t = written(METRICS_TEXT);
	ck_assert(has_line(t, "# TYPE mesh_handshake_seconds histogram"));
	ck_assert(has_line(t, "mesh_handshake_seconds_bucket{le=\"0.01\"} 0"));
	ck_assert(has_line(t, "mesh_handshake_seconds_bucket{le=\"0.025\"} 1"));
	ck_assert(has_line(t, "mesh_handshake_seconds_bucket{le=\"60\"} 1"));
	ck_assert(has_line(t, "mesh_handshake_seconds_bucket{le=\"+Inf\"} 2"));
	ck_assert(has_line(t, "mesh_handshake_seconds_sum 70.020000"));
	ck_assert(has_line(t, "mesh_handshake_seconds_count 2"));
	ck_assert(has_line(
	    t, "mesh_batch_packets_bucket{direction=\"in\",le=\"3\"} 1"));
	ck_assert(has_line(t, "mesh_batch_packets_sum{direction=\"in\"} 3"));
	end();
}
END_TEST

START_TEST(a_breaker_is_one_of_its_states)
{
	const char *t;

	begin();
	add_peers(2);
	snap.breaker = calloc(2, sizeof(*snap.breaker));
	snap.nbreakers = 2;
	snprintf(snap.breaker[0].name, sizeof(snap.breaker[0].name), "p1");
	snap.breaker[0].state = BV_OPEN;
	/* of a place: not the peer's */
	snap.breaker[1] = (struct msg_breaker_row){
	    .name = "p0", .is_place = true, .state = BV_OPEN};
	t = written(METRICS_TEXT);
	ck_assert(has_line(t, "# TYPE mesh_peer_circuit_breaker gauge"));
	ck_assert(has_line(t,
	    "mesh_peer_circuit_breaker{peer=\"p1\","
	    "mesh_peer_circuit_breaker=\"open\"} 1"));
	ck_assert(has_line(t,
	    "mesh_peer_circuit_breaker{peer=\"p1\","
	    "mesh_peer_circuit_breaker=\"closed\"} 0"));
	ck_assert(has_line(t,
	    "mesh_peer_circuit_breaker{peer=\"p0\","
	    "mesh_peer_circuit_breaker=\"closed\"} 1"));
	end();
}
END_TEST

START_TEST(rules_are_numbered_and_their_text_is_cut)
{
	char line[256], cut[METRICS_RULE_TEXT + 1];

	begin();
	snap.rule = calloc(2, sizeof(*snap.rule));
	snap.nrules = 2;
	snap.rule[0].no = 1;
	snap.rule[0].packets = 5;
	memset(snap.rule[0].text, 'x', sizeof(snap.rule[0].text) - 1);
	snprintf(snap.rule[1].text, sizeof(snap.rule[1].text), "default deny");
	written(METRICS_TEXT);
	memset(cut, 'x', METRICS_RULE_TEXT);
	cut[METRICS_RULE_TEXT] = '\0';
	snprintf(line, sizeof(line),
	    "mesh_filter_rule_packets_total{rule=\"1\",text=\"%s\"} 5", cut);
	ck_assert(has_line(text, line));
	ck_assert(has_line(text,
	    "mesh_filter_rule_packets_total{rule=\"default\","
	    "text=\"default deny\"} 0"));
	end();
}
END_TEST

START_TEST(a_name_breaks_no_line)
{
	const char *t;

	begin();
	snprintf(add_peers(1)[0].name, sizeof(snap.peer[0].name), "a\"b\\\n\r");
	t = written(METRICS_TEXT);
	ck_assert(
	    has_line(t, "mesh_peer_up{peer=\"a\\\"b\\\\\\\\012\\\\015\"} 1"));
	end();
}
END_TEST

/* Every line is a comment or a sample of the family above it; none is twice. */
START_TEST(every_counter_is_there_once)
{
	char name[METRICS_NAME_MAX], line[128];

	begin();
	for (unsigned id = C_NONE + 1; id < C_NCOUNTERS; id++)
		send_counter(ROLE_ENGINE, (enum counter)id, 5);
	written(METRICS_TEXT);
	for (unsigned id = C_NONE + 1; id < C_NCOUNTERS; id++) {
		const char *first, *tail = "_total";

		if (counter_info((enum counter)id)->border != B_NONE)
			continue;
		if (metrics_is_gauge((enum counter)id))
			tail = "";
		snprintf(line, sizeof(line), "\n# TYPE %s%s ",
		    metrics_name((enum counter)id, name), tail);
		first = strstr(text, line);
		ck_assert_msg(first != NULL, "%s", name);
		ck_assert_msg(strstr(first + 1, line) == NULL, "%s", name);
	}
	end();
}
END_TEST

START_TEST(less_is_said_of_many_peers)
{
	begin();
	add_peers(METRICS_FULL_PEERS);
	ck_assert_ptr_nonnull(
	    strstr(written(METRICS_TEXT), "mesh_peer_handshakes_total{"));
	end();
	begin();
	add_peers(METRICS_FULL_PEERS + 1);
	written(METRICS_TEXT);
	ck_assert_ptr_null(strstr(text, "mesh_peer_handshakes_total{"));
	ck_assert_ptr_nonnull(strstr(text, "mesh_peer_up{"));
	end();
	begin();
	add_peers(METRICS_BASIC_PEERS + 1);
	written(METRICS_TEXT);
	ck_assert_ptr_null(strstr(text, "mesh_peer_up{"));
	ck_assert(has_line(text, "mesh_peers{state=\"up\"} 501"));
	end();
}
END_TEST

START_TEST(openmetrics_names_families_and_ends)
{
	const char *t;
	size_t len;

	begin();
	send_counter(ROLE_ENGINE, HS_DONE, 9);
	t = written(METRICS_OPENMETRICS);
	len = strlen(t);
	ck_assert(has_line(t, "# TYPE mesh_handshakes_done counter"));
	ck_assert(
	    has_line(t, "mesh_handshakes_done_total{daemon=\"p2p-engine\"} 9"));
	ck_assert(has_line(t, "# TYPE mesh_build info"));
	ck_assert(has_line(t, "# UNIT mesh_start_time_seconds seconds"));
	ck_assert_uint_gt(len, 6);
	ck_assert_str_eq(t + len - 6, "# EOF\n");
	end();
}
END_TEST

START_TEST(a_node_that_is_away_is_down)
{
	snapshot_init(&snap);
	written(METRICS_TEXT);
	ck_assert(has_line(text, "mesh_up 0"));
	ck_assert_ptr_null(strstr(text, "mesh_peers"));
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_number_for_each_thing,
	    classes_are_there_if_something_is_shaped,
	    a_histogram_is_its_sums_and_ends_in_all,
	    a_breaker_is_one_of_its_states,
	    rules_are_numbered_and_their_text_is_cut,
	    a_name_breaks_no_line,
	    every_counter_is_there_once,
	    less_is_said_of_many_peers,
	    openmetrics_names_families_and_ends,
	    a_node_that_is_away_is_down,
	};

	return UNIT_RUN("metrics", tests);
}
