/* SPDX-License-Identifier: ISC */
/* file: keyd/files.c */
/*
 * keyd's files (see files.h).
 *
 * None is opened here, and each is as small as its reader says: key and
 * authority are read once, the stamp file is sixteen octets at a fixed place,
 * the ledger only ever grows at its end.  What must outlive a crash is on the
 * disk before the function returns.
 */
#include <sys/file.h>
#include <sys/mman.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "crypto.h"
#include "files.h"
#include "log.h"

#define KEY_TEXT 44 /* base64 of 32 octets; one newline may follow */

/* meshctl has the ledger for as long as it takes to write a line */
#define LOCK_TRIES 20
#define LOCK_WAIT_NS 10000000

/* ---- secrets ---- */

struct vault *
vault_new(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct vault *v;

	if (page < (long)sizeof(*v))
		return NULL;
	v = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (v == MAP_FAILED)
		return NULL;
	if (mlock(v, (size_t)page) == -1)
		log_warn("key memory can't be locked");
	if (madvise(v, (size_t)page, MADV_DONTDUMP) == -1 ||
	    madvise(v, (size_t)page, MADV_WIPEONFORK) == -1)
		log_warn("key memory can't be kept from dumps and forks");
	return v;
}

void
vault_wipe(struct vault *v)
{
	crypto_wipe(v, sizeof(*v));
}

void
vault_load_key(struct vault *v, int fd, uint64_t now_ms)
{
	ssize_t n;

	/* one more than a good file has */
	n = pread(fd, v->text, KEY_TEXT + 2, 0);
	if (n == KEY_TEXT + 1 && v->text[KEY_TEXT] == '\n')
		n = KEY_TEXT;
	v->text[KEY_TEXT] = '\0';
	if (n == -1)
		log_warn("key file");
	else if (n != KEY_TEXT || key_parse(v->text, v->priv) == -1)
		log_errorx("key file: not 32 octets in base64");
	else if (keys_load(&v->keys, v->priv, now_ms) == -1)
		log_errorx("key file: not a usable private key");
	else
		log_debug("key loaded");
	crypto_wipe(v->text, sizeof(v->text));
	crypto_wipe(v->priv, sizeof(v->priv));
}

void
vault_load_authority(struct vault *v, int fd)
{
	ssize_t n;

	n = pread(fd, v->text, sizeof(v->text), 0);
	if (n == -1)
		log_warn("authority file");
	else if (n > AUTHORITY_TEXT_MAX ||
	    authority_parse(v->text, (size_t)n, &v->authority) == -1)
		log_errorx("authority file: not an authority's keys");
	else
		v->has_authority = true;
	crypto_wipe(v->text, sizeof(v->text));
}

/* ---- the stamp file ---- */

/* An empty file is a new one. */
void
stampfile_load(struct stampfile *f, int fd, struct keys *k)
{
	ssize_t n;

	*f = (struct stampfile){.fd = fd};
	if (fd == -1)
		return;
	n = pread(fd, f->octets, sizeof(f->octets), 0);
	if (n == -1) {
		log_warn("stamp file");
		f->fd = -1;
		return;
	}
	if (n != 0 && n != 8 && n != 16)
		log_warnx("stamp file: cut short");
	if (n < 16)
		memset(f->octets + 8, 0, 8);
	if (n < 8)
		memset(f->octets, 0, 8);
	keys_stamp_restore(k, f->octets);
	keys_seq_restore(k, f->octets + 8);
}

int
stampfile_save(const struct stampfile *f)
{
	if (f->fd == -1)
		return -1;
	if (pwrite(f->fd, f->octets, sizeof(f->octets), 0) ==
		sizeof(f->octets) &&
	    fdatasync(f->fd) == 0)
		return 0;
	log_warn("stamp file: write");
	return -1;
}

/* ---- the ledger's file ---- */

static int
fd_of(const void *ctx)
{
	return *(const int *)ctx;
}

/* Never for ever: somebody who stopped meshctl in the middle can't stop us. */
static int
on_lock(void *ctx)
{
	const struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd_of(ctx), LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		(void)ppoll(NULL, 0, &wait, NULL);
	}
	log_warn("ledger: lock");
	return -1;
}

static void
on_unlock(void *ctx)
{
	(void)flock(fd_of(ctx), LOCK_UN);
}

static long
on_read(void *ctx, uint64_t from, void *out, size_t len)
{
	ssize_t n = pread(fd_of(ctx), out, len, (off_t)from);

	if (n == -1)
		log_warn("ledger: read");
	return n;
}

/* The descriptor appends: wherever the end is when this is written. */
static int
on_append(void *ctx, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = write(fd_of(ctx), p, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			goto fail;
	}
	if (fdatasync(fd_of(ctx)) == 0)
		return 0;
fail:
	log_warn("ledger: write");
	return -1;
}

void
ledgerfile(struct issue_io *io, const int *fd)
{
	*io = (struct issue_io){
	    .ctx = (void *)(uintptr_t)fd,
	    .lock = on_lock,
	    .unlock = on_unlock,
	    .read = on_read,
	    .append = on_append,
	};
}
