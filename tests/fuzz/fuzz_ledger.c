/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_ledger.c */
/*
 * The authority's files with any text, and decisions made from them.
 *
 * Oracles: a ledger is the same in one piece and in many; every invitation and
 * certificate it has is written as a line that is read as itself; serials
 * ascend; the list of revoked ones ascends and has revoked ones only; a
 * certificate that is issued has a serial of its own, a name and an address
 * that no other node has, and its line makes it known.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "crypto.h"
#include "ledger.h"

#define NOW UINT64_C(1763694000)

static struct bundle b;
static struct join_request request;

static void
check(int ok)
{
	if (!ok)
		abort();
}

static void
read_authority(const char *text, size_t len)
{
	char out[AUTHORITY_TEXT_MAX];
	struct authority a, again;
	size_t n;

	if (authority_parse(text, len, &a) == -1)
		return;
	n = authority_print(out, sizeof(out), &a);
	check(n != 0 && authority_parse(out, n, &again) == 0);
	check(memcmp(&a, &again, sizeof(a)) == 0);
}

static void
check_lines(const struct ledger *l)
{
	char line[LEDGER_LINE_MAX];
	struct ledger one;
	size_t n;

	for (uint32_t i = 0; i < l->ninvites; i++) {
		struct ledger_invite v = l->invite[i];

		v.used = 0;
		v.cancelled = false;
		ledger_init(&one);
		n = ledger_line_invite(line, &v);
		check(n != 0 && ledger_read(&one, line, n) == 0);
		check(one.ninvites == 1 && one.skipped == 0);
		check(memcmp(&one.invite[0], &v, sizeof(v)) == 0);
		ledger_clear(&one);
	}
	for (uint32_t i = 0; i < l->nissues; i++) {
		struct ledger_issue v = l->issue[i];

		check(i == 0 || v.serial > l->issue[i - 1].serial);
		v.revoked = 0;
		ledger_init(&one);
		n = ledger_line_issue(line, &v);
		check(n == 0 || ledger_read(&one, line, n) == 0);
		check(n == 0 || (one.nissues == 1 && one.skipped == 0));
		check(n == 0 || memcmp(&one.issue[0], &v, sizeof(v)) == 0);
		ledger_clear(&one);
	}
}

static void
check_pieces(const struct ledger *l, const char *text, size_t len)
{
	struct ledger other;

	ledger_init(&other);
	for (size_t at = 0, n; at < len; at += n) {
		n = 1 + at % 7;
		n = n > len - at ? len - at : n;
		check(ledger_read(&other, text + at, n) == 0);
	}
	check(l->ninvites == other.ninvites && l->nissues == other.nissues);
	check(l->skipped == other.skipped && l->crl == other.crl);
	check(l->nissues == 0 ||
	    memcmp(l->issue, other.issue, l->nissues * sizeof(*l->issue)) == 0);
	ledger_clear(&other);
}

static void
check_crl(const struct ledger *l)
{
	struct crl c;

	ledger_crl(l, NOW, &c);
	check(c.n <= CRL_SERIALS_MAX);
	for (unsigned i = 1; i < c.n; i++)
		check(c.serial[i] > c.serial[i - 1]);
}

static void
check_issued(struct ledger *l, const char *line)
{
	uint64_t before = l->serial;
	struct cert c;

	check(cert_get(b.cert, b.certlen, &c) == CERT_OK);
	check(bundle_verify(&b, request.node, c.not_before) == NULL);
	if (line[0] == '\0')
		return;
	check(c.serial == before + 1);
	check(ledger_name_of(l, c.name, c.node, NOW) == NULL);
	check(c.naddresses == 1);
	check(ledger_address_of(l, &c.address[0].addr, c.node, NOW) == NULL);
	check(ledger_read(l, line, strlen(line)) == 0);
	check(l->serial == before + 1);
	check(ledger_by_node(l, c.node)->serial == c.serial);
}

static void
issue(struct ledger *l)
{
	static const uint8_t holder[32] = {9};
	struct ledger_invite terms = {.name = "beta", .life_s = 86400};
	char line[LEDGER_LINE_MAX];
	struct authority a = {0};
	const char *who;

	memset(a.ca_seed, 1, 32);
	memset(a.dir_seed, 2, 32);
	memset(a.secret, 3, 32);
	check(prefix_parse("10.77.0.0/29", &a.prefix) == 0);
	if (l->serial > INT64_MAX || l->nissues > 200)
		return;
	/* nothing is decided on half a line: all who append end it first */
	check(ledger_read(l, " cut short\n", 11) == 0);
	if (ledger_issue(l, &a, holder, &request, NOW, &b, line, &who) ==
	    JOIN_OK)
		check_issued(l, line);
	check(strlen(who) < LEDGER_WHO_MAX);
	if (ledger_admit(l, &a, holder, &request, &terms, NOW, &b, line,
		&who) == JOIN_OK)
		check_issued(l, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t node[32] = {7}, seed[32] = {8};
	char *copy = malloc(size == 0 ? 1 : size);
	struct ledger l;

	check(copy != NULL && crypto_init() == 0);
	if (request.node[0] == 0)
		check(join_request_make(&request, NULL, node, seed) == 0);
	if (size > 0)
		memcpy(copy, data, size);
	read_authority(copy, size);
	ledger_init(&l);
	check(ledger_read(&l, copy, size) == 0);
	check_pieces(&l, copy, size);
	check_lines(&l);
	check_crl(&l);
	issue(&l);
	ledger_clear(&l);
	free(copy);
	return 0;
}
