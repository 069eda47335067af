/* SPDX-License-Identifier: ISC */
/* file: tests/wire/wire_script.c */
/*
 * One line of a wire's script: see wire.h.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define WORDS 32
#define LINE 256

/* A line in words, and how far it is read. */
struct words {
	char text[LINE];
	char *word[WORDS];
	unsigned n, at;
	const char *why;
};

static int
cut(struct words *w, const char *line)
{
	char *p, *rest = w->text;

	*w = (struct words){0};
	if (strlen(line) >= sizeof(w->text))
		return -1;
	memcpy(w->text, line, strlen(line));
	w->text[strcspn(w->text, "#\r\n")] = '\0';
	while ((p = strtok_r(rest, " \t", &rest)) != NULL) {
		if (w->n == WORDS)
			return -1;
		w->word[w->n++] = p;
	}
	return 0;
}

static const char *
next(struct words *w)
{
	return w->at < w->n ? w->word[w->at++] : "";
}

static bool
is(struct words *w, const char *word)
{
	if (w->at >= w->n || strcmp(w->word[w->at], word) != 0)
		return false;
	w->at++;
	return true;
}

static void
bad(struct words *w, const char *why)
{
	if (w->why == NULL)
		w->why = why;
}

struct unit {
	const char *name;
	double times;
};

/* A number with one of these units, as so many of the smallest. */
static uint64_t
number(struct words *w, const struct unit *u, double most, const char *why)
{
	const char *text = next(w);
	char *end;
	double v = strtod(text, &end);

	if ((*text < '0' || *text > '9') && *text != '.')
		bad(w, why);
	while (u->name != NULL && strcmp(end, u->name) != 0)
		u++;
	if (u->name == NULL || !(v * u->times <= most)) {
		bad(w, why);
		return 0;
	}
	return (uint64_t)(v * u->times + 0.5);
}

static uint64_t
duration(struct words *w)
{
	static const struct unit units[] = {
	    {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};

	return number(w, units, 86400e9, "no time (us, ms, s)");
}

static uint32_t
share(struct words *w)
{
	static const struct unit units[] = {{"%", 1e4}, {NULL, 0}};

	return (uint32_t)number(w, units, 1e6, "no share (0% to 100%)");
}

static uint64_t
rate(struct words *w)
{
	static const struct unit units[] = {
	    {"bit", 1}, {"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}, {NULL, 0}};

	return number(w, units, 1e12, "no rate (bit, kbit, Mbit, Gbit)");
}

static uint32_t
octets(struct words *w, uint32_t most)
{
	static const struct unit units[] = {
	    {"", 1}, {"k", 1e3}, {"M", 1e6}, {NULL, 0}};

	return (uint32_t)number(w, units, most, "no number of octets");
}

/* ---- who ---- */

static uint32_t
end_named(struct words *w, const char *text, size_t len,
    const char *const name[], unsigned ends)
{
	if (len == 1 && *text == '*')
		return (1u << ends) - 1;
	for (unsigned i = 0; i < ends; i++)
		if (strlen(name[i]) == len && memcmp(name[i], text, len) == 0)
			return 1u << i;
	bad(w, "no such end");
	return 0;
}

static void
link_of(struct words *w, const char *const name[], unsigned ends,
    struct wire_cmd *c)
{
	const char *text = next(w), *arrow = strstr(text, "->"), *b;
	bool both = arrow != NULL && arrow > text && arrow[-1] == '<';

	if (arrow == NULL) {
		bad(w, "neither a->b, stats nor quit");
		return;
	}
	b = arrow + 2;
	c->from = end_named(
	    w, text, (size_t)(arrow - text) - (both ? 1 : 0), name, ends);
	c->to = end_named(w, b, strlen(b), name, ends);
	c->both = both;
}

static uint16_t
port(struct words *w, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n == 0 || n > 65535)
		bad(w, "no port (1 to 65535)");
	return (uint16_t)n;
}

/* PORT, ADDRESS, ADDRESS:PORT, [ADDRESS6]:PORT */
static void
whom(struct words *w, struct endpoint *ep)
{
	char text[LINE] = "", *colon;
	const char *word = next(w);

	memcpy(text, word, strlen(word)); /* shorter than the line */
	if (addr_parse(text, &ep->addr) == 0)
		return;
	if ((colon = strrchr(text, ':')) != NULL) {
		*colon = '\0';
		if (*text == '[' && colon[-1] == ']') {
			colon[-1] = '\0';
			memmove(text, text + 1, strlen(text));
		}
		if (addr_parse(text, &ep->addr) == -1)
			bad(w, "no address");
		ep->port = port(w, colon + 1);
		return;
	}
	ep->port = port(w, text);
}

/* ---- what ---- */

static void
figure(struct words *w, struct wire_cmd *c)
{
	struct wire_set *s = &c->set;

	if (is(w, "delay")) {
		s->delay_ns = duration(w);
		c->fields |= WIRE_F_DELAY;
	} else if (is(w, "jitter")) {
		s->jitter_ns = duration(w);
		c->fields |= WIRE_F_JITTER;
	} else if (is(w, "loss")) {
		s->loss = share(w);
		c->fields |= WIRE_F_LOSS;
	} else if (is(w, "drop")) {
		s->loss = WIRE_MILLION;
		c->fields |= WIRE_F_LOSS;
	} else if (is(w, "dup")) {
		s->dup = share(w);
		c->fields |= WIRE_F_DUP;
	} else if (is(w, "corrupt")) {
		s->corrupt = share(w);
		c->fields |= WIRE_F_CORRUPT;
	} else if (is(w, "reorder")) {
		s->reorder = share(w);
		s->late_ns = s->reorder == 0 ? 0 : duration(w);
		c->fields |= WIRE_F_REORDER;
	} else if (is(w, "rate")) {
		s->rate = rate(w);
		c->fields |= WIRE_F_RATE;
	} else if (is(w, "queue")) {
		s->queue = octets(w, 1u << 30);
		c->fields |= WIRE_F_QUEUE;
	} else if (is(w, "mtu")) {
		s->mtu = octets(w, WIRE_ROOM);
		c->fields |= WIRE_F_MTU;
	} else if (is(w, "pass")) {
		*s = (struct wire_set){0};
		c->fields = WIRE_F_ALL;
	} else {
		bad(w, "no such figure");
		w->at = w->n;
	}
}

int
wire_parse(const char *line, const char *const name[], unsigned ends,
    struct wire_cmd *c, const char **why)
{
	struct words w;

	*c = (struct wire_cmd){0};
	*why = "too long";
	if (cut(&w, line) == -1)
		return -1;
	if (w.n == 0)
		return 1;
	if (is(&w, "at"))
		c->after_ns = duration(&w);
	if (is(&w, "stats")) {
		c->what = WIRE_DO_STATS;
	} else if (is(&w, "quit")) {
		c->what = WIRE_DO_QUIT;
	} else {
		link_of(&w, name, ends, c);
		if (is(&w, "from"))
			whom(&w, &c->match.from);
		if (is(&w, "to"))
			whom(&w, &c->match.to);
		if (w.at == w.n)
			bad(&w, "a figure is missing");
		while (w.at < w.n)
			figure(&w, c);
	}
	if (w.at < w.n)
		bad(&w, "more than a line");
	*why = w.why;
	return w.why == NULL ? 0 : -1;
}
