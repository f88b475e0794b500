"""Prints the volfile of an id as root of this node gets it: getspec.py ID."""
import socket, struct, sys


def opaque(data):
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


def exactly(s, count):
    data = b""
    while len(data) < count:
        more = s.recv(count - len(data))
        if not more:
            sys.exit("the connection was closed")
        data += more
    return data


s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect("/run/glusterd.socket")
pairs = b""
for key, value in (b"min-op-version", b"1"), (b"max-op-version", b"100000"):
    pairs += struct.pack(">ii", len(key), len(value) + 1) + key + b"\0" + value + b"\0"
body = struct.pack(">6I", 7, 0, 2, 14398633, 2, 2) + b"\0" * 16 + struct.pack(">I", 0)
body += opaque(sys.argv[1].encode()) + opaque(struct.pack(">i", 2) + pairs)
s.sendall(struct.pack(">I", 0x80000000 | len(body)) + body)
reply, last = b"", 0
while not last:
    (head,) = struct.unpack(">I", exactly(s, 4))
    last, reply = head >> 31, reply + exactly(s, head & 0x7FFFFFFF)
result, _, length = struct.unpack_from(">iiI", reply, 24)
if result < 0:
    sys.exit(f"refused: {result}")
sys.stdout.write(reply[36:36 + length].decode())
