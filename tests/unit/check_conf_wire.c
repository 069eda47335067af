/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_wire.c */
/* CONF_NODE and CONF_PEER: what goes in comes out, and nothing else does. */
#include "conf_help.h"

static uint8_t mem[IPC_BODY_MAX + 1];

static size_t
put_node(const struct conf_node *n)
{
	struct wbuf w;

	wbuf_init(&w, mem, IPC_BODY_MAX);
	conf_node_put(&w, n);
	ck_assert_int_eq(wbuf_done(&w), 0);
	return w.len;
}

static size_t
put_peer(const struct conf_peer *p)
{
	struct wbuf w;

	wbuf_init(&w, mem, IPC_BODY_MAX);
	conf_peer_put(&w, p);
	ck_assert_int_eq(wbuf_done(&w), 0);
	return w.len;
}

/* From an exact-size copy, so that a read too far is seen. */
static int
get_node(size_t len, struct conf_node *n)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	struct rbuf r;
	int ret;

	memcpy(copy, mem, len);
	rbuf_init(&r, copy, len);
	ret = conf_node_get(&r, n);
	free(copy);
	return ret;
}

static int
get_peer(size_t len, struct conf_peer *p)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	struct rbuf r;
	int ret;

	memcpy(copy, mem, len);
	rbuf_init(&r, copy, len);
	ret = conf_peer_get(&r, p);
	free(copy);
	return ret;
}

START_TEST(random_configurations_come_back_from_frames)
{
	uint64_t seed = test_seed();
	struct conf c, d;

	for (int i = 0; i < 300; i++) {
		test_conf(&seed, &c);
		memset(&d, 0, sizeof(d));
		ck_assert_int_eq(get_node(put_node(&c.node), &d.node), 0);
		d.peer = calloc(c.npeers + 1, sizeof(*d.peer));
		for (; d.npeers < c.npeers; d.npeers++)
			ck_assert_int_eq(get_peer(put_peer(&c.peer[d.npeers]),
					     &d.peer[d.npeers]),
			    0);
		assert_conf_eq(&c, &d);
		conf_clear(&c);
		conf_clear(&d);
	}
}
END_TEST

START_TEST(the_largest_ones_fit_a_frame)
{
	uint64_t seed = 1;
	struct conf c;

	test_conf(&seed, &c);
	memset(c.node.key_file, 'x', CONF_PATH_MAX - 1);
	c.node.key_file[CONF_PATH_MAX - 1] = '\0';
	for (unsigned i = 0; i < CONF_PREFIXES_MAX; i++)
		c.node.subnet[i] = c.node.route[i] = c.node.export[i] =
		    test_net(&seed, i + 1);
	for (unsigned i = 0; i < CONF_RULES_MAX; i++) {
		struct conf_rule *r = &c.node.rule[i];

		*r = (struct conf_rule){
		    .who = CONF_PEER, .nports = CONF_RULE_PORTS};
		memset(r->name, 'x', CONF_NAME_MAX - 1);
		r->near = test_host(&seed, i);
		for (unsigned k = 0; k < CONF_RULE_PORTS; k++)
			r->port[k] = (struct conf_ports){1, 65535};
	}
	c.node.nrules = CONF_RULES_MAX;
	for (unsigned i = 0; i < CONF_CLASSES_MAX; i++) {
		struct conf_qos_class *q = &c.node.class[i];

		*q = (struct conf_qos_class){
		    .dscp = UINT64_C(1) << i, .weight = 1, .queue = 1};
		memset(q->name, (char)('x' + i), CONF_NAME_MAX - 1);
	}
	c.node.nclasses = CONF_CLASSES_MAX;
	c.node.nsubnets = c.node.nroutes = c.node.nexports = CONF_PREFIXES_MAX;
	ck_assert_uint_le(put_node(&c.node), IPC_BODY_MAX);
	ck_assert_int_eq(get_node(put_node(&c.node), &c.node), 0);
	conf_clear(&c);
}
END_TEST

START_TEST(a_peer_with_all_its_prefixes_fits_a_frame)
{
	struct conf_peer p = {.name = "a", .key = {1}}, q;
	uint64_t seed = 1;

	p.allowed = calloc(CONF_ALLOWED_MAX, sizeof(*p.allowed));
	for (; p.nallowed < CONF_ALLOWED_MAX; p.nallowed++)
		p.allowed[p.nallowed] = test_net(&seed, p.nallowed + 1u);
	for (; p.nendpoints < CONF_ENDPOINTS_MAX; p.nendpoints++)
		p.endpoint[p.nendpoints] =
		    test_endpoint(&seed, p.nendpoints + 1u);
	ck_assert_int_eq(get_peer(put_peer(&p), &q), 0);
	ck_assert_uint_eq(q.nallowed, CONF_ALLOWED_MAX);
	ck_assert_mem_eq(
	    p.allowed, q.allowed, CONF_ALLOWED_MAX * sizeof(*p.allowed));
	conf_peer_clear(&p);
	conf_peer_clear(&q);
}
END_TEST

START_TEST(the_public_form_has_no_secret)
{
	struct conf_peer p = {.name = "a", .key = {1}, .has_psk = true}, q;
	struct wbuf w;

	memset(p.psk, 0x5a, sizeof(p.psk));
	snprintf(p.psk_file, sizeof(p.psk_file), "/etc/a.psk");
	wbuf_init(&w, mem, IPC_BODY_MAX);
	conf_peer_put_public(&w, &p);
	ck_assert_ptr_null(memchr(mem, 0x5a, w.len));
	ck_assert_int_eq(get_peer(w.len, &q), 0);
	ck_assert(!q.has_psk);
	ck_assert_str_eq(q.psk_file, "");
	ck_assert_uint_ge(w.len, 64);
	conf_peer_clear(&q);
}
END_TEST

START_TEST(every_truncation_and_an_octet_too_many_are_refused)
{
	uint64_t seed = test_seed();
	struct conf_node n;
	struct conf_peer p;
	struct conf c;
	size_t len;

	test_conf(&seed, &c);
	len = put_node(&c.node);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(get_node(i, &n), -1);
	mem[len] = 0;
	ck_assert_int_eq(get_node(len + 1, &n), -1);
	c.npeers = c.npeers == 0 ? 1 : c.npeers;
	conf_peer_clear(&c.peer[0]);
	test_peer(&seed, 7, &c.peer[0]);
	len = put_peer(&c.peer[0]);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(get_peer(i, &p), -1);
	mem[len] = 0;
	ck_assert_int_eq(get_peer(len + 1, &p), -1);
	conf_clear(&c);
}
END_TEST

/* What the parser would have refused must not come in by another door. */
static void
refused_node(void (*spoil)(struct conf_node *))
{
	struct conf c;
	struct conf_node n;

	conf_defaults(&c, "alpha", "/run/mesh");
	ck_assert_int_eq(get_node(put_node(&c.node), &n), 0);
	spoil(&c.node);
	ck_assert_int_eq(get_node(put_node(&c.node), &n), -1);
	ck_assert_str_eq(n.name, "");
}

static void
device_path(struct conf_node *n)
{
	snprintf(n->device, sizeof(n->device), "../x");
}

static void
mtu_small(struct conf_node *n)
{
	n->mtu = 575;
}

static void
many_workers(struct conf_node *n)
{
	n->workers = CONF_AUTO - 1;
}

static void
default_route(struct conf_node *n)
{
	n->nroutes = 1;
	n->route[0] = (struct prefix){.addr = {.family = 4}};
}

static void
host_bits(struct conf_node *n)
{
	n->nsubnets = 1;
	n->subnet[0] = (struct prefix){
	    .addr = {.family = 4, .b = {10, 0, 0, 1}}, .len = 8};
}

static void
no_listen(struct conf_node *n)
{
	n->nlisten = 0;
}

static void
ports_unsorted(struct conf_node *n)
{
	n->nports = 2;
	n->port[0] = 9;
	n->port[1] = 8;
}

static void
level_unknown(struct conf_node *n)
{
	n->log_level = 4;
}

static void
socket_long(struct conf_node *n)
{
	memset(n->socket, 'x', 108);
	n->socket[108] = '\0';
}

static void
name_empty(struct conf_node *n)
{
	n->name[0] = '\0';
}

START_TEST(what_the_parser_refuses_is_refused_as_a_frame)
{
	refused_node(device_path);
	refused_node(mtu_small);
	refused_node(many_workers);
	refused_node(default_route);
	refused_node(host_bits);
	refused_node(no_listen);
	refused_node(ports_unsorted);
	refused_node(level_unknown);
	refused_node(socket_long);
	refused_node(name_empty);
}
END_TEST

START_TEST(a_peer_needs_a_name_and_a_key)
{
	struct conf_peer p = {.name = "a", .key = {1}}, q;

	ck_assert_int_eq(get_peer(put_peer(&p), &q), 0);
	conf_peer_clear(&q);
	p.key[0] = 0;
	ck_assert_int_eq(get_peer(put_peer(&p), &q), -1);
	p.key[0] = 1;
	snprintf(p.name, sizeof(p.name), "a b");
	ck_assert_int_eq(get_peer(put_peer(&p), &q), -1);
	ck_assert_ptr_null(q.allowed);
}
END_TEST

START_TEST(flipped_octets_never_leave_the_arrays)
{
	uint64_t seed = test_seed();
	struct conf_node n;
	struct conf_peer p;
	struct conf c;
	size_t len, peer;

	for (int i = 0; i < 3000; i++) {
		test_conf(&seed, &c);
		len = put_node(&c.node);
		mem[test_rnd(&seed, (uint32_t)len)] =
		    (uint8_t)test_rnd(&seed, 256);
		if (get_node(len, &n) == 0)
			ck_assert_uint_le(n.nports, CONF_PORTS_MAX);
		for (peer = 0; peer < c.npeers && peer < 3; peer++) {
			len = put_peer(&c.peer[peer]);
			mem[test_rnd(&seed, (uint32_t)len)] =
			    (uint8_t)test_rnd(&seed, 256);
			if (get_peer(len, &p) == 0)
				conf_peer_clear(&p);
		}
		conf_clear(&c);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_wire");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, random_configurations_come_back_from_frames);
	tcase_add_test(tc, the_largest_ones_fit_a_frame);
	tcase_add_test(tc, a_peer_with_all_its_prefixes_fits_a_frame);
	tcase_add_test(tc, the_public_form_has_no_secret);
	tcase_add_test(tc, every_truncation_and_an_octet_too_many_are_refused);
	tcase_add_test(tc, what_the_parser_refuses_is_refused_as_a_frame);
	tcase_add_test(tc, a_peer_needs_a_name_and_a_key);
	tcase_add_test(tc, flipped_octets_never_leave_the_arrays);
	return run_suite("conf_wire", tc);
}
