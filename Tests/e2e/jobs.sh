# Changes that are only tried, jobs (not waited for, waited for, cancelled), and requests that are sent
# twice.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/b{1,2}
etcd() { ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=5s "$@"; }
prefix=/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)
# All that a change writes, with its revisions; what nodes say of their volumes comes when it comes.
state() {
    etcd get --prefix "$prefix/" -w json | jq -r '.kvs[] | [(.key | @base64d), .mod_revision] | @tsv' |
        grep -v '/reported/' | grep -E '/(volumes|names|options|txns|locks|jobs|requests)/'
}
settled() { # no journal, no lock, no job that runs
    [ -z "$(etcd get --prefix "$prefix/txns/" --keys-only)$(etcd get --prefix "$prefix/locks/" --keys-only)" ] &&
        [ "$(cli job list -o json | jq '[.[] | select(.state == "running" or .state == "undoing")] | length')" = 0 ]
}
dry() { # STATUS PATTERN COMMAND...: a dry run that ends so, says so, and changes nothing
    local status=$1 pattern=$2 before output got; shift 2
    before=$(state)
    output=$("$@" --dry-run 2>&1 </dev/null); got=$?
    [ $got = "$status" ] || fail "$* --dry-run: status $got, not $status: $output"
    grep -q -- "$pattern" <<<"$output" || fail "$* --dry-run: does not say $pattern: $output"
    [ "$(state)" = "$before" ] || fail "$* --dry-run changed the store"
}

say "dry runs"
create=(cli volume create gv0 replica 2 localhost:/run/bricks/b1 localhost:/run/bricks/b2)
dry 3 "gv0 would be created, with 2 bricks" "${create[@]}" force
dry 2 "1 brick cannot be divided into sets of 2" cli volume create gv0 replica 2 localhost:/run/bricks/b1
dry 2 "/run/bricks/none does not exist" cli volume create gv0 localhost:/run/bricks/none
dry 3 "gv0 would be created, with 1 brick" cli volume create gv0 localhost:/run/bricks/none --create-brick-dir --allow-root-dir
[ ! -e /run/bricks/none ] || fail "a dry run made a directory"
mkdir /run/bricks/used && setfattr -n trusted.gfid -v 0x01 /run/bricks/used || fail "no mark"
dry 6 "/run/bricks/used is or was part of a volume" cli volume create gv0 localhost:/run/bricks/used --allow-root-dir
dry 2 "is a mount point" cli volume create gv0 localhost:/proc --allow-root-dir
[ ! -e /run/bricks/b1/.glusterfs ] || fail "a dry run touched a brick"
"${create[@]}" force || fail create
dry 6 "exists already" "${create[@]}" force
dry 3 "gv0 would be started" cli volume start gv0
dry 6 "is not started" cli volume stop gv0
dry 3 "gv0 would be deleted" cli volume delete gv0
dry 3 "would go from .* to 64MB" cli volume set gv0 performance.cache-size 64MB
cli volume set gv0 performance.cache-size 64MB || fail set
dry 0 "nothing would change" cli volume set gv0 performance.cache-size 64MB
dry 3 "performance.cache-size" cli volume reset gv0 performance.cache-size
dry 2 "" cli volume set gv0 performance.cache-size lots
dry 3 "server-quorum-ratio" cli volume set all cluster.server-quorum-ratio 51
dry 0 "nothing" cli volume reset all
dry 3 "group mine would be made" cli volume group create mine performance.cache-size 64MB
cli volume start gv0 || fail start
# The record of its end follows the answer.
wait_for 10 "the end of the start" settled || fail "not settled: $(cli job list)"
dry 6 "is started" cli volume start gv0
dry 0 "nothing would change" cli volume start gv0 force
dry 3 "gv0 would be stopped" cli volume stop gv0
cli volume stop gv0 --yes && cli volume delete gv0 --yes || fail "stop and delete"

job() { cli job show "$1" -o json | jq -r "$2"; }
id_of() { grep -Eo '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' <<<"$1" | head -n 1; }

say "jobs"
wait_for 10 "the end of all" settled || fail "not settled: $(cli job list)"
cli job list -o json | jq -e 'map(.operation) == ["create-volume","start-volume","stop-volume","delete-volume"] and all(.[]; .state == "done" and .by == "uid 0" and .ended)' >/dev/null ||
    fail "history: $(cli job list)"
id=$("${create[@]}" force --async) || fail "create --async: $id"
cli job wait "$id" || fail "wait for a creation"
cli volume info gv0 >/dev/null || fail "the job is done and there is no volume"
[ "$(job "$id" .result)" = /v1/volumes/gv0 ] || fail "result: $(job "$id" .)"
id=$(cli volume start gv0 --async) && cli job wait "$id" || fail "start --async"
cli job list --volume gv0 --state done -o name | grep -qx "$id" || fail "job list: $(cli job list)"
cli job cancel "$id" >/run/out 2>&1; [ $? = 6 ] && grep -q "has ended: it is done" /run/out || fail "cancel of an ended job: $(cat /run/out)"
cli job show 00000000-0000-0000-0000-000000000000 >/run/out 2>&1; [ $? = 5 ] || fail "no such job: $(cat /run/out)"
id=$(cli volume stop gv0 --yes --async) && cli job wait "$id" || fail "stop --async"
id=$(cli volume delete gv0 --yes --async) && cli job wait "$id" || fail "delete --async"
cli volume info gv0 >/dev/null 2>&1 && fail "deleted, and there"

say "a failed job"
touch /run/bricks/file
id=$(cli volume create gv1 localhost:/run/bricks/file/x force --async) || fail "create gv1 --async"
cli job wait "$id" >/run/out 2>&1; [ $? = 2 ] || fail "status of a failed job: $(cat /run/out)"
[ "$(job "$id" .state)" = failed ] || fail "state: $(job "$id" .)"

say "cancel before the commit"
kill -STOP "$(cat "$RUN/gd2-brickd.pid")"
id=$("${create[@]}" force --async) || fail "create with a hung gd2-brickd"
[ "$(job "$id" .progress.text)" = "step 1 of 1: prepare-bricks on $(hostname)" ] || job "$id" .progress
"${create[@]}" force --timeout 5 >/run/out 2>&1; [ $? = 6 ] && grep -q "create-volume.*on .*since .*$id" /run/out ||
    fail "the lock's holder: $(cat /run/out)"
cli job cancel "$id" | grep -q "going to be undone" || fail cancel
kill -CONT "$(cat "$RUN/gd2-brickd.pid")"
cli job wait "$id" >/run/out 2>&1; [ $? = 6 ] && grep -q "cancelled by uid 0" /run/out || fail "wait for a cancelled one: $(cat /run/out)"
[ "$(job "$id" .state)" = cancelled ] || fail "state: $(job "$id" .)"
cli volume info gv0 >/dev/null 2>&1 && fail "cancelled, and there"
settled || fail "not settled after a cancel"
getfattr -d -m - /run/bricks/b1 2>/dev/null | grep -q trusted && fail "marks are left on b1"

say "cancel of a wait; a deletion cannot be cancelled"
"${create[@]}" force || fail create
node_hold gd2-brickd
id=$(cli volume start gv0 --async) || fail "start without gd2-brickd"
[ "$(job "$id" .state)" = running ] || fail "state: $(job "$id" .)"
job "$id" '.progress.missing[]' | grep -q "has not answered" || fail "missing: $(job "$id" .)"
cli job cancel "$id" | grep -q "gv0 is started all the same" || fail "cancel of a wait"
[ "$(job "$id" .state)" = cancelled ] || fail "state: $(job "$id" .)"
id=$(cli volume stop gv0 --yes --async) && cli job cancel "$id" >/dev/null || fail "cancel of a stop"
id=$(cli volume delete gv0 --yes --async) || fail "delete without gd2-brickd"
cli job cancel "$id" >/run/out 2>&1; [ $? = 6 ] && grep -q "past its commit" /run/out || fail "cancel of a deletion: $(cat /run/out)"
node_release gd2-brickd
cli job wait "$id" || fail "the deletion does not end"

say "its node dies, the job ends"
kill -STOP "$(cat "$RUN/gd2-brickd.pid")"
id=$("${create[@]}" force --async) || fail create
node_kill gd2-rest
kill -CONT "$(cat "$RUN/gd2-brickd.pid")"
node_ready || fail "not ready"
cli job wait "$id" >/run/out 2>&1; [ $? = 7 ] && grep -q "carried it out died" /run/out || fail "job of a dead coordinator: $(cat /run/out)"
[ "$(job "$id" .state)" = failed ] || fail "state: $(job "$id" .)"
settled || fail "not settled after a death"

say "its gd2-rest dies, glustercli asks again"
kill -STOP "$(cat "$RUN/gd2-brickd.pid")"
"${create[@]}" force --timeout 60 >/run/out 2>&1 & asking=$!
begun() { [ "$(cli job list --state running -o name | wc -l)" = 1 ]; }
wait_for 20 "the begin" begun || fail "not begun: $(cat /run/out)"
node_kill gd2-rest
kill -CONT "$(cat "$RUN/gd2-brickd.pid")"
wait "$asking"; [ $? = 7 ] && grep -q "carried it out died: ask for it again" /run/out || fail "asked again: $(cat /run/out)"
settled || fail "not settled after a death"

say "on a terminal: progress, and Ctrl-C"
terminal() { # SIGNAL COMMAND...: the command on a terminal, which gets the signal when progress is shown
    python3 - "$@" <<'EOF'
import os, pty, signal, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
text, sent = b"", sys.argv[1] == "none"
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    text += part
    if not sent and b"step 1 of 1" in text:
        sent = True
        os.write(fd, b"\x03")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(text.decode())
sys.exit(status if status >= 0 else 128 - status)
EOF
}
kill -STOP "$(cat "$RUN/gd2-brickd.pid")"
terminal INT "$BIN/glustercli" "${create[@]:1}" force >/run/out; [ $? = 130 ] || fail "Ctrl-C: $(cat /run/out)"
grep -q "create-volume: step 1 of 1: prepare-bricks" /run/out || fail "no progress: $(cat /run/out)"
id=$(id_of "$(grep "goes on: glustercli job wait" /run/out)"); [ -n "$id" ] || fail "no id after Ctrl-C: $(cat /run/out)"
[ "$(job "$id" .state)" = running ] || fail "Ctrl-C ended it: $(job "$id" .)"
kill -CONT "$(cat "$RUN/gd2-brickd.pid")"
cli job wait "$id" || fail "the job does not go on"
terminal none "$BIN/glustercli" volume delete gv0 --yes >/run/out || fail "delete on a terminal: $(cat /run/out)"
grep -q "volume gv0 is deleted" /run/out || fail "delete on a terminal: $(cat /run/out)"

say "the same request twice"
rest() { curl -s -o /run/body -w '%{http_code}' --unix-socket /run/gd2/rest.sock "$@"; }
body='{"name":"gv2","force":true,"subvols":[{"type":"distribute","bricks":[{"peerid":"localhost","path":"/run/bricks/b1"}]}]}'
# Who comes while the first has not begun may be told to try again.
once() { rest http://x/v1/volumes -H 'Idempotency-Key: once' -d "$body" >"/run/code.$1"; [ "$(cat "/run/code.$1")" != 503 ]; }
for n in 1 2 3; do wait_for 20 answer once $n & pids[$n]=$!; done
wait "${pids[1]}" "${pids[2]}" "${pids[3]}"
cat /run/code.* | grep -q 201201201 || fail "answers: $(cat /run/code.*)"
first=$(jq -r .id /run/body)
# Changes are taken when its view of the store is current again.
fresh() { [ -z "$(cli volume list 2>&1 >/dev/null)" ]; }
again() { node_kill gd2-rest; sleep 0.2; node_ready && wait_for 20 fresh fresh || fail "not ready"; }
again
[ "$(rest http://x/v1/volumes -H 'Idempotency-Key: once' -d "$body")" = 201 ] || fail "again: $(cat /run/body)"
[ "$(jq -r .id /run/body)" = "$first" ] || fail "another volume: $(cat /run/body)"
[ "$(cli volume list -o name)" = gv2 ] || fail "volumes: $(cli volume list)"
[ "$(cli job list --volume gv2 -o name | wc -l)" = 1 ] || fail "jobs: $(cli job list)"
[ "$(rest http://x/v1/volumes -H 'Idempotency-Key: once' -d '{}')" = 409 ] && grep -q "another request" /run/body || fail "the key of another request: $(cat /run/body)"
[ "$(rest -X DELETE http://x/v1/volumes/gv2 -H 'Idempotency-Key: twice')" = 204 ] || fail "delete: $(cat /run/body)"
[ "$(rest -X DELETE http://x/v1/volumes/gv2 -H 'Idempotency-Key: twice')" = 204 ] || fail "delete again: $(cat /run/body)"
[ "$(rest -X DELETE http://x/v1/volumes/gv2)" = 404 ] || fail "delete without a key: $(cat /run/body)"
# Of a change that gd2-store makes the answer is kept, too: the second request finds it, and changes nothing.
own=$(cli peer list -o json | jq -r '.[0].id')
zone() { rest "http://x/v1/peers/$own" -H "Idempotency-Key: $1" -d "{\"zone\":\"$2\"}"; }
[ "$(zone edited z1)" = 200 ] || fail "edit: $(cat /run/body)"
cp /run/body /run/first
cli peer edit "$own" --zone z2 >/dev/null || fail "peer edit"
again
[ "$(zone edited z1)" = 200 ] && cmp -s /run/body /run/first || fail "edited again: $(cat /run/body)"
[ "$(cli peer list -o json | jq -r '.[0].zone')" = z2 ] || fail "the change was made twice: $(cli peer list -o json)"
[ "$(zone edited z3)" = 409 ] || fail "the key of another edit: $(cat /run/body)"
[ "$(rest http://x/v1/peers/tokens -H 'Idempotency-Key: token' -d '{}')" = 400 ] || fail "a token with a key: $(cat /run/body)"
settled || fail "not settled at the end"
node_stop
say "done"
