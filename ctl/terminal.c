/* SPDX-License-Identifier: ISC */
/* file: ctl/terminal.c */
/*
 * The one thing about a terminal that termios does not tell (see terminal.h).
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

#define LINES_USUAL 24

size_t
terminal_lines(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == -1 || w.ws_row == 0)
		return LINES_USUAL;
	return w.ws_row;
}
