/* SPDX-License-Identifier: ISC */
/* A sealed memfd: see memory.h and memfd_create(2). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 8u
#endif
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define FLAGS (MFD_CLOEXEC | MFD_ALLOW_SEALING)

int
memory_shared(size_t len)
{
	int fd = memfd_create("packets", FLAGS | MFD_NOEXEC_SEAL);

	if (fd == -1 && errno == EINVAL)
		fd = memfd_create("packets", FLAGS);
	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)len) == -1 ||
	    fcntl(fd, F_ADD_SEALS, SEALS) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}
