# Five nodes. Two with bricks of a volume are off and are fenced together while a brick is replaced. Started alone each
# gives clients nothing; started together they confirm each other the old topology, which is what their fences say of
# them; with one that saw the change, none of them does. A peer that was removed stops serving when it learns of it, and
# remembers.
. Tests/e2e/nodes.sh
# h1, h2 and h3 vote, and go on doing so: what h4 and h5 know without them is what they knew.
for i in 1 2 3 4 5; do mkdir -p "$E2E_DISK/h$i" && echo 'voters-max = 3' >"$E2E_DISK/h$i/settings"; done
nodes_start 5
joined() { line=$(cli_on 1 peer token create) && cli_on $i ${line#glustercli }; }
voters() { [ "$(cli_on 1 cluster status -o json | jq -r '.quorum.voters | sort | join(" ")')" = "h1 h2 h3" ]; }
for i in 2 3; do wait_for 30 join joined || fail "h$i does not join"; done
wait_for 60 voters voters || { cli_on 1 cluster status -o json | jq .quorum; fail "h1, h2 and h3 do not vote"; }
for i in 4 5; do wait_for 30 join joined || fail "h$i does not join"; done
wait_for 20 voters voters || fail "others vote now"
sees_all() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = "${1:-5}" ]; }
wait_for 30 peers sees_all || fail "h1 does not see five peers"
spec() { on "$1" python3 Tests/e2e/getspec.py gv0 2>&1; }
gives() { spec "$1" | grep -q "remote-host \(h$2\|10.9.0.$2\)\$"; }
gives_none() { ! spec "$1" | grep -q remote-host; }
brick_runs() { [ -n "$(on "$1" brick_pids)" ]; }
B=/run/bricks
# What a node knows without the store is what is in the views on its disk.
kept() { # JQ NODE PROGRAM...: this holds for the views there
    local want=$1 i=$2 name; shift 2
    for name in "$@"; do on "$i" tail -n +2 "/var/lib/gd2/$name/view" | jq -e "$want" || return 1; done
}
heads() { # JQ NODE...: this holds for the head of gv0 that gd2-pmap and gd2-brickd there keep
    local want=$1 i; shift
    for i in "$@"; do kept ".values[] | select(.key | endswith(\"/head\")).value | @base64d | fromjson | $want" "$i" pmap brickd || return 1; done
}

say "two are fenced together"
created() { cli_on 1 volume create gv0 replica 3 h1:$B/a h4:$B/a h5:$B/a force --create-brick-dir; }
wait_for 20 create created || { created; fail create; }
cli_on 1 volume start gv0 || fail start
wait_for 20 views heads '.state == "started"' 4 5 || fail "h4 and h5 do not keep that gv0 is started"
off 4
off 5
wait_for 20 silence sees_all 3 || fail "h1 does not see that they are gone"
said=$(cli_on 1 volume replace-brick gv0 h4:$B/a h2:$B/a force --yes --fence h4 2>&1) && fail "replaced without the fence of h5"
grep -q -- "say so with --fence h5" <<<"$said" || fail "refused with: $said"
cli_on 1 volume replace-brick gv0 h4:$B/a h2:$B/a force --fence h4 --fence h5 --dry-run | grep "h4, h5, started together without the others" || fail "the dry run does not warn"
cli_on 1 volume replace-brick gv0 h4:$B/a h2:$B/a force --fence h4 --fence h5 --yes || fail replace
[ "$(cli_on 1 peer status | grep -c "is fenced")" = 2 ] || fail "not two fences"
wait_for 20 views heads '.generation == 2' 1 2 3 || fail "h1, h2 and h3 do not keep the new topology"

say "each of them alone gives clients nothing"
for i in 1 2 3; do off $i; done
boots 4
wait_for 40 brick brick_runs 4 || { on 4 tail -n 20 /run/gd2-node/gd2-brickd.log; fail "the brick of h4 does not start without the store"; }
gives_none 4 || fail "h4 alone gives clients the old topology"

say "with the other one it gives the old topology: the fences said that nobody starts them so"
boots 5
old() { gives 4 4; }
wait_for 30 confirmation old || { on 4 tail -n 5 /run/gd2-node/gd2-pmap.log; fail "h4 and h5 do not confirm each other, as docs/cluster.md says"; }

say "with one that saw the change, and without quorum, neither does"
boots 1
contradicted() { on 4 bash -c '. Tests/e2e/node.sh; node_kill gd2-pmap; sleep 1; wait_for 20 pmap test -S /run/glusterd.socket'; gives_none 4; }
wait_for 60 contradiction contradicted || fail "h4 gives the old topology though h1 knows better"
says_who() { gives_none 4 && on 4 grep -q "h1 knows a newer one" /run/gd2-node/gd2-pmap.log; }
wait_for 20 reason says_who || { on 4 tail -n 5 /run/gd2-node/gd2-pmap.log; fail "h4 does not say who knows better"; }

say "all are back"
boots 2
boots 3
wait_for 60 peers sees_all || fail "not all are back"
new_everywhere() { for i in 1 2 3 4 5; do gives $i 2 && ! gives $i 4 || return 1; done; }
wait_for 60 volfiles new_everywhere || { for i in 1 2 3 4 5; do say "h$i: $(spec $i | grep remote-host | tr '\n' ' ')"; done; fail "not all give the new topology"; }
lifted() { ! cli_on 1 peer status | grep -q "is fenced"; }
wait_for 30 lift lifted || fail "fences are not lifted"
ended() { ! brick_runs 4 && ! on 4 getfattr -n trusted.glusterfs.volume-id $B/a 2>/dev/null; }
wait_for 30 end ended || fail "h4 has not ended its old brick"

say "a peer that is removed stops serving when it learns of it, and remembers"
off 4
wait_for 20 silence sees_all 4 || fail "h1 does not see that h4 is gone"
cli_on 1 peer remove h4 --force --yes || fail "peer remove"
boots 4
wait_for 60 end gives_none 4 || fail "h4 serves though it was removed"
forgets() { [ "$(cli_on 4 volume list -o json | jq length)" = 0 ]; }
wait_for 60 forgetting forgets || fail "h4 still has volumes"
wait_for 20 views kept 'any(.values[]; .key | endswith("/head")) | not' 4 pmap brickd rest || fail "h4 keeps volumes on its disk"
off 4
on 4 true
for i in 1 2 3 5; do cut $i; done
boots 4
cut 4
wait_for 30 node on 4 bash -c '. Tests/e2e/node.sh; node_ready' || fail "h4 does not get ready"
gives_none 4 && forgets || fail "h4 has forgotten that it was removed"
say "done"
