/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_probe.c */
/*
 * Probes.  The input is offered as it is, which must not open; then its rest
 * is sealed as a box of ours by whoever has the key, since only then the
 * reader sees it.  Oracle: what it takes and is written again is the same box,
 * and no answer to it is longer than it.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "probe.h"
#include "wg.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint8_t here[32] = {1}, there[32] = {2};

static void
boxed(const uint8_t *box, size_t n)
{
	struct probe_keys a = {0}, b = {0};
	uint8_t *msg = malloc(PROBE_LEN(n)), again[PROBE_LEN(PROBE_BOX_MAX)];
	struct probe p;

	probe_keys_make(&a, here, there);
	probe_keys_make(&b, there, here);
	memset(msg, 0, PROBE_LEN(n));
	msg[0] = WG_PROBE;
	crypto_seal(msg + WG_DATA_HDR, a.send, 0, NULL, 0, box, n);
	if (probe_open(&b, msg, PROBE_LEN(n), &p) == 0) {
		if (probe_seal(&a, 0, &p, n, again) != PROBE_LEN(n) ||
		    memcmp(again, msg, PROBE_LEN(n)) != 0)
			abort();
		if (p.kind == PROBE_PONG && n != PROBE_BOX)
			abort();
	}
	free(msg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_keys k = {0};
	uint8_t *box;
	struct probe p;

	if (crypto_init() == -1)
		abort();
	box = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(box, data, size);
	probe_keys_make(&k, here, there);
	if (wg_classify(box, size) == WG_PROBE &&
	    probe_open(&k, box, size, &p) == 0)
		abort();
	if (size >= PROBE_BOX && size <= PROBE_BOX_MAX)
		boxed(box, size);
	free(box);
	return 0;
}
