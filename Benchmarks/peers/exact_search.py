"""Exact search, Akin and faiss IndexFlatL2 in turn: one JSON line per setting.

    exact_search.py FOLDER --akin Benchmarks/.build/release/exact-search [--rounds 3]

FOLDER holds base.npy and query.npy (datasets.py writes them). Each round asks faiss, then Akin, then measures what the
core can do at best (fused multiply-adds, 8-bit dot products, reading memory), so that a machine whose speed drifts
drifts for all. Rates are medians over the rounds; `ratio` is the median of the rounds' ratios.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import faiss
import numpy as np

import datasets

# k, queries at once, threads, arithmetic of Akin
SETTINGS = [
    (10, 2000, 1, "automatic"),
    (10, 2000, 1, "float32"),
    (100, 2000, 1, "automatic"),
    (1000, 2000, 1, "automatic"),
    (10, 100, 1, "automatic"),
    (10, 32, 1, "automatic"),
    (10, 8, 1, "automatic"),
    (10, 1, 1, "automatic"),
    (10, 1, 1, "float32"),
    (10, 2000, 2, "automatic"),
    (10, 2000, 2, "float32"),
]


class Akin:
    """The benchmark program, asked line by line."""

    def __init__(self, program: str, folder: pathlib.Path):
        self.process = subprocess.Popen(
            [program, folder / "base.npy", folder / "query.npy"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        self.build = json.loads(self.process.stdout.readline())

    def ask(self, line: str) -> dict:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def faiss_rate(index: faiss.Index, queries: np.ndarray, k: int, batch: int, threads: int) -> float:
    faiss.omp_set_num_threads(threads)
    started = time.perf_counter()
    for first in range(0, len(queries), batch):
        index.search(queries[first : first + batch], k)
    return len(queries) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--akin", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    base, queries = datasets.read(options.folder)
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    akin = Akin(options.akin, options.folder)
    index.search(queries[:100], 10)
    akin.ask("batch=100")
    for k, batch, threads, arithmetic in SETTINGS:
        asked = queries[: max(batch, 64)]
        peer, ours, peaks = [], [], []
        for _ in range(options.rounds):
            peer.append(faiss_rate(index, asked, k, batch, threads))
            line = f"k={k} batch={batch} threads={threads} arithmetic={arithmetic} total={len(asked)} repeat=1"
            ours.append(akin.ask(line)["qps"])
            peaks.append(akin.ask("peaks"))
        qps = statistics.median(ours)
        peak = {key: statistics.median(p[key] for p in peaks) for key in ("fma_gflops", "dot8_gops", "read_gbs")}
        operations = 2e-9 * qps * base.size
        row = {
            "dataset": options.folder.name, "k": k, "batch": batch, "threads": threads, "arithmetic": arithmetic,
            "akin_qps": round(qps, 1), "faiss_qps": round(statistics.median(peer), 1),
            "ratio": round(statistics.median(a / f for a, f in zip(ours, peer)), 2),
            "gflops": round(operations, 1), "of_fma_peak": round(operations / peak["fma_gflops"] / threads, 2),
            "simd": akin.build["simd"], **{key: round(value, 1) for key, value in peak.items()},
        }
        if batch == 1 and arithmetic == "float32":
            row["of_read_peak"] = round(4e-9 * qps * base.size / peak["read_gbs"], 2)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
