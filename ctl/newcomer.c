/* SPDX-License-Identifier: ISC */
/* file: ctl/newcomer.c */
/*
 * Becoming a member (see newcomer.h).  The configuration is written last: a
 * machine that has one is set up, one that has none is not, and nothing in
 * between survives.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "fmt.h"
#include "hostnet.h"
#include "newcomer.h"
#include "netkey.h"
#include "start.h"

#define CONF_TEXT_MAX 2048

/* ---- words ---- */

const char *
network_name(char out[NETWORK_NAME], const uint8_t authority[32])
{
	uint8_t h[32];

	crypto_sha256(h, authority, 32, NULL, 0);
	snprintf(
	    out, NETWORK_NAME, "net-%02x%02x%02x%02x", h[0], h[1], h[2], h[3]);
	return out;
}

int
endpoint_parse(const char *s, uint16_t port, struct endpoint *ep)
{
	char host[ADDR_STRLEN];
	const char *colon = strrchr(s, ':'), *end = s + strlen(s);
	unsigned long n = port;
	char *rest;

	if (s[0] == '[') {
		end = strchr(++s, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -1;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && colon != strchr(s, ':')) {
		colon = NULL; /* an IPv6 address alone */
	} else if (colon != NULL) {
		end = colon;
	}
	if (colon != NULL) {
		n = strtoul(colon + 1, &rest, 10);
		if (colon[1] < '0' || colon[1] > '9' || *rest != '\0')
			return -1;
	}
	if ((size_t)(end - s) >= sizeof(host) || n < 1 || n > UINT16_MAX)
		return -1;
	memcpy(host, s, (size_t)(end - s));
	host[end - s] = '\0';
	ep->port = (uint16_t)n;
	if (addr_parse(host, &ep->addr) == -1)
		return -1;
	addr_canonical(&ep->addr);
	return addr_is_special(&ep->addr) ? -1 : 0;
}

int
port_parse(const struct call *c, const char *what, const char *s, uint16_t *out)
{
	char text[64];
	unsigned long n;
	char *end;

	*out = 0;
	if (s == NULL)
		return EXIT_FINE;
	n = strtoul(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end != '\0' || n < 1 ||
	    n > UINT16_MAX) {
		snprintf(
		    text, sizeof(text), "%s is from 1 to 65535, not ", what);
		return args_usage(c, text, s);
	}
	*out = (uint16_t)n;
	return EXIT_FINE;
}

/* ---- begin and end ---- */

static int
in_the_way(const struct newcomer *m)
{
	const char *const path[] = {
	    m->files.conf, m->files.cert, m->files.secret};
	static const struct complaint is = {.exit_status = EXIT_BAD,
	    .code = "file_exists",
	    .hint = {"what it is: meshctl network",
		"to start over, stop the service and move it away"}};

	for (unsigned i = 0; i < 3; i++)
		if (paths_exist(path[i]))
			return report_error(m->call, &is,
			    "this machine is set up already: %s exists",
			    path[i]);
	return EXIT_FINE;
}

static int
begin_key(struct newcomer *m)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "key"};
	bool made; /* it stays: an invitation may be bound to it by now */
	int code;

	if (crypto_init() == -1)
		return report_error(m->call, &bad, "the crypto library fails");
	code = paths_key_make(m->call, m->files.key, m->identity, &made);
	if (code != EXIT_FINE)
		return code;
	netkey_node_seed(m->seed, m->identity);
	return crypto_x25519_pub(m->node, m->identity) == 0
	    ? EXIT_FINE
	    : report_error(m->call, &bad, "%s: not a usable key", m->files.key);
}

int
newcomer_begin(struct newcomer *m, const struct call *c)
{
	char again[96];
	const struct complaint root = {.exit_status = EXIT_DENIED,
	    .code = "not_permitted",
	    .hint = {again}};
	int code;

	snprintf(again, sizeof(again), "sudo meshctl %s", c->verb->name);
	memset(m, 0, sizeof(*m));
	m->call = c;
	code = paths_new(&m->files, c);
	if (code == EXIT_FINE)
		code = port_parse(c, "--port", c->opt[OPT_PORT], &m->port);
	if (code == EXIT_FINE)
		code = port_parse(
		    c, "--dht-port", c->opt[OPT_DHT_PORT], &m->dht_port);
	if (code == EXIT_FINE && geteuid() != 0)
		code = report_error(
		    c, &root, "not permitted: %s needs root", c->verb->name);
	if (code == EXIT_FINE)
		code = in_the_way(m);
	if (code == EXIT_FINE && paths_dir(m->files.dir, 0755) == -1)
		code = paths_failed(c, m->files.dir, "make");
	if (code == EXIT_FINE && paths_dir(m->files.state, 0700) == -1)
		code = paths_failed(c, m->files.state, "make");
	return code == EXIT_FINE ? begin_key(m) : code;
}

void
newcomer_clear(struct newcomer *m, bool keep)
{
	while (!keep && m->nmade > 0)
		(void)unlink(m->made[--m->nmade]);
	crypto_wipe(m, sizeof(*m));
}

/* ---- files ---- */

int
newcomer_write(struct newcomer *m, const char *path, mode_t mode,
    const char *text, size_t len)
{
	if (paths_write(path, mode, text, len) == -1)
		return paths_failed(m->call, path, "write");
	if (m->nmade < NEWCOMER_MADE_MAX)
		m->made[m->nmade++] = path;
	return EXIT_FINE;
}

static int
bad_clock(const struct newcomer *m, const char *why, uint64_t now)
{
	char ours[FMT_LEN], from[FMT_LEN], to[FMT_LEN], detail[200];
	const struct complaint is = {.exit_status = EXIT_BAD,
	    .code = "clock_skew",
	    .detail = detail,
	    .hint = {"set the clock of this machine or of the authority's"}};

	snprintf(detail, sizeof(detail),
	    "this clock says %s; the certificate is from %s to %s",
	    fmt_local(ours, now * 1000),
	    fmt_local(from, m->cert.not_before * 1000),
	    fmt_local(to, m->cert.not_after * 1000));
	return report_error(
	    m->call, &is, "the certificate does not count here: %s", why);
}

int
newcomer_check(struct newcomer *m)
{
	static const uint8_t none[32];
	struct complaint bad = {.exit_status = EXIT_BAD, .code = "certificate"};
	uint64_t now = clock_unix_ms() / 1000;
	const char *why = bundle_verify(&m->bundle, m->node, now);

	if (cert_get(m->bundle.cert, m->bundle.certlen, &m->cert) != CERT_OK)
		return report_error(
		    m->call, &bad, "what came is no certificate");
	if (why == cert_verdict_name(CERT_EARLY) ||
	    why == cert_verdict_name(CERT_EXPIRED))
		return bad_clock(m, why, now);
	if (m->call->opt[OPT_FILE] != NULL)
		bad.hint[0] = "is it for this machine?  meshctl request here, "
			      "then sign that";
	if (why != NULL)
		return report_error(m->call, &bad,
		    "the certificate that came does not count: %s", why);
	if (crypto_equal(m->bundle.secret, none, sizeof(none)))
		return report_error(
		    m->call, &bad, "what came has no network secret");
	return EXIT_FINE;
}

static int
write_secret(struct newcomer *m)
{
	char text[46];
	int code;

	key_format(m->bundle.secret, text);
	memcpy(text + 44, "\n", 2);
	code = newcomer_write(m, m->files.secret, 0400, text, 45);
	crypto_wipe(text, sizeof(text));
	return code;
}

static int
write_cert(struct newcomer *m)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "certificate"};
	char *text = malloc(BUNDLE_TEXT_MAX);
	size_t len = 0;
	int code;

	if (text != NULL)
		len = bundle_print(text, BUNDLE_TEXT_MAX, &m->bundle);
	code = len > 0
	    ? newcomer_write(m, m->files.cert, 0644, text, len)
	    : report_error(m->call, &bad, "the certificate can't be printed");
	free(text);
	return code;
}

/* { ADDR port N, ... } of the contacts that have a DHT port; no two alike */
static void
put_bootstrap(const struct newcomer *m, FILE *f)
{
	char text[ADDR_STRLEN];
	unsigned n = 0;

	for (unsigned i = 0; i < m->ncontacts; i++) {
		const struct contact *k = &m->contact[i];

		if (k->dht_port == 0)
			continue;
		fprintf(f, "%s%s port %u", n++ == 0 ? "\tbootstrap { " : ", ",
		    addr_format(&k->ep.addr, text), (unsigned)k->dht_port);
	}
	if (n > 0)
		fprintf(f, " }\n");
}

static void
put_conf(const struct newcomer *m, FILE *f)
{
	const struct paths *w = &m->files;
	char name[NETWORK_NAME];
	bool dht = m->dht_port != 0;

	for (unsigned i = 0; i < m->ncontacts; i++)
		dht = dht || m->contact[i].dht_port != 0;
	fprintf(f, "# %s of %s; all options: mesh.conf(5)\n", m->cert.name,
	    network_name(name, m->bundle.authority));
	if (strcmp(w->key, CONF_STATE_DIR "/identity.key") != 0)
		fprintf(f, "identity { key file \"%s\" }\n", w->key);
	fprintf(f, "network {\n\tcertificate file \"%s\"\n", w->cert);
	fprintf(f, "\tsecret file \"%s\"\n}\n", w->secret);
	if (m->port != 0)
		fprintf(f, "transport { listen on * port %u }\n",
		    (unsigned)m->port);
	if (!dht)
		return;
	fprintf(f, "discovery {\n");
	if (m->dht_port != 0)
		fprintf(
		    f, "\tdht listen on * port %u\n", (unsigned)m->dht_port);
	put_bootstrap(m, f);
	fprintf(f, "}\n");
}

int
newcomer_write_all(struct newcomer *m)
{
	char text[CONF_TEXT_MAX];
	FILE *f = fmemopen(text, sizeof(text), "w");
	long len = -1;
	int code;

	if (f == NULL)
		return paths_failed(m->call, m->files.conf, "write");
	put_conf(m, f);
	if (fflush(f) == 0)
		len = ftell(f);
	(void)fclose(f);
	if (len <= 0 || len >= CONF_TEXT_MAX) {
		errno = ENOSPC;
		return paths_failed(m->call, m->files.conf, "write");
	}
	code = write_secret(m);
	if (code == EXIT_FINE)
		code = write_cert(m);
	if (code == EXIT_FINE)
		code =
		    newcomer_write(m, m->files.conf, 0644, text, (size_t)len);
	return code;
}

/* ---- the end ---- */

/*
 * A network that this machine has already would not be reached any more.
 * Asked before the start, as afterwards it is the mesh's own.
 */
static bool
overlaps(const struct newcomer *m, struct show_note *note)
{
	const struct prefix *net = &m->bundle.prefix;
	const struct hostnet_row *row = NULL;
	char ours[PREFIX_STRLEN], theirs[PREFIX_STRLEN];
	struct hostnet *h = calloc(1, sizeof(*h));

	*note = (struct show_note){.severity = SHOW_WARNING, .code = "overlap"};
	if (h != NULL && net->addr.family != 0 && hostnet_read(h) == 0)
		row = hostnet_overlap(h, net);
	if (row != NULL)
		snprintf(note->message, sizeof(note->message),
		    "the network's %s overlaps this machine's %s",
		    prefix_format(net, ours), prefix_format(&row->p, theirs));
	free(h);
	return row != NULL;
}

static void
show_member(const struct newcomer *m, struct show *o, const char *network,
    const char *how)
{
	const struct cert *c = &m->cert;
	char addresses[2 * PREFIX_STRLEN + 4] = "", four[PREFIX_STRLEN];
	char six[ADDR_STRLEN], name[NETWORK_NAME],
	    wrote[CONF_PATH_MAX * 2 + 16];
	struct addr own6;
	struct show_cell cell;

	cert_address6(&own6, m->bundle.authority, m->node);
	snprintf(addresses, sizeof(addresses), "%s%s%s/48",
	    c->naddresses > 0 ? prefix_format(&c->address[0], four) : "",
	    c->naddresses > 0 ? ", " : "", addr_format(&own6, six));
	if (network == NULL)
		network = network_name(name, m->bundle.authority);
	snprintf(
	    wrote, sizeof(wrote), "%s, key %s", m->files.conf, m->files.key);
	o->ops->field(o, "network", "network", network);
	o->ops->field(o, "name", "node", c->name);
	cell = (struct show_cell){.key = "addresses",
	    .head = "address",
	    .type = CELL_LIST,
	    .s = addresses};
	o->ops->cell(o, &cell);
	o->ops->field(o, "configuration", NULL, m->files.conf);
	o->ops->field(o, "identity_file", NULL, m->files.key);
	if (m->call->form == FORM_TEXT)
		o->ops->field(o, "wrote", "wrote", wrote);
	cell = (struct show_cell){.key = "valid_until",
	    .head = "valid until",
	    .type = CELL_AT,
	    .n = c->not_after * 1000};
	o->ops->cell(o, &cell);
	o->ops->field(o, "started", "started", how);
}

int
newcomer_start(struct newcomer *m, const char *network, const char *next)
{
	const struct call *c = m->call;
	char hint[CONF_PATH_MAX * 2 + 64];
	struct show_note note;
	bool clash = overlaps(m, &note);
	const char *how = NULL;
	int code = EXIT_FINE;
	struct show *o;

	if (c->opt[OPT_NO_START] == NULL)
		code = start_service(c, &m->files, &how);
	if (code != EXIT_FINE)
		return code;
	o = report_begin(c, SHOW_JOIN, m->cert.name);
	if (o == NULL)
		return EXIT_BAD;
	show_member(m, o, network, how == NULL ? "no" : how);
	if (c->form == FORM_TEXT && how == NULL) {
		start_hint(c, &m->files, hint, sizeof(hint));
		o->ops->field(o, "start", "start it", hint);
	}
	if (clash)
		o->ops->note(o, &note);
	if (c->form == FORM_TEXT && next != NULL)
		o->ops->field(o, "next", "", next);
	return report_end(c, o, code);
}
