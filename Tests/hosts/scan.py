"""Knocks at ports of hosts without what opens them, and says when one gives anything away.

Usage: scan.py CERTIFICATES HOST:PORT...; exit status 1 when a port answered with more than TLS's own refusal.

CERTIFICATES is a folder of pairs NAME.pem and NAME.key, each of which must open nothing: one for all ports, or one
for a port alone where NAME ends with its number, as in expired-2380. Keys of join tokens (NAME.token, the text of
one) must not either. $PEER is the id of a peer, whose name a certificate of nobody bears.

A pair told-NUMBER is that of a removed peer, which is let through TLS to be told so by a refusal of its calls: before
it calls, it has to be answered by HTTP/2's own first word, SETTINGS, and nothing else; after HTTP, GOAWAY may follow.
"""
import base64
import glob
import os
import socket
import ssl
import subprocess
import sys
import tempfile

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
REQUEST = b"GET /members HTTP/1.1\r\nHost: x\r\n\r\n"
ALERT = 0x15
# Frames of HTTP/2.
SETTINGS, GOAWAY = 4, 7
# ECPrivateKey of RFC 5915 on P-256, the key between the two.
KEY_BEGIN, KEY_END = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")


def connect(host, port):
    peer = socket.create_connection((host, port), 5)
    peer.settimeout(5)
    return peer


def plain(host, port, text):
    """What the port says to somebody without TLS, its alerts left out."""
    try:
        with connect(host, port) as peer:
            peer.sendall(text)
            said = peer.recv(100)
            return b"" if said[:1] == bytes([ALERT]) else said
    except OSError:
        return b""


def tls(host, port, files):
    """What it says within TLS to somebody with the certificate in `files`, or with none."""
    said = b""
    for protocol, text in (("h2", PREFACE), ("http/1.1", REQUEST)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        if files:
            try:
                context.load_cert_chain(*files)
            except ssl.SSLError as error:
                raise SystemExit(f"{files[0]} and {files[1]}: {error}") from error
        try:
            with context.wrap_socket(connect(host, port)) as peer:
                peer.sendall(text)
                said += peer.recv(100)
        except OSError:
            pass
    return said


def refused_later(host, port, files):
    """What a removed peer is answered that it should not be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(*files)
    wrong = b""
    for protocol, text, may in (("h2", PREFACE, {SETTINGS}), ("http/1.1", REQUEST, {SETTINGS, GOAWAY})):
        context.set_alpn_protocols([protocol])
        said = b""
        try:
            with context.wrap_socket(connect(host, port)) as peer:
                peer.settimeout(10)
                peer.sendall(text)
                while part := peer.recv(1000):
                    said += part
                    # A busy host takes its time for the first word; then all that it says comes.
                    peer.settimeout(1)
        except OSError:
            pass
        kinds, rest = set(), said
        while len(rest) >= 9:
            size = int.from_bytes(rest[:3], "big")
            # Of GOAWAY what is longer is text.
            kinds.add(rest[3] if rest[3] != GOAWAY or size == 8 else None)
            rest = rest[9 + size:]
        if SETTINGS not in kinds or not kinds <= may or rest:
            wrong += b"not SETTINGS alone: " + said
    return wrong


def certificate(folder, name, *more):
    """A certificate that somebody made himself; `more` goes to openssl."""
    key, pem = f"{folder}/{name}.key", f"{folder}/{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", key, "-out", pem, "-subj", f"/CN={name}", *more], check=True, capture_output=True)
    return pem, key


def token(folder, path):
    """What a node shows that joins by the token in `path`: a certificate that the token's key signs."""
    with open(path, encoding="ascii") as text:
        secret = text.read().split()[-1].removeprefix("gd2-1-")
    raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    name = os.path.basename(path)
    der, key, pem = (f"{folder}/{name}.{kind}" for kind in ("der", "key", "pem"))
    with open(der, "wb") as file:
        file.write(KEY_BEGIN + raw[33:65] + KEY_END)
    for words in (["ec", "-inform", "DER", "-in", der, "-out", key],
                  ["req", "-x509", "-new", "-key", key, "-out", pem, "-subj", "/CN=joining", "-days", "2"]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    return pem, key


def pairs(given, folder):
    """Certificates by their names: made here, and those of the folder `given`."""
    found = {
        "one's own": certificate(folder, "nobody", "-days", "2"),
        # Bears a peer's id as its name, as a certificate of the cluster would.
        "one's own in a peer's name": certificate(folder, os.environ.get("PEER", "peer"), "-days", "2"),
    }
    for path in sorted(glob.glob(f"{given}/*.pem")):
        found[os.path.basename(path)[:-4]] = (path, path[:-4] + ".key")
    for path in sorted(glob.glob(f"{given}/*.token")):
        found[os.path.basename(path)] = token(folder, path)
    return found


def main():
    leaks = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        known = pairs(sys.argv[1], folder)
        for place in sys.argv[2:]:
            host, port = place.rsplit(":", 1)
            said = {
                "plain HTTP/2": plain(host, int(port), PREFACE),
                "plain HTTP": plain(host, int(port), REQUEST),
                "TLS without a certificate": tls(host, int(port), None),
            }
            for name, files in known.items():
                if name.rsplit("-", 1)[-1] in (port, name) or not name[-1].isdigit():
                    ask = refused_later if name.startswith("told-") else tls
                    said[f"TLS with {name}"] = ask(host, int(port), files)
            tried += len(said)
            for what, answer in said.items():
                if answer:
                    print(f"{place} answers {what}: {answer!r}")
                    leaks += 1
    print(f"{len(sys.argv) - 2} ports, {tried} tries, {leaks} leaks")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
