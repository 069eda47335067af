/* SPDX-License-Identifier: ISC */
/* file: tests/spin/breaker.pml */
/*
 * The circuit breaker of a peer, and everything that may happen to it, in any
 * order.  The table is the program's own (breaker_table.pml); the numbers
 * around it are what keep_books and column of breaker.c do.
 *
 *	packets	of the host, for ever
 *	answers	what comes back, for ever
 *	clock	the breaker's timer; a message without an answer
 *	trouble	hints, new links, ends, and if CALLS is defined the peer's own calls
 *	far	the peer: down or up for any while, in the end up for good
 *
 * Time is not measured.  A timer that is armed may fire at any moment, with one
 * exception that the constants promise: the time of a trial is longer than the
 * way there and back, so it does not end one whose answer is on its way from a
 * peer that is up for good.
 *
 * Proved: no deadlock; never two trials; no event that makes no sense; OPEN,
 * TRIAL and a half open one that something passed have an armed timer; and once
 * the peer is up for good the breaker closes and stays closed (ltl back).
 */
#ifndef FAILURES
#define FAILURES 5
#endif
#ifndef SUCCESSES
#define SUCCESSES 2
#endif

mtype = { CLOSED, OPEN, HALF, TRIAL };
mtype = { WANT, PACKET, MISS, LOST, PASS, CALL, TIME, HINT, LINK, OFF, EAGER,
    MANY, ENOUGH };
mtype = { NONE, GO, TRY, REFUSE, COUNT, CLEAR, OPENED, HALVED, AGAIN, ANEW,
    SHUT };

mtype st = CLOSED;
byte failures = 0, passes = 0, trials = 0;
bool armed = false;	/* the breaker's timer */
bool asking = false;	/* a handshake is under way */
bool up = false;	/* the peer answers now */
bool good = false;	/* ... and for ever */

/* what is on its way: there and back, at most one each; stale ones too */
chan there = [1] of { bit };
chan back = [1] of { bit };

#define LOCALS mtype ev, act, next, was

/* One message goes out. */
inline dial()
{
	asking = true;
	if
	:: len(there) == 0 -> there ! 1
	:: else -> skip
	fi
}

/* breaker_event(): the table, then its books */
inline event(e)
{
	ev = e;
	/* column() */
	if
	:: ev == MISS && st == CLOSED && failures + 1 >= FAILURES ->
		ev = MANY
	:: ev == PASS && st != CLOSED && passes + 1 >= SUCCESSES ->
		ev = ENOUGH
	:: else -> skip
	fi;
	was = st;
	if
#include "breaker_table.pml"
	:: else -> assert(false) /* it makes no sense */
	fi;
	if
	:: act == COUNT -> failures++
	:: act == CLEAR -> failures = 0
	:: act == OPENED ->
		failures = 0; passes = 0; armed = true
	:: act == TRY -> armed = true; trials++
	:: act == HALVED ->
		if
		:: ev == PASS -> passes++
		:: else -> skip
		fi;
		armed = (passes != 0)
	:: act == AGAIN || act == ANEW -> armed = true
	:: act == SHUT -> failures = 0; passes = 0; armed = false
	:: else -> skip
	fi;
	st = next;
	if
	:: was == TRIAL && st != TRIAL -> trials--; asking = false
	:: else -> skip
	fi;
	assert(trials <= 1);
	assert((st == TRIAL) == (trials == 1));
	assert(st != OPEN || armed);
	assert(st != TRIAL || armed);
	assert(st != HALF || passes == 0 || armed);
	assert(failures < FAILURES);
	assert(passes < SUCCESSES)
}

inline want(e)
{
	event(e);
	if
	:: act == TRY || (act == GO && !asking) -> dial()
	:: else -> skip
	fi
}

/* Whether an open one waited long enough for a packet is left open. */
active proctype packets()
{
	LOCALS;

	do
	:: d_step { true -> want(PACKET) }
	:: d_step { st == OPEN -> want(EAGER) }
	od
}

active proctype answers()
{
	LOCALS;

	do
	:: atomic { back ? _ -> asking = false; event(PASS) }
	od
}

/* The answer of a peer that is up for good is on its way. */
#define SURE (good && (len(there) > 0 || len(back) > 0))

active proctype clock()
{
	LOCALS;

	do
	:: d_step { armed && !(st == TRIAL && SURE) ->
		armed = false;
		event(TIME);
		if
		:: act == AGAIN -> want(WANT)
		:: else -> skip
		fi
	    }
	:: d_step { asking && st != TRIAL && !SURE ->
		asking = false;
		event(MISS)
	    }
	od
}

active proctype trouble()
{
	LOCALS;

	do
	:: d_step { asking && !good -> event(MISS) }
	:: d_step { asking && !good -> asking = false; event(LOST) }
	:: d_step { true -> event(HINT) }
	:: d_step { true -> event(LINK) }
	:: d_step { true -> event(LINK); want(WANT) }
	:: d_step { !good -> asking = false; event(OFF) }
#ifdef CALLS
	:: d_step { up -> event(CALL) }
#endif
	od
}

active proctype far()
{
	do
	:: atomic { there ? _ ->
		if
		:: up && len(back) == 0 -> back ! 1
		:: up && len(back) > 0 -> skip
		:: !good -> skip /* lost, there or back */
		fi
	    }
	:: !good -> up = !up
	:: atomic { !good -> up = true; good = true }
	:: atomic { !good && len(back) > 0 -> back ? _ /* lost */ }
	od
}

/* Once the peer answers for ever it is closed, and nothing opens it again. */
ltl back_for_good { [] (good -> <> [] (st == CLOSED)) }
