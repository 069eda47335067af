/* SPDX-License-Identifier: ISC */
/*
 * The steps into confinement on Linux, in the order that works.
 *
 * A child, already its own user without groups:
 *	user, network, IPC and UTS namespaces -> chroot into an empty directory
 *	with the capability the new user namespace lends -> no capability left
 *	anywhere, no new ones -> not dumpable, dies with the parent -> limits
 *	-> Landlock -> (program starts up) -> no more threads -> seccomp
 * Namespaces, capabilities, no_new_privs and Landlock belong to a thread and
 * are inherited by those it starts, so they come before the first of them;
 * seccomp can be given to all that are there.
 * chroot first would need a real privilege, and a process in a chroot may not
 * make a user namespace.  PR_SET_PDEATHSIG and PR_SET_DUMPABLE come after the
 * last change of credentials, because each such change resets them.
 *
 * Priv trades root for one user with four capabilities, the supervisor for one
 * with none.  The securebits are locked, so that uid 0, which priv can still
 *become for the configuration parser, is a user like any other: no capability
 *comes from an exec.
 *
 * A step that the kernel or its administrator does not offer is a missing bit;
 * a step that should have worked and did not is -1, and the program ends.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "proc.h"
#include "sandbox_linux.h"

/* newer than the oldest header we build with */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

#define LOCKED_BITS                                                            \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |       \
	    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |          \
	    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

#define CAP(x) (1ull << (CAP_##x))
#define PRIV_CAPS (CAP(NET_ADMIN) | CAP(SETUID) | CAP(SETGID) | CAP(KILL))

/* ---- capabilities, by the kernel's own interface ---- */

struct caps {
	uint64_t effective, permitted, inheritable;
};

static int
caps_set(const struct caps *c)
{
	struct __user_cap_header_struct h = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	for (int i = 0; i < 2; i++) {
		d[i].effective = (uint32_t)(c->effective >> (32 * i));
		d[i].permitted = (uint32_t)(c->permitted >> (32 * i));
		d[i].inheritable = (uint32_t)(c->inheritable >> (32 * i));
	}
	return (int)syscall(SYS_capset, &h, d);
}

static int
caps_get(struct caps *c)
{
	struct __user_cap_header_struct h = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) == -1)
		return -1;
	c->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	c->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	c->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

/* PR_CAPBSET_READ says EINVAL after the kernel's last capability. */
static uint64_t
bounding_get(void)
{
	uint64_t set = 0;
	int in;

	for (int i = 0; i < 64; i++) {
		in = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
		if (in == -1)
			break;
		if (in == 1)
			set |= 1ull << i;
	}
	return set;
}

static void
bounding_keep(uint64_t keep)
{
	uint64_t set = bounding_get();

	for (int i = 0; i < 64; i++)
		if ((set & ~keep & 1ull << i) != 0)
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* Nothing but `keep` anywhere, and no way to get more. */
static bool
caps_are(uint64_t keep)
{
	struct caps c;
	int bits;

	bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	return caps_get(&c) == 0 && c.effective == keep &&
	    c.permitted == keep && c.inheritable == 0 &&
	    bounding_get() == keep && bits != -1 &&
	    (bits & LOCKED_BITS) == LOCKED_BITS;
}

/*
 * The own sets can always be emptied.  Bounding set and securebits need
 * CAP_SETPCAP, which the user namespace lends; where there is none they stay
 * as inherited (priv's four, locked), and that is reported.
 */
static int
drop_caps(struct sandbox_report *r)
{
	struct caps none = {0};

	bounding_keep(0);
	(void)prctl(PR_SET_SECUREBITS, LOCKED_BITS, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (caps_set(&none) == -1) {
		log_error("sandbox: capset");
		return -1;
	}
	if (caps_are(0))
		r->have |= SANDBOX_CAPS;
	else
		r->missing |= SANDBOX_CAPS;
	return 0;
}

/* ---- steps that several roles share ---- */

static int
no_new_privs(struct sandbox_report *r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_error("sandbox: no_new_privs");
		return -1;
	}
	r->have |= SANDBOX_NNP;
	return 0;
}

/* Not readable by a debugger or a core file; no code made at run time. */
static int
seal_memory(struct sandbox_report *r)
{
	struct rlimit core = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &core) == -1) {
		log_error("sandbox: dumpable");
		return -1;
	}
	r->have |= SANDBOX_NODUMP;
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0)
		r->have |= SANDBOX_MDWE;
	else
		r->missing |= SANDBOX_MDWE; /* before Linux 6.3 */
	return 0;
}

/* Never above what was inherited: raising would need a privilege. */
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

static int
set_limits(enum role role, struct sandbox_report *r)
{
	const struct sandbox_facts *f = sandbox_facts(role);
	/* a sanitizer's shadow is terabytes of address space */
	uint32_t as = sandbox_nextra() == 0 ? f->as_mib : LIMIT_KEEP;

	if (limit(RLIMIT_NOFILE, f->nofile, 1) == -1 ||
	    limit(RLIMIT_FSIZE, f->fsize, 1) == -1 ||
	    limit(RLIMIT_AS, as, 1 << 20) == -1 ||
	    limit(RLIMIT_MEMLOCK, f->memlock_kib, 1 << 10) == -1) {
		log_error("sandbox: limits");
		return -1;
	}
	r->have |= SANDBOX_RLIMITS;
	return 0;
}

int
sandbox_no_threads(enum role role)
{
	if (limit(RLIMIT_NPROC, sandbox_facts(role)->nproc, 1) == 0)
		return 0;
	log_error("sandbox: limits");
	return -1;
}

/* The last step: from here on neither a thread nor another call. */
static int
close_up(enum role role, struct sandbox_report *r)
{
	if (sandbox_no_threads(role) == -1 || sandbox_seccomp(role) == -1)
		return -1;
	r->have |= SANDBOX_SECCOMP;
	return 0;
}

/* ---- a child ---- */

/* proc_spawn should have seen to it; a sandbox does not believe. */
static int
check_identity(struct sandbox_report *r)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	if (getresuid(&uid, &euid, &suid) == -1 ||
	    getresgid(&gid, &egid, &sgid) == -1)
		return -1;
	if (uid == 0 || uid != euid || uid != suid || gid == 0 || gid != egid ||
	    gid != sgid || getgroups(0, NULL) != 0) {
		log_errorx("sandbox: not a user of its own without groups");
		return -1;
	}
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) {
		log_errorx("sandbox: could go back to root");
		return -1;
	}
	r->have |= SANDBOX_UID;
	return 0;
}

/* The new root must be a directory that nobody but root can fill. */
static int
check_empty_dir(void)
{
	struct stat st;

	if (fstat(SANDBOX_EMPTY_DIR_FD, &st) == -1) {
		log_error("sandbox: empty directory");
		return -1;
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		log_errorx("sandbox: descriptor %d is no directory of root",
		    SANDBOX_EMPTY_DIR_FD);
		return -1;
	}
	return 0;
}

/* Who has to call others stays where they can be called. */
static void
enter_namespaces(enum role role, struct sandbox_report *r)
{
	if (sandbox_facts(role)->host_net) {
		if (unshare(NAMESPACES & ~CLONE_NEWNET) == -1)
			log_warn("sandbox: no namespaces");
		return;
	}
	if (unshare(NAMESPACES) == 0) {
		r->have |= SANDBOX_NETNS;
		return;
	}
	log_warn("sandbox: no namespaces");
	r->missing |= SANDBOX_NETNS;
}

static void
enter_empty_root(struct sandbox_report *r)
{
	if (fchdir(SANDBOX_EMPTY_DIR_FD) == 0 && chroot(".") == 0 &&
	    chdir("/") == 0)
		r->have |= SANDBOX_CHROOT;
	else {
		log_warn("sandbox: no chroot");
		r->missing |= SANDBOX_CHROOT;
	}
	close(SANDBOX_EMPTY_DIR_FD);
}

/*
 * The signal is set first and the parent looked for afterwards: whichever way
 * round it dies, one of the two notices.  Its end of the channel is a better
 * witness than getppid(), which a subreaper or a pid namespace changes.
 */
static int
die_with_parent(void)
{
	struct pollfd p = {.fd = PROC_PARENT_FD, .events = POLLIN};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1) {
		log_error("sandbox: pdeathsig");
		return -1;
	}
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
	if ((R(NONE) << role & R_KIDS) == 0) {
		log_errorx("sandbox: no child's role");
		return -1;
	}
	if (check_identity(r) == -1 || check_empty_dir() == -1)
		return -1;
	enter_namespaces(role, r);
	enter_empty_root(r);
	if (drop_caps(r) == -1 || no_new_privs(r) == -1)
		return -1;
	if (seal_memory(r) == -1 || die_with_parent() == -1)
		return -1;
	if (set_limits(role, r) == -1)
		return -1;
	return sandbox_landlock(role, NULL, NULL, r);
}

int
sandbox_enter(enum role role, struct sandbox_report *r)
{
	if ((R(NONE) << role & R_KIDS) == 0) {
		log_errorx("sandbox: no child's role");
		return -1;
	}
	return close_up(role, r);
}

/* ---- the two that begin as root ---- */

/*
 * The order matters: the bounding set while root's CAP_SETPCAP is effective,
 * the users while capabilities are kept across the change, the lock while
 * CAP_SETPCAP is still permitted, and only then the final set.
 */
static int
become(uid_t uid, gid_t gid, uint64_t keep, struct sandbox_report *r)
{
	struct caps all, last = {keep, keep, 0};

	memset(r, 0, sizeof(*r));
	if (uid == 0 || gid == 0) {
		log_errorx("sandbox: needs a user of its own");
		return -1;
	}
	bounding_keep(keep);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ||
	    setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1 || caps_get(&all) == -1)
		goto fail;
	all.effective = all.permitted;
	if (caps_set(&all) == -1 ||
	    prctl(PR_SET_SECUREBITS, LOCKED_BITS, 0, 0, 0) == -1 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 ||
	    caps_set(&last) == -1 || !caps_are(keep))
		goto fail;
	r->have |= SANDBOX_UID | SANDBOX_CAPS;
	return 0;
fail:
	log_error("sandbox: can't become uid %u", uid);
	return -1;
}

static int
fence(enum role role, const char *writable, struct sandbox_report *r)
{
	if (no_new_privs(r) == -1 || seal_memory(r) == -1)
		return -1;
	if (sandbox_landlock(role, writable, NULL, r) == -1)
		return -1;
	return close_up(role, r);
}

int
sandbox_priv(
    uint32_t uid, uint32_t gid, const char *writable, struct sandbox_report *r)
{
	if (become(uid, gid, PRIV_CAPS, r) == -1)
		return -1;
	return fence(ROLE_PRIV, writable, r);
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
	if (geteuid() == 0) {
		if (become(uid, gid, 0, r) == -1)
			return -1;
		if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) {
			log_errorx("sandbox: could go back to root");
			return -1;
		}
	} else if (check_identity(r) == -1 || drop_caps(r) == -1)
		return -1;
	if (set_limits(role, r) == -1)
		return -1;
	return fence(role, NULL, r);
}

/* ---- the configuration parser ---- */

/*
 * Still uid 0, because the secrets' files belong to root, but without a
 * capability that is just their owner.  Also run by an ordinary user who
 * checks a file, so no identity is asked for.
 */
int
sandbox_conf(
    const char *readable, const char *const *also, struct sandbox_report *r)
{
	memset(r, 0, sizeof(*r));
	enter_namespaces(ROLE_CONF, r);
	if (drop_caps(r) == -1 || no_new_privs(r) == -1)
		return -1;
	if (seal_memory(r) == -1 || set_limits(ROLE_CONF, r) == -1)
		return -1;
	if (sandbox_landlock(ROLE_CONF, readable, also, r) == -1)
		return -1;
	return close_up(ROLE_CONF, r);
}
