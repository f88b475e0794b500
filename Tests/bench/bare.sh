# What gd2 is measured by, for Tests/bench/inside: each part of its work done by what it is done with,
# alone.

# A brick of glusterd's volfile, from exec to its sign-in at a server that does nothing else, and three
# at once.
bare_brick() {
    local of=bare value kind count
    for kind in again new; do
        for count in 1 3; do
            for value in $(python3 Tests/bench/bare_brick.py $kind $count "$BENCH_SAMPLES" base \
                /var/lib/glusterd/vols/base/base.*.run-bricks-base.vol /run/bricks/base); do
                sample "brick/$kind/$count" "$value"
            done
        done
    done
}

# A commit of etcd's: a Put by gRPC, as gd2-store would send it, from when the connection is there.
bare_etcd() {
    local of=bare pid url=http://127.0.0.1:23790
    etcd --data-dir /var/lib/gd2/bare --listen-client-urls $url --advertise-client-urls $url \
        --listen-peer-urls http://127.0.0.1:23791 --log-level error >/run/bare-etcd.log 2>&1 &
    pid=$!
    # The frame's head (not compressed, its length), then key and value (etcd's rpc.proto).
    { printf '\0\0\0\1\14\12\3key\22\204\2'; head -c 260 /dev/zero | tr '\0' x; } >/run/put
    put() {
        curl -sf --http2-prior-knowledge -H 'content-type: application/grpc' -H 'te: trailers' \
            --data-binary @/run/put -w '%{time_pretransfer} %{time_total}\n' -o /dev/null \
            $url/etcdserverpb.KV/Put
    }
    until_done put || fail "etcd alone does not get ready"
    for _ in $(seq 50); do sample commit "$(put | awk '{ print ($2 - $1) * 1000 }')"; done
    kill $pid
    wait $pid
}

# A Hummingbird route that answers with the same bytes as GET /v1/volumes/base.
bare_http() {
    local of=bare pid
    [ -n "${BARE_HTTP:-}" ] || return 0
    "$BARE_HTTP" /run/bare.sock /run/bare.json &
    pid=$!
    server_process() { echo $pid; }
    until_done test -S /run/bare.sock || fail "the bare HTTP server does not get ready"
    load rest/info/1 -c 1 /run/bare.sock http /
    load rest/info/16 -c 16 /run/bare.sock http /
    kill $pid
    wait $pid
}
