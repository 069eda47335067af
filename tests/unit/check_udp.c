/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_udp.c */
/*
 * Datagram system calls, with a system of our own: sendmsg and recvmsg below
 * take the place of libc's, so that every refusal of a batch can be had.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "udp.h"
#include "unit.h"

#define CALLS_MAX 256

/* what the system says to the next calls, and what it was asked */
static struct {
	int batch_error;          /* for every batch */
	int error;                /* for every single datagram */
	int room;                 /* calls until EAGAIN; -1: no end */
	size_t len[CALLS_MAX];    /* sent */
	uint16_t seg[CALLS_MAX];  /* 0: single */
	uint8_t first[CALLS_MAX]; /* octet of it */
	int n, refused;
	/* receiving */
	uint8_t in[4096];
	size_t in_len, in_seg;
	int in_n;
} sys;

static uint16_t
segment_of(const struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	uint16_t seg = 0;

	if (c != NULL && c->cmsg_type == UDP_SEGMENT)
		memcpy(&seg, CMSG_DATA(c), sizeof(seg));
	return seg;
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	uint16_t seg = m->msg_control == NULL ? 0 : segment_of(m);

	(void)fd;
	ck_assert((flags & MSG_DONTWAIT) != 0);
	errno = seg != 0 ? sys.batch_error : sys.error;
	if (sys.room == 0)
		errno = EAGAIN;
	if (errno != 0) {
		sys.refused++;
		return -1;
	}
	if (sys.room > 0)
		sys.room--;
	ck_assert_int_lt(sys.n, CALLS_MAX);
	sys.len[sys.n] = m->msg_iov->iov_len;
	sys.first[sys.n] = *(uint8_t *)m->msg_iov->iov_base;
	sys.seg[sys.n++] = seg;
	return (ssize_t)m->msg_iov->iov_len;
}

ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int seg = (int)sys.in_seg;

	(void)fd;
	(void)flags;
	if (sys.in_n == 0) {
		errno = EAGAIN;
		return -1;
	}
	sys.in_n--;
	sin.sin_addr.s_addr = htonl(0xc0000201);
	memcpy(m->msg_name, &sin, sizeof(sin));
	memcpy(m->msg_iov->iov_base, sys.in, sys.in_len);
	m->msg_flags = 0;
	m->msg_controllen = 0;
	if (seg != 0) {
		m->msg_controllen = CMSG_SPACE(sizeof(seg));
		c->cmsg_level = IPPROTO_UDP;
		c->cmsg_type = UDP_GRO;
		c->cmsg_len = CMSG_LEN(sizeof(seg));
		memcpy(CMSG_DATA(c), &seg, sizeof(seg));
	}
	return (ssize_t)sys.in_len;
}

/* ---- help ---- */

static uint8_t data[65536];
static struct endpoint to;

static struct udp *
fresh(void)
{
	memset(&sys, 0, sizeof(sys));
	sys.room = -1;
	log_set_level(LOG_L_ERROR);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i / 100);
	ck_assert_int_eq(addr_parse("192.0.2.1", &to.addr), 0);
	to.port = 9;
	return udp_new(dup(2), 1, 4);
}

static struct {
	int n;
	size_t len[64];
	uint8_t first[64];
	struct endpoint from;
} got;

static void
take(
    void *ctx, uint16_t no, const struct endpoint *from, uint8_t *p, size_t len)
{
	(void)ctx;
	ck_assert_uint_eq(no, 1);
	got.from = *from;
	got.len[got.n % 64] = len;
	got.first[got.n++ % 64] = *p;
}

/* ---- out ---- */

START_TEST(a_batch_is_one_call)
{
	struct udp *u = fresh();

	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_OK);
	ck_assert_int_eq(sys.n, 1);
	ck_assert_uint_eq(sys.seg[0], 100);
	ck_assert_uint_eq(sys.len[0], 950);
	udp_free(u);
}
END_TEST

START_TEST(one_datagram_is_no_batch)
{
	struct udp *u = fresh();

	ck_assert_int_eq(udp_send(u, &to, data, 100, 100), UDP_OK);
	ck_assert_int_eq(sys.n, 1);
	ck_assert_uint_eq(sys.seg[0], 0);
	udp_free(u);
}
END_TEST

START_TEST(a_batch_that_is_refused_goes_one_by_one)
{
	static const int errors[] = {EINVAL, EMSGSIZE, EIO};

	for (int i = 0; i < 3; i++) {
		struct udp *u = fresh();

		sys.batch_error = errors[i];
		ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_OK);
		ck_assert_int_eq(sys.n, 10);
		for (int k = 0; k < 10; k++) {
			ck_assert_uint_eq(sys.seg[k], 0);
			ck_assert_uint_eq(sys.len[k], k < 9 ? 100 : 50);
			ck_assert_uint_eq(sys.first[k], k);
		}
		/* only EIO means never again */
		udp_send(u, &to, data, 200, 100);
		ck_assert_int_eq(sys.refused, errors[i] == EIO ? 1 : 2);
		udp_free(u);
	}
}
END_TEST

START_TEST(another_error_is_an_error)
{
	struct udp *u = fresh();

	sys.batch_error = ENETUNREACH;
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_ERROR);
	sys.batch_error = EMSGSIZE;
	sys.error = EMSGSIZE;
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_ERROR);
	ck_assert(!udp_waiting(u));
	udp_free(u);
}
END_TEST

START_TEST(a_full_socket_makes_batches_wait_in_order)
{
	struct udp *u = fresh();

	sys.room = 0;
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_OK);
	ck_assert(udp_waiting(u));
	sys.room = -1; /* there is room, but not past what waits */
	ck_assert_int_eq(udp_send(u, &to, data + 100, 100, 100), UDP_OK);
	ck_assert_int_eq(sys.n, 0);
	udp_writable(u);
	ck_assert(!udp_waiting(u));
	ck_assert_int_eq(sys.n, 2);
	ck_assert_uint_eq(sys.len[0], 950);
	ck_assert_uint_eq(sys.first[1], 1);
	udp_free(u);
}
END_TEST

START_TEST(a_batch_that_was_sent_in_part_goes_on_where_it_stopped)
{
	struct udp *u = fresh();

	sys.batch_error = EINVAL;
	sys.room = 4;
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_OK);
	ck_assert_int_eq(sys.n, 4);
	sys.room = 3;
	udp_writable(u);
	ck_assert(udp_waiting(u));
	sys.room = -1;
	udp_writable(u);
	ck_assert(!udp_waiting(u));
	ck_assert_int_eq(sys.n, 10);
	for (int k = 0; k < 10; k++)
		ck_assert_uint_eq(sys.first[k], k);
	udp_free(u);
}
END_TEST

START_TEST(the_queue_has_an_end)
{
	struct udp *u = fresh();
	int ok = 0;

	sys.room = 0;
	while (udp_send(u, &to, data, 950, 100) == UDP_OK)
		ok++;
	ck_assert_int_eq(ok, UDP_WAITING);
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_FULL);
	sys.room = -1;
	udp_writable(u);
	ck_assert_int_eq(sys.n, UDP_WAITING);
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_OK);
	udp_free(u);
}
END_TEST

START_TEST(what_waits_and_turns_out_wrong_does_not_block_the_rest)
{
	struct udp *u = fresh();

	sys.room = 0;
	udp_send(u, &to, data, 950, 100);
	udp_send(u, &to, data, 100, 100);
	sys.room = -1;
	sys.batch_error = EPERM;
	udp_writable(u);
	ck_assert(!udp_waiting(u));
	ck_assert_int_eq(sys.n, 1);
	udp_free(u);
}
END_TEST

/* ---- in ---- */

START_TEST(a_received_batch_is_cut)
{
	struct udp *u = fresh();
	static uint8_t buf[UDP_BUFFER];

	memset(&got, 0, sizeof(got));
	memcpy(sys.in, data, sizeof(sys.in));
	sys.in_len = 950;
	sys.in_seg = 100;
	sys.in_n = 1;
	ck_assert(!udp_receive(u, buf, take, NULL));
	ck_assert_int_eq(got.n, 10);
	for (int k = 0; k < 10; k++) {
		ck_assert_uint_eq(got.len[k], k < 9 ? 100 : 50);
		ck_assert_uint_eq(got.first[k], k);
	}
	ck_assert_uint_eq(got.from.port, 9);
	ck_assert_uint_eq(got.from.addr.b[0], 192);
	udp_free(u);
}
END_TEST

START_TEST(a_busy_socket_has_its_turn_and_no_more)
{
	struct udp *u = fresh();
	static uint8_t buf[UDP_BUFFER];

	memset(&got, 0, sizeof(got));
	sys.in_len = 60;
	sys.in_n = 100;
	ck_assert(udp_receive(u, buf, take, NULL));
	ck_assert_int_eq(got.n, UDP_BURST);
	udp_free(u);
}
END_TEST

START_TEST(an_empty_datagram_is_nobody)
{
	struct udp *u = fresh();
	static uint8_t buf[UDP_BUFFER];

	memset(&got, 0, sizeof(got));
	sys.in_len = 0;
	sys.in_n = 3;
	ck_assert(!udp_receive(u, buf, take, NULL));
	ck_assert_int_eq(got.n, 0);
	udp_free(u);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_batch_is_one_call,
	    one_datagram_is_no_batch,
	    a_batch_that_is_refused_goes_one_by_one,
	    another_error_is_an_error,
	    a_full_socket_makes_batches_wait_in_order,
	    a_batch_that_was_sent_in_part_goes_on_where_it_stopped,
	    the_queue_has_an_end,
	    what_waits_and_turns_out_wrong_does_not_block_the_rest,
	    a_received_batch_is_cut,
	    a_busy_socket_has_its_turn_and_no_more,
	    an_empty_datagram_is_nobody,
	};

	return UNIT_RUN("udp", tests);
}
