/* SPDX-License-Identifier: ISC */
/* file: ctl/contacts.c */
/*
 * Where this node can be reached (see contacts.h).  What an administrator said
 * wins; a guess from the interfaces is right on a LAN and on a host with a
 * public address, and wrong behind a NAT without a forwarded port.  Others are
 * where the engine has sessions with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "contacts.h"
#include "hostnet.h"
#include "newcomer.h"
#include "request.h"

#define GUESSES_MAX 2
#define FILE_MAX 512

struct finder {
	const struct call *call;
	const struct conf *conf;
	const uint8_t *node;
	struct contacts *out;
};

static uint16_t
own_port(const struct conf *conf)
{
	for (unsigned i = 0; i < conf->node.nlisten; i++)
		if (conf->node.listen_any[i])
			return conf->node.listen[i].port;
	return conf->node.nlisten > 0 ? conf->node.listen[0].port : 51820;
}

static void
add(struct finder *k, const struct endpoint *ep)
{
	const struct conf_node *node = &k->conf->node;
	struct contact *c = &k->out->at[k->out->n];

	if (k->out->n == INVITE_CONTACTS_MAX)
		return;
	memcpy(c->key, k->node, sizeof(c->key));
	c->ep = *ep;
	c->dht_port = node->dht == CONF_DHT_NO ? 0 : node->dht_listen.port;
	k->out->n++;
}

static int
from_options(struct finder *k)
{
	struct endpoint ep;

	for (unsigned i = 0; i < k->call->ncontacts; i++) {
		if (endpoint_parse(
			k->call->contact[i], own_port(k->conf), &ep) == -1)
			return args_usage(k->call,
			    "--contact takes ADDRESS:PORT, not ",
			    k->call->contact[i]);
		add(k, &ep);
	}
	return EXIT_FINE;
}

static void
from_file(struct finder *k, const char *path)
{
	char text[FILE_MAX + 1], *line = text, *end;
	ssize_t n = paths_read(path, text, FILE_MAX);
	struct endpoint ep;

	text[n > 0 ? n : 0] = '\0';
	for (; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end != '\0')
			*end++ = '\0';
		if (endpoint_parse(line, own_port(k->conf), &ep) == 0)
			add(k, &ep);
	}
}

static void
from_listen(struct finder *k)
{
	const struct conf_node *node = &k->conf->node;

	for (unsigned i = 0; i < node->nlisten; i++)
		if (!node->listen_any[i] &&
		    !addr_is_special(&node->listen[i].addr))
			add(k, &node->listen[i]);
}

static void
from_interfaces(struct finder *k)
{
	const struct conf_node *node = &k->conf->node;
	struct hostnet *h = calloc(1, sizeof(*h));
	struct endpoint ep = {.port = own_port(k->conf)};
	struct addr a[GUESSES_MAX];
	unsigned n = 0;

	if (h != NULL && hostnet_read(h) == 0)
		n = hostnet_contacts(
		    h, node->subnet, node->nsubnets, a, GUESSES_MAX);
	for (unsigned i = 0; i < n; i++) {
		ep.addr = a[i];
		add(k, &ep);
	}
	free(h);
}

int
contacts_find(const struct call *c, const struct paths *f,
    const struct conf *conf, const uint8_t node[32], struct contacts *out)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "no_contact",
	    .hint = {"say where others reach this machine: "
		     "--contact ADDRESS:PORT"}};
	struct finder k = {.call = c, .conf = conf, .node = node, .out = out};
	int code;

	memset(out, 0, sizeof(*out));
	code = from_options(&k);
	if (code == EXIT_FINE && out->n == 0)
		from_file(&k, f->contact);
	if (code == EXIT_FINE && out->n == 0)
		from_listen(&k);
	if (code == EXIT_FINE && out->n == 0)
		from_interfaces(&k);
	if (code == EXIT_FINE && out->n == 0)
		code = report_error(
		    c, &none, "this machine has no address others could call");
	return code;
}

/* ---- others ---- */

struct other {
	const struct msg_peer_row *peer; /* NULL: nobody */
	uint16_t dht_port;               /* 0: not known */
	bool elsewhere; /* at an address that is not in the list yet */
};

static bool
is_member(const struct snapshot *s, const uint8_t key[32])
{
	struct cert c;

	for (size_t i = 0; i < s->nmembers; i++)
		if (cert_get(s->member[i].cert, s->member[i].certlen, &c) ==
			CERT_OK &&
		    memcmp(c.node, key, sizeof(c.node)) == 0)
			return true;
	return false;
}

/* Could a newcomer call there?  Not through the tunnel it does not have. */
static bool
callable(const struct msg_peer_row *p, const struct conf_node *node)
{
	if (p->state != PV_UP || !p->has_endpoint || p->endpoint.port == 0 ||
	    addr_is_special(&p->endpoint.addr))
		return false;
	for (unsigned i = 0; i < node->nsubnets; i++)
		if (prefix_has(&node->subnet[i], &p->endpoint.addr))
			return false;
	return true;
}

/* Of the one node in the table that has this address; of several: 0. */
static uint16_t
dht_port_at(const struct snapshot *s, const struct addr *a)
{
	uint16_t port = 0;

	for (size_t i = 0; i < s->ndht_nodes; i++) {
		const struct endpoint *ep = &s->dht_node[i].ep;

		if (!addr_eq(&ep->addr, a) || ep->port == port)
			continue;
		if (port != 0)
			return 0;
		port = ep->port;
	}
	return port;
}

static bool
has_key(const struct contacts *k, const uint8_t key[32])
{
	for (unsigned i = 0; i < k->n; i++)
		if (memcmp(k->at[i].key, key, sizeof(k->at[i].key)) == 0)
			return true;
	return false;
}

static bool
has_address(const struct contacts *k, const struct addr *a)
{
	for (unsigned i = 0; i < k->n; i++)
		if (addr_eq(&k->at[i].ep.addr, a))
			return true;
	return false;
}

static bool
better(const struct other *a, const struct other *b)
{
	if (b->peer == NULL || a->elsewhere != b->elsewhere)
		return b->peer == NULL || a->elsewhere;
	if ((a->dht_port != 0) != (b->dht_port != 0))
		return a->dht_port != 0;
	return a->peer->since_unix_ms < b->peer->since_unix_ms;
}

static struct other
best(const struct snapshot *s, const struct conf_node *node,
    const struct contacts *k)
{
	struct other best = {0}, o;

	for (size_t i = 0; i < s->npeers; i++) {
		o.peer = &s->peer[i];
		if (!callable(o.peer, node) || has_key(k, o.peer->key))
			continue;
		o.dht_port = dht_port_at(s, &o.peer->endpoint.addr);
		o.elsewhere = !has_address(k, &o.peer->endpoint.addr);
		/* the dear question last: it reads certificates */
		if (better(&o, &best) && is_member(s, o.peer->key))
			best = o;
	}
	return best;
}

void
contacts_pick(
    const struct snapshot *s, const struct conf_node *node, struct contacts *k)
{
	struct other o = {0};

	while (
	    k->n < INVITE_CONTACTS_MAX && (o = best(s, node, k)).peer != NULL) {
		struct contact *c = &k->at[k->n];

		memcpy(c->key, o.peer->key, sizeof(c->key));
		c->ep = o.peer->endpoint;
		c->dht_port = o.dht_port;
		snprintf(k->name[k->n], sizeof(k->name[0]), "%s", o.peer->name);
		k->n++;
	}
}

static int
take(void *ctx, const struct ipc_frame *f)
{
	return snapshot_take(ctx, f);
}

void
contacts_more(
    const struct call *c, const struct conf_node *node, struct contacts *k)
{
	static const uint8_t all[2]; /* a name of no length */
	struct snapshot s;
	const struct question ask[] = {
	    {MSG_PEERS_ASK, all, sizeof(all), REQUEST_LOOK_MS, take, &s},
	    {MSG_NET_ASK, NULL, 0, REQUEST_LOOK_MS, take, &s},
	    {MSG_DHT_ASK, NULL, 0, REQUEST_LOOK_MS, take, &s}};
	struct request *r = NULL;
	enum row_end end;
	char path[512];

	if (k->n == INVITE_CONTACTS_MAX)
		return;
	snapshot_init(&s);
	if (c->socket != NULL)
		snprintf(path, sizeof(path), "%s", c->socket);
	else
		snprintf(path, sizeof(path), "%s/control.sock", c->rundir);
	if (request_open(&r, path) == REQUEST_OK) {
		for (unsigned i = 0; i < sizeof(ask) / sizeof(ask[0]); i++)
			if (request_ask(r, &ask[i], &end) != REQUEST_OK)
				break;
		request_close(r);
	}
	contacts_pick(&s, node, k);
	snapshot_clear(&s);
}
