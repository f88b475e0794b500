# The clock says 1970: set back under running daemons, at a boot of a node that has volumes, and at the
# very first start. Bricks, mounts and reads go on, gd2-store names the clock, and all is well when it is right.
# etcd, which is Go's, keeps the right one: it reads the kernel's page by itself.
. Tests/e2e/node.sh
export CLOCK_BACK=/run/clock-back
mkdir "$E2E_DISK/bin"
cc -shared -fPIC -o "$E2E_DISK/clock.so" Tests/e2e/clock.c || fail "no C compiler"
for name in gd2-store gd2-pmap gd2-brickd gd2-rest glustercli; do
    printf '#!/bin/bash\n[ "${1:-}" = run-etcd ] || export LD_PRELOAD=%s\nexec %s "$@"\n' \
        "$E2E_DISK/clock.so" "$BIN/$name" >"$E2E_DISK/bin/$name"
    chmod +x "$E2E_DISK/bin/$name"
done
BIN=$E2E_DISK/bin
# In place, since it is mapped.
clock_back() { python3 -c 'import struct, sys, os
file = os.open(os.environ["CLOCK_BACK"], os.O_RDWR | os.O_CREAT)
os.pwrite(file, struct.pack("<q", int(sys.argv[1])), 0)' "$1"; }
clock_1970() { clock_back $(($(date +%s) - 3600)); }
clock_right() { clock_back 0; }
clock_1970
[ "$(LD_PRELOAD=$E2E_DISK/clock.so date -u +%Y)" = 1970 ] || fail "the clock is not set"
mkdir -p /run/bricks/b{1,2,3} /run/mnt
changes() { cli volume set gv0 user.n "$RANDOM" --timeout 10; }
reads() { cli volume list -o name | grep -qx gv0; }
online() { cli volume status gv0 -o json | jq -e 'length > 0 and all(.[]; .online)'; }
served() { # WHAT: files and new mounts; a mount whose bricks were gone connects anew within seconds
    written() { echo "$1" >/run/mnt/f && [ "$(cat /run/mnt/f)" = "$1" ]; }
    wait_for 40 mount written "$1" || fail "$1: the mount"
    mkdir -p /run/new
    # gd2-pmap, killed without its socket unit, listens again a moment after the others.
    new_mount() { mount -t glusterfs 127.0.0.1:/gv0 /run/new; }
    wait_for 30 "a new mount" new_mount || fail "$1: no new mount"
    same() { [ "$(cat /run/new/f)" = "$1" ]; }
    wait_for 20 "the file" same "$1" || fail "$1: the new mount"
    umount /run/new
}
well() { # WHAT
    wait_for "${2:-60}" changes changes || { tail -n 15 "$RUN"/*.log; fail "$1: $(changes 2>&1)"; }
    wait_for 60 online online || { cli volume status gv0; fail "$1: not online"; }
    served "$1"
    say "$1: well"
}

say "made with the right clock"
clock_right
node_start
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
well "with the right clock"

say "the clock goes back to 1970 under running daemons"
clock_1970
served "back in 1970"
reads || fail "no reads"
for name in gd2-rest gd2-pmap gd2-brickd; do node_kill $name; done
wait_for 40 reads reads || fail "no reads after a restart in 1970"
served "restarted in 1970"
clock_right
well "right again"

say "a boot in 1970"
for name in gd2-etcd gd2-store gd2-rest gd2-pmap gd2-brickd; do node_hold $name; done
for pid in $(brick_pids); do kill -9 "$pid"; done
clock_1970
for name in gd2-etcd gd2-store gd2-rest gd2-pmap gd2-brickd; do node_release $name; done
wait_for 60 reads reads || fail "no reads"
served "booted in 1970"
named() { grep -q "clock is behind the store's certificates" "$RUN/gd2-store.log"; }
wait_for 30 clock named || { tail -n 10 "$RUN/gd2-store.log"; fail "gd2-store does not name the clock"; }
changes >/run/said 2>&1 && fail "changes are taken by certificates that are not valid yet"
grep -q "store" /run/said || fail "a change does not say why it is refused: $(cat /run/said)"
finds_clock() { cli doctor >/run/said 2>&1; grep -qi "clock" /run/said; }
wait_for 20 doctor finds_clock || { cat /run/said; fail "doctor does not name the clock"; }
clock_right
well "right after a boot in 1970" 90
umount /run/mnt
node_stop
# They were told to end, and are no children of this shell.
no_bricks() { [ -z "$(brick_pids)" ]; }
wait_for 30 "the bricks' end" no_bricks || fail "bricks do not end: $(brick_pids)"

say "the first start is in 1970: what it makes is good when the clock is put right"
rm -rf /var/lib/gd2/* /run/gd2/* "$RUN" /run/bricks/b?
mkdir -p /run/bricks/b{1,2,3}
clock_1970
# etcd has the right clock here, and would take no certificate of 1970 for one of now.
mkdir -p "$RUN" && touch "$RUN/gd2-etcd.hold"
node_start &
starting=$!
wait_for 60 certificates test -s /var/lib/gd2/store/role.json || fail "no first start in 1970"
clock_right
node_release gd2-etcd
wait $starting
node_ready || { tail -n 10 "$RUN"/*.log; fail "the node is not well with the right clock"; }
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
well "made in 1970, then put right"
for certificate in $(find /var/lib/gd2 -name '*.pem'); do
    openssl x509 -noout -checkend $((30 * 86400)) -in "$certificate" >/dev/null || fail "$certificate ends: $(openssl x509 -noout -enddate -in "$certificate")"
done
umount /run/mnt
node_stop
say "done"
