/* SPDX-License-Identifier: ISC */
/* file: common/msg_verdict.h */
#ifndef MSG_VERDICT_H
#define MSG_VERDICT_H

/*
 * Which rule of the filter a packet would meet if it came now; a part of
 * msg.h, and included by nobody else.  Asking counts and changes nothing.
 */
struct msg_verdict_ask {
	uint8_t proto;        /* 0: any, as a rule without one has it */
	struct addr src, dst; /* family 0: this node's own */
	uint16_t sport, dport;
};
struct msg_verdict_row {
	bool pass, out; /* does it go out of here? */
	bool known;     /* of a connection that runs: it was decided then */
	bool filtered;  /* false: there is no filter; the rest is empty */
	uint16_t no;    /* of the rule; 0: ports or default */
	char peer[64];  /* whose rules they are; "": nobody has the address */
	char text[512];
};

MSG_CODEC(verdict_ask)
MSG_CODEC(verdict_row)

#endif
