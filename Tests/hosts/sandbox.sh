# Exposure of the running units, and what a daemon in its sandbox cannot do: read others' secrets and
# state, write elsewhere, open other sockets, make other system calls, call what is another's. Then all
# units again, with a volume that is written to.
set -u
boot() { Tests/hosts/boot "$@"; }
on() { timeout -k 1 30 Tests/hosts/boot exec h1 "$@"; }
failed=0
say() { echo "$*"; }
wrong() { echo "WRONG: $*"; failed=1; }
fail() {
    echo "FAILED: $*"
    on systemctl --no-pager -l status 'gd2-*' 2>&1 | tail -n 40
    on journalctl --no-pager -n 60 2>&1 | tail -n 60
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
units="gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest"
address=198.51.100.1
boot start 2 || fail boot
on systemd-sysusers && on systemd-tmpfiles --create || fail users
on systemctl daemon-reload
on systemctl enable -q --now $units || fail "units do not start"
peers() { [ "$(on curl -sf --unix-socket /run/gd2/rest.sock http://x/v1/peers | jq length)" -gt 0 ]; }
wait_for 60 peers || fail "REST does not answer"
tables() { on journalctl --no-pager -u gd2-rest | grep -q 'option table of installed xlators in use source=xlators'; }
wait_for 60 tables || fail "the xlators are not read within the sandbox"

# One brick's file system is mounted when gd2-brickd runs already.
on sh -c 'mkdir -p /mnt/disk && mount -t tmpfs disk /mnt/disk && mkdir /data/b1 /data/b2'
soon glustercli volume create gv0 replica 3 h1:/data/b1 h1:/data/b2 h1:/mnt/disk/b3 force || fail create
soon glustercli volume start gv0 || fail start
on sh -c "mkdir -p /mnt/gv0 && mount -t glusterfs $address:/gv0 /mnt/gv0" || fail mount
on sh -c 'echo before >/mnt/gv0/file' || fail write
on sh -c '[ "$(getfattr --absolute-names -n trusted.glusterfs.volume-id /mnt/disk/b3 | wc -l)" -gt 1 ]' ||
    fail "the brick is not on the disk that was mounted later"

say "exposure"
limit() { case $1 in gd2-brickd) echo 40;; *) echo 20;; esac; }
for unit in $units; do
    # --threshold is in tenths, and a unit beyond it is an error.
    level=$(on systemd-analyze security --no-pager --threshold="$(limit $unit)" $unit.service); status=$?
    echo "  $(tail -n 1 <<<"$level")"
    [ $status = 0 ] || wrong "$unit is exposed more than $(limit $unit) tenths"
done

say "the processes"
pid() { on systemctl show -p MainPID --value "$1"; }
of() { on awk -v key="$2:" '$1 == key {$1 = ""; print substr($0, 2)}' "/proc/$1/status"; }
first() { of "$@" | cut -d ' ' -f 1; }
for unit in $units; do
    p=$(pid $unit) capabilities=0000000000000000
    [ $unit = gd2-brickd ] && capabilities=000000000020000a # SYS_ADMIN, FOWNER, DAC_OVERRIDE
    for key in CapPrm CapEff CapBnd; do
        [ "$(of $p $key)" = $capabilities ] || wrong "$unit: $key is $(of $p $key)"
    done
    [ "$(of $p CapInh)$(of $p CapAmb)" = 00000000000000000000000000000000 ] || wrong "$unit: CapInh or CapAmb"
    [ "$(of $p NoNewPrivs)" = 1 ] || wrong "$unit may gain privileges"
    [ "$(of $p Seccomp)" = 2 ] || wrong "$unit filters no system calls"
    user=${unit/gd2-etcd/gd2-store}; [ $unit = gd2-brickd ] && user=root
    [ "$(of $p Uid | awk '{print $1, $2, $3, $4}')" = "$(on id -u $user | awk '{print $1, $1, $1, $1}')" ] ||
        wrong "$unit is not $user"
    own=${unit#gd2-}; own=${own/etcd/store}
    [ "$(on ls /proc/$p/root/var/lib/gd2)" = "$own" ] || wrong "$unit sees $(on ls /proc/$p/root/var/lib/gd2)"
done
# A host whose systemd may not raise limits has libdispatch's complaint about nice -4.
if on grep -q '^Max nice priority *24' "/proc/$(pid gd2-rest)/limits"; then
    on journalctl --no-pager -u 'gd2-*' | grep 'thread priority' && wrong "libdispatch complains"
else
    say "  no LimitNICE= here: complaints of libdispatch are not looked at"
fi

say "in the sandbox of each unit"
cp Tests/hosts/sandbox-probe.py "$LABDIR/h1/data/probe.py"
on sh -c 'chmod 755 /data; chmod 644 /data/probe.py; echo x >/tmp/sandbox-marker; chmod 644 /tmp/sandbox-marker'
may() { # what a unit may do of what the probe tries
    case $1 in
    gd2-store|gd2-etcd)
        # It speaks to other nodes.
        printf '%s\n' 'read store/pki/client-ca.key' 'read store/pki/client.key' 'connect elsewhere' \
            'read store/pki/server.key' 'read store/identity.json' 'socket inet' 'socket inet6';;
    gd2-rest) printf '%s\n' 'read rest/view' 'read rest/https.key' 'read rest/auth';;
    gd2-pmap) printf '%s\n' 'read pmap/view';;
    gd2-brickd)
        printf '%s\n' 'read brickd/view' 'read shadow' 'read host-tmp' 'see other-process' 'socket inet' \
            'run own-state' 'run temporary'
        printf 'write %s\n' /var/lib /var/lib/glusterd /var/log /run /run/gd2 /run/gluster /root /home /data;;
    esac
    [ $1 = gd2-store ] && echo 'socket netlink'
    if [ $1 != gd2-brickd ]; then
        local own=${1#gd2-}
        # /tmp and /var/tmp are the unit's own.
        printf 'writable-mount %s\n' /tmp /var/tmp "/var/lib/gd2/${own/etcd/store}"
        printf 'run %s\n' own-state temporary
    fi
    printf '%s\n' 'write own-state' 'socket unix'
}
for unit in $units; do
    other=$(pid gd2-pmap); [ $unit = gd2-pmap ] && other=$(pid gd2-rest)
    # The unit itself, but for its program, its sockets, and what goes with a daemon.
    on sh -c "sed -E '/^(Requires|Wants|After|Also|WantedBy|Conflicts|Type|Restart.*|WatchdogSec|ExecReload|KillMode)=/d;
            /^\\[Install\\]/d; s|^ExecStart=.*|Type=oneshot\\nStandardOutput=truncate:/data/$unit.out\\nStandardError=inherit\\nExecStart=/usr/bin/python3 -I /data/probe.py ${unit#gd2-} $other $address|' \
            /usr/lib/systemd/system/$unit.service >/run/systemd/system/probe-$unit.service && systemctl daemon-reload"
    on systemctl start probe-$unit || wrong "the probe of $unit failed: $(on journalctl --no-pager -n 5 -u probe-$unit)"
    out=$LABDIR/h1/data/$unit.out
    grep -qx end "$out" || wrong "the probe of $unit did not end: $(tail -n 5 "$out")"
    grep '^unknown' "$out" && wrong "$unit: an answer that says nothing"
    difference=$(diff <(may $unit | sort) <(sed -n 's/^allowed //p' "$out" | sort)) ||
        wrong "$unit may do other things than it should (< missing, > too much): $difference"
    echo "  $unit: $(grep -c ^refused "$out") refused, $(grep -c ^allowed "$out") allowed"
done

say "calls"
as() { # UNIT COMMAND...: as that unit's user, with its groups, in its mount and network namespaces
    local p; p=$(pid $1); shift
    on nsenter -t $p -m -n setpriv --reuid "$(first $p Uid)" --regid "$(first $p Gid)" \
        --groups "$(of $p Groups | xargs | tr ' ' ,)" --bounding-set -all --no-new-privs "$@"
}
prefix=/gluster/$(on jq -r .cluster /var/lib/gd2/store/identity.json)
peer=$(on jq -r .peer /var/lib/gd2/store/identity.json)
etcd() { # UNIT ARGUMENTS...
    local unit=$1; shift
    as $unit env ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=5s "$@" 2>&1
}
denied() { # UNIT ARGUMENTS...: gd2-store refuses that
    local out; out=$(set -o pipefail; etcd "$@" | tr -d '\0') && { wrong "store.sock let $*"; return; }
    grep -q PermissionDenied <<<"$out" || wrong "store.sock refused $* without saying so: $out"
}
granted() { local out; out=$(set -o pipefail; etcd "$@" | tr -d '\0') || wrong "store.sock refused $*: $out"; }
denied gd2-pmap put "$prefix/alive/$peer" x
denied gd2-pmap put "$prefix/volumes/x/head" x
denied gd2-pmap put "$prefix/reported/$peer/volumes/x" x
denied gd2-pmap get "$prefix/secrets/gd2-rest/token"
denied gd2-pmap get --prefix "$prefix/txns/"
denied gd2-pmap get --prefix "$prefix/"
denied gd2-pmap get --prefix ""
denied gd2-pmap del --prefix "$prefix/locks/"
denied gd2-pmap lease grant 10
denied gd2-rest put "$prefix/alive/$peer" x
denied gd2-rest del "$prefix/alive/$peer"
denied gd2-rest put "$prefix/peers/$peer" x
denied gd2-rest put "$prefix/cluster/epoch" x
denied gd2-rest put "$prefix/reported/$peer/volumes/x" x
denied gd2-rest put "$prefix/secrets/gd2-rest/token" x
denied gd2-rest get "$prefix/secrets/gd2-pmap/volume-auth"
denied gd2-rest put /elsewhere x
granted gd2-pmap get --prefix "$prefix/volumes/"
granted gd2-pmap get "$prefix/secrets/gd2-pmap/volume-auth"
granted gd2-rest get "$prefix/secrets/gd2-rest/token"
granted gd2-rest put "$prefix/locks/sandbox-probe" x
granted gd2-rest del "$prefix/locks/sandbox-probe"

printf '\0\0\0\0\0' >"$LABDIR/h1/data/empty"
status() { # UNIT SOCKET METHOD: the gRPC status
    as $1 curl -s -m 5 -o /dev/null -D - --http2-prior-knowledge --unix-socket /run/gd2/$2 -H 'content-type: application/grpc' \
        -H 'te: trailers' --data-binary @/data/empty "http://localhost/$3" 2>&1 |
        tr -d '\r' | sed -n 's/^grpc-status: //p'
}
gives() { # STATUS UNIT SOCKET METHOD
    local got; got=$(status $2 $3 $4)
    case " $1 " in *" ${got:-none} "*) ;; *) wrong "$4 by $2 on $3 gives ${got:-none}, not $1";; esac
}
brickd=gd2.brick.v1.BrickDaemon
gives 7 gd2-pmap brickd.sock $brickd/RunStep
gives 7 gd2-pmap brickd.sock $brickd/VolumeStatus
gives 7 gd2-rest brickd.sock $brickd/SignedIn
gives 7 gd2-rest brickd.sock $brickd/SignedOut
gives 7 gd2-rest brickd.sock $brickd/WatchPorts
gives 3 gd2-store brickd.sock $brickd/RunStep # for other nodes; no transaction is named
gives 7 gd2-store brickd.sock $brickd/SignedIn
gives 7 gd2-store brickd.sock $brickd/WatchPorts
gives 3 gd2-rest brickd.sock $brickd/VolumeStatus # allowed, but no volume is named
gives 7 gd2-pmap pmap.sock gd2.pmap.v1.Pmap/ListClients
gives none gd2-store pmap.sock gd2.pmap.v1.Pmap/ListClients
gives 0 gd2-rest pmap.sock gd2.pmap.v1.Pmap/ListClients

for unit in gd2-store gd2-pmap; do
    code=$(as $unit curl -s -m 5 -o /dev/null -w '%{http_code}' --unix-socket /run/gd2/rest.sock http://x/v1/volumes)
    [ "$code" = 403 ] || wrong "rest.sock answers $unit with $code"
done
doors() { # the sockets that a unit may open
    as $1 sh -c 'for s in /run/gd2/*.sock /run/glusterd.socket; do [ -w $s ] && echo "${s##*/}"; done' | sort | xargs
}
opens() { local unit=$1; shift; [ "$(doors $unit)" = "$*" ] || wrong "$unit opens $(doors $unit), not $*"; }
opens gd2-store brickd.sock rest.sock store-metrics.sock store.sock
opens gd2-pmap brickd.sock handover.sock pmap-metrics.sock pmap.sock rest.sock store.sock
opens gd2-rest brickd.sock handover.sock pmap.sock rest-metrics.sock rest.sock store.sock
for unit in gd2-rest gd2-pmap gd2-brickd; do
    as $unit env ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --insecure-skip-tls-verify \
        --command-timeout=2s get x >/dev/null 2>&1 && wrong "$unit reaches etcd itself"
done

say "all works"
# From elsewhere, though the units may not make such connections themselves.
there() { timeout -k 1 30 Tests/hosts/boot exec h2 "$@"; }
for scheme in http https; do
    code=$(there curl -sk -m 5 -o /dev/null -w '%{http_code}' $scheme://$address:24007/v1/volumes)
    [ "$code" = 401 ] || wrong "$scheme from another host gives $code, not 401"
done
there sh -c "mkdir -p /mnt/there && mount -t glusterfs $address:/gv0 /mnt/there && cat /mnt/there/file && umount /mnt/there" ||
    wrong "another host cannot mount the volume"
soon glustercli volume set gv0 performance.cache-size 64MB || fail "volume set"
online() { on glustercli volume status gv0 -o json | jq -e 'length == 3 and all(.[]; .online)'; }
wait_for 20 online || fail "bricks are not online"
bricks=$(on pgrep -x glusterfsd | sort | xargs)
for unit in $units; do
    on systemctl restart $unit || fail "restart of $unit"
    wait_for 20 peers || fail "REST after a restart of $unit"
    on sh -c "echo $unit >>/mnt/gv0/file" || fail "write after a restart of $unit"
done
# The table of options is read anew when the kept one is gone.
on systemctl stop gd2-rest; on rm /var/lib/gd2/rest/xlators; on journalctl --rotate; on journalctl -q --vacuum-time=1s
on systemctl start gd2-rest || fail "start of gd2-rest"
wait_for 30 tables || fail "the xlators are not read again"
on sh -c 'kill -9 $(pgrep -x glusterfsd | head -n 1)'
# It is shown as online until its end is noticed.
started_again() {
    local now; now=$(on pgrep -x glusterfsd | sort | xargs)
    [ "$(wc -w <<<"$now")" = 3 ] && [ "$now" != "$bricks" ] && online
}
wait_for 60 started_again || fail "a killed brick is not started again"
on sh -c "[ \$(wc -l </mnt/gv0/file) = 6 ]" || fail "the file is not whole"
# gd2-pmap reads in its own /proc who is at the other end of a connection from this node.
clients() { on curl -sf --unix-socket /run/gd2/rest.sock http://x/v1/volumes/gv0/clients; }
trusted() { clients | jq -e --arg a "$address" 'any(.[]; .trusted and (.address | startswith($a)))'; }
wait_for 20 trusted || wrong "root's mount is no trusted client: $(clients)"
on umount /mnt/gv0
soon glustercli volume stop gv0 --yes || fail stop
soon glustercli volume delete gv0 --yes || fail delete
[ -z "$(on pgrep -x glusterfsd)" ] || fail "bricks run on"
# The disk is not held by a daemon's own mount namespace; what a delete leaves there is removed after it.
wait_for 20 on umount /mnt/disk || wrong "the disk cannot be unmounted"
for unit in $units; do
    on grep -q ' /mnt/disk ' "/proc/$(pid $unit)/mountinfo" && wrong "$unit still has the disk mounted"
done
on systemctl restart $units || fail "restart of all"
for unit in $units; do
    [ "$(on systemctl show -p NRestarts --value $unit)" = 0 ] || wrong "$unit ended by itself"
done
[ $failed = 0 ] && say "done"
exit $failed
