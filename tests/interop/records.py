#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
A member's records as strangers see them: items of BEP44.  Made from its files
by what mesh-protocol(7) says, not by the programs under test.

usage: records.py CERTIFICATE-FILE SECRET-FILE

    address|key|name KHEX SALTHEX SEQ VHEX SIGHEX    as the authority signed it
    place KHEX SALTHEX                               signed by the node itself
"""
import base64
import hashlib
import hmac
import sys

sys.dont_write_bytecode = True
import ed25519  # noqa: E402

KINDS = {1: "address", 2: "key", 3: "name", 4: "place", 5: "state"}
CERT_X25519, CERT_ED25519 = 28, 60


def hkdf(secret, info):
    """RFC 5869 with SHA-256, an empty salt, one block."""
    prk = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(prk, info + b"\1", "sha256")


def record(b):
    """kind 1 | k 32 | seq 8 | sig 64 | salt 32 | length 2 | v"""
    k, seq = b[1:33], int.from_bytes(b[33:41], "big")
    sig, salt, v = b[41:105], b[105:137], b[139:]
    if int.from_bytes(b[137:139], "big") != len(v):
        raise ValueError("a record of another length")
    if not ed25519.verify(k, ed25519.signed(salt, seq, v), sig):
        raise ValueError("a bad signature")
    print(KINDS[b[0]], k.hex(), salt.hex(), seq, v.hex(), sig.hex())


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], encoding="ascii") as f:
        secret = base64.b64decode(f.read())
    with open(sys.argv[1], encoding="ascii") as f:
        lines = [line.split() for line in f]
    for word, value in (x for x in lines if len(x) == 2):
        if word == "record":
            record(base64.b64decode(value))
        elif word == "certificate":
            value = base64.b64decode(value)
            node = value[CERT_X25519:CERT_X25519 + 32]
            k = value[CERT_ED25519:CERT_ED25519 + 32]
            salt = hmac.digest(hkdf(secret, b"mesh1 rendezvous"),
                               b"ep" + node, hashlib.sha256)
            print("place", k.hex(), salt.hex())


main()
