#!/usr/bin/env bash
# Formatters and linters. Exits non-zero when any of them finds anything.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh lint
failed=0

unformatted=$(gofmt -l cmd pkg scripts)
if [ -n "$unformatted" ]; then
  echo "not formatted by gofmt: $unformatted" >&2
  failed=1
fi
go vet ./... || failed=1
# What there is on macOS has to compile there.
GOOS=darwin go vet ./cmd/nodrop ./pkg/activator ./pkg/serve || failed=1
"$(scripts/tool.sh staticcheck)" ./... || failed=1
shellcheck .ci/run scripts/*.sh packaging/*/completion/*.bash || failed=1
"$(scripts/tool.sh actionlint)" .github/workflows/*.yml || failed=1
mandoc -T lint -W warning packaging/*/*.[18] || failed=1
scripts/verify-units.sh packaging/myapp || failed=1
exit "$failed"
