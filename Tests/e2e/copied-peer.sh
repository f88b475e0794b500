# A full copy of a running peer's state on another machine is refused; it takes the place of a peer that is off, which is refused then.
. Tests/e2e/nodes.sh
STATE=/var/lib/gd2/store
PROGRAMS="gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest"
nodes_start 4
# A change is refused for a moment while members come and are promoted.
joins() { local line; line=$(cli_on 1 peer token create) && cli_on "$1" ${line#glustercli }; }
for i in 2 3; do wait_for 30 "h$i" joins $i || { joins $i; fail "h$i does not join"; }; done
healthy() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy and .role != "learner")) | length')" = "$1" ]; }
wait_for 90 voters healthy 3 || { cli_on 1 cluster members; fail "not three voters"; }
wait_for 30 create cli_on 1 volume create gv0 replica 3 h1:/run/bricks/a h2:/run/bricks/a h3:/run/bricks/a force --create-brick-dir || fail create
wait_for 20 start cli_on 1 volume start gv0 || fail start
id=$(on 2 jq -r .peer $STATE/identity.json)
addresses() { cli_on 1 peer list -o json | jq -c "map(select(.id == \"$id\"))[0] | [.online, .[\"peer-addresses\"][0]]"; }
members() { cli_on 1 cluster members -o json | jq -c '[.members[] | [.id, .["peer-id"]]] | sort'; }
member_of() { cli_on 1 cluster members -o json | jq -r ".members[] | select(.[\"peer-id\"] == \"$id\") | .id"; }
is() { [ "$("${@:2}")" = "$1" ]; }
mark() { local n; for n in $PROGRAMS; do on "$1" bash -c "wc -l <$RUN/$n.log >/run/mark-$n"; done; }
since() { on "$1" bash -c "tail -n +\$((\$(cat /run/mark-$2) + 1)) $RUN/$2.log"; } # NODE PROGRAM: its log since the mark
logged() { since "$1" "$2" | grep -q -- "$3"; }
listens() { on "$1" bash -c '</dev/tcp/127.0.0.1/24008' 2>/dev/null; }
hold_all() { local n; on "$1" bash -c "for n in $PROGRAMS; do touch $RUN/\$n.hold; done"; for n in $PROGRAMS; do on "$1" node_hold $n; done; }
release_all() { local n; for n in $PROGRAMS; do on "$1" node_release $n; done; }
refused() { # NODE ADDRESS: it says where its peer runs, and does nothing of what only its peer may do
    wait_for 60 refused logged "$1" gd2-store "which runs at $2" || { since "$1" gd2-store; fail "h$1 is not refused"; }
    since "$1" gd2-store | grep -m 1 "which runs at $2"
    local out
    said() { out=$(cli_on "$1" cluster status 2>&1); echo "$out" | grep -q "identity of peer h2 ($id), which runs at $2"; }
    wait_for 30 reason said "$1" "$2" || fail "h$1: cluster status does not tell the reason: $out"
    local got
    change() { out=$(cli_on "$1" volume set gv0 user.x 9 2>&1); got=$?; [ $got = 0 ] || echo "$out" | grep -q "which runs at $2"; }
    wait_for 30 reason change "$1" "$2" && [ $got = 0 ] && fail "h$1 changes a volume"
    echo "$out" | grep -q "which runs at $2" || fail "h$1: a change is refused for another reason: $out"
    wait_for 30 gate logged "$1" gd2-etcd "which runs at $2" || fail "gd2-etcd does not say what it waits for: $(since "$1" gd2-etcd)"
    on "$1" pgrep -x etcd && fail "etcd runs on h$1"
    since "$1" gd2-etcd | grep -q '"caller"' && fail "etcd ran on h$1"
    listens "$1" && fail "h$1 answers on 24008"
    return 0
}
serves() { healthy 3 && cli_on 1 volume set gv0 user.x "$1" && [ "$(cli_on 3 volume get gv0 user.x)" != "" ]; }

say "a copy of h2, while it runs"
settled() { was=$(members); first=$(member_of); [ "$(jq length <<<"$was")" = 3 ] && [ -n "$first" ]; }
wait_for 40 members settled || { cli_on 1 cluster members; fail "not three members"; }
wait_for 20 online is '[true,"10.9.0.2:24008"]' addresses || fail "h2 before: $(addresses)"
hold_all 4
on 2 tar -C /var/lib/gd2 -cf - . >"$E2E_DISK/copy.tar" 2>/dev/null
cp -a "$E2E_DISK/h2/bricks/." "$E2E_DISK/h4/bricks/"
on 4 bash -c "rm -rf /var/lib/gd2/* && tar -C /var/lib/gd2 -xf $E2E_DISK/copy.tar && hostname h2" || fail "no copy"
mark 4; mark 2; release_all 4
refused 4 10.9.0.2:24008
[ -z "$(on 4 brick_pids)" ] || fail "bricks of h2 run on its copy: $(on 4 brick_pids)"
wait_for 20 "no bricks" logged 4 gd2-brickd "bricks not started" || fail "gd2-brickd does not say why it starts none: $(since 4 gd2-brickd)"
wait_for 20 "a copy" logged 2 gd2-store "peer runs twice" || fail "h2 does not say that there is a copy of it"
wait_for 20 members is "$was" members || fail "the members are others: $(members), before $was"
wait_for 10 h2 is '[true,"10.9.0.2:24008"]' addresses || fail "h2 is somewhere else: $(addresses)"
wait_for 20 "a change" serves 1 || fail "the cluster takes no change"
since 2 gd2-store | grep -q "another machine is this peer" && fail "h2 itself is refused"

# Its store is of the past from here on.
for n in $(seq 20); do wait_for 20 "change $n" cli_on 2 volume set gv0 user.y "$n" || fail "h2 changes nothing"; done

say "h2 is off: its copy takes its place"
hold_all 2
on 4 node_kill gd2-store
wait_for 120 moved is '[true,"10.9.0.4:24008"]' addresses || { cli_on 1 peer status; since 4 gd2-store; fail "the copy does not take the place of h2: $(addresses)"; }
# Not with what it remembers: the other one has voted since.
anew() { healthy 3 && [ "$(member_of)" != "$1" ]; }
wait_for 120 voters anew "$first" || { cli_on 1 cluster members; on 4 cat $STATE/place.json $STATE/member.json; since 4 gd2-store; since 4 gd2-etcd | tail; fail "its etcd does not run as a new member"; }
second=$(member_of)
wait_for 20 etcd on 4 pgrep -x etcd || fail "no etcd on the copy"
wait_for 60 changes serves 2 || { cli_on 1 cluster members; cli_on 4 cluster members; since 4 gd2-etcd; fail "no change"; }
bricks() { [ -n "$(on 4 brick_pids)" ]; }
wait_for 60 bricks bricks || fail "its bricks are not started"

say "the first h2 comes back"
mark 2; release_all 2
refused 2 10.9.0.4:24008
wait_for 10 h2 is '[true,"10.9.0.4:24008"]' addresses || fail "h2 is somewhere else: $(addresses)"
wait_for 20 "a change" serves 3 || fail "the cluster takes no change"

say "the copy is made empty: h2 takes its place again"
hold_all 4
on 2 node_kill gd2-store
wait_for 120 moved is '[true,"10.9.0.2:24008"]' addresses || { cli_on 1 peer status; since 2 gd2-store; fail "h2 does not come back: $(addresses)"; }
wait_for 120 voters anew "$second" || { cli_on 1 cluster members; since 2 gd2-store; since 2 gd2-etcd | tail; fail "its etcd does not run as a new member"; }
wait_for 60 changes serves 4 || fail "no change"
say "done"
