/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_ipc.c */
/* Frames: the header, and the care for descriptors that come with them. */
#include <errno.h>

#include "fds.h"
#include "ipc.h"
#include "unit.h"

static uint8_t buf[IPC_FRAME_MAX], rec[2 * IPC_FRAME_MAX];
static uint8_t body[IPC_BODY_MAX + 1];

/* A frame with a good header for len octets of body. */
static size_t
build(uint16_t type, size_t len, int has_fd)
{
	size_t n =
	    ipc_build(rec, sizeof(rec), type, 0x01020304, body, len, has_fd);

	ck_assert_uint_eq(n, IPC_HDR_LEN + len);
	return n;
}

START_TEST(the_header_is_twelve_octets_big_endian)
{
	body[0] = 'a';
	build(0x1122, 3, 1);
	ck_assert_mem_eq(rec, "\x11\x22\0\1\0\0\0\3\1\2\3\4a\0\0", 15);
}
END_TEST

START_TEST(what_is_built_is_parsed)
{
	static const size_t sizes[] = {0, 1, 100, IPC_BODY_MAX};
	struct ipc_frame f;

	for (size_t i = 0; i < 4; i++) {
		size_t n = build(7, sizes[i], 0);

		ck_assert_int_eq(ipc_parse(rec, n, &f), 0);
		ck_assert_uint_eq(f.type, 7);
		ck_assert_uint_eq(f.flags, 0);
		ck_assert_uint_eq(f.id, 0x01020304);
		ck_assert_uint_eq(f.len, sizes[i]);
		ck_assert_ptr_eq(f.body, rec + IPC_HDR_LEN);
	}
}
END_TEST

START_TEST(shorter_or_longer_than_the_header_says_is_refused)
{
	struct ipc_frame f;
	size_t n = build(7, 20, 0);

	for (size_t len = 0; len < n + 20; len++)
		ck_assert_int_eq(ipc_parse(rec, len, &f), len == n ? 0 : -1);
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
	struct ipc_frame f;
	size_t n = build(7, 4, 0);

	for (unsigned bit = 0; bit < 16; bit++) {
		rec[2] = (uint8_t)(1u << bit >> 8);
		rec[3] = (uint8_t)(1u << bit);
		ck_assert_int_eq(ipc_parse(rec, n, &f), bit == 0 ? 0 : -1);
	}
}
END_TEST

START_TEST(a_body_beyond_the_limit_is_neither_built_nor_parsed)
{
	struct ipc_frame f;

	ck_assert_uint_eq(
	    ipc_build(rec, sizeof(rec), 7, 1, body, IPC_BODY_MAX + 1, 0), 0);
	build(7, IPC_BODY_MAX, 0);
	rec[7] = 1; /* 16385 */
	ck_assert_int_eq(ipc_parse(rec, IPC_FRAME_MAX + 1, &f), -1);
	rec[4] = rec[5] = rec[6] = rec[7] = 0xff;
	ck_assert_int_eq(ipc_parse(rec, IPC_FRAME_MAX, &f), -1);
}
END_TEST

START_TEST(build_does_not_write_past_the_capacity)
{
	memset(rec, 0x5a, sizeof(rec));
	ck_assert_uint_eq(ipc_build(rec, 15, 7, 1, body, 4, 0), 0);
	ck_assert_uint_eq(rec[15], 0x5a);
	ck_assert_uint_eq(ipc_build(rec, 16, 7, 1, body, 4, 0), 16);
	ck_assert_uint_eq(rec[16], 0x5a);
}
END_TEST

static int sv[2];

static void
pair(void)
{
	ck_assert_int_eq(ipc_pair(sv), 0);
}

START_TEST(a_pair_is_nonblocking_and_not_inherited)
{
	pair();
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fcntl(sv[i], F_GETFD), FD_CLOEXEC);
		ck_assert(fcntl(sv[i], F_GETFL) & O_NONBLOCK);
	}
}
END_TEST

START_TEST(a_frame_crosses_with_its_descriptor)
{
	struct ipc_frame f;
	int fd = fds_some();
	size_t n;

	pair();
	n = build(7, 5, 1);
	ck_assert_int_eq(ipc_send_record(sv[0], rec, n, fd), 0);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_OK);
	ck_assert_uint_eq(f.len, 5);
	ck_assert_int_ne(f.fd, -1);
	ck_assert_int_ne(f.fd, fd);
	ck_assert_int_eq(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(a_frame_crosses_without_a_descriptor)
{
	struct ipc_frame f;
	size_t n;

	pair();
	n = build(9, IPC_BODY_MAX, 0);
	ck_assert_int_eq(ipc_send_record(sv[0], rec, n, -1), 0);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_OK);
	ck_assert_int_eq(f.fd, -1);
	ck_assert_uint_eq(f.len, IPC_BODY_MAX);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_AGAIN);
}
END_TEST

START_TEST(a_record_longer_than_any_frame_is_bad)
{
	struct ipc_frame f;

	pair();
	build(7, IPC_BODY_MAX, 0);
	fds_send(sv[0], rec, IPC_FRAME_MAX + 1, -1, 0);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_BAD);
}
END_TEST

START_TEST(a_record_shorter_than_a_header_is_bad)
{
	struct ipc_frame f;

	for (size_t n = 1; n < IPC_HDR_LEN; n++) {
		pair();
		build(7, 0, 0);
		fds_send(sv[0], rec, n, -1, 0);
		ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_BAD);
		close(sv[0]);
		close(sv[1]);
	}
}
END_TEST

/* Nothing of what n descriptors with this record bring may stay open. */
static void
all_closed(size_t len, unsigned n)
{
	struct ipc_frame f;
	unsigned before;
	int fd;

	pair();
	fd = fds_some();
	before = fds_open();
	fds_send(sv[0], rec, len, fd, n);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_BAD);
	ck_assert_int_eq(f.fd, -1);
	ck_assert_uint_eq(fds_open(), before);
	close(fd);
	close(sv[0]);
	close(sv[1]);
}

START_TEST(a_descriptor_without_the_flag_is_bad_and_closed)
{
	all_closed(build(7, 4, 0), 1);
}
END_TEST

START_TEST(the_flag_without_a_descriptor_is_bad)
{
	all_closed(build(7, 4, 1), 0);
}
END_TEST

START_TEST(more_than_one_descriptor_is_bad_and_all_are_closed)
{
	for (unsigned n = 2; n <= 32; n++)
		all_closed(build(7, 4, 1), n);
}
END_TEST

START_TEST(descriptors_of_bad_records_are_closed)
{
	size_t n = build(7, 4, 1);

	all_closed(n - 1, 1);
	all_closed(n + 1, 1);
	all_closed(1, 1);
	all_closed(IPC_FRAME_MAX + 1, 1);
	rec[3] = 3;
	all_closed(n, 1);
}
END_TEST

START_TEST(an_empty_record_with_a_descriptor_is_bad_and_closed)
{
	all_closed(0, 1);
}
END_TEST

START_TEST(no_room_for_the_descriptor_is_bad_not_a_frame_without_it)
{
	struct rlimit rl, before;
	struct ipc_frame f;
	int fd;

	pair();
	fd = fds_some();
	fds_send(sv[0], rec, build(7, 4, 1), fd, 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	rl = before;
	rl.rlim_cur = (rlim_t)fd + 1; /* all below are taken */
	for (int i = 0; i < fd; i++)
		if (fcntl(i, F_GETFD) == -1)
			dup2(fd, i);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rl), 0);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_BAD);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

START_TEST(the_end_is_seen_after_the_last_frame)
{
	struct ipc_frame f;

	pair();
	ck_assert_int_eq(ipc_send_record(sv[0], rec, build(7, 4, 0), -1), 0);
	close(sv[0]);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_OK);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_EOF);
}
END_TEST

START_TEST(last_words_are_heard_though_ours_were_not_read)
{
	struct ipc_frame f;

	pair();
	ck_assert_int_eq(ipc_send_record(sv[0], rec, build(7, 4, 0), -1), 0);
	ck_assert_int_eq(ipc_send_record(sv[1], rec, build(8, 4, 0), -1), 0);
	close(sv[0]); /* with a frame unread: the kernel says ECONNRESET */
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_OK);
	ck_assert_uint_eq(f.type, 7);
	ck_assert_int_eq(ipc_recv(sv[1], buf, &f), IPC_EOF);
}
END_TEST

START_TEST(a_full_socket_says_later_and_the_descriptor_stays_ours)
{
	int fd = fds_some();
	size_t n;

	pair();
	n = build(7, IPC_BODY_MAX, 1);
	while (ipc_send_record(sv[0], rec, n, fd) == 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(sending_to_nobody_is_an_error_and_no_signal)
{
	pair();
	close(sv[1]);
	ck_assert_int_eq(ipc_send_record(sv[0], rec, build(7, 0, 0), -1), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(a_closed_or_foreign_descriptor_is_bad_not_a_loop)
{
	struct ipc_frame f;
	int fd = fds_some();

	ck_assert_int_eq(ipc_recv(fd, buf, &f), IPC_BAD);
	close(fd);
	ck_assert_int_eq(ipc_recv(fd, buf, &f), IPC_BAD);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_header_is_twelve_octets_big_endian,
	    what_is_built_is_parsed,
	    shorter_or_longer_than_the_header_says_is_refused,
	    unknown_flags_are_refused,
	    a_body_beyond_the_limit_is_neither_built_nor_parsed,
	    build_does_not_write_past_the_capacity,
	    a_pair_is_nonblocking_and_not_inherited,
	    a_frame_crosses_with_its_descriptor,
	    a_frame_crosses_without_a_descriptor,
	    a_record_longer_than_any_frame_is_bad,
	    a_record_shorter_than_a_header_is_bad,
	    a_descriptor_without_the_flag_is_bad_and_closed,
	    the_flag_without_a_descriptor_is_bad,
	    more_than_one_descriptor_is_bad_and_all_are_closed,
	    descriptors_of_bad_records_are_closed,
	    an_empty_record_with_a_descriptor_is_bad_and_closed,
	    no_room_for_the_descriptor_is_bad_not_a_frame_without_it,
	    the_end_is_seen_after_the_last_frame,
	    last_words_are_heard_though_ours_were_not_read,
	    a_full_socket_says_later_and_the_descriptor_stays_ours,
	    sending_to_nobody_is_an_error_and_no_signal,
	    a_closed_or_foreign_descriptor_is_bad_not_a_loop,
	};

	return UNIT_RUN("ipc", tests);
}
