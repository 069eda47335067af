/* SPDX-License-Identifier: ISC */
/* file: tests/evil/baddisc.c */
/*
 * A discoveryd that was taken over.  It keeps to every form, so nothing that
 * looks at frames throws it out, and lies in everything that it says:
 *
 *	asked who has an address	another's key and certificate,
 *certificates with a flipped bit, keys that nobody has, the right one at the
 *wrong place, two answers, late answers, none
 *	asked who was up lately		all of that, many times
 *	unasked				lists of revoked serials, bundles,
 *frames for peers, place records to be signed
 *
 * Three seconds of lies take turns with one of the same as fast as it can.
 * What it names as a place is DECOY, where the test counts what arrives.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "buf.h"
#include "clock.h"
#include "ipc.h"
#include "msg.h"
#include "rnd.h"

#define DECOY "192.0.2.66"
#define WIRES_MAX 16
#define CERTS_MAX 64
#define TURN_MS 4000
#define FLOOD_FROM_MS 3000
#define FLOOD_EACH 50 /* messages a turn of the loop */

struct wire {
	int fd;
	enum role peer;
};

static struct rnd_src rnd;
static struct wire wires[WIRES_MAX];
static unsigned nwires;
/* what the engine told us: real certificates, the first is our own node's */
static struct msg_blob cert[CERTS_MAX];
static unsigned ncerts;
static unsigned nlies;

static void
put(int fd, uint16_t type, uint32_t id, const struct wbuf *w)
{
	uint8_t rec[IPC_FRAME_MAX];
	size_t n = ipc_build(rec, sizeof(rec), type, id, w->base, w->len, 0);

	if (n > 0)
		(void)ipc_send_record(fd, rec, n, -1);
}

static void
hello(int fd, uint64_t gen)
{
	struct msg_hello h = {
	    .version = MSG_VERSION, .role = ROLE_DISC, .gen = gen};
	uint8_t body[64];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_hello(&w, &h);
	put(fd, MSG_HELLO, 0, &w);
}

/* ---- lies ---- */

static void
decoy(struct msg_lookup_reply *r)
{
	r->n = 1;
	r->c[0].type = 1;
	addr_parse(DECOY, &r->c[0].ep.addr);
	r->c[0].ep.port = (uint16_t)(51820 + nlies % 4);
}

/* Somebody's real certificate, and the key in it (cert.h). */
static void
borrow(struct msg_lookup_reply *r)
{
	const struct msg_blob *b;

	if (ncerts == 0)
		return;
	b = &cert[rnd_below(&rnd, ncerts)];
	if (b->len < 92 || b->len > sizeof(r->cert))
		return;
	r->certlen = b->len;
	memcpy(r->cert, b->data, b->len);
	memcpy(r->key, b->data + 28, sizeof(r->key));
}

static void
lie(struct msg_lookup_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->status = LOOKUP_FOUND;
	rnd_bytes(r->key, sizeof(r->key));
	decoy(r);
	switch (nlies++ % 7) {
	case 0: /* a key that nobody has, without any proof */
		break;
	case 1: /* the proof is somebody else's */
		borrow(r);
		break;
	case 2: /* ... for a key of our own choice */
		borrow(r);
		rnd_bytes(r->key, sizeof(r->key));
		break;
	case 3: /* ... with one bit changed */
		borrow(r);
		if (r->certlen > 0)
			r->cert[rnd_below(&rnd, r->certlen)] ^= 4;
		break;
	case 4: /* ... cut off */
		borrow(r);
		r->certlen /= 2;
		break;
	case 5: /* nothing that was ever signed */
		r->certlen = 230;
		rnd_bytes(r->cert, r->certlen);
		memcpy(r->cert, "MC\1", 4);
		break;
	default: /* at many places at a time */
		borrow(r);
		for (r->n = 0; r->n < CANDIDATES_MAX; r->n++) {
			r->c[r->n] = r->c[0];
			r->c[r->n].ep.port = (uint16_t)(51820 + r->n);
		}
	}
}

static void
say_lie(int fd, uint16_t type, uint32_t id)
{
	struct msg_lookup_reply r;
	uint8_t body[2048];
	struct wbuf w;

	lie(&r);
	wbuf_init(&w, body, sizeof(body));
	msg_put_lookup_reply(&w, &r);
	put(fd, type, id, &w);
}

static void
say_blob(int fd, uint16_t type)
{
	struct msg_blob b = {.len = type == MSG_CRL ? 101 : 900};
	uint8_t body[2048];
	struct wbuf w;

	rnd_bytes(b.data, b.len);
	if (type == MSG_CRL) { /* all serials that there may be */
		memset(b.data, 0, 37);
		memcpy(b.data, "MR\1", 3);
		b.data[3] = 0xff;
		b.data[28] = 1;
		b.data[36] = (uint8_t)(1 + nlies % 8);
	} else
		memcpy(b.data, "MB\1", 3);
	wbuf_init(&w, body, sizeof(body));
	msg_put_blob(&w, &b);
	put(fd, type, 0, &w);
}

static void
say_frame(int fd)
{
	struct msg_peer_frame f = {.type = 41, .len = 300};
	uint8_t body[2048];
	struct wbuf w;

	if (ncerts > 0 && nlies % 2 == 0) /* to somebody, or to all */
		memcpy(f.key, cert[nlies % ncerts].data + 28, sizeof(f.key));
	if (nlies % 3 == 0) /* a frame that is not its business */
		f.type = (uint8_t)(1 + nlies % 50);
	rnd_bytes(f.body, f.len);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peer_frame(&w, &f);
	put(fd, MSG_PEER_FRAME, 0, &w);
}

static void
ask_signature(int fd)
{
	struct msg_sign_ask a = {.vlen = 100};
	uint8_t body[2048];
	struct wbuf w;

	rnd_bytes(a.salt, sizeof(a.salt));
	a.seq = nlies % 2 == 0 ? 1 : UINT64_C(1) << 62;
	rnd_bytes(a.v, a.vlen);
	wbuf_init(&w, body, sizeof(body));
	msg_put_sign_ask(&w, &a);
	put(fd, MSG_SIGN_ASK, nlies, &w);
}

static void
unasked(const struct wire *v)
{
	if (v->peer == ROLE_KEY) {
		ask_signature(v->fd);
		return;
	}
	if (v->peer != ROLE_ENGINE)
		return;
	switch (nlies++ % 5) {
	case 0:
		say_blob(v->fd, MSG_CRL);
		break;
	case 1:
		say_blob(v->fd, MSG_OWN_BUNDLE);
		break;
	case 2:
		say_frame(v->fd);
		break;
	case 3: /* an answer to a question long ago */
		say_lie(v->fd, MSG_LOOKUP_REPLY, nlies);
		break;
	default:
		say_lie(v->fd, MSG_RECENT_ROW, nlies);
	}
}

/* ---- what it is told ---- */

static void
on_lookup(int fd, uint32_t id)
{
	switch (rnd_below(&rnd, 8)) {
	case 0: /* silence */
		return;
	case 1: /* twice, and not the same */
		say_lie(fd, MSG_LOOKUP_REPLY, id);
		break;
	case 2: /* not the question's number */
		say_lie(fd, MSG_LOOKUP_REPLY, id + 1);
		return;
	default:
		break;
	}
	say_lie(fd, MSG_LOOKUP_REPLY, id);
}

static void
on_recent(int fd, uint32_t id)
{
	struct msg_lookup_reply end = {.status = LOOKUP_UNKNOWN};
	uint8_t body[2048];
	struct wbuf w;

	for (int i = 0; i < 50; i++)
		say_lie(fd, MSG_RECENT_ROW, id);
	wbuf_init(&w, body, sizeof(body));
	msg_put_lookup_reply(&w, &end);
	put(fd, MSG_RECENT_ROW, id, &w);
}

/* false: it is over */
static bool
listen_to(const struct wire *v)
{
	static uint8_t buf[IPC_FRAME_MAX];
	enum ipc_result res;
	struct ipc_frame f;
	struct rbuf r;

	while ((res = ipc_recv(v->fd, buf, &f)) == IPC_OK) {
		if (f.fd != -1)
			close(f.fd);
		rbuf_init(&r, f.body, f.len);
		if (f.type == MSG_LOOKUP_ASK)
			on_lookup(v->fd, f.id);
		else if (f.type == MSG_RECENT_ASK)
			on_recent(v->fd, f.id);
		else if (f.type == MSG_MEMBER &&
		    msg_get_blob(&r, &cert[ncerts % CERTS_MAX]) == 0 &&
		    ncerts < CERTS_MAX - 1)
			ncerts++;
	}
	return res == IPC_AGAIN;
}

/* A child as its parent wants it, and nothing else of a child. */
static void
listen_to_parent(void)
{
	static const struct wbuf none;
	static uint8_t buf[IPC_FRAME_MAX];
	enum ipc_result res;
	struct ipc_frame f;
	struct msg_wire w;
	struct rbuf r;

	while ((res = ipc_recv(3, buf, &f)) == IPC_OK) {
		rbuf_init(&r, f.body, f.len);
		if (f.type == MSG_PING)
			put(3, MSG_PONG, 0, &none);
		if (f.type == MSG_STOP)
			exit(0);
		if (f.type != MSG_WIRE || msg_get_wire(&r, &w) == -1 ||
		    nwires == WIRES_MAX) {
			if (f.fd != -1)
				close(f.fd);
			continue;
		}
		hello(f.fd, w.gen);
		wires[nwires++] = (struct wire){f.fd, w.peer};
	}
	if (res != IPC_AGAIN)
		exit(0);
}

int
main(int argc, char *argv[])
{
	static uint8_t ready[8];
	struct wbuf w = {.base = ready, .len = sizeof(ready)};
	uint64_t start = clock_mono_ms(), last = 0;

	if (argc < 3)
		return 2;
	rnd = rnd_kernel();
	hello(3, strtoull(argv[2], NULL, 10));
	put(3, MSG_READY, 0, &w);
	for (;;) {
		struct pollfd p[WIRES_MAX + 1] = {{.fd = 3, .events = POLLIN}};
		uint64_t now = clock_mono_ms();
		bool flood = (now - start) % TURN_MS >= FLOOD_FROM_MS;

		for (unsigned i = 0; i < nwires; i++)
			p[i + 1] = (struct pollfd){
			    .fd = wires[i].fd, .events = POLLIN};
		(void)poll(p, nwires + 1, flood ? 1 : 20);
		listen_to_parent();
		for (unsigned i = 0; i < nwires; i++)
			if (!listen_to(&wires[i])) {
				close(wires[i].fd);
				wires[i--] = wires[--nwires];
			}
		if (!flood && now - last < 200)
			continue;
		last = now;
		for (unsigned i = 0; i < nwires; i++)
			for (int k = 0; k < (flood ? FLOOD_EACH : 1); k++)
				unasked(&wires[i]);
	}
}
