/* SPDX-License-Identifier: ISC */
/* file: ctl/why_target.c */
/*
 * The words behind `meshctl why`: a name, an address, or a packet as meshctl
 * flows and drops print it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "why.h"

static const struct {
	const char *name;
	uint8_t proto;
} protos[] = {
    {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmp6", 58}, {"sctp", 132}};

/* max at most, all of it digits; -1: not one */
static long
number(const char *s, long max)
{
	char *end;
	long n;

	if (*s < '0' || *s > '9')
		return -1;
	n = strtol(s, &end, 10);
	return *end != '\0' || n > max ? -1 : n;
}

/* 0: it is none */
static uint8_t
protocol(const char *word)
{
	long n = number(word, 255);

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (strcmp(word, protos[i].name) == 0)
			return protos[i].proto;
	return n > 0 ? (uint8_t)n : 0;
}

/* "10.0.0.1", "10.0.0.1:80", "fd00::1", "[fd00::1]:80"; 0 or -1 */
static int
place(const char *word, struct addr *a, uint16_t *port)
{
	const char *colon = strrchr(word, ':');
	char host[ADDR_STRLEN];
	size_t len;
	long n;

	*port = 0;
	if (addr_parse(word, a) == 0) {
		addr_canonical(a);
		return 0;
	}
	if (colon == NULL || (n = number(colon + 1, 65535)) == -1)
		return -1;
	len = (size_t)(colon - word);
	if (*word == '[' && len > 2 && colon[-1] == ']') {
		word++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return -1;
	memcpy(host, word, len);
	host[len] = '\0';
	if (addr_parse(host, a) == -1)
		return -1;
	addr_canonical(a);
	*port = (uint16_t)n;
	return 0;
}

static void
describe(struct why_target *t)
{
	const struct endpoint from = {t->src, t->sport},
			      to = {t->dst, t->dport};
	char a[ENDPOINT_STRLEN], b[ENDPOINT_STRLEN], proto[16] = "";

	if (t->proto != 0)
		snprintf(proto, sizeof(proto), "%u ", t->proto);
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (t->proto == protos[i].proto)
			snprintf(proto, sizeof(proto), "%s ", protos[i].name);
	if (t->sport == 0)
		addr_format(&t->src, a);
	else
		endpoint_format(&from, a);
	if (t->dport == 0)
		addr_format(&t->dst, b);
	else
		endpoint_format(&to, b);
	if (t->src.family == 0)
		snprintf(t->text, sizeof(t->text), "%s%s", proto, b);
	else
		snprintf(t->text, sizeof(t->text), "%s%s -> %s", proto, a, b);
}

int
why_target(struct why_target *t, char *const *words, unsigned n, unsigned *bad)
{
	unsigned i = 0;

	*t = (struct why_target){0};
	*bad = 0;
	if (n == 1 && place(words[0], &t->dst, &t->dport) == -1) {
		t->name = words[0];
		snprintf(t->text, sizeof(t->text), "%s", words[0]);
		return 0;
	}
	if (n > 1 && (t->proto = protocol(words[0])) != 0)
		i++;
	*bad = i;
	if (n - i == 2 && place(words[i++], &t->src, &t->sport) == -1)
		return -1;
	*bad = i;
	if (i + 1 != n || place(words[i], &t->dst, &t->dport) == -1)
		return -1;
	describe(t);
	return 0;
}
