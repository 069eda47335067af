/* SPDX-License-Identifier: ISC */
/* file: common/conf_macro.c */
/*
 * What a file does to its own text: macros and includes.
 *
 * A macro's value is a row of words (and commas, for lists), expanded when it
 * is defined; it is used as $name, as a whole word and outside quotes.  Its
 * words get the place of the $name, where the reader of an error looks.  A
 * macro from the command line wins over the file's.
 *
 * An include is read at its place, once for each file that matches.  Depth,
 * number of files and octets are bounded, and no file includes itself.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

static bool
macro_name_valid(const char *s)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	size_t len = strlen(s);

	return len > 0 && len < CONF_NAME_MAX && (s[0] < '0' || s[0] > '9') &&
	    strspn(s, letters) == len;
}

static struct conf_macro_def *
macro_find(struct conf_parser *p, const char *name)
{
	for (uint32_t i = 0; i < p->nmacros; i++)
		if (strcmp(p->macro[i].name, name) == 0)
			return &p->macro[i];
	return NULL;
}

bool
conf_macro_use(struct conf_parser *p)
{
	const char *name = p->tok.text + 1, *best = NULL;
	const struct conf_macro_def *m = macro_find(p, name);
	struct conf_diag *d;
	unsigned edits, fewest = 0;

	if (m != NULL) {
		p->expanding = m;
		p->expand_at = 0;
		p->expand_place = p->tok.at;
		/* none: its definition was refused, that is known already */
		return m->ntokens > 0;
	}
	if (!macro_name_valid(name)) {
		d = conf_complain(p, CONF_ERROR, &p->tok.at,
		    "\"%s\" is not the name of a macro", p->tok.text);
		conf_hint(d, "a macro stands for whole words");
		return false;
	}
	d = conf_complain(
	    p, CONF_ERROR, &p->tok.at, "unknown macro \"$%s\"", name);
	for (uint32_t i = 0; i < p->nmacros; i++)
		if (conf_near(name, p->macro[i].name, &edits) &&
		    (best == NULL || edits < fewest)) {
			fewest = edits;
			best = p->macro[i].name;
		}
	if (best != NULL)
		conf_hint(d, "did you mean \"$%s\"?", best);
	return false;
}

/* 0, or -1 after a complaint (or without memory). */
static int
macro_append(struct conf_parser *p, struct conf_macro_def *m, uint32_t *cap)
{
	struct conf_token *grown;

	if (m->ntokens == CONF_MACRO_TOKENS_MAX) {
		conf_complain(p, CONF_ERROR, &p->tok.at,
		    "macro \"%s\" has more than %d words", m->name,
		    CONF_MACRO_TOKENS_MAX);
		return -1;
	}
	if (m->ntokens == *cap) {
		*cap = *cap == 0 ? 1 : *cap * 2;
		grown = realloc(m->token, *cap * sizeof(*grown));
		if (grown == NULL) {
			p->out_of_memory = true;
			return -1;
		}
		m->token = grown;
	}
	m->token[m->ntokens++] = p->tok;
	return 0;
}

/* The tokens up to the end of the line; none after a complaint. */
static void
macro_collect(struct conf_parser *p, struct conf_macro_def *m)
{
	uint32_t cap = 0;
	bool ok = true;

	for (conf_next(p);
	     ok && p->tok.kind != TOK_NEWLINE && p->tok.kind != TOK_EOF;) {
		if (p->tok.kind == TOK_WORD || p->tok.kind == TOK_COMMA)
			ok = macro_append(p, m, &cap) == 0;
		else {
			conf_unexpected(p);
			ok = false;
		}
		if (ok)
			conf_next(p);
	}
	if (ok && m->ntokens == 0) {
		conf_complain(p, CONF_ERROR, &m->at,
		    "macro \"%s\" has no value", m->name);
		return;
	}
	if (!ok) {
		m->ntokens = 0;
		conf_skip_statement(p, true);
	}
}

static bool
macro_name_ok(struct conf_parser *p, const struct conf_token *name)
{
	struct conf_diag *d;

	if (p->nmacros == CONF_MACROS_MAX) {
		conf_complain(p, CONF_ERROR, &name->at, "more than %d macros",
		    CONF_MACROS_MAX);
		return false;
	}
	if (!name->quoted && macro_name_valid(name->text))
		return true;
	d = conf_complain(p, CONF_ERROR, &name->at,
	    "\"%s\" can't be the name of a macro", name->text);
	conf_hint(d, "letters, digits and _");
	return false;
}

/* p->tok is the "=". */
void
conf_macro_define(struct conf_parser *p, const struct conf_token *name)
{
	const struct conf_macro_def *old = macro_find(p, name->text);
	struct conf_macro_def m = {.at = name->at};
	struct conf_diag *d;

	if (!macro_name_ok(p, name)) {
		conf_skip_statement(p, true);
		return;
	}
	memcpy(m.name, name->text, strlen(name->text)); /* checked above */
	if (old != NULL && !old->fixed) {
		d = conf_complain(p, CONF_ERROR, &name->at,
		    "macro \"%s\" is already defined", m.name);
		conf_hint_first(p, d, &old->at);
	}
	macro_collect(p, &m);
	if (old == NULL)
		p->macro[p->nmacros++] = m;
	else
		free(m.token);
}

/*
 * The value is a text of its own, so that its errors have a place.  Errors in
 * the name have none: a file called -D.
 */
void
conf_macro_command_line(struct conf_parser *p, const struct conf_macro *given)
{
	struct conf_macro_def m = {.fixed = true};
	struct conf_lex lex;
	const char *why;

	if (!macro_name_valid(given->name) || p->nmacros == CONF_MACROS_MAX ||
	    macro_find(p, given->name) != NULL) {
		conf_complain_file(p->diags, "-D",
		    "\"%s\" can't be the name of a macro", given->name);
		return;
	}
	memcpy(m.name, given->name, strlen(given->name));
	if (conf_source_add(p, "-D", given->value, strlen(given->value)) == -1)
		return;
	m.at = (struct conf_place){.file = p->nsources - 1};
	why = conf_lex_check(
	    given->value, strlen(given->value), m.at.file, &m.at);
	if (why == NULL && strchr(given->value, '\n') != NULL)
		why = "a value is one line";
	if (why != NULL) {
		conf_complain(p, CONF_ERROR, &m.at, "%s: %s", m.name, why);
		return;
	}
	m.at.line = 0;
	conf_lex_init(&lex, given->value, strlen(given->value), m.at.file);
	p->lex = &lex;
	macro_collect(p, &m);
	p->lex = NULL;
	p->macro[p->nmacros++] = m;
}

void
conf_macro_free(struct conf_parser *p)
{
	for (uint32_t i = 0; i < p->nmacros; i++)
		free(p->macro[i].token);
}

/* ---- include ---- */
struct include {
	struct conf_parser *p;
	const struct conf_place *at;
};

/* One file that matched; -1 ends the search. */
static int
include_file(void *ctx, const char *path, const char *text, size_t len)
{
	struct include *in = ctx;
	struct conf_parser *p = in->p;

	for (unsigned i = 0; i < p->depth; i++)
		if (strcmp(p->source[p->stack[i]].path, path) == 0) {
			conf_complain(p, CONF_ERROR, in->at,
			    "include cycle: %s is being read already", path);
			return 0;
		}
	if (p->nsources == CONF_FILES_MAX) {
		conf_complain(p, CONF_ERROR, in->at, "more than %d files",
		    CONF_FILES_MAX);
		return -1;
	}
	if (len > CONF_TEXT_MAX - p->text_octets) {
		conf_complain(p, CONF_ERROR, in->at,
		    "all files together are larger than %d octets",
		    CONF_TEXT_MAX);
		return -1;
	}
	conf_parse_text(p, path, text, len);
	return p->out_of_memory ? -1 : 0;
}

static void
include_glob(struct conf_parser *p, const struct conf_token *pattern)
{
	struct include in = {.p = p, .at = &pattern->at};
	char path[CONF_PATH_MAX], err[CONF_PATH_MAX + 256] = "";
	struct conf_diag *d;
	char *hint;
	int n;

	if (conf_path_join(
		path, p->source[pattern->at.file].path, pattern->text) == -1) {
		conf_complain(p, CONF_ERROR, &pattern->at,
		    "the path of the include is too long");
		return;
	}
	n = p->reader->open_glob(
	    p->reader->ctx, path, include_file, &in, err, sizeof(err));
	if (n > 0)
		return;
	/* A directory may be empty; a file that is named may not. */
	if (n == 0 && strpbrk(path, "*?[") != NULL) {
		conf_complain(p, CONF_WARNING, &pattern->at,
		    "no file matches \"%s\"", pattern->text);
		return;
	}
	p->unread = true;
	if (n == 0) {
		conf_complain(p, CONF_ERROR, &pattern->at,
		    "no file matches \"%s\"", pattern->text);
		return;
	}
	if ((hint = strchr(err, '\n')) != NULL)
		*hint++ = '\0';
	d = conf_complain(p, CONF_ERROR, &pattern->at, "%s", err);
	if (hint != NULL)
		conf_hint(d, "%s", hint);
}

/* p->tok is what follows the word include. */
int
conf_path_join(char out[CONF_PATH_MAX], const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	size_t dir = slash == NULL || path[0] == '/' ? 0 : slash - file + 1;
	size_t len = strlen(path);

	if (dir + len >= CONF_PATH_MAX)
		return -1;
	memcpy(out, file, dir);
	memcpy(out + dir, path, len + 1);
	return 0;
}

void
conf_include(struct conf_parser *p, const struct conf_token *word)
{
	struct conf_token pattern = p->tok;

	if (pattern.kind != TOK_WORD || pattern.text[0] == '\0') {
		conf_complain(p, CONF_ERROR, &word->at,
		    "include needs a file or a pattern");
		conf_skip_statement(p, true);
		return;
	}
	conf_next(p);
	if (p->tok.kind != TOK_NEWLINE && p->tok.kind != TOK_EOF) {
		conf_unexpected(p);
		conf_skip_statement(p, true);
		return;
	}
	if (p->depth > CONF_DEPTH_MAX)
		conf_complain(p, CONF_ERROR, &pattern.at,
		    "includes are nested deeper than %d", CONF_DEPTH_MAX);
	else if (p->reader == NULL || p->reader->open_glob == NULL)
		conf_complain(p, CONF_ERROR, &pattern.at,
		    "other files can't be read here");
	else
		include_glob(p, &pattern);
}
