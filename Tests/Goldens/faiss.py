"""Small index files as Faiss writes them, and what it finds in them, to compare with.

    python faiss.py > faiss.json      the committed golden; made with faiss-cpu 1.15.1
"""

import base64
import importlib
import json
import os
import sys

import numpy as np

# This file is called as the module it needs.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]
faiss = importlib.import_module("faiss")

SPECS = [
    "Flat", "SQ8", "SQ6", "SQ4", "SQfp16", "SQbf16", "PQ4x4", "PQ4x6np", "PQ2x8", "PQ4x4fs", "PQ3x4fs", "IVF4,Flat",
    "IVF4,SQ8", "IVF4,SQ6", "IVF4,SQ4", "IVF4,SQfp16", "IVF4,PQ4x4", "IVF4,PQ4x5", "IVF4,PQ4x4fs", "IVF4,PQ4x4fsr",
    "HNSW4,Flat", "HNSW4,SQ8", "IDMap,Flat", "IDMap2,SQ8", "PCA4,Flat", "PCAW4,Flat", "PCAR4,Flat", "OPQ4,PQ4x4",
    "RR4,Flat", "L2norm,Flat", "HR,Flat", "Pad16,Flat", "IVF4,Flat,RFlat", "IVF4,PQ4x4fs,RFlat",
    "IVF4,PQ4x4fs,Refine(SQfp16)", "OPQ4,IVF4,PQ4x4fs,RFlat", "IVF4_HNSW4,Flat", "PCA4,IVF4,SQ8",
]
K = 5


def reconstructed(index, queries, metric):
    """The nearest among the decoded vectors: where Faiss's own scores are sums of rounded table entries."""
    vectors = index.reconstruct_n(0, index.ntotal).astype(np.float64)
    wide = queries.astype(np.float64)
    if metric == faiss.METRIC_L2:
        scores = ((wide[:, None, :] - vectors[None]) ** 2).sum(-1)
        order = np.argsort(scores, axis=1, kind="stable")[:, :K]
    else:
        scores = wide @ vectors.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    return np.take_along_axis(scores, order, axis=1), order


def visit_everything(index):
    """Sets every list to be visited and every candidate to be ranked."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        visit_everything(index.index)
    elif isinstance(index, faiss.IndexRefine):
        index.k_factor = 8
        visit_everything(index.base_index)
    elif isinstance(index, faiss.IndexIVF):
        index.nprobe = index.nlist
    elif isinstance(index, faiss.IndexHNSW):
        index.hnsw.efSearch = 64


def case(name, index, queries, metric, exact=True):
    faiss_metric = "l2" if metric == faiss.METRIC_L2 else "ip"
    scores, ids = index.search(queries, K) if exact else reconstructed(index, queries, metric)
    return {
        "name": name, "metric": faiss_metric, "count": index.ntotal, "dimension": index.d,
        "queries": [[float(x) for x in row] for row in queries],
        "ids": ids.tolist(), "scores": [[float(np.float32(s)) for s in row] for row in scores],
        "file": base64.b64encode(faiss.serialize_index(index).tobytes()).decode(),
    }


def main():
    faiss.omp_set_num_threads(1)
    random = np.random.default_rng(1)
    train = (random.integers(-64, 65, (10000, 8)) / 16).astype("float32")
    cases = []
    for metric in (faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT):
        for spec in SPECS:
            dimension = 6 if "PQ3" in spec else 8
            vectors = np.ascontiguousarray(train[:, :dimension])
            index = faiss.index_factory(dimension, spec, metric)
            index.train(vectors)
            base = vectors[:40]
            if spec.startswith("IDMap"):
                index.add_with_ids(base, np.arange(40, dtype="int64") * 7 + 100)
            else:
                index.add(base)
            visit_everything(index)
            exact = "fs" not in spec or "," in spec and spec.split(",")[-1].startswith("R")
            cases.append(case(spec, index, vectors[100:103], metric, exact))

    # Lists in the sparse form with the caller's ids, and both direct maps.
    vectors = train
    index = faiss.index_factory(8, "IVF16,Flat")
    index.train(vectors)
    index.nprobe = 16
    index.add_with_ids(vectors[:5], np.array([5, 1 << 40, 7, 0, 12], dtype="int64"))
    cases.append(case("sparse", index, vectors[100:103], faiss.METRIC_L2))
    for name, kind in (("array map", faiss.DirectMap.Array), ("hash map", faiss.DirectMap.Hashtable)):
        index = faiss.index_factory(8, "IVF4,Flat")
        index.train(vectors)
        index.nprobe = 4
        index.add(vectors[:10])
        index.set_direct_map_type(kind)
        cases.append(case(name, index, vectors[100:103], faiss.METRIC_L2))
    index = faiss.IndexPreTransform(faiss.CenteringTransform(8), faiss.IndexFlatL2(8))
    index.train(vectors)
    index.add(vectors[:10])
    cases.append(case("centering", index, vectors[100:103], faiss.METRIC_L2))
    json.dump(cases, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
