"""A k-NN graph built in memory and by blocks, beside each other: one JSON line per build.

    graph_memory.py FOLDER --akin .build/release/akin --memory 128MiB [--recall 0.95] [--k 10] [--rounds 1]

FOLDER holds base.npy (datasets.py writes it); the graphs are written there, and must be the same. `anonymous_peak` is the
most memory not backed by files (RssAnon) that was seen while a build ran, sampled every 20 ms.
"""

import argparse
import pathlib

import large


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--akin", required=True)
    parser.add_argument("--memory", required=True)
    parser.add_argument("--recall", help="for the approximate graph; without it the exact one is built")
    parser.add_argument("--metric", default="l2")
    parser.add_argument("--k", default="10")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    command = [options.akin, "graph", options.folder / "base.npy", "-k", options.k, "--metric", options.metric,
               "--threads", options.threads, "--json", "-q"]
    if options.recall:
        command += ["--recall", options.recall]
    whole, blocks = options.folder / "whole.ivecs", options.folder / "blocks.ivecs"
    for _ in range(options.rounds):
        large.run("in memory", command + ["-o", whole])
        large.run("by blocks", command + ["-o", blocks, "--memory", options.memory])
    for suffix in ".ivecs", ".scores.fvecs":
        if whole.with_suffix(suffix).read_bytes() != blocks.with_suffix(suffix).read_bytes():
            raise SystemExit(f"{whole.with_suffix(suffix)} and {blocks.with_suffix(suffix)} differ")


if __name__ == "__main__":
    main()
