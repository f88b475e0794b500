"""What clients do, without a pause, for SECONDS: HTTP reads, GETSPEC, PORTBYBRICK, file writes.

Ends with 1 at the first refused connection, wrong answer or I/O error. Usage: load.py SECONDS
"""
import http.client
import json
import os
import socket
import struct
import sys
import threading
import time

HOST, PORT, VOLUME, MOUNT = "198.51.100.1", 24007, "gv0", "/mnt/gv0"
END = time.monotonic() + float(sys.argv[1])
counts, longest, errors = {}, {}, []


def opaque(data):
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


def call(program, version, procedure, body):
    with socket.create_connection((HOST, PORT), timeout=10) as s:
        head = struct.pack(">IIIIII", 7, 0, 2, program, version, procedure) + b"\0" * 16
        s.sendall(struct.pack(">I", 0x80000000 | len(head + body)) + head + body)
        data = b""
        while len(data) < 4 or len(data) < 4 + (struct.unpack(">I", data[:4])[0] & 0x7FFFFFFF):
            more = s.recv(65536)
            if not more:
                raise OSError("the connection was closed before the answer")
            data += more
    reply = data[4:]
    if struct.unpack(">IIIIII", reply[:24]) != (7, 1, 0, 0, 0, 0):
        raise ValueError("not a success: %r" % reply[:24])
    return reply[24:]


def getspec():
    dict_pairs = [(b"min-op-version", b"1\0"), (b"max-op-version", b"100000\0")]
    packed = struct.pack(">I", len(dict_pairs))
    for key, value in dict_pairs:
        packed += struct.pack(">II", len(key), len(value)) + key + b"\0" + value
    reply = call(14398633, 2, 2, struct.pack(">I", 1) + opaque(VOLUME.encode()) + opaque(packed))
    length = struct.unpack(">i", reply[:4])[0]
    if length <= 0 or b"gv0-replicate-0" not in reply:
        raise ValueError("GETSPEC gave %d" % length)


def port_by_brick():
    reply = call(34123456, 1, 1, opaque(b"/data/b1"))
    result, _, _, port = struct.unpack(">iiii", reply[:16])
    if result != 0 or port <= 0:
        raise ValueError("PORTBYBRICK gave %d, port %d" % (result, port))


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(15)
        self.sock.connect("/run/gd2/rest.sock")


def rest(connection):
    connection.request("GET", "/v1/volumes/gv0")
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200 or json.loads(body)["state"] != "Started":
        raise ValueError("REST gave %d %r" % (response.status, body[:200]))


def http_tcp():
    connection = http.client.HTTPConnection(HOST, PORT, timeout=15)
    connection.request("GET", "/ping")
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise ValueError("HTTP ping gave %d" % status)


number = 0


def files():
    global number
    number += 1
    path = "%s/f%d" % (MOUNT, number % 100)
    with open(path, "w") as file:
        file.write(str(number))
    with open(path) as file:
        if file.read() != str(number):
            raise ValueError("%s holds something else" % path)


def loop(name, work):
    while time.monotonic() < END and not errors:
        began = time.monotonic()
        try:
            work()
        except Exception as error:  # noqa: BLE001: any failure at all ends the test
            errors.append("%s at +%.1f s: %s: %s" % (name, began - START, type(error).__name__, error))
            return
        counts[name] = counts.get(name, 0) + 1
        longest[name] = max(longest.get(name, 0), time.monotonic() - began)
        time.sleep(0.005)


START = time.monotonic()
threads = [
    threading.Thread(target=loop, args=pair)
    for pair in [
        ("GETSPEC", getspec), ("PORTBYBRICK", port_by_brick), ("REST", lambda: rest(Unix("x"))),
        ("HTTP on 24007", http_tcp), ("files", files),
    ]
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name in sorted(counts):
    print("%-14s %6d done, longest %.2f s" % (name, counts[name], longest[name]))
for error in errors:
    print("ERROR", error)
sys.stdout.flush()
os._exit(1 if errors else 0)
