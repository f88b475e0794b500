# Kills gd2-rest or gd2-brickd at every step of create, delete and replace-brick. Within 60 s the operation is
# finished or undone, once, and nothing of it is left.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/b1 /run/bricks/b2
clean_marks() { # nothing of a volume on the bricks, and the directories are still there
    [ -d /run/bricks/b1 ] && [ -d /run/bricks/b2 ] &&
    ! getfattr -n trusted.glusterfs.volume-id /run/bricks/b1 && [ ! -e /run/bricks/b1/.glusterfs ] &&
        ! getfattr -n trusted.glusterfs.volume-id /run/bricks/b2 && [ ! -e /run/bricks/b2/.glusterfs ]
}
etcd() { ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=5s "$@"; }
prefix=/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)
left() { local keys; keys=$(etcd get --prefix "$prefix/$1" --keys-only) && grep -c . <<<"$keys"; }
settled() { # no journal, no lock, no job that runs; the volume is either whole or gone
    [ "$(left txns/)" = 0 ] && [ "$(left locks/)" = 0 ] || return 1
    etcd get --prefix "$prefix/jobs/" --print-value-only | grep -q '"state":"running"' && return 1
    if cli volume info gv0 --timeout 2; then
        [ "$(left volumes/)" != 0 ] && [ "$(left names/)" != 0 ]
    else
        [ "$(left volumes/)" = 0 ] && [ "$(left names/)" = 0 ] && clean_marks
    fi
}
reached() { [ "$(grep -c -- "-- $1 ended with 137" "$RUN/$2.log")" -gt "$3" ]; } # POINT PROGRAM ENDS: there were so many before
# POINT PROGRAM ENDS COMMAND...: one that finds no view, or no lease, just after the start has not come to the point, and is made again.
change() {
    reached "$1" "$2" "$3" && return
    "${@:4}" >/run/change.out 2>&1
    reached "$1" "$2" "$3" || ! grep -q "the store takes no changes now" /run/change.out
}
at() { # PROGRAM POINT create|delete
    local program=$1 point=$2 what=$3 began
    if [ "$what" = delete ] && ! cli volume info gv0 >/dev/null 2>&1; then
        wait_for 20 create cli volume create gv0 replica 2 localhost:/run/bricks/b{1,2} force || fail "create before $point"
    fi
    if [ "$what" = create ] && cli volume info gv0 >/dev/null 2>&1; then
        wait_for 20 delete cli volume delete gv0 --yes || fail "delete before $point"
    fi
    local ends; ends=$(grep -c -- "-- $point ended with 137" "$RUN/$program.log")
    # The next run of the program, and only that one, ends at the point.
    node_hold "$program"
    echo "$point" >"$RUN/$program.point"
    node_release "$program"
    node_ready || fail "not ready before $point"
    if [ "$what" = create ]; then
        wait_for 30 change change "$point" "$program" "$ends" cli volume create gv0 replica 2 localhost:/run/bricks/b{1,2} force --timeout 5
    else
        wait_for 30 change change "$point" "$program" "$ends" cli volume delete gv0 --yes --timeout 5
    fi
    began=$SECONDS
    [ ! -e "$RUN/$program.point" ] || fail "$program was not started with $point"
    wait_for 20 "the kill" reached "$point" "$program" "$ends" || { cat /run/change.out; fail "$program did not reach $point"; }
    wait_for 60 "an end" settled || {
        etcd get --prefix "$prefix/txns/"; tail -n 15 "$RUN"/gd2-rest.log "$RUN"/gd2-brickd.log
        fail "$what killed at $point in $program: not settled within 60 s"
    }
    local state=undone
    cli volume info gv0 >/dev/null 2>&1 && state=exists
    say "$what, $program killed at $point: settled after $((SECONDS - began)) s, volume $state"
    if [ $state = exists ] && [ "$what" = create ]; then
        wait_for 20 start cli volume start gv0 || fail "the volume does not start after $point"
        wait_for 20 stop cli volume stop gv0 --yes || fail "the volume does not stop after $point"
        wait_for 20 delete cli volume delete gv0 --yes || fail "the volume cannot be deleted after $point"
        wait_for 20 "no debris" settled || fail "debris after the delete that followed $point"
    fi
}
# Delete's journal is written by its commit.
at gd2-rest rest-journal create
for point in rest-step rest-step-done rest-commit rest-prepared rest-committed rest-finish; do
    at gd2-rest $point create
    at gd2-rest $point delete
done
for point in brickd-step brickd-marked brickd-step-done; do at gd2-brickd $point create; done
for point in brickd-step brickd-step-done; do at gd2-brickd $point delete; done
cli volume info gv0 >/dev/null 2>&1 && { wait_for 20 delete cli volume delete gv0 --yes || fail "last delete"; }
wait_for 20 "no debris" settled || fail "debris at the end"

# A brick that is replaced: the volume has the old one or the new one, both of which are as they should be.
wait_for 30 brickd listens /run/gd2/brickd.sock || fail "gd2-brickd does not come back"
wait_for 20 create cli volume create gv0 replica 2 localhost:/run/bricks/b{1,2} force --mode=script || fail create
# A healer that gave up on a directory looks again soon, not after 600 s.
wait_for 20 set cli volume set gv0 cluster.heal-timeout 5 || fail "heal-timeout"
wait_for 20 start cli volume start gv0 || fail start
mkdir -p /run/mnt /run/bricks/b3
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
for i in 1 2 3 4 5; do echo "file $i" >"/run/mnt/f$i" || fail write; done
old=b2 new=b3
brick_now() { cli volume info gv0 -o json | jq -r '.[0].subvols[0].bricks[1].path'; }
marked() { getfattr -n trusted.glusterfs.volume-id "/run/bricks/$1" >/dev/null 2>&1; }
files() { (cd "/run/bricks/$1" && cat f1 f2 f3 f4 f5 2>/dev/null) | md5sum; }
online_all() { cli volume status gv0 -o json | jq -e 'all(.[]; .online and (.stale | not))'; }
replaced() { # no journal, lock or job that runs, one generation, and one of the two is the brick
    local now other; now=$(basename "$(brick_now)"); other=$old
    [ "$now" = "$old" ] && other=$new
    [ "$(left txns/)" = 0 ] && [ "$(left locks/)" = 0 ] || return 1
    etcd get --prefix "$prefix/jobs/" --print-value-only | grep -q '"state":"running"' && return 1
    [ "$(etcd get --prefix "$prefix/volumes/" --keys-only | grep -c /layout)" = 1 ] || return 1
    marked "$now" && ! marked "$other" && ! getfattr -d -m trusted.gd2 "/run/bricks/$other" "/run/bricks/$now" 2>/dev/null | grep -q gd2 &&
        ! pgrep -f -- "--brick-name /run/bricks/$other " && ! pgrep -f -- --client-pid=-12 && ! grep -q announce /proc/mounts &&
        online_all && [ "$(files "$now")" = "$(files b1)" ]
}
at_replace() { # PROGRAM POINT
    local program=$1 point=$2 began=$SECONDS ends
    ends=$(grep -c -- "-- $point ended with 137" "$RUN/$program.log")
    find "/run/bricks/$new" -mindepth 1 -delete
    node_hold "$program"
    echo "$point" >"$RUN/$program.point"
    node_release "$program"
    node_ready || fail "not ready before $point"
    wait_for 40 bricks online_all || fail "the bricks are not online before $point"
    wait_for 30 change change "$point" "$program" "$ends" \
        cli volume replace-brick gv0 localhost:/run/bricks/$old localhost:/run/bricks/$new force --yes --timeout 15
    wait_for 30 "the kill" reached "$point" "$program" "$ends" || { cat /run/change.out; fail "$program did not reach $point"; }
    wait_for 60 "an end" replaced || {
        etcd get --prefix "$prefix/txns/"; tail -n 15 "$RUN"/gd2-rest.log "$RUN"/gd2-brickd.log; cat /run/change.out
        cli volume status gv0; getfattr -d -m . -e hex /run/bricks/b*; files $old; files $new; files b1
        fail "replace-brick killed at $point in $program: not settled within 60 s"
    }
    say "replace-brick, $program killed at $point: settled after $((SECONDS - began)) s, the brick is $(brick_now)"
    [ "$(cat /run/mnt/f3)" = "file 3" ] || fail "the mount after $point"
    if [ "$(brick_now)" = "/run/bricks/$new" ]; then local was=$old; old=$new; new=$was; fi
}
for point in rest-journal rest-step rest-step-done rest-commit rest-prepared rest-committed rest-finish; do at_replace gd2-rest $point; done
for point in brickd-step brickd-marked brickd-step-done brickd-announced brickd-step@2 brickd-step-done@2; do at_replace gd2-brickd $point; done
umount /run/mnt
node_stop
say "no debris"
