/* SPDX-License-Identifier: ISC */
/* file: common/conf_pin.c */
/*
 * Ranks of places: which way to a peer is used first, other than by its kind.
 *
 *	path beta direct priority 200
 *	path beta to 192.0.2.7 port 51820 pinned
 *	path gamma via delta
 *
 * Without a priority it is pinned: used whenever it works.
 */
#include <stdio.h>
#include <string.h>

#include "conf_int.h"

static const char *const words[CONF_PIN_NWHATS] = {[CONF_PIN_DIRECT] = "direct",
    [CONF_PIN_TO] = "to",
    [CONF_PIN_RELAY] = "relay",
    [CONF_PIN_VIA] = "via",
    [CONF_PIN_TURN] = "turn",
    [CONF_PIN_TLS] = "tls"};

static const struct conf_row port_row = {
    .name = "port", .type = CT_PORT, .min = 1, .max = 65535};
static const struct conf_row rank_row = {
    .name = "priority", .type = CT_INT, .size = 1, .min = 1, .max = 254};

struct reader {
	const struct conf_words *w;
	unsigned at;
	struct conf_bad *bad;
};

/* The next word, or NULL. */
static const char *
next(struct reader *r)
{
	return r->at < r->w->n ? r->w->word[r->at] : NULL;
}

static bool
takes(struct reader *r, const char *word)
{
	const char *is = next(r);

	if (is == NULL || strcmp(is, word) != 0)
		return false;
	r->at++;
	return true;
}

static enum conf_verdict
refuse(struct reader *r, const char *what)
{
	const char *is = next(r);

	r->bad->word = r->at < r->w->n ? r->at : r->w->n - 1;
	if (is == NULL)
		return conf_value_refuse(r->bad, "path: %s is missing", what);
	return conf_value_refuse(
	    r->bad, "path: expected %s, not \"%s\"", what, is);
}

static enum conf_verdict
get_number(struct reader *r, const struct conf_row *row, uint32_t *v)
{
	if (next(r) == NULL)
		return refuse(r, "a number");
	r->bad->word = r->at;
	if (conf_number_parse(row, next(r), v, r->bad) == -1)
		return CV_BAD;
	r->bad->word = 0;
	r->at++;
	return CV_OK;
}

static enum conf_verdict
get_to(struct reader *r, struct conf_pin *p)
{
	uint32_t v;

	if (next(r) == NULL || addr_parse(next(r), &p->to.addr) == -1)
		return refuse(r, "an address");
	addr_canonical(&p->to.addr);
	r->at++;
	if (!takes(r, "port"))
		return CV_OK;
	if (get_number(r, &port_row, &v) != CV_OK)
		return CV_BAD;
	p->to.port = (uint16_t)v;
	return CV_OK;
}

static enum conf_verdict
get_place(struct reader *r, struct conf_pin *p)
{
	unsigned i = 0;

	while (i < CONF_PIN_NWHATS && !takes(r, words[i]))
		i++;
	if (i == CONF_PIN_NWHATS)
		return refuse(r, "to, direct, via, relay, turn or tls");
	p->what = (enum conf_pin_what)i;
	if (p->what == CONF_PIN_TO)
		return get_to(r, p);
	if (p->what != CONF_PIN_VIA)
		return CV_OK;
	if (next(r) == NULL || !conf_name_valid(next(r)))
		return refuse(r, "a member's name");
	snprintf(p->via, sizeof(p->via), "%s", next(r));
	r->at++;
	return CV_OK;
}

static enum conf_verdict
get_rank(struct reader *r, struct conf_pin *p)
{
	uint32_t v = CONF_PIN_RANK;

	if (takes(r, "priority")) {
		if (get_number(r, &rank_row, &v) != CV_OK)
			return CV_BAD;
	} else
		(void)takes(r, "pinned");
	p->rank = (uint8_t)v;
	return r->at == r->w->n ? CV_OK : refuse(r, "priority or pinned");
}

static bool
same_place(const struct conf_pin *a, const struct conf_pin *b)
{
	return a->what == b->what && strcmp(a->peer, b->peer) == 0 &&
	    strcmp(a->via, b->via) == 0 && endpoint_eq(&a->to, &b->to);
}

enum conf_verdict
conf_pin_set(
    struct conf_node *n, const struct conf_words *w, struct conf_bad *bad)
{
	struct reader r = {w, 0, bad};
	struct conf_pin p = {0};

	if (w->n == 0)
		return conf_value_refuse(bad, "path needs a peer and a place");
	if (!conf_name_valid(w->word[0]))
		return refuse(&r, "a peer's name");
	snprintf(p.peer, sizeof(p.peer), "%s", w->word[0]);
	r.at = 1;
	if (get_place(&r, &p) != CV_OK || get_rank(&r, &p) != CV_OK)
		return CV_BAD;
	for (unsigned i = 0; i < n->npins; i++)
		if (same_place(&n->pin[i], &p))
			return CV_DUP;
	if (n->npins == CONF_PINS_MAX)
		return conf_value_refuse(
		    bad, "path: more than %u", CONF_PINS_MAX);
	n->pin[n->npins++] = p;
	return CV_OK;
}

bool
conf_pins_valid(const struct conf_node *n)
{
	for (unsigned i = 0; i < n->npins; i++) {
		const struct conf_pin *p = &n->pin[i];
		struct addr a = p->to.addr;

		addr_canonical(&a);
		if (!conf_name_valid(p->peer) || p->rank == 0 ||
		    (p->what == CONF_PIN_TO) != (a.family != 0) ||
		    !addr_eq(&a, &p->to.addr) ||
		    (p->what != CONF_PIN_TO && p->to.port != 0) ||
		    (p->what == CONF_PIN_VIA) != (p->via[0] != '\0') ||
		    (p->via[0] != '\0' && !conf_name_valid(p->via)))
			return false;
	}
	return true;
}

void
conf_pin_show(const struct conf_node *n, unsigned i, char *out, size_t cap)
{
	const struct conf_pin *p = &n->pin[i];
	char text[ADDR_STRLEN], place[128] = "", rank[24] = "pinned";

	if (p->what == CONF_PIN_TO && p->to.port != 0)
		snprintf(place, sizeof(place), " %s port %u",
		    addr_format(&p->to.addr, text), (unsigned)p->to.port);
	else if (p->what == CONF_PIN_TO)
		snprintf(place, sizeof(place), " %s",
		    addr_format(&p->to.addr, text));
	else if (p->what == CONF_PIN_VIA)
		snprintf(place, sizeof(place), " %s", p->via);
	if (p->rank != CONF_PIN_RANK)
		snprintf(rank, sizeof(rank), "priority %u", (unsigned)p->rank);
	snprintf(out, cap, "%s %s%s %s", p->peer, words[p->what], place, rank);
}
