/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/route.c */
/*
 * Which peer owns an address: longest prefix match, one trie a family.
 *
 * A node is a prefix.  It holds a value, or it is the fork of two longer
 * prefixes, or both; so there are fewer than two nodes a route, and a search
 * looks at no more nodes than prefixes nested in each other plus forks.  The
 * walk compares 64-bit words, never bit by bit.  Only route_add allocates.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "route.h"

/* An address as two words, IPv4 in the top half of the first. */
struct key {
	uint64_t w[2];
};

struct node {
	struct node *child[2]; /* by the bit behind the prefix */
	struct key key;        /* host bits are zero */
	uint32_t value;        /* ROUTE_NONE: only a fork */
	uint8_t len;
};

struct route_table {
	struct node *root[2]; /* IPv4, IPv6 */
	size_t n;
};

static uint64_t
be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static struct key
key_of(const struct addr *a)
{
	return (struct key){{be64(a->b), be64(a->b + 8)}};
}

/* The first len bits of a word; len may be 0 or more than 64. */
static uint64_t
top(unsigned len)
{
	if (len == 0)
		return 0;
	return len >= 64 ? UINT64_MAX : UINT64_MAX << (64 - len);
}

static struct key
key_mask(struct key k, unsigned len)
{
	k.w[0] &= top(len);
	k.w[1] &= len > 64 ? top(len - 64) : 0;
	return k;
}

static bool
key_match(const struct key *a, const struct key *b, unsigned len)
{
	if (((a->w[0] ^ b->w[0]) & top(len)) != 0)
		return false;
	return len <= 64 || ((a->w[1] ^ b->w[1]) & top(len - 64)) == 0;
}

static unsigned
key_bit(const struct key *k, unsigned n)
{
	return (unsigned)(k->w[n / 64] >> (63 - n % 64) & 1);
}

/* How many leading bits two keys share, at most max. */
static unsigned
key_common(const struct key *a, const struct key *b, unsigned max)
{
	unsigned n = 0;

	while (n < max && key_bit(a, n) == key_bit(b, n))
		n++;
	return n;
}

/*
 * A prefix as the trie wants it: v4-mapped is IPv4, host bits are zero.  False
 * for a length or family that does not exist.
 */
static bool
normal(const struct prefix *in, struct prefix *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*out = *in;
	if (in->addr.family != 4 && in->addr.family != 6)
		return false;
	if (in->len > addr_bits(&in->addr))
		return false;
	if (in->addr.family == 6 && in->len >= 96 &&
	    memcmp(in->addr.b, mapped, sizeof(mapped)) == 0) {
		addr_canonical(&out->addr);
		out->len = (uint8_t)(in->len - 96);
	}
	prefix_mask(out);
	return true;
}

struct route_table *
route_new(void)
{
	return calloc(1, sizeof(struct route_table));
}

/* No recursion: the leftmost leaf goes, then its parent is looked at again. */
static void
free_tree(struct node *n)
{
	struct node *up[129];
	unsigned depth = 0;

	if (n == NULL)
		return;
	up[0] = n;
	for (;;) {
		n = up[depth];
		if (n->child[0] != NULL) {
			up[depth + 1] = n->child[0];
			n->child[0] = NULL;
			depth++;
		} else if (n->child[1] != NULL) {
			up[depth + 1] = n->child[1];
			n->child[1] = NULL;
			depth++;
		} else {
			free(n);
			if (depth-- == 0)
				return;
		}
	}
}

void
route_free(struct route_table *t)
{
	if (t == NULL)
		return;
	free_tree(t->root[0]);
	free_tree(t->root[1]);
	free(t);
}

static struct node *
node_new(struct key k, unsigned len, uint32_t value)
{
	struct node *n;

	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return NULL;
	n->key = key_mask(k, len);
	n->len = (uint8_t)len;
	n->value = value;
	return n;
}

/*
 * The link where (k, len) belongs: it points at the node of that very prefix,
 * at a node that is not above it (a fork or the new node goes between), or
 * at nothing.
 */
static struct node **
descend(struct node **at, const struct key *k, unsigned len)
{
	while (*at != NULL && (*at)->len < len &&
	    key_match(&(*at)->key, k, (*at)->len))
		at = &(*at)->child[key_bit(k, (*at)->len)];
	return at;
}

/* Put a new node at a link that may be taken by another prefix. */
static int
insert(struct node **at, struct node *n)
{
	struct node *other = *at, *fork;
	unsigned common;

	if (other == NULL) {
		*at = n;
		return 0;
	}
	common = key_common(
	    &other->key, &n->key, other->len < n->len ? other->len : n->len);
	if (common == n->len) { /* the new one is above */
		n->child[key_bit(&other->key, n->len)] = other;
		*at = n;
		return 0;
	}
	fork = node_new(n->key, common, ROUTE_NONE);
	if (fork == NULL)
		return -1;
	fork->child[key_bit(&other->key, common)] = other;
	fork->child[key_bit(&n->key, common)] = n;
	*at = fork;
	return 0;
}

static struct node **
root_of(struct route_table *t, const struct addr *a)
{
	return &t->root[a->family == 6];
}

int
route_add(struct route_table *t, const struct prefix *in, uint32_t value)
{
	struct prefix p;
	struct node **at, *n;
	struct key k;

	if (value == ROUTE_NONE || !normal(in, &p)) {
		errno = EINVAL;
		return -1;
	}
	k = key_of(&p.addr);
	at = descend(root_of(t, &p.addr), &k, p.len);
	n = *at;
	if (n != NULL && n->len == p.len && key_match(&n->key, &k, p.len)) {
		if (n->value == value)
			return 0;
		if (n->value != ROUTE_NONE) {
			errno = EEXIST;
			return -1;
		}
		n->value = value;
		t->n++;
		return 0;
	}
	n = node_new(k, p.len, value);
	if (n == NULL || insert(at, n) == -1) {
		free(n);
		errno = ENOMEM;
		return -1;
	}
	t->n++;
	return 0;
}

/* A node without a value lives only as a fork. */
static void
prune(struct node **at)
{
	struct node *n = *at;

	if (n->value != ROUTE_NONE)
		return;
	if (n->child[0] != NULL && n->child[1] != NULL)
		return;
	*at = n->child[0] != NULL ? n->child[0] : n->child[1];
	free(n);
}

int
route_del(struct route_table *t, const struct prefix *in)
{
	struct prefix p;
	struct node **at, **above = NULL, *n;
	struct key k;

	if (!normal(in, &p))
		return -1;
	k = key_of(&p.addr);
	at = root_of(t, &p.addr);
	while ((n = *at) != NULL && n->len < p.len &&
	    key_match(&n->key, &k, n->len)) {
		above = at;
		at = &n->child[key_bit(&k, n->len)];
	}
	if (n == NULL || n->len != p.len || !key_match(&n->key, &k, p.len))
		return -1;
	if (n->value == ROUTE_NONE)
		return -1;
	n->value = ROUTE_NONE;
	t->n--;
	prune(at);
	if (above != NULL)
		prune(above);
	return 0;
}

/* The value of the longest prefix above (k, bits). */
static uint32_t
find(const struct node *n, const struct key *k, unsigned bits)
{
	uint32_t best = ROUTE_NONE;

	while (n != NULL && n->len <= bits && key_match(&n->key, k, n->len)) {
		if (n->value != ROUTE_NONE)
			best = n->value;
		if (n->len == bits)
			break;
		n = n->child[key_bit(k, n->len)];
	}
	return best;
}

uint32_t
route_find(const struct route_table *t, const struct addr *in)
{
	struct addr a = *in;
	struct key k;

	addr_canonical(&a);
	if (a.family != 4 && a.family != 6)
		return ROUTE_NONE;
	k = key_of(&a);
	return find(t->root[a.family == 6], &k, a.family == 4 ? 32 : 128);
}

uint32_t
route_cover(const struct route_table *t, const struct prefix *in)
{
	struct prefix p;
	struct key k;

	if (!normal(in, &p))
		return ROUTE_NONE;
	k = key_of(&p.addr);
	return find(t->root[p.addr.family == 6], &k, p.len);
}

size_t
route_count(const struct route_table *t)
{
	return t->n;
}
