/* SPDX-License-Identifier: ISC */
/*
 * The confinement of every process: one row per system call, one row per role.
 *
 * This is the only place to change when a program needs more or less.  The
 * kernel's filters, the tests' golden file and the manual's table are made from
 * it, so a widening is always a visible line.  No system's header is used
 * here: names are text, looked up by the file that loads the filter; what has
 * no number on a machine (epoll_wait on arm64) is simply not there.
 *
 * Columns of a row: who may call it with any arguments, who with the listed
 * arguments only, who gets EACCES for it (libc asks such things by itself and
 * lives with a refusal), and for everybody not named the call is death.
 *
 * The calls of the data path (read to sendmmsg, ppoll, epoll) are free of
 * argument checks on purpose: the kernel answers such calls from a bitmap
 * without running the filter.
 */
#include <string.h>

#include "sandbox_table.h"

#define P R(PRIV)
#define M R(PARENT) /* the supervisor */
#define T R(TUN)
#define K R(KEY)
#define E R(ENGINE)
#define D R(DISC)
#define C R(CTL)
#define F R(CONF)
#define X R(EXPORT)
#define L R(TLS)
#define U R(UPNP)
#define S R_START             /* every child until its own filter is loaded */
#define V (E | D | C | L | U) /* those that live on libevent */
#define ALL (T | K | V)

/* clang-format off */
static const struct sandbox_call calls[] = {
/*    name               free         checked      refused arg          why */
	/* memory */
	{ "brk",             ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "malloc" },
	{ "mmap",            P|S,         ALL|F|M|X,     0, ARG_PROT,    "malloc" },
	{ "munmap",          ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "free" },
	{ "mremap",          K|V|F|P|M|X,   0,           0, ARG_ANY,     "realloc of large blocks" },
	{ "mprotect",        S,           0,           0, ARG_ANY,     "ld.so" },
	{ "madvise",         S,           ALL|P|M|X,     0, ARG_MADVISE, "free; keyd's secrets" },
	{ "mlock",           S,           0,           0, ARG_ANY,     "keyd's secrets" },
	/* descriptors */
	{ "read",            L|U|F|P|S|M|X,     0,           0, ARG_ANY,     "configuration, the parent's signals" },
	{ "write",           ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "standard error" },
	{ "readv",           T,           0,           0, ARG_ANY,     "TUN" },
	{ "writev",          T,           0,           0, ARG_ANY,     "TUN" },
	{ "pread64",         K|D|L|S,       0,           0, ARG_ANY,     "ld.so; keyd's files, discoveryd's cache" },
	{ "pwrite64",        K|D|L,         0,           0, ARG_ANY,     "keyd's time stamp, discoveryd's cache" },
	{ "fdatasync",       K,           0,           0, ARG_ANY,     "keyd's time stamp and ledger" },
	{ "flock",           K,           0,           0, ARG_ANY,     "the ledger is meshctl's too" },
	{ "close",           ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "" },
	{ "memfd_create",    0,           M,           0, ARG_MEMFD,   "the packet ring" },
	{ "ftruncate",       D|M,         0,           0, ARG_ANY,     "the packet ring; discoveryd's cache" },
	{ "fcntl",           P|S|M|X,       0,           U, ARG_ANY,     "CLOEXEC, O_NONBLOCK" },
	{ "dup",             0,           0,           U, ARG_ANY,     "perror" },
	/* messages and datagrams */
	{ "recvmsg",         ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "channels; datagrams" },
	{ "sendmsg",         ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "channels; datagrams" },
	{ "recvfrom",        U,           0,           0, ARG_ANY,     "upnpd: libminiupnpc" },
	{ "sendto",          T|E|P|M|U,     0,           0, ARG_ANY,     "packets between tun and engine; netlink" },
	{ "accept4",         C|L|X,           0,           0, ARG_ANY,     "meshctl" },
	{ "getsockopt",      E|C|L|P|S,     0,           0, ARG_ANY,     "who is meshctl's user? how big is the buffer?" },
	{ "setsockopt",      P,           E,           0, ARG_SOCKOPT, "GRO, DF, floods" },
	{ "setsockopt",      0,           M,           0, ARG_MCAST,   "groups for discoveryd" },
	{ "setsockopt",      0,           L,           0, ARG_TCP,     "tlsd: no delay, no long queue" },
	{ "setsockopt",      0,           U,           0, ARG_SSDP,    "upnpd: who is a gateway? how long may it take?" },
	{ "setsockopt",      0,           X,           0, ARG_PATIENCE, "how long a connect may take" },
	/* waiting */
	{ "ppoll",           T|K|F|P|M,   0,           0, ARG_ANY,     "the loop without libevent" },
	{ "poll",            S|X|U,           0,           0, ARG_ANY,     "is the parent still there?" },
	{ "epoll_wait",      V|M|X,         0,           0, ARG_ANY,     "libevent" },
	{ "epoll_pwait",     V|M|X,         0,           0, ARG_ANY,     "the same on arm64" },
	{ "epoll_ctl",       V|S|M|X,       0,           0, ARG_ANY,     "libevent" },
	{ "epoll_create1",   S|M,         0,           0, ARG_ANY,     "libevent" },
	{ "clock_gettime",   ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "where the vDSO can't" },
	{ "gettimeofday",    V|S|M|X,       0,           0, ARG_ANY,     "libevent, where the vDSO can't" },
	{ "futex",           K|E|D|L|U|F|P|S|M|X, 0,         0, ARG_ANY,     "OpenSSL's pthread_once" },
	/* the end */
	{ "exit_group",      ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "" },
	{ "getrandom",       ALL|F|P|S|M|X, 0,           0, ARG_ANY,     "keys, ids; malloc" },
	/* files: the configuration parser and priv only */
	{ "openat",          P|S,         F,           ALL|X, ARG_RDONLY, "configuration" },
	{ "newfstatat",      F|P|S,       0,           ALL|X, ARG_ANY, "glob, stdio" },
	{ "fstat",           D|F|P|S,     0,           T|K|E|C|L|U|X, ARG_ANY, "the same on musl; how long is a file?" },
	{ "getdents64",      F,           0,           0, ARG_ANY,     "glob" },
	{ "access",          S,           0,           0, ARG_ANY,     "ld.so" },
	{ "unlinkat",        P,           0,           0, ARG_ANY,     "its own sockets" },
	/* the supervisor, and priv: sockets, interface, children */
	{ "socket",          0,           P|U,         0, ARG_INET,    "UDP; upnpd's gateway" },
	{ "socket",          0,           L,           0, ARG_STREAM,  "tlsd calls others" },
	{ "listen",          L,           0,           0, ARG_ANY,     "tlsd, on what it was given" },
	{ "socket",          0,           M,           0, ARG_LOCAL,   "syslog; which addresses are there?" },
	{ "socket",          0,           X,           0, ARG_UNIX,    "the status socket" },
	{ "socketpair",      0,           M|S,         0, ARG_LOCAL,   "channels; libevent's signals" },
	{ "bind",            P|M|U,         0,           0, ARG_ANY,     "UDP, netlink" },
	{ "connect",         L|U|M|X,           0,           0, ARG_ANY,     "syslog" },
	{ "getsockname",     P|M|U,         0,           0, ARG_ANY,     "the port of a socket" },
	{ "clone",           P,           0,           0, ARG_ANY,     "fork" },
	{ "execveat",        0,           P,           0, ARG_FEXEC,   "children, by descriptor" },
	{ "wait4",           P,           0,           0, ARG_ANY,     "" },
	{ "kill",            P,           0,           0, ARG_ANY,     "children" },
	{ "pipe2",           S|M,         0,           0, ARG_ANY,     "libevent" },
	{ "dup2",            P|M,         0,           0, ARG_ANY,     "a child's descriptors" },
	{ "dup3",            P|M,         0,           0, ARG_ANY,     "a child's descriptors" },
	{ "close_range",     P,           0,           0, ARG_ANY,     "a child's descriptors" },
	{ "setgroups",       P,           0,           0, ARG_ANY,     "a child's identity" },
	{ "setresgid",       P|S,         0,           0, ARG_ANY,     "a child's identity" },
	{ "setresuid",       P|S,         0,           0, ARG_ANY,     "a child's identity" },
	{ "capset",          P|S,         0,           0, ARG_ANY,     "a child's identity; the sandbox" },
	{ "rt_sigaction",    P|S|M,       0,           0, ARG_ANY,     "" },
	{ "rt_sigprocmask",  P|S|M,       0,           0, ARG_ANY,     "fork" },
	{ "rt_sigreturn",    P|M,         0,           0, ARG_ANY,     "signals are handled" },
	/* who am I: harmless, asked by libc, libevent and the sandbox */
	{ "getpid",          L|P|S|M,       0,           0, ARG_ANY,     "tlsd: OpenSSL's random numbers ask who they are" },
	{ "gettid",          P|M,         0,           0, ARG_ANY,     "abort" },
	{ "tgkill",          P|M,         0,           0, ARG_ANY,     "abort" },
	{ "getuid",          P|S|M,       0,           0, ARG_ANY,     "" },
	{ "geteuid",         F|P|S|M,     0,           0, ARG_ANY,     "whose files may it read?" },
	{ "getgid",          P|S|M,       0,           0, ARG_ANY,     "" },
	{ "getegid",         P|S|M,       0,           0, ARG_ANY,     "" },
	{ "getresuid",       P|S|M,       0,           0, ARG_ANY,     "" },
	{ "getresgid",       P|S|M,       0,           0, ARG_ANY,     "" },
	{ "uname",           S,           0,           0, ARG_ANY,     "the node's name, if it has none" },
	{ "getgroups",       S,           0,           0, ARG_ANY,     "" },
	{ "sysinfo",         D|F|P|S,     0,           T|K|E|C|L|U|X, ARG_ANY, "qsort of large arrays" },
	/* start of a program */
	{ "arch_prctl",      S,           0,           0, ARG_ANY,     "ld.so" },
	{ "set_tid_address", S,           0,           0, ARG_ANY,     "ld.so" },
	{ "set_robust_list", P|S,         0,           0, ARG_ANY,     "ld.so, fork" },
	{ "rseq",            P|S,         0,           0, ARG_ANY,     "ld.so, fork" },
	{ "clone3",          0,           0,           P, ARG_ABSENT,  "libc takes clone then: children, threads" },
	{ "sched_getaffinity", S,         0,           0, ARG_ANY,     "how many threads?" },
	{ "prlimit64",       S,           0,           0, ARG_ANY,     "ld.so, the sandbox" },
	/* the sandbox itself */
	{ "unshare",         S,           0,           0, ARG_ANY,     "the sandbox" },
	{ "fchdir",          S,           0,           0, ARG_ANY,     "the sandbox" },
	{ "chroot",          S,           0,           0, ARG_ANY,     "the sandbox" },
	{ "chdir",           S,           0,           0, ARG_ANY,     "the sandbox" },
	{ "prctl",           S,           0,           0, ARG_ANY,     "the sandbox" },
	{ "capget",          S,           0,           0, ARG_ANY,     "the sandbox" },
	{ "landlock_create_ruleset", S,   0,           0, ARG_ANY,     "the sandbox" },
	{ "landlock_add_rule", S,         0,           0, ARG_ANY,     "the sandbox" },
	{ "landlock_restrict_self", S,    0,           0, ARG_ANY,     "the sandbox" },
	{ "seccomp",         S,           0,           0, ARG_ANY,     "the sandbox" },
};

/*
 * What a sanitizer's run-time calls by itself, mostly while it writes its
 * report.  Never in a build that is shipped: the rows do not exist there.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifdef SANITIZED
/* The search for leaks needs clone and ptrace: unit tests do it, not us. */
int __lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return 1;
}

#define EVERY (ALL|F|P|M|S|X)
static const struct sandbox_call extra[] = {
	{ "mprotect",        EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "madvise",         EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "mremap",          EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "futex",           EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "sigaltstack",     EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "rt_sigaction",    EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "rt_sigprocmask",  EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "rt_sigreturn",    EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "getpid",          EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "gettid",          EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "tgkill",          EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "sched_yield",     EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "prlimit64",       EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "gettimeofday",    EVERY,       0,           0, ARG_ANY,     "sanitizer" },
	{ "sched_getaffinity", EVERY,     0,           0, ARG_ANY,     "sanitizer" },
	{ "readlink",        P|S,         0,           ALL|F, ARG_ANY, "sanitizer" },
	{ "ioctl",           0,           0,           ALL|F, ARG_ANY, "sanitizer" },
#else
static const struct sandbox_call extra[] = {
#endif
	{ NULL, 0, 0, 0, ARG_ANY, NULL }
};

#define NCALLS (sizeof(calls) / sizeof(calls[0]))

/*
 * The highest descriptor of a role is what it holds at most, and a few more
 * for new wires that arrive before the old ones are closed.
 */
static const struct sandbox_facts facts[ROLE_NROLES] = {
	[ROLE_PARENT] = {
		.pledge = "stdio inet mcast unix route sendfd recvfd",
		.landlock = LL_NO_FILES | LL_NO_TCP | LL_NO_SIGNAL,
		/* its standard error may be somebody's file */
		.nofile = LIMIT_KEEP, .nproc = 0, .fsize = LIMIT_KEEP,
		.as_mib = LIMIT_KEEP, .memlock_kib = 0,
	},
	[ROLE_PRIV] = {
		.pledge = "stdio rpath wpath cpath inet unix wroute proc exec "
		    "sendfd recvfd id",
		/* what it may not no child may: tlsd calls by TCP */
		.landlock = LL_WRITE_ONE | LL_NO_SIGNAL,
		.nofile = LIMIT_KEEP, .nproc = LIMIT_KEEP, .fsize = LIMIT_KEEP,
		.as_mib = LIMIT_KEEP, .memlock_kib = LIMIT_KEEP,
	},
#define LL_CHILD (LL_NO_FILES | LL_NO_TCP | LL_NO_SIGNAL | LL_NO_ABSTRACT)
	[ROLE_TUN] = {
		.pledge = "stdio recvfd", .landlock = LL_CHILD,
		.nofile = 12, .nproc = 0, .fsize = 0, .as_mib = 48,
		.memlock_kib = 0,
	},
	[ROLE_KEY] = {
		.pledge = "stdio flock recvfd", .landlock = LL_CHILD,
		/* the ledger's limit, setup.c */
		.nofile = 16, .nproc = 0, .fsize = 16 << 20, .as_mib = 64,
		.memlock_kib = 64,
	},
	[ROLE_ENGINE] = {
		.pledge = "stdio inet recvfd", .landlock = LL_CHILD,
		.nofile = 96, .nproc = 0, .fsize = 0, .as_mib = 512,
		.memlock_kib = 0,
	},
	[ROLE_DISC] = {
		.pledge = "stdio inet recvfd", .landlock = LL_CHILD,
		/* the cache's limit, setup.c */
		.nofile = 32, .nproc = 0, .fsize = 1 << 20, .as_mib = 128,
		.memlock_kib = 0,
	},
	[ROLE_CTL] = {
		.pledge = "stdio unix recvfd", .landlock = LL_CHILD,
		.nofile = 80, .nproc = 0, .fsize = 0, .as_mib = 48,
		.memlock_kib = 0,
	},
	[ROLE_EXPORT] = {
		.pledge = "stdio inet unix",
		.landlock = LL_CHILD,
		.nofile = 32, .nproc = 0, .fsize = LIMIT_KEEP, .as_mib = 256,
		.memlock_kib = 0,
	},
	[ROLE_TLS] = {
		.pledge = "stdio inet recvfd",
		.landlock = LL_NO_FILES | LL_NO_BIND | LL_NO_SIGNAL |
		    LL_NO_ABSTRACT,
		/* 128 connections, 16 listeners; the key's limit, setup.c */
		.nofile = 160, .nproc = 0, .fsize = 4096, .as_mib = 192,
		.memlock_kib = 0, .host_net = true,
	},
	[ROLE_UPNP] = {
		.pledge = "stdio inet mcast recvfd",
		.landlock = LL_NO_FILES | LL_NO_BIND | LL_NO_SIGNAL |
		    LL_NO_ABSTRACT,
		.nofile = 24, .nproc = 0, .fsize = 0, .as_mib = 96,
		.memlock_kib = 0, .host_net = true,
	},
	[ROLE_CONF] = {
		.pledge = "stdio rpath",
		.landlock = LL_READ_ONE | LL_NO_TCP | LL_NO_SIGNAL |
		    LL_NO_ABSTRACT,
		/* its standard error may be somebody's file */
		.nofile = 64, .nproc = 0, .fsize = LIMIT_KEEP, .as_mib = 128,
		.memlock_kib = 0,
	},
};
/* clang-format on */

size_t
sandbox_ncalls(void)
{
	return NCALLS;
}

size_t
sandbox_nextra(void)
{
	return sizeof(extra) / sizeof(extra[0]) - 1;
}

const struct sandbox_call *
sandbox_call(size_t i)
{
	if (i < NCALLS)
		return &calls[i];
	return i - NCALLS < sandbox_nextra() ? &extra[i - NCALLS] : NULL;
}

const struct sandbox_facts *
sandbox_facts(enum role role)
{
	if (role >= ROLE_NROLES || facts[role].pledge == NULL)
		return NULL;
	return &facts[role];
}

enum sandbox_answer
sandbox_answer(const struct sandbox_call *c, enum role role)
{
	uint32_t who = 1u << role;

	if (role == ROLE_PRIV)
		who |= R_KIDS | F | S;
	if ((c->free & who) != 0)
		return ANSWER_FREE;
	if ((c->checked & who) != 0)
		return ANSWER_CHECKED;
	if ((c->refused & 1u << role) != 0 && c->arg == ARG_ABSENT)
		return ANSWER_ENOSYS;
	/* a child's own filter says EACCES, the one above it need not */
	if ((c->refused & who) != 0 && role != ROLE_PRIV)
		return ANSWER_EACCES;
	return ANSWER_NO;
}

unsigned
sandbox_count(enum role role)
{
	unsigned n = 0;

	for (size_t i = 0; i < NCALLS; i++) {
		enum sandbox_answer a = sandbox_answer(&calls[i], role);

		if (a == ANSWER_FREE || a == ANSWER_CHECKED)
			n++;
	}
	return n;
}

const char *
sandbox_pledge(enum role role)
{
	const struct sandbox_facts *f = sandbox_facts(role);

	return f == NULL ? NULL : f->pledge;
}

/* ---- for people: tests, manual pages, meshctl status ---- */

static const struct {
	uint32_t bit;
	const char *name;
} bit_names[] = {
    {SANDBOX_SECCOMP, "seccomp"},
    {SANDBOX_LANDLOCK_FS, "landlock-fs"},
    {SANDBOX_LANDLOCK_NET, "landlock-net"},
    {SANDBOX_LANDLOCK_SCOPE, "landlock-scope"},
    {SANDBOX_NETNS, "netns"},
    {SANDBOX_CHROOT, "chroot"},
    {SANDBOX_CAPS, "caps"},
    {SANDBOX_NNP, "no-new-privs"},
    {SANDBOX_NODUMP, "no-dump"},
    {SANDBOX_MDWE, "mdwe"},
    {SANDBOX_RLIMITS, "rlimits"},
    {SANDBOX_UID, "uid"},
};

const char *
sandbox_names(uint32_t mask, char *out, size_t cap)
{
	size_t used = 0;

	if (cap == 0)
		return out;
	out[0] = '\0';
	for (size_t i = 0; i < sizeof(bit_names) / sizeof(bit_names[0]); i++) {
		int n;

		if ((mask & bit_names[i].bit) == 0)
			continue;
		n = snprintf(out + used, cap - used, "%s%s",
		    used == 0 ? "" : ",", bit_names[i].name);
		if (n < 0 || (size_t)n >= cap - used)
			break;
		used += (size_t)n;
	}
	return out;
}

static void
print_limit(FILE *fp, const char *name, uint32_t v, const char *unit)
{
	if (v == LIMIT_KEEP)
		fprintf(fp, " %s as-inherited", name);
	else
		fprintf(fp, " %s %u%s", name, v, unit);
}

static void
print_facts(FILE *fp, const struct sandbox_facts *f)
{
	static const char *const ll[] = {"no files",
	    "read below one directory and two files",
	    "write below one directory", "no tcp", "no signal outwards",
	    "no abstract socket", "no tcp bind"};

	fprintf(fp, "\tpledge: %s\n\tlandlock:", f->pledge);
	for (size_t i = 0; i < sizeof(ll) / sizeof(ll[0]); i++)
		if ((f->landlock & 1u << i) != 0)
			fprintf(fp, " %s;", ll[i]);
	if (f->host_net)
		fprintf(fp, " in the host's network;");
	fprintf(fp, "\n\tlimits: core 0");
	print_limit(fp, "nofile", f->nofile, "");
	print_limit(fp, "nproc", f->nproc, "");
	print_limit(fp, "fsize", f->fsize, "");
	print_limit(fp, "as", f->as_mib, "M");
	print_limit(fp, "memlock", f->memlock_kib, "K");
	fprintf(fp, "\n");
}

static void
print_combos(FILE *fp, enum sandbox_arg kind)
{
	const struct sandbox_combo *c;

	for (size_t i = 0; (c = sandbox_combo(kind, i)) != NULL; i++)
		fprintf(fp, "%s%s", i == 0 ? " only " : ", ", c->text);
}

/* In priv's list: whose sake a call is there for. */
static void
print_owner(FILE *fp, const struct sandbox_call *c)
{
	if (((c->free | c->checked) & P) == 0)
		fprintf(fp, " (for children)");
}

void
sandbox_print(FILE *fp, enum role role)
{
	const struct sandbox_facts *f = sandbox_facts(role);

	if (f == NULL)
		return;
	fprintf(
	    fp, "%s: %u system calls\n", role_name(role), sandbox_count(role));
	print_facts(fp, f);
	for (size_t i = 0; i < NCALLS; i++) {
		enum sandbox_answer a = sandbox_answer(&calls[i], role);

		if (a == ANSWER_NO)
			continue;
		fprintf(fp, "\t%s", calls[i].name);
		if (a == ANSWER_CHECKED)
			print_combos(fp, calls[i].arg);
		else if (a == ANSWER_EACCES)
			fprintf(fp, " refused");
		else if (a == ANSWER_ENOSYS)
			fprintf(fp, " absent");
		if (role == ROLE_PRIV)
			print_owner(fp, &calls[i]);
		fprintf(fp, "\n");
	}
}
