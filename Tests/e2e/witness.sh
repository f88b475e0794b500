# Two nodes with bricks and a witness, on which only gd2-store and its etcd run: either of the two
# may be away, and changes go on.
. Tests/e2e/nodes.sh
mkdir -p "$E2E_DISK/h3" && echo 'witness = true' >"$E2E_DISK/h3/settings"
nodes_start 3
line=$(cli_on 2 peer pair) || fail "peer pair"
cli_on 1 ${line#glustercli } || fail "peer add"
# The first node's etcd starts anew for the second.
asked() { token=$(cli_on 1 peer token create); }
wait_for 30 token asked || { asked; fail "peer token create"; }
token=${token##* }
on 3 "$BIN/gd2-store" join gd2-1-nonsense 2>"$E2E_DISK/err" && fail "joined with no token"
grep -q token "$E2E_DISK/err" || fail "a bad token is not named: $(cat "$E2E_DISK/err")"
on 3 "$BIN/gd2-store" join "$token" --dry-run; [ $? = 3 ] || fail "gd2-store join --dry-run"
joined() { on 3 "$BIN/gd2-store" join "$token"; }
wait_for 30 join joined || { joined; fail "gd2-store join"; }
voters() { [ "$(cli_on "$1" cluster members -o json | jq "$2")" = 3 ]; }
all='.members | map(select(.healthy and .role != "learner")) | length'
wait_for 60 voters voters 1 "$all" || { cli_on 1 cluster members; fail "not three voters"; }
cli_on 1 cluster members

created() { cli_on 1 volume create gv0 replica 2 h1:/run/bricks/a h2:/run/bricks/a force --create-brick-dir --mode=script; }
wait_for 30 create created || { created; fail create; }
cli_on 1 volume start gv0 || fail start
cli_on 1 volume create no h3:/run/bricks/a force --create-brick-dir 2>"$E2E_DISK/err" && fail "a brick on the witness"
grep "h3 is a witness" "$E2E_DISK/err" || fail "no reason: $(cat "$E2E_DISK/err")"

for away in 1 2; do
    left=$((3 - away))
    say "h$away is away"
    cut $away
    changed() { cli_on $left volume set gv0 user.a "$away" --timeout 5; }
    wait_for 60 change changed || { cli_on $left cluster status; changed; fail "no change without h$away"; }
    cli_on $left cluster status
    mend $away
    back() { cli_on $away volume info gv0 | grep -q "user.a: $away"; }
    wait_for 60 back back || { cli_on $away cluster status; fail "h$away does not follow"; }
    wait_for 60 voters voters $left "$all" || { cli_on $left cluster members; fail "h$away is no healthy voter again"; }
done
say "done"
