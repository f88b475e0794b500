"""COUNT puts over one HTTP/2 connection, as grpc-go makes them: a PING before each call.

Speaks just enough HTTP/2 and protobuf by itself, so that the connection and its PINGs are under
control. Usage: etcdputs.py SOCKET KEY-PREFIX COUNT
"""
import socket
import struct
import sys


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header field without indexing (RFC 7541, 6.2.2), lengths below 127."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


HEADERS = (
    literal(b":method", b"POST") + literal(b":scheme", b"http") + literal(b":path", b"/etcdserverpb.KV/Put")
    + literal(b":authority", b"localhost") + literal(b"content-type", b"application/grpc")
    + literal(b"te", b"trailers")
)


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def put(key, value):
    body = b"\x0a" + varint(len(key)) + key + b"\x12" + varint(len(value)) + value
    return b"\x00" + struct.pack(">I", len(body)) + body


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.buffer = b""
        self.acks = 0
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0))

    def read(self):
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    kind, flags = self.buffer[3], self.buffer[4]
                    stream = int.from_bytes(self.buffer[5:9], "big") & 0x7FFFFFFF
                    payload = self.buffer[9:9 + length]
                    self.buffer = self.buffer[9 + length:]
                    return kind, flags, stream, payload
            data = self.socket.recv(65536)
            if not data:
                raise SystemExit("the connection was closed")
            self.buffer += data

    def call(self, stream, message):
        self.socket.sendall(
            frame(6, 0, 0, struct.pack(">Q", stream)) + frame(1, 4, stream, HEADERS) + frame(0, 1, stream, message)
        )
        while True:
            kind, flags, got, payload = self.read()
            if kind == 7:
                raise SystemExit("GOAWAY %r" % payload)
            if kind == 4 and not flags & 1:
                self.socket.sendall(frame(4, 1, 0))
            if kind == 6 and flags & 1:
                self.acks += 1
            if kind == 3 and got == stream:
                raise SystemExit("stream %d was reset: %r" % (stream, payload))
            if kind == 0 and payload:
                self.socket.sendall(frame(8, 0, 0, struct.pack(">I", len(payload))))
            if kind in (0, 1) and got == stream and flags & 1:
                return


def main():
    path, prefix, count = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
    connection = Connection(path)
    for number in range(count):
        connection.call(2 * number + 1, put(prefix + b"%d" % number, b"x" * 64))
    if connection.acks < count - 1:
        raise SystemExit("%d of %d PINGs were answered" % (connection.acks, count))
    print("%d puts, %d PINGs answered" % (count, connection.acks))


main()
