# The announcement of a new brick is killed while it hangs: its client ends with it, the brick does not run before it was
# announced, it is tried again, and the brick is healed.
. Tests/e2e/node.sh
node_start
B=/run/bricks
mkdir -p $B/b1 $B/b2 $B/n /run/mnt
cli volume create gv0 replica 2 localhost:$B/b1 localhost:$B/b2 force --mode=script || fail create
# Two healers that meet at a directory may both take it for not healed: they look again soon, not after 600 s.
cli volume set gv0 cluster.heal-timeout 5 || fail "heal-timeout"
cli volume start gv0 || fail start
mount -t glusterfs 127.0.0.1:/gv0 /run/mnt || fail mount
for i in 1 2 3 4 5; do echo "file $i" >"/run/mnt/f$i" || fail write; done

# The brick with the data does not answer for a while.
source=$(pgrep -f -- "[-]-brick-name $B/b1 ")
kill -STOP "$source"
cli volume replace-brick gv0 localhost:$B/b2 localhost:$B/n force --yes --timeout 100 >/run/out 2>&1 &
helper() { pgrep -f -- "gd2-brickd announce-bric[k]"; }
client() { pgrep -f -- "--client-pid=-1[2]"; }
new_brick() { pgrep -f -- "[-]-brick-name $B/n "; }
wait_for 20 helper helper || { cat /run/out; fail "nothing announces the brick"; }
wait_for 20 client client || fail "it mounts nothing"
first=$(client)
kill -9 $(helper)
# From here on the next try may have a client and a mount of its own.
gone() { ! client | grep -qxF "$first"; }
wait_for 20 "the client's end" gone || fail "the client outlives the announcement"
none_left() {
    local mounts
    for mounts in $(grep -ls socket.mount /proc/[0-9]*/mounts); do
        grep -qsE "announce-brick|client-pid=-12" "${mounts%/*}/cmdline" || return 1
    done
}
wait_for 10 "the mount's end" none_left || { grep -s socket.mount /proc/[0-9]*/mounts; fail "a mount is left"; }
new_brick && fail "the new brick runs though it was not announced"
wait_for 30 helper helper || fail "it is not tried again"
new_brick && fail "the new brick runs though it was not announced"
kill -CONT "$source"
healed() { [ "$(cat $B/n/f5)" = "file 5" ]; }
wait_for 60 heal healed || { cat /run/out; cli volume status gv0; tail -n 20 "$RUN/gd2-brickd.log"; fail "not healed"; }
wait_for 20 answer grep -q "in the place of localhost:$B/b2" /run/out || { cat /run/out; fail "the command did not end well"; }
[ "$(ls /run/mnt)" = "$(printf 'f%s\n' 1 2 3 4 5)" ] || fail "the mount shows $(ls /run/mnt)"
grep -q "could not be told yet that it is new and empty: it was ended" "$RUN/gd2-brickd.log" || fail "the log does not say why"
umount /run/mnt
node_stop
say "done"
