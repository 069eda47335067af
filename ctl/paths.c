/* SPDX-License-Identifier: ISC */
/* file: ctl/paths.c */
/*
 * Files of a node (see paths.h).  Checks are made on open descriptors; links
 * are not followed in the last step of a path, and directories above are
 * root's, as whoever can write there has the node anyway.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "paths.h"
#include "rnd.h"

#define KEY_LINE 45 /* 44 characters and a newline */

int
paths_failed(const struct call *c, const char *path, const char *what)
{
	struct complaint m = {.exit_status = EXIT_BAD, .code = "file"};
	char again[96];
	int err = errno;

	if (err == EACCES || err == EPERM) {
		snprintf(
		    again, sizeof(again), "sudo meshctl %s", c->verb->name);
		m = (struct complaint){.exit_status = EXIT_DENIED,
		    .code = "not_permitted",
		    .hint = {again}};
	}
	return report_error(c, &m, "%s: %s: %s", path, what, strerror(err));
}

/* ---- where ---- */

static int
too_long(const struct call *c, const char *path)
{
	errno = ENAMETOOLONG;
	return paths_failed(c, path, "name");
}

/* Absolute, even if nothing is there yet: 0 or -1. */
static int
absolute(char out[CONF_PATH_MAX], const char *path)
{
	char here[CONF_PATH_MAX];
	int n;

	if (path[0] == '/')
		n = snprintf(out, CONF_PATH_MAX, "%s", path);
	else if (getcwd(here, sizeof(here)) == NULL)
		return -1;
	else
		n = snprintf(out, CONF_PATH_MAX, "%s/%s", here, path);
	/* with room for the names below it */
	return n > 0 && n < CONF_PATH_MAX - 32 ? 0 : -1;
}

static void
beside_key(struct paths *f)
{
	snprintf(f->authority, sizeof(f->authority), "%s.authority", f->key);
	snprintf(f->ledger, sizeof(f->ledger), "%s.ledger", f->key);
	snprintf(f->contact, sizeof(f->contact), "%s.contact", f->key);
}

static void
join_path(char out[CONF_PATH_MAX], const char *dir, const char *name)
{
	/* absolute() left the room */
	snprintf(out, CONF_PATH_MAX, "%.*s/%s", CONF_PATH_MAX - 32, dir, name);
}

int
paths_new(struct paths *f, const struct call *c)
{
	const char *conf = c->conf == NULL ? PATHS_CONF : c->conf;
	const char *state = c->statedir == NULL ? CONF_STATE_DIR : c->statedir;
	char copy[CONF_PATH_MAX];
	bool usual_state;

	memset(f, 0, sizeof(*f));
	if (absolute(f->conf, conf) == -1)
		return too_long(c, conf);
	if (absolute(f->state, state) == -1)
		return too_long(c, state);
	memcpy(copy, f->conf, sizeof(copy));
	snprintf(f->dir, sizeof(f->dir), "%s", dirname(copy));
	join_path(f->key, f->state, "identity.key");
	beside_key(f);
	usual_state = strcmp(f->state, CONF_STATE_DIR) == 0;
	join_path(f->cert, usual_state ? f->state : f->dir, "network.cert");
	join_path(f->secret, usual_state ? f->state : f->dir, "network.secret");
	f->usual = usual_state && strcmp(f->conf, PATHS_CONF) == 0;
	return EXIT_FINE;
}

static int
load(const struct call *c, const char *path, struct conf *conf)
{
	const struct complaint bad = {.exit_status = EXIT_BAD,
	    .code = "configuration",
	    .hint = {"meshctl configtest"}};
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "no_configuration",
	    .hint = {"start a network: sudo meshctl init",
		"join one: sudo meshctl join TOKEN"}};
	struct conf_diags *d = calloc(1, sizeof(*d));
	char host[256] = "";
	int r;

	if (!paths_exist(path)) {
		free(d);
		return report_error(
		    c, &none, "no network is set up here (no %s)", path);
	}
	(void)gethostname(host, sizeof(host) - 1);
	conf_defaults(conf, host, c->rundir);
	r = d == NULL ? -1 : conf_load(path, NULL, 0, conf, d);
	free(d);
	return r == 0 ? EXIT_FINE
		      : report_error(c, &bad, "%s has errors", path);
}

int
paths_of(struct paths *f, const struct call *c, struct conf *conf)
{
	int code = paths_new(f, c);

	memset(conf, 0, sizeof(*conf));
	if (code == EXIT_FINE)
		code = load(c, f->conf, conf);
	if (code != EXIT_FINE || c->statedir != NULL)
		return code;
	memcpy(f->key, conf->node.key_file, sizeof(f->key));
	beside_key(f);
	return EXIT_FINE;
}

/* ---- writing ---- */

int
paths_dir(const char *path, mode_t mode)
{
	char part[CONF_PATH_MAX];

	if (strlen(path) >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) == -1 && errno != EEXIST)
			return -1;
	}
	return mkdir(path, mode) == -1 && errno != EEXIST ? -1 : 0;
}

static int
write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

static void
sync_dir(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

int
paths_write(const char *path, mode_t mode, const void *data, size_t len)
{
	char tmp[PATH_MAX];
	int fd, err, r;

	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(tmp, O_CLOEXEC); /* O_EXCL, 0600 */
	if (fd == -1)
		return -1;
	r = write_all(fd, data, len);
	if (r == 0)
		r = fchmod(fd, mode);
	if (r == 0)
		r = link(tmp, path);
	err = errno;
	close(fd);
	(void)unlink(tmp);
	if (r == 0)
		sync_dir(path);
	errno = err;
	return r;
}

/* ---- reading ---- */

bool
paths_exist(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

ssize_t
paths_read(const char *path, void *out, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = 1;
	int err;

	if (fd == -1)
		return -1;
	while (n > 0 && len < cap) {
		n = read(fd, (char *)out + len, cap - len);
		if (n > 0)
			len += (size_t)n;
	}
	err = n == -1 ? errno : EFBIG;
	close(fd);
	errno = err;
	return n == 0 ? (ssize_t)len : -1;
}

int
paths_key(const struct call *c, const char *path, uint8_t key[32])
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "key"};
	char text[KEY_LINE + 2];
	ssize_t n = paths_read(path, text, sizeof(text));
	int r = -1;

	if (n == -1 && errno != EFBIG)
		return paths_failed(c, path, "read");
	if (n == KEY_LINE && text[KEY_LINE - 1] == '\n')
		n--;
	if (n == KEY_LINE - 1) {
		text[n] = '\0';
		r = key_parse(text, key);
	}
	crypto_wipe(text, sizeof(text));
	return r == 0
	    ? EXIT_FINE
	    : report_error(c, &bad,
		  "%s: not a private key (44 characters of base64)", path);
}

int
paths_key_make(
    const struct call *c, const char *path, uint8_t key[32], bool *made)
{
	char text[KEY_LINE + 1];
	int r;

	*made = false;
	if (paths_exist(path))
		return paths_key(c, path, key);
	rnd_bytes(key, 32);
	/* RFC 7748, section 5: what every implementation makes of it anyway */
	key[0] &= 248;
	key[31] = (uint8_t)((key[31] & 127) | 64);
	key_format(key, text);
	text[KEY_LINE - 1] = '\n';
	r = paths_write(path, 0400, text, KEY_LINE);
	crypto_wipe(text, sizeof(text));
	*made = r == 0;
	return r == 0 ? EXIT_FINE : paths_failed(c, path, "write");
}
