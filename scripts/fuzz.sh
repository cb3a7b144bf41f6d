#!/usr/bin/env bash
# Runs every fuzzer in turn, each for FUZZTIME (10m), and says how many inputs
# it tried. What breaks one is written below testdata/fuzz of its package: mend
# the code and commit the input, and it is a test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-10m}
failed=
while IFS=: read -r file name; do
  package=./$(dirname "$file")
  if out=$(nice go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 1s -parallel 1 "$package" 2>&1); then
    printf '%-36s %s\n' "$name" "$(echo "$out" | grep -o 'elapsed: .*' | tail -n 1)"
  else
    printf '%-36s FAILED in %s\n%s\n' "$name" "$package" "$out"
    failed="$failed $name"
  fi
done < <(grep -ro '^func Fuzz[A-Za-z]*' --include='*_test.go' cmd pkg scripts | sed 's/func //' | sort)
[ -z "$failed" ] || { echo "FAILED:$failed" >&2; exit 1; }
