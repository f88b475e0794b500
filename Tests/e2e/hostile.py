"""Hostile connections for hostile.sh: storm SEED COUNT, hold SEED KIND COUNT SECONDS, watch FILE."""
import json, os, random, socket, ssl, struct, sys, threading, time

TCP, REST, LOCAL = ("127.0.0.1", 24007), "/run/gd2/rest.sock", "/run/glusterd.socket"
HANDSHAKE, PORTMAP, DUMP = (14398633, 2), (34123456, 1), (123451501, 1)


def reach(where, timeout=20.0):
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(timeout)
    end = time.monotonic() + timeout
    while True:
        try:
            s.connect(where)
            return s
        except BlockingIOError:  # The queue of a Unix socket is full; a blocking connect would wait.
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def opaque(data):
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


def record(body, last=True):
    return struct.pack(">I", (0x80000000 if last else 0) | len(body)) + body


def call(program, procedure, arguments, xid=7, rpc=2):
    head = struct.pack(">6I", xid, 0, rpc, program[0], program[1], procedure)
    return head + b"\0" * 16 + arguments


def gf_dict(pairs):
    data = struct.pack(">i", len(pairs))
    for key, value in pairs:
        data += struct.pack(">ii", len(key), len(value) + 1) + key + b"\0" + value + b"\0"
    return data


def getspec(key=b"gv0", version=100000):
    number = str(version).encode()
    return call(HANDSHAKE, 2, struct.pack(">I", 0) + opaque(key) + opaque(
        gf_dict([(b"min-op-version", b"1"), (b"max-op-version", number)])))


def client_hello():
    context = ssl.create_default_context()
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(inward, outward, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outward.read()


HELLO = client_hello()
# Wrong on purpose: what is bent and still JSON must not make a volume.
CREATE = json.dumps({
    "name": "gv9", "transport": "tcp", "force": False, "options": {"performance.cache-size": "1MB"},
    "subvols": [{"type": "replicate", "replica": 3, "bricks": [
        {"peerid": "00000000-0000-0000-0000-000000000000", "path": "/nowhere/b1"}]}],
    "metadata": {"a": "b"}}).encode()


def bend(r, data):
    data = bytearray(data)
    for _ in range(r.randint(1, 6)):
        if not data:
            break
        at, kind = r.randrange(len(data)), r.randrange(5)
        if kind == 0:
            data[at] = r.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << r.randrange(8)
        elif kind == 2:
            del data[at:at + r.randint(1, 20)]
        elif kind == 3:
            data[at:at] = r.randbytes(r.randint(1, 20))
        else:
            at -= at % 4
            data[at:at + 4] = struct.pack(">I", r.choice([0, 1, 0x7fffffff, 0x80000000, 0xffffffff]))
    return bytes(data)


def rpc(r):
    kind = r.randrange(10)
    if kind == 0:
        return record(bend(r, getspec()))
    if kind == 1:
        return bend(r, record(getspec()))
    if kind == 2:  # A name of any length, which may not be UTF-8, or one of this node's.
        key = r.choice([r.randbytes(r.randint(0, 6000)), b"x" * (1 << 20), b"/gv0", b"gv0.\xff", b"",
                        b"../../etc/passwd", b"gluster/glustershd", b"shd/gv0", b"gv0." + b"a." * 1500])
        return record(getspec(key, r.randrange(1 << 40)))
    if kind == 3:  # Another op-version each time: the cache of volfiles must not grow with it.
        return b"".join(record(getspec(version=r.randint(30000, 200000))) for _ in range(20))
    if kind == 4:
        return record(call(PORTMAP, r.choice([1, 4, 5]), opaque(r.randbytes(r.randint(0, 5000)))
                           + r.randbytes(r.randint(0, 8))))
    if kind == 5:
        return record(call((r.randrange(1 << 32), r.randrange(5)), r.randrange(9), r.randbytes(40)))
    if kind == 6:
        return record(b"", last=False) * r.randint(1, 3000)
    if kind == 7:
        return struct.pack(">I", r.randrange(1 << 32)) + r.randbytes(r.randint(0, 3000))
    if kind == 8:
        return record(call(DUMP, r.randrange(5), b"", rpc=r.randrange(4))) * r.randint(1, 300)
    return b"\x80\x10\0\0" + b"a" * r.randint(0, 1 << 19)


def http(r):
    target = r.choice(["/v1/volumes", "/v1/volumes/gv0/options", "/v1/volumes/gv0", "/ping", "/v1/peers",
                       "/endpoints", "/" + "a" * r.randint(1, 60000), "/%00%ff/../..", "/v1/volumes/" + "x" * 300])
    method = r.choice(["GET", "POST", "PUT", "PATCH", "GETT", "HEAD", "OPTIONS"])
    head, body = "Host: x\r\n", b""
    kind = r.randrange(9)
    if kind == 0:
        head += "".join(f"X-{i}: {'y' * r.randint(1, 2000)}\r\n" for i in range(r.randint(1, 400)))
    elif kind == 1:
        head += f"Content-Length: {r.choice([-1, 1 << 63, 1 << 40, 10, '1x'])}\r\n"
        body = b"{}"
    elif kind == 2:
        head += "Transfer-Encoding: chunked\r\n"
        body = bend(r, b"5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n")
    elif kind == 3:
        body = b"[" * r.randint(1, 200000)
    elif kind == 4:
        body = b'{"name":"' + b"x" * r.randint(1, 1 << 20) + b'"}'
    elif kind == 5:
        body = r.randbytes(r.randint(0, 3000))
    elif kind == 6:
        head += f"Authorization: bearer {'.'.join('e' * r.randint(0, 3000) for _ in range(r.randint(1, 4)))}\r\n"
    else:
        body = bend(r, CREATE)
    if body and kind > 2:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    text = f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body
    return bend(r, text) if r.random() < 0.1 else text


def tls(r):
    return bend(r, HELLO) if r.random() < 0.7 else HELLO[:r.randint(2, len(HELLO))]


def noise(r):
    return r.randbytes(r.randint(0, 4096))


def one(r):
    where = r.choice([TCP, TCP, TCP, REST, LOCAL])
    kinds = {TCP: [rpc, rpc, http, tls, noise], REST: [http, http, http, tls, noise], LOCAL: [rpc, rpc, rpc, http, noise]}
    data = r.choice(kinds[where])(r)
    s = reach(where)
    try:
        if r.random() < 0.2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.settimeout(2)
        s.sendall(data)
        if r.random() < 0.5:
            s.settimeout(0.02)
            s.recv(65536)
        if r.random() < 0.2:
            s.shutdown(socket.SHUT_WR)
            s.recv(65536)
    except OSError:
        pass
    finally:
        s.close()


def storm(seed, count):
    refused = []

    def part(worker, threads=8):
        for number in range(worker, count, threads):
            try:
                one(random.Random(f"{seed}/{number}"))
            except OSError as error:
                refused.append((number, str(error)))

    workers = [threading.Thread(target=part, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{count} connections with seed {seed}, {len(refused)} not let in {refused[:3]}")
    sys.exit(1 if refused else 0)


def hold(kind, count, seconds):
    """idle, rest (idle on rest.sock), half (one byte, then no more), partial (a long record), slow."""
    lines = {True: b"GET /ping HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"y" * 500, False: record(getspec())}
    open_now = []
    for number in range(count):
        s = reach(REST if kind == "rest" else TCP)
        if kind == "half":
            s.sendall(b"G")
            s.shutdown(socket.SHUT_WR)
        if kind == "partial":
            try:
                s.sendall(struct.pack(">I", 0x80000000 | 1000000) + b"x" * 900000)
            except OSError:
                pass
        open_now.append((s, lines[number % 2 == 0]))
    print("held", flush=True)
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        if kind == "slow":
            for s, line in open_now:
                try:
                    s.send(line[turn:turn + 1])
                except OSError:
                    pass
            turn += 1
        time.sleep(0.1)


def answer(where, data, end):
    s = reach(where)
    with s:
        s.sendall(data)
        got = b""
        while not end(got):
            more = s.recv(65536)
            assert more, f"{where}: ended after {got[:80]!r}"
            got += more
    return got


def whole(got):
    return len(got) >= 4 and len(got) >= 4 + (struct.unpack(">I", got[:4])[0] & 0x7fffffff)


def watch(stop):
    """What goes on meanwhile: each answer is right and comes within 15 s, however busy the machine is."""
    count, slowest = 0, 0.0
    while not os.path.exists(stop):
        for where, data, end, expected in [
            (TCP, record(getspec()), whole, b"volume gv0-client-0"),
            (LOCAL, record(getspec()), whole, b"volume gv0-client-0"),
            (REST, b"GET /v1/volumes HTTP/1.1\r\nHost: x\r\n\r\n", lambda got: b'"gv0"' in got, b"200 OK"),
            (TCP, b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", lambda got: b"\r\n\r\n" in got, b"200 OK"),
        ]:
            began = time.monotonic()
            try:
                got = answer(where, data, end)
            except (OSError, AssertionError) as error:
                sys.exit(f"{where} {data[:20]!r}: {error!r} after {time.monotonic() - began:.2f} s")
            took = time.monotonic() - began
            slowest = max(slowest, took)
            if expected not in got or took > 15:
                sys.exit(f"{where} {data[:20]!r}: {took:.2f} s, {got[:300]!r}")
            count += 1
        time.sleep(0.02)
    print(f"{count} right answers meanwhile, the slowest after {slowest * 1000:.0f} ms")


if sys.argv[1] == "storm":
    storm(int(sys.argv[2]), int(sys.argv[3]))
elif sys.argv[1] == "hold":
    hold(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
else:
    watch(sys.argv[2])
