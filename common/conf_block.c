/* SPDX-License-Identifier: ISC */
/* file: common/conf_block.c */
/*
 * Blocks and the options in them.
 *
 * The table says which options a block has and how each is stored; this file
 * knows how a statement looks, that an option is given once unless it is a
 * list, and what belongs to exactly one peer: a name, a key, a prefix.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

struct statement {
	struct conf_words w;
	struct conf_token tok[CONF_WORDS_MAX];
};

/* The present token is one more word.  -1 after a complaint. */
static int
take_word(struct conf_parser *p, struct statement *s)
{
	if (s->w.n == CONF_WORDS_MAX) {
		conf_complain(p, CONF_ERROR, &p->tok.at, "more than %d words",
		    CONF_WORDS_MAX);
		return -1;
	}
	s->tok[s->w.n] = p->tok;
	s->w.word[s->w.n] = s->tok[s->w.n].text;
	s->w.n++;
	conf_next(p);
	return 0;
}

static int
more_words(struct conf_parser *p, struct statement *s)
{
	while (p->tok.kind == TOK_WORD)
		if (take_word(p, s) == -1)
			return -1;
	if (p->tok.kind != TOK_BAD)
		return 0;
	conf_unexpected(p);
	return -1;
}

/* The words up to something else.  -1 after a complaint. */
static int
take_words(struct conf_parser *p, struct statement *s)
{
	s->w.n = 0;
	s->w.file = p->source[p->stack[p->depth - 1]].path;
	return more_words(p, s);
}

/*
 * A rule goes on behind the lists in it, and a class is a block with lists in
 * it: their braces, at most so deep, are words like others.
 */
static int
take_lists(struct conf_parser *p, struct statement *s, unsigned deepest)
{
	for (unsigned deep = 0;;) {
		enum conf_token_kind k = p->tok.kind;

		if (deep > 0 && (k == TOK_COMMA || k == TOK_NEWLINE)) {
			conf_next(p);
			continue;
		}
		if (k == TOK_OPEN && deep < deepest)
			deep++;
		else if (k == TOK_CLOSE && deep > 0)
			deep--;
		else if (k != TOK_WORD) {
			/* the { around it is complained of */
			if (deep > 0 ? k != TOK_EOF : k == TOK_BAD)
				conf_unexpected(p);
			return deep > 0 || k == TOK_BAD ? -1 : 0;
		}
		if (take_word(p, s) == -1)
			return -1;
	}
}

/* From the first of n words to the last, if they share a line. */
static struct conf_place
place_of(const struct conf_token *t, unsigned n)
{
	const struct conf_place *last = &t[n - 1].at;
	struct conf_place at = t[0].at;

	if (last->line == at.line && last->column >= at.column)
		at.length = last->column + last->length - at.column;
	return at;
}

/* ---- what belongs to one peer only ---- */
static const char *
owner_name(const struct conf_parser *p, uint32_t owner)
{
	if (owner == CONF_OWN)
		return "this node";
	/* a name that was refused is none */
	return p->conf->peer[owner].name[0] != '\0' ? p->conf->peer[owner].name
						    : "another peer";
}

void
conf_note_prefix(struct conf_parser *p, const struct prefix *pre,
    const struct conf_seen *what)
{
	uint8_t key[18] = {pre->addr.family};
	const struct conf_seen *first;
	char text[PREFIX_STRLEN];
	struct conf_diag *d;

	memcpy(key + 1, pre->addr.b, 16);
	key[17] = pre->len;
	first = conf_seen_note(p, SEEN_PREFIX, key, sizeof(key), what);
	if (first == NULL)
		return;
	if (pre->len == addr_bits(&pre->addr))
		addr_format(&pre->addr, text);
	else
		prefix_format(pre, text);
	d = conf_complain(p, CONF_ERROR, &what->at, "%s already belongs to %s",
	    text, owner_name(p, first->owner));
	conf_hint_first(p, d, &first->at);
}

static void
note_key(
    struct conf_parser *p, const uint8_t key[32], const struct conf_seen *what)
{
	const struct conf_seen *first;
	struct conf_diag *d;

	first = conf_seen_note(p, SEEN_KEY, key, 32, what);
	if (first == NULL)
		return;
	d = conf_complain(p, CONF_ERROR, &what->at,
	    "this key already belongs to %s", owner_name(p, first->owner));
	conf_hint_first(p, d, &first->at);
}

static void
read_secret(
    struct conf_parser *p, struct conf_peer *peer, const struct conf_place *at)
{
	char err[CONF_PATH_MAX + 256] = "other files can't be read here";
	const struct conf_reader *r = p->reader;
	struct conf_diag *d;
	char *hint;

	if (r != NULL && r->secret != NULL &&
	    r->secret(r->ctx, peer->psk_file, peer->psk, err, sizeof(err)) ==
		0) {
		peer->has_psk = true;
		return;
	}
	explicit_bzero(peer->psk, sizeof(peer->psk));
	if ((hint = strchr(err, '\n')) != NULL)
		*hint++ = '\0';
	d = conf_complain(p, CONF_ERROR, at, "%s", err);
	if (hint != NULL)
		conf_hint(d, "%s", hint);
}

/* A value was stored: is it somebody else's already? */
static void
note_value(struct conf_parser *p, const struct conf_row *row, void *base,
    const struct conf_place *at)
{
	struct conf_seen what = {.owner = CONF_OWN, .at = *at};
	struct conf_node *node = base;
	struct conf_peer *peer = base;
	struct prefix host;

	if (strcmp(row->block, "peer") == 0)
		what.owner = p->conf->npeers - 1;
	switch (row->type) {
	case CT_HOST:
		host = node->address[node->naddresses - 1];
		host.len = addr_bits(&host.addr);
		conf_note_prefix(p, &host, &what);
		break;
	case CT_PEERADDR:
	case CT_ALLOWED:
		if (p->nallowed++ == CONF_ALLOWED_TOTAL_MAX)
			conf_complain(p, CONF_ERROR, at,
			    "all peers together have more than %d prefixes",
			    CONF_ALLOWED_TOTAL_MAX);
		if (p->nallowed <= CONF_ALLOWED_TOTAL_MAX)
			conf_note_prefix(
			    p, &peer->allowed[peer->nallowed - 1], &what);
		break;
	case CT_KEY:
		if (row->items == 0)
			note_key(p, peer->key, &what);
		break;
	case CT_PSK:
		read_secret(p, peer, at);
		break;
	case CT_RULE:
		p->rule[node->nrules - 1] = *at;
		break;
	default:
		break;
	}
}

/* ---- options ---- */
/* The words from `from` on are one value of the option. */
static void
store(struct conf_parser *p, const struct conf_row *row, void *base,
    const struct statement *s, unsigned from)
{
	struct conf_words w = {.n = s->w.n - from, .file = s->w.file};
	const struct conf_token *first = &s->tok[from];
	struct conf_place at;
	struct conf_bad bad;
	struct conf_diag *d;

	memcpy(w.word, s->w.word + from, w.n * sizeof(w.word[0]));
	if (w.n == 0)
		at = place_of(s->tok, from);
	else
		at = place_of(first, w.n);
	switch (conf_value_set(row, base, &w, &bad)) {
	case CV_BAD:
		p->refused[conf_row_index(row)] = true;
		d = conf_complain(p, CONF_ERROR,
		    bad.word < w.n ? &first[bad.word].at : &at, "%s",
		    bad.message);
		conf_hint(d, "%s", bad.hint);
		break;
	case CV_DUP:
		conf_complain(p, CONF_WARNING, &at, "%s %s is listed twice",
		    row->name, w.word[0]);
		break;
	case CV_WARN:
		d = conf_complain(p, CONF_WARNING, &at, "%s", bad.message);
		conf_hint(d, "%s", bad.hint);
		/* FALLTHROUGH */
	case CV_OK:
		note_value(p, row, base, &at);
		break;
	}
}

static void
unknown_option(
    struct conf_parser *p, const char *block, const struct statement *s)
{
	const struct conf_row *near;
	struct conf_place at = s->tok[0].at;
	struct conf_diag *d;
	const char *other;
	unsigned used = 1;

	near = conf_row_nearest(block, s->w.word, s->w.n, &used);
	if (near != NULL && used > 1) {
		at = place_of(s->tok, used);
		d = conf_complain(p, CONF_ERROR, &at,
		    "unknown option \"%s %s%s%s\" in %s", s->w.word[0],
		    s->w.word[1], used > 2 ? " " : "",
		    used > 2 ? s->w.word[2] : "", block);
	} else
		d = conf_complain(p, CONF_ERROR, &at,
		    "unknown option \"%s\" in %s", s->w.word[0], block);
	other = conf_block_with(s->w.word, s->w.n);
	if (conf_block_known(s->w.word[0]) && p->tok.kind == TOK_OPEN)
		conf_hint(d, "is a } missing before it?");
	else if (strcmp(s->w.word[0], "include") == 0)
		conf_hint(d, "include stands outside of all blocks");
	else if (other != NULL)
		conf_hint(d, "it belongs in %s { }", other);
	else if (near != NULL)
		conf_hint(d, "did you mean \"%s\"?", near->name);
}

/* Lists go on; anything else is given once.  false after a complaint. */
static bool
first_use(struct conf_parser *p, const struct conf_row *row, void *base,
    const struct conf_place *at)
{
	struct conf_place *set = &p->set[conf_row_index(row)];
	struct conf_diag *d;

	if (set->line != 0 && row->items == 0) {
		d = conf_complain(
		    p, CONF_ERROR, at, "%s is set already", row->name);
		conf_hint_first(p, d, set);
		return false;
	}
	/* The first value of a list takes the place of the default ones. */
	if (set->line == 0 && row->items != 0 && row->def != NULL)
		conf_count_set(row, base, 0);
	if (set->line == 0)
		*set = *at;
	return true;
}

/*
 * Calls one for each item between { and }, separated by commas and newlines;
 * p->tok is the {.  Also the body of a block.
 */
struct items {
	const char *block;
	const struct conf_row *row; /* NULL: options of the block */
	void *base;
};

static void parse_option(struct conf_parser *, const char *, void *);

static void
parse_item(struct conf_parser *p, const struct items *in)
{
	struct statement s;

	if (in->row == NULL) {
		parse_option(p, in->block, in->base);
		return;
	}
	if (take_words(p, &s) == -1) {
		conf_skip_statement(p, false);
		return;
	}
	store(p, in->row, in->base, &s, 0);
}

static void
parse_braces(struct conf_parser *p, const struct items *in)
{
	struct conf_place open = p->tok.at;
	bool item = false; /* since the last separator */

	for (conf_next(p);;) {
		switch (p->tok.kind) {
		case TOK_CLOSE:
			conf_next(p);
			return;
		case TOK_EOF:
			conf_complain(
			    p, CONF_ERROR, &open, "this { is never closed");
			return;
		case TOK_COMMA:
			if (!item)
				conf_unexpected(p);
			/* FALLTHROUGH */
		case TOK_NEWLINE:
			item = false;
			conf_next(p);
			break;
		case TOK_WORD:
			parse_item(p, in);
			item = true;
			break;
		default:
			conf_unexpected(p);
			conf_skip_statement(p, false);
			item = true;
			break;
		}
	}
}

static bool
ends_statement(const struct conf_token *t)
{
	return t->kind == TOK_NEWLINE || t->kind == TOK_COMMA ||
	    t->kind == TOK_CLOSE || t->kind == TOK_EOF;
}

static void
parse_option(struct conf_parser *p, const char *block, void *base)
{
	struct items list = {.block = block, .base = base};
	const struct conf_row *row;
	struct conf_place at;
	struct statement s;
	unsigned used;

	if (take_words(p, &s) == -1)
		goto skip;
	row = conf_row_match(block, s.w.word, s.w.n, &used);
	if (row == NULL) {
		unknown_option(p, block, &s);
		goto skip;
	}
	at = place_of(s.tok, used);
	if (!first_use(p, row, base, &at))
		goto skip;
	if (p->tok.kind == TOK_EQUALS) {
		conf_hint(conf_complain(
			      p, CONF_ERROR, &p->tok.at, "unexpected \"=\""),
		    "the value follows the option without it");
		goto skip;
	}
	if ((row->type == CT_RULE && take_lists(p, &s, 1) == -1) ||
	    (row->type == CT_CLASS && take_lists(p, &s, 2) == -1))
		goto skip;
	if (p->tok.kind != TOK_OPEN)
		store(p, row, base, &s, used);
	else if (row->items == 0 || s.w.n > used) {
		conf_complain(p, CONF_ERROR, &p->tok.at,
		    "%s takes no list here", row->name);
		goto skip;
	} else {
		list.row = row;
		parse_braces(p, &list);
	}
	if (ends_statement(&p->tok))
		return;
	conf_unexpected(p);
skip:
	conf_skip_statement(p, false);
}

/* ---- peers ---- */
/* Not realloc: it would leave a copy of the secrets behind. */
static int
peers_grow(struct conf_parser *p)
{
	uint32_t cap = p->peers_cap == 0 ? 16 : p->peers_cap * 2;
	struct conf *c = p->conf;
	struct conf_peer *grown;

	if (c->npeers < p->peers_cap)
		return 0;
	if ((grown = calloc(cap, sizeof(*grown))) == NULL) {
		p->out_of_memory = true;
		return -1;
	}
	if (c->npeers > 0) {
		memcpy(grown, c->peer, c->npeers * sizeof(*grown));
		explicit_bzero(c->peer, c->npeers * sizeof(*grown));
	}
	free(c->peer);
	c->peer = grown;
	p->peers_cap = cap;
	return 0;
}

/* Names are told apart without case, as names of machines are. */
static void
note_name(struct conf_parser *p, const struct conf_token *name)
{
	struct conf_seen what = {.owner = p->conf->npeers - 1, .at = name->at};
	const struct conf_seen *first;
	char lower[CONF_NAME_MAX] = "";
	struct conf_diag *d;

	if (!conf_name_valid(name->text)) {
		d = conf_complain(p, CONF_ERROR, &name->at,
		    "\"%s\" can't be the name of a peer", name->text);
		conf_hint(d, "letters, digits and inner hyphens, at most %d",
		    CONF_NAME_MAX - 1);
		return;
	}
	memcpy(p->conf->peer[what.owner].name, name->text, strlen(name->text));
	for (size_t i = 0; name->text[i] != '\0'; i++)
		lower[i] = name->text[i] >= 'A' && name->text[i] <= 'Z'
		    ? (char)(name->text[i] + ('a' - 'A'))
		    : name->text[i];
	first = conf_seen_note(p, SEEN_NAME, lower, sizeof(lower), &what);
	if (first == NULL)
		return;
	d = conf_complain(p, CONF_ERROR, &name->at,
	    "there is a peer \"%s\" already", owner_name(p, first->owner));
	conf_hint_first(p, d, &first->at);
}

/* Host prefixes before networks, each in the order of the file. */
static void
sort_allowed(struct conf_peer *peer)
{
	struct prefix *a = peer->allowed, host;
	unsigned hosts = 0;

	for (unsigned i = 0; i < peer->nallowed; i++) {
		if (a[i].len != addr_bits(&a[i].addr))
			continue;
		host = a[i];
		memmove(&a[hosts + 1], &a[hosts], (i - hosts) * sizeof(*a));
		a[hosts++] = host;
	}
}

static bool
refused(const struct conf_parser *p, const char *option)
{
	const struct conf_row *row = conf_row_named("peer", option);

	return p->refused[conf_row_index(row)];
}

static void
finish_peer(struct conf_parser *p, struct conf_peer *peer,
    const struct conf_token *name)
{
	const struct conf_row *key = conf_row_named("peer", "public key");

	if (conf_value_count(key, peer) == 0 && !refused(p, "public key"))
		conf_complain(p, CONF_ERROR, &name->at,
		    "peer \"%s\" has no public key", name->text);
	if (peer->nallowed == 0 && !refused(p, "address") &&
	    !refused(p, "allowed prefixes"))
		conf_complain(p, CONF_WARNING, &name->at,
		    "peer \"%s\" has no address: nothing is sent to it",
		    name->text);
	sort_allowed(peer);
}

static void
parse_peer(struct conf_parser *p, const struct conf_token *name)
{
	struct items in = {.block = "peer"};
	struct conf *c = p->conf;

	if (c->npeers == CONF_PEERS_MAX) {
		conf_complain(p, CONF_ERROR, &name->at, "more than %d peers",
		    CONF_PEERS_MAX);
		conf_skip_statement(p, true);
		return;
	}
	if (peers_grow(p) == -1) {
		conf_skip_statement(p, true);
		return;
	}
	in.base = &c->peer[c->npeers++];
	conf_peer_defaults(in.base);
	note_name(p, name);
	for (size_t i = 0; i < conf_nrows(); i++)
		if (strcmp(conf_row(i)->block, "peer") == 0) {
			p->set[i] = (struct conf_place){0};
			p->refused[i] = false;
		}
	parse_braces(p, &in);
	finish_peer(p, in.base, name);
}

/* The { of a block is on the block's line; if not, it is found all the same. */
static bool
find_open(struct conf_parser *p, const struct conf_token *word)
{
	struct conf_diag *d;

	if (p->tok.kind == TOK_OPEN)
		return true;
	d = conf_complain(
	    p, CONF_ERROR, &word->at, "%s needs a { }", word->text);
	if (p->tok.kind != TOK_NEWLINE) {
		conf_skip_statement(p, true);
		return false;
	}
	while (p->tok.kind == TOK_NEWLINE)
		conf_next(p);
	if (p->tok.kind != TOK_OPEN)
		return false;
	conf_hint(d, "the { belongs on this line");
	return true;
}

void
conf_block(struct conf_parser *p, const struct conf_token *word)
{
	bool peer = strcmp(word->text, "peer") == 0;
	struct items in = {.block = word->text, .base = &p->conf->node};
	struct conf_token name = p->tok;
	struct conf_place close;

	if (peer) {
		if (name.kind != TOK_WORD) {
			conf_complain(
			    p, CONF_ERROR, &word->at, "peer needs a name");
			conf_skip_statement(p, true);
			return;
		}
		conf_next(p);
	}
	if (!find_open(p, word))
		return;
	if (strcmp(word->text, "tunnel") == 0 && p->tunnel.line == 0)
		p->tunnel = word->at;
	if (peer)
		parse_peer(p, &name);
	else
		parse_braces(p, &in);
	close = p->tok.at;
	if (p->tok.kind == TOK_WORD)
		conf_complain(p, CONF_ERROR, &close,
		    "a new line must follow the } of a block");
}
