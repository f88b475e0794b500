# gd2-rest takes its option table from the installed xlators, keeps it in a cache that it checks, and
# answers from the built-in one where the xlators cannot be read.
. Tests/e2e/node.sh
cache=/var/lib/gd2/rest/xlators
installed=$(dirname "$(ls -d /usr/lib/*/glusterfs/*/xlator | tail -n 1)")
used() { [ "$(grep -c "option table of installed xlators in use source=$1 " "$RUN/gd2-rest.log")" -ge "$2" ]; }
again() { node_kill gd2-rest; sleep 0.3; node_ready || fail "gd2-rest does not come back"; }
# It takes changes when its view of the store is current again.
fresh() { [ -z "$(cli volume list 2>&1 >/dev/null)" ]; }

node_start
wait_for 20 "table" used xlators 1 || { cat "$RUN/gd2-rest.log"; fail "the xlators were not read"; }
wait_for 20 "cache" test -s "$cache" || fail "no cache was written"
alone() { ! pgrep -f 'gd2-rest [x]lator-tables'; }
wait_for 10 "the helper's end" alone || fail "a helper is left over"
mkdir -p /run/bricks/b1
cli volume create gv0 localhost:/run/bricks/b1 force || fail create
cli volume get gv0 performance.cache-size -o json |
    jq -e '.[0] | .["default-value"] == "32MB" and (.description | length > 0)' >/dev/null ||
    fail "no description: $(cli volume get gv0 performance.cache-size -o json)"
! cli volume set gv0 -- storage.health-check-interval -5 2>/run/error || fail "a value below its minimum was taken"
grep -q 'of at least 0' /run/error || fail "the refusal does not say the bound: $(cat /run/error)"

say "a restart reads the cache, a damaged cache is made anew"
again; wait_for 20 "table" used cache 1 || fail "the cache was not used"
printf x | dd of="$cache" bs=1 seek=5000 conv=notrunc 2>/dev/null
before=$(stat -c %i "$cache")
again; wait_for 20 "table" used xlators 2 || fail "a damaged cache was not made anew"
renewed() { [ "$(stat -c %i "$cache")" != "$before" ]; }
wait_for 20 "cache" renewed || fail "the damaged cache is still there"
again; wait_for 20 "table" used cache 2 || fail "the new cache was not used"

say "no xlators: the built-in table"
mount -t tmpfs none "$installed"
again
wait_for 20 "table" grep -q "built-in option table in use" "$RUN/gd2-rest.log" || fail "no word of the built-in table"
wait_for 20 "view" fresh || fail "gd2-rest does not follow the store"
# An option's bounds are those of the xlators that the volume has.
cli volume set gv0 performance.io-cache on performance.cache-size 64MB || fail "no set with the built-in table"
! cli volume set gv0 performance.cache-size 1KB 2>/run/error || fail "the built-in table refuses nothing"

say "another GlusterFS, of which one xlator hangs: the rest is used, and nothing waits"
mkdir -p "$installed/xlator/performance"
cat >/run/hang.c <<'C'
#include <unistd.h>
__attribute__((constructor)) static void begin(void) { for (;;) pause(); }
C
cat >/run/other.c <<'C'
struct { char *key[4]; int type; double min, max; char *value[64]; char *preset, *description;
    int check; unsigned numbers[9]; char *tags[64], *set_key; int level, category; } options[] = {
    {{"cache-size"}, 3, 4096, 8192, {0}, "5000", "of another GlusterFS"}, {{0}}};
C
cc -shared -fPIC -o "$installed/xlator/performance/read-ahead.so" /run/hang.c || fail cc
cc -shared -fPIC -o "$installed/xlator/performance/io-cache.so" /run/other.c || fail cc
began=$(date +%s%N)
again
# Or else, on a busy machine, it was ready before the table was.
[ $((($(date +%s%N) - began) / 1000000)) -lt 3000 ] || ! used xlators 3 || fail "the start waited for the xlators"
wait_for 40 "table" used xlators 3 || fail "the other xlators were not read"
grep -q 'xlator not read.*performance/read-ahead' "$RUN/gd2-rest.log" || fail "no word of the xlator that hangs"
cli volume get gv0 performance.cache-size -o json | jq -e '.[0].description == "of another GlusterFS"' >/dev/null ||
    fail "the other table is not in use"
! cli volume set gv0 performance.cache-size 64MB 2>/run/error || fail "the other table's bound does not hold"
umount "$installed"
node_stop
say "done"
