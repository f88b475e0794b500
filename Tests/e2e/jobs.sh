# Changes that are only tried.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/b{1,2}
etcd() { ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=5s "$@"; }
prefix=/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)
# All that a change writes, with its revisions.
state() {
    etcd get --prefix "$prefix/" -w json | jq -r '.kvs[] | [(.key | @base64d), .mod_revision] | @tsv' |
        grep -E '/(volumes|names|options|txns|locks|jobs|requests)/'
}
dry() { # STATUS PATTERN COMMAND...: a dry run that ends so, says so, and changes nothing
    local status=$1 pattern=$2 before output got; shift 2
    before=$(state)
    output=$("$@" --dry-run 2>&1 </dev/null); got=$?
    [ $got = "$status" ] || fail "$* --dry-run: status $got, not $status: $output"
    grep -q -- "$pattern" <<<"$output" || fail "$* --dry-run: does not say $pattern: $output"
    [ "$(state)" = "$before" ] || fail "$* --dry-run changed the store"
}

say "dry runs"
create=(cli volume create gv0 replica 2 localhost:/run/bricks/b1 localhost:/run/bricks/b2)
dry 3 "gv0 would be created, with 2 bricks" "${create[@]}" force
dry 2 "multiple of 2" cli volume create gv0 replica 2 localhost:/run/bricks/b1
[ ! -e /run/bricks/b1/.glusterfs ] || fail "a dry run touched a brick"
"${create[@]}" force || fail create
dry 6 "exists already" "${create[@]}" force
dry 3 "gv0 would be started" cli volume start gv0
dry 6 "is not started" cli volume stop gv0
dry 3 "gv0 would be deleted" cli volume delete gv0
dry 3 "would go from .* to 64MB" cli volume set gv0 performance.cache-size 64MB
cli volume set gv0 performance.cache-size 64MB || fail set
dry 0 "nothing would change" cli volume set gv0 performance.cache-size 64MB
dry 3 "performance.cache-size" cli volume reset gv0 performance.cache-size
dry 2 "" cli volume set gv0 performance.cache-size lots
dry 3 "server-quorum-ratio" cli volume set all cluster.server-quorum-ratio 51
dry 0 "nothing" cli volume reset all
dry 3 "group mine would be made" cli volume group create mine performance.cache-size 64MB
cli volume start gv0 || fail start
dry 6 "is started" cli volume start gv0
dry 0 "nothing would change" cli volume start gv0 force
dry 3 "gv0 would be stopped" cli volume stop gv0
cli volume stop gv0 --yes && cli volume delete gv0 --yes || fail "stop and delete"
node_stop
say "done"
