/* SPDX-License-Identifier: ISC */
/* file: common/msg_enum.h */
#ifndef MSG_ENUM_H
#define MSG_ENUM_H

#include "buf.h"

/*
 * For the message codecs only: one octet in [first, end), anything else is
 * bad and reads as first, so that a decoder's enum is always inside its range.
 */
uint8_t msg_enum(struct rbuf *, uint8_t first, uint8_t end);

#endif
