/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pcp.h */
#ifndef PCP_H
#define PCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rnd.h"

/*
 * A port of the gateway that leads to one of ours: PCP (RFC 6887, MAP) or, if
 * the gateway does not know it, NAT-PMP (RFC 6886); if it answers neither, and
 * it is wanted, UPnP, which is asked by io.upnp.  Pure, one value for one UDP
 * port; time is passed in, datagrams for the gateway leave by io.send.
 *
 *	OFF -> ASKING --made--> UP --half of its life--> asked again
 *	          |              +--the gateway lost it--> made anew
 *	          +--refused, silent--> WAIT: longer each time -> ASKING
 *
 * A gateway says with each answer for how long it knows what it knows (epoch):
 * one that is younger than it was has forgotten the mapping.
 */
#define PCP_PORT 5351
#define PCP_MESSAGE_MAX 1100
#define PCP_MAP_LEN 60
#define PCP_LIFETIME_S 7200
#define PCP_RTO_MS 250
#define PCP_TRIES 6         /* of each protocol */
#define PCP_CHECK_MS 600000 /* is it still there? */
#define PCP_AGAIN_MS 1000   /* ... at most so often */
#define PCP_UPNP_MS 30000   /* UPnP takes its time */
#define PCP_WAIT_MS 60000   /* before it is asked again; doubles */
#define PCP_WAIT_MAX_MS 3600000

enum pcp_state { PCP_OFF, PCP_ASKING, PCP_UP, PCP_WAIT };
enum pcp_protocol { PCP_NONE, PCP_PCP, PCP_NATPMP, PCP_UPNP, PCP_NPROTOCOLS };
enum pcp_news { PCP_N_STATE = 1, PCP_N_LOST = 2 };

struct pcp_io {
	void *ctx;
	int (*send)(
	    void *ctx, const uint8_t *, size_t len); /* to the gateway */
	/* upnpd is asked: pcp_upnp has the answer; -1: it is away */
	int (*upnp)(void *ctx, uint32_t lifetime_s);
	struct rnd_src rnd;
};

struct pcp {
	struct pcp_io io;
	struct addr gateway, source; /* family 0: none */
	uint16_t port;               /* ours */
	enum pcp_state state;
	enum pcp_protocol protocol;
	uint8_t nonce[12];
	bool upnp;     /* by UPnP if nothing else is answered; the caller's */
	bool asking;   /* a question is open, also while UP */
	bool has_port; /* NAT-PMP: half of the answers */
	uint8_t tries, failures;
	uint16_t code;            /* the gateway's last refusal, 0: none */
	bool silent;              /* ... there was no answer */
	unsigned news;            /* enum pcp_news, the caller's to clear */
	struct endpoint external; /* while UP; else what was, to ask for */
	uint32_t lifetime_s;
	uint64_t next_ms, renew_ms, end_ms, asked_ms;
	bool has_epoch;
	uint32_t epoch;
	uint64_t epoch_ms;
	uint64_t requests, made, failed, lost; /* counted */
};

void pcp_init(struct pcp *, const struct pcp_io *);
/* gateway NULL: nothing is wanted.  The same again changes nothing. */
void pcp_configure(struct pcp *, uint64_t now_ms, const struct addr *gateway,
    const struct addr *source, uint16_t port);
/* It is given back. */
void pcp_leave(struct pcp *);
/* Now: is it still there?  Or, while it waits, is it to be had by now? */
void pcp_check(struct pcp *, uint64_t now_ms);
void pcp_tick(struct pcp *, uint64_t now_ms);
uint64_t pcp_due(const struct pcp *); /* UINT64_MAX: nothing */
/* What came from port 5351 of the gateway.  True: an answer for this one. */
bool pcp_receive(struct pcp *, uint64_t now_ms, const uint8_t *, size_t len);
/* What upnpd says of the last question; code 0: it is there. */
void pcp_upnp(struct pcp *, uint64_t now_ms, uint16_t code,
    const struct endpoint *external, uint32_t lifetime_s);
/* Seconds that are left of it. */
uint32_t pcp_left_s(const struct pcp *, uint64_t now_ms);

const char *pcp_protocol_name(enum pcp_protocol);
const char *pcp_state_name(enum pcp_state);
/* Of no use to who is not behind the same gateway (RFC 1918, 6598, 4193). */

#endif
