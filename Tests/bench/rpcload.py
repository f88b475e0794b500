#!/usr/bin/env python3
"""Loads a management daemon's port with GETSPEC or PORTBYBRICK and prints the calls per second.

  rpcload.py HOST PORT getspec VOLUME  [--connections 16] [--seconds 2] [--repeat 3]
  rpcload.py HOST PORT portbybrick BRICK-PATH ...
  rpcload.py HOST PORT getspec VOLUME --wait 60     until the first good answer, then end

One call at a time is under way on each connection.  Prints a line a run; each reply is checked,
and a refusal or a short answer ends the program with status 1.  The wire: SunRPC over TCP records
(a mark of 4 bytes, the top bit of the last fragment set), everything XDR, big endian.
"""

import argparse
import os
import selectors
import socket
import struct
import sys
import time

CALL, REPLY, RPC_VERSION = 0, 1, 2
AUTH_GLUSTERFS_V2 = 390039
LAST_FRAGMENT = 0x80000000
REPLY_BYTES_MAX = 16 << 20


class BadReply(Exception):
    pass


def opaque(data):
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def dictionary(pairs):
    """GlusterFS's dict: a count, then for each pair both lengths and both texts, without padding."""
    out = struct.pack(">i", len(pairs))
    for key, value in pairs.items():
        key, value = key.encode(), value.encode() + b"\0"
        out += struct.pack(">ii", len(key), len(value)) + key + b"\0" + value
    return out


def call_body(what, key):
    """The call after its xid."""
    if what == "getspec":
        program, version, procedure = 14398633, 2, 2
        arguments = struct.pack(">I", 0) + opaque(key)
        arguments += opaque(dictionary({"min-op-version": "1", "max-op-version": "100000"}))
    else:
        program, version, procedure = 34123456, 1, 1
        arguments = opaque(key)
    # pid, uid, gid, no groups, and a lock owner of four zero bytes.
    credential = opaque(struct.pack(">iIII", os.getpid(), 0, 0, 0) + opaque(bytes(4)))
    head = struct.pack(">IIIII", CALL, RPC_VERSION, program, version, procedure)
    verifier = struct.pack(">II", 0, 0)
    return head + struct.pack(">I", AUTH_GLUSTERFS_V2) + credential + verifier + arguments


class Connection:
    """One TCP connection with at most one call under way."""

    def __init__(self, host, port, body):
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.body, self.xid, self.buffer = body, 1, b""

    def send(self):
        self.xid = (self.xid + 1) & 0xFFFFFFFF
        mark = LAST_FRAGMENT | (len(self.body) + 4)
        self.socket.sendall(struct.pack(">II", mark, self.xid) + self.body)

    def receive(self):
        """Reads what there is; true when the reply is whole, which is then checked."""
        data = self.socket.recv(1 << 20)
        if not data:
            raise BadReply("the connection was closed")
        self.buffer += data
        record = self.record()
        if record is None:
            return False
        self.check(record)
        return True

    def record(self):
        """The whole record in the buffer, of all its fragments, or nothing yet."""
        record, at = b"", 0
        while len(self.buffer) >= at + 4:
            mark = struct.unpack_from(">I", self.buffer, at)[0]
            size = mark & ~LAST_FRAGMENT
            if len(record) + size > REPLY_BYTES_MAX:
                raise BadReply("a reply of more than %d bytes" % REPLY_BYTES_MAX)
            if len(self.buffer) < at + 4 + size:
                return None
            record += self.buffer[at + 4 : at + 4 + size]
            at += 4 + size
            if mark & LAST_FRAGMENT:
                self.buffer = self.buffer[at:]
                return record
        return None

    def check(self, record):
        xid, kind, stat, _, verifier_size = struct.unpack_from(">IIIII", record)
        at = 20 + verifier_size + -verifier_size % 4
        accepted, op_ret, op_errno = struct.unpack_from(">Iii", record, at)
        if xid != self.xid or kind != REPLY or stat != 0 or accepted != 0:
            raise BadReply("xid %d, reply status %d, accept status %d" % (xid, stat, accepted))
        if op_ret < 0:
            raise BadReply("refused: op_ret %d, op_errno %d" % (op_ret, op_errno))

    def once(self):
        self.send()
        while not self.receive():
            pass


def rate(host, port, body, connections, seconds):
    """Calls a second over that many connections, in a closed loop."""
    selector = selectors.DefaultSelector()
    opened = [Connection(host, port, body) for _ in range(connections)]
    for connection in opened:
        connection.once()
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    done, began = 0, time.perf_counter()
    end = began + seconds
    for connection in opened:
        connection.send()
    while time.perf_counter() < end:
        for key, _ in selector.select(timeout=1):
            if key.data.receive():
                done += 1
                key.data.send()
    elapsed = time.perf_counter() - began
    for connection in opened:
        connection.socket.close()
    return done / elapsed


def wait(host, port, body, seconds):
    """Asks anew every 10 ms until a call is answered well; false when the time is over."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        try:
            connection = Connection(host, port, body)
            connection.once()
            connection.socket.close()
            return True
        except (OSError, BadReply, struct.error):
            time.sleep(0.01)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("what", choices=["getspec", "portbybrick"])
    parser.add_argument("key", help="the volume (or volfile id), or the brick's path")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--wait", type=float, help="seconds to wait for one good answer")
    flags = parser.parse_args()
    body = call_body(flags.what, flags.key.encode())
    if flags.wait is not None:
        return 0 if wait(flags.host, flags.port, body, flags.wait) else 1
    try:
        for _ in range(flags.repeat):
            calls = rate(flags.host, flags.port, body, flags.connections, flags.seconds)
            print("%.1f" % calls)
    except (OSError, BadReply, struct.error) as error:
        print("%s %s: %s" % (flags.what, flags.key, error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
