/* SPDX-License-Identifier: ISC */
/* file: tests/unit/memfile.h */
#ifndef MEMFILE_H
#define MEMFILE_H

#include <string.h>

#include "issue.h"

/*
 * A ledger's file in memory for issue.h, which fails where it is told to.  It
 * can be appended to from outside, as meshctl does.
 */
#define MEMFILE_MAX 65536

struct memfile {
	char text[MEMFILE_MAX];
	size_t len;
	uint64_t pretend; /* to be so much longer */
	bool locked, no_lock, no_read, no_disk;
	size_t room; /* of the next line; then it is full */
	unsigned reads, writes, offences;
};

static inline int
mem_lock(void *ctx)
{
	struct memfile *f = ctx;

	f->offences += f->locked;
	f->locked = !f->no_lock;
	return f->no_lock ? -1 : 0;
}

static inline void
mem_unlock(void *ctx)
{
	struct memfile *f = ctx;

	f->offences += !f->locked;
	f->locked = false;
}

static inline long
mem_read(void *ctx, uint64_t from, void *out, size_t len)
{
	struct memfile *f = ctx;
	uint64_t left;

	f->reads++;
	if (f->no_read)
		return -1;
	if (from >= f->len) {
		left = f->len + f->pretend - from;
		if (from > f->len + f->pretend)
			left = 0;
		if (len > left)
			len = (size_t)left;
		memset(out, '\n', len);
		return (long)len;
	}
	if (len > f->len - from)
		len = f->len - (size_t)from;
	memcpy(out, f->text + from, len);
	return (long)len;
}

/* A disk that is full takes a part of a line. */
static inline int
mem_append(void *ctx, const void *data, size_t len)
{
	struct memfile *f = ctx;
	size_t n = len < f->room ? len : f->room;

	f->writes++;
	f->offences += !f->locked;
	if (n > sizeof(f->text) - f->len)
		n = sizeof(f->text) - f->len;
	memcpy(f->text + f->len, data, n);
	f->len += n;
	return n == len && !f->no_disk ? 0 : -1;
}

static inline struct issue_io
memfile_io(struct memfile *f)
{
	return (struct issue_io){.ctx = f,
	    .lock = mem_lock,
	    .unlock = mem_unlock,
	    .read = mem_read,
	    .append = mem_append};
}

static inline void
mem_say(struct memfile *f, const char *text)
{
	size_t n = strlen(text);

	if (n > sizeof(f->text) - f->len)
		n = sizeof(f->text) - f->len;
	memcpy(f->text + f->len, text, n);
	f->len += n;
}

#endif
