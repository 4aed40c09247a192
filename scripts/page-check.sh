#!/usr/bin/env bash
# Drives the page of the service in a real browser, Debian's chromium: scripts/page-check.sh [NAME]
#
# With a name, only steps whose name contains it. Pictures of every step go to .build/page-check.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --product akin-server 2>&1 | grep -E 'error|Compiling|Build' | tail -n 3
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "page-check: chromium and chromium-driver are needed: sudo apt-get install chromium chromium-driver" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends chromium chromium-driver >/dev/null 2>&1 || {
        apt-get update -qq
        apt-get install -y --no-install-recommends chromium chromium-driver >/dev/null
    }
fi
python3 Tests/Peers/page_check.py .build/release/akin-server --shots .build/page-check --only "${1:-}"
