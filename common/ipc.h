/* SPDX-License-Identifier: ISC */
/* file: common/ipc.h */
#ifndef IPC_H
#define IPC_H

#include <stddef.h>
#include <stdint.h>

/*
 * One frame of the inter-process wire: exactly one SOCK_SEQPACKET record.
 *
 *	0 u16 type | 2 u16 flags (bit 0: one descriptor comes with it) |
 *	4 u32 length of the body | 8 u32 request id | 12 body
 *
 * Big-endian.  A record that is shorter or longer than its header says, has
 * an unknown flag, a descriptor without the flag, the flag without exactly
 * one descriptor, or whose data or control part was truncated, is IPC_BAD;
 * every descriptor that came with a bad record is closed.
 */
#define IPC_HDR_LEN 12
#define IPC_BODY_MAX 16384
#define IPC_FRAME_MAX (IPC_HDR_LEN + IPC_BODY_MAX)
#define IPC_F_FD 0x0001

struct ipc_frame {
	uint16_t type;
	uint16_t flags;
	uint32_t id;
	const uint8_t *body; /* points into the caller's buffer */
	size_t len;
	int fd; /* -1, or owned by whoever gets the frame */
};

enum ipc_result { IPC_OK, IPC_AGAIN, IPC_EOF, IPC_BAD };

/* Pure: 0 or -1.  Sets everything but fd. */
int ipc_parse(const uint8_t *rec, size_t len, struct ipc_frame *);
/*
 * Pure: writes the header and behind it body; returns the record's length, 0
 * if it does not fit in cap or body is longer than IPC_BODY_MAX.
 */
size_t ipc_build(uint8_t *rec, size_t cap, uint16_t type, uint32_t id,
    const void *body, size_t len, int has_fd);

/* Never blocks.  0, or -1 with errno (EAGAIN: later); fd stays the caller's. */
int ipc_send_record(int sock, const uint8_t *rec, size_t len, int fd);
/*
 * Never blocks.  buf must hold IPC_FRAME_MAX; f->body points into it.  f->fd
 * is -1 unless IPC_OK.  An empty record can't be told from EOF and is one.
 */
enum ipc_result ipc_recv(int sock, uint8_t *buf, struct ipc_frame *f);

/* A CLOEXEC, non-blocking SEQPACKET pair; 0 or -1 with errno. */
int ipc_pair(int sv[2]);

#endif
