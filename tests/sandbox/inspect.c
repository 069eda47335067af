/* SPDX-License-Identifier: ISC */
/*
 * What the kernel itself says about a confined process (S-06), and that no
 * two processes share a layout (S-05).
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"
#include "sandbox_table.h"

#define RESTARTS 32

static const enum role kids[] = {
    ROLE_TUN, ROLE_KEY, ROLE_ENGINE, ROLE_DISC, ROLE_CTL, ROLE_TLS, ROLE_UPNP};
#define NKIDS (sizeof(kids) / sizeof(kids[0]))

/* NET_ADMIN, SETUID, SETGID, KILL as the kernel prints a set */
#define FOUR_CAPS "00000000000010e0"
#define NO_CAPS "0000000000000000"

static size_t
slurp(pid_t pid, const char *name, char *out, size_t cap)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, out, cap - 1);
	close(fd);
	out[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

/* The rest of the line that begins with key, white space at the ends gone. */
static const char *
field(const char *text, const char *key, char *out, size_t cap)
{
	const char *p = text, *end;

	out[0] = '\0';
	while (p != NULL && strncmp(p, key, strlen(key)) != 0)
		p = (p = strchr(p, '\n')) == NULL ? NULL : p + 1;
	if (p == NULL)
		return "?";
	p += strlen(key);
	p += strspn(p, " \t");
	end = p + strcspn(p, "\n");
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	snprintf(out, cap, "%.*s", (int)(end - p), p);
	return out;
}

static void
expect(struct probe *p, enum role role, const char *what, const char *text,
    const char *key, const char *wanted)
{
	char got[128], name[128], why[300];

	field(text, key, got, sizeof(got));
	snprintf(name, sizeof(name), "S-06 %s %s", what, key);
	snprintf(why, sizeof(why), "is \"%s\", not \"%s\"", got, wanted);
	verdict(p, strcmp(got, wanted) == 0, role, name, why);
}

static void
look_at_status(struct probe *p, enum role role, pid_t pid)
{
	const char *caps = role == ROLE_PRIV ? FOUR_CAPS : NO_CAPS;
	char text[4096], ids[64];

	slurp(pid, "status", text, sizeof(text));
	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u", p->world.uid[role],
	    p->world.uid[role], p->world.uid[role], p->world.uid[role]);
	expect(p, role, "status", text, "Uid:", ids);
	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u", p->world.gid[role],
	    p->world.gid[role], p->world.gid[role], p->world.gid[role]);
	expect(p, role, "status", text, "Gid:", ids);
	if (role != ROLE_CONF)
		expect(p, role, "status", text, "Groups:", "");
	expect(p, role, "status", text, "CapInh:", NO_CAPS);
	expect(p, role, "status", text, "CapPrm:", caps);
	expect(p, role, "status", text, "CapEff:", caps);
	expect(p, role, "status", text, "CapBnd:", caps);
	expect(p, role, "status", text, "CapAmb:", NO_CAPS);
	expect(p, role, "status", text, "NoNewPrivs:", "1");
	expect(p, role, "status", text, "Seccomp:", "2");
}

static void
look_at_limits(struct probe *p, enum role role, pid_t pid)
{
	const struct sandbox_facts *f = sandbox_facts(role);
	char text[4096], number[32], wanted[128];

	if (begins_as_root(role))
		return;
	slurp(pid, "limits", text, sizeof(text));
	snprintf(number, sizeof(number), "%u", f->nofile);
	snprintf(wanted, sizeof(wanted), "%-20s %-20s files", number, number);
	expect(p, role, "limit", text, "Max open files", wanted);
	snprintf(number, sizeof(number), "%u", f->nproc);
	snprintf(
	    wanted, sizeof(wanted), "%-20s %-20s processes", number, number);
	expect(p, role, "limit", text, "Max processes", wanted);
	snprintf(number, sizeof(number), "%u", f->fsize);
	snprintf(wanted, sizeof(wanted), "%-20s %-20s bytes", number, number);
	if (f->fsize != LIMIT_KEEP)
		expect(p, role, "limit", text, "Max file size", wanted);
	snprintf(wanted, sizeof(wanted), "%-20d %-20d bytes", 0, 0);
	expect(p, role, "limit", text, "Max core file size", wanted);
}

/* How many entries a directory of /proc has, "." and ".." left out. */
static int
entries(pid_t pid, const char *name)
{
	char path[64];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	d = opendir(path);
	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			n++;
	closedir(d);
	return n;
}

static void
look_at_spaces(struct probe *p, enum role role, pid_t pid)
{
	static const char *const spaces[] = {"user", "net", "ipc", "uts"};
	char path[64], mine[64], theirs[64], what[64];
	ssize_t n, m;

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		if (calls_others(role) && strcmp(spaces[i], "net") == 0)
			continue; /* it calls peers */
		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		n = readlink(path, mine, sizeof(mine));
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, spaces[i]);
		m = readlink(path, theirs, sizeof(theirs));
		snprintf(
		    what, sizeof(what), "S-06 own %s namespace", spaces[i]);
		verdict(p, n > 0 && n == m && memcmp(mine, theirs, n) != 0,
		    role, what, "shared");
	}
}

static void
look_at_surroundings(struct probe *p, enum role role, pid_t pid)
{
	char text[256];
	int n;

	/* 0-2, the channel; the new root and the test's gift are not there */
	n = entries(pid, "fd");
	snprintf(text, sizeof(text), "has %d descriptors", n);
	verdict(p, n == 4, role, "S-06 four descriptors", text);
	n = entries(pid, "root");
	snprintf(text, sizeof(text), "sees %d files", n);
	verdict(p, n == 0, role, "S-06 empty root", text);
	n = entries(pid, "cwd");
	verdict(p, n == 0, role, "S-06 empty working directory", text);
	verdict(p, slurp(pid, "environ", text, sizeof(text)) == 0, role,
	    "S-06 empty environment", text);
}

static void
look_at_report(struct probe *p, enum role role, const struct sandbox_report *r)
{
	uint32_t all = SANDBOX_SECCOMP | SANDBOX_LANDLOCK_FS |
	    SANDBOX_LANDLOCK_NET | SANDBOX_LANDLOCK_SCOPE | SANDBOX_CAPS |
	    SANDBOX_NNP | SANDBOX_NODUMP | SANDBOX_MDWE;
	char names[256], why[300];

	if (role != ROLE_PRIV)
		all |= SANDBOX_RLIMITS;
	if (!begins_as_root(role) && !calls_others(role)) /* it calls peers */
		all |= SANDBOX_NETNS;
	if (!begins_as_root(role) && role != ROLE_CONF)
		all |= SANDBOX_CHROOT;
	if (role != ROLE_CONF)
		all |= SANDBOX_UID;
	snprintf(why, sizeof(why), "have %#x of %#x, missing: %s", r->have, all,
	    sandbox_names(r->missing, names, sizeof(names)));
	verdict(p, r->have == all && r->missing == 0, role,
	    "S-06 everything is in force", why);
}

static void
look_at(struct probe *p, enum role role)
{
	struct attack a;

	if (attack_begin(p, &a, role, MODE_ON, 0) == 0) {
		pid_t pid = a.pid;

		look_at_report(p, role, &a.ready.report);
		look_at_status(p, role, pid);
		look_at_limits(p, role, pid);
		if (!begins_as_root(role))
			look_at_spaces(p, role, pid);
		if (!begins_as_root(role) && role != ROLE_CONF)
			look_at_surroundings(p, role, pid);
	} else
		verdict(p, false, role, "S-06 starts", "it does not");
	attack_end(p, &a, MODE_ON);
}

/* ---- S-05 ---- */

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned
equal_pairs(uint64_t *v, size_t n)
{
	unsigned equal = 0;

	qsort(v, n, sizeof(*v), by_value);
	for (size_t i = 1; i < n; i++)
		if (v[i] == v[i - 1])
			equal++;
	return equal;
}

/*
 * A fresh address space at every start.  The heap's and the stack's places
 * have few random bits on some machines, the program's has 28 here: among 160
 * starts a pair is equal once in 20 000 runs, so one pair is forgiven.
 */
static void
layouts(struct probe *p)
{
	static uint64_t text[NKIDS * RESTARTS], stack[NKIDS * RESTARTS];
	char why[64];
	size_t n = 0;
	unsigned t, s;

	for (size_t i = 0; i < NKIDS; i++)
		for (int k = 0; k < RESTARTS; k++) {
			struct attack a;

			(void)attack_begin(p, &a, kids[i], MODE_ON, 0);
			attack_end(p, &a, MODE_ON);
			text[n] = a.ready.text;
			stack[n++] = a.ready.stack;
		}
	t = equal_pairs(text, n);
	s = equal_pairs(stack, n);
	snprintf(why, sizeof(why), "%u programs, %u stacks at one place", t, s);
	verdict(p, t <= 1 && s <= 1 && text[0] != 0, ROLE_PRIV,
	    "S-05 160 starts, 160 layouts", why);
}

void
inspect_all(struct probe *p)
{
	for (size_t i = 0; i < NKIDS; i++)
		look_at(p, kids[i]);
	look_at(p, ROLE_CONF);
	look_at(p, ROLE_PRIV);
	look_at(p, ROLE_PARENT);
	layouts(p);
}
