/* SPDX-License-Identifier: ISC */
/*
 * The same promises on OpenBSD: pledge, unveil, limits.
 *
 * The promises are those of sandbox_table.c; a call outside of them kills, as
 * on Linux.  There are no namespaces, and an ordinary user can't chroot: an
 * unveil of nothing takes their place.  What has no counterpart here (network
 * namespace, capabilities, MDWE, which the system enforces for everybody) is
 * left out of both masks of the report rather than called missing.
 *
 * Priv stays root, because a child's users and the interface need it,
 * and is held by its promises.  Interface ioctls are not pledged: they are
 * done before.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "proc.h"
#include "sandbox_table.h"

/* No list of arguments: pledge knows them. */
const struct sandbox_combo *
sandbox_combo(enum sandbox_arg kind, size_t i)
{
	(void)kind;
	(void)i;
	return NULL;
}

static int
limit(int resource, uint32_t value, rlim_t unit)
{
	struct rlimit old, new;

	if (value == LIMIT_KEEP)
		return 0;
	if (getrlimit(resource, &old) == -1)
		return -1;
	new.rlim_cur = new.rlim_max = value *unit;
	if (new.rlim_max > old.rlim_max)
		new.rlim_cur = new.rlim_max = old.rlim_max;
	return setrlimit(resource, &new);
}

/* RLIMIT_DATA is what OpenBSD has of an address space limit. */
static int
set_limits(enum role role, struct sandbox_report *r)
{
	const struct sandbox_facts *f = sandbox_facts(role);

	if (limit(RLIMIT_CORE, 0, 1) == -1 ||
	    limit(RLIMIT_NOFILE, f->nofile, 1) == -1 ||
	    limit(RLIMIT_NPROC, f->nproc, 1) == -1 ||
	    limit(RLIMIT_FSIZE, f->fsize, 1) == -1 ||
	    limit(RLIMIT_DATA, f->as_mib, 1 << 20) == -1 ||
	    limit(RLIMIT_MEMLOCK, f->memlock_kib, 1 << 10) == -1) {
		log_error("sandbox: limits");
		return -1;
	}
	r->have |= SANDBOX_RLIMITS | SANDBOX_NODUMP;
	return 0;
}

/* `path` stays visible with these rights, or nothing at all if NULL. */
static int
veil(const char *path, const char *rights, struct sandbox_report *r)
{
	if (unveil("/", "") == -1)
		goto fail;
	if (path != NULL && unveil(path, rights) == -1)
		goto fail;
	if (unveil(NULL, NULL) == -1)
		goto fail;
	r->have |= SANDBOX_LANDLOCK_FS;
	return 0;
fail:
	log_error("sandbox: unveil");
	return -1;
}

static int
promise(enum role role, struct sandbox_report *r)
{
	if (pledge(sandbox_pledge(role), NULL) == -1) {
		log_error("sandbox: pledge");
		return -1;
	}
	r->have |= SANDBOX_SECCOMP | SANDBOX_NNP;
	return 0;
}

static int
check_identity(struct sandbox_report *r)
{
	uid_t uid, euid, suid;

	if (getresuid(&uid, &euid, &suid) == -1)
		return -1;
	if (uid == 0 || uid != euid || uid != suid || setresuid(0, 0, 0) == 0) {
		log_errorx("sandbox: not a user of its own");
		return -1;
	}
	r->have |= SANDBOX_UID;
	return 0;
}

static int
parent_is_there(void)
{
	struct pollfd p = {.fd = PROC_PARENT_FD, .events = POLLIN};

	if (poll(&p, 1, 0) == -1 ||
	    (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
		log_errorx("sandbox: the parent is gone");
		return -1;
	}
	return 0;
}

int
sandbox_enter_early(enum role role, struct sandbox_report *r)
{
	memset(r, 0, sizeof(*r));
	if (check_identity(r) == -1 || parent_is_there() == -1)
		return -1;
	close(SANDBOX_EMPTY_DIR_FD);
	return set_limits(role, r);
}

int
sandbox_enter(enum role role, struct sandbox_report *r)
{
	if (veil(NULL, NULL, r) == -1)
		return -1;
	return promise(role, r);
}

int
sandbox_priv(
    uint32_t uid, uint32_t gid, const char *writable, struct sandbox_report *r)
{
	memset(r, 0, sizeof(*r));
	if (uid == 0 || gid == 0) {
		log_errorx("sandbox: priv needs a user of its own");
		return -1;
	}
	/* reading stays: programs are restarted, keys are handed out */
	if (unveil("/", "rx") == -1 || unveil(writable, "rwc") == -1 ||
	    unveil("/dev/null", "rw") == -1 || unveil(NULL, NULL) == -1) {
		log_error("sandbox: unveil");
		return -1;
	}
	r->have |= SANDBOX_LANDLOCK_FS;
	return promise(ROLE_PRIV, r);
}

int
sandbox_supervisor(uint32_t uid, uint32_t gid, struct sandbox_report *r)
{
	return sandbox_service(ROLE_PARENT, uid, gid, r);
}

int
sandbox_service(
    enum role role, uint32_t uid, uint32_t gid, struct sandbox_report *r)
{
	memset(r, 0, sizeof(*r));
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
		setresuid(uid, uid, uid) == -1)) {
		log_error("sandbox: can't become uid %u", uid);
		return -1;
	}
	if (check_identity(r) == -1 || set_limits(role, r) == -1 ||
	    veil(NULL, NULL, r) == -1)
		return -1;
	return promise(role, r);
}

int
sandbox_conf(
    const char *readable, const char *const *also, struct sandbox_report *r)
{
	memset(r, 0, sizeof(*r));
	for (; *also != NULL; also++)
		if (unveil(*also, "r") == -1 && errno != ENOENT) {
			log_error("sandbox: unveil");
			return -1;
		}
	if (set_limits(ROLE_CONF, r) == -1 || veil(readable, "r", r) == -1)
		return -1;
	return promise(ROLE_CONF, r);
}
