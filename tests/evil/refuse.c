/* SPDX-License-Identifier: ISC */
/* file: tests/evil/refuse.c */
/*
 * refuse CGROUP gso|gro|send [MS]: a kernel that refuses, for the processes
 * in a cgroup (version 2) only.
 *
 *	gso	has no UDP_SEGMENT, as before Linux 4.18
 *	gro	has no UDP_GRO, as before Linux 5.0
 *	send	takes no datagram (EIO), as with a device without checksums
 *
 * Two or eight instructions of BPF at the cgroup's hooks say so.  Stays until
 * the cgroup goes away, or for MS milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))
#define ALLOW 1
#define REFUSE 0

#define MOV(dst, n)                                                            \
	{                                                                      \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (dst),         \
		.imm = (n)                                                     \
	}
#define LOAD(dst, src, at)                                                     \
	{                                                                      \
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (dst),           \
		.src_reg = (src), .off = (int16_t)(at)                         \
	}
#define UNLESS(dst, n, skip)                                                   \
	{                                                                      \
		.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (dst),           \
		.off = (skip), .imm = (n)                                      \
	}
#define CALL(n)                                                                \
	{                                                                      \
		.code = BPF_JMP | BPF_CALL, .imm = (n)                         \
	}
#define EXIT                                                                   \
	{                                                                      \
		.code = BPF_JMP | BPF_EXIT                                     \
	}

static const struct bpf_insn eio[] = {
    MOV(BPF_REG_1, -EIO),
    CALL(BPF_FUNC_set_retval),
    MOV(BPF_REG_0, REFUSE),
    EXIT,
};

static int
bpf(int cmd, union bpf_attr *a)
{
	return (int)syscall(SYS_bpf, cmd, a, sizeof(*a));
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* The program at the hook, in or out. */
static void
hook(int cgroup, int prog, enum bpf_attach_type type, int cmd)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)cgroup;
	a.attach_bpf_fd = (uint32_t)prog;
	a.attach_type = type;
	if (bpf(cmd, &a) == -1)
		die(cmd == BPF_PROG_ATTACH ? "attach" : "detach");
}

static int
load(enum bpf_prog_type kind, enum bpf_attach_type type,
    const struct bpf_insn *insns, size_t n)
{
	static const char license[] = "ISC";
	union bpf_attr a;
	int prog;

	memset(&a, 0, sizeof(a));
	a.prog_type = kind;
	a.expected_attach_type = type;
	a.insns = (uint64_t)(uintptr_t)insns;
	a.insn_cnt = (uint32_t)n;
	a.license = (uint64_t)(uintptr_t)license;
	if ((prog = bpf(BPF_PROG_LOAD, &a)) == -1)
		die("load");
	return prog;
}

static int
sockopt(enum bpf_attach_type type, int name)
{
	const struct bpf_insn insns[] = {
	    MOV(BPF_REG_0, ALLOW),
	    LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct bpf_sockopt, level)),
	    UNLESS(BPF_REG_2, IPPROTO_UDP, 3),
	    LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct bpf_sockopt, optname)),
	    UNLESS(BPF_REG_2, name, 1),
	    MOV(BPF_REG_0, REFUSE),
	    EXIT,
	};

	return load(BPF_PROG_TYPE_CGROUP_SOCKOPT, type, insns, NELEM(insns));
}

/* Both families, for so long. */
static void
refuse_sends(int cgroup, long ms)
{
	static const enum bpf_attach_type type[] = {
	    BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP6_SENDMSG};
	struct timespec ts = {
	    .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	int prog[NELEM(type)];

	for (size_t i = 0; i < NELEM(type); i++)
		prog[i] = load(
		    BPF_PROG_TYPE_CGROUP_SOCK_ADDR, type[i], eio, NELEM(eio));
	for (size_t i = 0; i < NELEM(type); i++)
		hook(cgroup, prog[i], type[i], BPF_PROG_ATTACH);
	if (ms == 0)
		return;
	nanosleep(&ts, NULL);
	for (size_t i = 0; i < NELEM(type); i++)
		hook(cgroup, prog[i], type[i], BPF_PROG_DETACH);
}

int
main(int argc, char *argv[])
{
	int cgroup;

	if (argc < 3) {
		fprintf(stderr, "usage: refuse CGROUP gso|gro|send [MS]\n");
		return 2;
	}
	cgroup = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup == -1)
		die(argv[1]);
	if (strcmp(argv[2], "gso") == 0)
		hook(cgroup, sockopt(BPF_CGROUP_GETSOCKOPT, UDP_SEGMENT),
		    BPF_CGROUP_GETSOCKOPT, BPF_PROG_ATTACH);
	else if (strcmp(argv[2], "gro") == 0)
		hook(cgroup, sockopt(BPF_CGROUP_SETSOCKOPT, UDP_GRO),
		    BPF_CGROUP_SETSOCKOPT, BPF_PROG_ATTACH);
	else if (strcmp(argv[2], "send") == 0)
		refuse_sends(cgroup, argc > 3 ? strtol(argv[3], NULL, 10) : 0);
	else
		return 2;
	return 0;
}
