#!/usr/bin/env bash
# Sends damaged requests to an akin-server that it starts: scripts/request-fuzz.sh [requests] [program]
set -euo pipefail
cd "$(dirname "$0")/.."
requests=${1:-100000}
program=${2:-.build/release/akin-server}
[ -x "$program" ] || { echo "request-fuzz: there is no $program; build it with: swift build -c release --product akin-server" >&2; exit 1; }

scratch=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

"$program" serve --data "$scratch/data" --port 0 --port-file "$scratch/port" --sync-interval 100 2>"$scratch/log" &
server=$!
for _ in $(seq 100); do [ -s "$scratch/port" ] && break; sleep 0.1; done
[ -s "$scratch/port" ] || { cat "$scratch/log" >&2; echo "request-fuzz: the server did not start" >&2; exit 1; }
python3 Tests/Peers/request_fuzz.py "http://127.0.0.1:$(cat "$scratch/port")" --requests "$requests" \
    || { tail -n 50 "$scratch/log" >&2; exit 1; }
kill -TERM "$server"
wait "$server" # a server that fails while it closes fails this
server=
