/* SPDX-License-Identifier: ISC */
/*
 * tunnel-priv: the service.  Options, and the start in its order:
 *
 *	into the background -> priv, the process that keeps the privileges ->
 *	let go of root -> configuration, read by a child that can do nothing
 *	else -> interface, sockets, key file -> priv lets go of root -> children
 *	-> loop
 *
 * Everything that can be wrong on this machine is found before the first child
 * runs, and ends the program with exit code 1.  The same program is also priv,
 * the packet pump and the configuration parser, each in a process of its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "confchild.h"
#include "parent.h"
#include "priv.h"
#include "proc.h"
#include "pump.h"
#include "setup.h"

__attribute__((noreturn)) static void
usage(void)
{
	fprintf(stderr,
	    "usage: tunnel-priv [-dnv] [-D name=value] [-f file] "
	    "[-L libexecdir]\n\t[-R rundir]\n");
	exit(2);
}

static void
options_parse(struct options *o, int argc, char *argv[])
{
	int ch;

	o->conf = MESH_SYSCONFDIR "/mesh/mesh.conf";
	o->rundir = "/run/mesh";
	o->libexec = MESH_LIBEXECDIR;
	while ((ch = getopt(argc, argv, "D:df:L:nR:v")) != -1)
		switch (ch) {
		case 'D':
			if (strchr(optarg, '=') == NULL ||
			    o->nmacros == OPTIONS_MACROS_MAX)
				usage();
			o->macro[o->nmacros++] = optarg;
			break;
		case 'd':
			o->debug = true;
			break;
		case 'f':
			o->conf = optarg;
			break;
		case 'L':
			o->libexec = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'R':
			o->rundir = optarg;
			break;
		case 'v':
			o->verbose++;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
}

/* Absolute, because we shall be in another directory. */
static const char *
absolute(const char *path)
{
	char *real = realpath(path, NULL);

	if (real == NULL)
		fatal("%s", path);
	return real;
}

/* ---- as root ---- */

/*
 * The service in a session of its own.  Who started it waits for its word: the
 * descriptor to write an octet to when all is set up; without it, exit code 1.
 */
static int
background(void)
{
	int fd[2];
	char c;

	if (pipe2(fd, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fd[0]);
		if (setsid() == -1)
			fatal("setsid");
		return fd[1];
	default:
		close(fd[1]);
		_exit(read(fd[0], &c, 1) == 1 ? 0 : 1);
	}
}

/* All that it will ever be told about paths is on its command line. */
static pid_t
start_priv(const struct options *o, int null_fd, int chan_fd)
{
	const char *extra[4 + OPTIONS_MACROS_MAX + 1] = {
	    o->debug ? "-d" : "-", o->libexec, o->rundir, o->conf};
	struct proc_spec spec = {.role = ROLE_PRIV,
	    .exe_fd = open(SETUP_SELF, O_RDONLY | O_CLOEXEC),
	    .arg0 = "tunnel-priv",
	    .chan_fd = chan_fd,
	    .empty_fd = -1,
	    .null_fd = null_fd,
	    .keep_stderr = 1,
	    .extra = extra};
	pid_t pid;

	memcpy(extra + 4, o->macro, sizeof(o->macro));
	if (spec.exe_fd == -1 || (pid = proc_spawn(&spec)) == -1)
		fatal(SETUP_SELF);
	close(spec.exe_fd);
	close(chan_fd);
	return pid;
}

static void
let_go(struct parent *p, uid_t uid, gid_t gid)
{
	openlog("mesh", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	tzset(); /* syslog's, from a file */
	if (chdir("/") == -1 || sandbox_supervisor(uid, gid, &p->sandbox) == -1)
		exit(1);
}

static int
serve(struct parent *p)
{
	const char *manager = getenv("NOTIFY_SOCKET");
	int sv[2], null_fd, starter = -1;
	uid_t uid;
	gid_t gid;

	umask(022);
	proc_close_from(STDERR_FILENO + 1);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	setup_account("_mesh", &uid, &gid);
	/* a service manager wants to see us where it put us */
	p->opt.debug = p->opt.debug || manager != NULL;
	if (!p->opt.debug)
		starter = background();
	if (null_fd == -1 || ipc_pair(sv) == -1)
		fatal("/dev/null or channel");
	p->priv_pid = start_priv(&p->opt, null_fd, sv[1]);
	let_go(p, uid, gid);
	/* which tells the starter that all is set up, and takes null for 0-2 */
	return parent_run(p, sv[0], null_fd, starter);
}

int
main(int argc, char *argv[])
{
	static struct parent parent;

	if (argc > 1 && strcmp(argv[1], role_name(ROLE_TUN)) == 0)
		return pump_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], role_name(ROLE_PRIV)) == 0)
		return priv_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], role_name(ROLE_CONF)) == 0)
		return confchild_main(argc, argv);
	options_parse(&parent.opt, argc, argv);
	log_init(
	    "tunnel-priv", parent.opt.verbose > 0 ? LOG_L_DEBUG : LOG_L_INFO);
	parent.opt.conf = absolute(parent.opt.conf);
	if (parent.opt.check)
		return confchild_check(&parent.opt);
	if (geteuid() != 0)
		fatalx("must be started by root: it makes an interface, and "
		       "then becomes _mesh and _meshpriv");
	return serve(&parent);
}
