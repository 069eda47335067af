/* SPDX-License-Identifier: ISC */
/* file: ctl/registry.c */
/*
 * The authority's files (see registry.h).  What is printed to an administrator,
 * a token above all, counts only when its line is on the disk.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "registry.h"
#include "crypto.h"
#include "request.h"

static int
no_authority(const struct call *c, const char *path)
{
	const struct complaint m = {.exit_status = EXIT_BAD,
	    .code = "no_authority",
	    .hint = {"do it on the machine where meshctl init was run",
		"meshctl network says which one has the authority"}};

	return report_error(
	    c, &m, "this node can't sign for the network (no %s)", path);
}

static int
read_authority(struct registry *b, const struct call *c, const struct paths *f)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "file"};
	char text[AUTHORITY_TEXT_MAX + 1];
	ssize_t n = paths_read(f->authority, text, sizeof(text));
	int r;

	if (n == -1)
		return errno == ENOENT ? no_authority(c, f->authority)
				       : paths_failed(c, f->authority, "read");
	r = authority_parse(text, (size_t)n, &b->authority);
	crypto_wipe(text, sizeof(text));
	return r == 0
	    ? EXIT_FINE
	    : report_error(
		  c, &bad, "%s: this is not an authority's file", f->authority);
}

static int
read_ledger(struct registry *b)
{
	char part[4096];
	ssize_t n;

	while ((n = read(b->fd, part, sizeof(part))) > 0)
		if (ledger_read(&b->ledger, part, (size_t)n) == -1)
			return -1;
	return n == 0 ? 0 : -1;
}

static int
append_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * What begins a line and has no end, while we have the lock, is of somebody who
 * was cut off: nothing came of it.  A newline alone could make sense of it, of
 * a group whose name is half there for example, so more is written; and this
 * before anything is decided, by all who open the ledger (issue.c of keyd).
 */
static int
end_line(struct registry *b)
{
	static const char end[] = " cut short\n";

	if (b->ledger.partlen == 0 && !b->ledger.toolong)
		return 0;
	if (append_all(b->fd, end, strlen(end)) == -1 || fsync(b->fd) == -1)
		return -1;
	return ledger_read(&b->ledger, end, strlen(end));
}

static int
open_ledger(struct registry *b, const struct call *c)
{
	struct stat st;

	b->fd = open(b->path,
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->fd == -1)
		return paths_failed(c, b->path, "open");
	if (flock(b->fd, LOCK_EX) == -1 || fstat(b->fd, &st) == -1)
		return paths_failed(c, b->path, "lock");
	errno = EINVAL;
	if (!S_ISREG(st.st_mode) || read_ledger(b) == -1)
		return paths_failed(c, b->path, "read");
	if (end_line(b) == -1)
		return paths_failed(c, b->path, "write");
	if (b->ledger.skipped > 0)
		fprintf(stderr, "meshctl: %s: %u lines make no sense\n",
		    b->path, (unsigned)b->ledger.skipped);
	return EXIT_FINE;
}

int
registry_open(struct registry *b, const struct call *c, const struct paths *f)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "key"};
	int code;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	b->path = f->ledger;
	ledger_init(&b->ledger);
	if (crypto_init() == -1)
		return report_error(c, &bad, "the crypto library fails");
	code = read_authority(b, c, f);
	if (code == EXIT_FINE)
		code = paths_key(c, f->key, b->identity);
	if (code == EXIT_FINE &&
	    crypto_x25519_pub(b->holder, b->identity) == -1)
		code = report_error(c, &bad, "%s: not a usable key", f->key);
	return code == EXIT_FINE ? open_ledger(b, c) : code;
}

void
registry_close(struct registry *b)
{
	if (b->fd != -1)
		close(b->fd); /* and with it the lock */
	ledger_clear(&b->ledger);
	crypto_wipe(b, sizeof(*b));
	b->fd = -1;
}

int
registry_append(struct registry *b, const struct call *c, const char *lines)
{
	size_t len = strlen(lines);

	if (append_all(b->fd, lines, len) == -1 || fsync(b->fd) == -1)
		return paths_failed(c, b->path, "write");
	errno = ENOMEM;
	return ledger_read(&b->ledger, lines, len) == 0
	    ? EXIT_FINE
	    : paths_failed(c, b->path, "read");
}

/* ---- the daemons ---- */

struct said {
	char *why;
	size_t cap;
};

static int
on_text(void *ctx, const struct ipc_frame *f)
{
	struct said *s = ctx;
	struct msg_text_row m;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (f->type != MSG_TEXT_ROW || msg_get_text_row(&r, &m) == -1)
		return -1;
	snprintf(s->why, s->cap, "%s", m.text);
	return 0;
}

enum told
registry_tell(const struct call *c, enum msg_type type, const void *body,
    size_t len, char *why, size_t cap)
{
	struct said said = {.why = why, .cap = cap};
	const struct question q = {.ask = type,
	    .body = body,
	    .len = len,
	    .timeout_ms = REQUEST_LOOK_MS,
	    .row = on_text,
	    .ctx = &said};
	struct request *r = NULL;
	enum request_result got;
	enum row_end end = END_OK;
	char path[512];

	snprintf(why, cap, "it does not answer");
	if (c->socket != NULL)
		snprintf(path, sizeof(path), "%s", c->socket);
	else
		snprintf(path, sizeof(path), "%s/control.sock", c->rundir);
	got = request_open(&r, path);
	if (got == REQUEST_ABSENT)
		return TOLD_ABSENT;
	if (got != REQUEST_OK)
		return TOLD_FAILED;
	got = request_ask(r, &q, &end);
	request_close(r);
	if (got != REQUEST_OK)
		return TOLD_FAILED;
	return end == END_OK  ? TOLD
	    : end == END_AWAY ? TOLD_ABSENT
			      : TOLD_FAILED;
}
