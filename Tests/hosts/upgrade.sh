# Three hosts of the version before this one, whose units are replaced by this version's one host
# after another, as a package does it, while each host's mount does I/O and each host's API changes
# options: no I/O fails, no brick ends, no acknowledged change is lost, and the gates open with the
# last host. Then the first host's units are set back: refused, and well again with this version.
. Tests/hosts/library
UNITS="gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest"
[ -x "$BIN/gd2-other-build" ] || fail "no $BIN/gd2-other-build: swift build --product gd2-other-build"
Tests/hosts/install-program "$BIN/gd2-other-build" "$LABDIR/image/usr/sbin/gd2-other-build" "$LABDIR/image" /usr/lib/gd2
for name in gd2-store gd2-pmap gd2-brickd gd2-rest; do
    mkdir -p "$LABDIR/image/etc/systemd/system/$name.service.d"
    printf '[Service]\nExecStart=\nExecStart=/usr/sbin/gd2-other-build previous %s\n' $name \
        >"$LABDIR/image/etc/systemd/system/$name.service.d/previous.conf"
done
restart() { LIMIT_ON=60 on "$1" sh -c "systemctl daemon-reload && systemctl restart $UNITS"; }
upgrade() { on "$1" sh -c 'mkdir -p /data/old && mv /etc/systemd/system/gd2-*.service.d /data/old/' && restart "$1"; }
set_back() { on "$1" sh -c 'mv /data/old/gd2-*.service.d /etc/systemd/system/' && restart "$1"; }
schema() { soon "$1" glustercli cluster version -o json | jq .version; }
bricks() { on "$1" pgrep -x glusterfsd | sort | tr '\n' ' '; }

cluster_start 3
rm -rf "$LABDIR/image/etc/systemd/system"/gd2-*.service.d "$LABDIR/image/usr/sbin/gd2-other-build"
cluster_join h2; cluster_join h3; cluster_wait h1 3
for i in 1 2 3; do on h$i mkdir -p /data/b1 /mnt/gv0; done
soon h1 glustercli volume create gv0 replica 3 h1:/data/b1 h2:/data/b1 h3:/data/b1 force || fail create
soon h1 glustercli volume start gv0 || fail start
for i in 1 2 3; do on h$i mount -t glusterfs h$i:/gv0 /mnt/gv0 || fail "mount on h$i"; done
[ "$(schema h1)" = 1 ] || fail "schema $(schema h1)"
on h1 ps -o comm= -C gd2-other-build | grep -c . | grep -qx 4 || fail "h1 does not run the previous version"
before=$(for i in 1 2 3; do bricks h$i; done)

mkdir "$LABDIR/load"
writes() { # I: files through the mount of hI, each read again
    on "h$1" python3 - <<'PY'
import os, time
end, n = time.monotonic() + 3600, 0
while time.monotonic() < end and not os.path.exists("/data/stop"):
    path, text = "/mnt/gv0/%s-%d" % (os.uname().nodename, n % 9), b"%d" % n
    with open(path, "wb") as f:
        f.write(text)
        os.fsync(f.fileno())
    assert open(path, "rb").read() == text, "another content was read"
    n += 1
    time.sleep(0.02)
print(n, "cycles")
PY
}
changes() { # I: what was acknowledged last is in load/hI
    local n=0
    while [ ! -e "$LABDIR/load/stop" ]; do
        n=$((n + 1))
        if on "h$1" glustercli volume set gv0 "user.h$1" $n >/dev/null 2>"$LABDIR/load/error$1"; then
            echo $n >"$LABDIR/load/h$1"
        else cat "$LABDIR/load/error$1" >>"$LABDIR/load/errors$1"; fi
        sleep 0.3
    done
}
loads=()
for i in 1 2 3; do
    echo 0 >"$LABDIR/load/h$i"
    LIMIT_ON=1200 writes $i >"$LABDIR/load/io$i" 2>&1 & loads+=($!)
    changes $i & loads+=($!)
done
further() { # HOST: it acknowledges two more changes
    local i=${1#h} from
    from=$(cat "$LABDIR/load/h$i")
    more() { [ "$(cat "$LABDIR/load/h$i")" -ge $((from + 2)) ]; }
    wait_for 60 more || fail "$1 acknowledges no changes: $(cat "$LABDIR/load/error$i")"
}
for i in 1 2 3; do further h$i; done

for i in 1 2 3; do
    [ "$(schema h1)" = 1 ] || fail "the gates are open before h$i is upgraded"
    began=$(date +%s%N)
    upgrade h$i || fail "the units of h$i do not start"
    wait_for 60 rest_answers h$i || fail "REST of h$i does not answer"
    say "h$i upgraded in $((($(date +%s%N) - began) / 1000000)) ms"
    cluster_wait h1 3 90; for j in 1 2 3; do further h$j; done
done
opened() { [ "$(schema h2)" = 2 ]; }
wait_for 40 opened || { on h1 glustercli cluster version; fail "the gates stay closed"; }
on h1 glustercli cluster version

say "h1 is set back"
set_back h1
denied() { on h1 glustercli volume set gv0 user.x 1 2>&1 | grep -q "downgrade across a gate refused"; }
wait_for 60 denied || fail "h1 of the version before changes a store of schema 2"
on h1 glustercli volume set gv0 user.x 1
further h2; further h3
upgrade h1 || fail "the units of h1 do not start again"
further h1
cluster_wait h1 3 90

touch "$LABDIR/load/stop"; for i in 1 2 3; do on h$i touch /data/stop; done
wait "${loads[@]}"
# h2 sees what h1 and h3 acknowledged a moment later.
has() { got=$(on h2 glustercli volume get gv0 "user.h$1" -o json | jq -r '.. | .value? // empty' | head -n 1); [ "${got:-0}" -ge "$2" ]; }
for i in 1 2 3; do
    grep -q "cycles" "$LABDIR/load/io$i" || fail "I/O on h$i: $(cat "$LABDIR/load/io$i")"
    last=$(cat "$LABDIR/load/h$i")
    wait_for 20 has $i "$last" || fail "h$i: $last was acknowledged, and the store has ${got:-nothing}"
    say "h$i: $(cat "$LABDIR/load/io$i"); $last changes acknowledged, the store has $got; refused: $(sort "$LABDIR/load/errors$i" 2>/dev/null | uniq -c | tr '\n' ';' | head -c 300)"
done
[ "$(for i in 1 2 3; do bricks h$i; done)" = "$before" ] || fail "bricks ended"
for i in 1 2 3; do on h$i umount /mnt/gv0; done
say "done"
