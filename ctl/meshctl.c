/* SPDX-License-Identifier: ISC */
/* file: ctl/meshctl.c */
/*
 * meshctl: look at and control a running node.
 *
 * The verbs are in verbs_table.c; the command line is read by args.c, and what
 * a verb does is in verbs_*.c.  It runs as whoever calls it and has no rights
 * of its own: what it may ask is decided by the sockets' modes and by control,
 * and what it may write by the file system.
 */
#include <stdio.h>

#include "log.h"
#include "verbs.h"

#define RUNDIR "/run/mesh"

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
	struct call c = {.rundir = RUNDIR};
	int code;

	log_init("meshctl", LOG_L_WARN);
	c.verbs = verbs_table(&c.nverbs);
	if (args_read(&c, argc, argv, &code) == -1)
		return code;
	if (c.help)
		return verb_help(&c);
	if (c.argc == 0 && !verbs_welcome(&c, stdout))
		verbs_overview(&c, stdout);
	if (c.argc == 0)
		return EXIT_FINE;
	code = find_verb(&c, c.argv[0]);
	if (code != 0)
		return code;
	c.argc--;
	c.argv++;
	code = args_allowed(&c);
	return code != 0 ? code : c.verb->run(&c);
}
