/* SPDX-License-Identifier: ISC */
/* The service manager's protocol (tunnel-priv/notify.h). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"
#include "unit.h"

/* A manager's socket in the abstract namespace; its name in `name`. */
static int
manager(char name[64])
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int n = snprintf(name, 64, "@mesh-check-notify-%d", (int)getpid());

	memcpy(sun.sun_path + 1, name + 1, (size_t)n - 1);
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    (size_t)n)),
	    0);
	return fd;
}

START_TEST(what_is_said_arrives)
{
	char name[64], got[128] = "";
	int m = manager(name), fd = notify_open(name);

	ck_assert_int_ne(fd, -1);
	notify_say(fd, "READY=1");
	ck_assert_int_eq(recv(m, got, sizeof(got), 0), 7);
	ck_assert_str_eq(got, "READY=1");
	close(fd);
	close(m);
}
END_TEST

START_TEST(reloading_comes_with_its_time)
{
	char name[64], got[128] = "";
	int m = manager(name), fd = notify_open(name);
	unsigned long long usec = 0;

	notify_reloading(fd);
	ck_assert_int_gt(recv(m, got, sizeof(got) - 1, 0), 0);
	ck_assert_int_eq(
	    sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	ck_assert_uint_gt(usec, 0);
	close(fd);
	close(m);
}
END_TEST

START_TEST(a_name_that_is_none_is_refused)
{
	char huge[300];

	memset(huge, 'a', sizeof(huge) - 1);
	huge[0] = '/';
	huge[sizeof(huge) - 1] = '\0';
	ck_assert_int_eq(notify_open(NULL), -1);
	ck_assert_int_eq(notify_open(""), -1);
	ck_assert_int_eq(notify_open("@"), -1);
	ck_assert_int_eq(notify_open("relative/path"), -1);
	ck_assert_int_eq(notify_open("/nowhere/at/all"), -1);
	ck_assert_int_eq(notify_open(huge), -1);
	notify_say(-1, "READY=1");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_said_arrives,
	    reloading_comes_with_its_time,
	    a_name_that_is_none_is_refused,
	};

	return UNIT_RUN("notify", tests);
}
