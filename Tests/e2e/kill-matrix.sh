# While a stock client writes and verifies files on a replica 3 volume, each of the four daemons and
# etcd gets kill -9, ROUNDS times in a random order (SEED). No I/O error, the bricks stay the same
# processes, and all is as before within seconds of the last restart.
. Tests/e2e/node.sh
MNTLOG=1 # What the client and the bricks have logged goes with a failure.
ROUNDS=${ROUNDS:-20}
SEED=${SEED:-$RANDOM}
RANDOM=$SEED
say "seed $SEED, $ROUNDS rounds"
node_start
mkdir -p /run/bricks/b1 /run/bricks/b2 /run/bricks/b3 /run/mnt
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
before=$(brick_pids | sort)

writer() { # Writes, reads back, removes; any error ends it.
    local n=0 text
    while [ ! -e /run/writer.stop ]; do
        n=$((n + 1)); text="$n $RANDOM"
        echo "$text" >"/run/mnt/w$((n % 50))" || { echo "write $n" >/run/writer.error; return; }
        [ "$(cat "/run/mnt/w$((n % 50))")" = "$text" ] || { echo "read $n" >/run/writer.error; return; }
        echo $n >/run/writer.count
    done
}
writer & writer=$!

names=(gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest)
for round in $(seq "$ROUNDS"); do
    name=${names[$((RANDOM % 5))]}
    node_kill "$name"
    sleep "0.$((RANDOM % 9 + 1))"
    [ ! -e /run/writer.error ] || fail "round $round, after $name: I/O error at $(cat /run/writer.error)"
done
converged() {
    cli volume status gv0 -o json --timeout 2 | jq -e 'length == 3 and all(.[]; .online)' &&
        cli volume set gv0 user.round "$1" --timeout 2 && python3 Tests/e2e/getspec.py gv0 | grep -q remote-host
}
# It takes one here. A busy machine takes longer, but what goes wrong waits for a lease of 8 s or more.
began=$(date +%s%N)
wait_for 15 convergence converged "$RANDOM" || { tail -n 5 "$RUN"/*.log; fail "not as before within 15 s"; }
say "as before after $((($(date +%s%N) - began) / 1000000)) ms"
touch /run/writer.stop; wait $writer
[ ! -e /run/writer.error ] || fail "I/O error at $(cat /run/writer.error)"
[ "$(brick_pids | sort)" = "$before" ] || {
    grep -h "process" "$RUN/gd2-brickd.log"; tail -n 20 /var/log/glusterfs/glustershd-gv0.log
    fail "bricks were restarted: "$before" / "$(brick_pids | sort)
}
say "$(cat /run/writer.count) files written and verified, no error, bricks untouched"
mkdir -p /run/mnt2
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt2 || fail "a new mount"
umount /run/mnt2; umount /run/mnt
node_stop
