/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_invite.c */
/*
 * An invitation's text: it comes back however it was copied, says what is
 * wrong with it, and no slip of the hand makes another one of it.  Then its
 * keys and the request that goes with it.
 */
#include "crypto.h"
#include "hex.h"
#include "invite.h"
#include "unit.h"

static struct invite_token
token(unsigned n)
{
	struct invite_token t = {.n = (uint8_t)n};

	for (unsigned i = 0; i < sizeof(t.secret); i++)
		t.secret[i] = (uint8_t)(i * 7 + 1);
	for (unsigned i = 0; i < n; i++) {
		struct contact *c = &t.contact[i];

		memset(c->key, 0x40 + (int)i, sizeof(c->key));
		ck_assert_int_eq(
		    addr_parse(
			i == 1 ? "2001:db8::10" : "203.0.113.10", &c->ep.addr),
		    0);
		c->ep.port = (uint16_t)(51820 + i);
		c->dht_port = i == 2 ? 0 : 6881;
	}
	return t;
}

static void
assert_same(const struct invite_token *a, const struct invite_token *b)
{
	ck_assert_mem_eq(a->secret, b->secret, sizeof(a->secret));
	ck_assert_uint_eq(a->n, b->n);
	for (unsigned i = 0; i < a->n; i++) {
		ck_assert_mem_eq(a->contact[i].key, b->contact[i].key, 32);
		ck_assert(endpoint_eq(&a->contact[i].ep, &b->contact[i].ep));
		ck_assert_uint_eq(
		    a->contact[i].dht_port, b->contact[i].dht_port);
	}
}

static const char *
text_of(unsigned n)
{
	static char text[INVITE_TEXT_MAX];
	struct invite_token t = token(n);

	ck_assert_int_eq(invite_format(text, &t), 0);
	return text;
}

static const char *
refused(const char *text)
{
	struct invite_token t;
	const char *why = NULL;

	ck_assert_int_eq(invite_parse(text, &t, &why), -1);
	ck_assert_ptr_nonnull(why);
	return why;
}

START_TEST(one_two_and_three_contacts_come_back)
{
	for (unsigned n = 1; n <= INVITE_CONTACTS_MAX; n++) {
		struct invite_token want = token(n), got;
		const char *why;

		ck_assert_int_eq(invite_parse(text_of(n), &got, &why), 0);
		assert_same(&want, &got);
	}
}
END_TEST

/* fixed, so that another program can be checked against it */
START_TEST(the_text_is_this_one)
{
	ck_assert_str_eq(text_of(1),
	    "mesh1-040GG-3RP3M-J2PCH-S813M-WNAWC-DN72Y-3ZGR0-M0G20-81040-"
	    "G2081-040G2-08104-0G208-1040G-20810-40G20-81040-G04SC-0722P-"
	    "ADGDE-3Z4JC-7E0");
}
END_TEST

START_TEST(case_blanks_and_lookalikes_do_not_matter)
{
	struct invite_token want = token(2), got;
	char text[2 * INVITE_TEXT_MAX];
	const char *why, *s = text_of(2);
	size_t n = 0;

	for (; *s != '\0'; s++) {
		char c = *s;

		c = c == '0' ? 'o' : c == '1' ? 'l' : c == 'V' ? 'u' : c;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		text[n++] = c;
		if (n % 7 == 0)
			text[n++] = *s > 'M' ? '\n' : ' ';
	}
	text[n] = '\0';
	ck_assert_int_eq(invite_parse(text, &got, &why), 0);
	assert_same(&want, &got);
}
END_TEST

START_TEST(a_lost_end_is_said_to_be_one)
{
	char text[INVITE_TEXT_MAX];
	size_t len = strlen(text_of(3));

	for (size_t cut = 5; cut < len; cut++) {
		snprintf(text, sizeof(text), "%.*s", (int)cut, text_of(3));
		if (text[cut - 1] == '-' && cut == len - 1)
			continue;
		ck_assert_msg(strcmp(refused(text), "its end is missing") == 0,
		    "%zu of %zu: %s", cut, len, refused(text));
	}
}
END_TEST

START_TEST(other_text_is_not_an_invitation)
{
	ck_assert_str_eq(refused(""), "it does not begin with mesh1-");
	ck_assert_str_eq(
	    refused("mesh2-04088"), "it does not begin with mesh1-");
	ck_assert_str_eq(refused("mesh1-0408?"),
	    "it has a character that no invitation has");
	ck_assert_str_eq(refused("mesh1-0408\xc3\xa9"),
	    "it has a character that no invitation has");
}
END_TEST

START_TEST(too_much_text_is_refused)
{
	char text[2 * INVITE_TEXT_MAX] = "mesh1-";

	memset(text + 6, 'A', sizeof(text) - 7);
	ck_assert_str_eq(refused(text), "it is too long");
}
END_TEST

/* 32 bits of check: one in four thousand million slips through */
START_TEST(no_single_character_can_be_changed)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char text[INVITE_TEXT_MAX];
	size_t len = strlen(text_of(1));

	for (size_t i = 6; i < len; i++)
		for (const char *d = digits; *d != '\0'; d++) {
			snprintf(text, sizeof(text), "%s", text_of(1));
			if (text[i] == '-' || text[i] == *d)
				continue;
			text[i] = *d;
			(void)refused(text);
		}
}
END_TEST

START_TEST(no_two_neighbours_can_change_places)
{
	char text[INVITE_TEXT_MAX];
	size_t len = strlen(text_of(1));

	for (size_t i = 6; i + 1 < len; i++) {
		snprintf(text, sizeof(text), "%s", text_of(1));
		if (text[i] == '-' || text[i + 1] == '-' ||
		    text[i] == text[i + 1])
			continue;
		text[i] = text[i + 1];
		text[i + 1] = text_of(1)[i];
		(void)refused(text);
	}
}
END_TEST

START_TEST(contacts_that_nobody_can_call_are_not_written)
{
	static const char *const bad[] = {"127.0.0.1", "169.254.1.1", "::1",
	    "fe80::1", "ff02::1", "224.0.0.1", "0.0.0.0", "::ffff:1.2.3.4"};
	char text[INVITE_TEXT_MAX];
	struct invite_token t;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = token(1);
		ck_assert_int_eq(addr_parse(bad[i], &t.contact[0].ep.addr), 0);
		ck_assert_int_eq(invite_format(text, &t), -1);
	}
	t = token(1);
	t.contact[0].ep.port = 0;
	ck_assert_int_eq(invite_format(text, &t), -1);
	t = token(1);
	t.n = 0;
	ck_assert_int_eq(invite_format(text, &t), -1);
	t.n = INVITE_CONTACTS_MAX + 1;
	ck_assert_int_eq(invite_format(text, &t), -1);
}
END_TEST

START_TEST(a_secret_has_these_keys)
{
	struct invite_token t = token(1);
	struct invite_keys k;
	uint8_t pub[32];

	invite_derive(&k, t.secret);
	ck_assert_int_eq(crypto_x25519_pub(pub, k.priv), 0);
	ck_assert_mem_eq(pub, k.pub, sizeof(pub));
	assert_hex(k.id, "e65b53d485862f4d");
	assert_hex(k.psk,
	    "d992e59d3a3edec74e319f009ad3e1f66647ac08c2acecfc942493b9aa367656");
	assert_hex(k.proof,
	    "5abbe1124c2dc5d69497702b09bff6545471c1eb90f8fd77c6c5277d98ed01c7");
	t.secret[0] ^= 1;
	invite_derive(&k, t.secret);
	ck_assert_mem_ne(pub, k.pub, sizeof(pub));
}
END_TEST

static struct join_request
request(const struct invite_keys *k)
{
	struct join_request q;
	uint8_t node[32], seed[32];

	memset(node, 3, sizeof(node));
	memset(seed, 4, sizeof(seed));
	ck_assert_int_eq(join_request_make(&q, k, node, seed), 0);
	return q;
}

static struct invite_keys
keys(void)
{
	struct invite_token t = token(1);
	struct invite_keys k;

	invite_derive(&k, t.secret);
	return k;
}

START_TEST(a_request_is_signed_and_proved)
{
	struct invite_keys k = keys(), other = k;
	struct join_request q = request(&k);

	other.proof[0] ^= 1;
	ck_assert(join_request_signed(&q));
	ck_assert(join_request_proved(&q, k.proof));
	ck_assert(!join_request_proved(&q, other.proof));
}
END_TEST

START_TEST(a_request_comes_back_and_every_octet_of_it_counts)
{
	struct invite_keys k = keys();
	struct join_request q = request(&k), got;
	uint8_t octets[JOIN_REQUEST];

	join_request_put(octets, &q);
	join_request_get(octets, &got);
	ck_assert_mem_eq(&q, &got, sizeof(q));
	for (size_t i = 0; i < JOIN_REQUEST; i++) {
		octets[i] ^= 0x10;
		join_request_get(octets, &got);
		ck_assert_msg(!join_request_signed(&got) ||
			!join_request_proved(&got, k.proof),
		    "octet %zu", i);
		octets[i] ^= 0x10;
	}
}
END_TEST

START_TEST(a_renewal_has_no_invitation_and_no_proof)
{
	static const uint8_t none[32];
	struct join_request q = request(NULL);

	ck_assert_mem_eq(q.id, none, sizeof(q.id));
	ck_assert_mem_eq(q.proof, none, sizeof(q.proof));
	ck_assert(join_request_signed(&q));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    one_two_and_three_contacts_come_back,
	    the_text_is_this_one,
	    case_blanks_and_lookalikes_do_not_matter,
	    a_lost_end_is_said_to_be_one,
	    other_text_is_not_an_invitation,
	    too_much_text_is_refused,
	    no_single_character_can_be_changed,
	    no_two_neighbours_can_change_places,
	    contacts_that_nobody_can_call_are_not_written,
	    a_secret_has_these_keys,
	    a_request_is_signed_and_proved,
	    a_request_comes_back_and_every_octet_of_it_counts,
	    a_renewal_has_no_invitation_and_no_proof,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("invite", tests);
}
