/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_value.c */
/* One value and its text; keys; the table itself. */
#include "conf_help.h"
#include "conf_int.h"
#include "log.h"

static struct conf_bad bad;

static enum conf_verdict
set(void *base, const char *block, const char *name, const char *value)
{
	const struct conf_row *row = conf_row_named(block, name);
	struct conf_words w = {.n = 1, .word = {value}, .file = "/etc/m.conf"};

	ck_assert_ptr_nonnull(row);
	return conf_value_set(row, base, &w, &bad);
}

START_TEST(times_need_a_unit_and_know_five)
{
	struct conf_node n = {0};

	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "0s"), CV_OK);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "1d"), CV_OK);
	ck_assert_uint_eq(n.sessions_idle_s, 86400);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "2h"), CV_OK);
	ck_assert_uint_eq(n.sessions_idle_s, 7200);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "5m"), CV_OK);
	ck_assert_uint_eq(n.sessions_idle_s, 300);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "7000ms"), CV_OK);
	ck_assert_uint_eq(n.sessions_idle_s, 7);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "0"), CV_BAD);
	ck_assert_str_eq(bad.hint, "did you mean 0s?");
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "1.5h"), CV_BAD);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "-1s"), CV_BAD);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "1S"), CV_BAD);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", "s"), CV_BAD);
	ck_assert_int_eq(set(&n, "sessions", "idle timeout", ""), CV_BAD);
	ck_assert_uint_eq(n.sessions_idle_s, 7);
}
END_TEST

START_TEST(numbers_beyond_64_bits_are_out_of_range)
{
	struct conf_node n = {0};

	ck_assert_int_eq(
	    set(&n, "sessions", "idle timeout", "213503982334602d"), CV_BAD);
	ck_assert_int_eq(
	    set(&n, "transport", "send buffer", "17179869184G"), CV_BAD);
	ck_assert_int_eq(
	    set(&n, "tunnel", "mtu", "18446744073709552000"), CV_BAD);
	ck_assert_int_eq(set(&n, "tunnel", "mtu", "4294968696"), CV_BAD);
	ck_assert_uint_eq(n.mtu, 0);
}
END_TEST

START_TEST(every_number_ends_at_its_range)
{
	char text[CONF_NUMBER_STRLEN];
	const struct conf_row *row;
	struct conf_node n;
	uint32_t v;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if (row->items != 0 || row->type < CT_INT ||
		    row->type > CT_RATE)
			continue;
		for (int edge = 0; edge < 4; edge++) {
			v = (edge & 1) != 0 ? row->max : row->min;
			if (edge == 2 && v-- == 0)
				continue;
			v += edge == 3;
			conf_number_format(row->type, v, text);
			memset(&n, 0, sizeof(n));
			ck_assert_msg((conf_number_parse(row, text, &v, &bad) ==
					  0) == (edge < 2),
			    "%s %s %s", row->block, row->name, text);
		}
	}
}
END_TEST

START_TEST(workers_are_a_number_or_auto)
{
	static const char *const no[] = {"5", "255", "all", "-1", "Auto", ""};
	struct conf_node n = {0};
	char text[CONF_VALUE_STRLEN];

	ck_assert_int_eq(set(&n, "engine", "workers", "4"), CV_OK);
	ck_assert_uint_eq(n.workers, 4);
	ck_assert_int_eq(set(&n, "engine", "workers", "auto"), CV_OK);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_int_eq(set(&n, "engine", "workers", no[i]), CV_BAD);
	ck_assert_uint_eq(n.workers, CONF_AUTO);
	conf_value_format(
	    conf_row_named("engine", "workers"), &n, 0, text, sizeof(text));
	ck_assert_str_eq(text, "auto");
}
END_TEST

START_TEST(the_mtu_is_a_number_or_auto)
{
	struct conf_node n = {.mtu_limit = 1440};
	char text[CONF_VALUE_STRLEN];

	ck_assert_int_eq(set(&n, "tunnel", "mtu", "1300"), CV_OK);
	ck_assert_uint_eq(conf_mtu(&n), 1300);
	ck_assert_int_eq(set(&n, "tunnel", "mtu", "auto"), CV_OK);
	ck_assert_uint_eq(conf_mtu(&n), 1440);
	ck_assert_int_eq(set(&n, "tunnel", "mtu", "255"), CV_BAD);
	ck_assert_int_eq(set(&n, "tunnel", "mtu limit", "1279"), CV_BAD);
	conf_value_format(
	    conf_row_named("tunnel", "mtu"), &n, 0, text, sizeof(text));
	ck_assert_str_eq(text, "auto");
}
END_TEST

START_TEST(numbers_come_back_from_their_text)
{
	uint64_t seed = test_seed();
	struct conf_row row = {.name = "x", .max = UINT32_MAX};
	char text[CONF_NUMBER_STRLEN];
	uint32_t v, got;

	for (int i = 0; i < 20000; i++) {
		row.type = (enum conf_type)test_between(&seed, CT_INT, CT_RATE);
		v = test_rnd(&seed, UINT32_MAX) >> test_rnd(&seed, 32);
		conf_number_format(row.type, v, text);
		ck_assert_int_eq(conf_number_parse(&row, text, &got, &bad), 0);
		ck_assert_uint_eq(got, v);
	}
}
END_TEST

START_TEST(sizes_are_octets_or_have_a_unit)
{
	struct conf_node n = {0};

	ck_assert_int_eq(set(&n, "transport", "send buffer", "65536"), CV_OK);
	ck_assert_uint_eq(n.send_buffer, 65536);
	ck_assert_int_eq(set(&n, "transport", "send buffer", "100K"), CV_OK);
	ck_assert_uint_eq(n.send_buffer, 102400);
	ck_assert_int_eq(set(&n, "transport", "send buffer", "4M"), CV_OK);
	ck_assert_uint_eq(n.send_buffer, 4194304);
}
END_TEST

START_TEST(names_are_letters_digits_and_inner_hyphens)
{
	static const char *const good[] = {"a", "0", "a-b", "A9", "x--y"};
	static const char *const no[] = {
	    "", "-a", "a-", "a_b", "a.b", "a b", "\xc3\xa4", "a\n", "%s"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert(conf_name_valid(good[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert(!conf_name_valid(no[i]));
}
END_TEST

START_TEST(a_device_is_safe_in_a_path_and_in_a_format)
{
	static const char *const no[] = {".", "..", "a/b", "mesh%d", "all",
	    "default", "lo", "-x", ".x", "a b", "a:1", "", "0123456789abcdef"};
	struct conf_node n = {0};

	ck_assert_int_eq(set(&n, "tunnel", "device", "mesh0.1_a-b"), CV_OK);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_int_eq(set(&n, "tunnel", "device", no[i]), CV_BAD);
	ck_assert_str_eq(n.device, "mesh0.1_a-b");
}
END_TEST

START_TEST(a_shorter_text_leaves_nothing_of_a_longer_one)
{
	struct conf_node n = {0};
	struct conf_node fresh = {0};

	set(&n, "identity", "key file", "/a/long/path/to/the.key");
	set(&n, "identity", "key file", "/k");
	set(&fresh, "identity", "key file", "/k");
	ck_assert_mem_eq(&n, &fresh, sizeof(n));
}
END_TEST

START_TEST(paths_are_relative_to_their_file)
{
	struct conf_node n = {0};
	char path[300];

	ck_assert_int_eq(set(&n, "identity", "key file", "k"), CV_OK);
	ck_assert_str_eq(n.key_file, "/etc/k");
	ck_assert_int_eq(set(&n, "identity", "key file", "/k"), CV_OK);
	ck_assert_str_eq(n.key_file, "/k");
	memset(path, 'x', 251);
	path[251] = '\0'; /* with /etc/ one too many */
	ck_assert_int_eq(set(&n, "identity", "key file", path), CV_BAD);
	path[250] = '\0';
	ck_assert_int_eq(set(&n, "identity", "key file", path), CV_OK);
}
END_TEST

START_TEST(a_mapped_address_of_a_peer_is_refused)
{
	struct conf_peer p;

	conf_peer_defaults(&p);
	ck_assert_int_eq(
	    set(&p, "peer", "address", "::ffff:10.77.0.2"), CV_BAD);
	ck_assert_int_eq(
	    set(&p, "peer", "allowed prefixes", "::ffff:10.77.0.0/112"),
	    CV_BAD);
	ck_assert_uint_eq(p.nallowed, 0);
}
END_TEST

START_TEST(point_to_point_addresses_are_hosts)
{
	struct conf_node n = {0};

	ck_assert_int_eq(set(&n, "tunnel", "address", "10.77.0.0/31"), CV_OK);
	ck_assert_int_eq(set(&n, "tunnel", "address", "10.77.0.255/32"), CV_OK);
	ck_assert_int_eq(set(&n, "tunnel", "address", "fd00::/127"), CV_OK);
	ck_assert_int_eq(set(&n, "tunnel", "address", "fd00::/64"), CV_BAD);
	ck_assert_int_eq(set(&n, "tunnel", "address", "10.77.0.4/30"), CV_BAD);
	ck_assert_int_eq(set(&n, "tunnel", "address", "10.77.0.7/30"), CV_BAD);
	ck_assert_int_eq(set(&n, "tunnel", "address", "10.77.0.6/30"), CV_OK);
}
END_TEST

START_TEST(levels_are_those_of_the_log)
{
	struct conf_node n = {0};

	for (int l = LOG_L_ERROR; l <= LOG_L_DEBUG; l++) {
		ck_assert_int_eq(
		    set(&n, "log", "level", log_level_name((enum log_level)l)),
		    CV_OK);
		ck_assert_int_eq(n.log_level, l);
	}
}
END_TEST

/* RFC 4648 by hand: 32 octets 0..31, and all bits set. */
START_TEST(offload_has_the_steps_of_the_kernel)
{
	const struct conf_row *row = conf_row_named("tunnel", "offload");
	const char *const words[] = {"yes", "tso", "csum", "no"};
	char text[CONF_VALUE_STRLEN];
	struct conf_node n = {0};
	unsigned taken = 0;

	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(set(&n, "tunnel", "offload", words[i]), CV_OK);
		conf_value_format(row, &n, 0, text, sizeof(text));
		ck_assert_str_eq(text, words[i]);
	}
	for (unsigned v = 0; v < 256; v++) {
		n.offload = (uint8_t)v;
		taken += conf_value_valid(row, &n);
	}
	ck_assert_uint_eq(taken, 4);
	ck_assert_int_eq(set(&n, "tunnel", "offload", "on"), CV_BAD);
	ck_assert_str_eq(bad.hint, "did you mean yes?");
	ck_assert_int_eq(set(&n, "tunnel", "offload", "off"), CV_BAD);
	ck_assert_str_eq(bad.hint, "did you mean no?");
	ck_assert_int_eq(set(&n, "tunnel", "offload", "hardware"), CV_BAD);
	ck_assert_str_eq(bad.hint, "yes, tso, csum or no");
}
END_TEST

START_TEST(keys_are_canonical_base64)
{
	static const char count[] =
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
	static const char ones[] =
	    "//////////////////////////////////////////8=";
	uint8_t key[32];
	char text[45];

	ck_assert_int_eq(key_parse(count, key), 0);
	for (int i = 0; i < 32; i++)
		ck_assert_int_eq(key[i], i);
	ck_assert_str_eq(key_format(key, text), count);
	ck_assert_int_eq(key_parse(ones, key), 0);
	for (int i = 0; i < 32; i++)
		ck_assert_int_eq(key[i], 255);
	ck_assert_str_eq(key_format(key, text), ones);
}
END_TEST

START_TEST(anything_else_is_no_key)
{
	static const char *const no[] = {"", "=", "AAEC",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+=",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH=8=",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
	    " AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-="};
	uint8_t key[32];

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(key_parse(no[i], key) == -1, "%s", no[i]);
}
END_TEST

START_TEST(random_keys_come_back_from_their_text)
{
	uint64_t seed = test_seed();
	uint8_t in[32], out[32];
	char text[45];

	for (int i = 0; i < 2000; i++) {
		for (int j = 0; j < 32; j++)
			in[j] = (uint8_t)test_rnd(&seed, 256);
		ck_assert_int_eq(key_parse(key_format(in, text), out), 0);
		ck_assert_mem_eq(in, out, 32);
	}
}
END_TEST

START_TEST(options_are_matched_by_their_longest_name)
{
	static const char *const w[] = {"handshakes", "per", "source", "20/s"};
	const struct conf_row *row;
	unsigned used;

	row = conf_row_match("limits", w, 4, &used);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(used, 3);
	ck_assert_str_eq(row->name, "handshakes per source");
	ck_assert_ptr_null(conf_row_match("limits", w, 2, &used));
	ck_assert_ptr_null(conf_row_match("log", w, 4, &used));
}
END_TEST

START_TEST(a_near_word_is_found_and_a_far_one_is_not)
{
	unsigned edits;

	ck_assert(conf_near("keepalve", "keepalive", &edits));
	ck_assert_uint_eq(edits, 1);
	ck_assert(conf_near("prot", "port", &edits));
	ck_assert_uint_eq(edits, 1);
	ck_assert(!conf_near("weather", "tunnel", &edits));
	ck_assert(!conf_near("", "socket", &edits));
}
END_TEST

START_TEST(the_table_has_every_option_once_and_in_blocks)
{
	const struct conf_row *a, *b;

	for (size_t i = 0; i < conf_nrows(); i++) {
		a = conf_row(i);
		ck_assert_uint_eq(conf_row_index(a), i);
		ck_assert_ptr_eq(conf_row_named(a->block, a->name), a);
		ck_assert(a->help[0] != '\0');
		for (size_t j = i + 1; j < conf_nrows(); j++) {
			b = conf_row(j);
			if (strcmp(a->block, b->block) == 0)
				ck_assert_str_eq(
				    conf_row(j - 1)->block, a->block);
		}
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_value");

	tcase_add_test(tc, times_need_a_unit_and_know_five);
	tcase_add_test(tc, numbers_beyond_64_bits_are_out_of_range);
	tcase_add_test(tc, every_number_ends_at_its_range);
	tcase_add_test(tc, workers_are_a_number_or_auto);
	tcase_add_test(tc, the_mtu_is_a_number_or_auto);
	tcase_add_test(tc, numbers_come_back_from_their_text);
	tcase_add_test(tc, sizes_are_octets_or_have_a_unit);
	tcase_add_test(tc, names_are_letters_digits_and_inner_hyphens);
	tcase_add_test(tc, a_device_is_safe_in_a_path_and_in_a_format);
	tcase_add_test(tc, a_shorter_text_leaves_nothing_of_a_longer_one);
	tcase_add_test(tc, paths_are_relative_to_their_file);
	tcase_add_test(tc, a_mapped_address_of_a_peer_is_refused);
	tcase_add_test(tc, point_to_point_addresses_are_hosts);
	tcase_add_test(tc, levels_are_those_of_the_log);
	tcase_add_test(tc, offload_has_the_steps_of_the_kernel);
	tcase_add_test(tc, keys_are_canonical_base64);
	tcase_add_test(tc, anything_else_is_no_key);
	tcase_add_test(tc, random_keys_come_back_from_their_text);
	tcase_add_test(tc, options_are_matched_by_their_longest_name);
	tcase_add_test(tc, a_near_word_is_found_and_a_far_one_is_not);
	tcase_add_test(tc, the_table_has_every_option_once_and_in_blocks);
	return run_suite("conf_value", tc);
}
