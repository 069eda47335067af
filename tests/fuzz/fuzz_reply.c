/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_reply.c */
/*
 * Rows from a control that lies, through meshctl's decoders and all three
 * writers.
 *
 * The input is a list of rows: one octet of type, two of length, the body.
 * Oracle: whatever the rows say, text and raw output are printable ASCII, tabs
 * and newlines, no line of the status document's tables leaves the terminal,
 * and JSON output is a document that parses.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

#define NOW 1763694000000u
#define NOTES 16

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
show_rows(struct show *o, const struct snapshot *s)
{
	struct show_note note[NOTES];
	struct show_summary sum;
	struct show_traffic t;
	struct show_book book;
	struct show_counter drop[4];
	bool degraded;
	size_t n;

	if (s->has_node)
		o->ops->node(o, &s->node);
	n = snapshot_notes(s, note, NOTES, &degraded);
	o->ops->state(o, degraded);
	snapshot_summary(s, &sum);
	o->ops->summary(o, &sum);
	snapshot_traffic(s, &t);
	o->ops->traffic(o, &t);
	for (unsigned i = 0; i < s->nprocs; i++)
		o->ops->proc(o, &s->proc[i]);
	for (unsigned b = B_NONE + 1; b < B_NBORDERS; b++)
		if (snapshot_book(s, (enum border)b, &book))
			o->ops->book(o, &book);
	for (size_t i = snapshot_drops(s, drop, 4); i-- > 0;)
		if (i < 4)
			o->ops->drop(o, &drop[i]);
	for (size_t i = 0; i < n; i++)
		o->ops->note(o, &note[i]);
}

static void
show_lists(struct show *o, const struct snapshot *s)
{
	struct msg_log_row line;
	struct msg_text_row text;

	for (size_t i = 0; i < s->npeers; i++) {
		o->ops->peer(o, &s->peer[i]);
		o->ops->detail(o, &s->peer[i]);
	}
	for (size_t i = 0; i < s->nlines; i++) {
		line = (struct msg_log_row){
		    .unix_ms = s->line[i].unix_ms, .level = s->line[i].level};
		snprintf(line.text, sizeof(line.text), "%s", s->line[i].text);
		o->ops->log(o, &line);
	}
	for (size_t i = 0; i < s->ntexts; i++) {
		text = (struct msg_text_row){.kind = s->text[i].kind};
		snprintf(text.text, sizeof(text.text), "%s", s->text[i].text);
		o->ops->text(o, &text);
	}
}

/* One document in one form; the caller frees it. */
static char *
write_one(const struct snapshot *s, int form,
    void (*rows)(struct show *, const struct snapshot *))
{
	const struct show_head h = {
	    .doc = SHOW_STATUS, .node = s->node.name, .now_ms = NOW};
	struct show *o;
	char *out = NULL;
	size_t len;
	FILE *f;

	f = open_memstream(&out, &len);
	require(f != NULL);
	o = form == 0   ? show_text_new(f, false)
	    : form == 1 ? show_raw_new(f)
			: show_json_new(f);
	require(o != NULL);
	o->ops->head(o, &h);
	rows(o, s);
	require(o->ops->tail(o) == 0);
	fclose(f);
	return out;
}

static void
check_text(const char *p)
{
	for (; *p != '\0'; p++)
		require((*p >= ' ' && *p <= '~') || *p == '\n' || *p == '\t');
}

static void
check_json(const char *p)
{
	json_t *doc = json_loads(p, JSON_REJECT_DUPLICATES, NULL);

	require(doc != NULL);
	json_decref(doc);
}

static void
show_all(const struct snapshot *s)
{
	for (int form = 0; form < 3; form++) {
		char *status = write_one(s, form, show_rows);
		char *lists = write_one(s, form, show_lists);

		check_text(status);
		check_text(lists);
		if (form == 2) {
			check_json(status);
			check_json(lists);
		}
		free(status);
		free(lists);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot s;

	snapshot_init(&s);
	while (size >= 3) {
		struct ipc_frame f = {.type = data[0], .fd = -1};
		uint8_t *body;

		f.len = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		if (f.len > size)
			f.len = size;
		body = malloc(f.len == 0 ? 1 : f.len);
		require(body != NULL);
		memcpy(body, data, f.len);
		f.body = body;
		/* the channel has looked at types and lengths */
		if (msg_refuse(f.type, f.len, false, ROLE_CTL, ST_READY) ==
		    NULL)
			(void)snapshot_take(&s, &f);
		free(body);
		data += f.len;
		size -= f.len;
	}
	snapshot_sort(&s);
	show_all(&s);
	snapshot_clear(&s);
	return 0;
}
