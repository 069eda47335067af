/* SPDX-License-Identifier: ISC */
/* file: common/conf_value.c */
/*
 * One value: from the words of a statement into a field, and back to text.
 *
 * Everything about a value follows from its row in the table: the field, its
 * width, its range and its type.  Nothing is stored unless the whole value is
 * good.  conf_value_format writes what conf_value_set reads, and
 * conf_value_valid knows whether conf_value_set could have stored what is
 * there, which is how frames from another process are judged.
 *
 * A complaint says which word is to blame, not where that stands.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf_int.h"
#include "packets.h"

enum conf_verdict
conf_value_refuse(struct conf_bad *bad, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(bad->message, sizeof(bad->message), fmt, ap);
	va_end(ap);
	return CV_BAD;
}

void
conf_value_hint(struct conf_bad *bad, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(bad->hint, sizeof(bad->hint), fmt, ap);
	va_end(ap);
}

/* ---- fields ---- */
static uint32_t
number_get(const void *base, uint32_t off, uint32_t size)
{
	const char *p = (const char *)base + off;
	uint32_t v32;
	uint16_t v16;
	uint8_t v8;

	if (size == 1) {
		memcpy(&v8, p, 1);
		return v8;
	}
	if (size == 2) {
		memcpy(&v16, p, 2);
		return v16;
	}
	memcpy(&v32, p, 4);
	return v32;
}

static void
number_set(void *base, uint32_t off, uint32_t size, uint32_t v)
{
	char *p = (char *)base + off;
	uint16_t v16 = (uint16_t)v;
	uint8_t v8 = (uint8_t)v;

	if (size == 1)
		memcpy(p, &v8, 1);
	else if (size == 2)
		memcpy(p, &v16, 2);
	else
		memcpy(p, &v, 4);
}

static const char *
text_get(const struct conf_row *row, const void *base)
{
	return (const char *)base + row->off;
}

void
conf_count_set(const struct conf_row *row, void *base, unsigned n)
{
	number_set(base, row->noff, row->nsize, n);
}

static bool
is_path(enum conf_type t)
{
	return t == CT_PATH || t == CT_PSK || t == CT_FILE;
}

static bool
is_text(enum conf_type t)
{
	return is_path(t) || t == CT_NAME || t == CT_DEVICE || t == CT_GROUP ||
	    t == CT_TEXT;
}

static bool
is_optional(enum conf_type t)
{
	return t == CT_PSK || t == CT_FILE || t == CT_TEXT;
}

unsigned
conf_value_count(const struct conf_row *row, const void *base)
{
	static const uint8_t none[32];

	if (row->type == CT_PEERADDR || row->type == CT_ALLOWED)
		return conf_net_count(row, base);
	if (row->type == CT_RULE)
		return conf_rule_count(row, base);
	if (row->items != 0)
		return number_get(base, row->noff, row->nsize);
	if (is_optional(row->type))
		return text_get(row, base)[0] != '\0';
	if (row->type == CT_KEY)
		return memcmp(text_get(row, base), none, sizeof(none)) != 0;
	return 1;
}

/* ---- words that stand for numbers ---- */
struct choice {
	const char *word;
	uint32_t value;
};

static const struct choice yes_no[] = {{"yes", 1}, {"no", 0}, {NULL, 0}};
static const struct choice up_down[] = {{"up", 1}, {"down", 0}, {NULL, 0}};
/* The steps in which kernels grant it, most first (tun_linux.c). */
static const struct choice offloads[] = {{"yes", OFFLOAD_ALL},
    {"tso", OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6}, {"csum", OFFLOAD_CSUM},
    {"no", 0}, {NULL, 0}};
static const struct choice dhts[] = {{"private", CONF_DHT_PRIVATE},
    {"public", CONF_DHT_PUBLIC}, {"no", CONF_DHT_NO}, {NULL, 0}};
static const struct choice tries[] = {{"yes", CONF_TLS_YES},
    {"auto", CONF_TLS_AUTO}, {"no", CONF_TLS_NO}, {NULL, 0}};
static const struct choice transports[] = {{"udp", CONF_TURN_UDP},
    {"tcp", CONF_TURN_TCP}, {"tls", CONF_TURN_TLS}, {"auto", CONF_TURN_AUTO},
    {NULL, 0}};
static const struct choice policies[] = {{"allow", 0}, {"deny", 1}, {NULL, 0}};
static const struct choice levels[] = {
    {"error", 0}, {"warning", 1}, {"info", 2}, {"debug", 3}, {NULL, 0}};
static const struct choice elsewhere[] = {{"true", 1}, {"on", 1}, {"1", 1},
    {"enable", 1}, {"enabled", 1}, {"up", 1}, {"yes", 1}, {"false", 0},
    {"off", 0}, {"0", 0}, {"disable", 0}, {"disabled", 0}, {"down", 0},
    {"no", 0}, {NULL, 0}};

static const struct choice *
choices_of(enum conf_type type)
{
	static const struct choice *const all[CT_NTYPES] = {[CT_BOOL] = yes_no,
	    [CT_UPDOWN] = up_down,
	    [CT_DHT] = dhts,
	    [CT_TRY] = tries,
	    [CT_BY] = transports,
	    [CT_OFFLOAD] = offloads,
	    [CT_POLICY] = policies,
	    [CT_LEVEL] = levels};

	return all[type];
}

static const struct choice *
choice_named(const struct choice *c, const char *word)
{
	for (; c->word != NULL; c++)
		if (strcmp(c->word, word) == 0)
			return c;
	return NULL;
}

/* NULL: no word says that. */
static const char *
choice_word(const struct choice *c, uint32_t value)
{
	for (; c->word != NULL; c++)
		if (c->value == value)
			return c->word;
	return NULL;
}

/* "a, b or c" */
static void
hint_all(const struct choice *all, struct conf_bad *bad)
{
	size_t n = 0;

	for (const struct choice *c = all; c->word != NULL; c++)
		n += (size_t)snprintf(bad->hint + n, sizeof(bad->hint) - n,
		    "%s%s",
		    c == all                ? ""
			: c[1].word == NULL ? " or "
					    : ", ",
		    c->word);
}

/* Hints at the word that was meant, or lists them all. */
static void
hint_choice(const struct choice *all, const char *typed, struct conf_bad *bad)
{
	const struct choice *c = choice_named(elsewhere, typed);
	size_t len = strlen(typed);
	const char *other = NULL;
	unsigned edits;

	if (c != NULL && all != levels && all != policies && all != transports)
		other = choice_word(all, c->value != 0 ? all[0].value : 0);
	if (other != NULL) {
		conf_value_hint(bad, "did you mean %s?", other);
		return;
	}
	for (c = all; c->word != NULL; c++)
		if (conf_near(typed, c->word, &edits) ||
		    (len > 2 && strncmp(typed, c->word, len) == 0)) {
			conf_value_hint(bad, "did you mean %s?", c->word);
			return;
		}
	hint_all(all, bad);
}

static enum conf_verdict
set_choice(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	const struct choice *all = choices_of(row->type);
	const struct choice *c = choice_named(all, word);

	if (c == NULL) {
		hint_choice(all, word, bad);
		return conf_value_refuse(
		    bad, "%s can't be \"%s\"", row->name, word);
	}
	number_set(base, row->off, row->size, c->value);
	return CV_OK;
}

static enum conf_verdict
set_number(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	uint32_t v;

	if (conf_number_parse(row, word, &v, bad) == -1)
		return CV_BAD;
	number_set(base, row->off, row->size, v);
	return CV_OK;
}

/* Kept sorted, so that a packet's port is found by bisection. */
static enum conf_verdict
set_port(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	uint16_t *port = (uint16_t *)(void *)((char *)base + row->off);
	unsigned n = conf_value_count(row, base), i;
	uint32_t v;

	if (conf_number_parse(row, word, &v, bad) == -1)
		return CV_BAD;
	for (i = n; i > 0 && port[i - 1] >= v; i--)
		if (port[i - 1] == v)
			return CV_DUP;
	if (n == row->items)
		return conf_value_refuse(
		    bad, "%s: more than %u", row->name, row->items);
	memmove(&port[i + 1], &port[i], (n - i) * sizeof(*port));
	port[i] = (uint16_t)v;
	conf_count_set(row, base, n + 1);
	return CV_OK;
}

/* ---- text ---- */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_alnum(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

bool
conf_name_valid(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len >= CONF_NAME_MAX || s[0] == '-' ||
	    s[len - 1] == '-')
		return false;
	for (; *s != '\0'; s++)
		if (!is_alnum(*s) && *s != '-')
			return false;
	return true;
}

/*
 * A name that is safe in a path below /proc/sys/net and in a format string,
 * and that no directory there has for itself.
 */
static bool
device_valid(const char *s)
{
	if (!is_alnum(s[0]) || strcmp(s, "all") == 0 ||
	    strcmp(s, "default") == 0 || strcmp(s, "lo") == 0)
		return false;
	for (; *s != '\0'; s++)
		if (!is_alnum(*s) && strchr("-_.", *s) == NULL)
			return false;
	return true;
}

static bool
group_valid(const char *s)
{
	if (!is_letter(s[0]) && s[0] != '_')
		return false;
	for (; *s != '\0'; s++)
		if (!is_alnum(*s) && *s != '-' && *s != '_')
			return false;
	return true;
}

static bool
path_valid(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || s[len - 1] == '/')
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool
text_valid(const struct conf_row *row, const char *s)
{
	size_t len = strnlen(s, row->size);

	if (is_optional(row->type) && len == 0)
		return true;
	if (len == row->size || len < row->min || len > row->max)
		return false;
	if (row->type == CT_NAME)
		return conf_name_valid(s);
	if (row->type == CT_DEVICE)
		return device_valid(s);
	return row->type == CT_GROUP ? group_valid(s) : path_valid(s);
}

static const char *
text_rule(enum conf_type type)
{
	if (type == CT_NAME)
		return "letters, digits and inner hyphens";
	if (type == CT_DEVICE)
		return "letters, digits and - _ . after the first";
	if (type == CT_GROUP)
		return "letters, digits, - and _";
	if (type == CT_TEXT)
		return "printable characters";
	return "the name of a file, absolute or relative to this one";
}

static enum conf_verdict
set_text(const struct conf_row *row, void *base, const struct conf_words *w,
    struct conf_bad *bad)
{
	char text[CONF_PATH_MAX];

	if (conf_path_join(
		text, is_path(row->type) ? w->file : "", w->word[0]) == -1 ||
	    strlen(text) > row->max) {
		conf_value_hint(bad, "at most %u characters", row->max);
		return conf_value_refuse(
		    bad, "%s \"%s\" is too long", row->name, w->word[0]);
	}
	if (w->word[0][0] == '\0')
		return conf_value_refuse(bad, "%s is empty", row->name);
	if (!text_valid(row, text)) {
		conf_value_hint(bad, "%s", text_rule(row->type));
		return conf_value_refuse(
		    bad, "%s can't be \"%s\"", row->name, w->word[0]);
	}
	memset((char *)base + row->off, 0, row->size);
	memcpy((char *)base + row->off, text, strlen(text));
	return CV_OK;
}

/* A key is never shown: it could be a private one, pasted by mistake. */
static enum conf_verdict
set_key(const struct conf_row *row, void *base, const char *word,
    struct conf_bad *bad)
{
	static const uint8_t none[32];
	unsigned n = row->items == 0 ? 0 : conf_value_count(row, base);
	uint8_t key[32], *list = (uint8_t *)base + row->off;

	if (key_parse(word, key) == -1) {
		conf_value_hint(bad, "44 characters that end in =");
		return conf_value_refuse(
		    bad, "%s is not 32 octets in base64", row->name);
	}
	if (memcmp(key, none, sizeof(key)) == 0)
		return conf_value_refuse(bad, "%s is all zeroes", row->name);
	for (unsigned i = 0; i < n; i++)
		if (memcmp(list + i * sizeof(key), key, sizeof(key)) == 0)
			return CV_DUP;
	if (row->items != 0 && n == row->items)
		return conf_value_refuse(
		    bad, "%s: more than %u", row->name, row->items);
	memcpy(list + n * sizeof(key), key, sizeof(key));
	if (row->items != 0)
		conf_count_set(row, base, n + 1);
	explicit_bzero(key, sizeof(key));
	return CV_OK;
}

/* ---- all types ---- */
enum conf_verdict
conf_value_set(const struct conf_row *row, void *base,
    const struct conf_words *w, struct conf_bad *bad)
{
	unsigned most = 1;

	*bad = (struct conf_bad){0};
	if (row->type == CT_RULE)
		return conf_rule_set(row, base, w, bad);
	if (row->type == CT_CLASS)
		return conf_class_set(base, w, bad);
	if (row->type == CT_PIN)
		return conf_pin_set(base, w, bad);
	if (row->type == CT_LISTEN || row->type == CT_ENDPOINT ||
	    row->type == CT_BIND || row->type == CT_SERVE)
		most = 3;
	if (w->n == 0)
		return conf_value_refuse(bad, "%s needs a value", row->name);
	if (w->n > most) {
		bad->word = most;
		conf_value_hint(bad, "a comma or a new line ends a statement");
		return conf_value_refuse(bad, "unexpected \"%s\" after %s %s",
		    w->word[most], row->name, w->word[0]);
	}
	if (choices_of(row->type) != NULL)
		return set_choice(row, base, w->word[0], bad);
	if (is_text(row->type))
		return set_text(row, base, w, bad);
	switch (row->type) {
	case CT_INT:
	case CT_SECONDS:
	case CT_MILLIS:
	case CT_SIZE:
	case CT_RATE:
	case CT_BITS:
	case CT_AUTO:
		return set_number(row, base, w->word[0], bad);
	case CT_PORT:
		return set_port(row, base, w->word[0], bad);
	case CT_KEY:
		return set_key(row, base, w->word[0], bad);
	default:
		return conf_net_set(row, base, w, bad);
	}
}

void
conf_value_format(const struct conf_row *row, const void *base, unsigned i,
    char *out, size_t cap)
{
	const struct choice *c = choices_of(row->type);
	char number[CONF_NUMBER_STRLEN], key[45];
	uint32_t off = row->off;
	const char *word;

	if (c != NULL) {
		word = choice_word(c, number_get(base, off, row->size));
		snprintf(out, cap, "%s", word == NULL ? "?" : word);
		return;
	}
	switch (row->type) {
	case CT_PORT:
		snprintf(
		    out, cap, "%u", (unsigned)number_get(base, off + 2 * i, 2));
		break;
	case CT_INT:
	case CT_SECONDS:
	case CT_MILLIS:
	case CT_SIZE:
	case CT_RATE:
	case CT_BITS:
	case CT_AUTO:
		snprintf(out, cap, "%s",
		    conf_number_format(
			row->type, number_get(base, off, row->size), number));
		break;
	case CT_NAME:
	case CT_DEVICE:
	case CT_GROUP:
		snprintf(out, cap, "%s", text_get(row, base));
		break;
	case CT_PATH:
	case CT_PSK:
	case CT_FILE:
	case CT_TEXT:
		conf_quote(text_get(row, base), out, cap);
		break;
	case CT_KEY:
		snprintf(out, cap, "\"%s\"",
		    key_format((const uint8_t *)base + off + 32 * i, key));
		break;
	case CT_RULE:
		conf_rule_show(base, i, out, cap);
		break;
	case CT_CLASS:
		conf_class_show(base, i, out, cap);
		break;
	default:
		conf_net_format(row, base, i, out, cap);
		break;
	}
}

/* A key of zeroes is none. */
static bool
keys_valid(const struct conf_row *row, const void *base)
{
	static const uint8_t none[32];
	unsigned n = row->items == 0 ? 1 : conf_value_count(row, base);

	for (unsigned i = 0; i < n; i++)
		if (memcmp(text_get(row, base) + 32 * i, none, 32) == 0)
			return false;
	return true;
}

bool
conf_value_valid(const struct conf_row *row, const void *base)
{
	uint32_t v, last = 0;

	if (row->items != 0 &&
	    number_get(base, row->noff, row->nsize) > row->items)
		return false;
	if (is_text(row->type))
		return text_valid(row, text_get(row, base));
	switch (row->type) {
	case CT_KEY:
		return keys_valid(row, base);
	case CT_PORT:
		for (unsigned i = 0; i < conf_value_count(row, base); i++) {
			v = number_get(base, row->off + 2 * i, 2);
			if (v <= last)
				return false; /* zero, or not sorted */
			last = v;
		}
		return true;
	case CT_OFFLOAD:
		v = number_get(base, row->off, row->size);
		return choice_word(offloads, v) != NULL;
	case CT_RULE:
		return conf_rules_valid(base);
	case CT_CLASS:
		return conf_classes_valid(base);
	case CT_HOST:
	case CT_NET:
	case CT_PEERADDR:
	case CT_ALLOWED:
	case CT_LISTEN:
	case CT_BIND:
	case CT_SERVE:
	case CT_ENDPOINT:
	case CT_PIN:
		return conf_net_valid(row, base);
	case CT_AUTO:
		v = number_get(base, row->off, row->size);
		return v == CONF_AUTO || (v >= row->min && v <= row->max);
	case CT_BITS:
		v = number_get(base, row->off, row->size);
		return v == CONF_LIMIT_NONE ||
		    (v == CONF_LIMIT_DEFAULT &&
			strcmp(row->block, "peer") == 0) ||
		    (v >= row->min && v <= row->max);
	default:
		v = number_get(base, row->off, row->size);
		return v >= row->min && v <= row->max;
	}
}
