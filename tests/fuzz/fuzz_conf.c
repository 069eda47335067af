/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_conf.c */
/*
 * conf_parse with files that only exist in the input.
 *
 * A line "%NAME" ends one file and begins the next; the first is the main one,
 * the others are found by include, by their name or by a pattern.  Oracles: a
 * configuration is refused exactly if there is an error; complaints are
 * printable and lie inside their arrays; what was read comes back unchanged
 * from its canonical text and from its frames, and differs in nothing.
 */
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "ipc.h"
#include "member.h"
#include "msg.h"

#define MAIN "/etc/mesh/mesh.conf"
#define DIR "/etc/mesh/"
#define FILES_MAX 12

struct file {
	char path[CONF_PATH_MAX];
	const char *text;
	size_t len;
};

struct input {
	unsigned n;
	struct file file[FILES_MAX];
};

static struct conf_diags ds;

static void
check(int ok)
{
	if (!ok)
		abort();
}

static int
open_glob(void *ctx, const char *pattern,
    int (*add)(void *actx, const char *path, const char *text, size_t len),
    void *actx, char *err, size_t cap)
{
	const struct input *in = ctx;
	int n = 0;

	if (strstr(pattern, "forbidden") != NULL) {
		snprintf(err, cap, "%s: no\nthat is so", pattern);
		return -1;
	}
	for (unsigned i = 0; i < in->n; i++) {
		if (fnmatch(pattern, in->file[i].path, FNM_PATHNAME) != 0)
			continue;
		n++;
		if (add(actx, in->file[i].path, in->file[i].text,
			in->file[i].len) == -1)
			break;
	}
	return n;
}

static int
secret(void *ctx, const char *path, uint8_t out[32], char *err, size_t cap)
{
	(void)ctx;
	memset(out, 0x5e, 32); /* member.h's */
	if (strstr(path, "bad") == NULL)
		return 0;
	snprintf(err, cap, "%s: bad", path);
	return -1;
}

/* The one certificate there is; or what lies in a file of the input. */
static int
certificate(void *ctx, const char *path, char *out, size_t outcap, size_t *len,
    char *err, size_t cap)
{
	static char good[BUNDLE_TEXT_MAX];
	static size_t goodlen;
	const struct input *in = ctx;

	if (goodlen == 0)
		goodlen = member_text(good);
	for (unsigned i = 0; i < in->n; i++)
		if (strcmp(path, in->file[i].path) == 0 &&
		    in->file[i].len <= outcap) {
			memcpy(out, in->file[i].text, in->file[i].len);
			*len = in->file[i].len;
			return 0;
		}
	if (strstr(path, "good") == NULL) {
		snprintf(err, cap, "%s: bad", path);
		return -1;
	}
	memcpy(out, good, goodlen);
	*len = goodlen;
	return 0;
}

/* Exact-size copies, so that a read too far is seen. */
static void
split(struct input *in, const char *data, size_t len)
{
	const char *end = data + len, *eol, *name = MAIN;
	size_t namelen = strlen(MAIN);
	struct file *f;
	char *copy;

	for (in->n = 0; in->n < FILES_MAX && data != NULL; in->n++) {
		f = &in->file[in->n];
		snprintf(f->path, sizeof(f->path), "%s%.*s",
		    in->n == 0 ? "" : DIR, (int)(namelen > 40 ? 40 : namelen),
		    name);
		for (eol = data; eol < end; eol++)
			if (*eol == '%' && (eol == data || eol[-1] == '\n'))
				break;
		f->len = (size_t)(eol - data);
		copy = malloc(f->len == 0 ? 1 : f->len);
		check(copy != NULL);
		memcpy(copy, data, f->len);
		f->text = copy;
		if (eol == end)
			data = NULL;
		else {
			name = eol + 1;
			data = memchr(name, '\n', (size_t)(end - name));
			namelen = (size_t)((data == NULL ? end : data) - name);
			data = data == NULL ? end : data + 1;
		}
	}
}

static int
parse(struct input *in, const char *text, size_t len, struct conf *c)
{
	struct conf_reader r = {.open_glob = open_glob,
	    .secret = secret,
	    .certificate = certificate,
	    .unix_s = MEMBER_NOW,
	    .ctx = in};
	struct conf_macro m = {"given", "51820"};

	conf_defaults(c, "fuzz", "/run/mesh");
	return conf_parse(MAIN, text, len, &r, &m, 1, c, &ds);
}

static void
check_diags(void)
{
	char *text;
	size_t len;
	FILE *f;

	check(ds.n <= CONF_DIAGS_MAX && ds.errors + ds.warnings >= ds.n);
	f = open_memstream(&text, &len);
	check(f != NULL);
	conf_diags_print(f, &ds);
	fclose(f);
	for (size_t i = 0; i < len; i++)
		check(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	free(text);
}

static char *
print(const struct conf *c)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	check(f != NULL && conf_print(f, c) == 0);
	fclose(f);
	return text;
}

static void
check_frames(const struct conf *c)
{
	static uint8_t mem[IPC_BODY_MAX];
	struct conf_node node;
	struct conf_peer peer;
	struct conf_net net;
	struct wbuf w;
	struct rbuf r;

	wbuf_init(&w, mem, sizeof(mem));
	conf_node_put(&w, &c->node);
	check(wbuf_done(&w) == 0);
	rbuf_init(&r, mem, w.len);
	check(conf_node_get(&r, &node) == 0);
	if (c->net.on) {
		wbuf_init(&w, mem, sizeof(mem));
		conf_net_put(&w, &c->net, ROLE_DISC);
		check(wbuf_done(&w) == 0);
		rbuf_init(&r, mem, w.len);
		check(conf_net_get(&r, &net) == 0 && net.on);
	}
	for (uint32_t i = 0; i < c->npeers; i++) {
		wbuf_init(&w, mem, sizeof(mem));
		conf_peer_put(&w, &c->peer[i]);
		check(wbuf_done(&w) == 0);
		rbuf_init(&r, mem, w.len);
		check(conf_peer_get(&r, &peer) == 0);
		conf_peer_clear(&peer);
	}
}

static void
check_round_trip(struct input *in, const struct conf *c)
{
	char *once = print(c), *twice;
	struct conf again;

	check(parse(in, once, strlen(once), &again) == 0);
	twice = print(&again);
	check(strcmp(once, twice) == 0);
	check(conf_diff(c, &again, NULL, NULL) == 0);
	conf_clear(&again);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in;
	struct conf c;
	int ret;

	split(&in, (const char *)data, len);
	ret = parse(&in, in.file[0].text, in.file[0].len, &c);
	check(ret == (ds.errors == 0 ? 0 : -1));
	check_diags();
	if (ret == 0) {
		check_frames(&c);
		check_round_trip(&in, &c);
	}
	conf_clear(&c);
	for (unsigned i = 0; i < in.n; i++)
		free((void *)(uintptr_t)in.file[i].text);
	return 0;
}
