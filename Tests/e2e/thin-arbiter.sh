# Thin arbiters: one that the node runs, one on a host of its own that runs the stock process. With one
# copy away the other is written; the one that missed it is not served alone before it is healed.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/{b1,b2,ta,c1,c2,c3,c4} /run/mnt
pid_of() { cli volume status "$1" -o json | jq -r ".[] | select(.info.path == \"$2\") | .pid"; }
online() { cli volume status "$1" -o json | jq -e 'all(.[]; .online)'; }
mounted() { mount -t glusterfs "127.0.0.1:/$1" /run/mnt || fail "mount of $1"; }

say "refusals name what is possible"
refused() { # WORDS EXPECTED: the create command fails and says so
    local out; out=$(cli volume create bad $1 2>&1) && fail "accepted: $1"
    grep -q -- "$2" <<<"$out" || fail "refusal of \"$1\" is: $out"
}
H=localhost:/run/bricks
refused "replica 3 thin-arbiter 1 $H/b1 $H/b2 $H/ta force" 'replica 2 thin-arbiter 1'
refused "thin-arbiter 1 $H/b1 $H/b2 $H/ta force" 'replica 2 thin-arbiter 1'
refused "replica 2 thin-arbiter 1 $H/b1 $H/b2 force" '1 brick beside the thin arbiter cannot be divided into sets of 2: give 2'
refused "replica 2 thin-arbiter 1 $H/b1 $H/b2 $H/b1/ta force" 'overlap'
refused "replica 2 thin-arbiter 1 $H/b1 $H/b2 $H/ta" 'on one host'

say "one that this node runs"
cli volume create gv0 replica 2 thin-arbiter 1 $H/b1 $H/b2 $H/ta force || fail create
cli volume set gv0 cluster.self-heal-daemon off >/dev/null || fail "healing off"
cli volume start gv0 || fail start
cli volume info gv0 | grep -q '^Thin-arbiter-path: .*:/run/bricks/ta$' || fail "not in volume info"
wait_for 40 online online gv0 || { cli volume status gv0; fail "not online"; }
mounted gv0
echo first >/run/mnt/f || fail write
node_hold gd2-brickd
kill -9 "$(pid_of gv0 /run/bricks/b1)"
# The client may not have reached the thin arbiter yet, which it asks for the first time now.
written() { echo "$1" >"/run/mnt/$2"; }
wait_for 20 write written second f || fail "write with one copy away"
blamed() { ls /run/bricks/ta | grep -q '^trusted.afr.gv0-ta-2'; }
wait_for 20 blame blamed || fail "the thin arbiter knows nothing: $(ls -a /run/bricks/ta)"
kill -9 "$(pid_of gv0 /run/bricks/b2)"
mv /run/bricks/b2 /run/bricks/away
umount /run/mnt
node_release gd2-brickd
only_b1() { cli volume status gv0 -o json | jq -e '[.[] | .online] == [true, false, true]'; }
wait_for 40 "b1 alone" only_b1 || { cli volume status gv0; fail "b1 is not back"; }
mounted gv0
[ "$(cat /run/mnt/f 2>/dev/null)" != first ] || fail "the copy that missed a write was served"
umount /run/mnt
mv /run/bricks/away /run/bricks/b2
# It is the next round that finds nothing left and tells the thin arbiter.
cli volume set gv0 cluster.self-heal-daemon on cluster.heal-timeout 5 >/dev/null || fail "healing on"
cli volume start gv0 force || fail "start force"
wait_for 40 online online gv0 || fail "not all online again"
healed() { [ "$(cat /run/bricks/b1/f)" = second ]; }
wait_for 60 heal healed || { tail -n 20 /var/log/glusterfs/glustershd-gv0.log; fail "not healed"; }
# The file is whole before the thin arbiter is told; a client that asks it between believes it for long.
forgiven() { ! getfattr -d -m trusted.afr -e hex /run/bricks/ta/trusted.afr.gv0-ta-2* 2>/dev/null | grep -q '=0x0*[1-9a-f]'; }
wait_for 60 "the thin arbiter" forgiven || fail "the thin arbiter still blames a healed copy"
mounted gv0
node_hold gd2-brickd
kill -9 "$(pid_of gv0 /run/bricks/b2)"
settled() { [ "$(cat /run/mnt/f)" = second ]; }
wait_for 30 "reading the healed copy" settled || fail "the healed copy is not served"
node_release gd2-brickd
wait_for 40 online online gv0 || fail "not all online at the end"
umount /run/mnt
cli volume stop gv0 --yes && cli volume delete gv0 --yes || fail delete
[ ! -e /run/bricks/ta/.glusterfs ] || fail "marks are left: $(ls -a /run/bricks/ta)"

say "one on a host of its own"
mkdir -p /run/ta-host/.glusterfs/indices
sed 's#/mnt/thin-arbiter#/run/ta-host#g' /etc/glusterfs/thin-arbiter.vol >/run/ta.vol
unshare -n bash -c 'until ip addr add 198.51.100.2/24 dev ta1 2>/dev/null; do sleep 0.1; done
    ip link set lo up; ip link set ta1 up
    exec glusterfsd -N -f /run/ta.vol --volfile-id ta -l /var/log/glusterfs/ta.log --brick-port 24007 \
        --brick-name /run/ta-host -S /run/ta-host.socket -p /run/ta-host.pid \
        --xlator-option ta-server.transport.socket.listen-port=24007' & host=$!
apart() { [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; }
wait_for 20 "its namespace" apart || fail "the other host has no namespace of its own"
ip link add ta0 type veth peer name ta1 && ip link set ta1 netns $host || fail "no network to the other host"
ip addr add 198.51.100.1/24 dev ta0 && ip link set ta0 up || fail "no network to the other host"
listens() { (exec 3<>/dev/tcp/198.51.100.2/24007) 2>/dev/null; }
wait_for 30 "its port" listens || { tail -n 5 /var/log/glusterfs/ta.log; fail "the stock thin arbiter does not listen"; }
cli volume create gv1 replica 2 thin-arbiter 1 $H/c1 $H/c2 $H/c3 $H/c4 198.51.100.2:/run/ta-host force || fail "create gv1"
cli volume info gv1 | grep -q 'Thin-arbiter-path: 198.51.100.2:/run/ta-host (outside' || fail "not in volume info"
cli volume start gv1 || fail "start gv1"
wait_for 40 online online gv1 || fail "gv1 is not online"
mounted gv1
for i in $(seq 20); do echo "$i" >/run/mnt/f$i || fail "write f$i"; done
node_hold gd2-brickd
kill -9 "$(pid_of gv1 /run/bricks/c1)" "$(pid_of gv1 /run/bricks/c4)"
for i in $(seq 20); do wait_for 20 write written "new $i" f$i || fail "write f$i with a copy of each set away"; done
holds() { ls /run/ta-host | grep -c '^trusted.afr.gv1-ta-' | grep -qx 2; }
wait_for 20 marks holds || fail "it holds: $(ls /run/ta-host)"
node_release gd2-brickd
wait_for 40 online online gv1 || fail "gv1 is not online again"
umount /run/mnt
cli volume stop gv1 --yes && cli volume delete gv1 --yes || fail "delete gv1"
kill "$host"
node_stop
say "done"
