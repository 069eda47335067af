/* SPDX-License-Identifier: ISC */
/* file: tests/sandbox/world.h */
#ifndef WORLD_H
#define WORLD_H

#include <sys/types.h>
#include <stdint.h>

#include "acts.h"
#include "msg.h"
#include "sandbox.h"

/*
 * What the attacked processes can reach, and the means to see whether they
 * did: a directory with a canary, a bystander with a secret, sockets, devices.
 * All of it is in mount, network, UTS and IPC namespaces of the driver's own.
 */
struct world {
	char dir[64];
	char wanted[SECRET_LEN];
	char *secret;    /* the same, in the bystander's memory */
	pid_t bystander; /* 0: none */
	uid_t bystander_uid;
	uint16_t port;
	uid_t uid[ROLE_NROLES];
	gid_t gid[ROLE_NROLES];
	int exe_fd, empty_fd, null_fd, tun_fd, tty_fd;
};

/* What a child says once it is confined, and what it saw of its own memory. */
struct ready {
	struct sandbox_report report;
	uint64_t text, heap, stack;
};

/* 0, or -1 with a message on standard error. */
int world_make(struct world *);
void world_clear(struct world *);
/* Canary and bystander (of this uid) as new, "made" gone. */
int world_fresh(struct world *, uid_t, gid_t);
/* A descriptor to give away (the caller closes it), -1: none or not here. */
int world_gift(const struct world *, enum gift);
/*
 * Which of the act's flags (KILLS, ...) came true; a death is waited for.
 */
unsigned world_effects(
    const struct world *, const struct outcome *, int patience_ms);

/* Supervisor and priv confine themselves, with no proc_spawn in front. */
/* It is in the host's network: its filter alone keeps it. */
static inline bool
calls_others(enum role role)
{
	return role == ROLE_TLS || role == ROLE_UPNP;
}

static inline bool
begins_as_root(enum role role)
{
	return role == ROLE_PARENT || role == ROLE_PRIV;
}

/* attacked.c: a child's whole life; these two's is played by fork. */
int attacked_main(int argc, char *argv[], enum role);
int attacked_parent(const struct world *, enum role, int fd);
/* Act, tell, leave. */
__attribute__((noreturn)) void attacked_act(int fd, const struct go *);
const struct act *act_get(size_t i); /* near and far as one list, or NULL */

#endif
