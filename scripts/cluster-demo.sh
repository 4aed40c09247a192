#!/usr/bin/env bash
# A cluster on one machine: three NATS servers, three workers, a router with the page for browsers, pictures that it draws
# itself; then one worker is killed, and it goes on:
#   scripts/cluster-demo.sh [--once]       --once ends by itself, for checks
set -euo pipefail
cd "$(dirname "$0")/.."
once=${1:-}

server=$(command -v nats-server || true)
[ -n "$server" ] || [ ! -x /usr/sbin/nats-server ] || server=/usr/sbin/nats-server
if [ -z "$server" ]; then
    echo "cluster-demo: nats-server is missing; on Debian: apt-get install nats-server, else https://nats.io/download" >&2
    exit 1
fi
if ! command -v curl >/dev/null; then
    echo "cluster-demo: curl is missing; on Debian: apt-get install curl" >&2
    exit 1
fi
swift build -c release --product akin-server
program=.build/release/akin-server

folder=$(mktemp -d)
children=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 0' INT TERM

# Ports that are free now.
mapfile -t ports < <(python3 - <<'PORTS'
import socket
sockets = [socket.socket() for _ in range(7)]
for s in sockets: s.bind(("127.0.0.1", 0))
for s in sockets: print(s.getsockname()[1])
PORTS
)
start() { # NAME COMMAND...
    local name=$1
    shift
    "$@" >"$folder/$name.log" 2>&1 &
    children+=($!)
}
port=${PORT:-6333}
[ "$once" != --once ] || port=${ports[6]}

echo "three NATS servers, which keep writes on two of three disks at least"
routes="nats://127.0.0.1:${ports[3]},nats://127.0.0.1:${ports[4]},nats://127.0.0.1:${ports[5]}"
for i in 0 1 2; do
    start "nats-$i" "$server" -js -n "nats-$i" -a 127.0.0.1 -p "${ports[$i]}" -sd "$folder/nats-$i" \
        --cluster_name akin -cluster "nats://127.0.0.1:${ports[$((3 + i))]}" -routes "$routes"
done
urls="nats://127.0.0.1:${ports[0]},nats://127.0.0.1:${ports[1]},nats://127.0.0.1:${ports[2]}"

echo "three workers"
for i in 1 2 3; do
    start "worker-$i" "$program" worker --nats "$urls" --name "worker-$i" --data "$folder/worker-$i"
    [ "$i" != 1 ] || victim=${children[-1]}
done

echo "a router, which draws pictures and spreads them over two shards with two replicas each"
start router "$program" router --nats "$urls" --port "$port" --stream-replicas 3 --shards 2 --replicas 2 \
    --data "$folder/router" --demo
url=http://127.0.0.1:$port
count() { curl -sf "$url/collections/demo" | sed -n 's/.*"points_count":\([0-9]*\).*/\1/p'; }
# It ends with 1 where a replica does not answer, as after the kill.
status() { "$program" cluster status --nats "$urls" || true; }
for _ in $(seq 600); do
    points=$(count || true)
    [ "${points:-0}" -lt 1 ] || [ "$points" != "${before:-}" ] || break
    before=${points:-}
    kill -0 "${children[-1]}" 2>/dev/null || { tail -n 20 "$folder/router.log" >&2; exit 1; }
    sleep 0.5
done
if [ "${points:-0}" -lt 1 ]; then
    echo "cluster-demo: no pictures after five minutes:" >&2
    tail -n 20 "$folder"/*.log >&2
    exit 1
fi
echo "$points pictures are at $url"
status

curl -sf "$url/collections/demo/points/scroll" -d '{"limit": 1}' -H 'content-type: application/json' >"$folder/scroll"
id=$(sed -n 's/.*"points":\[{"id":\("[^"]*"\|[0-9]*\).*/\1/p' "$folder/scroll")
search() {
    curl -sf "$url/collections/demo/points/query" -H 'content-type: application/json' \
        -d "{\"query\": $id, \"limit\": 5, \"params\": {\"exact\": true}}" | sed -n 's/.*"points":\(\[[^]]*\]\).*/\1/p'
}
expected=$(search)
echo "killing worker-1"
kill -9 "$victim"
wait "$victim" 2>/dev/null || true
for _ in $(seq 20); do
    if [ "$(search)" != "$expected" ]; then
        echo "cluster-demo: with one worker killed the answer is another one" >&2
        exit 1
    fi
done
sleep 1
echo "20 searches later, all answered as before:"
status
[ "$once" != --once ] || exit 0
echo
echo "Open $url and search; Ctrl-C ends it."
wait
