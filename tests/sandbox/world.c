/* SPDX-License-Identifier: ISC */
/*
 * The surroundings of the attacked processes (world.h).
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/if_tun.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

#define SPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)

static const char *
at(const struct world *w, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return path;
}

static int
look_up_users(struct world *w)
{
	static const char *const names[ROLE_NROLES] = {
	    [ROLE_PARENT] = "_mesh",
	    [ROLE_PRIV] = "_meshpriv",
	    [ROLE_TUN] = "_meshtun",
	    [ROLE_KEY] = "_meshkey",
	    [ROLE_ENGINE] = "_meshengine",
	    [ROLE_DISC] = "_meshdisc",
	    [ROLE_CTL] = "_meshctl",
	    [ROLE_TLS] = "_meshtls",
	    [ROLE_UPNP] = "_meshupnp",
	    [ROLE_CONF] = "root",
	};
	struct passwd *pw;

	for (unsigned r = 0; r < ROLE_NROLES; r++) {
		if (names[r] == NULL)
			continue;
		if ((pw = getpwnam(names[r])) == NULL) {
			warnx("no user %s", names[r]);
			return -1;
		}
		w->uid[r] = pw->pw_uid;
		w->gid[r] = pw->pw_gid;
	}
	return 0;
}

static int
loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd, ret;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return ret;
}

/* Somebody must listen, or MODE_OFF could not succeed; they stay open. */
static int
listeners(struct world *w)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sin);
	int tcp, un;

	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (tcp == -1 || bind(tcp, (struct sockaddr *)&sin, len) == -1 ||
	    listen(tcp, 64) == -1 ||
	    getsockname(tcp, (struct sockaddr *)&sin, &len) == -1)
		return -1;
	w->port = ntohs(sin.sin_port);
	un = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "%s", w->dir);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    strlen(w->dir));
	return un == -1 ? -1 : bind(un, (struct sockaddr *)&sun, len);
}

static int
make_dirs(struct world *w)
{
	snprintf(w->dir, sizeof(w->dir), "/tmp/sbprobe.XXXXXX");
	if (mkdtemp(w->dir) == NULL || chmod(w->dir, 0777) == -1)
		return -1;
	if (mkdir(at(w, "mnt"), 0755) == -1 ||
	    mkdir(at(w, "conf"), 0755) == -1 ||
	    mkdir(at(w, "empty"), 0555) == -1 ||
	    mkdir(at(w, "run"), 0755) == -1 ||
	    symlink("canary", at(w, "link")) == -1)
		return -1;
	if (chown(at(w, "run"), w->uid[ROLE_PRIV], w->gid[ROLE_PRIV]) == -1)
		return -1;
	w->empty_fd = open(at(w, "empty"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return w->empty_fd == -1 ? -1 : 0;
}

static int
devices(struct world *w)
{
	struct ifreq ifr = {
	    .ifr_name = "probe%d", .ifr_flags = IFF_TUN | IFF_NO_PI};

	w->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	w->exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	w->tty_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	w->tun_fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (w->tun_fd != -1 && ioctl(w->tun_fd, TUNSETIFF, &ifr) == -1)
		return -1;
	return w->null_fd == -1 || w->exe_fd == -1 ? -1 : 0;
}

int
world_make(struct world *w)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t rnd[SECRET_LEN];

	memset(w, 0, sizeof(*w));
	if (unshare(SPACES) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1) {
		warn("namespaces");
		return -1;
	}
	w->secret = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->secret == MAP_FAILED || getrandom(rnd, sizeof(rnd), 0) == -1)
		return -1;
	for (size_t i = 0; i < SECRET_LEN; i++)
		w->wanted[i] = hex[rnd[i] & 15];
	if (look_up_users(w) == -1 || make_dirs(w) == -1 ||
	    loopback_up() == -1 || listeners(w) == -1 || devices(w) == -1) {
		warn("surroundings");
		return -1;
	}
	return 0;
}

static bool
all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* A signal is delivered at once, but dying takes a moment. */
static bool
bystander_died(const struct world *w, int patience_ms)
{
	siginfo_t si;

	for (;;) {
		memset(&si, 0, sizeof(si));
		if (w->bystander == 0 ||
		    waitid(P_PID, (id_t)w->bystander, &si,
			WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    si.si_pid != 0)
			return true;
		if (patience_ms-- <= 0)
			return false;
		(void)poll(NULL, 0, 1);
	}
}

static void
bystander_end(struct world *w)
{
	if (w->bystander == 0)
		return;
	(void)kill(w->bystander, SIGKILL);
	(void)waitpid(w->bystander, NULL, 0);
	w->bystander = 0;
}

void
world_clear(struct world *w)
{
	static const char *const dirs[] = {"mnt", "conf", "empty", "run"};

	bystander_end(w);
	while (umount2(at(w, "mnt"), MNT_DETACH) == 0)
		continue;
	(void)unlink(at(w, "canary"));
	(void)unlink(at(w, "made"));
	(void)unlink(at(w, "link"));
	(void)unlink(at(w, "run/made"));
	(void)unlink(at(w, "conf/file"));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		(void)rmdir(at(w, dirs[i]));
	(void)rmdir(w->dir);
}

/* Same uid, in the driver's namespaces, dumpable: as exposed as can be. */
static int
bystander_start(struct world *w, uid_t uid, gid_t gid)
{
	int sync[2];
	char c;

	if (pipe(sync) == -1)
		return -1;
	w->bystander = fork();
	if (w->bystander == 0) {
		if (setresgid(gid, gid, gid) == -1 ||
		    setresuid(uid, uid, uid) == -1 ||
		    prctl(PR_SET_DUMPABLE, 1) == -1 ||
		    prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
		    write(sync[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(sync[1]);
	if (w->bystander == -1 || read(sync[0], &c, 1) != 1)
		w->bystander = 0;
	close(sync[0]);
	w->bystander_uid = uid;
	return w->bystander == 0 ? -1 : 0;
}

static int
write_file(const char *path, mode_t mode, const char *text, size_t len)
{
	int fd, ret;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd == -1)
		return -1;
	ret = fchmod(fd, mode);
	if (write(fd, text, len) != (ssize_t)len)
		ret = -1;
	close(fd);
	return ret;
}

int
world_fresh(struct world *w, uid_t uid, gid_t gid)
{
	if (bystander_died(w, 0) || w->bystander_uid != uid ||
	    all_zero(w->secret, SECRET_LEN))
		bystander_end(w);
	memcpy(w->secret, w->wanted, SECRET_LEN);
	if (w->bystander == 0 && bystander_start(w, uid, gid) == -1)
		return -1;
	(void)unlink(at(w, "made"));
	if (write_file(at(w, "conf/file"), 0600, w->secret, SECRET_LEN) == -1)
		return -1;
	/* anybody may write it, so only the sandbox can be what refuses */
	return write_file(at(w, "canary"), 0666, w->secret, SECRET_LEN);
}

static int
other_netns(void)
{
	int mine, other;

	mine = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (mine == -1 || unshare(CLONE_NEWNET) == -1)
		return -1;
	other = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(mine, CLONE_NEWNET) == -1)
		err(1, "setns");
	close(mine);
	return other;
}

int
world_gift(const struct world *w, enum gift gift)
{
	switch (gift) {
	case GIFT_PROGRAM:
		return open("/bin/sh", O_RDONLY | O_CLOEXEC);
	case GIFT_PIDFD:
		return (int)syscall(SYS_pidfd_open, w->bystander, 0u);
	case GIFT_TUN:
		return fcntl(w->tun_fd, F_DUPFD_CLOEXEC, 0);
	case GIFT_TCP:
		return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case GIFT_UDP:
		return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	case GIFT_TTY:
		return fcntl(w->tty_fd, F_DUPFD_CLOEXEC, 0);
	case GIFT_NETNS:
		return other_netns();
	case GIFT_NONE:
	case GIFT_NKINDS:
		break;
	}
	return -1;
}

static bool
canary_lives(const struct world *w)
{
	char text[SECRET_LEN + 1];
	ssize_t n;
	int fd;

	fd = open(at(w, "canary"), O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n == SECRET_LEN && memcmp(text, w->secret, SECRET_LEN) == 0;
}

unsigned
world_effects(const struct world *w, const struct outcome *o, int patience_ms)
{
	unsigned seen = 0;

	if (memcmp(o->data, w->secret, SECRET_LEN) == 0 &&
	    !all_zero(o->data, SECRET_LEN))
		seen |= READS;
	/* an attacker that writes has nothing but zeroes to write */
	if (all_zero(w->secret, SECRET_LEN))
		seen |= WRITES;
	if (access(at(w, "made"), F_OK) == 0)
		seen |= MAKES;
	if (!all_zero(w->secret, SECRET_LEN) && !canary_lives(w))
		seen |= SPOILS;
	if (bystander_died(w, patience_ms))
		seen |= KILLS;
	return seen;
}
