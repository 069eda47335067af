/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_relay_place.c */
/*
 * From where an engine takes a relayed message: where its neighbour is called,
 * or another place that has answered, and from nowhere else.
 */
#include "unit.h"

#include "duo_net.h"
#include "pathset.h"

#define LABEL 0x12345678u

/* b's: a is the relay of a way to somebody. */
static void
way_by_a(struct duo *d)
{
	static const uint8_t far[32] = {9};
	struct engine *b = d->side[1].e;

	ck_assert_ptr_nonnull(relay_end(&b->relay->t, d->now, RELAY_END,
	    net_slot(d, 1)->no, LABEL, far, 1, 3600));
}

static struct endpoint
elsewhere(void)
{
	struct endpoint ep = {.addr = {4, {198, 51, 100, 1}}, .port = 443};

	return ep;
}

/* With that label to b; was it taken?  If not it counts as injected. */
static bool
comes_from(struct duo *d, const struct endpoint *from)
{
	const uint64_t *v = engine_counters(d->side[1].e)->v;
	uint64_t here = v[EI_RELAY_HERE], spoof = v[EI_RELAY_SPOOF];
	uint8_t data[WG_RELAY_HDR + WG_DATA_MIN] = {0};

	wg_put32(data, WG_RELAY);
	wg_put32(data + WG_RELAY_LABEL, LABEL);
	wg_put32(data + WG_RELAY_HDR, WG_DATA);
	d->nwire = 0;
	engine_from_udp(d->side[1].e, d->now, 3, from, data, sizeof(data));
	duo_balanced(d);
	ck_assert_uint_eq(
	    v[EI_RELAY_HERE] - here + v[EI_RELAY_SPOOF] - spoof, 1);
	return v[EI_RELAY_HERE] != here;
}

START_TEST(it_is_taken_from_where_the_relay_is_and_nowhere_else)
{
	struct endpoint other = elsewhere();
	struct duo *d = net_up();

	way_by_a(d);
	ck_assert(comes_from(d, &d->side[0].ep));
	ck_assert(!comes_from(d, &other));
	other = d->side[0].ep;
	other.port++;
	ck_assert(!comes_from(d, &other));
	net_free(d);
}
END_TEST

/* The relay has left a place that died, and we have not noticed yet. */
START_TEST(another_place_of_the_relay_is_one_once_it_has_answered)
{
	struct endpoint other = elsewhere();
	struct duo *d = net_up();
	struct pathset *s;
	unsigned i;

	way_by_a(d);
	s = &net_slot(d, 1)->lanes->paths;
	i = pathset_put(s, &other, 3, d->now);
	ck_assert(!comes_from(d, &other));
	pathset_proved(s, i, d->now);
	ck_assert(comes_from(d, &other));
	ck_assert(comes_from(d, &d->side[0].ep));
	/* once is not for ever */
	d->now += PATH_FRESH_MS;
	ck_assert(!comes_from(d, &other));
	net_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    it_is_taken_from_where_the_relay_is_and_nowhere_else,
	    another_place_of_the_relay_is_one_once_it_has_answered,
	};

	return UNIT_RUN("relay_place", tests);
}
