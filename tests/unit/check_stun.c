/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_stun.c */
/* STUN: RFC 5769's messages, and everything that is none. */
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "hex.h"
#include "stun.h"
#include "unit.h"

/* RFC 5769, sections 2.1 to 2.4 */
static const char request_hex[] =
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e20746573"
    "7420636c69656e74002400046e0001ff80290008932ff9b151263b3600060009"
    "6576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
    "c1b571a280280004e57a3bcf";
static const char answer4_hex[] =
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563"
    "746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f9"
    "2af9ba53f06be7d780280004c07d4c96";
static const char answer6_hex[] =
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563"
    "746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014"
    "a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";
static const char long_hex[] =
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383"
    "aae38383e382afe382b900000015001c662f2f3439396b39353464364f4c3334"
    "6f4c394653547679363473410014000b6578616d706c652e6f72670000080014"
    "f67024656dd64a3e02b8e0712e85c9a28ca89666";
static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static size_t
message(uint8_t *msg, const char *hex, struct stun *s)
{
	size_t n = unhex(msg, HEX_MAX, hex);

	ck_assert_int_eq(crypto_init(), 0);
	ck_assert_int_eq(stun_parse(msg, n, s), 0);
	return n;
}

static bool
text_is(const struct stun_text *t, const char *want)
{
	return t->len == strlen(want) && memcmp(t->p, want, t->len) == 0;
}

static struct endpoint
place(const char *text, uint16_t port)
{
	struct endpoint e = {.port = port};

	ck_assert_int_eq(addr_parse(text, &e.addr), 0);
	return e;
}

START_TEST(the_request_of_rfc_5769_is_read_and_its_seal_is_right)
{
	uint8_t msg[HEX_MAX];
	struct stun s;

	message(msg, request_hex, &s);
	ck_assert_int_eq(s.kind, STUN_REQUEST);
	ck_assert_uint_eq(s.method, STUN_BINDING);
	ck_assert(text_is(&s.software, "STUN test client"));
	ck_assert(text_is(&s.username, "evtj:h6vY"));
	ck_assert((s.has & STUN_MARK) != 0);
	ck_assert(stun_sealed(msg, &s, password, strlen(password)));
	ck_assert(!stun_sealed(msg, &s, password, strlen(password) - 1));
	/* ICE's PRIORITY has to be known, its tie-breaker not */
	ck_assert_uint_eq(s.nalien, 1);
	ck_assert_uint_eq(s.alien[0], 0x0024);
}
END_TEST

START_TEST(the_answers_of_rfc_5769_say_which_address)
{
	const struct endpoint four = place("192.0.2.1", 32853);
	const struct endpoint six =
	    place("2001:db8:1234:5678:11:2233:4455:6677", 32853);
	uint8_t msg[HEX_MAX];
	struct stun s;

	message(msg, answer4_hex, &s);
	ck_assert_int_eq(s.kind, STUN_SUCCESS);
	ck_assert(endpoint_eq(&s.xor_mapped, &four));
	ck_assert(stun_sealed(msg, &s, password, strlen(password)));
	message(msg, answer6_hex, &s);
	ck_assert(endpoint_eq(&s.xor_mapped, &six));
	ck_assert(stun_sealed(msg, &s, password, strlen(password)));
}
END_TEST

START_TEST(an_answer_is_written_as_rfc_5769_has_it)
{
	uint8_t want[HEX_MAX], msg[HEX_MAX];
	struct stun s;
	size_t n = message(want, answer6_hex, &s), len;

	len = stun_print(&s, msg, sizeof(msg));
	msg[len - 24 - 1] = ' '; /* its padding, which says nothing */
	msg[35] = ' ';
	len = stun_seal(msg, len, sizeof(msg), password, strlen(password));
	len = stun_mark(msg, len, sizeof(msg));
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(msg, want, n);
}
END_TEST

START_TEST(the_long_term_request_is_written_as_rfc_5769_has_it)
{
	/* MD5 of user:realm:password, "TheMatrIX" (RFC 8489, 9.2.2) */
	static const char key_hex[] = "e8ca7ad59d5eb0518e312911d2dab2a9";
	uint8_t want[HEX_MAX], msg[HEX_MAX], key[16];
	struct stun s;
	size_t n = message(want, long_hex, &s), len;

	ck_assert(text_is(&s.realm, "example.org"));
	ck_assert(text_is(&s.nonce, "f//499k954d6OL34oL9FSTvy64sA"));
	unhex(key, sizeof(key), key_hex);
	ck_assert(stun_sealed(want, &s, key, sizeof(key)));
	len = stun_print(&s, msg, sizeof(msg));
	len = stun_seal(msg, len, sizeof(msg), key, sizeof(key));
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(msg, want, n);
}
END_TEST

START_TEST(a_flipped_bit_is_no_message_or_not_sealed)
{
	uint8_t msg[HEX_MAX];
	struct stun s;
	size_t n = message(msg, answer4_hex, &s);

	/* the fingerprint behind the seal protects nothing */
	for (size_t i = 0; i < 8 * (n - STUN_MARK_LEN); i++) {
		msg[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert(stun_parse(msg, n, &s) == -1 ||
		    !stun_sealed(msg, &s, password, strlen(password)));
		msg[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}
END_TEST

START_TEST(no_prefix_of_a_message_is_one)
{
	uint8_t msg[HEX_MAX], *part;
	struct stun s;
	size_t n = message(msg, request_hex, &s);

	for (size_t len = 0; len < n; len++) {
		part = malloc(len + 1);
		memcpy(part, msg, len);
		ck_assert_int_eq(stun_parse(part, len, &s), -1);
		/* and not when its length is that of the header either */
		if (len >= STUN_HDR && len % 4 == 0) {
			part[2] = 0;
			part[3] = (uint8_t)(len - STUN_HDR);
			if (stun_parse(part, len, &s) == 0)
				ck_assert((s.has & STUN_MARK) == 0);
		}
		free(part);
	}
}
END_TEST

START_TEST(wireguard_and_the_others_are_not_taken_for_it)
{
	uint8_t msg[HEX_MAX];
	struct stun s;
	size_t n = message(msg, answer4_hex, &s);

	ck_assert(stun_is(msg, n));
	ck_assert(!stun_is(msg, n - 4));
	for (unsigned first = 0x40; first < 0x100; first++) {
		msg[0] = (uint8_t)first; /* RFC 7983: RTP, DTLS, channels */
		ck_assert(!stun_is(msg, n));
	}
	/* an initiation's length field is zero, and it is not 20 octets */
	memset(msg, 0, 148);
	msg[0] = 1;
	memcpy(msg + 4, "\x21\x12\xa4\x42", 4);
	ck_assert(!stun_is(msg, 148));
}
END_TEST

/* Everything that can be printed, with all attributes. */
static struct stun
everything(void)
{
	static const uint8_t text[] = "octets";

	return (struct stun){.kind = STUN_ERROR,
	    .method = 0xabc,
	    .id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
	    .has = STUN_SEAL - 1,
	    .mapped = place("2001:db8::1", 1),
	    .xor_mapped = place("2001:db8::2", 65535),
	    .origin = place("192.0.2.3", 3478),
	    .other = place("192.0.2.4", 3479),
	    .code = 438,
	    .change = STUN_CHANGE_IP | STUN_CHANGE_PORT,
	    .port = 4711,
	    .padding = 13,
	    .peer = place("192.0.2.5", 9),
	    .relayed = place("2001:db8::6", 49152),
	    .lifetime = 600,
	    .channel = 0x4001,
	    .transport = 17,
	    .data = {text, 6},
	    .reason = {text, 5},
	    .software = {text, 1},
	    .username = {text, 2},
	    .nonce = {text, 3},
	    .realm = {text, 4},
	    .nunknown = 3,
	    .unknown = {1, 2, 3}};
}

START_TEST(what_is_printed_is_read_again)
{
	uint8_t msg[512], again[512];
	const struct stun x = everything();
	struct stun y;
	size_t n = stun_print(&x, msg, sizeof(msg));

	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(stun_parse(msg, n, &y), 0);
	ck_assert_uint_eq(y.has, x.has);
	ck_assert_int_eq(y.kind, x.kind);
	ck_assert_uint_eq(y.method, x.method);
	ck_assert(endpoint_eq(&y.mapped, &x.mapped));
	ck_assert(endpoint_eq(&y.xor_mapped, &x.xor_mapped));
	ck_assert(endpoint_eq(&y.origin, &x.origin));
	ck_assert(endpoint_eq(&y.other, &x.other));
	ck_assert_uint_eq(y.code, 438);
	ck_assert_uint_eq(y.change, 6);
	ck_assert_uint_eq(y.port, 4711);
	ck_assert_uint_eq(y.padding, 13);
	ck_assert(endpoint_eq(&y.peer, &x.peer));
	ck_assert(endpoint_eq(&y.relayed, &x.relayed));
	ck_assert_uint_eq(y.lifetime, 600);
	ck_assert_uint_eq(y.channel, 0x4001);
	ck_assert_uint_eq(y.transport, 17);
	ck_assert(text_is(&y.data, "octets"));
	ck_assert(text_is(&y.reason, "octet"));
	ck_assert(text_is(&y.realm, "octe"));
	ck_assert_uint_eq(y.nunknown, 3);
	ck_assert_uint_eq(stun_print(&y, again, sizeof(again)), n);
	ck_assert_mem_eq(msg, again, n);
}
END_TEST

START_TEST(nothing_is_printed_where_there_is_no_room)
{
	const struct stun x = everything();
	uint8_t msg[512], *small;
	size_t n = stun_print(&x, msg, sizeof(msg));

	for (size_t cap = 0; cap < n; cap++) {
		small = malloc(cap + 1);
		ck_assert_uint_eq(stun_print(&x, small, cap), 0);
		free(small);
	}
	ck_assert_uint_eq(stun_mark(msg, n, n + STUN_MARK_LEN - 1), 0);
	ck_assert_uint_eq(stun_seal(msg, n, n + 23, "k", 1), 0);
	ck_assert_uint_eq(stun_seal256(msg, n, n + 35, "k", 1), 0);
}
END_TEST

START_TEST(nothing_wrong_is_printed)
{
	struct stun x = {.has = STUN_CODE, .code = 200};
	uint8_t msg[1024];

	ck_assert_uint_eq(stun_print(&x, msg, sizeof(msg)), 0);
	x = (struct stun){.has = STUN_XOR_MAPPED};
	ck_assert_uint_eq(stun_print(&x, msg, sizeof(msg)), 0);
	x = (struct stun){
	    .has = STUN_USERNAME, .username = {msg, STUN_USER_MAX + 1}};
	ck_assert_uint_eq(stun_print(&x, msg, sizeof(msg)), 0);
}
END_TEST

START_TEST(behind_a_seal_only_the_end_counts)
{
	static const uint8_t late[] = {0x80, 0x22, 0, 0, 0, 0x24, 0, 0};
	struct stun s = {.method = STUN_BINDING};
	uint8_t msg[256];
	size_t n = stun_print(&s, msg, sizeof(msg));

	ck_assert_int_eq(crypto_init(), 0);
	n = stun_seal(msg, n, sizeof(msg), "k", 1);
	memcpy(msg + n, late, sizeof(late));
	n += sizeof(late);
	msg[3] = (uint8_t)(n - STUN_HDR);
	n = stun_seal256(msg, n, sizeof(msg), "k", 1);
	n = stun_mark(msg, n, sizeof(msg));
	ck_assert_int_eq(stun_parse(msg, n, &s), 0);
	ck_assert_uint_eq(s.has, STUN_SEAL | STUN_SEAL256 | STUN_MARK);
	ck_assert_uint_eq(s.nalien, 0);
	ck_assert(stun_sealed(msg, &s, "k", 1));
	ck_assert(!stun_sealed(msg, &s, "l", 1));
}
END_TEST

START_TEST(nothing_comes_behind_a_fingerprint)
{
	struct stun s = {.method = STUN_BINDING};
	uint8_t msg[64];
	size_t n = stun_print(&s, msg, sizeof(msg));

	n = stun_mark(msg, n, sizeof(msg));
	ck_assert_int_eq(stun_parse(msg, n, &s), 0);
	n = stun_mark(msg, n, sizeof(msg));
	ck_assert_int_eq(stun_parse(msg, n, &s), -1);
}
END_TEST

START_TEST(of_two_attributes_the_first_counts)
{
	static const uint8_t two[] = {
	    0, 3, 0, 4, 0, 0, 0, 4, 0, 3, 0, 4, 0, 0, 0, 2};
	struct stun s = {.method = STUN_BINDING};
	uint8_t msg[64];
	size_t n = stun_print(&s, msg, sizeof(msg));

	memcpy(msg + n, two, sizeof(two));
	msg[3] = sizeof(two);
	ck_assert_int_eq(stun_parse(msg, n + sizeof(two), &s), 0);
	ck_assert_uint_eq(s.change, STUN_CHANGE_IP);
}
END_TEST

START_TEST(attributes_that_lie_are_no_message)
{
	/* type, length and value of one attribute each */
	static const char *const lies[] = {
	    "00200008000300010a000001", /* a family that is none */
	    "00200008000200010a000001", /* IPv6 in four octets */
	    "000900040000020a",         /* class 2 of errors */
	    "0009000400000364",         /* number 100 of errors */
	    "0003000200000000",         /* CHANGE-REQUEST of two octets */
	    "000a000300010002",         /* half a type */
	    "0008000400000000",         /* a seal that is too short */
	    "001c000c000000000000000000000000",
	    "8028000400000000", /* another message's fingerprint */
	    "00060005616263",   /* longer than the message */
	};
	uint8_t msg[64] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct stun s;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		size_t n = unhex(msg + STUN_HDR, 40, lies[i]);

		n = (n + 3) & ~(size_t)3;
		msg[3] = (uint8_t)n;
		if (strncmp(lies[i], "00060005", 8) == 0)
			msg[3] = (uint8_t)(n = 8);
		ck_assert_msg(
		    stun_parse(msg, STUN_HDR + n, &s) == -1, "%s", lies[i]);
	}
}
END_TEST

START_TEST(a_mapped_ipv4_address_is_ipv4)
{
	const struct endpoint four = place("192.0.2.1", 7);
	struct stun s = {.kind = STUN_SUCCESS,
	    .method = STUN_BINDING,
	    .has = STUN_XOR_MAPPED,
	    .xor_mapped = place("::ffff:192.0.2.1", 7)};
	uint8_t msg[64];
	size_t n = stun_print(&s, msg, sizeof(msg));

	ck_assert_uint_eq(n, STUN_HDR + STUN_MAPPED6_LEN);
	ck_assert_int_eq(stun_parse(msg, n, &s), 0);
	ck_assert(endpoint_eq(&s.xor_mapped, &four));
}
END_TEST

START_TEST(noise_is_never_more_than_no_message)
{
	uint64_t seed = unit_seed();
	struct stun s;

	for (int i = 0; i < 20000; i++) {
		size_t n = STUN_HDR + 4 * (unit_random(&seed) % 20);
		uint8_t *msg = malloc(n);

		for (size_t k = 0; k < n; k++)
			msg[k] = (uint8_t)unit_random(&seed);
		msg[0] &= 0x3f;
		msg[2] = 0;
		msg[3] = (uint8_t)(n - STUN_HDR);
		memcpy(msg + 4, "\x21\x12\xa4\x42", 4);
		for (size_t k = STUN_HDR; k + 4 <= n; k += 8) {
			msg[k] &= 0x80;
			msg[k + 1] &= 0x2f;
			msg[k + 2] = 0;
			msg[k + 3] = 4;
		}
		(void)stun_parse(msg, n, &s);
		free(msg);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_request_of_rfc_5769_is_read_and_its_seal_is_right,
	    the_answers_of_rfc_5769_say_which_address,
	    an_answer_is_written_as_rfc_5769_has_it,
	    the_long_term_request_is_written_as_rfc_5769_has_it,
	    a_flipped_bit_is_no_message_or_not_sealed,
	    no_prefix_of_a_message_is_one,
	    wireguard_and_the_others_are_not_taken_for_it,
	    what_is_printed_is_read_again,
	    nothing_is_printed_where_there_is_no_room,
	    nothing_wrong_is_printed,
	    behind_a_seal_only_the_end_counts,
	    nothing_comes_behind_a_fingerprint,
	    of_two_attributes_the_first_counts,
	    attributes_that_lie_are_no_message,
	    a_mapped_ipv4_address_is_ipv4,
	    noise_is_never_more_than_no_message,
	};

	return UNIT_RUN("stun", tests);
}
