/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_issue.c */
/*
 * keyd's authority through anything that can happen to it: newcomers and old
 * ones, meshctl's lines and half lines, a disk that is full, slow or gone, a
 * file that gets shorter, restarts.  Two octets an event.
 *
 * What must hold: no two machines ever get one serial or one address while the
 * file only grows, every certificate that was handed out has its line in the
 * file, and a bundle is good for whom it was made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "crypto.h"
#include "issue.h"
#include "memfile.h"

#define NOW UINT64_C(1763694000)
#define MACHINES 8
#define TOKENS 8
#define GIVEN_MAX 256
#define EVENTS_MAX 64

struct given {
	uint64_t serial;
	uint8_t node;
	struct addr address;
};

struct world {
	struct memfile f;
	struct authority a;
	struct issue s;
	struct given given[GIVEN_MAX];
	unsigned ngiven;
	uint64_t now, ms;
};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
start(struct world *w)
{
	struct issue_io io = memfile_io(&w->f);

	issue_init(&w->s, &io, &w->a, w->ms);
}

static void
secret_of(uint8_t secret[INVITE_SECRET], uint8_t token)
{
	memset(secret, token + 1, INVITE_SECRET);
}

static void
request_of(struct msg_issue_ask *ask, uint8_t m, uint8_t token)
{
	static struct msg_issue_ask made[MACHINES][TOKENS + 1];
	static bool have[MACHINES][TOKENS + 1];
	uint8_t secret[INVITE_SECRET], node[32], seed[32];
	struct invite_keys k;
	struct join_request q;

	if (!have[m][token]) {
		secret_of(secret, token);
		invite_derive(&k, secret);
		memset(node, m + 1, sizeof(node));
		memset(seed, m + 101, sizeof(seed));
		expect(join_request_make(
			   &q, token == TOKENS ? NULL : &k, node, seed) == 0);
		join_request_put(made[m][token].request, &q);
		have[m][token] = true;
	}
	*ask = made[m][token];
}

/* Only whole lines count: what was handed out is in one of them. */
static bool
has_line(const struct memfile *f, uint64_t serial)
{
	char want[40];
	size_t n;

	n = (size_t)snprintf(
	    want, sizeof(want), "issue %llu ", (unsigned long long)serial);
	for (size_t i = 0; i + n < f->len; i++)
		if ((i == 0 || f->text[i - 1] == '\n') &&
		    memcmp(f->text + i, want, n) == 0)
			return true;
	return false;
}

static void
handed_out(struct world *w, uint8_t m, const struct cert *c)
{
	struct given g = {.serial = c->serial, .node = m};

	expect(c->naddresses == 1);
	g.address = c->address[0].addr;
	expect(has_line(&w->f, c->serial));
	for (unsigned i = 0; i < w->ngiven; i++) {
		const struct given *o = &w->given[i];

		expect(o->node == m || o->serial != g.serial);
		expect(o->node == m || !addr_eq(&o->address, &g.address));
	}
	if (w->ngiven < GIVEN_MAX)
		w->given[w->ngiven++] = g;
}

static void
visit(struct world *w, uint8_t m, uint8_t token)
{
	static const uint8_t holder[32] = {7};
	struct msg_issue_ask ask;
	struct msg_issue_reply r;
	struct bundle b;
	struct cert c;
	uint8_t node[32];

	request_of(&ask, m, token);
	issue_answer(&w->s, holder, &ask, w->ms, w->now, &r);
	expect(!w->f.locked && w->f.offences == 0);
	expect((r.status == JOIN_OK) == (r.len != 0));
	if (r.status != JOIN_OK)
		return;
	memset(node, m + 1, sizeof(node));
	expect(bundle_get(r.bundle, r.len, &b) == 0);
	/* a renewed one is of the same second at most some times */
	expect(bundle_verify(&b, node, w->now) == NULL);
	expect(cert_get(b.cert, b.certlen, &c) == CERT_OK);
	handed_out(w, m, &c);
}

static void
invite(struct world *w, uint8_t token, uint8_t how)
{
	struct ledger_invite v = {.created = w->now,
	    .expires = w->now + 900,
	    .uses = 1 + how % 3u,
	    .life_s = 30 * 86400,
	    .name = "-"};
	char line[LEDGER_LINE_MAX];
	size_t n;

	secret_of(v.secret, token);
	n = ledger_line_invite(line, &v);
	expect(n != 0);
	if (how >= 0xe0)
		line[how % n] = '\0'; /* and that is where it ends */
	mem_say(&w->f, line);
}

static void
cancel(struct world *w, uint8_t token)
{
	uint8_t secret[INVITE_SECRET];
	char line[LEDGER_LINE_MAX];
	struct invite_keys k;

	secret_of(secret, token);
	invite_derive(&k, secret);
	expect(ledger_line_cancel(line, k.id) != 0);
	mem_say(&w->f, line);
}

static void
list(struct world *w)
{
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	int n = issue_rows(&w->s, w->ms, w->now, rows);
	bool over = false;

	for (int i = 0; i < n; i++) {
		expect(!over || rows[i].state != INVITE_LIVE);
		over = over || rows[i].state != INVITE_LIVE;
	}
}

/* What somebody else has done is done from here on. */
static void
shorten(struct world *w, uint8_t arg)
{
	w->f.len = arg < 128 ? 0 : w->f.len * (arg & 0x7f) / 128;
	w->ngiven = 0;
}

static void
event(struct world *w, uint8_t what, uint8_t arg)
{
	w->ms += 300;
	switch (what % 12) {
	case 0:
	case 1:
	case 2:
		visit(w, arg % MACHINES, arg / MACHINES % TOKENS);
		break;
	case 3:
		visit(w, arg % MACHINES, TOKENS);
		break;
	case 4:
		invite(w, arg % TOKENS, (uint8_t)(arg | what >> 4 << 5));
		break;
	case 5:
		cancel(w, arg % TOKENS);
		break;
	case 6:
		w->now += arg * 97u;
		break;
	case 7:
		w->f.room = arg < 0xf0 ? SIZE_MAX : (size_t)arg % 16 * 12;
		break;
	case 8:
		w->f.no_lock = arg % 8 == 1;
		w->f.no_read = arg % 8 == 2;
		w->f.no_disk = arg % 8 == 3;
		break;
	case 9:
		shorten(w, arg);
		break;
	case 10:
		issue_clear(&w->s);
		start(w);
		break;
	default:
		list(w);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w;

	expect(crypto_init() == 0);
	w = calloc(1, sizeof(*w));
	expect(w != NULL);
	memset(w->a.ca_seed, 0xca, sizeof(w->a.ca_seed));
	memset(w->a.dir_seed, 0xd1, sizeof(w->a.dir_seed));
	expect(prefix_parse("10.77.0.0/24", &w->a.prefix) == 0);
	w->f.room = SIZE_MAX;
	w->now = NOW;
	start(w);
	for (size_t i = 0; i + 1 < size && i / 2 < EVENTS_MAX; i += 2)
		event(w, data[i], data[i + 1]);
	issue_clear(&w->s);
	free(w);
	return 0;
}
