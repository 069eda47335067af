/* SPDX-License-Identifier: ISC */
/* file: common/conf_load.c */
/*
 * The only part of the configuration that touches the file system.
 *
 * Who may write these files may decide where packets go, so a file counts only
 * if it belongs to root or to the caller and nobody else can write it; a
 * secret must not be readable by others either.  Checks are made on the open
 * descriptor, never on a name.  The process that runs this can be confined to
 * the directory of the main file and the two files of the network in
 * CONF_STATE_DIR: includes must be below the directory, and when a secret
 * elsewhere can't be opened the hint says why.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "conf_int.h"
#include "crypto.h"

#define FILE_OCTETS_MAX (4 * 1024 * 1024)
#define SECRET_OCTETS_MAX 64 /* 44 and an end of line */

struct load {
	char dir[CONF_PATH_MAX]; /* of the main file, with the last slash */
};

static bool
is_below(const char *dir, const char *path)
{
	const char *rest;

	if (strncmp(path, dir, strlen(dir)) != 0)
		return false;
	for (rest = path; (rest = strstr(rest, "..")) != NULL; rest += 2)
		if ((rest == path || rest[-1] == '/') &&
		    (rest[2] == '/' || rest[2] == '\0'))
			return false;
	return true;
}

/*
 * Opens a regular file that belongs to root or the caller and has none of the
 * mode bits in `forbidden`.  -1 and err if not.
 */
static int
open_checked(
    const char *path, mode_t forbidden, struct stat *st, char *err, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned mode;

	if (fd == -1) {
		snprintf(err, cap, "cannot open: %s", strerror(errno));
		return -1;
	}
	if (fstat(fd, st) == -1) {
		snprintf(err, cap, "%s", strerror(errno));
		goto fail;
	}
	mode = st->st_mode & 07777;
	if (!S_ISREG(st->st_mode))
		snprintf(err, cap, "not a regular file");
	else if (st->st_uid != 0 && st->st_uid != geteuid())
		snprintf(err, cap, "owned by uid %u, expected root",
		    (unsigned)st->st_uid);
	else if ((mode & forbidden) == 0)
		return fd;
	else
		snprintf(err, cap, "%s by %s (mode %04o), expected %s",
		    (mode & forbidden & 0044) != 0 ? "readable" : "writable",
		    (mode & forbidden & 0006) != 0 ? "everyone" : "its group",
		    mode, (forbidden & 0044) != 0 ? "0400" : "0644");
fail:
	close(fd);
	return -1;
}

/* Exactly what is there, up to cap; -1 with errno, EFBIG if there is more. */
static ssize_t
read_all(int fd, char *out, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, out + len, cap - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			return (ssize_t)len;
		len += n;
		if (len == cap) {
			errno = EFBIG;
			return -1;
		}
	}
}

/* The caller frees; NULL and err if it may not or can not be read. */
static char *
read_file(const char *path, size_t *len, char *err, size_t cap)
{
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;
	int fd;

	if ((fd = open_checked(path, 0022, &st, err, cap)) == -1)
		return NULL;
	if (st.st_size >= FILE_OCTETS_MAX)
		errno = EFBIG;
	else if ((text = malloc((size_t)st.st_size + 2)) != NULL)
		n = read_all(fd, text, (size_t)st.st_size + 2);
	if (n == -1) {
		snprintf(err, cap, "cannot read: %s", strerror(errno));
		free(text);
		text = NULL;
	} else
		*len = (size_t)n;
	close(fd);
	return text;
}

static int
glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

/* Hands over every file that can be read; err tells of the first that not. */
static int
read_matches(const glob_t *g,
    int (*add)(void *actx, const char *path, const char *text, size_t len),
    void *actx, char *err, size_t cap)
{
	char why[128], *text;
	bool failed = false;
	size_t len = 0;
	int stop = 0;

	for (size_t i = 0; i < g->gl_pathc && stop == 0; i++) {
		text = read_file(g->gl_pathv[i], &len, why, sizeof(why));
		if (text != NULL) {
			stop = add(actx, g->gl_pathv[i], text, len);
			free(text);
			continue;
		}
		if (!failed)
			snprintf(err, cap, "%s: %s", g->gl_pathv[i], why);
		failed = true;
	}
	return failed ? -1 : (int)g->gl_pathc;
}

static int
open_glob(void *ctx, const char *pattern,
    int (*add)(void *actx, const char *path, const char *text, size_t len),
    void *actx, char *err, size_t cap)
{
	const struct load *l = ctx;
	glob_t g = {0};
	int ret;

	if (!is_below(l->dir, pattern)) {
		snprintf(err, cap,
		    "%s is outside of the configuration's directory\n"
		    "files must be below %s",
		    pattern, l->dir);
		return -1;
	}
	switch (glob(pattern, 0, glob_error, &g)) {
	case 0:
		ret = read_matches(&g, add, actx, err, cap);
		break;
	case GLOB_NOMATCH:
		ret = 0;
		break;
	default:
		snprintf(err, cap, "%s: cannot search the directory", pattern);
		ret = -1;
		break;
	}
	globfree(&g);
	return ret;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A line of base64, its end of line optional. */
static int
read_secret(int fd, uint8_t out[32])
{
	static const uint8_t none[32];
	char text[SECRET_OCTETS_MAX];
	ssize_t n = read_all(fd, text, sizeof(text));
	int ret = -1;

	if (n != -1) {
		while (n > 0 && is_blank(text[n - 1]))
			n--;
		text[n] = '\0';
		if (strlen(text) == (size_t)n)
			ret = key_parse(text, out);
		/* All zeroes means "no secret" to the protocol. */
		if (ret == 0 && memcmp(out, none, sizeof(none)) == 0)
			ret = -1;
	}
	explicit_bzero(text, sizeof(text));
	return ret;
}

/* One of the files that an option names, wherever we may read. */
static int
open_named(
    const struct load *l, const char *path, mode_t mode, char *err, size_t cap)
{
	bool below = is_below(l->dir, path);
	char why[128];
	struct stat st;
	int fd = open_checked(path, mode, &st, why, sizeof(why));

	if (fd == -1)
		snprintf(err, cap, "%s: %s%s%s", path, why,
		    below ? "" : "\nfiles must be below ", below ? "" : l->dir);
	return fd;
}

static int
certificate(void *ctx, const char *path, char *out, size_t outcap, size_t *len,
    char *err, size_t cap)
{
	int fd = open_named(ctx, path, 0022, err, cap);
	ssize_t n;

	if (fd == -1)
		return -1;
	if (crypto_init() == -1) {
		snprintf(err, cap, "%s: libcrypto does not work here", path);
		close(fd);
		return -1;
	}
	n = read_all(fd, out, outcap);
	if (n == -1)
		snprintf(
		    err, cap, "%s: cannot read: %s", path, strerror(errno));
	else
		*len = (size_t)n;
	close(fd);
	return n == -1 ? -1 : 0;
}

static int
secret(void *ctx, const char *path, uint8_t out[32], char *err, size_t cap)
{
	int fd = open_named(ctx, path, 0077, err, cap), ret;

	if (fd == -1)
		return -1;
	ret = read_secret(fd, out);
	close(fd);
	if (ret == -1)
		snprintf(
		    err, cap, "%s: not a key of 44 characters in base64", path);
	return ret;
}

/* One line, as long as the caller takes. */
static int
password(void *ctx, const char *path, char *out, size_t outcap, char *err,
    size_t cap)
{
	int fd = open_named(ctx, path, 0077, err, cap);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read_all(fd, out, outcap - 1);
	close(fd);
	if (n == -1) {
		snprintf(
		    err, cap, "%s: cannot read: %s", path, strerror(errno));
		return -1;
	}
	if (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
	if (strlen(out) == (size_t)n)
		return 0;
	snprintf(err, cap, "%s: not a line of text", path);
	return -1;
}

/* Absolute, so that what is printed means the same elsewhere.  0 or -1. */
static int
make_absolute(char out[CONF_PATH_MAX], const char *path)
{
	char cwd[CONF_PATH_MAX];
	int n;

	if (path[0] == '/')
		n = snprintf(out, CONF_PATH_MAX, "%s", path);
	else if (getcwd(cwd, sizeof(cwd)) != NULL)
		n = snprintf(out, CONF_PATH_MAX, "%s/%s", cwd, path);
	else
		return -1;
	if (n < CONF_PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int
conf_load(const char *path, const struct conf_macro *macros, size_t nmacros,
    struct conf *out, struct conf_diags *diags)
{
	struct load l = {{0}};
	struct conf_reader reader = {.open_glob = open_glob,
	    .secret = secret,
	    .certificate = certificate,
	    .password = password,
	    .unix_s = clock_unix_ms() / 1000,
	    .ctx = &l};
	char absolute[CONF_PATH_MAX], err[128], *text;
	size_t len = 0;
	int ret;

	diags->n = diags->errors = diags->warnings = 0;
	if (make_absolute(absolute, path) == -1) {
		conf_complain_file(diags, path, "%s", strerror(errno));
		goto fail;
	}
	if ((text = read_file(absolute, &len, err, sizeof(err))) == NULL) {
		conf_complain_file(diags, absolute, "%s", err);
		goto fail;
	}
	memcpy(
	    l.dir, absolute, (size_t)(strrchr(absolute, '/') - absolute + 1));
	ret = conf_parse(
	    absolute, text, len, &reader, macros, nmacros, out, diags);
	free(text);
	return ret;
fail:
	conf_clear(out);
	return -1;
}
