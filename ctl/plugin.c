/* SPDX-License-Identifier: ISC */
/* file: ctl/plugin.c */
/*
 * What a snapshot means to a monitoring program (see plugin.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugin.h"

#define NOTES_MAX 32

static const char *const words[] = {
    [PLUGIN_OK] = "OK",
    [PLUGIN_WARNING] = "WARNING",
    [PLUGIN_CRITICAL] = "CRITICAL",
    [PLUGIN_UNKNOWN] = "UNKNOWN",
};

static int64_t
unaccounted(const struct snapshot *s)
{
	struct show_book b;
	int64_t sum = 0;

	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++)
		if (snapshot_book(s, (enum border)i, &b))
			sum +=
			    b.unaccounted < 0 ? -b.unaccounted : b.unaccounted;
	return sum;
}

/* A bar would end the text, and begin the figures. */
static void
no_bars(char *text)
{
	for (char *p = text; (p = strchr(p, '|')) != NULL;)
		*p = '/';
}

enum plugin_code
plugin_line(
    char out[PLUGIN_LINE_MAX], const struct snapshot *s, unsigned require)
{
	enum plugin_code code = PLUGIN_OK;
	struct show_note note[NOTES_MAX];
	char what[256], vis[256];
	struct show_summary sum;
	unsigned restarts = 0;
	bool bad;
	size_t n;

	if (s == NULL || !s->has_node) {
		snprintf(out, PLUGIN_LINE_MAX, "MESH CRITICAL - not running");
		return PLUGIN_CRITICAL;
	}
	snapshot_summary(s, &sum);
	for (unsigned i = 0; i < s->nprocs; i++)
		restarts += s->proc[i].restarts;
	n = snapshot_notes(s, note, NOTES_MAX, &bad);
	snprintf(what, sizeof(what), "%u of %u peers up", sum.up, sum.total);
	if (sum.down > 0 || (n > 0 && note[0].severity == SHOW_WARNING))
		code = PLUGIN_WARNING;
	if (bad || s->peers_unknown || sum.up < require)
		code = PLUGIN_CRITICAL;
	if (sum.up < require)
		snprintf(what, sizeof(what),
		    "%u of %u peers up, %u are required", sum.up, sum.total,
		    require);
	else if (n > 0 && note[0].severity != SHOW_INFO)
		snprintf(what, sizeof(what), "%s", note[0].message);
	show_vis(vis, sizeof(vis), what);
	no_bars(vis);
	snprintf(out, PLUGIN_LINE_MAX,
	    "MESH %s - %s | up=%u down=%u idle=%u peers=%u restarts=%uc "
	    "unaccounted=%" PRId64,
	    words[code], vis, sum.up, sum.down, sum.idle, sum.total, restarts,
	    unaccounted(s));
	return code;
}
