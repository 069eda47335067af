/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_int.h */
#ifndef DHT_INT_H
#define DHT_INT_H

/*
 * The inside of struct dht, for dht*.c and for tests that look behind it.
 *
 *	dht.c         datagrams in, the clock, what people ask
 *	dht_ask.c     our queries: sent, answered, timed out
 *	dht_answer.c  other people's queries
 *	dht_find.c    searches
 *	dht_news.c    what everybody is told
 *	dht_keep.c    joining, the upkeep of the tables, our own address
 */
#include "dht.h"
#include "dht_memo.h"
#include "krpc.h"
#include "allow.h"
#include "limit.h"
#include "node_id.h"
#include "search.h"
#include "store.h"
#include "swarm.h"
#include "table.h"
#include "token.h"

#define DHT_T 4 /* octets of our transaction ids */
#define DHT_TIMEOUT_MS 1000
#define DHT_LATE_MS 300
#define DHT_ASKS_MAX 1024
#define DHT_PINGS_MAX 64 /* of those, pings to who asked us */
#define DHT_FINDS (DHT_SEARCHES_MAX + 8)
#define DHT_BOOT_MAX 64
#define DHT_BOOT_AT_ONCE 8
#define DHT_TRIES_MAX 256
#define DHT_TRIES_AT_ONCE 16
#define DHT_TICK_MAX 64  /* time-outs looked after in one tick */
#define DHT_ROOTS 12     /* nodes a search starts from */
#define DHT_SIDE_ROOTS 4 /* ... and for each side that it opens */
#define DHT_PLACES 12    /* a put goes to */
#define DHT_PLACES_SUSPECT 20
#define DHT_PLACES_SIEGE 24
#define DHT_PLACES_MAX 32 /* with those instead of whoever refused */
#define DHT_PUTS_AT_ONCE 8
#define DHT_SIZES 16 /* estimates of the network's size */

/* ---- a query of ours that waits for its answer ---- */
enum ask_why {
	ASK_PING,  /* a sign of life */
	ASK_MEET,  /* ... of who asked us */
	ASK_FIND,  /* a search; leg says to whom */
	ASK_VALUE, /* ... once more, with the token */
	ASK_PUT,
	ASK_NEWS /* which number has it; or: here is ours */
};

struct ask {
	uint8_t t[DHT_T];
	uint8_t why;
	uint8_t method;
	struct endpoint to;
	uint64_t sent_ms;
	uint32_t find;
	struct search_leg leg;
	uint8_t again; /* ASK_NEWS: after so many that were lost */
	bool tells;    /* ... with the news in it */
};

/* ---- a search ---- */
enum find_kind { FIND_NODE, FIND_GET, FIND_PUT };

struct find {
	uint32_t id;
	enum find_kind kind;
	bool own;     /* upkeep: nobody is told */
	bool joins;   /* ... by asking the bootstrap nodes */
	bool putting; /* the second half of a put */
	bool found;
	bool busy, cancelled; /* in a callback; wanted there */
	bool starting;        /* its owner has not got its number yet */
	uint8_t widened;      /* for so many sieges it has roots */
	uint16_t values;      /* queries under way for a value kept back */
	uint64_t began_ms;
	uint64_t cas;
	/* get: k and salt, then the best so far; put: what is put */
	struct dht_item item;
	uint16_t nplaces, putting_now, replaced;
	uint16_t place[DHT_PLACES_MAX];
	struct dht_report report;
	struct search s;
};

/* ---- what there is once for each family ---- */
struct net {
	uint8_t family;
	bool on;
	struct table table;
	struct votes votes;
};

struct dht {
	struct dht_conf conf;
	struct dht_io io;
	struct net net[2]; /* IPv4, IPv6 */
	struct token_box tokens;
	struct store *store;
	struct swarm *swarm;
	struct limit *limit;
	struct memo *memo;
	uint8_t key[16];             /* of the hashes of addresses */
	struct allow_table unproved; /* asked, and have not answered */

	struct ask *ask;
	uint32_t nasks, asks_cap;
	struct find *find[DHT_FINDS];
	uint32_t last_find;

	struct endpoint boot[DHT_BOOT_MAX];
	uint32_t nboot, next_boot;
	struct dht_node to_try[DHT_TRIES_MAX];
	uint32_t ntry;
	uint64_t step_ms;      /* when all searches are to be looked at */
	uint64_t keep_ms;      /* when the upkeep is due */
	uint64_t join_ms;      /* not before */
	uint32_t join_wait_ms; /* the length of the last wait */
	uint64_t news_ms;      /* when somebody is asked for news */
	uint64_t news_number;  /* 0: there are none */
	uint16_t news_len;     /* bencoded */
	uint8_t news[DHT_V_MAX];
	int fill;                 /* the bucket filled next, -1: none */
	uint16_t size[DHT_SIZES]; /* log2 of the network's size, 1/16 */
	uint32_t nsizes;
	struct dht_stats stats;
};

/* Memory of a node; a simulator of thousands wants smaller ones. */
struct dht_bounds {
	uint32_t limit_places, memo_places;
	struct store_bounds store;
};
struct dht *dht_new_bounded(const struct dht_conf *, const struct dht_io *,
    uint64_t now_ms, const struct dht_bounds *);

/* ---- dht.c ---- */
struct net *dht_net(struct dht *, uint8_t family); /* NULL: not on */
/* May a datagram of ours go there at all? */
bool dht_may_send(const struct dht *, const struct endpoint *);
/* Everything of ours leaves here.  false: it did not fit. */
bool dht_send(struct dht *, const struct endpoint *, struct krpc_msg *);
bool dht_is_open(const struct dht *); /* ids are bound to addresses */

/* ---- dht_ask.c ---- */
/*
 * Send a query; fills in t, id and what else every query has.  false: too
 * many are waiting, or not to that address.
 */
bool ask_send(
    struct dht *, uint64_t now_ms, const struct ask *about, struct krpc_msg *);
/* why: ASK_MEET or else */
void ask_ping(
    struct dht *, uint64_t now_ms, const struct endpoint *, enum ask_why);
bool ask_is_waiting(const struct dht *, const struct endpoint *);
/* An answer or error came. */
void ask_answered(struct dht *, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *);
void ask_tick(struct dht *, uint64_t now_ms);
uint64_t ask_due(const struct dht *);
void ask_forget(struct dht *, uint32_t find);

/* ---- dht_answer.c ---- */
void answer_query(struct dht *, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *, size_t len);
void answer_fault(struct dht *, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *, size_t len);

/* ---- dht_find.c ---- */
struct find *find_new(struct dht *, uint64_t now_ms, enum find_kind, bool own);
/* Fills in where it begins and sends the first queries; its id. */
uint32_t find_start(
    struct dht *, uint64_t now_ms, struct find *, const uint8_t[DHT_ID]);
struct find *find_of(struct dht *, uint32_t id); /* NULL: over */
void find_step(struct dht *, uint64_t now_ms, struct find *);
void find_answered(struct dht *, uint64_t now_ms, struct find *,
    const struct ask *, const struct krpc_msg *);
void find_missed(struct dht *, uint64_t now_ms, struct find *,
    const struct ask *, bool refused);
void find_end(struct dht *, uint64_t now_ms, struct find *, enum dht_result);
void find_step_all(struct dht *, uint64_t now_ms);

/* ---- dht_put.c ---- */
void put_begin(struct dht *, uint64_t now_ms, struct find *);
void put_step(struct dht *, uint64_t now_ms, struct find *);
bool put_is_done(const struct find *);
void put_answered(
    struct dht *, struct find *, const struct ask *, const struct krpc_msg *);
void put_missed(struct find *, const struct ask *, bool refused);

/* ---- dht_news.c ---- */
/* A node is new to us: which number has it? */
void news_ask(struct dht *, uint64_t now_ms, const struct endpoint *);
/* Unverified ones came with a query or an answer. */
void news_came(struct dht *, uint64_t now_ms, const struct krpc_msg *);
void news_answered(
    struct dht *, uint64_t now_ms, const struct ask *, const struct krpc_msg *);
void news_missed(struct dht *, uint64_t now_ms, const struct ask *);
void news_tick(struct dht *, uint64_t now_ms);

/* ---- dht_keep.c ---- */
void keep_tick(struct dht *, uint64_t now_ms);
void keep_soon(struct dht *, uint64_t now_ms);
void keep_ended(struct dht *, uint64_t now_ms, const struct find *);
void keep_voted(struct dht *, uint64_t now_ms, struct net *,
    const struct addr *from, const struct endpoint *says);
unsigned keep_size_log(const struct dht *);

#endif
