/* SPDX-License-Identifier: ISC */
/* file: common/sandbox_table.h */
#ifndef SANDBOX_TABLE_H
#define SANDBOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "sandbox.h"

/*
 * What sandbox_table.c says, for the files that carry it out (and for nobody
 * else: programs include sandbox.h).  Pure data; the numbers a system gives to
 * names are looked up in that system's own file.
 */

/* Which arguments a call may have.  The lists are in sandbox_args_linux.c. */
enum sandbox_arg {
	ARG_ANY,
	ARG_PROT,     /* mmap, mprotect: never PROT_EXEC */
	ARG_MEMFD,    /* memory to share, never to run */
	ARG_MADVISE,  /* what malloc and the secrets' pages need */
	ARG_SOCKOPT,  /* listed (level, option) pairs */
	ARG_MCAST,    /* listed pairs that are about multicast */
	ARG_RDONLY,   /* openat: neither writing nor creating */
	ARG_INET,     /* socket: inet, inet6 */
	ARG_STREAM,   /* ... of TCP only */
	ARG_TCP,      /* listed options of TCP */
	ARG_LOCAL,    /* socket, socketpair: unix, netlink */
	ARG_UNIX,     /* socket: unix */
	ARG_SSDP,     /* listed options to look for a gateway */
	ARG_PATIENCE, /* setsockopt: SO_SNDTIMEO */
	ARG_FEXEC,    /* execveat: AT_EMPTY_PATH (it can't see the path) */
	ARG_ABSENT,   /* refused as if the kernel did not have it */
	ARG_NKINDS
};

/* Children between exec and their own filter: held only by priv's. */
#define R_START R(NONE)

/* One system call.  The three masks of roles (R(x)) never overlap. */
struct sandbox_call {
	const char *name;
	uint32_t free;    /* any arguments */
	uint32_t checked; /* only what `arg` lists */
	uint32_t refused; /* EACCES instead of death: libc asks by itself */
	enum sandbox_arg arg;
	const char *why;
};

enum sandbox_answer {
	ANSWER_NO,
	ANSWER_FREE,
	ANSWER_CHECKED,
	ANSWER_EACCES,
	ANSWER_ENOSYS
};

#define LL_NO_FILES 0x01    /* no right on any file, no rule */
#define LL_READ_ONE 0x02    /* reading below one directory and given files */
#define LL_WRITE_ONE 0x04   /* writing below one directory, reading anywhere */
#define LL_NO_TCP 0x08      /* neither bind nor connect */
#define LL_NO_SIGNAL 0x10   /* none to the outside of this domain */
#define LL_NO_ABSTRACT 0x20 /* no abstract unix socket of others */
#define LL_NO_BIND 0x40     /* no port of TCP, but connecting */

#define LIMIT_KEEP UINT32_MAX /* as inherited */

struct sandbox_facts {
	const char *pledge; /* OpenBSD: promises from sandbox_enter on */
	uint32_t landlock;  /* LL_* */
	uint32_t nofile;    /* highest descriptor + 1 */
	uint32_t nproc;     /* threads count too */
	uint32_t fsize;     /* octets */
	uint32_t as_mib;    /* address space */
	uint32_t memlock_kib;
	bool host_net; /* it is in the host's network, not in none */
};

size_t sandbox_ncalls(void);
const struct sandbox_call *sandbox_call(size_t i);
/* Rows after the first sandbox_ncalls: sanitizer builds only, else none. */
size_t sandbox_nextra(void);

/* For priv: the union of all children's, since filters are inherited. */
enum sandbox_answer sandbox_answer(const struct sandbox_call *, enum role);
/* NULL for a role that has no sandbox. */
const struct sandbox_facts *sandbox_facts(enum role);

/*
 * One allowed combination of arguments: each comparison is
 * (argument & mask) == value.  A call passes if one combination fits.
 */
#define SANDBOX_NCMP 2
struct sandbox_cmp {
	unsigned arg;
	uint64_t mask, value;
};
struct sandbox_combo {
	enum sandbox_arg kind;
	const char *text; /* "F_SETFL" */
	unsigned n;
	struct sandbox_cmp cmp[SANDBOX_NCMP];
};
/* The i-th combination of a kind, or NULL after the last. */
const struct sandbox_combo *sandbox_combo(enum sandbox_arg, size_t i);

#endif
