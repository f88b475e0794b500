# Five hosts: the cluster grows 1, 2, 3, 5 and shrinks 3, 2, 1, while members die and come back. As
# long as most voters live something can be changed, and the voters become what they should be.
. Tests/hosts/library
[ -n "${SEED:-}" ] || SEED=$RANDOM
RANDOM=$SEED
echo "SEED=$SEED"
REPLACE_AFTER=10 cluster_start 5
on h1 mkdir -p /data/b
soon h1 glustercli volume create w h1:/data/b force >/dev/null || fail create

changes() { on "$1" glustercli volume set w performance.cache-size $((RANDOM % 900 + 10))MB; }
can_change() { wait_for 30 changes "$1" || fail "$1 cannot change anything: $2"; }
# A host that is not h1 dies for a moment, and the others go on.
dies() { # among h2 to hN
    local host=h$((RANDOM % ($1 - 1) + 2)) ways=(kill cut etcd) way
    way=${ways[RANDOM % 3]}
    events=$((events + 1))
    say "event $events: $way $host"
    case $way in kill) boot kill $host;; cut) boot cut $host;; etcd) on $host systemctl kill -s KILL gd2-etcd;; esac
    can_change h1 "$way $host"
    case $way in kill) boot start 5 >/dev/null || fail "boot of $host";; cut) boot heal $host;; esac
}
comes() { events=$((events + 1)); say "event $events: join $1"; cluster_join "$1"; }
events=0
cluster_wait h1 1
comes h2; cluster_wait h1 1; can_change h2 "two nodes"
comes h3; cluster_wait h1 3; for _ in 1 2; do dies 3; cluster_wait h1 3 90; done
comes h4; cluster_wait h1 3; for _ in 1 2; do dies 4; cluster_wait h1 3 90; done
comes h5; cluster_wait h1 5 90
for _ in 1 2 3 4 5 6; do dies 5; cluster_wait h1 5 120; done
say "a voter is gone for good: another takes its place"
# Refused as long as a voter that was just killed is not back: that would be one less of what is up.
# A removal that was begun goes on, whatever its client is told.
out() { on h1 glustercli peer list -o json | jq -e --arg name "$1" 'all(.[]; .name != $name)'; }
leaves() { { out "$1" || LIMIT_ON=70 on h1 glustercli peer remove "$1" --yes; } && events=$((events + 1)) && say "event $events: $1 has left"; }
wait_for 60 leaves h5 || fail "h5 does not leave"
cluster_wait h1 3 90
other() { gone=$(on h1 glustercli cluster members -o json | jq -r '[.members[].name | select(. != "h1")][0] // empty') && [ -n "$gone" ]; }
wait_for 20 other || fail "h1 sees no other member"
boot kill "$gone"
events=$((events + 1))
say "event $events: $gone dies for good"
replaced() { on h1 glustercli cluster members -o json | jq -e --arg gone "$gone" "($VOTES | length) == 3 and (.members | all(.name != \$gone) and all(.healthy))"; }
wait_for 120 replaced || fail "$gone is not replaced"
boot start 5 >/dev/null
events=$((events + 1))
say "event $events: $gone is back"
wait_for 60 leaves "$gone" || fail "$gone does not leave"
cluster_wait h1 3 90
for host in h4 h3 h2; do
    out $host >/dev/null && continue
    wait_for 90 leaves $host || fail "$host does not leave"
    can_change h1 "without $host"
done
alone() { [ "$(on h1 glustercli peer list -o name)" = h1 ]; }
wait_for 20 alone || fail "h1 is not alone"
cluster_wait h1 1
[ $events -ge 20 ] || fail "only $events events"
say "done: $events events"
