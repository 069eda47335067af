# SPDX-License-Identifier: ISC
"""
Ed25519 for tests (RFC 8032, section 5.1), by numbers alone: a second opinion
on what OpenSSL signed.  Slow, and not for secrets.  The expanded private key is what libtorrent wants to have.
"""
import hashlib

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y):
    """The even one."""
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x % 2 else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y), BASE_Y)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    x3 = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P)
    y3 = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P)
    return x3 % P, y3 % P


def times(k, point):
    q = (0, 1)
    while k:
        if k & 1:
            q = add(q, point)
        point = add(point, point)
        k >>= 1
    return q


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(octets):
    """The point, or None."""
    n = int.from_bytes(octets, "little")
    y, odd = n & (1 << 255) - 1, n >> 255
    if y >= P:
        return None
    x = recover_x(y)
    if (x * x * (D * y * y + 1) - y * y + 1) % P != 0 or (odd and x == 0):
        return None
    return (P - x if odd else x), y


def expand(seed):
    """The private key of 64 octets: scalar, and the prefix for signing."""
    h = bytearray(hashlib.sha512(seed).digest())
    h[0] &= 248
    h[31] = h[31] & 63 | 64
    return bytes(h)


def scalar(seed):
    return int.from_bytes(expand(seed)[:32], "little")


def public(seed):
    return encode(times(scalar(seed), BASE))


def digest(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def sign(seed, message):
    pub = public(seed)
    r = digest(expand(seed)[32:], message) % Q
    big_r = encode(times(r, BASE))
    s = (r + digest(big_r, pub, message) * scalar(seed)) % Q
    return big_r + s.to_bytes(32, "little")


def verify(pub, message, sig):
    a, big_r = decode(pub), decode(sig[:32])
    s = int.from_bytes(sig[32:], "little")
    if len(sig) != 64 or a is None or big_r is None or s >= Q:
        return False
    h = digest(sig[:32], pub, message) % Q
    return times(s, BASE) == add(big_r, times(h, a))


def signed(salt, seq, v):
    """The octets that are signed for the DHT (BEP44); v is bencoded."""
    head = b"4:salt%d:" % len(salt) + salt if salt else b""
    return head + b"3:seqi%de1:v" % seq + v
