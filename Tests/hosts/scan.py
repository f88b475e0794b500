"""Knocks at ports of hosts without a certificate of the cluster, and says when one gives anything away.

Usage: scan.py HOST:PORT...; exit status 1 when a port answered with more than TLS's own refusal.
"""
import os
import socket
import ssl
import subprocess
import sys
import tempfile

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
ALERT = 0x15


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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    if files:
        context.load_cert_chain(*files)
    try:
        with context.wrap_socket(connect(host, port)) as peer:
            peer.sendall(PREFACE)
            return peer.recv(100)
    except OSError:
        return b""


def certificate(folder, name, *more):
    """A certificate that somebody made himself; `more` goes to openssl."""
    key, pem = f"{folder}/{name}.key", f"{folder}/{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", key, "-out", pem, "-subj", f"/CN={name}", *more], check=True, capture_output=True)
    return pem, key


def main():
    leaks = 0
    with tempfile.TemporaryDirectory() as folder:
        own = certificate(folder, "nobody", "-days", "2")
        # Bears a peer's id as its name, as a certificate of the cluster would.
        named = certificate(folder, os.environ.get("PEER", "peer"), "-days", "2")
        for place in sys.argv[1:]:
            host, port = place.rsplit(":", 1)
            tries = {
                "plain HTTP/2": lambda: plain(host, int(port), PREFACE),
                "plain HTTP": lambda: plain(host, int(port), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                "TLS without a certificate": lambda: tls(host, int(port), None),
                "TLS with one's own": lambda: tls(host, int(port), own),
                "TLS with one's own in a peer's name": lambda: tls(host, int(port), named),
            }
            for what, knock in tries.items():
                said = knock()
                if said:
                    print(f"{place} answers {what}: {said!r}")
                    leaks += 1
    print(f"{len(sys.argv) - 1} ports, {leaks} leaks")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
