# make demo: a node, a volume, a mount, a file, status; everything ends with its namespaces.
. Tests/e2e/node.sh
step() { printf '\n# %s\n' "$*"; "$@" || fail "$*"; }
glustercli() { cli "$@"; }
say "starting gd2-store, gd2-etcd, gd2-pmap, gd2-brickd, gd2-rest"
node_start
step glustercli version
step glustercli peer list
mkdir -p /run/bricks/b1 /run/bricks/b2 /run/bricks/b3 /run/mnt
step glustercli volume create gv0 replica 3 localhost:/run/bricks/b1 localhost:/run/bricks/b2 localhost:/run/bricks/b3 force
step glustercli volume start gv0
step mount -t glusterfs 127.0.0.1:/gv0 /run/mnt
step sh -c 'echo "hello from GlusterFS" >/run/mnt/hello'
step cat /run/mnt/hello
step ls -l /run/bricks/b1/hello /run/bricks/b2/hello /run/bricks/b3/hello
say "kill -9 of all five programs; the mount does not notice"
for name in gd2-store gd2-etcd gd2-pmap gd2-brickd gd2-rest; do node_kill $name; done
step cat /run/mnt/hello
online() { cli volume status gv0 -o json --timeout 2 | jq -e 'length == 3 and all(.[]; .online)'; }
wait_for 5 "bricks" online || fail "the node did not come back"
step glustercli volume set gv0 performance.io-cache on
step glustercli volume status gv0
step umount /run/mnt
step glustercli volume stop gv0 --yes
step glustercli volume delete gv0 --yes
node_stop
say "done; nothing is left"
