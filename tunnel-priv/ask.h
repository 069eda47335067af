/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/ask.h */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "msg.h"

/*
 * The supervisor's side of priv.h: a privileged act is a function that waits
 * for its answer.
 *
 * Priv does nothing that takes long, so waiting is simpler than a state for
 * everything that is under way.  Without priv there is nothing to supervise:
 * if it is gone, breaks the rules or does not answer in ASK_WAIT_MS, the
 * program ends here, with exit code 1.  A child's end is told from the event
 * loop only, never from inside one of these functions.
 */
#define ASK_WAIT_MS 10000
#define ASK_ERR 256

struct ask;
struct loop;
struct sandbox_report;
typedef void ask_exit_fn(void *ctx, const struct msg_p_exited *);

/* Takes the descriptor over.  NULL: no memory. */
struct ask *ask_new(int fd, struct loop *, ask_exit_fn *, void *ctx);
/* At the end: returns when priv has removed what it made. */
void ask_stop(struct ask *);

/*
 * At the start, until ask_settled.  The descriptors are the caller's; what
 * ask_tun and ask_udp are refused is -1 and a sentence in err, what the others
 * are refused priv says itself, and ends.
 */
int ask_tun(struct ask *, const char *device, uint8_t offload, uint8_t *granted,
    char err[ASK_ERR]);
void ask_key(struct ask *, const char *path);
int ask_listen(
    struct ask *, enum listen_kind, const char *path, const char *group);
void ask_settled(struct ask *, struct sandbox_report *);

/* The child's pid, or -1 with errno.  fd stays the caller's. */
pid_t ask_spawn(struct ask *, enum role, uint64_t gen, int fd);
void ask_kill(struct ask *, enum role);
/* As sock_udp; errno is set as well. */
int ask_udp(struct ask *, const struct endpoint *want, struct endpoint *local,
    char err[ASK_ERR]);
/* false: less was granted */
bool ask_buffers(struct ask *, int fd, uint32_t receive, uint32_t send);
/* As netlink_put and netlink_link: 0, or -1 with errno. */
int ask_net(struct ask *, bool add, bool route, const struct prefix *);
int ask_link(struct ask *, uint16_t mtu);

/* How many of each it took and refused: rows of the answer with this id. */
struct chan;
void ask_figures(const struct ask *, struct chan *to, uint32_t id);

#endif
