# A brick that was down while files were written gets them from the self-heal daemon; a crashing brick
# is started again; one whose directory is gone is reported and not started in a loop.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/b1 /run/bricks/b2 /run/bricks/b3 /run/mnt
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
# Two healers that meet at a directory may both take it for not healed: they look again soon, not after 600 s.
cli volume set gv0 cluster.heal-timeout 5 || fail "heal-timeout"
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
pid_of() { cli volume status gv0 -o json | jq -r ".[] | select(.info.path == \"$1\") | .pid"; }
first=$(pid_of /run/bricks/b1)
node_hold gd2-brickd
kill -9 "$first"
echo healed >/run/mnt/f || fail "write with a brick down"
[ ! -e /run/bricks/b1/f ] || fail "the brick is not down"
node_release gd2-brickd
healed() { [ "$(cat /run/bricks/b1/f)" = healed ]; }
wait_for 60 "heal" healed || { tail -n 20 /var/log/glusterfs/glustershd-gv0.log; fail "not healed"; }
say "healed"
kill -9 "$(pid_of /run/bricks/b2)"
online() { cli volume status gv0 -o json | jq -e 'all(.[]; .online)'; }
wait_for 20 "restart" online || { cli volume status gv0; tail -n 30 "$RUN/gd2-brickd.log"; tail -n 15 /var/log/glusterfs/bricks/run-bricks-b2.log; fail "a crashed brick was not started again"; }
mv /run/bricks/b3 /run/bricks/gone
kill -9 "$(pid_of /run/bricks/b3)"
reported() { cli volume status gv0 | grep -q '/run/bricks/b3 .*no .*is its disk mounted'; }
wait_for 20 "report" reported || { cli volume status gv0; fail "a missing directory is not reported"; }
mv /run/bricks/gone /run/bricks/b3
cli volume start gv0 force || fail "start force"
wait_for 20 "all bricks" online || fail "start force did not bring the brick back"
umount /run/mnt
node_stop
say "done"
