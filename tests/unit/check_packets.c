/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_packets.c */
/* Packet containers: what is packed comes out, and lies end the reading. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packets.h"
#include "unit.h"

static uint8_t box[PK_CONTAINER];

/* One record of len octets, all of them fill. */
static int
add(struct pkout *o, size_t len, uint8_t fill)
{
	uint8_t *at = pkout_begin(o, len);

	if (at == NULL)
		return -1;
	memset(at, 0, PK_VNET);
	memset(at + PK_VNET, fill, len);
	pkout_commit(o, len);
	return 0;
}

static int
read_all(uint8_t *mem, size_t len, unsigned *records)
{
	struct pkin in;
	uint8_t *vnet, *pkt;
	size_t n;
	int rv;

	*records = 0;
	pkin_init(&in, mem, len);
	while ((rv = pkin_next(&in, &vnet, &pkt, &n)) == 1)
		++*records;
	return rv;
}

START_TEST(records_come_out_as_they_went_in)
{
	struct pkout o;
	struct pkin in;
	uint8_t *vnet, *pkt;
	size_t len;

	pkout_init(&o, box);
	ck_assert_int_eq(add(&o, 1, 'a'), 0);
	ck_assert_int_eq(add(&o, PK_IP_MAX, 'b'), 0);
	ck_assert_int_eq(add(&o, 1500, 'c'), 0);
	ck_assert_uint_eq(o.records, 3);

	pkin_init(&in, box, o.len);
	ck_assert_int_eq(pkin_next(&in, &vnet, &pkt, &len), 1);
	ck_assert_uint_eq(len, 1);
	ck_assert_ptr_eq(pkt, vnet + PK_VNET);
	ck_assert_int_eq(pkin_next(&in, &vnet, &pkt, &len), 1);
	ck_assert_uint_eq(len, PK_IP_MAX);
	ck_assert_uint_eq(pkt[len - 1], 'b');
	ck_assert_int_eq(pkin_next(&in, &vnet, &pkt, &len), 1);
	ck_assert_uint_eq(len, 1500);
	ck_assert_int_eq(pkin_next(&in, &vnet, &pkt, &len), 0);
	ck_assert_int_eq(pkin_next(&in, &vnet, &pkt, &len), 0);
}
END_TEST

START_TEST(a_full_container_takes_no_more)
{
	struct pkout o;
	unsigned n;

	pkout_init(&o, box);
	while (add(&o, 1500, 'x') == 0)
		;
	ck_assert_uint_le(o.len, PK_CONTAINER);
	ck_assert_uint_gt(o.len + 4 + PK_VNET + 1500, PK_CONTAINER);
	ck_assert_int_eq(read_all(box, o.len, &n), 0);
	ck_assert_uint_eq(n, o.records);
}
END_TEST

START_TEST(a_record_may_fill_the_container_to_the_last_octet)
{
	struct pkout o;
	size_t rest;

	pkout_init(&o, box);
	ck_assert_int_eq(add(&o, PK_IP_MAX, 'x'), 0);
	rest = PK_CONTAINER - o.len - 4 - PK_VNET;
	ck_assert_ptr_null(pkout_begin(&o, rest + 1));
	ck_assert_int_eq(add(&o, rest, 'y'), 0);
	ck_assert_uint_eq(o.len, PK_CONTAINER);
	ck_assert_ptr_null(pkout_begin(&o, 0));
}
END_TEST

START_TEST(nothing_longer_than_an_ip_packet_is_begun)
{
	struct pkout o;

	pkout_init(&o, box);
	ck_assert_ptr_null(pkout_begin(&o, PK_IP_MAX + 1));
	ck_assert_ptr_null(pkout_begin(&o, SIZE_MAX));
}
END_TEST

START_TEST(a_record_shorter_than_announced_gives_the_room_back)
{
	struct pkout o;

	pkout_init(&o, box);
	ck_assert_ptr_nonnull(pkout_begin(&o, PK_IP_MAX));
	pkout_commit(&o, 40);
	ck_assert_uint_eq(o.len, 4 + PK_VNET + 40);
	ck_assert_ptr_nonnull(pkout_begin(&o, PK_IP_MAX));
	pkout_commit(&o, 0);
	ck_assert_uint_eq(o.len, 4 + PK_VNET + 40);
	ck_assert_uint_eq(o.records, 1);
}
END_TEST

START_TEST(every_cut_of_a_container_is_refused)
{
	struct pkout o;
	unsigned n;
	size_t one;

	pkout_init(&o, box);
	add(&o, 20, 'x');
	one = o.len;
	add(&o, 30, 'y');
	for (size_t cut = 1; cut < o.len; cut++)
		ck_assert_int_eq(read_all(box, cut, &n), cut == one ? 0 : -1);
	ck_assert_int_eq(read_all(box, 0, &n), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(lengths_that_lie_are_refused)
{
	static const uint32_t lies[] = {0, 1, PK_VNET - 1, PK_VNET,
	    PK_VNET + 21, PK_VNET + PK_IP_MAX + 1, 0x7fffffff, 0xfffffff6,
	    0xffffffff};
	struct pkout o;
	unsigned n;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		pkout_init(&o, box);
		add(&o, 20, 'x');
		memcpy(box, &lies[i], 4);
		ck_assert_msg(read_all(box, o.len, &n) == -1, "%u", lies[i]);
		ck_assert_uint_eq(n, 0);
	}
}
END_TEST

START_TEST(vnet_survives_its_octets)
{
	struct vnet v = {1, VNET_GSO_TCPV4 | VNET_GSO_ECN, 54, 1400, 34, 16}, w;
	uint8_t mem[PK_VNET];

	vnet_put(&v, mem);
	vnet_get(mem, &w);
	ck_assert_uint_eq(w.flags, 1);
	ck_assert_uint_eq(w.gso_type, VNET_GSO_TCPV4 | VNET_GSO_ECN);
	ck_assert_uint_eq(w.hdr_len, 54);
	ck_assert_uint_eq(w.gso_size, 1400);
	ck_assert_uint_eq(w.csum_start, 34);
	ck_assert_uint_eq(w.csum_offset, 16);
}
END_TEST

START_TEST(flush_sends_one_record_and_empties_the_container)
{
	static uint8_t got[PK_CONTAINER];
	struct pkout o;
	int sv[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv), 0);
	pkout_init(&o, box);
	ck_assert_int_eq(pkout_flush(&o, sv[0]), 0);
	ck_assert_int_eq(recv(sv[1], got, 1, MSG_DONTWAIT), -1);
	add(&o, 1500, 'x');
	add(&o, 40, 'y');
	ck_assert_int_eq(pkout_flush(&o, sv[0]), 0);
	ck_assert_uint_eq(o.len, 0);
	ck_assert_int_eq(recv(sv[1], got, sizeof(got), MSG_DONTWAIT),
	    2 * (4 + PK_VNET) + 1540);
	close(sv[0]);
	close(sv[1]);
}
END_TEST

START_TEST(flush_keeps_what_the_socket_does_not_take)
{
	struct pkout o;
	int sv[2], rv;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv), 0);
	do {
		pkout_init(&o, box);
		add(&o, 40, 'x');
		rv = pkout_flush(&o, sv[0]);
	} while (rv == 0);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(o.records, 1);
	close(sv[1]);
	ck_assert_int_eq(pkout_flush(&o, sv[0]), -1); /* and no SIGPIPE */
	ck_assert_int_ne(errno, EAGAIN);
	close(sv[0]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    records_come_out_as_they_went_in,
	    a_full_container_takes_no_more,
	    a_record_may_fill_the_container_to_the_last_octet,
	    nothing_longer_than_an_ip_packet_is_begun,
	    a_record_shorter_than_announced_gives_the_room_back,
	    every_cut_of_a_container_is_refused,
	    lengths_that_lie_are_refused,
	    vnet_survives_its_octets,
	    flush_sends_one_record_and_empties_the_container,
	    flush_keeps_what_the_socket_does_not_take,
	};

	return UNIT_RUN("packets", tests);
}
