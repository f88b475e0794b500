# Two nodes: what goes on when the voter is away, and recovery on the one that is left.
. Tests/e2e/nodes.sh
nodes_start 2
line=$(cli_on 2 peer pair) || fail "peer pair"
cli_on 1 ${line#glustercli } || fail "peer add"
two() { [ "$(cli_on "$1" cluster members -o json | jq '.members | map(select(.healthy)) | length')" = 2 ]; }
wait_for 30 two two 1 || { cli_on 1 cluster members; fail "h2 is no member"; }
wait_for 30 fresh on 2 bash -c "'$BIN/glustercli' volume list 2>&1 | grep -qv warning" || fail "h2 does not follow"
created() { cli_on 1 volume create gv0 replica 2 h1:/run/bricks/a h2:/run/bricks/a force --create-brick-dir --mode=script; }
wait_for 30 create created || { created; fail create; }
cli_on 1 volume start gv0 || fail start
cli_on 1 cluster members
cli_on 2 cluster status

say "the voter is away"
cut 1
lost() { cli_on 2 volume list 2>&1 | grep -q "^warning: the store does not answer since"; }
wait_for 30 lost lost || fail "h2 does not say that its view is old"
cli_on 2 volume status gv0
cli_on 2 cluster status
cli_on 2 volume set gv0 user.a 2 2>"$E2E_DISK/err"; [ $? = 7 ] || fail "a change without the voter"
says() { ! cli_on 2 volume set gv0 user.a 2 2>"$E2E_DISK/err" && grep "the only voter, h1, does not answer" "$E2E_DISK/err"; }
wait_for 20 reason says || fail "no reason: $(cat "$E2E_DISK/err")"
[ "$(on 2 bash -c '. Tests/e2e/node.sh; brick_pids | wc -l')" -ge 1 ] || fail "h2's brick has ended"

say "recovery"
cli_on 2 cluster recover --dry-run; [ $? = 3 ] || fail "dry run of a recovery"
cli_on 2 cluster recover </dev/null 2>"$E2E_DISK/err"; [ $? = 2 ] || fail "recovered without being asked to"
cat "$E2E_DISK/err"
[ "$(wc -l <"$E2E_DISK/err")" = 1 ] || fail "more than a line"
cli_on 2 cluster recover --yes || fail recover
changed() { cli_on 2 volume set gv0 user.a 3; }
wait_for 60 change changed || { cli_on 2 cluster status; fail "no change after the recovery"; }
[ "$(cli_on 2 cluster status -o json | jq .epoch)" = 2 ] || fail "the epoch is not another: $(cli_on 2 cluster status)"
cli_on 2 cluster status
cli_on 2 cluster members
say "done"
