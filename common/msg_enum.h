/* SPDX-License-Identifier: ISC */
/* file: common/msg_enum.h */
#ifndef MSG_ENUM_H
#define MSG_ENUM_H

#include "buf.h"

/*
 * For the message codecs only.
 *
 * msg_enum: one octet in [first, end), anything else is
 * bad and reads as first, so that a decoder's enum is always inside its range.
 */
uint8_t msg_enum(struct rbuf *, uint8_t first, uint8_t end);

/* u16 length and that many octets, at most cap; of no use beyond: bad. */
void msg_put_octets(struct wbuf *, const uint8_t *, uint16_t len, size_t cap);
uint16_t msg_get_octets(struct rbuf *, uint8_t *out, size_t cap);

#endif
