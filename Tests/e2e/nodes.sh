# Several nodes on one host, each with its own mount, network, process and host name space, on one
# bridge. Source it in a script that Tests/e2e/run runs.
#
#   nodes_start N         start the nodes h1 to hN (10.9.0.1 to 10.9.0.N), each a whole suite of its own
#                         $E2E_DISK/hI/settings, where it exists, is gd2-store's configuration there;
#                         a witness runs only gd2-store and its etcd
#   on I COMMAND...       run a command on node I; the functions of node.sh are there too
#   cli_on I ARGS...      glustercli on node I
#   cut I, mend I         take its network cable out, put it in again
#   off I, boots I        take its power away, put it on again
. Tests/e2e/node.sh

NODES=()

# What the daemons say, when a script fails.
nodes_logs() {
    local status=$? i
    [ $status = 0 ] || for i in "${!NODES[@]}"; do on "$i" bash -c 'tail -n 6 /run/gd2-node/*.log'; done
    exit $status
}
trap nodes_logs EXIT

nodes_start() {
    local i
    ip link show br0 >/dev/null 2>&1 || { ip link add br0 type bridge && ip link set br0 up; } || fail "no bridge"
    for i in $(seq "$1"); do node_boot "$i"; done
    for i in $(seq "$1"); do wait_for 60 "h$i" test -e "$E2E_DISK/h$i/ready" || { cat "$E2E_DISK/h$i/log"; fail "h$i does not start"; }; done
}

node_boot() {
    local i=$1 outer
    mkdir -p "$E2E_DISK/h$i/bricks"
    ip link add "n$i" type veth peer name "e$i" && ip link set "n$i" master br0 up || fail "no cable for h$i"
    E2E_DISK=$E2E_DISK/h$i unshare -m -n -u -p -f --mount-proc --kill-child --propagation private \
        bash Tests/e2e/nodes-boot "$i" >"$E2E_DISK/h$i/log" 2>&1 &
    outer=$!
    wait_for 30 "h$i" pgrep -P "$outer" || { cat "$E2E_DISK/h$i/log"; fail "h$i has no process"; }
    NODES[i]=$(pgrep -P "$outer")
    ip link set "e$i" netns "${NODES[$i]}" || fail "h$i has no network"
    touch "$E2E_DISK/h$i/cabled"
}

on() { # NODE COMMAND...
    local i=$1; shift
    nsenter -t "${NODES[$i]}" -m -n -u -p bash -c 'cd "$0" && . Tests/e2e/node.sh && "$@"' "$PWD" "$@"
}
cli_on() { local i=$1; shift; on "$i" "$BIN/glustercli" "$@"; }
cut() { ip link set "n$1" down; }
mend() { ip link set "n$1" up; }
off() { # NODE: as without power; what is on its disks stays
    cut "$1"
    on "$1" bash -c '. Tests/e2e/node.sh; for name in gd2-rest gd2-pmap gd2-brickd gd2-store gd2-etcd; do touch "$RUN/$name.hold"; done
        for name in gd2-rest gd2-pmap gd2-brickd gd2-store gd2-etcd; do node_hold $name; done
        for pid in $(brick_pids); do kill -9 $pid; done'
}
boots() { # NODE
    mend "$1"
    on "$1" bash -c '. Tests/e2e/node.sh; for name in gd2-etcd gd2-store gd2-pmap gd2-brickd gd2-rest; do node_release $name; done
        wait_for 60 pmap listens /run/glusterd.socket' || fail "h$1 does not start"
}
