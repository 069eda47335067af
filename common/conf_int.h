/* SPDX-License-Identifier: ISC */
/* file: common/conf_int.h */
#ifndef CONF_INT_H
#define CONF_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/*
 * What the conf_*.c files share and nobody else includes.
 *
 *	conf_lex.c     octets -> tokens with their places
 *	conf_parse.c   tokens -> statements
 *	conf_block.c   blocks, options, lists
 *	conf_macro.c   name = value, $name, include
 *	conf_schema.c  the table: which options exist and what they mean
 *	conf_value.c   the words of one value <-> one field of a struct
 *	conf_net.c     the same for addresses, networks and endpoints
 *	conf_rule.c    the same for rules of the filter
 *	conf_qos.c     the same for classes of packets
 *	conf_pin.c     the same for ranks of places
 *	conf_turn.c    the password of a TURN server
 *	conf_text.c    numbers with units <-> text
 *	conf_check.c   what two options say about each other
 *	conf_member.c  the network: its files, and what follows from them
 *	conf_diag.c    complaints, their places and how they look
 */

/* Bounds of the text; each is an error of its own when it is passed. */
#define CONF_WORDS_MAX 48      /* in one statement */
#define CONF_DEPTH_MAX 8       /* files that include files */
#define CONF_FILES_MAX 8192    /* a file for each peer, and some */
#define CONF_TEXT_MAX 16777216 /* octets of all files together */
#define CONF_MACROS_MAX 256
#define CONF_MACRO_TOKENS_MAX 128 /* in one macro's value */
#define CONF_ROWS_MAX 112         /* rows of the table */
#define CONF_WARNINGS_MAX 100     /* kept, so that errors find room */

/* ---- places and tokens ---- */
/*
 * Where a word stands.  Columns count what a terminal shows: a tab goes to
 * the next multiple of eight, a UTF-8 sequence is one.
 */
struct conf_place {
	uint32_t file;  /* index into conf_parser.source */
	uint32_t line;  /* 1-based; 0: nowhere, or the file as a whole */
	uint32_t start; /* offset of the line's first octet */
	uint32_t column, length;
};

enum conf_token_kind {
	TOK_EOF,
	TOK_NEWLINE,
	TOK_WORD,
	TOK_OPEN,
	TOK_CLOSE,
	TOK_COMMA,
	TOK_EQUALS,
	TOK_BAD /* text says why */
};

struct conf_token {
	enum conf_token_kind kind;
	bool quoted; /* never a keyword's macro, never expanded */
	struct conf_place at;
	char text[CONF_PATH_MAX]; /* without quotes and escapes */
};

struct conf_lex {
	const char *text;
	size_t len, pos;
	struct conf_place now;
};

void conf_lex_init(
    struct conf_lex *, const char *text, size_t len, uint32_t file);
void conf_lex_next(struct conf_lex *, struct conf_token *);
/*
 * NULL if the text is UTF-8 without NUL and control characters, else what is
 * wrong, with *at set.
 */
const char *conf_lex_check(
    const char *text, size_t len, uint32_t file, struct conf_place *at);

/* ---- the table ---- */
enum conf_type {
	CT_BOOL,     /* yes, no */
	CT_UPDOWN,   /* up, down in a bool */
	CT_INT,      /* u8, u16 or u32 by the size of the field */
	CT_SECONDS,  /* a time with a unit, whole seconds */
	CT_MILLIS,   /* a time with a unit */
	CT_SIZE,     /* octets, with K M G */
	CT_RATE,     /* N/s */
	CT_BITS,     /* kbit/s: N with K M G, none; of a peer also default */
	CT_AUTO,     /* u8 or u16, or auto: CONF_AUTO */
	CT_LEVEL,    /* error, warning, info, debug */
	CT_OFFLOAD,  /* yes, tso, csum, no: what the TUN does for us */
	CT_DHT,      /* private, public, no */
	CT_TRY,      /* yes, auto, no */
	CT_BY,       /* udp, tcp, tls, auto */
	CT_NAME,     /* letters, digits, inner hyphens */
	CT_DEVICE,   /* a network interface */
	CT_GROUP,    /* a group of the system */
	CT_PATH,     /* absolute, or relative to the file it stands in */
	CT_PSK,      /* the path of a file with a secret */
	CT_FILE,     /* a path that need not be given */
	CT_TEXT,     /* what is printable, and need not be given */
	CT_KEY,      /* 32 octets in base64 */
	CT_HOST,     /* an address with the length of its network */
	CT_NET,      /* a network, host bits cleared */
	CT_PEERADDR, /* an address, stored as an allowed host prefix */
	CT_ALLOWED,  /* a network of a peer */
	CT_PORT,     /* a port */
	CT_POLICY,   /* allow, deny */
	CT_RULE,     /* a rule of the filter, behind its first word */
	CT_CLASS,    /* a class of qos, behind its first word */
	CT_PIN,      /* a peer, one of its places, and a rank */
	CT_LISTEN,   /* *|address port N */
	CT_BIND,     /* one of these, in dht_listen */
	CT_SERVE,    /* one of these, or several, or none */
	CT_ENDPOINT, /* address port N */
	CT_NTYPES
};

/*
 * One option.  Lists have a counter (noff, nsize) and room for `items`; single
 * values have items 0.  min and max are in the field's unit; for text max is
 * the longest length.  A default of NULL: none, or given to conf_defaults.
 */
struct conf_row {
	const char *block, *name;
	enum conf_type type;
	uint32_t off, size;
	uint32_t noff, nsize, items;
	uint32_t min, max;
	const char *def;
	enum conf_class cls;
	const char *help;
};

size_t conf_nrows(void);
const struct conf_row *conf_row(size_t);
size_t conf_row_index(const struct conf_row *);
/* by exact block and name; NULL: no such option */
const struct conf_row *conf_row_named(const char *block, const char *name);
bool conf_block_known(const char *);
/* The option the words begin with, longest name first; *used words of it. */
const struct conf_row *conf_row_match(const char *block,
    const char *const *word, unsigned nwords, unsigned *used);
/* The option the words were meant to begin with, or NULL. */
const struct conf_row *conf_row_nearest(const char *block,
    const char *const *word, unsigned nwords, unsigned *used);
/* A block that has an option of this name, or NULL. */
const char *conf_block_with(const char *const *word, unsigned nwords);
const char *conf_block_nearest(const char *);
/* Near enough to be meant: few edits for the length (transposition is one). */
bool conf_near(const char *typed, const char *meant, unsigned *distance);
/* "576..65000", "at most 8", or "-"; "dur", "list of prefix" */
void conf_row_range(const struct conf_row *, char *out, size_t cap);
void conf_row_type(const struct conf_row *, char *out, size_t cap);
const char *conf_class_name(enum conf_class);

/* ---- values ---- */
struct conf_parser;
struct conf_words {
	unsigned n;
	const char *word[CONF_WORDS_MAX];
	const char *file; /* relative paths begin at its directory */
};

struct conf_bad {
	unsigned word; /* which one is to blame */
	char message[192];
	char hint[160]; /* or "" */
};

enum conf_verdict {
	CV_OK,
	CV_WARN, /* stored, and *bad says what to warn of */
	CV_DUP,  /* not stored, it is in the list already */
	CV_BAD   /* not stored */
};

/* base: struct conf_node or struct conf_peer, whatever the row's block says */
enum conf_verdict conf_value_set(const struct conf_row *, void *base,
    const struct conf_words *, struct conf_bad *);
/* The i-th value as conf_parse reads it; out is always terminated. */
void conf_value_format(const struct conf_row *, const void *base, unsigned i,
    char *out, size_t cap);
/* How many values the field holds: 0 or 1 if it is not a list. */
unsigned conf_value_count(const struct conf_row *, const void *base);
/* Could conf_parse have stored this?  For what comes over a wire. */
bool conf_value_valid(const struct conf_row *, const void *base);
#define CONF_VALUE_STRLEN (2 * CONF_PATH_MAX + 4) /* a path with escapes */
bool conf_name_valid(const char *);
/* The list's counter, whatever its width. */
void conf_count_set(const struct conf_row *, void *base, unsigned n);
/* conf_net.c: what the three above do for addresses. */
enum conf_verdict conf_net_set(const struct conf_row *, void *base,
    const struct conf_words *, struct conf_bad *);
void conf_net_format(const struct conf_row *, const void *base, unsigned i,
    char *out, size_t cap);
bool conf_net_valid(const struct conf_row *, const void *base);
unsigned conf_net_count(const struct conf_row *, const void *base);
/* conf_rule.c: `pass` and `block` are two names of one list. */
enum conf_verdict conf_rule_set(const struct conf_row *, struct conf_node *,
    const struct conf_words *, struct conf_bad *);
bool conf_rules_valid(const struct conf_node *);
void conf_rule_show(
    const struct conf_node *, unsigned i, char *out, size_t cap);
unsigned conf_rule_count(const struct conf_row *, const struct conf_node *);
/* conf_qos.c: likewise */
enum conf_verdict conf_class_set(
    struct conf_node *, const struct conf_words *, struct conf_bad *);
bool conf_classes_valid(const struct conf_node *);
enum conf_verdict conf_pin_set(
    struct conf_node *, const struct conf_words *, struct conf_bad *);
bool conf_pins_valid(const struct conf_node *);
void conf_pin_show(const struct conf_node *, unsigned i, char *out, size_t cap);
void conf_class_show(
    const struct conf_node *, unsigned i, char *out, size_t cap);
void conf_check_qos(struct conf_parser *);
/* conf_turn.c: the server's user and password */
void conf_check_turn(struct conf_parser *);
enum conf_verdict conf_value_refuse(struct conf_bad *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void conf_value_hint(struct conf_bad *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends to p->allowed on the heap: 0, or -1 (full, no memory). */
int conf_peer_allow(struct conf_peer *, const struct prefix *);
void conf_peer_defaults(struct conf_peer *);

/* ---- numbers with units ---- */
#define CONF_NUMBER_STRLEN 24
/* 0, or -1 with *bad filled except word; name is the option's */
int conf_number_parse(const struct conf_row *, const char *text, uint32_t *out,
    struct conf_bad *bad);
const char *conf_number_format(
    enum conf_type, uint32_t, char out[CONF_NUMBER_STRLEN]);

/* In quotes, with \ before what would end them; cap: CONF_VALUE_STRLEN */
void conf_quote(const char *, char *out, size_t cap);

/* ---- what was seen where ---- */
enum conf_seen_kind { SEEN_NAME, SEEN_KEY, SEEN_PREFIX };
#define CONF_SEEN_KEY 64
#define CONF_OWN UINT32_MAX /* owner: this node, not a peer */
struct conf_seen {
	uint32_t hash, next; /* next in the bucket, +1; 0: none */
	enum conf_seen_kind kind;
	uint32_t owner; /* index of the peer, or CONF_OWN */
	struct conf_place at;
	uint8_t key[CONF_SEEN_KEY];
};

struct conf_source {
	char *path, *text;
	size_t len;
};

struct conf_macro_def {
	char name[CONF_NAME_MAX];
	bool fixed; /* from the command line: the file can't change it */
	struct conf_place at;
	uint32_t ntokens;
	struct conf_token *token; /* heap */
};

/* Everything conf_parse knows while it runs; on the heap. */
struct conf_parser {
	const struct conf_reader *reader;
	struct conf *conf;
	struct conf_diags *diags;
	struct conf_diag spare; /* filled when diags is full */
	uint32_t warnings_kept;

	uint32_t nsources, sources_cap;
	struct conf_source *source;
	size_t text_octets;
	uint32_t stack[CONF_DEPTH_MAX + 1]; /* files being read */
	unsigned depth;

	uint32_t main_file;
	struct conf_lex *lex; /* of the file being read */
	struct conf_token tok;
	const struct conf_macro_def *expanding; /* or NULL */
	uint32_t expand_at;
	struct conf_place expand_place;

	uint32_t nmacros;
	struct conf_macro_def macro[CONF_MACROS_MAX];

	/* by row: where a single option was set; was a value of it refused */
	struct conf_place set[CONF_ROWS_MAX];
	bool refused[CONF_ROWS_MAX];
	struct conf_place tunnel; /* the first `tunnel {` */
	struct conf_place rule[CONF_RULES_MAX];

	uint32_t nseen, seen_cap, nbuckets;
	struct conf_seen *seen;
	uint32_t *bucket;
	uint32_t peers_cap;
	uint32_t nallowed; /* of all peers */
	bool unread; /* something was skipped: what is missing may be there */
	bool out_of_memory;
};

/* ---- complaints ---- */
/* Never NULL; the caller may add a hint. */
struct conf_diag *conf_complain(struct conf_parser *, enum conf_severity,
    const struct conf_place *, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void conf_hint(struct conf_diag *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void conf_hint_first(struct conf_parser *, struct conf_diag *,
    const struct conf_place *first); /* first used at FILE:LINE */
/* Of a file as a whole, before there is a parser. */
struct conf_diag *conf_complain_file(struct conf_diags *, const char *file,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- conf_parse.c, conf_block.c and conf_macro.c ---- */
void conf_next(struct conf_parser *); /* the next token, macros expanded */
/* To the end of the statement, over whole braces; top: outside all blocks. */
void conf_skip_statement(struct conf_parser *, bool top);
void conf_unexpected(struct conf_parser *); /* complains of the token */
/* Takes a copy of the text and reads it; also an include's. */
void conf_parse_text(
    struct conf_parser *, const char *path, const char *text, size_t len);
int conf_source_add(struct conf_parser *, const char *path, const char *text,
    size_t len); /* 0, or -1 and a complaint or out_of_memory */
/* After a block's name: the body.  name is the word that opened it. */
void conf_block(struct conf_parser *, const struct conf_token *name);
void conf_macro_define(struct conf_parser *, const struct conf_token *name);
void conf_macro_command_line(struct conf_parser *, const struct conf_macro *);
void conf_macro_free(struct conf_parser *);
/* Begins to expand p->tok; false (after a complaint) if it can't. */
bool conf_macro_use(struct conf_parser *);
void conf_include(struct conf_parser *, const struct conf_token *word);
/* path as seen from the file; -1: too long */
int conf_path_join(char out[CONF_PATH_MAX], const char *file, const char *path);

/* A prefix that belongs to one only; what: whose and where. */
void conf_note_prefix(
    struct conf_parser *, const struct prefix *, const struct conf_seen *what);

/* ---- conf_check.c and conf_member.c ---- */
/* NULL: new, and noted now; else who was first. */
const struct conf_seen *conf_seen_note(struct conf_parser *,
    enum conf_seen_kind, const void *key, size_t len,
    const struct conf_seen *what);
void conf_check_all(struct conf_parser *);
/* Where the option was set; the main file as a whole if it was not. */
const struct conf_place *conf_place_of(const struct conf_parser *,
    const char *block, const char *name, struct conf_place *nowhere);
bool conf_was_refused(
    const struct conf_parser *, const char *block, const char *name);
/* Reads the network's files, then fills in what was not set. */
void conf_member(struct conf_parser *);

/* conf_wire.c, conf_wire_reach.c: of CONF_NODE, in their order */
uint16_t conf_get_count(struct rbuf *, uint16_t max);
void conf_put_reach(struct wbuf *, const struct conf_node *);
void conf_get_reach(struct rbuf *, struct conf_node *);

#endif
