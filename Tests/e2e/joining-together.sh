# Five nodes join in one moment by a token that is good for four: four are in, one is told why not, and
# that one is in no cluster.
. Tests/e2e/nodes.sh
nodes_start 6
line=$(cli_on 1 peer token create --uses 4) || fail "peer token create"
pids=()
joins() { # NODE: until it is in or may not; where voters are being promoted it may have to try again
    local status=1
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        cli_on "$1" ${line#glustercli } >"$E2E_DISK/said$1" 2>&1; status=$?
        [ $status != 0 ] && [ $status != 4 ] || break
        sleep 1
    done
    echo $status >"$E2E_DISK/status$1"
}
for i in 2 3 4 5 6; do joins $i & pids+=($!); done
wait "${pids[@]}"
in=0 out=
for i in 2 3 4 5 6; do
    cat "$E2E_DISK/said$i"
    if [ "$(cat "$E2E_DISK/status$i")" = 0 ]; then in=$((in + 1)); else out=$i; fi
done
[ $in = 4 ] || fail "$in of five have joined by a token for four"
grep -q "the token is used or over\|no node of the cluster lets this one in" "$E2E_DISK/said$out" || fail "h$out is not told why: $(cat "$E2E_DISK/said$out")"
none() { [ "$(cli_on 1 peer token list -o json | jq length)" = 0 ]; }
wait_for 20 "no token" none || { cli_on 1 peer token list; fail "the token is still good"; }
all() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = 5 ]; }
wait_for 60 "five peers" all || { cli_on 1 peer status; fail "not five peers"; }
[ "$(cli_on $out peer list -o json | jq length)" = 1 ] || fail "h$out is in a cluster"
refused() { # with status 4 and the reason
    cli_on "$out" ${line#glustercli } 2>"$E2E_DISK/error"; [ $? = 4 ] &&
        grep -q "lets this one in (asked: 10.9.0.1:24008, h1:24008\(, 10.9.0.[2-6]:24008, h[2-6]:24008\)*): the token is used, over or revoked" "$E2E_DISK/error"
}
wait_for 20 refusal refused || fail "a token that is used: $(cat "$E2E_DISK/error")"
# Voters are being promoted beside it: a change may be refused for a moment.
made() { line=$(cli_on 1 peer token create); }
wait_for 20 "a token" made || fail "no other token"
revoked() { none || { cli_on 1 peer token revoke "$(cli_on 1 peer token list -o name)"; false; }; }
wait_for 20 revocation revoked || fail "revoke"
wait_for 20 refusal refused || fail "a token that is revoked: $(cat "$E2E_DISK/error")"
wait_for 20 "a token" made || fail "no third token"
joined() { cli_on $out ${line#glustercli }; }
wait_for 30 join joined || { joined; fail "h$out does not join by another token"; }
say "done"
