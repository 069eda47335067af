/* SPDX-License-Identifier: ISC */
/* file: tests/unit/judge.h */
#ifndef JUDGE_H
#define JUDGE_H

/*
 * One packet before the guard and before its twin, at the node of gen_node
 * (ME, ME6); they must agree.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "guard.h"
#include "pktgen.h"

#define ME "10.77.0.1"
#define PEER "10.77.0.2"
#define ME6 "fd77::1"
#define PEER6 "fd77::2"

static inline enum counter
judge(const struct gen *g, bool filter, bool in)
{
	struct conf_node c;
	struct guard *guard;
	enum counter v, slow;
	/* no more than it may look at, so that a sanitizer sees it */
	size_t n = g->len < GUARD_HEAD ? g->len : GUARD_HEAD;
	uint8_t *head = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(head);
	memcpy(head, g->b, n);
	gen_node(&c, filter);
	guard = guard_new(&c);
	if (in) {
		v = guard_in(guard, &g->v, head, g->len);
		slow = twin_in(&c, &g->v, g->b, g->len);
	} else {
		v = guard_out(guard, &g->v, head, g->len);
		slow = twin_out(&c, &g->v, g->b, g->len);
	}
	guard_free(guard);
	free(head);
	ck_assert_msg(v == slow, "%s, its twin %s", counter_info(v)->name,
	    counter_info(slow)->name);
	return v;
}

#define IN(g, want) ck_assert_int_eq(judge((g), true, true), (want))
#define OUT(g, want) ck_assert_int_eq(judge((g), true, false), (want))

static inline void
udp(struct gen *g, const char *src, const char *dst)
{
	gen_ip(g, src, dst, 17);
	gen_udp(g, 53, 24);
}

#endif
