"""Binary codes: Akin and faiss IndexBinaryFlat in turn, one JSON line per setting.

    binary.py --akin Benchmarks/.build/release/binary-search --folder FOLDER [--count N] [--bits B] [--rounds 5]

Codes are random, or (`near`) vary in an eighth of their bits about 1,000 centres, as codes of real vectors do. Each
round asks faiss, then Akin; rates are medians over the rounds, `ratio` is the median of the rounds' ratios. The
distances of the first query must agree. `floor_qps` is what counting bits at one register in 1.5 cycles would give at
`--ghz`; a code that comes from memory cannot be faster than memory is. `tables` is multi-index hashing, on near codes.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import faiss
import numpy as np

# k, queries at once, threads, queries in all
SETTINGS = [(10, 1000, 1, 1000), (100, 1000, 1, 1000), (10, 100, 1, 300), (10, 8, 1, 64), (10, 1, 1, 32), (10, 1000, 2, 1000)]


class Akin:
    """The benchmark program, asked line by line."""

    def __init__(self, *command: str):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.build = json.loads(self.process.stdout.readline())

    def ask(self, line: str) -> dict:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def codes(kind: str, count: int, size: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if kind == "random":
        return random.integers(0, 256, (count, size), np.uint8)
    centres = np.random.default_rng(0).integers(0, 256, (1000, size), np.uint8)
    noise = random.integers(0, 256, (3, count, size), np.uint8)
    return centres[random.integers(0, 1000, count)] ^ (noise[0] & noise[1] & noise[2])


def write(path: pathlib.Path, rows: np.ndarray) -> str:
    with open(path, "wb") as file:
        np.array(rows.shape, np.uint32).tofile(file)
        rows.tofile(file)
    return str(path)


def faiss_round(index: faiss.IndexBinaryFlat, queries: np.ndarray, k: int, batch: int, threads: int) -> float:
    faiss.omp_set_num_threads(threads)
    started = time.perf_counter()
    for first in range(0, len(queries), batch):
        index.search(queries[first : first + batch], k)
    return len(queries) / (time.perf_counter() - started)


def measure(kind: str, index, akin: Akin, queries: np.ndarray, options, parts: int | None) -> None:
    for k, batch, threads, total in SETTINGS:
        peer, ours = [], []
        for _ in range(options.rounds):
            peer.append(faiss_round(index, queries[:total], k, batch, threads))
            ours.append(akin.ask(f"k={k} batch={batch} threads={threads} total={total}"))
        expected = index.search(queries[:1], k)[0][0].tolist()
        if expected != ours[0]["distances"]:
            raise SystemExit(f"distances differ: faiss {expected}, akin {ours[0]['distances']}")
        qps = [row["qps"] for row in ours]
        words = options.bits // 16
        print(json.dumps({
            "codes": kind, "tables": parts, "count": options.count, "bits": options.bits, "k": k, "batch": batch,
            "threads": threads, "akin_qps": round(statistics.median(qps), 1),
            "faiss_qps": round(statistics.median(peer), 1),
            "ratio": round(statistics.median(a / f for a, f in zip(qps, peer)), 2),
            "floor_qps": round(threads * options.ghz * 1e9 / (1.5 * words * options.count / 32), 1),
            "read_gbs": round(statistics.median(qps) * options.count * options.bits / 8e9 / min(batch, 64), 2),
            "visited": ours[0]["visited"], "simd": akin.build["simd"],
        }), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--akin", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--bits", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ghz", type=float, default=3.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    size = options.bits // 8
    for kind in ("random", "near"):
        base, queries = codes(kind, options.count, size, 1), codes(kind, 1000, size, 2)
        index = faiss.IndexBinaryFlat(options.bits)
        index.add(base)
        files = [write(options.folder / f"{kind}.{name}.u8bin", rows) for name, rows in (("base", base), ("query", queries))]
        measure(kind, index, Akin(options.akin, *files), queries, options, None)
        if kind == "near":
            parts = max(options.bits // 32, round(options.bits / np.log2(options.count)))
            measure(kind, index, Akin(options.akin, *files, str(parts)), queries, options, parts)


if __name__ == "__main__":
    main()
