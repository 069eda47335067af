/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/stun.c */
/*
 * The codec of stun.h.  An attribute is type, length, value and padding to
 * four octets; the length of the message is that of all attributes.  What is
 * shorter or longer than it says, also inside an attribute, is refused as a
 * whole: whoever sends that wants something else than an answer.
 */
#include "stun.h"

#include <string.h>

#include "buf.h"
#include "crypto.h"

#define MARK_XOR 0x5354554eu /* section 14.7 */
#define SHA1_LEN 20
#define SHA256_LEN 32
#define SHA256_MIN 16 /* section 14.6: it may be cut, to so much */
#define ATTR_HDR 4
#define OPTIONAL 0x8000 /* a reader need not know it */

enum attr {
	A_MAPPED = 0x0001,
	A_OLD_SOURCE = 0x0004, /* of RFC 3489, whose servers still run */
	A_OLD_CHANGED = 0x0005,
	A_CHANGE = STUN_TYPE_CHANGE,
	A_USERNAME = 0x0006,
	A_SEAL = 0x0008,
	A_CODE = 0x0009,
	A_UNKNOWN = 0x000a,
	A_CHANNEL = 0x000c,
	A_LIFETIME = 0x000d,
	A_PEER = 0x0012,
	A_DATA = 0x0013,
	A_REALM = 0x0014,
	A_NONCE = 0x0015,
	A_RELAYED = 0x0016,
	A_TRANSPORT = 0x0019,
	A_SEAL256 = 0x001c,
	A_XOR_MAPPED = 0x0020,
	A_PADDING = 0x0026,
	A_PORT = STUN_TYPE_PORT,
	A_SOFTWARE = 0x8022,
	A_MARK = 0x8028,
	A_ORIGIN = 0x802b,
	A_OTHER = 0x802c
};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static size_t
padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

bool
stun_is(const uint8_t *msg, size_t len)
{
	return len >= STUN_HDR && (msg[0] & 0xc0) == 0 && len % 4 == 0 &&
	    get16(msg + 2) == len - STUN_HDR && msg[4] == 0x21 &&
	    msg[5] == 0x12 && msg[6] == 0xa4 && msg[7] == 0x42;
}

/* ---- what is computed over a message ---- */

/* CRC-32 of ITU-T V.42, four bits at a time, on from `crc`. */
static uint32_t
crc32(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8,
	    0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
	    0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/*
 * All of these are over the message up to their own attribute, whose length
 * field says that it ends behind it, whatever comes then.
 */
static void
header_until(const uint8_t *msg, size_t end, uint8_t head[STUN_HDR])
{
	memcpy(head, msg, STUN_HDR);
	put16(head + 2, end - STUN_HDR);
}

static uint32_t
mark_of(const uint8_t *msg, size_t at)
{
	uint8_t head[STUN_HDR];

	header_until(msg, at + STUN_MARK_LEN, head);
	return crc32(crc32(0, head, STUN_HDR), msg + STUN_HDR, at - STUN_HDR) ^
	    MARK_XOR;
}

static void
seal_of(const uint8_t *msg, size_t at, const void *key, size_t klen,
    uint8_t out[SHA1_LEN])
{
	uint8_t head[STUN_HDR];

	header_until(msg, at + ATTR_HDR + SHA1_LEN, head);
	crypto_hmac1(
	    out, key, klen, head, STUN_HDR, msg + STUN_HDR, at - STUN_HDR);
}

static void
seal256_of(const uint8_t *msg, size_t at, size_t n, const void *key,
    size_t klen, uint8_t out[SHA256_LEN])
{
	uint8_t head[STUN_HDR];

	header_until(msg, at + ATTR_HDR + n, head);
	crypto_hmac256(
	    out, key, klen, head, STUN_HDR, msg + STUN_HDR, at - STUN_HDR);
}

/* ---- in ---- */

/* The address as it stands there, xored with nothing. */
static int
get_address(const uint8_t *v, size_t len, struct endpoint *e)
{
	*e = (struct endpoint){0};
	if (len == 8 && v[1] == 1)
		e->addr.family = 4;
	else if (len == 20 && v[1] == 2)
		e->addr.family = 6;
	else
		return -1;
	e->port = get16(v + 2);
	memcpy(e->addr.b, v + 4, len - 4);
	return 0;
}

/* Section 14.2: with the cookie, and for IPv6 the id behind it. */
static void
xor_address(const uint8_t id[STUN_ID], struct endpoint *e)
{
	static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

	e->port ^= 0x2112;
	for (int i = 0; i < 4; i++)
		e->addr.b[i] ^= cookie[i];
	for (int i = 4; i < 16 && e->addr.family == 6; i++)
		e->addr.b[i] ^= id[i - 4];
}

static int
read_address(struct stun *s, uint16_t type, const uint8_t *v, size_t len)
{
	struct endpoint *e = type == A_MAPPED ? &s->mapped
	    : type == A_ORIGIN                ? &s->origin
	    : type == A_OTHER                 ? &s->other
	    : type == A_PEER                  ? &s->peer
	    : type == A_RELAYED               ? &s->relayed
					      : &s->xor_mapped;

	if (get_address(v, len, e) == -1)
		return -1;
	if (type == A_XOR_MAPPED || type == A_PEER || type == A_RELAYED)
		xor_address(s->id, e);
	addr_canonical(&e->addr);
	return 0;
}

static int
read_text(struct stun_text *t, size_t max, const uint8_t *v, size_t len)
{
	if (len > max)
		return -1;
	*t = (struct stun_text){v, (uint16_t)len};
	return 0;
}

static int
read_code(struct stun *s, const uint8_t *v, size_t len)
{
	if (len < 4 || (v[2] & 7) < 3 || (v[2] & 7) > 6 || v[3] > 99)
		return -1;
	s->code = (uint16_t)((v[2] & 7) * 100 + v[3]);
	return read_text(&s->reason, STUN_TEXT_MAX, v + 4, len - 4);
}

static int
read_types(struct stun *s, const uint8_t *v, size_t len)
{
	if (len % 2 != 0)
		return -1;
	for (; len > 0 && s->nunknown < STUN_TYPES_MAX; v += 2, len -= 2)
		s->unknown[s->nunknown++] = get16(v);
	return 0;
}

static int
read_number(struct stun *s, uint16_t type, const uint8_t *v, size_t len)
{
	if (type == A_PADDING) {
		s->padding = (uint16_t)len;
		return 0;
	}
	/* two octets and two of padding, which some take for the other kind */
	if (len != 4 && !(type == A_PORT && len == 2))
		return -1;
	if (type == A_PORT)
		s->port = get16(v);
	else if (type == A_CHANNEL)
		s->channel = get16(v);
	else if (type == A_TRANSPORT)
		s->transport = v[0];
	else
		*(type == A_CHANGE ? &s->change : &s->lifetime) =
		    (uint32_t)get16(v) << 16 | get16(v + 2);
	return 0;
}

static uint32_t
bit_of(uint16_t type)
{
	/* clang-format off */
	static const struct { uint16_t type; uint32_t bit; } bits[] = {
		{ A_MAPPED, STUN_MAPPED }, { A_XOR_MAPPED, STUN_XOR_MAPPED },
		{ A_ORIGIN, STUN_ORIGIN }, { A_OTHER, STUN_OTHER },
		{ A_CODE, STUN_CODE }, { A_UNKNOWN, STUN_UNKNOWN },
		{ A_CHANGE, STUN_CHANGE }, { A_PORT, STUN_PORT },
		{ A_PADDING, STUN_PADDING }, { A_SOFTWARE, STUN_SOFTWARE },
		{ A_PEER, STUN_PEER }, { A_RELAYED, STUN_RELAYED },
		{ A_DATA, STUN_DATA }, { A_LIFETIME, STUN_LIFETIME },
		{ A_CHANNEL, STUN_CHANNEL }, { A_TRANSPORT, STUN_TRANSPORT },
		{ A_USERNAME, STUN_USERNAME }, { A_NONCE, STUN_NONCE },
		{ A_REALM, STUN_REALM }, { A_SEAL, STUN_SEAL },
		{ A_SEAL256, STUN_SEAL256 }, { A_MARK, STUN_MARK },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (bits[i].type == type)
			return bits[i].bit;
	return 0;
}

static int
read_value(struct stun *s, uint16_t type, const uint8_t *v, size_t len)
{
	switch (type) {
	case A_CODE:
		return read_code(s, v, len);
	case A_UNKNOWN:
		return read_types(s, v, len);
	case A_CHANGE:
	case A_PORT:
	case A_PADDING:
	case A_CHANNEL:
	case A_LIFETIME:
	case A_TRANSPORT:
		return read_number(s, type, v, len);
	case A_DATA:
		return read_text(&s->data, UINT16_MAX, v, len);
	case A_SOFTWARE:
		return read_text(&s->software, STUN_TEXT_MAX, v, len);
	case A_USERNAME:
		return read_text(&s->username, STUN_USER_MAX, v, len);
	case A_NONCE:
		return read_text(&s->nonce, STUN_TEXT_MAX, v, len);
	case A_REALM:
		return read_text(&s->realm, STUN_TEXT_MAX, v, len);
	default:
		return read_address(s, type, v, len);
	}
}

/* The attributes at the end, in their order: is it one, and right? */
static int
read_end(struct stun *s, const uint8_t *msg, size_t at, size_t len)
{
	const uint8_t *v = msg + at + ATTR_HDR;
	size_t vlen = get16(msg + at + 2);

	switch (get16(msg + at)) {
	case A_SEAL:
		s->seal_at = at;
		return vlen == SHA1_LEN ? 0 : -1;
	case A_SEAL256:
		s->seal256_at = at;
		s->seal256_len = (uint8_t)vlen;
		return vlen >= SHA256_MIN && vlen <= SHA256_LEN && vlen % 4 == 0
		    ? 0
		    : -1;
	default: /* A_MARK, the last of all */
		if (vlen != 4 || at + STUN_MARK_LEN != len)
			return -1;
		return mark_of(msg, at) ==
			((uint32_t)get16(v) << 16 | get16(v + 2))
		    ? 0
		    : -1;
	}
}

/* One attribute, which fits. */
static int
read_attr(struct stun *s, const uint8_t *msg, size_t at, size_t len)
{
	uint16_t type = get16(msg + at);
	uint32_t bit = bit_of(type);
	bool end = bit >= STUN_SEAL;

	if (bit == 0 && type < OPTIONAL && type != A_OLD_SOURCE &&
	    type != A_OLD_CHANGED && s->has < STUN_SEAL &&
	    s->nalien < STUN_TYPES_MAX)
		s->alien[s->nalien++] = type;
	if (bit == 0 || (s->has & bit) != 0)
		return 0;
	/* bits of the end are greater than all others, and in its order */
	if (s->has >= STUN_SEAL && bit < s->has)
		return 0;
	if ((end ? read_end(s, msg, at, len)
		 : read_value(s, type, msg + at + ATTR_HDR,
		       get16(msg + at + 2))) == -1)
		return -1;
	s->has |= bit;
	return 0;
}

int
stun_parse(const uint8_t *msg, size_t len, struct stun *s)
{
	uint16_t type;

	*s = (struct stun){0};
	if (!stun_is(msg, len))
		return -1;
	/* section 5: the two bits of the class are among those of the method */
	type = get16(msg);
	s->kind = (enum stun_kind)((type >> 7 & 2) | (type >> 4 & 1));
	s->method =
	    (uint16_t)((type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0xf));
	memcpy(s->id, msg + 8, STUN_ID);
	for (size_t at = STUN_HDR; at < len;) {
		size_t next;

		/* len is a multiple of four: there is a whole header */
		next = at + ATTR_HDR + padded(get16(msg + at + 2));
		if (next > len || read_attr(s, msg, at, len) == -1)
			return -1;
		at = next;
	}
	return 0;
}

/* ---- out ---- */

static void
begin(struct wbuf *w, uint16_t type, size_t len)
{
	wbuf_u16(w, type);
	wbuf_u16(w, (uint16_t)len);
}

static void
zeros(struct wbuf *w, size_t n)
{
	while (n-- > 0 && !w->bad)
		wbuf_u8(w, 0);
}

static void
put_text(struct wbuf *w, uint16_t type, const struct stun_text *t, size_t max)
{
	if (t->len > max)
		w->bad = true;
	begin(w, type, t->len);
	wbuf_bytes(w, t->p, t->len);
	zeros(w, padded(t->len) - t->len);
}

static void
put_address(
    struct wbuf *w, uint16_t type, const struct endpoint *e, const uint8_t *id)
{
	size_t n = e->addr.family == 4 ? 4 : 16;
	struct endpoint x = *e;

	if (e->addr.family != 4 && e->addr.family != 6)
		w->bad = true;
	if (id != NULL)
		xor_address(id, &x);
	begin(w, type, 4 + n);
	wbuf_u8(w, 0);
	wbuf_u8(w, n == 4 ? 1 : 2);
	wbuf_u16(w, x.port);
	wbuf_bytes(w, x.addr.b, n);
}

static void
put_code(struct wbuf *w, const struct stun *s)
{
	size_t n = s->reason.len;

	if (s->code < 300 || s->code > 699 || n > STUN_TEXT_MAX)
		w->bad = true;
	begin(w, A_CODE, 4 + n);
	wbuf_u16(w, 0);
	wbuf_u8(w, (uint8_t)(s->code / 100));
	wbuf_u8(w, (uint8_t)(s->code % 100));
	wbuf_bytes(w, s->reason.p, n);
	zeros(w, padded(n) - n);
}

static void
put_types(struct wbuf *w, const struct stun *s)
{
	size_t n = s->nunknown < STUN_TYPES_MAX ? s->nunknown : STUN_TYPES_MAX;

	begin(w, A_UNKNOWN, 2 * n);
	for (size_t i = 0; i < n; i++)
		wbuf_u16(w, s->unknown[i]);
	zeros(w, padded(2 * n) - 2 * n);
}

static void
put_numbers(struct wbuf *w, const struct stun *s)
{
	const struct {
		uint32_t bit, v;
		uint16_t type;
	} n[] = {{STUN_CHANGE, s->change, A_CHANGE},
	    {STUN_PORT, (uint32_t)s->port << 16, A_PORT},
	    {STUN_CHANNEL, (uint32_t)s->channel << 16, A_CHANNEL},
	    {STUN_LIFETIME, s->lifetime, A_LIFETIME},
	    {STUN_TRANSPORT, (uint32_t)s->transport << 24, A_TRANSPORT}};

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		if ((s->has & n[i].bit) != 0) {
			begin(w, n[i].type, 4);
			wbuf_u32(w, n[i].v);
		}
	if ((s->has & STUN_PADDING) != 0) {
		begin(w, A_PADDING, s->padding);
		zeros(w, padded(s->padding));
	}
}

static void
put_addresses(struct wbuf *w, const struct stun *s)
{
	if ((s->has & STUN_XOR_MAPPED) != 0)
		put_address(w, A_XOR_MAPPED, &s->xor_mapped, s->id);
	if ((s->has & STUN_MAPPED) != 0)
		put_address(w, A_MAPPED, &s->mapped, NULL);
	if ((s->has & STUN_ORIGIN) != 0)
		put_address(w, A_ORIGIN, &s->origin, NULL);
	if ((s->has & STUN_OTHER) != 0)
		put_address(w, A_OTHER, &s->other, NULL);
	if ((s->has & STUN_PEER) != 0)
		put_address(w, A_PEER, &s->peer, s->id);
	if ((s->has & STUN_RELAYED) != 0)
		put_address(w, A_RELAYED, &s->relayed, s->id);
}

static void
put_texts(struct wbuf *w, const struct stun *s)
{
	if ((s->has & STUN_USERNAME) != 0)
		put_text(w, A_USERNAME, &s->username, STUN_USER_MAX);
	if ((s->has & STUN_NONCE) != 0)
		put_text(w, A_NONCE, &s->nonce, STUN_TEXT_MAX);
	if ((s->has & STUN_REALM) != 0)
		put_text(w, A_REALM, &s->realm, STUN_TEXT_MAX);
	if ((s->has & STUN_DATA) != 0)
		put_text(w, A_DATA, &s->data, UINT16_MAX);
}

size_t
stun_print(const struct stun *s, uint8_t *out, size_t cap)
{
	struct wbuf w;

	wbuf_init(&w, out, cap);
	wbuf_u16(&w,
	    (uint16_t)((s->method & 0xf80) << 2 | (s->method & 0x70) << 1 |
		(s->method & 0xf) | (s->kind & 2) << 7 | (s->kind & 1) << 4));
	wbuf_u16(&w, 0);
	wbuf_u32(&w, STUN_COOKIE);
	wbuf_bytes(&w, s->id, STUN_ID);
	if ((s->has & STUN_SOFTWARE) != 0)
		put_text(&w, A_SOFTWARE, &s->software, STUN_TEXT_MAX);
	put_addresses(&w, s);
	if ((s->has & STUN_CODE) != 0)
		put_code(&w, s);
	if ((s->has & STUN_UNKNOWN) != 0)
		put_types(&w, s);
	put_numbers(&w, s);
	put_texts(&w, s);
	if (wbuf_done(&w) == -1 || w.len - STUN_HDR > UINT16_MAX)
		return 0;
	put16(out + 2, w.len - STUN_HDR);
	return w.len;
}

/* Room for one more attribute: its value, or NULL. */
static uint8_t *
append(uint8_t *msg, size_t len, size_t cap, uint16_t type, size_t vlen)
{
	if (len < STUN_HDR || len > cap || cap - len < ATTR_HDR + vlen ||
	    len + ATTR_HDR + vlen - STUN_HDR > UINT16_MAX)
		return NULL;
	put16(msg + len, type);
	put16(msg + len + 2, vlen);
	put16(msg + 2, len + ATTR_HDR + vlen - STUN_HDR);
	return msg + len + ATTR_HDR;
}

size_t
stun_seal(uint8_t *msg, size_t len, size_t cap, const void *key, size_t klen)
{
	uint8_t *v = append(msg, len, cap, A_SEAL, SHA1_LEN);

	if (v == NULL)
		return 0;
	seal_of(msg, len, key, klen, v);
	return len + ATTR_HDR + SHA1_LEN;
}

size_t
stun_seal256(uint8_t *msg, size_t len, size_t cap, const void *key, size_t klen)
{
	uint8_t *v = append(msg, len, cap, A_SEAL256, SHA256_LEN);

	if (v == NULL)
		return 0;
	seal256_of(msg, len, SHA256_LEN, key, klen, v);
	return len + ATTR_HDR + SHA256_LEN;
}

size_t
stun_mark(uint8_t *msg, size_t len, size_t cap)
{
	uint8_t *v = append(msg, len, cap, A_MARK, 4);
	uint32_t crc;

	if (v == NULL)
		return 0;
	crc = mark_of(msg, len);
	put16(v, crc >> 16);
	put16(v + 2, crc & 0xffff);
	return len + STUN_MARK_LEN;
}

bool
stun_sealed(
    const uint8_t *msg, const struct stun *s, const void *key, size_t klen)
{
	uint8_t want[SHA256_LEN];

	if ((s->has & STUN_SEAL256) != 0) {
		seal256_of(msg, s->seal256_at, s->seal256_len, key, klen, want);
		return crypto_equal(
		    want, msg + s->seal256_at + ATTR_HDR, s->seal256_len);
	}
	if ((s->has & STUN_SEAL) == 0)
		return false;
	seal_of(msg, s->seal_at, key, klen, want);
	return crypto_equal(want, msg + s->seal_at + ATTR_HDR, SHA1_LEN);
}
