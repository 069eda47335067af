/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_upnpd.c */
/* What a gateway says of itself must lead to itself. */
#include "unit.h"
#include "url.h"

static const struct addr gateway = {.family = 4, .b = {10, 21, 0, 1}};

START_TEST(a_url_of_the_gateway_is_taken)
{
	static const char *const yes[] = {"http://10.21.0.1/",
	    "http://10.21.0.1", "http://10.21.0.1:5000/rootDesc.xml",
	    "http://10.21.0.1:65535/a?b=c"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(url_is_at(yes[i], &gateway), "%s", yes[i]);
}
END_TEST

START_TEST(any_other_is_not)
{
	static const char *const no[] = {"", "http://", "http://10.21.0.2/",
	    "http://10.21.0.10/", "https://10.21.0.1/", "http://10.21.0.1.x/",
	    "http://10.21.0.1@evil.example/", "http://010.21.0.1/",
	    "http://10.21.0.1:0/", "http://10.21.0.1:65536/",
	    "http://10.21.0.1:/", "http://10.21.0.1:80@x/", "http://10.21.0/",
	    "http://10.21.0.1 /", "HTTP://10.21.0.1/", "http://gateway/",
	    "http://10.21.0.4294967297/", "http://[::ffff:10.21.0.1]/"};
	static const struct addr v6 = {.family = 6};

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!url_is_at(no[i], &gateway), "%s", no[i]);
	ck_assert(!url_is_at("http://0.0.0.0/", &v6));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_url_of_the_gateway_is_taken, any_other_is_not};

	return UNIT_RUN("upnpd", tests);
}
