/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_ipc.c */
/*
 * ipc_parse on one record.  Oracle: what it takes is exactly what ipc_build
 * makes of the result, and a second, obvious reading of the header agrees.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint32_t
be(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static int
expect(const uint8_t *p, size_t n)
{
	return n >= 12 && be(p + 2, 2) <= 1 && n - 12 <= IPC_BODY_MAX &&
	    be(p + 4, 4) == n - 12;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *rec = malloc(size > 0 ? size : 1), *again;
	struct ipc_frame f;
	size_t n;
	int rv;

	if (size > 0)
		memcpy(rec, data, size);
	rv = ipc_parse(rec, size, &f);
	if ((rv == 0) != expect(rec, size))
		abort();
	if (rv == 0) {
		again = malloc(size);
		n = ipc_build(again, size, f.type, f.id, f.body, f.len,
		    (f.flags & IPC_F_FD) != 0);
		if (n != size || memcmp(again, rec, n) != 0)
			abort();
		free(again);
	}
	free(rec);
	return 0;
}
