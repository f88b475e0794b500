# gd2-store and etcd cannot start: pmap and brickd are restarted, the bricks end (as at a reboot).
# The bricks come back and a new mount succeeds from what each program last knew.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/b1 /run/bricks/b2 /run/bricks/b3 /run/mnt
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
cli volume start gv0 || fail start
kept() { # gd2-pmap and gd2-brickd have on disk that it is started
    local name
    for name in pmap brickd; do
        tail -n +2 /var/lib/gd2/$name/view | jq -e '.values[] | select(.key | endswith("/head")).value | @base64d | fromjson | .state == "started"' || return 1
    done
}
wait_for 20 views kept || fail "the views are not on disk"
node_hold gd2-store; node_hold gd2-etcd
say "store and etcd are held"
node_hold gd2-brickd; node_hold gd2-pmap; node_hold gd2-rest
for pid in $(brick_pids); do kill -9 "$pid"; done
none() { [ -z "$(brick_pids)" ]; }
wait_for 10 "no bricks" none || fail "bricks are still there"
node_release gd2-pmap; node_release gd2-brickd; node_release gd2-rest
three() { [ "$(brick_pids | wc -l)" = 4 ]; }
wait_for 40 "bricks" three || { tail -n 20 "$RUN"/*.log; fail "the bricks did not come back: $(brick_pids)"; }
mounted() { mount -t glusterfs 127.0.0.1:/gv0 /run/mnt && mountpoint -q /run/mnt; }
wait_for 40 "mount" mounted || { tail -n 20 "$RUN"/gd2-pmap.log "$RUN"/gd2-brickd.log; fail "no mount without the store"; }
# The mount goes on as soon as it has one of the three.
written() { echo works >/run/mnt/f && [ "$(cat /run/mnt/f)" = works ]; }
wait_for 20 I/O written || fail "no I/O without the store"
say "bricks and mount work without the store"
# A change says at once that it cannot be made, if not on a machine that stands still just then; a read answers with its age.
for try in 1 2 3; do
    began=$(date +%s%N)
    cli volume stop gv0 --yes 2>/run/error; status=$?
    took=$((($(date +%s%N) - began) / 1000000))
    [ $status = 7 ] || fail "a change without the store ended with $status: $(cat /run/error)"
    [ $took -ge 3000 ] || break
done
[ $took -lt 3000 ] || fail "the refusal took $took ms"
curl -s -i --unix-socket /run/gd2/rest.sock http://x/v1/volumes/gv0 | grep -qi '^gd2-age-seconds' ||
    fail "a read says nothing of its age"
node_release gd2-etcd; node_release gd2-store
working() { cli volume set gv0 user.x "$RANDOM" --timeout 5; }
wait_for 40 "changes" working || fail "no change possible after the store came back"
umount /run/mnt
node_stop
say "done"
