# doctor: each thing that can be made wrong in a few seconds is found, and is gone when it is mended; the
# answer comes within a second whoever is away.
# Runs alone: it measures times.
. Tests/e2e/nodes.sh
mkdir -p "$E2E_DISK/h2" && echo 'open-join = true' >"$E2E_DISK/h2/settings"
nodes_start 3

# FINDING is "CODE" or "CODE NAME"; either way doctor has to have answered.
findings() { cli_on "$1" doctor -o json | jq -r '.findings[] | .code, "\(.code) \(.name)"'; [ "${PIPESTATUS[0]}" -le 1 ]; }
found() { local all; all=$(findings "$1") && grep -qxF "$2" <<<"$all"; } # NODE FINDING
gone() { local all; all=$(findings "$1") && ! grep -qxF "$2" <<<"$all"; }
expect() { wait_for 60 "$2" found "$1" "$2" || { cli_on "$1" doctor; fail "h$1 does not find $2"; }; cli_on "$1" doctor | grep -A 1 -F " ${2%% *} "; }
mended() { wait_for 60 "$2" gone "$1" "$2" || { cli_on "$1" doctor; fail "h$1 finds $2 still"; }; }
well() { cli_on "$1" doctor >"$E2E_DISK/out" && grep -qxE "no findings: [0-9]+ checks as h$1 sees the cluster" "$E2E_DISK/out"; }
all_well() { wait_for 120 "$1" well "$1" || { cli_on "$1" doctor; fail "h$1: $2"; }; cat "$E2E_DISK/out"; }

say "one node"
first() { on 1 sh -c 'ls /var/lib/gd2/store/snapshots/*.db'; }
# It is looked for after 5 s, and then each minute.
wait_for 100 first first || fail "no snapshot of a new cluster"
all_well 1 "a new node is not well"
# gd2-store may take another one in any moment.
old() {
    on 1 sh -c 'rm -f /var/lib/gd2/store/snapshots/*.db'
    cli_on 1 doctor >"$E2E_DISK/out"; [ $? = 1 ] && grep -A 1 -F " SNAPSHOT_OLD " "$E2E_DISK/out"
}
wait_for 60 SNAPSHOT_OLD old || { cat "$E2E_DISK/out"; fail "h1 does not find SNAPSHOT_OLD, or does not end with 1"; }
cli_on 1 cluster snapshot save >/dev/null || fail "cluster snapshot save"
all_well 1 "one node with a snapshot is not well"

say "a snapshot that is damaged"
newest() { file=$(cli_on 1 cluster snapshot list -o json | jq -er '.[0].path'); }
wait_for 20 "its file" newest || fail "no file of the snapshot"
on 1 dd if=/dev/zero of="$file" bs=1 seek=9000 count=64 conv=notrunc status=none || fail "cannot write $file"
expect 1 "SNAPSHOT_DAMAGED h1"
on 1 rm "$file" && cli_on 1 cluster snapshot save >/dev/null || fail "cluster snapshot save"
all_well 1 "a new snapshot does not do"

say "a node that takes in anybody"
line=$(cli_on 2 peer pair) || fail "peer pair"
cli_on 1 ${line#glustercli } || fail "peer add"
expect 1 "OPEN_JOIN h2"
expect 1 TWO_NODES_WITHOUT_WITNESS
expect 2 "OPEN_JOIN h2"
on 2 rm /etc/gd2/gd2-store.toml
on 2 node_kill gd2-store
mended 1 "OPEN_JOIN h2"

say "two copies alone"
two() { cli_on 1 volume create gv2 replica 2 h1:/run/bricks/t h2:/run/bricks/t force --create-brick-dir; }
wait_for 30 create two || fail "create gv2"
expect 1 "SPLIT_BRAIN_LAYOUT gv2"
wait_for 20 delete cli_on 1 volume delete gv2 --yes || fail "delete gv2"
mended 1 SPLIT_BRAIN_LAYOUT

say "a third node"
joins() { local line; line=$(cli_on 1 peer token create) && cli_on 3 ${line#glustercli }; }
wait_for 30 join joins || { joins; fail "peer join"; }
voters() { [ "$(cli_on 1 cluster status -o json | jq '.quorum.voters | length')" = 3 ]; }
wait_for 60 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
for i in 1 2 3; do all_well $i "three nodes are not well"; done
for name in gv0 gv1; do
    wait_for 30 create cli_on 1 volume create $name replica 3 h1:/run/bricks/$name h2:/run/bricks/$name h3:/run/bricks/$name force --create-brick-dir ||
        fail "create $name"
done
wait_for 20 start cli_on 1 volume start gv0 || fail "start gv0"
for i in 1 2 3; do all_well $i "a volume of three copies is not well"; done

say "a brick that does not run"
on 2 mv /run/bricks/gv0 /run/bricks/away
brick=$(cli_on 2 volume status gv0 -o json | jq '.[] | select(.info.path == "/run/bricks/gv0" and .info.host == "10.9.0.2").pid')
on 2 kill -9 "$brick" || fail "no brick on h2"
expect 3 "BRICK_OFFLINE h2:/run/bricks/gv0"
on 2 mv /run/bricks/away /run/bricks/gv0
wait_for 20 start cli_on 1 volume start gv0 force || fail "start force"
all_well 3 "the brick runs again"

say "gd2-brickd away"
on 2 node_hold gd2-brickd
expect 1 "BRICK_UNKNOWN gv0"
gv3() {
    cli_on 1 volume create gv3 h1:/run/bricks/n h2:/run/bricks/n force --create-brick-dir 2>"$E2E_DISK/error"; made=$?
    [ $made = 0 ] || grep -qF "gd2-brickd of h2 does not answer: on h2, systemctl status gd2-brickd" "$E2E_DISK/error"
}
wait_for 30 refusal gv3 || fail "another reason: $(cat "$E2E_DISK/error")"
[ $made != 0 ] || fail "gv3 is made without gd2-brickd of h2"
on 2 node_release gd2-brickd
all_well 1 "gd2-brickd is back"

say "gd2-pmap hangs, and gd2-brickd of the node that is asked is away"
on 2 sh -c 'kill -STOP $(cat /run/gd2-node/gd2-pmap.pid)'
expect 2 "PROGRAM_SILENT h2"
on 2 sh -c 'kill -CONT $(cat /run/gd2-node/gd2-pmap.pid)'
mended 2 "PROGRAM_SILENT h2"
on 2 node_hold gd2-brickd
expect 2 "PROGRAM_SILENT h2"
on 2 node_release gd2-brickd
all_well 2 "gd2-pmap and gd2-brickd are back"

say "gd2-store away"
on 3 node_hold gd2-store
expect 3 "STORE_SILENT h3"
expect 1 "PEER_SILENT h3"
on 3 node_release gd2-store
all_well 3 "gd2-store is back"

say "a node that is cut off"
cut 3
expect 1 "PEER_SILENT h3"
expect 1 VOTER_SILENT
expect 1 "BRICK_UNKNOWN gv0"
expect 3 NO_QUORUM
expect 3 "PEER_SILENT h1"
wait_for 20 delete cli_on 1 volume delete gv1 --yes || fail "delete gv1"
expect 1 "LEFT_TO_CLEAN h3"
# As in three-nodes.sh: that no timeout of seconds is waited for.
for i in 1 3; do
    # Again, since any program may have stood still meanwhile.
    for try in 1 2 3; do
        began=$(date +%s%N); cli_on $i doctor >/dev/null; took=$((($(date +%s%N) - began) / 1000000))
        say "h$i: $took ms"
        [ $took -ge 1500 ] || break
    done
    [ $took -lt 1500 ] || fail "h$i: doctor took $took ms"
done
mend 3
for i in 1 2 3; do all_well $i "h3 is back"; done
say "done"
