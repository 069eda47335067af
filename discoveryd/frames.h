/* SPDX-License-Identifier: ISC */
/* file: discoveryd/frames.h */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cert.h"
#include "msg.h"
#include "record.h"

/*
 * Bodies of the control frames by which members ask each other, as they are in
 * PEER_FRAME.  Pure; the inverse stands beside each reader, and a reader takes
 * only what its inverse writes.
 *
 *	40 WHO_HAS  u32 req | u8 what | what = 1: u8 family, address 16;
 *		    2: node key 32; 3: u8 length 1..63, name; 4: nothing
 *	41 RECORD   u32 req | u8 kind ... a record (record_put), or
 *		    u32 req | u8 0x80 | u16 length | certificate
 *	42 PEERS    u8 n <= 30 | n * (node key 32 | u32 age in seconds)
 *
 * A certificate may travel without a record: it is signed itself, and who
 * learned it from the member has nothing else.
 */
enum frame_type { FRAME_WHO_HAS = 40, FRAME_RECORD, FRAME_PEERS };
#define FRAME_BODY_MAX 1200
#define FRAME_CERT 0x80

struct who_has {
	uint32_t req;
	bool crl; /* what = 4: about nobody */
	struct msg_find_ask ask;
};
size_t who_has_put(uint8_t out[FRAME_BODY_MAX], const struct who_has *);
int who_has_get(const void *, size_t len, struct who_has *); /* 0 or -1 */

struct told {         /* RECORD */
	uint32_t req; /* 0: nobody asked */
	bool is_cert;
	struct record record;
	uint16_t certlen;
	uint8_t cert[CERT_MAX];
};
size_t told_put(uint8_t out[FRAME_BODY_MAX], const struct told *);
int told_get(const void *, size_t len, struct told *);

#define PEERS_ROWS_MAX 30
struct peers_row {
	uint8_t key[32];
	uint32_t age_s;
};
size_t peers_put(
    uint8_t out[FRAME_BODY_MAX], const struct peers_row *, unsigned n);
/* how many rows, or -1 */
int peers_get(const void *, size_t len, struct peers_row row[PEERS_ROWS_MAX]);

#endif
