#!/usr/bin/env python3
"""Starts COUNT bricks at once, RUNS times, and prints the milliseconds from exec to the last SIGNIN.

  bare_brick.py new|again COUNT RUNS VOLUME VOLFILE BRICK-PATH

A new brick is an empty directory each time: its first start makes hundreds of directories there. One that
starts again has had such a start before, which is not printed.

The management server is this program: it answers DUMP, GETSPEC and SIGNIN and does nothing else, so
the time is what glusterfsd itself needs.  BRICK-PATH gets the volume id that VOLFILE names; further
bricks lie beside it.
"""

import concurrent.futures
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

DUMP, HANDSHAKE, PORTMAP = 123451501, 14398633, 34123456
PROGRAMS = [(b"Gluster Portmap", PORTMAP, 1), (b"GlusterFS Handshake", HANDSHAKE, 2), (b"GF-DUMP", DUMP, 1)]


def opaque(data):
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def dump():
    out = struct.pack(">Qii", 0, 0, 0)
    for name, number, version in PROGRAMS:
        out += struct.pack(">I", 1) + opaque(name) + struct.pack(">QQ", number, version)
    return out + struct.pack(">I", 0)


def record(connection):
    head = connection.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    return connection.recv(struct.unpack(">I", head)[0] & 0x7FFFFFFF, socket.MSG_WAITALL)


def serve(connection, volfile):
    """Answers until the brick has signed in: the time of that."""
    while True:
        call = record(connection)
        if not call:
            raise SystemExit("the brick ended before it signed in")
        xid, _, _, program, _, procedure = struct.unpack_from(">6I", call)
        signed = (program, procedure) == (PORTMAP, 4)
        now = time.perf_counter()
        if (program, procedure) == (DUMP, 1):
            body = dump()
        elif (program, procedure) == (HANDSHAKE, 2):
            body = struct.pack(">ii", len(volfile), 0) + opaque(volfile) + opaque(b"")
        else:
            body = bytes(8)
        reply = struct.pack(">6I", xid, 1, 0, 0, 0, 0) + body
        connection.sendall(struct.pack(">I", 0x80000000 | len(reply)) + reply)
        if signed:
            return now


def run(folder, volume, volfile, brick, port):
    path = folder + "/management"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        listener.settimeout(30)
        command = [
            "glusterfsd", "-s", path, "--volfile-server-transport=unix", "--volfile-id", volume,
            "-p", folder + "/pid", "-S", folder + "/brick", "-l", folder + "/log",
            "--brick-name", brick, "--process-name", "brick", "--brick-port", str(port),
            "--xlator-option", "%s-server.listen-port=%d" % (volume, port), "-N",
        ]
        began = time.perf_counter()
        process = subprocess.Popen(command)
        try:
            connection, _ = listener.accept()
            with connection:
                signed = serve(connection, volfile)
        finally:
            process.terminate()
            process.wait()
    os.unlink(path)
    return began, signed


def make(brick, mark, is_new):
    if is_new:
        shutil.rmtree(brick, ignore_errors=True)
    os.makedirs(brick + "/.glusterfs", exist_ok=True)
    os.setxattr(brick, "trusted.glusterfs.volume-id", mark)


def main():
    kind, count, runs, volume, path, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:7]
    with open(path, "rb") as file:
        volfile = file.read()
    identifier = re.search(rb"option volume-id ([0-9a-f-]+)", volfile).group(1).decode()
    mark = bytes.fromhex(identifier.replace("-", ""))
    bricks = [first] + ["%s-%d" % (first, number) for number in range(1, count)]
    texts = [volfile.replace(first.encode(), brick.encode()) for brick in bricks]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(count) as pool:
        folders = [tempfile.mkdtemp(dir=folder) for _ in bricks]
        first_starts = 0 if kind == "new" else 1
        for number in range(first_starts + runs):
            for brick in bricks:
                make(brick, mark, kind == "new")
            ports = range(49300 + number * count, 49300 + (number + 1) * count)
            times = list(pool.map(run, folders, [volume] * count, texts, bricks, ports))
            if number >= first_starts:
                print("%.1f" % ((max(end for _, end in times) - min(start for start, _ in times)) * 1000))
    for brick in bricks[1:]:
        shutil.rmtree(brick)


if __name__ == "__main__":
    main()
