/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_textfile.c */
/* A file of figures that is written no more is noticed; a fresh one is not. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "textfile.h"
#include "unit.h"

START_TEST(only_an_old_file_is_noted)
{
	char path[] = "/tmp/check_textfile.XXXXXX";
	int fd = mkstemp(path);
	struct show_note n;
	struct stat st;
	uint64_t at;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	at = (uint64_t)st.st_mtime;
	ck_assert(!textfile_note(path, at, &n));
	ck_assert(!textfile_note(path, at + TEXTFILE_OLD_S - 1, &n));
	ck_assert(!textfile_note(path, at - 5, &n)); /* a clock went back */
	ck_assert(textfile_note(path, at + 720, &n));
	ck_assert_str_eq(n.code, "metrics_file_old");
	ck_assert_ptr_nonnull(strstr(n.message, "12m"));
	close(fd);
	unlink(path);
	ck_assert(!textfile_note(path, at + 720, &n));
	ck_assert(!textfile_note("/tmp", at + 720, &n));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {only_an_old_file_is_noted};

	return UNIT_RUN("textfile", tests);
}
