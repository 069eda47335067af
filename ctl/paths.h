/* SPDX-License-Identifier: ISC */
/* file: ctl/paths.h */
#ifndef PATHS_H
#define PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "conf.h"
#include "verbs.h"

/*
 * The files of a node, as meshctl (root) makes and reads them.
 *
 *	mesh.conf		-f; what runs the node
 *	identity.key		in the state directory (-S): the node's key
 *	identity.key.authority	where the network was started: its seeds
 *	identity.key.ledger	there too: what was decided
 *	identity.key.contact	there too: where others reach it
 *	network.cert, .secret	what a member has of its network: in the state
 *				directory if that is the usual one, else beside
 *				mesh.conf, because the parser reads nowhere else
 *
 * A file is written under another name, synced, and linked to its own: it is
 * whole or not there, and one that was there is never touched.
 */
#define PATHS_CONF MESH_SYSCONFDIR "/mesh/mesh.conf"

struct paths {
	char conf[CONF_PATH_MAX], dir[CONF_PATH_MAX], state[CONF_PATH_MAX];
	char key[CONF_PATH_MAX], authority[CONF_PATH_MAX + 16];
	char ledger[CONF_PATH_MAX + 16], contact[CONF_PATH_MAX + 16];
	char cert[CONF_PATH_MAX], secret[CONF_PATH_MAX];
	bool usual; /* all of them where the service looks by itself */
};

/* For a node that is to be made.  EXIT_FINE, or reported. */
int paths_new(struct paths *, const struct call *);
/*
 * Of the node whose configuration this is; *conf is the caller's to clear.
 * With -S the key is there, whatever the configuration says.
 */
int paths_of(struct paths *, const struct call *, struct conf *);

/* Report that something can't be done to a file, by errno. */
int paths_failed(const struct call *, const char *path, const char *what);
/* The directory and those above it, the last with this mode; 0 or -1. */
int paths_dir(const char *path, mode_t mode);
/* 0, or -1 with errno; EEXIST: it is there. */
int paths_write(const char *path, mode_t mode, const void *, size_t len);
/* All of a file: its length, or -1 with errno (EFBIG: more than cap). */
ssize_t paths_read(const char *path, void *out, size_t cap);
bool paths_exist(const char *path);

/* The private key of that file: EXIT_FINE, or reported. */
int paths_key(const struct call *, const char *path, uint8_t key[32]);
/* The same, but it is made if it is not there; *made says so. */
int paths_key_make(
    const struct call *, const char *path, uint8_t key[32], bool *made);

#endif
