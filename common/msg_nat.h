/* SPDX-License-Identifier: ISC */
/* file: common/msg_nat.h */
#ifndef MSG_NAT_H
#define MSG_NAT_H

/*
 * How others see this node: what the engine says of it to people and to
 * discoveryd; a part of msg.h, and included by nobody else.
 */
/* How a translator of addresses behaves (RFC 5780, section 4). */
enum nat_mapping {
	NAT_UNKNOWN,
	NAT_NONE,        /* seen as we are */
	NAT_INDEPENDENT, /* of the destination */
	NAT_ADDRESS,     /* another one for each address */
	NAT_SYMMETRIC,   /* ... for each address and port */
	NAT_BLOCKED,     /* nobody answers */
	NAT_NMAPPINGS
};
enum nat_filtering {
	NAT_F_UNKNOWN,
	NAT_F_INDEPENDENT, /* lets everybody in */
	NAT_F_ADDRESS,     /* addresses that were sent to */
	NAT_F_PORT,        /* addresses and ports that were sent to */
	NAT_NFILTERINGS
};
/* "symmetric", "port_dependent" ... */
const char *nat_mapping_name(enum nat_mapping);
const char *nat_filtering_name(enum nat_filtering);

struct msg_nat_row { /* one socket, and how it is seen */
	uint16_t socket;
	uint8_t family;
	struct endpoint local, seen; /* of family 0: not known */
	enum nat_mapping mapping;
	enum nat_filtering filtering;
	uint64_t seen_unix_ms, judged_unix_ms; /* 0: never */
	uint8_t asked, answered;
};
struct msg_nat_seen_row { /* ... by whom */
	char name[64];    /* of a peer; "": a configured server */
	uint16_t socket;
	struct endpoint server, seen;
	bool answered, behaviour; /* ... and can it do RFC 5780? */
	uint32_t rtt_ms;
};
/* To discoveryd: where others see us and can reach us. */
#define REFLEXIVE_MAX 4
struct msg_reflexive {
	uint8_t nat; /* the octet of a place record */
	uint8_t n;
	struct endpoint at[REFLEXIVE_MAX];
};

/* What came of looking for a way of our own to a member. */
enum punch_row_kind {
	PUNCH_ROW_OURS, /* one of our places, as the member heard */
	PUNCH_ROW_PAIR  /* one of its places, pinged from a socket */
};
struct msg_punch_row {
	enum punch_row_kind kind;
	uint8_t type; /* of struct candidate */
	struct endpoint ep;
	uint16_t sock;
	uint8_t sent;
	bool answered;
	uint32_t after_ms, rtt_ms; /* since the first ping; its own */
};

struct msg_relay_row { /* a way by relays, of which this node is a part */
	uint8_t role;  /* 1 it asked for it, 2 it is its end, 3 relays */
	char peer[64]; /* the other end; of one it relays: the destination */
	char via[64];  /* the relay next to it; who asked */
	uint8_t hops;
	uint32_t label, idle_ms;
	uint64_t since_unix_ms, packets, bytes;
	uint64_t drops; /* over the quota */
};
/* To discoveryd: by which relays this node can be reached; their keys. */
#define OWN_RELAYS_MAX 4
struct msg_own_relays {
	uint8_t n;
	uint8_t key[OWN_RELAYS_MAX][32];
};

/* Parent to engine: where the host's default route leads, and as whom. */
#define GATEWAYS_MAX 2
struct msg_gateways {
	uint8_t n;
	struct {
		struct addr gateway, source;
	} at[GATEWAYS_MAX];
};
/*
 * To discoveryd: places that others keep for us.  The type is that of a
 * candidate: CANDIDATE_MAPPED or CANDIDATE_TURN.
 */
#define GAINED_MAX 4
struct msg_gained {
	uint8_t n;
	struct {
		uint8_t type;
		struct endpoint ep;
	} at[GAINED_MAX];
};
struct msg_turn_row {                    /* the TURN server */
	struct endpoint server, relayed; /* relayed: family 0, there is none */
	uint8_t state, why;              /* of reach/turn.h */
	uint16_t code;                   /* of its last error, 0: none */
	uint64_t since_unix_ms;          /* 0: it does not relay */
	uint32_t again_s;                /* when it is asked again */
	uint8_t permits, channels;
	uint8_t by; /* CONF_TURN_UDP, _TCP or _TLS */
};
#define TURN_STATES 4
#define TURN_WHYS 7
#define TURN_BYS 3
/* "up", "no_answer" ... */
const char *turn_row_state(unsigned state);
const char *turn_row_why(unsigned why);
const char *turn_row_by(unsigned by); /* "udp", "tcp", "tls" */
struct msg_map_row {                  /* a port of the default gateway */
	uint16_t socket;
	uint8_t protocol, state; /* of reach/pcp.h */
	struct addr gateway;
	struct endpoint external; /* family 0: not known */
	bool useless;             /* ... and of a private network */
	bool silent;
	uint16_t code;
	uint32_t left_s;
};
#define MAP_PROTOCOLS 4
#define MAP_STATES 4
const char *map_row_protocol(unsigned protocol);
const char *map_row_state(unsigned state);

MSG_CODEC(gateways)
MSG_CODEC(gained)
MSG_CODEC(turn_row)
MSG_CODEC(map_row)
MSG_CODEC(nat_row)
MSG_CODEC(relay_row)
MSG_CODEC(own_relays)
MSG_CODEC(nat_seen_row)
MSG_CODEC(reflexive)
MSG_CODEC(punch_row)

#endif
