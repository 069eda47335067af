/* SPDX-License-Identifier: ISC */
/*
 * From the table to a loaded seccomp filter: the only file that includes
 * libseccomp.
 *
 * A child's filter kills on anything that is not a row of the table, on other
 * machine's numbering (i386, x32) too.  It is loaded for all threads there are
 * at once: they have the same one above it, so that can't fail half-way.
 *
 * The supervisor's and priv's do not kill: they answer EPERM, because a call
 * that some libc makes unexpectedly must not take the whole node down; what
 * they must not do is just as impossible.  Priv's is inherited by the children,
 * therefore it is the union of all their roles; of two filters the kernel takes
 * the stricter answer.
 */
#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "log.h"
#include "sandbox_linux.h"

static int
add_checked(scmp_filter_ctx ctx, int nr, enum sandbox_arg kind)
{
	const struct sandbox_combo *c;
	int error = 0;

	for (size_t i = 0; (c = sandbox_combo(kind, i)) != NULL; i++) {
		struct scmp_arg_cmp cmp[SANDBOX_NCMP];

		for (unsigned k = 0; k < c->n; k++)
			cmp[k] = SCMP_CMP(c->cmp[k].arg, SCMP_CMP_MASKED_EQ,
			    c->cmp[k].mask, c->cmp[k].value);
		error =
		    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, c->n, cmp);
		if (error != 0)
			return error;
	}
	return error;
}

/* 0 or a negative errno, as libseccomp has it. */
static int
add_call(scmp_filter_ctx ctx, const struct sandbox_call *c, enum role role)
{
	int nr = seccomp_syscall_resolve_name(c->name);

	if (nr == __NR_SCMP_ERROR)
		return 0; /* not on this machine, or newer than libseccomp */
	switch (sandbox_answer(c, role)) {
	case ANSWER_FREE:
		return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, 0, NULL);
	case ANSWER_CHECKED:
		return add_checked(ctx, nr, c->arg);
	case ANSWER_EACCES:
		return seccomp_rule_add_array(
		    ctx, SCMP_ACT_ERRNO(EACCES), nr, 0, NULL);
	case ANSWER_ENOSYS:
		return seccomp_rule_add_array(
		    ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0, NULL);
	case ANSWER_NO:
		break;
	}
	return 0;
}

static int
add_all(scmp_filter_ctx ctx, enum role role)
{
	const struct sandbox_call *c;
	int error;

	error = seccomp_attr_set(
	    ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	for (size_t i = 0; error == 0 && (c = sandbox_call(i)) != NULL; i++) {
		error = add_call(ctx, c, role);
		if (error != 0)
			log_errorx(
			    "sandbox: %s: %s", c->name, strerror(-error));
	}
	return error;
}

int
sandbox_seccomp(enum role role)
{
	scmp_filter_ctx ctx;
	int error;

	ctx = seccomp_init(role == ROLE_PARENT || role == ROLE_PRIV
		? SCMP_ACT_ERRNO(EPERM)
		: SCMP_ACT_KILL_PROCESS);
	if (ctx == NULL) {
		log_errorx("sandbox: seccomp: the kernel does not have it");
		return -1;
	}
	error = add_all(ctx, role);
	if (error == 0)
		error = seccomp_load(ctx);
	seccomp_release(ctx);
	if (error != 0) {
		log_errorx("sandbox: seccomp: %s", strerror(-error));
		return -1;
	}
	return 0;
}
