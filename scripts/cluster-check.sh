#!/usr/bin/env bash
# Sees that the check reports what is wrong, and goes through wholes from outside; then starts a cluster on this machine,
# breaks it in many ways while it is written to and searched, and looks at every answer:
#   scripts/cluster-check.sh [ROUNDS]      rounds of each fault, 50 unless said; cutting networks needs root
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50}
if ! command -v nats-server >/dev/null && [ ! -x /usr/sbin/nats-server ]; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get install -y --no-install-recommends nats-server iproute2 openssl >/dev/null
    else
        echo "cluster-check: nats-server is missing; on Debian: apt-get install nats-server" >&2
        exit 1
    fi
fi
swift build -c release --product akin-server
swift build -c release --product akin-cluster-check
.build/release/akin-cluster-check prove
.build/release/akin-cluster-check tour
.build/release/akin-cluster-check break "$rounds"
.build/release/akin-cluster-check switch "$((rounds * 4))"
if [ "$(id -u)" -eq 0 ] && [ -x /usr/sbin/ip ] && /usr/sbin/ip netns add akin-probe 2>/dev/null; then
    /usr/sbin/ip netns delete akin-probe
    .build/release/akin-cluster-check break "$rounds" --faults cut
else
    echo "cluster-check: networks were not cut: that needs root and network namespaces"
fi
