/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_tlsd_http.c */
/*
 * The HTTP of tlsd, as a server and as a client: what anybody sends, octet by
 * octet.  Oracle: an answer comes with the head's last octet, and what follows
 * it changes neither the answer nor where the head ends; a full buffer is
 * always an answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look(int (*read_it)(const char *, size_t, size_t *), const char *text,
    size_t len)
{
	size_t used, end, n = 0;
	int first = UPGRADE_MORE;

	/* a quarter of the places, and each of the last: it is quadratic */
	while (n <= len && first == UPGRADE_MORE) {
		first = read_it(text, n, &used);
		n += len - n > 64 ? 4 : 1;
	}
	if (first == UPGRADE_MORE) {
		if (len >= UPGRADE_HEAD_MAX)
			abort();
		return;
	}
	if (read_it(text, len, &end) != first)
		abort();
	if (used != end && used != 0)
		abort();
	if (end > len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len > UPGRADE_HEAD_MAX)
		len = UPGRADE_HEAD_MAX;
	text = malloc(len == 0 ? 1 : len);
	if (text == NULL)
		return 0;
	memcpy(text, data, len);
	look(upgrade_request_read, text, len);
	look(upgrade_answer_read, text, len);
	free(text);
	return 0;
}
