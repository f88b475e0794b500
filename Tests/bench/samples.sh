# How samples are taken, for Tests/bench/inside and Tests/bench/cluster: $MANAGER, $part and
# $BENCH_OUT say whose they are and where they go.
sample() { echo "${of:-$MANAGER} $part $1 $2" >>"$BENCH_OUT"; } # WHAT VALUE
now_us() { echo "${EPOCHREALTIME/[.,]/}"; }
ms() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); } # of microseconds
timed() { # WHAT COMMAND...: the milliseconds that it took
    local what=$1 began output; shift
    began=$(now_us)
    output=$("$@" 2>&1) || fail "$*: $output"
    sample "$what" "$(ms $(($(now_us) - began)))"
}
