# Three nodes. h3 dies between its part of a create and the undo, and during a delete: the job ends on time, the
# name is free, and when h3 is back it takes away by itself what it has of them. A peer that is removed meanwhile
# leaves nothing to wait for either.
. Tests/e2e/nodes.sh
nodes_start 3
for i in 2 3; do
    joined() { line=$(cli_on 1 peer token create) && cli_on $i ${line#glustercli }; }
    wait_for 30 join joined || fail "h$i does not join"
done
voters() { [ "$(cli_on 1 cluster status -o json | jq '.quorum.voters | length')" = 3 ]; }
wait_for 60 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
sees_all() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = 3 ]; }
wait_for 30 peers sees_all || fail "h1 does not see three peers"

left() { # PREFIX: keys below it, as h1 has them; nothing when it does not say
    on 1 bash -c "keys=\$(ETCDCTL_API=3 etcdctl --endpoints unix:///run/gd2/store.sock get --prefix --keys-only \
        /gluster/\$(jq -r .cluster /var/lib/gd2/store/identity.json)/$1) && grep -c . <<<\"\$keys\""
}
on_time() { # WHAT COMMAND...: it ends within 35 s, and so does its transaction
    local what=$1 began=$SECONDS; shift
    "$@"
    ended() { local all; all=$(left txns/); [ "$(left locks/)" = 0 ] && [ -n "$all" ] && [ "$all" = "$(left txns/left/)" ]; }
    wait_for 35 ended ended || { cli_on 1 job list; fail "$what: its transaction has not ended"; }
    [ $((SECONDS - began)) -le 35 ] || fail "$what took $((SECONDS - began)) s"
    say "$what ended after $((SECONDS - began)) s"
}
named() { # WORDS: peer status and the job say so
    says() { cli_on 1 peer status | grep -q "^h3: has to clean up $1"; }
    wait_for 20 status says "$1" || { cli_on 1 peer status; fail "peer status does not name $1"; }
    local job; job=$(cli_on 1 peer show h3 -o json | jq -r '."left-to-clean"[0].job')
    cli_on 1 job show "$job" | grep -q "peer h3 cleans up" || { cli_on 1 job show "$job"; fail "job show does not name h3"; }
}
clean_on_3() { # nothing of a brick at /run/bricks/$1
    ! on 3 bash -c "[ -e /run/bricks/$1/.glusterfs ] || getfattr -n trusted.glusterfs.volume-id /run/bricks/$1 2>/dev/null" &&
        [ -z "$(on 3 brick_pids)" ] && [ "$(left txns/)" = 0 ]
}
term() { # NODE: of Raft, as its etcd knows it
    local pki=/var/lib/gd2/store/pki
    on "$1" env ETCDCTL_API=3 etcdctl --endpoints https://127.0.0.1:2379 --cacert $pki/client-ca.pem --cert $pki/client.pem \
        --key $pki/client.key endpoint status -w json | jq '.[0].Status.raftTerm'
}
backs=0 terms=0
back() { # BRICK
    local own term; own=$(term 3) term=$(term 1)
    [ -n "$own" ] && [ -n "$term" ] || fail "an etcd does not say its term"
    [ "$own" -le "$term" ] || fail "h3 has called elections where nobody heard it"
    mend 3
    on 3 node_release gd2-brickd
    wait_for 60 clean clean_on_3 "$1" || { cli_on 1 peer status; on 3 getfattr -d -m . "/run/bricks/$1"; fail "h3 has not cleaned up $1"; }
    unnamed() { local said; said=$(cli_on 1 peer status) && ! grep -q "has to clean up" <<<"$said"; }
    wait_for 20 status unnamed || fail "peer status still names h3"
    wait_for 30 peers sees_all || fail "h3 is not back"
    # On a machine that stands still for a moment others call an election, but not each time.
    backs=$((backs + 1)); [ "$(term 1)" != "$term" ] || terms=$((terms + 1))
    say "h3 is back and clean"
}

say "a create whose third node dies when its brick is marked"
on 3 bash -c '. Tests/e2e/node.sh; node_hold gd2-brickd; echo brickd-marked >"$RUN/gd2-brickd.point"; node_release gd2-brickd
    wait_for 20 brickd [ ! -e "$RUN/gd2-brickd.point" ] && node_ready && touch "$RUN/gd2-brickd.hold"' || fail "brickd of h3"
dying() {
    cli_on 1 volume create gv0 replica 3 h1:/run/bricks/a h2:/run/bricks/a h3:/run/bricks/a force --create-brick-dir >"$E2E_DISK/said" 2>&1 &
    local creating=$!
    dead() { on 3 bash -c '. Tests/e2e/node.sh; ! kill -0 "$(cat "$RUN/gd2-brickd.pid")" 2>/dev/null'; }
    wait_for 20 death dead || { cat "$E2E_DISK/said"; fail "gd2-brickd of h3 does not die"; }
    cut 3
    wait $creating && fail "the volume was made without h3"
}
on_time "the create" dying
cat "$E2E_DISK/said"
named /run/bricks/a
cli_on 1 volume create gv0 replica 2 h1:/run/bricks/a h2:/run/bricks/a force --create-brick-dir --mode=script || fail "the name is not free"
cli_on 1 volume delete gv0 --yes || fail "delete"
back a
on 3 test ! -e /run/bricks/a || fail "the directory that the create made is left"

say "a delete whose third node is dead, with a brick that runs there"
cli_on 1 volume create gv1 replica 3 h1:/run/bricks/c h2:/run/bricks/c h3:/run/bricks/c force --create-brick-dir || fail create
cli_on 1 volume start gv1 || fail start
[ -n "$(on 3 brick_pids)" ] || fail "no brick runs on h3"
cut 3
# It may have led.
changes() { cli_on 1 volume set "$1" user.n 1; }
wait_for 20 changes changes gv1 || { changes gv1; fail "no changes without h3"; }
cli_on 1 volume stop gv1 --yes --async || fail stop
on_time "the delete" cli_on 1 volume delete gv1 --yes
named /run/bricks/c
cli_on 1 volume create gv1 replica 2 h1:/run/bricks/c h2:/run/bricks/c force --mode=script || fail "the name is not free"
back c
cli_on 1 volume create gv2 h3:/run/bricks/c force || fail "the directory is not free"
cli_on 1 volume delete gv2 --yes || fail "delete of gv2"

say "a delete whose coordinator dies when it leaves a part to h3, whose gd2-brickd dies when that is done"
dies_at() { # NODE PROGRAM POINT: its next run ends there
    on "$1" bash -c ". Tests/e2e/node.sh; node_hold $2; echo $3 >\"\$RUN/$2.point\"; node_release $2
        wait_for 20 $2 [ ! -e \"\$RUN/$2.point\" ]" || fail "$2 of h$1"
}
died_at() { on "$1" grep -q -- "-- $3 ended with 137" "$RUN/$2.log"; }
cli_on 1 volume create gv4 replica 3 h1:/run/bricks/e h2:/run/bricks/e h3:/run/bricks/e force --create-brick-dir || fail create
dies_at 1 gd2-rest rest-hand-over
wait_for 20 "gd2-rest of h1" on 1 node_ready || fail "gd2-rest of h1 does not answer"
cut 3
dies_at 3 gd2-brickd brickd-left-cleaned
wait_for 20 changes changes gv4 || { changes gv4; fail "no changes without h3"; }
on_time "the delete" cli_on 1 volume delete gv4 --yes
died_at 1 gd2-rest rest-hand-over || fail "gd2-rest of h1 did not leave anything to h3"
wait_for 20 "gd2-rest of h1" on 1 node_ready || fail "gd2-rest of h1 does not come back"
gone() { [ "$(cli_on 1 volume list -o json | jq 'map(select(.name == "gv4")) | length')" = 0 ]; }
wait_for 20 deletion gone || fail "gv4 is still there"
named /run/bricks/e
back e
[ $terms -gt 0 ] || fail "h3 has deposed the leader each of $backs times that it came back"
died_at 3 gd2-brickd brickd-left-cleaned || fail "gd2-brickd of h3 did not die"

say "a peer that is removed does not come back to clean up"
cli_on 1 volume create gv3 h3:/run/bricks/d force --create-brick-dir || fail create
cut 3
away() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = 2 ]; }
wait_for 20 away away || fail "h3 is not away"
on_time "the delete" cli_on 1 volume delete gv3 --yes
named /run/bricks/d
cli_on 1 peer remove h3 --force --yes || fail "peer remove"
forgotten() { [ "$(left txns/)" = 0 ]; }
wait_for 30 forgotten forgotten || fail "what was left to h3 is not forgotten"
say "done"
