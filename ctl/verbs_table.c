/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_table.c */
/*
 * What meshctl can do: the only list of verbs, from which come the dispatch,
 * the help, the completion and "did you mean".  A line of the synopsis fits a
 * terminal, and meshctl(8) has all of it; check_verbs looks.
 */
#include "verbs.h"

/* clang-format off */
static const struct verb verbs[] = {
	{ "status", "", "", 0, 0, COMPLETE_NONE,
	    "How the node, its processes and its packets do",
	    "Exit code 1 if something is degraded: a process that is not up or "
	    "a packet\nthat nobody can account for.\n", verb_status },
	{ "peers", "", "", 0, 0, COMPLETE_NONE,
	    "All peers, a line each",
	    "With -H the columns are name, state, endpoint, seconds since the "
	    "handshake,\noctets in, octets out, seconds since it was seen, "
	    "public key.\n", verb_peers },
	{ "peer", "NAME", "", 1, 1, COMPLETE_PEER,
	    "Everything about one peer", "", verb_peer },
	{ "counters", "[-a]", "a", 0, 0, COMPLETE_NONE,
	    "What was counted, by process",
	    "Only what is not zero; -a shows all.\n", verb_counters },
	{ "why", "NAME|IP|[PROTO] [FROM] TO", "", 1, 3, COMPLETE_PEER,
	    "What keeps packets from a peer, and what to do",
	    "Route, certificate, session, breaker, place, streams and filter "
	    "in their order;\nthe first that fails is the cause.  Exit code 0 "
	    "if nothing is in the way.\nAlso what was dropped last of it.  "
	    "FROM and TO are IP or IP:PORT, as flows and\ndrops print them.\n",
	    verb_why },
	{ "drops", "", "", 0, 0, COMPLETE_NONE,
	    "What was dropped last, for which reason",
	    "The last six kinds of packets for each reason, the newest first; "
	    "needs root or\ngroup mesh.  mesh-drops(7) has all reasons.\n",
	    verb_drops },
	{ "streams", "", "", 0, 0, COMPLETE_NONE,
	    "What the packets of each peer travel on",
	    "Stream 0 is the session of the two nodes.\n", verb_streams },
	{ "flows", "", "", 0, 0, COMPLETE_NONE,
	    "Connections, and the stream that each takes",
	    "The last used, at most 256; needs root or group mesh.\n",
	    verb_flows },
	{ "netcheck", "", "", 0, 0, COMPLETE_NONE,
	    "How others see this node, and what is in between",
	    "Asks members that are up and the configured STUN servers again, "
	    "if the last\ntime was ten seconds ago; takes up to seven.  Exit "
	    "code 1 if nobody answers.\n",
	    verb_netcheck },
	{ "paths", "[PEER]", "", 0, 1, COMPLETE_PEER,
	    "By which places peers are reached, and which is used",
	    "Best is in use, for the reason in WHY; spare would be next.  With "
	    "-H the columns\nare peer, kind, place, state, rank, round trip, "
	    "its variation, lost pings in a\nthousand, seconds since the last "
	    "answer, why.\n", verb_paths },
	{ "mtu", "[PEER]", "", 0, 1, COMPLETE_PEER,
	    "How long packets the paths to peers take",
	    "TAKES and NOT are whole packets on the way: the longest that "
	    "passed and the\nshortest that did not; MTU is the longest of the "
	    "tunnel by that path.  With -H\nthe columns are peer, kind, place, "
	    "state, takes, not, mtu.\n", verb_mtu },
	{ "failover", "PEER [PLACE]", "", 1, 2, COMPLETE_PEER,
	    "Use another place of a peer, now",
	    "The next best that answers, or PLACE: an address and port as "
	    "paths prints it, or\ndirect, relay, turn, tls.  For a minute; "
	    "needs root or group mesh.\n", verb_failover },
	{ "relays", "", "", 0, 0, COMPLETE_NONE,
	    "Ways by other members, and for others",
	    "ROLE: origin, this node asked for it; end, its peer did; "
	    "transit, this node\nrelays, and VIA is who asked.  OVER counts "
	    "what its quota did not let pass.\n", verb_relays },
	{ "breakers", "", "", 0, 0, COMPLETE_NONE,
	    "Peers and places that failed and are left alone for now",
	    "Only what is not closed.\n", verb_breakers },
	{ "rules", "", "", 0, 0, COMPLETE_NONE,
	    "The filter's rules, and what they counted",
	    "In the order in which they are read; the last that matches "
	    "decides, a quick\none at once.  JUDGED counts connections, "
	    "PACKETS and BYTES all that belongs to\nthem.\n", verb_rules },
	{ "qos", "[PEER]", "", 0, 1, COMPLETE_PEER,
	    "Classes of packets: what they were sent, what waits",
	    "Of one peer, or of all together.  Nothing unless qos is "
	    "enabled.\n", verb_qos },
	{ "log", "[-a | -n N | level LEVEL]", "an", 0, 2, COMPLETE_LOG,
	    "The last lines of all processes, or set the level",
	    "-n N shows the last N lines (100), -a all that are kept.\n"
	    "level takes error, warning, info or debug, until the next reload.\n",
	    verb_log },
	{ "events", "[--follow] [-n N] [--peer NAME] [--event NAME,...]\n"
	    "\t[--since TIME] [--severity S]",
	    "n follow peer event since severity", 0, 0, COMPLETE_NONE,
	    "What happened, and what happens",
	    "The last N (100) that fit; with --follow or -f the last 10, and "
	    "all from now on\nuntil Ctrl-C.  mesh-events(7) has all events and "
	    "their fields.  With --json and\n-f each is a document of its "
	    "own, on one line.\n", verb_events },
	{ "ping", "NAME [-c N] [-i SECONDS] [-W SECONDS]", "ciW", 1, 1,
	    COMPLETE_PEER, "Is a member there, and how far away",
	    "By the session, beside the tunnel: routes, filters and the other "
	    "host have no\nsay.  Exit code 0 if one of N (4) was answered.  "
	    "Configured peers know no such\nprobes; what is known of them "
	    "is shown instead.\n", verb_ping },
	{ "punch", "NAME", "", 1, 1, COMPLETE_PEER,
	    "Look for a direct way to a member, now",
	    "Both name the places where they may be reached and ping each "
	    "other there at the\nsame time.  Shows which answered; exit code 0 "
	    "if one did.  Needs root or group\nmesh.\n", verb_punch },
	{ "reload", "", "", 0, 0, COMPLETE_NONE,
	    "Read the configuration again",
	    "All of it or nothing: after an error the old one goes on.\n",
	    verb_reload },
	{ "init", "[--name NETWORK] [--prefix A/N] [--address A] [--node NAME]\n"
	    "\t[--port N] [--dht-port N] [--contact A:PORT ...] [--no-start]",
	    " name prefix address node port dht-port contact no-start", 0, 0,
	    COMPLETE_NONE, "Start a network on this machine",
	    "Makes the network's keys, this node's key and certificate, and "
	    "a short\nconfiguration, and starts the service.  Nothing that "
	    "exists is overwritten.\n--contact is where others reach this "
	    "node if that is not one of its own\naddresses.\n", verb_init },
	{ "invite", "NAME|- [--expires 15m] [--reusable N] [--address A]\n"
	    "\t[--group G ...] [--life 30d] [--relay] [--contact A:PORT ...]",
	    " expires reusable address group life relay contact", 1, 1,
	    COMPLETE_NONE, "Let a machine join: prints a token",
	    "The token goes to the machine that is to join; it is good once "
	    "(or N times),\nand for 15 minutes.  NAME is what the machine "
	    "will be called, - a number.\n--life is how long its "
	    "certificate is good; it is renewed by itself.  With\n--relay it "
	    "may relay for members that can't reach each other, if it is "
	    "willing.\n", verb_invite },
	{ "invites", "[--cancel ID]", " cancel", 0, 0, COMPLETE_NONE,
	    "Invitations, and what became of them",
	    "--cancel makes one useless that was not used yet.\n",
	    verb_invites },
	{ "join", "TOKEN | --file FILE [--port N] [--dht-port N] [--no-start]",
	    " file port dht-port no-start", 0, 32, COMPLETE_NONE,
	    "Join a network with a token",
	    "Asks the network for a certificate, writes a short configuration "
	    "and starts the\nservice.  --file takes what meshctl sign has "
	    "written instead of a token.\n", verb_join },
	{ "revoke", "[NAME] [--yes] [--out FILE]", " yes out", 0, 1,
	    COMPLETE_PEER, "Throw a node out of the network",
	    "Its certificates don't count any more, as soon as others hear of "
	    "it.  Asks to\ntype the name again; --yes does not.  --out writes "
	    "the signed list to a new\nfile.  Without NAME the list is signed "
	    "and sent again.\n", verb_revoke },
	{ "renew", "", "", 0, 0, COMPLETE_NONE,
	    "Ask for a new certificate now",
	    "It is done without this when two thirds of its time are over.\n",
	    verb_renew },
	{ "request", "[-o FILE]", "o", 0, 0, COMPLETE_NONE,
	    "This node's keys, for meshctl sign",
	    "For networks whose authority is on a machine that is off line: "
	    "one line to\ncarry there.\n", verb_request },
	{ "sign", "FILE --name NAME [--address A] [--group G ...] [--life 30d]\n"
	    "\t[--relay] [--contact A:PORT ...] [-o FILE]",
	    "o name address group life relay contact", 1, 1, COMPLETE_FILE,
	    "A certificate for what meshctl request has written",
	    "The answer is a secret: it holds what every member knows.  "
	    "On the machine:\nmeshctl join --file FILE.\n", verb_sign },
	{ "lookup", "IP|NAME [--trace]", " trace", 1, 1, COMPLETE_PEER,
	    "Find a node in the network, as a packet would",
	    "--trace shows where it was looked for, and how long that took.\n",
	    verb_lookup },
	{ "dht", "[-a]", "a", 0, 0, COMPLETE_NONE,
	    "The distributed hash table that nodes are found by",
	    "-a lists the nodes in the routing table.\n", verb_dht },
	{ "network", "[show]", "", 0, 1, COMPLETE_SHOW,
	    "The network: authority, members, revocations", "",
	    verb_network },
	{ "check", "[--require N]", " require", 0, 0, COMPLETE_NONE,
	    "One line and a code, for monitoring",
	    "The code is 0 for OK, 1 for a warning, 2 if something is "
	    "broken.  --require says\nhow many peers have to be up.\n",
	    verb_check },
	{ "top", "", "", 0, 0, COMPLETE_NONE,
	    "Peers and what they carry, every second",
	    "q ends it, b shows bits instead of octets.\n", verb_top },
	{ "metrics", "[--openmetrics] [-o FILE]", "o openmetrics", 0, 0,
	    COMPLETE_NONE, "All figures, for Prometheus",
	    "What mesh-exporter serves.  With -o it goes into FILE, whole or "
	    "not at all, for\nnode_exporter's textfile collector.\n",
	    verb_metrics },
	{ "configtest", "[-D NAME=VALUE] [FILE]", "D", 0, 1, COMPLETE_FILE,
	    "Check a configuration file",
	    "Needs no privilege and no running node.  -D overrides a macro.\n",
	    verb_configtest },
	{ "keygen", "[-o FILE]", "o", 0, 0, COMPLETE_NONE,
	    "Make a private key",
	    "Without -o the key is printed.  With -o it goes into a new file "
	    "that only its\nowner may read, and the public key is printed.\n",
	    verb_keygen },
	{ "pubkey", "[FILE]", "", 0, 1, COMPLETE_FILE,
	    "The public key of a private one",
	    "Reads standard input without FILE.\n", verb_pubkey },
	{ "version", "", "", 0, 0, COMPLETE_NONE,
	    "The version of this program", "", verb_version },
	{ "completion", "bash|zsh|fish", "", 1, 1, COMPLETE_SHELL,
	    "Completion code for a shell",
	    "For bash: source <(meshctl completion bash)\n", verb_completion },
	{ "help", "[VERB]", "", 0, 1, COMPLETE_VERB,
	    "This list, or more about one verb", "", verb_help },
};
/* clang-format on */

const struct verb *
verbs_table(size_t *n)
{
	*n = sizeof(verbs) / sizeof(verbs[0]);
	return verbs;
}
