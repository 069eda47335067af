/* SPDX-License-Identifier: ISC */
/* file: tlsd/upgrade.c */
/*
 * HTTP's heads, see upgrade.h.
 *
 * A head is looked at when its empty line is there, and not before: until then
 * it is only long or too long.  Lines end in CR LF; a bare LF is taken too, as
 * RFC 9112, section 2.2 has it.
 */
#include <stdio.h>
#include <string.h>

#include "upgrade.h"

#define PAGE "/.well-known/mesh"
#define PROTOCOL "mesh1"

/* Where the empty line ends; 0: it is not there. */
static size_t
head_end(const char *text, size_t len)
{
	size_t line = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n')
			continue;
		if (i == line || (i == line + 1 && text[line] == '\r'))
			return i + 1;
		line = i + 1;
	}
	return 0;
}

struct piece {
	const char *p;
	size_t n;
};

/* The next line, without its end; false: there is none. */
static bool
next_line(struct piece *rest, struct piece *line)
{
	const char *nl = memchr(rest->p, '\n', rest->n);

	if (nl == NULL)
		return false;
	line->p = rest->p;
	line->n = (size_t)(nl - rest->p);
	rest->n -= line->n + 1;
	rest->p = nl + 1;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_word(const struct piece *p, const char *word)
{
	if (p->n != strlen(word))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (lower(p->p[i]) != lower(word[i]))
			return false;
	return true;
}

/* "Name: value": value, without the blanks around it; false: another name. */
static bool
field(const struct piece *line, const char *name, struct piece *value)
{
	size_t n = strlen(name);
	struct piece head = {line->p, n};

	if (line->n <= n || line->p[n] != ':' || !is_word(&head, name))
		return false;
	value->p = line->p + n + 1;
	value->n = line->n - n - 1;
	while (value->n > 0 && (*value->p == ' ' || *value->p == '\t')) {
		value->p++;
		value->n--;
	}
	while (value->n > 0 &&
	    (value->p[value->n - 1] == ' ' || value->p[value->n - 1] == '\t'))
		value->n--;
	return true;
}

/* Is the word among those between commas? */
static bool
lists(const struct piece *value, const char *word)
{
	struct piece item = {value->p, 0};

	for (size_t i = 0; i <= value->n; i++) {
		if (i < value->n && value->p[i] != ',')
			continue;
		item.n = (size_t)(value->p + i - item.p);
		while (item.n > 0 && *item.p == ' ') {
			item.p++;
			item.n--;
		}
		while (item.n > 0 && item.p[item.n - 1] == ' ')
			item.n--;
		if (is_word(&item, word))
			return true;
		item.p = value->p + i + 1;
	}
	return false;
}

/* METHOD SP target SP HTTP/1.x */
static bool
is_request(const struct piece *line, bool *page)
{
	const char *sp = memchr(line->p, ' ', line->n);
	struct piece method, target, version;

	if (sp == NULL || sp == line->p)
		return false;
	method = (struct piece){line->p, (size_t)(sp - line->p)};
	for (size_t i = 0; i < method.n; i++)
		if (method.p[i] < 'A' || method.p[i] > 'Z')
			return false;
	target.p = sp + 1;
	target.n = line->n - method.n - 1;
	sp = memchr(target.p, ' ', target.n);
	if (sp == NULL || sp == target.p)
		return false;
	version.p = sp + 1;
	version.n = target.n - (size_t)(sp - target.p) - 1;
	target.n = (size_t)(sp - target.p);
	*page = method.n == 3 && memcmp(method.p, "GET", 3) == 0 &&
	    target.n == strlen(PAGE) && memcmp(target.p, PAGE, target.n) == 0;
	return version.n == 8 && memcmp(version.p, "HTTP/1.", 7) == 0;
}

int
upgrade_request_read(const char *text, size_t len, size_t *used)
{
	struct piece rest = {text, 0}, line, value;
	bool page, upgrade = false, connection = false;

	*used = rest.n = head_end(text, len);
	if (rest.n == 0)
		return len >= UPGRADE_HEAD_MAX ? 400 : UPGRADE_MORE;
	if (!next_line(&rest, &line) || !is_request(&line, &page))
		return 400;
	while (next_line(&rest, &line)) {
		if (field(&line, "Upgrade", &value))
			upgrade |= lists(&value, PROTOCOL);
		else if (field(&line, "Connection", &value))
			connection |= lists(&value, "upgrade");
	}
	return page && upgrade && connection ? 101 : 404;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
upgrade_answer_read(const char *text, size_t len, size_t *used)
{
	int status;

	*used = head_end(text, len);
	if (*used == 0)
		return len >= UPGRADE_HEAD_MAX ? UPGRADE_BAD : UPGRADE_MORE;
	/* "HTTP/1.1 101": 12 octets, and the line goes on or ends */
	if (*used < 13 || memcmp(text, "HTTP/1.", 7) != 0 ||
	    !is_digit(text[7]) || text[8] != ' ' || !is_digit(text[9]) ||
	    !is_digit(text[10]) || !is_digit(text[11]) || is_digit(text[12]))
		return UPGRADE_BAD;
	status =
	    (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
	return status >= 100 && status <= 599 ? status : UPGRADE_BAD;
}

/* ---- what we say ---- */

static size_t
say(int n)
{
	return n < 0 || n >= UPGRADE_OUT_MAX ? 0 : (size_t)n;
}

size_t
upgrade_request(char out[UPGRADE_OUT_MAX], const struct endpoint *to)
{
	char host[ENDPOINT_STRLEN];

	return say(snprintf(out, UPGRADE_OUT_MAX,
	    "GET " PAGE " HTTP/1.1\r\nHost: %s\r\n"
	    "Connection: Upgrade\r\nUpgrade: " PROTOCOL "\r\n\r\n",
	    endpoint_format(to, host)));
}

size_t
upgrade_proxy(char out[UPGRADE_OUT_MAX], const struct endpoint *to)
{
	char host[ENDPOINT_STRLEN];

	endpoint_format(to, host);
	return say(snprintf(out, UPGRADE_OUT_MAX,
	    "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", host, host));
}

size_t
upgrade_answer(char out[UPGRADE_OUT_MAX], int status)
{
	const char *what = status == 404 ? "404 Not Found" : "400 Bad Request";
	char body[160];
	int n;

	if (status == 101)
		return say(snprintf(out, UPGRADE_OUT_MAX,
		    "HTTP/1.1 101 Switching Protocols\r\n"
		    "Connection: Upgrade\r\nUpgrade: " PROTOCOL "\r\n\r\n"));
	n = snprintf(body, sizeof(body),
	    "<html>\n<head><title>%s</title></head>\n"
	    "<body><h1>%s</h1></body>\n</html>\n",
	    what, what);
	return say(snprintf(out, UPGRADE_OUT_MAX,
	    "HTTP/1.1 %s\r\nContent-Type: text/html\r\n"
	    "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
	    what, n, body));
}
