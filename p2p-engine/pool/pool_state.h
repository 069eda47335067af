/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/pool_state.h */
#ifndef POOL_STATE_H
#define POOL_STATE_H

/* The words of a stream's machine; pool.h has the picture. */
enum stream_state {
	STREAM_FREE,
	STREAM_ASKED,  /* STREAM_OPEN was sent */
	STREAM_DIAL,   /* handshake, by the opener */
	STREAM_LIVE,   /* carries flows */
	STREAM_MOVING, /* ends: its flows wait behind a fence */
	STREAM_LINGER, /* ends: ours have left it, the peer's may not have */
	STREAM_SPREAD, /* its flows may choose again behind a fence */
	STREAM_FALTER, /* stream 0: as MOVING */
	STREAM_SICK,   /* stream 0: carries no flows until it is heard of */
	STREAM_NSTATES
};

enum stream_event {
	SEV_OPEN,     /* one more is wanted */
	SEV_TAKEN,    /* the peer opens one and we agreed */
	SEV_ACCEPTED, /* it agreed */
	SEV_UP,       /* keys, confirmed */
	SEV_CLOSE,    /* not needed any more, or the peer says so */
	SEV_LOST,     /* nothing comes through, too little, or no answer */
	SEV_SICK,     /* the same of stream 0 */
	SEV_SPREAD,   /* it has too much, others too little */
	SEV_CANCEL,   /* ... but too many packets would have to wait */
	SEV_FENCED,   /* the fence was passed */
	SEV_OVER,     /* at once: time is over, refused, stream 0 ended */
	SEV_NEVENTS
};

enum stream_action {
	SACT_NONE,
	SACT_ASK,   /* say STREAM_OPEN */
	SACT_DIAL,  /* send an initiation */
	SACT_AWAIT, /* it will come from the peer */
	SACT_PLACE, /* flows may come */
	SACT_FENCE, /* say FENCE and STREAM_CLOSE, hold its flows' packets */
	SACT_STALL, /* FENCE alone */
	SACT_MOVE,  /* what is held goes out by other streams */
	SACT_DROP   /* wipe it, say STREAM_CLOSE if it was not said */
};

const char *stream_state_name(enum stream_state);

#endif
