# Three hosts, a replicated volume on them. A node without quorum gives clients a volfile only when a
# peer with bricks of the volume confirms its generation; when the others went on without it, a node
# that boots alone starts its brick and gives clients nothing, until it knows what they know.
. Tests/hosts/library
NAME='volfile not served: the topology is not confirmed'
# The volfile that root of a host is given for the volume.
spec() { on "$1" python3 /data/getspec.py "${2:-gv0}"; }
served() { spec "$1" | grep -q '^volume gv0$'; }
# The first answer counts, not that there is none yet.
answered() { text=$(spec "$1" 2>&1); grep -q -e '^volume gv0$' -e '^refused: ' <<<"$text"; }
refused() { local text; wait_for 20 answered "$1"; grep -q '^refused: -1' <<<"$text"; }
mounts() { on "$1" sh -c 'mkdir -p /mnt/t; timeout 20 mount -t glusterfs h1:/gv0 /mnt/t && cat /mnt/t/f; umount /mnt/t' | grep -q one; }
# What was logged before is in the journal when --sync ends.
said() { on "$1" sh -c 'journalctl --sync; journalctl --no-pager -b -u gd2-pmap' | grep "$NAME" | grep -c -- "$2"; }
etcd_off() { on "$1" systemctl mask -q --now gd2-etcd; }
etcd_on() { on "$1" systemctl unmask -q gd2-etcd && on "$1" systemctl start gd2-etcd; }
no_quorum() { on "$1" glustercli volume set gv0 user.x 1 2>&1 | grep -q 'voters are needed'; }
# A view that was current lately counts as current: a new gd2-pmap has none.
forget() { on "$1" systemctl restart gd2-pmap; }
cluster_of() { on "$1" cat /var/lib/gd2/store/identity.json | jq -r .cluster; }
is_generation() { [ "$(store "$1" get "$volumes/$id/head" --print-value-only | jq .generation)" = "$2" ]; }
store() { on "$1" env ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock "${@:2}"; }

cluster_start 3
cluster_join h2
cluster_join h3
cluster_wait h1 3
for i in 1 2 3; do on h$i mkdir -p /data/b1; cp Tests/e2e/getspec.py "$LABDIR/h$i/data/"; done
soon h1 glustercli volume create gv0 replica 3 h1:/data/b1 h2:/data/b1 h3:/data/b1 force || fail create
# Two healers that meet at a directory may both take it for not healed: they look again soon, not after 600 s.
soon h1 glustercli volume set gv0 cluster.heal-timeout 5 || fail "heal-timeout"
soon h1 glustercli volume start gv0 || fail start
on h1 sh -c 'mkdir -p /mnt/gv0; mount -t glusterfs h1:/gv0 /mnt/gv0 && echo one >/mnt/gv0/f' || fail mount
for i in 1 2 3; do wait_for 20 served h$i || fail "h$i serves no volfile"; done

say "no quorum, but a peer confirms"
boot kill h3
etcd_off h2
wait_for 30 no_quorum h1 || fail "h1 does not notice that the quorum is lost"
forget h1
mounts h1 || fail "no mount though h2 confirms"
[ "$(said h1 gv0)" = 0 ] || fail "h1 refused a volfile that h2 confirms"
[ "$(on h1 cat /mnt/gv0/f)" = one ] || fail "the mounted client was disturbed"

say "no quorum, and nobody confirms"
on h2 systemctl mask -q --now gd2-brickd
[ -n "$(on h2 pgrep -x glusterfsd)" ] || fail "the brick of h2 ended with gd2-brickd"
forget h1
mounts h1 && fail "a mount though nobody confirms"
refused h1 || fail "a volfile though nobody confirms"
[ "$(said h1 'volume=gv0')" = 1 ] || fail "not logged once: $(said h1 gv0)"
[ "$(said h1 'h2 does not answer')" = 1 ] || fail "the log does not name h2"
online() { on h1 glustercli volume status gv0 -o json | jq -e 'any(.[]; .online)'; }
wait_for 20 online || fail "the brick of h1 is gone"
[ "$(on h1 cat /mnt/gv0/f)" = one ] || fail "the mounted client was disturbed"
spec h1 "gv0.h1.data-b1" | grep -q posix || fail "the brick gets no volfile"
spec h1 "shd/gv0" | grep -q replicate || fail "the self-heal daemon gets no volfile"
on h2 systemctl unmask -q gd2-brickd && on h2 systemctl start gd2-brickd
wait_for 30 served h1 || fail "h2 answers again, and h1 serves no volfile"
etcd_on h2
boot start 3 >/dev/null || fail boot
cluster_wait h1 3 90
told() { on h1 journalctl --no-pager -b -u gd2-pmap | grep -q 'volfile changed'; }
wait_for 20 told || fail "the client that was refused is not told that there is a volfile again"
[ "$(on h1 cat /mnt/gv0/f)" = one ] || fail "the mounted client was disturbed"
on h1 umount /mnt/gv0

say "the others go on without h1"
boot stop h1
changed() { on h2 glustercli volume set gv0 user.x 2; }
wait_for 30 changed || fail "h2 and h3 cannot change anything"
volumes=/gluster/$(cluster_of h2)/volumes
id=$(on h2 glustercli volume info gv0 -o json | jq -r '.[0].id')
counts() { new=$(store h2 get "$volumes/$id/head" --print-value-only | jq '.generation + 1') && [ -n "$new" ]; }
wait_for 20 counts || fail "the generation is not known"
replace() { LIMIT_ON=60 soon h2 glustercli volume replace-brick gv0 h1:/data/b1 h3:/data/n1 commit force --yes "$@"; }
silent() { [ "$(on h2 glustercli peer show h1 -o json | jq .reachable)" = false ]; }
wait_for 30 silent || fail "h2 does not see that h1 is gone"
said=$(replace 2>&1) && fail "replaced without a fence"
grep -q 'h1 does not answer since .* would give clients the old topology' <<<"$said" || fail "refused with: $said"
grep -q 'say so with --fence h1' <<<"$said" || fail "refused with: $said"
wait_for 20 is_generation h2 $((new - 1)) || fail "a refusal changed the volume"
replace --fence h1 || { on h3 sh -c 'journalctl --no-pager -u gd2-brickd -n 20; tail -n 20 /var/log/glusterfs/*replace*' | cut -c1-300; fail "replace-brick"; }
wait_for 20 is_generation h2 "$new" || fail "not generation $new"
fenced() { on h2 glustercli peer status | grep '^h1: is fenced: volume gv0 was changed without it'; }
wait_for 20 fenced || fail "the fence is not shown"
healed() { [ "$(on h3 cat /data/n1/f)" = one ]; }
unhealed() {
    on h2 glustercli volume status gv0
    local h
    for h in h2 h3; do
        echo "--- $h"
        on $h sh -c 'ls -l /data/*/.glusterfs/indices/xattrop; getfattr -d -m . -e hex /data/* 2>/dev/null
            tail -n 80 /var/log/glusterfs/glustershd-gv0.log; journalctl --no-pager -u gd2-brickd -n 40' | cut -c1-300
    done
    fail "the new brick is not healed"
}
wait_for 60 healed || unhealed
no_unit() { on h3 sh -c 'units=$(systemctl list-units --all "gluster-announce*") && ! echo "$units" | grep gluster-announce'; }
wait_for 20 no_unit || fail "a unit of the announcement is left"
no_mount() { on h3 sh -c 'mounts=$(cat /proc/mounts) && ! echo "$mounts" | grep announce'; }
wait_for 20 no_mount || fail "a mount of the announcement is left"
for i in 2 3; do wait_for 20 served h$i || fail "h$i does not serve the new generation"; done

say "h1 boots alone"
sleep 1 # Views are on disk 0.1 s after a change; nothing else is waited for.
on h2 systemctl mask -q gd2-etcd
boot stop h2 h3
boot start 1 >/dev/null || fail boot
brick_runs() { [ -n "$(on h1 pgrep -x glusterfsd)" ]; }
wait_for 60 brick_runs || fail "the brick of h1 does not start"
refused h1 || fail "h1 alone serves an old topology"
mounts h1 && fail "h1 alone lets mount an old topology"
[ "$(said h1 'does not answer')" = 1 ] || fail "not logged once: $(said h1 gv0)"

say "h2 knows better, without quorum"
boot start 2 >/dev/null || fail boot
newer() { forget h1; refused h1 && [ "$(said h1 'h2 knows a newer one')" -gt 0 ]; }
wait_for 60 newer || fail "h2 does not contradict h1"
refused h2 || { spec h2 | head -n 3; fail "h2 serves what nobody confirms"; }

say "all are back"
etcd_on h2
boot start 3 >/dev/null || fail boot
cluster_wait h1 3 90
wait_for 30 served h1 || fail "h1 serves nothing"
wait_for 20 is_generation h1 "$new" || fail "the new generation is lost"
mounted() { mounts h1; }
wait_for 60 mounted || fail "no mount with all hosts"
wait_for 20 answered h1
grep -q 'remote-subvolume /data/n1' <<<"$text" || fail "h1 gives clients the old topology"
ended() { [ -z "$(on h1 pgrep -x glusterfsd)" ] && ! on h1 getfattr -n trusted.glusterfs.volume-id /data/b1 2>/dev/null; }
wait_for 60 ended || fail "h1 has not ended its old brick"
lifted() { ! on h2 glustercli peer status | grep -q 'is fenced'; }
wait_for 60 lifted || fail "the fence of h1 is not lifted"
[ "$(on h1 cat /data/b1/f)" = one ] || fail "the files of the old brick are gone"
say "done"
