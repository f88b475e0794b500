# What gd2 is measured by, for Tests/bench/api.sh: each part of its work done by what it is done with,
# alone.

# A brick of glusterd's volfile, from exec to its sign-in at a server that does nothing else, and three
# at once; once each. Without glusterd's part there is no volfile.
bare_bricks() {
    local of=bare kind count
    [ -e "$BENCH_VOLFILE" ] || return 0
    for kind in again new; do
        for count in 1 3; do
            sample "brick/$kind/$count" "$(python3 Tests/bench/bare_brick.py $kind $count 1 base \
                "$BENCH_VOLFILE" /run/bricks/bare)"
        done
    done
}

BARE_ETCD=http://127.0.0.1:23790
bare_etcd_start() {
    rm -rf /var/lib/gd2/bare
    etcd --data-dir /var/lib/gd2/bare --listen-client-urls $BARE_ETCD --advertise-client-urls $BARE_ETCD \
        --listen-peer-urls http://127.0.0.1:23791 --log-level error >/run/bare-etcd.log 2>&1 &
    bare_etcd=$!
    # The frame's head (not compressed, its length), then key and value (etcd's rpc.proto).
    { printf '\0\0\0\1\14\12\3key\22\204\2'; head -c 260 /dev/zero | tr '\0' x; } >/run/put
    until_done bare_put || fail "etcd alone does not get ready"
}
bare_etcd_stop() { kill $bare_etcd; wait $bare_etcd; }
bare_put() {
    curl -sf --http2-prior-knowledge -H 'content-type: application/grpc' -H 'te: trailers' \
        --data-binary @/run/put -w '%{time_pretransfer} %{time_total}\n' -o /dev/null \
        $BARE_ETCD/etcdserverpb.KV/Put
}
# Commits of etcd's: Puts by gRPC, as gd2-store would send them, from when the connection is there.
bare_commits() {
    local of=bare
    for _ in $(seq 10); do sample commit "$(bare_put | awk '{ print ($2 - $1) * 1000 }')"; done
}

# What a creation and a deletion ask of other programs, alone: two writes through gd2-store and between them a
# call of gd2-brickd that does nothing. A process that has made its connections before does it when told.
bare_calls_start() { coproc CALLS { exec "$BIN/gd2-bench-calls" /run/gd2/store.sock /run/gd2/brickd.sock; }; }
bare_calls() {
    local of=bare took
    echo >&"${CALLS[1]}" && read -r took <&"${CALLS[0]}" || fail "gd2-bench-calls has ended"
    sample calls "$took"
}
bare_calls_stop() { kill "$CALLS_PID"; wait "$CALLS_PID"; }

# A Hummingbird route that answers with the same bytes as GET /v1/volumes/base.
bare_http_start() {
    bare_http=
    [ -n "${BARE:-}" ] || return 0
    "$BARE/bare-http" /run/bare.sock /run/bare.json &
    bare_http=$!
    until_done test -S /run/bare.sock || fail "the bare HTTP server does not get ready"
}
bare_http_load() { # CONNECTIONS
    local of=bare
    [ -n "$bare_http" ] || return 0
    server_process() { echo "$bare_http"; }
    load "rest/info/$1" -c "$1" /run/bare.sock http /
}
bare_http_stop() { [ -z "$bare_http" ] || { kill "$bare_http"; wait "$bare_http"; }; rm -f /run/bare.sock; }

# A SwiftNIO server that answers each record with as many bytes as GETSPEC of a volume of one brick has.
BARE_RPC_PORT=24100 BARE_RPC_BYTES=1600
bare_rpc_calls() {
    local of=bare how
    [ -n "${BARE:-}" ] || return 0
    "$BARE/bare-rpc" $BARE_RPC_PORT $BARE_RPC_BYTES &
    bare_rpc=$!
    server_process() { echo "$bare_rpc"; }
    "$LOAD" -w 60 127.0.0.1:$BARE_RPC_PORT getspec base || fail "the bare SunRPC server does not get ready"
    for how in "1 -c 1" "16 -c 16" "1x32 -c 1 -d 32"; do
        # shellcheck disable=SC2086
        load "getspec/${how%% *}" ${how#* } 127.0.0.1:$BARE_RPC_PORT getspec base
    done
    kill $bare_rpc; wait $bare_rpc
}
