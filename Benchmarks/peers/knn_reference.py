"""kNN classification by brute force in numpy: the accuracies that `akin classify` has to reproduce.

    knn_reference.py --train TRAIN --val VAL --model DIR [-k 1,10,20]

TRAIN and VAL are folders or tars of images with one sub-folder per class. Both sets are embedded with Pillow and onnxruntime,
brought to length one and compared by cosine. Prints one JSON line per vote, k and set; the training set is scored leave-one-out.
With --cache DIR the vectors are kept there and read again by the next run.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np

from images import Model, embed_all

TEMPERATURE = 0.07


def embedded(source: pathlib.Path, options) -> tuple[np.ndarray, list[str], float]:
    """Unit vectors and labels of a source, and the seconds that embedding took."""
    cache = options.cache / f"{options.model.name}-{source.stem}" if options.cache else None
    if cache and cache.with_suffix(".npy").exists():
        return np.load(cache.with_suffix(".npy")), json.loads(cache.with_suffix(".json").read_text()), 0.0
    started = time.perf_counter()
    vectors, labels, _ = embed_all(source, Model(options.model, options.threads), options.batch, options.limit)
    seconds = time.perf_counter() - started
    vectors = vectors.astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache.with_suffix(".npy"), vectors)
        cache.with_suffix(".json").write_text(json.dumps(labels))
    return vectors, labels, seconds


def nearest(base: np.ndarray, queries: np.ndarray, k: int, leave_one_out: bool) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers and cosines of the k nearest base vectors of each query, nearest first, ties by row number."""
    rows, scores = [], []
    for first in range(0, len(queries), 500):
        similarity = queries[first : first + 500] @ base.T
        if leave_one_out:
            own = np.arange(len(similarity))
            similarity[own, first + own] = -np.inf
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        rows.append(order)
        scores.append(np.take_along_axis(similarity, order, axis=1))
    return np.concatenate(rows), np.concatenate(scores)


def ranking(classes: np.ndarray, weights: np.ndarray) -> list[int]:
    """Classes by the sum of their members' weights; ties by the nearer member."""
    sums: dict[int, float] = {}
    for name, weight in zip(classes.tolist(), weights.tolist()):
        sums[name] = sums.get(name, 0.0) + weight  # insertion order is order of nearness, and sorting is stable
    return sorted(sums, key=lambda name: -sums[name])


def score(classes: np.ndarray, scores: np.ndarray, truth: np.ndarray, vote: str) -> tuple[float, float]:
    """Top-1 and top-5 accuracy, 0...1."""
    weights = np.ones_like(scores) if vote == "majority" else np.exp((scores - scores[:, :1]) / TEMPERATURE)
    top1 = top5 = 0
    for row, true_class in enumerate(truth):
        ranked = ranking(classes[row], weights[row])
        top1 += ranked[0] == true_class
        top5 += true_class in ranked[:5]
    return top1 / len(truth), top5 / len(truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--val", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("-k", type=lambda text: [int(part) for part in text.split(",")], default=[10])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--limit", type=int, help="only the first images of each set")
    parser.add_argument("--cache", type=pathlib.Path)
    options = parser.parse_args()

    train, train_labels, train_seconds = embedded(options.train, options)
    val, val_labels, val_seconds = embedded(options.val, options)
    names = {name: i for i, name in enumerate(sorted(set(train_labels) | set(val_labels)))}
    train_classes = np.array([names[label] for label in train_labels])
    val_classes = np.array([names[label] for label in val_labels])

    for which, queries, truth, seconds in (
        ("val", val, val_classes, val_seconds),
        ("train", train, train_classes, train_seconds),
    ):
        started = time.perf_counter()
        rows, scores = nearest(train, queries, max(options.k), leave_one_out=which == "train")
        search_seconds = time.perf_counter() - started
        for vote in ("majority", "softmax"):
            for k in options.k:
                top1, top5 = score(train_classes[rows[:, :k]], scores[:, :k], truth, vote)
                print(
                    json.dumps(
                        {
                            "set": which,
                            "vote": vote,
                            "k": k,
                            "top1": round(top1, 6),
                            "top5": round(top5, 6),
                            "queries": len(queries),
                            "embed_seconds": round(seconds, 2),
                            "search_seconds": round(search_seconds, 2),
                        }
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    main()
