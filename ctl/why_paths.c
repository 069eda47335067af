/* SPDX-License-Identifier: ISC */
/* file: ctl/why_paths.c */
/*
 * What the places of a peer say about why it is reached as it is: by a relay
 * because nothing direct answers, or not at all because nothing does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fmt.h"
#include "why.h"

#define SILENT_MS 1000 /* shorter is a moment, not a cause */

struct text {
	char *out;
	size_t cap, len;
};

static __attribute__((format(printf, 2, 3))) void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->out + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
	if (t->len >= t->cap)
		t->len = t->cap - 1;
}

static bool
works(const struct msg_path_row *m)
{
	return m->state == PST_SPARE || m->state == PST_PROVED ||
	    m->state == PST_HELD;
}

/* "relay gamma", but the kind once only */
static void
add_place(struct text *t, const struct msg_path_row *m)
{
	const char *kind = path_kind_name(m->kind);

	if (strncmp(m->place, kind, strlen(kind)) == 0)
		add(t, "%s", m->place);
	else
		add(t, "%s %s", kind, m->place);
}

static const char *
because(enum path_reason why)
{
	static const char *const texts[PR_NREASONS] = {
	    [PR_NONE] = "",
	    [PR_FAILED] = ", the one before fell silent",
	    [PR_BACK] = ", it works again",
	    [PR_BETTER] = ", it is nearer",
	    [PR_UPGRADE] = ", a better kind than before",
	    [PR_FIRST] = "",
	    [PR_BY_HAND] = ", by meshctl failover",
	    [PR_ONLY] = ", the only one: it knows no probes",
	};

	return why < PR_NREASONS ? texts[why] : "";
}

/* Why nothing direct is used: what there is of it. */
static void
add_direct(
    struct text *t, const struct snapshot *s, const struct msg_path_row *best)
{
	unsigned n = 0;

	if (best->pinned) {
		add(t, "; its rank is configured");
		return;
	}
	for (size_t i = 0; i < s->npaths; i++) {
		const struct msg_path_row *m = &s->path[i];

		if (strcmp(m->peer, best->peer) != 0 || m->kind != PK_DIRECT)
			continue;
		add(t, "%s%s ", n++ == 0 ? "; direct " : ", ", m->place);
		if (m->state == PST_HELD)
			add(t, "held for %u s", m->held_ms / 1000 + 1);
		else if (works(m))
			add(t, "answers");
		else if (m->state == PST_UNPROVED)
			add(t, "never answered");
		else
			add(t, "fell silent");
	}
	if (n == 0)
		add(t, "; no direct place is known");
}

static void
add_spare(struct text *t, const struct snapshot *s, const char *peer)
{
	for (size_t i = 0; i < s->npaths; i++)
		if (s->path[i].state == PST_SPARE &&
		    strcmp(s->path[i].peer, peer) == 0) {
			add(t, "; spare ");
			add_place(t, &s->path[i]);
			return;
		}
	add(t, "; nothing else answers");
}

bool
why_paths(const struct snapshot *s, const char *peer, enum why_verdict *v,
    char *out, size_t cap)
{
	struct text t = {out, cap, 0};
	const struct msg_path_row *best = NULL;
	unsigned others = 0, n = 0;

	for (size_t i = 0; i < s->npaths; i++) {
		const struct msg_path_row *m = &s->path[i];

		if (strcmp(m->peer, peer) != 0)
			continue;
		n++;
		others += works(m);
		if (m->why != PR_NONE)
			best = m;
	}
	if (best == NULL)
		return false;
	if (best->why != PR_ONLY && best->silent_ms >= SILENT_MS &&
	    others == 0 && best->state == PST_DEAD) {
		*v = WHY_BAD;
		add(&t, "%u places, all silent for %u.%u s", n,
		    best->silent_ms / 1000, best->silent_ms / 100 % 10);
		return true;
	}
	*v = best->kind == PK_DIRECT ? WHY_OK : WHY_NOTE;
	add_place(&t, best);
	add(&t, "%s", because(best->why));
	if (best->kind != PK_DIRECT)
		add_direct(&t, s, best);
	else if (best->why != PR_ONLY)
		add_spare(&t, s, peer);
	return true;
}
