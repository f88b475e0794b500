# The two managers behind the same words, for Tests/bench/inside:
#   manager_start; manager_ready; manager_stop; volume VERB ARGS...; cli_start; manager_processes
#   server_process WHAT; api_operations; api_calls; keep_volfile
case $MANAGER in
gd2)
    . Tests/e2e/node.sh
    HOST=localhost
    # node_start waits by this: both managers are ready by the same measure.
    node_ready() { manager_ready; }
    manager_start() { node_start; }
    manager_stop() { node_stop; }
    volume() {
        local verb=$1; shift
        case $verb in
        stop | delete) cli volume "$verb" "$@" --yes ;;
        *) cli volume "$verb" "$@" ;;
        esac
    }
    cli_start() { cli --help; }
    manager_processes() { # NAME PID
        local name
        for name in gd2-store gd2-rest gd2-pmap gd2-brickd gd2-etcd; do
            echo "$name $(cat "$RUN/$name.pid")"
        done
    }
    server_process() { # WHAT is loaded
        case $1 in
        rest/*) cat "$RUN/gd2-rest.pid" ;;
        *) cat "$RUN/gd2-pmap.pid" ;;
        esac
    }
    keep_volfile() { :; }
    ;;
gd1)
    # It refuses loopback's own address for a brick.
    HOST=10.77.0.1
    say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
    fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
    manager_start() { ip address replace $HOST/32 dev lo; node_start; }
    node_start() {
        glusterd -N &
        GLUSTERD=$!
        manager_ready || { tail -n 20 /var/log/glusterfs/*.log; fail "glusterd did not get ready"; }
    }
    manager_stop() { kill "$GLUSTERD"; wait "$GLUSTERD"; }
    volume() { gluster --mode=script volume "$@"; }
    cli_start() { gluster --help; }
    manager_processes() { echo "glusterd $GLUSTERD"; }
    server_process() { echo "$GLUSTERD"; }
    # It has no other API than its own CLI's.
    api_operations() { :; }
    api_calls() { :; }
    # Of what bare_brick starts.
    keep_volfile() {
        sed s,/run/bricks/base,/run/bricks/bare,g /var/lib/glusterd/vols/base/base.*.run-bricks-base.vol \
            >"$BENCH_VOLFILE"
    }
    ;;
*) echo "no manager called $MANAGER: gd1 or gd2" >&2; exit 1 ;;
esac

[ "$MANAGER" != gd2 ] || . Tests/bench/api.sh

# Ready: a client gets the volfile of $AWAITED, the CLI an answer, and a change is taken; the first
# and the last are noted in microseconds. Without a volume an answer of the CLI is enough.
manager_ready() {
    [ -n "${AWAITED:-}" ] || { until_done volume info; return; }
    "$LOAD" -w 60 127.0.0.1:24007 getspec "$AWAITED" || return 1
    SERVES_US=${EPOCHREALTIME/[.,]/}
    until_done volume info "$AWAITED" || return 1
    until_done volume set "$AWAITED" performance.cache-size "$((32 + RANDOM % 900))MB" || return 1
    CHANGES_US=${EPOCHREALTIME/[.,]/}
}

until_done() { # COMMAND...: again and again, up to a minute
    local end=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.01
    done
}
