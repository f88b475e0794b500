# What scripts that need several hosts share. Source it.
#
#   on HOST CMD...        run CMD on a host, 30 s at most (LIMIT_ON)
#   cluster_start N       boot h1 to hN and start the suite on each
#   cluster_join HOST     HOST joins the cluster of h1 by a token
#   cluster_wait HOST V   until HOST sees V voters that are all well
#   leader HOST           the host whose etcd leads, as HOST sees it
set -u
boot() { Tests/hosts/boot "$@"; }
on() { local host=$1; shift; timeout -k 1 "${LIMIT_ON:-30}" Tests/hosts/boot exec "$host" "$@"; }
say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }
hosts_up() { Tests/hosts/boot status | awk '$2 != "down" {print $1}'; }
fail() {
    echo "FAILED: $*"
    local host
    for host in $(hosts_up); do
        echo "--- $host"
        on "$host" glustercli cluster members 2>&1 | tail -n 8
        on "$host" journalctl --no-pager -u gd2-store -u gd2-etcd -u gd2-rest -n 40 2>&1 | cut -c1-300 | tail -n 40
    done
    exit 1
}
wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}

rest_answers() { [ "$(on "$1" curl -sf --max-time 3 --unix-socket /run/gd2/rest.sock http://x/v1/peers | jq length)" -gt 0 ]; }

# The settings of a test: what takes minutes elsewhere takes seconds here.
suite_start() {
    local host=$1
    on "$host" systemd-sysusers && on "$host" systemd-tmpfiles --create 2>/dev/null
    on "$host" sh -c "echo 'replace-voter-after-seconds = ${REPLACE_AFTER:-600}' >/etc/gd2/gd2-store.toml"
    on "$host" systemctl daemon-reload
    on "$host" systemctl enable -q --now gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest
}

cluster_start() {
    boot start "$1" || fail boot
    local i
    for i in $(seq "$1"); do suite_start "h$i" & done
    wait
    for i in $(seq "$1"); do wait_for 60 rest_answers "h$i" || fail "REST of h$i does not answer"; done
}

token() { on "${1:-h1}" glustercli peer token create -o json 2>/dev/null | jq -r .token; }

cluster_join() {
    local text try
    for try in 1 2 3 4 5 6 7 8 9 10; do
        text=$(token "${2:-h1}") && [ -n "$text" ] && on "$1" glustercli peer join "$text" && return 0
        sleep 1
    done
    fail "$1 does not join"
}

VOTES='.members | map(select(.role != "learner"))'
voters() { on "$1" glustercli cluster members -o json | jq "$VOTES | length"; }
all_well() { on "$1" glustercli cluster members -o json | jq -e "($VOTES | length) == $2 and (.members | all(.healthy))"; }
cluster_wait() { wait_for "${3:-60}" all_well "$1" "$2" || fail "$1 sees no $2 voters that are well"; }
leader() { on "$1" glustercli cluster members -o json | jq -r '.members[] | select(.role == "leader") | .name'; }
peer_id() { on "$1" glustercli peer list -o json | jq -r --arg name "$2" '.[] | select(.name == $name) | .id'; }
