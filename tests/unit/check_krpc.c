/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_krpc.c */
/* Messages of the DHT: those of BEP5 and BEP44, and everything that is wrong.
 */
#include <string.h>

#include "krpc.h"
#include "krpc_same.h"
#include "unit.h"

#define ID "abcdefghij0123456789"
#define HASH "mnopqrstuvwxyz123456"
#define K32 "0123456789abcdefghijklmnopqrstuv"
#define SIG64 K32 K32
#define ENTRY4 HASH "\1\2\3\4\32\341"

static struct krpc_msg m; /* of the last datagram parsed */

static enum krpc_fault
parse(const char *text)
{
	return krpc_parse(&m, (const uint8_t *)text, strlen(text));
}

static struct octets
octets(const char *s)
{
	return (struct octets){(const uint8_t *)s, strlen(s)};
}

static const uint8_t *
fixed(const char *s)
{
	return (const uint8_t *)s;
}

/* ---- reading ---- */

START_TEST(a_ping_is_read)
{
	ck_assert_int_eq(
	    parse("d1:ad2:id20:" ID "e1:q4:ping1:t2:aa1:y1:qe"), KRPC_FINE);
	ck_assert_int_eq(m.kind, KRPC_QUERY);
	ck_assert_int_eq(m.method, KRPC_PING);
	ck_assert(octets_eq(&m.t, "aa", 2));
	ck_assert_mem_eq(m.id, ID, 20);
	ck_assert_ptr_null(m.target);
	ck_assert_ptr_null(m.tag);
	ck_assert(!m.read_only);
	ck_assert_uint_eq(m.cas, KRPC_NO_CAS);
}
END_TEST

START_TEST(a_find_node_is_read_with_what_it_wants)
{
	ck_assert_int_eq(
	    parse("d1:ad2:id20:" ID "6:target20:" HASH
		  "4:wantl2:n42:n62:n9ee1:n8:TAGTAGTA1:q9:find_node"
		  "2:roi1e1:t1:x1:y1:qe"),
	    KRPC_FINE);
	ck_assert_int_eq(m.method, KRPC_FIND_NODE);
	ck_assert_mem_eq(m.target, HASH, 20);
	ck_assert(m.want4 && m.want6 && m.read_only);
	ck_assert_mem_eq(m.tag, "TAGTAGTA", 8);
}
END_TEST

START_TEST(an_answer_is_read_with_its_nodes)
{
	static const char text[] = "d2:ip6:\12\0\0\1\32\3411:rd2:id20:" ID
				   "5:nodes52:" ENTRY4 ENTRY4 "e1:t2:aa1:y1:re";
	struct dht_node n;

	ck_assert_int_eq(
	    krpc_parse(&m, fixed(text), sizeof(text) - 1), KRPC_FINE);
	ck_assert_int_eq(m.kind, KRPC_RESPONSE);
	ck_assert_uint_eq(krpc_nnodes(&m, 4), 2);
	ck_assert_uint_eq(krpc_nnodes(&m, 6), 0);
	krpc_node(&m, 4, 1, &n);
	ck_assert_mem_eq(n.id, HASH, 20);
	ck_assert_uint_eq(n.ep.port, 6881);
	ck_assert_mem_eq(n.ep.addr.b, "\1\2\3\4\0\0\0\0", 8);
	ck_assert_uint_eq(m.ip.addr.family, 4);
	ck_assert_uint_eq(m.ip.port, 6881);
}
END_TEST

START_TEST(a_get_peers_answer_counts_its_peers)
{
	ck_assert_int_eq(parse("d1:rd2:id20:" ID "5:token8:aoeusnth6:values"
			       "l6:axje.u6:idhtnm3:odde7:unknowni1ee"
			       "1:t2:aa1:y1:re"),
	    KRPC_FINE);
	ck_assert_uint_eq(m.nvalues, 2);
	ck_assert(octets_eq(&m.token, "aoeusnth", 8));
}
END_TEST

START_TEST(an_announcement_is_read)
{
	ck_assert_int_eq(
	    parse("d1:ad2:id20:" ID "12:implied_porti1e9:info_hash20:" HASH
		  "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer"
		  "1:t2:aa1:y1:qe"),
	    KRPC_FINE);
	ck_assert_int_eq(m.method, KRPC_ANNOUNCE);
	ck_assert_uint_eq(m.port, 6881);
	ck_assert(m.implied_port);
	ck_assert_mem_eq(m.target, HASH, 20);
}
END_TEST

START_TEST(an_error_is_read)
{
	ck_assert_int_eq(
	    parse("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee"),
	    KRPC_FINE);
	ck_assert_int_eq(m.kind, KRPC_ERROR);
	ck_assert_uint_eq(m.code, 201);
	ck_assert_uint_eq(m.text.len, 23);
	ck_assert_int_eq(parse("d1:eli201ee1:t2:aa1:y1:ee"), KRPC_FINE);
	ck_assert_ptr_null(m.text.p);
}
END_TEST

START_TEST(a_put_is_read_and_makes_an_item)
{
	struct dht_item i;

	ck_assert_int_eq(
	    parse("d1:ad3:casi0e2:id20:" ID "1:k32:" K32 "4:salt6:foobar"
		  "3:seqi1e3:sig64:" SIG64 "5:token2:xx1:v12:Hello World!e"
		  "1:q3:put1:t2:aa1:y1:qe"),
	    KRPC_FINE);
	ck_assert_uint_eq(m.cas, 0);
	ck_assert(octets_eq(&m.v, "12:Hello World!", 15));
	ck_assert_int_eq(krpc_item(&i, &m), KRPC_E_NONE);
	ck_assert(i.is_mutable);
	ck_assert_uint_eq(i.seq, 1);
	ck_assert_uint_eq(i.saltlen, 6);
	ck_assert_mem_eq(i.salt, "foobar", 6);
	ck_assert_uint_eq(i.vlen, 15);
	ck_assert_mem_eq(i.k, K32, 32);
	ck_assert_mem_eq(i.sig, SIG64, 64);
}
END_TEST

START_TEST(an_immutable_put_has_no_key)
{
	struct dht_item i;

	ck_assert_int_eq(parse("d1:ad2:id20:" ID "5:token2:xx1:vd1:ai1eee"
			       "1:q3:put1:t2:aa1:y1:qe"),
	    KRPC_FINE);
	ck_assert_int_eq(krpc_item(&i, &m), KRPC_E_NONE);
	ck_assert(!i.is_mutable);
	ck_assert_uint_eq(i.vlen, 8);
}
END_TEST

START_TEST(an_answer_without_a_whole_item_makes_none)
{
	struct dht_item i;

	ck_assert_int_eq(parse("d1:rd2:id20:" ID "3:seqi4e5:token2:xxe"
			       "1:t2:aa1:y1:re"),
	    KRPC_FINE);
	ck_assert(m.has_seq);
	ck_assert_int_eq(krpc_item(&i, &m), KRPC_E_PROTOCOL);
	ck_assert_int_eq(parse("d1:rd2:id20:" ID "1:k32:" K32 "1:v1:ae"
			       "1:t2:aa1:y1:re"),
	    KRPC_FINE);
	ck_assert_int_eq(krpc_item(&i, &m), KRPC_E_PROTOCOL);
}
END_TEST

START_TEST(what_is_too_long_for_an_item_has_a_code_of_its_own)
{
	uint8_t v[DHT_V_MAX + 1], salt[DHT_SALT_MAX + 1];
	struct krpc_msg put = {.k = fixed(K32),
	    .sig = fixed(SIG64),
	    .has_seq = true,
	    .v = {v, DHT_V_MAX},
	    .salt = {salt, DHT_SALT_MAX}};
	struct dht_item i;

	memset(v, 'x', sizeof(v));
	memset(salt, 's', sizeof(salt));
	ck_assert_int_eq(krpc_item(&i, &put), KRPC_E_NONE);
	put.v.len++;
	ck_assert_int_eq(krpc_item(&i, &put), KRPC_E_V);
	put.v.len--;
	put.salt.len++;
	ck_assert_int_eq(krpc_item(&i, &put), KRPC_E_SALT);
}
END_TEST

START_TEST(an_unknown_query_is_known_by_its_target)
{
	ck_assert_int_eq(parse("d1:ad2:id20:" ID "6:target20:" HASH
			       "e1:q5:dance1:t2:aa1:y1:qe"),
	    KRPC_FINE);
	ck_assert_int_eq(m.method, KRPC_OTHER);
	ck_assert_mem_eq(m.target, HASH, 20);
	ck_assert_int_eq(parse("d1:ad2:id20:" ID "9:info_hash20:" HASH
			       "e1:q5:dance1:t2:aa1:y1:qe"),
	    KRPC_FINE);
	ck_assert_mem_eq(m.target, HASH, 20);
	ck_assert_int_eq(
	    parse("d1:ad2:id20:" ID "e1:q5:dance1:t2:aa1:y1:qe"), KRPC_FINE);
	ck_assert_ptr_null(m.target);
}
END_TEST

START_TEST(unsorted_and_doubled_keys_are_taken_and_the_first_counts)
{
	ck_assert_int_eq(
	    parse("d1:y1:q1:t2:aa1:q4:ping1:q3:get1:ad1:x0:2:id20:" ID
		  "2:id20:" HASH "ee"),
	    KRPC_FINE);
	ck_assert_int_eq(m.method, KRPC_PING);
	ck_assert_mem_eq(m.id, ID, 20);
}
END_TEST

/* A foreign "n" is no tag of ours, and a port came later to "ip". */
START_TEST(what_others_use_differently_does_no_harm)
{
	ck_assert_int_eq(parse("d1:ad2:id20:" ID "3:seqi1e4:port3:abce1:ni7e"
			       "1:q4:ping1:t2:aa1:vi0e1:y1:qe"),
	    KRPC_FINE);
	ck_assert_ptr_null(m.tag);
	ck_assert_int_eq(
	    parse("d2:ip4:abcd1:rd2:id20:" ID "e1:t1:a1:y1:re"), KRPC_FINE);
	ck_assert_uint_eq(m.ip.addr.family, 4);
	ck_assert_uint_eq(m.ip.port, 0);
	ck_assert_int_eq(
	    parse("d2:ip18:abcdefghijklmnopqr1:rd2:id20:" ID "e1:t1:a1:y1:re"),
	    KRPC_FINE);
	ck_assert_uint_eq(m.ip.addr.family, 6);
	ck_assert_uint_eq(m.ip.port, 'q' << 8 | 'r');
}
END_TEST

/* ---- what is wrong ---- */

#define Q(args, q) "d1:ad2:id20:" ID args "e1:q" q "1:t2:aa1:y1:qe"
#define R(args) "d1:rd2:id20:" ID args "e1:t2:aa1:y1:re"
#define PUT_HEAD "5:token2:xx1:v1:a"
#define LONG65 K32 K32 "x"

static const struct {
	enum krpc_fault fault;
	const char *text;
} faults[] = {
    {KRPC_BAD_BENCODE, ""},
    {KRPC_BAD_BENCODE, "d"},
    {KRPC_BAD_BENCODE, "dee"},
    {KRPC_BAD_BENCODE, "GET / HTTP/1.1\r\n"},
    {KRPC_BAD_SHAPE, "i1e"},
    {KRPC_BAD_SHAPE, "le"},
    {KRPC_BAD_T, "de"},
    {KRPC_BAD_T, "d1:ti1e1:y1:qe"},
    {KRPC_BAD_T, "d1:t0:1:y1:qe"},
    {KRPC_BAD_T, "d1:t17:abcdefghijklmnopq1:y1:qe"},
    {KRPC_BAD_KIND, "d1:t1:ae"},
    {KRPC_BAD_KIND, "d1:t1:a1:y1:xe"},
    {KRPC_BAD_KIND, "d1:t1:a1:y2:qqe"},
    {KRPC_BAD_KIND, "d1:t1:a1:yi1ee"},
    {KRPC_BAD_METHOD, "d1:t1:a1:y1:qe"},
    {KRPC_BAD_METHOD, "d1:qi1e1:t1:a1:y1:qe"},
    {KRPC_BAD_ARGS, "d1:q4:ping1:t1:a1:y1:qe"},
    {KRPC_BAD_ARGS, "d1:ale1:q4:ping1:t1:a1:y1:qe"},
    {KRPC_BAD_ARGS, "d1:t1:a1:y1:re"},
    {KRPC_BAD_ARGS, "d1:t1:a1:y1:ee"},
    {KRPC_BAD_ARGS, "d1:ede1:t1:a1:y1:ee"},
    {KRPC_BAD_ARGS, "d1:ele1:t1:a1:y1:ee"},
    {KRPC_BAD_TYPE, "d1:el1:ae1:t1:a1:y1:ee"},
    {KRPC_BAD_TYPE, "d1:eli201ei1ee1:t1:a1:y1:ee"},
    {KRPC_BAD_RANGE, "d1:eli-1ee1:t1:a1:y1:ee"},
    {KRPC_BAD_RANGE, "d1:eli4294967296ee1:t1:a1:y1:ee"},
    {KRPC_BAD_ID, "d1:ade1:q4:ping1:t1:a1:y1:qe"},
    {KRPC_BAD_ID, "d1:ad2:id19:bcdefghij0123456789e1:q4:ping1:t1:a1:y1:qe"},
    {KRPC_BAD_ID, "d1:ad2:idi1ee1:q4:ping1:t1:a1:y1:qe"},
    {KRPC_BAD_ID, "d1:rde1:t1:a1:y1:re"},
    {KRPC_BAD_TYPE, "d2:ipi1e1:rd2:id20:" ID "e1:t1:a1:y1:re"},
    {KRPC_BAD_LENGTH, "d2:ip5:abcde1:rd2:id20:" ID "e1:t1:a1:y1:re"},
    {KRPC_BAD_TYPE, "d1:rd2:id20:" ID "e2:ro1:11:t1:a1:y1:re"},
    {KRPC_MISSING, Q("", "9:find_node")},
    {KRPC_MISSING, Q("", "3:get")},
    {KRPC_MISSING, Q("6:target20:" HASH, "9:get_peers")},
    {KRPC_BAD_TYPE, Q("6:targeti1e", "3:get")},
    {KRPC_BAD_LENGTH, Q("6:target21:" HASH "x", "3:get")},
    {KRPC_BAD_RANGE, Q("3:seqi-1e6:target20:" HASH, "3:get")},
    {KRPC_BAD_TYPE, Q("6:target20:" HASH "4:want2:n4", "3:get")},
    {KRPC_BAD_TYPE, Q("6:target20:" HASH "4:wantli4ee", "3:get")},
    {KRPC_MISSING, Q("9:info_hash20:" HASH "4:porti1e", "13:announce_peer")},
    {KRPC_MISSING, Q("9:info_hash20:" HASH "5:token1:x", "13:announce_peer")},
    {KRPC_MISSING, Q("4:porti1e5:token1:x", "13:announce_peer")},
    {KRPC_BAD_RANGE,
	Q("9:info_hash20:" HASH "4:porti0e5:token1:x", "13:announce_peer")},
    {KRPC_BAD_RANGE,
	Q("9:info_hash20:" HASH "4:porti65536e5:token1:x", "13:announce_peer")},
    {KRPC_BAD_TYPE,
	Q("12:implied_port0:9:info_hash20:" HASH "5:token1:x",
	    "13:announce_peer")},
    {KRPC_MISSING, Q("1:v1:a", "3:put")},
    {KRPC_MISSING, Q("5:token2:xx", "3:put")},
    {KRPC_BAD_LENGTH, Q("5:token65:" LONG65 "1:v1:a", "3:put")},
    {KRPC_MISSING, Q("1:k32:" K32 "3:seqi1e" PUT_HEAD, "3:put")},
    {KRPC_MISSING, Q("1:k32:" K32 "3:sig64:" SIG64 PUT_HEAD, "3:put")},
    {KRPC_MISSING, Q("3:seqi1e3:sig64:" SIG64 PUT_HEAD, "3:put")},
    {KRPC_BAD_LENGTH,
	Q("1:k31:123456789abcdefghijklmnopqrstuv" PUT_HEAD, "3:put")},
    {KRPC_BAD_LENGTH, Q("3:sig65:" LONG65 PUT_HEAD, "3:put")},
    {KRPC_BAD_RANGE, Q("3:casi-1e" PUT_HEAD, "3:put")},
    {KRPC_BAD_RANGE, Q("3:seqi9223372036854775808e" PUT_HEAD, "3:put")},
    {KRPC_BAD_TYPE, Q("4:salti1e" PUT_HEAD, "3:put")},
    {KRPC_BAD_LENGTH, R("5:nodes25:abcdefghijklmnopqrstuvwxy")},
    {KRPC_BAD_LENGTH, R("6:nodes626:abcdefghijklmnopqrstuvwxyz")},
    {KRPC_BAD_TYPE, R("5:nodesle")},
    {KRPC_BAD_TYPE, R("6:values6:abcdef")},
    {KRPC_BAD_TYPE, R("5:tokeni1e")},
};

START_TEST(every_fault_has_its_reason)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		enum krpc_fault f = parse(faults[i].text);

		ck_assert_msg(f == faults[i].fault, "%s: %s, not %s",
		    faults[i].text, krpc_fault_name(f),
		    krpc_fault_name(faults[i].fault));
		if (f >= KRPC_BAD_METHOD)
			ck_assert_uint_ge(m.t.len, 1);
	}
}
END_TEST

START_TEST(everything_has_a_name)
{
	for (int f = 0; f < KRPC_NFAULTS; f++)
		ck_assert_ptr_nonnull(krpc_fault_name((enum krpc_fault)f));
	ck_assert_str_eq(krpc_fault_name(KRPC_NFAULTS), "unknown");
	ck_assert_str_eq(krpc_code_text(999), "");
	for (uint32_t c = KRPC_E_GENERIC; c <= KRPC_E_SALT; c++)
		ck_assert_str_ne(krpc_code_text(c), "");
	ck_assert_str_ne(
	    krpc_code_text(KRPC_E_CAS), krpc_code_text(KRPC_E_SEQ));
}
END_TEST

/* ---- writing ---- */

#define VERSION "1:v4:MV\0\1"

#define BUILDS(msg, text)                                                      \
	do {                                                                   \
		uint8_t out[KRPC_MAX];                                         \
		size_t len = krpc_build(out, sizeof(out), (msg));              \
                                                                               \
		ck_assert_uint_eq(len, sizeof(text) - 1);                      \
		ck_assert_mem_eq(out, text, len);                              \
		for (size_t cap = 0; cap < len; cap++)                         \
			ck_assert_uint_eq(krpc_build(out, cap, (msg)), 0);     \
	} while (0)

START_TEST(queries_are_written_in_order)
{
	struct krpc_msg q = {.t = octets("aa"), .id = fixed(ID)};

	BUILDS(&q, "d1:ad2:id20:" ID "e1:q4:ping1:t2:aa" VERSION "1:y1:qe");
	q.method = KRPC_FIND_NODE;
	q.target = fixed(HASH);
	q.want4 = q.want6 = q.read_only = true;
	q.tag = fixed("TAGTAGTA");
	BUILDS(&q,
	    "d1:ad2:id20:" ID "6:target20:" HASH "4:wantl2:n42:n6ee"
	    "1:n8:TAGTAGTA1:q9:find_node2:roi1e1:t2:aa" VERSION "1:y1:qe");
	q = (struct krpc_msg){.method = KRPC_ANNOUNCE,
	    .t = octets("aa"),
	    .id = fixed(ID),
	    .target = fixed(HASH),
	    .port = 6881,
	    .token = octets("aoeusnth")};
	BUILDS(&q,
	    "d1:ad2:id20:" ID "9:info_hash20:" HASH "4:porti6881e"
	    "5:token8:aoeusnthe1:q13:announce_peer1:t2:aa" VERSION "1:y1:qe");
}
END_TEST

START_TEST(a_put_is_written_in_order)
{
	struct krpc_msg q = {.method = KRPC_PUT,
	    .t = octets("aa"),
	    .id = fixed(ID),
	    .token = octets("xx"),
	    .v = octets("12:Hello World!"),
	    .cas = KRPC_NO_CAS};

	BUILDS(&q,
	    "d1:ad2:id20:" ID "5:token2:xx1:v12:Hello World!e1:q3:put"
	    "1:t2:aa" VERSION "1:y1:qe");
	q.k = fixed(K32);
	q.sig = fixed(SIG64);
	q.has_seq = true;
	q.seq = 7;
	q.cas = 6;
	q.salt = octets("foobar");
	BUILDS(&q,
	    "d1:ad3:casi6e2:id20:" ID "1:k32:" K32 "4:salt6:foobar3:seqi7e"
	    "3:sig64:" SIG64 "5:token2:xx1:v12:Hello World!e1:q3:put"
	    "1:t2:aa" VERSION "1:y1:qe");
}
END_TEST

START_TEST(answers_are_written_in_order_with_the_askers_address)
{
	struct krpc_msg r = {.kind = KRPC_RESPONSE,
	    .t = octets("aa"),
	    .id = fixed(ID),
	    .ip = {{4, {10, 0, 0, 1}}, 6881},
	    .nodes = {fixed(ENTRY4), 26},
	    .token = octets("tokentok"),
	    .tag = fixed("TAGTAGTA")};

	BUILDS(&r,
	    "d2:ip6:\12\0\0\1\32\3411:n8:TAGTAGTA1:rd2:id20:" ID
	    "5:nodes26:" ENTRY4 "5:token8:tokentoke1:t2:aa" VERSION "1:y1:re");
	r = (struct krpc_msg){
	    .kind = KRPC_ERROR, .t = octets("aa"), .code = KRPC_E_CAS};
	BUILDS(&r, "d1:eli301e12:cas mismatche1:t2:aa" VERSION "1:y1:ee");
}
END_TEST

START_TEST(what_would_be_no_message_is_not_written)
{
	uint8_t out[KRPC_MAX];
	struct krpc_msg q = {.t = octets("aa")};

	ck_assert_uint_eq(krpc_build(out, sizeof(out), &q), 0);
	q.id = fixed(ID);
	ck_assert_uint_gt(krpc_build(out, sizeof(out), &q), 0);
	q.t.len = 0;
	ck_assert_uint_eq(krpc_build(out, sizeof(out), &q), 0);
	q.t = octets("12345678901234567");
	ck_assert_uint_eq(krpc_build(out, sizeof(out), &q), 0);
	q.t = octets("aa");
	q.method = KRPC_GET;
	q.has_seq = true;
	q.seq = (uint64_t)INT64_MAX + 1;
	ck_assert_uint_eq(krpc_build(out, sizeof(out), &q), 0);
}
END_TEST

START_TEST(nodes_and_peers_are_written_as_they_are_read)
{
	struct dht_node n = {.ep = {{6, {0xfd, [15] = 1}}, 443}}, back;
	struct endpoint e[2] = {
	    {{4, {1, 2, 3, 4}}, 5}, {{4, {6, 7, 8, 9}}, 10}};
	struct wbuf w;
	uint8_t mem[64];

	memcpy(n.id, ID, 20);
	wbuf_init(&w, mem, sizeof(mem));
	krpc_put_node(&w, &n);
	ck_assert_uint_eq(w.len, KRPC_NODE6);
	m = (struct krpc_msg){.nodes6 = {mem, w.len}};
	krpc_node(&m, 6, 0, &back);
	ck_assert(endpoint_eq(&n.ep, &back.ep));
	ck_assert_mem_eq(n.id, back.id, 20);
	wbuf_init(&w, mem, sizeof(mem));
	krpc_put_peers(&w, e, 2);
	ck_assert_uint_eq(w.len, 18);
	ck_assert_mem_eq(mem, "l6:\1\2\3\4\0\0056:\6\7\10\11\0\12e", 18);
}
END_TEST

/* ---- any message ---- */

static struct octets
some(uint64_t *seed, const uint8_t *from, size_t max)
{
	return (struct octets){from, (size_t)(unit_random(seed) % (max + 1))};
}

static const uint8_t *
maybe(uint64_t *seed, const uint8_t *p)
{
	return unit_random(seed) % 2 == 0 ? p : NULL;
}

/* One with everything that its kind may have. */
static void
any_msg(struct krpc_msg *a, uint64_t *seed, const uint8_t noise[512])
{
	static const char list[] = "l6:abcdef18:abcdefghijklmnopqr2:xxi1ee";
	uint64_t r = unit_random(seed);

	*a = (struct krpc_msg){.kind = (enum krpc_kind)(r % 3),
	    .method = (enum krpc_method)(r / 3 % KRPC_NMETHODS),
	    .t = {noise, 1 + r / 64 % KRPC_T_MAX},
	    .tag = maybe(seed, noise + 20),
	    .read_only = r & 1 << 20,
	    .ip = {{r & 1 << 21          ? 4
			   : r & 1 << 22 ? 6
					 : 0,
		       {0}},
		0},
	    .id = noise + 30,
	    .target = noise + 50,
	    .token = some(seed, noise + 70, KRPC_TOKEN_MAX),
	    .nodes = {maybe(seed, noise), KRPC_NODE4 * (r / 256 % 9)},
	    .nodes6 = {maybe(seed, noise), KRPC_NODE6 * (r / 512 % 9)},
	    .want4 = r & 1 << 23,
	    .want6 = r & 1 << 24,
	    .v = octets("l1:ai77ede0:e"),
	    .k = maybe(seed, noise + 200),
	    .salt = some(seed, noise + 100, DHT_SALT_MAX),
	    .has_seq = true,
	    .seq = unit_random(seed) >> (1 + r % 50),
	    .cas = r & 1 << 25 ? KRPC_NO_CAS : unit_random(seed) >> 1,
	    .port = (uint16_t)(1 + unit_random(seed) % UINT16_MAX),
	    .implied_port = r & 1 << 26,
	    .code = (uint32_t)unit_random(seed),
	    .text = some(seed, noise, 40)};
	if (a->ip.addr.family != 0) {
		memcpy(a->ip.addr.b, noise, a->ip.addr.family == 4 ? 4 : 16);
		a->ip.port = (uint16_t)r;
	}
	a->sig = a->k == NULL ? NULL : noise + 240;
	if (r & 1 << 27)
		a->values = octets(list);
	if (a->kind == KRPC_QUERY && a->method == KRPC_OTHER)
		a->name = octets("something");
}

START_TEST(what_is_written_is_read_as_it_was)
{
	uint64_t seed = unit_seed();
	uint8_t noise[512], out[2][2048];
	struct krpc_msg a, b, c;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)unit_random(&seed);
	for (int round = 0; round < 5000; round++) {
		size_t len, again;

		any_msg(&a, &seed, noise);
		len = krpc_build(out[0], sizeof(out[0]), &a);
		ck_assert_uint_gt(len, 0);
		ck_assert_msg(krpc_parse(&b, out[0], len) == KRPC_FINE,
		    "SEED=%lu", (unsigned long)unit_seed());
		ck_assert(octets_same(&a.t, &b.t) && a.kind == b.kind);
		again = krpc_build(out[1], sizeof(out[1]), &b);
		ck_assert_uint_eq(again, len);
		ck_assert_mem_eq(out[0], out[1], len);
		ck_assert(krpc_parse(&c, out[1], len) == KRPC_FINE);
		ck_assert_msg(
		    krpc_same(&b, &c), "SEED=%lu", (unsigned long)unit_seed());
		for (size_t cut = 0; cut < len; cut += 1 + len / 40)
			ck_assert_int_eq(
			    krpc_parse(&c, out[0], cut), KRPC_BAD_BENCODE);
	}
}
END_TEST

START_TEST(a_changed_octet_does_no_harm)
{
	uint64_t seed = unit_seed();
	uint8_t noise[512], out[2048];
	struct krpc_msg a;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)unit_random(&seed);
	for (int round = 0; round < 5000; round++) {
		size_t len;
		uint8_t *copy;

		any_msg(&a, &seed, noise);
		len = krpc_build(out, sizeof(out), &a);
		copy = malloc(len);
		memcpy(copy, out, len);
		for (int i = 0; i < 4; i++) {
			copy[unit_random(&seed) % len] ^=
			    (uint8_t)(1 << unit_random(&seed) % 8);
			if (krpc_parse(&a, copy, len) == KRPC_FINE)
				ck_assert_uint_gt(
				    krpc_build(out, sizeof(out), &a), 0);
		}
		free(copy);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_ping_is_read,
	    a_find_node_is_read_with_what_it_wants,
	    an_answer_is_read_with_its_nodes,
	    a_get_peers_answer_counts_its_peers,
	    an_announcement_is_read,
	    an_error_is_read,
	    a_put_is_read_and_makes_an_item,
	    an_immutable_put_has_no_key,
	    an_answer_without_a_whole_item_makes_none,
	    what_is_too_long_for_an_item_has_a_code_of_its_own,
	    an_unknown_query_is_known_by_its_target,
	    unsorted_and_doubled_keys_are_taken_and_the_first_counts,
	    what_others_use_differently_does_no_harm,
	    every_fault_has_its_reason,
	    everything_has_a_name,
	    queries_are_written_in_order,
	    a_put_is_written_in_order,
	    answers_are_written_in_order_with_the_askers_address,
	    what_would_be_no_message_is_not_written,
	    nodes_and_peers_are_written_as_they_are_read,
	    what_is_written_is_read_as_it_was,
	    a_changed_octet_does_no_harm,
	};

	return UNIT_RUN("krpc", tests);
}
