# Whatever of the node is paused or gone, each read answers in time from what is known and says so,
# and each change is refused at once with the reason.
# Runs alone: it measures times.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/b1
cli volume create gv0 localhost:/run/bricks/b1 force || fail create
cli volume start gv0 || fail start
READS="peers peers/localhost cluster volumes volumes/gv0 volumes/gv0/bricks volumes/gv0/status
    volumes/gv0/options volumes/gv0/options/performance.cache-size volumes/options-group cluster/options"
# These have nothing to show without the program that they ask: they say so as fast.
ASKING="volumes/gv0/clients cluster/members cluster/snapshots peers/tokens"

get() { # PATH: status and milliseconds in $status and $took, headers in $RUN/headers
    local began
    began=$(date +%s%N)
    status=$(curl -s -o "$RUN/body" -D "$RUN/headers" -w '%{http_code}' --max-time 20 --unix-socket /run/gd2/rest.sock "http://x/v1/$1")
    took=$((($(date +%s%N) - began) / 1000000))
}
reads() { # WHAT: all reads are answered within a second
    local path
    for path in $READS $ASKING; do
        get "$path"
        # Again, since any program may have stood still meanwhile.
        for _ in 1 2; do [ "$took" -lt 1000 ] || get "$path"; done
        say "$1: $path $status $took ms"
        [ "$took" -lt 1000 ] || fail "$1: $path took $took ms"
        case " $ASKING " in *" $path "* | *"
"*"$path "*) continue ;; esac
        [ "$status" = 200 ] || fail "$1: $path answered $status: $(cat "$RUN/body")"
        grep -qi '^gd2-revision: [0-9]' "$RUN/headers" || fail "$1: $path says no revision"
    done
}
change() { # WHAT: a change is refused within 2 s, and the second that a slow machine takes to run glustercli
    local began took output got
    for _ in 1 2; do
        began=$(date +%s%N)
        output=$(cli volume set gv0 user.x 1 2>&1); got=$?
        took=$((($(date +%s%N) - began) / 1000000))
        say "$1: $output ($got, $took ms)"
        [ $got = 7 ] && grep -q "the store takes no changes now: ." <<<"$output" || fail "$1: a change ended with $got: $output"
        [ "$took" -lt 3000 ] && return
    done
    fail "$1: the refusal took $took ms"
}
aged() { get volumes; grep -qi '^gd2-age-seconds: [0-9]' "$RUN/headers"; }
fresh() { get volumes; ! grep -qi '^gd2-age-seconds' "$RUN/headers"; }
pause() { kill -STOP "$(cat "$RUN/$1.pid")"; }
resume() { kill -CONT "$(cat "$RUN/$1.pid")"; }

reads "all is well"
for name in gd2-brickd gd2-pmap; do
    pause $name
    reads "$name is paused"
    resume $name
done
pause gd2-store
reads "gd2-store is paused"
change "gd2-store is paused"
resume gd2-store
wait_for 30 fresh fresh || fail "the view stays old"
node_hold gd2-store
wait_for 20 aged aged || fail "a read says nothing of its age"
reads "gd2-store is gone"
change "gd2-store is gone"
cli volume list 2>&1 >/dev/null | grep -qx "warning: the store does not answer since [0-9]* s: this is what was known then" ||
    fail "glustercli does not say that its answer is old"
node_release gd2-store
wait_for 30 fresh fresh || fail "the view stays old"
node_hold gd2-etcd
wait_for 20 aged aged || fail "a read says nothing of its age"
reads "etcd is gone"
change "etcd is gone"
node_release gd2-etcd
wait_for 30 fresh fresh || fail "the view stays old"
working() { cli volume set gv0 user.x 1; }
wait_for 30 working working || fail "no change after all came back"
node_stop
say "done"
