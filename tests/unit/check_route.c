/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_route.c */
/* The route trie, against a linear list and by hand. */
#include <errno.h>
#include <string.h>

#include "route.h"
#include "unit.h"

#define OPERATIONS 100000
#define LIST_MAX 300

static struct prefix
pfx(const char *s)
{
	struct prefix p;

	ck_assert_msg(prefix_parse(s, &p) == 0, "%s", s);
	return p;
}

static int
add(struct route_table *t, const char *s, uint32_t v)
{
	struct prefix p = pfx(s);

	return route_add(t, &p, v);
}

static int
del(struct route_table *t, const char *s)
{
	struct prefix p = pfx(s);

	return route_del(t, &p);
}

static uint32_t
find(struct route_table *t, const char *s)
{
	struct addr a;

	ck_assert_msg(addr_parse(s, &a) == 0, "%s", s);
	return route_find(t, &a);
}

START_TEST(an_empty_table_has_nothing)
{
	struct route_table *t = route_new();

	ck_assert_uint_eq(find(t, "10.77.0.1"), ROUTE_NONE);
	ck_assert_uint_eq(find(t, "::"), ROUTE_NONE);
	ck_assert_uint_eq(route_count(t), 0);
	route_free(t);
	route_free(NULL);
}
END_TEST

START_TEST(the_longest_prefix_wins_whatever_the_order)
{
	static const char *const nets[] = {"0.0.0.0/0", "10.0.0.0/8",
	    "10.77.0.0/16", "10.77.3.0/24", "10.77.3.4/32"};

	for (unsigned first = 0; first < 5; first++) {
		struct route_table *t = route_new();

		for (unsigned i = 0; i < 5; i++)
			ck_assert_int_eq(add(t, nets[(first + i * 2) % 5],
					     (first + i * 2) % 5),
			    0);
		ck_assert_uint_eq(find(t, "11.0.0.0"), 0);
		ck_assert_uint_eq(find(t, "10.78.0.0"), 1);
		ck_assert_uint_eq(find(t, "10.77.4.0"), 2);
		ck_assert_uint_eq(find(t, "10.77.3.5"), 3);
		ck_assert_uint_eq(find(t, "10.77.3.4"), 4);
		route_free(t);
	}
}
END_TEST

START_TEST(the_families_do_not_meet)
{
	struct route_table *t = route_new();

	add(t, "0.0.0.0/0", 4);
	ck_assert_uint_eq(find(t, "fd77::1"), ROUTE_NONE);
	add(t, "::/0", 6);
	ck_assert_uint_eq(find(t, "10.0.0.1"), 4);
	ck_assert_uint_eq(find(t, "fd77::1"), 6);
	route_free(t);
}
END_TEST

START_TEST(a_mapped_address_is_looked_up_as_ipv4)
{
	struct route_table *t = route_new();

	add(t, "10.77.0.0/16", 1);
	add(t, "::/0", 2);
	ck_assert_uint_eq(find(t, "::ffff:10.77.0.9"), 1);
	ck_assert_uint_eq(find(t, "::ffff:10.78.0.9"), ROUTE_NONE);
	ck_assert_int_eq(add(t, "::ffff:10.78.0.0/112", 3), 0);
	ck_assert_uint_eq(find(t, "10.78.0.9"), 3);
	ck_assert_int_eq(add(t, "::ffff:0.0.0.0/96", 4), 0);
	ck_assert_uint_eq(find(t, "8.8.8.8"), 4);
	ck_assert_int_eq(add(t, "::/95", 5), 0); /* wider: it is IPv6 */
	ck_assert_uint_eq(find(t, "8.8.8.8"), 4);
	route_free(t);
}
END_TEST

START_TEST(host_bits_do_not_matter)
{
	struct route_table *t = route_new();

	ck_assert_int_eq(add(t, "10.77.0.1/16", 1), 0);
	ck_assert_uint_eq(find(t, "10.77.200.1"), 1);
	ck_assert_int_eq(add(t, "10.77.0.2/16", 1), 0);
	ck_assert_uint_eq(route_count(t), 1);
	ck_assert_int_eq(del(t, "10.77.99.99/16"), 0);
	ck_assert_uint_eq(route_count(t), 0);
	route_free(t);
}
END_TEST

START_TEST(one_prefix_has_one_value)
{
	struct route_table *t = route_new();

	ck_assert_int_eq(add(t, "10.77.0.0/16", 1), 0);
	errno = 0;
	ck_assert_int_eq(add(t, "10.77.0.0/16", 2), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_uint_eq(find(t, "10.77.0.1"), 1);
	route_free(t);
}
END_TEST

START_TEST(what_can_t_be_a_route_is_refused)
{
	struct route_table *t = route_new();
	struct prefix p = pfx("10.77.0.0/16");
	struct addr none = {0};

	errno = 0;
	ck_assert_int_eq(route_add(t, &p, ROUTE_NONE), -1);
	ck_assert_int_eq(errno, EINVAL);
	p.len = 33;
	ck_assert_int_eq(route_add(t, &p, 1), -1);
	ck_assert_int_eq(route_del(t, &p), -1);
	p.addr.family = 0;
	p.len = 0;
	ck_assert_int_eq(route_add(t, &p, 1), -1);
	ck_assert_uint_eq(route_find(t, &none), ROUTE_NONE);
	route_free(t);
}
END_TEST

START_TEST(a_fork_is_not_a_route)
{
	struct route_table *t = route_new();

	add(t, "10.0.0.0/24", 1);
	add(t, "10.0.1.0/24", 2);
	ck_assert_int_eq(del(t, "10.0.0.0/23"), -1);
	ck_assert_int_eq(add(t, "10.0.0.0/23", 3), 0);
	ck_assert_int_eq(del(t, "10.0.0.0/24"), 0);
	ck_assert_uint_eq(find(t, "10.0.0.1"), 3);
	ck_assert_int_eq(del(t, "10.0.0.0/23"), 0);
	ck_assert_uint_eq(find(t, "10.0.0.1"), ROUTE_NONE);
	ck_assert_uint_eq(find(t, "10.0.1.1"), 2);
	route_free(t);
}
END_TEST

/* ---- against a list ---- */

struct row {
	struct prefix p; /* masked */
	uint32_t value;
};

struct list {
	struct row row[LIST_MAX];
	unsigned n;
};

static unsigned
list_at(const struct list *l, const struct prefix *p)
{
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (prefix_eq(&l->row[i].p, p))
			break;
	return i;
}

static uint32_t
list_find(const struct list *l, const struct addr *a)
{
	uint32_t best = ROUTE_NONE;
	int len = -1;

	for (unsigned i = 0; i < l->n; i++)
		if (l->row[i].p.len > len && prefix_has(&l->row[i].p, a)) {
			len = l->row[i].p.len;
			best = l->row[i].value;
		}
	return best;
}

/* Few bits differ, so that prefixes nest and addresses hit. */
static struct addr
some_addr(uint64_t *r)
{
	struct addr a = {.family = unit_random(r) % 2 ? 4 : 6};
	uint64_t v = unit_random(r);

	a.b[0] = 10;
	a.b[1] = (uint8_t)(v & 3);
	a.b[2] = (uint8_t)(v >> 8 & 0xc1);
	a.b[3] = (uint8_t)(v >> 16 & 0x83);
	if (a.family == 6) {
		a.b[7] = (uint8_t)(v >> 24 & 3);
		a.b[8] = (uint8_t)(v >> 32 & 0xc0);
		a.b[15] = (uint8_t)(v >> 40 & 3);
	}
	return a;
}

static bool
add_both(struct route_table *t, struct list *l, struct prefix *p, uint32_t v)
{
	unsigned i = list_at(l, p);
	int want = i == l->n || l->row[i].value == v ? 0 : -1;

	if (i == LIST_MAX)
		return true;
	if (route_add(t, p, v) != want)
		return false;
	if (i == l->n)
		l->row[l->n++] = (struct row){*p, v};
	return true;
}

static bool
del_both(struct route_table *t, struct list *l, struct prefix *p)
{
	unsigned i = list_at(l, p);

	if (route_del(t, p) != (i == l->n ? -1 : 0))
		return false;
	if (i < l->n)
		l->row[i] = l->row[--l->n];
	return true;
}

static bool
one_operation(struct route_table *t, struct list *l, uint64_t *r)
{
	struct addr a = some_addr(r);
	struct prefix p = {.addr = a};

	p.len = (uint8_t)(unit_random(r) % (addr_bits(&a) + 1u));
	prefix_mask(&p);
	switch (unit_random(r) % 4) {
	case 0:
		return add_both(t, l, &p, (uint32_t)(unit_random(r) % 5));
	case 1:
		if (l->n > 0 && unit_random(r) % 2)
			p = l->row[unit_random(r) % l->n].p;
		return del_both(t, l, &p);
	default:
		return route_find(t, &a) == list_find(l, &a);
	}
}

START_TEST(a_list_agrees_after_every_operation)
{
	static struct list l;
	uint64_t r = unit_seed();
	struct route_table *t = route_new();

	for (int i = 0; i < OPERATIONS; i++) {
		ck_assert_msg(one_operation(t, &l, &r),
		    "SEED=%llu operation %d", (unsigned long long)unit_seed(),
		    i);
		ck_assert_uint_eq(route_count(t), l.n);
	}
	ck_assert_uint_gt(l.n, 20);
	while (l.n > 0)
		ck_assert(del_both(t, &l, &l.row[0].p));
	ck_assert_uint_eq(route_count(t), 0);
	route_free(t);
}
END_TEST

START_TEST(a_prefix_is_covered_by_what_holds_all_of_it)
{
	struct route_table *t = route_new();
	struct prefix p;

	add(t, "10.0.0.0/8", 1);
	add(t, "10.77.0.0/24", 2);
	add(t, "fd00::/16", 3);
	p = pfx("10.77.0.0/24");
	ck_assert_uint_eq(route_cover(t, &p), 2);
	p = pfx("10.77.0.9/32");
	ck_assert_uint_eq(route_cover(t, &p), 2);
	p = pfx("10.77.0.0/16"); /* only a part of it is 2's */
	ck_assert_uint_eq(route_cover(t, &p), 1);
	p = pfx("0.0.0.0/0");
	ck_assert_uint_eq(route_cover(t, &p), ROUTE_NONE);
	p = pfx("fd00:1::/32");
	ck_assert_uint_eq(route_cover(t, &p), 3);
	p = pfx("fc00::/7");
	ck_assert_uint_eq(route_cover(t, &p), ROUTE_NONE);
	route_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    an_empty_table_has_nothing,
	    the_longest_prefix_wins_whatever_the_order,
	    the_families_do_not_meet,
	    a_mapped_address_is_looked_up_as_ipv4,
	    host_bits_do_not_matter,
	    one_prefix_has_one_value,
	    what_can_t_be_a_route_is_refused,
	    a_fork_is_not_a_route,
	    a_list_agrees_after_every_operation,
	    a_prefix_is_covered_by_what_holds_all_of_it,
	};

	return UNIT_RUN("route", tests);
}
