# Sets each value of Tests/options/values.txt that is accepted on a volume of one layout, starts its
# bricks with it, mounts it, writes and reads; fails with those that keep bricks or clients off. Takes
# ten minutes for a layout, so no other test runs it: docs/options.md tells what it found.
#
#   VERBOSE=1 LAYOUT=replicate Tests/e2e/run Tests/options/try.sh      or disperse, distribute
#   KEYS='^performance' ...                                            only these keys
. Tests/e2e/node.sh
LAYOUT=${LAYOUT:-replicate} KEYS=${KEYS:-.}
node_start
mkdir -p /run/bricks/{a,b,c} /run/mnt
case $LAYOUT in
replicate) count="replica 3" ;;
disperse) count="disperse 3 redundancy 1" ;;
distribute) count= ;;
*) fail "LAYOUT is replicate, disperse or distribute, not $LAYOUT" ;;
esac
# shellcheck disable=SC2086
cli volume create gv0 $count localhost:/run/bricks/{a,b,c} force || fail create
# An option counts where its xlator is in a graph.
for key in performance.{read-ahead,readdir-ahead,nl-cache,client-io-threads,io-cache,quick-read} \
    features.{shard,trash,leases,selinux,sdfs,tag-namespaces,cache-invalidation,acl} \
    changelog.changelog geo-replication.indexing; do
    cli volume set gv0 "$key" on >/dev/null || fail "set $key"
done

is_mounted() { [ "$(stat -f -c %T /run/mnt 2>/dev/null)" = fuseblk ]; }
serves() {
    echo hi >/run/mnt/f && [ "$(cat /run/mnt/f)" = hi ] && rm /run/mnt/f &&
        dd if=/dev/zero of=/run/mnt/g bs=64k count=9 status=none && [ "$(wc -c </run/mnt/g)" = 589824 ] && rm /run/mnt/g
}
export -f serves
# Why the volume is of no use; nothing when it is.
why_not() {
    cli volume stop gv0 --yes >/dev/null 2>&1
    timeout 20 "$BIN/glustercli" volume start gv0 2>&1 >/dev/null | grep . && return
    rm -f /run/client.log
    glusterfs -s localhost --volfile-id gv0 --log-file=/run/client.log -p /run/client.pid /run/mnt 2>/dev/null
    wait_for 3 "the mount" is_mounted && timeout 12 bash -c serves 2>&1 ||
        grep -E -m 1 ' [EC] ' /run/client.log || echo "it cannot be written and read"
    umount -l /run/mnt 2>/dev/null
    kill "$(cat /run/client.pid 2>/dev/null)" 2>/dev/null
}
# Those that do so by what they mean, or by what the machine has.
meant='^(client\.ssl|server\.(ssl|allow-insecure|root-squash|all-squash)|features\.(read-only|worm|barrier)|transport\.address-family|performance\.(io-|quick-read-)?cache-size)$'
found=0 tried=0
try() { # KEY VALUE
    local why
    cli volume set gv0 "$1" "$2" >/dev/null 2>&1 || return 0
    tried=$((tried + 1))
    why=$(why_not)
    [ -z "$why" ] || [[ $1 =~ $meant ]] || { found=$((found + 1)); echo "$1 $2: $why"; }
    cli volume reset gv0 "$1" force >/dev/null 2>&1
}
why=$(why_not)
[ -z "$why" ] || fail "without any of them: $why"
grep -v '^#' Tests/options/values.txt | grep -E "$KEYS" >/run/values
while read -r key values; do
    for value in $values; do try "$key" "$value" </dev/null; done
done </run/values
say "$tried values tried on a $LAYOUT volume, $found of no use"
[ $found = 0 ] || fail "$found values"
node_stop
