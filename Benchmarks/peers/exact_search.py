"""Exact search with faiss IndexFlatL2: one JSON line per batch size and k.

    exact_search.py FOLDER [--k 10,100] [--batch 2000,1] [--threads 1] [--repeat 3]

FOLDER holds base.npy and query.npy (datasets.py writes them). The keys are those of `akin eval --json`.
"""

import argparse
import json
import pathlib
import time

import faiss
import numpy as np

import datasets


def whole_numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def measure(index, queries: np.ndarray, k: int, batch: int, repeat: int) -> tuple[float, list[float]]:
    """Seconds of the fastest pass over all queries, and the seconds of each call in it."""
    step = batch or len(queries)
    best, best_calls = float("inf"), []
    for _ in range(repeat):
        calls = []
        started = time.perf_counter()
        for first in range(0, len(queries), step):
            called = time.perf_counter()
            index.search(queries[first : first + step], k)
            calls.append(time.perf_counter() - called)
        seconds = time.perf_counter() - started
        if seconds < best:
            best, best_calls = seconds, calls
    return best, best_calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--k", type=whole_numbers, default=[10])
    parser.add_argument("--batch", type=whole_numbers, default=[2000, 1], help="0 sends all queries at once")
    parser.add_argument("--queries", type=int, default=2000, help="queries used (fewer for batches of 1)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()

    base, queries = datasets.read(options.folder)
    faiss.omp_set_num_threads(options.threads)
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    for k in options.k:
        for batch in options.batch:
            # One query at a time takes long; a few hundred give a steady median.
            asked = queries[: min(options.queries, 200 if batch == 1 else options.queries)]
            index.search(asked[:20], k)
            seconds, calls = measure(index, asked, k, batch, options.repeat)
            print(
                json.dumps(
                    {
                        "peer": f"faiss {faiss.__version__} IndexFlatL2",
                        "dataset": options.folder.name,
                        "k": k,
                        "threads": options.threads,
                        "batch": batch,
                        "qps": round(len(asked) / seconds, 1),
                        "p50_us": round(float(np.percentile(calls, 50)) * 1e6, 1),
                        "p99_us": round(float(np.percentile(calls, 99)) * 1e6, 1),
                        "gflops": round(2 * len(asked) * base.size / seconds / 1e9, 1),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
