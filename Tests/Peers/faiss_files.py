"""Exchanges index files with Faiss, both ways, and compares what both find: faiss_files.py AKIN [NAME...]

For each kind of index, Faiss builds one and writes it; Akin converts it and answers the same queries; Akin converts it
back; Faiss reads that and answers again. Rows must agree id by id, except that ids whose scores differ by less than a
hundred-thousandth may change places. Then Akin builds some itself, and Faiss reads those.

Faiss's fast scan rounds its tables to bytes, and its scores with them, while Akin decides by exact sums. There the
comparison is with vectors decoded by Faiss from the same codes, among the lists that its quantizer chooses. It may
round queries where codes are bfloat16: there scores are compared to 8 bits.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time

import faiss
import numpy as np

D = 32
COUNT = 3000
QUERIES = 50
K = 10
TOLERANCE = 1e-5
# On CPUs with products of bfloat16 (AVX512_SPR) Faiss rounds the query to its 8 bits too.
BFLOAT_TOLERANCE = 2**-8

SPECS = [
    "Flat", "SQ8", "SQ6", "SQ4", "SQfp16", "SQbf16", "PQ8x4", "PQ8x5", "PQ4x8", "PQ4x10", "PQ8x4fs", "PQ16x4fs",
    "IVF32,Flat", "IVF32,SQ8", "IVF32,SQ6", "IVF32,SQ4", "IVF32,SQfp16", "IVF32,SQbf16", "IVF32,PQ8x4", "IVF32,PQ8x6",
    "IVF32,PQ8x8", "IVF32,PQ8x4fs", "IVF32,PQ16x4fsr", "IVF16_HNSW8,Flat", "IVF200_HNSW8,Flat", "IVF200_HNSW16,SQ8",
    "IVF200_HNSW8,PQ8x4fs", "IDMap,Flat", "IDMap2,IVF32,PQ8x4",
    "IDMap,SQ8", "PCA16,Flat", "PCAW16,SQ8", "PCAR16,IVF32,Flat", "OPQ8,PQ8x4", "OPQ8_16,IVF32,PQ8x4fs,RFlat",
    "HNSW8,Flat", "IDMap,HNSW8", "PCA16,HNSW8,Flat", "L2norm,HNSW8",
    "RR16,IVF32,SQ8", "L2norm,Flat", "L2norm,IVF32,PQ8x4fs", "IVF32,SQ4,RFlat", "IVF32,PQ8x4fs,Refine(SQfp16)",
    "IVF32,PQ8x4fs,Refine(SQ8)", "IDMap,IVF32,PQ8x4fs,RFlat", "PQ8x4fs,RFlat",
]
# Not of the factory's making.
VARIANTS = ["sparse lists", "direct residuals off", "uniform 8 bits", "direct 8 bits", "centering"]
# Akin's own.
BUILT = [
    ("Flat", "l2"), ("Flat", "ip"), ("Flat", "cosine"), ("IVF32,Flat", "cosine"), ("IVF32,PQ8x8", "l2"),
    ("IVF32,PQ8x4fs,RFlat", "l2"), ("IVF32,PQ8x4fs,RFlat", "ip"), ("IVF32,PQ8x4fs,RFlat", "cosine"),
    ("OPQ8,IVF32,PQ8x4fs,Refine(SQ8)", "l2"), ("PCA16,SQ8", "ip"), ("Center,IVF32,SQ6", "l2"), ("PQ16x4", "cosine"),
    ("IVF200_HNSW8,Flat", "l2"), ("IVF200_HNSW8,Flat", "cosine"), ("IVF200_HNSW8,PQ8x4fs,RFlat", "l2"),
    ("PCA16,IVF200_HNSW8,SQ8", "ip"),
]


@contextlib.contextmanager
def quiet():
    """Faiss warns of few training vectors from C++."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def run(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments[1:])}: {done.stderr.strip()}")
    return done.stdout


def core_of(index):
    index = faiss.downcast_index(index)
    if isinstance(index, (faiss.IndexIDMap, faiss.IndexPreTransform)):
        return core_of(index.index)
    if isinstance(index, faiss.IndexRefine):
        return core_of(index.base_index)
    return index


def has_graph(core):
    """Whether a graph finds the lists, which then keeps enough candidates to meet all."""
    quantizer = faiss.downcast_index(core.quantizer)
    if not isinstance(quantizer, faiss.IndexHNSW):
        return False
    quantizer.hnsw.efSearch = core.nlist
    return True


def refine_of(index):
    index = faiss.downcast_index(index)
    if isinstance(index, (faiss.IndexIDMap, faiss.IndexPreTransform)):
        return refine_of(index.index)
    return index if isinstance(index, faiss.IndexRefine) else None


def is_fast_scan(index):
    return isinstance(core_of(index), (faiss.IndexPQFastScan, faiss.IndexIVFPQFastScan))


def decoded(pq, blocks, count):
    """The vectors that the codes in fast scan's blocks of 32 stand for; Faiss's own decoder fails on files it has read."""
    pairs = (pq.M + 1) // 2
    blocks = blocks.reshape(-1, pairs, 2, 16)
    codes = np.zeros((len(blocks), 32, 2 * pairs), "uint8")
    for byte in range(16):
        vector = byte // 2 + byte % 2 * 8
        for odd in range(2):
            codes[:, vector, odd::2] = blocks[:, :, odd, byte] & 15
            codes[:, vector + 16, odd::2] = blocks[:, :, odd, byte] >> 4
    codes = codes.reshape(-1, 2 * pairs)[:count, :pq.M]
    books = faiss.vector_to_array(pq.centroids).reshape(pq.M, pq.ksub, pq.dsub)
    return books[np.arange(pq.M), codes].reshape(count, pq.d)


def decoded_search(index, queries):
    """What an exact comparison with the decoded codes finds; ids and transforms of the outer indexes included."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexIDMap):
        scores, rows = decoded_search(index.index, queries)
        ids = faiss.vector_to_array(index.id_map)
        return scores, np.where(rows >= 0, ids[np.maximum(rows, 0)], -1)
    if isinstance(index, faiss.IndexPreTransform):
        for i in range(index.chain.size()):
            queries = index.chain.at(i).apply(queries)
        return decoded_search(index.index, queries)
    # Ids of the caller's are kept by an outer index; here they are row numbers.
    vectors, lists = np.empty((index.ntotal, index.d), "float32"), np.zeros(index.ntotal, int)
    probed = np.zeros((len(queries), 1), int)
    if isinstance(index, faiss.IndexIVF):
        quantizer = faiss.downcast_index(index.quantizer)
        for number in range(index.nlist):
            size = index.invlists.list_size(number)
            if size == 0:
                continue
            rows = faiss.rev_swig_ptr(index.invlists.get_ids(number), size)
            blocks = faiss.rev_swig_ptr(index.invlists.get_codes(number), -(-size // 32) * 16 * index.M2)
            vectors[rows] = decoded(index.pq, blocks, size)
            if index.by_residual:
                vectors[rows] += quantizer.reconstruct(number)
            lists[rows] = number
        _, probed = quantizer.search(queries, index.nprobe)
    else:
        vectors[:] = decoded(index.pq, faiss.vector_to_array(index.codes), index.ntotal)
    allowed = (lists[None, :, None] == probed[:, None, :]).any(-1)
    ids = np.arange(index.ntotal)
    x, y = queries.astype(np.float64), vectors.astype(np.float64)
    if index.metric_type == faiss.METRIC_L2:
        keys = ((x[:, None, :] - y[None]) ** 2).sum(-1)
    else:
        keys = -(x @ y.T)
    keys[~allowed] = np.inf
    order = np.argsort(keys, axis=1, kind="stable")[:, :K]
    scores = np.take_along_axis(keys, order, axis=1)
    found = np.where(np.isfinite(scores), ids[order], -1)
    return (scores if index.metric_type == faiss.METRIC_L2 else -scores), found


def search(index, queries):
    if is_fast_scan(index) and refine_of(index) is None:
        return decoded_search(index, queries)
    return index.search(queries, K)


def akin_search(akin, folder, path):
    queries = os.path.join(folder, "queries.npy")
    rows = [json.loads(line) for line in run(akin, "search", path, queries, "-k", str(K), "--json").splitlines()]
    rows.sort(key=lambda row: row["query"])
    # Faiss fills up rows that are too short.
    ids = np.array([row["ids"] + [-1] * (K - len(row["ids"])) for row in rows])
    scores = np.array([row["scores"] + [np.inf] * (K - len(row["scores"])) for row in rows])
    return scores, ids


def check_same(what, expected, found):
    """Rows have the same ids with the same scores, but for those too near to tell."""
    for row, (es, ei, fs, fi) in enumerate(zip(*expected, *found)):
        expected_of = {int(i): float(s) for i, s in zip(ei, es) if i >= 0}
        found_of = {int(i): float(s) for i, s in zip(fi, fs) if i >= 0}
        if len(expected_of) != len(found_of):
            raise AssertionError(f"{what}: query {row}: {len(expected_of)} and {len(found_of)} answers")
        if not expected_of:
            continue
        slack = (BFLOAT_TOLERANCE if "SQbf16" in what else TOLERANCE) * max(abs(s) for s in expected_of.values())
        edge = float(es[len(expected_of) - 1])
        for i, score in found_of.items():
            reference = expected_of.get(i, edge)
            if abs(score - reference) > slack:
                kind = "has another score" if i in expected_of else "is not among the nearest"
                raise AssertionError(f"{what}: query {row}: id {i} {kind}: {score} beside {reference}")


def as_bytes(vectors):
    """Whole numbers within a byte: what Faiss makes of queries, too, when it compares them with direct codes."""
    return np.clip(np.round(vectors * 30 + 100), 0, 255).astype("float32")


def built_by_faiss(name, metric, train, base):
    """An index, its vectors and the ids they were given, if any."""
    if name == "sparse lists":
        index = faiss.index_factory(D, "IVF64,Flat", metric)
        index.train(train)
        index.add_with_ids(base[:20], np.arange(20) * 1000003 + 7)
        index.nprobe = 64
        return index
    if name == "direct residuals off":
        quantizer = faiss.IndexFlat(D, metric)
        index = faiss.IndexIVFPQ(quantizer, D, 32, 8, 6, metric)
        index.by_residual = False
        index.train(train)
        index.add(base)
        index.nprobe = 5
        return index
    if name in ("uniform 8 bits", "direct 8 bits"):
        kind = faiss.ScalarQuantizer.QT_8bit_uniform if name[0] == "u" else faiss.ScalarQuantizer.QT_8bit_direct
        index = faiss.IndexScalarQuantizer(D, kind, metric)
        vectors = base if name[0] == "u" else as_bytes(base)
        index.train(vectors)
        index.add(vectors)
        return index
    if name == "centering":
        index = faiss.IndexPreTransform(faiss.CenteringTransform(D), faiss.IndexFlat(D, metric))
        index.train(train)
        index.add(base)
        return index
    index = faiss.index_factory(D, name, metric)
    core = core_of(index)
    if hasattr(core, "do_polysemous_training"):
        core.do_polysemous_training = False  # takes seconds, and only matters to polysemous search
    if name.startswith("OPQ"):
        chained = faiss.downcast_index(index.base_index) if name.endswith("RFlat") else index
        faiss.downcast_VectorTransform(chained.chain.at(0)).niter = 10
    index.train(train)
    if name.startswith("IDMap"):
        index.add_with_ids(base, np.random.default_rng(5).permutation(10 * COUNT)[:COUNT].astype(np.int64))
    else:
        index.add(base)
    if isinstance(core, faiss.IndexIVF):
        # The walks of two libraries need not meet the same lists: all of them are compared.
        core.nprobe = core.nlist if has_graph(core) else 7
    refine = refine_of(index)
    if refine is not None:
        # Every candidate is ranked, so that rounded scores do not choose among them.
        refine.k_factor = COUNT // K
        if isinstance(core, faiss.IndexIVF):
            core.nprobe = core.nlist
    return index


def check_faiss_index(akin, folder, name, metric, train, base, queries):
    with quiet():
        index = built_by_faiss(name, metric, train, base)
    if name == "direct 8 bits":
        queries = as_bytes(queries)
    np.save(os.path.join(folder, "queries.npy"), queries)
    there, stored, back, copy = (os.path.join(folder, n) for n in ("a.faiss", "b.akin", "c.faiss", "d.faiss"))
    faiss.write_index(index, there)
    expected = search(index, queries)
    run(akin, "convert", there, copy, "--quiet")
    with open(there, "rb") as first, open(copy, "rb") as second:
        if first.read() != second.read():
            raise AssertionError(f"{name}: a Faiss file rewritten by Akin has other bytes")
    run(akin, "convert", there, stored, "--quiet")
    check_same(f"{name}, Akin", expected, akin_search(akin, folder, stored))
    run(akin, "convert", stored, back, "--quiet")
    check_same(f"{name}, Faiss again", expected, search(faiss.read_index(back), queries))


def check_akin_index(akin, folder, name, metric, queries):
    built, there = os.path.join(folder, "built.akin"), os.path.join(folder, "built.faiss")
    np.save(os.path.join(folder, "queries.npy"), queries)
    run(akin, "build", os.path.join(folder, "base.npy"), "--index", name, "--metric", metric, "-o", built, "--quiet")
    run(akin, "convert", built, there, "--quiet")
    index = faiss.read_index(there)
    core = core_of(index)
    with_graph = isinstance(core, faiss.IndexIVF) and has_graph(core)
    if with_graph != ("_HNSW" in name):
        raise AssertionError(f"{name}: Faiss finds {'a' if with_graph else 'no'} graph over the centroids")
    if with_graph or refine_of(index) is not None:
        if refine_of(index) is not None:
            refine_of(index).k_factor = COUNT // K
        core.nprobe = core.nlist
        faiss.write_index(index, there)
        run(akin, "convert", there, built, "--quiet")
    expected = search(index, queries)
    check_same(f"{name}, {metric}, built by Akin", expected, akin_search(akin, folder, built))


def main():
    akin, names = os.path.abspath(sys.argv[1]), [name for name in sys.argv[2:] if name != "-v"]
    verbose = "-v" in sys.argv
    faiss.omp_set_num_threads(1)
    random = np.random.default_rng(7)
    centers = random.standard_normal((40, D)) * 2
    def vectors(n):
        return (centers[random.integers(0, 40, n)] + random.standard_normal((n, D))).astype("float32")

    train, base, queries = vectors(3000), vectors(COUNT), vectors(QUERIES)
    failures, passed = [], 0
    with tempfile.TemporaryDirectory() as folder:
        np.save(os.path.join(folder, "base.npy"), base)
        checks = [
            (f"{name}, {'l2' if metric == faiss.METRIC_L2 else 'ip'}",
             lambda name=name, metric=metric: check_faiss_index(akin, folder, name, metric, train, base, queries))
            for name in SPECS + VARIANTS for metric in (faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT)
        ] + [
            (f"{name}, {metric}, built by Akin",
             lambda name=name, metric=metric: check_akin_index(akin, folder, name, metric, queries))
            for name, metric in BUILT
        ]
        for name, check in checks:
            if names and not any(part in name for part in names):
                continue
            try:
                start = time.monotonic()
                check()
                passed += 1
                if verbose:
                    print(f"{time.monotonic() - start:6.2f} s  {name}", flush=True)
            except AssertionError as error:
                failures.append(name)
                print(f"FAILED {error}")
    print(f"faiss {faiss.__version__}: {passed} kinds of index agree, {len(failures)} do not")
    sys.exit(1 if failures or passed == 0 else 0)


if __name__ == "__main__":
    main()
