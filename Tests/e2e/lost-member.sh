# One of three voters loses its data folder: its etcd is not started empty, as a member that has voted,
# and the leader gives the node another member. Bricks go on.
. Tests/e2e/nodes.sh
nodes_start 3
joins() { local line; line=$(cli_on 1 peer token create) && cli_on "$1" ${line#glustercli }; }
for i in 2 3; do wait_for 30 join joins $i || { joins $i; fail "join h$i"; }; done
voters() { [ "$(cli_on 1 cluster status -o json | jq '.quorum.voters | length')" = 3 ]; }
wait_for 60 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
create() { cli_on 1 volume create gv0 replica 3 h{1,2,3}:/run/bricks/a force --create-brick-dir; }
wait_for 30 create create || fail create
wait_for 20 start cli_on 1 volume start gv0 || fail start
before=$(on 2 brick_pids)
has_run() { on 2 jq -e '.hasRun' /var/lib/gd2/store/member.json; }
wait_for 20 "its mark" has_run || fail "h2 does not note that its member has run"
old=$(on 2 jq -r .member /var/lib/gd2/store/member.json)

say "its data is lost"
on 2 node_hold gd2-etcd
on 2 bash -c 'rm -rf /var/lib/gd2/store/etcd*/member'
on 2 node_release gd2-etcd
refused() { on 2 grep -q "has no data of etcd's any more" /run/gd2-node/gd2-etcd.log; }
wait_for 20 refusal refused || fail "h2 does not say that its data is lost"
wait_for 10 change cli_on 1 volume set gv0 performance.cache-size 64MB || fail "the others do not go on"
other() { local now; now=$(on 2 jq -er .member /var/lib/gd2/store/member.json) && [ "$now" != "$old" ] && voters; }
wait_for 150 "another member" other || { cli_on 1 cluster members; on 2 tail -n 5 /run/gd2-node/gd2-store.log; fail "h2 has no other member"; }
well() { cli_on 2 cluster members | grep -q 'h2 .* voter *yes'; }
wait_for 60 "its health" well || { cli_on 2 cluster members; fail "h2 is not well"; }
value() { [ "$(cli_on 2 volume get gv0 performance.cache-size -o json | jq -r '.[0].value')" = 64MB ]; }
wait_for 20 "the others' change" value || fail "h2 does not have what was changed meanwhile"
[ "$(on 2 brick_pids)" = "$before" ] || fail "the bricks of h2 are others now"
say "done"
