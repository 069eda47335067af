#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
A DHT node of libtorrent, spoken to as tests/tools/dhtnode is: a command a line
on stdin, one line for each on stdout.

usage: dht_libtorrent.py ADDR PORT [BOOTSTRAP-ADDR:PORT ...]

    get KHEX SALTHEX|-           item SEQ VHEX | none
    gethash HEX                  item - VHEX | none
    put SEEDHEX SALTHEX|- VHEX   stored COPIES   (libtorrent counts seq itself)
    puthash VHEX                 stored COPIES HASHHEX
    nodes                        nodes N
    quit

v is bencoded, and a byte string: libtorrent's Python can't do others.
"""
import sys
import time

import libtorrent as lt

import ed25519

WAIT_S = 20


def unbencode(data):
    """The string in a bencoded byte string."""
    n, rest = data.split(b":", 1)
    if int(n) != len(rest):
        raise ValueError("not a bencoded byte string")
    return rest


def bencode(data):
    return str(len(data)).encode() + b":" + data


def unhex(s):
    return b"" if s == "-" else bytes.fromhex(s)


def value_of(alert):
    """The byte string of a get's answer, or None."""
    try:
        value = alert.item
    except RuntimeError:  # nothing was found
        return None
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, bytes) and value else None


class Node:
    def __init__(self, addr, port, bootstrap):
        self.ses = lt.session({
            "listen_interfaces": f"{addr}:{port}",
            "alert_mask": lt.alert.category_t.dht_notification |
            lt.alert.category_t.dht_operation_notification |
            lt.alert.category_t.status_notification |
            lt.alert.category_t.error_notification,
            "enable_lsd": False, "enable_upnp": False,
            "enable_natpmp": False, "enable_dht": True,
            "dht_bootstrap_nodes": ",".join(bootstrap),
            # many nodes behind one network is what a test bed is
            "dht_restrict_routing_ips": False,
            "dht_restrict_search_ips": False,
            "dht_ignore_dark_internet": False,
            "dht_block_ratelimit": 1000,
            "dht_upload_rate_limit": 100000,
        })
        # The setting above names routers, and those are asked only once and
        # never kept; these are ordinary nodes.
        for b in bootstrap:
            host, p = b.rsplit(":", 1)
            self.ses.add_dht_node((host, int(p)))

    def alerts(self, kind):
        """All alerts of this kind, as they come, until WAIT_S are over."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            self.ses.wait_for_alert(200)
            for a in self.ses.pop_alerts():
                if isinstance(a, kind):
                    yield a

    def alert(self, kind):
        return next(self.alerts(kind), None)

    def get(self, k, salt):
        self.ses.dht_get_mutable_item(unhex(k), unhex(salt))
        best = None
        for a in self.alerts(lt.dht_mutable_item_alert):
            value = value_of(a)
            if value is not None and (best is None or a.seq > best[0]):
                best = (a.seq, value)
            if a.authoritative:  # the last one
                break
        if best is None:
            return "none"
        return f"item {best[0]} {bencode(best[1]).hex()}"

    def gethash(self, target):
        self.ses.dht_get_immutable_item(lt.sha1_hash(unhex(target)))
        a = self.alert(lt.dht_immutable_item_alert)
        value = None if a is None else value_of(a)
        if value is None:
            return "none"
        return f"item - {bencode(value).hex()}"

    def put(self, seed, salt, v):
        seed = unhex(seed)
        self.ses.dht_put_mutable_item(ed25519.expand(seed),
                                      ed25519.public(seed),
                                      unbencode(unhex(v)), unhex(salt))
        a = self.alert(lt.dht_put_alert)
        return "stored 0" if a is None else f"stored {a.num_success}"

    def puthash(self, v):
        h = self.ses.dht_put_immutable_item(unbencode(unhex(v)))
        a = self.alert(lt.dht_put_alert)
        return f"stored {0 if a is None else a.num_success} {h}"

    def nodes(self):
        self.ses.post_dht_stats()
        a = self.alert(lt.dht_stats_alert)
        n = 0 if a is None else sum(b["num_nodes"] for b in a.routing_table)
        return f"nodes {n}"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    node = Node(sys.argv[1], sys.argv[2], sys.argv[3:])
    for line in sys.stdin:
        verb, *args = line.split()
        if verb == "quit":
            break
        try:
            print(getattr(node, verb)(*args), flush=True)
        except Exception as e:  # a test wants a line for every line
            print(f"error {type(e).__name__} {e}", flush=True)
    node.ses.pause()


if __name__ == "__main__":
    main()
