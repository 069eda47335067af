/* SPDX-License-Identifier: ISC */
/* file: tests/unit/sim_help.h */
#ifndef SIM_HELP_H
#define SIM_HELP_H

/* What the tests of whole meshes share: a calm one, traffic, mishaps. */
#include <string.h>

#include "../sim/sim.h"
#include "unit.h"

struct want {
	uint32_t a, b;
};

static inline struct sim_conf
calm(uint32_t nodes)
{
	return (struct sim_conf){
	    .nodes = nodes,
	    .seed = unit_seed(),
	    .net = {.delay_ms = 10},
	    .key_delay_ms = 1,
	    .disc_delay_ms = 2,
	};
}

static inline void
no_error(struct sim *s)
{
	const char *why = sim_check(s);

	ck_assert_msg(why == NULL, "%s", why == NULL ? "" : why);
}

/* n different pairs of different nodes. */
static inline void
draw(struct sim *s, uint32_t nodes, struct want *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		w[i].a = sim_below(s, nodes);
		w[i].b = (w[i].a + 1 + sim_below(s, nodes - 1)) % nodes;
	}
}

static inline void
send_all(struct sim *s, const struct want *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sim_send(s, w[i].a, w[i].b, sim_below(s, 4));
}

/* One thing more goes wrong. */
static inline void
mishap(struct sim *s, uint32_t nodes)
{
	uint32_t a = sim_below(s, nodes), b = (a + 1) % nodes;

	switch (sim_below(s, 9)) {
	case 0:
		sim_kill(s, a);
		break;
	case 1:
		sim_roam(s, a);
		break;
	case 2:
		sim_clock(s, a, (int64_t)sim_below(s, 2000000) - 1000000);
		break;
	case 3:
		sim_disc(s, a, (enum sim_disc)sim_below(s, 4));
		break;
	case 4:
		sim_key(s, a, (enum sim_key)sim_below(s, 3));
		break;
	case 5:
		sim_block(s, a, b, sim_below(s, 2) == 0);
		break;
	case 6:
		sim_reload(s, a, sim_below(s, nodes));
		break;
	default:
		for (uint32_t i = 0; i < nodes; i++)
			sim_start(s, i);
	}
}

static inline void
heal(struct sim *s, uint32_t nodes)
{
	struct sim_net *n = sim_net(s);

	*n = (struct sim_net){.delay_ms = 10};
	for (uint32_t i = 0; i < nodes; i++) {
		sim_start(s, i);
		sim_disc(s, i, DISC_OK);
		sim_key(s, i, KEYD_OK);
		sim_reload(s, i, SIM_NOBODY);
		for (uint32_t j = 0; j < i; j++)
			sim_block(s, i, j, false);
	}
}

/* Longest time without a packet from a to b while both send every 10 ms. */
static inline uint64_t
outage(struct sim *s, uint32_t a, uint32_t b, uint64_t ms)
{
	uint64_t worst = 0, end = sim_now(s) + ms;

	while (sim_now(s) < end) {
		sim_send(s, a, b, 2);
		sim_send(s, b, a, 2);
		sim_run(s, 10);
		if (sim_now(s) - sim_last_ms(s, a, b) > worst)
			worst = sim_now(s) - sim_last_ms(s, a, b);
	}
	return worst;
}

#endif
