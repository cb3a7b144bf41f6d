#!/usr/bin/env bash
# Writes the bill of materials (CycloneDX, JSON) of a Go program, from what the
# compiler has noted in it: scripts/sbom.sh PROGRAM DOCUMENT
set -euo pipefail

"$("$(dirname "$0")/tool.sh" cyclonedx-gomod)" bin -json -output "$2" "$1"
