/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_parent.c */
/*
 * The parent, whose five children send whatever they like in any order.
 *
 * Records of the input: one octet (bits 0-2: which child, modulo five; bit 3:
 * a descriptor comes along; bits 4-7: request id), one of type, one of length,
 * the body.  Two types are not messages: 254 lets time pass
 * at the questions, 255 is the death and return of the child.
 *
 * Oracle: a child's message changes no other child's channel; what control is
 * told is well-formed, in order and about the one who said it; the queue of
 * questions stays within its bounds; no descriptor is left over.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "parent.h"

#define DEATH 255
#define TIME 254

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct parent parent;
static int far_end[SETUP_NKIDS];
static uint8_t rec[IPC_FRAME_MAX];

/* ---- ask.h, with nobody who could be asked ---- */

void
ask_kill(struct ask *a, enum role role)
{
	(void)a;
	(void)role;
}

bool
ask_buffers(struct ask *a, int fd, uint32_t receive, uint32_t send)
{
	(void)a;
	(void)fd;
	(void)receive;
	(void)send;
	return true;
}

/* The rest is for start, reload and end, which do not happen here. */
struct ask *
ask_new(int fd, struct loop *l, ask_exit_fn *fn, void *ctx)
{
	(void)fd;
	(void)l;
	(void)fn;
	(void)ctx;
	abort();
}

pid_t
ask_spawn(struct ask *a, enum role role, uint64_t gen, int fd)
{
	(void)a;
	(void)role;
	(void)gen;
	(void)fd;
	abort();
}

int
ask_socket(struct ask *a, bool tcp, const struct endpoint *want,
    struct endpoint *local, char err[ASK_ERR])
{
	(void)a;
	(void)tcp;
	(void)want;
	(void)local;
	(void)err;
	abort();
}

int
ask_tun(struct ask *a, const char *device, uint8_t offload, uint8_t *granted,
    char err[ASK_ERR])
{
	(void)a;
	(void)device;
	(void)offload;
	(void)granted;
	(void)err;
	abort();
}

int
ask_net(struct ask *a, bool add, bool route, const struct prefix *prefix)
{
	(void)a;
	(void)add;
	(void)route;
	(void)prefix;
	abort();
}

int
ask_link(struct ask *a, uint16_t mtu)
{
	(void)a;
	(void)mtu;
	abort();
}

void
ask_figures(const struct ask *a, struct chan *to, uint32_t id)
{
	(void)a;
	(void)to;
	(void)id;
}

static void
no_sink(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	for (; *line != '\0'; line++)
		if (*line < ' ' || *line > '~')
			abort();
}

static void
once(void)
{
	static const enum role roles[SETUP_NKIDS] = {ROLE_TUN, ROLE_KEY,
	    ROLE_DISC, ROLE_ENGINE, ROLE_CTL, ROLE_TLS, ROLE_UPNP};
	struct parent *p = &parent;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	log_set_sink(no_sink, NULL);
	p->loop = loop_new();
	p->conf = calloc(1, sizeof(*p->conf));
	p->net.tun_fd = null;
	p->listen_fd[0] = p->listen_fd[1] = null;
	for (int i = 0; i < NET_UDP_MAX; i++)
		p->net.udp[i].fd = -1;
	p->net.udp[0] = (struct net_udp){.fd = null, .disc = -1, .kept = true};
	p->net.udp[0].local.addr.family = 4;
	p->notify_fd = -1;
	p->opt.conf = "/nowhere";
	for (int i = 0; i < SETUP_NKIDS; i++) {
		p->kid[i].parent = p;
		p->kid[i].role = roles[i];
	}
	if (null == -1 || p->loop == NULL || p->conf == NULL)
		abort();
}

static void
send_frame(const uint8_t *head, const uint8_t *body, size_t len, int fd)
{
	size_t n = ipc_build(
	    rec, sizeof(rec), head[1], head[0] >> 4, body, len, fd != -1);

	(void)ipc_send_record(far_end[(head[0] & 7) % SETUP_NKIDS], rec, n, fd);
}

static void
birth(int kid)
{
	struct child *k = &parent.kid[kid];
	struct msg_hello h = {
	    .version = MSG_VERSION, .role = k->role, .gen = ++parent.gen};
	const uint8_t head[2] = {(uint8_t)kid, MSG_HELLO};
	uint8_t body[13];
	struct wbuf w;
	int sv[2];

	if (ipc_pair(sv) == -1 || child_attach(k, sv[0], h.gen) == -1)
		abort();
	far_end[kid] = sv[1];
	wbuf_init(&w, body, sizeof(body));
	msg_put_hello(&w, &h);
	send_frame(head, body, w.len, -1);
	(void)chan_in(k->chan);
}

static void
death(int kid)
{
	struct child *k = &parent.kid[kid];

	k->state = PROC_DOWN;
	loop_chan_free(k->io);
	k->io = NULL;
	k->chan = NULL;
	close(far_end[kid]);
	serve_child_gone(k);
}

/* What a child was told; control's rows are looked into. */
static void
listen_to(int kid)
{
	enum role role = parent.kid[kid].role;
	struct msg_counter_row c;
	struct msg_drop_row d;
	struct msg_log l;
	struct ipc_frame f;
	struct rbuf r;

	(void)chan_out(parent.kid[kid].chan);
	while (ipc_recv(far_end[kid], rec, &f) == IPC_OK) {
		if (msg_refuse(f.type, f.len, f.fd != -1, ROLE_PARENT,
			f.type == MSG_HELLO ? ST_NEW : ST_READY) != NULL)
			abort();
		rbuf_init(&r, f.body, f.len);
		if (f.type == MSG_COUNTER_ROW &&
		    (role != ROLE_CTL || msg_get_counter_row(&r, &c) == -1 ||
			(c.role != ROLE_PARENT && c.role != ROLE_TUN &&
			    c.role != ROLE_KEY)))
			abort();
		if (f.type == MSG_DROP_ROW &&
		    (role != ROLE_CTL || msg_get_drop_row(&r, &d) == -1 ||
			d.role != ROLE_TUN))
			abort();
		if (f.type == MSG_LOG && msg_get_log(&r, &l) == -1)
			abort();
		if (f.fd != -1)
			close(f.fd);
	}
}

static unsigned
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static void
one(const uint8_t *head, const uint8_t *body, size_t len)
{
	int kid = (head[0] & 7) % SETUP_NKIDS;
	bool alive[SETUP_NKIDS];

	for (int i = 0; i < SETUP_NKIDS; i++)
		alive[i] = chan_state(parent.kid[i].chan) == CHAN_S_READY;
	if (head[1] == DEATH) {
		death(kid);
		birth(kid);
	} else if (head[1] == TIME)
		serve_tick(&parent, UINT64_MAX);
	else if (head[1] != MSG_HELLO) {
		send_frame(head, body, len,
		    (head[0] & 8) != 0 ? parent.net.tun_fd : -1);
		(void)chan_in(parent.kid[kid].chan);
	}
	for (int i = 0; i < SETUP_NKIDS; i++) {
		if (i != kid &&
		    (chan_state(parent.kid[i].chan) == CHAN_S_READY) !=
			alive[i])
			abort();
		listen_to(i);
	}
	if (parent.asks > PARENT_ASKS_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int running; /* so that a reload is refused, not forked */
	unsigned fds;

	if (parent.loop == NULL) {
		once();
		news_init(&parent);
	}
	fds = open_fds();
	parent.reload.chan = (struct chan *)(void *)&running;
	parent.asks = 0;
	parent.level = -1;
	for (int i = 0; i < SETUP_NKIDS; i++)
		birth(i);
	while (size >= 3) {
		size_t len = data[2] > size - 3 ? size - 3 : data[2];
		uint8_t *body = malloc(len == 0 ? 1 : len);

		if (body == NULL)
			abort();
		memcpy(body, data + 3, len);
		one(data, body, len);
		free(body);
		data += 3 + len;
		size -= 3 + len;
	}
	for (int i = 0; i < SETUP_NKIDS; i++)
		death(i);
	if (open_fds() != fds)
		abort();
	return 0;
}
