/* SPDX-License-Identifier: ISC */
/* file: ctl/http.h */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * As much of HTTP/1.1 (RFC 9110, RFC 9112) as it takes to be scraped: one
 * request without a body, one answer, then the connection is closed.  Pure.
 */
#define HTTP_REQUEST_MAX 4096

enum http_status {
	HTTP_OK = 200,
	HTTP_BAD = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD = 405,
	HTTP_TOO_LONG = 431, /* more than HTTP_REQUEST_MAX and no end */
	HTTP_AWAY = 503,
	HTTP_VERSION = 505
};

enum http_page { HTTP_PAGE_INDEX, HTTP_PAGE_METRICS };

struct http_request {
	bool head; /* HEAD: all but the body */
	enum http_page page;
	bool openmetrics; /* Accept names it */
};

/*
 * 0: not all of it is there yet; else what to answer.  *out is defined for
 * HTTP_OK, of the others only `head`.
 */
int http_parse(const char *, size_t len, struct http_request *out);

#define HTTP_HEAD_MAX 512
/* Status line and fields, with the empty line; its length. */
size_t http_head(
    char out[HTTP_HEAD_MAX], enum http_status, const char *type, size_t body);
const char *http_reason(enum http_status);

#endif
