# A voter is removed by force, and somebody has a copy of its keys: until the authorities are exchanged, which they are by
# themselves, the copy opens 2380, and 24008 as far as to be told that it was removed; afterwards nothing. A peer that never
# had keys makes no exchange. Down to one node.
. Tests/e2e/nodes.sh
STATE=/var/lib/gd2/store
for i in 1 2 3 4; do mkdir -p "$E2E_DISK/h$i" && echo 'exchange-after-removal-seconds = 2' >"$E2E_DISK/h$i/settings"; done
nodes_start 4

pki() { on "$1" bash -c "echo $STATE/pki/\$(jq -r .cluster $STATE/identity.json)"; }
show() { local i; for i in "$@"; do say "h$i:"; cli_on "$i" cluster authority show; done; }
phase_is() { [ "$(cli_on "$1" cluster authority show -o json | jq -r '.exchange.phase // "none"')" = "$2" ]; }
# gd2-rest gives gd2-store less than a second for the answer: a busy one is asked again.
shown() { said=$(cli_on "$1" cluster authority show -o name) && [ -n "$said" ]; }
names() { local said; wait_for 20 names shown "$1" && echo "$said"; }
none_removed() { cli_on "$1" cluster authority show -o json | jq -e '.removed == null'; }
peers_up() { [ "$(cli_on 1 cluster status -o json | jq '.["peers-up"]')" = "$1" ]; }
members() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy)) | length')" = "$1" ]; }
voters() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy and .role != "learner")) | length')" = 3 ]; }
# A change is refused for a moment while members come, are promoted or start anew.
taken_in() { local line; line=$(cli_on 1 peer token create) && cli_on "$1" ${line#glustercli }; }
joins() { # NODE PEERS
    wait_for 30 "h$1" taken_in "$1" || { taken_in "$1"; fail "h$1 does not join"; }
    wait_for 60 "h$1" peers_up "$2" || fail "h$1 is no peer"
}
for i in 2 3; do joins $i $i; wait_for 60 "h$i" members $i || fail "h$i is no member"; done
wait_for 60 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
before=$(names 1)

say "a peer that never had keys"
joins 4 4
knows() { cli_on 1 peer remove h4 --dry-run | grep -q 'h4 would be taken out of the cluster$'; }
wait_for 30 "what is known of h4" knows || { cli_on 1 peer remove h4 --dry-run; fail "h4 is taken for one that has had keys"; }
cli_on 1 peer remove h4 --yes >"$E2E_DISK/said" || fail "peer remove h4"
! grep keys "$E2E_DISK/said" || fail "h4 is taken for one that has had keys"
removed() { removed=$(cli_on 1 cluster authority show -o json | jq -c .removed) && [ -n "$removed" ]; }
wait_for 20 "whose keys open something" removed && [ "$removed" = null ] || { show 1; fail "the authorities are exchanged for h4"; }
alone() { [ "$(cli_on 4 peer list -o name)" = h4 ]; }
wait_for 60 alone alone || fail "h4 has not left"
joins 4 4

say "a voter is removed by force"
copy=$E2E_DISK/copy; shown=$E2E_DISK/shown; told=$E2E_DISK/told
mkdir "$copy" "$shown" "$told"
cp "$(pki 3)"/* "$copy" 2>/dev/null || on 3 cp -r "$(pki 3)/." "$copy" || fail "no keys of h3"
on 3 cp $STATE/pki/client.pem $STATE/pki/client.key "$copy" || fail "no key of h3's etcd"
signs() { # AUTHORITY NAME: a certificate that the copy signs, in h1's name
    local name; name=$(cli_on 1 peer list -o json | jq -r '.[] | select(.name == "h1").id')
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$shown/$2.key" -subj "/CN=$name" 2>/dev/null |
        openssl x509 -req -CA "$copy/$1.pem" -CAkey "$copy/$1.key" -CAcreateserial -days 30 \
            -extfile <(echo "extendedKeyUsage=serverAuth,clientAuth") -out "$shown/$2.pem" 2>/dev/null || fail "no certificate by $1"
}
signs node-ca made-24008
signs peer-ca made-2380
for pair in "node revoked-24008" "peer revoked-2380" "client revoked-2379"; do
    set -- $pair
    for end in pem key; do cp "$copy/$1.$end" "$shown/$2.$end" || fail "no $1.$end"; done
done
for end in pem key; do cp "$copy/node.$end" "$told/told-24008.$end"; done
cut 3; cut 4
away() { cli_on 1 peer list -o json | jq -e 'all(.[]; .online == (.name == "h1" or .name == "h2"))'; }
wait_for 30 away away || { cli_on 1 peer list; fail "h1 does not see that h3 and h4 are away"; }
# h3 may have led. By its dry run the removal is possible on h2 too.
says() {
    cli_on "$1" peer remove h3 --force --dry-run |
        grep "h3 would be taken out of the cluster; it has had the keys of the cluster's authorities, which would be exchanged by themselves"
}
for i in 1 2; do wait_for 30 "dry run" says $i || { cli_on $i peer remove h3 --force --dry-run; fail "the dry run on h$i does not say it"; }; done
cli_on 2 peer remove h3 --force --yes | grep "h3 has had the keys of the cluster's authorities, which are exchanged by themselves" || fail "peer remove h3"
wait_for 60 "the exchange" phase_is 1 trusting || { show 1; cli_on 1 cluster status; fail "no exchange begins"; }
waits() { cli_on 2 cluster authority show | grep "Waiting for: h4: it does not answer"; }
wait_for 30 waits waits || { show 2; fail "it does not wait for h4"; }
show 1
named() { cli_on 1 cluster authority show | grep -q "^Removed: h3 at .*has had the keys.*the authorities are being exchanged"; }
wait_for 10 name named || fail "h3 is not named"
in_status() { cli_on 1 cluster status | grep -q "^Removed: h3 at "; }
wait_for 10 status in_status || { cli_on 1 cluster status; fail "the cluster's status does not name h3"; }
found() { cli_on 1 doctor -o json | jq -e '.findings[] | select(.code == "REMOVED_PEER_HAS_KEYS") | .why | contains("waiting for h4: it does not answer")'; }
wait_for 30 doctor found || { cli_on 1 doctor; fail "doctor does not warn of h3"; }
cli_on 1 doctor | grep -A3 "h3"

say "before the exchange is done"
# etcd compares the address of who calls with his certificate: who has the copy has h3's address too.
ip addr add 10.9.0.3/24 dev br0 || fail "no address of h3"
scan() { PEER=$(cli_on 1 peer list -o json | jq -r '.[0].id') python3 Tests/hosts/scan.py "$@"; }
scan "$told" 10.9.0.1:24008 10.9.0.2:24008 || fail "a removed peer is told more than that it was removed"
method() { # SERVICE/METHOD: what a removed peer is answered, with h1's status
    on 2 curl -sk --http2 -m 10 --cert "$copy/node.pem" --key "$copy/node.key" -D "$E2E_DISK/head" -o "$E2E_DISK/body" \
        -H 'content-type: application/grpc' -H 'te: trailers' --data-binary $'@-' "https://10.9.0.1:24008/$1" < <(printf '\0\0\0\0\0')
    grep -q 'grpc-status: 7' "$E2E_DISK/head" && grep -q 'gd2-refusal: removed' "$E2E_DISK/head" && [ ! -s "$E2E_DISK/body" ]
}
tried=0
for one in $(grep -o 'rpc [A-Z][A-Za-z]*' Sources/NodeAPI/node.proto | sed 's|rpc |gd2.node.v1.Node/|') \
    etcdserverpb.KV/{Range,Put,DeleteRange,Txn} etcdserverpb.Watch/Watch etcdserverpb.Lease/LeaseGrant; do
    method "$one" || { cat "$E2E_DISK/head"; fail "a removed peer is not refused $one"; }
    tried=$((tried + 1))
done
say "$tried methods refused"
opens() {
    local name
    scan "$shown" 10.9.0.1:{24008,2380} >"$E2E_DISK/said" && return 1
    for name in revoked made; do grep -q ":2380 answers TLS with $name-2380" "$E2E_DISK/said" || return 1; done
}
# h1's etcd may just start anew, to trust the new authority too.
wait_for 30 "a leak" opens || { cat "$E2E_DISK/said"; fail "the keys do not open 2380, so that nothing is tested"; }

say "h4 is back"
began=$SECONDS
mend 4
for i in 1 2 4; do
    wait_for 150 "the end" phase_is $i 'done' || { show 1 2 4; cli_on 1 cluster status; fail "the exchange does not end on h$i"; }
    wait_for 30 "h3 forgotten" none_removed $i || { show $i; fail "h$i still says that h3 has keys"; }
    for one in $(names $i); do ! grep -q "$one" <<<"$before" || fail "h$i still trusts $one"; done
done
say "it took $((SECONDS - began)) s"
unwarned() { cli_on 1 doctor -o json | jq -e '.findings | all(.code != "REMOVED_PEER_HAS_KEYS")'; }
wait_for 10 doctor unwarned || fail "doctor still warns"

say "afterwards"
scan "$shown" 10.9.0.{1,2,4}:{24008,2380,2379} || fail "the keys of a removed peer open something"
for i in 1 2 4; do on $i python3 Tests/hosts/scan.py "$shown" 127.0.0.1:{24008,2380,2379} || fail "the keys of a removed peer open something on h$i itself"; done
new=$E2E_DISK/new; mkdir "$new"
for pair in "node valid-24008" "peer valid-2380"; do
    set -- $pair
    for end in pem key; do on 1 cp "$(pki 1)/$1.$end" "$new/$2.$end"; done
done
answers() { # PORT: who may speak to it
    on 1 python3 Tests/hosts/scan.py "$new" 10.9.0.1:{24008,2380} >"$E2E_DISK/said"; [ $? = 1 ] && grep -q ":$1 answers TLS with valid-$1" "$E2E_DISK/said"
}
for port in 24008 2380; do wait_for 20 $port answers $port || { cat "$E2E_DISK/said"; fail "$port does not answer who may speak to it"; }; done

say "down to one node"
wait_for 90 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
before=$(names 1)
# The first removal may begin the exchange, by which members are started anew, before the second.
removes() { cli_on 1 peer remove "h$1" --yes >"$E2E_DISK/said" 2>&1; }
for i in 4 2; do
    wait_for 60 "h$i" removes $i && grep "h$i has had the keys" "$E2E_DISK/said" || { cat "$E2E_DISK/said"; cli_on 1 cluster status; fail "peer remove h$i"; }
done
ended() { none_removed 1 && phase_is 1 'done' && ! names 1 | grep -qF "$before"; }
wait_for 120 "the end" ended || { show 1; cli_on 1 cluster status; fail "one node does not exchange its authorities"; }
changes() { cli_on 1 volume set all cluster.server-quorum-ratio 51; }
wait_for 20 "a change" changes || fail "nothing can be changed afterwards"
on 1 grep -h 'exchange' /run/gd2-node/gd2-store.log | tail -n 12
say "done"
