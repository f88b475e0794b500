# etcdctl on gd2-store's socket: 1,000 puts over one connection, a watch, a lease, a denied write, and
# what happens while etcd is away.
. Tests/e2e/node.sh
node_start
export ETCDCTL_API=3
etcd() { etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=10s "$@"; }
prefix=/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)
# `watch -i` keeps one connection; `txn -i` one a transaction; `lease keep-alive` a long stream.
etcd watch --prefix "$prefix/options/t" >/run/watch.out & watch=$!
lease=$(etcd lease grant 5 | awk '{print $2}')
timeout 8 etcdctl --endpoints=unix:///run/gd2/store.sock lease keep-alive "$lease" >/run/lease.out 2>&1 & keeper=$!
sleep 0.5
python3 Tests/e2e/etcdputs.py /run/gd2/store.sock "$prefix/options/t" 1000 || fail "1,000 puts on one connection"
sleep 1
[ "$(grep -c '^PUT' /run/watch.out)" = 1000 ] || fail "the watch saw $(grep -c '^PUT' /run/watch.out) of 1000 puts"
kill $watch
wait $keeper
[ "$(grep -c keepalived /run/lease.out)" -ge 3 ] || fail "the lease was not kept: $(cat /run/lease.out)"
etcd put /elsewhere x 2>/run/denied && fail "a write outside of the cluster was allowed"
grep -q 'PermissionDenied' /run/denied || fail "no clear refusal: $(cat /run/denied)"
etcd put "$prefix/options/t" 1 >/dev/null || fail "a write within the cluster was refused"
su -s /bin/bash nobody -c "ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=3s get $prefix/options/t" 2>/run/denied &&
    fail "nobody may read"
node_hold gd2-etcd
began=$(date +%s%N)
etcd put "$prefix/options/t" 2 2>/dev/null && fail "a write without etcd was answered"
[ $((($(date +%s%N) - began) / 1000000)) -lt 2000 ] || fail "the refusal took more than 2 s"
node_release gd2-etcd
back() { etcd put "$prefix/options/t" 3; }
wait_for 10 "etcd" back || fail "no writes after etcd came back"
node_stop
say "1,000 puts, watch, lease, refusals: as they should be"
