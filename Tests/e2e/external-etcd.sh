# The store in an etcd that others run (docs/cluster.md, "External etcd"): three members with client
# certificates on a host of its own in the network, fail-over between them, their loss, a wrong
# authority, a wrong etcd, two nodes and a third that is a client, and moving a store there.
. Tests/e2e/nodes.sh
export ETCDCTL_API=3
pki=$E2E_DISK/pki
mkdir -p "$pki"

# authority NAME: pki/NAME.pem and .key
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
        -addext "basicConstraints=critical,CA:true" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout "$pki/$1.key" -out "$pki/$1.pem" 2>/dev/null || fail "authority $1"
}
# leaf AUTHORITY NAME ALTERNATIVE-NAMES
leaf() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$pki/$2.key" \
        -out "$pki/$2.csr" 2>/dev/null || fail "key $2"
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3" >"$pki/$2.ext"
    openssl x509 -req -in "$pki/$2.csr" -CA "$pki/$1.pem" -CAkey "$pki/$1.key" -CAcreateserial -days 20 \
        -extfile "$pki/$2.ext" -out "$pki/$2.pem" 2>/dev/null || fail "certificate $2"
}
authority good; authority bad
leaf good server "IP:10.9.0.100,IP:127.0.0.1"
leaf good client "DNS:gd2"
leaf bad stranger "DNS:stranger"
chmod -R a+rX "$pki"

ip link add br0 type bridge && ip addr add 10.9.0.100/24 dev br0 && ip link set br0 up || fail "no bridge"
ETCDS=()
etcd_start() { # N: a member of the external etcd; clients on 240N, members on 250N
    local n=$1
    etcd --name "x$n" --data-dir "$E2E_DISK/etcd$n" --listen-client-urls "https://10.9.0.100:240$n" \
        --advertise-client-urls "https://10.9.0.100:240$n" --listen-peer-urls "http://127.0.0.1:250$n" \
        --initial-advertise-peer-urls "http://127.0.0.1:250$n" \
        --initial-cluster x1=http://127.0.0.1:2501,x2=http://127.0.0.1:2502,x3=http://127.0.0.1:2503 \
        --client-cert-auth --trusted-ca-file "$pki/good.pem" --cert-file "$pki/server.pem" \
        --key-file "$pki/server.key" >>"$E2E_DISK/etcd$n.log" 2>&1 &
    ETCDS[n]=$!
}
etcd_stop() { kill "${ETCDS[$1]}" && wait "${ETCDS[$1]}" 2>/dev/null; }
x() {
    etcdctl --endpoints https://10.9.0.100:2401,https://10.9.0.100:2402,https://10.9.0.100:2403 \
        --cacert "$pki/good.pem" --cert "$pki/client.pem" --key "$pki/client.key" "$@"
}
for n in 1 2 3; do etcd_start $n; done
wait_for 60 etcd x endpoint health || { tail -n 5 "$E2E_DISK"/etcd*.log; fail "the external etcd does not start"; }

settings() { # AUTHORITY
    printf 'etcd-endpoints = ["https://10.9.0.100:2401", "https://10.9.0.100:2402", "https://10.9.0.100:2403"]\n'
    printf 'etcd-ca = "%s"\netcd-certificate = "%s"\netcd-key = "%s"\n' "$pki/$1.pem" "$pki/client.pem" "$pki/client.key"
}
for n in 1 2; do mkdir -p "$E2E_DISK/h$n" && settings good >"$E2E_DISK/h$n/settings"; done
nodes_start 3

say "one node"
members() { cli_on 1 cluster members -o json | jq -e '.external.endpoints | map(select(.healthy)) | length == '"$1"; }
wait_for 40 endpoints members 3 || { cli_on 1 cluster members; fail "three endpoints are not healthy"; }
cli_on 1 cluster members
cli_on 1 cluster status
says_external() { cli_on 1 cluster status | grep -q "^Store: external etcd"; }
wait_for 10 status says_external || fail "the status does not say where the store is"
on 1 pgrep -x etcd && fail "an etcd runs on h1"
on 1 kill -0 "$(on 1 cat /run/gd2-node/gd2-etcd.pid)" || fail "gd2-etcd has ended"
wait_for 20 gd2-etcd on 1 grep "no etcd runs on this node: the store is the external etcd" /run/gd2-node/gd2-etcd.log || fail "gd2-etcd does not say why"
created() { cli_on 1 volume create gv0 h1:/run/bricks/a force --create-brick-dir --mode=script; }
wait_for 30 create created || { created; fail create; }
wait_for 20 start cli_on 1 volume start gv0 || fail start
mount_it() { on 1 mount -t glusterfs h1:/gv0 /run/mnt && on 1 mountpoint -q /run/mnt; }
wait_for 30 mount mount_it || fail mount
on 1 bash -c 'echo hello >/run/mnt/file' || fail "no write through the mount"
wait_for 20 set cli_on 1 volume set gv0 user.a 1 || fail set
x get --prefix /gluster/ --keys-only | grep -q '/head$' || fail "the volume is not in the external etcd"

say "others write into the same etcd"
for n in 1 2 3; do x put /others/key $n >/dev/null || fail "put"; done
on 1 bash -c '. Tests/e2e/node.sh; node_kill gd2-rest; node_kill gd2-pmap'
fresh() { cli_on 1 volume list 2>"$E2E_DISK/err" >/dev/null && [ ! -s "$E2E_DISK/err" ]; }
wait_for 40 "a current view" fresh || fail "what others write makes the view old: $(cat "$E2E_DISK/err")"

say "refusals"
refused() { # WHAT PATTERN COMMAND...
    local what=$1 pattern=$2 got; shift 2
    is_refused() { "$@" >"$E2E_DISK/out" 2>"$E2E_DISK/err"; got=$?; [ $got = 0 ] || grep -q "$pattern" "$E2E_DISK/err"; }
    wait_for 20 refusal is_refused "$@"
    [ $got != 0 ] || fail "$what was not refused"
    cat "$E2E_DISK/err"
    grep -q "$pattern" "$E2E_DISK/err" || fail "$what: no clear refusal"
}
refused recover "the store is the external etcd at https://10.9.0.100:2401" cli_on 1 cluster recover --yes
refused "snapshot save" "its administrator" cli_on 1 cluster snapshot save
refused "snapshot restore" "the store is the external etcd" cli_on 1 cluster snapshot restore 1-1-1.db --yes

say "fail-over"
etcd_stop 1
wait_for 30 "two endpoints" members 2 || { cli_on 1 cluster members; fail "the dead endpoint is healthy"; }
again() { cli_on 1 volume set gv0 user.a 2; }
wait_for 15 "a change with two of three" again || { again; fail "no change with two of three endpoints"; }
warned() { cli_on 1 cluster status | grep "^Warning: endpoint https://10.9.0.100:2401 of the external etcd is not well"; }
wait_for 20 warning warned || fail "the dead endpoint is not named"
found() { cli_on 1 doctor -o json | jq -e 'any(.findings[]; .code == "ENDPOINT_UNHEALTHY" and (.why | contains("10.9.0.100:2401")))'; }
wait_for 20 doctor found || { cli_on 1 doctor; fail "doctor does not find the dead endpoint"; }

say "no quorum"
etcd_stop 2
lost() { cli_on 1 volume list 2>&1 | grep -q "^warning: the store does not answer since"; }
wait_for 30 lost lost || fail "nobody says that the view is old"
stopped() { cli_on 1 volume set gv0 user.a 3 2>"$E2E_DISK/err"; [ $? = 7 ]; }
stopped || fail "a change without quorum"
cat "$E2E_DISK/err"
quorum() { stopped && grep -q "the external etcd at .* has no quorum" "$E2E_DISK/err"; }
wait_for 30 reason quorum || fail "no reason: $(cat "$E2E_DISK/err")"

say "all of it is gone"
etcd_stop 3
gone() { stopped && grep -q "the external etcd at .* does not answer" "$E2E_DISK/err"; }
wait_for 30 reason gone || fail "no reason: $(cat "$E2E_DISK/err")"
cat "$E2E_DISK/err"
cli_on 1 volume info gv0 | grep -q "Volume Name: gv0" || fail "volume info without etcd"
cli_on 1 volume status gv0
on 1 bash -c '[ "$(cat /run/mnt/file)" = hello ]' || fail "the mount does not go on"
on 1 umount /run/mnt && wait_for 30 "a mount without etcd" mount_it || fail "no new mount without etcd"
on 1 bash -c '. Tests/e2e/node.sh; node_kill gd2-store; node_kill gd2-rest'
after_restart() { cli_on 1 volume info gv0 2>/dev/null | grep -q "Volume Name: gv0"; }
wait_for 40 "reads after a restart" after_restart || fail "no reads after a restart without etcd"
wait_for 30 reason gone || fail "no reason after a restart: $(cat "$E2E_DISK/err")"
[ "$(on 1 bash -c '. Tests/e2e/node.sh; brick_pids | wc -l')" -ge 1 ] || fail "the brick has ended"
for n in 1 2 3; do etcd_start $n; done
wait_for 60 "a change after it is back" again || { again; cli_on 1 cluster status; fail "no change after etcd came back"; }

say "two nodes that speak to it, and a client"
joined() { cli_on "$1" peer list -o json | jq -e "length == $2"; }
# h2 has just lost the etcd too.
adds() { local line; line=$(cli_on "$1" peer pair) && cli_on 1 ${line#glustercli }; }
for n in 2 3; do
    wait_for 40 "h$n" adds $n || { adds $n; fail "peer add h$n"; }
    wait_for 60 "h$n" joined $n $n || { cli_on $n peer list; fail "h$n does not see $n peers"; }
done
refused "an exchange of authorities" "the store is an etcd that others run, which exchanges its own authority" cli_on 1 cluster authority exchange
cli_on 1 peer status
two() { x get --print-value-only "$(key cluster/members)" | jq -e '.members | length == 2'; }
key() { echo "/gluster/$(on 1 jq -r .cluster /var/lib/gd2/store/identity.json)/$1"; }
wait_for 40 "two in cluster/members" two || { x get "$(key cluster/members)"; fail "not two nodes speak to etcd"; }
[ "$(x get --prefix /gluster/ --keys-only | grep -c /cluster/epoch)" = 1 ] || fail "joining left clusters behind: $(x get --prefix /gluster/ --keys-only)"
through() { on 3 grep 'store reached' /run/gd2-node/gd2-store.log | grep "peer"; }
wait_for 20 "h3's way" through || fail "h3 does not go through another node"
gone_3() { ! on 3 pgrep -x etcd; }
wait_for 30 "the end of h3's etcd" gone_3 || fail "an etcd runs on h3"
on 3 test -e /var/lib/gd2/store/pki/"$(on 1 jq -r .cluster /var/lib/gd2/store/identity.json)"/node-ca.key && fail "a client has the authority's key"
cli_on 3 cluster members
on_three() { cli_on 3 volume create gv1 replica 3 h1:/run/bricks/b h2:/run/bricks/b h3:/run/bricks/b force --create-brick-dir --mode=script; }
wait_for 30 "create on the client" on_three || { on_three; fail "create on a client"; }
wait_for 20 start cli_on 3 volume start gv1 || fail "start on a client"
say "the client's way changes with the node it goes through"
cut 1
changed() { cli_on 3 volume set gv1 user.b "$RANDOM" && cli_on 2 volume set gv1 user.c "$RANDOM"; }
wait_for 60 "changes without h1" changed || { cli_on 3 cluster status; fail "no changes without h1"; }
wait_for 20 token cli_on 2 peer token create -o json || fail "no token of h2 without h1"
mend 1
wait_for 60 "h1 again" again || fail "no change on h1 after it is back"

all_seen() { cli_on 3 peer list -o json | jq -e 'all(.[]; .online)'; }
wait_for 60 "h1 is seen" all_seen || { cli_on 3 peer status; fail "h3 does not see all"; }
wait_for 20 stop cli_on 3 volume stop gv1 --mode=script && wait_for 20 delete cli_on 3 volume delete gv1 --mode=script || fail "stop and delete"

say "a node whose settings are taken away is a client too"
on 1 bash -c '. Tests/e2e/node.sh; rm /etc/gd2/gd2-store.toml; node_kill gd2-store'
one() { x get --print-value-only "$(key cluster/members)" | jq -e '.members | length == 1'; }
wait_for 60 "one in cluster/members" one || { x get "$(key cluster/members)"; fail "h1 is still said to speak to etcd"; }
wait_for 40 "a change through h2" again || { again; fail "no change through h2"; }
on 1 pgrep -x etcd && fail "h1 runs an etcd again"
refused "removing the only one" "only peer that speaks to the external etcd" cli_on 1 peer remove h2 --yes
on 1 bash -c "$(declare -f settings); pki=$pki; settings good >/etc/gd2/gd2-store.toml; . Tests/e2e/node.sh; node_kill gd2-store"
wait_for 60 "two in cluster/members" two || { x get "$(key cluster/members)"; fail "h1 does not speak to etcd again"; }

say "removal"
wait_for 20 h3 cli_on 1 peer remove h3 --yes || fail "peer remove h3"
wait_for 20 h2 cli_on 1 peer remove h2 --yes || fail "peer remove h2"

say "moving a store there"
alone() { cli_on 3 volume create gv3 h3:/run/bricks/c force --create-brick-dir --mode=script; }
wait_for 60 "h3 alone" alone || { alone; fail "h3 is no cluster of its own"; }
wait_for 20 start cli_on 3 volume start gv3 || fail "start on h3"
on 3 bash -c "$(declare -f settings); pki=$pki; settings good >/etc/gd2/gd2-store.toml; . Tests/e2e/node.sh; node_kill gd2-store"
copy_first() { cli_on 3 volume set gv3 user.a 1 2>"$E2E_DISK/err"; grep -q "copy it there first" "$E2E_DISK/err"; }
wait_for 40 "a store that was not copied" copy_first || fail "no clear refusal: $(cat "$E2E_DISK/err")"
cat "$E2E_DISK/err"
cli_on 3 volume info gv3 | grep -q "Volume Name: gv3" || fail "gv3 is forgotten"
on 3 bash -c '. Tests/e2e/node.sh; rm /etc/gd2/gd2-store.toml; node_kill gd2-store'
set_3() { cli_on 3 volume set gv3 user.a "$RANDOM"; }
wait_for 40 "the own etcd again" set_3 || fail "no way back before the move"
on 3 bash -c '. Tests/e2e/node.sh; node_hold gd2-rest; node_hold gd2-brickd'
id=$(on 3 jq -r .cluster /var/lib/gd2/store/identity.json)
epoch=$(on 3 jq .epoch /var/lib/gd2/store/identity.json)
on 3 env ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock get --prefix "/gluster/$id/" -w json >"$E2E_DISK/keys" ||
    fail "the keys are not read"
jq -r '.kvs[] | [(.key | @base64d), .value] | @tsv' "$E2E_DISK/keys" | while read -r key value; do
    base64 -d <<<"$value" | x put "$key" >/dev/null || fail "$key is not copied"
done
[ "$(x get --prefix "/gluster/$id/" --keys-only | grep -c .)" = "$(jq '.kvs | length' "$E2E_DISK/keys")" ] || fail "not all keys are copied"
for what in alive/ sessions/ locks/ cluster/members; do x del --prefix "/gluster/$id/$what" >/dev/null; done
x put "/gluster/$id/cluster/epoch" "{\"schema\":1,\"epoch\":$((epoch + 1))}" || fail "the epoch is not written"
on 3 bash -c "$(declare -f settings); pki=$pki; settings good >/etc/gd2/gd2-store.toml; . Tests/e2e/node.sh; node_kill gd2-store
    node_release gd2-rest; node_release gd2-brickd"
wait_for 60 "a change after the move" set_3 || { set_3; cli_on 3 cluster status; fail "no change after the move"; }
cli_on 3 volume info gv3 | grep -q "Status: Started" || fail "the volume did not move"
raised() { [ "$(cli_on 3 cluster status -o json | jq .epoch)" = $((epoch + 1)) ]; }
wait_for 10 epoch raised || fail "the epoch was not raised"
wait_for 30 "the end of the own etcd" gone_3 || fail "the own etcd still runs"
wait_for 20 aside on 3 test -d /var/lib/gd2/store/aside || fail "the old data was not put aside"

say "wrong settings"
store_on_1() { on 1 bash -c ". Tests/e2e/node.sh; node_kill gd2-store"; }
on 1 bash -c "$(declare -f settings); pki=$pki; settings bad >/etc/gd2/gd2-store.toml"
store_on_1
untrusted() { stopped && grep -q "its certificate is refused" "$E2E_DISK/err"; }
wait_for 40 "a wrong authority" untrusted || fail "no clear error for a wrong authority: $(cat "$E2E_DISK/err")"
cat "$E2E_DISK/err"
on 1 bash -c "$(declare -f settings); pki=$pki; settings good | sed s/client/stranger/g >/etc/gd2/gd2-store.toml"
store_on_1
unknown() { stopped && grep -q "the external etcd at .* does not answer" "$E2E_DISK/err" && ! grep -q "its certificate" "$E2E_DISK/err"; }
wait_for 40 "a stranger's certificate" unknown || fail "no clear error for a stranger's certificate: $(cat "$E2E_DISK/err")"
cat "$E2E_DISK/err"
cli_on 1 volume info gv0 | grep -q "Volume Name: gv0" || fail "the volume is forgotten"

say "another etcd"
etcd --name y --data-dir "$E2E_DISK/other" --listen-client-urls http://10.9.0.100:2410 --advertise-client-urls http://10.9.0.100:2410 \
    --listen-peer-urls http://127.0.0.1:2510 --initial-advertise-peer-urls http://127.0.0.1:2510 --initial-cluster y=http://127.0.0.1:2510 \
    >"$E2E_DISK/other.log" 2>&1 &
on 1 bash -c 'echo "etcd-endpoints = [\"http://10.9.0.100:2410\"]" >/etc/gd2/gd2-store.toml'
on 1 "$BIN/gd2-store" --check-config && fail "plain http to another host was taken"
on 1 bash -c 'echo "etcd-insecure = true" >>/etc/gd2/gd2-store.toml'
on 1 "$BIN/gd2-store" --check-config || fail "etcd-insecure does nothing"
store_on_1
another() { stopped && grep -q "it is another etcd" "$E2E_DISK/err"; }
wait_for 40 "another etcd" another || fail "no clear error for another etcd: $(cat "$E2E_DISK/err")"
cat "$E2E_DISK/err"
[ -z "$(etcdctl --endpoints http://10.9.0.100:2410 get --prefix / --keys-only)" ] || fail "something was written into another etcd"
[ "$(on 1 bash -c '. Tests/e2e/node.sh; brick_pids | wc -l')" -ge 1 ] || fail "the brick was stopped"
on 1 bash -c "$(declare -f settings); pki=$pki; settings good >/etc/gd2/gd2-store.toml"
store_on_1
wait_for 40 "the right settings" again || { again; fail "no change with the right settings"; }
say "done"
