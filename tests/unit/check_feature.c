/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_feature.c */
/* The names of what makes the packet path fast, and how they are told. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feature.h"
#include "ipc.h"
#include "packets.h"
#include "proc.h"
#include "unit.h"

START_TEST(each_bit_has_a_name_of_its_own_and_all_fit)
{
	char all[FEATURE_STRLEN];
	uint32_t bit;

	feature_names(~0u, all);
	ck_assert_uint_lt(strlen(all), FEATURE_STRLEN - 1);
	for (bit = 1; feature_name(bit) != NULL; bit <<= 1) {
		ck_assert_ptr_nonnull(strstr(all, feature_name(bit)));
		for (uint32_t b = 1; b < bit; b <<= 1)
			ck_assert_str_ne(feature_name(b), feature_name(bit));
	}
	ck_assert_uint_eq(bit, FEATURE_TUN_USO << 1);
	ck_assert_ptr_null(feature_name(0));
	ck_assert_ptr_null(feature_name(3));
}
END_TEST

START_TEST(names_are_in_the_order_of_the_bits)
{
	char out[FEATURE_STRLEN];

	ck_assert_str_eq(feature_names(0, out), "-");
	ck_assert_str_eq(
	    feature_names(FEATURE_RING | FEATURE_UDP_GSO, out), "udp-gso,ring");
}
END_TEST

START_TEST(tcp_super_packets_are_those_of_both_families)
{
	ck_assert_uint_eq(feature_offload(0), 0);
	ck_assert_uint_eq(feature_offload(OFFLOAD_CSUM), FEATURE_TUN_CSUM);
	ck_assert_uint_eq(
	    feature_offload(OFFLOAD_CSUM | OFFLOAD_TSO4), FEATURE_TUN_CSUM);
	ck_assert_uint_eq(feature_offload(OFFLOAD_ALL),
	    FEATURE_TUN_CSUM | FEATURE_TUN_TSO | FEATURE_TUN_USO);
}
END_TEST

START_TEST(a_child_tells_both_masks)
{
	const struct chan_conf conf = {
	    .self = ROLE_ENGINE, .peer = ROLE_PARENT, .gen = 1};
	struct msg_features m = {0};
	struct ipc_frame f = {0};
	uint8_t rec[256];
	struct rbuf r;
	int sv[2];
	ssize_t n;
	struct chan *c;

	ck_assert_int_eq(ipc_pair(sv), 0);
	c = chan_new(sv[0], &conf);
	ck_assert_ptr_nonnull(c);
	proc_tell_features(c, FEATURE_RING, FEATURE_UDP_GRO);
	while (chan_wants_out(c))
		ck_assert_int_eq(chan_out(c), 0);
	while ((n = recv(sv[1], rec, sizeof(rec), MSG_DONTWAIT)) > 0)
		ck_assert_int_eq(
		    ipc_parse(rec, (size_t)n, &f), 0); /* HELLO first */
	ck_assert_uint_eq(f.type, MSG_FEATURES);
	rbuf_init(&r, f.body, f.len);
	ck_assert_int_eq(msg_get_features(&r, &m), 0);
	ck_assert_uint_eq(m.have, FEATURE_RING);
	ck_assert_uint_eq(m.lacking, FEATURE_UDP_GRO);
	chan_free(c);
	close(sv[1]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    each_bit_has_a_name_of_its_own_and_all_fit,
	    names_are_in_the_order_of_the_bits,
	    tcp_super_packets_are_those_of_both_families,
	    a_child_tells_both_masks,
	};

	return UNIT_RUN("feature", tests);
}
