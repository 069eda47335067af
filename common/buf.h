/* SPDX-License-Identifier: ISC */
/* file: common/buf.h */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bounded readers and writers for every wire and IPC format of the suite.
 *
 * Both are sticky: after the first access out of bounds (or a bad value such
 * as a bool of 2) `bad` stays set, reads give zeroes and writes do nothing, so
 * a decoder is a list of fields with exactly one check at its end.  Integers
 * are big-endian unless the name ends in `le`.  Nothing here allocates.
 */
struct rbuf {
	const uint8_t *p;
	size_t left;
	bool bad;
};

void rbuf_init(struct rbuf *, const void *data, size_t len);
uint8_t rbuf_u8(struct rbuf *);
uint16_t rbuf_u16(struct rbuf *);
uint32_t rbuf_u32(struct rbuf *);
uint64_t rbuf_u64(struct rbuf *);
uint16_t rbuf_u16le(struct rbuf *);
uint32_t rbuf_u32le(struct rbuf *);
uint64_t rbuf_u64le(struct rbuf *);
bool rbuf_bool(struct rbuf *); /* 0 or 1, anything else is bad */
void rbuf_bytes(struct rbuf *, void *out, size_t len);
void rbuf_skip(struct rbuf *, size_t len);
/*
 * A u16 length and that many octets into out (capacity cap), ended by a NUL.
 * Bad if it does not fit or holds a NUL.
 */
void rbuf_str(struct rbuf *, char *out, size_t cap);
int rbuf_done(const struct rbuf *); /* 0, or -1 if bad or octets are left */

struct wbuf {
	uint8_t *base;
	size_t len, cap;
	bool bad;
};

void wbuf_init(struct wbuf *, void *mem, size_t cap);
void wbuf_u8(struct wbuf *, uint8_t);
void wbuf_u16(struct wbuf *, uint16_t);
void wbuf_u32(struct wbuf *, uint32_t);
void wbuf_u64(struct wbuf *, uint64_t);
void wbuf_u16le(struct wbuf *, uint16_t);
void wbuf_u32le(struct wbuf *, uint32_t);
void wbuf_u64le(struct wbuf *, uint64_t);
void wbuf_bool(struct wbuf *, bool);
void wbuf_bytes(struct wbuf *, const void *, size_t);
void wbuf_str(struct wbuf *, const char *); /* the inverse of rbuf_str */
int wbuf_done(const struct wbuf *);         /* 0, or -1 if bad */

#endif
