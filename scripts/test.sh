#!/usr/bin/env bash
# Runs every tier of tests that this machine can run, installing what a tier
# needs where it may. Says, tier by tier, what was not run and why; with
# CI=true a tier that cannot run is a failure. See CONTRIBUTING.md.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=
skipped=
reasons=
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# tier NAME NEEDS COMMAND…: NEEDS is a set of packages of setup.sh, or "go".
tier() {
  local name=$1 needs=$2 why
  shift 2
  echo "== $name: $*"
  if [ "$needs" != go ] && ! why=$(scripts/setup.sh "$needs" 2>&1 >/dev/null); then
    skip "$name" "$why"
  elif [ "$name" = hosts ] && [ "$(id -u)" != 0 ]; then
    skip "$name" "real hosts are booted by systemd-nspawn, which takes root"
  elif ! "$@" 2>&1 | tee "$log"; then
    failed="$failed $name"
    # Journals are long: which tests failed, and what they said, once more at the end.
    why=$(grep -E '^ *--- FAIL|^ +[a-z0-9_]+_test\.go:[0-9]+: |^panic: |\[build failed\]' "$log" | cut -c 1-200 | head -n 40)
    reasons="$reasons${why:+$why
}"
  fi
}

skip() {
  echo "== $1 was NOT RUN: $2"
  skipped="$skipped $1"
}

tier lint lint scripts/lint.sh
tier unit unit go test -race -timeout 20m ./pkg/activation ./pkg/activator ./pkg/carry ./pkg/drill ./pkg/lint ./pkg/maintscript ./pkg/metrics ./pkg/pack ./pkg/rehearse ./pkg/repository ./pkg/serve ./pkg/shellwalk ./pkg/status ./pkg/units ./pkg/unpack ./cmd/myapp
tier cli cli go test -timeout 10m ./pkg/scaffold ./cmd/nodrop ./scripts/docs ./scripts/licenses ./scripts/debian/lint ./scripts/table
tier browser browser go test -count=1 -timeout 10m ./scripts/browser
# Hosts wait more than they compute: four at a time keep two cores busy.
tier hosts hosts go test -count=1 -parallel 4 -timeout 80m ./pkg/host ./scripts/hosts

[ -z "$skipped" ] || echo "tiers not run:$skipped"
if [ "${CI-}" = true ] && [ -n "$skipped" ]; then
  failed="$failed$skipped"
fi
if [ -n "$failed" ]; then
  echo "FAILED:$failed"
  printf '%s' "$reasons"
  exit 1
fi
echo "all tiers that were run passed"
