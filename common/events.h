/* SPDX-License-Identifier: ISC */
/* file: common/events.h */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What may happen to a node and is worth a word: a closed list of kinds, each
 * with a severity and its fields.  Scripts rely on the names; mesh-events(7)
 * documents them.  Pure.
 *
 *	engine, discoveryd, keyd --EVENT--> parent --EVENT--> control
 *	        [gate]                      [gate]            [ring] --> meshctl
 *
 * A process says what happened, once; the parent, which knows who it is, adds
 * who and when, control a number.  At each border passes what the gate lets:
 * EVENT_BURST of a kind at once and EVENT_RATE a second, so that no kind
 * hides another, whoever provokes it.  What is held back is counted by kind
 * and told by the kind EV_LOST.
 */
#include "events.def"

#define EVENT_FIELDS_MAX 4
#define EVENT_TEXT_MAX 128 /* with the NUL; longer text is cut */
#define EVENT_BURST 256
#define EVENT_RATE 1
#define EVENT_LOST_AGAIN_MS 10000 /* between two reports of what was lost */

enum event_kind {
#define E_ENUM(id, severity, name, fields, help) id,
	EVENTS(E_ENUM)
#undef E_ENUM
	    EVENT_NKINDS
};
#define EVENT_ANY EVENT_NKINDS /* as a value of EVF_EVENT: of any kind */

enum event_word {
#define W_ENUM(id, name, help) id,
	EVENT_WORDS(W_ENUM)
#undef W_ENUM
	    EVENT_NWORDS
};

enum event_type {
	EVT_TEXT,  /* s; "": not known */
	EVT_WORD,  /* n: enum event_word */
	EVT_COUNT, /* n */
	EVT_AT,    /* n: unix ms, 0: not known */
	EVT_ROLE,  /* n: enum role */
	EVT_KIND   /* n: enum event_kind or EVENT_ANY */
};

enum event_field {
	EVF_NONE,
#define F_ENUM(id, type, name, help) id,
	EVENT_FIELDS(F_ENUM)
#undef F_ENUM
	    EVENT_NFIELDS
};

enum event_severity { EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

struct event_info {
	const char *name, *help;
	enum event_severity severity;
	enum event_field field[EVENT_FIELDS_MAX + 1]; /* up to EVF_NONE */
};
struct event_field_info {
	const char *name, *help;
	enum event_type type;
};
const struct event_info *events_info(enum event_kind); /* NULL: unknown */
const struct event_field_info *events_field(enum event_field);
const char *event_word_name(enum event_word);
const char *event_word_help(enum event_word);
const char *event_severity_name(enum event_severity);
/* 0 or -1: there is none of this name. */
int event_kind_parse(const char *, enum event_kind *);
int event_severity_parse(const char *, enum event_severity *);

/* What happened: the values are those of event_info's fields, in that order. */
struct msg_event {
	enum event_kind kind;
	uint8_t from;     /* enum role; 0: not known yet */
	uint64_t unix_ms; /* 0: not known yet */
	uint64_t no;      /* control's number, 0: none */
	struct event_value {
		uint64_t n;
		char s[EVENT_TEXT_MAX];
	} v[EVENT_FIELDS_MAX];
};
/* The place of a value, NULL: the kind has no such field. */
struct event_value *events_value(struct msg_event *, enum event_field);

void events_begin(struct msg_event *, enum event_kind);
/* Set a field; one that the kind does not have, or of another type: no-op. */
void events_text(struct msg_event *, enum event_field, const char *);
void events_number(struct msg_event *, enum event_field, uint64_t);

/* ---- how many may pass ---- */
struct event_gate {
	uint32_t burst;
	uint64_t said_ms; /* last report, 0: none */
	struct event_quota {
		uint64_t tokens_m, at_ms; /* thousandths; 0: full */
		uint64_t lost;
		enum event_word why;
	} of[EVENT_NKINDS];
};
void event_gate_init(struct event_gate *, uint32_t burst);
/* May one more of this kind pass now?  If not, it is counted. */
bool event_gate_pass(struct event_gate *, enum event_kind, uint64_t now_ms);
/* It passed, and got lost nevertheless. */
void event_gate_lose(
    struct event_gate *, enum event_kind, uint64_t n, enum event_word why);
/*
 * Is a report due of what was lost?  One kind at a time, that which lost most;
 * it is forgotten then.
 */
bool event_gate_report(
    struct event_gate *, uint64_t now_ms, struct msg_event *);

#endif
