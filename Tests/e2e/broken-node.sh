# What a node may meet: a port that is taken, programs that are missing, damaged views, disks that are
# full or read-only, wrong modes, files of gd2-store that are damaged or gone, connections of nobody. Each is named in the log of who meets it, the other daemons go on,
# and when the cause is gone all is well again, without a start by hand.
. Tests/e2e/node.sh
mkdir -p /run/bricks/b{1,2,3} /run/mnt
lines() { wc -l <"$RUN/$1.log" 2>/dev/null || echo 0; }
mark() { local name; for name in gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest; do echo $(($(lines $name) + 1)) >"/run/mark-$name"; done; }
# NAME PATTERN: the log of NAME says so since mark.
says() {
    said() { tail -n +"$(cat "/run/mark-$1")" "$RUN/$1.log" | grep -q -- "$2"; }
    wait_for "${3:-40}" said said "$1" "$2" ||
        { tail -n +"$(cat "/run/mark-$1")" "$RUN/$1.log" | tail -n 20; fail "$1 does not say $2"; }
}
changes() { cli volume set gv0 user.n "$RANDOM" --timeout 5; }
reads() { cli volume list -o name | grep -qx gv0; }
online() { cli volume status gv0 -o json | jq -e 'length > 0 and all(.[]; .online and (.stale | not))'; }
well() { # WHAT
    wait_for 40 changes changes || { cli volume set gv0 user.n 1; tail -n 5 "$RUN"/*.log; fail "$1: no changes"; }
    wait_for 40 online online || { cli volume status gv0; tail -n 5 "$RUN"/*.log; fail "$1: not online"; }
    echo "$1" >/run/mnt/f && [ "$(cat /run/mnt/f)" = "$1" ] || fail "$1: the mount"
    fresh() { umount /run/new 2>/dev/null; mkdir -p /run/new && mount -t glusterfs 127.0.0.1:/gv0 /run/new && [ "$(cat /run/new/f)" = "$1" ]; }
    wait_for 40 mount fresh "$1" || { tail -n 5 "$RUN"/*.log; fail "$1: no new mount"; }
    umount /run/new
    say "$1: well"
}
again() { node_hold "$1"; node_release "$1"; }
# What tries again and again may have a file open there just now.
uncover() { wait_for 20 umount umount "$1" || fail "umount $1"; }

node_start
cli volume create gv0 replica 3 localhost:/run/bricks/b{1,2,3} force || fail create
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
well "as it should be"

mark; node_hold gd2-pmap
python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 24007)); time.sleep(600)' & taker=$!
wait_for 10 taken timeout 1 bash -c '</dev/tcp/127.0.0.1/24007' || fail "24007 is not taken"
node_release gd2-pmap
says gd2-pmap "24007 is in use"
reads && wait_for 20 changes changes || fail "others do not go on without gd2-pmap"
kill $taker
well "a port in use"

mark; node_hold gd2-etcd; again gd2-store
wait_for 20 role test -s /var/lib/gd2/store/role.json
mount --bind /dev/null /usr/bin/etcd
node_release gd2-etcd
says gd2-etcd "cannot run /usr/bin/etcd"
reads || fail "no reads without etcd"
uncover /usr/bin/etcd
well "etcd missing"

mark; mount --bind /dev/null /usr/sbin/glusterfsd
kill -9 "$(pgrep -f 'run-bricks-b1' | head -1)"
says gd2-brickd "/usr/sbin/glusterfsd"
why() { cli volume status gv0 | grep -q "glusterfsd"; }
wait_for 20 status why || fail "the status does not say why: $(cli volume status gv0)"
wait_for 20 changes changes && echo x >/run/mnt/g || fail "others do not go on without glusterfsd"
uncover /usr/sbin/glusterfsd
# As after a failed start by hand: the operator asks for another try.
wait_for 3 online online || cli volume start gv0 force || fail "start force"
well "glusterfsd missing"

for name in pmap brickd rest; do
    for damage in cut bent empty folder; do
        mark; node_hold gd2-$name; view=/var/lib/gd2/$name/view
        case $damage in
        cut) truncate -s 200 $view ;;
        bent) printf X | dd of=$view bs=1 seek=150 conv=notrunc status=none ;;
        empty) : >$view ;;
        folder) rm $view && mkdir $view ;;
        esac
        node_release gd2-$name
        says gd2-$name "last view not readable.*$view"
        [ $damage != folder ] || { says gd2-$name "last view not written.*$view"; rmdir $view; }
        written() { [ -f $view ] && [ "$(head -c 10 $view)" = gd2-view-1 ]; }
        wait_for 30 written written || fail "$view is not written anew"
    done
    well "a damaged view of gd2-$name"
done

for name in pmap brickd rest; do
    mark; folder=/var/lib/gd2/$name
    mount --bind $folder $folder && mount -o remount,ro,bind $folder || fail "read-only"
    again gd2-$name
    # What it then has to write.
    wait_for 20 changes changes || fail "no changes with a read-only disk under gd2-$name"
    says gd2-$name "Read-only file system"
    well "a read-only disk under gd2-$name"
    revision=$(jq -r .revision < <(tail -n +2 $folder/view))
    uncover $folder
    current() { base64 -w0 $folder/view >/dev/null; [ "$(jq -r .revision < <(tail -n +2 $folder/view))" -ge "$1" ]; }
    # What was not written is written without another change.
    wait_for 30 current current $((revision + 1)) || fail "$folder/view stays old"
done

for name in pmap brickd; do
    mark; folder=/var/lib/gd2/$name
    node_hold gd2-$name
    cp -a $folder /run/kept
    mount -t tmpfs -o size=64k,mode=0755 full $folder
    head -c 64K /dev/zero >$folder/filler 2>/dev/null
    node_release gd2-$name
    says gd2-$name "No space left on device"
    well "a full disk under gd2-$name"
    rm $folder/filler
    written() { [ -s $folder/view ]; }
    wait_for 30 written written || fail "$folder/view is not written when there is room"
    uncover $folder; rm -rf /run/kept
    again gd2-$name
    well "room again under gd2-$name"
done

store=/var/lib/gd2/store
mark; mount --bind $store $store && mount -o remount,ro,bind $store || fail "read-only"
again gd2-etcd; again gd2-store
says gd2-etcd "Read-only file system"
reads || fail "no reads with a read-only disk under the store"
cli volume set gv0 user.n 1 --timeout 20 2>&1 | grep -q "store" || fail "a change does not say why it is refused"
echo x >/run/mnt/g || fail "no I/O with a read-only disk under the store"
uncover $store
well "a read-only disk under the store"

mark; for name in gd2-etcd gd2-store; do node_hold $name; done
mkdir /run/kept; mount -t tmpfs -o size=400m,mode=0755 full /run/kept
cp -a $store/. /run/kept/ && mount --move /run/kept $store || fail "a small disk for the store"
node_release gd2-store; node_release gd2-etcd
wait_for 60 changes changes || fail "the store does not run on its small disk"
cat /dev/zero >$store/filler 2>/dev/null
# One that is refused for another reason does not count.
fill() { cli volume set gv0 user.n "$(head -c 60000 /dev/zero | tr '\0' x)$RANDOM" --timeout 5; ! changes && said gd2-etcd "no space left on device"; }
wait_for 200 full fill || fail "a full disk takes changes for ever"
reads || fail "no reads with a full disk under the store"
echo x >/run/mnt/g || fail "no I/O with a full disk under the store"
rm $store/filler
well "a full disk under the store"

mark; node_hold gd2-store; identity=/var/lib/gd2/store/identity.json
cp $identity /run/identity.json
printf '{"schema":1,' >$identity
node_release gd2-store
says gd2-store "$identity is damaged"
reads || fail "no reads while gd2-store does not start"
cat /run/identity.json >$identity
well "a damaged identity"
for wrong in "chmod 000" "chown nobody"; do
    mark; node_hold gd2-store
    chmod 600 $identity; $wrong $identity
    node_release gd2-store
    says gd2-store "$identity is there, but cannot be read"
    reads || fail "no reads while gd2-store does not start"
    chown root $identity; chmod 644 $identity
    well "$wrong identity.json"
done
cmp $identity /run/identity.json || fail "the identity is another one"

bricks() { pgrep -f 'glusterfsd.*run-bricks' | sort; }
ran=$(bricks)
[ "$(wc -l <<<"$ran")" = 3 ] || fail "not three bricks: $ran"
run_on() { # WHAT: brickd has had time to end them
    sleep 8
    [ "$(bricks)" = "$ran" ] || fail "$1: bricks were ended"
    echo x >/run/mnt/g && reads || fail "$1: no I/O, or no reads"
}
mark; node_hold gd2-store; rm $identity
node_release gd2-store
says gd2-store "$store/identity.json is missing, and $store/"
run_on "a lost identity"
cat /run/identity.json >$identity
well "an identity that was put back"

mark; for name in gd2-etcd gd2-store; do node_hold $name; done
printf '{' >$store/role.json; printf junk >$store/place.json
node_release gd2-etcd
says gd2-etcd "$store/role.json is damaged"
node_release gd2-store
says gd2-store "role file not readable, written anew.*$store/role.json"
says gd2-store "place of the state not readable.*$store/place.json"
well "a damaged role and place"
mark; node_hold gd2-etcd; printf '{' >$store/role.json
node_release gd2-etcd
says gd2-store "role file not readable, written anew"
well "a role that is damaged while gd2-store runs"

mark; node_hold gd2-store; rm $store/pki/client-ca.key
node_release gd2-store
says gd2-store "etcd is started anew to trust gd2-store"
well "a lost key of the authority between gd2-store and etcd"

snapshot() { cli cluster snapshot save; }
wait_for 20 snapshot snapshot || fail "no snapshot"
listed() { taken=$(cli cluster snapshot list -o name | head -n 1) && [ -n "$taken" ]; }
wait_for 20 snapshot listed || fail "no snapshot is listed"
ran_once() { jq -e .hasRun $store/member.json && jq -e .hasRun $store/role.json && jq -e .hasStore $identity; }
wait_for 20 ran ran_once || fail "that etcd has run is not known"
data() { echo "$store/$(jq -r .dataDirectory $store/member.json)"; }
tells() { { cli cluster status; cli volume set gv0 user.n 1 --timeout 2; } 2>&1 | grep -q -- "$1"; }
back() { cli cluster snapshot restore "$taken" --yes; }
mark; node_hold gd2-etcd; lost=$(data); mv "$lost" $store/kept
node_release gd2-etcd
says gd2-etcd "$lost has no data of etcd's any more"
says gd2-store "data of the store is gone"
wait_for 20 status tells "no data of etcd's any more" || { cli cluster status; fail "it is not said that the data is gone"; }
run_on "lost data of etcd"
again gd2-store
wait_for 20 status tells "no data of etcd's any more" || { cli cluster status; fail "after a restart it is not said that the data is gone"; }
mv $store/kept "$lost"
well "data of etcd that was put back"
mark; node_hold gd2-etcd; rm -rf "$lost"
node_release gd2-etcd
says gd2-etcd "$lost has no data of etcd's any more"
run_on "lost data of etcd, again"
wait_for 20 restore back || { back; fail "the snapshot is not restored"; }
well "a snapshot after the loss of etcd's data"

# As where an older version wrote the files: the empty store comes up, and is nobody's.
mark; for name in gd2-etcd gd2-store; do node_hold $name; done
rm -rf "$(data)"
jq 'del(.hasRun)' $store/member.json >/run/member.json && cat /run/member.json >$store/member.json
rm -f $store/role.json
node_release gd2-store; node_release gd2-etcd
says gd2-store "has nothing of cluster"
wait_for 20 status tells "has nothing of cluster" || { cli cluster status; fail "it is not said that the store is empty"; }
run_on "an empty store"
mark; again gd2-brickd; again gd2-store
run_on "an empty store after restarts"
wait_for 20 restore back || { back; fail "the snapshot is not restored over an empty store"; }
well "a snapshot after an empty store"

mark
python3 -c 'import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
held = [socket.create_connection(("127.0.0.1", 24008)) for _ in range(2000)]
print("held", flush=True); time.sleep(600)' >/run/idle & idle=$!
held() { grep -q held /run/idle; }
wait_for 40 held held || fail "2,000 connections do not come in"
open_at_store() { ss -Htn state established '( sport = :24008 )' | wc -l; }
few() { [ "$(open_at_store)" -le 300 ]; }
none() { [ "$(open_at_store)" -le 5 ]; }
wait_for 5 few few || fail "$(open_at_store) idle connections are kept"
says gd2-store "connections refused"
wait_for 20 none none || fail "$(open_at_store) connections without a handshake are kept"
kill $idle
well "idle connections to 24008"
node_stop
umount $store
say "done"
