/* SPDX-License-Identifier: ISC */
/* file: common/counters.h */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

/*
 * Every counter of the suite, once.  The number is what travels (COUNTER_ROW);
 * the name is what meshctl prints.  `kind` says how it enters the books of
 * its border (see counters_balance): in = out + drops + held, exactly.
 *
 *	border TUN_OUT	tun role, records read from the TUN
 *	border TUN_IN	tun role, records received from the engine
 *	border ENG_OUT	engine, records received from the tun role
 *	border ENG_IN	engine, datagrams received from UDP
 *
 * Append only: numbers are never reused.
 */
enum border { B_NONE, B_TUN_OUT, B_TUN_IN, B_ENG_OUT, B_ENG_IN, B_NBORDERS };
enum counter_kind { K_INFO, K_IN, K_OUT, K_DROP, K_HELD };

#include "counters.def"

enum counter {
#define C_ENUM(id, border, kind, name, help) id,
	COUNTERS(C_ENUM)
#undef C_ENUM
	    C_NCOUNTERS
};

struct counters {
	uint64_t v[C_NCOUNTERS];
};

struct counter_info {
	const char *name, *help;
	enum border border;
	enum counter_kind kind;
};

const struct counter_info *counter_info(enum counter); /* NULL: unknown */
const char *border_name(enum border);
/* in - out - drops - held of one border; 0 when the books balance */
int64_t counters_balance(const struct counters *, enum border);

#endif
