# One port, two protocols: HTTP and HTTPS, with and without ALPN, a token, and what does not belong.
. Tests/e2e/node.sh
node_start
answers() { [ "$(curl -sk -o /dev/null -w '%{http_code}' "$1://127.0.0.1:24007/ping")" = 200 ]; }
wait_for 20 HTTP answers http || fail "HTTP"
wait_for 20 HTTPS answers https || fail "HTTPS"
[ "$(curl -sk --no-alpn -o /dev/null -w '%{http_code}' https://127.0.0.1:24007/ping)" = 200 ] || fail "HTTPS without ALPN"
[ "$(curl -sk --no-alpn -o /dev/null -w '%{http_code}' https://localhost:24007/ping)" = 200 ] || fail "HTTPS by name"
[ "$(curl -s -o /dev/null -w '%{http_code}' 'http://[::1]:24007/ping')" = 200 ] || fail "HTTP over IPv6"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:24007/v1/volumes)" = 401 ] || fail "no token was asked for"
secret=$(ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock get --print-value-only \
    "/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)/secrets/gd2-rest/token")
token() { # METHOD PATH
    python3 - "$secret" "$1" "$2" <<'PY'
import base64, hashlib, hmac, json, sys, time
def encode(data): return base64.urlsafe_b64encode(data).rstrip(b"=")
secret, method, path = sys.argv[1:]
claims = {"iss": "glustercli", "exp": int(time.time()) + 60, "qsh": hashlib.sha256(f"{method}&{path}".encode()).hexdigest()}
body = encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + encode(json.dumps(claims).encode())
print((body + b"." + encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())).decode())
PY
}
good=$(token GET /v1/volumes)
[ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: bearer $good" http://127.0.0.1:24007/v1/volumes)" = 200 ] || fail "a good token"
[ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: bearer $good" http://127.0.0.1:24007/v1/peers)" = 401 ] || fail "a token for another path"
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:24007/nowhere)" = 401 ] || fail "an unknown path"
curl -s --unix-socket /run/gd2/rest.sock http://x/nowhere | jq -e '.errors[0].message' >/dev/null || fail "the error's form"
# A connection that is cut into single bytes is understood all the same.
python3 - <<'PY' || fail "a request in single bytes"
import socket, time
s = socket.create_connection(("127.0.0.1", 24007)); s.settimeout(20)
for byte in b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
    s.sendall(bytes([byte])); time.sleep(0.005)
assert s.recv(100).startswith(b"HTTP/1.1 200"), "no answer"
PY
# With gd2-rest away HTTP says so at once, and GlusterFS is served.
node_hold gd2-rest; rm -f /run/gd2/handover.sock
[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:24007/ping)" = 503 ] || fail "no 503 without gd2-rest"
node_release gd2-rest
node_stop
say "one port, both protocols"
