"""Vectors that searches are measured on.

fashion   60,000 x 784, 5,000 queries: images of clothes, whole numbers 0..255 (needs AKIN_DATA/fashion-mnist)
clusters  1,000,000 x 128, 10,000 queries: a mixture of 2,000 clusters of uneven size, each on one of 64 random
          subspaces of 16 dimensions, with a little noise everywhere: much like local image descriptors
large     10,000,000 x 96, 10,000 queries: the same kind of mixture, a file of 3.8 GB
uniform   20,000 x 64, 1,000 queries: no structure at all; small, for a quick check

Run as a program it writes base.npy and query.npy, which is how Akin gets the same vectors as its peers; for fashion
also labels.npy and query-labels.npy:

    datasets.py NAME FOLDER [--count N]
"""

import argparse
import gzip
import os
import pathlib

import numpy as np


def _idx_images(path: pathlib.Path) -> np.ndarray:
    """Reads an IDX file of 28 x 28 images as one row each."""
    content = gzip.open(path).read()
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28 * 28)


def fashion_labels(folder: pathlib.Path) -> None:
    """Writes the class of each vector and query, one a row."""
    source = pathlib.Path(os.environ["AKIN_DATA"]) / "fashion-mnist"
    for name, part in [("labels", "train"), ("query-labels", "test5k")]:
        content = gzip.open(source / f"{part}-labels-idx1-ubyte.gz").read()
        np.save(folder / f"{name}.npy", np.frombuffer(content, np.uint8, offset=8).reshape(-1, 1))


def fashion() -> tuple[np.ndarray, np.ndarray]:
    root = os.environ.get("AKIN_DATA")
    if not root:
        raise SystemExit("fashion needs AKIN_DATA, the folder that holds fashion-mnist/")
    folder = pathlib.Path(root) / "fashion-mnist"
    return (
        _idx_images(folder / "train-images-idx3-ubyte.gz"),
        _idx_images(folder / "test5k-images-idx3-ubyte.gz"),
    )


def clusters(count: int = 1_000_000, queries: int = 10_000, dimension: int = 128) -> tuple[np.ndarray, np.ndarray]:
    cluster_count, subspaces, intrinsic = 2_000, 64, 16
    random = np.random.default_rng(1)
    centres = 0.6 * random.normal(size=(cluster_count, dimension)).astype(np.float32)
    bases = random.normal(size=(subspaces, intrinsic, dimension)).astype(np.float32) / np.sqrt(intrinsic)
    shares = random.dirichlet(np.full(cluster_count, 0.5))
    total = count + queries
    cluster = random.choice(cluster_count, size=total, p=shares)
    points = centres[cluster]
    for first in range(0, total, 100_000):
        rows = slice(first, min(first + 100_000, total))
        offsets = random.normal(size=(rows.stop - rows.start, intrinsic)).astype(np.float32)
        for subspace in range(subspaces):
            members = cluster[rows] % subspaces == subspace
            points[rows][members] += offsets[members] @ bases[subspace]
        points[rows] += 0.05 * random.normal(size=points[rows].shape).astype(np.float32)
    return points[:count], points[count:]


def uniform(count: int = 20_000, queries: int = 1_000, dimension: int = 64) -> tuple[np.ndarray, np.ndarray]:
    points = np.random.default_rng(2).random((count + queries, dimension), dtype=np.float32)
    return points[:count], points[count:]


def large() -> tuple[np.ndarray, np.ndarray]:
    return clusters(10_000_000, 10_000, 96)


NAMES = {"fashion": fashion, "clusters": clusters, "large": large, "uniform": uniform}


def write(name: str, folder: pathlib.Path, count: int | None = None) -> None:
    """Writes base.npy and query.npy unless they are there already."""
    if (folder / "base.npy").exists() and (folder / "query.npy").exists():
        return
    base, query = NAMES[name]()
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "base.npy", np.ascontiguousarray(base[:count]))
    np.save(folder / "query.npy", np.ascontiguousarray(query))


def read(folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Base and queries as 32-bit floats."""
    return tuple(np.load(folder / f"{part}.npy").astype(np.float32) for part in ("base", "query"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, help="only the first rows of the base")
    options = parser.parse_args()
    write(options.name, options.folder, options.count)
    if options.name == "fashion" and not (options.folder / "query-labels.npy").exists():
        fashion_labels(options.folder)
