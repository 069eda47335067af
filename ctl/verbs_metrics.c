/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_metrics.c */
/*
 * metrics: what mesh-exporter serves, printed once, or written to a file that
 * node_exporter's textfile collector reads: whole or not at all.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "gather.h"
#include "metrics.h"
#include "session.h"

static int
failed(const struct call *c, const char *file)
{
	const struct complaint m = {.exit_status = EXIT_BAD, .code = "system"};

	return report_error(c, &m, "%s: %s", file, strerror(errno));
}

static enum metrics_form
form(const struct call *c)
{
	return c->opt[OPT_OPENMETRICS] != NULL ? METRICS_OPENMETRICS
					       : METRICS_TEXT;
}

/*
 * Beside the file and then in its place, so that whoever reads it sees the
 * old or the new.  Everybody may read it: it says nothing that the status
 * socket does not.
 */
static int
save(const struct call *c, const struct snapshot *s)
{
	char beside[PATH_MAX];
	FILE *f;
	int n;

	n = snprintf(beside, sizeof(beside), "%s.%ld", c->file, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(beside)) {
		errno = ENAMETOOLONG;
		return failed(c, c->file);
	}
	f = fopen(beside, "wx");
	if (f == NULL)
		return failed(c, beside);
	metrics_write(f, form(c), s, clock_unix_ms());
	if (fchmod(fileno(f), 0644) == -1 || fflush(f) != 0 ||
	    fsync(fileno(f)) == -1) {
		n = failed(c, beside);
		fclose(f);
		unlink(beside);
		return n;
	}
	if (fclose(f) != 0 || rename(beside, c->file) == -1) {
		n = failed(c, c->file);
		unlink(beside);
		return n;
	}
	return EXIT_FINE;
}

static int
print(const struct call *c, const struct snapshot *s)
{
	metrics_write(stdout, form(c), s, clock_unix_ms());
	return fflush(stdout) == 0 ? EXIT_FINE : failed(c, "standard output");
}

int
verb_metrics(const struct call *c)
{
	const struct complaint broken = {.exit_status = EXIT_BAD,
	    .code = "protocol",
	    .hint = {"try again, then: meshctl log"}};
	struct session s;
	int code = session_open(&s, c, SESSION_LOOK);

	if (code == EXIT_FINE && gather(s.request, &s.snap) != REQUEST_OK)
		code = report_error(
		    c, &broken, "the conversation with control broke off");
	if (code == EXIT_FINE) {
		snapshot_sort(&s.snap);
		code = c->file != NULL ? save(c, &s.snap) : print(c, &s.snap);
	}
	session_close(&s);
	return code;
}
