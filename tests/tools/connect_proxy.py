#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An HTTP proxy that knows CONNECT and nothing else: for tests.

usage: connect_proxy.py ADDRESS PORT    (a line for each connection)
"""
import socket
import sys
import threading


def copy(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(s):
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 4096:
        data = s.recv(1024)
        if not data:
            return
        head += data
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    host, port = target.rsplit(":", 1)
    print(method, target, flush=True)
    if method != "CONNECT":
        s.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
        s.close()
        return
    try:
        far = socket.create_connection((host.strip("[]"), int(port)), 5)
    except OSError:
        s.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        s.close()
        return
    far.settimeout(None)
    s.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    threading.Thread(target=copy, args=(s, far), daemon=True).start()
    copy(far, s)


listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    conn, _ = listener.accept()
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
