# One node becomes three while it is changed: no change is refused.
. Tests/e2e/nodes.sh
nodes_start 3
cli_on 1 volume create gv0 h1:/run/bricks/a force --create-brick-dir --mode=script >/dev/null || fail create
etcd_of() { on "$1" bash -c '. Tests/e2e/node.sh; cat "$RUN/gd2-etcd.pid"'; }
first=$(etcd_of 1); [ -n "$first" ] || fail "no etcd on h1"

changes() {
    local n=0
    while [ -e "$E2E_DISK/going" ]; do
        n=$((n + 1))
        if cli_on 1 volume set gv0 user.n $n >"$E2E_DISK/said" 2>&1; then echo $n >>"$E2E_DISK/done"
        else echo "change $n: $(cat "$E2E_DISK/said")" >>"$E2E_DISK/refused"; fi
    done
}
voters() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy and (.role == "voter" or .role == "leader"))) | length')" = "$1" ]; }
learner() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy)) | length')" = 2 ]; }
# Whether an etcd that led stood still for a second or more, as it says itself: then others elect, and that is no fault of ours.
stood_still() {
    local i
    for i in 1 2 3; do on $i grep -E '"exceeded-duration":"[0-9.]+s"' /run/gd2-node/gd2-etcd.log && return; done
    return 1
}
touch "$E2E_DISK/going"
changes & changes=$!

line=$(cli_on 2 peer pair) || fail "pair h2"
cli_on 1 ${line#glustercli } || fail "peer add h2"
cli_on 1 peer token create >"$E2E_DISK/token" || fail "a token right after peer add"
wait_for 30 "h2 learns" learner || { cli_on 1 cluster members; fail "h2 is no member"; }
sleep 2
[ "$(etcd_of 1)" = "$first" ] || fail "h1's etcd was started anew when h2 came"
[ ! -e "$E2E_DISK/refused" ] || stood_still || { cat "$E2E_DISK/refused"; fail "refused when h2 came"; }
say "two nodes: $(wc -l <"$E2E_DISK/done") changes"

line=$(cli_on 3 peer pair) || fail "pair h3"
cli_on 1 ${line#glustercli } || fail "peer add h3"
wait_for 60 "three voters" voters 3 || { cli_on 1 cluster members; fail "no three voters"; }
anew() { local now; now=$(etcd_of 1); [ -n "$now" ] && [ "$now" != "$first" ]; }
wait_for 30 "h1's etcd has the usual times" anew || fail "h1's etcd keeps its short times"
wait_for 30 "three voters" voters 3 || { cli_on 1 cluster members; fail "no three voters after it"; }
rm "$E2E_DISK/going"; wait $changes
[ ! -e "$E2E_DISK/refused" ] || stood_still || { cat "$E2E_DISK/refused"; fail "refused when h3 came"; }
say "three nodes: $(wc -l <"$E2E_DISK/done") changes"
for name in rest pmap brickd; do
    on 1 grep "store lost" "/run/gd2-node/gd2-$name.log" && ! stood_still && fail "gd2-$name of h1 lost the store"
done
last=$(tail -n 1 "$E2E_DISK/done")
known() { cli_on 2 volume info gv0 | grep "user.n: $last"; }
wait_for 20 "the last change" known || fail "h2 does not know the last change, $last: $(cli_on 2 volume info gv0)"
say "done"
