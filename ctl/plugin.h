/* SPDX-License-Identifier: ISC */
/* file: ctl/plugin.h */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "snapshot.h"

/*
 * The line and the code that monitoring programs want of a plugin (Nagios,
 * Icinga and their like): a word, what is the matter, figures behind a bar.
 * Pure.
 */
enum plugin_code { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

#define PLUGIN_LINE_MAX 512
/*
 * Critical: a process is not up, packets are unaccounted for, or fewer peers
 * are up than `require`; warning: a peer is down, or a note says so.  s is
 * NULL if the node does not run.
 */
enum plugin_code plugin_line(
    char out[PLUGIN_LINE_MAX], const struct snapshot *s, unsigned require);

#endif
