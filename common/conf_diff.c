/* SPDX-License-Identifier: ISC */
/* file: common/conf_diff.c */
/*
 * What a reload changes: a line for every option whose value differs, and how
 * far the change reaches (the class of its row in the table).
 *
 * Values are compared in the form they have in a file, all of it; only what is
 * shown is cut.  A pre-shared key is compared as octets and never shown.
 */
#include <stdio.h>
#include <string.h>

#include "conf_int.h"

struct diff {
	void (*fn)(void *ctx, const struct conf_change *);
	void *ctx;
	unsigned n;
};

static void
report(struct diff *d, const struct conf_change *c)
{
	d->n++;
	if (d->fn != NULL)
		d->fn(d->ctx, c);
}

/* Both lists, element for element, in their order. */
static bool
same_value(const struct conf_row *row, const void *old, const void *new)
{
	char a[CONF_VALUE_STRLEN], b[CONF_VALUE_STRLEN];
	unsigned n = conf_value_count(row, old);

	if (conf_value_count(row, new) != n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		conf_value_format(row, old, i, a, sizeof(a));
		conf_value_format(row, new, i, b, sizeof(b));
		if (strcmp(a, b) != 0)
			return false;
	}
	return true;
}

/* "a, b, c", cut with "..." where there is no more room; "-" for none. */
static void
show(const struct conf_row *row, const void *base, char *out, size_t cap)
{
	char text[CONF_VALUE_STRLEN];
	size_t len = 0, n;
	unsigned count = conf_value_count(row, base);

	snprintf(out, cap, "-");
	for (unsigned i = 0; i < count; i++) {
		conf_value_format(row, base, i, text, sizeof(text));
		n = strlen(text);
		if (len + n + 2 + 4 > cap) {
			n = len + 4 < cap ? cap - len - 4 : 0;
			snprintf(out + len, cap - len, "%.*s...",
			    i == 0 ? (int)n : 0, text);
			return;
		}
		snprintf(out + len, cap - len, "%s%s", text,
		    i + 1 < count ? ", " : "");
		len += n + 2;
	}
}

static void
compare(struct diff *d, const struct conf_row *row, const void *old,
    const void *new)
{
	struct conf_change c = {.cls = row->cls};
	const struct conf_peer *peer = new;

	if (same_value(row, old, new))
		return;
	/* A live change of a file's name only: the secret is checked apart. */
	if (row->type == CT_PSK)
		c.cls = CONF_LIVE;
	if (strcmp(row->block, "peer") == 0)
		snprintf(c.what, sizeof(c.what), "peer %s %s", peer->name,
		    row->name);
	else if (row->type == CT_RULE)
		snprintf(c.what, sizeof(c.what), "%s rules", row->block);
	else
		snprintf(
		    c.what, sizeof(c.what), "%s %s", row->block, row->name);
	show(row, old, c.from, sizeof(c.from));
	show(row, new, c.to, sizeof(c.to));
	report(d, &c);
}

static void
compare_rows(struct diff *d, bool peer, const void *old, const void *new)
{
	const struct conf_row *row;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if ((strcmp(row->block, "peer") == 0) == peer)
			compare(d, row, old, new);
	}
}

/* Not constant-time: both are ours, and only whether they differ is told. */
static void
compare_secret(
    struct diff *d, const struct conf_peer *old, const struct conf_peer *new)
{
	struct conf_change c = {.cls = CONF_REHANDSHAKE};

	if (old->has_psk == new->has_psk &&
	    memcmp(old->psk, new->psk, sizeof(old->psk)) == 0)
		return;
	snprintf(c.what, sizeof(c.what), "peer %s psk", new->name);
	snprintf(c.from, sizeof(c.from), "%s", old->has_psk ? "a secret" : "-");
	snprintf(c.to, sizeof(c.to), "%s",
	    !new->has_psk      ? "-"
		: old->has_psk ? "another secret"
			       : "a secret");
	report(d, &c);
}

/* Whether the server is told another password; never which. */
static void
compare_password(
    struct diff *d, const struct conf_node *old, const struct conf_node *new)
{
	struct conf_change c = {.cls = CONF_LIVE, .what = "nat turn password"};

	if (strcmp(old->turn_password, new->turn_password) == 0)
		return;
	snprintf(c.from, sizeof(c.from), "%s",
	    old->turn_password[0] == '\0' ? "-" : "a secret");
	snprintf(c.to, sizeof(c.to), "%s",
	    new->turn_password[0] == '\0'       ? "-"
		: old->turn_password[0] == '\0' ? "a secret"
						: "another secret");
	report(d, &c);
}

/* Most files keep their order, so the same index is tried first. */
static const struct conf_peer *
find_peer(const struct conf *c, const char *name, uint32_t likely)
{
	if (likely < c->npeers && strcmp(c->peer[likely].name, name) == 0)
		return &c->peer[likely];
	for (uint32_t i = 0; i < c->npeers; i++)
		if (strcmp(c->peer[i].name, name) == 0)
			return &c->peer[i];
	return NULL;
}

static void
report_peer(struct diff *d, const struct conf_peer *p, bool added)
{
	struct conf_change c = {.cls = CONF_LIVE};

	snprintf(c.what, sizeof(c.what), "peer %s", p->name);
	snprintf(c.from, sizeof(c.from), "-");
	snprintf(c.to, sizeof(c.to), "%s", added ? "added" : "removed");
	report(d, &c);
}

static void
report_net(struct diff *d, const char *what, const char *from, const char *to)
{
	struct conf_change c = {.cls = CONF_REHANDSHAKE};

	snprintf(c.what, sizeof(c.what), "network %s", what);
	snprintf(c.from, sizeof(c.from), "%s", from);
	snprintf(c.to, sizeof(c.to), "%s", to);
	report(d, &c);
}

static const char *
serial(const struct conf_net *n, char *out, size_t cap)
{
	struct cert c;

	snprintf(out, cap, "-");
	if (n->on && cert_get(n->bundle.cert, n->bundle.certlen, &c) == CERT_OK)
		snprintf(out, cap, "serial %llu", (unsigned long long)c.serial);
	return out;
}

/*
 * What the files say; where they are is a row of the table.  Of the keys only
 * the one that the engine has, as the copy in force may be its.
 */
static void
compare_net(
    struct diff *d, const struct conf_net *old, const struct conf_net *new)
{
	char from[32], to[32];

	if (old->bundle.certlen != new->bundle.certlen ||
	    memcmp(old->bundle.cert, new->bundle.cert, new->bundle.certlen) !=
		0)
		report_net(d, "certificate", serial(old, from, sizeof(from)),
		    serial(new, to, sizeof(to)));
	if (memcmp(old->keys.psk, new->keys.psk, sizeof(old->keys.psk)) != 0)
		report_net(d, "secret", old->on ? "a secret" : "-",
		    !new->on      ? "-"
			: old->on ? "another secret"
				  : "a secret");
}

unsigned
conf_diff(const struct conf *old, const struct conf *new,
    void (*fn)(void *ctx, const struct conf_change *), void *ctx)
{
	struct diff d = {.fn = fn, .ctx = ctx};
	const struct conf_peer *was;

	compare_rows(&d, false, &old->node, &new->node);
	compare_password(&d, &old->node, &new->node);
	compare_net(&d, &old->net, &new->net);
	for (uint32_t i = 0; i < old->npeers; i++)
		if (find_peer(new, old->peer[i].name, i) == NULL)
			report_peer(&d, &old->peer[i], false);
	for (uint32_t i = 0; i < new->npeers; i++) {
		was = find_peer(old, new->peer[i].name, i);
		if (was == NULL) {
			report_peer(&d, &new->peer[i], true);
			continue;
		}
		compare_rows(&d, true, was, &new->peer[i]);
		compare_secret(&d, was, &new->peer[i]);
	}
	return d.n;
}
