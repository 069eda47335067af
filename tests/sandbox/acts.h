/* SPDX-License-Identifier: ISC */
/* file: tests/sandbox/acts.h */
#ifndef ACTS_H
#define ACTS_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * What a taken-over process would try: one row per forbidden act.
 *
 * An act is one attempt, made by a raw system call wherever libc would refuse
 * on its own.  It is tried three times, and each time its *effect* is looked
 * at from outside, not only what the call returned:
 *
 *	MODE_ON   as in production; must die by SIGSYS (or get `on`)
 *	MODE_WEAK without the system call filter; the layers below it
 *	          (user, namespaces, chroot, limits, Landlock) must refuse
 *	MODE_OFF  without any sandbox; must succeed, else the act proves
 *	          nothing
 */
enum mode { MODE_ON, MODE_WEAK, MODE_OFF };

/* A descriptor that the victim program was given and abuses. */
enum gift {
	GIFT_NONE,
	GIFT_PROGRAM, /* /bin/sh, readable */
	GIFT_PIDFD,   /* of the bystander */
	GIFT_TUN,     /* a TUN queue */
	GIFT_TCP,     /* an unbound TCP socket */
	GIFT_UDP,     /* an unbound UDP socket */
	GIFT_TTY,     /* a terminal */
	GIFT_NETNS,   /* another network namespace */
	GIFT_NKINDS
};

/* What a child is told; sent as one record. */
struct go {
	uint32_t act;
	char dir[64];    /* of the test; holds "canary" */
	pid_t victim;    /* a bystander of the same uid */
	pid_t parent;    /* the driver */
	uint64_t secret; /* address of SECRET_LEN octets in the bystander */
	uint16_t port;   /* a TCP listener on 127.0.0.1 */
	int32_t gift;    /* descriptor, or -1; set by the child */
	uint32_t uid;    /* own */
};

#define SECRET_LEN 32

/* What a child saw. */
struct outcome {
	int64_t ret;
	int32_t error;
	char data[SECRET_LEN]; /* what it got hold of */
};

#define AS_ROOT 0x01  /* MODE_OFF as uid 0: nobody else could */
#define EXECS 0x02    /* success is exit code EXEC_CODE */
#define READS 0x04    /* success fills outcome.data with the secret */
#define KILLS 0x08    /* success kills the bystander */
#define WRITES 0x10   /* success changes the bystander's secret */
#define MAKES 0x20    /* success makes "made" in go.dir */
#define SPOILS 0x40   /* success changes or removes "canary" */
#define MAY_LACK 0x80 /* MODE_OFF: this kernel may not offer it at all */

#define SANITIZER 0x100 /* a sanitizer build allows or answers the call */

#define EXEC_CODE 42

struct act {
	const char *id, *name;
	long (*fn)(const struct go *, struct outcome *);
	unsigned flags;
	enum gift gift;
	int on;   /* errno of MODE_ON; 0: SIGSYS */
	int weak; /* errno of MODE_WEAK; 0: not tried */
	int off;  /* errno that shows the call was reached; 0: must succeed */
	uint32_t not_for; /* roles (R(x)) that may do this */
};

struct act_list {
	const struct act *act;
	size_t n;
};
struct act_list acts_near(void); /* S-01 to S-06; the first is "wait" */
struct act_list acts_far(void);  /* S-07 to S-13 */

#endif
