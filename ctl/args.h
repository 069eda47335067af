/* SPDX-License-Identifier: ISC */
/* file: ctl/args.h */
#ifndef ARGS_H
#define ARGS_H

#include <stddef.h>

/*
 * The options of meshctl: which there are, and which of them a verb takes.
 * Those with a letter are for all verbs or named by letter in the verb's row;
 * those with a word only are of single verbs, and named by word in it.
 */
enum opt {
	OPT_ADDRESS,
	OPT_CANCEL,
	OPT_CONTACT, /* may be repeated; also called --endpoint */
	OPT_DHT_PORT,
	OPT_EVENT,
	OPT_EXPIRES,
	OPT_FILE,
	OPT_FOLLOW, /* also -f, where a verb has it */
	OPT_GROUP,  /* may be repeated */
	OPT_LIFE,
	OPT_NAME,
	OPT_NO_START,
	OPT_NODE,
	OPT_OPENMETRICS,
	OPT_OUT,
	OPT_PEER,
	OPT_PORT,
	OPT_PREFIX,
	OPT_RELAY,
	OPT_REQUIRE,
	OPT_REUSABLE,
	OPT_SEVERITY,
	OPT_SINCE,
	OPT_TRACE,
	OPT_YES,
	OPT_NOPTS
};
#define ARGS_REPEAT_MAX 8

enum args_kind { ARG_NONE, ARG_WORD, ARG_FILE };
struct args_option {
	const char *name; /* one letter, or a word */
	const char *arg;  /* NULL: takes none */
	enum args_kind kind;
	const char *what; /* a few words */
};
/* Those that all verbs take. */
const struct args_option *args_common(size_t *n);
/* NULL: there is none of this name */
const struct args_option *args_option(const char *name, size_t len);
/*
 * The next of a verb's own: *list is its row's options and moves on.  NULL at
 * the end.
 */
const struct args_option *args_next(const char **list);

struct call;

/*
 * Reads the command line into the call, operands last.  0 with c->argc, argv
 * set to verb and operands; or -1: it has been dealt with, *code is how to
 * exit.
 */
int args_read(struct call *, int argc, char *argv[], int *code);
/* Does the verb that was found take what was given?  EXIT_FINE or reported. */
int args_allowed(const struct call *);
int args_usage(const struct call *, const char *what, const char *arg);

#endif
