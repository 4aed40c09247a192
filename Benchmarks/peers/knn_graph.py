"""k-NN graphs, Akin beside faiss and pynndescent in turn: one JSON line per setting.

    knn_graph.py FOLDER --akin .build/release/akin [--method exact|approximate] [--threads 1] [--rounds 3]

FOLDER holds base.npy (datasets.py writes it). Exact: faiss IndexFlatL2 searches its own vectors for k + 1 neighbours.
Approximate: faiss IndexNNDescentFlat and pynndescent, each with its neighbours raised until the recall reaches the
goal. Each round runs the peers and then Akin; seconds are medians, `ratio` the median of the rounds' ratios to the
faster peer that reached the goal. Recall is computed here for all, on rows whose true neighbours faiss finds.
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


def truth(base: np.ndarray, k: int, rows: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Some rows, and for each the distance of its k-th true neighbour."""
    chosen = np.sort(np.random.default_rng(7).choice(len(base), min(rows, len(base)), replace=False))
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    _, ids = index.search(base[chosen], k + 1)
    last = np.array([
        sorted(distances(base, i, [j for j in row if j != i][:k]))[-1] for i, row in zip(chosen, ids)])
    return chosen, last


def distances(base: np.ndarray, i: int, others) -> np.ndarray:
    return ((base[np.asarray(others, dtype=np.int64)].astype("f8") - base[i].astype("f8")) ** 2).sum(1)


def recall(base: np.ndarray, graph: np.ndarray, k: int, chosen: np.ndarray, last: np.ndarray) -> float:
    right = 0
    for i, reach in zip(chosen, last):
        found = list(dict.fromkeys(j for j in graph[i] if j != i and j >= 0))[:k]
        right += int((distances(base, i, found) <= reach * (1 + 1e-6)).sum())
    return right / (k * len(chosen))


def flat(base: np.ndarray, k: int, threads: int) -> tuple[float, np.ndarray]:
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    started = time.perf_counter()
    _, ids = index.search(base, k + 1)
    return time.perf_counter() - started, ids


def nndescent(base: np.ndarray, k: int, threads: int, width: int) -> tuple[float, np.ndarray]:
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexNNDescentFlat(base.shape[1], width, faiss.METRIC_L2)
    index.nndescent.L = width + 50
    started = time.perf_counter()
    index.add(base)
    seconds = time.perf_counter() - started
    graph = faiss.vector_to_array(index.nndescent.final_graph).reshape(len(base), -1)
    return seconds, graph


def pynndescent(base: np.ndarray, k: int, threads: int, width: int) -> tuple[float, np.ndarray]:
    import pynndescent as package

    started = time.perf_counter()
    index = package.NNDescent(base, n_neighbors=width, n_jobs=threads, random_state=1)
    ids, _ = index.neighbor_graph
    return time.perf_counter() - started, ids


def akin(program: str, path: pathlib.Path, k: int, threads: int, goal: float | None) -> tuple[float, np.ndarray, dict]:
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "graph.npy"
        command = [program, "graph", path, "-k", str(k), "--threads", str(threads), "--json", "--quiet", "-o", output]
        if goal is not None:
            command += ["--recall", str(goal)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        report = json.loads(done.stdout)
        return report["seconds"], np.load(output), report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--akin", required=True)
    parser.add_argument("--method", choices=["exact", "approximate"], default="exact")
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--goal", type=float, default=0.95)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    base, _ = datasets.read(options.folder)
    base = np.ascontiguousarray(base, dtype=np.float32)
    k, threads = options.k, options.threads
    chosen, last = truth(base, k)
    peers = {}
    if options.method == "exact":
        peers["faiss-flat"] = lambda: flat(base, k, threads)
    else:
        for name, build, widths in (
            ("faiss-nndescent", nndescent, (k + 6, 32, 64)), ("pynndescent", pynndescent, (k + 1, 20, 30)),
        ):
            for width in widths:
                reached = recall(base, build(base, k, threads, width)[1], k, chosen, last)
                print(json.dumps({"peer": name, "neighbours": width, "recall": round(reached, 4)}), flush=True)
                if reached >= options.goal:
                    peers[name] = lambda build=build, width=width: build(base, k, threads, width)
                    break
    goal = options.goal if options.method == "approximate" else None
    times: dict[str, list[float]] = {name: [] for name in peers}
    ours, recalls = [], {}
    for _ in range(options.rounds):
        for name, build in peers.items():
            seconds, graph = build()
            times[name].append(seconds)
            recalls[name] = recall(base, graph, k, chosen, last)
        seconds, graph, report = akin(options.akin, options.folder / "base.npy", k, threads, goal)
        ours.append(seconds)
        recalls["akin"] = recall(base, graph, k, chosen, last)
    row = {
        "dataset": options.folder.name, "count": len(base), "dimension": base.shape[1], "k": k, "threads": threads,
        "method": report["method"], "akin_seconds": round(statistics.median(ours), 3),
        **{f"{name}_seconds": round(statistics.median(t), 3) for name, t in times.items()},
        **{f"{name}_recall": round(value, 4) for name, value in recalls.items()},
        "akin_says": report["recall"],
    }
    if times:
        row["ratio"] = round(statistics.median(min(t) / a for a, *t in zip(ours, *times.values())), 2)
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
