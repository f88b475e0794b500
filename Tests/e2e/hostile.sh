# 10,000 random and bent connections to the running daemons, 5,000 idle ones, slow and half-open ones:
# no daemon ends, answers and files go on, descriptors and memory come back. SEED=7 repeats a run.
# Runs alone: it measures memory and CPU time.
. Tests/e2e/node.sh
SEED=${SEED:-$RANDOM} COUNT=${COUNT:-10000}
say "seed $SEED"
ulimit -n 16000
node_start
mkdir -p /run/bricks/b{1,2,3} /run/mnt
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
hostile() { python3 Tests/e2e/hostile.py "$@"; }
daemons="gd2-store gd2-pmap gd2-brickd gd2-rest"
pids() { for name in $daemons; do cat "$RUN/$name.pid"; done | tr '\n' ' '; }
open_files() { ls "/proc/$(cat "$RUN/$1.pid")/fd" | wc -l; }
pss() { awk '/^Pss:/ { print int($2 / 1024) }' "/proc/$(cat "$RUN/$1.pid")/smaps_rollup"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$(cat "$RUN/$1.pid")/stat"; }

# What is allocated once is no growth.
hostile storm "$((SEED + 1))" 300 || fail "connections are refused"
sleep 1
before=$(pids)
declare -A files memory
for name in $daemons; do files[$name]=$(open_files $name) memory[$name]=$(pss $name); done
hostile watch /run/stop >/run/watched 2>&1 &
watcher=$!
(n=0; while [ ! -e /run/stop ]; do
    echo $n >/run/mnt/f && [ "$(cat /run/mnt/f)" = $n ] || { echo "after $n files" >/run/lost; break; }
    n=$((n + 1)); sleep 0.02
done) &
writer=$!
well() {
    kill -0 $watcher 2>/dev/null || fail "$1: $(cat /run/watched)"
    [ ! -e /run/lost ] || fail "$1: the mount failed $(cat /run/lost)"
    [ "$(pids)" = "$before" ] || { tail -n 5 "$RUN"/*.log; fail "$1: a daemon ended"; }
}

hostile storm "$SEED" "$COUNT" || fail "connections are refused"
well storm
say "after the storm: $(for name in $daemons; do echo "$name $(pss $name) MB of ${memory[$name]} MB,"; done)"
hostile hold idle 5000 8 >/run/idle & idle=$!
hostile hold rest 1000 8 >/run/rest & rest=$!
hostile hold slow 200 8 >/run/slow & slow=$!
held() { grep -q held /run/idle && grep -q held /run/rest && grep -q held /run/slow; }
wait_for 60 held held || fail "not all connections came in"
well "5,000 idle"
say "held: $(for name in $daemons; do echo "$name $(open_files $name) files,"; done)"
wait $idle $rest $slow
well "idle and slow"

# A megabyte where a name is due is answered in words, whoever of gd2-rest notices it.
said() { # PATTERN COMMAND...
    local pattern=$1 answer; shift
    answer=$("$@" 2>&1)
    [ "${#answer}" -lt 4000 ] && grep -q -- "$pattern" <<<"$answer" || fail "${*:0:4}: ${answer:0:500}, not $pattern"
}
raw() { # LINES...: the answer to them alone
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect("/run/gd2/rest.sock")
s.sendall("".join(line + "\r\n" for line in sys.argv[1:] + [""]).encode())
answer = b""
while b"errors" not in answer and (more := s.recv(4096)):
    answer += more
print(answer.decode())' "$@"
}
rest() { curl -s --max-time 10 --unix-socket /run/gd2/rest.sock "$@"; }
head -c 1048576 /dev/zero | tr '\0' x >/run/long
(printf '{"options":{"user.n":"'; cat /run/long; printf '"}}') >/run/long.json
(printf '{"name":"'; cat /run/long; printf '","subvols":[]}') >/run/name.json
said "longer than 80 KiB" rest "http://x/v1/volumes/$(head -c 100000 /run/long)"
said "longer than 80 KiB" rest -H "A: $(head -c 100000 /run/long)" http://x/v1/volumes
said "longer than 80 KiB" raw "no HTTP"
said "at most 65536" rest --data-binary @/run/long.json http://x/v1/volumes/gv0/options
said "at most 220" rest --data-binary @/run/name.json http://x/v1/volumes
said "longer than 8388608" raw "POST /v1/volumes HTTP/1.1" "Host: x" "Content-Length: 99999999"
well "long names"

# A connection that says half a word and no more costs no processor time.
hostile hold half 50 4 >/run/half & half=$!
wait_for 30 held grep -q held /run/half || fail "not held"
from=$(ticks gd2-pmap); sleep 2; spent=$(($(ticks gd2-pmap) - from))
[ $spent -lt 120 ] || fail "gd2-pmap takes $spent of 200 ticks for half-open connections"
wait $half
well "half-open"

# Records that never end are kept up to 64 MiB in all.
hostile hold partial 400 2 >/run/partial & partial=$!
wait_for 60 held grep -q held /run/partial || fail "not held"
[ $(($(pss gd2-pmap) - memory[gd2-pmap])) -lt 200 ] || fail "gd2-pmap keeps $(pss gd2-pmap) MB of half records"
wait $partial
well "half records"

# No descriptor is left for one more connection: that is said, and nobody ends.
for pair in gd2-rest:rest gd2-pmap:idle; do
    name=${pair%:*} pid=$(cat "$RUN/${pair%:*}.pid")
    from=$(wc -l <"$RUN/$name.log")
    prlimit --pid "$pid" --nofile=$(($(open_files "$name") + 40)):16000
    hostile hold "${pair#*:}" 200 2 >/run/few & few=$!
    said() { tail -n +"$from" "$RUN/$name.log" | grep -q "no connection accepted"; }
    wait_for 20 said said || { tail -n 5 "$RUN/$name.log"; fail "$name does not say that it has no descriptors"; }
    prlimit --pid "$pid" --nofile=16000:16000
    wait $few
    well "$name without descriptors"
done

well end
touch /run/stop
wait $watcher || fail "$(cat /run/watched)"
wait $writer
cat /run/watched
for name in $daemons; do
    closed() { [ "$(open_files $name)" -le $((files[$name] + 10)) ]; }
    wait_for 30 closed closed || fail "$name has $(open_files $name) files open, ${files[$name]} before"
    small() { [ $(($(pss $name) - memory[$name])) -lt 60 ]; }
    wait_for 30 small small || fail "$name has $(pss $name) MB, ${memory[$name]} before"
    say "$name: $(open_files $name) files (${files[$name]} before), $(pss $name) MB (${memory[$name]} before)"
done
[ "$(pids)" = "$before" ] || fail "a daemon ended"
! grep -h "ended with" "$RUN"/*.log || fail "a program ended"
[ "$(cli volume list -o name)" = gv0 ] || fail "volumes: $(cli volume list)"
umount /run/mnt
node_stop
say "done"
