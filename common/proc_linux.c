/* SPDX-License-Identifier: ISC */
/* file: common/proc_linux.c */
/*
 * The steps of a child's start that are Linux's own.  The first two are plain
 * system calls: libc has no wrapper for the one (musl) or for the other, and
 * between fork and exec nothing else would be safe.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc.h"

/* More than any RLIMIT_NOFILE we run with; only for kernels before 5.9. */
#define FD_GUESS 65536

void
proc_close_from(int fd)
{
	struct rlimit rl = {0};
	int end = FD_GUESS;

	if (syscall(SYS_close_range, (unsigned)fd, ~0U, 0U) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < FD_GUESS)
		end = (int)rl.rlim_cur;
	for (; fd < end; fd++)
		close(fd);
}

/*
 * Capabilities survive a change from one ordinary user to another, which is
 * what a respawn by the unprivileged parent is.  exec would clear them too,
 * but then the check that there is no way back could not be made before.
 */
int
proc_drop_caps(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	if (geteuid() == 0)
		return 0;
	memset(none, 0, sizeof(none));
	return (int)syscall(SYS_capset, &head, none);
}

/* A program that was exec'd by descriptor is called after its number. */
void
proc_set_name(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}
