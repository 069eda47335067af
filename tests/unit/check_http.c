/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_http.c */
/*
 * One HTTP request of mesh-exporter: what is served, what is refused.
 */
#include <string.h>

#include "http.h"
#include "unit.h"

static int
parse(const char *text, struct http_request *r)
{
	return http_parse(text, strlen(text), r);
}

START_TEST(a_scrape_is_served)
{
	struct http_request r;

	ck_assert_int_eq(
	    parse("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", &r), HTTP_OK);
	ck_assert_int_eq(r.page, HTTP_PAGE_METRICS);
	ck_assert(!r.head && !r.openmetrics);
	ck_assert_int_eq(parse("HEAD /metrics?x=y HTTP/1.0\n\n", &r), HTTP_OK);
	ck_assert(r.head);
	ck_assert_int_eq(r.page, HTTP_PAGE_METRICS);
	ck_assert_int_eq(parse("\r\nGET / HTTP/1.1\r\n\r\n", &r), HTTP_OK);
	ck_assert_int_eq(r.page, HTTP_PAGE_INDEX);
}
END_TEST

START_TEST(openmetrics_is_asked_for_by_accept)
{
	struct http_request r;

	ck_assert_int_eq(parse("GET /metrics HTTP/1.1\r\naccept: "
			       "Application/OpenMetrics-Text;version=1.0.0,"
			       "*/*;q=0.1\r\n\r\n",
			     &r),
	    HTTP_OK);
	ck_assert(r.openmetrics);
	ck_assert_int_eq(parse("GET /metrics HTTP/1.1\r\nX-Accept: "
			       "application/openmetrics-text\r\n\r\n",
			     &r),
	    HTTP_OK);
	ck_assert(!r.openmetrics);
}
END_TEST

START_TEST(what_is_refused_and_why)
{
	static const struct {
		const char *text;
		int status;
	} list[] = {
	    {"GET /other HTTP/1.1\r\n\r\n", HTTP_NOT_FOUND},
	    {"GET /metrics/ HTTP/1.1\r\n\r\n", HTTP_NOT_FOUND},
	    {"GET ?/metrics HTTP/1.1\r\n\r\n", HTTP_BAD},
	    {"GET metrics HTTP/1.1\r\n\r\n", HTTP_BAD},
	    {"GET  /metrics HTTP/1.1\r\n\r\n", HTTP_BAD},
	    {"GET /metrics HTTP/1.1 \r\n\r\n", HTTP_BAD},
	    {"GET /metrics\r\n\r\n", HTTP_BAD},
	    {"GET\r\n\r\n", HTTP_BAD},
	    {"get / HTTP/1.1\r\n\r\n", HTTP_METHOD},
	    {"POST /metrics HTTP/1.1\r\n\r\n", HTTP_METHOD},
	    {"GET /metrics HTTP/2.0\r\n\r\n", HTTP_VERSION},
	    {"GET /metrics HTTX/1.1\r\n\r\n", HTTP_BAD},
	    {"GET / HTTP/1.1\r\nno colon\r\n\r\n", HTTP_BAD},
	    {"GET / HTTP/1.1\r\n: empty\r\n\r\n", HTTP_BAD},
	    {"GET / HTTP/1.1\r\nA: b\r\n continued: c\r\n\r\n", HTTP_BAD},
	    {"GET / HTTP/1.1\r\nName : c\r\n\r\n", HTTP_BAD},
	    {"GET / HTTP/1.1\r\nA: \001\r\n\r\n", HTTP_BAD},
	    {"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", HTTP_BAD},
	    {"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", HTTP_OK},
	    {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD},
	    {"GET /other HTTP/1.1\r\nbad\r\n\r\n", HTTP_BAD},
	};
	struct http_request r;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		ck_assert_msg(parse(list[i].text, &r) == list[i].status, "%s",
		    list[i].text);
}
END_TEST

START_TEST(half_a_request_waits_for_the_rest)
{
	static const char text[] =
	    "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n";
	struct http_request r;

	for (size_t n = 0; n < sizeof(text) - 2; n++)
		ck_assert_msg(http_parse(text, n, &r) == 0, "%zu octets", n);
	ck_assert_int_eq(http_parse(text, sizeof(text) - 1, &r), HTTP_OK);
}
END_TEST

START_TEST(it_does_not_wait_for_ever)
{
	static char text[HTTP_REQUEST_MAX];
	struct http_request r;

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(http_parse(text, sizeof(text) - 1, &r), 0);
	ck_assert_int_eq(http_parse(text, sizeof(text), &r), HTTP_TOO_LONG);
	memcpy(text, "GET / HTTP/1.1\r\n", 16);
	ck_assert_int_eq(http_parse(text, sizeof(text), &r), HTTP_TOO_LONG);
}
END_TEST

START_TEST(the_head_says_how_long_the_body_is)
{
	char out[HTTP_HEAD_MAX + 1];
	size_t n = http_head(out, HTTP_OK, "text/plain", 1234);

	ck_assert_uint_gt(n, 0);
	out[n] = '\0';
	ck_assert(strncmp(out, "HTTP/1.1 200 OK\r\n", 17) == 0);
	ck_assert(strstr(out, "\r\nContent-Length: 1234\r\n") != NULL);
	ck_assert(strcmp(out + n - 4, "\r\n\r\n") == 0);
	n = http_head(out, HTTP_METHOD, "text/plain", 0);
	out[n] = '\0';
	ck_assert(strstr(out, "\r\nAllow: GET, HEAD\r\n") != NULL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_scrape_is_served,
	    openmetrics_is_asked_for_by_accept,
	    what_is_refused_and_why,
	    half_a_request_waits_for_the_rest,
	    it_does_not_wait_for_ever,
	    the_head_says_how_long_the_body_is,
	};

	return UNIT_RUN("http", tests);
}
