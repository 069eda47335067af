/* SPDX-License-Identifier: ISC */
/* file: common/conf_parse.c */
/*
 * The statements of a configuration.
 *
 *	file      = { [ statement ] NEWLINE }
 *	statement = NAME "=" word { word | "," }		(a macro)
 *		  | "include" WORD
 *		  | block-name [ NAME ] "{" body "}"		(conf_block.c)
 *	body      = { [ option ] ( NEWLINE | "," ) }
 *	option    = word { word } [ "{" list "}" ]
 *
 * Recursive descent with one token of look-ahead (p->tok).  After an error the
 * rest of the statement is skipped, with the braces it opens, and reading goes
 * on, so that one run reports everything that is wrong.  Pure: text comes in
 * through the reader, complaints go out as values.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

void
conf_next(struct conf_parser *p)
{
	const struct conf_macro_def *m;

	for (;;) {
		if ((m = p->expanding) != NULL) {
			if (p->expand_at < m->ntokens) {
				p->tok = m->token[p->expand_at++];
				p->tok.at = p->expand_place;
				return;
			}
			p->expanding = NULL;
		}
		conf_lex_next(p->lex, &p->tok);
		if (p->tok.kind != TOK_WORD || p->tok.quoted ||
		    p->tok.text[0] != '$')
			return;
		if (!conf_macro_use(p)) {
			/* a bad token without text: all has been said */
			p->tok.kind = TOK_BAD;
			p->tok.text[0] = '\0';
			return;
		}
	}
}

void
conf_skip_statement(struct conf_parser *p, bool top)
{
	unsigned depth = 0;

	for (;; conf_next(p)) {
		switch (p->tok.kind) {
		case TOK_EOF:
			return;
		case TOK_NEWLINE:
			if (depth == 0)
				return;
			break;
		case TOK_COMMA:
			if (depth == 0 && !top)
				return;
			break;
		case TOK_OPEN:
			depth++;
			break;
		case TOK_CLOSE:
			if (depth == 0 && !top)
				return;
			if (depth > 0)
				depth--;
			break;
		default:
			break;
		}
	}
}

void
conf_unexpected(struct conf_parser *p)
{
	const struct conf_token *t = &p->tok;

	if (t->kind == TOK_BAD) {
		if (t->text[0] != '\0')
			conf_complain(p, CONF_ERROR, &t->at, "%s", t->text);
		return;
	}
	conf_complain(p, CONF_ERROR, &t->at, "unexpected \"%s\"", t->text);
}

static void
unknown_statement(struct conf_parser *p, const struct conf_token *word)
{
	const char *words[CONF_WORDS_MAX] = {word->text};
	struct conf_token more[3];
	struct conf_diag *d;
	const char *near;
	unsigned n = 1;

	d = conf_complain(
	    p, CONF_ERROR, &word->at, "unknown block \"%s\"", word->text);
	for (unsigned i = 0; i < 3 && p->tok.kind == TOK_WORD; i++) {
		more[i] = p->tok;
		words[n++] = more[i].text;
		conf_next(p);
	}
	if ((near = conf_block_with(words, n)) != NULL)
		conf_hint(d, "it belongs in %s { }", near);
	else if ((near = conf_block_nearest(word->text)) != NULL)
		conf_hint(d, "did you mean \"%s\"?", near);
	p->unread = true;
	conf_skip_statement(p, true);
}

static void
parse_statement(struct conf_parser *p)
{
	struct conf_token word = p->tok;

	conf_next(p);
	if (p->tok.kind == TOK_EQUALS)
		conf_macro_define(p, &word);
	else if (word.quoted) {
		conf_complain(p, CONF_ERROR, &word.at,
		    "a statement begins with a word, not with a string");
		conf_skip_statement(p, true);
	} else if (strcmp(word.text, "include") == 0)
		conf_include(p, &word);
	else if (conf_block_known(word.text))
		conf_block(p, &word);
	else
		unknown_statement(p, &word);
}

static void
parse_file(struct conf_parser *p)
{
	conf_next(p);
	for (;;) {
		switch (p->tok.kind) {
		case TOK_EOF:
			return;
		case TOK_NEWLINE:
			conf_next(p);
			break;
		case TOK_WORD:
			parse_statement(p);
			break;
		case TOK_CLOSE:
			conf_unexpected(p);
			conf_next(p);
			break;
		default:
			conf_unexpected(p);
			conf_skip_statement(p, true);
			break;
		}
	}
}

int
conf_source_add(
    struct conf_parser *p, const char *path, const char *text, size_t len)
{
	struct conf_source *s, *grown;
	uint32_t cap = p->sources_cap == 0 ? 16 : p->sources_cap * 2;

	if (p->nsources == p->sources_cap) {
		grown = realloc(p->source, cap * sizeof(*grown));
		if (grown == NULL)
			goto fail;
		p->source = grown;
		p->sources_cap = cap;
	}
	s = &p->source[p->nsources];
	*s = (struct conf_source){.path = strdup(path), .len = len};
	/* never of zero octets: NULL would mean something else */
	s->text = malloc(len + 1);
	if (s->path == NULL || s->text == NULL) {
		free(s->path);
		free(s->text);
		goto fail;
	}
	if (len > 0)
		memcpy(s->text, text, len);
	s->text[len] = '\0';
	p->text_octets += len;
	p->nsources++;
	return 0;
fail:
	p->out_of_memory = true;
	return -1;
}

void
conf_parse_text(
    struct conf_parser *p, const char *path, const char *text, size_t len)
{
	struct conf_lex lex, *outer = p->lex;
	struct conf_token tok = p->tok;
	const struct conf_source *s;
	struct conf_place at;
	const char *why;
	uint32_t file;

	if (conf_source_add(p, path, text, len) == -1)
		return;
	file = p->nsources - 1;
	s = &p->source[file];
	if ((why = conf_lex_check(s->text, s->len, file, &at)) != NULL) {
		conf_complain(p, CONF_ERROR, &at, "%s", why);
		p->unread = true;
		return;
	}
	p->stack[p->depth++] = file;
	conf_lex_init(&lex, s->text, s->len, file);
	p->lex = &lex;
	parse_file(p);
	p->lex = outer;
	p->tok = tok;
	p->depth--;
}

static void
parser_free(struct conf_parser *p)
{
	conf_macro_free(p);
	for (uint32_t i = 0; i < p->nsources; i++) {
		free(p->source[i].path);
		free(p->source[i].text);
	}
	free(p->source);
	free(p->seen);
	free(p->bucket);
	free(p);
}

int
conf_parse(const char *path, const char *text, size_t len,
    const struct conf_reader *reader, const struct conf_macro *macros,
    size_t nmacros, struct conf *out, struct conf_diags *diags)
{
	struct conf_parser *p = calloc(1, sizeof(*p));

	diags->n = diags->errors = diags->warnings = 0;
	if (p == NULL) {
		conf_complain_file(diags, path, "out of memory");
		conf_clear(out);
		return -1;
	}
	p->reader = reader;
	p->conf = out;
	p->diags = diags;
	for (size_t i = 0; i < nmacros; i++)
		conf_macro_command_line(p, &macros[i]);
	p->main_file = p->nsources;
	if (len > CONF_TEXT_MAX)
		conf_complain_file(
		    diags, path, "larger than %d octets", CONF_TEXT_MAX);
	else
		conf_parse_text(p, path, text, len);
	if (p->nsources > p->main_file)
		conf_check_all(p);
	if (p->out_of_memory)
		conf_complain_file(diags, path, "out of memory");
	parser_free(p);
	if (diags->errors == 0)
		return 0;
	conf_clear(out);
	return -1;
}
