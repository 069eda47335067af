/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics_text.c */
/* Families and samples as Prometheus reads them (see metrics_int.h). */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "log.h"
#include "metrics_int.h"

/* ---- one family ---- */

/* OpenMetrics names the family without the suffix of its samples. */
void
metrics_family(
    struct out *o, const char *name, enum type type, const char *help)
{
	static const struct {
		const char *word, *suffix;
	} is[] = {
	    [GAUGE] = {"gauge", ""},
	    [COUNTER] = {"counter", "_total"},
	    [INFO] = {"info", "_info"},
	    [STATESET] = {"stateset", ""},
	    [HISTOGRAM] = {"histogram", ""},
	};
	const char *word = is[type].word, *tail = is[type].suffix;
	size_t len = strlen(name);
	char end;

	o->name = name;
	o->suffix = tail;
	if (o->open) {
		fprintf(o->f, "# TYPE %s %s\n", name, word);
		if (len > 8 && strcmp(name + len - 8, "_seconds") == 0)
			fprintf(o->f, "# UNIT %s seconds\n", name);
		if (len > 6 && strcmp(name + len - 6, "_bytes") == 0)
			fprintf(o->f, "# UNIT %s bytes\n", name);
		tail = "";
	}
	len = strlen(help);
	end = len == 0 ? '.' : help[len - 1];
	fprintf(o->f, "# HELP %s%s %s%s\n", name, tail, help,
	    end == '.' ? "" : ".");
	if (!o->open)
		fprintf(o->f, "# TYPE %s%s %s\n", name, tail,
		    type == INFO || type == STATESET ? "gauge" : word);
}

void
metrics_sample(struct out *o)
{
	o->labels = 0;
	fprintf(o->f, "%s%s", o->name, o->suffix);
}

void
metrics_label(struct out *o, const char *key, const char *value)
{
	char vis[512];

	log_vis(vis, sizeof(vis), value);
	fprintf(o->f, "%s%s=\"", o->labels++ == 0 ? "{" : ",", key);
	for (const char *p = vis; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			putc('\\', o->f);
		putc(*p, o->f);
	}
	putc('"', o->f);
}

void
metrics_value(struct out *o, uint64_t v)
{
	fprintf(o->f, "%s %" PRIu64 "\n", o->labels > 0 ? "}" : "", v);
}

/* v/scale as a decimal, for scales of powers of ten */
void
metrics_fraction(struct out *o, uint64_t v, uint64_t scale)
{
	int digits = 0;

	for (uint64_t s = scale; s > 1; s /= 10)
		digits++;
	fprintf(o->f, "%s %" PRIu64 ".%0*" PRIu64 "\n",
	    o->labels > 0 ? "}" : "", v / scale, digits, v % scale);
}

void
metrics_seconds(struct out *o, uint64_t us)
{
	metrics_fraction(o, us, 1000000);
}

void
metrics_state(struct out *o, const char *const *states, unsigned n, unsigned is,
    const char *key, const char *who)
{
	for (unsigned i = 0; i < n; i++) {
		metrics_sample(o);
		metrics_label(o, key, who);
		metrics_label(o, o->name, states[i]);
		metrics_value(o, i == is);
	}
}

/* ---- histograms ---- */

static void
part(struct out *o, const struct hist_info *i, const char *tail)
{
	o->suffix = tail;
	metrics_sample(o);
	if (i->key[0] != '\0')
		metrics_label(o, i->key, i->value);
}

void
metrics_hist(struct out *o, enum hist_id id, const struct hist *h)
{
	const struct hist_info *i = hist_info(id);
	char edge[32];
	uint64_t n = 0;

	for (unsigned k = 0; k <= HIST_EDGES; k++) {
		n += h->n[k];
		if (k == HIST_EDGES)
			snprintf(edge, sizeof(edge), "+Inf");
		else if (i->unit == HU_COUNT)
			snprintf(
			    edge, sizeof(edge), "%" PRIu32, hist_edge(id, k));
		else
			snprintf(edge, sizeof(edge), "%g",
			    (double)hist_edge(id, k) / 1e6);
		part(o, i, "_bucket");
		metrics_label(o, "le", edge);
		metrics_value(o, n);
	}
	part(o, i, "_sum");
	if (i->unit == HU_COUNT)
		metrics_value(o, h->sum);
	else
		metrics_seconds(o, h->sum);
	part(o, i, "_count");
	metrics_value(o, n);
}

void
metrics_plain(struct out *o, const char *name, enum type type, const char *help,
    uint64_t v)
{
	metrics_family(o, name, type, help);
	metrics_sample(o);
	metrics_value(o, v);
}
