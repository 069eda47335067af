/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_links.c */
/*
 * News of links: which of the kernel's messages are any, and how often the
 * engine hears of them.
 */
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "links.h"
#include "unit.h"

#define OWN 7
#define T0 UINT64_C(1000000)

/* ---- pace ---- */

START_TEST(a_row_of_them_is_told_once_and_soon)
{
	struct links_pace p = {0};

	ck_assert(!links_due(&p, T0));
	links_note(&p, T0);
	links_note(&p, T0 + 100);
	ck_assert(!links_due(&p, T0 + LINKS_CALM_MS - 1));
	ck_assert(links_due(&p, T0 + LINKS_CALM_MS));
	ck_assert(!links_due(&p, T0 + LINKS_CALM_MS + 1));
	ck_assert_uint_eq(p.due_ms, 0);
}
END_TEST

START_TEST(some_are_told_at_once_and_then_one_a_pace)
{
	struct links_pace p = {0};
	uint64_t now = T0;

	for (int i = 0; i < LINKS_BURST; i++) {
		links_note(&p, now);
		now += LINKS_CALM_MS;
		ck_assert(links_due(&p, now));
	}
	links_note(&p, now);
	/* since the first of the burst */
	ck_assert_uint_eq(p.due_ms, T0 + LINKS_CALM_MS + LINKS_PACE_MS);
	ck_assert(!links_due(&p, p.due_ms - 1));
	ck_assert(links_due(&p, p.due_ms));
}
END_TEST

/* However many come: never more than that in an hour, and the last is told. */
START_TEST(a_busy_host_is_told_of_in_its_pace_and_nothing_is_lost)
{
	uint64_t dice = unit_seed(), noted = 0, told_at = 0;
	struct links_pace p = {0};
	unsigned told = 0;

	for (uint64_t now = T0; now < T0 + 3600000; now += 10) {
		if (unit_random(&dice) % 20 == 0) {
			links_note(&p, now);
			noted = now;
		}
		if (links_due(&p, now)) {
			told++;
			told_at = now;
		}
	}
	ck_assert_uint_le(told, LINKS_BURST + 3600000 / LINKS_PACE_MS);
	ck_assert_uint_ge(told, 3600000 / LINKS_PACE_MS);
	if (told_at < noted)
		ck_assert_uint_ne(p.due_ms, 0);
	/* a quiet while, and it has its burst again */
	p.due_ms = 0;
	for (int i = 0; i < LINKS_BURST; i++) {
		uint64_t now = T0 + 7200000 + (uint64_t)i * 1000;

		links_note(&p, now);
		ck_assert(links_due(&p, now + LINKS_CALM_MS));
	}
}
END_TEST

/* ---- messages ---- */

static struct {
	_Alignas(struct nlmsghdr) uint8_t b[512];
	size_t len;
} msg;

static void
begin(uint16_t type, const void *payload, size_t len)
{
	struct nlmsghdr h = {
	    .nlmsg_type = type, .nlmsg_len = (uint32_t)NLMSG_LENGTH(len)};

	memset(&msg, 0, sizeof(msg));
	memcpy(msg.b, &h, sizeof(h));
	memcpy(msg.b + NLMSG_HDRLEN, payload, len);
	msg.len = NLMSG_SPACE(len);
}

static void
attribute(uint16_t type, const void *v, uint16_t len)
{
	struct nlattr a = {
	    .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len)};
	struct nlmsghdr h;

	memcpy(msg.b + msg.len, &a, sizeof(a));
	memcpy(msg.b + msg.len + NLA_HDRLEN, v, len);
	msg.len += (size_t)NLA_HDRLEN + NLA_ALIGN(len);
	memcpy(&h, msg.b, sizeof(h));
	h.nlmsg_len = (uint32_t)msg.len;
	memcpy(msg.b, &h, sizeof(h));
}

static int
parsed(void)
{
	return links_parse(msg.b, msg.len, OWN);
}

static void
link_message(uint16_t type, int index, unsigned flags)
{
	struct ifinfomsg i = {.ifi_index = index, .ifi_flags = flags};

	begin(type, &i, sizeof(i));
}

START_TEST(a_link_that_is_up_is_news_and_no_other_one)
{
	link_message(RTM_NEWLINK, 3, IFF_UP | IFF_RUNNING);
	ck_assert_int_eq(parsed(), LINKS_CAME);
	link_message(RTM_NEWLINK, 3, IFF_UP); /* no carrier */
	ck_assert_int_eq(parsed(), 0);
	link_message(RTM_NEWLINK, OWN, IFF_UP | IFF_RUNNING);
	ck_assert_int_eq(parsed(), 0);
	link_message(RTM_DELLINK, 3, IFF_UP | IFF_RUNNING);
	ck_assert_int_eq(parsed(), 0);
	/* a look at who else sends there */
	link_message(RTM_NEWLINK, 3, IFF_UP | IFF_RUNNING);
	attribute(IFLA_WIRELESS, "x", 1);
	ck_assert_int_eq(parsed(), 0);
}
END_TEST

static void
route_message(uint8_t type, uint8_t table, unsigned flags, uint32_t out)
{
	struct rtmsg r = {
	    .rtm_type = type, .rtm_table = table, .rtm_flags = flags};

	begin(RTM_NEWROUTE, &r, sizeof(r));
	attribute(RTA_OIF, &out, sizeof(out));
}

START_TEST(a_new_route_is_news_unless_it_is_our_own)
{
	route_message(RTN_UNICAST, RT_TABLE_MAIN, 0, 3);
	ck_assert_int_eq(parsed(), LINKS_CAME);
	route_message(RTN_UNICAST, RT_TABLE_MAIN, 0, OWN);
	ck_assert_int_eq(parsed(), 0);
	route_message(RTN_UNICAST, RT_TABLE_MAIN, RTM_F_CLONED, 3);
	ck_assert_int_eq(parsed(), 0);
	route_message(RTN_LOCAL, RT_TABLE_LOCAL, 0, 3);
	ck_assert_int_eq(parsed(), 0);
}
END_TEST

START_TEST(an_address_is_a_reason_to_look)
{
	struct ifaddrmsg i = {.ifa_index = 3};

	begin(RTM_NEWADDR, &i, sizeof(i));
	ck_assert_int_eq(parsed(), LINKS_LOOK);
	begin(RTM_DELADDR, &i, sizeof(i));
	ck_assert_int_eq(parsed(), LINKS_LOOK);
	i.ifa_index = OWN;
	begin(RTM_NEWADDR, &i, sizeof(i));
	ck_assert_int_eq(parsed(), 0);
}
END_TEST

/* Nothing past the end is read (valgrind, ASan), and nothing is made of it. */
START_TEST(what_is_cut_is_no_news)
{
	uint8_t *exact;

	route_message(RTN_UNICAST, RT_TABLE_MAIN, 0, 3);
	for (size_t n = 0; n < msg.len; n++) {
		exact = malloc(n == 0 ? 1 : n);
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, msg.b, n);
		ck_assert_int_eq(links_parse(exact, n, OWN), 0);
		free(exact);
	}
}
END_TEST

/* Signed it is less than what there is, and rounded up it is nothing. */
START_TEST(a_length_near_the_end_of_all_numbers_ends)
{
	_Alignas(4) uint8_t exact[32] = {0};
	const uint32_t lens[] = {
	    UINT32_MAX, UINT32_MAX - 2, UINT32_MAX - 16, UINT32_C(1) << 31};

	for (unsigned i = 0; i < 4; i++) {
		memcpy(exact, &lens[i], sizeof(lens[i]));
		exact[4] = RTM_NEWLINK;
		ck_assert_int_eq(links_parse(exact, sizeof(exact), OWN), 0);
	}
}
END_TEST

START_TEST(the_kernel_is_listened_to_without_a_privilege)
{
	int fd = links_open();

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(links_read(fd, 0), 0);
	close(fd);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_row_of_them_is_told_once_and_soon,
	    some_are_told_at_once_and_then_one_a_pace,
	    a_busy_host_is_told_of_in_its_pace_and_nothing_is_lost,
	    a_link_that_is_up_is_news_and_no_other_one,
	    a_new_route_is_news_unless_it_is_our_own,
	    an_address_is_a_reason_to_look,
	    what_is_cut_is_no_news,
	    a_length_near_the_end_of_all_numbers_ends,
	    the_kernel_is_listened_to_without_a_privilege,
	};

	return UNIT_RUN("links", tests);
}
