/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_udp.c */
/*
 * Datagram system calls, with a system of our own: the four calls below take
 * the place of libc's, so that every refusal of a batch can be had.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feature.h"
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
	int receives; /* recvmsg was called */
	/* options */
	bool no_segment, no_gro; /* a kernel before 4.18, before 5.0 */
	int gro, gro_set, buffer;
	int level, name, option, options; /* another one, as set last */
	int while_sent;                   /* what it was meanwhile */
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
	sys.while_sent = sys.option;
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
	sys.receives++;
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

int
getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int v = level == SOL_SOCKET ? sys.buffer : 0;

	(void)fd;
	ck_assert_uint_ge(*len, sizeof(v));
	if (level == IPPROTO_UDP && name == UDP_SEGMENT && sys.no_segment) {
		errno = ENOPROTOOPT;
		return -1;
	}
	memcpy(value, &v, sizeof(v));
	return 0;
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)fd;
	if (level != IPPROTO_UDP) {
		ck_assert_uint_eq(len, sizeof(sys.option));
		sys.level = level;
		sys.name = name;
		memcpy(&sys.option, value, sizeof(sys.option));
		sys.options++;
		return 0;
	}
	ck_assert_int_eq(name, UDP_GRO);
	ck_assert_uint_eq(len, sizeof(sys.gro));
	sys.gro_set++;
	if (sys.no_gro) {
		errno = ENOPROTOOPT;
		return -1;
	}
	memcpy(&sys.gro, value, sizeof(sys.gro));
	return 0;
}

/* ---- help ---- */

static uint8_t data[65536];
static struct endpoint to;

static struct udp *
fresh_on(bool no_segment, bool no_gro)
{
	memset(&sys, 0, sizeof(sys));
	sys.room = -1;
	sys.no_segment = no_segment;
	sys.no_gro = no_gro;
	log_set_level(LOG_L_ERROR);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i / 100);
	ck_assert_int_eq(addr_parse("192.0.2.1", &to.addr), 0);
	to.port = 9;
	return udp_new(dup(2), 1, 4);
}

static struct udp *
fresh(void)
{
	return fresh_on(false, false);
}

static uint32_t
lacks(const struct udp *u)
{
	uint32_t have = 0, lacking = 0;

	udp_features(u, &have, &lacking);
	ck_assert_uint_eq(have & lacking, 0);
	return lacking;
}

static uint32_t
has(const struct udp *u)
{
	uint32_t have = 0, lacking = 0;

	udp_features(u, &have, &lacking);
	return have;
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

START_TEST(what_is_lost_after_it_waited_is_counted)
{
	struct counters c = {0};
	struct udp *u = fresh();

	sys.room = 0;
	udp_send(u, &to, data, 950, 100);
	sys.room = -1;
	sys.batch_error = EPERM;
	udp_writable(u);
	udp_count(u, &c);
	ck_assert_uint_eq(c.v[UDP_LOST], 10);
	udp_free(u);
}
END_TEST

START_TEST(no_memory_while_the_socket_has_room_is_no_reason_to_spin)
{
	struct counters c = {0};
	struct udp *u = fresh();

	sys.error = ENOBUFS;
	ck_assert_int_eq(udp_send(u, &to, data, 100, 100), UDP_OK);
	ck_assert(udp_waiting(u));
	udp_writable(u);
	ck_assert(!udp_waiting(u));
	udp_count(u, &c);
	ck_assert_uint_eq(c.v[UDP_LOST], 1);
	udp_free(u);
}
END_TEST

/* ---- what the system has ---- */

START_TEST(a_system_without_batches_is_asked_for_none)
{
	struct udp *u = fresh_on(true, true);

	ck_assert_uint_eq(lacks(u), FEATURE_UDP_GSO | FEATURE_UDP_GRO);
	ck_assert_uint_eq(has(u), 0);
	ck_assert_int_eq(udp_send(u, &to, data, 950, 100), UDP_OK);
	ck_assert_int_eq(sys.n, 10);
	ck_assert_int_eq(sys.refused, 0);
	udp_free(u);
}
END_TEST

START_TEST(a_refusal_for_good_lasts_until_it_is_wanted_anew)
{
	struct counters c = {0};
	struct udp *u = fresh();

	ck_assert_uint_eq(has(u), FEATURE_UDP_GSO | FEATURE_UDP_GRO);
	sys.batch_error = EIO;
	udp_send(u, &to, data, 950, 100);
	udp_send(u, &to, data, 950, 100);
	ck_assert_uint_eq(lacks(u), FEATURE_UDP_GSO);
	udp_count(u, &c);
	ck_assert_uint_eq(c.v[UDP_REFUSED], 1);
	udp_offload(u, true, true);
	ck_assert_uint_eq(lacks(u), 0);
	sys.batch_error = 0;
	sys.n = 0;
	udp_send(u, &to, data, 950, 100);
	ck_assert_int_eq(sys.n, 1);
	udp_free(u);
}
END_TEST

START_TEST(a_refusal_of_one_batch_is_counted_and_asked_again)
{
	struct counters c = {0};
	struct udp *u = fresh();

	sys.batch_error = EMSGSIZE;
	udp_send(u, &to, data, 950, 100);
	udp_send(u, &to, data, 950, 100);
	ck_assert_uint_eq(lacks(u), 0);
	udp_count(u, &c);
	ck_assert_uint_eq(c.v[UDP_REFUSED], 2);
	ck_assert_uint_eq(c.v[UDP_LOST], 0);
	udp_free(u);
}
END_TEST

START_TEST(what_is_switched_off_is_neither_there_nor_lacking)
{
	struct udp *u = fresh();

	udp_offload(u, false, false);
	ck_assert_uint_eq(has(u) | lacks(u), 0);
	ck_assert_int_eq(sys.gro, 0);
	udp_send(u, &to, data, 950, 100);
	ck_assert_int_eq(sys.n, 10);
	sys.gro_set = 0;
	udp_offload(u, false, false); /* nothing to do */
	ck_assert_int_eq(sys.gro_set, 0);
	udp_offload(u, true, true);
	ck_assert_uint_eq(has(u), FEATURE_UDP_GSO | FEATURE_UDP_GRO);
	ck_assert_int_eq(sys.gro, 1);
	udp_free(u);
}
END_TEST

START_TEST(a_small_buffer_is_a_lack)
{
	struct udp *u = fresh();

	sys.buffer = 2 * 212992;
	udp_check_buffers(u, 1 << 20, 1 << 20);
	ck_assert_uint_eq(lacks(u), FEATURE_BUFFERS);
	sys.buffer = 2 << 20;
	udp_check_buffers(u, 1 << 20, 1 << 20);
	ck_assert_uint_eq(lacks(u), 0);
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

/* One wake-up with so many datagrams there; how many receives it took. */
static int
wake(struct udp *u, int datagrams)
{
	static uint8_t buf[UDP_BUFFER];

	sys.in_len = 60;
	sys.in_n += datagrams;
	sys.receives = 0;
	(void)udp_receive(u, buf, take, NULL);
	return sys.receives;
}

START_TEST(a_calm_socket_is_not_asked_twice_each_time)
{
	struct udp *u = fresh();
	int receives = 0;

	for (int i = 0; i < UDP_CALM; i++)
		ck_assert_int_eq(wake(u, 1), 2);
	for (int i = 0; i < 10; i++)
		receives += wake(u, 1);
	ck_assert_int_eq(receives, 15);
	ck_assert_int_eq(sys.in_n, 0);
	udp_free(u);
}
END_TEST

START_TEST(a_flow_is_drained_from_its_second_turn_on)
{
	struct udp *u = fresh();

	for (int i = 0; i < UDP_CALM; i++)
		wake(u, 1);
	ck_assert_int_eq(wake(u, 20), 1);
	ck_assert_int_eq(wake(u, 0), 20); /* 19 and nothing */
	ck_assert_int_eq(sys.in_n, 0);
	ck_assert_int_eq(wake(u, 5), 6);
	udp_free(u);
}
END_TEST

START_TEST(a_batch_is_no_sign_of_calm)
{
	struct udp *u = fresh();

	sys.in_seg = 20;
	for (int i = 0; i < 3 * UDP_CALM; i++)
		ck_assert_int_eq(wake(u, 1), 2);
	udp_free(u);
}
END_TEST

START_TEST(one_that_is_whole_has_df_and_nothing_else_has)
{
	struct udp *u = fresh();

	ck_assert_int_eq(
	    udp_send_as(u, &to, data, 1000, 1000, UDP_WHOLE), UDP_OK);
	ck_assert_int_eq(sys.level, IPPROTO_IP);
	ck_assert_int_eq(sys.name, IP_MTU_DISCOVER);
	ck_assert_int_eq(sys.while_sent, IP_PMTUDISC_PROBE);
	ck_assert_int_eq(sys.option, IP_PMTUDISC_DONT);
	sys.error = EMSGSIZE;
	ck_assert_int_eq(
	    udp_send_as(u, &to, data, 1000, 1000, UDP_WHOLE), UDP_TOO_LONG);
	ck_assert_int_eq(sys.option, IP_PMTUDISC_DONT);
	sys.error = ENETUNREACH;
	ck_assert_int_eq(
	    udp_send_as(u, &to, data, 1000, 1000, UDP_WHOLE), UDP_ERROR);
	/* it is not kept: later it would be no probe */
	sys.room = 0;
	ck_assert_int_eq(
	    udp_send_as(u, &to, data, 1000, 1000, UDP_WHOLE), UDP_FULL);
	ck_assert(!udp_waiting(u));
	udp_free(u);
}
END_TEST

START_TEST(pieces_go_one_by_one_and_are_small)
{
	struct udp *u = fresh();

	udp_free(u);
	u = udp_new(socket(AF_INET6, SOCK_DGRAM, 0), 0, 6);
	ck_assert_int_eq(
	    udp_send_as(u, &to, data, 3000, 1000, UDP_PIECES), UDP_OK);
	ck_assert_int_eq(sys.n, 3);
	ck_assert_int_eq(sys.level, IPPROTO_IPV6);
	ck_assert_int_eq(sys.name, IPV6_MTU);
	ck_assert_int_eq(sys.while_sent, 1280);
	ck_assert_int_eq(sys.option, 0);
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
	    what_is_lost_after_it_waited_is_counted,
	    no_memory_while_the_socket_has_room_is_no_reason_to_spin,
	    a_system_without_batches_is_asked_for_none,
	    a_refusal_for_good_lasts_until_it_is_wanted_anew,
	    a_refusal_of_one_batch_is_counted_and_asked_again,
	    what_is_switched_off_is_neither_there_nor_lacking,
	    a_small_buffer_is_a_lack,
	    a_received_batch_is_cut,
	    a_busy_socket_has_its_turn_and_no_more,
	    an_empty_datagram_is_nobody,
	    a_calm_socket_is_not_asked_twice_each_time,
	    a_flow_is_drained_from_its_second_turn_on,
	    a_batch_is_no_sign_of_calm,
	    one_that_is_whole_has_df_and_nothing_else_has,
	    pieces_go_one_by_one_and_are_small,
	};

	return UNIT_RUN("udp", tests);
}
