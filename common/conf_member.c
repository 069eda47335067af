/* SPDX-License-Identifier: ISC */
/* file: common/conf_member.c */
/*
 * The network: what a member has of it, and what follows from that.
 *
 *	certificate file --bundle_parse, bundle_verify--> name, addresses
 *	secret file --netkeys_derive--> keys, and the secret is wiped
 *
 * What the file does not say itself comes from here: a member is told its
 * address and its network by the certificate, so that they need not be written
 * down twice.  This process does not see the node's private key, so that the
 * certificate is this node's is left to be found out by the engine.  A
 * certificate out of its time is a warning: a newer one may have come over the
 * network.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

#define MESH6_BITS 48 /* the network's part of an IPv6 address, cert.h */

static bool
was_set(const struct conf_parser *p, const char *block, const char *name)
{
	return p->set[conf_row_index(conf_row_named(block, name))].line != 0;
}

/* Complains where this option of the network was set. */
static void
complain(struct conf_parser *p, const char *name, char *why)
{
	const struct conf_place *at;
	struct conf_place nowhere;
	struct conf_diag *d;
	char *hint;

	at = conf_place_of(p, "network", name, &nowhere);
	if ((hint = strchr(why, '\n')) != NULL)
		*hint++ = '\0';
	d = conf_complain(p, CONF_ERROR, at, "%s", why);
	if (hint != NULL)
		conf_hint(d, "%s", hint);
}

/* ---- the certificate ---- */
/* Where a line of the source begins. */
static struct conf_place
line_of(const struct conf_parser *p, uint32_t file, unsigned line)
{
	const struct conf_source *s = &p->source[file];
	struct conf_place at = {.file = file, .line = line, .column = 1};
	const char *text = s->text, *end = text + s->len;

	for (unsigned i = 1; i < line && text < end; i++) {
		text = memchr(text, '\n', (size_t)(end - text));
		text = text == NULL ? end : text + 1;
	}
	at.start = (uint32_t)(text - s->text);
	at.length = (uint32_t)strcspn(text, " \t\r\n");
	return at;
}

/*
 * Good for whom it says?  An old one is judged as if it were its last day, so
 * that only its age is wrong with it.
 */
static bool
verify(struct conf_parser *p, const struct bundle *b, struct cert *c)
{
	struct conf_place at = {.file = p->nsources - 1};
	const char *why;
	uint64_t now = p->reader->unix_s;

	if (cert_get(b->cert, b->certlen, c) != CERT_OK) {
		conf_complain(p, CONF_ERROR, &at, "no certificate in it");
		return false;
	}
	if (now > c->not_after) {
		now = c->not_after;
		conf_hint(conf_complain(p, CONF_WARNING, &at,
			      "the certificate of %s has expired", c->name),
		    "the network has a newer one, or: meshctl join");
	} else if (now < c->not_before) {
		if (c->not_before - now > CERT_SKEW_S)
			conf_complain(p, CONF_WARNING, &at,
			    "the certificate of %s is of the future: is the "
			    "clock right?",
			    c->name);
		now = c->not_before;
	}
	if ((why = bundle_verify(b, c->node, now)) == NULL)
		return true;
	conf_complain(p, CONF_ERROR, &at, "%s", why);
	return false;
}

/* As bundle_parse has it, and its places as those of any other source. */
static bool
parse(struct conf_parser *p, const char *text, size_t len, struct cert *c)
{
	struct bundle *b = &p->conf->net.bundle;
	const char *file = p->conf->node.cert_file, *why = "not a certificate";
	struct conf_place at;
	unsigned line = 0;

	if (conf_source_add(p, file, text, len) == -1)
		return false;
	if (bundle_parse(text, len, b, &line, &why) == 0)
		return verify(p, b, c);
	at = line_of(p, p->nsources - 1, line);
	conf_complain(p, CONF_ERROR, &at, "%s", why);
	return false;
}

static bool
read_certificate(struct conf_parser *p, struct cert *c)
{
	char err[CONF_PATH_MAX + 256] = "other files can't be read here";
	const struct conf_reader *r = p->reader;
	char *text = malloc(BUNDLE_TEXT_MAX + 1);
	size_t len = 0;
	bool good = false;

	if (text == NULL)
		p->out_of_memory = true;
	else if (r != NULL && r->certificate != NULL &&
	    r->certificate(r->ctx, p->conf->node.cert_file, text,
		BUNDLE_TEXT_MAX, &len, err, sizeof(err)) == 0)
		good = parse(p, text, len, c);
	else
		complain(p, "certificate file", err);
	free(text);
	return good;
}

/* ---- the secret ---- */
/* The certificate's records can be read with its network's secret only. */
static bool
fits(struct conf_parser *p, const struct cert *c, const uint8_t secret[32])
{
	char why[] = "this is not the secret of the certificate's network";
	struct bundle *b = &p->conf->net.bundle;
	bool good;

	memcpy(b->secret, secret, sizeof(b->secret));
	good = bundle_verify(b, c->node, c->not_before) == NULL;
	explicit_bzero(b->secret, sizeof(b->secret));
	if (!good)
		complain(p, "secret file", why);
	return good;
}

/* c: of a good certificate, or NULL. */
static bool
read_secret(struct conf_parser *p, const struct cert *c)
{
	char err[CONF_PATH_MAX + 256] = "other files can't be read here";
	const struct conf_reader *r = p->reader;
	uint8_t secret[32] = {0};
	bool good = false;

	if (r == NULL || r->secret == NULL ||
	    r->secret(r->ctx, p->conf->node.secret_file, secret, err,
		sizeof(err)) == -1)
		complain(p, "secret file", err);
	else if (c != NULL && fits(p, c, secret)) {
		netkeys_derive(&p->conf->net.keys, secret);
		good = true;
	}
	explicit_bzero(secret, sizeof(secret));
	return good;
}

/* ---- what follows from them ---- */
static void
add_address(struct conf_parser *p, const struct prefix *a)
{
	struct conf_seen what = {.owner = CONF_OWN};
	struct conf_node *n = &p->conf->node;
	struct prefix host = *a;
	struct conf_place nowhere;

	for (unsigned i = 0; i < n->naddresses; i++)
		if (addr_eq(&n->address[i].addr, &a->addr))
			return;
	if (n->naddresses == CONF_ADDRESSES_MAX)
		return;
	n->address[n->naddresses++] = *a;
	host.len = addr_bits(&host.addr);
	what.at = *conf_place_of(p, "network", "certificate file", &nowhere);
	conf_note_prefix(p, &host, &what);
}

static bool
has_address(const struct cert *c, const struct addr *a)
{
	for (unsigned i = 0; i < c->naddresses; i++)
		if (addr_eq(&c->address[i].addr, a))
			return true;
	return false;
}

/* Addresses that were set must be those of the certificate: others look. */
static void
check_addresses(
    struct conf_parser *p, const struct cert *c, const struct prefix *own6)
{
	const struct conf_node *n = &p->conf->node;
	struct conf_place nowhere;
	char text[ADDR_STRLEN];
	struct conf_diag *d;

	for (unsigned i = 0; i < n->naddresses; i++) {
		const struct addr *a = &n->address[i].addr;

		if (has_address(c, a) || addr_eq(a, &own6->addr))
			continue;
		d = conf_complain(p, CONF_WARNING,
		    conf_place_of(p, "tunnel", "address", &nowhere),
		    "%s is not in this node's certificate",
		    addr_format(a, text));
		conf_hint(d, "other members drop what comes from it");
	}
}

static void
take_addresses(struct conf_parser *p, const struct cert *c)
{
	const struct bundle *b = &p->conf->net.bundle;
	struct conf_node *n = &p->conf->node;
	struct prefix own6 = {.len = MESH6_BITS};

	cert_address6(&own6.addr, b->authority, c->node);
	if (was_set(p, "tunnel", "address"))
		check_addresses(p, c, &own6);
	else {
		for (unsigned i = 0; i < c->naddresses; i++)
			add_address(p, &c->address[i]);
		add_address(p, &own6);
	}
	if (was_set(p, "tunnel", "subnet"))
		return;
	if (b->prefix.addr.family != 0) {
		n->subnet[n->nsubnets] = b->prefix;
		prefix_mask(&n->subnet[n->nsubnets++]);
	}
	cert_prefix6(&n->subnet[n->nsubnets++], b->authority);
}

static void
take(struct conf_parser *p, const struct cert *c)
{
	struct conf_node *n = &p->conf->node;
	struct conf_net *net = &p->conf->net;

	net->on = true;
	net->nmore = n->nauthorities;
	memcpy(net->more, n->authority, sizeof(net->more));
	take_addresses(p, c);
	if (was_set(p, "identity", "name") || !conf_name_valid(c->name))
		return;
	memset(n->name, 0, sizeof(n->name));
	memcpy(n->name, c->name, strlen(c->name));
}

/* ---- discovery, with or without it ---- */
static void
refuse(struct conf_parser *p, const char *option, const char *why)
{
	struct conf_place nowhere;

	conf_complain(p, CONF_ERROR,
	    conf_place_of(p, "discovery", option, &nowhere), "%s", why);
}

static void
set_discovery(struct conf_parser *p, bool member)
{
	struct conf_node *n = &p->conf->node;
	bool private;

	if (!was_set(p, "discovery", "dht"))
		n->dht = member ? CONF_DHT_PRIVATE : CONF_DHT_NO;
	private = n->dht == CONF_DHT_PRIVATE;
	if (!was_set(p, "discovery", "tag"))
		n->dht_tag = member && private;
	if (!was_set(p, "discovery", "lan"))
		n->lan = member;
	if (p->unread || conf_was_refused(p, "discovery", "dht"))
		return;
	if (n->dht_tag && !private)
		refuse(p, "tag", "a tag is for a private dht only");
	else if (n->dht_tag && !member)
		refuse(p, "tag", "a tag is made of a network's secret");
	if (n->lan && !member)
		refuse(p, "lan", "lan finds members of a network only");
}

void
conf_member(struct conf_parser *p)
{
	const struct conf_node *n = &p->conf->node;
	bool cert = n->cert_file[0] != '\0', secret = n->secret_file[0] != '\0';
	bool bad = conf_was_refused(p, "network", "certificate file") ||
	    conf_was_refused(p, "network", "secret file");
	bool member = cert || secret || n->nauthorities > 0;
	struct cert c;

	if (member && !bad && !p->unread && !(cert && secret)) {
		char why[] = "a network needs certificate file and secret file";

		complain(p,
		    cert         ? "certificate file"
			: secret ? "secret file"
				 : "authority",
		    why);
		bad = true;
	}
	if (cert && secret && !bad) {
		/* both, so that both are complained about */
		bool good = read_certificate(p, &c);

		if (read_secret(p, good ? &c : NULL))
			take(p, &c);
		else
			bad = true;
	}
	p->unread = p->unread || bad;
	set_discovery(p, member || bad);
}
