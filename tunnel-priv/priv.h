/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/priv.h */
#ifndef PRIV_H
#define PRIV_H

/*
 * The process with the privileges: does for the supervisor what only root may,
 * and decides nothing.
 *
 * Root until the supervisor says that all is set up (P_SETTLED), from then on
 * _meshpriv with four capabilities.  What names a path, a group or a device is
 * taken before that moment only; afterwards requests are numbers.  It is the
 * kernel's parent of every child, whose channels are the supervisor's: a child
 * ends with either.
 *
 *	argv: "-d" or "-", libexec, run directory, file, macros
 *
 * The path of the configuration, the run directory and the programs come from
 * the command line, that is from root, never by message.
 */
int priv_main(int argc, char *argv[]);

#endif
