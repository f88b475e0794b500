# gd2's REST API without the CLI, for Tests/bench/inside.
REST=/run/gd2/rest.sock

api() { # WHAT METHOD PATH [BODY]: the milliseconds until the answer
    local what=$1 body=() answer
    [ -z "${4:-}" ] || body=(-d "$4")
    answer=$(curl -s -o /run/answer -w '%{http_code} %{time_total}' --unix-socket $REST \
        -X "$2" "${body[@]}" "http://localhost$3")
    case $answer in
    2*) sample "api/$what" "$(awk '{ print $2 * 1000 }' <<<"$answer")" ;;
    *) fail "$2 $3: $answer $(cat /run/answer)" ;;
    esac
}
api_create() { # WHAT VOLUME BRICKS: a distributed volume
    local brick bricks=
    for brick in $(seq "$3"); do
        mkdir -p "/run/bricks/$2-$brick"
        bricks+=,'{"type":"distribute","bricks":[{"peerid":"localhost","path":"/run/bricks/'$2-$brick'"}]}'
    done
    api "$1" POST /v1/volumes '{"name":"'"$2"'","force":true,"subvols":['"${bricks#,}"']}'
}
# A request that asks no other program, on a connection of its own as the others are.
api_nothing() { api nothing GET /ping; }
api_operations() {
    local i name
    bare_etcd_start
    bare_calls_start
    for i in $(seq "$BENCH_SAMPLES"); do
        bare_commits
        bare_bricks
        bare_calls
        api_nothing
        serial=$((serial + 1)) name=bench$serial
        api_create create "$name" 1
        api set POST "/v1/volumes/$name/options" '{"options":{"performance.cache-size":"'$((32 + i))'MB"}}'
        api start/new POST "/v1/volumes/$name/start"
        api stop POST "/v1/volumes/$name/stop"
        api start/again POST "/v1/volumes/$name/start"
        api stop POST "/v1/volumes/$name/stop"
        api delete DELETE "/v1/volumes/$name"
        api_create create3 "$name" 3
        api start3/new POST "/v1/volumes/$name/start"
        api stop3 POST "/v1/volumes/$name/stop"
        api start3/again POST "/v1/volumes/$name/start"
        api stop3 POST "/v1/volumes/$name/stop"
        api delete3 DELETE "/v1/volumes/$name"
        rm -rf "/run/bricks/$name"-*
    done
    bare_calls_stop
    bare_etcd_stop
}
api_calls() {
    local connections repeats=1
    curl -s --unix-socket $REST http://localhost/v1/volumes/base >/run/bare.json
    bare_http_start
    for _ in 1 2 3; do
        for connections in 1 16; do
            load rest/info/$connections -c $connections $REST http /v1/volumes/base
            (bare_http_load $connections)
        done
    done
    bare_http_stop
    (bare_rpc_calls)
    load rest/list/16 -c 16 $REST http /v1/volumes
}
