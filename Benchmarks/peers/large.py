"""Ten million vectors built with little memory and searched where they lie: one JSON line per step.

    large.py FOLDER --akin .build/release/akin [--spec IVF16384,PQ48x4fs,RFlat] [--memory 1GiB]

FOLDER holds base.npy and query.npy (datasets.py large FOLDER writes them). `anonymous_peak` is the most memory not backed
by files (RssAnon) that was seen while a step ran, sampled every 20 ms.
"""

import argparse
import json
import pathlib
import subprocess
import threading
import time

import numpy as np


def run(step: str, command: list) -> None:
    started = time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            try:
                for line in open(f"/proc/{process.pid}/status", encoding="ascii"):
                    if line.startswith("RssAnon:"):
                        peak = max(peak, int(line.split()[1]) * 1024)
            except OSError:
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = process.stdout.read()
    process.wait()
    watcher.join()
    for line in output.splitlines():
        fields = json.loads(line)
        print(json.dumps({"step": step, **fields, "wall_seconds": round(time.perf_counter() - started, 1),
                          "anonymous_peak": peak}), flush=True)
    if process.returncode:
        raise SystemExit(f"{step} failed: {process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--akin", required=True)
    parser.add_argument("--spec", default="IVF16384,PQ48x4fs,RFlat")
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--goal", default="0.9")
    options = parser.parse_args()
    folder, akin = options.folder, options.akin
    base, index = folder / "base.npy", folder / "large.akin"
    queries, truth = folder / "some.npy", folder / "truth.ivecs"
    np.save(queries, np.load(folder / "query.npy")[: options.queries])
    run("build", [akin, "build", base, "--index", options.spec, "--memory", options.memory, "-o", index, "--json", "-q"])
    if not truth.exists():
        run("truth", [akin, "truth", base, queries, "-k", "10", "-o", truth, "--json", "-q"])
    run("search", [akin, "eval", index, queries, "--truth", truth, "-k", "10", "--mapped", "--goal", options.goal,
                   "--json", "-q"])


if __name__ == "__main__":
    main()
