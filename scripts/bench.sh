#!/usr/bin/env bash
# Benchmarks side by side, and their ratios. Both sides of each take turns in one
# run, so that what else the machine does is the same for both.
set -euo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp)
trap 'rm -f "$results"' EXIT
run() { go test -run '^$' "$@" | grep ^Benchmark | tee -a "$results" >&2; } # PACKAGE -bench NAME -benchtime TIMES
run ./pkg/serve -bench Request -benchtime 100000x
run ./pkg/serve -bench Handshake -benchtime 500x
run ./pkg/carry -bench Carry -benchtime 20x
run ./pkg/serve -bench HandOver -benchtime 10x
run ./pkg/serve -bench Wait -benchtime 20x

value() { awk -v name="Benchmark$1-" -v unit="$2" 'index($1, name) == 1 { for (i = 3; i < NF; i += 2) if ($(i + 1) == unit) print $i }' "$results"; }
row() { # TEXT OURS BASE RATIO
  awk -v text="$1" -v a="$2" -v b="$3" -v r="$4" 'BEGIN { printf "%-58s %8.1f µs %8.1f µs  %5.2f\n", text, a / 1000, b / 1000, r }'
}
of() { awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'; }

printf '%-58s %11s %11s  %5s\n' '' ours base ratio
for kind in keepalive fresh; do
  row "request, $kind: serve.Run / http.Server, throughput" "$(value Request/$kind ours-ns/op)" "$(value Request/$kind base-ns/op)" "$(value Request/$kind throughput)"
  row "request, $kind: p99" "$(value Request/$kind ours-p99-ns)" "$(value Request/$kind base-p99-ns)" "$(value Request/$kind p99)"
done
row 'TLS handshake: resumed / full' "$(value Handshake resumed-ns)" "$(value Handshake full-ns)" "$(value Handshake handshake)"
floor=$(value Carry floor-ns)
row '10,000 idle: carry / SCM_RIGHTS and FileConn' "$(value Carry carry-ns)" "$floor" "$(value Carry carry)"
handover=$(value HandOver handover-ns)
row '10,000 idle: SIGTERM to exit / SCM_RIGHTS and FileConn' "$handover" "$floor" "$(of "$handover" "$floor")"
row 'longest wait in a hand-over / p99.9 in quiet running' "$(value Wait longest-ns)" "$(value Wait quiet-p99.9-ns)" "$(value Wait wait)"
