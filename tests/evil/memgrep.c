/* SPDX-License-Identifier: ISC */
/* file: tests/evil/memgrep.c */
/*
 * memgrep KEYFILE PID ...: look for the 32 octets of a base64 key file, raw
 * and as text, in all readable memory of each process (as root, through
 * /proc/PID/mem).  Prints "PID found" or "PID clean" or "PID error".
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

static uint8_t key[32];
static char text[45];
static uint8_t chunk[(1 << 20) + 64];

static bool
holds(const uint8_t *p, size_t len)
{
	return memmem(p, len, key, sizeof(key)) != NULL ||
	    memmem(p, len, text, 43) != NULL;
}

static bool
region_holds(int mem, unsigned long from, unsigned long to)
{
	size_t keep = 0;
	ssize_t n;

	while (from < to) {
		size_t want = sizeof(chunk) - 64;

		if (want > to - from)
			want = to - from;
		n = pread(mem, chunk + keep, want, (off_t)from);
		if (n <= 0)
			return false;
		if (holds(chunk, keep + (size_t)n))
			return true;
		from += (unsigned long)n;
		if (keep + (size_t)n > 64) {
			memmove(chunk, chunk + keep + (size_t)n - 64, 64);
			keep = 64;
		} else
			keep += (size_t)n;
	}
	return false;
}

static const char *
search(const char *pid)
{
	char path[64], line[512], perms[8];
	unsigned long from, to;
	const char *result = "error";
	FILE *maps;
	int mem, regions = 0;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	if (maps == NULL || mem == -1)
		goto out;
	result = "clean";
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) != 3 ||
		    perms[0] != 'r')
			continue;
		regions++;
		if (region_holds(mem, from, to)) {
			result = "found";
			break;
		}
	}
	if (regions == 0)
		result = "error";
out:
	if (maps != NULL)
		fclose(maps);
	if (mem != -1)
		close(mem);
	return result;
}

int
main(int argc, char *argv[])
{
	FILE *f;

	if (argc < 3 || (f = fopen(argv[1], "r")) == NULL ||
	    fgets(text, sizeof(text), f) == NULL) {
		fprintf(stderr, "usage: memgrep KEYFILE PID ...\n");
		return 2;
	}
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	if (key_parse(text, key) == -1) {
		fprintf(stderr, "memgrep: %s is not a key file\n", argv[1]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		printf("%s %s\n", argv[i], search(argv[i]));
	return 0;
}
