# Five nodes join in one moment by a token that is good for four: four are in, one is told why not, and
# that one is in no cluster.
. Tests/e2e/nodes.sh
nodes_start 6
line=$(cli_on 1 peer token create --uses 4) || fail "peer token create"
pids=()
for i in 2 3 4 5 6; do
    { cli_on $i ${line#glustercli } >"$E2E_DISK/said$i" 2>&1; echo $? >"$E2E_DISK/status$i"; } &
    pids+=($!)
done
wait "${pids[@]}"
in=0 out=
for i in 2 3 4 5 6; do
    cat "$E2E_DISK/said$i"
    if [ "$(cat "$E2E_DISK/status$i")" = 0 ]; then in=$((in + 1)); else out=$i; fi
done
[ $in = 4 ] || fail "$in of five have joined by a token for four"
grep -q "the token is used or over\|no node of the cluster lets this one in" "$E2E_DISK/said$out" || fail "h$out is not told why: $(cat "$E2E_DISK/said$out")"
[ "$(cli_on 1 peer token list -o json | jq length)" = 0 ] || { cli_on 1 peer token list; fail "the token is still good"; }
all() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = 5 ]; }
wait_for 60 "five peers" all || { cli_on 1 peer status; fail "not five peers"; }
[ "$(cli_on $out peer list -o json | jq length)" = 1 ] || fail "h$out is in a cluster"
refused() { # TOKEN'S LINE
    cli_on "$out" ${1#glustercli } 2>"$E2E_DISK/error"; [ $? = 4 ] || fail "a token that is no good: $(cat "$E2E_DISK/error")"
    grep -q "lets this one in (asked: 10.9.0.1:24008, h1:24008\(, 10.9.0.[2-6]:24008, h[2-6]:24008\)*): the token is used, over or revoked" "$E2E_DISK/error" || fail "no reason: $(cat "$E2E_DISK/error")"
}
refused "$line"
line=$(cli_on 1 peer token create) && cli_on 1 peer token revoke "$(cli_on 1 peer token list -o name)" || fail "revoke"
refused "$line"
# Voters are being promoted beside it: a change may be refused for a moment.
made() { line=$(cli_on 1 peer token create); }
wait_for 20 "a token" made || fail "no other token"
cli_on $out ${line#glustercli } || fail "h$out does not join by another token"
say "done"
