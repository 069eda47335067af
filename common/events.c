/* SPDX-License-Identifier: ISC */
/* file: common/events.c */
/*
 * What the lists of events.def mean, and the gate (see events.h).
 */
#include <stdio.h>
#include <string.h>

#include "events.h"

#define FIELDS0()                                                              \
	{                                                                      \
		EVF_NONE                                                       \
	}
#define FIELDS1(a)                                                             \
	{                                                                      \
		a                                                              \
	}
#define FIELDS2(a, b)                                                          \
	{                                                                      \
		a, b                                                           \
	}
#define FIELDS3(a, b, c)                                                       \
	{                                                                      \
		a, b, c                                                        \
	}
#define FIELDS4(a, b, c, d)                                                    \
	{                                                                      \
		a, b, c, d                                                     \
	}

static const struct event_info infos[EVENT_NKINDS] = {
#define E_INFO(id, sev, n, fields, h)                                          \
	[id] = {.name = (n),                                                   \
	    .help = (h),                                                       \
	    .severity = EVENT_##sev,                                           \
	    .field = fields},
    EVENTS(E_INFO)
#undef E_INFO
};

static const struct event_field_info fields[EVENT_NFIELDS] = {
#define F_INFO(id, t, n, h) [id] = {.name = (n), .help = (h), .type = (t)},
    EVENT_FIELDS(F_INFO)
#undef F_INFO
};

static const struct {
	const char *name, *help;
} words[EVENT_NWORDS] = {
#define W_INFO(id, n, h) [id] = {(n), (h)},
    EVENT_WORDS(W_INFO)
#undef W_INFO
};

static const char *const severities[] = {
    [EVENT_INFO] = "info",
    [EVENT_WARNING] = "warning",
    [EVENT_ERROR] = "error",
};

const struct event_info *
events_info(enum event_kind kind)
{
	return (unsigned)kind < EVENT_NKINDS ? &infos[kind] : NULL;
}

const struct event_field_info *
events_field(enum event_field f)
{
	return f != EVF_NONE && (unsigned)f < EVENT_NFIELDS ? &fields[f] : NULL;
}

const char *
event_word_name(enum event_word w)
{
	return (unsigned)w < EVENT_NWORDS ? words[w].name : "?";
}

const char *
event_word_help(enum event_word w)
{
	return (unsigned)w < EVENT_NWORDS ? words[w].help : "?";
}

const char *
event_severity_name(enum event_severity s)
{
	return (unsigned)s <= EVENT_ERROR ? severities[s] : "?";
}

int
event_kind_parse(const char *name, enum event_kind *out)
{
	for (unsigned i = 0; i < EVENT_NKINDS; i++)
		if (strcmp(infos[i].name, name) == 0) {
			*out = (enum event_kind)i;
			return 0;
		}
	return -1;
}

int
event_severity_parse(const char *name, enum event_severity *out)
{
	for (unsigned i = 0; i <= EVENT_ERROR; i++)
		if (strcmp(severities[i], name) == 0) {
			*out = (enum event_severity)i;
			return 0;
		}
	return -1;
}

/* ---- values ---- */

struct event_value *
events_value(struct msg_event *e, enum event_field f)
{
	const struct event_info *info = events_info(e->kind);

	for (unsigned i = 0; info != NULL && info->field[i] != EVF_NONE; i++)
		if (info->field[i] == f)
			return &e->v[i];
	return NULL;
}

void
events_begin(struct msg_event *e, enum event_kind kind)
{
	*e = (struct msg_event){.kind = kind};
}

void
events_text(struct msg_event *e, enum event_field f, const char *s)
{
	struct event_value *v = events_value(e, f);

	if (v != NULL && fields[f].type == EVT_TEXT)
		snprintf(v->s, sizeof(v->s), "%s", s);
}

void
events_number(struct msg_event *e, enum event_field f, uint64_t n)
{
	struct event_value *v = events_value(e, f);

	if (v != NULL && fields[f].type != EVT_TEXT)
		v->n = n;
}

/* ---- the gate ---- */

void
event_gate_init(struct event_gate *g, uint32_t burst)
{
	*g = (struct event_gate){.burst = burst};
}

bool
event_gate_pass(struct event_gate *g, enum event_kind kind, uint64_t now_ms)
{
	struct event_quota *q = &g->of[kind];
	uint64_t full_m = (uint64_t)g->burst * 1000;
	uint64_t past = now_ms > q->at_ms ? now_ms - q->at_ms : 0;

	if (q->at_ms == 0 || past >= full_m / EVENT_RATE ||
	    q->tokens_m + past * EVENT_RATE > full_m)
		q->tokens_m = full_m;
	else
		q->tokens_m += past * EVENT_RATE;
	q->at_ms = now_ms == 0 ? 1 : now_ms;
	if (q->tokens_m < 1000) {
		event_gate_lose(g, kind, 1, EVW_RATE);
		return false;
	}
	q->tokens_m -= 1000;
	return true;
}

void
event_gate_lose(
    struct event_gate *g, enum event_kind kind, uint64_t n, enum event_word why)
{
	g->of[kind].lost += n;
	g->of[kind].why = why;
}

bool
event_gate_report(struct event_gate *g, uint64_t now_ms, struct msg_event *e)
{
	struct event_quota *most = &g->of[0];

	if (g->said_ms != 0 && now_ms - g->said_ms < EVENT_LOST_AGAIN_MS)
		return false;
	for (unsigned i = 1; i < EVENT_NKINDS; i++)
		if (g->of[i].lost > most->lost)
			most = &g->of[i];
	if (most->lost == 0)
		return false;
	events_begin(e, EV_LOST);
	events_number(e, EVF_EVENT, (uint64_t)(most - g->of));
	events_number(e, EVF_COUNT, most->lost);
	events_number(e, EVF_CAUSE, most->why);
	most->lost = 0;
	g->said_ms = now_ms == 0 ? 1 : now_ms;
	return true;
}
