/* SPDX-License-Identifier: ISC */
/*
 * OpenBSD's sandbox, run on a system that has none of it: prints the calls in
 * their order, to be compared with golden.txt.
 */
#include "stubs.h"

#include <errno.h>
#include <stdio.h>

#include "sandbox.h"

int
pledge(const char *promises, const char *execpromises)
{
	printf("\tpledge(\"%s\", %s)\n", promises,
	    execpromises == NULL ? "NULL" : execpromises);
	return 0;
}

int
unveil(const char *path, const char *permissions)
{
	if (path == NULL)
		printf("\tunveil(NULL, NULL)\n");
	else
		printf("\tunveil(\"%s\", \"%s\")\n", path, permissions);
	return 0;
}

int
stub_getresuid(uid_t *r, uid_t *e, uid_t *s)
{
	*r = *e = *s = 1000;
	return 0;
}

int
stub_setresuid(uid_t r, uid_t e, uid_t s)
{
	printf("\tsetresuid(%u, %u, %u)\n", r, e, s);
	if (r != 0)
		return 0;
	errno = EPERM;
	return -1;
}

int
stub_setresgid(gid_t r, gid_t e, gid_t s)
{
	printf("\tsetresgid(%u, %u, %u)\n", r, e, s);
	return 0;
}

int
stub_setgroups(int n, const gid_t *list)
{
	(void)list;
	printf("\tsetgroups(%d)\n", n);
	return 0;
}

int
stub_getrlimit(int resource, struct rlimit *l)
{
	(void)resource;
	l->rlim_cur = l->rlim_max = RLIM_INFINITY;
	return 0;
}

static const char *
limit_name(int resource)
{
	switch (resource) {
	case RLIMIT_CORE:
		return "CORE";
	case RLIMIT_NOFILE:
		return "NOFILE";
	case RLIMIT_NPROC:
		return "NPROC";
	case RLIMIT_FSIZE:
		return "FSIZE";
	case RLIMIT_DATA:
		return "DATA";
	case RLIMIT_MEMLOCK:
		return "MEMLOCK";
	default:
		return "?";
	}
}

int
stub_setrlimit(int resource, const struct rlimit *l)
{
	printf("\tsetrlimit(%s, %llu, %llu)\n", limit_name(resource),
	    (unsigned long long)l->rlim_cur, (unsigned long long)l->rlim_max);
	return 0;
}

int
stub_poll(struct pollfd *p, nfds_t n, int timeout)
{
	printf("\tpoll(%d, %lu, %d)\n", p->fd, (unsigned long)n, timeout);
	p->revents = 0;
	return 0;
}

int
stub_close(int fd)
{
	printf("\tclose(%d)\n", fd);
	return 0;
}

static void
child(enum role role)
{
	struct sandbox_report r;
	char have[256], missing[256];

	printf("%s:\n", role_name(role));
	if (sandbox_enter_early(role, &r) == -1 ||
	    sandbox_enter(role, &r) == -1)
		printf("\tfailed\n");
	printf("\thave %s; missing %s\n",
	    sandbox_names(r.have, have, sizeof(have)),
	    sandbox_names(r.missing, missing, sizeof(missing)));
}

int
main(void)
{
	static const char *const also[] = {"/var/lib/mesh/x", NULL};
	struct sandbox_report r;

	child(ROLE_TUN);
	child(ROLE_KEY);
	child(ROLE_ENGINE);
	child(ROLE_DISC);
	child(ROLE_CTL);
	child(ROLE_TLS);
	child(ROLE_UPNP);
	printf("conf:\n");
	if (sandbox_conf("/etc/mesh", also, &r) == -1)
		printf("\tfailed\n");
	printf("priv:\n");
	if (sandbox_priv(1000, 1000, "/var/run/mesh", &r) == -1)
		printf("\tfailed\n");
	printf("tunnel-priv:\n");
	if (sandbox_supervisor(1001, 1001, &r) == -1)
		printf("\tfailed\n");
	return 0;
}
