/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_help.c */
/*
 * The verbs about meshctl itself: help and version.  All of it comes from the
 * table of verbs, so that it can't be out of date.
 */
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "msg.h"
#include "nearest.h"
#include "verbs.h"

#define LEFT_WIDTH 26

const struct verb *
verbs_find(const struct call *c, const char *name)
{
	for (size_t i = 0; i < c->nverbs; i++)
		if (strcmp(c->verbs[i].name, name) == 0)
			return &c->verbs[i];
	return NULL;
}

const char *
verbs_nearest(const struct call *c, const char *name)
{
	struct nearest n;

	nearest_start(&n, name);
	for (size_t i = 0; i < c->nverbs; i++)
		nearest_offer(&n, c->verbs[i].name);
	return n.best;
}

static size_t
operands_len(const char *operands)
{
	const char *options = strstr(operands, "[--");
	size_t n =
	    options == NULL ? strlen(operands) : (size_t)(options - operands);

	while (n > 0 &&
	    (operands[n - 1] == ' ' || operands[n - 1] == '\n' ||
		operands[n - 1] == '\t'))
		n--;
	return n;
}

void
verbs_overview(const struct call *c, FILE *f)
{
	fprintf(f,
	    "usage: meshctl [-j] [-H] [-f file] [-R rundir | -s socket] "
	    "[-S statedir]\n               verb [argument ...]\n\n");
	for (size_t i = 0; i < c->nverbs; i++) {
		const struct verb *v = &c->verbs[i];
		char left[40];

		/* the first line of its operands, without its options */
		snprintf(left, sizeof(left), "%s %.*s", v->name,
		    (int)operands_len(v->operands), v->operands);
		if (strlen(left) < LEFT_WIDTH)
			fprintf(f, "  %-*s%s\n", LEFT_WIDTH, left, v->summary);
		else
			fprintf(f, "  %s\n  %*s%s\n", left, LEFT_WIDTH, "",
			    v->summary);
	}
	fprintf(f,
	    "\n  -j, --json    one JSON document\n"
	    "  -H            raw: no heads, no units, tabs between\n"
	    "  -R rundir     where the sockets are (default %s)\n"
	    "  -f file       the configuration (default " PATHS_CONF ")\n"
	    "  -S statedir   where init and join put keys "
	    "(default " CONF_STATE_DIR ")\n"
	    "  -s socket     exactly this socket\n\n"
	    "meshctl help VERB says more; meshctl(8) has examples.\n",
	    c->rundir);
}

bool
verbs_welcome(const struct call *c, FILE *f)
{
	if (paths_exist(c->conf == NULL ? PATHS_CONF : c->conf))
		return false;
	fprintf(f,
	    "No network is set up on this machine.\n"
	    "  start one    sudo meshctl init\n"
	    "  join one     sudo meshctl join TOKEN\n"
	    "  all verbs    meshctl help\n"
	    "  read         man mesh\n");
	return true;
}

static void
show_options(const struct verb *v)
{
	const struct args_option *o;
	const char *list = v->options;
	char left[40];

	if (list[0] != '\0')
		printf("\n");
	while ((o = args_next(&list)) != NULL) {
		snprintf(left, sizeof(left), "%s%s%s%s",
		    o->name[1] == '\0' ? "-" : "--", o->name,
		    o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg);
		printf("  %-20s%s\n", left, o->what);
	}
}

int
verb_help(const struct call *c)
{
	struct complaint m = {.exit_status = EXIT_USAGE, .code = "usage"};
	const struct verb *v;

	if (c->argc == 0 && c->form == FORM_RAW) {
		for (size_t i = 0; i < c->nverbs; i++)
			printf("%s\t%s\t%s\n", c->verbs[i].name,
			    c->verbs[i].operands, c->verbs[i].summary);
		return EXIT_FINE;
	}
	if (c->argc == 0) {
		verbs_overview(c, stdout);
		return EXIT_FINE;
	}
	v = verbs_find(c, c->argv[0]);
	if (v == NULL) {
		m.hint[0] = "meshctl help";
		return report_error(c, &m, "no verb \"%s\"", c->argv[0]);
	}
	printf("usage: meshctl %s%s%s\n\n%s.\n%s", v->name,
	    v->operands[0] == '\0' ? "" : " ", v->operands, v->summary,
	    v->more);
	show_options(v);
	return EXIT_FINE;
}

int
verb_version(const struct call *c)
{
	struct show *o = report_begin(c, SHOW_VERSION, NULL);

	if (o == NULL)
		return EXIT_BAD;
	if (c->form == FORM_TEXT) {
		o->ops->field(o, "version", "", "meshctl " MESH_VERSION);
	} else {
		o->ops->field(o, "version", NULL, MESH_VERSION);
		o->ops->number(o, "protocol", MSG_VERSION);
	}
	return report_end(c, o, EXIT_FINE);
}
