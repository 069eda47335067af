/* SPDX-License-Identifier: ISC */
/* file: ctl/args.c */
/*
 * meshctl's command line (see args.h).  Options may stand before and behind
 * the verb, so all are read first, and whether the verb takes them is asked
 * when it is known.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

#define LETTERS "jHR:S:s:an:o:D:c:i:W:hV" /* and f, see verb_follows */
#define LONG 256 /* of an option without a letter: this and its number */

/* clang-format off */
static const struct option longs[] = {
	{ "json",     no_argument,       NULL, 'j' },
	{ "help",     no_argument,       NULL, 'h' },
	{ "version",  no_argument,       NULL, 'V' },
	{ "address",  required_argument, NULL, LONG + OPT_ADDRESS },
	{ "cancel",   required_argument, NULL, LONG + OPT_CANCEL },
	{ "contact",  required_argument, NULL, LONG + OPT_CONTACT },
	{ "endpoint", required_argument, NULL, LONG + OPT_CONTACT },
	{ "dht-port", required_argument, NULL, LONG + OPT_DHT_PORT },
	{ "event",    required_argument, NULL, LONG + OPT_EVENT },
	{ "expires",  required_argument, NULL, LONG + OPT_EXPIRES },
	{ "file",     required_argument, NULL, LONG + OPT_FILE },
	{ "follow",   no_argument,       NULL, LONG + OPT_FOLLOW },
	{ "group",    required_argument, NULL, LONG + OPT_GROUP },
	{ "life",     required_argument, NULL, LONG + OPT_LIFE },
	{ "name",     required_argument, NULL, LONG + OPT_NAME },
	{ "no-start", no_argument,       NULL, LONG + OPT_NO_START },
	{ "node",     required_argument, NULL, LONG + OPT_NODE },
	{ "openmetrics", no_argument,    NULL, LONG + OPT_OPENMETRICS },
	{ "out",      required_argument, NULL, LONG + OPT_OUT },
	{ "peer",     required_argument, NULL, LONG + OPT_PEER },
	{ "port",     required_argument, NULL, LONG + OPT_PORT },
	{ "prefix",   required_argument, NULL, LONG + OPT_PREFIX },
	{ "relay",    no_argument,       NULL, LONG + OPT_RELAY },
	{ "require",  required_argument, NULL, LONG + OPT_REQUIRE },
	{ "reusable", required_argument, NULL, LONG + OPT_REUSABLE },
	{ "severity", required_argument, NULL, LONG + OPT_SEVERITY },
	{ "since",    required_argument, NULL, LONG + OPT_SINCE },
	{ "trace",    no_argument,       NULL, LONG + OPT_TRACE },
	{ "yes",      no_argument,       NULL, LONG + OPT_YES },
	{ NULL, 0, NULL, 0 },
};
/* clang-format on */

/* clang-format off */
/* What each is, for people and shells; those for all verbs first. */
static const struct args_option options[] = {
	{ "j", NULL,     ARG_NONE, "as --json" },
	{ "json", NULL,  ARG_NONE, "one JSON document" },
	{ "H", NULL,     ARG_NONE, "raw: no heads, no units, tabs between" },
	{ "f", "FILE",   ARG_FILE, "the configuration" },
	{ "R", "DIR",    ARG_FILE, "where the sockets are" },
	{ "S", "DIR",    ARG_FILE, "where keys are" },
	{ "s", "SOCKET", ARG_FILE, "exactly this socket" },
	{ "help", NULL,  ARG_NONE, "the verbs, or more about one" },
	{ "version", NULL, ARG_NONE, "the version" },
#define ARGS_COMMON 9
	{ "a", NULL,     ARG_NONE, "all of it" },
	{ "n", "LINES",  ARG_WORD, "how many lines" },
	{ "o", "FILE",   ARG_FILE, "write to this file" },
	{ "D", "NAME=VALUE", ARG_WORD, "override a macro" },
	{ "c", "N",      ARG_WORD, "how many probes (4)" },
	{ "i", "SECONDS", ARG_WORD, "from one to the next (1)" },
	{ "W", "SECONDS", ARG_WORD, "how long to wait for each (1)" },
	{ "address", "A", ARG_WORD, "its address in the network" },
	{ "cancel", "ID", ARG_WORD, "make this invitation useless" },
	{ "contact", "A:PORT", ARG_WORD, "where others reach this node" },
	{ "dht-port", "N", ARG_WORD, "UDP port of the DHT (6881)" },
	{ "event", "NAME,...", ARG_WORD, "only these, see mesh-events(7)" },
	{ "expires", "TIME", ARG_WORD, "how long the token is good (15m)" },
	{ "file", "FILE", ARG_FILE, "what meshctl sign has written" },
	{ "follow", NULL, ARG_NONE, "and what happens from now on; -f" },
	{ "group", "G",  ARG_WORD, "a group that it belongs to" },
	{ "life", "TIME", ARG_WORD, "how long its certificate is good" },
	{ "name", "NAME", ARG_WORD, "what it is called" },
	{ "no-start", NULL, ARG_NONE, "don't start the service" },
	{ "node", "NAME", ARG_WORD, "what this node is called" },
	{ "openmetrics", NULL, ARG_NONE, "as OpenMetrics 1.0" },
	{ "out", "FILE", ARG_FILE, "write the signed list to a new file" },
	{ "peer", "NAME", ARG_WORD, "only what concerns this peer" },
	{ "port", "N",   ARG_WORD, "UDP port of the node (51820)" },
	{ "prefix", "A/N", ARG_WORD, "the network's IPv4 addresses" },
	{ "relay", NULL, ARG_NONE, "it may relay for other members" },
	{ "require", "N", ARG_WORD, "critical with fewer peers up" },
	{ "reusable", "N", ARG_WORD, "how many machines may use it (1)" },
	{ "severity", "S", ARG_WORD, "only warning, or only error" },
	{ "since", "TIME", ARG_WORD, "only the last 15m, 2h, ..." },
	{ "trace", NULL, ARG_NONE, "also where it was looked for" },
	{ "yes", NULL,   ARG_NONE, "don't ask" },
};
/* clang-format on */

const struct args_option *
args_common(size_t *n)
{
	*n = ARGS_COMMON;
	return options;
}

const struct args_option *
args_option(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strncmp(options[i].name, name, len) == 0 &&
		    options[i].name[len] == '\0')
			return &options[i];
	return NULL;
}

const struct args_option *
args_next(const char **list)
{
	const char *p = *list;
	size_t len = 1;

	if (*p == ' ') {
		p++;
		len = strcspn(p, " ");
	}
	if (*p == '\0')
		return NULL;
	*list = p + len;
	return args_option(p, len);
}

/* "contact" for OPT_CONTACT */
static const char *
long_name(int val)
{
	for (size_t i = 0; longs[i].name != NULL; i++)
		if (longs[i].val == val)
			return longs[i].name;
	return "?";
}

int
args_usage(const struct call *c, const char *what, const char *arg)
{
	struct complaint m = {.exit_status = EXIT_USAGE, .code = "usage"};
	char hint[64];

	if (c->verb == NULL)
		snprintf(hint, sizeof(hint), "meshctl help");
	else
		snprintf(hint, sizeof(hint), "meshctl help %s", c->verb->name);
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

/* One of the options that have a word only. */
static int
parse_long(struct call *c, enum opt opt, const char *arg)
{
	c->opt[opt] = arg == NULL ? "" : arg;
	if (opt == OPT_GROUP) {
		if (c->ngroups == ARGS_REPEAT_MAX)
			return args_usage(c, "too many groups: ", arg);
		c->group[c->ngroups++] = arg;
	} else if (opt == OPT_CONTACT) {
		if (c->ncontacts == ARGS_REPEAT_MAX)
			return args_usage(c, "too many contacts: ", arg);
		c->contact[c->ncontacts++] = arg;
	}
	return 0;
}

static int
complain(const struct call *c, int opt, char *const argv[])
{
	char letter[2] = {0};

	if (opt == ':' && optopt >= LONG)
		return args_usage(
		    c, "an argument is missing behind --", long_name(optopt));
	letter[0] = (char)optopt;
	if (opt == ':')
		return args_usage(c, "an argument is missing behind -", letter);
	/* of a long one getopt keeps no more than where it stood */
	if (optopt == 0 || optopt >= LONG)
		return args_usage(c, "unknown option ", argv[optind - 1]);
	letter[0] = optopt > 0 && optopt < 128 ? (char)optopt : '?';
	return args_usage(c, "unknown option -", letter);
}

/* One option that has a letter. */
static int
parse_letter(struct call *c, int opt, char *arg)
{
	if (strchr("anoDciW", opt) != NULL && strchr(c->given, opt) == NULL)
		c->given[strlen(c->given)] = (char)opt;
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
	case 'S':
		c->statedir = arg;
		return 0;
	case 'f':
		if (arg == NULL)
			return parse_long(c, OPT_FOLLOW, NULL);
		c->conf = arg;
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
		    : args_usage(c, "-n needs a number above zero, not ", arg);
	case 'o':
		c->file = arg;
		return 0;
	case 'c':
		return parse_count(arg, &c->count) == 0
		    ? 0
		    : args_usage(c, "-c needs a number above zero, not ", arg);
	case 'i':
		c->interval = arg;
		return 0;
	case 'W':
		c->wait = arg;
		return 0;
	default: /* D */
		return parse_macro(c, arg) == 0
		    ? 0
		    : args_usage(c, "-D needs NAME=VALUE, not ", arg);
	}
}

/* Is the word one of the list, which begins behind the first blank? */
static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (list = strchr(list, ' '); list != NULL; list = strchr(list, ' ')) {
		list++;
		if (strncmp(list, word, n) == 0 &&
		    (list[n] == ' ' || list[n] == '\0'))
			return true;
	}
	return false;
}

/*
 * Of verbs that follow something -f says so, as elsewhere; for all others it
 * is the configuration.  So the verb is looked for before options are read.
 */
static bool
verb_follows(const struct call *c, int argc, char *argv[])
{
	const struct verb *v;

	while (getopt_long(argc, argv, "+:" LETTERS "f:", longs, NULL) != -1)
		;
	v = optind < argc ? verbs_find(c, argv[optind]) : NULL;
	optind = 0; /* from the start; the BSDs understand this, too */
	return v != NULL && has_word(v->options, long_name(LONG + OPT_FOLLOW));
}

int
args_read(struct call *c, int argc, char *argv[], int *code)
{
	const char *letters = ":" LETTERS "f:";
	int opt;

	opterr = 0;
	*code = EXIT_FINE;
	if (verb_follows(c, argc, argv))
		letters = ":" LETTERS "f";
	while ((opt = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (opt == 'V') {
			*code = verb_version(c);
			return -1;
		}
		if (opt == 'h')
			c->help = true;
		else if (opt == ':' || opt == '?')
			*code = complain(c, opt, argv);
		else if (opt >= LONG)
			*code = parse_long(c, (enum opt)(opt - LONG), optarg);
		else
			*code = parse_letter(c, opt, optarg);
		if (*code != EXIT_FINE)
			return -1;
	}
	c->argc = argc - optind;
	c->argv = argv + optind;
	return 0;
}

int
args_allowed(const struct call *c)
{
	const struct verb *v = c->verb;
	size_t letters = strcspn(v->options, " ");
	char letter[2] = {0};

	for (const char *g = c->given; *g != '\0'; g++)
		if (memchr(v->options, *g, letters) == NULL) {
			letter[0] = *g;
			return args_usage(
			    c, "this verb has no option -", letter);
		}
	for (int i = 0; i < OPT_NOPTS; i++)
		if (c->opt[i] != NULL &&
		    !has_word(v->options, long_name(LONG + i)))
			return args_usage(c, "this verb has no option --",
			    long_name(LONG + i));
	if (c->argc < v->min)
		return args_usage(c, "something is missing: meshctl ", v->name);
	if (c->argc > v->max)
		return args_usage(
		    c, "one argument too many: ", c->argv[v->max]);
	return EXIT_FINE;
}
