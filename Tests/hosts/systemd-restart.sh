# One host with systemd: install, start, create, mount; then each unit is restarted in turn under a
# loop of HTTP requests, GETSPEC and PORTBYBRICK calls and file writes; then a reboot.
set -u
boot() { Tests/hosts/boot "$@"; }
on() { timeout -k 1 30 Tests/hosts/boot exec h1 "$@"; }
fail() {
    echo "FAILED: $*"
    on systemctl --no-pager -l status 'gd2-*' 2>&1 | tail -n 60
    on journalctl --no-pager -n 60 2>&1 | tail -n 80
    on journalctl --no-pager -u gd2-pmap -u gd2-brickd | tail -n 50
    on tail -n 100 /var/log/glusterfs/mnt-gv0.log
    exit 1
}
wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
soon() { # as on, and again while the store takes no changes (exit status 7)
    local end=$((SECONDS + 20))
    until on "$@"; do [ $? = 7 ] && [ $SECONDS -lt $end ] || return 1; sleep 0.3; done
}
boot start 1 || fail boot
on systemd-sysusers && on systemd-tmpfiles --create || fail users
on systemctl daemon-reload
on systemctl enable -q --now gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest || fail "units do not start"
peers() { [ "$(on curl -sf --unix-socket /run/gd2/rest.sock http://x/v1/peers | jq length)" -gt 0 ]; }
wait_for 60 peers || fail "REST does not answer"
tables() { on journalctl --no-pager -u gd2-rest | grep -q 'option table of installed xlators in use'; }
wait_for 60 tables || fail "the xlators are not read within the sandbox"
for i in 1 2 3; do on mkdir -p /data/b$i; done
soon glustercli volume create gv0 replica 3 h1:/data/b1 h1:/data/b2 h1:/data/b3 force || fail create
soon glustercli volume start gv0 || fail start
on mkdir -p /mnt/gv0
on mount -t glusterfs 198.51.100.1:/gv0 /mnt/gv0 || fail mount
on systemctl --no-pager list-units 'gluster-*' | head -n 8
on ps -o user=,comm= -C gd2-store,gd2-rest,gd2-pmap,gd2-brickd,etcd
bricks=$(on pgrep -x glusterfsd | sort | tr '\n' ' ')

# A path that systemd and a shell would read otherwise; a unit's name and its command line have it as it is.
odd='/data/c$HOME${x}%n;b'
on mkdir "$odd"
soon glustercli volume create gv1 "h1:$odd" force || fail "create with an odd path"
soon glustercli volume start gv1 || { on glustercli volume status gv1; fail "a brick with an odd path does not start"; }
brick=$(on glustercli volume status gv1 -o json | jq -r '.[0].pid')
on grep -zqxF -- "$odd" "/proc/$brick/cmdline" || fail "its path is changed: $(on cat "/proc/$brick/cmdline" | tr '\0' ' ')"
[ "$(on readlink "/proc/$brick/fd/1023")" = /dev/null ] || fail "a brick's table of descriptors is small at its start"
[ "$(on ps -o comm= -p "$brick")" = glusterfsd ] || fail "the brick is not its unit's main process"
on glustercli volume stop gv1 --mode=script || fail "stop of gv1"
ended() { on sh -c 'journalctl --sync; journalctl --no-pager -o cat' | grep 'gluster-brick-gv1-.*Deactivated successfully'; }
wait_for 20 ended || fail "the end of a brick is not an orderly one for systemd"
on sh -c 'journalctl --no-pager -o cat' | grep 'gluster-brick-gv1-.*Failed with' && fail "an orderly end is told as a failure"
program=$(on sh -c 'command -v glusterfsd')
on mv "$program" /data/glusterfsd
said=$(on glustercli volume start gv1 --timeout 5 2>&1) && fail "started without glusterfsd"
on glustercli volume status gv1 | grep -F "$program: No such file" || { echo "$said"; on glustercli volume status gv1; fail "what is missing is not named"; }
on mv /data/glusterfsd "$program"
back() { on glustercli volume status gv1 -o json | jq -e 'all(.[]; .online)'; }
wait_for 60 back || fail "the brick is not started when glusterfsd is back"
soon glustercli volume stop gv1 --mode=script || fail "stop of gv1"
soon glustercli volume delete gv1 --yes || fail "delete of gv1"

cp Tests/hosts/load.py "$LABDIR/h1/data/load.py"
boot exec h1 python3 /data/load.py 45 >"$LABDIR/load.out" 2>&1 & load=$!
sleep 2
for unit in gd2-pmap gd2-rest gd2-brickd gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest; do
    began=$(date +%s%N)
    on systemctl restart $unit || fail "restart of $unit"
    echo "restart of $unit took $((($(date +%s%N) - began) / 1000000)) ms"
    sleep 2
done
wait $load; status=$?
cat "$LABDIR/load.out"
[ $status = 0 ] || { fail "the load met an error: $(grep ERROR "$LABDIR/load.out")"; }
[ "$(on pgrep -x glusterfsd | sort | tr '\n' ' ')" = "$bricks" ] || fail "bricks were restarted"

echo "reboot"
on umount /mnt/gv0
boot stop h1; boot start 1 || fail "second boot"
echo "booted"
on mkdir -p /mnt/gv0
online() { on glustercli volume status gv0 -o json | jq -e 'length == 3 and all(.[]; .online)'; }
wait_for 60 online || fail "bricks are not back after a reboot"
on mount -t glusterfs 198.51.100.1:/gv0 /mnt/gv0 || fail "mount after the reboot"
echo "files after the reboot: $(on sh -c 'ls /mnt/gv0 | wc -l')"
on umount /mnt/gv0

echo "reboot without gd2-store and gd2-etcd"
on systemctl disable -q gd2-store gd2-etcd gd2-store.socket
on systemctl mask -q gd2-store.service gd2-etcd.service
boot stop h1; boot start 1 || fail "third boot"
on mkdir -p /mnt/gv0
mounted() { on sh -c 'mountpoint -q /mnt/gv0 || timeout 10 mount -t glusterfs 198.51.100.1:/gv0 /mnt/gv0; mountpoint -q /mnt/gv0'; }
wait_for 60 mounted || fail "no mount without the store"
# The mount may be there before two of its bricks are, and refuses to write until then.
works() { on sh -c 'echo works >/mnt/gv0/without-store && grep -x works /mnt/gv0/without-store'; }
wait_for 30 works || fail "no I/O without the store"
on umount /mnt/gv0
echo "done"
