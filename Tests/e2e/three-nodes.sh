# Three nodes: joined by code and by token; what each says of the others; a volume across them; one that is cut off.
. Tests/e2e/nodes.sh
nodes_start 3

say "joining"
line=$(cli_on 2 peer pair) || fail "peer pair"
say "$line"
cli_on 1 ${line#glustercli } --zone z2 --metadata owner=ann || fail "peer add"
# The store of one node is started anew to take a second one in.
two() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy)) | length')" = 2 ]; }
wait_for 30 two two || { cli_on 1 cluster members; fail "h2 is no member"; }
joined() { line=$(cli_on 1 peer token create) && cli_on 3 ${line#glustercli }; }
wait_for 30 join joined || { joined; fail "peer join"; }
three() { local i; for i in 1 2 3; do [ "$(cli_on $i peer list -o json | jq 'map(select(.online)) | length')" = 3 ] || return 1; done; }
wait_for 30 peers three || { for i in 1 2 3; do cli_on $i peer status; cli_on $i cluster status; done; fail "not all see three peers"; }
voters() { [ "$(cli_on 1 cluster status -o json | jq '.quorum.voters | length')" = 3 ]; }
wait_for 60 voters voters || { cli_on 1 cluster members; cli_on 1 cluster status; fail "not three voters"; }
cli_on 2 peer status
cli_on 3 cluster status
cli_on 1 cluster members
members() { cli_on "$1" cluster members -o json | jq -c '[.plan, .["voters-wanted"], (.members | map([.name, .id, .role, .healthy, .version, .["database-bytes"] > 0, .["raft-index"] > 0]))]'; }
agree() {
    local i first; first=$(members 1)
    for i in 1 2 3; do [ "$(members $i)" = "$first" ] && cli_on $i cluster members -o json | jq -e '.missing == null and .plan != "" and all(.members[]; .version != "" and .["database-bytes"] > 0)' || return 1; done
}
wait_for 30 agree agree || { for i in 1 2 3; do cli_on $i cluster members; done; fail "the nodes say different things of the store's members"; }
cli_on 3 cluster members
[ "$(cli_on 3 peer list --key owner --value ann -o name)" = h2 ] || fail "metadata of h2"
[ "$(cli_on 1 peer show h2 -o json | jq -r .zone)" = z2 ] || fail "zone of h2"
cli_on 1 peer edit h2 --remove-metadata owner --zone z9 >/dev/null || fail "peer edit"
[ "$(cli_on 1 peer list --key owner -o name)" = "" ] || fail "metadata of h2 stays"

say "another name and other addresses of a peer that runs"
cli_on 1 peer edit h3 --address 10.9.0.99 2>"$E2E_DISK/error"; status=$?
[ $status = 6 ] && grep -q "h3 would not be reached any more (10.9.0.99:24008: no answer in time)" "$E2E_DISK/error" || fail "h3 is sent where it does not answer ($status): $(cat "$E2E_DISK/error")"
cli_on 3 peer edit h3 --address 10.9.0.99 2>"$E2E_DISK/error"; [ $? = 6 ] || fail "h3 sends itself where it does not answer: $(cat "$E2E_DISK/error")"
id=$(cli_on 1 peer show h3 -o json | jq -r .id)
cli_on 2 peer edit h3 --name store3 --address 10.9.0.99 --address 10.9.0.3 >/dev/null || fail "two addresses, of which one leads to h3"
sleep 2 # two probes
renamed() { cli_on "$1" peer show store3 -o json | jq -e --arg id "$id" '.id == $id and .online and .reachable and .["peer-addresses"] == ["10.9.0.99:24008", "10.9.0.3:24008"]'; }
wait_for 20 renamed renamed 1 || { cli_on 1 peer status; fail "h3 is not reached as store3"; }
wait_for 20 renamed renamed 3 || { cli_on 3 peer status; fail "h3 does not know that it is store3"; }
cli_on 3 peer edit store3 --name h3 --address 10.9.0.3 --address h3 >/dev/null || fail "the old name and address"
wait_for 30 peers three || { cli_on 1 peer status; fail "h3 is not reached as before"; }

say "a volume across the nodes"
looks() {
    cli_on 1 volume create gv0 h2:/run/bricks/none --dry-run 2>"$E2E_DISK/error"; status=$?
    [ $status = 2 ] && grep -q "brick /run/bricks/none does not exist" "$E2E_DISK/error"
}
wait_for 20 look looks || fail "a dry run does not look at h2's disk ($status): $(cat "$E2E_DISK/error")"
on 2 node_hold gd2-brickd
cli_on 1 volume create gv0 h2:/run/bricks/none force --dry-run >"$E2E_DISK/out" 2>&1; status=$?
[ $status = 3 ] && grep -q "the directories on h2 are checked only when it is done" "$E2E_DISK/out" || fail "a dry run does not say what it could not check ($status): $(cat "$E2E_DISK/out")"
on 2 node_release gd2-brickd
wait_for 30 look looks || fail "gd2-brickd of h2 does not come back ($status): $(cat "$E2E_DISK/error")"
cli_on 1 volume create gv0 replica 3 h1:/run/bricks/a h2:/run/bricks/a h3:/run/bricks/a force --create-brick-dir || fail create
wait_for 20 h2 cli_on 2 volume info gv0 || fail "h2 does not know what h1 made"
cli_on 2 volume start gv0 || fail start
shown() {
    got=$(cli_on "$1" volume status gv0 -o json | jq -c 'map([.online, .stale, .size.capacity > 0])')
    [ "$got" = "[[true,null,true],[true,null,true],[true,null,true]]" ]
}
for i in 1 2 3; do wait_for 20 bricks shown $i || fail "bricks as h$i shows them: $got"; done
cli_on 1 peer remove h3 --yes 2>"$E2E_DISK/error"; status=$?
[ $status = 4 ] && grep -q "has bricks of volume gv0" "$E2E_DISK/error" || fail "h3 is removed with its brick: $(cat "$E2E_DISK/error")"

say "h3 is cut off"
cut 3
# Not its speed is tested (make bench does that), but that no timeout of seconds is waited for: it would be each time.
timed() { # MS STATUS NODE ARGS...: the command ends within that time and so; a machine that stands still may spoil two tries
    local ms=$1 want=$2 i=$3 began took; shift 3
    for _ in 1 2 3; do
        began=$(date +%s%N)
        cli_on "$i" "$@" >"$E2E_DISK/out" 2>"$E2E_DISK/err"; status=$?
        took=$((($(date +%s%N) - began) / 1000000))
        say "h$i: $* ($status, $took ms): $(cat "$E2E_DISK/err")"
        [ $took -ge "$ms" ] || [[ $status != $want ]] || return 0
        [ $status != 0 ] || [[ 0 = $want ]] || break
    done
    fail "h$i: $* took $took ms and ended with $status"
}
lost() { cli_on 1 peer list -o json | jq -e 'any(.name == "h3" and (.online | not))'; }
timed 1500 "?" 1 volume status gv0
wait_for 30 lost lost || fail "h1 does not see that h3 is away: $(cli_on 1 peer status)"
for i in 1 3; do
    for what in "peer status" "cluster status" "volume list" "volume info gv0" "volume status gv0" "volume get gv0 all" "cluster members"; do
        [ "$what" = "cluster members" ] && want="?" || want=0
        timed 1500 "$want" $i $what
    done
done
lacks() { cli_on "$1" cluster members -o json | jq -e "$2"; }
wait_for 20 members lacks 3 '.missing | any(startswith("plan: no node that answers leads")) and any(startswith("version and size of h1: it does not answer"))' ||
    { cli_on 3 cluster members; fail "h3 does not say what it does not know of the members"; }
wait_for 20 members lacks 1 '.plan != "" and .missing == ["version and size of h3: it does not answer"]' || { cli_on 1 cluster members; fail "h1 lacks more than h3's part"; }
warned() { cli_on 1 volume status gv0 2>&1 >/dev/null | grep -q "^warning: h3 does not answer"; }
wait_for 10 warning warned || fail "the missing node is not named"
unknown() {
    cli_on 1 volume status gv0 2>/dev/null | grep -qE '^gv0 +10.9.0.3:/run/bricks/a +\? +\? +\? .*online as last reported: h3 does not answer since [0-9]+ s'
}
wait_for 10 status unknown || { cli_on 1 volume status gv0; fail "the brick of h3 is taken for known"; }
marked() { cli_on 1 volume status gv0 -o json 2>/dev/null | jq -e 'map(.stale) == [null, null, true]'; }
wait_for 10 status marked || fail "the stale brick is not marked"
timed 1500 7 1 volume create gv1 h3:/run/bricks/b force --dry-run
grep -q "h3 .*does not answer" "$E2E_DISK/err" || fail "a dry run takes h3 for there"
timed 3000 0 1 volume set gv0 user.x 1
# h3 is not waited for: without that each takes the 20 s of convergence-seconds.
for what in "stop gv0 --yes" "start gv0"; do
    timed 15000 0 1 volume $what
    grep -q "^warning: h3 does not answer: it follows" "$E2E_DISK/err" || fail "$what with h3 away"
done
timed 3000 7 3 volume set gv0 user.x 2
grep -q "2 of 3 voters are needed" "$E2E_DISK/err" || fail "h3 alone makes a change, or does not say why not"
cli_on 3 cluster status
cli_on 3 cluster status -o json 2>/dev/null | jq -e '.degraded and (.writable | not)' >/dev/null || fail "h3 thinks that it may be changed"
cli_on 3 volume list 2>&1 >/dev/null | grep -q "^warning: the store does not answer since" || fail "h3 does not say that its view is old"
mend 3
wait_for 60 peers three || { cli_on 1 peer status; fail "h3 does not come back"; }
same() { [ "$(cli_on 3 volume get gv0 user.x 2>&1)" = "$(cli_on 1 volume get gv0 user.x)" ]; }
wait_for 30 same same || fail "h3 does not follow"
healthy() { [ "$(cli_on 1 cluster status -o json | jq .degraded)" = false ]; }
wait_for 60 healthy healthy || { cli_on 1 cluster status; fail "the cluster stays degraded"; }

say "removing"
cli_on 1 volume stop gv0 --yes && cli_on 1 volume delete gv0 --yes || fail "delete"
cli_on 1 peer remove h3 --dry-run; [ $? = 3 ] || fail "dry run of a removal"
# Somebody on h3 with its certificate and a watch that is open: it ends with the removal, whatever h3 does.
by_certificate() { # ETCDCTL'S WORDS...
    on 3 env ETCDCTL_API=3 etcdctl --endpoints https://10.9.0.1:24008 --cacert /run/copied/node-ca.pem --cert /run/copied/node.pem \
        --key /run/copied/node.key --command-timeout 3s "$@"
}
cluster=$(on 3 jq -r .cluster /var/lib/gd2/store/identity.json)
on 3 cp -r "/var/lib/gd2/store/pki/$cluster" /run/copied || fail "no copy of the certificates"
# From the first revision on, since it may not be there yet when the next change is made.
by_certificate watch --rev 1 --prefix "/gluster/$cluster/volumes/" >"$E2E_DISK/watched" 2>&1 &
watching=$!
made() { cli_on 1 volume info "$1" || cli_on 1 volume create "$1" h1:/run/bricks/"$1" force --create-brick-dir; }
made seen || fail "create"
watched() { grep -q "\"name\":\"$1\"" "$E2E_DISK/watched"; }
wait_for 30 "the watch" watched seen || { cat "$E2E_DISK/watched"; fail "a peer's certificate watches nothing"; }
cli_on 1 peer remove h3 --yes || fail "peer remove"
# Of three voters one is left.
wait_for 30 create made unseen || { made unseen; fail "create"; }
seen() { cli_on 2 volume info unseen; }
wait_for 30 "h2 to follow" seen || fail "h2 does not follow"
reads() { by_certificate get --prefix "/gluster/$cluster/volumes/" >"$E2E_DISK/error" 2>&1; }
reads && fail "the certificate of a removed peer reads: $(cat "$E2E_DISK/error")"
told() { ! reads && grep -q "was removed from this cluster" "$E2E_DISK/error"; }
wait_for 20 reason told || fail "no reason: $(cat "$E2E_DISK/error")"
watched unseen && fail "the watch of a removed peer goes on"
kill "$watching" 2>/dev/null
[ "$(cli_on 1 peer list -o name | sort | xargs)" = "h1 h2" ] || fail "h3 is still a peer"
say "done"
