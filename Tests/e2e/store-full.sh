# A store that is full of history: etcd refuses all writes, gd2-store raises the alarm, drops the
# history, makes the file smaller and lets changes through again, while reads go on all the time.
STORE_FLAGS="--set etcd-quota-bytes=67108864"
. Tests/e2e/node.sh
node_start
export ETCDCTL_API=3
etcd() { etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=10s "$@"; }
prefix=/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)
head -c 700000 /dev/urandom | base64 -w0 >/run/big
mkdir -p /run/bricks/b1
cli volume create gv0 localhost:/run/bricks/b1 force || fail create
full() { ! etcd put "$prefix/options/t" <"$1" >/dev/null 2>/run/error && grep -q "space exceeded" /run/error; }
nearly_full() { cli doctor -o json | jq -e 'any(.findings[]; .code == "STORE_NEARLY_FULL")' >/dev/null; }
nearly_full && fail "doctor finds an empty store nearly full"
found=
for i in $(seq 150); do
    [ -n "$found" ] || [ "$i" -lt 40 ] || ! nearly_full || found=$i
    full /run/big && break
done
[ -n "$found" ] || fail "doctor did not find that the store is nearly full"
say "doctor found it after $found writes"
[ "$i" -lt 150 ] || fail "the store did not get full"
say "full after $i writes of 900 KB"
cli volume info gv0 >/dev/null || fail "no reads while the store is full"
takes_changes() { cli volume set gv0 user.n "$RANDOM" --timeout 5; }
wait_for 90 changes takes_changes || { tail -n 5 "$RUN/gd2-store.log"; cli volume set gv0 user.n 1; tail -n 5 "$RUN/gd2-rest.log" "$RUN/gd2-etcd.log"; fail "it stays full"; }
grep -q "store nearly full" "$RUN/gd2-store.log" || fail "no alarm"
size=$(stat -c %s /var/lib/gd2/store/etcd/member/snap/db)
[ "$size" -lt 20000000 ] || fail "the file still has $size bytes"
emptied() { cli doctor -o json | jq -e 'all(.findings[]; .code != "STORE_NEARLY_FULL")'; }
wait_for 20 emptied emptied || { cli doctor; fail "doctor finds the store nearly full still"; }
cli volume start gv0 || fail "start after it"
node_stop
say "changes go on, the file has $size bytes"
