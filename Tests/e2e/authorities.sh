# Both authorities are exchanged: on a node that is alone; on three nodes under load, with their leader killed in between; on four of
# which one is away. Nobody with a certificate of the old ones gets in afterwards.
. Tests/e2e/nodes.sh
STATE=/var/lib/gd2/store
nodes_start 4

pki() { on "$1" bash -c "echo $STATE/pki/\$(jq -r .cluster $STATE/identity.json)"; }
phase() { cli_on "$1" cluster authority show -o json | jq -r '.exchange.phase // "none"'; }
phase_is() { [ "$(phase "$1")" = "$2" ]; }
# gd2-rest gives gd2-store less than a second for the answer: a busy one is asked again.
shown() { said=$(cli_on "$1" cluster authority show -o name) && [ -n "$said" ]; }
names() { local said; wait_for 20 names shown "$1" && echo "$said"; }
value() { cli_on "$1" volume get gv0 "$2" -o json | jq -r '.[0].value'; } # NODE KEY
show() { local i; for i in "$@"; do say "h$i:"; cli_on "$i" cluster authority show; done; }

say "a node that is alone"
before=$(names 4)
cli_on 4 cluster authority exchange --dry-run; [ $? = 3 ] || fail "dry run"
[ "$(names 4)" = "$before" ] || fail "the dry run has changed something"
cli_on 4 cluster authority exchange || fail "exchange on h4"
# Its etcd is started anew in between.
second() { cli_on 4 cluster authority rotate 2>"$E2E_DISK/error"; status=$?; [ $status = 0 ] || grep -q "are being exchanged already" "$E2E_DISK/error"; }
wait_for 20 refusal second || fail "another reason: $(cat "$E2E_DISK/error")"
[ $status != 0 ] || fail "two exchanges at once"

say "joining the others"
joined() { [ "$(cli_on 1 cluster status -o json | jq '.["peers-up"]')" = "$1" ]; }
# The store of one node is started anew to take a second one in.
member() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy)) | length')" = "$1" ]; }
# A change is refused for a moment while members come, are promoted or start anew.
joins() { local line; line=$(cli_on "$2" peer token create) && cli_on "$1" ${line#glustercli }; } # NODE BY
for i in 2 3; do
    wait_for 30 join joins $i 1 || { joins $i 1; fail "h$i does not join"; }
    wait_for 60 "h$i" joined $i || fail "h$i is no peer"
    wait_for 60 "h$i" member $i || fail "h$i is no member"
done
voters() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy and .role != "learner")) | length')" = 3 ]; }
wait_for 60 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
wait_for 30 create cli_on 1 volume create gv0 replica 3 h1:/run/bricks/a h2:/run/bricks/a h3:/run/bricks/a force --create-brick-dir || fail create
wait_for 20 start cli_on 1 volume start gv0 || fail start
makes_token() { token=$(cli_on "$1" peer token create); }
wait_for 20 token makes_token 1 || fail "peer token create"
wait_for 60 h4 phase_is 4 done || { show 4; fail "the exchange on h4 does not end"; }
for one in $(names 4); do ! grep -q "$one" <<<"$before" || fail "h4 still trusts $one"; done
[ "$(names 4 | wc -l)" = 2 ] || fail "h4 trusts more than two authorities"

say "the store is restored to what it was before an exchange"
wait_for 20 snapshot cli_on 4 cluster snapshot save || fail "snapshot save"
listed() { snapshot=$(cli_on 4 cluster snapshot list -o name | head -n 1) && [ -n "$snapshot" ]; }
wait_for 20 snapshots listed || fail "no snapshot is listed"
past=$(names 4)
wait_for 20 exchange cli_on 4 cluster authority exchange || fail "exchange on h4"
another() { phase_is 4 'done' && ! names 4 | grep -qF "$past"; }
wait_for 60 "another exchange" another || { show 4; fail "the second exchange on h4 does not end"; }
before=$(names 4)
cli_on 4 cluster snapshot restore "$snapshot" --yes || fail "snapshot restore"
epoch() { [ "$(cli_on 4 cluster status -o json | jq .epoch)" = 2 ]; }
wait_for 60 "the restored store" epoch || { cli_on 4 cluster status; fail "h4 is not in epoch 2"; }
third() { another && ! names 4 | grep -qF "$before"; }
wait_for 60 "a third exchange" third || { show 4; cli_on 4 cluster status; fail "h4 follows an exchange of the past"; }
[ "$(names 4 | wc -l)" = 2 ] || fail "h4 trusts more than two authorities"
wait_for 20 "a change" cli_on 4 volume set all cluster.server-quorum-ratio 51 || fail "no change after the restore"
wait_for 20 token cli_on 4 peer token create || fail "h4 cannot let others in after the restore"

say "three nodes under load"
old=$E2E_DISK/old
on 1 cp -r "$(pki 1)" "$old" || fail "no certificates"
before=$(names 1)
mkdir "$E2E_DISK/load"
writes() { # NODE: sets one option to 1, 2, 3, …; a change that fails is tried again for 40 s
    local n=0 end
    while [ ! -e "$E2E_DISK/load/stop" ]; do
        n=$((n + 1)); end=$((SECONDS + 40))
        until cli volume set gv0 "user.h$1" $n >>"$E2E_DISK/load/w$1.log" 2>&1; do
            echo "try again: $n" >>"$E2E_DISK/load/w$1.log"
            [ $SECONDS -lt $end ] || { echo "$n was not taken for 40 s" >>"$E2E_DISK/load/failed"; return; }
            sleep 0.2
        done
        echo $n >"$E2E_DISK/load/acked$1"
        sleep 0.3
    done
}
reads() { # NODE
    local what
    while [ ! -e "$E2E_DISK/load/stop" ]; do
        for what in volumes volumes/gv0 peers cluster; do
            curl -sS -f --max-time 8 --unix-socket /run/gd2/rest.sock "http://x/v1/$what" >/dev/null 2>>"$E2E_DISK/load/r$1.log" ||
                echo "h$1: $what was not answered" >>"$E2E_DISK/load/failed"
            echo >>"$E2E_DISK/load/reads$1"
        done
        sleep 0.2
    done
}
export -f writes reads
loads=()
for i in 1 2 3; do
    on $i writes $i & loads+=($!)
    on $i reads $i & loads+=($!)
done
began=$SECONDS
# Each is looked at from before it begins: it runs for some seconds.
says() { cli_on "$1" cluster status -o json | jq -e '.["authority-exchange"].phase'; }
watching=()
for i in 1 2 3; do wait_for 60 h$i says $i & watching+=($!); done
wait_for 20 exchange cli_on 2 cluster authority exchange || fail exchange
for i in 1 2 3; do wait "${watching[i - 1]}" || { show $i; fail "h$i does not say that it runs"; }; done
begun() { case $(phase 1) in trusting | issuing | retiring) ;; *) return 1 ;; esac; }
wait_for 20 begun begun || { show 1; fail "it does not begin"; }
leader() { cli_on "$1" cluster members -o json | jq -r '.members[] | select(.role == "leader").name[1:]'; }
# There is none for a moment when the lead goes from one to another.
leads() { local i; for i in 1 2 3; do killed=$(leader $i); [ -z "$killed" ] || return 0; done; return 1; }
wait_for 20 "a leader" leads || { cli_on 1 cluster members; fail "nobody leads"; }
say "killing the leader, h$killed, in phase $(phase 1)"
on "$killed" node_kill gd2-etcd
on "$killed" node_kill gd2-store
wait_for 20 issuing phase_is $((killed % 3 + 1)) issuing || show 1 2 3
for i in 1 2 3; do wait_for 150 done phase_is $i 'done' || { show 1 2 3; cli_on $i cluster status; fail "the exchange does not end on h$i"; }; done
say "it took $((SECONDS - began)) s"
sleep 1
touch "$E2E_DISK/load/stop"
wait "${loads[@]}"
[ ! -e "$E2E_DISK/load/failed" ] || { cat "$E2E_DISK"/load/failed; cat "$E2E_DISK"/load/*.log | tail -n 20; fail "not all was answered"; }
for i in 1 2 3; do
    acked=$(cat "$E2E_DISK/load/acked$i")
    for j in 1 2 3; do
        same() { [ "$(value $j "user.h$i")" = "$acked" ]; }
        wait_for 20 same same || fail "h$j has $(value $j "user.h$i") of h$i, $acked was acknowledged"
    done
    say "h$i: $acked changes, $(grep -c "try again" "$E2E_DISK/load/w$i.log") tried again; $(wc -l <"$E2E_DISK/load/reads$i") reads"
done

say "what is left of the old ones"
show 1
for i in 1 2 3; do
    folder=$(pki $i)
    for one in node-ca peer-ca; do
        [ "$(on $i grep -c BEGIN "$folder/$one.pem")" = 1 ] || fail "h$i trusts several by $one.pem"
        secret=$(sed -n 2p "$old/$one.key")
        ! on $i grep -rqF "$secret" $STATE || fail "h$i has the old $one.key"
    done
    for one in $(names $i); do ! grep -q "$one" <<<"$before" || fail "h$i still trusts $one"; done
done
shake() { # NODE ADDRESS CERTIFICATE: whether TLS is agreed on. With 1.2 the client hears of it in the handshake.
    on "$1" openssl s_client -brief -tls1_2 -connect "$2" -cert "$3.pem" -key "$3.key" -alpn h2 </dev/null 2>&1 | tee "$E2E_DISK/shake" | grep -q "CONNECTION ESTABLISHED"
}
for i in 1 2 3; do
    folder=$(pki $i)
    wait_for 10 24008 shake 2 10.9.0.$i:24008 "$(pki 2)/node" || fail "24008 of h$i refuses the new certificate"
    wait_for 10 2380 shake 2 10.9.0.$i:2380 "$(pki 2)/peer" || fail "2380 of h$i refuses the new certificate"
    wait_for 10 2379 shake $i 127.0.0.1:2379 $STATE/pki/client || fail "2379 of h$i refuses its own client"
    for one in node peer; do
        for port in 10.9.0.$i:24008 10.9.0.$i:2380 127.0.0.1:2379; do
            ! shake $i $port "$old/$one" || { cat "$E2E_DISK/shake"; fail "h$i lets the old $one.pem in at $port"; }
        done
    done
done
cli_on 4 ${token#glustercli } 2>"$E2E_DISK/error" && fail "a token from before lets h4 in"
grep -q "made before the cluster's authorities were exchanged" "$E2E_DISK/error" || fail "another reason: $(cat "$E2E_DISK/error")"

say "four nodes, one of which is away"
wait_for 30 join joins 4 3 || { joins 4 3; fail "h4 does not join"; }
wait_for 60 h4 joined 4 || fail "h4 is no peer"
cut 3
away() { cli_on "$1" peer list -o json | jq -e 'any(.name == "h3" and (.online | not))'; }
for i in 1 4; do wait_for 30 away away $i || fail "h$i does not see that h3 is away"; done
before=$(names 1)
# h3 may have led.
exchanged() { cli_on 4 cluster authority exchange >"$E2E_DISK/said" 2>&1; }
wait_for 30 exchange exchanged || { cat "$E2E_DISK/said"; fail "exchange on h4"; }
grep "it waits until h3 answers" "$E2E_DISK/said" || fail "it is not said that h3 is away"
waits() { cli_on 1 cluster authority show | grep "Waiting for: h3: it does not answer: start it, or, when it is gone for ever, glustercli peer remove h3 --force"; }
wait_for 40 waits waits || { show 1; fail "it does not wait for h3"; }
wait_for 20 "a change" cli_on 1 volume set gv0 user.x 1 || fail "no change while it waits"
wait_for 10 trusting phase_is 1 trusting || fail "it goes on without h3: $(phase 1)"
mend 3
for i in 1 2 3 4; do wait_for 150 done phase_is $i 'done' || { show 1 2 3 4; fail "the exchange does not end on h$i"; }; done
for i in 1 2 3 4; do
    for one in $(names $i); do ! grep -q "$one" <<<"$before" || fail "h$i still trusts $one"; done
    kept() { [ "$(value $i user.x)" = 1 ]; }
    wait_for 20 "the change" kept || fail "h$i lost a change"
done
cli_on 1 cluster status
say "done"
