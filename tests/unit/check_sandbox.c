/* SPDX-License-Identifier: ISC */
/*
 * The table of sandbox_table.c: small, complete, and changed only on purpose.
 * What it does to a process is the business of tests/sandbox.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "sandbox_table.h"
#include "unit.h"

/* Makes a new golden file instead of comparing: UPDATE=1 check_sandbox. */
#define GOLDEN "tests/sandbox/golden.txt"

static const struct {
	enum role role;
	unsigned most;
} goals[] = {
    {ROLE_TUN, 18},
    {ROLE_KEY, 18},
    {ROLE_ENGINE, 32},
    {ROLE_DISC, 22},
    {ROLE_CTL, 20},
    {ROLE_TLS, 28},
    {ROLE_UPNP, 32},
    {ROLE_CONF, 22},
    {ROLE_PRIV, 110},
    {ROLE_PARENT, 48},
};
#define NGOALS (sizeof(goals) / sizeof(goals[0]))

static unsigned
refused(enum role role)
{
	unsigned n = 0;

	for (size_t i = 0; i < sandbox_ncalls(); i++)
		if (sandbox_answer(sandbox_call(i), role) == ANSWER_EACCES)
			n++;
	return n;
}

START_TEST(no_role_may_do_more_than_its_goal)
{
	for (size_t i = 0; i < NGOALS; i++) {
		enum role role = goals[i].role;

		printf("%s: %u system calls (goal %u), %u refused\n",
		    role_name(role), sandbox_count(role), goals[i].most,
		    refused(role));
		ck_assert_uint_gt(sandbox_count(role), 0);
		ck_assert_uint_le(sandbox_count(role), goals[i].most);
	}
}
END_TEST

START_TEST(a_role_without_a_sandbox_has_no_calls_and_no_pledge)
{
	ck_assert_uint_eq(sandbox_count(ROLE_CLIENT), 0);
	ck_assert_ptr_null(sandbox_pledge(ROLE_CLIENT));
	ck_assert_ptr_null(sandbox_facts(ROLE_NROLES));
}
END_TEST

START_TEST(every_row_is_somebodys_and_the_columns_do_not_overlap)
{
	for (size_t i = 0; i < sandbox_ncalls(); i++) {
		const struct sandbox_call *c = sandbox_call(i);

		ck_assert_msg((c->free | c->checked | c->refused) != 0,
		    "%s is nobody's", c->name);
		ck_assert_msg((c->free & c->checked) == 0 &&
			(c->free & c->refused) == 0 &&
			(c->checked & c->refused) == 0,
		    "%s says two things at once", c->name);
	}
}
END_TEST

static uint32_t
whose(const struct sandbox_call *c)
{
	return c->free | c->checked | c->refused;
}

START_TEST(no_call_has_two_rows_for_one_role)
{
	for (size_t i = 0; i < sandbox_ncalls(); i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(sandbox_call(i)->name,
				sandbox_call(k)->name) == 0)
				ck_assert_uint_eq(whose(sandbox_call(i)) &
					whose(sandbox_call(k)),
				    0);
}
END_TEST

START_TEST(what_is_checked_has_a_list_of_arguments)
{
	for (size_t i = 0; i < sandbox_ncalls(); i++) {
		const struct sandbox_call *c = sandbox_call(i);

		if (c->checked != 0)
			ck_assert_ptr_nonnull(sandbox_combo(c->arg, 0));
	}
	ck_assert_ptr_null(sandbox_combo(ARG_ANY, 0));
}
END_TEST

START_TEST(every_comparison_can_be_true)
{
	const struct sandbox_combo *c;

	for (unsigned kind = 0; kind < ARG_NKINDS; kind++)
		for (size_t i = 0;
		     (c = sandbox_combo((enum sandbox_arg)kind, i)) != NULL;
		     i++)
			for (unsigned k = 0; k < c->n; k++)
				ck_assert_msg(
				    (c->cmp[k].value & ~c->cmp[k].mask) == 0,
				    "%s never fits", c->text);
}
END_TEST

START_TEST(no_child_may_open_connect_execute_or_signal)
{
	static const char *const never[] = {"openat", "open", "socket",
	    "connect", "bind", "execve", "execveat", "clone", "clone3", "fork",
	    "kill", "tgkill", "ptrace", "ioctl", "prctl", "seccomp", "unshare",
	    "mount", "setresuid", "mprotect", "rt_sigaction"};
	static const enum role kids[] = {
	    ROLE_TUN, ROLE_KEY, ROLE_ENGINE, ROLE_DISC, ROLE_CTL};

	for (size_t i = 0; i < sandbox_ncalls(); i++)
		for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			for (size_t r = 0; r < sizeof(kids) / sizeof(kids[0]);
			     r++) {
				const struct sandbox_call *c = sandbox_call(i);
				enum sandbox_answer a =
				    sandbox_answer(c, kids[r]);

				if (strcmp(c->name, never[k]) != 0)
					continue;
				ck_assert_msg(
				    a == ANSWER_NO || a == ANSWER_EACCES,
				    "%s may call %s", role_name(kids[r]),
				    c->name);
			}
}
END_TEST

START_TEST(priv_allows_whatever_a_child_may_do)
{
	for (size_t i = 0; i < sandbox_ncalls(); i++)
		for (unsigned r = 0; r < ROLE_NROLES; r++) {
			const struct sandbox_call *c = sandbox_call(i);
			enum sandbox_answer a, p;

			if (r == ROLE_PARENT || r == ROLE_EXPORT)
				continue; /* not its child */
			a = sandbox_answer(c, (enum role)r);
			p = sandbox_answer(c, ROLE_PRIV);
			if (a == ANSWER_FREE)
				ck_assert_int_eq(p, ANSWER_FREE);
			if (a == ANSWER_CHECKED)
				ck_assert_int_ne(p, ANSWER_NO);
		}
}
END_TEST

START_TEST(the_supervisor_may_not_execute_signal_or_change_its_user)
{
	static const char *const never[] = {"openat", "open", "execve",
	    "execveat", "clone", "clone3", "fork", "kill", "ptrace", "ioctl",
	    "prctl", "seccomp", "unshare", "mount", "setgroups", "setresuid",
	    "setresgid", "capset", "unlinkat", "mprotect"};

	for (size_t i = 0; i < sandbox_ncalls(); i++)
		for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++)
			if (strcmp(sandbox_call(i)->name, never[k]) == 0)
				ck_assert_int_eq(sandbox_answer(sandbox_call(i),
						     ROLE_PARENT),
				    ANSWER_NO);
}
END_TEST

START_TEST(the_supervisor_may_set_what_is_about_multicast_and_nothing_else)
{
	const struct sandbox_call *c;

	for (size_t i = 0; i < sandbox_ncalls(); i++) {
		c = sandbox_call(i);
		if (strcmp(c->name, "setsockopt") == 0 &&
		    sandbox_answer(c, ROLE_PARENT) != ANSWER_NO) {
			ck_assert_int_eq(
			    sandbox_answer(c, ROLE_PARENT), ANSWER_CHECKED);
			ck_assert_int_eq(c->arg, ARG_MCAST);
		}
	}
}
END_TEST

START_TEST(names_of_bits_are_joined_and_cut_whole)
{
	char text[64], small[12];

	sandbox_names(SANDBOX_SECCOMP | SANDBOX_UID, text, sizeof(text));
	ck_assert_str_eq(text, "seccomp,uid");
	sandbox_names(0, text, sizeof(text));
	ck_assert_str_eq(text, "");
	sandbox_names(UINT32_MAX, small, sizeof(small));
	ck_assert_uint_eq(strlen(small), sizeof(small) - 1);
}
END_TEST

static char *
print_all(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *fp;

	fp = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(fp);
	for (unsigned r = 0; r < ROLE_NROLES; r++)
		sandbox_print(fp, (enum role)r);
	fclose(fp);
	return text;
}

static char *
read_golden(void)
{
	static char text[32768];
	FILE *fp;
	size_t n;

	fp = fopen(GOLDEN, "r");
	ck_assert_msg(fp != NULL, "%s: run from the top directory", GOLDEN);
	n = fread(text, 1, sizeof(text) - 1, fp);
	fclose(fp);
	text[n] = '\0';
	return text;
}

START_TEST(the_table_is_the_one_that_was_agreed_on)
{
	char *now = print_all();
	FILE *fp;

	if (getenv("UPDATE") != NULL) {
		fp = fopen(GOLDEN, "w");
		ck_assert_ptr_nonnull(fp);
		fputs(now, fp);
		fclose(fp);
	}
	ck_assert_msg(strcmp(now, read_golden()) == 0,
	    "%s differs: make it anew with UPDATE=1 if that is wanted:\n%s",
	    GOLDEN, now);
	free(now);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    no_role_may_do_more_than_its_goal,
	    a_role_without_a_sandbox_has_no_calls_and_no_pledge,
	    every_row_is_somebodys_and_the_columns_do_not_overlap,
	    no_call_has_two_rows_for_one_role,
	    what_is_checked_has_a_list_of_arguments,
	    every_comparison_can_be_true,
	    no_child_may_open_connect_execute_or_signal,
	    priv_allows_whatever_a_child_may_do,
	    the_supervisor_may_not_execute_signal_or_change_its_user,
	    the_supervisor_may_set_what_is_about_multicast_and_nothing_else,
	    names_of_bits_are_joined_and_cut_whole,
	    the_table_is_the_one_that_was_agreed_on,
	};

	return UNIT_RUN("sandbox", tests);
}
