/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs.h */
#ifndef VERBS_H
#define VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "args.h"
#include "show.h"

/*
 * What meshctl can do.  verbs_table.c has the only list of verbs: the dispatch,
 * help, completion and "did you mean" all read it.
 */
#define EXIT_FINE 0
#define EXIT_BAD 1 /* degraded, or it failed */
#define EXIT_USAGE 2
#define EXIT_ABSENT 3 /* a daemon is not running */
#define EXIT_DENIED 4
#define EXIT_TIMEOUT 6

#define CALL_MACROS_MAX 32

enum form { FORM_TEXT, FORM_RAW, FORM_JSON };

struct call;

enum complete { /* what may follow a verb, for the shells */
	COMPLETE_NONE,
	COMPLETE_PEER,
	COMPLETE_LOG,
	COMPLETE_FILE,
	COMPLETE_SHELL,
	COMPLETE_SHOW,
	COMPLETE_VERB
};

struct verb {
	const char *name;
	const char *operands; /* "[NAME]" */
	const char *options;  /* letters of its own: a n o D; then words */
	int min, max;         /* operands */
	enum complete complete;
	const char *summary; /* a line */
	const char *more;    /* a paragraph; "" */
	int (*run)(const struct call *);
};

struct call { /* one command line, parsed */
	const struct verb *verb;
	const struct verb *verbs; /* the table */
	size_t nverbs;
	enum form form;
	const char *rundir;   /* never NULL */
	const char *conf;     /* -f, NULL: the usual one */
	const char *statedir; /* -S, NULL: the usual one */
	const char *socket;   /* NULL: by the verb, in rundir */
	/* options of verbs */
	bool help;                                /* --help */
	bool all;                                 /* -a */
	uint32_t last;                            /* -n, 0: not given */
	const char *file;                         /* -o */
	uint32_t count;                           /* -c, 0: not given */
	const char *interval, *wait;              /* -i, -W */
	struct conf_macro macro[CALL_MACROS_MAX]; /* -D */
	size_t nmacros;
	const char *opt[OPT_NOPTS]; /* NULL: not given; "": takes nothing */
	const char *group[ARGS_REPEAT_MAX], *contact[ARGS_REPEAT_MAX];
	unsigned ngroups, ncontacts;
	char given[8]; /* letters, for args_allowed */
	int argc;      /* operands */
	char **argv;
};

const struct verb *verbs_table(size_t *n);

/* Each returns an exit code and has printed what there is to say. */
int verb_status(const struct call *);
int verb_peers(const struct call *);
int verb_peer(const struct call *);
int verb_counters(const struct call *);
int verb_breakers(const struct call *);
int verb_log(const struct call *);
int verb_log_level(const struct call *); /* by verb_log */
int verb_reload(const struct call *);
int verb_keygen(const struct call *);
int verb_pubkey(const struct call *);
int verb_configtest(const struct call *);
int verb_init(const struct call *);
int verb_invite(const struct call *);
int verb_invites(const struct call *);
int verb_join(const struct call *);
int verb_revoke(const struct call *);
int verb_request(const struct call *);
int verb_sign(const struct call *);
int verb_renew(const struct call *);
int verb_lookup(const struct call *);
int verb_dht(const struct call *);
int verb_why(const struct call *);
int verb_drops(const struct call *);
int verb_streams(const struct call *);
int verb_netcheck(const struct call *);
int verb_flows(const struct call *);
int verb_rules(const struct call *);
int verb_qos(const struct call *);
int verb_network(const struct call *);
int verb_metrics(const struct call *);
int verb_check(const struct call *);
int verb_top(const struct call *);
int verb_events(const struct call *);
int verb_ping(const struct call *);
int verb_version(const struct call *);
int verb_completion(const struct call *);
int verb_help(const struct call *);
void verbs_overview(const struct call *, FILE *);
/* What to do first, where nothing is set up; false: something is. */
bool verbs_welcome(const struct call *, FILE *);
/* Reports that there is no such peer, and which may be meant. */
struct session;
int verbs_no_peer(const struct call *, struct session *, const char *name);
/* NULL: no such verb */
const struct verb *verbs_find(const struct call *, const char *name);
/* The nearest one's name, or NULL. */
const char *verbs_nearest(const struct call *, const char *name);

/* ---- saying it (report.c) ---- */
/* The writer that was asked for, on standard output; NULL is reported. */
struct show *report_begin(const struct call *, enum show_doc, const char *node);
/* Ends the document: EXIT_BAD if it could not be written, else code. */
int report_end(const struct call *, struct show *, int code);
/*
 * Print the error in the form that was asked for (text: standard error; JSON:
 * standard output, as the one document) and return its exit code.  Hints may
 * be NULL.
 */
struct complaint {
	int exit_status;
	const char *code;
	const char *detail;
	const char *hint[2];
};
int report_error(const struct call *, const struct complaint *, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* verbs_qos.c: the classes of a peer, "": of all; and what came back. */
struct session;
struct show;
struct snapshot;
int qos_ask(struct session *, const char *peer, enum row_end *);
void qos_rows(struct show *, const struct snapshot *);

#endif
