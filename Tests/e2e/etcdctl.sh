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
etcdctl --endpoints=unix:///run/gd2/store.sock lease keep-alive "$lease" >/run/lease.out 2>&1 & keeper=$!
# Puts before the 1,000, by which it is known that the watch is there.
watched() { etcd put "$prefix/options/t" first && grep -qx first /run/watch.out; }
wait_for 20 watch watched || fail "the watch sees nothing"
seen() { puts=$(($(grep -c '^PUT' /run/watch.out) - $(grep -cx first /run/watch.out))); [ $puts = 1000 ]; }
python3 Tests/e2e/etcdputs.py /run/gd2/store.sock "$prefix/options/t" 1000 || fail "1,000 puts on one connection"
wait_for 20 puts seen || fail "the watch saw $puts of 1000 puts"
# Five times are longer than its 5 s.
kept() { [ "$(grep -c keepalived /run/lease.out)" -ge 5 ]; }
wait_for 40 lease kept || fail "the lease was not kept: $(cat /run/lease.out)"
seen || fail "the watch saw $puts of 1000 puts"
kill $watch $keeper
etcd put /elsewhere x 2>/run/denied && fail "a write outside of the cluster was allowed"
grep -q 'PermissionDenied' /run/denied || fail "no clear refusal: $(cat /run/denied)"
etcd put "$prefix/options/t" 1 >/dev/null || fail "a write within the cluster was refused"
su -s /bin/bash nobody -c "ETCDCTL_API=3 etcdctl --endpoints=unix:///run/gd2/store.sock --command-timeout=3s get $prefix/options/t" 2>/run/denied &&
    fail "nobody may read"
node_hold gd2-etcd
began=$(date +%s%N)
etcd put "$prefix/options/t" 2 2>/dev/null && fail "a write without etcd was answered"
# Of the 10 s that etcdctl would wait.
[ $((($(date +%s%N) - began) / 1000000)) -lt 5000 ] || fail "the refusal took more than 5 s"
node_release gd2-etcd
back() { etcd put "$prefix/options/t" 3; }
wait_for 30 "etcd" back || fail "no writes after etcd came back"
node_stop
say "1,000 puts, watch, lease, refusals: as they should be"
