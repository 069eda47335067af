/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_turn.c */
/* A TURN server in the configuration: what belongs together, and who gets the
 * password. */
#include "conf_help.h"

#define TUNNEL "tunnel { address 10.9.0.1/24 }\n"
#define TURN                                                                   \
	TUNNEL                                                                 \
	"nat { turn server 192.0.2.20 port 3478, turn user \"17:u@x\"\n"       \
	"turn password file pw }\n"

static struct conf_diags ds;
static const char *given;

static int
give(void *ctx, const char *path, char *out, size_t cap, char *err, size_t ecap)
{
	(void)ctx;
	(void)err;
	(void)ecap;
	ck_assert_str_eq(path, "pw");
	snprintf(out, cap, "%s", given);
	return 0;
}

static bool
said(const char *what)
{
	for (uint32_t i = 0; i < ds.n; i++)
		if (strstr(ds.d[i].message, what) != NULL)
			return true;
	return false;
}

static int
parse(const char *text, struct conf *c)
{
	const struct conf_reader r = {.password = give};

	conf_defaults(c, "alpha", "/run/mesh");
	return conf_parse("m.conf", text, strlen(text), &r, NULL, 0, c, &ds);
}

START_TEST(server_user_and_password_are_read)
{
	struct conf c;

	given = "pass word";
	ck_assert_int_eq(parse(TURN, &c), 0);
	ck_assert_uint_eq(c.node.nturn, 1);
	ck_assert_uint_eq(c.node.turn[0].port, 3478);
	ck_assert_str_eq(c.node.turn_user, "17:u@x");
	ck_assert_str_eq(c.node.turn_password, "pass word");
	conf_clear(&c);
}
END_TEST

START_TEST(a_password_is_a_line)
{
	static const char *const bad[] = {"", "two\nlines", "\x7f"};
	struct conf c;

	for (size_t i = 0; i < 3; i++) {
		given = bad[i];
		ck_assert_int_eq(parse(TURN, &c), -1);
		ck_assert(said("printable characters"));
	}
}
END_TEST

START_TEST(a_server_needs_user_and_password)
{
	struct conf c;

	given = "x";
	ck_assert_int_eq(
	    parse(TUNNEL "nat { turn server 192.0.2.20 port 3478 }\n", &c), -1);
	ck_assert(said("turn user"));
	ck_assert_int_eq(parse(TUNNEL "nat { turn user u }\n", &c), 0);
	ck_assert(said("there is no turn server"));
	conf_clear(&c);
}
END_TEST

#define PIN "AQIDBAUGBwgBAgMEBQYHCAECAwQFBgcIAQIDBAUGBwg="

START_TEST(tls_needs_the_servers_key)
{
	struct conf c;

	given = "x";
	ck_assert_int_eq(parse(TURN, &c), 0);
	ck_assert_uint_eq(c.node.turn_transport, CONF_TURN_UDP);
	ck_assert(!conf_wants_tls(&c.node));
	conf_clear(&c);
	ck_assert_int_eq(parse(TURN "nat { turn transport tls }\n", &c), -1);
	ck_assert(said("needs turn pin"));
	ck_assert_int_eq(
	    parse(
		TURN "nat { turn transport tls, turn pin \"" PIN "\" }\n", &c),
	    0);
	ck_assert_uint_eq(c.node.turn_transport, CONF_TURN_TLS);
	ck_assert_uint_eq(c.node.nturn_pins, 1);
	ck_assert_uint_eq(c.node.turn_pin[0][31], 8);
	ck_assert(conf_wants_tls(&c.node));
	conf_clear(&c);
	ck_assert_int_eq(parse(TURN "nat { turn transport auto }\n", &c), 0);
	ck_assert(conf_wants_tls(&c.node));
	conf_clear(&c);
	ck_assert_int_eq(parse(TURN "nat { turn pin \"" PIN "\" }\n", &c), 0);
	ck_assert(said("turn transport tls and auto"));
	conf_clear(&c);
	ck_assert_int_eq(parse(TURN "nat { turn transport yes }\n", &c), -1);
}
END_TEST

START_TEST(the_password_travels_in_a_frame_of_its_own)
{
	static uint8_t mem[IPC_BODY_MAX];
	static struct conf_node n;
	struct conf c;
	struct wbuf w;
	struct rbuf r;

	given = "verysecret";
	ck_assert_int_eq(parse(TURN, &c), 0);
	wbuf_init(&w, mem, sizeof(mem));
	conf_node_put(&w, &c.node);
	ck_assert_int_eq(wbuf_done(&w), 0);
	ck_assert_ptr_null(memmem(mem, w.len, given, strlen(given)));
	rbuf_init(&r, mem, w.len);
	ck_assert_int_eq(conf_node_get(&r, &n), 0);
	ck_assert_str_eq(n.turn_user, "17:u@x");
	ck_assert_str_eq(n.turn_file, "pw");
	wbuf_init(&w, mem, sizeof(mem));
	conf_turn_put(&w, &c.node);
	rbuf_init(&r, mem, w.len);
	ck_assert_int_eq(conf_turn_get(&r, &n), 0);
	ck_assert_str_eq(n.turn_password, given);
	mem[2] = '\n';
	rbuf_init(&r, mem, w.len);
	ck_assert_int_eq(conf_turn_get(&r, &n), -1);
	ck_assert_str_eq(n.turn_password, "");
	conf_clear(&c);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_turn");

	tcase_add_test(tc, server_user_and_password_are_read);
	tcase_add_test(tc, a_password_is_a_line);
	tcase_add_test(tc, a_server_needs_user_and_password);
	tcase_add_test(tc, tls_needs_the_servers_key);
	tcase_add_test(tc, the_password_travels_in_a_frame_of_its_own);
	return run_suite("conf_turn", tc);
}
