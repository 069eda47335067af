/* SPDX-License-Identifier: ISC */
/* file: discoveryd/savefile.c */
/*
 * The saved file: a descriptor that came with the start, or none.  Nothing
 * that goes wrong with it is worth more than a line in the log.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"
#include "log.h"
#include "proc.h"

#define FILE_MAX (2 * CACHE_HALF)

void
savefile_read(struct host *h)
{
	uint8_t *file;
	size_t len = 0;
	ssize_t n;

	h->save_fd = -1;
	if (fcntl(PROC_GIVE_FD, F_GETFD) == -1)
		return;
	h->save_fd = PROC_GIVE_FD;
	if ((file = malloc(FILE_MAX)) == NULL) {
		log_warn("saved file");
		return;
	}
	while (len < FILE_MAX &&
	    (n = pread(h->save_fd, file + len, FILE_MAX - len, (off_t)len)) > 0)
		len += (size_t)n;
	disc_load(h->disc, file, len);
	free(file);
}

void
host_save(void *ctx, size_t offset, const uint8_t *data, size_t len)
{
	struct host *h = ctx;
	ssize_t n;

	while (h->save_fd != -1 && len > 0) {
		n = pwrite(h->save_fd, data, len, (off_t)offset);
		if (n <= 0) {
			log_warn("saved file");
			return;
		}
		data += n;
		offset += (size_t)n;
		len -= (size_t)n;
	}
}
