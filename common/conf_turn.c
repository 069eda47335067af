/* SPDX-License-Identifier: ISC */
/* file: common/conf_turn.c */
/*
 * What a TURN server is told: a user, and the password from a file of its own,
 * which only the engine gets (CONF_TURN).  Whoever reads the configuration or
 * CONF_NODE learns where the file is, and no more.
 */
#include <string.h>

#include "buf.h"
#include "conf_int.h"

static bool
is_password(const char *s)
{
	size_t len = strnlen(s, CONF_TURN_TEXT);

	if (len == 0 || len == CONF_TURN_TEXT)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static void
read_password(struct conf_parser *p, const struct conf_place *at)
{
	char err[CONF_PATH_MAX + 256] = "other files can't be read here";
	const struct conf_reader *r = p->reader;
	struct conf_node *n = &p->conf->node;
	struct conf_diag *d;
	char *hint;

	if (r != NULL && r->password != NULL &&
	    r->password(r->ctx, n->turn_file, n->turn_password,
		sizeof(n->turn_password), err, sizeof(err)) == 0) {
		if (is_password(n->turn_password))
			return;
		snprintf(err, sizeof(err),
		    "%s: not a line of 1 to %d printable characters",
		    n->turn_file, CONF_TURN_TEXT - 1);
	}
	explicit_bzero(n->turn_password, sizeof(n->turn_password));
	if ((hint = strchr(err, '\n')) != NULL)
		*hint++ = '\0';
	d = conf_complain(p, CONF_ERROR, at, "%s", err);
	if (hint != NULL)
		conf_hint(d, "%s", hint);
}

/* A certificate that is not checked would be worth nothing. */
static void
check_transport(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	struct conf_place nowhere;

	if (n->turn_transport == CONF_TURN_TLS && n->nturn_pins == 0 &&
	    !p->unread && !conf_was_refused(p, "nat", "turn pin"))
		conf_complain(p, CONF_ERROR,
		    conf_place_of(p, "nat", "turn transport", &nowhere),
		    "turn transport tls needs turn pin");
	if (n->nturn_pins != 0 && n->turn_transport != CONF_TURN_TLS &&
	    n->turn_transport != CONF_TURN_AUTO)
		conf_complain(p, CONF_WARNING,
		    conf_place_of(p, "nat", "turn pin", &nowhere),
		    "turn pin is for turn transport tls and auto");
}

void
conf_check_turn(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	struct conf_place nowhere;
	bool user = n->turn_user[0] != '\0', file = n->turn_file[0] != '\0';

	if (n->nturn != 0 && !(user && file) && !p->unread &&
	    !conf_was_refused(p, "nat", "turn user") &&
	    !conf_was_refused(p, "nat", "turn password file"))
		conf_complain(p, CONF_ERROR,
		    conf_place_of(p, "nat", "turn server", &nowhere),
		    "turn server needs turn user and turn password file");
	if (n->nturn == 0 && (user || file))
		conf_complain(p, CONF_WARNING,
		    conf_place_of(p, "nat",
			user ? "turn user" : "turn password file", &nowhere),
		    "there is no turn server");
	check_transport(p);
	if (file)
		read_password(
		    p, conf_place_of(p, "nat", "turn password file", &nowhere));
}

/* ---- the frame ---- */

void
conf_turn_put(struct wbuf *w, const struct conf_node *n)
{
	wbuf_str(w, n->turn_password);
}

int
conf_turn_get(struct rbuf *r, struct conf_node *n)
{
	rbuf_str(r, n->turn_password, sizeof(n->turn_password));
	if (rbuf_done(r) == 0 && is_password(n->turn_password))
		return 0;
	explicit_bzero(n->turn_password, sizeof(n->turn_password));
	return -1;
}
