/* SPDX-License-Identifier: ISC */
/* file: common/ledger.c */
/*
 * The authority's files: reading, writing lines, and what they say (see
 * ledger.h).  What is decided from them is in ledger_issue.c.
 *
 * The ledger is the memory of the one node that can sign: a line lost is an
 * invitation that can be used twice, or a serial given twice.  So there is one
 * form of each line, and what is not of that form is counted, never guessed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "conf.h"
#include "crypto.h"
#include "ledger.h"

#define WORDS_MAX 12
#define ROOM_FIRST 64

/* ---- the authority's own file ---- */

static int
authority_line(struct authority *a, unsigned *got, const char *line)
{
	static const char *const word[] = {
	    "authority ", "directory ", "secret ", "prefix "};
	uint8_t *const key[] = {a->ca_seed, a->dir_seed, a->secret};

	for (unsigned i = 0; i < 4; i++) {
		size_t n = strlen(word[i]);

		if (strncmp(line, word[i], n) != 0)
			continue;
		if ((*got & 1u << i) != 0)
			return -1;
		*got |= 1u << i;
		if (i < 3)
			return key_parse(line + n, key[i]);
		return prefix_parse(line + n, &a->prefix) == 0 &&
			a->prefix.addr.family == 4
		    ? 0
		    : -1;
	}
	return line[0] == '\0' || line[0] == '#' ? 0 : -1;
}

int
authority_parse(const char *text, size_t len, struct authority *a)
{
	unsigned got = 0;
	char line[96];
	int ret = -1;

	memset(a, 0, sizeof(*a));
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - text);

		if (n >= sizeof(line) || memchr(text, '\0', n) != NULL)
			goto out;
		memcpy(line, text, n);
		line[n] = '\0';
		if (authority_line(a, &got, line) == -1)
			goto out;
		n += end != NULL;
		text += n;
		len -= n;
	}
	prefix_mask(&a->prefix);
	if ((got & 7) == 7)
		ret = 0;
out:
	crypto_wipe(line, sizeof(line));
	if (ret == -1)
		crypto_wipe(a, sizeof(*a));
	return ret;
}

size_t
authority_print(char *out, size_t cap, const struct authority *a)
{
	char key[3][45], prefix[PREFIX_STRLEN];
	bool has = a->prefix.addr.family != 0;
	int n;

	n = snprintf(out, cap, "authority %s\ndirectory %s\nsecret %s\n%s%s%s",
	    key_format(a->ca_seed, key[0]), key_format(a->dir_seed, key[1]),
	    key_format(a->secret, key[2]), has ? "prefix " : "",
	    has ? prefix_format(&a->prefix, prefix) : "", has ? "\n" : "");
	crypto_wipe(key, sizeof(key));
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

/* ---- life ---- */

void
ledger_init(struct ledger *l)
{
	*l = (struct ledger){0};
}

void
ledger_clear(struct ledger *l)
{
	if (l->invite != NULL)
		crypto_wipe(l->invite, LEDGER_INVITES_MAX * sizeof(*l->invite));
	free(l->invite);
	free(l->issue);
	crypto_wipe(l, sizeof(*l));
}

/* ---- words ---- */

bool
ledger_name_ok(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t n = strspn(s, letters);

	return n > 0 && n < CERT_NAME_MAX && s[n] == '\0' && s[0] != '-' &&
	    s[n - 1] != '-';
}

bool
ledger_group_ok(const char *s)
{
	size_t n = 0;

	for (; s[n] != '\0'; n++)
		if (s[n] <= ' ' || s[n] > '~' || s[n] == ',')
			return false;
	return n > 0 && n < CERT_GROUP_MAX && strcmp(s, "-") != 0;
}

static int
get_number(const char *s, uint64_t *out)
{
	uint64_t n = 0;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		unsigned d = (unsigned)(*s - '0');

		if (*s < '0' || *s > '9' || n > (UINT64_MAX - d) / 10)
			return -1;
		n = n * 10 + d;
	}
	*out = n;
	return 0;
}

static int
get_u32(const char *s, uint32_t *out)
{
	uint64_t n;

	if (get_number(s, &n) == -1 || n > UINT32_MAX)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
get_id(const char *s, uint8_t id[INVITE_ID])
{
	if (strlen(s) != 2 * INVITE_ID)
		return -1;
	for (unsigned i = 0; i < INVITE_ID; i++) {
		int hi = nibble(s[2 * i]), lo = nibble(s[2 * i + 1]);

		if (hi == -1 || lo == -1)
			return -1;
		id[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

static void
put_id(char out[2 * INVITE_ID + 1], const uint8_t id[INVITE_ID])
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned i = 0; i < INVITE_ID; i++) {
		*out++ = hex[id[i] >> 4];
		*out++ = hex[id[i] & 15];
	}
	*out = '\0';
}

/* An IPv4 address with a length, or "-" */
static int
get_prefix(const char *s, struct prefix *p)
{
	*p = (struct prefix){0};
	if (strcmp(s, "-") == 0)
		return 0;
	return prefix_parse(s, p) == 0 && p->addr.family == 4 ? 0 : -1;
}

static int
get_groups(char *s, char group[][CERT_GROUP_MAX], uint8_t *n)
{
	char *next;

	*n = 0;
	if (strcmp(s, "-") == 0)
		return 0;
	for (; s != NULL; s = next) {
		next = strchr(s, ',');
		if (next != NULL)
			*next++ = '\0';
		if (*n == CERT_GROUPS_MAX || !ledger_group_ok(s))
			return -1;
		memcpy(group[(*n)++], s, strlen(s) + 1);
	}
	return 0;
}

#define GROUPS_TEXT (CERT_GROUPS_MAX * CERT_GROUP_MAX + 1)

static int
put_groups(char out[GROUPS_TEXT], const char group[][CERT_GROUP_MAX], uint8_t n)
{
	size_t len = 0;

	if (n > CERT_GROUPS_MAX)
		return -1;
	memcpy(out, "-", 2);
	for (unsigned i = 0; i < n; i++) {
		if (!ledger_group_ok(group[i]))
			return -1;
		if (i > 0)
			out[len++] = ',';
		memcpy(out + len, group[i], strlen(group[i]) + 1);
		len += strlen(group[i]);
	}
	return 0;
}

static const char *
caps_text(uint32_t caps)
{
	return (caps & CERT_CAP_RELAY) != 0 ? " relay" : "";
}

/* ---- lines in ---- */

/* What has long been over makes room; else the oldest. */
static struct ledger_invite *
invite_room(struct ledger *l, uint64_t now)
{
	uint32_t i = 0;

	if (l->invite == NULL)
		l->invite = calloc(LEDGER_INVITES_MAX, sizeof(*l->invite));
	if (l->invite == NULL)
		return NULL;
	if (l->ninvites < LEDGER_INVITES_MAX)
		return &l->invite[l->ninvites++];
	while (i < l->ninvites && ledger_invite_open(&l->invite[i], now))
		i++;
	if (i == l->ninvites)
		i = 0;
	memmove(&l->invite[i], &l->invite[i + 1],
	    (l->ninvites - 1 - i) * sizeof(*l->invite));
	return &l->invite[l->ninvites - 1];
}

/* Each: 1 taken, 0 makes no sense, -1 no memory. */
static int
take_invite(struct ledger *l, char *w[], unsigned n)
{
	struct ledger_invite v = {0}, *at;
	struct invite_keys keys;

	if ((n != 9 && (n != 10 || strcmp(w[9], "relay") != 0)) ||
	    base64_get(v.secret, sizeof(v.secret), w[1], strlen(w[1])) !=
		INVITE_SECRET ||
	    (strcmp(w[2], "-") != 0 && !ledger_name_ok(w[2])) ||
	    get_number(w[3], &v.created) == -1 ||
	    get_number(w[4], &v.expires) == -1 ||
	    get_u32(w[5], &v.uses) == -1 || get_u32(w[6], &v.life_s) == -1 ||
	    v.uses == 0 || v.life_s == 0 ||
	    get_prefix(w[7], &v.address) == -1 ||
	    get_groups(w[8], v.group, &v.ngroups) == -1)
		return 0;
	memcpy(v.name, w[2], strlen(w[2]) + 1);
	v.caps = n == 10 ? CERT_CAP_RELAY : 0;
	invite_derive(&keys, v.secret);
	memcpy(v.id, keys.id, sizeof(v.id));
	crypto_wipe(&keys, sizeof(keys));
	if (ledger_invite(l, v.id) != NULL)
		return 1; /* read before */
	at = invite_room(l, v.created);
	if (at == NULL)
		return -1;
	*at = v;
	return 1;
}

static int
take_cancel(struct ledger *l, char *w[], unsigned n)
{
	struct ledger_invite *v;
	uint8_t id[INVITE_ID];

	if (n != 2 || get_id(w[1], id) == -1)
		return 0;
	v = ledger_invite(l, id);
	if (v != NULL)
		v->cancelled = true;
	return 1;
}

/* Full: what could not even be renewed any more goes; else the oldest. */
static void
forget_issues(struct ledger *l, uint64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->nissues; i++)
		if (l->issue[i].not_after + LEDGER_GRACE_S >= now)
			l->issue[kept++] = l->issue[i];
	if (kept == l->nissues) {
		memmove(l->issue, l->issue + 1, --kept * sizeof(*l->issue));
		l->skipped++;
	}
	l->nissues = kept;
}

static struct ledger_issue *
issue_room(struct ledger *l, uint64_t serial, uint64_t now)
{
	struct ledger_issue *p;
	uint32_t i;

	if (l->nissues == LEDGER_ISSUED_MAX)
		forget_issues(l, now);
	if (l->nissues == l->room) {
		uint32_t room = l->room == 0 ? ROOM_FIRST : l->room * 2;

		p = realloc(l->issue, room * sizeof(*p));
		if (p == NULL)
			return NULL;
		l->issue = p;
		l->room = room;
	}
	/* they come in order, but for a hand in the file */
	for (i = l->nissues++; i > 0 && l->issue[i - 1].serial > serial; i--)
		l->issue[i] = l->issue[i - 1];
	return &l->issue[i];
}

static struct ledger_issue *
by_serial(const struct ledger *l, uint64_t serial)
{
	uint32_t lo = 0, hi = l->nissues;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->issue[mid].serial < serial)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->nissues && l->issue[lo].serial == serial ? &l->issue[lo]
								: NULL;
}

/* An invitation is used up by machines, not by how often one of them asks. */
static void
count_use(struct ledger *l, const struct ledger_issue *v)
{
	struct ledger_invite *inv = ledger_invite(l, v->id);

	if (inv == NULL)
		return;
	for (uint32_t i = 0; i < l->nissues; i++)
		if (memcmp(l->issue[i].id, v->id, INVITE_ID) == 0 &&
		    memcmp(l->issue[i].node, v->node, sizeof(v->node)) == 0)
			return;
	inv->used++;
}

static int
take_issue(struct ledger *l, char *w[], unsigned n)
{
	struct ledger_issue v = {0}, *at;

	if ((n != 10 && (n != 11 || strcmp(w[10], "relay") != 0)) ||
	    get_number(w[1], &v.serial) == -1 || v.serial == 0 ||
	    (strcmp(w[2], "-") != 0 && get_id(w[2], v.id) == -1) ||
	    !ledger_name_ok(w[3]) || key_parse(w[4], v.node) == -1 ||
	    key_parse(w[5], v.ed) == -1 ||
	    get_number(w[6], &v.not_before) == -1 ||
	    get_number(w[7], &v.not_after) == -1 ||
	    v.not_after <= v.not_before || v.not_after > INT64_MAX ||
	    get_prefix(w[8], &v.address) == -1 ||
	    get_groups(w[9], v.group, &v.ngroups) == -1)
		return 0;
	memcpy(v.name, w[3], strlen(w[3]) + 1);
	v.caps = n == 11 ? CERT_CAP_RELAY : 0;
	if (by_serial(l, v.serial) != NULL)
		return 1; /* read before */
	count_use(l, &v);
	at = issue_room(l, v.serial, v.not_before);
	if (at == NULL)
		return -1;
	*at = v;
	if (v.serial > l->serial)
		l->serial = v.serial;
	return 1;
}

static int
take_revoke(struct ledger *l, char *w[], unsigned n)
{
	struct ledger_issue *v;
	uint64_t serial, when;

	if (n != 3 || get_number(w[1], &serial) == -1 ||
	    get_number(w[2], &when) == -1 || when == 0)
		return 0;
	v = by_serial(l, serial);
	if (v != NULL && v->revoked == 0)
		v->revoked = when;
	return 1;
}

static int
take_crl(struct ledger *l, char *w[], unsigned n)
{
	uint64_t number, when;

	if (n != 3 || get_number(w[1], &number) == -1 ||
	    get_number(w[2], &when) == -1)
		return 0;
	if (number > l->crl)
		l->crl = number;
	return 1;
}

/* Cut at single blanks; no word is empty, else 0. */
static unsigned
split(char *line, char *w[WORDS_MAX])
{
	unsigned n = 0;

	for (;;) {
		if (n == WORDS_MAX || *line == ' ' || *line == '\0')
			return 0;
		w[n++] = line;
		line = strchr(line, ' ');
		if (line == NULL)
			return n;
		*line++ = '\0';
	}
}

static int
take_line(struct ledger *l, char *line, size_t len)
{
	static const struct {
		const char *word;
		int (*take)(struct ledger *, char *[], unsigned);
	} kinds[] = {{"invite", take_invite}, {"cancel", take_cancel},
	    {"issue", take_issue}, {"revoke", take_revoke}, {"crl", take_crl}};
	char *w[WORDS_MAX];
	unsigned n;
	int r = 0;

	if (len == 0 || line[0] == '#')
		return 0;
	n = strlen(line) == len ? split(line, w) : 0;
	for (size_t i = 0; n > 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(w[0], kinds[i].word) == 0)
			r = kinds[i].take(l, w, n);
	if (r == 0)
		l->skipped++;
	return r == -1 ? -1 : 0;
}

int
ledger_read(struct ledger *l, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n' && l->partlen < LEDGER_LINE_MAX - 1) {
			l->part[l->partlen++] = text[i];
			continue;
		}
		if (text[i] != '\n') {
			l->toolong = true;
			continue;
		}
		l->part[l->partlen] = '\0';
		if (l->toolong)
			l->skipped++;
		else if (take_line(l, l->part, l->partlen) == -1)
			return -1;
		l->toolong = false;
		l->partlen = 0;
	}
	return 0;
}

/* ---- lines out ---- */

static size_t
fits(int n)
{
	return n > 0 && n < LEDGER_LINE_MAX ? (size_t)n : 0;
}

static const char *
prefix_text(const struct prefix *p, char out[PREFIX_STRLEN])
{
	return p->addr.family == 0 ? "-" : prefix_format(p, out);
}

size_t
ledger_line_invite(char out[LEDGER_LINE_MAX], const struct ledger_invite *v)
{
	char secret[BASE64_LEN(INVITE_SECRET) + 1], groups[GROUPS_TEXT];
	char prefix[PREFIX_STRLEN];
	int n;

	if (put_groups(groups, v->group, v->ngroups) == -1 ||
	    (strcmp(v->name, "-") != 0 && !ledger_name_ok(v->name)))
		return 0;
	base64_put(secret, v->secret, sizeof(v->secret));
	n = snprintf(out, LEDGER_LINE_MAX,
	    "invite %s %s %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32
	    " %s %s%s\n",
	    secret, v->name, v->created, v->expires, v->uses, v->life_s,
	    prefix_text(&v->address, prefix), groups, caps_text(v->caps));
	crypto_wipe(secret, sizeof(secret));
	return fits(n);
}

size_t
ledger_line_cancel(char out[LEDGER_LINE_MAX], const uint8_t id[INVITE_ID])
{
	char hex[2 * INVITE_ID + 1];

	put_id(hex, id);
	return fits(snprintf(out, LEDGER_LINE_MAX, "cancel %s\n", hex));
}

size_t
ledger_line_issue(char out[LEDGER_LINE_MAX], const struct ledger_issue *v)
{
	static const uint8_t none[INVITE_ID];
	char hex[2 * INVITE_ID + 1] = "-", node[45], ed[45];
	char prefix[PREFIX_STRLEN], groups[GROUPS_TEXT];

	if (put_groups(groups, v->group, v->ngroups) == -1 ||
	    !ledger_name_ok(v->name))
		return 0;
	if (memcmp(v->id, none, sizeof(none)) != 0)
		put_id(hex, v->id);
	return fits(snprintf(out, LEDGER_LINE_MAX,
	    "issue %" PRIu64 " %s %s %s %s %" PRIu64 " %" PRIu64 " %s %s%s\n",
	    v->serial, hex, v->name, key_format(v->node, node),
	    key_format(v->ed, ed), v->not_before, v->not_after,
	    prefix_text(&v->address, prefix), groups, caps_text(v->caps)));
}

size_t
ledger_line_revoke(char out[LEDGER_LINE_MAX], uint64_t serial, uint64_t when)
{
	return fits(snprintf(out, LEDGER_LINE_MAX,
	    "revoke %" PRIu64 " %" PRIu64 "\n", serial, when));
}

size_t
ledger_line_crl(char out[LEDGER_LINE_MAX], uint64_t number, uint64_t when)
{
	return fits(snprintf(out, LEDGER_LINE_MAX,
	    "crl %" PRIu64 " %" PRIu64 "\n", number, when));
}
