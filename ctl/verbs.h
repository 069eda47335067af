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
	const char *summary;             /* a line */
	const char *more;                /* a paragraph; "" */
	int (*run)(const struct call *); /* a verb_fn */
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
typedef int verb_fn(const struct call *);
verb_fn verb_status, verb_peers, verb_peer, verb_counters, verb_breakers,
    verb_log, verb_log_level, verb_reload, verb_keygen, verb_pubkey,
    verb_configtest, verb_init, verb_invite, verb_invites, verb_join,
    verb_revoke, verb_request, verb_sign, verb_renew, verb_lookup, verb_dht,
    verb_why, verb_drops, verb_streams, verb_relays, verb_netcheck, verb_paths,
    verb_mtu, verb_failover, verb_flows, verb_rules, verb_qos, verb_network,
    verb_metrics, verb_check, verb_top, verb_events, verb_ping, verb_punch,
    verb_version, verb_completion, verb_help;
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
int paths_ask(struct session *, const char *peer, enum row_end *);
void qos_rows(struct show *, const struct snapshot *);

#endif
