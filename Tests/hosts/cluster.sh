# Three hosts become a cluster, by a token and by a pairing code; a replicated volume across them is
# mounted; the leader dies, then two of three; the survivor recovers the store and the others come
# back; peers leave, down to one. Nobody without a certificate is answered.
. Tests/hosts/library

# What an operator may see while hosts are away has to come back at all: each read ends by itself.
reads() { # HOST
    local command began
    for command in "volume list" "volume info gv0" "volume status gv0" "peer list" "peer status" \
        "cluster status" "cluster members" "job list" "volume get gv0 all"; do
        began=$(date +%s%N)
        # shellcheck disable=SC2086
        LIMIT_ON=10 soon "$1" glustercli $command >/dev/null 2>&1 || fail "$1: $command: exit status $?"
        echo "    $command: $((($(date +%s%N) - began) / 1000000)) ms"
    done
}

cluster_start 3
shown=$LABDIR/h3/data/shown
mkdir -p "$shown"
pki() { echo "$LABDIR/$1/keep/var/lib/gd2/store/pki"; }
folder() { echo "$(pki "$1")/$(on "$1" jq -r .cluster /var/lib/gd2/store/identity.json)"; }
# Each is renewed once at the start, its two files one after the other.
pair() { # KIND
    local end
    for end in pem key; do cp "$(folder h3)/$1.$end" "$shown/other-cluster-$1.$end" || return 1; done
    [ "$(openssl x509 -in "$shown/other-cluster-$1.pem" -noout -pubkey)" = "$(openssl pkey -in "$shown/other-cluster-$1.key" -pubout)" ]
}
for kind in node peer; do
    wait_for 20 pair $kind || { ls -l --time-style=full-iso "$(folder h3)"; fail "h3's $kind.pem and $kind.key do not belong together"; }
done
say "join"
token >"$shown/used.token"
joins() { on h2 glustercli peer join "$(cat "$shown/used.token")"; }
wait_for 40 joins || fail "h2 does not join"
line=$(soon h3 glustercli peer pair 2>/dev/null | tail -n 1)
code=${line##* }
# h1's etcd is started anew with the join of h2.
soon h1 glustercli peer add h3 --code "$code" --zone z3 || fail "h3 is not added by its pairing code"
cluster_wait h1 3
three() { [ "$(on "$1" glustercli peer list -o name | sort | tr '\n' ' ')" = "h1 h2 h3 " ]; }
for i in 1 2 3; do wait_for 20 three h$i || fail "not three peers on h$i"; done

say "who may not join"
token >"$shown/revoked.token"
soon h1 glustercli peer token revoke "$(soon h1 glustercli peer token list -o name | head -n 1)" || fail revoke
# Who has made one has seen that the other is revoked.
for i in 2 1; do token h$i --valid 1s >"$shown/over.token"; done
none() { on h1 glustercli peer token list -o json | jq -e 'length == 0'; }
wait_for 20 none || { on h1 glustercli peer token list; fail "there are still tokens"; }
said=$(soon h2 glustercli peer join "$(cat "$shown/revoked.token")" 2>&1)
grep -q 'this node is in a cluster' <<<"$said" || fail "h2 joins twice: $said"
said=$(soon h1 glustercli peer add h2 --code "$code" 2>&1)
grep -q already <<<"$said" || fail "h2 is added twice: $said"

say "who gets nothing"
# A certificate that an authority of the cluster has signed, from START to END.
signed() { # FOLDER AUTHORITY PORT NAME START END
    local made=$LABDIR/signed
    mkdir -p "$made" && : >"$made/index"
    printf '%s\n' '[ca]' 'default_ca=c' '[c]' "database=$made/index" "new_certs_dir=$made" rand_serial=yes \
        default_md=sha256 policy=p x509_extensions=e '[p]' commonName=supplied '[e]' \
        extendedKeyUsage=serverAuth,clientAuth >"$made/config"
    mkdir -p "$1"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/$4-$3.key" -subj "/CN=$peer" -out "$made/csr" 2>/dev/null &&
        openssl ca -batch -notext -config "$made/config" -cert "$2.pem" -keyfile "$2.key" -in "$made/csr" \
            -out "$1/$4-$3.pem" -startdate "$5" -enddate "$6" 2>"$made/said" || { cat "$made/said"; fail "no certificate for $3"; }
}
peer=$(peer_id h1 h2)
for pair in "$(folder h1)/node-ca 24008" "$(folder h1)/peer-ca 2380" "$(pki h1)/client-ca 2379"; do
    # shellcheck disable=SC2086
    signed "$shown" $pair expired 20200101000000Z "$(date -u -d '-1 minute' +%Y%m%d%H%M%SZ)"
    # shellcheck disable=SC2086
    signed "$LABDIR/h3/data/valid" $pair valid 20200101000000Z 20400101000000Z
done
cp -r "$shown" "$LABDIR/h3/data/valid" "$LABDIR/h1/data/"
for host in h1 h3; do cp Tests/hosts/scan.py "$LABDIR/$host/data/"; done
scan() { LIMIT_ON=120 on "$1" env PEER="$(peer_id h1 h1)" python3 /data/scan.py "${@:2}"; }
scan h3 /data/shown 198.51.100.{1,2}:{24008,2380,2379} || fail "a port gives something away"
scan h1 /data/shown 127.0.0.1:{24008,2380,2379} || fail "a port gives something away on the host itself"
# With a date that is right each of them is opened, so it is the date that it was refused for.
answers() { # HOST CERTIFICATES HOST:PORT... -- NAME-PORT...: each port answers TLS with the pair of that name
    local words=() name
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    scan "${words[@]}" >"$LABDIR/said" && return 1
    for name in "${@:2}"; do grep -q ":${name##*-} answers TLS with $name" "$LABDIR/said" || return 1; done
}
wait_for 60 answers h1 /data/valid 127.0.0.1:{24008,2380,2379} -- valid-{24008,2380,2379} ||
    { cat "$LABDIR/said"; fail "a port does not answer who may speak to it"; }
for name in used revoked over; do
    on h3 sh -c "echo; cat /data/shown/$name.token" | grep -q gd2-1- || fail "no token $name"
done

say "volume"
for i in 1 2 3; do on h$i mkdir -p /data/b1; done
soon h2 glustercli volume create gv0 replica 3 h1:/data/b1 h2:/data/b1 h3:/data/b1 force || fail create
wait_for 20 knows h3 gv0 || fail "h3 does not learn of gv0"
# Two healers that meet at a directory may both take it for not healed: they look again soon, not after 600 s.
soon h3 glustercli volume set gv0 cluster.heal-timeout 5 || fail "heal-timeout"
soon h3 glustercli volume start gv0 || fail start
on h1 mkdir -p /mnt/gv0
on h1 mount -t glusterfs h1:/gv0 /mnt/gv0 || fail mount
# A client may write behind, and heal a brick that it reached a moment later.
has() { [ "$(on "$1" cat /data/b1/f)" = "$2" ]; }
on h1 sh -c 'echo one >/mnt/gv0/f' || fail write
for i in 1 2 3; do wait_for 30 has h$i one || fail "h$i has no copy"; done

lead=$(leader h1) || fail "h1 sees no leader"
other=$([ "$lead" = h2 ] && echo h3 || echo h2)
say "the leader $lead dies"
if [ "$lead" = h1 ]; then lead=h2; on h1 systemctl kill -s KILL gd2-etcd; boot kill h2; other=h3; else boot kill "$lead"; fi
changed() { on "$other" glustercli volume set gv0 performance.cache-size 33MB; }
wait_for 30 changed || fail "nothing can be changed with two of three"
on h1 sh -c 'echo two >/mnt/gv0/f; cat /mnt/gv0/f' | grep -q two || fail "no I/O with two of three"
on "$other" glustercli volume status gv0 2>&1 | grep -q "$lead" || fail "status does not name $lead"
reads "$other"

say "$lead is back"
boot start 3 >/dev/null || fail "boot of $lead"
cluster_wait h1 3 90
online() { on h1 glustercli volume status gv0 -o json 2>/dev/null | jq -e 'length == 3 and all(.[]; .online)'; }
wait_for 60 online || fail "the bricks are not back"

say "two of three die"
boot kill h2 h3
refused() { on h1 glustercli volume set gv0 performance.cache-size 34MB 2>&1 | grep -q '2 of 3 voters are needed'; }
wait_for 30 refused || fail "a change without quorum is not refused with the arithmetic"
reads h1

say "the survivor recovers the store"
would() { on h1 glustercli cluster recover --dry-run | grep -q 'would be made'; }
wait_for 20 would || fail "dry run"
LIMIT_ON=60 soon h1 glustercli cluster recover --yes || fail recover
changes() { on h1 glustercli volume set gv0 performance.cache-size 35MB; }
wait_for 60 changes || fail "nothing can be changed after the recovery"
boot start 3 >/dev/null || fail boot
cluster_wait h1 3 90
# h1 knows their votes before their own gd2-rest follows the new store.
second() { [ "$(on "$1" glustercli cluster status -o json | jq .epoch)" = 2 ]; }
for i in 2 3; do wait_for 40 second h$i || fail "h$i is not in epoch 2"; done
wait_for 60 online || fail "the bricks are not back"
# A node that does not reach the store yet says what it knew, and since when.
shows() { said=$(on "$1" glustercli volume get gv0 performance.cache-size 2>&1) && grep -q "$2" <<<"$said" && ! grep -q warning: <<<"$said"; }
wait_for 30 shows h3 35MB || fail "h3 missed a change: $said"
wait_for 60 has h3 two || fail "the file is not healed"

say "snapshot"
soon h1 glustercli cluster snapshot save || fail "snapshot save"
soon h1 glustercli cluster snapshot list -o json | jq -e 'length >= 1 and all(.[]; .damaged | not)' >/dev/null || fail "snapshot list"

name=$(soon h1 glustercli cluster snapshot list -o name | head -n 1)
soon h1 glustercli volume set gv0 performance.cache-size 36MB || fail "a change after the snapshot"
on h1 glustercli cluster snapshot restore "$name" --yes 2>"$LABDIR/said" && fail "a snapshot is restored over a quorum"
grep -q 'systemctl stop gd2-etcd on the voters' "$LABDIR/said" || fail "it is not said how to restore: $(cat "$LABDIR/said")"
for i in 1 2 3; do on h$i systemctl stop gd2-etcd; done
back() { on h1 glustercli cluster snapshot restore "$name" --yes; }
wait_for 40 back || fail "the snapshot is not restored"
for i in 2 3 1; do on h$i systemctl start gd2-etcd; done
# Two of the old voters may still be a quorum of the old store: whoever is in the new epoch never takes what they have
# for the truth. What was known before may be shown, with its age, until the new store is reached.
third() { [ "$(on "$1" glustercli cluster status -o json | jq .epoch)" = 3 ]; }
for i in 1 2 3; do
    wait_for 60 third h$i || fail "h$i is not in epoch 3"
    said=$(on h$i glustercli volume get gv0 performance.cache-size 2>&1)
    ! grep -q 36MB <<<"$said" || grep -q 'warning: the store' <<<"$said" || fail "h$i is in epoch 3 and has what was changed after the snapshot: $said"
done
cluster_wait h1 3 90
for i in 1 2 3; do wait_for 30 shows h$i 35MB || fail "h$i does not have what the snapshot has: $said"; done
wait_for 60 online || fail "the bricks are not back"

say "peers leave"
said=$(soon h1 glustercli peer remove h3 --yes 2>&1)
grep -q 'bricks of volume gv0' <<<"$said" || fail "a peer with bricks leaves: $said"
on h1 umount /mnt/gv0
soon h1 glustercli volume stop gv0 --yes && soon h1 glustercli volume delete gv0 --yes || fail delete
# What somebody has who copied its disk before.
copy=$LABDIR/copy
cp -r "$(folder h3)" "$copy" && cp "$(pki h3)"/client.{pem,key} "$copy" || fail "no copy of h3's keys"
LIMIT_ON=70 soon h1 glustercli peer remove h3 --yes | grep 'h3 has had the keys' || fail "h3 does not leave, or takes keys along unsaid"
cluster_wait h1 1
alone() { [ "$(on h3 glustercli peer list -o name)" = h3 ]; }
wait_for 30 alone || fail "h3 is not alone"
# Nor can it, or its disk, sign for the cluster any more.
keys_of() { on "$1" sh -c 'cd /var/lib/gd2/store/pki && find . -mindepth 2 -name "*.key" | cut -d/ -f2 | sort -u'; }
own_keys() { [ "$(keys_of "$1")" = "$(on "$1" jq -r .cluster /var/lib/gd2/store/identity.json)" ]; }
wait_for 30 own_keys h3 || fail "h3 keeps keys of the cluster: $(keys_of h3)"
# What was logged before is in the journal then.
on h3 journalctl --sync
said=$(on h3 journalctl --no-pager -u gd2-store | grep -c 'removed from the cluster\|cluster not left')
[ "$said" = 1 ] || fail "h3 has left the cluster $said times"
own_keys h1 || fail "h1 has keys of another cluster: $(keys_of h1)"
boot kill h2
silent() { [ "$(on h1 glustercli peer show h2 -o json | jq .reachable)" = false ]; }
wait_for 30 silent || fail "h1 does not see that h2 is gone"
# h2 may have had the only vote of two nodes.
said=$(on h1 glustercli peer remove h2 --yes 2>&1) && fail "a dead peer leaves without --force"
grep -q -e --force -e 'the only voter, h2, does not answer' <<<"$said" || fail "a dead peer does not leave: $said"
if ! LIMIT_ON=70 soon h1 glustercli peer remove h2 --force --yes; then
    # Then the survivor goes on by a recovery.
    LIMIT_ON=60 soon h1 glustercli cluster recover --yes || fail "recover with one of two"
    wait_for 30 rest_answers h1
    forced() { LIMIT_ON=70 on h1 glustercli peer remove h2 --force --yes; }
    wait_for 60 forced || fail "h2 is not removed by force"
fi
alone_too() { [ "$(on h1 glustercli peer list -o name)" = h1 ]; }
wait_for 20 alone_too || fail "h1 is not alone"
boot start 3 >/dev/null
forgets() { [ "$(on h2 glustercli peer list -o name)" = h2 ]; }
wait_for 60 forgets || fail "h2 came back and did not learn that it was removed"
cluster_join h2
cluster_wait h1 1

say "who was removed gets nothing"
removed=$LABDIR/h3/data/removed
mkdir -p "$removed" "$LABDIR/h3/data/told"
for end in pem key; do
    cp "$copy/node.$end" "$LABDIR/h3/data/told/told-24008.$end"
    cp "$copy/node.$end" "$removed/revoked-24008.$end"
    cp "$copy/peer.$end" "$removed/revoked-2380.$end"
    cp "$copy/client.$end" "$removed/revoked-2379.$end"
done
peer=$(peer_id h1 h2)
signed "$removed" "$copy/node-ca" 24008 made 20200101000000Z 20400101000000Z
signed "$removed" "$copy/peer-ca" 2380 made 20200101000000Z 20400101000000Z
cp -r "$removed" "$LABDIR/h1/data/"
warns() { on "$1" glustercli doctor | grep 'REMOVED_PEER_HAS_KEYS node h3'; }
wait_for 20 warns h1 || fail "doctor does not warn of h3's keys"
scan h3 /data/told 198.51.100.1:24008 || fail "h3 is told more than that it was removed"
wait_for 60 answers h3 /data/removed 198.51.100.1:{24008,2380} -- {revoked,made}-2380 ||
    { cat "$LABDIR/said"; fail "h3's keys open nothing, so that nothing is tested"; }
on h1 sed -i 's/^exchange-after-removal-seconds.*/exchange-after-removal-seconds = 0/' /etc/gd2/gd2-store.toml
on h1 systemctl restart gd2-store
exchanged() { on h1 glustercli cluster authority show -o json | jq -e '.removed == null and .exchange.phase == "done"'; }
wait_for 120 exchanged || { on h1 glustercli cluster authority show; fail "the authorities are not exchanged by themselves"; }
calm() { said=$(on "$1" glustercli doctor); grep -q 'checks as' <<<"$said" && ! grep -q REMOVED_PEER <<<"$said"; }
for host in h1 h2; do wait_for 20 calm $host || fail "doctor still warns on $host: $said"; done
scan h3 /data/removed 198.51.100.{1,2}:{24008,2380,2379} || fail "the keys of a removed peer open something"
scan h1 /data/removed 127.0.0.1:{24008,2380,2379} || fail "the keys of a removed peer open something on the host itself"
say "done"
