/* SPDX-License-Identifier: ISC */
/* file: ctl/show_json.c */
/*
 * One JSON document (see show.h), and the only file that knows jansson.
 *
 * Promises: an envelope of schema, generated_at and node; names in snake_case
 * that say their unit; arrays are there even if empty, what is not known is
 * null, nothing is left out; keys are only ever added.  Strings are printable
 * ASCII, so the document is whatever a peer is called.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "fmt.h"
#include "log.h"
#include "sandbox.h"
#include "show.h"

#define VIS_MAX 10000 /* the longest string, all of it escaped */
#define SANDBOX_BITS 12

struct json {
	struct show base;
	json_t *doc;
	size_t shape; /* JSON_COMPACT: one line */
	bool failed;  /* no memory somewhere: no document rather than half */
	uint64_t now_ms;
	const char *const *arrays; /* ends in NULL */
};

/* ---- values ---- */

static json_t *
string(const char *s)
{
	char vis[VIS_MAX];

	if (s == NULL)
		return json_null();
	return json_string(show_vis(vis, sizeof(vis), s));
}

/* JSON's integers here have 63 bits; a counter will not get that far. */
static json_t *
number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *
at(uint64_t unix_ms)
{
	char out[FMT_LEN];

	return fmt_utc(out, unix_ms) ? json_string(out) : json_null();
}

static json_t *
age(const struct json *j, uint64_t then_ms)
{
	if (then_ms == 0)
		return json_null();
	return number(j->now_ms > then_ms ? (j->now_ms - then_ms) / 1000 : 0);
}

/* Takes the value over, NULL (no memory) too. */
static void
set(struct json *j, json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value) == -1)
		j->failed = true;
}

static void
append(struct json *j, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) == -1)
		j->failed = true;
}

/* The document's array of this name, made when it is first asked for. */
static json_t *
array_of(struct json *j, const char *name)
{
	json_t *a = json_object_get(j->doc, name);

	if (a != NULL)
		return a;
	set(j, j->doc, name, json_array());
	return json_object_get(j->doc, name);
}

static void
append_to(struct json *j, const char *name, json_t *value)
{
	append(j, array_of(j, name), value);
}

static json_t *
prefixes(struct json *j, const struct prefix *p, unsigned n)
{
	json_t *a = json_array();
	char buf[PREFIX_STRLEN];

	for (unsigned i = 0; i < n; i++)
		append(j, a, json_string(prefix_format(&p[i], buf)));
	return a;
}

static json_t *
endpoint(const struct endpoint *ep)
{
	char buf[ENDPOINT_STRLEN];

	return json_string(endpoint_format(ep, buf));
}

/* ---- the node ---- */

static json_t *
envelope(const char *schema, const char *node, uint64_t now_ms)
{
	json_t *doc = json_object();

	if (json_object_set_new(doc, "schema", json_string(schema)) == -1 ||
	    json_object_set_new(doc, "generated_at", at(now_ms)) == -1 ||
	    json_object_set_new(doc, "node", string(node)) == -1) {
		json_decref(doc);
		return NULL;
	}
	return doc;
}

static void
json_head(struct show *s, const struct show_head *h)
{
	struct json *j = (struct json *)s;

	j->now_ms = h->now_ms;
	j->shape = h->doc == SHOW_EVENT ? JSON_COMPACT : JSON_INDENT(2);
	j->doc = envelope(show_schema(h->doc), h->node, h->now_ms);
	if (j->doc == NULL)
		j->failed = true;
	j->arrays = show_arrays(h->doc);
}

static json_t *
offload(struct json *j, unsigned bits)
{
	json_t *a = json_array();

	for (unsigned bit = 1; show_offload_name(bit) != NULL; bit <<= 1)
		if (bits & bit)
			append(j, a, json_string(show_offload_name(bit)));
	return a;
}

static void
json_node(struct show *s, const struct msg_node_row *m)
{
	struct json *j = (struct json *)s;
	json_t *listen = json_array(), *config = json_object();

	for (unsigned i = 0; i < m->nlisten; i++)
		append(j, listen, endpoint(&m->listen[i]));
	set(j, j->doc, "version", string(m->version));
	set(j, j->doc, "started_at", at(m->started_unix_ms));
	set(j, j->doc, "uptime_seconds", age(j, m->started_unix_ms));
	set(j, j->doc, "addresses", prefixes(j, m->address, m->naddresses));
	set(j, j->doc, "device", string(m->device));
	set(j, j->doc, "mtu_bytes", number(m->mtu));
	set(j, j->doc, "mtu_limit_bytes",
	    m->mtu_limit == 0 ? json_null() : number(m->mtu_limit));
	set(j, j->doc, "mtu_peer",
	    m->mtu_peer[0] == '\0' ? json_null() : string(m->mtu_peer));
	set(j, j->doc, "offload", offload(j, m->offload));
	set(j, j->doc, "listen", listen);
	set(j, config, "path", string(m->conf_path));
	set(j, config, "loaded_at", at(m->loaded_unix_ms));
	set(j, config, "reloads_total", number(m->reloads));
	set(j, config, "reload_failures_total", number(m->reload_failures));
	set(j, j->doc, "config", config);
}

static void
json_state(struct show *s, bool degraded)
{
	struct json *j = (struct json *)s;

	set(j, j->doc, "state", json_string(degraded ? "degraded" : "ok"));
}

static void
json_summary(struct show *s, const struct show_summary *m)
{
	struct json *j = (struct json *)s;
	json_t *o = m == NULL ? json_null() : json_object();

	if (m != NULL) {
		set(j, o, "total", number(m->total));
		set(j, o, "up", number(m->up));
		set(j, o, "connecting", number(m->connecting));
		set(j, o, "down", number(m->down));
		set(j, o, "idle", number(m->idle));
		set(j, o, "off", number(m->off));
	}
	set(j, j->doc, "peers", o);
}

static json_t *
known(bool has, uint64_t n)
{
	return has ? number(n) : json_null();
}

static void
json_traffic(struct show *s, const struct show_traffic *m)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	set(j, o, "receive_bytes_total", known(m->has_tunnel, m->in));
	set(j, o, "transmit_bytes_total", known(m->has_tunnel, m->out));
	set(j, o, "udp_receive_bytes_total", known(m->has_udp, m->udp_in));
	set(j, o, "udp_transmit_bytes_total", known(m->has_udp, m->udp_out));
	set(j, j->doc, "traffic", o);
}

static json_t *
sandbox(struct json *j, uint32_t bits)
{
	json_t *a = json_array();
	char name[64];

	for (unsigned i = 0; i < SANDBOX_BITS; i++)
		if (bits & (1u << i))
			append(j, a,
			    json_string(
				sandbox_names(1u << i, name, sizeof(name))));
	return a;
}

static json_t *
features(struct json *j, uint32_t bits)
{
	json_t *a = json_array();

	for (uint32_t bit = 1; feature_name(bit) != NULL; bit <<= 1)
		if (bits & bit)
			append(j, a, json_string(feature_name(bit)));
	return a;
}

static void
json_proc(struct show *s, const struct msg_proc_row *m)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	set(j, o, "name", json_string(role_name(m->role)));
	set(j, o, "state", json_string(show_proc_state(m->state)));
	set(j, o, "pid", m->pid == 0 ? json_null() : number(m->pid));
	set(j, o, "started_at", at(m->started_unix_ms));
	set(j, o, "uptime_seconds", age(j, m->started_unix_ms));
	set(j, o, "restarts_total", number(m->restarts));
	set(j, o, "memory_bytes",
	    m->rss_kb == 0 ? json_null() : number((uint64_t)m->rss_kb * 1024));
	set(j, o, "sandbox", sandbox(j, m->sandbox));
	set(j, o, "sandbox_missing", sandbox(j, m->missing));
	set(j, o, "features", features(j, m->features));
	set(j, o, "features_missing", features(j, m->lacking));
	append_to(j, "processes", o);
}

static void
json_book(struct show *s, const struct show_book *m)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	set(j, o, "name", json_string(border_name(m->border)));
	set(j, o, "in_packets_total", number(m->in));
	set(j, o, "out_packets_total", number(m->out));
	set(j, o, "dropped_packets_total", number(m->drops));
	set(j, o, "held_packets", number(m->held));
	set(j, o, "unaccounted_packets", json_integer(m->unaccounted));
	append_to(j, "borders", o);
}

static json_t *
counter(struct json *j, const struct show_counter *m)
{
	json_t *o = json_object();

	set(j, o, "process", json_string(role_name(m->role)));
	set(j, o, "name", json_string(m->info->name));
	set(j, o, "value", number(m->value));
	set(j, o, "help", json_string(m->info->help));
	return o;
}

static void
json_drop(struct show *s, const struct show_counter *m)
{
	struct json *j = (struct json *)s;

	append_to(j, "drops", counter(j, m));
}

static void
json_counter(struct show *s, const struct show_counter *m)
{
	struct json *j = (struct json *)s;

	append_to(j, "counters", counter(j, m));
}

/* ---- peers ---- */

static json_t *
peer(struct json *j, const struct msg_peer_row *m)
{
	json_t *o = json_object();
	char key[45];

	set(j, o, "name", string(m->name));
	set(j, o, "public_key", json_string(key_format(m->key, key)));
	set(j, o, "preshared_key", json_boolean(m->has_psk));
	set(j, o, "state", json_string(show_peer_state(m->state)));
	set(j, o, "state_since", at(m->since_unix_ms));
	set(j, o, "endpoint",
	    m->has_endpoint ? endpoint(&m->endpoint) : json_null());
	set(j, o, "last_handshake_at", at(m->handshake_unix_ms));
	set(j, o, "last_seen_at", at(m->seen_unix_ms));
	set(j, o, "handshakes_total", number(m->handshakes));
	set(j, o, "handshake_attempts", number(m->attempts));
	set(j, o, "handshake_rtt_seconds",
	    m->rtt_us == 0 ? json_null() : json_real(m->rtt_us / 1e6));
	set(j, o, "receive_bytes_total", number(m->rx_bytes));
	set(j, o, "transmit_bytes_total", number(m->tx_bytes));
	set(j, o, "receive_packets_total", number(m->rx_packets));
	set(j, o, "transmit_packets_total", number(m->tx_packets));
	set(j, o, "held_packets", number(m->held));
	set(j, o, "flows", number(m->flows));
	set(j, o, "mtu_bytes", number(m->mtu));
	set(j, o, "path_mtu_bytes",
	    m->path_mtu == 0 ? json_null() : number(m->path_mtu));
	set(j, o, "keepalive_seconds",
	    m->keepalive_s == 0 ? json_null() : number(m->keepalive_s));
	set(j, o, "allowed_prefixes", prefixes(j, m->allowed, m->nallowed));
	return o;
}

static void
json_peer(struct show *s, const struct msg_peer_row *m)
{
	struct json *j = (struct json *)s;

	append_to(j, "peers", peer(j, m));
}

static void
json_detail(struct show *s, const struct msg_peer_row *m)
{
	struct json *j = (struct json *)s;

	set(j, j->doc, "peer", peer(j, m));
}

/* ---- the other documents ---- */

static void
json_log(struct show *s, const struct msg_log_row *m)
{
	struct json *j = (struct json *)s;
	const char *text = strstr(m->text, ": ");
	char process[sizeof(m->text)];
	json_t *o = json_object();

	/* "p2p-engine: what it said"; without a name it is all message */
	snprintf(process, sizeof(process), "%.*s",
	    text == NULL ? 0 : (int)(text - m->text), m->text);
	set(j, o, "at", at(m->unix_ms));
	set(j, o, "level",
	    json_string(log_level_name((enum log_level)m->level)));
	set(j, o, "process", text == NULL ? json_null() : string(process));
	set(j, o, "message", string(text == NULL ? m->text : text + 2));
	append_to(j, "lines", o);
}

static void
json_text(struct show *s, const struct msg_text_row *m)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	set(j, o, "severity",
	    json_string(show_severity_name((enum show_severity)m->kind)));
	set(j, o, "message", string(m->text));
	append_to(j, "lines", o);
}

static json_t *
place(uint32_t n)
{
	return n == 0 ? json_null() : number(n);
}

static void
json_diag(struct show *s, const struct conf_diag *d)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	set(j, o, "file", string(d->file));
	set(j, o, "line", place(d->line));
	set(j, o, "column", place(d->column));
	set(j, o, "length", place(d->length));
	set(j, o, "severity",
	    json_string(d->severity == CONF_ERROR ? "error" : "warning"));
	set(j, o, "message", string(d->message));
	set(j, o, "hint", d->hint[0] == '\0' ? json_null() : string(d->hint));
	append_to(j, "diagnostics", o);
}

static void
json_field(
    struct show *s, const char *name, const char *label, const char *value)
{
	struct json *j = (struct json *)s;

	(void)label;
	set(j, j->doc, name, string(value));
}

static void
json_number(struct show *s, const char *name, uint64_t n)
{
	struct json *j = (struct json *)s;

	set(j, j->doc, name, number(n));
}

/* "a, b" as an array */
static json_t *
list(struct json *j, const char *s)
{
	json_t *a = json_array();
	char word[VIS_MAX / 4];

	while (s != NULL && *s != '\0') {
		size_t n = strcspn(s, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, s);
		append(j, a, string(word));
		s += n + strspn(s + n, ", ");
	}
	return a;
}

static json_t *
cell(struct json *j, const struct show_cell *c)
{
	switch (c->type) {
	case CELL_STRING:
		return string(c->s);
	case CELL_LIST:
		return list(j, c->s);
	case CELL_YES:
		return json_boolean(c->n != 0);
	case CELL_AT:
	case CELL_AGO:
		return at(c->n);
	case CELL_MILLIS:
		return json_real((double)c->n / 1000);
	case CELL_COUNT:
	case CELL_BYTES:
	case CELL_SECONDS:
		break;
	}
	return number(c->n);
}

static void
json_cell(struct show *s, const struct show_cell *c)
{
	struct json *j = (struct json *)s;

	set(j, j->doc, c->key, cell(j, c));
}

static void
json_row(
    struct show *s, const char *array, const struct show_cell *c, unsigned n)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	for (unsigned i = 0; i < n; i++)
		set(j, o, c[i].key, cell(j, &c[i]));
	append_to(j, array, o);
}

static void
json_note(struct show *s, const struct show_note *m)
{
	struct json *j = (struct json *)s;
	json_t *o = json_object();

	set(j, o, "code", string(m->code));
	set(j, o, "severity", json_string(show_severity_name(m->severity)));
	set(j, o, "message", string(m->message));
	set(j, o, "hint", m->hint[0] == '\0' ? json_null() : string(m->hint));
	append_to(j, "reasons", o);
}

static int
dump(FILE *f, const json_t *doc, size_t shape)
{
	/* microseconds of a year fit, and 0.3 is not 0.29999999999999999 */
	if (json_dumpf(doc, f,
		shape | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15)) == -1)
		return -1;
	fputc('\n', f);
	return fflush(f) == EOF || ferror(f) ? -1 : 0;
}

static int
json_tail(struct show *s)
{
	struct json *j = (struct json *)s;
	int r = -1;

	for (; *j->arrays != NULL; j->arrays++)
		(void)array_of(j, *j->arrays);
	if (!j->failed)
		r = dump(s->f, j->doc, j->shape);
	json_decref(j->doc);
	free(j);
	return r;
}

static const struct show_ops ops = {
    .head = json_head,
    .node = json_node,
    .state = json_state,
    .summary = json_summary,
    .traffic = json_traffic,
    .proc = json_proc,
    .book = json_book,
    .drop = json_drop,
    .peer = json_peer,
    .detail = json_detail,
    .counter = json_counter,
    .log = json_log,
    .text = json_text,
    .diag = json_diag,
    .field = json_field,
    .number = json_number,
    .cell = json_cell,
    .row = json_row,
    .note = json_note,
    .tail = json_tail,
};

struct show *
show_json_new(FILE *f)
{
	struct json *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->base.ops = &ops;
	j->base.f = f;
	return &j->base;
}

void
show_json_error(FILE *f, const struct show_error *e, uint64_t now_ms)
{
	json_t *doc = envelope("mesh.error/1", NULL, now_ms);
	json_t *o = json_object();
	struct json j = {.doc = doc};

	set(&j, o, "code", string(e->code));
	set(&j, o, "exit_status", json_integer(e->exit_status));
	set(&j, o, "message", string(e->message));
	set(&j, o, "detail",
	    e->detail[0] == '\0' ? json_null() : string(e->detail));
	set(&j, o, "hint",
	    e->hint[0][0] == '\0' ? json_null() : string(e->hint[0]));
	set(&j, doc, "error", o);
	if (!j.failed)
		(void)dump(f, doc, JSON_INDENT(2));
	json_decref(doc);
}
