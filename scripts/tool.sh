#!/usr/bin/env bash
# Prints the path of a tool pinned in a go.mod below scripts/tools, building it
# first where it is not in the cache: scripts/tool.sh NAME
set -euo pipefail
cd "$(dirname "$0")/tools"

name=$1
case "$name" in
  actionlint) package=github.com/rhysd/actionlint/cmd/actionlint ;;
  cyclonedx-gomod) package=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod ;;
  staticcheck) package=honnef.co/go/tools/cmd/staticcheck ;;
  goreleaser) package=github.com/goreleaser/goreleaser/v2 ;;
  govulncheck) package=golang.org/x/vuln/cmd/govulncheck && cd vuln ;;
  *) echo "scripts/tool.sh: no tool is called $name" >&2; exit 2 ;;
esac
cache=${NODROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nodrop}
pin=$(cat go.mod go.sum | sha256sum | cut -c 1-12)
tool=$cache/tools-$pin/$name
if [ ! -x "$tool" ]; then
  echo "building $name, which takes some minutes the first time" >&2
  go build -o "$tool.$$" "$package"
  mv "$tool.$$" "$tool"
fi
echo "$tool"
