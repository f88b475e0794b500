# Four nodes. A node dies, and its brick is replaced: refused without a fence, done with one; all files are healed
# onto the new brick, a mount goes on meanwhile, and the old node ends its brick and lifts its fence when it is
# back. Then one of a living node, on the same node, of an arbiter, of a disperse set; and what is refused.
. Tests/e2e/nodes.sh
# How long a replacement waits for its brick, which mounts the volume first.
export REST_FLAGS="--set convergence-seconds=40"
nodes_start 4
for i in 2 3 4; do
    joined() { line=$(cli_on 1 peer token create) && cli_on $i ${line#glustercli }; }
    wait_for 30 join joined || fail "h$i does not join"
done
voters() { [ "$(cli_on 1 cluster status -o json | jq '.quorum.voters | length')" = 3 ]; }
wait_for 60 voters voters || { cli_on 1 cluster members; fail "not three voters"; }
sees_all() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = 4 ]; }
wait_for 30 peers sees_all || fail "h1 does not see four peers"

refused() { # STATUS WORDS ARGS...: replace-brick ends so and says that
    local status=$1 words=$2 said; shift 2
    said=$(cli_on 1 volume replace-brick "$@" --yes 2>&1); local got=$?
    [ $got = "$status" ] && grep -q -- "$words" <<<"$said" || fail "replace-brick $*: $got: $said"
    say "refused: $said"
}
sums() { on "$1" bash -c "cd '$2' && find . -path ./.glusterfs -prune -o -type f ! -name now -print0 | sort -z | xargs -0 -r sha256sum"; }
same() { # NODE BRICK NODE BRICK: the same files, and there are some
    local one two
    one=$(sums "$1" "$2"); two=$(sums "$3" "$4")
    [ -n "$one" ] && [ "$one" = "$two" ]
}
names() { on "$1" bash -c "cd '$2' && find . -path ./.glusterfs -prune -o -print | sort"; }
same_names() { [ "$(names "$1" "$2")" = "$(names "$3" "$4")" ]; }
unblamed() { # NODE BRICK: nothing there says that another brick lacks something
    ! on "$1" bash -c "getfattr -d -m 'trusted.afr.*-client' -e hex -R '$2' 2>/dev/null | grep -v '=0x0*\$' | grep -q trusted.afr"
}
healed() { # NODE BRICK SOURCE-NODE SOURCE-BRICK
    wait_for 90 heal same "$1" "$2" "$3" "$4" || {
        diff <(sums "$1" "$2") <(sums "$3" "$4") | head; on "$1" bash -c 'tail -n 30 /var/log/glusterfs/glustershd-*.log'
        fail "h$1:$2 is not healed"
    }
    wait_for 60 "no blame" unblamed "$3" "$4" || {
        on "$3" bash -c "getfattr -d -m trusted.afr -e hex -R '$4' | grep -B1 -A1 -- '-client.*=0x0*[1-9a-f]'; ls '$4/.glusterfs/indices/xattrop'"
        on "$1" bash -c "ls -la '$2'; getfattr -d -m . -e hex '$2'/*; tail -n 30 /var/log/glusterfs/glustershd-*.log | cut -c1-250"
        on "$3" bash -c "tail -n 30 /var/log/glusterfs/glustershd-*.log | cut -c1-250"
        fail "h$3:$4 still blames"
    }
}
unmarked() { # NODE BRICK
    ! on "$1" bash -c "getfattr -n trusted.glusterfs.volume-id '$2' 2>/dev/null || pgrep -f -- '[-]-brick-name $2 '"
}
online() { cli_on 1 volume status "$1" -o json | jq -e 'all(.[]; .online)'; }
write_on() { # a mount that is written to all the time; says so when it fails
    on 1 bash -c 'mkdir -p /run/mnt; mount -t glusterfs h1:/gv0 /run/mnt' || fail mount
    on 1 bash -c 'for d in $(seq 5); do mkdir -p /run/mnt/d$d; for f in $(seq 20); do head -c $((RANDOM * 4)) /dev/urandom >/run/mnt/d$d/f$f; done; done' || fail write
    on 1 bash -c 'n=0; while [ ! -e /run/stop-writing ]; do
        n=$((n + 1)); echo $n >/run/mnt/now && [ "$(cat /run/mnt/now)" = $n ] && ls /run/mnt/d1 >/dev/null || echo "$n failed" >>/run/mount-failed
        sleep 0.05; done; echo $n >/run/written' &
}

say "a volume on h1, h2, h3"
B=/run/bricks
created() { cli_on 1 volume create gv0 replica 3 h1:$B/a h2:$B/a h3:$B/a force --create-brick-dir; }
wait_for 20 create created || { created; fail create; }
refused 6 "is not started" gv0 h3:$B/a h4:$B/a force
# A file that is written all the time may be locked when its turn comes: it is tried again soon.
cli_on 1 volume set gv0 cluster.heal-timeout 5 || fail "heal-timeout"
# A client learns by its pings alone that a host has no power: by default after 42 to 84 s.
cli_on 1 volume set gv0 network.ping-timeout 5 || fail "ping-timeout"
cli_on 1 volume start gv0 || fail start
write_on

say "what is refused"
refused 5 "whose bricks are h1:$B/a, h2:$B/a, h3:$B/a" gv0 h3:$B/x h4:$B/a force
refused 2 "would be replaced by itself" gv0 h3:$B/a h3:$B/a force
refused 2 "more than one brick on one host" gv0 h3:$B/a h1:$B/n --create-brick-dir
refused 2 "is, contains or lies in" gv0 h3:$B/a h1:$B/a/sub force
refused 2 "does not exist" gv0 h3:$B/a h4:$B/none --allow-root-dir
refused 6 "h3 answers" gv0 h3:$B/a h4:$B/a --fence h3 force
refused 6 "h4 has no brick of the volume" gv0 h3:$B/a h4:$B/a --fence h4 force
on 4 bash -c "mkdir $B/full && touch $B/full/file"
refused 6 "is not empty (file)" gv0 h3:$B/a h4:$B/full force
on 4 bash -c "! getfattr -d -m trusted.gd2 $B/full 2>/dev/null | grep -q gd2" || fail "a refused directory is marked"
[ "$(cli_on 1 volume info gv0 -o json | jq -r '.[0].subvols[0].bricks[2]."peer-id"')" = "$(cli_on 1 peer show h3 -o json | jq -r .id)" ] || fail "a refusal changed the volume"

say "h3 dies"
off 3
silent() { [ "$(cli_on 1 peer show h3 -o json | jq .reachable)" = false ]; }
wait_for 20 silence silent || fail "h1 does not see that h3 is gone"
# It may have led.
changes() { cli_on 1 volume set gv0 user.n 1; }
wait_for 20 changes changes || { changes; fail "no changes without h3"; }
refused 6 "h3 does not answer since .* would give clients the old topology.* say so with --fence h3" gv0 h3:$B/a h4:$B/a force
cli_on 1 volume replace-brick gv0 h3:$B/a h4:$B/a force --fence h3 --dry-run; [ $? = 3 ] || fail "dry run"
on 4 test ! -e $B/a || fail "the dry run made something"
began=$SECONDS
cli_on 1 volume replace-brick gv0 h3:$B/a h4:$B/a force --fence h3 --yes || { on 4 bash -c 'tail -n 30 /var/log/glusterfs/*replace-brick* | cut -c1-200'; cli_on 1 volume status gv0; fail "replace"; }
say "replaced after $((SECONDS - began)) s"
wait_for 30 online online gv0 || { cli_on 1 volume status gv0; fail "not all bricks are online"; }
healed 4 $B/a 1 $B/a
cli_on 1 peer status | grep -q "^h3: is fenced: volume gv0 was changed without it" || { cli_on 1 peer status; fail "peer status does not name the fence"; }
cli_on 1 peer show h3 | grep -q "^Fence: is fenced" || fail "peer show does not name the fence"
cli_on 1 doctor | grep -q PEER_FENCED || fail "doctor does not name the fence"
on 4 bash -c "getfattr -d -m trusted.gd2 $B/a 2>/dev/null | grep gd2" && fail "the new brick bears marks of gd2"

say "h3 is back"
boots 3
wait_for 60 peers sees_all || fail "h3 is not back"
clean_3() { unmarked 3 $B/a; }
wait_for 60 clean clean_3 || { on 3 getfattr -d -m . $B/a; on 3 tail -n 20 /run/gd2-node/gd2-brickd.log; fail "h3 has not ended its old brick"; }
lifted() { ! cli_on 1 peer status | grep -q "is fenced"; }
wait_for 30 lift lifted || fail "the fence of h3 is not lifted"
new_here() { on 3 python3 Tests/e2e/getspec.py gv0 | grep -q "remote-host \(h4\|10.9.0.4\)\$"; }
wait_for 20 volfile new_here || fail "h3 gives clients the old topology"
[ -n "$(on 3 ls $B/a/d1)" ] || fail "the files of the old brick are gone"
cli_on 1 doctor | grep -q PEER_FENCED && fail "doctor still names the fence"

say "one of a living node, without force"
on 3 mkdir $B/b
cli_on 1 volume replace-brick gv0 h2:$B/a h3:$B/b --allow-root-dir --yes || fail "replace"
healed 3 $B/b 1 $B/a
wait_for 20 clean unmarked 2 $B/a || fail "h2 has not ended its old brick"

say "on the same node, by the words of GD1"
cli_on 1 volume replace-brick gv0 h3:$B/b h3:$B/c commit force --mode=script || { on 3 tail -n 20 /run/gd2-node/gd2-brickd.log; fail "replace"; }
healed 3 $B/c 1 $B/a
wait_for 20 clean unmarked 3 $B/b || fail "h3 has not ended its old brick"
wait_for 30 online online gv0 || fail "not all bricks are online"
touch "$E2E_DISK/done"; on 1 touch /run/stop-writing
written() { on 1 test -e /run/written; }
wait_for 20 writer written || fail "the writer hangs"
on 1 test ! -e /run/mount-failed || { on 1 head -n 3 /run/mount-failed; fail "the mount failed meanwhile"; }
[ "$(on 1 cat /run/written)" = "$(on 1 cat /run/mnt/now)" ] || fail "the last write is lost"
for i in 1 3 4; do say "h$i: $(on $i bash -c "getfattr -d -m trusted.afr -e hex $B/* 2>/dev/null | grep -v '=0x0*\$' | grep -c afr")"; done
on 1 umount /run/mnt

say "an arbiter, and a brick beside an arbiter"
wait_for 30 create cli_on 1 volume create gv1 replica 2 arbiter 1 h1:$B/r h2:$B/r h3:$B/r force --create-brick-dir || fail create
# Two healers that meet at a directory may both take it for not healed: they look again soon.
cli_on 1 volume set gv1 cluster.heal-timeout 5 || fail "heal-timeout"
cli_on 1 volume start gv1 || fail start
on 1 bash -c 'mount -t glusterfs h1:/gv1 /run/mnt && mkdir /run/mnt/d && for f in $(seq 30); do echo $f >/run/mnt/d/f$f; done' || fail write
cli_on 1 volume replace-brick gv1 h3:$B/r h4:$B/r force --yes || fail "replace of the arbiter"
wait_for 60 heal same_names 4 $B/r 1 $B/r || fail "the arbiter is not healed"
wait_for 60 "no blame" unblamed 1 $B/r || fail "the arbiter is blamed"
[ "$(on 4 stat -c %s $B/r/d/f30)" = 0 ] || fail "the arbiter has data"
cli_on 1 volume replace-brick gv1 h2:$B/r h3:$B/r2 force --yes || fail "replace beside the arbiter"
healed 3 $B/r2 1 $B/r
on 1 umount /run/mnt

say "a disperse set"
wait_for 30 create cli_on 1 volume create gv2 disperse 3 redundancy 1 h1:$B/e h2:$B/e h3:$B/e force --create-brick-dir || fail create
cli_on 1 volume set gv2 cluster.heal-timeout 60 || fail "heal-timeout of a disperse volume"
cli_on 1 volume start gv2 || fail start
on 1 bash -c 'mount -t glusterfs h1:/gv2 /run/mnt && mkdir /run/mnt/d && for f in $(seq 30); do head -c 30000 /dev/urandom >/run/mnt/d/f$f; done; cd /run/mnt && sha256sum d/* >/run/before' || fail write
cli_on 1 volume replace-brick gv2 h3:$B/e h4:$B/e force --yes || fail "replace"
sizes() { [ "$(on 4 bash -c "cd $B/e && stat -c '%n %s' d/*")" = "$(on 2 bash -c "cd $B/e && stat -c '%n %s' d/*")" ]; }
wait_for 90 heal sizes || fail "the disperse set is not healed"
clean_ec() { ! on 1 bash -c "getfattr -d -m trusted.ec.dirty -e hex -R $B/e 2>/dev/null | grep -v '=0x0*\$' | grep -q ec.dirty"; }
wait_for 60 "no dirt" clean_ec || fail "fragments are still dirty"
# The new fragments alone with those of h1 give the files.
on 2 bash -c "touch /run/gd2-node/gd2-brickd.hold; kill -9 \$(cat /run/gd2-node/gd2-brickd.pid); pkill -9 -f -- '[-]-brick-name $B/e '"
ended() { ! on 2 bash -c "pgrep -f -- '[-]-brick-name $B/e '"; }
wait_for 10 end ended || fail "the brick of h2 runs"
on 1 bash -c 'umount /run/mnt; mount -t glusterfs h1:/gv2 /run/mnt && cd /run/mnt && sha256sum -c --quiet /run/before' || fail "the new fragments are not those of the files"
on 1 umount /run/mnt
refused 6 "of the other bricks of its set 1 are online and 2 are needed" gv2 h4:$B/e h3:$B/e2 force
on 2 rm /run/gd2-node/gd2-brickd.hold

say "bricks that are the only ones"
wait_for 30 create cli_on 1 volume create gv3 h1:$B/s h2:$B/s force --create-brick-dir || fail create
cli_on 1 volume start gv3 || fail start
refused 6 "only bricks of replicate and disperse volumes are replaced" gv3 h2:$B/s h3:$B/s force
say "done"
