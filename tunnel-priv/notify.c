/* SPDX-License-Identifier: ISC */
/*
 * The service manager's protocol, by hand (notify.h).  A name that begins with
 * `@` is in the abstract namespace, where the NUL in front counts and the one
 * at the end does not.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "notify.h"

int
notify_open(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = path == NULL ? 0 : strlen(path);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	int fd;

	if (n < 2 || n >= sizeof(sun.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return -1;
	memcpy(sun.sun_path, path, n);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(fd, (const struct sockaddr *)&sun, len) == 0)
		return fd;
	return -1; /* at start-up, once: the socket may stay open */
}

void
notify_say(int fd, const char *state)
{
	if (fd != -1)
		(void)send(fd, state, strlen(state), MSG_NOSIGNAL);
}

void
notify_reloading(int fd)
{
	struct timespec ts = {0};
	char text[64];

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%ju",
	    (uintmax_t)ts.tv_sec * 1000000 + (uintmax_t)ts.tv_nsec / 1000);
	notify_say(fd, text);
}
