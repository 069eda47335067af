/* SPDX-License-Identifier: ISC */
/* file: ctl/terminal.h */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stddef.h>

/* meshctl's own terminal: how many lines it has; 24 if nobody knows. */
size_t terminal_lines(void);

#endif
