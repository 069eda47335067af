#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
A DHT node of libtorrent, spoken to as tests/tools/dhtnode is: a command a line
on stdin, one line for each on stdout.

usage: dht_libtorrent.py ADDR PORT [BOOTSTRAP-ADDR:PORT ...]

    get KHEX SALTHEX|-           item SEQ VHEX SIGHEX | none
    gethash HEX                  item - VHEX | none
    put SEEDHEX SALTHEX|- VHEX   stored COPIES   (libtorrent counts seq itself)
    puthash VHEX                 stored COPIES HASHHEX
    nodes                        nodes N ID@ADDR:PORT ...
    quit

v is bencoded, and a byte string: libtorrent's Python can't do others.
"""
import sys
import time

import libtorrent as lt

sys.dont_write_bytecode = True
import ed25519  # noqa: E402

WAIT_S = 40
NEWER_S = 3  # an item that came is believed to be the newest


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
            # this names routers: asked once, and never kept in the table
            "dht_bootstrap_nodes": "",
            # many nodes behind one network is what a test bed is
            "dht_restrict_routing_ips": False,
            "dht_restrict_search_ips": False,
            "dht_ignore_dark_internet": False,
            "dht_block_ratelimit": 1000,
            "dht_upload_rate_limit": 100000,
        })
        self.left = []  # alerts that were not looked at yet
        self.bootstrap = [b.rsplit(":", 1) for b in bootstrap]
        self.join()

    def join(self):
        """Asks them, as libtorrent does with the nodes of a torrent file."""
        for host, port in self.bootstrap:
            self.ses.add_dht_node((host, int(port)))

    def alert(self, kind, is_it, end=None):
        """
        The first alert of this kind that is it, or None when it is late;
        others may be of earlier questions.
        """
        end = end or time.monotonic() + WAIT_S
        while True:
            while self.left:
                a = self.left.pop(0)
                if isinstance(a, kind) and is_it(a):
                    return a
            if time.monotonic() >= end:
                return None
            self.ses.wait_for_alert(200)
            self.left = self.ses.pop_alerts()

    def get(self, k, salt):
        k, salt = unhex(k), unhex(salt)
        best, end = None, time.monotonic() + WAIT_S

        # a salt that is not text can't be had from the alert: the signature
        # says which one it was
        def is_it(a):
            value = value_of(a)
            return bytes(a.key) == k and (value is None or ed25519.verify(
                k, ed25519.signed(salt, a.seq, bencode(value)),
                bytes(a.signature)))

        self.ses.dht_get_mutable_item(k, salt)
        while a := self.alert(lt.dht_mutable_item_alert, is_it, end):
            value = value_of(a)
            if value is not None and (best is None or a.seq > best[0]):
                best = (a.seq, value, bytes(a.signature))
                # those that are gone are waited for only so long
                end = min(end, time.monotonic() + NEWER_S)
            if a.authoritative:  # all have been asked
                break
        if best is None:
            return "none"
        return f"item {best[0]} {bencode(best[1]).hex()} {best[2].hex()}"

    def gethash(self, target):
        target = lt.sha1_hash(unhex(target))
        self.ses.dht_get_immutable_item(target)
        a = self.alert(lt.dht_immutable_item_alert,
                       lambda a: a.target == target)
        value = None if a is None else value_of(a)
        if value is None:
            return "none"
        return f"item - {bencode(value).hex()}"

    def put(self, seed, salt, v):
        seed, salt = unhex(seed), unhex(salt)
        k = ed25519.public(seed)
        self.ses.dht_put_mutable_item(ed25519.expand(seed), k,
                                      unbencode(unhex(v)), salt)
        a = self.alert(lt.dht_put_alert, lambda a: ed25519.verify(
            k, ed25519.signed(salt, a.seq, unhex(v)), bytes(a.signature)))
        return "stored 0" if a is None else f"stored {a.num_success}"

    def puthash(self, v):
        h = self.ses.dht_put_immutable_item(unbencode(unhex(v)))
        a = self.alert(lt.dht_put_alert, lambda a: a.target == h)
        return f"stored {0 if a is None else a.num_success} {h}"

    def nodes(self):
        ids = self.ses.save_state().get(b"dht state", {}).get(b"node-id", [])
        if not ids:
            return "nodes 0"
        self.ses.dht_live_nodes(lt.sha1_hash(ids[0][:20]))
        a = self.alert(lt.dht_live_nodes_alert, lambda a: True)
        all_ = [] if a is None else [
            "%s@%s:%d" % (n["nid"], *n["endpoint"]) for n in a.nodes]
        if not all_:  # it asks a node that is silent only once
            self.join()
        return " ".join(["nodes", str(len(all_))] + all_)


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
