/* SPDX-License-Identifier: ISC */
/* file: ctl/show.c */
/*
 * The words that all writers share (see show.h).  They are part of what
 * scripts read: add, but never rename.
 */
#include <stddef.h>

#include "log.h"
#include "packets.h"
#include "show.h"

const char *
show_schema(enum show_doc doc)
{
	static const char *const names[SHOW_NDOCS] = {
	    [SHOW_STATUS] = "mesh.status/1",
	    [SHOW_PEERS] = "mesh.peers/1",
	    [SHOW_PEER] = "mesh.peer/1",
	    [SHOW_COUNTERS] = "mesh.counters/1",
	    [SHOW_LOG] = "mesh.log/1",
	    [SHOW_LOG_LEVEL] = "mesh.log_level/1",
	    [SHOW_RELOAD] = "mesh.reload/1",
	    [SHOW_CONFIG_CHECK] = "mesh.config_check/1",
	    [SHOW_KEY] = "mesh.key/1",
	    [SHOW_VERSION] = "mesh.version/1",
	    [SHOW_FIND] = "mesh.find/1",
	    [SHOW_DHT] = "mesh.dht/1",
	    [SHOW_NETWORK] = "mesh.network/1",
	    [SHOW_INVITES] = "mesh.invites/1",
	    [SHOW_INVITE] = "mesh.invite/1",
	    [SHOW_JOIN] = "mesh.join/1",
	    [SHOW_REVOKE] = "mesh.revoke/1",
	    [SHOW_RENEW] = "mesh.renew/1",
	    [SHOW_BREAKERS] = "mesh.breakers/1",
	    [SHOW_STREAMS] = "mesh.streams/1",
	    [SHOW_RELAYS] = "mesh.relays/1",
	    [SHOW_WHY] = "mesh.why/1",
	    [SHOW_FLOWS] = "mesh.flows/1",
	    [SHOW_RULES] = "mesh.rules/1",
	    [SHOW_QOS] = "mesh.qos/1",
	    [SHOW_DROPS] = "mesh.drops/1",
	    [SHOW_EVENTS] = "mesh.events/1",
	    [SHOW_EVENT] = "mesh.events/1",
	    [SHOW_PING] = "mesh.ping/1",
	    [SHOW_NETCHECK] = "mesh.netcheck/1",
	    [SHOW_PATHS] = "mesh.paths/1",
	    [SHOW_MTU] = "mesh.mtu/1",
	    [SHOW_FAILOVER] = "mesh.failover/1",
	    [SHOW_PUNCH] = "mesh.punch/1",
	};

	return names[doc];
}

const char *const *
show_arrays(enum show_doc doc)
{
	static const char *const arrays[SHOW_NDOCS][6] = {
	    [SHOW_STATUS] = {"processes", "borders", "drops", "reasons"},
	    [SHOW_PEERS] = {"peers", "reasons"},
	    [SHOW_PEER] = {"classes", "reasons"},
	    [SHOW_COUNTERS] = {"counters", "reasons"},
	    [SHOW_LOG] = {"lines"},
	    [SHOW_RELOAD] = {"lines"},
	    [SHOW_CONFIG_CHECK] = {"diagnostics"},
	    [SHOW_FIND] = {"steps", "places"},
	    [SHOW_DHT] = {"nodes_list"},
	    [SHOW_NETWORK] = {"members", "reasons"},
	    [SHOW_INVITES] = {"invites"},
	    [SHOW_INVITE] = {"contacts"},
	    [SHOW_REVOKE] = {"serials"},
	    [SHOW_BREAKERS] = {"breakers"},
	    [SHOW_STREAMS] = {"streams"},
	    [SHOW_RELAYS] = {"relays"},
	    [SHOW_WHY] = {"steps", "drops"},
	    [SHOW_FLOWS] = {"flows"},
	    [SHOW_RULES] = {"rules"},
	    [SHOW_QOS] = {"classes"},
	    [SHOW_DROPS] = {"drops"},
	    [SHOW_EVENTS] = {"events"},
	    [SHOW_PING] = {"replies"},
	    [SHOW_PATHS] = {"paths"},
	    [SHOW_MTU] = {"paths"},
	    [SHOW_PUNCH] = {"ours", "pairs"},
	    [SHOW_NETCHECK] = {"sockets", "servers", "mappings", "turn"},
	};

	return arrays[doc];
}

const char *
show_peer_state(enum peer_view v)
{
	static const char *const names[] = {
	    [PV_IDLE] = "idle",
	    [PV_LOOKUP] = "lookup",
	    [PV_HANDSHAKE] = "handshake",
	    [PV_UP] = "up",
	    [PV_WAIT] = "down",
	    [PV_OFF] = "off",
	};

	return names[v];
}

const char *
show_proc_state(enum proc_state s)
{
	static const char *const names[] = {
	    [PROC_DOWN] = "down",
	    [PROC_STARTING] = "starting",
	    [PROC_UP] = "up",
	    [PROC_WAITING] = "waiting",
	};

	return names[s];
}

const char *
show_severity_name(enum show_severity s)
{
	static const char *const names[] = {
	    [SHOW_INFO] = "info",
	    [SHOW_WARNING] = "warning",
	    [SHOW_ERROR] = "error",
	};

	return names[s];
}

const char *
show_offload_name(unsigned bit)
{
	switch (bit) {
	case OFFLOAD_CSUM:
		return "csum";
	case OFFLOAD_TSO4:
		return "tso4";
	case OFFLOAD_TSO6:
		return "tso6";
	case OFFLOAD_USO:
		return "uso";
	default:
		return NULL;
	}
}

const char *
show_vis(char *out, size_t cap, const char *src)
{
	log_vis(out, cap, src);
	return out;
}
