# Every volume type: created, started, mounted by the stock client, written, read back, stopped,
# deleted, and made again on the same bricks.
. Tests/e2e/node.sh
node_start
bricks() { # NAME COUNT: arguments for COUNT bricks
    local i
    for i in $(seq "$2"); do mkdir -p "/run/bricks/$1-$i"; printf 'localhost:/run/bricks/%s-%s ' "$1" "$i"; done
}
one_type() { # NAME COUNT WORDS...
    local name=$1 count=$2 sum; shift 2
    say "$name: $*"
    cli volume create "$name" "$@" $(bricks "$name" "$count") force || fail "$name: create"
    cli volume start "$name" || fail "$name: start"
    mkdir -p /run/mnt
    mount -t glusterfs "127.0.0.1:/$name" /run/mnt || fail "$name: mount"
    dd if=/dev/urandom of=/run/mnt/big bs=1M count=8 status=none || fail "$name: write"
    for i in $(seq 30); do echo "$name $i" >"/run/mnt/file$i" || fail "$name: write $i"; done
    sum=$(md5sum </run/mnt/big)
    umount /run/mnt
    mount -t glusterfs "127.0.0.1:/$name" /run/mnt || fail "$name: second mount"
    [ "$(md5sum </run/mnt/big)" = "$sum" ] || fail "$name: the big file differs"
    for i in $(seq 30); do [ "$(cat "/run/mnt/file$i")" = "$name $i" ] || fail "$name: file$i differs"; done
    rm -rf /run/mnt/* || fail "$name: remove"
    umount /run/mnt
    cli volume status "$name" -o json | jq -e 'all(.[]; .online)' >/dev/null || fail "$name: a brick is offline"
    cli volume stop "$name" --yes || fail "$name: stop"
    cli volume delete "$name" --yes || fail "$name: delete"
}
one_type dist 3
one_type rep2 2 replica 2
one_type rep3 3 replica 3
one_type arb 3 replica 3 arbiter 1
one_type disp 3 disperse 3 redundancy 1
one_type distrep 6 replica 3
one_type distarb 6 replica 3 arbiter 1
one_type distdisp 6 disperse 3 redundancy 1
say "what cannot be, and what cannot be mounted, is refused"
refused() { # STATUS WORDS ARGS...
    local status=$1 words=$2 said got; shift 2
    said=$(cli volume create "$@" 2>&1 </dev/null); got=$?
    [ $got = "$status" ] && grep -q -- "$words" <<<"$said" || fail "create $*: status $got: $said"
}
refused 2 "2 to 16" no replica 17 $(bricks no 17) force
refused 2 "can be 2 to 8" no disperse 18 redundancy 1 $(bricks no 18) force
refused 2 "give 3 or 6" no replica 3 $(bricks no 4) force
refused 2 "split-brain" no replica 2 $(bricks no 2)
mkdir -p /run/bricks/real
ln -s /run/bricks/real /run/bricks/link
refused 6 "of the same volume, by a symbolic link" no localhost:/run/bricks/real localhost:/run/bricks/link force
cli volume create yes --force replica 2 $(bricks yes 2) || fail "--force"
refused 6 "of another volume, by a symbolic link" no localhost:/run/bricks/real $(ln -sfn /run/bricks/yes-1 /run/bricks/link; echo localhost:/run/bricks/link) --force
cli volume start yes && cli --mode=script volume stop yes && cli volume delete yes --yes || fail "--mode=script before the command"
[ -z "$(getfattr -d -m trusted.glusterfs.volume-id /run/bricks/real 2>/dev/null)" ] || fail "a refused brick is marked"
say "the same bricks again"
one_type rep3 3 replica 3
[ "$(cli volume list -o name)" = "" ] || fail "a volume is left over"
none() { [ -z "$(brick_pids)" ]; }
wait_for 10 end none || fail "brick processes are left over"
node_stop
say "all types work"
