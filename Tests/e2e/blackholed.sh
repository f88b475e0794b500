# Six nodes, of which two vanish without a word: each read command answers in time, on both sides of
# the cut, at once and later; changes go on where a quorum is, and are refused at once elsewhere.
# Runs alone: it measures times.
. Tests/e2e/nodes.sh
nodes_start 6
# A change is refused for a moment while members come and are promoted.
adds() { local line; line=$(cli_on "$1" peer pair) && cli_on 1 ${line#glustercli }; }
for i in 2 3 4 5 6; do wait_for 30 "h$i" adds $i || { adds $i; fail "peer add h$i"; }; done
well() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy and .role != "learner")) | length')" = "$1" ]; }
wait_for 120 "five voters" well 5 || { cli_on 1 cluster members; fail "not enough voters"; }
bricks=$(for i in 1 2 3 4 5 6; do echo "h$i:/run/bricks/a"; done)
created() { cli_on 1 volume create gv0 replica 3 $bricks force --create-brick-dir --mode=script; }
wait_for 30 create created || fail create
wait_for 20 start cli_on 1 volume start gv0 || fail start
cli_on 1 cluster members

READS="peer status|peer list|peer show h2|peer show h5|peer token list|volume list|volume info|volume info gv0
|volume status|volume status gv0|volume status gv0 clients|volume get gv0 all|volume get all all
|cluster status|cluster members|cluster version|cluster snapshot list|cluster authority show|job list|doctor"
may() { # COMMAND:STATUS
    case "$1" in
    *:0 | doctor:1) ;;
    *"token list:7" | *"snapshot list:7" | *"authority show:7" | *clients:7) [ -s "$E2E_DISK/err" ] ;;
    *) return 1 ;;
    esac
}
# NODE WHAT: each command ends within a second, and the half that a slow machine takes to run glustercli; what must be
# told by the store itself may fail as fast.
reads() {
    local command began took got slowest=0 try
    while IFS= read -r -d '|' command; do
        for try in 1 2 3; do
            began=$(date +%s%N)
            cli_on "$1" $command >"$E2E_DISK/answer" 2>"$E2E_DISK/err"; got=$?
            took=$((($(date +%s%N) - began) / 1000000))
            # Again, since any program may have stood still meanwhile.
            [ $took -lt 1500 ] && may "$command:$got" && break
        done
        say "h$1, $2: $command: $took ms, status $got"
        [ $took -lt 1500 ] || fail "h$1, $2: $command took $took ms"
        [ $took -le $slowest ] || slowest=$took
        may "$command:$got" || { cat "$E2E_DISK/err"; fail "h$1, $2: $command ended with $got"; }
    done < <(tr -d '\n' <<<"$READS|")
    say "h$1, $2: slowest $slowest ms"
}
reads 1 "all are there"
cut 5; cut 6
reads 1 "just cut off"
reads 5 "just cut off"
silent() { [ "$(cli_on 1 peer status -o json | jq '[.[] | select(.online | not)] | length')" = 2 ]; }
wait_for 30 "two are silent" silent || { cli_on 1 peer status; fail "not known to be away"; }
reads 1 "two of six are away"
wait_for 20 "a change" cli_on 2 volume set gv0 user.a 1 || fail "no change with two of six away"
reads 5 "all others are away"
cli_on 5 volume set gv0 user.a 2 2>"$E2E_DISK/err"; [ $? = 7 ] || fail "a change without a quorum"
cat "$E2E_DISK/err"
mend 5; mend 6
back() { [ "$(cli_on 5 volume get gv0 user.a 2>/dev/null | awk '/user.a/ { print $2 }')" = 1 ]; }
wait_for 90 "h5 follows" back || fail "h5 does not follow"
say "done"
