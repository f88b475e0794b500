# A node has one watch at etcd, whoever follows the store on it: its own four daemons, and four more
# through store.sock. Who is late or slow misses nothing.
. Tests/e2e/nodes.sh
nodes_start 2
line=$(cli_on 2 peer pair) || fail "peer pair"
cli_on 1 ${line#glustercli } || fail "peer add"
two() { [ "$(cli_on "$1" cluster members -o json | jq '.members | map(select(.healthy)) | length')" = 2 ]; }
wait_for 30 two two 1 || { cli_on 1 cluster members; fail "h2 is no member"; }
fresh() { cli_on "$1" volume list 2>"$E2E_DISK/err" >/dev/null && [ ! -s "$E2E_DISK/err" ]; }
wait_for 30 fresh fresh 2 || fail "h2 does not follow: $(cat "$E2E_DISK/err")"
watchers() {
    on 1 curl -s --cacert /var/lib/gd2/store/pki/client-ca.pem --cert /var/lib/gd2/store/pki/client.pem \
        --key /var/lib/gd2/store/pki/client.key https://127.0.0.1:2379/metrics |
        awk '$1 == "etcd_debugging_mvcc_watcher_total" {print $2}'
}
say "watchers at the voter: $(watchers)"
# The learner does not serve, so both nodes' watches are at h1's etcd.
few() { [ "$(watchers)" = 2 ]; }
wait_for 40 "one watch a node" few || fail "$(watchers) watches at the voter for two nodes"

say "all follow"
created() { cli_on 2 volume create gv0 replica 2 h1:/run/bricks/a h2:/run/bricks/a force --create-brick-dir --mode=script; }
wait_for 30 create created || { created; fail create; }
cli_on 2 volume start gv0 || fail start
wait_for 20 h1 cli_on 1 volume info gv0 || fail "h1 does not know what h2 made"
for n in $(seq 20); do cli_on $((n % 2 + 1)) volume set gv0 user.n "$n" >/dev/null || fail "set $n"; done
seen() { [ "$(cli_on "$1" volume get gv0 user.n -o json | jq -r '.. | .value? // empty')" = 20 ]; }
for n in 1 2; do wait_for 20 "h$n" seen $n || fail "h$n has not seen the last change"; done

say "a daemon that comes back late"
on 2 bash -c '. Tests/e2e/node.sh; node_hold gd2-rest'
for n in $(seq 21 40); do cli_on 1 volume set gv0 user.n "$n" >/dev/null || fail "set $n"; done
# More than the node keeps; and a daemon that does not read meanwhile.
prefix=/gluster/$(on 1 jq -r .cluster /var/lib/gd2/store/identity.json)
pmap=$(on 2 cat /run/gd2-node/gd2-pmap.pid)
on 2 kill -STOP "$pmap"
on 1 python3 Tests/e2e/etcdputs.py /run/gd2/store.sock "$prefix/options/t" 1500 || fail "1,500 puts"
on 2 kill -CONT "$pmap"
cli_on 1 volume set gv0 performance.cache-size 96MB >/dev/null || fail "set cache-size"
served() { on 2 python3 Tests/e2e/getspec.py gv0 | grep -q "cache-size 96MB"; }
wait_for 40 "h2's gd2-pmap" served || fail "h2's gd2-pmap does not follow after it was stopped"
on 2 bash -c '. Tests/e2e/node.sh; node_release gd2-rest'
late() { [ "$(cli_on 2 volume get gv0 user.n -o json | jq -r '.. | .value? // empty')" = 40 ]; }
wait_for 40 "the last change" late || fail "h2's gd2-rest has not seen what was changed without it"

say "etcd and gd2-store die"
on 1 bash -c '. Tests/e2e/node.sh; node_kill gd2-etcd; node_kill gd2-store'
again() { cli_on 2 volume set gv0 user.n 20; }
wait_for 60 "a change" again || { again; fail "no change afterwards"; }
for n in 1 2; do wait_for 20 "h$n" seen $n || fail "h$n has not seen the change after it"; done
wait_for 40 "one watch a node" few || fail "$(watchers) watches at the voter for two nodes"
say "done"
