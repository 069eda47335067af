/* SPDX-License-Identifier: ISC */
/* file: ctl/textfile.h */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "show.h"

/*
 * The file that mesh-textfile.timer has written for node_exporter: where it is
 * there and was not written for long, its figures are of the past, and nobody
 * sees that from the figures.
 */
#define TEXTFILE_PATH "/var/lib/prometheus/node-exporter/mesh.prom"
#define TEXTFILE_OLD_S 120 /* it is written each 15 s */

/* True: it is old, and the note says so. */
bool textfile_note(const char *path, uint64_t now_unix_s, struct show_note *);

#endif
