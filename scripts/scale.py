#!/usr/bin/env python3
"""Sizes clusters past what one machine can measure: scripts/scale.py [--check]

Reads docs/scale-inputs.json, which says of each number whether it was measured, reckoned or chosen, computes the tables of
docs/scale.md, and writes them between its markers; --check only compares, and fails where they differ.
"""

import json
import math
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INPUTS = ROOT / "docs" / "scale-inputs.json"
PAGE = ROOT / "docs" / "scale.md"
TRIALS = 20_000


def quantile(ordered, share):
    """A quantile of values in order, between two of them in proportion."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def draw(quantiles, source):
    """A value of the distribution that equally spaced quantiles describe."""
    return quantile(quantiles, source.random())


def tail(inputs, shards, hedge_ms, seed=1):
    """Milliseconds of queries that wait for all shards, and the share of questions asked twice."""
    source = random.Random(seed)
    own, way = inputs["shard"]["latency_ms"], inputs["router"]["overhead_ms"]
    times, hedged = [], 0
    for _ in range(TRIALS // max(1, shards // 10)):
        slowest = 0.0
        for _ in range(shards):
            time = draw(own, source)
            if hedge_ms is not None and time > hedge_ms:
                hedged += 1
                time = min(time, hedge_ms + draw(own, source))
            slowest = max(slowest, time)
        times.append(slowest + draw(way, source))
    times.sort()
    return times, hedged / (len(times) * shards)


def size(inputs, vectors, replicas, rate):
    """What a set of vectors takes."""
    shard = inputs["shard"]
    shards = math.ceil(vectors / shard["vectors"])
    memory = shards * shard["resident_bytes"] * replicas
    disk = shards * shard["file_bytes"] * replicas
    # Every shard works on every query.
    cores = rate * shards * shard["cpu_ms_per_query"] / 1000 / 0.5
    traffic = rate * shards * (inputs["router"]["question_bytes"] + inputs["router"]["answer_bytes"])
    machine = inputs["machine"]
    machines = max(
        math.ceil(memory / (machine["memory_bytes"] * 0.8)), math.ceil(disk / machine["disk_bytes"]),
        math.ceil(cores / machine["cores"]), replicas)
    return shards, memory, disk, cores, traffic, machines


def text(value):
    """Bytes for people."""
    for unit in ["B", "kB", "MB", "GB", "TB"]:
        if value < 1000 or unit == "TB":
            return f"{value:.3g} {unit}"
        value /= 1000


def tables(inputs):
    lines = ["| vectors | queries/s | shards | memory, 2 replicas | disk | cores at half load | through NATS | machines |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for vectors in [100_000_000, 1_000_000_000, 10_000_000_000]:
        for rate in [10, 100, 1000]:
            shards, memory, disk, cores, traffic, machines = size(inputs, vectors, 2, rate)
            lines.append(
                f"| {vectors:,} | {rate:,} | {shards:,} | {text(memory)} | {text(disk)} | {cores:,.0f} | "
                f"{text(traffic)}/s | {machines:,} |")
    sizes = "\n".join(lines)
    lines = ["| shards | hedged after | median | p99 | p99.9 | questions asked twice |",
             "| --- | --- | --- | --- | --- | --- |"]
    own = inputs["shard"]["latency_ms"]
    for shards in [1, 10, 100, 1000]:
        for share in [None, 0.95, 0.99]:
            hedge = None if share is None else quantile(own, share)
            times, hedged = tail(inputs, shards, hedge)
            after = "never" if hedge is None else f"{hedge:.2f} ms (p{share * 100:.0f} of one shard)"
            lines.append(
                f"| {shards:,} | {after} | {quantile(times, 0.5):.2f} ms | {quantile(times, 0.99):.2f} ms | "
                f"{quantile(times, 0.999):.2f} ms | {hedged * 100:.1f} % |")
    return {"SIZES": sizes, "TAIL": "\n".join(lines)}


def main():
    inputs = json.loads(INPUTS.read_text())
    page = old = PAGE.read_text()
    for name, table in tables(inputs).items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = page.split(start)
        _, after = rest.split(end)
        page = before + start + table + "\n" + end + after
    if "--check" in sys.argv[1:]:
        if page != old:
            sys.exit("docs/scale.md: its tables are not those of docs/scale-inputs.json; run scripts/scale.py")
    else:
        PAGE.write_text(page)


if __name__ == "__main__":
    main()
