/* SPDX-License-Identifier: ISC */
/*
 * The supervisor's life, from where it has let go of root (parent.h): read the
 * configuration, have done what it asks of this machine, go into the
 * background, serve, stop.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "parent.h"

/* What the configuration asks of this machine. */
static void
bring_up(struct parent *p)
{
	const struct conf_node *c = &p->conf->node;
	char err[NET_ERR];

	ask_key(p->priv, c->key_file);
	if (net_open(&p->net, p->priv, c, err) == -1 ||
	    net_change(&p->net, NULL, c, err) == -1)
		fatalx("%s", err);
	wire_places(p, 0);
	net_settle(&p->net);
	p->listen_fd[LISTEN_CONTROL] =
	    ask_listen(p->priv, LISTEN_CONTROL, c->socket, c->group);
	p->listen_fd[LISTEN_STATUS] =
	    ask_listen(p->priv, LISTEN_STATUS, c->status_socket, "");
	ask_settled(p->priv, &p->priv_sandbox);
}

/* From here on nobody looks at standard error. */
static void
detach(struct parent *p, int null_fd, int starter)
{
	p->foreground = false;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null_fd, fd) == -1)
			fatal("/dev/null");
	if (write(starter, "", 1) == -1)
		log_warn("who started us"); /* is gone */
	close(starter);
}

int
parent_run(struct parent *p, int priv_fd, int null_fd, int starter)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	p->pid = getpid();
	p->foreground = true;
	p->started_unix_ms = clock_unix_ms();
	p->notify_fd = notify_open(getenv("NOTIFY_SOCKET"));
	if (parent_init(p, priv_fd) == -1 ||
	    sigaction(SIGPIPE, &ignore, NULL) == -1)
		fatal("event loop");
	reload_start(p, 0);
	if (loop_run(p->loop) == -1 || p->conf == NULL)
		return 1;
	parent_log_level(p, -1);
	bring_up(p);
	if (starter != -1)
		detach(p, null_fd, starter);
	parent_start(p);
	if (loop_run(p->loop) == -1)
		p->exit_code = 1;
	ask_stop(p->priv);
	log_info("stopped");
	return p->exit_code;
}
