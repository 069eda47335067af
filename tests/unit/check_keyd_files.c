/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_keyd_files.c */
/*
 * keyd's files as they lie on a disk: older ones, damaged ones, and a ledger
 * that meshctl has its hands on.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "files.h"
#include "unit.h"

/* A file with this content, of which only the descriptor is left. */
static int
file_of(const void *data, size_t len, int flags)
{
	char path[] = "/tmp/mesh-check-files.XXXXXX";
	int fd = mkstemp(path), again;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	again = open(path, O_RDWR | flags);
	ck_assert_int_ne(again, -1);
	unlink(path);
	close(fd);
	return again;
}

static int
text_file(const char *text)
{
	return file_of(text, strlen(text), 0);
}

/* ---- secrets ---- */

#define KEY_ONES "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static bool
loads_key(const char *text)
{
	static const char zero[VAULT_TEXT];
	struct vault *v = vault_new();
	int fd = text_file(text);
	bool loaded;

	ck_assert_ptr_nonnull(v);
	vault_load_key(v, fd, 0);
	close(fd);
	loaded = v->keys.loaded;
	ck_assert_mem_eq(v->text, zero, sizeof(zero));
	ck_assert_mem_eq(v->priv, zero, sizeof(v->priv));
	vault_wipe(v);
	ck_assert(!v->keys.loaded);
	return loaded;
}

START_TEST(a_key_is_one_line_of_base64)
{
	ck_assert(loads_key(KEY_ONES));
	ck_assert(loads_key(KEY_ONES "\n"));
	ck_assert(!loads_key(KEY_ONES "\n\n"));
	ck_assert(!loads_key(KEY_ONES "A"));
	ck_assert(!loads_key(" " KEY_ONES));
	ck_assert(!loads_key("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF="));
	ck_assert(!loads_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	ck_assert(!loads_key(""));
}
END_TEST

static bool
loads_authority(const char *text, size_t len)
{
	static const char zero[VAULT_TEXT];
	struct vault *v = vault_new();
	int fd = file_of(text, len, 0);
	bool has;

	ck_assert_ptr_nonnull(v);
	vault_load_authority(v, fd);
	close(fd);
	has = v->has_authority;
	if (has)
		ck_assert_uint_eq(v->authority.ca_seed[31], 0xca);
	ck_assert_mem_eq(v->text, zero, sizeof(zero));
	vault_wipe(v);
	return has;
}

START_TEST(an_authority_is_what_meshctl_prints)
{
	struct authority a = {.prefix.len = 16};
	char text[AUTHORITY_TEXT_MAX + 64];
	size_t len;

	memset(a.ca_seed, 0xca, sizeof(a.ca_seed));
	ck_assert_int_eq(addr_parse("10.77.0.0", &a.prefix.addr), 0);
	len = authority_print(text, sizeof(text), &a);
	ck_assert_uint_ne(len, 0);
	ck_assert_uint_le(len, AUTHORITY_TEXT_MAX);
	ck_assert(loads_authority(text, len));
	ck_assert(!loads_authority(text, 40));
	ck_assert(!loads_authority(text, 0));
	memset(text + len, '\n', sizeof(text) - len);
	ck_assert(!loads_authority(text, sizeof(text)));
}
END_TEST

/* ---- the stamp file ---- */

static const uint8_t stamp_and_seq[16] = {
    [6] = 0x20, [7] = 1, [14] = 0x10, [15] = 2};

START_TEST(stamp_and_number_come_back)
{
	int fd = file_of(stamp_and_seq, 16, 0);
	struct stampfile f;
	struct keys k = {0};

	stampfile_load(&f, fd, &k);
	ck_assert_uint_eq(k.reserved_sec, 0x2001);
	ck_assert_uint_eq(k.last_seq, 0x1002);
	f.octets[15] = 3;
	ck_assert_int_eq(stampfile_save(&f), 0);
	k = (struct keys){0};
	stampfile_load(&f, fd, &k);
	ck_assert_uint_eq(k.reserved_sec, 0x2001);
	ck_assert_uint_eq(k.last_seq, 0x1003);
	close(fd);
}
END_TEST

START_TEST(an_older_file_has_a_stamp_only_and_becomes_a_new_one)
{
	int fd = file_of(stamp_and_seq, 8, 0);
	struct stampfile f;
	struct keys k = {0};
	struct stat st;

	stampfile_load(&f, fd, &k);
	ck_assert_uint_eq(k.reserved_sec, 0x2001);
	ck_assert_uint_eq(k.last_seq, 0);
	ck_assert_int_eq(stampfile_save(&f), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 16);
	stampfile_load(&f, fd, &k);
	ck_assert_uint_eq(k.reserved_sec, 0x2001);
	close(fd);
}
END_TEST

START_TEST(a_stamp_file_cut_short_gives_what_is_whole)
{
	for (size_t n = 0; n < 16; n++) {
		int fd = file_of(stamp_and_seq, n, 0);
		struct stampfile f;
		struct keys k = {0};

		stampfile_load(&f, fd, &k);
		ck_assert_uint_eq(k.reserved_sec, n < 8 ? 0 : 0x2001);
		ck_assert_uint_eq(k.last_seq, 0);
		close(fd);
	}
}
END_TEST

START_TEST(without_a_stamp_file_nothing_is_stored)
{
	struct stampfile f;
	struct keys k = {0};

	stampfile_load(&f, -1, &k);
	ck_assert_int_eq(stampfile_save(&f), -1);
}
END_TEST

/* ---- the ledger's file ---- */

START_TEST(the_ledger_grows_at_its_end_whoever_writes)
{
	int fd = file_of("one\n", 4, O_APPEND);
	struct issue_io io;
	char text[32];

	ledgerfile(&io, &fd);
	ck_assert_int_eq(io.lock(io.ctx), 0);
	ck_assert_int_eq(io.append(io.ctx, "two\n", 4), 0);
	ck_assert_int_eq(pwrite(fd, "six\n", 4, 0), 4); /* Linux: at the end */
	ck_assert_int_eq(io.append(io.ctx, "ten\n", 4), 0);
	io.unlock(io.ctx);
	ck_assert_int_eq(io.read(io.ctx, 4, text, sizeof(text)), 12);
	ck_assert_mem_eq(text, "two\nsix\nten\n", 12);
	ck_assert_int_eq(io.read(io.ctx, 16, text, sizeof(text)), 0);
	close(fd);
}
END_TEST

START_TEST(who_has_the_lock_is_waited_for_but_not_for_ever)
{
	int fd = file_of("", 0, O_APPEND), other;
	struct issue_io io;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDONLY);
	ck_assert_int_ne(other, -1);
	ledgerfile(&io, &fd);
	ck_assert_int_eq(flock(other, LOCK_EX), 0);
	ck_assert_int_eq(io.lock(io.ctx), -1);
	ck_assert_int_eq(flock(other, LOCK_UN), 0);
	ck_assert_int_eq(io.lock(io.ctx), 0);
	ck_assert_int_eq(flock(other, LOCK_EX | LOCK_NB), -1);
	io.unlock(io.ctx);
	ck_assert_int_eq(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	close(fd);
}
END_TEST

START_TEST(a_ledger_that_is_not_there_is_an_error_each_time)
{
	int fd = -1;
	struct issue_io io;
	char c;

	ledgerfile(&io, &fd);
	ck_assert_int_eq(io.lock(io.ctx), -1);
	ck_assert_int_eq(io.read(io.ctx, 0, &c, 1), -1);
	ck_assert_int_eq(io.append(io.ctx, "x", 1), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_key_is_one_line_of_base64,
	    an_authority_is_what_meshctl_prints,
	    stamp_and_number_come_back,
	    an_older_file_has_a_stamp_only_and_becomes_a_new_one,
	    a_stamp_file_cut_short_gives_what_is_whole,
	    without_a_stamp_file_nothing_is_stored,
	    the_ledger_grows_at_its_end_whoever_writes,
	    who_has_the_lock_is_waited_for_but_not_for_ever,
	    a_ledger_that_is_not_there_is_an_error_each_time,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("keyd_files", tests);
}
