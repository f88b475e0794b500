# Records of the store that cannot be read, bricks that were repaired, and a brick whose disk takes no
# writes: nothing is taken for gone, nobody is let in, and what is wrong is said.
. Tests/e2e/node.sh
node_start
export ETCDCTL_API=3
etcd() { etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=10s "$@"; }
prefix=/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)
mkdir -p /run/bricks/{a,b,ro} /run/mnt
cli volume create gv0 localhost:/run/bricks/a force || fail create
cli volume set gv0 auth.allow 127.0.0.1 || fail set
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt && echo hello >/run/mnt/f || fail mount
before=$(brick_pids)
id=$(cli volume info gv0 -o json | jq -r '.[0].id // .id')
brick=gv0.$(cli volume info gv0 -o json | jq -r '(.[0] // .).subvols[0].bricks[0].host').run-bricks-a
python3 Tests/e2e/getspec.py "$brick" | grep -q 'allow 127.0.0.1' || fail "no volfile of the brick: $brick"
found() { cli doctor -o json | jq -e --arg key "$1" '.findings[] | select(.code == "RECORD_UNREADABLE" and (.why | contains($key)))'; }
damaged() { # KEY TEXT
    etcd get "$prefix/volumes/$id/$1" --print-value-only >/run/record || fail "no record $1"
    etcd put "$prefix/volumes/$id/$1" "$2" >/dev/null || fail "put $1"
    wait_for 20 "the finding" found "volumes/$id/$1" || fail "doctor does not find the damaged $1: $(cli doctor)"
    grep -q 'records of the store cannot be read' "$RUN/gd2-brickd.log" || fail "the log says nothing of $1"
    [ "$(brick_pids)" = "$before" ] || fail "the damaged $1 ended the brick"
    [ "$(cat /run/mnt/f)" = hello ] || fail "the client lost its brick by the damaged $1"
}
mended() {
    etcd put "$prefix/volumes/$id/$1" <"/run/record" >/dev/null || fail "put $1 back"
    reads() { cli volume status gv0 -o json --timeout 2 | jq -e 'length == 1 and .[0].online'; }
    wait_for 20 "the volume" reads || fail "not readable with its $1 again"
    [ "$(brick_pids)" = "$before" ] || fail "the brick is another now"
}
say "options that cannot be read let nobody in"
damaged options '{"x'
said=$(python3 Tests/e2e/getspec.py "$brick" 2>&1) && fail "a volfile without its options: $said"
mended options
say "a head that cannot be read: its brick is nobody else's"
damaged head '{'
said=$(cli volume create gv1 localhost:/run/bricks/a force 2>&1) && fail "the brick was given away"
[[ $said == *"cannot be read"* ]] || fail "another reason: $said"
mended head
umount /run/mnt

say "a volume that was repaired starts without a word of what was"
cli volume stop gv0 --yes || fail stop
setfattr -x trusted.glusterfs.volume-id /run/bricks/a || fail "no mark"
cli volume start gv0 2>/run/said && fail "started without its mark"
failed() { cli volume status gv0 | grep -q "bears no mark"; }
wait_for 20 "the failure" failed || fail "$(cli volume status gv0)"
cli volume stop gv0 --yes || fail "stop again"
failed && fail "a stopped volume shows why it had failed: $(cli volume status gv0)"
setfattr -n trusted.glusterfs.volume-id -v "0x${id//-/}" /run/bricks/a || fail "no mark again"
cli volume start gv0 || fail "a repaired volume is said not to start"

say "a brick whose disk takes no writes"
mount -t tmpfs brick /run/bricks/ro && mkdir /run/bricks/ro/b
cli volume create gv2 localhost:/run/bricks/ro/b force || fail "create gv2"
mount -o remount,ro /run/bricks/ro || fail remount
cli volume delete gv2 --yes || fail "delete gv2"
warned() { grep 'deleted brick keeps its mark' "$RUN/gd2-brickd.log" | grep -q 'brick=/run/bricks/ro/b'; }
wait_for 10 "a warning" warned || fail "the log does not say that the mark is left: $(tail -n 3 "$RUN/gd2-brickd.log")"
umount /run/bricks/ro
cli volume stop gv0 --yes && cli volume delete gv0 --yes || fail "delete gv0"
node_stop
