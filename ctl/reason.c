/* SPDX-License-Identifier: ISC */
/* file: ctl/reason.c */
/*
 * Why packets are dropped, and what to do: see reason.h.
 */
#include "reason.h"

#include <stddef.h>

#define NONE "nothing to do"

static const char *const fixes[C_NCOUNTERS] = {
    /* tun role, TUN -> engine */
    [TO_MALFORMED] = "find the program on this host that makes such packets",
    [TO_SOURCE] = "bind to an address of this node, or export the network",
    [TO_PORT] = "as configured; else take it from unallowed ports",
    [TO_FRAGMENT] = "smaller packets: a lower MTU in the program, or TCP",
    /* tun role, engine -> TUN */
    [TI_MALFORMED] = "nobody honest sends it; which peer: meshctl drops",
    [TI_SOURCE] = "add a subnet or route line for that network",
    [TI_OWN] = "somebody uses this node's address: change one of the two",
    [TI_SPECIAL] = "such addresses don't cross the tunnel; " NONE,
    [TI_DEST] = "export the network, or correct address there",
    [TI_PORT] = "as configured; else take it from unallowed ports",
    [TI_FRAGMENT] = "smaller packets there, or no unallowed ports here",
    [TI_WRITE] = "is the interface up?  ip link show",
    /* engine, records from the tun role -> peers */
    [EO_MALFORMED] = "find the program on this host that makes such packets",
    [EO_SPOOFED] = "bind to an address of this node, or export the network",
    [EO_TTL] = "a routing loop on this host? ip route get its destination",
    [EO_NO_ROUTE] = "meshctl lookup it; or add it to its peer's block",
    [EO_PEER_OFF] = "admin up in its peer block, then: meshctl reload",
    [EO_TOO_BIG] = "let ICMP pass, or set the interface's MTU to the node's",
    [EO_HOLD_FULL] = "why is the peer not up yet?  meshctl peer it",
    [EO_HOLD_TIMEOUT] = "why is the peer not up?  meshctl peer it",
    [EO_NO_ENDPOINT] = "meshctl lookup --trace it, or an endpoint line",
    [EO_EXHAUSTED] = "a new key is on its way; " NONE,
    [EO_UDP_FULL] = "a larger send buffer, or less traffic",
    [EO_UDP_ERROR] = "has this host a route to the peer?  ip route get it",
    [EO_SHUTDOWN] = "the peer was removed; " NONE,
    [EO_SEEK_FULL] = "who scans the network's addresses on this host?",
    [EO_BREAKER] = "look at that node; meshctl breakers says the next try",
    [EO_STREAM_FULL] = "a larger buffer in streams",
    [EO_QOS_FULL] = "more bandwidth limit, a longer queue, or less traffic",
    [EO_FILTERED] = "meshctl rules shows which one",
    /* engine, datagrams from UDP -> tun role */
    [EI_UNKNOWN] = "not WireGuard: a stranger or a wrong port; " NONE,
    [EI_BAD_MAC1] = "it has another public key of this node, or none",
    [EI_NEED_COOKIE] = "it comes back with the cookie by itself; " NONE,
    [EI_RATE] = "it comes back by itself; if not: who calls so often?",
    [EI_BUSY] = "it comes back by itself; is keyd up?  meshctl status",
    [EI_BAD_HANDSHAKE] = "compare public key and psk on both sides",
    [EI_UNKNOWN_PEER] = "a peer block, or an invitation, if it is yours",
    [EI_OLD_STAMP] = "its clock went back, or somebody repeats messages",
    [EI_NO_SESSION] = "a restart of this node; it calls again by itself",
    [EI_BAD_TAG] = "somebody changes datagrams on their way",
    [EI_REPLAY] = "repeated or very late on their way; " NONE,
    [EI_EXPIRED] = "it calls again by itself; are there clocks that jump?",
    [EI_MALFORMED] = "which program on that node makes such packets?",
    [EI_NOT_ALLOWED] = "add the source to the peer's address or allowed",
    [EI_STUN_OFF] = "serve stun yes in nat, if they may ask",
    [EI_STUN_RATE] = "somebody asks too often; " NONE,
    [EI_STUN_BAD] = "a stranger, or a broken STUN client; " NONE,
    [EI_STUN_SHORT] = "a client that pads its requests is answered",
    [EI_STUN_LOST] = "has this host a route there?  ip route get it",
    [EI_TURN_BAD] = "the TURN server, or who pretends to be it; " NONE,
    [EI_TURN_STRAY] = "late, or of a peer that nobody tries; " NONE,
    [EI_MAP_STRAY] = "late, or somebody pretends to be the gateway; " NONE,
    [EI_STUN_STRAY] = "late, or somebody guesses; " NONE,
    [EI_RELAY_STRAY] = "late, or its relay was started anew; " NONE,
    [EI_RELAY_SPOOF] = "its sender moved, or somebody injects; " NONE,
    [EI_RELAY_QUOTA] = "more bandwidth in relay, if it may have more",
    [EI_RELAY_BAD] = "a member that does not keep to the protocol",
    [EI_RELAY_LOST] = "can this host still reach the other peer?",
    [EI_TUN_FULL] = "this host is too slow for so much: meshctl status",
    [EI_QUARANTINE] = "it must show a certificate: meshctl renew there",
    [EI_FILTERED] = "meshctl rules shows which one",
};

const char *
reason_fix(enum counter c)
{
	return (unsigned)c < C_NCOUNTERS ? fixes[c] : NULL;
}
