# Three nodes of the version before this one become the next one's, program by program, while a mount does I/O and every
# node's API changes options: nothing fails, no acknowledged change is lost, gates open with the last program, a
# field that older programs do not know survives their changes. Then one node is set back: it is refused, the others go on.
. Tests/e2e/nodes.sh
[ -x "$BIN/gd2-other-build" ] || fail "no $BIN/gd2-other-build: swift build --product gd2-other-build"

# Each node has its own programs: a file beside each says of which build it is.
PROGRAMS="gd2-store gd2-pmap gd2-brickd gd2-rest"
for i in 1 2 3; do
    mkdir -p "$E2E_DISK/h$i/bin"
    for name in $PROGRAMS; do
        echo previous >"$E2E_DISK/h$i/bin/$name.build"
        cat >"$E2E_DISK/h$i/bin/$name" <<WRAPPER
#!/bin/sh
build=\$(cat "$E2E_DISK/h$i/bin/$name.build")
[ "\$1" != run-etcd ] && [ "\$build" != this ] || exec "$BIN/$name" "\$@"
exec "$BIN/gd2-other-build" "\$build" $name "\$@"
WRAPPER
        chmod +x "$E2E_DISK/h$i/bin/$name"
    done
done
nodes_start 3

install() { # NODE BUILD PROGRAM...: as a package does it, the unit is restarted
    local i=$1 build=$2 name pid; shift 2
    for name in "$@"; do
        echo "$build" >"$E2E_DISK/h$i/bin/$name.build"
        pid=$(on "$i" cat "/run/gd2-node/$name.pid")
        on "$i" kill "$pid"
        restarted() { [ "$(on "$i" cat "/run/gd2-node/$name.pid")" != "$pid" ]; }
        wait_for 20 restarted restarted || fail "$name of h$i does not stop"
        wait_for 30 ready on "$i" node_ready || fail "h$i is not ready with $name of $build"
    done
}
schema() { cli_on "${1:-1}" cluster version -o json 2>/dev/null | jq .version; }
option() { # NODE FIELD: of gv0's record in the store
    local id
    id=$(cli_on 1 volume info gv0 -o json | jq -r '(arrays[0] // .).id')
    on "$1" env ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock get --print-value-only \
        "/gluster/$(on "$1" jq -r .cluster /var/lib/gd2/store/identity.json)/volumes/$id/options" | jq -r ".$2 // empty"
}

say "three nodes of the previous version"
for i in 2 3; do
    join() { local line; line=$(cli_on 1 peer token create) && cli_on $i ${line#glustercli }; }
    wait_for 30 join join || fail "h$i does not join"
    wait_for 60 voters on 1 sh -c "[ \$('$BIN/glustercli' cluster members -o json | jq '.members | map(select(.healthy)) | length') = $i ]" || fail "h$i is no member"
done
well() { [ "$(cli_on 1 cluster status -o json | jq '[.degraded, .quorum["voters-up"]] | tostring')" = '"[false,3]"' ]; }
wait_for 60 well well || { cli_on 1 cluster status; fail "the cluster is not well"; }
[ "$(schema)" = 1 ] || fail "schema $(schema)"
cli_on 1 volume create gv0 replica 3 h1:/run/bricks/a h2:/run/bricks/a h3:/run/bricks/a force --create-brick-dir || fail create
cli_on 1 volume start gv0 || fail start
on 1 mount -t glusterfs h1:/gv0 /run/mnt || fail mount

say "load"
mkdir "$E2E_DISK/load"
on 1 python3 - "$E2E_DISK/load" <<'PY' &
import os, sys, time
folder, n, longest = sys.argv[1], 0, 0.0
try:
    while not os.path.exists(folder + "/stop"):
        began, text = time.monotonic(), b"%d" % n
        with open("/run/mnt/f%d" % (n % 7), "wb") as f:
            f.write(text)
            os.fsync(f.fileno())
        if open("/run/mnt/f%d" % (n % 7), "rb").read() != text:
            raise OSError("another content was read")
        n, longest = n + 1, max(longest, time.monotonic() - began)
        with open(folder + "/io.new", "w") as f:
            f.write("%d cycles, the longest %d ms" % (n, longest * 1000))
        os.rename(folder + "/io.new", folder + "/io")
        time.sleep(0.02)
except OSError as error:
    open(folder + "/failed", "w").write(repr(error))
PY
writer=$!
change() { # NODE: option user.hN = 1, 2, ... through its API; what was acknowledged last is in load/hN
    local i=$1 n=0
    while [ ! -e "$E2E_DISK/load/stop" ]; do
        n=$((n + 1))
        if cli_on "$i" volume set gv0 "user.h$i" $n >/dev/null 2>"$E2E_DISK/load/error$i"; then
            echo $n >"$E2E_DISK/load/h$i.new" && mv "$E2E_DISK/load/h$i.new" "$E2E_DISK/load/h$i"
        else
            cat "$E2E_DISK/load/error$i" >>"$E2E_DISK/load/errors$i"
        fi
        sleep 0.3
    done
}
for i in 1 2 3; do echo 0 >"$E2E_DISK/load/h$i"; change $i & changers[i]=$!; done
acknowledged() { cat "$E2E_DISK/load/h$1"; }
advance() { # NODE...: each acknowledges two more changes
    local i from
    for i in "$@"; do
        from=$(acknowledged "$i")
        further() { [ "$(acknowledged "$i")" -ge $((from + 2)) ]; }
        wait_for 60 changes further || fail "h$i acknowledges no changes: $(cat "$E2E_DISK/load/error$i")"
    done
    [ ! -e "$E2E_DISK/load/failed" ] || fail "I/O: $(cat "$E2E_DISK/load/failed")"
}
advance 1 2 3
thin() { # NODE: makes a volume with a thin arbiter, which needs schema 2
    cli_on "$1" volume create tv replica 2 thin-arbiter 1 h1:/run/bricks/t h2:/run/bricks/t h3:/run/bricks/ta force \
        --create-brick-dir >"$E2E_DISK/out" 2>&1
}
refused() { # NODE TEXT
    thin "$1" && fail "a thin arbiter is made while older programs are there"
    grep -q "thin-arbiter needs schema 2" "$E2E_DISK/out" && grep -q "$2" "$E2E_DISK/out" || fail "refusal of h$1: $(cat "$E2E_DISK/out")"
    say "h$1: $(cat "$E2E_DISK/out")"
}
refused 1 "upgrade this node"
exchange_refused() { # NODE TEXT
    cli_on "$1" cluster authority exchange >"$E2E_DISK/out" 2>&1 && fail "the authorities are exchanged while older programs are there"
    # Of the other programs gd2-store learns at another time than gd2-rest.
    why() {
        ! cli_on "$1" cluster authority exchange >"$E2E_DISK/out" 2>&1 &&
            grep -q "authority-exchange needs schema 2" "$E2E_DISK/out" && grep -q "$2" "$E2E_DISK/out"
    }
    wait_for 20 reason why "$1" "$2" || fail "refusal of h$1: $(cat "$E2E_DISK/out")"
}
exchange_refused 1 "upgrade this node"

say "h1 is upgraded"
install 1 next $PROGRAMS
# What it says of itself is in the store within a second or two.
waits() { thin 1; grep -q 'as older programs are there: h2 (gd2-brickd .*gd2-store .*h3 (' "$E2E_DISK/out"; }
wait_for 20 waits waits || fail "refusal of h1: $(cat "$E2E_DISK/out")"
refused 1 "h2 (gd2-brickd .*-previous.*); h3\|h2 (gd2-brickd .*-previous.*), h3"
exchange_refused 1 "h3 (gd2-brickd"
[ "$(schema)" = 1 ] || fail "schema $(schema)"
noted() { [ "$(option 1 note)" = 0.1.0-next ]; }
wait_for 30 note noted || fail "the next version writes no field of its own"
doctor_finds() { cli_on "$1" doctor -o json | jq -e "any(.findings[]; .code == \"$2\" and $3)"; }
wait_for 30 doctor doctor_finds 1 VERSIONS_MIXED '(.why | contains("-next on h1"))' || { cli_on 1 doctor; fail "doctor does not find two versions"; }
advance 2 3
noted || fail "a change by an older node takes a newer one's field away"
[ -z "$(option 1 gatedNote)" ] || fail "the next version writes what is behind its gate"

say "h2, and h3 but for its gd2-rest"
install 2 next $PROGRAMS
install 3 next gd2-store gd2-pmap gd2-brickd
only() { thin 1; grep -q 'are there: h3 (gd2-rest [^,]*)' "$E2E_DISK/out" && ! grep -q 'h2 (' "$E2E_DISK/out"; }
wait_for 30 only only || fail "not only gd2-rest of h3 holds the gate: $(cat "$E2E_DISK/out")"
cli_on 2 cluster version
cli_on 2 cluster status | grep '^Schema\|^Warning' || fail "status has no schema"
[ "$(schema)" = 1 ] && [ -z "$(option 1 gatedNote)" ] || fail "the gate is open before the last program is replaced"
advance 1 2 3

say "the last program"
install 3 next gd2-rest
opened() { [ "$(schema 3)" = 3 ] && [ "$(option 1 gatedNote)" = 0.1.0-next ]; }
wait_for 40 opened opened || { cli_on 1 cluster version; fail "the gates stay closed"; }
exchanges() { cli_on 3 cluster authority exchange --dry-run; [ $? = 3 ]; }
wait_for 20 exchange exchanges || { exchanges; fail "no exchange with schema 3"; }
wait_for 20 thin thin 3 || fail "no thin arbiter with schema 3: $(cat "$E2E_DISK/out")"
wait_for 20 h1 cli_on 1 volume info tv || fail "h1 does not know what h3 made"
cli_on 1 volume delete tv --yes || fail delete
advance 1 2 3
cli_on 1 cluster version

leader() { cli_on "$1" cluster members -o json | jq -r '.members[] | select(.role == "leader") | .name'; }
# On a busy host etcd may just be electing.
known() { lead=$(leader 1) && [ -n "$lead" ]; }
wait_for 30 leader known || { cli_on 1 cluster members; fail "nobody leads"; }
back=${lead#h}; other=$((back % 3 + 1))
say "$lead, which leads, is set back to this version"
kept=$(option 1 gatedNote)
install "$back" this $PROGRAMS
denied() {
    cli_on "$back" volume set gv0 user.x 1 >"$E2E_DISK/out" 2>&1; status=$?
    [ $status = 7 ] && grep -q "downgrade across a gate refused: gd2-.* 0.1.0 reads schemas 1 to 2 of the store, which is in schema 3" "$E2E_DISK/out"
}
wait_for 30 denied denied || fail "status $status: $(cat "$E2E_DISK/out")"
say "$(cat "$E2E_DISK/out")"
wait_for 20 word on "$back" grep -q "store's schema refused" /run/gd2-node/gd2-store.log || fail "gd2-store of $lead says nothing"
reads() { [ "$(cli_on "$back" volume list -o name 2>/dev/null)" = gv0 ]; }
wait_for 20 reads reads || fail "reads do not go on at $lead"
led() { local now; now=$(leader "$other") && [ -n "$now" ] && [ "$now" != "$lead" ]; }
wait_for 40 led led || { cli_on "$other" cluster members; fail "$lead leads on"; }
advance "$other" $((other % 3 + 1))
shown() { cli_on "$other" cluster version -o json | jq -e --arg name "$lead" 'any(.nodes[]; .name == $name and any(.programs[]; .refused))'; }
wait_for 30 shown shown || { cli_on "$other" cluster version; fail "the others do not show that $lead is refused"; }
wait_for 30 doctor doctor_finds "$other" BUILD_REFUSED ".name == \"$lead\"" || { cli_on "$other" doctor; fail "doctor does not find that $lead is refused"; }
cli_on "$other" cluster status | grep '^Warning'
[ "$(schema "$other")" = 3 ] && [ "$(option "$other" gatedNote)" = "$kept" ] || fail "the schema was lowered"
online() { cli_on "$other" volume status gv0 -o json | jq -e 'length == 3 and all(.[]; .online)'; }
wait_for 40 online online || { cli_on "$other" volume status gv0; fail "a brick is down"; }

say "h4 is of this version as well: nobody takes it in, and $lead takes in nobody"
node_boot 4
wait_for 60 h4 test -e "$E2E_DISK/h4/ready" || { cat "$E2E_DISK/h4/log"; fail "h4 does not start"; }
made() { line=$(cli_on "$other" peer token create); }
wait_for 20 token made || { made; fail "peer token create"; }
cli_on 4 ${line#glustercli } 2>"$E2E_DISK/out" && fail "h$other takes an older build in"
grep -q "cannot read schema 3 of this cluster's store: install 0.1.0-next or newer there" "$E2E_DISK/out" || fail "another reason: $(cat "$E2E_DISK/out")"
say "h$other: $(cat "$E2E_DISK/out")"
line=$(cli_on 4 peer pair) || fail "peer pair"
cli_on "$back" ${line#glustercli } 2>"$E2E_DISK/out" && fail "$lead, which is refused, takes a node in"
grep -q "downgrade across a gate refused" "$E2E_DISK/out" || fail "another reason: $(cat "$E2E_DISK/out")"
say "$lead: $(cat "$E2E_DISK/out")"
[ "$(cli_on 4 peer list -o json | jq length)" = 1 ] || fail "h4 is in a cluster"

say "and $lead is upgraded again"
install "$back" next $PROGRAMS
advance 1 2 3

touch "$E2E_DISK/load/stop"
wait "$writer" "${changers[@]}"
[ ! -e "$E2E_DISK/load/failed" ] || fail "I/O: $(cat "$E2E_DISK/load/failed")"
say "I/O: $(cat "$E2E_DISK/load/io")"
for i in 1 2 3; do
    last=$(acknowledged $i)
    has() { got=$(cli_on 1 volume get gv0 "user.h$i" -o json | jq -r '.. | .value? // empty' | head -n 1); [ "${got:-0}" -ge "$last" ]; }
    wait_for 20 h1 has || fail "h$i: $last was acknowledged, and the store has ${got:-nothing}"
    say "h$i: $last acknowledged, the store has $got; not acknowledged, mostly while its own programs were replaced: $(sort "$E2E_DISK/load/errors$i" 2>/dev/null | uniq -c | tr '\n' ';' | head -c 300)"
done
on 1 umount /run/mnt
say "done"
