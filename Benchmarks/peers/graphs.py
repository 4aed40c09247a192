"""Graphs, Akin and its peers in turn on one thread: one JSON line per row.

    graphs.py FOLDER --akin .build/release/akin --spec HNSW16,SQ8,RFlat \
        [--peers hnswlib,faiss,svs] [--goal 0.98] [--rounds 5] [--build "--ef-construction 200"]

FOLDER holds base.npy and query.npy (datasets.py writes them); ground truth and the indexes of the peers, which take
minutes, are kept in $BENCH_CACHE or beside them. 2,000 queries go in one call, k = 10. Each side is swept for its
fastest setting whose recall reaches the goal; rates are then medians over rounds that alternate between the two, and
`ratio` is the median of the rounds' ratios. Recall counts ids.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

import numpy as np

import datasets

EFS = (10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 120, 140, 160, 180, 200, 240, 280, 320, 400, 480, 640)


class Hnswlib:
    """hnswlib, 16 links a level, 32 on the lowest, efConstruction 200."""

    def __init__(self, base: np.ndarray, cache: pathlib.Path):
        import hnswlib

        self.index = hnswlib.Index("l2", base.shape[1])
        path = cache / "hnswlib.bin"
        self.seconds = None
        if path.exists():
            self.index.load_index(str(path), max_elements=len(base))
        else:
            self.index.init_index(len(base), M=16, ef_construction=200)
            self.index.set_num_threads(2)
            started = time.perf_counter()
            self.index.add_items(base)
            self.seconds = time.perf_counter() - started
            self.index.save_index(str(path))
        self.index.set_num_threads(1)

    def search(self, queries: np.ndarray, ef: int) -> np.ndarray:
        self.index.set_ef(ef)
        return self.index.knn_query(queries, k=10)[0]


class Faiss:
    """faiss IndexHNSWFlat, 16 links a level, 32 on the lowest, efConstruction 200."""

    def __init__(self, base: np.ndarray, cache: pathlib.Path):
        import faiss

        path = cache / "hnsw.faiss"
        self.seconds = None
        if path.exists():
            self.index = faiss.read_index(str(path))
        else:
            faiss.omp_set_num_threads(2)
            self.index = faiss.IndexHNSWFlat(base.shape[1], 16)
            self.index.hnsw.efConstruction = 200
            started = time.perf_counter()
            self.index.add(base)
            self.seconds = time.perf_counter() - started
            faiss.write_index(self.index, str(path))
        faiss.omp_set_num_threads(1)

    def search(self, queries: np.ndarray, ef: int) -> np.ndarray:
        self.index.hnsw.efSearch = ef
        return self.index.search(queries, 10)[1]


class Vamana:
    """svs Vamana, at most 32 links, window 200, alpha 1.2."""

    def __init__(self, base: np.ndarray, cache: pathlib.Path):
        import svs

        parts = [str(cache / f"svs-{part}") for part in ("config", "graph", "data")]
        self.seconds = None
        if all(os.path.exists(part) for part in parts):
            self.index = svs.Vamana(
                parts[0], svs.GraphLoader(parts[1]), svs.VectorDataLoader(parts[2], svs.DataType.float32),
                svs.DistanceType.L2, num_threads=1)
        else:
            started = time.perf_counter()
            self.index = svs.Vamana.build(
                svs.VamanaBuildParameters(graph_max_degree=32, window_size=200, alpha=1.2), base, svs.DistanceType.L2,
                num_threads=2)
            self.seconds = time.perf_counter() - started
            self.index.save(*parts)
        self.index.num_threads = 1

    def search(self, queries: np.ndarray, ef: int) -> np.ndarray:
        self.index.search_window_size = ef
        return self.index.search(queries, 10)[0]


PEERS = {"hnswlib": Hnswlib, "faiss": Faiss, "svs": Vamana}


class Akin:
    """An index of Akin's, built by its program on two threads and searched by it on one."""

    def __init__(self, program: str, spec: str, folder: pathlib.Path, cache: pathlib.Path, options: list[str]):
        self.program, self.folder, self.cache = program, folder, cache
        self.path = cache / f"{spec}.akin"
        line = subprocess.run(
            [program, "build", folder / "base.npy", "--index", spec, "-o", self.path, "--threads", "2", "--json",
             "--quiet", *options], check=True, capture_output=True, text=True,
        ).stdout
        built = json.loads(line)
        self.seconds, self.bytes = built["train_seconds"] + built["add_seconds"], built["bytes"]

    def measure(self, efs: list[int], refine: int) -> list[dict]:
        """One result for each setting, in order; the first is asked for twice, to warm up."""
        command = [self.program, "eval", self.path, self.cache / "query2000.npy", "--truth",
                   self.cache / "truth2000.npy", "--threads", "1", "--batch", "0", "--json", "--quiet",
                   "--sweep", "ef=" + ",".join(map(str, [efs[0], *efs]))]
        if refine:
            command += ["--sweep", f"refine={refine}"]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        return [json.loads(line) for line in lines][1:]


def emit(**fields) -> None:
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in fields.items()}), flush=True)


def recall(ids: np.ndarray, truth: np.ndarray) -> float:
    return sum(len(set(a) & set(b)) for a, b in zip(np.asarray(ids).tolist(), truth[:, :10].tolist())) / (10 * len(truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--akin")
    parser.add_argument("--spec", nargs="*", default=[])
    parser.add_argument("--refine", type=int, nargs="*", default=[0], help="refine factors to try; 0: what is standard")
    parser.add_argument("--build", default="", help="options of akin build")
    parser.add_argument("--peers", default="hnswlib,faiss,svs")
    parser.add_argument("--goal", type=float, default=0.98)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder, name, goal = options.folder, options.folder.name, options.goal
    base, queries = datasets.read(folder)
    queries = np.ascontiguousarray(queries[:2000])
    cache = pathlib.Path(os.environ["BENCH_CACHE"]) / name if "BENCH_CACHE" in os.environ else folder
    cache.mkdir(parents=True, exist_ok=True)
    np.save(cache / "query2000.npy", queries)
    if not (cache / "truth2000.npy").exists():
        import faiss

        exact = faiss.IndexFlatL2(base.shape[1])
        exact.add(base)
        np.save(cache / "truth2000.npy", exact.search(queries, 100)[1].astype(np.int32))
    truth = np.load(cache / "truth2000.npy")

    ours = {}
    for spec in options.spec:
        akin = Akin(options.akin, spec, folder, cache, options.build.split())
        emit(dataset=name, row="build", built_by="akin", index=spec, seconds=akin.seconds, bytes=akin.bytes)
        best = None
        for refine in options.refine:
            for result in akin.measure(list(EFS), refine):
                if result["recall"] >= goal and (best is None or result["qps"] > best[2]):
                    best = (int(result["setting"].split("ef=")[1].split(",")[0]), refine, result["qps"])
        if best:
            ours[spec] = (akin, best)
        else:
            emit(dataset=name, row="search", peer="", index=spec, goal=goal, note="does not reach the goal")

    for who in filter(None, options.peers.split(",")):
        peer = PEERS[who](base, cache)
        emit(dataset=name, row="build", built_by=who, seconds=peer.seconds)

        def timed(ef: int) -> float:
            started = time.perf_counter()
            peer.search(queries, ef)
            return len(queries) / (time.perf_counter() - started)

        ef = next((ef for ef in EFS if recall(peer.search(queries, ef), truth) >= goal), None)
        if ef is None:
            emit(dataset=name, row="search", peer=who, goal=goal, note="does not reach the goal")
            continue
        theirs_recall = recall(peer.search(queries, ef), truth)
        for spec, (akin, (our_ef, refine, _)) in ours.items():
            turns = []
            for _ in range(options.rounds):
                theirs = max(timed(ef) for _ in range(2))
                results = akin.measure([our_ef] * 3, refine)
                turns.append((theirs, max(r["qps"] for r in results), results[0]["recall"]))
            emit(
                dataset=name, row="search", peer=who, index=spec, goal=goal, peer_ef=ef, akin_ef=our_ef,
                akin_refine=refine, peer_recall=theirs_recall, akin_recall=turns[0][2],
                peer_qps=statistics.median(t[0] for t in turns), akin_qps=statistics.median(t[1] for t in turns),
                ratio=statistics.median(t[1] / t[0] for t in turns),
            )


if __name__ == "__main__":
    main()
