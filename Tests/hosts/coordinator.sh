# The coordinator of a create and of a delete on three nodes dies at each of its steps, forwards and
# backwards, and stays dead. Another node ends the job, once, and nothing is left of it anywhere.
. Tests/hosts/library
cluster_start 3
cluster_join h2
cluster_join h3
cluster_wait h2 3
for i in 1 2 3; do on h$i mkdir -p /data/b1; done
bricks="h1:/data/b1 h2:/data/b1 h3:/data/b1"

# POINT, if any, is where h1's gd2-rest ends; then nothing starts it again, its sockets included.
rest_of_h1() {
    on h1 systemctl stop gd2-rest gd2-rest.socket gd2-rest-handover.socket gd2-rest-metrics.socket
    on h1 sh -c "rm -f /run/rest-died; mkdir -p /run/systemd/system/gd2-rest.service.d
        printf '[Service]\nEnvironment=GD2_FAIL_POINT=%s\nExecCondition=+/bin/sh -c \"[ ! -e /run/rest-died ]\"\nExecStopPost=+/bin/touch /run/rest-died\n' \
            '$1' >/run/systemd/system/gd2-rest.service.d/point.conf"
    on h1 systemctl daemon-reload
    on h1 systemctl reset-failed 'gd2-rest*' 2>/dev/null
    on h1 systemctl start gd2-rest.socket gd2-rest-handover.socket gd2-rest-metrics.socket gd2-rest
    wait_for 20 rest_answers h1 || fail "gd2-rest of h1 does not answer before $1"
    on h1 glustercli volume list >/dev/null
}
exists() { on h2 glustercli volume info gv0; }
deletes() { on "$1" glustercli volume delete gv0 --yes; }
left() { # PREFIX: keys below it, as root reads them through gd2-store; nothing when it is not known
    on h2 sh -c "keys=\$(ETCDCTL_API=3 etcdctl --endpoints unix:///run/gd2/store.sock get --prefix --keys-only \
        /gluster/\$(jq -r .cluster /var/lib/gd2/store/identity.json)/$1) && echo \"\$keys\" | grep -c ."
}
settled() {
    [ "$(left txns/)" = 0 ] && [ "$(left locks/)" = 0 ] || return 1
    on h2 glustercli job list -o json | jq -e 'all(.[]; .state != "running" and .state != "undoing")' || return 1
    exists && return 0
    [ "$(left names/volume/)" = 0 ] && [ "$(left volumes/)" = 0 ] || return 1
    for i in 1 2 3; do
        on h$i sh -c '[ -d /data/b1 ] && [ ! -e /data/b1/.glusterfs ] &&
            ! getfattr -n trusted.glusterfs.volume-id /data/b1 2>/dev/null && ! pgrep -x glusterfsd' || return 1
    done
}
dies_at() { # POINT create|delete [a host whose gd2-brickd is stopped, so that the steps are undone]
    local point=$1 what=$2 stopped=${3:-} began words
    rest_of_h1 ""
    if [ "$what" = delete ]; then
        # shellcheck disable=SC2086
        exists >/dev/null 2>&1 || soon h2 glustercli volume create gv0 replica 3 $bricks force >/dev/null || fail "create before $point"
        words="delete gv0 --yes"
    else
        # h3 has stopped it, which h2 may have to learn of.
        exists >/dev/null 2>&1 && { wait_for 20 deletes h2 || fail "delete before $point"; }
        words="create gv0 replica 3 $bricks force"
    fi
    wait_for 60 settled || fail "not settled before $point"
    rest_of_h1 "$point"
    # A brick that cannot be made a second one of another volume makes the last step fail.
    [ -z "$stopped" ] || on "$stopped" setfattr -n trusted.glusterfs.volume-id -v 0x00112233445566778899aabbccddeeff /data/b1
    [ -z "$stopped" ] || words="${words% force} --allow-root-dir --allow-mount-as-brick"
    # One that was just started refuses changes as long as its view is not current.
    dead() { on h1 test -e /run/rest-died; }
    asked() { LIMIT_ON=10 on h1 glustercli volume $words >"$LABDIR/said" 2>&1; [ $? != 7 ] || dead; }
    wait_for 30 asked
    wait_for 20 dead || { cat "$LABDIR/said"; fail "gd2-rest of h1 did not reach $point"; }
    [ -z "$stopped" ] || on "$stopped" setfattr -x trusted.glusterfs.volume-id /data/b1 2>/dev/null
    began=$SECONDS
    wait_for 60 settled || fail "$what whose coordinator died at $point: not settled within 60 s"
    say "$what, coordinator dead at $point${stopped:+, undoing}: settled after $((SECONDS - began)) s, $(exists >/dev/null 2>&1 && echo there || echo gone)"
    if [ "$what" = create ] && exists >/dev/null 2>&1; then
        wait_for 20 knows h3 gv0 || fail "h3 does not learn of the volume after $point"
        soon h3 glustercli volume start gv0 >/dev/null || fail "the volume does not start after $point"
        soon h3 glustercli volume stop gv0 --yes >/dev/null || fail "the volume does not stop after $point"
    fi
}
dies_at rest-journal create
for point in rest-step rest-step-done rest-step-done@2 rest-step-done@3 rest-commit rest-prepared rest-committed rest-finish; do
    case $point in rest-finish) ;; *) dies_at $point create;; esac
    dies_at $point delete
done
# The third step fails: all three are undone, the last first.
for point in rest-undo rest-undo@2 rest-undo@3 rest-undone rest-undone@2 rest-undone@3; do dies_at $point create h3; done
dies_at rest-finish create h3
rest_of_h1 ""
exists >/dev/null 2>&1 && { wait_for 20 deletes h1 || fail "last delete"; }
wait_for 60 settled || fail "debris at the end"
say "no debris"
