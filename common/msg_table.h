/* SPDX-License-Identifier: ISC */
/* file: common/msg_table.h */
#ifndef MSG_TABLE_H
#define MSG_TABLE_H

/*
 * The messages: number, least and greatest length of the body, whether a
 * descriptor comes with it, who may send it and when; a part of msg.h, and
 * included by nobody else.  Numbers are never used twice.
 */
/* clang-format off */
/*  name          no   min    max  fd       may send                  state */
#define MESSAGES(M)                                                            \
	M(HELLO,        1,  13,    13, FD_NONE, R_ANY,                    ST_NEW)   \
	/* parent -> child: descriptors and wiring */                               \
	M(WIRE,         2,  11,    11, FD_ONE,  R(PARENT),                ST_READY) \
	M(TUN_FD,       3,   2,     2, FD_ONE,  R(PARENT),                ST_READY) \
	M(UDP_FD,       5,  21,    21, FD_ONE,  R(PARENT),                ST_READY) \
	M(UDP_GONE,     6,   2,     2, FD_NONE, R(PARENT),                ST_READY) \
	M(LISTEN_FD,    7,   1,     1, FD_ONE,  R(PARENT),                ST_READY) \
	/* configuration: conf parser -> parent -> children */                      \
	M(CONF_NODE,    8,  64, 16384, FD_NONE, R(PARENT)|R(CONF),        ST_READY) \
	M(CONF_PEER,    9,  64, 16384, FD_NONE, R(PARENT)|R(CONF),        ST_READY) \
	M(CONF_END,    10,   4,     4, FD_NONE, R(PARENT)|R(CONF),        ST_READY) \
	M(CONF_FAILED, 11,   8,     8, FD_NONE, R(CONF),                  ST_READY) \
	/* supervision */                                                           \
	M(READY,       12,   8,     8, FD_NONE, R_KIDS|R(PRIV),           ST_READY) \
	M(PING,        13,   0,     0, FD_NONE, R(PARENT),                ST_READY) \
	M(PONG,        14,   0,     0, FD_NONE, R_KIDS,                   ST_READY) \
	M(LOG,         15,   3,   515, FD_NONE, R_KIDS|R(PARENT)|R(PRIV), ST_READY) \
	M(STOP,        16,   0,     0, FD_NONE, R(PARENT),                ST_READY) \
	M(RING,        18,   8,     8, FD_ONE,  R(PARENT),                ST_READY) \
	M(FEATURES,    17,   8,     8, FD_NONE, R(TUN)|R(ENGINE),         ST_READY) \
	/* keyd */                                                                  \
	M(MIX_ASK,     20,  65,    65, FD_NONE, R(ENGINE),                ST_READY) \
	M(MIX_REPLY,   21,  65,    65, FD_NONE, R(KEY),                   ST_READY) \
	M(STAMP_ASK,   22,   0,     0, FD_NONE, R(ENGINE),                ST_READY) \
	M(STAMP_REPLY, 23,  12,    12, FD_NONE, R(KEY),                   ST_READY) \
	M(PUB_ASK,     24,   0,     0, FD_NONE, R(ENGINE)|R(DISC),        ST_READY) \
	M(PUB_REPLY,   25, 128,   128, FD_NONE, R(KEY),                   ST_READY) \
	/* discoveryd */                                                            \
	M(LOOKUP_ASK,  30,  17,    17, FD_NONE, R(ENGINE),                ST_READY) \
	M(LOOKUP_REPLY,31,  37,  1353, FD_NONE, R(DISC),                  ST_READY) \
	M(PEER_SEEN,   32,  52,    52, FD_NONE, R(ENGINE),                ST_READY) \
	M(RECENT_ASK,  33,   0,     0, FD_NONE, R(ENGINE),                ST_READY) \
	M(RECENT_ROW,  34,  37,  1353, FD_NONE, R(DISC),                  ST_READY) \
	/* control: requests of meshctl, forwarded by control */                    \
	M(STATUS_ASK,  40,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(PEERS_ASK,   41,   2,    65, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(COUNTERS_ASK,42,   0,     0, FD_NONE, R(PARENT)|R(CTL)|R(CLIENT), ST_READY) \
	M(LOG_ASK,     43,   4,     4, FD_NONE, R(CLIENT),                ST_READY) \
	M(RELOAD_ASK,  44,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(LOG_LEVEL,   45,   1,     1, FD_NONE, R(PARENT)|R(CTL)|R(CLIENT), ST_READY) \
	/* control: rows of an answer, then END */                                  \
	M(NODE_ROW,    50,  41,   764, FD_NONE, R(PARENT)|R(CTL),         ST_READY) \
	M(PROC_ROW,    51,  38,    38, FD_NONE, R(PARENT)|R(CTL),         ST_READY) \
	M(PEER_ROW,    52, 144,  4815, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(COUNTER_ROW, 53,  11,    11, FD_NONE, R(TUN)|R(KEY)|R(ENGINE)|R(DISC)|R(TLS)|R(PARENT)|R(CTL), ST_READY) \
	M(LOG_ROW,     54,  11,   523, FD_NONE, R(CTL),                   ST_READY) \
	M(TEXT_ROW,    55,   3,  2051, FD_NONE, R(CONF)|R(PARENT)|R(ENGINE)|R(CTL), ST_READY) \
	M(END,         56,   1,     1, FD_NONE, R(TUN)|R(KEY)|R(ENGINE)|R(DISC)|R(TLS)|R(PARENT)|R(CTL), ST_READY) \
	/* parent -> priv: at the start only, until P_SETTLED */                    \
	M(P_TUN,       60,   3,    18, FD_NONE, R(PARENT),                ST_READY) \
	M(P_KEY,       61,   2,   257, FD_NONE, R(PARENT),                ST_READY) \
	M(P_LISTEN,    62,   5,   291, FD_NONE, R(PARENT),                ST_READY) \
	M(P_SETTLED,   63,   0,     0, FD_NONE, R(PARENT),                ST_READY) \
	/* parent -> priv: at any time, of fixed size */                            \
	M(P_SPAWN,     64,   9,     9, FD_ONE,  R(PARENT),                ST_READY) \
	M(P_KILL,      65,   1,     1, FD_NONE, R(PARENT),                ST_READY) \
	M(P_UDP,       66,  20,    20, FD_NONE, R(PARENT),                ST_READY) \
	M(P_BUFFERS,   67,   8,     8, FD_ONE,  R(PARENT),                ST_READY) \
	M(P_NET,       68,  20,    20, FD_NONE, R(PARENT),                ST_READY) \
	M(P_LINK,      69,   2,     2, FD_NONE, R(PARENT),                ST_READY) \
	/* priv -> parent: one answer to each but P_SETTLED (READY); P_EXITED */    \
	M(P_FD,        70,  20,    20, FD_ONE,  R(PRIV),                  ST_READY) \
	M(P_DONE,      71,   8,     8, FD_NONE, R(PRIV),                  ST_READY) \
	M(P_FAILED,    72,   6,   261, FD_NONE, R(PRIV),                  ST_READY) \
	M(P_EXITED,    73,   9,     9, FD_NONE, R(PRIV),                  ST_READY) \
	/* membership: of the parser and the parent */                              \
	M(DISC_FD,     80,  20,    20, FD_ONE,  R(PARENT),                ST_READY) \
	M(PLACES,      81,   1,   369, FD_NONE, R(PARENT),                ST_READY) \
	M(CONF_NET,    82,  64, 16384, FD_NONE, R(PARENT)|R(CONF),        ST_READY) \
	/* keyd */                                                                  \
	M(SIGN_ASK,    83,  42,  1032, FD_NONE, R(DISC),                  ST_READY) \
	M(SIGN_REPLY,  84,  65,    65, FD_NONE, R(KEY),                   ST_READY) \
	M(INVITES_ASK, 85,   0,     0, FD_NONE, R(ENGINE),                ST_READY) \
	M(INVITE_ROW,  86,  81,    81, FD_NONE, R(KEY),                   ST_READY) \
	M(ISSUE_ASK,   87, 168,   168, FD_NONE, R(ENGINE),                ST_READY) \
	M(ISSUE_REPLY, 88,   5,  8130, FD_NONE, R(KEY),                   ST_READY) \
	/* engine and discoveryd */                                                 \
	M(PEER_FRAME,  89,  35,  1235, FD_NONE, R(ENGINE)|R(DISC),        ST_READY) \
	M(MEMBER,      90,   2,   902, FD_NONE, R(ENGINE),                ST_READY) \
	M(CRL,         91,   2,  1119, FD_NONE, R(ENGINE)|R(DISC)|R(CTL)|R(CLIENT), ST_READY) \
	M(OWN_BUNDLE,  92,   2,  8002, FD_NONE, R(ENGINE)|R(DISC),        ST_READY) \
	/* control: about the network */                                            \
	M(FIND_ASK,   100,  52,   115, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(FIND_STEP,  101,  30,    30, FD_NONE, R(DISC)|R(CTL),           ST_READY) \
	M(FIND_ROW,   102,  47,  1363, FD_NONE, R(DISC)|R(CTL),           ST_READY) \
	M(DHT_ASK,    103,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(DHT_ROW,    104, 207,   207, FD_NONE, R(DISC)|R(CTL),           ST_READY) \
	M(DHT_NODE,   105,  39,    39, FD_NONE, R(DISC)|R(CTL),           ST_READY) \
	M(NET_ASK,    106,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(NET_ROW,    107, 143,  1074, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(MEMBER_ROW, 108,  11,   911, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(LEDGER_NEW, 109,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(RENEW_ASK,  110,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	/* control: breakers that are not closed */                                 \
	M(BREAKERS_ASK,120,  0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(BREAKER_ROW,121,  67,   130, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	/* ... streams and connections */                                           \
	M(STREAMS_ASK, 111,  0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(STREAM_ROW, 112,  78,   141, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(FLOWS_ASK,  113,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(FLOW_ROW,   114,  63,   126, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	/* control: about the filter */                                             \
	M(RULES_ASK,  122,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(RULE_ROW,   123,  28,   539, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	/* control: about shaping */                                                \
	M(QOS_ASK,    124,   2,    65, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(QOS_ROW,    125,  39,   165, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	/* control: what was dropped last, and of this peer */                      \
	M(DROPS_ASK,  126,   2,    65, FD_NONE, R(PARENT)|R(CTL)|R(CLIENT), ST_READY) \
	M(DROP_ROW,   127,  61,   124, FD_NONE, R(TUN)|R(ENGINE)|R(PARENT)|R(CTL), ST_READY) \
	/* what happens: to the parent, to control, to clients; see events.h */     \
	M(EVENT,      128,  19,   406, FD_NONE, R_KIDS|R(PARENT),         ST_READY) \
	M(EVENTS_ASK, 129,  13,    13, FD_NONE, R(CLIENT),                ST_READY) \
	/* control: is a peer there? */                                             \
	M(ECHO_ASK,   130,   6,    69, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(ECHO_ROW,   131,  41,    41, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	/* control: a histogram, in the answer to COUNTERS_ASK */                   \
	M(HIST_ROW,   132, 131,   131, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	/* parent -> engine: a link, an address or a route came */                  \
	M(NEW_LINK,   133,   0,     0, FD_NONE, R(PARENT),                ST_READY) \
	/* how others see this node */                                              \
	M(NETCHECK_ASK,134,  0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(NAT_ROW,    135,  61,    61, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(NAT_SEEN_ROW,136, 48,   111, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(REFLEXIVE,  137,   2,    78, FD_NONE, R(ENGINE),                ST_READY) \
	/* control: by which places peers are reached; another one, now */         \
	M(PATHS_ASK,  166,   2,    65, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(PATH_ROW,   167,  50,   192, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(FAILOVER_ASK,168,  4,   146, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(FAILOVER_ROW,169, 15,   173, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(PUNCH_ASK,  138,   2,    65, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(PUNCH_ROW,  139,  33,    33, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(RELAYS_ASK, 144,   0,     0, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(RELAY_ROW,  145,  46,   172, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(OWN_RELAYS, 146,   1,   129, FD_NONE, R(ENGINE),                ST_READY) \
	M(FIGURE_ROW, 175,  13,    13, FD_NONE, R_KIDS|R(PARENT),         ST_READY) \
	M(VERDICT_ASK,176,  39,    39, FD_NONE, R(CTL)|R(CLIENT),         ST_READY) \
	M(VERDICT_ROW,177,  10,   584, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(CONF_TURN,  160,   3,   129, FD_NONE, R(PARENT)|R(CONF),        ST_READY) \
	M(GATEWAYS,   161,   1,    69, FD_NONE, R(PARENT),                ST_READY) \
	M(GAINED,     162,   1,    81, FD_NONE, R(ENGINE),                ST_READY) \
	M(TURN_ROW,   163,  57,    57, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(MAP_ROW,    164,  48,    48, FD_NONE, R(ENGINE)|R(CTL),         ST_READY) \
	M(TLS_FD,     150,  20,    20, FD_ONE,  R(PARENT),                ST_READY) \
	M(TLS_CONNECT,151,  83,    83, FD_NONE, R(ENGINE),                ST_READY) \
	M(TLS_UP,     152,  20,    20, FD_NONE, R(TLS),                   ST_READY) \
	M(TLS_DOWN,   153,   1,     1, FD_NONE, R(TLS)|R(ENGINE),         ST_READY) \
	M(TLS_DATA,   154,   1,  2048, FD_NONE, R(TLS)|R(ENGINE),         ST_READY) \
	M(TLS_PIN,    155,  33,    33, FD_NONE, R(TLS)|R(ENGINE),         ST_READY) \
	M(TURN_CONNECT,180, 20,    20, FD_NONE, R(ENGINE),                ST_READY) \
	M(TUN_MTU,    193,   4,    67, FD_NONE, R(ENGINE),                ST_READY) \
	M(UPNP_ASK,   188,  42,    42, FD_NONE, R(ENGINE),                ST_READY) \
	M(UPNP_REPLY, 189,  25,    25, FD_NONE, R(UPNP),                  ST_READY)
/* clang-format on */

#endif
