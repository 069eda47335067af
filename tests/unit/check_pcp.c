/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_pcp.c */
/* The client of PCP and NAT-PMP against a gateway of this file. */
#include "unit.h"

#include <string.h>

#include "pcp.h"

#define T0 5000000

struct gate {
	struct pcp pcp;
	uint64_t now, born_ms;
	bool dead, no_pcp, mute; /* mute: PCP is not even refused */
	uint8_t code, ip[4];
	uint16_t port;
	uint32_t life_s;
	unsigned asked, deleted;
	uint8_t out[8][64];
	size_t len[8];
	unsigned n;
};

static const struct addr gateway = {4, {10, 0, 0, 1}};
static const struct addr source = {4, {10, 0, 0, 2}};

static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0x5a, len);
}

static void
put32(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint8_t *
push(struct gate *g, size_t len)
{
	ck_assert_uint_lt(g->n, 8);
	memset(g->out[g->n], 0, 64);
	g->len[g->n] = len;
	return g->out[g->n++];
}

static void
serve_pcp(struct gate *g, const uint8_t *q)
{
	uint8_t *a;

	if (g->mute)
		return;
	if (g->no_pcp) { /* in the words of NAT-PMP */
		a = push(g, 8);
		a[1] = 0x81;
		a[3] = 1;
		return;
	}
	a = push(g, 60);
	memcpy(a, q, 60);
	a[1] = 0x81;
	a[3] = g->code;
	put32(a + 4, g->life_s);
	put32(a + 8, (g->now - g->born_ms) / 1000);
	memset(a + 12, 0, 12);
	a[42] = (uint8_t)(g->port >> 8);
	a[43] = (uint8_t)g->port;
	memset(a + 44, 0, 10);
	a[54] = a[55] = 0xff;
	memcpy(a + 56, g->ip, 4);
}

static void
serve_natpmp(struct gate *g, const uint8_t *q, size_t len)
{
	uint8_t *a = push(g, len == 2 ? 12 : 16);

	a[1] = (uint8_t)(0x80 | q[1]);
	a[3] = g->code;
	put32(a + 4, (g->now - g->born_ms) / 1000);
	if (len == 2) {
		memcpy(a + 8, g->ip, 4);
		return;
	}
	memcpy(a + 8, q + 4, 2);
	a[10] = (uint8_t)(g->port >> 8);
	a[11] = (uint8_t)g->port;
	put32(a + 12, g->life_s);
}

static int
send_to(void *ctx, const uint8_t *q, size_t len)
{
	struct gate *g = ctx;
	bool pcp = q[0] == 2;

	g->asked++;
	ck_assert(pcp ? len == 60 : (q[0] == 0 && (len == 2 || len == 12)));
	if (len != 2 && memcmp(q + (pcp ? 4 : 8), "\0\0\0", 4) == 0) {
		g->deleted++;
		return 0;
	}
	if (g->dead)
		return 0;
	if (pcp)
		serve_pcp(g, q);
	else
		serve_natpmp(g, q, len);
	return 0;
}

static void
deliver(struct gate *g)
{
	for (unsigned i = 0; i < g->n; i++)
		(void)pcp_receive(&g->pcp, g->now, g->out[i], g->len[i]);
	g->n = 0;
}

static void
run(struct gate *g, uint64_t ms)
{
	uint64_t end = g->now + ms, due;

	deliver(g);
	while ((due = pcp_due(&g->pcp)) <= end) {
		g->now = due > g->now ? due : g->now;
		pcp_tick(&g->pcp, g->now);
		deliver(g);
	}
	g->now = end;
}

static struct gate *
fresh(void)
{
	struct gate *g = calloc(1, sizeof(*g));
	const struct pcp_io io = {
	    .ctx = g, .send = send_to, .rnd = {.fill = fill}};

	g->now = T0;
	g->port = 4444;
	g->life_s = 7200;
	memcpy(g->ip, "\x09\x08\x07\x06", 4);
	pcp_init(&g->pcp, &io);
	return g;
}

static void
start(struct gate *g)
{
	pcp_configure(&g->pcp, g->now, &gateway, &source, 51820);
	run(g, 100);
}

static void
is_mapped(const struct gate *g, enum pcp_protocol by)
{
	ck_assert_int_eq(g->pcp.state, PCP_UP);
	ck_assert_int_eq(g->pcp.protocol, by);
	ck_assert_uint_eq(g->pcp.external.port, 4444);
	ck_assert_int_eq(g->pcp.external.addr.family, 4);
	ck_assert_mem_eq(g->pcp.external.addr.b, g->ip, 4);
}

START_TEST(a_port_is_mapped_by_pcp)
{
	struct gate *g = fresh();

	start(g);
	is_mapped(g, PCP_PCP);
	ck_assert_uint_eq(g->asked, 1);
	ck_assert_uint_eq(pcp_left_s(&g->pcp, g->now), 7199);
	free(g);
}
END_TEST

START_TEST(a_gateway_without_pcp_is_asked_by_nat_pmp)
{
	struct gate *g = fresh();

	g->no_pcp = true;
	start(g);
	is_mapped(g, PCP_NATPMP);
	ck_assert_uint_eq(g->asked, 3);
	free(g);
	g = fresh();
	g->mute = true;
	start(g);
	ck_assert_int_eq(g->pcp.state, PCP_ASKING);
	run(g, 16000);
	is_mapped(g, PCP_NATPMP);
	free(g);
}
END_TEST

START_TEST(a_silent_gateway_is_left_alone)
{
	struct gate *g = fresh();

	g->dead = true;
	start(g);
	run(g, 40000);
	ck_assert_int_eq(g->pcp.state, PCP_WAIT);
	ck_assert(g->pcp.silent);
	ck_assert_uint_eq(g->asked, 2 * PCP_TRIES);
	run(g, 86400000);
	ck_assert_uint_lt(g->asked, 400); /* a dozen an hour */
	g->dead = false;
	pcp_check(&g->pcp, g->now);
	run(g, 100);
	is_mapped(g, PCP_PCP);
	free(g);
}
END_TEST

START_TEST(a_refusal_waits_as_long_as_it_says)
{
	struct gate *g = fresh();

	g->code = 2;
	g->life_s = 1800;
	start(g);
	ck_assert_int_eq(g->pcp.state, PCP_WAIT);
	ck_assert_uint_eq(g->pcp.code, 2);
	run(g, 1790000);
	ck_assert_uint_eq(g->asked, 1);
	run(g, 20000);
	ck_assert_uint_eq(g->asked, 2);
	free(g);
}
END_TEST

START_TEST(it_is_renewed_at_half_of_its_life)
{
	struct gate *g = fresh();

	g->life_s = 120;
	start(g);
	run(g, 59000);
	ck_assert_uint_eq(g->asked, 1);
	run(g, 2000);
	ck_assert_uint_eq(g->asked, 2);
	ck_assert_uint_ge(pcp_left_s(&g->pcp, g->now), 118);
	g->pcp.news = 0;
	run(g, 3600000);
	ck_assert_uint_eq(g->pcp.lost, 0);
	ck_assert_uint_eq(g->pcp.news, 0);
	g->dead = true; /* and is lost when nobody answers */
	run(g, 120000);
	ck_assert_int_ne(g->pcp.state, PCP_UP);
	ck_assert((g->pcp.news & PCP_N_LOST) != 0);
	free(g);
}
END_TEST

START_TEST(a_gateway_that_forgot_is_noticed)
{
	for (int natpmp = 0; natpmp < 2; natpmp++) {
		struct gate *g = fresh();

		g->no_pcp = natpmp;
		start(g);
		run(g, 100000);
		g->pcp.news = 0;
		g->born_ms = g->now - 1000;
		pcp_check(&g->pcp, g->now);
		run(g, 100);
		is_mapped(g, natpmp ? PCP_NATPMP : PCP_PCP);
		ck_assert_uint_ge(g->pcp.lost, 1);
		ck_assert((g->pcp.news & PCP_N_LOST) != 0);
		free(g);
	}
}
END_TEST

START_TEST(another_external_address_is_news)
{
	struct gate *g = fresh();

	start(g);
	g->pcp.news = 0;
	g->ip[3] = 99;
	run(g, PCP_CHECK_MS + 1000);
	is_mapped(g, PCP_PCP);
	ck_assert((g->pcp.news & PCP_N_STATE) != 0);
	free(g);
}
END_TEST

START_TEST(it_is_given_back)
{
	struct gate *g = fresh();

	start(g);
	pcp_leave(&g->pcp);
	ck_assert_uint_eq(g->deleted, 1);
	ck_assert_uint_eq(pcp_due(&g->pcp), UINT64_MAX);
	/* and so it is when another one is wanted */
	start(g);
	pcp_configure(&g->pcp, g->now, &gateway, &source, 51821);
	ck_assert_uint_eq(g->deleted, 2);
	free(g);
}
END_TEST

START_TEST(what_is_no_answer_is_none)
{
	struct gate *g = fresh();
	uint8_t msg[60];

	pcp_configure(&g->pcp, g->now, &gateway, &source, 51820);
	memcpy(msg, g->out[0], 60);
	for (size_t n = 0; n < 60; n++)
		ck_assert(!pcp_receive(&g->pcp, g->now, msg, n));
	msg[24] ^= 1; /* the nonce */
	ck_assert(!pcp_receive(&g->pcp, g->now, msg, 60));
	msg[24] ^= 1;
	msg[40] ^= 1; /* the port */
	ck_assert(!pcp_receive(&g->pcp, g->now, msg, 60));
	msg[40] ^= 1;
	msg[1] = 1; /* a question */
	ck_assert(!pcp_receive(&g->pcp, g->now, msg, 60));
	msg[1] = 0x81;
	ck_assert(pcp_receive(&g->pcp, g->now, msg, 60));
	is_mapped(g, PCP_PCP);
	ck_assert(!pcp_receive(&g->pcp, g->now, msg, 60)); /* again */
	free(g);
}
END_TEST

START_TEST(private_addresses_are_known)
{
	static const uint8_t ours[][4] = {{10, 1, 1, 1}, {172, 16, 0, 1},
	    {172, 31, 0, 1}, {192, 168, 0, 1}, {100, 64, 0, 1},
	    {100, 127, 0, 1}};
	static const uint8_t others[][4] = {{11, 1, 1, 1}, {172, 32, 0, 1},
	    {192, 167, 0, 1}, {100, 128, 0, 1}, {9, 9, 9, 9}};
	struct addr a = {.family = 4};

	for (size_t i = 0; i < 6; i++) {
		memcpy(a.b, ours[i], 4);
		ck_assert(addr_is_private(&a));
	}
	for (size_t i = 0; i < 5; i++) {
		memcpy(a.b, others[i], 4);
		ck_assert(!addr_is_private(&a));
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_port_is_mapped_by_pcp,
	    a_gateway_without_pcp_is_asked_by_nat_pmp,
	    a_silent_gateway_is_left_alone,
	    a_refusal_waits_as_long_as_it_says,
	    it_is_renewed_at_half_of_its_life,
	    a_gateway_that_forgot_is_noticed,
	    another_external_address_is_news,
	    it_is_given_back,
	    what_is_no_answer_is_none,
	    private_addresses_are_known,
	};

	return UNIT_RUN("pcp", tests);
}
