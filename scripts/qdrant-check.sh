#!/usr/bin/env bash
# Drives akin-server with qdrant-client, which it installs into .venv-qdrant, and compares answers with brute force.
#   scripts/qdrant-check.sh [program]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-.build/release/akin-server}
[ -x "$program" ] || { echo "qdrant-check: there is no $program; build it with: swift build -c release --product akin-server" >&2; exit 1; }

venv=.venv-qdrant
if ! [ -e "$venv/.complete" ]; then
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'qdrant-client==1.20.*' numpy
    touch "$venv/.complete"
fi

scratch=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

# Once without keys, and once with one, which the client sends with every request.
for key in "" "a key for this check"; do
    data=$scratch/data-${#key}
    options=()
    if [ -n "$key" ]; then
        printf '%s\n' "$key" >"$scratch/key"
        options=(--key-file "$scratch/key")
    fi
    "$program" serve --data "$data" --port 0 --port-file "$scratch/port" "${options[@]}" 2>"$scratch/log" &
    server=$!
    for _ in $(seq 100); do [ -s "$scratch/port" ] && break; sleep 0.1; done
    [ -s "$scratch/port" ] || { cat "$scratch/log" >&2; echo "qdrant-check: the server did not start" >&2; exit 1; }
    "$venv/bin/python" -W ignore Tests/Peers/qdrant_client_check.py "http://127.0.0.1:$(cat "$scratch/port")" \
        ${key:+--api-key "$key"} || { tail -n 50 "$scratch/log" >&2; exit 1; }
    kill -TERM "$server"
    wait "$server"
    server=
    rm -f "$scratch/port"
done
