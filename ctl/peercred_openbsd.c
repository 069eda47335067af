/* SPDX-License-Identifier: ISC */
/* file: ctl/peercred_openbsd.c */
/*
 * SO_PEERCRED, as unix(4) of OpenBSD has it (see peercred.h).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include "peercred.h"

int
peercred(int sock, uint32_t *uid, uint32_t *pid)
{
	struct sockpeercred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -1;
	*uid = cred.uid;
	*pid = (uint32_t)cred.pid;
	return 0;
}
