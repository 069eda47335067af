/* SPDX-License-Identifier: ISC */
/* file: ctl/textfile.c */
/* Is the file for node_exporter old (see textfile.h)? */
#include <sys/stat.h>
#include <stdio.h>

#include "fmt.h"
#include "textfile.h"

bool
textfile_note(const char *path, uint64_t now_unix_s, struct show_note *n)
{
	char age[FMT_LEN];
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) || st.st_mtime <= 0 ||
	    now_unix_s < (uint64_t)st.st_mtime + TEXTFILE_OLD_S)
		return false;
	fmt_age(age, now_unix_s * 1000, (uint64_t)st.st_mtime * 1000);
	*n = (struct show_note){
	    .severity = SHOW_WARNING, .code = "metrics_file_old"};
	snprintf(n->message, sizeof(n->message), "%.120s was written %s ago",
	    path, age);
	snprintf(n->hint, sizeof(n->hint),
	    "systemctl status mesh-textfile.timer, or remove the file");
	return true;
}
