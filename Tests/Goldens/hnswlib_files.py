"""Writes hnswlib.json: small index files of hnswlib, and what they answer. Needs hnswlib and numpy.

    python3 Tests/Goldens/hnswlib_files.py
"""

import base64
import json
import os
import tempfile

import hnswlib
import numpy as np

random = np.random.default_rng(1)
base = np.round(random.normal(size=(60, 5)), 2).astype(np.float32)
queries = np.round(random.normal(size=(6, 5)), 2).astype(np.float32)
cases = []
for space in ("l2", "ip", "cosine"):
    index = hnswlib.Index(space=space, dim=5)
    index.init_index(max_elements=80, M=3, ef_construction=40, random_seed=7)
    index.add_items(base, np.arange(60) * 2 + 5, num_threads=1)
    if space == "l2":
        for label in (5, 45, 123):
            index.mark_deleted(label)
    index.set_ef(60)
    labels, distances = index.knn_query(queries, k=5, num_threads=1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "index.bin")
        index.save_index(path)
        with open(path, "rb") as file:
            data = file.read()
    cases.append({
        "space": space, "queries": queries.tolist(), "labels": labels.astype(int).tolist(),
        "distances": distances.tolist(), "file": base64.b64encode(data).decode(),
    })
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "hnswlib.json"), "w", encoding="utf-8") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
