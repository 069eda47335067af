/* SPDX-License-Identifier: ISC */
/* file: common/conf_text.c */
/*
 * Numbers with units: text to number and back.
 *
 * A time always needs its unit, because 300 means seconds to one person and
 * milliseconds to the next; a size without one is octets, a rate is always a
 * second's.  What is refused is answered with what was probably meant.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf_int.h"

#define HUGE_NUMBER                                                            \
	100000000000u /* over any range; times a day, no overflow              \
		       */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit times[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 3600 * 1000},
    {"d", 86400 * 1000},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"K", 1024},
    {"M", 1024 * 1024},
    {"G", 1024 * 1024 * 1024},
    {NULL, 0},
};

/* In kbit/s; the same with "bit" and "bit/s" behind them. */
static const struct unit bandwidths[] = {
    {"K", 1},
    {"M", 1000},
    {"G", 1000 * 1000},
    {NULL, 0},
};

/* The digits at the start; what follows them.  NULL if there are none. */
static const char *
leading_number(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > HUGE_NUMBER)
			v = HUGE_NUMBER;
	}
	*out = v;
	return s;
}

static const struct unit *
unit_named(const struct unit *u, const char *name)
{
	for (; u->name != NULL; u++)
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

/* " (5 minutes)" where seconds alone are hard to read, or "". */
static const char *
in_words(uint64_t seconds, char out[CONF_NUMBER_STRLEN])
{
	static const struct unit words[] = {
	    {"day", 86400}, {"hour", 3600}, {"minute", 60}, {NULL, 0}};
	uint64_t n;

	out[0] = '\0';
	for (const struct unit *w = words; w->name != NULL; w++) {
		if (seconds == 0 || seconds % w->factor != 0)
			continue;
		n = seconds / w->factor;
		snprintf(out, CONF_NUMBER_STRLEN, " (%" PRIu32 " %s%s)",
		    (uint32_t)(n > 99999 ? 99999 : n), w->name,
		    n == 1 ? "" : "s");
		break;
	}
	return out;
}

static int
refuse(struct conf_bad *bad, const char *hint)
{
	snprintf(bad->hint, sizeof(bad->hint), "%s", hint);
	return -1;
}

static int
parse_time(const struct conf_row *row, const char *text, uint64_t *out,
    struct conf_bad *bad)
{
	char words[CONF_NUMBER_STRLEN], c[3] = {0};
	const struct unit *u;
	const char *rest;

	if ((rest = leading_number(text, out)) != NULL && *rest == '\0') {
		snprintf(bad->message, sizeof(bad->message), "%s needs a unit",
		    row->name);
		snprintf(bad->hint, sizeof(bad->hint), "did you mean %ss%s?",
		    text, in_words(*out, words));
		return -1;
	}
	if (rest != NULL && (u = unit_named(times, rest)) != NULL) {
		*out *= u->factor;
		return 0;
	}
	snprintf(
	    bad->message, sizeof(bad->message), "\"%s\" is not a time", text);
	if (rest == NULL)
		return refuse(bad, "a number and one of ms s m h d");
	memcpy(c, rest, strncmp(rest, "ms", 2) == 0 ? 2 : 1);
	if (unit_named(times, c) == NULL)
		return refuse(bad, "a number and one of ms s m h d");
	snprintf(bad->hint, sizeof(bad->hint), "did you mean %.*s%s?",
	    (int)(rest - text), text, c);
	return -1;
}

static int
parse_size(const char *text, uint64_t *out, struct conf_bad *bad)
{
	const struct unit *u;
	const char *rest;
	char c[2] = {0};

	rest = leading_number(text, out);
	if (rest != NULL && *rest == '\0')
		return 0;
	if (rest != NULL && (u = unit_named(sizes, rest)) != NULL) {
		*out *= u->factor;
		return 0;
	}
	snprintf(
	    bad->message, sizeof(bad->message), "\"%s\" is not a size", text);
	if (rest == NULL)
		return refuse(bad, "a number and one of K M G");
	c[0] = *rest >= 'a' && *rest <= 'z' ? (char)(*rest - 'a' + 'A') : *rest;
	if (unit_named(sizes, c) == NULL)
		return refuse(bad, "a number and one of K M G");
	snprintf(bad->hint, sizeof(bad->hint), "did you mean %.*s%s?",
	    (int)(rest - text), text, c);
	return -1;
}

static int
parse_rate(const struct conf_row *row, const char *text, uint64_t *out,
    struct conf_bad *bad)
{
	const char *rest = leading_number(text, out);

	if (rest != NULL && strcmp(rest, "/s") == 0)
		return 0;
	if (rest != NULL && *rest == '\0') {
		snprintf(bad->message, sizeof(bad->message), "%s needs a unit",
		    row->name);
		snprintf(
		    bad->hint, sizeof(bad->hint), "did you mean %s/s?", text);
		return -1;
	}
	snprintf(
	    bad->message, sizeof(bad->message), "\"%s\" is not a rate", text);
	return refuse(bad, "a number and /s, as in 20/s");
}

static int
parse_bits(const struct conf_row *row, const char *text, uint64_t *out,
    struct conf_bad *bad)
{
	const char *rest = leading_number(text, out);
	const struct unit *u = NULL;
	char c[2] = {0};

	if (rest != NULL && *rest == '\0') {
		snprintf(bad->message, sizeof(bad->message), "%s needs a unit",
		    row->name);
		snprintf(bad->hint, sizeof(bad->hint), "did you mean %sMbit/s?",
		    text);
		return -1;
	}
	if (rest != NULL) {
		c[0] = *rest == 'k' ? 'K' : *rest;
		u = unit_named(bandwidths, c);
		rest++;
	}
	if (u != NULL &&
	    (*rest == '\0' || strcmp(rest, "bit") == 0 ||
		strcmp(rest, "bit/s") == 0)) {
		*out *= u->factor;
		return 0;
	}
	snprintf(bad->message, sizeof(bad->message),
	    "\"%s\" is not a bandwidth", text);
	return refuse(bad, "a number and K, M or G bits a second, or none");
}

static int
parse_auto(const char *text, uint64_t *out, struct conf_bad *bad)
{
	const char *rest = leading_number(text, out);

	if (rest != NULL && *rest == '\0')
		return 0;
	snprintf(bad->message, sizeof(bad->message),
	    "\"%s\" is neither a number nor auto", text);
	return -1;
}

static int
parse_plain(const struct conf_row *row, const char *text, uint64_t *out,
    struct conf_bad *bad)
{
	const char *rest = leading_number(text, out);

	if (rest != NULL && *rest == '\0')
		return 0;
	snprintf(bad->message, sizeof(bad->message),
	    "%s \"%s\" is not a number", row->name, text);
	return -1;
}

int
conf_number_parse(const struct conf_row *row, const char *text, uint32_t *out,
    struct conf_bad *bad)
{
	char lo[CONF_NUMBER_STRLEN], hi[CONF_NUMBER_STRLEN];
	uint64_t v = 0;
	int ret;

	bad->hint[0] = '\0';
	if (row->type == CT_AUTO && strcmp(text, "auto") == 0) {
		*out = CONF_AUTO;
		return 0;
	}
	if (row->type == CT_BITS && strcmp(text, "none") == 0) {
		*out = CONF_LIMIT_NONE;
		return 0;
	}
	if (row->type == CT_BITS && strcmp(text, "default") == 0 &&
	    strcmp(row->block, "peer") == 0) {
		*out = CONF_LIMIT_DEFAULT;
		return 0;
	}
	if (row->type == CT_SECONDS || row->type == CT_MILLIS)
		ret = parse_time(row, text, &v, bad);
	else if (row->type == CT_SIZE)
		ret = parse_size(text, &v, bad);
	else if (row->type == CT_RATE)
		ret = parse_rate(row, text, &v, bad);
	else if (row->type == CT_BITS)
		ret = parse_bits(row, text, &v, bad);
	else if (row->type == CT_AUTO)
		ret = parse_auto(text, &v, bad);
	else
		ret = parse_plain(row, text, &v, bad);
	if (ret == -1)
		return -1;
	if (row->type == CT_SECONDS && v % 1000 != 0) {
		snprintf(bad->message, sizeof(bad->message),
		    "%s %s is not a whole number of seconds", row->name, text);
		return -1;
	}
	if (row->type == CT_SECONDS)
		v /= 1000;
	if (v < row->min || v > row->max) {
		snprintf(bad->message, sizeof(bad->message),
		    "%s %s is out of range %s..%s", row->name, text,
		    conf_number_format(row->type, row->min, lo),
		    conf_number_format(row->type, row->max, hi));
		return -1;
	}
	*out = (uint32_t)v;
	return 0;
}

/* Whole days and hours as such, the rest in seconds: 90s, 300s, 1h. */
static const char *
format_seconds(uint32_t v, char out[CONF_NUMBER_STRLEN])
{
	const char *unit = "s";

	if (v != 0 && v % 86400 == 0) {
		v /= 86400;
		unit = "d";
	} else if (v != 0 && v % 3600 == 0) {
		v /= 3600;
		unit = "h";
	}
	snprintf(out, CONF_NUMBER_STRLEN, "%" PRIu32 "%s", v, unit);
	return out;
}

static const char *
format_size(uint32_t v, char out[CONF_NUMBER_STRLEN])
{
	const char *unit = "";

	for (size_t i = 3; i-- > 0 && v != 0;)
		if (v % sizes[i].factor == 0) {
			v /= (uint32_t)sizes[i].factor;
			unit = sizes[i].name;
			break;
		}
	snprintf(out, CONF_NUMBER_STRLEN, "%" PRIu32 "%s", v, unit);
	return out;
}

static const char *
format_bits(uint32_t v, char out[CONF_NUMBER_STRLEN])
{
	const char *unit = "K";

	if (v == CONF_LIMIT_NONE || v == CONF_LIMIT_DEFAULT) {
		snprintf(out, CONF_NUMBER_STRLEN, "%s",
		    v == CONF_LIMIT_NONE ? "none" : "default");
		return out;
	}
	for (size_t i = 3; i-- > 0;)
		if (v % bandwidths[i].factor == 0) {
			v /= (uint32_t)bandwidths[i].factor;
			unit = bandwidths[i].name;
			break;
		}
	snprintf(out, CONF_NUMBER_STRLEN, "%" PRIu32 "%sbit/s", v, unit);
	return out;
}

const char *
conf_number_format(
    enum conf_type type, uint32_t v, char out[CONF_NUMBER_STRLEN])
{
	switch (type) {
	case CT_SECONDS:
		return format_seconds(v, out);
	case CT_MILLIS:
		if (v % 1000 == 0)
			return format_seconds(v / 1000, out);
		snprintf(out, CONF_NUMBER_STRLEN, "%" PRIu32 "ms", v);
		return out;
	case CT_SIZE:
		return format_size(v, out);
	case CT_RATE:
		snprintf(out, CONF_NUMBER_STRLEN, "%" PRIu32 "/s", v);
		return out;
	case CT_BITS:
		return format_bits(v, out);
	case CT_AUTO:
		if (v == CONF_AUTO) {
			snprintf(out, CONF_NUMBER_STRLEN, "auto");
			return out;
		}
		/* FALLTHROUGH */
	default:
		snprintf(out, CONF_NUMBER_STRLEN, "%" PRIu32, v);
		return out;
	}
}

/* In quotes, with \ before what would end them. */
void
conf_quote(const char *s, char *out, size_t cap)
{
	size_t n = 0;

	if (cap < CONF_VALUE_STRLEN) {
		snprintf(out, cap, "\"%s\"", s);
		return;
	}
	out[n++] = '"';
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			out[n++] = '\\';
		out[n++] = *s;
	}
	out[n++] = '"';
	out[n] = '\0';
}
