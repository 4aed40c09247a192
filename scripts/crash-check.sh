#!/usr/bin/env bash
# Kills a process that writes to a store, again and again, and compares what is left with what was acknowledged:
#   scripts/crash-check.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-200}
swift build -c release --product akin-store-check
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.build/release/akin-store-check crash "$rounds" "$folder/data"
