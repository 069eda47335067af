/* SPDX-License-Identifier: ISC */
/*
 * Forbidden acts, second half: sockets, new code, signals, the machine, other
 * numberings and what an inherited descriptor can be abused for.  Runs inside
 * the process that is attacked; knows nothing of the sandbox.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acts.h"

#define ACT(name) static long name(const struct go *g, struct outcome *o)
#define UNUSED(x) (void)(x)

static const char *
below(const struct go *g, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return path;
}

/* ---- S-07: ways out ---- */

static long
talk(int family, int type, int proto)
{
	return syscall(SYS_socket, family, type, proto);
}

/* The socket alone harms nobody: the effect is a datagram that leaves. */
ACT(by_inet)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(g->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	long fd;

	UNUSED(o);
	fd = talk(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		return -1;
	return syscall(SYS_sendto, fd, "x", 1ul, 0, &to, sizeof(to));
}

ACT(by_inet6)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6,
	    .sin6_port = htons(g->port),
	    .sin6_addr = in6addr_loopback};
	long fd;

	UNUSED(o);
	fd = talk(AF_INET6, SOCK_DGRAM, 0);
	if (fd == -1)
		return -1;
	return syscall(SYS_sendto, fd, "x", 1ul, 0, &to, sizeof(to));
}

ACT(by_unix)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	long fd;

	UNUSED(o);
	snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "%s", g->dir);
	fd = talk(AF_UNIX, SOCK_DGRAM, 0);
	if (fd == -1)
		return -1;
	return syscall(SYS_sendto, fd, "x", 1ul, 0, &to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
		strlen(g->dir)));
}

#define BY_SOCKET(name, family, type, proto)                                   \
	ACT(name)                                                              \
	{                                                                      \
		UNUSED(g);                                                     \
		UNUSED(o);                                                     \
		return talk(family, type, proto);                              \
	}
BY_SOCKET(by_netlink, AF_NETLINK, SOCK_RAW, 0)
BY_SOCKET(by_packet, AF_PACKET, SOCK_RAW, 0)
BY_SOCKET(by_raw, AF_INET, SOCK_RAW, IPPROTO_UDP)
BY_SOCKET(by_alg, AF_ALG, SOCK_SEQPACKET, 0)
BY_SOCKET(by_vsock, AF_VSOCK, SOCK_STREAM, 0)

ACT(by_io_uring)
{
	uint8_t params[120] = {0};

	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_io_uring_setup, 1u, params);
}

ACT(by_bpf)
{
	uint32_t attr[32] = {2, 4, 4, 1}; /* an array of one u32 */

	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_bpf, 0, attr, sizeof(attr));
}

ACT(by_userfaultfd)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_userfaultfd, 1); /* UFFD_USER_MODE_ONLY */
}

ACT(by_keyctl)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_keyctl, 0, -3, 1, 0, 0); /* session keyring id */
}

/* ---- S-08: new code ---- */

ACT(by_mmap_exec)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_mmap, NULL, 4096ul,
	    (unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC),
	    (unsigned long)(MAP_PRIVATE | MAP_ANONYMOUS), -1l, 0l);
}

ACT(by_mprotect_exec)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	UNUSED(g);
	UNUSED(o);
	return syscall(
	    SYS_mprotect, page, 4096ul, (unsigned long)(PROT_READ | PROT_EXEC));
}

ACT(by_memfd)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_memfd_create, "x", 0u);
}

ACT(by_personality)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_personality, 0x0400000ul); /* READ_IMPLIES_EXEC */
}

ACT(by_bad_advice)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_madvise, page, 4096ul, MADV_DOFORK);
}

/* ---- S-09: signals ---- */

ACT(by_kill)
{
	UNUSED(o);
	return syscall(SYS_kill, g->victim, SIGKILL);
}

ACT(by_tgkill)
{
	UNUSED(o);
	return syscall(SYS_tgkill, g->victim, g->victim, SIGKILL);
}

ACT(by_tkill)
{
	UNUSED(o);
	return syscall(SYS_tkill, g->victim, SIGKILL);
}

ACT(by_sigqueue)
{
	siginfo_t si = {.si_code = SI_QUEUE};

	UNUSED(o);
	return syscall(SYS_rt_sigqueueinfo, g->victim, SIGKILL, &si);
}

ACT(by_pidfd_signal)
{
	UNUSED(o);
	return syscall(SYS_pidfd_send_signal, g->gift, SIGKILL, NULL, 0u);
}

/* ---- S-10: the machine ---- */

ACT(by_mount)
{
	UNUSED(o);
	return syscall(SYS_mount, "none", below(g, "mnt"), "tmpfs", 0ul, "");
}

ACT(by_umount)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_umount2, "/nothing", 0);
}

ACT(by_pivot_root)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_pivot_root, "/", "/"); /* EBUSY, never a change */
}

ACT(by_chroot)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_chroot, "/");
}

ACT(by_unshare)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

ACT(by_setns)
{
	UNUSED(o);
	return syscall(SYS_setns, g->gift, CLONE_NEWNET);
}

ACT(by_mknod)
{
	UNUSED(o);
	return syscall(SYS_mknod, below(g, "made"), S_IFCHR | 0600, 0x103l);
}

ACT(by_swapon)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_swapon, "/nothing", 0);
}

ACT(by_init_module)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_init_module, "x", 1ul, "");
}

ACT(by_kexec)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_kexec_load, 0ul, 99999ul, NULL, 0ul);
}

ACT(by_reboot)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_reboot, 0, 0, 0, NULL); /* wrong magic: EINVAL */
}

ACT(by_settime)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_settimeofday, NULL, NULL);
}

ACT(by_sethostname)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_sethostname, "taken", 5);
}

/* ---- S-11: other numberings ---- */

#ifdef __x86_64__
ACT(by_i386)
{
	long ret;

	UNUSED(g);
	UNUSED(o);
	/* getpid as i386 counts it */
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(20l) : "memory");
	return ret;
}

ACT(by_x32)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(0x40000000l + SYS_getpid);
}
#endif

/* ---- S-12: ioctl on what it was given ---- */

ACT(by_tun_persist)
{
	UNUSED(o);
	return syscall(SYS_ioctl, g->gift, TUNSETPERSIST, 0ul);
}

ACT(by_tun_owner)
{
	UNUSED(o);
	return syscall(SYS_ioctl, g->gift, TUNSETOWNER, 0ul);
}

ACT(by_tun_filter)
{
	uint16_t prog[8] = {0};

	UNUSED(o);
	return syscall(SYS_ioctl, g->gift, TUNATTACHFILTER, prog);
}

ACT(by_tun_setiff)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN};

	UNUSED(o);
	return syscall(SYS_ioctl, g->gift, TUNSETIFF, &ifr);
}

ACT(by_ifflags)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	UNUSED(o);
	return syscall(SYS_ioctl, g->gift, SIOCSIFFLAGS, &ifr);
}

ACT(by_tiocsti)
{
	UNUSED(o);
	return syscall(SYS_ioctl, g->gift, TIOCSTI, "x");
}

/* ---- S-13: sockets it was given ---- */

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

ACT(by_connect)
{
	struct sockaddr_in to = loopback(g->port);

	UNUSED(o);
	return syscall(SYS_connect, g->gift, &to, sizeof(to));
}

ACT(by_bind_tcp)
{
	struct sockaddr_in at = loopback(0);

	UNUSED(o);
	return syscall(SYS_bind, g->gift, &at, sizeof(at));
}

ACT(by_bind_udp)
{
	struct sockaddr_in at = loopback(0);

	UNUSED(o);
	return syscall(SYS_bind, g->gift, &at, sizeof(at));
}

ACT(by_listen)
{
	UNUSED(o);
	return syscall(SYS_listen, g->gift, 1);
}

ACT(by_sockopt)
{
	int mark = 1;

	UNUSED(o);
	return syscall(SYS_setsockopt, g->gift, SOL_SOCKET, SO_PRIORITY, &mark,
	    sizeof(mark));
}

ACT(by_fcntl)
{
	UNUSED(o);
	return syscall(SYS_fcntl, g->gift, F_SETOWN, g->parent);
}

/* clang-format off */
static const struct act acts[] = {
	/* id      name                   function     flags       gift    on      weak    off  not for */
	{ "S-07", "UDP over IPv4",        by_inet,     0,          GIFT_NONE, 0, ENETUNREACH, 0, R(UPNP) },
	{ "S-07", "UDP over IPv6",        by_inet6,    0,          GIFT_NONE, 0, EADDRNOTAVAIL, 0, R(UPNP) },
	{ "S-07", "abstract unix socket", by_unix,     0,          GIFT_NONE, 0, ECONNREFUSED, 0, 0 },
	{ "S-07", "netlink socket",       by_netlink,  0,          GIFT_NONE, 0, 0, 0, 0 },
	{ "S-07", "packet socket",        by_packet,   AS_ROOT,    GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-07", "raw socket",           by_raw,      AS_ROOT,    GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-07", "AF_ALG socket",        by_alg,      MAY_LACK,   GIFT_NONE, 0, 0, 0, 0 },
	{ "S-07", "vsock socket",         by_vsock,    MAY_LACK,   GIFT_NONE, 0, 0, 0, 0 },
	{ "S-07", "io_uring_setup",       by_io_uring, MAY_LACK,   GIFT_NONE, 0, 0, 0, 0 },
	{ "S-07", "bpf",                  by_bpf,      AS_ROOT|MAY_LACK, GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-07", "userfaultfd",          by_userfaultfd, MAY_LACK, GIFT_NONE, 0, 0, 0, 0 },
	{ "S-07", "keyctl",               by_keyctl,   MAY_LACK,   GIFT_NONE, 0, 0, 0, 0 },
	{ "S-08", "mmap PROT_EXEC",       by_mmap_exec, 0,         GIFT_NONE, 0, EACCES, 0, 0 },
	{ "S-08", "mprotect PROT_EXEC",   by_mprotect_exec, SANITIZER,     GIFT_NONE, 0, EACCES, 0, 0 },
	{ "S-08", "memfd_create",         by_memfd,    0,          GIFT_NONE, 0, 0, 0, 0 },
	{ "S-08", "personality",          by_personality, 0,       GIFT_NONE, 0, 0, 0, 0 },
	{ "S-08", "madvise DOFORK",       by_bad_advice, SANITIZER,        GIFT_NONE, 0, 0, 0, 0 },
	{ "S-09", "kill",                 by_kill,     KILLS,      GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-09", "tgkill",               by_tgkill,   KILLS|SANITIZER,      GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-09", "tkill",                by_tkill,    KILLS,      GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-09", "rt_sigqueueinfo",      by_sigqueue, KILLS,      GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-09", "pidfd_send_signal",    by_pidfd_signal, KILLS,  GIFT_PIDFD, 0, EPERM, 0, 0 },
	{ "S-10", "mount",                by_mount,    AS_ROOT,    GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-10", "umount2",              by_umount,   AS_ROOT,    GIFT_NONE, 0, ENOENT, ENOENT, 0 },
	{ "S-10", "pivot_root",           by_pivot_root, AS_ROOT,  GIFT_NONE, 0, EPERM, EBUSY, 0 },
	{ "S-10", "chroot",               by_chroot,   AS_ROOT,    GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-10", "unshare",              by_unshare,  AS_ROOT,    GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-10", "setns",                by_setns,    AS_ROOT,    GIFT_NETNS, 0, EPERM, 0, 0 },
	{ "S-10", "mknod",                by_mknod,    AS_ROOT|MAKES, GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-10", "swapon",               by_swapon,   AS_ROOT,    GIFT_NONE, 0, EPERM, ENOENT, 0 },
	{ "S-10", "init_module",          by_init_module, AS_ROOT|MAY_LACK, GIFT_NONE, 0, 0, ENOEXEC, 0 },
	{ "S-10", "kexec_load",           by_kexec,    AS_ROOT|MAY_LACK, GIFT_NONE, 0, 0, EINVAL, 0 },
	{ "S-10", "reboot",               by_reboot,   AS_ROOT,    GIFT_NONE, 0, EPERM, EINVAL, 0 },
	{ "S-10", "settimeofday",         by_settime,  AS_ROOT,    GIFT_NONE, 0, 0, 0, 0 },
	{ "S-10", "sethostname",          by_sethostname, AS_ROOT, GIFT_NONE, 0, EPERM, 0, 0 },
#ifdef __x86_64__
	{ "S-11", "int 0x80",             by_i386,     MAY_LACK,   GIFT_NONE, 0, 0, 0, 0 },
	{ "S-11", "x32 numbering",        by_x32,      0,          GIFT_NONE, 0, 0, ENOSYS, 0 },
#endif
	{ "S-12", "TUNSETPERSIST",        by_tun_persist, SANITIZER,       GIFT_TUN, 0, 0, 0, 0 },
	{ "S-12", "TUNSETOWNER",          by_tun_owner, SANITIZER,         GIFT_TUN, 0, 0, 0, 0 },
	{ "S-12", "TUNATTACHFILTER",      by_tun_filter, SANITIZER,        GIFT_TUN, 0, 0, EINVAL, 0 },
	{ "S-12", "TUNSETIFF",            by_tun_setiff, SANITIZER,        GIFT_TUN, 0, 0, EEXIST, 0 },
	{ "S-12", "SIOCSIFFLAGS",         by_ifflags,  AS_ROOT|SANITIZER,    GIFT_UDP, 0, EPERM, 0, 0 },
	{ "S-12", "TIOCSTI",              by_tiocsti,  AS_ROOT|SANITIZER,    GIFT_TTY, 0, EPERM, 0, 0 },
	{ "S-13", "TCP connect",          by_connect,  0,          GIFT_TCP, 0, EACCES, 0, R(PRIV) | R(TLS) | R(UPNP) },
	{ "S-13", "TCP bind",             by_bind_tcp, 0,          GIFT_TCP, 0, EACCES, 0, R(PRIV) },
	{ "S-13", "UDP bind",             by_bind_udp, 0,          GIFT_UDP, 0, 0, 0, R(UPNP) },
	{ "S-13", "TCP listen",           by_listen,   0,          GIFT_TCP, 0, 0, 0, R(PRIV) | R(TLS) },
	{ "S-13", "unlisted socket option", by_sockopt, 0,         GIFT_UDP, 0, 0, 0, 0 },
	{ "S-13", "fcntl F_SETOWN",       by_fcntl,    0,          GIFT_UDP, 0, 0, 0, R(CONF) },
};
/* clang-format on */

struct act_list
acts_far(void)
{
	return (struct act_list){acts, sizeof(acts) / sizeof(acts[0])};
}
