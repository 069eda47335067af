/* SPDX-License-Identifier: ISC */
/* file: common/conf_lex.c */
/*
 * Octets to tokens.
 *
 * A word is whatever stands between blanks and { } , = # " and needs no
 * quotes; a string in quotes is a word that may hold those, with \" and \\ for
 * the two that it can't.  # begins a comment; a \ at the end of a line (not of
 * a comment) joins the next one.  Nothing is interpreted here, not even $.
 *
 * "=" ends a word, because a=b defines a macro, but for one case: after
 * exactly 43 octets it is the end of a key in base64, and keys are pasted.
 */
#include <string.h>

#include "conf_int.h"

#define TAB 8
#define KEY_DIGITS 43

/* ---- before anything else ---- */
/* Octets of the sequence at s (RFC 3629), 0 if there is none. */
static size_t
utf8_length(const unsigned char *s, size_t left)
{
	size_t n;
	uint32_t c;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	c = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	/* too long a form, a surrogate, or beyond Unicode */
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) ||
	    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	return n;
}

static void
advance(struct conf_lex *l)
{
	unsigned char c = (unsigned char)l->text[l->pos++];

	if (c == '\n') {
		l->now.line++;
		l->now.column = 1;
		l->now.start = (uint32_t)l->pos;
	} else if (c == '\t')
		l->now.column = (l->now.column - 1) / TAB * TAB + TAB + 1;
	else if ((c & 0xc0) != 0x80)
		l->now.column++;
}

const char *
conf_lex_check(
    const char *text, size_t len, uint32_t file, struct conf_place *at)
{
	const unsigned char *s = (const unsigned char *)text;
	struct conf_lex l;
	size_t n;

	conf_lex_init(&l, text, len, file);
	while (l.pos < len) {
		*at = l.now;
		at->length = 1;
		n = utf8_length(s + l.pos, len - l.pos);
		if (n == 0)
			return "this octet is not UTF-8";
		if (s[l.pos] == '\0')
			return "NUL byte";
		if ((s[l.pos] < ' ' && strchr("\t\n", s[l.pos]) == NULL &&
			(s[l.pos] != '\r' || l.pos + 1 == len ||
			    s[l.pos + 1] != '\n')) ||
		    s[l.pos] == 0x7f)
			return "control character";
		while (n-- > 0)
			advance(&l);
	}
	return NULL;
}

/* ---- tokens ---- */
void
conf_lex_init(struct conf_lex *l, const char *text, size_t len, uint32_t file)
{
	*l = (struct conf_lex){.text = text,
	    .len = len,
	    .now = {.file = file, .line = 1, .column = 1}};
	/* An editor's byte order mark shows nothing. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		l->pos = l->now.start = 3;
}

/* The octet n further, '\0' past the end. */
static char
look(const struct conf_lex *l, size_t n)
{
	return l->len - l->pos > n ? l->text[l->pos + n] : '\0';
}

/* Octets of a line's end: "\n" or "\r\n"; 0 if it is not one. */
static size_t
line_end(const struct conf_lex *l, size_t n)
{
	if (look(l, n) == '\n')
		return 1;
	return look(l, n) == '\r' && look(l, n + 1) == '\n' ? 2 : 0;
}

static void
skip_blanks(struct conf_lex *l)
{
	size_t n;

	for (;;) {
		if (look(l, 0) == ' ' || look(l, 0) == '\t')
			advance(l);
		else if (look(l, 0) == '\\' && (n = line_end(l, 1)) != 0)
			for (n++; n > 0; n--)
				advance(l);
		else if (look(l, 0) == '#')
			while (l->pos < l->len && line_end(l, 0) == 0)
				advance(l);
		else if (look(l, 0) == '\r')
			advance(l); /* conf_lex_check: a newline follows */
		else
			return;
	}
}

static void
bad_token(struct conf_token *t, const char *why)
{
	size_t n = strlen(why);

	t->kind = TOK_BAD;
	memcpy(t->text, why, n + 1);
}

static void
lex_word(struct conf_lex *l, struct conf_token *t)
{
	bool fits = true;
	size_t n = 0;
	char c;

	t->kind = TOK_WORD;
	while (l->pos < l->len) {
		c = look(l, 0);
		if (strchr(" \t\r\n{},#\"\\", c) != NULL)
			break;
		if (c == '=' && n != KEY_DIGITS)
			break;
		if (n + 1 < sizeof(t->text))
			t->text[n++] = c;
		else
			fits = false;
		advance(l);
	}
	t->text[n] = '\0';
	if (!fits)
		bad_token(t, "this word is too long");
}

static void
lex_string(struct conf_lex *l, struct conf_token *t)
{
	const char *why = NULL;
	size_t n = 0;
	char c;

	t->kind = TOK_WORD;
	t->quoted = true;
	advance(l);
	while (look(l, 0) != '"') {
		if (l->pos == l->len || line_end(l, 0) != 0) {
			why = "this string has no end";
			break;
		}
		if (look(l, 0) == '\\') {
			advance(l);
			if (look(l, 0) != '"' && look(l, 0) != '\\') {
				why = "only \\\" and \\\\ mean something in "
				      "a string";
				continue;
			}
		}
		c = look(l, 0);
		advance(l);
		if (n + 1 < sizeof(t->text))
			t->text[n++] = c;
		else
			why = "this string is too long";
	}
	if (look(l, 0) == '"')
		advance(l);
	t->text[n] = '\0';
	if (why != NULL)
		bad_token(t, why);
}

static enum conf_token_kind
single(char c)
{
	switch (c) {
	case '\n':
		return TOK_NEWLINE;
	case '{':
		return TOK_OPEN;
	case '}':
		return TOK_CLOSE;
	case ',':
		return TOK_COMMA;
	case '=':
		return TOK_EQUALS;
	default:
		return TOK_BAD;
	}
}

void
conf_lex_next(struct conf_lex *l, struct conf_token *t)
{
	char c;

	skip_blanks(l);
	*t = (struct conf_token){.at = l->now};
	t->at.length = 1;
	if (l->pos == l->len) {
		t->kind = TOK_EOF;
		return;
	}
	c = look(l, 0);
	t->kind = single(c);
	if (t->kind != TOK_BAD) {
		t->text[0] = c;
		advance(l);
		return;
	}
	if (c == '"')
		lex_string(l, t);
	else if (c == '\\') {
		advance(l);
		bad_token(t, "a \\ only joins a line with the next one");
	} else
		lex_word(l, t);
	t->at.length = l->now.column - t->at.column;
}
