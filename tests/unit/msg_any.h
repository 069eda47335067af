/* SPDX-License-Identifier: ISC */
/* file: tests/unit/msg_any.h */
#ifndef MSG_ANY_H
#define MSG_ANY_H

/*
 * Any payload by its type number: what the table test and the fuzz target
 * share.  CONF_NODE and CONF_PEER are not here: conf_wire.c has their codecs.
 */
#include "msg.h"

#define ANY_CODECS(X)                                                          \
	X(HELLO, hello)                                                        \
	X(WIRE, wire)                                                          \
	X(TUN_FD, tun_fd)                                                      \
	X(UDP_FD, udp_fd)                                                      \
	X(UDP_GONE, udp_gone)                                                  \
	X(TLS_FD, tls_fd)                                                      \
	X(TLS_CONNECT, tls_connect)                                            \
	X(TURN_CONNECT, turn_connect)                                          \
	X(TLS_UP, tls_up)                                                      \
	X(TLS_DOWN, tls_down)                                                  \
	X(TLS_PIN, tls_pin)                                                    \
	X(LISTEN_FD, listen_fd)                                                \
	X(CONF_END, conf_end)                                                  \
	X(CONF_FAILED, conf_failed)                                            \
	X(READY, ready)                                                        \
	X(RING, ring)                                                          \
	X(FEATURES, features)                                                  \
	X(LOG, log)                                                            \
	X(MIX_ASK, mix_ask)                                                    \
	X(MIX_REPLY, mix_reply)                                                \
	X(STAMP_REPLY, stamp_reply)                                            \
	X(PUB_REPLY, pub_reply)                                                \
	X(LOOKUP_ASK, lookup_ask)                                              \
	X(LOOKUP_REPLY, lookup_reply)                                          \
	X(PEER_SEEN, peer_seen)                                                \
	X(RECENT_ROW, lookup_reply)                                            \
	X(PEERS_ASK, peers_ask)                                                \
	X(LOG_ASK, log_ask)                                                    \
	X(LOG_LEVEL, log_level)                                                \
	X(NODE_ROW, node_row)                                                  \
	X(PROC_ROW, proc_row)                                                  \
	X(PEER_ROW, peer_row)                                                  \
	X(COUNTER_ROW, counter_row)                                            \
	X(LOG_ROW, log_row)                                                    \
	X(TEXT_ROW, text_row)                                                  \
	X(END, end)                                                            \
	X(SIGN_ASK, sign_ask)                                                  \
	X(SIGN_REPLY, sign_reply)                                              \
	X(INVITE_ROW, invite_row)                                              \
	X(ISSUE_ASK, issue_ask)                                                \
	X(ISSUE_REPLY, issue_reply)                                            \
	X(PEER_FRAME, peer_frame)                                              \
	X(MEMBER, blob)                                                        \
	X(CRL, blob)                                                           \
	X(OWN_BUNDLE, blob)                                                    \
	X(DISC_FD, disc_fd)                                                    \
	X(PLACES, places)                                                      \
	X(FIND_ASK, find_ask)                                                  \
	X(FIND_STEP, find_step)                                                \
	X(FIND_ROW, find_row)                                                  \
	X(DHT_ROW, dht_row)                                                    \
	X(DHT_NODE, dht_node)                                                  \
	X(NET_ROW, net_row)                                                    \
	X(MEMBER_ROW, member_row)                                              \
	X(BREAKER_ROW, breaker_row)                                            \
	X(STREAM_ROW, stream_row)                                              \
	X(FLOW_ROW, flow_row)                                                  \
	X(HIST_ROW, hist_row)                                                  \
	X(FIGURE_ROW, figure_row)                                              \
	X(VERDICT_ASK, verdict_ask)                                            \
	X(VERDICT_ROW, verdict_row)                                            \
	X(RULE_ROW, rule_row)                                                  \
	X(QOS_ASK, qos_ask)                                                    \
	X(QOS_ROW, qos_row)                                                    \
	X(DROPS_ASK, peers_ask)                                                \
	X(DROP_ROW, drop_row)                                                  \
	X(EVENT, event)                                                        \
	X(EVENTS_ASK, events_ask)                                              \
	X(ECHO_ASK, echo_ask)                                                  \
	X(ECHO_ROW, echo_row)                                                  \
	X(PUNCH_ASK, peers_ask)                                                \
	X(PUNCH_ROW, punch_row)                                                \
	X(NAT_ROW, nat_row)                                                    \
	X(NAT_SEEN_ROW, nat_seen_row)                                          \
	X(REFLEXIVE, reflexive)                                                \
	X(PATHS_ASK, peers_ask)                                                \
	X(UPNP_ASK, upnp_ask)                                                  \
	X(UPNP_REPLY, upnp_reply)                                              \
	X(TUN_MTU, tun_mtu)                                                    \
	X(PATH_ROW, path_row)                                                  \
	X(FAILOVER_ASK, failover_ask)                                          \
	X(FAILOVER_ROW, failover_row)                                          \
	X(RELAY_ROW, relay_row)                                                \
	X(OWN_RELAYS, own_relays)                                              \
	X(GATEWAYS, gateways)                                                  \
	X(GAINED, gained)                                                      \
	X(TURN_ROW, turn_row)                                                  \
	X(MAP_ROW, map_row)                                                    \
	X(P_TUN, p_tun)                                                        \
	X(P_KEY, p_key)                                                        \
	X(P_LISTEN, p_listen)                                                  \
	X(P_SPAWN, p_spawn)                                                    \
	X(P_KILL, p_kill)                                                      \
	X(P_UDP, p_udp)                                                        \
	X(P_BUFFERS, p_buffers)                                                \
	X(P_NET, p_net)                                                        \
	X(P_LINK, p_link)                                                      \
	X(P_FD, p_fd)                                                          \
	X(P_DONE, p_done)                                                      \
	X(P_FAILED, p_failed)                                                  \
	X(P_EXITED, p_exited)

union any_msg {
	struct msg_hello hello;
	struct msg_wire wire;
	struct msg_tun_fd tun_fd;
	struct msg_udp_fd udp_fd;
	struct msg_udp_gone udp_gone;
	struct msg_tls_fd tls_fd;
	struct msg_tls_connect tls_connect;
	struct msg_turn_connect turn_connect;
	struct msg_tls_up tls_up;
	struct msg_tls_down tls_down;
	struct msg_tls_pin tls_pin;
	struct msg_listen_fd listen_fd;
	struct msg_conf_end conf_end;
	struct msg_conf_failed conf_failed;
	struct msg_ready ready;
	struct msg_ring ring;
	struct msg_features features;
	struct msg_log log;
	struct msg_mix_ask mix_ask;
	struct msg_mix_reply mix_reply;
	struct msg_stamp_reply stamp_reply;
	struct msg_pub_reply pub_reply;
	struct msg_lookup_ask lookup_ask;
	struct msg_lookup_reply lookup_reply;
	struct msg_peer_seen peer_seen;
	struct msg_peers_ask peers_ask;
	struct msg_node_row node_row;
	struct msg_proc_row proc_row;
	struct msg_peer_row peer_row;
	struct msg_counter_row counter_row;
	struct msg_log_level log_level;
	struct msg_log_ask log_ask;
	struct msg_log_row log_row;
	struct msg_text_row text_row;
	struct msg_end end;
	struct msg_sign_ask sign_ask;
	struct msg_sign_reply sign_reply;
	struct msg_invite_row invite_row;
	struct msg_issue_ask issue_ask;
	struct msg_issue_reply issue_reply;
	struct msg_peer_frame peer_frame;
	struct msg_blob blob;
	struct msg_disc_fd disc_fd;
	struct msg_places places;
	struct msg_find_ask find_ask;
	struct msg_find_step find_step;
	struct msg_find_row find_row;
	struct msg_dht_row dht_row;
	struct msg_dht_node dht_node;
	struct msg_net_row net_row;
	struct msg_member_row member_row;
	struct msg_breaker_row breaker_row;
	struct msg_stream_row stream_row;
	struct msg_flow_row flow_row;
	struct msg_hist_row hist_row;
	struct msg_figure_row figure_row;
	struct msg_verdict_ask verdict_ask;
	struct msg_verdict_row verdict_row;
	struct msg_rule_row rule_row;
	struct msg_qos_ask qos_ask;
	struct msg_qos_row qos_row;
	struct msg_drop_row drop_row;
	struct msg_event event;
	struct msg_events_ask events_ask;
	struct msg_echo_ask echo_ask;
	struct msg_echo_row echo_row;
	struct msg_nat_row nat_row;
	struct msg_nat_seen_row nat_seen_row;
	struct msg_punch_row punch_row;
	struct msg_reflexive reflexive;
	struct msg_path_row path_row;
	struct msg_tun_mtu tun_mtu;
	struct msg_upnp_ask upnp_ask;
	struct msg_upnp_reply upnp_reply;
	struct msg_failover_ask failover_ask;
	struct msg_failover_row failover_row;
	struct msg_relay_row relay_row;
	struct msg_own_relays own_relays;
	struct msg_gateways gateways;
	struct msg_gained gained;
	struct msg_turn_row turn_row;
	struct msg_map_row map_row;
	struct msg_p_tun p_tun;
	struct msg_p_key p_key;
	struct msg_p_listen p_listen;
	struct msg_p_spawn p_spawn;
	struct msg_p_kill p_kill;
	struct msg_p_udp p_udp;
	struct msg_p_buffers p_buffers;
	struct msg_p_net p_net;
	struct msg_p_link p_link;
	struct msg_p_fd p_fd;
	struct msg_p_done p_done;
	struct msg_p_failed p_failed;
	struct msg_p_exited p_exited;
};

/* Is it a message with a payload of msg.h? */
static inline bool
any_has(unsigned type)
{
	switch (type) {
#define X_HAS(n, x) case MSG_##n:
		ANY_CODECS(X_HAS)
#undef X_HAS
		return true;
	default:
		return false;
	}
}

static inline int
any_get(unsigned type, struct rbuf *r, union any_msg *m)
{
	switch (type) {
#define X_GET(n, x)                                                            \
	case MSG_##n:                                                          \
		return msg_get_##x(r, &m->x);
		ANY_CODECS(X_GET)
#undef X_GET
	default:
		return -1;
	}
}

static inline void
any_put(unsigned type, struct wbuf *w, const union any_msg *m)
{
	switch (type) {
#define X_PUT(n, x)                                                            \
	case MSG_##n:                                                          \
		msg_put_##x(w, &m->x);                                         \
		break;
		ANY_CODECS(X_PUT)
#undef X_PUT
	default:
		w->bad = true;
	}
}

#endif
