#!/usr/bin/env bash
# Benchmarks side by side, and their ratios: medians of several rounds in turn.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-7}
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for _ in $(seq "$rounds"); do
  go test -run '^$' -bench . -benchtime 1s ./pkg/carry ./pkg/serve | grep ^Benchmark | sed 's/-[0-9]* / /' >>"$results"
done

median() { awk -v name="$1" '$1 == name { print $3 }' "$results" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { # TEXT NAME BASE
  awk -v text="$1" -v a="$(median "$2")" -v b="$(median "$3")" 'BEGIN { printf "%-52s %10.0f ns %10.0f ns  %5.2f\n", text, a, b, a / b }'
}
printf '%-52s %13s %13s  %s\n' "median of $rounds rounds" ours base ratio
ratio 'request, keep-alive: serve.Run / http.Server' BenchmarkServeKeepAlive BenchmarkBareKeepAlive
ratio 'request, new connection: serve.Run / http.Server' BenchmarkServeFresh BenchmarkBareFresh
ratio 'connection carried: carry / SCM_RIGHTS and FileConn' BenchmarkCarry BenchmarkFloor
