/* SPDX-License-Identifier: ISC */
/* file: ctl/contacts.c */
/*
 * Where this node can be reached (see contacts.h).  What an administrator said
 * wins; a guess from the interfaces is right on a LAN and on a host with a
 * public address, and wrong behind a NAT without a forwarded port.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contacts.h"
#include "hostnet.h"
#include "newcomer.h"

#define GUESSES_MAX 2
#define FILE_MAX 512

struct contacts {
	const struct call *call;
	const struct conf *conf;
	const uint8_t *node;
	struct contact *out;
	uint8_t n;
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
add(struct contacts *k, const struct endpoint *ep)
{
	const struct conf_node *node = &k->conf->node;
	struct contact *c = &k->out[k->n];

	if (k->n == INVITE_CONTACTS_MAX)
		return;
	memcpy(c->key, k->node, sizeof(c->key));
	c->ep = *ep;
	c->dht_port = node->dht == CONF_DHT_NO ? 0 : node->dht_listen.port;
	k->n++;
}

static int
from_options(struct contacts *k)
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
from_file(struct contacts *k, const char *path)
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
from_listen(struct contacts *k)
{
	const struct conf_node *node = &k->conf->node;

	for (unsigned i = 0; i < node->nlisten; i++)
		if (!node->listen_any[i] &&
		    !addr_is_special(&node->listen[i].addr))
			add(k, &node->listen[i]);
}

static void
from_interfaces(struct contacts *k)
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
    const struct conf *conf, const uint8_t node[32], struct contact *out,
    uint8_t *n)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "no_contact",
	    .hint = {"say where others reach this machine: "
		     "--contact ADDRESS:PORT"}};
	struct contacts k = {.call = c, .conf = conf, .node = node, .out = out};
	int code = from_options(&k);

	if (code == EXIT_FINE && k.n == 0)
		from_file(&k, f->contact);
	if (code == EXIT_FINE && k.n == 0)
		from_listen(&k);
	if (code == EXIT_FINE && k.n == 0)
		from_interfaces(&k);
	*n = k.n;
	if (code == EXIT_FINE && k.n == 0)
		code = report_error(
		    c, &none, "this machine has no address others could call");
	return code;
}
