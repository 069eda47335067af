/* SPDX-License-Identifier: ISC */
/*
 * Landlock: files, TCP ports, signals and abstract sockets.
 *
 * Children handle every file right the kernel knows and get no rule, so no
 * path means anything to them; nor does it to the supervisor.  Priv keeps
 * reading (it starts the children's programs) but can write, create and remove
 * only below the run directory.  The configuration parser reads below one
 * directory, and a file or two elsewhere.
 *
 * The kernel's header of an older system lacks the newer rights, so numbers
 * and structures are our own; the ABI is asked at run time and what it lacks
 * is reported.  Domains nest: priv may still signal its children, which sit in
 * domains below its own.
 */
#include <sys/stat.h>
#include <sys/syscall.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_linux.h"

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_MAKE_CHAR (1ull << 6)
#define FS_MAKE_BLOCK (1ull << 11)
#define FS_REFER (1ull << 13)     /* ABI 2 */
#define FS_TRUNCATE (1ull << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define FS_ABI1 ((1ull << 13) - 1)
#define NET_BIND 0x1ull       /* bind TCP: ABI 4 */
#define NET_BOTH 0x3ull       /* ... and connect */
#define SCOPE_ABSTRACT 0x1ull /* ABI 6 */
#define SCOPE_SIGNAL 0x2ull

#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static int
ll_abi(void)
{
	return (int)syscall(
	    SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);
}

/* Every file right that this ABI can take away. */
static uint64_t
fs_rights(int abi)
{
	uint64_t fs = FS_ABI1;

	if (abi >= 2)
		fs |= FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

/* What is taken away, and in the report what could not be. */
static struct ruleset_attr
plan(uint32_t facts, int abi, struct sandbox_report *r)
{
	struct ruleset_attr a = {.fs = fs_rights(abi)};

	r->have |= SANDBOX_LANDLOCK_FS;
	if ((facts & LL_WRITE_ONE) != 0)
		a.fs &= ~(FS_EXECUTE | FS_READ_FILE | FS_READ_DIR);
	if (abi >= 4) {
		a.net = (facts & LL_NO_TCP) != 0 ? NET_BOTH
		    : (facts & LL_NO_BIND) != 0  ? NET_BIND
						 : 0;
		r->have |= SANDBOX_LANDLOCK_NET;
	} else
		r->missing |= SANDBOX_LANDLOCK_NET;
	if (abi >= 6) {
		if ((facts & LL_NO_SIGNAL) != 0)
			a.scoped |= SCOPE_SIGNAL;
		if ((facts & LL_NO_ABSTRACT) != 0)
			a.scoped |= SCOPE_ABSTRACT;
		r->have |= SANDBOX_LANDLOCK_SCOPE;
	} else
		r->missing |= SANDBOX_LANDLOCK_SCOPE;
	return a;
}

/* Give `rights` back below path; a single file takes fewer kinds of them. */
static int
allow(int ruleset, const char *path, uint64_t rights)
{
	struct path_beneath rule = {.allowed = rights};
	struct stat st;
	int fd, error;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		goto fail;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE |
		    FS_TRUNCATE | FS_IOCTL_DEV;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
		0u) == -1)
		goto fail;
	close(fd);
	return 0;
fail:
	error = errno;
	if (fd != -1)
		close(fd);
	errno = error;
	return -1;
}

/* The devices of priv; a machine without TUN can't lose it. */
static int
allow_device(int ruleset, const char *path, uint64_t rights)
{
	if (allow(ruleset, path, rights) == 0 || errno == ENOENT)
		return 0;
	return -1;
}

static int
allow_reading(int ruleset, const char *path, const char *const *also)
{
	/* what is not there or can't be reached needs no right */
	for (; also != NULL && *also != NULL; also++)
		(void)allow(ruleset, *also, FS_READ_FILE);
	return allow(ruleset, path, FS_READ_FILE | FS_READ_DIR);
}

static int
allow_writing(int ruleset, uint64_t handled, const char *path)
{
	uint64_t device = handled & (FS_WRITE_FILE | FS_IOCTL_DEV);

	if (allow(ruleset, path, handled & ~(FS_MAKE_CHAR | FS_MAKE_BLOCK)) ==
	    -1)
		return -1;
	if (allow_device(ruleset, "/dev/null", device) == -1)
		return -1;
	return allow_device(ruleset, "/dev/net/tun", device);
}

int
sandbox_landlock(enum role role, const char *path, const char *const *also,
    struct sandbox_report *r)
{
	uint32_t facts = sandbox_facts(role)->landlock;
	struct ruleset_attr attr;
	int abi, fd, rules = 0;

	abi = ll_abi();
	if (abi < 1) {
		r->missing |= SANDBOX_LANDLOCK_FS | SANDBOX_LANDLOCK_NET |
		    SANDBOX_LANDLOCK_SCOPE;
		return 0;
	}
	attr = plan(facts, abi, r);
	/* fields an older kernel does not know are zero: it accepts that */
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0u);
	if (fd == -1) {
		log_error("sandbox: landlock ABI %d", abi);
		return -1;
	}
	if ((facts & LL_READ_ONE) != 0)
		rules = allow_reading(fd, path, also);
	else if ((facts & LL_WRITE_ONE) != 0)
		rules = allow_writing(fd, attr.fs, path);
	if (rules == -1) {
		log_error("sandbox: landlock: %s", path);
		goto fail;
	}
	if (syscall(SYS_landlock_restrict_self, fd, 0u) == -1) {
		log_error("sandbox: landlock");
		goto fail;
	}
	close(fd);
	return 0;
fail:
	close(fd);
	return -1;
}
