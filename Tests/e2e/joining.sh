# Who is let in, and who not: by name alone where that is switched on; a copy of a machine; a machine whose clock is an hour behind.
STORE_FLAGS="--set open-join=true"
. Tests/e2e/nodes.sh
STATE=/var/lib/gd2/store
export STORE_FLAGS

# The clock of gd2-store on h3, by a library that is loaded before libc.
mkdir "$E2E_DISK/bin"
python3 -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("<q", 3600))' >"$E2E_DISK/hour"
cc -shared -fPIC -o "$E2E_DISK/clock.so" Tests/e2e/clock.c || fail "no C compiler"
for name in gd2-etcd gd2-pmap gd2-brickd gd2-rest glustercli; do ln -s "$BIN/$name" "$E2E_DISK/bin/$name"; done
cat >"$E2E_DISK/bin/gd2-store" <<W
#!/bin/bash
[ "\$(hostname)" != h3 ] || [ "\${1:-}" = run-etcd ] || export CLOCK_BACK=$E2E_DISK/hour LD_PRELOAD=$E2E_DISK/clock.so
exec $BIN/gd2-store "\$@"
W
chmod +x "$E2E_DISK/bin/gd2-store"
export BIN=$E2E_DISK/bin
nodes_start 4

planned() { # PATTERN COMMAND...: a dry run that would change something
    local pattern=$1; shift
    "$@" --dry-run >"$E2E_DISK/plan" 2>&1; [ $? = 3 ] || fail "$* --dry-run: $(cat "$E2E_DISK/plan")"
    grep -qE "$pattern" "$E2E_DISK/plan" || fail "$* --dry-run says: $(cat "$E2E_DISK/plan")"
    cat "$E2E_DISK/plan"
}

say "by its name alone"
planned '^h2 \(h2\) would become a peer$' cli_on 1 peer add h2
planned 'a code would be made that lets a cluster take this node in for 600 s' cli_on 2 peer pair --valid 10m
cli_on 1 peer add h2 || fail "h2 is not taken in by its name"
peers() { [ "$(cli_on 1 peer list -o json | jq 'map(select(.online)) | length')" = "$1" ]; }
wait_for 40 h2 peers 2 || { cli_on 1 peer status; fail "h2 is no peer"; }
member() { [ "$(cli_on 1 cluster members -o json | jq '.members | map(select(.healthy)) | length')" = "$1" ]; }
wait_for 40 h2 member 2 || fail "h2 is no member"

say "a node whose etcd is just starting"
on 4 node_hold gd2-etcd
(sleep 1; on 4 node_release gd2-etcd) & release=$!
cli_on 4 peer pair || fail "no pairing code from a node that is just starting"
wait $release

say "a copy of h1"
on 4 node_hold gd2-store
on 4 node_hold gd2-etcd
id=$(on 1 jq -r .peer $STATE/identity.json)
on 4 bash -c "jq '.peer = \"$id\" | del(.hasStore)' $STATE/identity.json >/run/copied && rm -rf ${STATE:?}/* && cp /run/copied $STATE/identity.json" || fail "no copy"
on 4 node_release gd2-store
on 4 node_release gd2-etcd
# gd2-rest answers from what it knew; this is gd2-store's, and needs its etcd.
ready() { cli_on 4 peer pair --dry-run; [ $? = 3 ]; }
wait_for 30 h4 ready || fail "h4 does not start"
refused() { # WHAT COMMAND...: with the reason
    local what=$1; shift
    "$@" 2>"$E2E_DISK/error"; [ $? = 6 ] || fail "$what: $(cat "$E2E_DISK/error")"
    grep -q "peer id $id is h1's already: h4 is a copy of it" "$E2E_DISK/error" || fail "$what, another reason: $(cat "$E2E_DISK/error")"
}
line=$(cli_on 1 peer token create) || fail "peer token create"
refused "a copy would join" cli_on 4 ${line#glustercli } --dry-run
refused "a copy would be added" cli_on 1 peer add h4 --dry-run
refused "a copy joins" cli_on 4 ${line#glustercli }
refused "a copy is added" cli_on 1 peer add h4

say "a clock that is an hour behind"
tokens() { cli_on 1 peer token list -o json | jq -c 'map([.id, ."uses-left"])'; }
before=$(tokens)
planned 'a token would be made that lets 3 nodes join for 1800 s' cli_on 1 peer token create --valid 30m --uses 3
[ "$(tokens)" = "$before" ] || fail "a dry run made a token"
line=$(cli_on 1 peer token create) || fail "peer token create"
planned "^this node would join cluster $(on 1 jq -r .cluster $STATE/identity.json)$" cli_on 3 ${line#glustercli }
planned '^token .* would be revoked; 1 more could have joined$' cli_on 1 peer token revoke "$(cli_on 1 peer token list -o json | jq -r 'max_by(.created) | .id')"
planned '^a snapshot of the store would be saved in /var/lib/gd2/store/snapshots$' cli_on 1 cluster snapshot save
cli_on 3 ${line#glustercli } || fail "h3 does not join"
wait_for 60 h3 peers 3 || { cli_on 1 peer status; fail "h3 is no peer"; }
skew() { cli_on 1 cluster status | grep -E "the clock of peer h3 is 3(599|600|601)\.[0-9] s behind that of h1"; }
wait_for 20 skew skew || { cli_on 1 cluster status; fail "nobody says that the clock of h3 is behind"; }
skew
found() {
    cli_on 1 doctor -o json >"$E2E_DISK/found"; [ $? = 1 ] &&
        jq -e '.findings | any(.code == "CLOCK_SKEW" and .name == "h3" and (.why | contains(" s behind that of h1"))) and any(.code == "OPEN_JOIN" and .name == "h3")' "$E2E_DISK/found"
}
wait_for 20 doctor found || { cat "$E2E_DISK/found"; fail "doctor does not find the clock of h3, or open-join there"; }
cli_on 1 peer status
wait_for 60 voters member 3 || { cli_on 1 cluster members; fail "h3 is no member"; }
created() { cli_on 3 volume create gv0 h3:/run/bricks/a force --create-brick-dir; }
wait_for 20 create created || { created; fail "h3 changes nothing"; }
seen() { cli_on 2 volume info gv0 -o name | grep -q gv0; }
wait_for 20 h2 seen || fail "h2 does not see what h3 made"
say "done"
