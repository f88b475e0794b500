"""glusterd's command socket: what the gluster CLI sends, without a process for each command."""
import socket, struct

CLI, SET, RESET = (1238463, 2), 12, 20


def opaque(data):
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


def gf_dict(pairs):
    data = struct.pack(">i", len(pairs))
    for key, value in pairs.items():
        key, value = key.encode(), str(value).encode() + b"\0"
        data += struct.pack(">ii", len(key), len(value)) + key + b"\0" + value
    return data


class Glusterd:
    def __init__(self, path="/run/glusterd.socket"):
        self.path, self.xid = path, 1
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(150)
        self.socket.connect(self.path)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("glusterd has closed the connection")
            data += more
        return data

    def message(self):
        data, last = b"", False
        while not last:
            (head,) = struct.unpack(">I", self.exactly(4))
            last, data = head >> 31, data + self.exactly(head & 0x7FFFFFFF)
        return data

    def call(self, procedure, pairs):
        """What glusterd says: 0 or its error number, and its message."""
        self.xid += 1
        root = opaque(struct.pack(">IIIII", 0, 0, 0, 0, 8) + b"\0" * 8)
        body = struct.pack(">6I", self.xid, 0, 2, *CLI, procedure)
        # AUTH_GLUSTERFS_V2, as the CLI has it: pid, uid, gid, groups, lock owner.
        body += struct.pack(">I", 390039) + root + struct.pack(">II", 0, 0)
        body += opaque(gf_dict(pairs))
        self.socket.sendall(struct.pack(">I", 0x80000000 | len(body)) + body)
        while True:
            reply = self.message()
            if struct.unpack_from(">II", reply) == (self.xid, 1):
                break
        result, number, length = struct.unpack_from(">iiI", reply, 24)
        return result, reply[36:36 + length].decode("utf-8", "replace")

    def set(self, volume, pairs):
        words = {"volname": volume, "count": 2 * len(pairs)}
        for number, (key, value) in enumerate(pairs, 1):
            words[f"key{number}"], words[f"value{number}"] = key, value
        words["cmd-str"] = f"volume set {volume} " + " ".join(f"{k} {v}" for k, v in pairs)
        return self.call(SET, words)

    def reset(self, volume, key="all", force=False):
        return self.call(
            RESET, {"volname": volume, "key": key, "force": int(force),
                    "cmd-str": f"volume reset {volume} {key}"})
