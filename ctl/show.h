/* SPDX-License-Identifier: ISC */
/* file: ctl/show.h */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"
#include "counters.h"
#include "msg.h"
#include "show_doc.h"

/*
 * One writer, three forms: what a verb found out goes through this interface
 * as head, rows, tail, and comes out as text for people, as tab-separated
 * values (-H) or as one JSON document.  A verb does not know which.
 *
 * Every string in a row may be a stranger's word; the writers make all of them
 * printable.  Everything is collected before head, so that an error is never
 * behind half a document.
 *
 *	show_text.c  80 columns, units, colour only where asked for
 *	show_raw.c   one row a line, no units, nothing cut
 *	show_json.c  schema, generated_at, node; null and [] instead of absence
 */
struct show_head {
	enum show_doc doc;
	const char *node; /* NULL: not known, or not a question of a node */
	uint64_t now_ms;  /* unix time; ages count from here */
};

struct show_summary { /* peers by what an administrator makes of it */
	unsigned total, up, connecting, down, idle, off;
};

struct show_traffic {             /* octets since the processes started */
	bool has_tunnel, has_udp; /* false: who counts it did not answer */
	uint64_t in, out;         /* inside the tunnel */
	uint64_t udp_in, udp_out; /* on the network */
};

struct show_book { /* records at one border, see counters.h */
	enum border border;
	uint64_t in, out, drops, held;
	int64_t unaccounted;
};

struct show_counter {
	enum role role;
	const struct counter_info *info;
	uint64_t value;
};

enum show_severity { SHOW_INFO, SHOW_WARNING, SHOW_ERROR };

struct show_note { /* what needs attention, and what to do about it */
	enum show_severity severity;
	char code[32];
	char message[192];
	char hint[96]; /* "": none */
};

struct show_error {
	const char *code; /* "daemon_not_running" */
	int exit_status;
	char message[384];
	char detail[256];  /* "": none */
	char hint[2][128]; /* "": none */
};

struct show;

struct show_ops {
	void (*head)(struct show *, const struct show_head *);
	void (*node)(struct show *, const struct msg_node_row *);
	void (*state)(struct show *, bool degraded);
	/* NULL: nobody knows */
	void (*summary)(struct show *, const struct show_summary *);
	void (*traffic)(struct show *, const struct show_traffic *);
	void (*proc)(struct show *, const struct msg_proc_row *);
	void (*book)(struct show *, const struct show_book *);
	void (*drop)(struct show *, const struct show_counter *);
	void (*peer)(struct show *, const struct msg_peer_row *); /* of many */
	void (*detail)(
	    struct show *, const struct msg_peer_row *); /* the one */
	void (*counter)(struct show *, const struct show_counter *);
	void (*log)(struct show *, const struct msg_log_row *);
	void (*text)(struct show *, const struct msg_text_row *);
	void (*diag)(struct show *, const struct conf_diag *);
	/* name is the JSON key; label NULL: not in text, "": value alone */
	void (*field)(struct show *, const char *name, const char *label,
	    const char *value);
	void (*number)(struct show *, const char *name, uint64_t);
	/* One labelled value; one row of an array, whose rows are all alike. */
	void (*cell)(struct show *, const struct show_cell *);
	void (*row)(struct show *, const char *array, const struct show_cell *,
	    unsigned n);
	void (*note)(struct show *, const struct show_note *);
	/* The last call; frees.  0, or -1: it could not all be written. */
	int (*tail)(struct show *);
};

struct show { /* the writers embed it as their first member */
	const struct show_ops *ops;
	FILE *f;
};

/* NULL: no memory */
struct show *show_text_new(FILE *, bool colour);
struct show *show_raw_new(FILE *);
struct show *show_json_new(FILE *);

/* An error as text ("meshctl: ...", fix), or as a mesh.error/1 document. */
void show_text_error(FILE *, const struct show_error *);
void show_json_error(FILE *, const struct show_error *, uint64_t now_ms);

/* ---- words all writers share (show.c) ---- */
const char *show_peer_state(enum peer_view);  /* "up", "handshake", ... */
const char *show_proc_state(enum proc_state); /* "up", "waiting", ... */
const char *show_severity_name(enum show_severity);
const char *show_offload_name(unsigned bit); /* "csum"; NULL: no such bit */
/* src made printable; returns out */
const char *show_vis(char *out, size_t cap, const char *src);

#endif
