/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_buf.c */
/* The bounded reader and writer: bounds, stickiness, strictness. */
#include <string.h>

#include "buf.h"
#include "unit.h"

static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct rbuf
reader(const void *p, size_t n)
{
	struct rbuf r;

	rbuf_init(&r, p, n);
	return r;
}

START_TEST(integers_are_big_endian_unless_named_le)
{
	struct rbuf r = reader(eight, 8);

	ck_assert_uint_eq(rbuf_u64(&r), 0x0102030405060708);
	r = reader(eight, 8);
	ck_assert_uint_eq(rbuf_u64le(&r), 0x0807060504030201);
	r = reader(eight, 8);
	ck_assert_uint_eq(rbuf_u8(&r), 1);
	ck_assert_uint_eq(rbuf_u16(&r), 0x0203);
	ck_assert_uint_eq(rbuf_u32(&r), 0x04050607);
	r = reader(eight, 8);
	ck_assert_uint_eq(rbuf_u16le(&r), 0x0201);
	ck_assert_uint_eq(rbuf_u32le(&r), 0x06050403);
}
END_TEST

START_TEST(reading_past_the_end_is_bad_and_stays_bad)
{
	struct rbuf r = reader(eight, 3);

	ck_assert_uint_eq(rbuf_u32(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(rbuf_u8(&r), 0);
	ck_assert_int_eq(rbuf_done(&r), -1);
}
END_TEST

START_TEST(octets_left_over_are_an_error)
{
	struct rbuf r = reader(eight, 5);

	rbuf_u32(&r);
	ck_assert_int_eq(rbuf_done(&r), -1);
	rbuf_skip(&r, 1);
	ck_assert_int_eq(rbuf_done(&r), 0);
	rbuf_skip(&r, 1);
	ck_assert_int_eq(rbuf_done(&r), -1);
}
END_TEST

START_TEST(a_bool_is_zero_or_one)
{
	const uint8_t in[3] = {0, 1, 2};
	struct rbuf r = reader(in, 3);

	ck_assert(!rbuf_bool(&r));
	ck_assert(rbuf_bool(&r));
	ck_assert(!r.bad);
	ck_assert(!rbuf_bool(&r));
	ck_assert(r.bad);
}
END_TEST

START_TEST(bytes_that_are_not_there_read_as_zero)
{
	uint8_t out[4] = {9, 9, 9, 9};
	struct rbuf r = reader(eight, 3);

	rbuf_bytes(&r, out, 4);
	ck_assert_mem_eq(out, "\0\0\0\0", 4);
	ck_assert_int_eq(rbuf_done(&r), -1);
}
END_TEST

START_TEST(a_string_must_fit_with_its_nul)
{
	const uint8_t in[] = {0, 3, 'a', 'b', 'c'};
	char out[4];
	struct rbuf r = reader(in, sizeof(in));

	rbuf_str(&r, out, 4);
	ck_assert_str_eq(out, "abc");
	ck_assert_int_eq(rbuf_done(&r), 0);
	r = reader(in, sizeof(in));
	rbuf_str(&r, out, 3);
	ck_assert_int_eq(rbuf_done(&r), -1);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_string_with_a_nul_inside_is_refused)
{
	const uint8_t in[] = {0, 3, 'a', 0, 'c'};
	char out[8];
	struct rbuf r = reader(in, sizeof(in));

	rbuf_str(&r, out, sizeof(out));
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(rbuf_done(&r), -1);
}
END_TEST

START_TEST(a_string_longer_than_the_record_is_refused)
{
	const uint8_t in[] = {0, 4, 'a', 'b', 'c'};
	char out[8];

	for (size_t n = 0; n <= sizeof(in); n++) {
		struct rbuf r = reader(in, n);

		rbuf_str(&r, out, sizeof(out));
		ck_assert_int_eq(rbuf_done(&r), -1);
		ck_assert_str_eq(out, "");
	}
}
END_TEST

START_TEST(nothing_can_be_read_from_nothing)
{
	struct rbuf r = reader(NULL, 0);
	char out[1];

	ck_assert_int_eq(rbuf_done(&r), 0);
	rbuf_bytes(&r, out, 0);
	rbuf_skip(&r, 0);
	ck_assert_int_eq(rbuf_done(&r), 0);
	rbuf_u8(&r);
	ck_assert_int_eq(rbuf_done(&r), -1);
}
END_TEST

START_TEST(a_write_that_does_not_fit_writes_nothing_and_sticks)
{
	uint8_t out[4] = {9, 9, 9, 9};
	struct wbuf w;

	wbuf_init(&w, out, 3);
	wbuf_u16(&w, 0x0102);
	wbuf_u16(&w, 0x0304);
	wbuf_u8(&w, 5);
	ck_assert_int_eq(wbuf_done(&w), -1);
	ck_assert_uint_eq(w.len, 2);
	ck_assert_mem_eq(out, "\1\2\11\11", 4);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
	uint8_t mem[64];
	char s[8];
	struct wbuf w;
	struct rbuf r;

	wbuf_init(&w, mem, sizeof(mem));
	wbuf_u8(&w, 1);
	wbuf_u16(&w, 0x1234);
	wbuf_u32(&w, 0x12345678);
	wbuf_u64(&w, 0x123456789abcdef0);
	wbuf_u16le(&w, 0x1234);
	wbuf_u32le(&w, 0x12345678);
	wbuf_u64le(&w, 0x123456789abcdef0);
	wbuf_bool(&w, true);
	wbuf_str(&w, "mesh");
	wbuf_str(&w, "");
	ck_assert_int_eq(wbuf_done(&w), 0);

	r = reader(mem, w.len);
	ck_assert_uint_eq(rbuf_u8(&r), 1);
	ck_assert_uint_eq(rbuf_u16(&r), 0x1234);
	ck_assert_uint_eq(rbuf_u32(&r), 0x12345678);
	ck_assert_uint_eq(rbuf_u64(&r), 0x123456789abcdef0);
	ck_assert_uint_eq(rbuf_u16le(&r), 0x1234);
	ck_assert_uint_eq(rbuf_u32le(&r), 0x12345678);
	ck_assert_uint_eq(rbuf_u64le(&r), 0x123456789abcdef0);
	ck_assert(rbuf_bool(&r));
	rbuf_str(&r, s, sizeof(s));
	ck_assert_str_eq(s, "mesh");
	rbuf_str(&r, s, sizeof(s));
	ck_assert_str_eq(s, "");
	ck_assert_int_eq(rbuf_done(&r), 0);
}
END_TEST

START_TEST(a_string_too_long_for_its_length_field_is_not_written)
{
	size_t n = UINT16_MAX + 1;
	char *s = malloc(n + 1);
	uint8_t *mem = malloc(2 * n);
	struct wbuf w;

	memset(s, 'x', n);
	s[n] = '\0';
	wbuf_init(&w, mem, 2 * n);
	wbuf_str(&w, s);
	ck_assert_int_eq(wbuf_done(&w), -1);
	ck_assert_uint_eq(w.len, 0);
	wbuf_init(&w, mem, 2 * n);
	s[n - 1] = '\0';
	wbuf_str(&w, s);
	ck_assert_int_eq(wbuf_done(&w), 0);
	free(s);
	free(mem);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    integers_are_big_endian_unless_named_le,
	    reading_past_the_end_is_bad_and_stays_bad,
	    octets_left_over_are_an_error,
	    a_bool_is_zero_or_one,
	    bytes_that_are_not_there_read_as_zero,
	    a_string_must_fit_with_its_nul,
	    a_string_with_a_nul_inside_is_refused,
	    a_string_longer_than_the_record_is_refused,
	    nothing_can_be_read_from_nothing,
	    a_write_that_does_not_fit_writes_nothing_and_sticks,
	    what_is_written_is_read_back,
	    a_string_too_long_for_its_length_field_is_not_written,
	};

	return UNIT_RUN("buf", tests);
}
