/* SPDX-License-Identifier: ISC */
/* file: common/conf_print.c */
/*
 * The configuration as text again, and the table as text.
 *
 * The canonical form names every option, defaults too, so that it means the
 * same on another machine and under another version: reading it back gives the
 * same values.  Lists without elements are left out.  A secret is never
 * printed, its file is.
 */
#include <stdio.h>
#include <string.h>

#include "conf_int.h"

static void
print_list(FILE *f, const struct conf_row *row, const void *base, unsigned n)
{
	char text[CONF_VALUE_STRLEN];

	/* `pass` and `block` in the order of the file. */
	if (row->type == CT_RULE) {
		for (unsigned i = 0; i < n; i++) {
			conf_value_format(row, base, i, text, sizeof(text));
			fprintf(f, "\t%s\n", text);
		}
		return;
	}
	/* What is more than one word long gets a line each. */
	if (n == 1 || row->type == CT_LISTEN || row->type == CT_ENDPOINT ||
	    row->type == CT_CLASS || row->type == CT_PIN ||
	    row->type == CT_SERVE) {
		for (unsigned i = 0; i < n; i++) {
			conf_value_format(row, base, i, text, sizeof(text));
			fprintf(f, "\t%s %s\n", row->name, text);
		}
		return;
	}
	fprintf(f, "\t%s {\n", row->name);
	for (unsigned i = 0; i < n; i++) {
		conf_value_format(row, base, i, text, sizeof(text));
		fprintf(f, "\t\t%s\n", text);
	}
	fprintf(f, "\t}\n");
}

static void
print_rows(FILE *f, const char *block, const void *base)
{
	const struct conf_row *row;
	char text[CONF_VALUE_STRLEN];
	unsigned n;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if (strcmp(row->block, block) != 0 ||
		    (n = conf_value_count(row, base)) == 0)
			continue;
		if (row->items != 0) {
			print_list(f, row, base, n);
			continue;
		}
		conf_value_format(row, base, 0, text, sizeof(text));
		fprintf(f, "\t%s %s\n", row->name, text);
	}
}

int
conf_print(FILE *f, const struct conf *c)
{
	const char *block = "";

	for (size_t i = 0; i < conf_nrows(); i++) {
		if (strcmp(conf_row(i)->block, block) == 0)
			continue;
		block = conf_row(i)->block;
		if (strcmp(block, "peer") == 0)
			break;
		fprintf(f, "%s {\n", block);
		print_rows(f, block, &c->node);
		fprintf(f, "}\n");
	}
	for (uint32_t i = 0; i < c->npeers; i++) {
		fprintf(f, "peer %s {\n", c->peer[i].name);
		print_rows(f, "peer", &c->peer[i]);
		fprintf(f, "}\n");
	}
	return ferror(f) ? -1 : 0;
}

/* ---- the table ---- */
static const char *const type_names[CT_NTYPES] = {
    [CT_BOOL] = "yes|no",
    [CT_UPDOWN] = "up|down",
    [CT_INT] = "int",
    [CT_SECONDS] = "dur",
    [CT_MILLIS] = "dur",
    [CT_SIZE] = "size",
    [CT_RATE] = "rate",
    [CT_BITS] = "bandwidth",
    [CT_AUTO] = "int|auto",
    [CT_LEVEL] = "error|warning|info|debug",
    [CT_OFFLOAD] = "yes|tso|csum|no",
    [CT_DHT] = "private|public|no",
    [CT_TRY] = "yes|auto|no",
    [CT_BY] = "udp|tcp|tls|auto",
    [CT_NAME] = "name",
    [CT_DEVICE] = "name",
    [CT_GROUP] = "name",
    [CT_PATH] = "path",
    [CT_PSK] = "path",
    [CT_FILE] = "path",
    [CT_TEXT] = "text",
    [CT_KEY] = "key",
    [CT_HOST] = "prefix",
    [CT_NET] = "prefix",
    [CT_PEERADDR] = "address",
    [CT_ALLOWED] = "prefix",
    [CT_PORT] = "port",
    [CT_POLICY] = "allow|deny",
    [CT_RULE] = "rule",
    [CT_CLASS] = "class",
    [CT_PIN] = "path",
    [CT_LISTEN] = "endpoint",
    [CT_BIND] = "endpoint",
    [CT_SERVE] = "endpoint",
    [CT_ENDPOINT] = "endpoint",
};

void
conf_row_type(const struct conf_row *row, char *out, size_t cap)
{
	snprintf(out, cap, "%s%s", row->items != 0 ? "list of " : "",
	    type_names[row->type]);
}

void
conf_row_range(const struct conf_row *row, char *out, size_t cap)
{
	char lo[CONF_NUMBER_STRLEN], hi[CONF_NUMBER_STRLEN];

	switch (row->type) {
	case CT_INT:
	case CT_SECONDS:
	case CT_MILLIS:
	case CT_SIZE:
	case CT_RATE:
	case CT_BITS:
	case CT_AUTO:
		snprintf(out, cap, "%s..%s",
		    conf_number_format(row->type, row->min, lo),
		    conf_number_format(row->type, row->max, hi));
		break;
	case CT_NAME:
	case CT_DEVICE:
	case CT_GROUP:
	case CT_PATH:
	case CT_PSK:
	case CT_FILE:
	case CT_TEXT:
		snprintf(out, cap, "at most %u characters", row->max);
		break;
	default:
		if (row->items != 0)
			snprintf(out, cap, "at most %u", row->items);
		else
			snprintf(out, cap, "-");
		break;
	}
}

const char *
conf_class_name(enum conf_class cls)
{
	static const char *const names[] = {
	    [CONF_LIVE] = "live",
	    [CONF_REHANDSHAKE] = "re-handshake",
	    [CONF_RESTART] = "restart",
	};

	return names[cls];
}

/* What conf_defaults is told, in words. */
static const char *
default_of(const struct conf_row *row)
{
	static const struct {
		const char *name, *what;
	} given[] = {
	    {"name", "the certificate's, or the short host name"},
	    {"dht", "private in a network, else no"},
	    {"tag", "yes in a network's private DHT, else no"},
	    {"lan", "yes in a network, else no"},
	    {"socket", "control.sock in the run directory"},
	    {"status socket", "status.sock in the run directory"},
	};

	if (row->def != NULL)
		return row->def;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (strcmp(row->name, given[i].name) == 0)
			return given[i].what;
	return "none";
}

void
conf_schema_print(FILE *f)
{
	char type[64], range[64];
	const struct conf_row *row;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		conf_row_type(row, type, sizeof(type));
		conf_row_range(row, range, sizeof(range));
		fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row->block,
		    row->name, type, default_of(row), range,
		    conf_class_name(row->cls), row->help);
	}
}
