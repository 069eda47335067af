/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/options.h */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

/* The command line of tunnel-priv, as tunnel-priv(8) describes it. */
#define OPTIONS_MACROS_MAX 64

struct options {
	const char *conf, *rundir, *libexec;
	bool debug;       /* -d: stay in the foreground, log to stderr */
	bool check;       /* -n: look at the configuration only */
	unsigned verbose; /* -v, or -v -v */
	unsigned nmacros;
	const char *macro[OPTIONS_MACROS_MAX]; /* "name=value" */
};

#endif
