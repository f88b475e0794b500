# Seeded faults on several hosts with a systemd each, under changes and file I/O; then the question
# whether all that was acknowledged is there, once, and nothing else (faults.py). `make e2e-faults`
# does it for long. SEED, HOSTS (3 or 5) and FAULT_SECONDS say which.
. Tests/hosts/library
[ -n "${SEED:-}" ] || SEED=$RANDOM
export SEED HOSTS=${HOSTS:-3} FAULT_SECONDS=${FAULT_SECONDS:-45}
echo "SEED=$SEED HOSTS=$HOSTS FAULT_SECONDS=$FAULT_SECONDS"
REPLACE_AFTER=20 cluster_start "$HOSTS"
for i in $(seq 2 "$HOSTS"); do cluster_join "h$i"; done
cluster_wait h1 "$([ "$HOSTS" -ge 5 ] && echo 5 || echo 3)" 120
# One more host, which nothing happens to, has the clients.
boot start $((HOSTS + 1)) >/dev/null || fail "the client's host does not boot"
python3 Tests/hosts/faults.py "h$((HOSTS + 1))" || fail "faults: SEED=$SEED HOSTS=$HOSTS FAULT_SECONDS=$FAULT_SECONDS"
