/* SPDX-License-Identifier: ISC */
/*
 * tunnel-priv: the service.  Options, and the start in its order:
 *
 *	who we are, one node for a run directory -> configuration, read by a
 *	child that can do nothing else -> interface, sockets, key file -> into
 *	the background -> let go of root -> children -> loop
 *
 * Everything that can be wrong on this machine is found before the first child
 * runs, and ends the program with exit code 1.  The same program is also the
 * packet pump and the configuration parser, each in a process of its own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "confchild.h"
#include "parent.h"
#include "pump.h"
#include "sock.h"

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

/* Who we are and where; nothing of the configuration is known yet. */
static void
prepare(struct parent *p)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	const char *manager = getenv("NOTIFY_SOCKET");

	umask(022);
	proc_close_from(STDERR_FILENO + 1);
	openlog("mesh", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	p->notify_fd = notify_open(manager);
	p->opt.debug = p->opt.debug || manager != NULL;
	p->foreground = true;
	p->started_unix_ms = clock_unix_ms();
	setup_programs(&p->setup, p->opt.libexec);
	setup_rundir(&p->setup, p->opt.rundir);
	p->opt.rundir = absolute(p->opt.rundir);
	if (parent_init(p) == -1 || sigaction(SIGPIPE, &ignore, NULL) == -1)
		fatal("event loop");
}

/* What the configuration asks of this machine, still as root. */
static void
bring_up(struct parent *p)
{
	const struct conf_node *c = &p->conf->node;
	const struct setup *s = &p->setup;
	char err[NET_ERR];

	setup_key(&p->setup, c->key_file);
	if (net_open(&p->net, c, err) == -1 ||
	    net_change(&p->net, NULL, c, err) == -1)
		fatalx("%s", err);
	p->listen_fd[LISTEN_CONTROL] = setup_listen(s, p->opt.rundir, c->socket,
	    0660, setup_group(c->group), &p->listener[LISTEN_CONTROL]);
	p->listen_fd[LISTEN_STATUS] = setup_listen(s, p->opt.rundir,
	    c->status_socket, 0666, s->gid, &p->listener[LISTEN_STATUS]);
	/* not under a service manager: it wants to see us where it put us */
	p->foreground = p->opt.debug;
	if (chdir("/") == -1 || (!p->foreground && daemon(1, 0) == -1))
		fatal("daemon");
	setup_done(s);
	p->pid = getpid();
}

static int
serve(struct parent *p)
{
	prepare(p);
	reload_start(p, 0);
	if (loop_run(p->loop) == -1 || p->conf == NULL)
		return 1;
	parent_log_level(p, -1);
	bring_up(p);
	if (sandbox_parent(
		p->setup.uid, p->setup.gid, p->opt.rundir, &p->sandbox) == -1)
		return 1;
	parent_start(p);
	if (loop_run(p->loop) == -1)
		p->exit_code = 1;
	for (int i = 0; i < 2; i++)
		sock_unlink(p->setup.run_fd, p->listener[i]);
	log_info("stopped");
	return p->exit_code;
}

int
main(int argc, char *argv[])
{
	static struct parent parent;

	if (argc > 1 && strcmp(argv[1], role_name(ROLE_TUN)) == 0)
		return pump_main(argc, argv);
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
		       "then becomes _meshpriv");
	return serve(&parent);
}
