# Options: several in one set or none, groups, reset, get, aliases, and what running bricks and
# clients make of them.
. Tests/e2e/node.sh
node_start
bad() { # STATUS PATTERN COMMAND...: fails with that status and says so
    local status=$1 pattern=$2 output got; shift 2
    output=$("$@" 2>&1 </dev/null); got=$?
    [ $got = "$status" ] || fail "$*: status $got, not $status: $output"
    grep -q -- "$pattern" <<<"$output" || fail "$*: does not say $pattern: $output"
}
value() { cli volume get "$1" "$2" -o json | jq -r '.[0].value'; } # VOLUME KEY
modified() { cli volume get "$1" modified -o name | sort | tr '\n' ' '; }
mkdir -p /run/bricks/{a,b,c,d,e,f,g,h} /run/mnt
cli volume create rep replica 3 localhost:/run/bricks/{a,b,c} force || fail create
cli volume create dist localhost:/run/bricks/{d,e} force || fail create
cli volume create disp disperse 3 redundancy 1 localhost:/run/bricks/{f,g,h} force || fail create
for volume in rep dist disp; do cli volume start $volume || fail "start $volume"; done
before=$(modified rep) bare=$(modified dist)

say "all of a set or none"
cli volume set rep performance.cache-size 64MB network.ping-timeout 20 user.note "two words" || fail "set three"
[ "$(value rep performance.cache-size) $(value rep ping-timeout) $(value rep user.note)" = "64MB 20 two words" ] || fail "three values"
bad 2 "frame-timeout" cli volume set rep network.ping-timeout 30 network.frame-timeout abc
[ "$(value rep network.ping-timeout)" = 20 ] || fail "half of a set was done"
bad 2 "given twice" cli volume set rep network.ping-timeout 30 ping-timeout 31
bad 2 "did you mean performance.cache-size" cli volume set rep performance.cache-siz 1MB
bad 2 "did you mean performance.cache-size" cli volume set rep cache-siz 1MB
bad 2 "KEY VALUE" cli volume set rep

say "what a volume cannot have"
bad 2 "of disperse volumes" cli volume set rep disperse.quorum-count 2
bad 2 "of replicate volumes" cli volume set dist cluster.self-heal-daemon off
bad 2 "from 1 to 3" cli volume set rep cluster.quorum-count 4
bad 2 "stop it first" cli volume set rep storage.linux-aio off
bad 2 "reads and writes would fail" cli volume set rep storage.linux-aio on
bad 2 "from -1 to 2" cli volume set rep cluster.read-subvolume-index 3
bad 2 "whole number" cli volume set rep network.tcp-window-size 1MB
bad 2 "quota" cli volume set rep features.quota on

say "GD2's names"
for name in cluster/replicate.eager-lock afr.eager-lock cluster/afr.eager-lock replicate.eager-lock; do
    cli volume set rep $name off || fail "$name"
    [ "$(value rep cluster.eager-lock)" = off ] || fail "$name is no cluster.eager-lock"
    [ "$(value rep $name)" = off ] || fail "get $name"
    cli volume reset rep $name >/dev/null || fail "reset $name"
done
bad 2 "cluster.eager-lock, disperse.eager-lock" cli volume set rep eager-lock off
cli volume set rep performance/read-ahead on || fail "an xlator's switch"
[ "$(value rep performance.read-ahead)" = on ] || fail "performance/read-ahead"
cli volume set rep performance/read-ahead.page-size 256KB || fail "an option without a key of GD1's"

say "names that no URL has"
cli volume set rep user.größe 5 user.a%b 6 || fail "set user.größe"
[ "$(value rep user.größe) $(value rep user.a%b)" = "5 6" ] || fail "user.größe is $(value rep user.größe), user.a%b $(value rep user.a%b)"
cli volume reset rep user.größe user.a%b >/dev/null || fail "reset user.größe"

say "sizes with which no client would mount"
bad 2 "no client could mount" cli volume set rep performance.cache-min-file-size 1MB
cli volume set rep performance.cache-min-file-size 1MB performance.cache-max-file-size 2MB || fail "both sizes"
bad 2 "no client could mount" cli volume reset rep performance.cache-max-file-size
cli volume reset rep performance.cache-min-file-size performance.cache-max-file-size >/dev/null || fail "reset both sizes"
bad 2 "no client could mount" cli volume set rep performance.aggregate-size 2MB

say "reset"
cli volume reset rep network.ping-timeout >/dev/null || fail "reset one"
[ "$(value rep network.ping-timeout)" = 42 ] || fail "reset of one"
[ "$(value rep performance.cache-size)" = 64MB ] || fail "reset of one took another"
cli volume set rep geo-replication.indexing on || fail indexing
bad 6 "protected" cli volume reset rep geo-replication.indexing
cli volume reset rep >/dev/null || fail "reset all"
[ "$(modified rep)" = "$(printf 'geo-replication.indexing %s' "$before" | tr ' ' '\n' | sed '/^$/d' | sort | tr '\n' ' ')" ] || fail "after reset: $(modified rep), not $before"
cli volume reset rep geo-replication.indexing force >/dev/null || fail "reset with force"
[ "$(modified rep)" = "$before" ] || fail "after reset with force: $(modified rep)"

say "get"
cli volume get rep | head -1 | grep -q "OPTION *VALUE *DEFAULT *SET" || fail columns
cli volume get rep performance.cache-size --describe | grep -q "takes *a size" || fail describe
cli volume get rep all --describe >/run/described || fail "describe all"
grep -A 3 '^nfs.disable$' /run/described >/run/described-one
grep -q 'value *on (set)' /run/described-one && grep -q 'takes *on or off' /run/described-one || fail "describe all: $(cat /run/described-one)"
[ "$(cli volume get rep all -o name | wc -l)" -gt 370 ] || fail "get all"

say "GD1's list of options"
cli volume set help >/run/help || fail "set help"
[ "$(grep -c '^Option: ' /run/help)" -ge 255 ] || fail "set help has $(grep -c '^Option: ' /run/help) options, glusterd has 255"
grep -A 3 '^Option: cluster.min-free-disk$' /run/help | grep -q '^Default Value: 10%' || fail "set help: no default"
grep -A 3 '^Option: cluster.min-free-disk$' /run/help | grep -q '^Takes: .*percentage' || fail "set help: does not say what cluster.min-free-disk takes"

say "groups"
[ "$(cli volume group list -o name | tr '\n' ' ')" = "db-workload distributed-virt gluster-block metadata-cache nl-cache samba virt " ] || fail "group list"
for group in $(cli volume group list -o name); do
    volume=rep; [ $group != distributed-virt ] || volume=dist
    cli volume set $volume group $group || fail "group $group"
    python3 Tests/e2e/getspec.py $volume >/run/spec || fail "volfile with $group"
    cli volume group show $group -o json | jq -r '.options[] | "\(.name) \(.onvalue)"' >/run/wanted
    while read -r key wanted; do
        got=$(value $volume "$key")
        case "$got/$wanted" in on/enable | on/yes | off/disable) got=$wanted ;; esac
        [ "$got" = "$wanted" ] || fail "group $group: $key is $got, not $wanted"
    done </run/wanted
    mount -t glusterfs 127.0.0.1:/$volume /run/mnt || fail "mount with $group"
    echo $group >/run/mnt/file && [ "$(cat /run/mnt/file)" = $group ] || fail "a file with $group"
    umount /run/mnt
    cli volume set $volume profile.$group off || fail "group $group off"
    [ "$(modified $volume)" = "$([ $volume = rep ] && echo "$before" || echo "$bare")" ] || fail "after group $group off: $(modified $volume)"
done
bad 2 "of replicate volumes" cli volume set dist group virt
bad 5 "no group nosuch" cli volume set rep group nosuch
cli volume group create mine performance.cache-size 16MB network.ping-timeout 15 --description "of mine" || fail "group create"
bad 6 "exists" cli volume group create mine network.ping-timeout 15
bad 6 "own" cli volume group create virt network.ping-timeout 15
bad 2 "no name" cli volume group create network.ping-timeout network.ping-timeout 15
bad 2 "ping-timeout" cli volume group create other network.ping-timeout abc
cli volume set rep group mine performance.cache-size 8MB || fail "own group"
[ "$(value rep performance.cache-size) $(value rep network.ping-timeout)" = "8MB 15" ] || fail "own group's values"
printf '# a comment\nperformance.read-ahead=on\n' >/run/mine
cli volume group create filed --file /run/mine || fail "group of a file"
cli volume set rep filed on && [ "$(value rep performance.read-ahead)" = on ] || fail "NAME on"
node_kill gd2-rest
# It takes changes when its view of the store is current again; before that it notes how old it is.
fresh() { [ -z "$(cli volume list 2>&1 >/dev/null)" ]; }
wait_for 20 rest fresh || fail "gd2-rest did not come back"
cli volume group delete mine || fail "group delete"
bad 5 "no group" cli volume group delete mine
[ "$(value rep network.ping-timeout)" = 15 ] || fail "a deleted group took the volume's options"
[ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/gd2/rest.sock -X DELETE http://x/v1/volumes/options-group/filed)" = 204 ] || fail "DELETE options-group"

say "what needs a restart of the bricks"
cli volume set rep features.acl off 2>&1 >/dev/null | grep -q "features.acl takes effect when the bricks are restarted" || fail "no note"
cli volume reset rep features.acl 2>&1 >/dev/null | grep -q "features.acl takes effect" || fail "no note of a reset"
cli volume set rep performance.cache-size 9MB 2>&1 | grep -q "takes effect" && fail "a note without need"
cli volume stop rep --yes && cli volume set rep storage.linux-io_uring on 2>&1 | grep -q "takes effect" && fail "a note for a stopped volume"
[ "$(value rep storage.linux-io_uring)" = on ] || fail "linux-io_uring on a stopped volume"
cli volume start rep || fail "start with linux-io_uring"
node_stop
