/* SPDX-License-Identifier: ISC */
/* file: upnpd/igd.c */
/* The gateway as an Internet Gateway Device: see igd.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/miniwget.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

#include "igd.h"
#include "url.h"

#define SERVICE_IP "urn:schemas-upnp-org:service:WANIPConnection:"
#define SERVICE_PPP "urn:schemas-upnp-org:service:WANPPPConnection:"
#define TTL 2
#define E_CONFLICT 718  /* somebody else has the port */
#define E_PERMANENT 725 /* it knows no lifetimes */

struct igd {
	struct addr at; /* family 0: none is known */
	char url[MINIUPNPC_URL_MAXSIZE + 128];
	char type[MINIUPNPC_URL_MAXSIZE];
};

struct igd *
igd_new(void)
{
	return calloc(1, sizeof(struct igd));
}

static const char *
text(const struct addr *a, char out[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, a->b, out, INET_ADDRSTRLEN);
}

/* ---- looking for it ---- */

static bool
is_service(const char *type)
{
	return strncmp(type, SERVICE_IP, strlen(SERVICE_IP)) == 0 ||
	    strncmp(type, SERVICE_PPP, strlen(SERVICE_PPP)) == 0;
}

/* 0, or -1: it is none, or not where it says. */
static int
take(struct igd *g, struct IGDdatas *data, const char *desc,
    const struct addr *gateway)
{
	struct UPNPUrls urls;
	int r = -1;

	GetUPNPUrls(&urls, data, desc, 0);
	if (urls.controlURL != NULL && is_service(data->first.servicetype) &&
	    strlen(urls.controlURL) < sizeof(g->url) &&
	    url_is_at(urls.controlURL, gateway)) {
		snprintf(g->url, sizeof(g->url), "%s", urls.controlURL);
		snprintf(
		    g->type, sizeof(g->type), "%s", data->first.servicetype);
		g->at = *gateway;
		r = 0;
	}
	FreeUPNPUrls(&urls);
	return r;
}

static int
describe(struct igd *g, const char *desc, const struct addr *gateway)
{
	struct IGDdatas data = {0};
	int size = 0, status = 0, r = -1;
	char *xml = miniwget(desc, &size, 0, &status);

	if (xml != NULL && status == 200 && size > 0) {
		parserootdesc(xml, size, &data);
		r = take(g, &data, desc, gateway);
	}
	free(xml);
	return r;
}

static int
discover(struct igd *g, const struct igd_job *j)
{
	char source[INET_ADDRSTRLEN];
	struct UPNPDev *all;
	unsigned asked = 0;
	int err = 0, r = -1;

	/* "": no other program is asked what it has heard */
	all = upnpDiscover(IGD_DISCOVER_MS, text(&j->source, source), "",
	    UPNP_LOCAL_PORT_ANY, 0, TTL, &err);
	for (const struct UPNPDev *d = all;
	     d != NULL && r == -1 && asked < IGD_DEVICES; d = d->pNext)
		if (d->descURL != NULL && url_is_at(d->descURL, &j->gateway)) {
			asked++;
			r = describe(g, d->descURL, &j->gateway);
		}
	freeUPNPDevlist(all);
	return r;
}

/* ---- asking it ---- */

static uint16_t
code_of(int r)
{
	return r > 0 && r < 1000 ? (uint16_t)r : IGD_SILENT;
}

/* By the second version, which finds a port that is free. */
static int
add_any(const struct igd *g, const char *client, const struct igd_job *j,
    uint16_t *external)
{
	char wish[8], port[8], lease[12], got[8] = "";
	unsigned long v;
	int r;

	if (g->type[strlen(g->type) - 1] < '2')
		return -1;
	snprintf(wish, sizeof(wish), "%u", j->external);
	snprintf(port, sizeof(port), "%u", j->port);
	snprintf(lease, sizeof(lease), "%u", j->lifetime_s);
	r = UPNP_AddAnyPortMapping(g->url, g->type, wish, port, client, "mesh",
	    "UDP", NULL, lease, got);
	v = strtoul(got, NULL, 10);
	if (r != UPNPCOMMAND_SUCCESS || v == 0 || v > UINT16_MAX)
		return r == UPNPCOMMAND_SUCCESS ? -1 : r;
	*external = (uint16_t)v;
	return 0;
}

static int
add_one(const struct igd *g, const char *client, const struct igd_job *j,
    uint16_t external, uint32_t *lifetime_s)
{
	char wish[8], port[8], lease[12];
	int r;

	snprintf(wish, sizeof(wish), "%u", external);
	snprintf(port, sizeof(port), "%u", j->port);
	snprintf(lease, sizeof(lease), "%u", *lifetime_s);
	r = UPNP_AddPortMapping(
	    g->url, g->type, wish, port, client, "mesh", "UDP", NULL, lease);
	if (r == E_PERMANENT) /* until it is given back, or it forgets */
		r = UPNP_AddPortMapping(g->url, g->type, wish, port, client,
		    "mesh", "UDP", NULL, "0");
	return r;
}

static uint16_t
add(const struct igd *g, const struct igd_job *j, struct igd_result *out)
{
	char client[INET_ADDRSTRLEN], ip[64] = "";
	uint16_t external = j->external;
	int r;

	text(&j->source, client);
	out->lifetime_s = j->lifetime_s;
	r = add_any(g, client, j, &external);
	for (unsigned i = 0; r != 0 && i < IGD_PORTS; i++) {
		external = (uint16_t)(j->external + i);
		r = external == 0
		    ? E_CONFLICT
		    : add_one(g, client, j, external, &out->lifetime_s);
		if (r != E_CONFLICT)
			break;
	}
	if (r != 0)
		return code_of(r);
	r = UPNP_GetExternalIPAddress(g->url, g->type, ip);
	if (r != 0)
		return code_of(r);
	out->external.addr.family = 4;
	out->external.port = external;
	return inet_pton(AF_INET, ip, out->external.addr.b) == 1 ? IGD_DONE
								 : IGD_SILENT;
}

static uint16_t
remove_it(const struct igd *g, const struct igd_job *j)
{
	char external[8];
	int r;

	snprintf(external, sizeof(external), "%u", j->external);
	r = UPNP_DeletePortMapping(g->url, g->type, external, "UDP", NULL);
	return r == 0 ? IGD_DONE : code_of(r);
}

void
igd_do(struct igd *g, const struct igd_job *j, struct igd_result *out)
{
	bool known = g->at.family != 0 && addr_eq(&g->at, &j->gateway);

	*out = (struct igd_result){.id = j->id, .job = *j, .code = IGD_NONE};
	for (int tries = 0; tries < 2; tries++) {
		if (!known && (j->lifetime_s == 0 || discover(g, j) == -1))
			return;
		out->code =
		    j->lifetime_s == 0 ? remove_it(g, j) : add(g, j, out);
		if (!known || out->code != IGD_SILENT)
			return;
		known = false;
		g->at.family = 0;
	}
}
