/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_pending.c */
/* Open questions: ids, who owes an answer, bounds. */
#include "pending.h"
#include "unit.h"

static struct pending_table t;

static struct pending *
ask(unsigned client, uint32_t owing)
{
	const struct pending_new n = {.client = client,
	    .client_id = 77,
	    .ask = MSG_COUNTERS_ASK,
	    .owing = owing,
	    .deadline_ms = 1000};

	return pending_add(&t, &n);
}

/* The same, and all of them were asked. */
static struct pending *
ask_all(unsigned client, uint32_t owing)
{
	struct pending *p = ask(client, owing);

	p->asked = owing;
	return p;
}

START_TEST(a_question_is_found_by_its_id_and_who_owes)
{
	struct pending *p;

	pending_init(&t);
	p = ask_all(3, R(PARENT) | R(ENGINE));
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_ne(p->id, 0);
	ck_assert_uint_eq(p->client_id, 77);
	ck_assert_ptr_eq(pending_find(&t, p->id, ROLE_PARENT), p);
	ck_assert_ptr_eq(pending_find(&t, p->id, ROLE_ENGINE), p);
	ck_assert_ptr_null(pending_find(&t, p->id, ROLE_DISC));
	ck_assert_ptr_null(pending_find(&t, p->id + 1, ROLE_PARENT));
	ck_assert_ptr_null(pending_find(&t, 0, ROLE_PARENT));
}
END_TEST

START_TEST(it_is_settled_when_everybody_has_ended)
{
	struct pending *p;

	pending_init(&t);
	p = ask_all(0, R(PARENT) | R(ENGINE));
	pending_end(p, ROLE_ENGINE, END_OK);
	ck_assert(!pending_settled(p));
	ck_assert_ptr_null(pending_find(&t, p->id, ROLE_ENGINE));
	pending_end(p, ROLE_PARENT, END_AWAY);
	ck_assert(pending_settled(p));
	ck_assert_int_eq(p->worst, END_AWAY);
}
END_TEST

START_TEST(a_freed_place_is_not_settled_and_not_found)
{
	struct pending *p;
	uint32_t id;

	pending_init(&t);
	p = ask_all(0, R(PARENT));
	id = p->id;
	pending_free(p);
	ck_assert(!pending_settled(p));
	ck_assert_ptr_null(pending_find(&t, id, ROLE_PARENT));
}
END_TEST

START_TEST(one_client_has_only_so_many)
{
	pending_init(&t);
	for (int i = 0; i < PENDING_PER_CLIENT; i++)
		ck_assert_ptr_nonnull(ask(5, R(ENGINE)));
	ck_assert_ptr_null(ask(5, R(ENGINE)));
	ck_assert_ptr_nonnull(ask(6, R(ENGINE)));
	ck_assert_uint_eq(pending_of_client(&t, 5), PENDING_PER_CLIENT);
}
END_TEST

START_TEST(strangers_never_get_the_last_places)
{
	struct pending_new n = {.owing = R(ENGINE), .stranger = true};
	unsigned got = 0;

	pending_init(&t);
	for (n.client = 0; pending_add(&t, &n) != NULL; n.client++)
		got++;
	ck_assert_uint_eq(got, PENDING_MAX - PENDING_RESERVED);
	n.stranger = false;
	for (; pending_add(&t, &n) != NULL; n.client++)
		got++;
	ck_assert_uint_eq(got, PENDING_MAX);
}
END_TEST

START_TEST(a_question_not_asked_yet_leaves_with_its_client)
{
	struct pending *p;

	pending_init(&t);
	ask(1, R(ENGINE));
	p = ask_all(2, R(ENGINE));
	ask(1, R(ENGINE));
	pending_client_gone(&t, 1);
	ck_assert_uint_eq(pending_of_client(&t, 1), 0);
	ck_assert_ptr_eq(pending_find(&t, p->id, ROLE_ENGINE), p);
	ck_assert_ptr_null(pending_next(&t, ROLE_ENGINE));
}
END_TEST

START_TEST(a_question_that_is_out_outlives_its_client)
{
	struct pending *p;

	pending_init(&t);
	p = ask(1, R(ENGINE) | R(PARENT));
	pending_asked(p, ROLE_ENGINE);
	pending_client_gone(&t, 1);
	ck_assert_ptr_eq(pending_find(&t, p->id, ROLE_ENGINE), p);
	ck_assert_uint_eq(p->client, PENDING_NOBODY);
	ck_assert_uint_eq(p->owing, R(ENGINE));
	ck_assert_uint_eq(pending_of_client(&t, 1), 0);
}
END_TEST

START_TEST(a_process_is_asked_one_question_of_a_kind_at_a_time)
{
	struct pending *first, *second, *other;

	pending_init(&t);
	first = ask(1, R(ENGINE));
	second = ask(2, R(ENGINE) | R(DISC));
	other = ask(3, R(ENGINE));
	other->ask = MSG_PEERS_ASK;
	ck_assert_ptr_eq(pending_next(&t, ROLE_ENGINE), first);
	pending_asked(first, ROLE_ENGINE);
	ck_assert_ptr_eq(pending_next(&t, ROLE_ENGINE), other);
	pending_asked(other, ROLE_ENGINE);
	ck_assert_ptr_null(pending_next(&t, ROLE_ENGINE));
	ck_assert_ptr_eq(pending_next(&t, ROLE_DISC), second);
	pending_end(first, ROLE_ENGINE, END_OK);
	ck_assert_ptr_eq(pending_next(&t, ROLE_ENGINE), second);
	ck_assert_ptr_null(pending_find(&t, second->id, ROLE_ENGINE));
}
END_TEST

START_TEST(a_process_is_asked_a_few_lookups_at_a_time)
{
	struct pending *p[PENDING_FINDS + 1];

	pending_init(&t);
	for (unsigned i = 0; i <= PENDING_FINDS; i++) {
		p[i] = ask(i, R(DISC));
		p[i]->ask = MSG_FIND_ASK;
	}
	for (unsigned i = 0; i < PENDING_FINDS; i++) {
		ck_assert_ptr_eq(pending_next(&t, ROLE_DISC), p[i]);
		pending_asked(p[i], ROLE_DISC);
	}
	ck_assert_ptr_null(pending_next(&t, ROLE_DISC));
	pending_end(p[3], ROLE_DISC, END_OK);
	ck_assert_ptr_eq(pending_next(&t, ROLE_DISC), p[PENDING_FINDS]);
}
END_TEST

START_TEST(a_question_that_is_too_long_is_refused)
{
	uint8_t body[PENDING_BODY_MAX + 1] = {7};
	struct pending_new n = {.owing = R(ENGINE), .body = body};
	struct pending *p;

	pending_init(&t);
	n.len = sizeof(body);
	ck_assert_ptr_null(pending_add(&t, &n));
	n.len--;
	p = pending_add(&t, &n);
	ck_assert_uint_eq(p->body[0], 7);
	ck_assert_uint_eq(p->len, PENDING_BODY_MAX);
}
END_TEST

START_TEST(ids_wrap_past_zero_and_past_those_in_use)
{
	struct pending *old, *p;

	pending_init(&t);
	old = ask(0, R(ENGINE));
	ck_assert_uint_eq(old->id, 1);
	t.last_id = UINT32_MAX;
	p = ask(1, R(ENGINE));
	ck_assert_uint_eq(p->id, 2);
}
END_TEST

START_TEST(the_worse_end_wins_in_any_order)
{
	const enum row_end worse[] = {
	    END_OK, END_UNKNOWN, END_AWAY, END_FAILED, END_DENIED};

	for (unsigned a = 0; a < 5; a++)
		for (unsigned b = 0; b < 5; b++)
			ck_assert_int_eq(row_end_worse(worse[a], worse[b]),
			    worse[a > b ? a : b]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_question_is_found_by_its_id_and_who_owes,
	    it_is_settled_when_everybody_has_ended,
	    a_freed_place_is_not_settled_and_not_found,
	    one_client_has_only_so_many,
	    strangers_never_get_the_last_places,
	    a_question_not_asked_yet_leaves_with_its_client,
	    a_question_that_is_out_outlives_its_client,
	    a_process_is_asked_one_question_of_a_kind_at_a_time,
	    a_process_is_asked_a_few_lookups_at_a_time,
	    a_question_that_is_too_long_is_refused,
	    ids_wrap_past_zero_and_past_those_in_use,
	    the_worse_end_wins_in_any_order,
	};

	return UNIT_RUN("pending", tests);
}
