/* SPDX-License-Identifier: ISC */
/* file: tests/sandbox/openbsd/stubs.h */
#ifndef STUBS_H
#define STUBS_H

/*
 * What <unistd.h> of OpenBSD declares and ours does not, and the calls that
 * must not really happen here.  Included in front of sandbox_openbsd.c by the
 * compiler's -include; stubs.c writes every call down.
 */
#include <sys/resource.h>
#include <sys/types.h>
#include <poll.h>
#include <unistd.h>

int pledge(const char *promises, const char *execpromises);
int unveil(const char *path, const char *permissions);

int stub_getresuid(uid_t *, uid_t *, uid_t *);
int stub_setresuid(uid_t, uid_t, uid_t);
int stub_setresgid(gid_t, gid_t, gid_t);
int stub_setgroups(int, const gid_t *);
int stub_getrlimit(int, struct rlimit *);
int stub_setrlimit(int, const struct rlimit *);
int stub_poll(struct pollfd *, nfds_t, int);
int stub_close(int);

#define getresuid stub_getresuid
#define setresuid stub_setresuid
#define setresgid stub_setresgid
#define setgroups stub_setgroups
#define getrlimit stub_getrlimit
#define setrlimit stub_setrlimit
#define poll stub_poll
#define close stub_close

#endif
