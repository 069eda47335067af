/* SPDX-License-Identifier: ISC */
/* file: ctl/http.c */
/*
 * One HTTP request (see http.h).  Lines end in CR LF, or in LF alone (RFC
 * 9112, 2.2); a field that says there is a body is refused, so that nothing
 * behind the request is ever taken for another one.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http.h"

struct line { /* without its end */
	const char *p;
	size_t len;
};

/* The next line of what is left; false: its end is not there. */
static bool
next_line(const char **p, const char *end, struct line *out)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p));

	if (nl == NULL)
		return false;
	out->p = *p;
	out->len = (size_t)(nl - *p);
	if (out->len > 0 && out->p[out->len - 1] == '\r')
		out->len--;
	*p = nl + 1;
	return true;
}

/* Printable ASCII, and tabs where fields may have them. */
static bool
line_is_clean(const struct line *l)
{
	for (size_t i = 0; i < l->len; i++)
		if ((l->p[i] < ' ' && l->p[i] != '\t') || l->p[i] == 127)
			return false;
	return true;
}

static bool
is(const char *p, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(p, word, len) == 0;
}

/* "GET /metrics HTTP/1.1": three words with one space between them */
static int
request_line(const struct line *l, struct http_request *out)
{
	const char *end = l->p + l->len;
	const char *target = memchr(l->p, ' ', l->len), *version, *query;
	size_t len;

	if (target == NULL || ++target == end)
		return HTTP_BAD;
	version = memchr(target, ' ', (size_t)(end - target));
	if (version == NULL)
		return HTTP_BAD;
	len = (size_t)(version - target);
	version++;
	if (end - version != 8 || memcmp(version, "HTTP/", 5) != 0)
		return HTTP_BAD;
	if (memcmp(version + 5, "1.", 2) != 0)
		return HTTP_VERSION;
	out->head = is(l->p, (size_t)(target - 1 - l->p), "HEAD");
	if (!out->head && !is(l->p, (size_t)(target - 1 - l->p), "GET"))
		return HTTP_METHOD;
	if (len == 0 || target[0] != '/')
		return HTTP_BAD;
	query = memchr(target, '?', len);
	if (query != NULL)
		len = (size_t)(query - target);
	if (is(target, len, "/metrics"))
		out->page = HTTP_PAGE_METRICS;
	else if (is(target, len, "/"))
		out->page = HTTP_PAGE_INDEX;
	else
		return HTTP_NOT_FOUND;
	return HTTP_OK;
}

static bool
contains(const char *p, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(p + i, word, n) == 0)
			return true;
	return false;
}

/* "0", as a length: no body after all */
static bool
is_zero(const char *p, size_t len)
{
	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	return is(p, len, "0");
}

/* false: it makes no sense, or there is a body */
static bool
field(const struct line *l, struct http_request *out)
{
	const char *colon = memchr(l->p, ':', l->len);
	size_t name, value;

	if (colon == NULL || colon == l->p)
		return false;
	name = (size_t)(colon - l->p);
	/* a continued line would begin like this: RFC 9112, 5.2 */
	if (l->p[0] == ' ' || l->p[0] == '\t' || l->p[name - 1] == ' ')
		return false;
	value = l->len - name - 1;
	if (name == 6 && strncasecmp(l->p, "Accept", 6) == 0 &&
	    contains(colon + 1, value, "application/openmetrics-text"))
		out->openmetrics = true;
	if (name == 17 && strncasecmp(l->p, "Transfer-Encoding", 17) == 0)
		return false;
	if (name == 14 && strncasecmp(l->p, "Content-Length", 14) == 0)
		return is_zero(colon + 1, value);
	return true;
}

int
http_parse(const char *p, size_t len, struct http_request *out)
{
	const char *end = p + len;
	struct http_request r = {0};
	int status = 0;
	struct line l;

	*out = r;
	while (next_line(&p, end, &l)) {
		bool first = status == 0;

		/* an empty line or two may be left of a request before */
		if (first && l.len == 0)
			continue;
		if (!line_is_clean(&l))
			return HTTP_BAD;
		if (first)
			status = request_line(&l, &r);
		else if (l.len > 0 && !field(&l, &r))
			status = HTTP_BAD;
		if (status == HTTP_BAD || status == HTTP_VERSION)
			return status;
		if (l.len > 0)
			continue;
		*out = r;
		return status;
	}
	return len >= HTTP_REQUEST_MAX ? HTTP_TOO_LONG : 0;
}

const char *
http_reason(enum http_status s)
{
	switch (s) {
	case HTTP_OK:
		return "OK";
	case HTTP_BAD:
		return "Bad Request";
	case HTTP_NOT_FOUND:
		return "Not Found";
	case HTTP_METHOD:
		return "Method Not Allowed";
	case HTTP_TOO_LONG:
		return "Request Header Fields Too Large";
	case HTTP_AWAY:
		return "Service Unavailable";
	case HTTP_VERSION:
		return "HTTP Version Not Supported";
	}
	return "?";
}

size_t
http_head(char out[HTTP_HEAD_MAX], enum http_status status, const char *type,
    size_t body)
{
	int n = snprintf(out, HTTP_HEAD_MAX,
	    "HTTP/1.1 %d %s\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "Connection: close\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "%s\r\n",
	    (int)status, http_reason(status), type, body,
	    status == HTTP_METHOD ? "Allow: GET, HEAD\r\n" : "");

	return n < 0 || n >= HTTP_HEAD_MAX ? 0 : (size_t)n;
}
