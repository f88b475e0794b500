# What a daemon knows at its start may be from a moment before the last change: it ends no brick by
# that, and tells no client by that that there is no such volume.
. Tests/e2e/node.sh
node_start
mkdir -p /run/bricks/{a,b,c,d} /run/mnt /run/mnt2
has_volumes() { grep -q 'head"' "/var/lib/gd2/$1/view"; }
keep_view() { cp "/var/lib/gd2/$1/view" "/run/$1.view"; }
old_view() { cp "/run/$1.view" "/var/lib/gd2/$1/view"; }

say "gd2-brickd with a view from before the start, and without the store"
cli volume create gv0 replica 3 localhost:/run/bricks/{a,b,c} force || fail create
wait_for 10 "a view with the volume" has_volumes brickd || fail "gd2-brickd writes no view"
keep_view brickd
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
echo hello >/run/mnt/f || fail write
before=$(brick_pids | sort)
node_hold gd2-brickd; node_hold gd2-store; old_view brickd
node_release gd2-brickd
adopted() { [ "$(grep -c 'process adopted' "$RUN/gd2-brickd.log")" = "$1" ]; }
wait_for 10 adoption adopted 4 || fail "not adopted: $(tail -n 5 "$RUN/gd2-brickd.log")"
for _ in $(seq 20); do [ "$(cat /run/mnt/f)" = hello ] || fail "the client lost its bricks"; sleep 0.1; done
[ "$(brick_pids | sort)" = "$before" ] || fail "bricks were ended by an old view, without the store"

say "the same with the store"
node_release gd2-store
online() { cli volume status gv0 -o json --timeout 2 | jq -e 'length == 3 and all(.[]; .online)'; }
wait_for 20 "the node's word" online || fail "not online: $(cli volume status gv0)"
node_hold gd2-brickd; old_view brickd; node_release gd2-brickd
wait_for 10 adoption adopted 8 || fail "not adopted again"
wait_for 20 "the node's word" online || fail "not online again"
[ "$(brick_pids | sort)" = "$before" ] || fail "bricks were ended by an old view"
[ "$(cat /run/mnt/f)" = hello ] || fail "the client lost its bricks"

say "what was stopped meanwhile ends"
umount /run/mnt
node_hold gd2-brickd
cli volume stop gv0 --yes --timeout 2; old_view brickd
[ "$(brick_pids | sort)" = "$before" ] || fail "bricks end without gd2-brickd"
node_release gd2-brickd
gone() { [ -z "$(brick_pids)" ]; }
wait_for 20 "the bricks' end" gone || fail "still there: $(brick_pids)"

say "gd2-pmap with a view from before the volume was made"
keep_view pmap
cli volume create gv1 localhost:/run/bricks/d force || fail "create gv1"
cli volume start gv1 || fail "start gv1"
node_hold gd2-pmap; node_hold gd2-store; old_view pmap
node_release gd2-pmap
wait_for 10 "gd2-pmap" listens /run/glusterd.socket || fail "gd2-pmap does not listen"
(sleep 0.3; node_release gd2-store) &
python3 Tests/e2e/getspec.py gv1 >/run/volfile || fail "no volfile for a volume that there is"
grep -q gv1-client-0 /run/volfile || fail "another volfile: $(cat /run/volfile)"
wait $!
mount -t glusterfs 127.0.0.1:/gv1 /run/mnt2 || fail "mount gv1"
umount /run/mnt2
said=$(python3 Tests/e2e/getspec.py nothing 2>&1) && fail "a volfile for nothing"
[[ $said == *refused* ]] || fail "$said"
node_stop
