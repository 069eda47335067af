/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_conf.c */
/*
 * configtest: read a configuration as tunnel-priv would, and say everything
 * that is wrong with it.  Needs no privilege, no running daemon, no device;
 * nothing is changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verbs.h"

#define DEFAULT_FILE MESH_SYSCONFDIR "/mesh/mesh.conf"

static void
show_result(const struct call *c, struct show *o, const char *file,
    const struct conf *conf, const struct conf_diags *d)
{
	char line[CONF_PATH_MAX + 64];
	bool ok = d->errors == 0;

	if (c->form == FORM_JSON) {
		o->ops->field(o, "file", NULL, file);
		o->ops->field(o, "result", NULL, ok ? "ok" : "failed");
		o->ops->number(o, "errors", d->errors);
		o->ops->number(o, "warnings", d->warnings);
		o->ops->number(o, "peers", conf->npeers);
	}
	for (uint32_t i = 0; i < d->n; i++)
		o->ops->diag(o, &d->d[i]);
	if (c->form != FORM_TEXT)
		return;
	if (ok && d->warnings == 0)
		snprintf(line, sizeof(line), "%.255s: ok, %u peer%s", file,
		    (unsigned)conf->npeers, conf->npeers == 1 ? "" : "s");
	else
		snprintf(line, sizeof(line), "%u error%s, %u warning%s",
		    (unsigned)d->errors, d->errors == 1 ? "" : "s",
		    (unsigned)d->warnings, d->warnings == 1 ? "" : "s");
	o->ops->field(o, "result", "", line);
}

int
verb_configtest(const struct call *c)
{
	const struct complaint oom = {
	    .exit_status = EXIT_BAD, .code = "system"};
	const char *file = c->argc > 0 ? c->argv[0] : DEFAULT_FILE;
	struct conf_diags *d = calloc(1, sizeof(*d));
	struct conf conf;
	char host[256];
	struct show *o;
	int code;

	if (d == NULL)
		return report_error(c, &oom, "no memory");
	if (gethostname(host, sizeof(host)) == -1)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	conf_defaults(&conf, host, c->rundir);
	code = conf_load(file, c->macro, c->nmacros, &conf, d) == 0 ? EXIT_FINE
								    : EXIT_BAD;
	o = report_begin(c, SHOW_CONFIG_CHECK, NULL);
	if (o == NULL) {
		code = EXIT_BAD;
	} else {
		show_result(c, o, file, &conf, d);
		code = report_end(c, o, code);
	}
	conf_clear(&conf);
	free(d);
	return code;
}
