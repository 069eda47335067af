/* SPDX-License-Identifier: ISC */
/* file: common/conf_qos.c */
/*
 * One class of qos: from its words into a struct, and back to text.
 *
 *	class   = NAME "{" { clause } "}"
 *	clause  = "dscp" points | "weight" N | "queue" N
 *	points  = POINT | "{" { POINT } "}"
 *	POINT   = a name (ef, cs0 to cs7, af11 to af43, va, le) | 0 to 63
 *		| LOW "-" HIGH
 *
 * Names are those of RFC 2474, 2597, 3246, 5865 and 8622.  The order of the
 * clauses is free, each is given once.  A code point belongs to one class.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

/* The first name of a number is the one that is printed. */
static const struct {
	const char *word;
	uint8_t dscp;
} points[] = {
    {"cs0", 0},
    {"be", 0},
    {"df", 0},
    {"le", 1},
    {"cs1", 8},
    {"af11", 10},
    {"af12", 12},
    {"af13", 14},
    {"cs2", 16},
    {"af21", 18},
    {"af22", 20},
    {"af23", 22},
    {"cs3", 24},
    {"af31", 26},
    {"af32", 28},
    {"af33", 30},
    {"cs4", 32},
    {"af41", 34},
    {"af42", 36},
    {"af43", 38},
    {"cs5", 40},
    {"va", 44},
    {"ef", 46},
    {"cs6", 48},
    {"cs7", 56},
};
#define NPOINTS (sizeof(points) / sizeof(points[0]))

enum clause { C_DSCP, C_WEIGHT, C_QUEUE, C_NCLAUSES };
static const char *const clauses[C_NCLAUSES] = {"dscp", "weight", "queue"};

struct words {
	const struct conf_words *w;
	unsigned at; /* the next one */
	const struct conf_node *node;
	struct conf_bad *bad;
	bool seen[C_NCLAUSES];
};

/* The present word is to blame; behind the end, the last one. */
static int
blame(struct words *s)
{
	s->bad->word = s->at < s->w->n ? s->at : s->w->n - 1;
	return -1;
}

/* A brace in quotes is a word, too, so they need not come in pairs. */
static bool
ends(const struct words *s)
{
	return s->at >= s->w->n || strcmp(s->w->word[s->at], "}") == 0;
}

static int
close_brace(struct words *s)
{
	if (s->at < s->w->n) {
		s->at++;
		return 0;
	}
	conf_value_refuse(
	    s->bad, "} is missing behind \"%s\"", s->w->word[s->w->n - 1]);
	return blame(s);
}

static const char *
next_word(struct words *s, const char *what)
{
	if (!ends(s))
		return s->w->word[s->at];
	s->at--;
	conf_value_refuse(
	    s->bad, "%s is missing behind \"%s\"", what, s->w->word[s->at]);
	(void)blame(s);
	return NULL;
}

/* A decimal number from min to max and what ends it; or NULL. */
static const char *
number(const char *s, unsigned long min, unsigned long max, unsigned long *out)
{
	char *end;

	if (s[0] < '0' || s[0] > '9')
		return NULL;
	*out = strtoul(s, &end, 10);
	return *out < min || *out > max || end - s > 5 ? NULL : end;
}

/* ---- clauses ---- */
/* 0, or -1: nothing of the kind. */
static int
point(const char *word, unsigned long *lo, unsigned long *hi)
{
	const char *end;

	for (size_t i = 0; i < NPOINTS; i++)
		if (strcmp(word, points[i].word) == 0) {
			*lo = *hi = points[i].dscp;
			return 0;
		}
	end = number(word, 0, CONF_DSCPS - 1, lo);
	*hi = *lo;
	if (end != NULL && *end == '-')
		end = number(end + 1, *lo, CONF_DSCPS - 1, hi);
	return end == NULL || *end != '\0' ? -1 : 0;
}

static const struct conf_qos_class *
owner(const struct conf_node *n, uint64_t dscp)
{
	for (unsigned i = 0; i < n->nclasses; i++)
		if ((n->class[i].dscp & dscp) != 0)
			return &n->class[i];
	return NULL;
}

static int
read_point(struct words *s, struct conf_qos_class *c, const char *word)
{
	const struct conf_qos_class *other;
	unsigned long lo = 0, hi = 0;
	uint64_t bits = 0;

	if (point(word, &lo, &hi) == -1) {
		conf_value_refuse(s->bad, "\"%s\" is not a code point", word);
		conf_value_hint(
		    s->bad, "ef, cs0 to cs7, af11 to af43, va, le or 0 to 63");
		return blame(s);
	}
	for (; lo <= hi; lo++)
		bits |= UINT64_C(1) << lo;
	if ((other = owner(s->node, bits)) != NULL) {
		conf_value_refuse(s->bad, "%s already belongs to class %s",
		    word, other->name);
		return blame(s);
	}
	c->dscp |= bits;
	s->at++;
	return 0;
}

static int
read_points(struct words *s, struct conf_qos_class *c)
{
	const char *word = next_word(s, "a code point");

	if (word == NULL)
		return -1;
	if (strcmp(word, "{") != 0)
		return read_point(s, c, word);
	for (s->at++; !ends(s);)
		if (read_point(s, c, s->w->word[s->at]) == -1)
			return -1;
	return close_brace(s);
}

static int
read_number(struct words *s, enum clause what, struct conf_qos_class *c)
{
	unsigned long max = what == C_QUEUE ? CONF_QUEUE_MAX : CONF_WEIGHT_MAX;
	const char *word = next_word(s, "a number"), *end;
	unsigned long v;

	if (word == NULL)
		return -1;
	end = number(word, 1, max, &v);
	if (end == NULL || *end != '\0') {
		conf_value_refuse(s->bad, "%s %s is out of range 1..%lu",
		    clauses[what], word, max);
		return blame(s);
	}
	if (what == C_QUEUE)
		c->queue = (uint16_t)v;
	else
		c->weight = (uint8_t)v;
	s->at++;
	return 0;
}

static int
unknown_clause(struct words *s, const char *word)
{
	const char *meant = NULL;
	unsigned edits;

	for (int i = 0; i < C_NCLAUSES && meant == NULL; i++)
		if (conf_near(word, clauses[i], &edits))
			meant = clauses[i];
	conf_value_refuse(s->bad, "unexpected \"%s\" in a class", word);
	if (meant != NULL)
		conf_value_hint(s->bad, "did you mean \"%s\"?", meant);
	else
		conf_value_hint(s->bad, "dscp, weight or queue");
	return blame(s);
}

static int
read_clause(struct words *s, struct conf_qos_class *c)
{
	const char *word = s->w->word[s->at];
	int k = 0;

	while (k < C_NCLAUSES && strcmp(word, clauses[k]) != 0)
		k++;
	if (k == C_NCLAUSES)
		return unknown_clause(s, word);
	if (s->seen[k]) {
		conf_value_refuse(s->bad, "\"%s\" twice in a class", word);
		return blame(s);
	}
	s->seen[k] = true;
	s->at++;
	return k == C_DSCP ? read_points(s, c)
			   : read_number(s, (enum clause)k, c);
}

static bool
same_name(const struct conf_node *n, unsigned upto, const char *name)
{
	for (unsigned i = 0; i < upto; i++)
		if (strcmp(n->class[i].name, name) == 0)
			return true;
	return false;
}

static int
read_name(struct words *s, struct conf_qos_class *c)
{
	const char *name = s->w->n > 0 ? s->w->word[0] : "{";

	if (strcmp(name, "{") == 0) {
		conf_value_refuse(s->bad, "a class needs a name");
		return -1;
	}
	if (!conf_name_valid(name)) {
		conf_value_refuse(
		    s->bad, "\"%s\" can't be the name of a class", name);
		conf_value_hint(s->bad, "letters, digits and inner hyphens");
		return -1;
	}
	if (same_name(s->node, s->node->nclasses, name)) {
		conf_value_refuse(
		    s->bad, "there is a class \"%s\" already", name);
		return -1;
	}
	if (s->w->n < 3 || strcmp(s->w->word[1], "{") != 0) {
		conf_value_refuse(s->bad, "class %s needs a { }", name);
		conf_value_hint(
		    s->bad, "class %s { dscp { ef }, weight 10 }", name);
		return -1;
	}
	memcpy(c->name, name, strlen(name) + 1);
	return 0;
}

static bool
has_rest(const struct conf_qos_class *c)
{
	return (c->dscp & 1) != 0;
}

static int
read_class(struct words *s, struct conf_qos_class *c)
{
	if (read_name(s, c) == -1)
		return -1;
	for (s->at = 2; !ends(s);)
		if (read_clause(s, c) == -1)
			return -1;
	if (close_brace(s) == -1)
		return -1;
	if (s->at != s->w->n) {
		conf_value_refuse(s->bad, "unexpected \"%s\" after class %s",
		    s->w->word[s->at], c->name);
		return blame(s);
	}
	if (c->dscp == 0) {
		conf_value_refuse(s->bad, "class %s has no dscp", c->name);
		return -1;
	}
	if (strcmp(c->name, CONF_CLASS_REST) == 0 && !has_rest(c)) {
		conf_value_refuse(
		    s->bad, "class " CONF_CLASS_REST " is what no class names");
		conf_value_hint(s->bad, "another name, or dscp 0");
		return -1;
	}
	return 0;
}

enum conf_verdict
conf_class_set(
    struct conf_node *node, const struct conf_words *w, struct conf_bad *bad)
{
	struct conf_qos_class c = {.weight = CONF_WEIGHT, .queue = CONF_QUEUE};
	struct words s = {.w = w, .node = node, .bad = bad};

	if (read_class(&s, &c) == -1)
		return CV_BAD;
	if (node->nclasses == CONF_CLASSES_MAX)
		return conf_value_refuse(
		    bad, "more than %d classes", CONF_CLASSES_MAX);
	node->class[node->nclasses++] = c;
	return CV_OK;
}

/* ---- all of them ---- */
/* There are three queues, so the last class is left for all others. */
static bool
rest_has_place(const struct conf_node *n)
{
	return n->nclasses < CONF_CLASSES_MAX || owner(n, 1) != NULL;
}

void
conf_check_qos(struct conf_parser *p)
{
	const struct conf *c = p->conf;
	struct conf_place nowhere;
	struct conf_diag *d;

	if (!rest_has_place(&c->node)) {
		d = conf_complain(p, CONF_ERROR,
		    conf_place_of(p, "qos", "class", &nowhere),
		    "%d classes, and none for packets of no class",
		    CONF_CLASSES_MAX);
		conf_hint(d, "dscp 0 in one of them makes it theirs");
	}
	for (uint32_t i = 0; i < c->npeers && !c->node.qos; i++) {
		if (c->peer[i].limit_kbit == CONF_LIMIT_DEFAULT ||
		    conf_was_refused(p, "qos", "enable"))
			continue;
		d = conf_complain(p, CONF_WARNING,
		    conf_place_of(p, "qos", "enable", &nowhere),
		    "the bandwidth limit of peer %s is not in force",
		    c->peer[i].name);
		conf_hint(d, "qos { enable yes }");
		return;
	}
}

static bool
class_valid(const struct conf_qos_class *c)
{
	return conf_name_valid(c->name) && c->dscp != 0 && c->weight >= 1 &&
	    c->weight <= CONF_WEIGHT_MAX && c->queue >= 1 &&
	    c->queue <= CONF_QUEUE_MAX &&
	    (strcmp(c->name, CONF_CLASS_REST) != 0 || has_rest(c));
}

bool
conf_classes_valid(const struct conf_node *n)
{
	uint64_t taken = 0;

	for (unsigned i = 0; i < n->nclasses; i++) {
		const struct conf_qos_class *c = &n->class[i];

		if (!class_valid(c) || same_name(n, i, c->name) ||
		    (taken & c->dscp) != 0)
			return false;
		taken |= c->dscp;
	}
	return rest_has_place(n);
}

/* ---- back to text ---- */
static bool
has(const struct conf_qos_class *c, unsigned dscp)
{
	return dscp < CONF_DSCPS && (c->dscp >> dscp & 1) != 0;
}

/* What goes into the list for code points lo to hi. */
static int
add_points(char *out, size_t cap, unsigned lo, unsigned hi)
{
	if (lo != hi)
		return snprintf(out, cap, "%u-%u", lo, hi);
	for (size_t i = 0; i < NPOINTS; i++)
		if (points[i].dscp == lo)
			return snprintf(out, cap, "%s", points[i].word);
	return snprintf(out, cap, "%u", lo);
}

/* Neighbours as a range, so that all of any list fits a statement. */
void
conf_class_show(const struct conf_node *n, unsigned i, char *out, size_t cap)
{
	const struct conf_qos_class *c = &n->class[i];
	char text[CONF_VALUE_STRLEN];
	unsigned hi, lo = 0;
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "%s { dscp {", c->name);
	for (const char *sep = " "; lo < CONF_DSCPS; lo = hi + 1) {
		for (hi = lo; has(c, hi + 1) && has(c, lo);)
			hi++;
		if (!has(c, lo))
			continue;
		len +=
		    (size_t)snprintf(text + len, sizeof(text) - len, "%s", sep);
		len +=
		    (size_t)add_points(text + len, sizeof(text) - len, lo, hi);
		sep = ", ";
	}
	snprintf(text + len, sizeof(text) - len, " }, weight %u, queue %u }",
	    c->weight, c->queue);
	snprintf(out, cap, "%s", text);
}
