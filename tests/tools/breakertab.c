/* SPDX-License-Identifier: ISC */
/* file: tests/tools/breakertab.c */
/*
 * The table of p2p-engine/resilience/breaker.c as Promela: an option of an
 * `if` for each cell that is legal.  tests/spin/run compares it with the one
 * that the model includes.
 */
#include <stdio.h>

#include "breaker.h"

static const char *const states[BREAKER_NSTATES] = {
    "CLOSED", "OPEN", "HALF", "TRIAL"};

static const char *const events[BEV_NEVENTS] = {"WANT", "PACKET", "MISS",
    "LOST", "PASS", "CALL", "TIME", "HINT", "LINK", "OFF", "EAGER", "MANY",
    "ENOUGH"};

static const char *const acts[BACT_NACTIONS] = {"NONE", "GO", "TRY", "REFUSE",
    "COUNT", "CLEAR", "OPENED", "HALVED", "AGAIN", "ANEW", "SHUT"};

int
main(void)
{
	enum breaker_action act;
	enum breaker_state next;

	puts("/* made by breakertab: do not edit; tests/spin/run compares */");
	for (int s = 0; s < BREAKER_NSTATES; s++)
		for (int ev = 0; ev < BEV_NEVENTS; ev++)
			if (breaker_cell((enum breaker_state)s,
				(enum breaker_event)ev, &next, &act))
				printf(":: st == %s && ev == %s -> "
				       "next = %s; act = %s\n",
				    states[s], events[ev], states[next],
				    acts[act]);
	return 0;
}
