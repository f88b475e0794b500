# The manual: pages are made of the built programs without a warning, what has no help is refused, what the units
# name is installed, settings that are shown can be read again, and all metrics are explained.
. Tests/e2e/node.sh
pages=$E2E_DISK/pages
PROGRAMS="gd2-store gd2-rest gd2-pmap gd2-brickd glustercli"

say "pages"
man/generate "$BIN" "$pages" || fail "the pages are not made"
[ "$(ls "$pages"/man?/* | wc -l)" -ge 10 ] || fail "pages are missing: $(ls "$pages"/man?)"
for page in "$pages"/man?/*; do
    warnings=$(LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -z "$page" 2>&1)
    [ -z "$warnings" ] || fail "groff on $page: $warnings"
    # mandoc is not in every installation.
    ! command -v mandoc >/dev/null || mandoc -Tlint -Werror "$page" || fail "mandoc on $page"
    text=$(groff -man -Tascii -P-cbou "$page")
    for section in NAME DESCRIPTION "SEE ALSO"; do
        grep -q "^$section" <<<"$text" || fail "${page##*/} has no $section"
    done
done
for section in OPTIONS SETTINGS "IS IT WELL" RESTART MESSAGES FILES SIGNALS "EXIT STATUS" EXAMPLES LIMITS METRICS; do
    for name in store rest pmap brickd; do
        groff -man -Tascii -P-cbou "$pages/man8/gd2-$name.8" | grep -q "^$section" || fail "gd2-$name.8 has no $section"
    done
done
[ -z "$(find man -name '__pycache__')" ] || fail "the generator leaves files"

say "what has no help is refused"
mkdir "$E2E_DISK/bin"
for program in $PROGRAMS; do ln -s "$BIN/$program" "$E2E_DISK/bin/$program"; done
refused() { # PATTERN JQ: glustercli's help, changed by JQ
    rm -f "$E2E_DISK/bin/glustercli"
    printf '#!/bin/sh\ncase $1 in --exp*) "%s" "$@" | jq '"'%s'"';; *) exec "%s" "$@";; esac\n' \
        "$BIN/glustercli" "$2" "$BIN/glustercli" >"$E2E_DISK/bin/glustercli"
    chmod +x "$E2E_DISK/bin/glustercli"
    local output
    output=$(man/generate "$E2E_DISK/bin" "$E2E_DISK/none" 2>&1) && fail "$2 is not refused"
    grep -q "$1" <<<"$output" || fail "$2: does not say $1: $output"
}
refused "secret-file has no help\|file has no help" 'del(.command.subcommands[0].subcommands[0].arguments[].abstract)'
refused "is no sentence" '.command.subcommands[0].abstract = ""'
refused "has no example" '.command.subcommands[0].subcommands[1].discussion = ""'
refused "there is no glustercli volume crate" '.command.subcommands[0].discussion = "Example: glustercli volume crate gv0"'
refused "has no --fourse" '.command.subcommands[0].subcommands[1].discussion = "Example: glustercli volume delete gv0 --fourse"'

say "settings that are shown can be read"
for name in store rest pmap brickd; do
    "$BIN/gd2-$name" --set log-level=debug --show-config >"$E2E_DISK/$name.toml" || fail "gd2-$name --show-config"
    "$BIN/gd2-$name" --config "$E2E_DISK/$name.toml" --check-config || fail "gd2-$name does not take what it shows"
    "$BIN/gd2-$name" --config "$E2E_DISK/$name.toml" --show-config | cmp - "$E2E_DISK/$name.toml" || fail "gd2-$name shows something else"
    grep -qx 'log-level = "debug"' "$E2E_DISK/$name.toml" || fail "gd2-$name does not show what is in force"
done

say "install and uninstall"
make -s install BIN="$BIN" DESTDIR="$E2E_DISK/image" >/dev/null || fail install
for unit in "$E2E_DISK"/image/usr/lib/systemd/system/*; do
    for named in $(sed -n 's/^Documentation=//p' "$unit"); do
        case $named in
        file://*) path=${named#file://} ;;
        man:*) path=${named#man:} section=${named: -2:1}; path=/usr/share/man/man$section/${path%(*}.$section.gz ;;
        *) fail "$unit names $named" ;;
        esac
        [ -s "$E2E_DISK/image$path" ] || fail "${unit##*/} names $named, which is not installed"
    done
done
(cd "$E2E_DISK/image/usr/share/doc/gd2" && grep -ohE '`(docs|units)/[a-z0-9/-]+\.md`' README.md docs/*.md docs/operators/*.md |
    tr -d '`' | sort -u | while read -r page; do [ -s "$page" ] || echo "$page"; done) >"$E2E_DISK/missing"
[ ! -s "$E2E_DISK/missing" ] || fail "named and not installed: $(cat "$E2E_DISK/missing")"
make -s uninstall DESTDIR="$E2E_DISK/image" || fail uninstall
left=$(find "$E2E_DISK/image" ! -type d)
[ -z "$left" ] || fail "uninstall leaves $left"

say "metrics"
for name in STORE REST PMAP BRICKD; do
    lower=${name,,}
    declare "${name}_FLAGS=--set metrics-socket=/run/gd2/$lower-metrics.sock"
done
node_start
cli ping || fail ping
scrape() { for name in store rest pmap brickd; do curl -sf --unix-socket /run/gd2/$name-metrics.sock http://x/metrics; done; }
grep -ohE '`gd2_[a-z_]+`' docs/operators/*.md | tr -d '`' | sort -u >"$E2E_DISK/explained"
same() {
    scrape | sed -n 's/^\([a-z][a-z0-9_]*\).*/\1/p' | sort -u >"$E2E_DISK/real"
    diff "$E2E_DISK/real" "$E2E_DISK/explained"
}
# Some are known only when etcd has been looked at.
wait_for 40 same same || { same; fail "metrics: < real, > explained"; }

say "what is said when the store is away and comes back"
up() { scrape | grep -qx "gd2_etcd_up $1.0"; }
wait_for 40 up up 1 || fail "gd2_etcd_up stays 0 after the start"
node_hold gd2-etcd
has() { grep -q -- "$2" "$RUN/$1.log"; }
wait_for 20 lost has gd2-rest "store lost" || fail "gd2-rest does not say that the store is lost"
cli peer list -o json 2>"$E2E_DISK/note" | jq -e 'length == 1' >/dev/null || fail "no reads while the store is away"
grep -q 'does not answer since [0-9]* s: this is what was known then' "$E2E_DISK/note" || fail "glustercli does not say that the answer is old"
wait_for 40 down up 0 || fail "gd2_etcd_up stays"
[ "$(grep -c 'etcd not reached' "$RUN/gd2-store.log")" -le 16 ] || fail "etcd not reached is said again and again"
[ "$(wc -l <"$E2E_DISK/note")" = 1 ] || fail "said more than once: $(cat "$E2E_DISK/note")"
before=$(grep -c 'store answers' "$RUN/gd2-store.log")
node_release gd2-etcd
answers() { [ "$(grep -c 'store answers' "$RUN/gd2-store.log")" -gt "$before" ]; }
wait_for 30 answers answers || fail "gd2-store does not say that the store answers"
for name in gd2-rest gd2-pmap gd2-brickd; do
    wait_for 30 back has $name "store followed again" || fail "$name does not say that the store is back"
done
wait_for 40 up up 1 || fail "gd2_etcd_up stays 0"
node_stop
say "done"
