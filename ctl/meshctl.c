/* SPDX-License-Identifier: ISC */
/* file: ctl/meshctl.c */
/*
 * meshctl: look at and control a running node.
 *
 * A table of verbs and a parser for the command line; what a verb does is in
 * verbs_*.c.  It runs as whoever calls it and has no rights of its own: what
 * it may ask is decided by the sockets' modes and by control.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "verbs.h"

#define RUNDIR "/run/mesh"

/* clang-format off */
static const struct verb verbs[] = {
	{ "status", "", "", 0, 0, COMPLETE_NONE,
	    "How the node, its processes and its packets do",
	    "Exit code 1 if something is degraded: a process that is not up or "
	    "a packet\nthat nobody can account for.\n", verb_status },
	{ "peers", "", "", 0, 0, COMPLETE_NONE,
	    "All peers, a line each",
	    "With -H the columns are name, state, endpoint, seconds since the "
	    "handshake,\noctets in, octets out, seconds since it was seen, "
	    "public key.\n", verb_peers },
	{ "peer", "NAME", "", 1, 1, COMPLETE_PEER,
	    "Everything about one peer", "", verb_peer },
	{ "counters", "[-a]", "a", 0, 0, COMPLETE_NONE,
	    "What was counted, by process",
	    "Only what is not zero; -a shows all.\n", verb_counters },
	{ "log", "[-a | -n N | level LEVEL]", "an", 0, 2, COMPLETE_LOG,
	    "The last lines of all processes, or set the level",
	    "-n N shows the last N lines (100), -a all that are kept.\n"
	    "level takes error, warning, info or debug, until the next reload.\n",
	    verb_log },
	{ "reload", "", "", 0, 0, COMPLETE_NONE,
	    "Read the configuration again",
	    "All of it or nothing: after an error the old one goes on.\n",
	    verb_reload },
	{ "configtest", "[-D NAME=VALUE] [FILE]", "D", 0, 1, COMPLETE_FILE,
	    "Check a configuration file",
	    "Needs no privilege and no running node.  -D overrides a macro.\n",
	    verb_configtest },
	{ "keygen", "[-o FILE]", "o", 0, 0, COMPLETE_NONE,
	    "Make a private key",
	    "Without -o the key is printed.  With -o it goes into a new file "
	    "that only its\nowner may read, and the public key is printed.\n",
	    verb_keygen },
	{ "pubkey", "[FILE]", "", 0, 1, COMPLETE_FILE,
	    "The public key of a private one",
	    "Reads standard input without FILE.\n", verb_pubkey },
	{ "version", "", "", 0, 0, COMPLETE_NONE,
	    "The version of this program", "", verb_version },
	{ "completion", "bash|zsh|fish", "", 1, 1, COMPLETE_SHELL,
	    "Completion code for a shell",
	    "For bash: source <(meshctl completion bash)\n", verb_completion },
	{ "help", "[VERB]", "", 0, 1, COMPLETE_VERB,
	    "This list, or more about one verb", "", verb_help },
};
/* clang-format on */

static int
usage(const struct call *c, const char *what, const char *arg)
{
	struct complaint m = {.exit_status = EXIT_USAGE, .code = "usage"};
	char hint[64];

	if (c->verb == NULL)
		snprintf(hint, sizeof(hint), "meshctl help");
	else
		snprintf(hint, sizeof(hint), "meshctl %s %s", c->verb->name,
		    c->verb->operands);
	m.hint[0] = hint;
	return report_error(c, &m, "%s%s", what, arg);
}

static int
parse_count(const char *s, uint32_t *out)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end != '\0' || errno != 0 || n == 0 ||
	    n > UINT32_MAX)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

/* NAME=VALUE is cut in place. */
static int
parse_macro(struct call *c, char *s)
{
	char *value = strchr(s, '=');

	if (value == NULL || value == s || c->nmacros == CALL_MACROS_MAX)
		return -1;
	*value++ = '\0';
	c->macro[c->nmacros++] = (struct conf_macro){.name = s, .value = value};
	return 0;
}

/* One option; its letter is remembered for allowed(). */
static int
parse_option(struct call *c, int opt, char *arg, char *given)
{
	char letter[2] = {(char)opt, '\0'};

	if (strchr("anoD", opt) != NULL && strchr(given, opt) == NULL)
		given[strlen(given)] = (char)opt;
	switch (opt) {
	case 'j':
		c->form = FORM_JSON;
		return 0;
	case 'H':
		c->form = FORM_RAW;
		return 0;
	case 'R':
		c->rundir = arg;
		return 0;
	case 's':
		c->socket = arg;
		return 0;
	case 'a':
		c->all = true;
		return 0;
	case 'n':
		return parse_count(arg, &c->last) == 0
		    ? 0
		    : usage(c, "-n needs a number above zero, not ", arg);
	case 'o':
		c->file = arg;
		return 0;
	case 'D':
		return parse_macro(c, arg) == 0
		    ? 0
		    : usage(c, "-D needs NAME=VALUE, not ", arg);
	case ':':
		letter[0] = (char)optopt;
		return usage(c, "an argument is missing behind -", letter);
	default:
		letter[0] = optopt > 0 && optopt < 128 ? (char)optopt : '?';
		return usage(c, "unknown option -", letter);
	}
}

/* Options of verbs are legal where the verb's row says so. */
static int
allowed(const struct call *c, const char *given)
{
	char letter[2] = {0};

	for (; *given != '\0'; given++)
		if (strchr(c->verb->options, *given) == NULL) {
			letter[0] = *given;
			return usage(c, "this verb has no option -", letter);
		}
	if (c->argc < c->verb->min)
		return usage(
		    c, "something is missing: meshctl ", c->verb->name);
	if (c->argc > c->verb->max)
		return usage(
		    c, "one argument too many: ", c->argv[c->verb->max]);
	return 0;
}

static int
find_verb(struct call *c, const char *name)
{
	struct complaint m = {.exit_status = EXIT_USAGE, .code = "usage"};
	const char *near;

	c->verb = verbs_find(c, name);
	if (c->verb != NULL)
		return 0;
	near = verbs_nearest(c, name);
	if (near != NULL)
		return report_error(c, &m,
		    "unknown command \"%s\", did you mean \"%s\"?", name, near);
	m.hint[0] = "meshctl help";
	return report_error(c, &m, "unknown command \"%s\"", name);
}

int
main(int argc, char *argv[])
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct call c = {.verbs = verbs,
	    .nverbs = sizeof(verbs) / sizeof(verbs[0]),
	    .rundir = RUNDIR};
	char given[8] = {0};
	int opt, code;

	log_init("meshctl", LOG_L_WARN);
	opterr = 0;
	/* options may stand before and behind the verb */
	while ((opt = getopt_long(
		    argc, argv, ":jHR:s:an:o:D:hV", longs, NULL)) != -1) {
		if (opt == 'V')
			return verb_version(&c);
		if (opt == 'h') {
			verbs_overview(&c, stdout);
			return EXIT_FINE;
		}
		if (opt == '?' && optopt == 0)
			return usage(&c, "unknown option ", argv[optind - 1]);
		code = parse_option(&c, opt, optarg, given);
		if (code != 0)
			return code;
	}
	if (optind == argc) {
		verbs_overview(&c, stdout);
		return EXIT_FINE;
	}
	code = find_verb(&c, argv[optind]);
	if (code != 0)
		return code;
	c.argc = argc - optind - 1;
	c.argv = argv + optind + 1;
	code = allowed(&c, given);
	return code != 0 ? code : c.verb->run(&c);
}
