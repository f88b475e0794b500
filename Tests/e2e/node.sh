# A whole node by hand, without systemd, for tests and the demo. Source it within a private mount,
# network and pid namespace (Tests/e2e/run makes one): it uses the standard paths and ports.
#
#   node_start            start the five programs, each restarted when it ends, and wait until ready
#   node_stop             stop them and every brick
#   node_kill NAME        kill -9 the program: gd2-store, gd2-etcd, gd2-pmap, gd2-brickd or gd2-rest
#   node_hold NAME        keep it from being started again; node_release NAME undoes that
#   cli ARGS...           glustercli
set -u
BIN=${BIN:-$PWD/.build/debug}
RUN=${RUN:-/run/gd2-node}
export SWIFT_BACKTRACE=enable=no

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    [ -z "${MNTLOG:-}" ] || grep -hE " [EW] |ended" /var/log/glusterfs/*.log /var/log/glusterfs/bricks/*.log | tail -n 40
    exit 1
}

# Starts a program again and again; its pid is in $RUN/NAME.pid.
keep() {
    local name=$1; shift
    while [ ! -e "$RUN/stop" ]; do
        if [ -e "$RUN/$name.hold" ]; then sleep 0.05; continue; fi
        # A name in NAME.point makes one run of a debug build end there, as kill -9 would.
        local point=
        [ ! -e "$RUN/$name.point" ] || { point=$(cat "$RUN/$name.point"); rm "$RUN/$name.point"; }
        GD2_FAIL_POINT=$point "$@" >>"$RUN/$name.log" 2>&1 &
        echo $! >"$RUN/$name.pid"
        wait $! 2>/dev/null
        echo "-- $point ended with $?" >>"$RUN/$name.log"
        sleep 0.1
    done
}

wait_for() { # SECONDS WHAT COMMAND...
    local seconds=$1 what=$2 end; shift 2
    end=$(($(date +%s%N) / 1000000 + seconds * 1000))
    until "$@" >/dev/null 2>&1; do
        [ $(($(date +%s%N) / 1000000)) -lt $end ] || return 1
        sleep 0.05
    done
}

node_start() {
    mkdir -p "$RUN" /run/gd2 /run/gluster /var/lib/gd2
    rm -f "$RUN/stop"
    keep gd2-store "$BIN/gd2-store" ${STORE_FLAGS:-} &
    keep gd2-etcd "$BIN/gd2-store" run-etcd &
    keep gd2-pmap "$BIN/gd2-pmap" ${PMAP_FLAGS:-} &
    keep gd2-brickd "$BIN/gd2-brickd" --set process-manager=detached ${BRICKD_FLAGS:-} &
    keep gd2-rest "$BIN/gd2-rest" ${REST_FLAGS:-} &
    node_ready || { tail -n 20 "$RUN"/*.log; fail "the node did not get ready"; }
}

# What runs on a witness.
node_witness() {
    mkdir -p "$RUN" /run/gd2 /var/lib/gd2
    keep gd2-store "$BIN/gd2-store" ${STORE_FLAGS:-} &
    keep gd2-etcd "$BIN/gd2-store" run-etcd &
    wait_for 60 "gd2-store" test -S /run/gd2/store.sock || { tail -n 20 "$RUN"/*.log; fail "the witness did not get ready"; }
}

has_peers() {
    # jq takes no input at all for a success.
    [ "$(curl -sf --max-time 2 --unix-socket /run/gd2/rest.sock http://x/v1/peers | jq length)" -gt 0 ]
}

# The file of a socket may be that of the run before.
listens() { curl -s -o /dev/null --max-time 2 --unix-socket "$1" http://x/; [ $? != 7 ]; }
node_ready() {
    wait_for 60 "REST" has_peers &&
        wait_for 30 "pmap" listens /run/glusterd.socket &&
        wait_for 30 "brickd" listens /run/gd2/brickd.sock
}

node_kill() { kill -9 "$(cat "$RUN/$1.pid")" 2>/dev/null; }
# What the program had open, its ports among it, is free when node_hold returns.
node_hold() {
    touch "$RUN/$1.hold"; node_kill "$1"
    local pid; pid=$(cat "$RUN/$1.pid" 2>/dev/null)
    [ -z "$pid" ] || wait_for 10 "$1's end" test ! -e "/proc/$pid" || fail "$1 does not end"
}
node_release() { rm -f "$RUN/$1.hold"; }

node_stop() {
    touch "$RUN/stop"
    local name
    for name in gd2-rest gd2-brickd gd2-pmap gd2-store gd2-etcd; do
        kill "$(cat "$RUN/$name.pid" 2>/dev/null)" 2>/dev/null
    done
    local pid
    for pid in $(brick_pids); do kill "$pid" 2>/dev/null; done
    wait
}

# Bricks and self-heal daemons of this node's run directory.
brick_pids() {
    local p
    for p in /proc/[0-9]*; do
        { tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null | grep -q -- '-S /run/gluster/gd2-' && echo "${p#/proc/}"
    done
}

cli() { "$BIN/glustercli" "$@"; }
