"""k-means, Akin and faiss Kmeans in turn: one JSON line per setting.

    kmeans.py FOLDER --akin .build/release/akin [--rounds 3] [--count 200000] [--centroids 4096] [--iterations 10]

FOLDER holds base.npy (datasets.py writes it); its first rows are clustered. Each round trains with faiss and then with Akin,
as shipped and in 32 bits. Seconds are medians over the rounds, `ratio` the median of the rounds' ratios. The objective of both
sides is computed here, by exact search among the centroids that each returned.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import faiss
import numpy as np

import datasets


def objective(vectors: np.ndarray, centroids: np.ndarray) -> float:
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(centroids)
    distances, _ = index.search(vectors, 1)
    return float(distances.astype("f8").sum())


def train_faiss(vectors: np.ndarray, centroids: int, iterations: int, threads: int) -> tuple[float, np.ndarray]:
    faiss.omp_set_num_threads(threads)
    kmeans = faiss.Kmeans(vectors.shape[1], centroids, niter=iterations, seed=1234, max_points_per_centroid=1_000_000)
    started = time.perf_counter()
    kmeans.train(vectors)
    return time.perf_counter() - started, kmeans.centroids


def train_akin(
    program: str, path: pathlib.Path, centroids: int, iterations: int, threads: int, arithmetic: str
) -> tuple[float, np.ndarray]:
    output = path.with_name("centroids.npy")
    done = subprocess.run(
        [program, "cluster", path, "--centroids", str(centroids), "--iterations", str(iterations), "--all-points",
         "--threads", str(threads), "--arithmetic", arithmetic, "--json", "--quiet", "-o", output],
        check=True, capture_output=True, text=True,
    )
    return json.loads(done.stdout)["seconds"], np.load(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--akin", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--centroids", type=int, default=4096)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    base, _ = datasets.read(options.folder)
    vectors = np.ascontiguousarray(base[: options.count])
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vectors.npy"
        np.save(path, vectors)
        shape = (options.centroids, options.iterations, options.threads)
        peer: list[float] = []
        ours: dict[str, list[float]] = {"automatic": [], "float32": []}
        results: dict[str, np.ndarray] = {}
        for _ in range(options.rounds):
            seconds, results["faiss"] = train_faiss(vectors, *shape)
            peer.append(seconds)
            for arithmetic, times in ours.items():
                seconds, results[arithmetic] = train_akin(options.akin, path, *shape, arithmetic)
                times.append(seconds)
    reached = {name: objective(vectors, centroids) for name, centroids in results.items()}
    for arithmetic, times in ours.items():
        row = {
            "dataset": options.folder.name, "count": len(vectors), "dimension": vectors.shape[1],
            "centroids": options.centroids, "iterations": options.iterations, "threads": options.threads,
            "arithmetic": arithmetic, "akin_seconds": round(statistics.median(times), 3),
            "faiss_seconds": round(statistics.median(peer), 3),
            "ratio": round(statistics.median(f / a for a, f in zip(times, peer)), 2),
            "akin_objective": round(reached[arithmetic], 1), "faiss_objective": round(reached["faiss"], 1),
            "objective_ratio": round(reached[arithmetic] / reached["faiss"], 5),
            "same_centroids": bool((results["automatic"] == results["float32"]).all()),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
