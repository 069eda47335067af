/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc_int.h */
#ifndef DISC_INT_H
#define DISC_INT_H

#include "disc.h"
#include "gossip.h"
#include "publish.h"

/*
 * The inside of struct disc.
 *
 *	disc.c       configuration, what comes in, time
 *	disc_dht.c   the DHT and its queue
 *	disc_keep.c  our certificate, the revocation list, the saved file
 *	disc_look.c  rows and counters
 */
struct event { /* what the DHT said */
	struct event *next;
	uint32_t search;
	bool is_item;
	union {
		struct dht_item item;
		struct dht_report report;
	} u;
};

struct disc {
	struct disc_io io;
	struct book *book;
	struct members *members;
	struct lan *lan;
	struct lookup *lookup;
	struct gossip *gossip;
	struct publish *publish;
	struct conf_node conf;
	uint64_t unix_s; /* of the present call */
	uint64_t boot;

	struct dht *dht; /* NULL: off, or no socket */
	struct dht_conf dht_conf;
	bool ready; /* it knows somebody */
	bool sock[DISC_LAN6 + 1];
	struct event *events, **events_end;
	unsigned nevents;
	uint64_t events_lost;
	struct endpoint own4, own6; /* as the DHT sees us */
	struct msg_reflexive seen;  /* as members and STUN servers do */
	struct msg_gained gained;   /* of the gateway, of a TURN server */

	struct msg_tls_pin tls;
	struct msg_places places;
	/* this node's certificate and its records */
	struct bundle own;
	bool has_own, own_renewed; /* renewed: not the configuration's */
	uint16_t own_len;
	uint8_t own_octets[BUNDLE_MAX];

	/* the saved file */
	uint8_t *file; /* as read; NULL once it was used */
	size_t file_len;
	bool file_read; /* all but its DHT nodes is in use */
	uint64_t image_number, images;
	unsigned half; /* the next image goes there */
	bool dirty;
	uint64_t saved_ms; /* 0: never */
	uint64_t save_ms;
};

/* disc_places.c: to who publishes it */
void disc_tell_places(struct disc *, uint64_t now_ms);
/* disc_tls.c: where we listen, to who publishes it */
void disc_tls_tell(struct disc *);

/* disc_dht.c */
void disc_dht_start(struct disc *, uint64_t now_ms); /* or configure, or stop */
void disc_dht_stop(struct disc *, uint64_t now_ms);
void disc_dht_pump(struct disc *, uint64_t now_ms); /* tell what was queued */
uint32_t disc_dht_get(void *disc, uint64_t now_ms, const uint8_t k[32],
    const uint8_t salt[RECORD_SALT]);
uint32_t disc_dht_put(void *disc, uint64_t now_ms, const struct record *);
/* The revocation list there is goes to every node, if it is new there. */
void disc_dht_news(struct disc *, uint64_t now_ms);
void disc_dht_cancel(void *disc, uint64_t now_ms, uint32_t search);

/* disc_keep.c */
/* Another certificate of ours; false: not right, or not newer. */
bool disc_adopt(
    struct disc *, uint64_t now_ms, const void *, size_t len, bool renewed);
void disc_use_file(struct disc *, uint64_t now_ms);
/* DHT nodes of the file are tried when there is a DHT. */
void disc_dirty(struct disc *, uint64_t now_ms, bool at_once);
void disc_save(struct disc *, uint64_t now_ms);

/* disc.c */
/* A revocation list from the DHT; false: not of this network. */
bool disc_news(struct disc *, uint64_t now_ms, const uint8_t *, size_t len);
void disc_learned(
    void *disc, uint64_t now_ms, const uint8_t key[32], uint32_t req);

#endif
