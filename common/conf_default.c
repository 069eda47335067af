/* SPDX-License-Identifier: ISC */
/* file: common/conf_default.c */
/*
 * A configuration before anything was read, and after nobody needs it.
 *
 * The defaults are the texts in the table, read by the same code as a file's
 * words; only the node's name and its sockets depend on the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

/* Splits at spaces; no default has anything else between its words. */
static void
set_default(const struct conf_row *row, void *base)
{
	struct conf_words w = {.file = ""};
	struct conf_bad bad;
	char text[CONF_PATH_MAX];
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", row->def);
	for (char *s = strtok_r(text, " ", &save);
	     s != NULL && w.n < CONF_WORDS_MAX; s = strtok_r(NULL, " ", &save))
		w.word[w.n++] = s;
	(void)conf_value_set(row, base, &w, &bad);
}

static void
set_defaults(bool peer, void *base)
{
	const struct conf_row *row;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if (row->def != NULL &&
		    (strcmp(row->block, "peer") == 0) == peer)
			set_default(row, base);
	}
}

void
conf_peer_defaults(struct conf_peer *p)
{
	memset(p, 0, sizeof(*p));
	set_defaults(true, p);
}

void
conf_defaults(struct conf *c, const char *hostname, const char *rundir)
{
	struct conf_node *n = &c->node;

	memset(c, 0, sizeof(*c));
	set_defaults(false, n);
	snprintf(n->name, sizeof(n->name), "%.*s", (int)strcspn(hostname, "."),
	    hostname);
	if (!conf_name_valid(n->name))
		snprintf(n->name, sizeof(n->name), "node");
	snprintf(n->socket, sizeof(n->socket), "%s/control.sock", rundir);
	snprintf(n->status_socket, sizeof(n->status_socket), "%s/status.sock",
	    rundir);
}

void
conf_clear(struct conf *c)
{
	for (uint32_t i = 0; i < c->npeers; i++)
		conf_peer_clear(&c->peer[i]);
	free(c->peer);
	explicit_bzero(c, sizeof(*c)); /* the network's keys */
}
