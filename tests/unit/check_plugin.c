/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_plugin.c */
/* The line and the code that a monitoring program gets. */
#include <stdio.h>
#include <string.h>

#include "plugin.h"
#include "unit.h"

static struct snapshot snap;
static char line[PLUGIN_LINE_MAX];

static void
begin(size_t npeers)
{
	snapshot_init(&snap);
	snap.has_node = true;
	snap.nprocs = 1;
	snap.proc[0] =
	    (struct msg_proc_row){.role = ROLE_ENGINE, .state = PROC_UP};
	snap.peer = calloc(npeers + 1, sizeof(*snap.peer));
	ck_assert_ptr_nonnull(snap.peer);
	snap.npeers = npeers;
	for (size_t i = 0; i < npeers; i++) {
		snprintf(
		    snap.peer[i].name, sizeof(snap.peer[i].name), "p%zu", i);
		snap.peer[i].state = PV_UP;
	}
}

static enum plugin_code
end(unsigned require)
{
	enum plugin_code code = plugin_line(line, &snap, require);

	snapshot_clear(&snap);
	return code;
}

START_TEST(all_is_well)
{
	begin(3);
	snap.peer[1].state = PV_IDLE;
	ck_assert_int_eq(end(2), PLUGIN_OK);
	ck_assert_str_eq(line,
	    "MESH OK - 2 of 3 peers up | up=2 down=0 idle=1 peers=3 "
	    "restarts=0c unaccounted=0");
}
END_TEST

START_TEST(a_peer_that_is_down_is_a_warning)
{
	begin(2);
	snap.peer[0].state = PV_WAIT;
	ck_assert_int_eq(end(0), PLUGIN_WARNING);
	ck_assert_int_eq(strncmp(line, "MESH WARNING - ", 15), 0);
}
END_TEST

START_TEST(too_few_peers_are_critical)
{
	begin(2);
	ck_assert_int_eq(end(3), PLUGIN_CRITICAL);
	ck_assert_ptr_nonnull(strstr(line, "2 of 2 peers up, 3 are required"));
}
END_TEST

START_TEST(a_process_that_is_not_up_is_critical)
{
	begin(1);
	snap.proc[0].state = PROC_WAITING;
	ck_assert_int_eq(end(0), PLUGIN_CRITICAL);
}
END_TEST

START_TEST(a_packet_that_nobody_can_account_for_is_critical)
{
	begin(1);
	snap.has_counters[ROLE_ENGINE] = true;
	for (unsigned id = 0; id < C_NCOUNTERS; id++)
		snap.sent[ROLE_ENGINE][id] = true;
	snap.counters[ROLE_ENGINE].v[EO_RECV] = 7;
	snap.counters[ROLE_ENGINE].v[EO_SENT] = 5;
	ck_assert_int_eq(end(0), PLUGIN_CRITICAL);
	ck_assert_ptr_nonnull(strstr(line, "unaccounted=2"));
}
END_TEST

START_TEST(the_node_does_not_run)
{
	ck_assert_int_eq(plugin_line(line, NULL, 0), PLUGIN_CRITICAL);
	ck_assert_str_eq(line, "MESH CRITICAL - not running");
}
END_TEST

/* One bar, whatever a node is called. */
START_TEST(a_name_adds_no_figures)
{
	const char *bar;

	begin(1);
	snprintf(snap.peer[0].name, sizeof(snap.peer[0].name), "a|up=9\n");
	snap.peer[0].state = PV_WAIT;
	end(0);
	bar = strchr(line, '|');
	ck_assert_ptr_nonnull(bar);
	ck_assert_ptr_null(strchr(bar + 1, '|'));
	ck_assert_ptr_null(strchr(line, '\n'));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    all_is_well,
	    a_peer_that_is_down_is_a_warning,
	    too_few_peers_are_critical,
	    a_process_that_is_not_up_is_critical,
	    a_packet_that_nobody_can_account_for_is_critical,
	    the_node_does_not_run,
	    a_name_adds_no_figures,
	};

	return UNIT_RUN("plugin", tests);
}
