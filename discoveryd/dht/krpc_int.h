/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/krpc_int.h */
#ifndef KRPC_INT_H
#define KRPC_INT_H

/*
 * What krpc.c and krpc_build.c share: which argument belongs to which message.
 * One table for both directions, so that what is read can be written.
 */
#include "krpc.h"

/* In the order of their keys, which is the order on the wire. */
enum krpc_arg {
	ARG_CAS,
	ARG_ID,
	ARG_IMPLIED,
	ARG_INFO_HASH,
	ARG_K,
	ARG_NODES,
	ARG_NODES6,
	ARG_PORT,
	ARG_SALT,
	ARG_SEQ,
	ARG_SIG,
	ARG_TARGET,
	ARG_TOKEN,
	ARG_V,
	ARG_VALUES,
	ARG_WANT,
	KRPC_NARGS
};

/* Sets of messages: each kind of query is a bit, all answers are one. */
#define OF(method) (1u << KRPC_##method)
#define OF_RESPONSE (1u << KRPC_NMETHODS)
#define OF_ALL (OF_RESPONSE - 1)
#define OF_HASH (OF(GET_PEERS) | OF(ANNOUNCE))
#define OF_TARGET (OF(FIND_NODE) | OF(GET))

struct krpc_arg_rule {
	const char *key;
	unsigned use, need;
};
extern const struct krpc_arg_rule krpc_arg_rule[KRPC_NARGS];
extern const char *const krpc_method_name[KRPC_NMETHODS];

unsigned krpc_uses(const struct krpc_msg *); /* its bit */

#endif
