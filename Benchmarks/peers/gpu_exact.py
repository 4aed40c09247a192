"""Exact search on a GPU, Akin and PyTorch in one run: a line of JSON each, then how much faster Akin is.

    gpu_exact.py FOLDER --check out/akin-cuda-check [-k 10] [--rounds 3]

FOLDER holds base.npy and query.npy (`datasets.py clusters FOLDER` writes them; they are made here when absent).
scripts/gpu-check.sh builds akin-cuda-check. PyTorch multiplies in tiles of queries and rows and merges the tiles' k
best, vectors on the device before the clock starts and ids on the host when it stops, as Akin's are; its products are
in 32-bit floats, and in TF32, which is faster and less exact. Sides take turns; times are medians.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import numpy as np
import torch

import datasets


def torch_search(base, norms, queries, k: int, tile: int) -> np.ndarray:
    """Row numbers of the k least of |y|^2 - 2 <x, y> for each query."""
    ids = []
    for first in range(0, len(queries), tile):
        x = queries[first : first + tile]
        best = rows = None
        for start in range(0, len(base), 131_072):
            keys = torch.addmm(norms[start : start + 131_072], x, base[start : start + 131_072].T, alpha=-2)
            values, found = torch.topk(keys, min(k, keys.shape[1]), dim=1, largest=False)
            found += start
            if best is not None:
                values, found = torch.cat([best, values], 1), torch.cat([rows, found], 1)
                values, order = torch.topk(values, k, dim=1, largest=False)
                found = torch.gather(found, 1, order)
            best, rows = values, found
        ids.append(rows)
    return torch.cat(ids).cpu().numpy()


def timed_torch(base: np.ndarray, query: np.ndarray, k: int, tf32: bool) -> float:
    torch.backends.cuda.matmul.allow_tf32 = tf32
    stored = torch.from_numpy(base).cuda()
    norms = (stored * stored).sum(1)
    times = []
    for run in range(5):
        torch.cuda.synchronize()
        started = time.perf_counter()
        torch_search(stored, norms, torch.from_numpy(query).cuda(), k, 4_096)
        if run >= 2:
            times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", required=True, help="the program akin-cuda-check")
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not (options.folder / "base.npy").exists():
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, vectors in zip(["base", "query"], datasets.clusters()):
            np.save(options.folder / f"{name}.npy", vectors)
    base, query = (np.load(options.folder / f"{name}.npy").astype(np.float32) for name in ["base", "query"])

    sides: dict[str, list[float]] = {"akin": [], "torch float32": [], "torch tf32": []}
    for _ in range(options.rounds):
        command = [options.check, "--exact", str(options.folder), "-k", str(options.k)]
        line = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        sides["akin"].append(line["seconds"])
        sides["torch float32"].append(timed_torch(base, query, options.k, tf32=False))
        sides["torch tf32"].append(timed_torch(base, query, options.k, tf32=True))
    akin = statistics.median(sides["akin"])
    for side, seconds in sides.items():
        median = statistics.median(seconds)
        print(json.dumps({
            "side": side, "device": torch.cuda.get_device_name(), "count": len(base), "dimension": base.shape[1],
            "queries": len(query), "k": options.k, "seconds": median, "times_akin": median / akin,
        }))


if __name__ == "__main__":
    main()
