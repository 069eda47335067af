/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_key.c */
/*
 * The verbs that make and convert keys: keygen, pubkey.  They talk to nobody.
 * A private key is in this process for a moment only and is wiped behind
 * every way out; it is never on a command line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "rnd.h"
#include "verbs.h"

#define KEY_TEXT 44 /* base64 of 32 octets */

static int
failed(const struct call *c, const char *file, const char *what)
{
	const struct complaint m = {.exit_status = EXIT_BAD, .code = "file"};

	return report_error(c, &m, "%s: %s: %s", file, what, strerror(errno));
}

/* The whole line at once; a file that is not whole is taken away again. */
static int
write_key(const struct call *c, int fd, const char *text)
{
	char line[KEY_TEXT + 1];
	ssize_t n;
	int code;

	memcpy(line, text, KEY_TEXT);
	line[KEY_TEXT] = '\n';
	n = write(fd, line, sizeof(line));
	crypto_wipe(line, sizeof(line));
	if (n == (ssize_t)sizeof(line) && fsync(fd) == 0)
		return EXIT_FINE;
	if (n != -1 && n != (ssize_t)sizeof(line))
		errno = ENOSPC;
	code = failed(c, c->file, "write");
	(void)unlink(c->file);
	return code;
}

static int
save_key(const struct call *c, const char *text)
{
	const struct complaint exists = {.exit_status = EXIT_BAD,
	    .code = "file_exists",
	    .hint = {"move it away first: whoever has its public key "
		     "needs the new one"}};
	int fd, code;

	fd = open(c->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0400);
	if (fd == -1 && errno == EEXIST)
		return report_error(
		    c, &exists, "%s exists and is not overwritten", c->file);
	if (fd == -1)
		return failed(c, c->file, "create");
	code = write_key(c, fd, text);
	if (close(fd) == -1 && code == EXIT_FINE)
		code = failed(c, c->file, "close");
	return code;
}

static int
show_key(const struct call *c, const char *name, const char *text)
{
	struct show *o = report_begin(c, SHOW_KEY, NULL);

	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, name, "", text);
	return report_end(c, o, EXIT_FINE);
}

static int
show_public(const struct call *c, const uint8_t priv[32])
{
	const struct complaint m = {.exit_status = EXIT_BAD, .code = "key"};
	uint8_t pub[32];
	char text[45];

	if (crypto_init() == -1 || crypto_x25519_pub(pub, priv) == -1)
		return report_error(c, &m, "not a usable private key");
	return show_key(c, "public_key", key_format(pub, text));
}

int
verb_keygen(const struct call *c)
{
	uint8_t priv[32];
	char text[45];
	int code;

	rnd_bytes(priv, sizeof(priv));
	/* RFC 7748, section 5: what every implementation makes of it anyway */
	priv[0] &= 248;
	priv[31] = (uint8_t)((priv[31] & 127) | 64);
	key_format(priv, text);
	if (c->file == NULL)
		code = show_key(c, "private_key", text);
	else
		code = save_key(c, text);
	if (c->file != NULL && code == EXIT_FINE)
		code = show_public(c, priv);
	crypto_wipe(priv, sizeof(priv));
	crypto_wipe(text, sizeof(text));
	return code;
}

/* A key and at most one newline, and nothing else.  0 or -1 (errno 0: bad). */
static int
read_key(int fd, uint8_t priv[32])
{
	char text[KEY_TEXT + 3];
	size_t len = 0;
	ssize_t n;
	int r = -1;

	do {
		n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && len < sizeof(text) - 1);
	if (n != -1)
		errno = 0;
	if (len == KEY_TEXT + 1 && text[KEY_TEXT] == '\n')
		len = KEY_TEXT;
	text[len] = '\0';
	if (n != -1 && len == KEY_TEXT)
		r = key_parse(text, priv);
	if (n != -1)
		errno = 0;
	crypto_wipe(text, sizeof(text));
	return r;
}

int
verb_pubkey(const struct call *c)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "key"};
	const char *file = c->argc > 0 ? c->argv[0] : "standard input";
	uint8_t priv[32];
	int code, fd = STDIN_FILENO;

	if (c->argc > 0 &&
	    (fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return failed(c, file, "open");
	if (c->argc == 0 && isatty(fd))
		fprintf(stderr,
		    "Private key, then Enter and Ctrl-D "
		    "(better: meshctl pubkey < FILE):\n");
	code = read_key(fd, priv);
	if (code == -1 && errno != 0)
		code = failed(c, file, "read");
	else if (code == -1)
		code = report_error(c, &bad,
		    "%s: not a private key (44 characters of base64)", file);
	else
		code = show_public(c, priv);
	if (c->argc > 0)
		close(fd);
	crypto_wipe(priv, sizeof(priv));
	return code;
}
