# What an administrator asks: over TCP with a signed token, who has volfiles, the cluster's options,
# what a failed creation leaves, what is shown while gd2-brickd is away, and the exit statuses.
. Tests/e2e/node.sh
node_start
bad() { # STATUS PATTERN COMMAND...: fails with that status and says so
    local status=$1 pattern=$2 output got; shift 2
    output=$("$@" 2>&1 </dev/null); got=$?
    [ $got = "$status" ] || fail "$*: status $got, not $status: $output"
    grep -q -- "$pattern" <<<"$output" || fail "$*: does not say $pattern: $output"
    [ "$(wc -l <<<"$output")" = 1 ] || [ "$status" = 2 ] || fail "$*: more than one line: $output"
}
mkdir -p /run/bricks/b{1,2,3,4} /run/mnt

say "over TCP"
wait_for 20 secret test -s /var/lib/gd2/rest/auth || fail "no token secret in /var/lib/gd2/rest/auth"
[ "$(stat -c %a /var/lib/gd2/rest/auth)" = 640 ] || [ "$(stat -c %a /var/lib/gd2/rest/auth)" = 600 ] || fail "mode of the secret"
tcp() { cli "$@" --endpoint http://127.0.0.1:24007; }
tcp volume create gv0 replica 2 localhost:/run/bricks/b{1,2} force || fail "create over TCP"
tcp volume list -o name | grep -qx gv0 || fail "list over TCP"
echo short >/run/wrong
bad 2 "32 bytes" tcp volume list --secret-file /run/wrong
head -c 32 /dev/zero | tr '\0' a >/run/wrong
bad 4 "token" tcp volume list --secret-file /run/wrong
bad 2 "cannot be read" tcp volume list --secret-file /run/none

say "over HTTPS"
https() { cli "$@" --endpoint https://127.0.0.1:24007; }
bad 7 "" https volume list --timeout 5
https volume list --insecure -o name | grep -qx gv0 || fail "HTTPS with any certificate"
cli volume list --endpoint https://localhost:24007 --cacert /var/lib/gd2/rest/https.pem -o name | grep -qx gv0 ||
    fail "HTTPS with the node's own certificate"
[ "$(curl -s -o /dev/null -w '%{http_code}' -I http://127.0.0.1:24007/ping)" = 200 ] || fail "HEAD /ping"

say "exit statuses"
bad 5 "no volume gv9" cli volume info gv9
bad 6 "exists already" cli volume create gv0 localhost:/run/bricks/b3 force
bad 2 "" cli volume start "../x"
bad 2 "" cli volume nonsense
bad 2 "did you mean\|similar\|unknown\|performance.cache-size" cli volume set gv0 performance.cache-sise 32MB
bad 7 "cannot be reached" cli volume list --endpoint unix:/run/nothing.sock

bad 2 "split-brain" cli volume create gv2 replica 2 localhost:/run/bricks/b3 localhost:/run/bricks/b4
mkdir -p /run/bricks/x/y /run/bricks/x-y
bad 2 "both be called" cli volume create gv2 localhost:/run/bricks/x/y localhost:/run/bricks/x-y force

say "clients"
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
clients() { cli volume status gv0 clients -o json | jq -e "$1"; }
wait_for 20 clients clients '[.[] | select(.volfile == "gv0")] | length == 1' || fail "clients: $(cli volume status gv0 clients)"
wait_for 20 bricks clients '[.[] | select(.trusted)] | length >= 2' || fail "bricks are no clients"

say "the cluster's options"
cli volume set all cluster.server-quorum-ratio 51 >/dev/null || fail "set all"
cli volume get all cluster.server-quorum-ratio | grep -q 51 || fail "get all"
bad 2 "" cli volume get all cluster.nothing
cli volume reset all >/dev/null || fail "reset all"
cli volume get all -o json | jq -e 'any(.[]; .name == "cluster.server-quorum-ratio" and .modified == false)' >/dev/null || fail "reset all did nothing"

say "while gd2-brickd is away"
node_hold gd2-brickd
cli volume status gv0 --timeout 20 | grep -q "as last reported" || fail "stale status is not marked: $(cli volume status gv0)"
node_release gd2-brickd
online() { cli volume status gv0 -o json | jq -e 'all(.[]; .online and (.stale | not))'; }
wait_for 30 bricks online || { cli volume status gv0 -o json | jq -c ".[]|[.online,.stale,.message]"; tail -n 12 "$RUN/gd2-brickd.log"; fail "not back"; }
umount /run/mnt

say "a creation that fails leaves what was there"

# b4 exists and is empty, b5 does not exist, and the third one cannot be made.
touch /run/bricks/file
bad 2 "file" cli volume create gv1 localhost:/run/bricks/b4 localhost:/run/bricks/b5 localhost:/run/bricks/file/x force
[ -d /run/bricks/b4 ] || fail "the directory that was there is gone"
[ ! -e /run/bricks/b5 ] || fail "the directory that was made is left"
[ -z "$(ls -A /run/bricks/b4)" ] || fail "debris in b4: $(ls -A /run/bricks/b4)"
getfattr -d -m - /run/bricks/b4 2>/dev/null 2>/dev/null | grep -q trusted && fail "marks are left on b4"
[ "$(ls /run/bricks | grep -c gd2)" = 0 ] || fail "debris: $(ls /run/bricks)"
cli volume stop gv0 --yes && cli volume delete gv0 --yes || fail "stop and delete"
node_stop
say "done"
