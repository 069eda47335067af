#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
One datagram of the DHT by hand, and what comes back; and a node that nobody
should listen to.  Only for test namespaces.

usage: krpc.py [-b FROM] [-n TAGHEX] ADDR PORT COMMAND

    ping | find_node IDHEX | get_peers IDHEX | get IDHEX | method NAME
    put SEEDHEX SALTHEX|- SEQ VHEX [cas=N] [token=HEX] [sig=bad]
    item KHEX SALTHEX|-        what it keeps there: "item SEQ VHEX SIGHEX", or
                               "none", or "forged"; the signature is checked
    hash HEX                   "item - VHEX", "none", "forged"
    fits                       does its id belong to its address (BEP42)?
    raw HEX                    these octets
    spam SECONDS LIE:PORT ...  queries, and answers that nobody asked for,
                               with node lists that name LIE; counts what the
                               other side sends back
    lie SECONDS LIE:PORT ...   at -b and -B: answers every query, with its
                               transaction id, and names LIE as nodes; ADDR
                               and PORT are not used.  -n copy: with the tag
                               of the query.  Counts the queries

A line: "r KEY=VALUE ..." (octets in hex), "e CODE TEXT", or "nothing".
put gets its token itself, unless given one; item and hash ask again with the
token if the value was kept back.  Ends with 0 if an r came.
"""
import argparse
import hashlib
import os
import random
import select
import socket
import sys
import time

sys.dont_write_bytecode = True
import ed25519  # noqa: E402

WAIT_S = 2
SPAM_PER_S = 300
OUR_ID = hashlib.sha1(b"krpc.py").digest()


def bencode(x):
    if isinstance(x, int):
        return b"i%de" % x
    if isinstance(x, (bytes, str)):
        b = x.encode() if isinstance(x, str) else x
        return b"%d:%s" % (len(b), b)
    if isinstance(x, list):
        return b"l" + b"".join(bencode(i) for i in x) + b"e"
    if isinstance(x, Raw):
        return x.octets
    keys = sorted(k.encode() for k in x)
    return b"d" + b"".join(bencode(k) + bencode(x[k.decode()])
                           for k in keys) + b"e"


class Raw:
    """Bencoded already."""

    def __init__(self, octets):
        self.octets = octets


def bdecode(b, i=0):
    """(value, where it ends); dictionaries have str keys"""
    c = b[i:i + 1]
    if c == b"i":
        end = b.index(b"e", i)
        return int(b[i + 1:end]), end + 1
    if c == b"l":
        out = []
        i += 1
        while b[i:i + 1] != b"e":
            v, i = bdecode(b, i)
            out.append(v)
        return out, i + 1
    if c == b"d":
        out = {}
        i += 1
        while b[i:i + 1] != b"e":
            k, i = bdecode(b, i)
            start = i
            v, i = bdecode(b, i)
            out[k.decode("latin1")] = v if k != b"v" or "t" in out else \
                Raw(b[start:i])
        return out, i + 1
    colon = b.index(b":", i)
    n = int(b[i:colon])
    if colon + 1 + n > len(b):
        raise ValueError("cut off")
    return b[colon + 1:colon + 1 + n], colon + 1 + n


class Wire:
    def __init__(self, args):
        family = socket.AF_INET6 if ":" in args.addr else socket.AF_INET
        self.s = socket.socket(family, socket.SOCK_DGRAM)
        self.s.bind((args.bind or ("::" if ":" in args.addr else "0.0.0.0"),
                     args.from_port))
        self.to = (args.addr, args.port)
        self.tag = args.tag

    def send(self, m):
        if self.tag is not None:
            m["n"] = self.tag
        self.s.sendto(bencode(m), self.to)

    def receive(self, seconds, t=None):
        """What comes, with this transaction id if one is given; or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.s], [], [], left)[0]:
                continue
            data, who = self.s.recvfrom(65536)
            if who[:2] != self.to:
                continue
            try:
                m, n = bdecode(data)
            except (ValueError, IndexError):
                continue
            if n == len(data) and isinstance(m, dict) and \
                    t in (None, m.get("t")):
                return m
        return None

    def ask(self, method, **a):
        t = os.urandom(2)
        a.setdefault("id", OUR_ID)
        self.send({"t": t, "y": "q", "q": method, "a": a})
        return self.receive(WAIT_S, t)


def show(x):
    if isinstance(x, Raw):
        return x.octets.hex()
    if isinstance(x, bytes):
        return x.hex()
    if isinstance(x, list):
        return ",".join(show(i) for i in x)
    return str(x)


def report(m):
    if m is None:
        print("nothing")
    elif m.get("y") == b"e":
        e = m.get("e", [0, b""])
        print("e", e[0], e[1].decode("latin1"))
    else:
        r = m.get("r", {})
        top = {k: m[k] for k in ("ip", "v", "ro", "n") if k in m}
        if isinstance(top.get("v"), Raw):
            top["v"], _ = bdecode(top["v"].octets)
        print("r", *(f"{k}={show(v)}" for k, v in sorted(r.items())),
              *(f"top-{k}={show(v)}" for k, v in sorted(top.items())))
    return 0 if m is not None and m.get("y") == b"r" else 1


def unhex(s):
    return b"" if s == "-" else bytes.fromhex(s)


def kept(w, target):
    """The r of its answer, with the value if it has one; or None."""
    m = w.ask("get", target=target)
    if m is None or "r" not in m:
        return None
    r = m["r"]
    if "v" not in r and "seq" in r and "token" in r:
        m = w.ask("get", target=target, token=r["token"])
        r = m.get("r", {}) if m is not None else {}
    return r


def tell_item(r, seq, good):
    if r is None:
        print("nothing")
    elif "v" not in r:
        print("none")
    else:
        print("item %s %s %s" % (seq, show(r["v"]), show(r.get("sig", b"")))
              if good else "forged " + show(r["v"]))
    return 0 if good else 1


def item(w, k, salt):
    k, salt = unhex(k), unhex(salt)
    r = kept(w, hashlib.sha1(k + salt).digest())
    good = r is not None and "v" in r and r.get("k") == k and \
        ed25519.verify(k, ed25519.signed(salt, r["seq"], r["v"].octets), r["sig"])
    return tell_item(r, r.get("seq") if r else None, good)


def hashed(w, target):
    r = kept(w, bytes.fromhex(target))
    good = r is not None and "v" in r and \
        hashlib.sha1(r["v"].octets).hexdigest() == target
    return tell_item(r, "-", good)


def crc32c(octets):
    crc = 0xffffffff
    for o in octets:
        crc ^= o
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def fits(w, addr):
    m = w.ask("ping")
    if m is None or "r" not in m:
        return report(m)
    got = m["r"]["id"]
    low = [a & b for a, b in zip(socket.inet_aton(addr), b"\x03\x0f\x3f\xff")]
    low[0] |= (got[19] & 7) << 5
    want = crc32c(low) >> 11
    has = int.from_bytes(got[:3], "big") >> 3
    print("r fits=%s id=%s" % ("yes" if has == want else "no", got.hex()))
    return 0 if has == want else 1


def put(w, seed, salt, seq, v, *options):
    seed, v, salt = bytes.fromhex(seed), bytes.fromhex(v), unhex(salt)
    o = dict(x.split("=") for x in options)
    k = ed25519.public(seed)
    sig = ed25519.sign(seed, ed25519.signed(salt, int(seq), v))
    if o.get("sig") == "bad":
        sig = bytes([sig[0] ^ 1]) + sig[1:]
    if "token" in o:
        token = bytes.fromhex(o["token"])
    else:
        m = w.ask("get", target=hashlib.sha1(k + salt).digest())
        if m is None or "token" not in m.get("r", {}):
            return report(m)
        token = m["r"]["token"]
    a = {"k": k, "seq": int(seq), "sig": sig, "token": token, "v": Raw(v)}
    if salt:
        a["salt"] = salt
    if "cas" in o:
        a["cas"] = int(o["cas"])
    return report(w.ask("put", **a))


def compact(where):
    host, port = where.rsplit(":", 1)
    return os.urandom(20) + socket.inet_aton(host) + \
        int(port).to_bytes(2, "big")


def spam(w, seconds, *lies):
    end = time.monotonic() + float(seconds)
    sent = got = 0
    while time.monotonic() < end:
        nodes = b"".join(compact(x) for x in lies)
        target = os.urandom(20)
        fakes = [
            {"y": "q", "q": "ping", "a": {"id": os.urandom(20)}},
            {"y": "q", "q": "find_node",
             "a": {"id": os.urandom(20), "target": target}},
            {"y": "q", "q": "get_peers",
             "a": {"id": os.urandom(20), "info_hash": target}},
            {"y": "q", "q": "get",
             "a": {"id": os.urandom(20), "target": target}},
            {"y": "r", "r": {"id": os.urandom(20), "nodes": nodes}},
            {"y": "r", "r": {"id": os.urandom(20), "nodes": nodes,
                             "token": b"token", "values": [nodes[20:26]]}},
        ]
        m = random.choice(fakes)
        m["t"] = os.urandom(random.choice([1, 2, 4]))
        w.send(m)
        sent += 1
        while select.select([w.s], [], [], 1 / SPAM_PER_S)[0]:
            w.s.recvfrom(65536)
            got += 1
    print(f"r sent={sent} back={got}")
    return 0


def lie(w, seconds, *lies):
    end = time.monotonic() + float(seconds)
    asked = 0
    who = os.urandom(20)
    # near to whatever is looked for, and to what it is asked next
    while (left := end - time.monotonic()) > 0:
        if not select.select([w.s], [], [], left)[0]:
            continue
        data, peer = w.s.recvfrom(65536)
        try:
            q, _ = bdecode(data)
        except (ValueError, IndexError):
            continue
        if not isinstance(q, dict) or q.get("y") != b"q":
            continue
        asked += 1
        a = q.get("a", {})
        near = a.get("target") or a.get("info_hash") or a.get("id")
        nodes = b"".join(near[:18] + os.urandom(2) + compact(x)[20:]
                         for x in lies)
        m = {"t": q["t"], "y": "r",
             "r": {"id": who, "nodes": nodes, "token": b"token"}}
        tag = q.get("n") if w.tag == "copy" else w.tag
        if tag is not None:
            m["n"] = tag
        w.s.sendto(bencode(m), peer)
    print(f"r asked={asked}")
    return 0


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("-b", dest="bind")
    p.add_argument("-B", dest="from_port", type=int, default=0)
    p.add_argument("-n", dest="tag",
                   type=lambda x: x if x == "copy" else bytes.fromhex(x))
    p.add_argument("addr")
    p.add_argument("port", type=int)
    p.add_argument("command")
    p.add_argument("rest", nargs="*")
    args = p.parse_args()
    w = Wire(args)
    named = {"find_node": "target", "get_peers": "info_hash", "get": "target"}
    c, rest = args.command, args.rest
    if c == "ping":
        return report(w.ask("ping"))
    if c in named:
        return report(w.ask(c, **{named[c]: bytes.fromhex(rest[0])}))
    if c == "method":
        return report(w.ask(rest[0]))
    if c == "put":
        return put(w, *rest)
    if c == "item":
        return item(w, *rest)
    if c == "hash":
        return hashed(w, rest[0])
    if c == "fits":
        return fits(w, args.addr)
    if c == "raw":
        w.s.sendto(bytes.fromhex(rest[0]), w.to)
        return report(w.receive(WAIT_S))
    if c == "spam":
        return spam(w, *rest)
    if c == "lie":
        return lie(w, *rest)
    return p.error("unknown command " + c)


if __name__ == "__main__":
    sys.exit(main())
