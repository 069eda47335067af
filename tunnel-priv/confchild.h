/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/confchild.h */
#ifndef CONFCHILD_H
#define CONFCHILD_H

#include "options.h"

/*
 * The configuration parser: the only reader of text in this program, and it
 * runs without capabilities and without any write access, in a process of its
 * own that ends when the text is read.
 *
 *	parent -> conf	the configuration in force: CONF_NODE, CONF_NET and
 *			CONF_PEER (for the engine), CONF_END; at start-up only
 *			CONF_END
 *	conf -> parent	TEXT_ROW per complaint or change, then CONF_NODE,
 *			CONF_NET, CONF_PEER, CONF_END, or CONF_FAILED
 *
 * The request id of a CONF_NET or CONF_PEER is the role it is meant for: the
 * engine's copy has the pre-shared keys, discoveryd's has not, and the parent
 * passes on what it never looks into.
 *
 * Arguments of the role: "-e" or "-" (complain to standard error, or by rows
 * only), run directory, file, macros as name=value.
 */
int confchild_main(int argc, char *argv[]);

/* -n: the same, with nobody to report to.  The exit code of the program. */
int confchild_check(const struct options *);

#endif
